"""The table of measures and the geometry behind them.

A tilt is the angle of a line between two points against the horizontal or the vertical of the picture, in degrees:

    against the horizontal       against the vertical

            . end                      . end
         .                            /
      .   ) +                        / ) +
    start - - - ->  positive        start   ->  positive
                    direction

It is positive when the line's end is raised (horizontal) or leans (vertical) as drawn. The positive direction is a
direction of the person, not of the picture (posture.views.Plane), and so the same body gives the same numbers whichever
way it faces.

To add a measure, add a row to MEASURES and a case to tests/posture/test_angles.py, then run `make evidence` for its
uncertainty and validity, and `make docs`.
"""

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from posture.landmarks import Array, Landmarks, Marks
from posture.views import FRONTAL, SAGITTAL, Plane

Points = Sequence[Array]

_UP = np.array([0.0, -1.0])


def _horizontal_tilt(points: Points, direction: int, _size: float = 1) -> float:
    """The angle of the line between two points against the horizontal, -180 to 180 degrees."""
    (start_x, start_y), (end_x, end_y) = points
    return math.degrees(math.atan2(start_y - end_y, direction * (end_x - start_x)))


def _vertical_tilt(points: Points, direction: int, _size: float = 1) -> float:
    """The angle of the line between two points against the vertical, -180 to 180 degrees."""
    (start_x, start_y), (end_x, end_y) = points
    return math.degrees(math.atan2(direction * (end_x - start_x), start_y - end_y))


def _bend(points: Points, direction: int, _size: float = 1) -> float:
    """How far a chain of three points is bent at the middle one, in degrees; 0 when it is straight.

    Positive when the middle point lies in the positive direction from the line between the others.
    """
    first, middle, last = points
    return _vertical_tilt((first, middle), direction) - _vertical_tilt((middle, last), direction)


def _offset(points: Points, direction: int, size: float) -> float:
    """How far the second point lies in the positive direction from the plumb line through the first, in % of `size`."""
    base, point = points
    return float(100 * direction * (point[0] - base[0]) / size)


@dataclass(frozen=True)
class Kind:
    """What sort of number a measure is.

    `formula`: from points in pixels, the positive direction (+1 right, -1 left) and the body's size in pixels to the
    value. `reference`: from points and positive direction to the direction that the line is compared with, (2,).
    """

    name: str
    unit: str
    formula: Callable[[Points, int, float], float]
    reference: Callable[[Points, int], Array]


HORIZONTAL_TILT = Kind(
    "horizontal tilt", "degrees", _horizontal_tilt, lambda _points, direction: np.array([float(direction), 0.0])
)
VERTICAL_TILT = Kind("vertical tilt", "degrees", _vertical_tilt, lambda _points, _direction: _UP)
BEND = Kind("bend", "degrees", _bend, lambda points, _direction: points[1] - points[0])
OFFSET = Kind("offset", "% of nose-to-ankle height", _offset, lambda _points, _direction: _UP)


# What points may be of: the 33 landmarks of the body, or the points of the face (posture.face).
BODY, FACE = "body", "face"


@dataclass(frozen=True)
class PublishedChange:
    """The smallest change of a measure that is more than chance when a person stands anew, by a published study.

    `value`: in the measure's unit, with 95 % confidence. `source`: the citation with its DOI; where the study has a
    standard error of measurement alone, also that the value is 1.96 times the square root of 2 times that.
    """

    value: float
    source: str


@dataclass(frozen=True)
class Source:
    """Other points that a measure is rather read from, where what they are `of` is found.

    `name`: in answers. `points` and `note` as in Measure.
    """

    name: str
    of: str
    points: tuple[tuple[str, ...], ...]
    note: str


@dataclass(frozen=True)
class Measure:
    """One number that is read off a photo.

    `points`: what its line runs through, each one landmark or the middle of several; `near_` in a name stands for the
    side of the body that is nearer to the camera. `core`: whether it is one of the eight angles that every answer
    holds. `note`: what whoever uses it must know of it (docs/ACCURACY.md); `calibrated_note`: the same with a
    calibration, for each measure that one changes. `sign`: -1 where it is positive against the plane's positive
    direction. `published_mdc`: what a study has found of this very measure (docs/LITERATURE.md), None where none is
    known.

    A measure that may be read from several sources has the better ones in `rather`, the best first; its own points are
    the last resort. `source`: what they are then called in answers, and `of` what they are.
    """

    plane: Plane
    name: str
    kind: Kind
    points: tuple[tuple[str, ...], ...]
    meaning: str
    note: str
    calibrated_note: str = ""
    core: bool = False
    sign: int = 1
    published_mdc: PublishedChange | None = None
    source: str = ""
    of: str = BODY
    rather: tuple[Source, ...] = ()

    @property
    def key(self) -> str:
        """What its evidence goes by (posture.evidence): each source of a measure has its own."""
        return f"{self.name}.{self.source}" if self.source else self.name

    @property
    def variants(self) -> "tuple[Measure, ...]":
        """It as it is read from each of its sources, the best first."""
        better = (
            replace(self, source=source.name, of=source.of, points=source.points, note=source.note, rather=())
            for source in self.rather
        )
        return *better, self

    def best(self, found: Container[str]) -> "Measure":
        """It as it is read where so much is found; the body always is."""
        return next(variant for variant in self.variants if variant.of in found)

    @property
    def unit(self) -> str:
        """Of its value: degrees, or % of the distance from nose to ankles."""
        return self.kind.unit

    def points_of(self, marks: Marks, direction: int) -> Points:
        """The points of its line, each (2,) in pixels, from what they are of."""
        return [marks.middle(*(self.plane.landmark(name, direction) for name in names)) for names in self.points]

    def value(self, points: Points, direction: int, size: float) -> float:
        """Its value, in its unit, from the points of its line and the body's size in pixels."""
        return self.sign * self.kind.formula(points, direction, size)

    def reference(self, points: Points, direction: int) -> Points:
        """The line that it is compared with: two points, from the first of its own, as long as its own line."""
        start, towards = points[0], self.kind.reference(points, direction)
        length = sum(float(np.linalg.norm(end - begin)) for begin, end in pairwise(points))
        size = float(np.linalg.norm(towards))
        return [start, start + (length / size * towards if size else 0.0)]


_SHOULDERS, _HIPS, _ANKLES = ((f"left_{joint}", f"right_{joint}") for joint in ("shoulder", "hip", "ankle"))

MEASURES = (
    Measure(FRONTAL, "shoulder_tilt", HORIZONTAL_TILT, (("right_shoulder",), ("left_shoulder",)),
            "Shoulder line against the horizontal; positive: the person's left shoulder is higher.",
            "Reads nine tenths of the tilt of figures, and two thirds of one that is warped into a photo.", core=True),
    Measure(FRONTAL, "pelvic_tilt", HORIZONTAL_TILT, (("right_hip",), ("left_hip",)),
            "Hip line against the horizontal (pelvic obliquity); positive: the person's left hip is higher.",
            "Reads half of the tilt of figures, and an eighth of one that is warped into a photo: a hint, no finding.",
            core=True),
    Measure(FRONTAL, "head_tilt", HORIZONTAL_TILT, (("right_ear",), ("left_ear",)),
            "Line across the face, or between the ears, against the horizontal; positive: the person's left side is "
            "higher.",
            "Reads three quarters of the tilt of figures, and half of one that is warped into a photo.", core=True,
            source="ears",
            rather=(Source("face", FACE, (("face_right",), ("face_left",)), "Reads true to about half a degree."),)),
    Measure(FRONTAL, "body_tilt", VERTICAL_TILT, (_HIPS, ("nose",)),
            "Line from the middle of the hips to the nose against the vertical; positive: towards the person's left.",
            "Reads true to about half a degree.", core=True),
    Measure(FRONTAL, "nose_offset", OFFSET, (_ANKLES, ("nose",)),
            "Nose from the plumb line through the middle of the ankles; positive: towards the person's left.",
            "Reads true. A camera that is not level tilts the plumb line."),
    Measure(FRONTAL, "shoulder_offset", OFFSET, (_ANKLES, _SHOULDERS),
            "Middle of the shoulders from the plumb line through the middle of the ankles; positive: towards the "
            "person's left.", "Reads true. A camera that is not level tilts the plumb line."),
    Measure(FRONTAL, "hip_offset", OFFSET, (_ANKLES, _HIPS),
            "Middle of the hips from the plumb line through the middle of the ankles; positive: towards the person's "
            "left.", "Reads true. A camera that is not level tilts the plumb line."),
    Measure(FRONTAL, "left_knee_deviation", BEND, (("left_ankle",), ("left_knee",), ("left_hip",)),
            "Left knee out of the line from ankle to hip; positive: inwards (valgus).",
            "Reads two thirds of the deviation, and 3 degrees too much.", sign=-1),
    Measure(FRONTAL, "right_knee_deviation", BEND, (("right_ankle",), ("right_knee",), ("right_hip",)),
            "Right knee out of the line from ankle to hip; positive: inwards (valgus).",
            "Reads two thirds of the deviation, and 3 degrees too much."),
    Measure(FRONTAL, "body_lean", VERTICAL_TILT, (_ANKLES, _SHOULDERS),
            "Line from the middle of the ankles to the middle of the shoulders against the vertical; positive: towards "
            "the person's left.", "Reads true to a few tenths of a degree, if the camera is level."),
    Measure(SAGITTAL, "back_tilt", VERTICAL_TILT, (("near_hip",), ("near_shoulder",)),
            "Line from hip to shoulder against the vertical; positive: the shoulder lies in front of the hip.",
            "Reads true to one and a half degrees; one degree too low on figures.", core=True),
    Measure(SAGITTAL, "neck_tilt", VERTICAL_TILT, (("near_shoulder",), ("near_ear",)),
            "Line from shoulder to ear against the vertical; positive: the ear lies in front of the shoulder.",
            "Figures and people disagree about the shoulder: reads 9 degrees too high on figures; on people 2.4 too "
            "low against the acromion, 2.0 too high against the middle of the humeral head. Not the craniovertebral "
            "angle.",
            calibrated_note="Right for the line from the model's own shoulder to the tragus. Reads 4 degrees too high "
            "on figures; on people 7.2 too low against the acromion, 2.7 against the middle of the humeral head. Not "
            "the craniovertebral angle.", core=True),
    Measure(SAGITTAL, "body_tilt", VERTICAL_TILT, (("near_hip",), ("near_ear",)),
            "Line from hip to ear against the vertical; positive: the ear lies in front of the hip.",
            "Reads one and a half degrees too high: the model's ear lies in front of the tragus.",
            calibrated_note="Right for the tragus: reads true to one degree.", core=True),
    Measure(SAGITTAL, "hip_tilt", VERTICAL_TILT, (("near_knee",), ("near_hip",)),
            "Line from knee to hip against the vertical; positive: the hip lies in front of the knee.",
            "Reads four fifths of the tilt, true to about two degrees.", core=True),
    Measure(SAGITTAL, "ear_offset", OFFSET, (("near_ankle",), ("near_ear",)),
            "Ear from the plumb line through the ankle; positive: in front of it.",
            "Reads one percent too far in front: the model's ear lies in front of the tragus.",
            calibrated_note="Right for the tragus: reads true to about half a percent."),
    Measure(SAGITTAL, "shoulder_offset", OFFSET, (("near_ankle",), ("near_shoulder",)),
            "Shoulder from the plumb line through the ankle; positive: in front of it.",
            "Reads true to about one percent; almost one percent too low on figures."),
    Measure(SAGITTAL, "hip_offset", OFFSET, (("near_ankle",), ("near_hip",)),
            "Hip from the plumb line through the ankle; positive: in front of it.",
            "Reads true to less than one percent."),
    Measure(SAGITTAL, "knee_offset", OFFSET, (("near_ankle",), ("near_knee",)),
            "Knee from the plumb line through the ankle; positive: in front of it.",
            "Reads three quarters of the offset."),
    Measure(SAGITTAL, "knee_flexion", BEND, (("near_ankle",), ("near_knee",), ("near_hip",)),
            "Bend of the knee between ankle and hip; positive: flexed, negative: overextended.",
            "Reads two thirds of the flexion."),
    Measure(SAGITTAL, "body_lean", VERTICAL_TILT, (("near_ankle",), ("near_shoulder",)),
            "Line from ankle to shoulder against the vertical; positive: the shoulder lies in front of the ankle.",
            "Reads true to about half a degree; half a degree too low on figures."),
)  # fmt: skip


def of_plane(plane: Plane) -> tuple[Measure, ...]:
    """The measures of a plane, in the order of MEASURES."""
    return tuple(measure for measure in MEASURES if measure.plane is plane)


def variants_of(plane: Plane) -> tuple[Measure, ...]:
    """The measures of a plane as they are read from each of their sources."""
    return tuple(variant for row in of_plane(plane) for variant in row.variants)


def sources(plane: Plane) -> set[str]:
    """What some measure of a plane may be read from."""
    return {variant.of for variant in variants_of(plane)}


def read(rows: Iterable[Measure], marks: Mapping[str, Marks], direction: int, size: float) -> dict[str, float]:
    """Measures by their keys, in their units, from what their points are of, and the body's size in pixels."""
    return {row.key: row.value(row.points_of(marks[row.of], direction), direction, size) for row in rows}


def measure(landmarks: Landmarks, plane: Plane, direction: int) -> dict[str, float]:
    """The measures of one plane by name, in their units, from the landmarks of one person's body.

    `direction`: which direction of the picture counts as positive, +1 for right and -1 for left (Plane.direction).
    """
    size = landmarks.nose_to_ankle
    return {row.name: row.value(row.points_of(landmarks, direction), direction, size) for row in of_plane(plane)}
