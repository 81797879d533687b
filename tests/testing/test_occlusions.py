"""What is drawn over a photo hides what it says, and nothing else."""

import numpy as np
import pytest
from PIL import Image

from posture.landmarks import Landmarks
from testing import builders
from testing.builders import SIZE, landmarks
from testing.occlusions import harmless, occlusions
from testing.subjects import Subject

GROUND = (90, 120, 150)  # like none of the colors
PEOPLE = {"front": landmarks(builders.FRONT), "side": landmarks(builders.SIDE)}
FEET, KNEES = ("left_ankle", "right_ankle"), ("left_knee", "right_knee")
HIDDEN: dict[str, list[tuple[str, ...]]] = {
    "box over the ankles": [FEET, ("left_ankle",), ("right_ankle",)],
    "skirt to the ankle": [("left_hip", "right_hip"), KNEES, ("left_knee",), ("right_knee",)],
    "line through the body": [("left_hip", "right_hip")],
}
FREE: dict[str, list[tuple[str, ...]]] = {
    "box over the ankles": [("nose",), KNEES],
    "hair over ear and neck": [("nose",), ("left_hip", "right_hip")],
    "skirt to the ankle": [("nose",), ("left_foot_index",), ("right_foot_index",)],
    "bag at the hip": [("nose",), FEET],
    "line through the body": [("right_foot_index",)],
}


def changed(person: Landmarks, name: str, index: int, *of: str) -> bool:
    """Whether the picture is another one where the middle of these landmarks lies."""
    changes = occlusions(index) | harmless(index)
    picture = changes[name](Subject(Image.new("RGB", SIZE, GROUND), person))
    x, y = person.middle(*of)
    assert picture.size == SIZE
    return bool(np.abs(np.asarray(picture).astype(int)[round(y), round(x)] - GROUND).max() > 20)


@pytest.mark.parametrize("view", PEOPLE)
@pytest.mark.parametrize("index", range(3))
def test_what_is_hidden_is_painted_over_and_the_rest_is_not(view: str, index: int) -> None:
    for name, hidden in HIDDEN.items():
        assert all(changed(PEOPLE[view], name, index, *of) for of in hidden), name
    for name, free in FREE.items():
        assert not any(changed(PEOPLE[view], name, index, *of) for of in free), name


@pytest.mark.parametrize("name", ["left_ear", "right_ear"])
def test_hair_hides_the_ear_from_both_sides_and_leaves_the_face_free(name: str) -> None:
    for person in PEOPLE.values():
        assert changed(person, "hair over ear and neck", 0, name)
        mirrored = person.mirrored(SIZE[0])
        assert changed(mirrored, "hair over ear and neck", 0, name)
        assert not changed(mirrored, "hair over ear and neck", 0, "nose")


@pytest.mark.parametrize("view", PEOPLE)
def test_hair_that_is_tied_back_leaves_ears_neck_and_face_free(view: str) -> None:
    for name in ("nose", "left_ear", "right_ear", "left_shoulder", "right_shoulder"):
        assert not changed(PEOPLE[view], "hair tied back", 0, name)
    picture = harmless(0)["hair tied back"](Subject(Image.new("RGB", SIZE, GROUND), PEOPLE[view]))
    assert (np.asarray(picture) != GROUND).any()


def test_a_bag_hides_one_hip_from_the_front_and_both_in_profile() -> None:
    hips = ("left_hip", "right_hip")
    assert [changed(PEOPLE["front"], "bag at the hip", 0, hip) for hip in hips] == [False, True]
    assert [changed(PEOPLE["side"], "bag at the hip", 0, hip) for hip in hips] == [True, True]


def test_colors_change_from_one_number_to_the_next() -> None:
    subject = Subject(Image.new("RGB", SIZE, GROUND), PEOPLE["front"])
    for name in occlusions(0):
        first, second = (np.asarray(occlusions(index)[name](subject)) for index in (0, 1))
        assert (first != second).any(), name
