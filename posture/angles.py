"""The table of measures and the geometry behind them.

A tilt is the angle of a line between two points against the horizontal or the vertical of the picture, in degrees:

    against the horizontal       against the vertical

            . end                      . end
         .                            /
      .   ) +                        / ) +
    start - - - ->  positive        start   ->  positive
                    direction

It is positive when the line's end is raised (horizontal) or leans (vertical) as drawn. The positive direction is a
direction of the person, not of the picture: the person's own left in a front view, where the person faces in a side
view. It is found from the photo by `posture.view`, and so the same body gives the same numbers whichever way it faces.

To add a measure, add a row to MEASURES and a case to tests/test_angles.py, then run `make calibration` for its
uncertainty and reliability.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from posture.errors import View
from posture.landmarks import Array, Landmarks

Points = Sequence[Array]
# points in pixels, the positive direction (+1 right, -1 left), the body's size in pixels -> value
Formula = Callable[[Points, int, float], float]


def horizontal_tilt(points: Points, direction: int, _size: float = 1) -> float:
    """The angle of the line between two points against the horizontal, -180 to 180 degrees."""
    (start_x, start_y), (end_x, end_y) = points
    return math.degrees(math.atan2(start_y - end_y, direction * (end_x - start_x)))


def vertical_tilt(points: Points, direction: int, _size: float = 1) -> float:
    """The angle of the line between two points against the vertical, -180 to 180 degrees."""
    (start_x, start_y), (end_x, end_y) = points
    return math.degrees(math.atan2(direction * (end_x - start_x), start_y - end_y))


def bend(points: Points, direction: int, _size: float = 1) -> float:
    """How far a chain of three points is bent at the middle one, in degrees; 0 when it is straight.

    Positive when the middle point lies in the positive direction from the line between the others.
    """
    first, middle, last = points
    return vertical_tilt((first, middle), direction) - vertical_tilt((middle, last), direction)


def bend_back(points: Points, direction: int, size: float = 1) -> float:
    """Like `bend`, but positive against the positive direction."""
    return -bend(points, direction, size)


def offset(points: Points, direction: int, size: float) -> float:
    """How far the second point lies in the positive direction from the plumb line through the first, in % of `size`."""
    base, point = points
    return float(100 * direction * (point[0] - base[0]) / size)


@dataclass(frozen=True)
class Measure:
    """One number that is read off a photo.

    `points`: what the formula takes, each one landmark or the middle of two; `near_` in a name stands for the side of
    the body that is nearer to the camera. `core`: whether it is one of the eight angles that every answer holds.
    `note`: what whoever uses it must know of it (docs/ACCURACY.md).
    """

    view: View
    name: str
    formula: Formula
    points: tuple[tuple[str, ...], ...]
    meaning: str
    note: str
    core: bool = False

    @property
    def unit(self) -> str:
        """Of its value: degrees, or % of the distance from nose to ankles."""
        return "% of nose-to-ankle height" if self.formula is offset else "degrees"


_SHOULDERS, _HIPS, _ANKLES = ((f"left_{joint}", f"right_{joint}") for joint in ("shoulder", "hip", "ankle"))

MEASURES = (
    Measure("front", "shoulder_tilt", horizontal_tilt, (("right_shoulder",), ("left_shoulder",)),
            "Shoulder line against the horizontal; positive: the person's left shoulder is higher.",
            "Says which shoulder is higher, but reads only half to three quarters of the tilt.", core=True),
    Measure("front", "pelvic_tilt", horizontal_tilt, (("right_hip",), ("left_hip",)),
            "Hip line against the horizontal (pelvic obliquity); positive: the person's left hip is higher.",
            "Near to uninformative under clothing, about as good as always saying 0: decide nothing on it.", core=True),
    Measure("front", "head_tilt", horizontal_tilt, (("right_ear",), ("left_ear",)),
            "Ear line against the horizontal; positive: the person's left ear is higher.",
            "Reads about three quarters of the tilt.", core=True),
    Measure("front", "body_tilt", vertical_tilt, (_HIPS, ("nose",)),
            "Line from the middle of the hips to the nose against the vertical; positive: towards the person's left.",
            "Reads true to about half a degree.", core=True),
    Measure("front", "nose_offset", offset, (_ANKLES, ("nose",)),
            "Nose from the plumb line through the middle of the ankles; positive: towards the person's left.",
            "Reads true. A camera that is not level tilts the plumb line."),
    Measure("front", "shoulder_offset", offset, (_ANKLES, _SHOULDERS),
            "Middle of the shoulders from the plumb line through the middle of the ankles; positive: towards the "
            "person's left.", "Reads true. A camera that is not level tilts the plumb line."),
    Measure("front", "hip_offset", offset, (_ANKLES, _HIPS),
            "Middle of the hips from the plumb line through the middle of the ankles; positive: towards the person's "
            "left.", "Reads true. A camera that is not level tilts the plumb line."),
    Measure("front", "left_knee_deviation", bend_back, (("left_ankle",), ("left_knee",), ("left_hip",)),
            "Left knee out of the line from ankle to hip; positive: inwards (valgus).",
            "Weakly related to the truth for knees that are nearly straight."),
    Measure("front", "right_knee_deviation", bend, (("right_ankle",), ("right_knee",), ("right_hip",)),
            "Right knee out of the line from ankle to hip; positive: inwards (valgus).",
            "Weakly related to the truth for knees that are nearly straight."),
    Measure("front", "body_lean", vertical_tilt, (_ANKLES, _SHOULDERS),
            "Line from the middle of the ankles to the middle of the shoulders against the vertical; positive: towards "
            "the person's left.", "Reads true to a few tenths of a degree, if the camera is level."),
    Measure("side", "back_tilt", vertical_tilt, (("near_hip",), ("near_shoulder",)),
            "Line from hip to shoulder against the vertical; positive: the shoulder lies in front of the hip.",
            "Reads too low by a constant, from where the model puts shoulder and hip; compare with earlier photos.",
            core=True),
    Measure("side", "neck_tilt", vertical_tilt, (("near_shoulder",), ("near_ear",)),
            "Line from shoulder to ear against the vertical; positive: the ear lies in front of the shoulder.",
            "Reads too high: the model's ear lies in front of the tragus, which `anatomical` allows for. Not the "
            "craniovertebral angle.", core=True),
    Measure("side", "body_tilt", vertical_tilt, (("near_hip",), ("near_ear",)),
            "Line from hip to ear against the vertical; positive: the ear lies in front of the hip.",
            "Reads true to about two degrees.", core=True),
    Measure("side", "hip_tilt", vertical_tilt, (("near_knee",), ("near_hip",)),
            "Line from knee to hip against the vertical; positive: the hip lies in front of the knee.",
            "Reads too high by a constant, from where the model puts hip and knee; compare with earlier photos.",
            core=True),
    Measure("side", "ear_offset", offset, (("near_ankle",), ("near_ear",)),
            "Ear from the plumb line through the ankle; positive: in front of it.",
            "The model's ear lies in front of the tragus; `anatomical` takes that off."),
    Measure("side", "shoulder_offset", offset, (("near_ankle",), ("near_shoulder",)),
            "Shoulder from the plumb line through the ankle; positive: in front of it.",
            "Reads too low by a constant; compare with earlier photos."),
    Measure("side", "hip_offset", offset, (("near_ankle",), ("near_hip",)),
            "Hip from the plumb line through the ankle; positive: in front of it.",
            "Reads too high by a constant; compare with earlier photos."),
    Measure("side", "knee_offset", offset, (("near_ankle",), ("near_knee",)),
            "Knee from the plumb line through the ankle; positive: in front of it.",
            "Reads about two thirds of the offset."),
    Measure("side", "knee_flexion", bend, (("near_ankle",), ("near_knee",), ("near_hip",)),
            "Bend of the knee between ankle and hip; positive: flexed, negative: overextended.",
            "Reads about two thirds of the flexion, and too low by a constant."),
    Measure("side", "body_lean", vertical_tilt, (("near_ankle",), ("near_shoulder",)),
            "Line from ankle to shoulder against the vertical; positive: the shoulder lies in front of the ankle.",
            "Reads too low by a constant of about one degree."),
)  # fmt: skip


def near_side(direction: int) -> str:
    """The side of the body nearer to the camera, "left" or "right", of a person who faces `direction` in a side view.

    Whoever faces the right of the picture shows the camera the right side.
    """
    return "right" if direction > 0 else "left"


def measure(landmarks: Landmarks, view: View, direction: int) -> dict[str, float]:
    """The measures of one view by name, in their units, from one person's landmarks.

    `direction`: where the person's left lies (front view) or where the person faces (side view), +1 for the right of
    the picture and -1 for its left; see `posture.view.direction`.
    """
    near, size = near_side(direction), landmarks.stature

    def point(names: tuple[str, ...]) -> Array:
        return landmarks.middle(*(name.replace("near", near) for name in names))

    return {
        row.name: row.formula([point(names) for names in row.points], direction, size)
        for row in MEASURES
        if row.view == view
    }
