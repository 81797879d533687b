"""The 33 body landmarks of MediaPipe Pose and where they lie in a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pixels = NDArray[np.uint8]  # a picture: (height, width, 3) RGB

# In the order of the model's output: https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker
NAMES = (
    "nose",
    "left_eye_inner", "left_eye", "left_eye_outer",
    "right_eye_inner", "right_eye", "right_eye_outer",
    "left_ear", "right_ear",
    "mouth_left", "mouth_right",
    "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow",
    "left_wrist", "right_wrist",
    "left_pinky", "right_pinky",
    "left_index", "right_index",
    "left_thumb", "right_thumb",
    "left_hip", "right_hip",
    "left_knee", "right_knee",
    "left_ankle", "right_ankle",
    "left_heel", "right_heel",
    "left_foot_index", "right_foot_index",
)  # fmt: skip
INDEX = {name: index for index, name in enumerate(NAMES)}

# Of a person's landmarks, those of the head.
HEAD = slice(INDEX["nose"], INDEX["mouth_right"] + 1)
# A head reaches so far from the middle of eyes and ears, hair included: of the distance from nose to ankles, or of the
# largest between two of its landmarks, whichever is more. An adult's takes 0.08 of the first to the chin and to the
# crown; its landmarks span 0.08 to 0.10.
_HEAD_OF_BODY, _HEAD_OF_FACE = 0.13, 1.4

# What must be in a picture of a standing person, from above to below.
PARTS = {
    "head": ("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    "shoulders": ("left_shoulder", "right_shoulder"),
    "hips": ("left_hip", "right_hip"),
    "knees": ("left_knee", "right_knee"),
    "feet": ("left_ankle", "right_ankle"),
}
NEEDED = [INDEX[name] for names in PARTS.values() for name in names]


def _opposite(name: str) -> str:
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(part, part) for part in name.split("_"))


_MIRROR = [INDEX[_opposite(name)] for name in NAMES]


@dataclass(frozen=True, eq=False)
class Landmarks:
    """One person's landmarks in one picture, in the order of NAMES.

    `points`: (33, 2) x to the right and y downwards, in pixels from the picture's upper left corner.
    `depth`: (33,) distance from the camera relative to the hips' middle, in about the same pixels, smaller is nearer.
    `presence`: (33,) the model's probability that the landmark lies within the picture, 0 to 1.
    `visibility`: (33,) the model's probability that it is within the picture and not hidden, 0 to 1.

    Raises ValueError when an array has another shape.
    """

    points: Array
    depth: Array
    presence: Array
    visibility: Array

    def __post_init__(self) -> None:
        count = len(NAMES)
        if self.points.shape != (count, 2):
            raise ValueError(f"points must be ({count}, 2), not {self.points.shape}")
        for name in ("depth", "presence", "visibility"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"{name} must be ({count},), not {getattr(self, name).shape}")

    def middle(self, *names: str) -> Array:
        """The mean of the named landmarks, (2,) in pixels; of one name that landmark itself. KeyError if unknown."""
        first, *others = (self.points[INDEX[name]] for name in names)
        mean: Array = sum(others, first) / len(names)
        return mean

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Points, depth, presence and visibility, in the order in which they make Landmarks."""
        return self.points, self.depth, self.presence, self.visibility

    @cached_property
    def nose_to_ankle(self) -> float:
        """The distance from the middle of the ankles to the nose, in pixels: the body's size, however it is turned."""
        return float(np.linalg.norm(self.middle("nose") - self.middle("left_ankle", "right_ankle")))

    @property
    def head(self) -> tuple[Array, float]:
        """The middle, (2,), and the radius, in pixels, of a circle that holds all of the head, and some more."""
        head = self.points[HEAD]
        span = float(np.linalg.norm(head[:, np.newaxis] - head, axis=2).max())
        middle = self.middle("left_eye", "right_eye", "left_ear", "right_ear")
        return middle, max(_HEAD_OF_BODY * self.nose_to_ankle, _HEAD_OF_FACE * span)

    def mirrored(self, width: float) -> "Landmarks":
        """The landmarks of the same picture, `width` pixels wide, flipped left to right.

        The person's left is then seen where the right was, and so the names are swapped too.
        """
        renamed = self.renamed()
        return replace(renamed, points=renamed.points * (-1.0, 1.0) + (width, 0.0))

    def renamed(self) -> "Landmarks":
        """The same points with the names of left and right exchanged."""
        return Landmarks(*map(exchange_sides, self.arrays))

    def shifted(self, right: float, down: float) -> "Landmarks":
        """The landmarks of the same picture after its content is moved, in pixels."""
        return replace(self, points=self.points + np.array([right, down]))

    def moved(self, clockwise: float, scale: float = 1.0, center: tuple[float, float] = (0.0, 0.0)) -> "Landmarks":
        """The landmarks of the same picture after its content is turned clockwise, in degrees, and scaled.

        Both about `center`, (x, y) in pixels.
        """
        return replace(self, points=turned(self.points, clockwise, center, scale), depth=scale * self.depth)


class Marks(Protocol):
    """Points of one person in one picture, by name: Landmarks, or posture.face.Face."""

    def middle(self, *names: str) -> Array:
        """The mean of the named points, (2,) in pixels."""


def turned(points: Array, clockwise: float, center: tuple[float, float], scale: float = 1.0) -> Array:
    """Points, (n, 2) in pixels, turned clockwise about `center`, in degrees, and scaled from it."""
    angle = np.radians(clockwise)
    # y points downwards, so that this matrix turns clockwise as seen
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved: Array = scale * (points - center) @ matrix.T + center
    return moved


def exchange_sides(values: Array) -> Array:
    """Values of the 33 landmarks, (33, ...), with those of the left and the right exchanged."""
    exchanged: Array = values[_MIRROR]
    return exchanged


# Finds the people in a picture: a model's `detect`, or a test's own.
Detect = Callable[[Pixels], list[Landmarks]]
# Looks at one known person again, turned so many degrees clockwise: a model's `look_closer`. Fewer landmarks than looks
# where one finds nobody.
LookCloser = Callable[[Pixels, Landmarks, Sequence[float]], list[Landmarks]]
