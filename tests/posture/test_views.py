import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.angles import MEASURES
from posture.landmarks import INDEX
from posture.views import FRONT, FRONTAL, SAGITTAL, SIDE, VIEWS, View, views_of
from testing import builders
from testing.builders import landmarks
from tests.posture.people import for_each_view


def test_the_persons_left_is_to_the_right_when_seen_from_the_front() -> None:
    assert FRONTAL.direction(landmarks(builders.FRONT)) == 1


def test_the_persons_left_is_to_the_left_when_seen_from_behind() -> None:
    behind = landmarks(builders.FRONT, left_shoulder=(420, 320), right_shoulder=(580, 320))
    assert FRONTAL.direction(behind) == -1


@given(st.floats(-180, 180))
def test_whichever_way_the_photo_is_turned_the_person_faces_the_same_way(degrees: float) -> None:
    facing_right = landmarks(builders.SIDE)
    assert SAGITTAL.direction(facing_right.moved(degrees)) == 1
    assert SAGITTAL.direction(facing_right.mirrored(1000).moved(degrees)) == -1


@pytest.mark.parametrize(
    "moved",
    [
        {"nose": (490, 200)},  # the head turned to the camera, or a little past it
        {"right_foot_index": (470, 960), "left_foot_index": (470, 960)},  # the feet hidden, their toes guessed wrong
    ],
)
def test_neither_head_nor_feet_decide_alone(moved: dict[str, tuple[float, float]]) -> None:
    assert SAGITTAL.direction(landmarks(builders.SIDE, **moved)) == 1


def test_whoever_faces_the_right_shows_the_camera_the_right_side_and_from_the_front_both_are_equally_near() -> None:
    assert (SAGITTAL.near_side(1), SAGITTAL.near_side(-1)) == ("right", "left")
    assert (FRONTAL.near_side(1), FRONTAL.near_side(-1)) == (None, None)
    assert (SAGITTAL.landmark("near_ear", 1), SAGITTAL.landmark("near_ear", -1)) == ("right_ear", "left_ear")
    assert SAGITTAL.landmark("left_ear", 1) == "left_ear"


def test_requests_name_the_views_and_answers_have_them_as_clients_know() -> None:
    assert [view.name for view in VIEWS] == ["front", "side"]
    assert [view.key for view in VIEWS] == ["front_view", "side_view"]


def test_each_plane_is_seen_in_one_view() -> None:
    assert (views_of(FRONTAL), views_of(SAGITTAL)) == ((FRONT,), (SIDE,))


@for_each_view
def test_every_landmark_that_a_view_is_measured_by_has_a_name(view: View) -> None:
    for direction in (1, -1):
        for row in MEASURES:
            if row.plane is view.plane:
                names = [view.plane.landmark(name, direction) for point in row.points for name in point]
                assert set(names) <= INDEX.keys(), row.name


@for_each_view
def test_a_view_says_in_words_how_it_is_taken(view: View) -> None:
    for words in (view.seen, view.pose, view.square, view.mistaken):
        assert words
        assert words[0].islower()
        assert words[-1].isalpha()  # they stand within a sentence
    assert view.seen != view.mistaken
