import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture import view
from tests.builders import FRONT, SIDE, landmarks, turned


def test_the_persons_left_is_to_the_right_when_seen_from_the_front() -> None:
    assert view.direction(landmarks(FRONT), "front") == 1


def test_the_persons_left_is_to_the_left_when_seen_from_behind() -> None:
    behind = landmarks(FRONT, left_shoulder=(420, 320), right_shoulder=(580, 320))
    assert view.direction(behind, "front") == -1


@given(st.floats(-180, 180))
def test_whichever_way_the_photo_is_turned_the_person_faces_the_same_way(degrees: float) -> None:
    facing_right = landmarks(SIDE)
    assert view.direction(turned(facing_right, degrees), "side") == 1
    assert view.direction(turned(facing_right.mirrored(1000), degrees), "side") == -1


@pytest.mark.parametrize(
    "moved",
    [
        {"nose": (490, 200)},  # the head turned to the camera, or a little past it
        {"right_foot_index": (470, 960), "left_foot_index": (470, 960)},  # the feet hidden, their toes guessed wrong
    ],
)
def test_neither_head_nor_feet_decide_alone(moved: dict[str, tuple[float, float]]) -> None:
    assert view.direction(landmarks(SIDE, **moved), "side") == 1
