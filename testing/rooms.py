"""Drawn rooms in which somebody stands before a wall, photographed by a camera that may be turned.

Lengths are in metres: along the wall, from the middle of the picture to the right, and up from the floor.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from posture.landmarks import INDEX, Array, Landmarks, Pixels, turned
from testing import builders
from testing.builders import Points
from testing.cameras import rotation

Color = tuple[int, int, int]
WHITE, BROWN, GREY, BLUE, WOOD, DARK = (
    (235, 233, 228), (125, 85, 60), (120, 122, 125), (70, 95, 140), (185, 148, 95), (45, 40, 38),
)  # fmt: skip

TO_PERSON, CAMERA_HEIGHT, NOSE_TO_ANKLE = 2.8, 1.3, 1.5
PLANK = 0.14
FINER = 2  # a picture is drawn so many times as large and reduced, so that its edges are smooth

_LIMBS = (
    ("hip", "knee", 0.17), ("knee", "ankle", 0.13), ("shoulder", "elbow", 0.11), ("elbow", "wrist", 0.09),
)  # fmt: skip
_HANGING: Points = {
    "left_elbow": (600, 440), "right_elbow": (400, 440), "left_wrist": (605, 550), "right_wrist": (395, 550),
    "left_index": (605, 590), "right_index": (395, 590), "left_eye": (515, 180), "right_eye": (485, 180),
}  # fmt: skip
_FEET = (500.0, 945.0)
_STANDING = builders.landmarks(builders.FRONT, **_HANGING)
_SEEN = [INDEX[name] for name in {**builders.FRONT, **_HANGING}]


@dataclass(frozen=True)
class Shot:
    """How a picture is taken: degrees with the signs of posture.camera, `focal` in longer sides of the picture."""

    roll: float = 0.0
    pitch: float = 0.0
    focal: float = 0.9
    width: int = 480
    height: int = 640

    def project(self, points: Array) -> Array:
        """Where points (n, 3), metres to the right, down and away from the camera, are seen, (n, 2) in pixels."""
        right, down, away = rotation(self.roll, self.pitch) @ points.T
        scale = self.focal * max(self.width, self.height) / away
        seen: Array = np.stack([right * scale + self.width / 2, down * scale + self.height / 2], axis=1)
        return seen


@dataclass(frozen=True)
class Panel:
    """Corners on the wall, (n, 2), and what is between them."""

    corners: Array
    color: Color

    def leaning(self, degrees: float, foot: float) -> "Panel":
        """Turned clockwise about a point of the wall's foot."""
        return replace(self, corners=turned(self.corners * (1, -1), degrees, (foot, 0.0)) * (1, -1))


Thing = Sequence[Panel]


def panel(left: float, right: float, bottom: float, top: float, color: Color) -> Panel:
    """An upright rectangle."""
    return Panel(np.array([[left, bottom], [left, top], [right, top], [right, bottom]]), color)


def leaning(thing: Thing, degrees: float, foot: float) -> Thing:
    """The thing turned clockwise about a point of the wall's foot."""
    return [part.leaning(degrees, foot) for part in thing]


def door(left: float) -> Thing:
    """With its casing."""
    return [panel(left - 0.07, left + 0.92, 0, 2.07, WHITE), panel(left, left + 0.85, 0, 2, BROWN)]


def wardrobe(left: float) -> Thing:
    """With two leaves."""
    return [panel(left, left + 0.9, 0, 1.9, GREY), panel(left + 0.44, left + 0.46, 0.1, 1.85, DARK)]


def frame(left: float, bottom: float = 1.4) -> Thing:
    """A picture that hangs on the wall."""
    return [
        panel(left, left + 0.4, bottom, bottom + 0.5, DARK),
        panel(left + 0.03, left + 0.37, bottom + 0.03, bottom + 0.47, BLUE),
    ]


def ladder(left: float) -> Thing:
    """Two rails and six rungs."""
    rails = [panel(x, x + 0.05, 0, 1.9, WOOD) for x in (left, left + 0.37)]
    return [*rails, *(panel(left, left + 0.42, y, y + 0.04, WOOD) for y in np.linspace(0.25, 1.7, 6))]


def board(left: float) -> Thing:
    """As wide as a shelf's."""
    return [panel(left, left + 0.4, 0, 1.7, BLUE)]


def broom(left: float) -> Thing:
    """A stick with a brush."""
    return [panel(left, left + 0.03, 0.1, 1.4, BROWN), panel(left - 0.12, left + 0.15, 0, 0.12, GREY)]


SKIRTING: Thing = [panel(-6, 6, 0, 0.09, WHITE)]


@dataclass(frozen=True)
class Room:
    """A wall with things before it, a floor of planks or of one color, and somebody who stands there.

    `yaw`: how far the wall is turned away on the right, `lean`: how far the person leans to the right of the picture,
    in degrees. `to_wall`: how far from the camera the wall is. `noise` is the standard deviation of a sensor's, of 255.
    """

    things: Sequence[Thing] = ()
    planks: bool = False
    yaw: float = 0.0
    lean: float = 0.0
    noise: float = 3.0
    to_wall: float = 4.0
    shadow: bool = True

    def photo(self, shot: Shot, seed: int = 0) -> tuple[Pixels, Landmarks]:
        """A picture of it and the person's landmarks there. The seed moves each thing by up to 0.1 along the wall."""
        random = np.random.default_rng(seed)
        canvas = np.full((FINER * shot.height, FINER * shot.width, 3), (205, 202, 196), np.uint8)
        for index, left in enumerate(np.arange(-5, 5, PLANK)):
            floor = (132, 100, 72) if self.planks and index % 2 else (156, 124, 94)
            _fill(canvas, shot.project(self._strip(left, left + PLANK)), floor)
        for thing in self.things:
            along = random.uniform(-0.1, 0.1)
            for part in thing:
                _fill(canvas, shot.project(self._on_wall(np.add(part.corners, (along, 0)))), part.color)
        person = self._person(shot)
        if self.shadow:
            _cast_shadow(canvas, person)
        _draw(canvas, person)
        light = 1 - 0.25 * np.linspace(0, 1, FINER * shot.width)[None, :, None]
        picture = cv2.resize(canvas * light, (shot.width, shot.height), interpolation=cv2.INTER_AREA)
        noisy = cv2.GaussianBlur(picture, (0, 0), 0.7) + random.normal(0, self.noise, picture.shape)
        return np.clip(noisy, 0, 255).astype(np.uint8), person

    def _on_wall(self, corners: Array) -> Array:
        along, up = corners.T
        yaw = math.radians(self.yaw)
        return np.stack([along * math.cos(yaw), CAMERA_HEIGHT - up, self.to_wall + along * math.sin(yaw)], axis=1)

    def _strip(self, left: float, right: float) -> Array:
        """A part of the floor, from the camera to the wall."""
        ends = [self.to_wall + across * math.tan(math.radians(self.yaw)) for across in (left, right)]
        return np.array(
            [[left, CAMERA_HEIGHT, 0.9], [left, CAMERA_HEIGHT, ends[0]], [right, CAMERA_HEIGHT, ends[1]],
             [right, CAMERA_HEIGHT, 0.9]]
        )  # fmt: skip

    def _person(self, shot: Shot) -> Landmarks:
        leaning = turned(_STANDING.points, self.lean, _FEET)
        across, down = ((leaning - _FEET) * NOSE_TO_ANKLE / _STANDING.nose_to_ankle).T
        seen = shot.project(np.stack([across, CAMERA_HEIGHT + down, np.full(len(down), TO_PERSON)], axis=1))
        unnamed = np.delete(np.arange(len(seen)), _SEEN)
        seen[unnamed] = seen[INDEX["nose"]]
        return replace(_STANDING, points=seen)


def _fill(canvas: NDArray[np.uint8], corners: Array, color: Color) -> None:
    """In sixteenths of a pixel, of whose middles OpenCV counts."""
    cv2.fillPoly(canvas, [np.round(16 * (FINER * corners - 0.5)).astype(np.int32)], color, cv2.LINE_AA, 4)


def _cast_shadow(canvas: NDArray[np.uint8], person: Landmarks) -> None:
    """As hard as a flash makes it, a little to the right."""
    shape = np.zeros_like(canvas)
    _draw(shape, person.shifted(0.08 * person.nose_to_ankle, 0))
    dark = shape.any(axis=2)
    canvas[dark] = (0.75 * canvas[dark]).astype(np.uint8)


def _draw(canvas: NDArray[np.uint8], person: Landmarks) -> None:
    """Somebody in striped clothes."""
    pixels = FINER * person.nose_to_ankle / NOSE_TO_ANKLE  # in a metre

    def line(start: Array, end: Array, width: float, color: Color) -> None:
        first, last = (tuple(np.round(FINER * point).astype(int).tolist()) for point in (start, end))
        cv2.line(canvas, first, last, color, max(round(width * pixels), 1), cv2.LINE_AA)

    for start, end, width in _LIMBS:
        for side in ("left", "right"):
            line(person.middle(f"{side}_{start}"), person.middle(f"{side}_{end}"), width, DARK)
    shoulders, hips = ([person.middle(f"{side}_{part}") for side in ("left", "right")] for part in ("shoulder", "hip"))
    for share in np.linspace(-0.1, 1.1, 13):
        top, bottom = ((1 - share) * left + share * right for left, right in (shoulders, hips))
        line(top, bottom, 0.03, WHITE if round(12 * share) % 2 else BLUE)
    line(person.middle("nose"), np.add(*shoulders) / 2, 0.12, WOOD)
    line(person.middle("nose"), person.middle("nose"), 0.24, WOOD)


KINDS: dict[str, Room] = {
    "doors and frames": Room([SKIRTING, door(-1.6), wardrobe(0.85), frame(-0.5, 1.9)], planks=True),
    "a wall seen at an angle": Room([SKIRTING, door(-1.5), wardrobe(0.75), frame(1.8)], planks=True, yaw=20),
    "a door": Room([SKIRTING, door(-1.55)]),
    "a door and a frame": Room([SKIRTING, door(0.6), frame(-1.2)]),
    "frames": Room([SKIRTING, frame(-1.4), frame(-0.9, 1.2), frame(0.7), frame(1.3, 1.2)]),
    "things lean beside a door and a wardrobe": Room(
        [SKIRTING, door(-1.75), wardrobe(0.95), leaning(broom(-0.65), -6, -0.65), leaning(ladder(0.45), 5, 0.45)]
    ),
    "things lean": Room([SKIRTING, leaning(ladder(-1.4), 7, -1.2), leaning(board(0.9), 9, 1.1)]),
    "a ladder leans": Room([SKIRTING, leaning(ladder(-1.2), -6, -1.0)]),
    "frames hang crooked": Room([SKIRTING, leaning(frame(-1.2), 5, -1), leaning(frame(0.8), -4, 1)]),
    "planks": Room([SKIRTING], planks=True),
    "planks of a long room": Room([SKIRTING], planks=True, to_wall=9),
    "a plain wall": Room(),
    "somebody leans before a plain wall": Room(lean=6),
}
