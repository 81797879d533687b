import numpy as np
import pytest
from mediapipe.tasks.python.vision.pose_landmarker import PoseLandmark

from posture.landmarks import INDEX, NAMES, Landmarks, turned
from testing.builders import FRONT, SIDE, Points, landmarks
from tests.posture.people import with_whole_head


def test_the_names_are_mediapipes_and_in_its_order() -> None:
    assert [mark.name.lower() for mark in PoseLandmark] == list(NAMES)


def test_a_mirrored_picture_shows_the_left_where_the_right_was() -> None:
    person = landmarks(FRONT, left_shoulder=(580, 300), mouth_left=(510, 230))
    mirrored = person.mirrored(width=1000)
    assert mirrored.middle("right_shoulder").tolist() == [420, 300]
    assert mirrored.middle("mouth_right").tolist() == [490, 230]
    assert mirrored.middle("nose").tolist() == [500, 200]


def test_mirroring_twice_changes_nothing() -> None:
    person = landmarks(FRONT, left_ear=(533, 190))
    back = person.mirrored(800).mirrored(800)
    np.testing.assert_array_equal(back.points, person.points)


def test_mirroring_moves_presence_along_with_its_landmark() -> None:
    person = landmarks(FRONT)
    person.presence[INDEX["left_knee"]] = 0.25
    assert person.mirrored(1000).presence[INDEX["right_knee"]] == 0.25


def test_the_middle_of_two_landmarks_is_half_way() -> None:
    assert landmarks(FRONT, left_hip=(540, 580)).middle("left_hip", "right_hip").tolist() == [500, 570]


def test_the_bodys_size_runs_from_the_nose_to_the_middle_of_the_ankles_however_it_is_turned() -> None:
    person = landmarks(FRONT, left_ankle=(540, 920), right_ankle=(460, 940))
    assert person.nose_to_ankle == 730
    assert person.moved(37, scale=2, center=(100, 50)).nose_to_ankle == pytest.approx(1460)


def test_points_are_turned_clockwise_as_seen_and_scaled_from_the_center() -> None:
    right_of_center = np.array([[110.0, 100.0], [100.0, 100.0]])
    below_center = [[100, 120], [100, 100]]
    assert turned(right_of_center, 90, center=(100, 100), scale=2) == pytest.approx(np.array(below_center))


def test_arrays_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"points must be \(33, 2\), not \(32, 2\)"):
        Landmarks(np.zeros((32, 2)), np.zeros(33), np.zeros(33), np.zeros(33))
    with pytest.raises(ValueError, match=r"presence must be \(33,\), not \(3,\)"):
        Landmarks(np.zeros((33, 2)), np.zeros(33), np.zeros(3), np.zeros(33))


@pytest.mark.parametrize("points", [FRONT, SIDE])
def test_the_circle_of_a_head_holds_crown_and_chin_of_old_and_young(points: Points) -> None:
    person = with_whole_head(points)
    (x, y), radius = person.head
    assert (x, y) == pytest.approx(person.middle("left_eye", "right_eye", "left_ear", "right_ear"))
    # Of an adult's body, of 730 pixels from nose to ankles, a head is some 110 to 120 high, hair included 140.
    assert 80 < radius < 120
    # Of a small child's the head is a quarter, and its features lie further apart.
    head = {name: (x + 1.5 * (at[0] - x), y + 1.5 * (at[1] - y)) for name, at in points.items() if at[1] < 240}
    assert with_whole_head({**points, **head}).head[1] > 120


def test_the_circle_of_a_head_goes_with_the_picture() -> None:
    person = landmarks(SIDE)
    (x, y), radius = person.moved(0, 2).shifted(10, -20).head
    (was_x, was_y), was = person.head
    assert (x, y, radius) == pytest.approx((2 * was_x + 10, 2 * was_y - 20, 2 * was))
