"""Several looks at one photo, averaged: the model's own error differs from look to look, the body does not.

Every look shows the model the same photo a little differently and brings the landmarks back to the photo's own pixels.
The model sees left and right with a bias of up to 0.7 degrees; a photo and its mirror image together have none, by
symmetry. Further looks make a number more repeatable, not more accurate: see docs/ACCURACY.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from posture.landmarks import Array, Landmarks, Pixels

# Finds the people in a picture: posture.landmarker.LandmarkerPool.detect, or a test's own.
Detect = Callable[[Pixels], list[Landmarks]]


@dataclass(frozen=True)
class Look:
    """How a photo is shown: turned clockwise by some degrees and scaled about its middle, then mirrored or not."""

    clockwise: float = 0.0
    scale: float = 1.0
    mirrored: bool = False

    def show(self, pixels: Pixels) -> Pixels:
        """The picture as this look has it; where it does not reach, its edge goes on."""
        height, width = pixels.shape[:2]
        if self.clockwise or self.scale != 1:
            # OpenCV counts from the middle of the first pixel, landmarks from its corner.
            matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -self.clockwise, self.scale)
            pixels = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
        return np.ascontiguousarray(pixels[:, ::-1]) if self.mirrored else pixels

    def bring_back(self, seen: Landmarks, width: int, height: int) -> Landmarks:
        """Landmarks found in what was shown, in pixels of the photo itself."""
        if self.mirrored:
            seen = seen.mirrored(width)
        return seen.moved(-self.clockwise, 1 / self.scale, (width / 2, height / 2))


_SIDES = (Look(), Look(mirrored=True))

# By mode. The looks of a mode come in pairs, each with its mirror image, so that no mode but the single look can tell
# left from right.
LOOKS: dict[str, tuple[Look, ...]] = {
    "fast": _SIDES[:1],
    "standard": _SIDES,
    "precise": tuple(
        Look(clockwise, scale, mirrored)
        for clockwise, scale in ((0.0, 1.0), (5.0, 1.0), (-5.0, 1.0), (0.0, 0.8))
        for mirrored in (False, True)
    ),
}


@dataclass(frozen=True, eq=False)
class Estimate:
    """What the looks at one photo found, in its pixels.

    `looks`: the largest person of the first look, in each look that found somebody. `others`: the further people of the
    first look, the largest first. `asked`: how many looks were taken.
    """

    looks: Sequence[Landmarks]
    others: Sequence[Landmarks]
    asked: int

    @cached_property
    def mean(self) -> Landmarks:
        """The person, averaged over the looks."""
        return Landmarks(*(np.mean(values, axis=0) for values in zip(*map(_arrays, self.looks), strict=True)))

    @cached_property
    def spread(self) -> Array:
        """(33,) how far the looks lie around their mean: the root mean square distance, in pixels; 0 for one look."""
        distances = [np.linalg.norm(look.points - self.mean.points, axis=1) for look in self.looks]
        spread: Array = np.sqrt(np.mean(np.square(distances), axis=0))
        return spread


def estimate(pixels: Pixels, detect: Detect, mode: str = "standard") -> Estimate | None:
    """The landmarks of the largest person in a picture; None where the first look finds nobody.

    `mode` is a key of LOOKS. Raises KeyError if it is not.
    """
    height, width = pixels.shape[:2]
    found = [[look.bring_back(person, width, height) for person in detect(look.show(pixels))] for look in LOOKS[mode]]
    if not found[0]:
        return None
    person, *others = sorted(found[0], key=lambda person: person.stature, reverse=True)
    looks = [nearest for people in found if (nearest := _nearest(person, people)) is not None]
    return Estimate(looks, others, len(found))


def _nearest(person: Landmarks, people: Sequence[Landmarks]) -> Landmarks | None:
    """Of the people of another look, the one who stands where this one stands."""
    return min(people, key=lambda other: float(np.abs(other.points - person.points).sum()), default=None)


def _arrays(look: Landmarks) -> tuple[Array, ...]:
    return look.points, look.depth, look.presence, look.visibility
