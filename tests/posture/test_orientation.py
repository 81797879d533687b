import pytest

from posture.landmarks import Landmarks
from posture.orientation import turn
from testing.builders import FRONT, SIDE, landmarks


@pytest.mark.parametrize(("person", "degrees"), [(landmarks(FRONT), 0), (landmarks(SIDE), 90)])
def test_the_turn_is_that_of_the_shoulders(person: Landmarks, degrees: float) -> None:
    assert turn(person) == pytest.approx(degrees, abs=4)
    assert turn(person.mirrored(1000)) == pytest.approx(degrees, abs=4)


def test_from_behind_the_turn_is_180_degrees() -> None:
    assert turn(landmarks(FRONT, left_shoulder=(420, 320), right_shoulder=(580, 320))) == 180
