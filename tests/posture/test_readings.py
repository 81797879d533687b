"""Each reading's line and reference lie where it was read, in pixels of the photo as it was sent."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import posture
from posture.angles import BEND, BODY, HORIZONTAL_TILT, OFFSET, VERTICAL_TILT
from posture.landmarks import INDEX
from posture.measurement import Line, Reading, ViewMeasurement
from testing import DEMO

FRONT, SIDE = DEMO / "front_image.jpg", DEMO / "side_image.jpg"
CAMERAS: list[dict[str, Any]] = [
    {},
    {"camera_roll": {"front": 4.0, "side": -7.5}},
    {"mirrored": {"front": True, "side": True}},
    {"camera_roll": {"front": -3.0, "side": 5.0}, "mirrored": {"front": True, "side": True}},
]


@pytest.fixture(scope="module", params=CAMERAS, ids=str)
def views(request: pytest.FixtureRequest, pool: posture.LandmarkerPool) -> list[ViewMeasurement]:
    measurement = posture.measure(FRONT, SIDE, model=pool, **request.param)
    return [measurement.front, measurement.side]


def readings(of: ViewMeasurement) -> list[Reading]:
    return [*of.angles.values(), *of.measures.values()]


def length(line: Line) -> float:
    return sum(math.dist(start, end) for start, end in pairwise(line))


def direction(line: Line) -> float:
    """Of its first segment, in degrees clockwise from the right."""
    (x, y), (end_x, end_y), *_ = line
    return math.degrees(math.atan2(end_y - y, end_x - x))


def between(line: Line, other: Line) -> float:
    """The angle between two directions, 0 to 180 degrees."""
    return abs((direction(line) - direction(other) + 180) % 360 - 180)


def test_the_line_runs_through_the_landmarks(views: list[ViewMeasurement]) -> None:
    for of in views:
        for reading in readings(of):
            if reading.measure.of != BODY:
                continue
            for point, names in zip(reading.line, reading.measure.points, strict=True):
                found = [name.replace("near", of.near_side or "") for name in names]
                middle = of.landmarks.points[[INDEX[name] for name in found]].mean(axis=0)
                assert point == pytest.approx(middle, abs=1e-6), reading.measure.name


def test_the_reference_begins_where_the_line_does_and_is_as_long(views: list[ViewMeasurement]) -> None:
    for of in views:
        for reading in readings(of):
            assert reading.reference[0] == reading.line[0]
            assert len(reading.reference) == 2
            assert length(reading.reference) == pytest.approx(length(reading.line))


def test_the_angle_between_line_and_reference_is_what_was_read(views: list[ViewMeasurement]) -> None:
    for of in views:
        for reading in readings(of):
            if reading.measure.kind in (HORIZONTAL_TILT, VERTICAL_TILT):
                assert between(reading.line, reading.reference) == pytest.approx(abs(reading.value))
            elif reading.measure.kind is BEND:
                assert between(reading.line[1:], reading.reference) == pytest.approx(abs(reading.value))
            else:
                assert reading.measure.kind is OFFSET
                across = math.sin(math.radians(between(reading.line, reading.reference))) * length(reading.line)
                assert across == pytest.approx(abs(reading.value) / 100 * of.landmarks.nose_to_ankle, rel=1e-6)


def test_the_line_lies_on_the_side_of_its_reference_that_its_sign_says(views: list[ViewMeasurement]) -> None:
    for of in views:
        # Where the positive direction lies in the photo as it was sent: where the person faces, or the own left.
        towards = -1 if of.camera.mirrored else 1
        if of.facing is not None:
            towards = 1 if of.facing == "right" else -1
        for reading in readings(of):
            line = reading.line[1:] if reading.measure.kind is BEND else reading.line
            clockwise = math.sin(math.radians(direction(line) - direction(reading.reference)))
            # From upright, a line that leans to the right is turned clockwise; a raised end and a bend are the reverse.
            as_drawn = 1 if reading.measure.kind in (VERTICAL_TILT, OFFSET) else -1
            positive = as_drawn * towards * reading.measure.sign * clockwise
            assert math.copysign(1, positive) == math.copysign(1, reading.value), reading.measure.name


def test_references_are_the_level_cameras_vertical_and_horizontal(views: list[ViewMeasurement]) -> None:
    for of in views:
        for reading in readings(of):
            turned = direction(reading.reference) - of.camera.roll
            if reading.measure.kind is HORIZONTAL_TILT:
                assert abs(math.sin(math.radians(turned))) == pytest.approx(0, abs=1e-9)
            elif reading.measure.kind is not BEND:
                assert turned % 360 == pytest.approx(270)


def test_a_calibrated_reading_has_its_line_where_the_point_was_moved_to(pool: posture.LandmarkerPool) -> None:
    plain = posture.measure(FRONT, SIDE, model=pool).side
    moved = posture.measure(FRONT, SIDE, model=pool, calibration="anatomical").side
    start, ear = np.array(plain.angles["neck_tilt"].line)
    moved_start, tragus = np.array(moved.angles["neck_tilt"].line)
    assert moved_start == pytest.approx(start)
    shift = np.linalg.norm(tragus - ear) / plain.landmarks.nose_to_ankle
    assert shift == pytest.approx(math.hypot(0.0145, 0.005), rel=1e-6)
    assert moved.angles["neck_tilt"].uncalibrated == plain.angles["neck_tilt"].value
