"""The table of measures and the geometry behind them.

A tilt is the angle of a line between two landmarks against the horizontal or the vertical of the picture, in degrees:

    against HORIZONTAL           against VERTICAL

            . end                      . end
         .                            /
      .   ) +                        / ) +
    start - - - ->  positive        start   ->  positive
                    direction

It is positive when the line's end is raised (HORIZONTAL) or leans (VERTICAL) as drawn. The positive direction is a
direction of the person, not of the picture: the person's own left in a front view, where the person faces in a side
view. It is found from the photo by `posture.view`, and so the same body gives the same angles whichever way it faces.

To add an angle, add a row to MEASURES and a case to tests/test_angles.py.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from posture.errors import View
from posture.landmarks import Landmarks


class Reference(Enum):
    """What a line is measured against."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


@dataclass(frozen=True)
class Measure:
    """One angle: the line from `start` to `end` (each one landmark or the middle of two) against `reference`.

    `near_` in a landmark's name stands for the side of the body that is nearer to the camera.
    """

    view: View
    name: str
    start: tuple[str, ...]
    end: tuple[str, ...]
    reference: Reference
    meaning: str


_H, _V = Reference.HORIZONTAL, Reference.VERTICAL
_SHOULDERS, _HIPS = ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")

MEASURES = (
    Measure("front", "shoulder_tilt", ("right_shoulder",), ("left_shoulder",), _H,
            "Shoulder line against the horizontal; positive: the person's left shoulder is higher."),
    Measure("front", "pelvic_tilt", ("right_hip",), ("left_hip",), _H,
            "Hip line against the horizontal (pelvic obliquity); positive: the person's left hip is higher."),
    Measure("front", "head_tilt", ("right_ear",), ("left_ear",), _H,
            "Ear line against the horizontal; positive: the person's left ear is higher."),
    Measure("front", "body_tilt", _HIPS, ("nose",), _V,
            "Line from the middle of the hips to the nose against the vertical; positive: towards the person's left."),
    Measure("side", "back_tilt", ("near_hip",), ("near_shoulder",), _V,
            "Line from hip to shoulder against the vertical; positive: the shoulder lies in front of the hip."),
    Measure("side", "neck_tilt", ("near_shoulder",), ("near_ear",), _V,
            "Line from shoulder to ear against the vertical; positive: the ear lies in front of the shoulder."),
    Measure("side", "body_tilt", ("near_hip",), ("near_ear",), _V,
            "Line from hip to ear against the vertical; positive: the ear lies in front of the hip."),
    Measure("side", "hip_tilt", ("near_knee",), ("near_hip",), _V,
            "Line from knee to hip against the vertical; positive: the hip lies in front of the knee."),
)  # fmt: skip


def tilt(start: Iterable[float], end: Iterable[float], reference: Reference, direction: int) -> float:
    """The angle of the line from `start` to `end`, points (x, y) in pixels with y downwards, in degrees.

    `direction`: +1 when the positive direction is to the right of the picture, -1 when it is to the left.
    Between -180 and 180; 0 for a line along its reference.
    """
    (start_x, start_y), (end_x, end_y) = start, end
    along, up = direction * (end_x - start_x), start_y - end_y
    if reference is Reference.HORIZONTAL:
        return math.degrees(math.atan2(up, along))
    return math.degrees(math.atan2(along, up))


def near_side(direction: int) -> str:
    """The side of the body nearer to the camera, "left" or "right", of a person who faces `direction` in a side view.

    Whoever faces the right of the picture shows the camera the right side.
    """
    return "right" if direction > 0 else "left"


def measure(landmarks: Landmarks, view: View, direction: int) -> dict[str, float]:
    """The angles of one view by name, in degrees, from one person's landmarks.

    `direction`: where the person's left lies (front view) or where the person faces (side view), +1 for the right of
    the picture and -1 for its left; see `posture.view.direction`.
    """
    near = near_side(direction)

    def point(names: tuple[str, ...]) -> Iterable[float]:
        return landmarks.middle(*(name.replace("near", near) for name in names))

    return {
        row.name: tilt(point(row.start), point(row.end), row.reference, direction)
        for row in MEASURES
        if row.view == view
    }
