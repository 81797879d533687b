r"""The geometry, exactly.

front view              side view, facing right

   R  nose  L              ear
   x---+---x                 x--- nose
  /    |    \\                |
 right   left              shoulder   hip   knee: on the near (right) side
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.angles import (
    BEND,
    HORIZONTAL_TILT,
    MEASURES,
    OFFSET,
    VERTICAL_TILT,
    Kind,
    Measure,
    Points,
    measure,
    of_plane,
)
from posture.landmarks import Landmarks
from posture.views import FRONTAL, SAGITTAL, Plane
from testing.builders import FRONT, SIDE, landmarks

FRONT_NAMES = ["shoulder_tilt", "pelvic_tilt", "head_tilt", "body_tilt"]
SIDE_NAMES = ["back_tilt", "neck_tilt", "body_tilt", "hip_tilt"]
POSES: dict[Plane, Landmarks] = {
    FRONTAL: landmarks(FRONT, left_shoulder=(584, 310), left_hip=(544, 563), left_ear=(530, 192), nose=(508, 200)),
    SAGITTAL: landmarks(SIDE, right_shoulder=(494, 320)),
}

small_angles = st.floats(-30, 30)


def angles_of(person: Landmarks, plane: Plane) -> dict[str, float]:
    return measure(person, plane, plane.direction(person))


def test_the_table_has_the_angles_of_the_answer_in_their_order() -> None:
    assert [row.name for row in MEASURES if row.plane is FRONTAL and row.core] == FRONT_NAMES
    assert [row.name for row in MEASURES if row.plane is SAGITTAL and row.core] == SIDE_NAMES


def points(*pairs: tuple[float, float]) -> Points:
    return [np.array(pair, dtype=float) for pair in pairs]


@pytest.mark.parametrize("name", FRONT_NAMES)
def test_an_upright_symmetric_person_has_no_tilt_from_the_front(name: str) -> None:
    assert angles_of(landmarks(FRONT), FRONTAL)[name] == 0


@pytest.mark.parametrize(
    ("name", "moved", "degrees"),
    [
        # 160 px between the shoulders, the left one 16 px higher: atan(0.1)
        ("shoulder_tilt", {"left_shoulder": (580, 304)}, 5.711),
        ("shoulder_tilt", {"right_shoulder": (420, 304)}, -5.711),
        ("pelvic_tilt", {"left_hip": (540, 552)}, 5.711),
        ("head_tilt", {"right_ear": (470, 189)}, -5.711),
        # 360 px from the hips' middle up to the nose, 36 px towards the person's left
        ("body_tilt", {"nose": (536, 200)}, 5.711),
        ("body_tilt", {"nose": (464, 200)}, -5.711),
    ],
)
def test_front_angles_are_positive_on_the_persons_left(
    name: str, moved: dict[str, tuple[float, float]], degrees: float
) -> None:
    assert angles_of(landmarks(FRONT, **moved), FRONTAL)[name] == pytest.approx(degrees, abs=0.001)


@pytest.mark.parametrize(
    ("name", "moved", "degrees"),
    [
        # on the right, the near side: hip (495, 560), shoulder 240 px above it
        ("back_tilt", {"right_shoulder": (519, 320)}, 5.711),
        ("back_tilt", {"right_shoulder": (471, 320)}, -5.711),
        # shoulder (490, 320), ear 120 px above it
        ("neck_tilt", {"right_ear": (502, 200)}, 5.711),
        # hip (495, 560), ear 360 px above it
        ("body_tilt", {"right_ear": (531, 200)}, 5.711),
        # knee (500, 750), hip 190 px above it
        ("hip_tilt", {"right_hip": (519, 560)}, 5.711),
        ("hip_tilt", {"right_hip": (481, 560)}, -5.711),
    ],
)
def test_side_angles_are_positive_in_the_direction_the_person_faces(
    name: str, moved: dict[str, tuple[float, float]], degrees: float
) -> None:
    person = landmarks(SIDE, **moved)
    assert angles_of(person, SAGITTAL)[name] == pytest.approx(degrees, abs=0.001)
    assert angles_of(person.mirrored(1000), SAGITTAL)[name] == pytest.approx(degrees, abs=0.001)


def test_side_angles_are_read_on_the_near_side_alone() -> None:
    person = landmarks(SIDE)
    far_side_moved = landmarks(SIDE, left_shoulder=(400, 300), left_hip=(430, 570), left_knee=(410, 760))
    assert angles_of(far_side_moved, SAGITTAL) == angles_of(person, SAGITTAL)


def test_the_mirrored_photo_negates_front_angles_and_keeps_side_angles() -> None:
    for name, value in angles_of(POSES[FRONTAL], FRONTAL).items():
        if "knee" in name:
            continue  # the one leg becomes the other
        assert value != 0
        assert angles_of(POSES[FRONTAL].mirrored(1000), FRONTAL)[name] == pytest.approx(-value)
    for name, value in angles_of(POSES[SAGITTAL], SAGITTAL).items():
        assert value != 0
        assert angles_of(POSES[SAGITTAL].mirrored(1000), SAGITTAL)[name] == pytest.approx(value)


@given(small_angles)
def test_turning_the_front_photo_clockwise_lowers_the_lines_and_leans_the_body_to_the_left(degrees: float) -> None:
    before = angles_of(POSES[FRONTAL], FRONTAL)
    after = angles_of(POSES[FRONTAL].moved(degrees), FRONTAL)
    for name in ("shoulder_tilt", "pelvic_tilt", "head_tilt"):
        assert after[name] == pytest.approx(before[name] - degrees, abs=1e-9)
    assert after["body_tilt"] == pytest.approx(before["body_tilt"] + degrees, abs=1e-9)


@given(small_angles)
def test_turning_the_side_photo_clockwise_leans_who_faces_right_forward_and_who_faces_left_back(degrees: float) -> None:
    facing_right, facing_left = POSES[SAGITTAL], POSES[SAGITTAL].mirrored(1000)
    before = angles_of(facing_right, SAGITTAL)
    for name in SIDE_NAMES:
        assert angles_of(facing_right.moved(degrees), SAGITTAL)[name] == pytest.approx(before[name] + degrees, abs=1e-9)
        assert angles_of(facing_left.moved(degrees), SAGITTAL)[name] == pytest.approx(before[name] - degrees, abs=1e-9)


@given(scale=st.floats(0.1, 10), right=st.floats(-500, 500), down=st.floats(-500, 500))
def test_angles_do_not_depend_on_size_and_place_of_the_person(scale: float, right: float, down: float) -> None:
    for plane, person in POSES.items():
        placed = Landmarks(person.points * scale + (right, down), person.depth, person.presence, person.visibility)
        assert angles_of(placed, plane) == pytest.approx(angles_of(person, plane), abs=1e-6)


def test_a_tilt_is_measured_from_its_reference() -> None:
    assert HORIZONTAL_TILT.formula(points((0, 0), (10, 0)), 1, 1) == 0
    assert VERTICAL_TILT.formula(points((0, 0), (0, -10)), 1, 1) == 0
    assert HORIZONTAL_TILT.formula(points((0, 0), (10, -10)), 1, 1) == pytest.approx(45)
    assert VERTICAL_TILT.formula(points((0, 0), (10, -10)), 1, 1) == pytest.approx(45)
    assert VERTICAL_TILT.formula(points((0, 0), (-10, -10)), 1, 1) == pytest.approx(-45)
    assert VERTICAL_TILT.formula(points((0, 0), (-10, -10)), -1, 1) == pytest.approx(45)


def test_a_chain_is_bent_towards_the_side_on_which_its_middle_lies() -> None:
    assert BEND.formula(points((0, 0), (0, -10), (0, -20)), 1, 1) == 0
    assert BEND.formula(points((0, 0), (10, -10), (0, -20)), 1, 1) == pytest.approx(90)
    assert BEND.formula(points((0, 0), (10, -10), (0, -20)), -1, 1) == pytest.approx(-90)


@pytest.mark.parametrize(
    ("name", "moved", "value"),
    [
        # 730 px from the ankles' middle (500, 930) up to the nose, of which 73 px are 10 %
        ("nose_offset", {}, 0),
        ("shoulder_offset", {"left_shoulder": (653, 320), "right_shoulder": (493, 320)}, 10),
        ("hip_offset", {"left_hip": (467, 560), "right_hip": (387, 560)}, -10),
        ("left_knee_deviation", {"left_knee": (522, 750)}, 11.122),  # 18 px inwards of 180 and of 190 px
        ("left_knee_deviation", {"left_knee": (558, 750)}, -11.122),
        ("right_knee_deviation", {"right_knee": (478, 750)}, 11.122),
        ("body_lean", {"left_shoulder": (641, 320), "right_shoulder": (481, 320)}, 5.711),  # 61 px of 610
    ],
)
def test_further_front_measures_are_positive_to_the_left_and_knees_inwards(
    name: str, moved: dict[str, tuple[float, float]], value: float
) -> None:
    assert angles_of(landmarks(FRONT, **moved), FRONTAL)[name] == pytest.approx(value, abs=0.001)


@pytest.mark.parametrize(
    ("name", "moved", "value"),
    [
        # from the near ankle (490, 930); 733.6 px from the ankles' middle (485, 930) to the nose (560, 200)
        ("ear_offset", {"right_ear": (563.38, 195)}, 10),
        ("shoulder_offset", {"right_shoulder": (563.38, 320)}, 10),
        ("hip_offset", {"right_hip": (416.62, 560)}, -10),
        ("knee_offset", {"right_knee": (563.38, 750)}, 10),
        ("knee_flexion", {"right_hip": (490, 560), "right_knee": (508, 750)}, 11.122),
        ("knee_flexion", {"right_hip": (490, 560), "right_knee": (472, 750)}, -11.122),
        ("body_lean", {"right_shoulder": (551, 320)}, 5.711),
    ],
)
def test_further_side_measures_are_positive_forward_and_knees_when_flexed(
    name: str, moved: dict[str, tuple[float, float]], value: float
) -> None:
    person = landmarks(SIDE, **moved)
    assert angles_of(person, SAGITTAL)[name] == pytest.approx(value, abs=0.02)
    assert angles_of(person.mirrored(1000), SAGITTAL)[name] == pytest.approx(value, abs=0.02)


def test_every_measure_says_what_it_means_and_how_far_it_can_be_trusted() -> None:
    for row in MEASURES:
        assert row.meaning.endswith("."), row.name
        assert "positive" in row.meaning, row.name
        assert row.note.endswith("."), row.name
        assert row.unit in ("degrees", "% of nose-to-ankle height"), row.name
        assert row.unit == row.kind.unit, row.name


def test_an_offset_is_counted_in_percent_of_the_bodys_size_towards_the_positive_direction() -> None:
    assert OFFSET.formula(points((10, 0), (10, -50)), 1, 200) == 0
    assert OFFSET.formula(points((10, 0), (30, -50)), 1, 200) == 10
    assert OFFSET.formula(points((10, 0), (30, -50)), -1, 200) == -10


def test_the_measures_of_a_plane_are_its_rows_in_the_order_of_the_table() -> None:
    assert [*of_plane(FRONTAL), *of_plane(SAGITTAL)] == list(MEASURES)
    for plane, person in POSES.items():
        assert list(angles_of(person, plane)) == [row.name for row in of_plane(plane)]


def test_names_are_unique_within_a_plane() -> None:
    for plane in POSES:
        names = [row.name for row in of_plane(plane)]
        assert len(names) == len(set(names))


def by_name(plane: Plane, name: str) -> Measure:
    [row] = [row for row in of_plane(plane) if row.name == name]
    return row


def test_a_line_runs_through_landmarks_and_the_middles_of_several() -> None:
    person = landmarks(FRONT, left_hip=(544, 563))
    hips, nose = by_name(FRONTAL, "body_tilt").points_of(person, 1)
    assert (hips.tolist(), nose.tolist()) == ([502, 561.5], [500, 200])


@pytest.mark.parametrize(("direction", "ear"), [(1, [505, 195]), (-1, [495, 190])])
def test_a_line_in_profile_runs_through_the_near_side(direction: int, ear: list[float]) -> None:
    *_, end = by_name(SAGITTAL, "neck_tilt").points_of(landmarks(SIDE), direction)
    assert end.tolist() == ear


def test_a_knee_that_is_positive_inwards_has_the_opposite_sign_of_its_bend_on_the_persons_left() -> None:
    bent = points((0, 0), (10, -10), (0, -20))
    left, right = (by_name(FRONTAL, f"{side}_knee_deviation") for side in ("left", "right"))
    assert left.value(bent, 1, 1) == pytest.approx(-90)
    assert right.value(bent, 1, 1) == pytest.approx(90)


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize(
    ("kind", "line", "end"),
    [
        (HORIZONTAL_TILT, [(5, 5), (5, -5)], (5 + 10, 5)),  # towards the positive direction
        (VERTICAL_TILT, [(5, 5), (15, 5)], (5, -5)),
        (OFFSET, [(5, 5), (15, 5)], (5, -5)),
        (BEND, [(5, 5), (5, -5), (15, -5)], (5, -15)),  # the first segment drawn out to the length of both
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else "",
)
def test_a_reference_begins_where_its_line_does_and_is_as_long(
    kind: Kind, line: list[tuple[float, float]], end: tuple[float, float], direction: int
) -> None:
    row = next(row for row in MEASURES if row.kind is kind)
    start, reached = row.reference(points(*line), direction)
    assert start.tolist() == list(line[0])
    across = direction if kind is HORIZONTAL_TILT else 1
    assert reached.tolist() == pytest.approx([5 + across * (end[0] - 5), end[1]])


def test_a_line_without_length_has_a_reference_without_length() -> None:
    for kind in (HORIZONTAL_TILT, VERTICAL_TILT, OFFSET, BEND):
        row = next(row for row in MEASURES if row.kind is kind)
        start, end = row.reference(points(*[(5, 5)] * len(row.points)), 1)
        assert start.tolist() == end.tolist() == [5, 5]
