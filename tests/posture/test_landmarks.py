import numpy as np
import pytest
from mediapipe.tasks.python.vision.pose_landmarker import PoseLandmark

from posture.landmarks import INDEX, NAMES, Landmarks, turned
from testing.builders import FRONT, landmarks


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
