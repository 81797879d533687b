r"""The geometry, exactly.

front view              side view, facing right

   R  nose  L              ear
   x---+---x                 x--- nose
  /    |    \\                |
 right   left              shoulder   hip   knee: on the near (right) side
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture import view
from posture.angles import MEASURES, Reference, measure, tilt
from posture.errors import View
from posture.landmarks import Landmarks
from tests.builders import FRONT, SIDE, landmarks, turned

FRONT_NAMES = ["shoulder_tilt", "pelvic_tilt", "head_tilt", "body_tilt"]
SIDE_NAMES = ["back_tilt", "neck_tilt", "body_tilt", "hip_tilt"]
POSES: dict[View, Landmarks] = {
    "front": landmarks(FRONT, left_shoulder=(580, 310), left_hip=(540, 563), left_ear=(530, 192), nose=(508, 200)),
    "side": landmarks(SIDE),
}

small_angles = st.floats(-30, 30)


def angles_of(person: Landmarks, photo: View) -> dict[str, float]:
    return measure(person, photo, view.direction(person, photo))


def test_the_table_has_the_angles_of_the_answer_in_their_order() -> None:
    assert [row.name for row in MEASURES if row.view == "front"] == FRONT_NAMES
    assert [row.name for row in MEASURES if row.view == "side"] == SIDE_NAMES


@pytest.mark.parametrize("name", FRONT_NAMES)
def test_an_upright_symmetric_person_has_no_tilt_from_the_front(name: str) -> None:
    assert angles_of(landmarks(FRONT), "front")[name] == 0


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
    assert angles_of(landmarks(FRONT, **moved), "front")[name] == pytest.approx(degrees, abs=0.001)


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
    assert angles_of(person, "side")[name] == pytest.approx(degrees, abs=0.001)
    assert angles_of(person.mirrored(1000), "side")[name] == pytest.approx(degrees, abs=0.001)


def test_side_angles_are_read_on_the_near_side_alone() -> None:
    person = landmarks(SIDE)
    far_side_moved = landmarks(SIDE, left_shoulder=(400, 300), left_hip=(430, 570), left_knee=(410, 760))
    assert angles_of(far_side_moved, "side") == angles_of(person, "side")


def test_the_mirrored_photo_negates_front_angles_and_keeps_side_angles() -> None:
    for name, value in angles_of(POSES["front"], "front").items():
        assert value != 0
        assert angles_of(POSES["front"].mirrored(1000), "front")[name] == pytest.approx(-value)
    for name, value in angles_of(POSES["side"], "side").items():
        assert value != 0
        assert angles_of(POSES["side"].mirrored(1000), "side")[name] == pytest.approx(value)


@given(small_angles)
def test_turning_the_front_photo_clockwise_lowers_the_lines_and_leans_the_body_to_the_left(degrees: float) -> None:
    before = angles_of(POSES["front"], "front")
    after = angles_of(turned(POSES["front"], degrees), "front")
    for name in ("shoulder_tilt", "pelvic_tilt", "head_tilt"):
        assert after[name] == pytest.approx(before[name] - degrees, abs=1e-9)
    assert after["body_tilt"] == pytest.approx(before["body_tilt"] + degrees, abs=1e-9)


@given(small_angles)
def test_turning_the_side_photo_clockwise_leans_who_faces_right_forward_and_who_faces_left_back(degrees: float) -> None:
    facing_right, facing_left = POSES["side"], POSES["side"].mirrored(1000)
    before = angles_of(facing_right, "side")
    for name in SIDE_NAMES:
        assert angles_of(turned(facing_right, degrees), "side")[name] == pytest.approx(before[name] + degrees, abs=1e-9)
        assert angles_of(turned(facing_left, degrees), "side")[name] == pytest.approx(before[name] - degrees, abs=1e-9)


@given(scale=st.floats(0.1, 10), right=st.floats(-500, 500), down=st.floats(-500, 500))
def test_angles_do_not_depend_on_size_and_place_of_the_person(scale: float, right: float, down: float) -> None:
    for photo, person in POSES.items():
        placed = Landmarks(person.points * scale + (right, down), person.depth, person.presence, person.visibility)
        assert angles_of(placed, photo) == pytest.approx(angles_of(person, photo), abs=1e-6)


def test_a_tilt_is_measured_from_its_reference() -> None:
    assert tilt((0, 0), (10, 0), Reference.HORIZONTAL, 1) == 0
    assert tilt((0, 0), (0, -10), Reference.VERTICAL, 1) == 0
    assert tilt((0, 0), (10, -10), Reference.HORIZONTAL, 1) == pytest.approx(45)
    assert tilt((0, 0), (10, -10), Reference.VERTICAL, 1) == pytest.approx(45)
    assert tilt((0, 0), (-10, -10), Reference.VERTICAL, 1) == pytest.approx(-45)
    assert tilt((0, 0), (-10, -10), Reference.VERTICAL, -1) == pytest.approx(45)
