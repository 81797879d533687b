"""Builders for what the tests need: landmarks with chosen points, pictures, a detector, a pool of it, logs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from posture.face import FindFaces
from posture.landmarks import INDEX, NAMES, Detect, Landmarks, Pixels
from testing.pictures import encoded

_Result = TypeVar("_Result")

Points = Mapping[str, tuple[float, float]]

# A person 800 pixels tall, upright and symmetric, seen from the front: the person's left is to the right.
FRONT: Points = {
    "nose": (500, 200), "left_ear": (530, 195), "right_ear": (470, 195),
    "left_eye": (515, 185), "right_eye": (485, 185), "mouth_left": (512, 225), "mouth_right": (488, 225),
    "left_shoulder": (580, 320), "right_shoulder": (420, 320),
    "left_hip": (540, 560), "right_hip": (460, 560),
    "left_knee": (540, 750), "right_knee": (460, 750),
    "left_ankle": (540, 930), "right_ankle": (460, 930),
    "left_heel": (540, 945), "right_heel": (460, 945),
    "left_foot_index": (550, 960), "right_foot_index": (450, 960),
}  # fmt: skip

# The same seen from the person's right, facing the right of the picture; the far side lies a little further back.
SIDE: Points = {
    "nose": (560, 200), "left_ear": (495, 190), "right_ear": (505, 195),
    "left_eye": (540, 185), "right_eye": (545, 185), "mouth_left": (540, 225), "mouth_right": (545, 225),
    "left_shoulder": (480, 318), "right_shoulder": (490, 320),
    "left_hip": (485, 560), "right_hip": (495, 560),
    "left_knee": (490, 750), "right_knee": (500, 750),
    "left_ankle": (480, 930), "right_ankle": (490, 930),
    "left_heel": (465, 945), "right_heel": (475, 950),
    "left_foot_index": (550, 950), "right_foot_index": (560, 960),
}  # fmt: skip


def landmarks(points: Points, **moved: tuple[float, float]) -> Landmarks:
    """A person with these points, in pixels, some of them moved; landmarks that are not named lie at (500, 500).

    All lie in one plane, but for the shoulder that is further away in profile.
    """
    table, depth = np.full((len(NAMES), 2), 500.0), np.zeros(len(NAMES))
    for name, point in {**points, **moved}.items():
        table[INDEX[name]] = point
    if points is SIDE:
        depth[INDEX["left_shoulder"]] = 2.2 * 240  # in the model's measure, which is about three times too deep
    return Landmarks(table, depth, np.ones(len(NAMES)), np.ones(len(NAMES)))


def picture(width: int = 200, height: int = 300, mode: str = "RGB", color: Any = None) -> Image.Image:
    """A picture with a different color in each quarter, or of one color."""
    if color is not None:
        return Image.new(mode, (width, height), color)
    image = Image.new("RGB", (width, height))
    for box, quarter in zip(
        ((0, 0), (width // 2, 0), (0, height // 2), (width // 2, height // 2)),
        ("red", "lime", "blue", "white"),
        strict=True,
    ):
        image.paste(quarter, (*box, box[0] + width, box[1] + height))
    return image.convert(mode)


SIZE = (1000, 1100)  # of a photo into which FRONT and SIDE fit
WHITE = 255


def photo(color: str, size: tuple[int, int] = SIZE) -> str:
    """A picture that the tests' detector tells by the color of its left half, and from its mirror image."""
    image = picture(*size, color="white")
    image.paste(color, (0, 0, image.width // 2, image.height))
    return encoded(image)


# What `detect` finds: a person whose left shoulder is 16 pixels higher than the right in 160, one in profile, nobody.
FRONT_PHOTO, SIDE_PHOTO, NOBODY = photo("red"), photo("lime"), photo("black")


def detect_by(**people: list[Landmarks]) -> Detect:
    """A detector that finds the people for a picture's color, mirrored when the picture is."""

    def detect(pixels: Pixels) -> list[Landmarks]:
        mirrored = bool(pixels[0, 0].min() == WHITE)
        red, green, _ = pixels[0, -1 if mirrored else 0]
        found = people.get("red" if red else "lime" if green else "nobody", [])
        scale = pixels.shape[1] / SIZE[0]
        return [(person.mirrored(SIZE[0]) if mirrored else person).moved(0, scale) for person in found]

    return detect


detect = detect_by(red=[landmarks(FRONT, left_shoulder=(580, 304))], lime=[landmarks(SIDE)])


class FakePool:
    """Landmarkers that are a function, and faces that are found by another.

    `closed`: how often they were. `given_up`: after how many seconds they were to be; `hung`: how many then were.
    """

    look_closer = None

    def __init__(self, detect: Detect, find_faces: FindFaces | None = None) -> None:
        self._detect = detect
        self.find_faces = find_faces
        self.closed = 0
        self.hung = 0
        self.given_up: list[float] = []

    def detect(self, pixels: Pixels) -> list[Landmarks]:
        """What the function finds."""
        return self._detect(pixels)

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """The built-in."""
        return map(function, *items)

    def give_up(self, seconds: float) -> int:
        """Notes it."""
        self.given_up.append(seconds)
        return self.hung

    def close(self) -> None:
        """Counts."""
        self.closed += 1


@dataclass
class FakeLog:
    """Keeps what it is told: each level, job's id and message."""

    lines: list[tuple[str, str | None, str]] = field(default_factory=list)

    def info(self, message: str, request_id: str | None = None) -> None:
        """A line about a job."""
        self.lines.append(("info", request_id, message))

    def error(self, message: str, request_id: str | None = None) -> None:
        """A defect."""
        self.lines.append(("error", request_id, message))


class StrictLog:
    """A log in which no defect may stand, and of a job one line."""

    def info(self, message: str, request_id: str | None = None) -> None:
        """A line about a job."""
        assert "\n" not in message, f"{request_id}: {message}"

    def error(self, message: str, request_id: str | None = None) -> None:
        """A defect."""
        raise AssertionError(f"{request_id}: {message}")
