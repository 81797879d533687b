import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture import view
from posture.landmarks import Landmarks
from testing.builders import FRONT, SIDE, landmarks


def test_the_persons_left_is_to_the_right_when_seen_from_the_front() -> None:
    assert view.direction(landmarks(FRONT), "front") == 1


def test_the_persons_left_is_to_the_left_when_seen_from_behind() -> None:
    behind = landmarks(FRONT, left_shoulder=(420, 320), right_shoulder=(580, 320))
    assert view.direction(behind, "front") == -1


@given(st.floats(-180, 180))
def test_whichever_way_the_photo_is_turned_the_person_faces_the_same_way(degrees: float) -> None:
    facing_right = landmarks(SIDE)
    assert view.direction(facing_right.moved(degrees), "side") == 1
    assert view.direction(facing_right.mirrored(1000).moved(degrees), "side") == -1


@pytest.mark.parametrize(
    "moved",
    [
        {"nose": (490, 200)},  # the head turned to the camera, or a little past it
        {"right_foot_index": (470, 960), "left_foot_index": (470, 960)},  # the feet hidden, their toes guessed wrong
    ],
)
def test_neither_head_nor_feet_decide_alone(moved: dict[str, tuple[float, float]]) -> None:
    assert view.direction(landmarks(SIDE, **moved), "side") == 1


@pytest.mark.parametrize(("person", "degrees"), [(landmarks(FRONT), 0), (landmarks(SIDE), 90)])
def test_the_turn_is_that_of_the_shoulders(person: Landmarks, degrees: float) -> None:
    assert view.turn(person) == pytest.approx(degrees, abs=4)
    assert view.turn(person.mirrored(1000)) == pytest.approx(degrees, abs=4)


def test_from_behind_the_turn_is_180_degrees() -> None:
    assert view.turn(landmarks(FRONT, left_shoulder=(420, 320), right_shoulder=(580, 320))) == 180
