r"""A closer look at a person who has been found: MediaPipe's own second step, where the person is known to stand.

MediaPipe measures a person in two steps. A detector looks at the whole picture and says in which square the person is;
the landmark network looks at what is in that square, brought to 256x256 pixels. The square comes out a little different
each time, and with it the landmarks. Once they are known they say better than the detector where the person is, and
in a video MediaPipe takes them instead of it. So does this for a photo:

      the picture                             what the network sees
    +------------------------+
    |       ,--------------. |               +--------------+
    |      /      O       /  |   cut()       |      O       |  256
    |     /      /|\     /   |  -------->    |     /|\      |
    |    /      / | \   /    |               |    / | \     |
    |   /        / \   /     |   bring_back()|     / \      |
    |  /        /   \ /      |  <--------    |    /   \     |
    |  '-------------'       |               +--------------+
    +------------------------+                     256

    the middle of the hips in the middle, the line from the ankles to the nose upright, and as much more by which a look
    is turned; 1.44 times as long as that line

MediaPipe offers no call for the second step alone. So posture.models.derived makes a model whose detector is a
constant: whatever it is shown, it says that a person stands upright and fills the picture. A landmarker opened with it
takes any picture of 256x256 pixels for the square, runs the landmark network once and does all the rest as ever
(presence, refinement by the heatmap, its units). On the square that MediaPipe chose itself and sampled as it does, its
landmarks are MediaPipe's own: tests/posture/models/test_closer.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from posture import mirror
from posture.landmarks import Array, Detect, Landmarks, Pixels

SIDE = 256  # pixels that the landmark network sees
# Of the distance from nose to ankles. MediaPipe's own squares are 1.3 to 1.8 times as long; smaller ones show the body
# in more pixels.
_ROOM = 1.44
# A picture is reduced until a square is only so many times as long as what the network sees: what is sampled without
# smoothing scatters by a tenth more from photo to photo.
_REDUCED = 1.25


@dataclass(frozen=True, eq=False)
class Region:
    """A square in a picture: the middle, (2,) in pixels, the side in pixels, and how far it is turned clockwise."""

    center: Array
    side: float
    clockwise: float

    @classmethod
    def around(cls, person: Landmarks) -> "Region":
        """The square in which a person is upright, with room around."""
        right, down = person.middle("nose") - person.middle("left_ankle", "right_ankle")
        center = person.middle("left_hip", "right_hip")
        return cls(center, _ROOM * person.nose_to_ankle, math.degrees(math.atan2(right, -down)))

    def turned(self, clockwise: float) -> "Region":
        """Turned further, so that its content appears turned the other way."""
        return replace(self, clockwise=self.clockwise + clockwise)

    def bring_back(self, seen: Landmarks) -> Landmarks:
        """Landmarks found in what was cut, in pixels of the picture."""
        middle = SIDE / 2
        right, down = self.center - middle
        return seen.moved(self.clockwise, self.side / SIDE, (middle, middle)).shifted(right, down)


def look(pixels: Pixels, person: Landmarks, turns: Sequence[float], detect: Detect) -> list[Landmarks]:
    """What a landmarker of the derived model finds in a person's square, turned so far, and in its mirror image.

    `detect`: that landmarker's. In pixels of the picture; without the looks in which nobody is found.
    """
    around = Region.around(person)
    regions = [around.turned(turn) for turn in turns]
    found = []
    for region, shown in zip(regions, cut(pixels, regions), strict=True):
        seen = [*detect(shown), *(same.mirrored(SIDE) for same in detect(mirror.image(shown)))]
        found += [region.bring_back(same) for same in seen]
    return found


def cut(pixels: Pixels, regions: Sequence[Region]) -> list[Pixels]:
    """What is in squares of the same side, as the network sees it; beyond the picture its edge goes on."""
    height, width = pixels.shape[:2]
    factor = min(_REDUCED * SIDE / regions[0].side, 1)
    size = max(round(factor * width), 1), max(round(factor * height), 1)
    if size != (width, height):
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return [_sampled(pixels, region, np.array(size) / (width, height)) for region in regions]


def _sampled(pixels: Pixels, region: Region, factors: Array) -> Pixels:
    """One square of a picture that was reduced by `factors` for x and y."""
    step, angle = region.side / SIDE, math.radians(region.clockwise)
    turn = step * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    # OpenCV counts from the middle of the first pixel, landmarks from its corner.
    first = factors * (region.center + turn @ np.full(2, (1 - SIDE) / 2)) - 0.5
    matrix = np.column_stack([factors[:, None] * turn, first])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(pixels, matrix, (SIDE, SIDE), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return sampled.astype(np.uint8, copy=False)
