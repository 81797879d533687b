"""Which photos are refused for who and how much of them is in the picture: every limit from both sides."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture import judge
from posture.clarity import CLEAR, Clarity
from posture.errors import Finding
from posture.estimate import Estimate
from posture.face import Face
from posture.landmarks import INDEX, PARTS, Landmarks
from posture.scene import Scene
from posture.views import FRONT, SIDE, View
from testing import builders
from testing.builders import SIZE, landmarks
from testing.scenes import codes
from tests.posture.people import (
    EYES,
    NEEDED,
    NOSE_TO_ANKLE,
    PERSONS,
    PROFILE,
    STANDING,
    beside,
    face_at,
    for_each_view,
    looks,
    moved_by,
    scene,
    turned,
    with_neck,
    with_presence,
    with_visibility,
)


@for_each_view
def test_nothing_speaks_against_a_person_who_stands_alone_in_the_picture(view: View) -> None:
    assert codes(scene(PERSONS[view], view)) == []
    assert judge.remarks(scene(PERSONS[view], view)) == ()


@for_each_view
def test_somebody_of_comparable_size_is_refused_and_a_smaller_one_is_remarked(view: View) -> None:
    def among(size: float) -> Scene:
        person = PERSONS[view]
        return scene(person, view, Estimate([person, person], [beside(size)], 2), (2 * SIZE[0], SIZE[1]))

    comparable, smaller = among(judge.COMPARABLE_SIZE + 0.01), among(judge.COMPARABLE_SIZE - 0.01)
    assert (codes(comparable), judge.remarks(comparable)) == (["several_people"], ())
    assert codes(smaller) == []
    assert judge.remarks(smaller) == (
        Finding(
            "person_in_background",
            "a smaller person in the picture was not measured.",
            "Take the photo with one person alone in the picture.",
            view.name,
        ),
    )


def edge_at(person: Landmarks, edge: str, depth: float) -> tuple[Landmarks, tuple[int, int]]:
    """The person in a picture whose edge lies that many pixels outside the outermost landmark that is needed."""
    needed = person.points[[INDEX[name] for name in NEEDED]]
    left, top = needed.min(axis=0)
    right, bottom = np.ceil(needed.max(axis=0) + depth).astype(int)
    if edge == "left":
        return person.shifted(depth - left, 0), SIZE
    if edge == "top":
        return person.shifted(0, depth - top), SIZE
    if edge == "right":
        return person.shifted(right - depth - needed[:, 0].max(), 0), (int(right), SIZE[1])
    return person.shifted(0, bottom - depth - needed[:, 1].max()), (SIZE[0], int(bottom))


CUT_OFF = {"left": "shoulders", "right": "shoulders", "bottom": "feet", "top": "head"}


@pytest.mark.parametrize("edge", ["left", "right", "bottom", "top"])
def test_what_lies_closer_to_an_edge_than_joints_do_is_cut_off(edge: str) -> None:
    margin = (judge.HEADROOM if edge == "top" else judge.MARGIN) * NOSE_TO_ANKLE
    person, size = edge_at(STANDING, edge, margin + 1)
    assert codes(scene(person, size=size)) == []
    person, size = edge_at(STANDING, edge, margin - 1)
    [finding] = judge.judge(scene(person, size=size))
    assert finding.code == "person_cropped"
    assert finding.problem == f"the person is not wholly in the picture: {CUT_OFF[edge]} missing or cut off."


def right_at(person: Landmarks, part: str, distance: float) -> Landmarks:
    """The part's landmark on the right of the body so many body sizes from the left edge of the picture."""
    name = PARTS[part][-1]
    return moved_by(person, name, distance * NOSE_TO_ANKLE - person.middle(name)[0])


@pytest.mark.parametrize("part", ["head", "shoulders", "hips", "knees"])
def test_any_part_closer_to_an_edge_than_joints_do_is_cut_off(part: str) -> None:
    assert "person_cropped" not in codes(scene(right_at(STANDING, part, judge.MARGIN + 0.0001)))
    cropped = judge.judge(scene(right_at(STANDING, part, judge.MARGIN - 0.0001)))[0]
    assert cropped.problem == f"the person is not wholly in the picture: {part} missing or cut off."


def test_all_missing_parts_are_named() -> None:
    [finding] = judge.judge(scene(STANDING, size=(SIZE[0], 700)))
    assert "knees and feet missing or cut off" in finding.problem


@given(
    st.sampled_from(NEEDED),
    st.sampled_from([(-1, 0), (1, 0), (0, -1), (0, 1)]),
    st.floats(0, 2000),
)
def test_wherever_outside_the_picture_a_needed_landmark_lies_the_person_is_cropped(
    name: str, way: tuple[int, int], distance: float
) -> None:
    outside = {(-1, 0): (0, 500), (1, 0): (SIZE[0], 500), (0, -1): (500, 0), (0, 1): (500, SIZE[1])}[way]
    points = STANDING.points.copy()
    points[INDEX[name]] = np.array(outside) + distance * np.array(way)
    assert "person_cropped" in codes(scene(replace(STANDING, points=points)))


@pytest.mark.parametrize("name", ["left_wrist", "right_elbow", "left_index"])
def test_hands_may_lie_outside_the_picture(name: str) -> None:
    person = with_presence(landmarks(builders.FRONT, **EYES, **{name: (-50.0, 600.0)}), **{name: 0.0})
    assert codes(scene(person)) == []


@pytest.mark.parametrize("name", ["left_heel", "right_heel", "left_foot_index", "right_foot_index"])
def test_heels_and_toes_may_lie_a_little_outside_the_picture(name: str) -> None:
    little = -judge.SOLES * NOSE_TO_ANKLE
    assert codes(scene(landmarks(builders.FRONT, **EYES, **{name: (500.0, SIZE[1] + little - 1)}))) == []
    beyond = landmarks(builders.FRONT, **EYES, **{name: (500.0, SIZE[1] + little + 1)})
    assert codes(scene(beyond)) == ["person_cropped"]


@for_each_view
def test_a_nose_too_near_to_the_shoulders_is_no_head(view: View) -> None:
    person = PERSONS[view]
    shoulders, hips = (person.middle(f"left_{joint}", f"right_{joint}") for joint in ("shoulder", "hip"))
    trunk = np.linalg.norm(shoulders - hips)

    def without_room(person: Landmarks, room: float) -> Scene:
        """The picture cut off so many trunk lengths above the shoulders."""
        cut = person.middle("left_shoulder")[1] - room * trunk
        found = person.shifted(0, -cut)
        head = found.points[: INDEX["left_shoulder"]]
        head[:, 1] = np.maximum(head[:, 1], judge.HEADROOM * person.nose_to_ankle + 1)
        return scene(found, view)

    assert codes(scene(with_neck(person, judge.MIN_NECK + 0.01), view)) == []
    assert codes(scene(with_neck(person, judge.MIN_NECK - 0.01), view)) == ["person_cropped"]
    low = with_neck(person, judge.MIN_NECK_WITHOUT_ROOM - 0.01)
    assert codes(without_room(low, judge.ROOM_FOR_HEAD + 0.03)) == []
    assert codes(without_room(low, judge.ROOM_FOR_HEAD - 0.03)) == ["person_cropped"]
    assert codes(without_room(with_neck(person, judge.MIN_NECK_WITHOUT_ROOM + 0.01), judge.ROOM_FOR_HEAD - 0.03)) == []


@for_each_view
@pytest.mark.parametrize(("inside", "expected"), [(1, []), (-1, ["person_cropped"])])
def test_a_head_held_low_is_no_missing_one_where_its_face_lies_wholly_in_the_picture(
    view: View, inside: float, expected: list[str]
) -> None:
    """The face's outermost point lies so many pixels inside of the left edge."""
    low = with_neck(PERSONS[view], judge.MIN_NECK - 0.05)
    face = face_at(np.array([30 + inside, 300.0]), width=60)
    assert codes(scene(low, view, look_at_face=lambda: [face, face])) == expected


@pytest.mark.parametrize(("up", "behind"), [(18, 0), (0, 18)], ids=["a small face", "an ear far behind"])
def test_in_profile_a_low_neck_below_a_head_of_another_shape_is_an_invented_head(up: float, behind: float) -> None:
    def with_head(neck: float, up: float, behind: float) -> Scene:
        """The mouth so many pixels nearer to the eyes, the ear so many further behind."""
        person = moved_by(with_neck(PERSONS[SIDE], neck), "right_ear", -behind)
        return scene(moved_by(moved_by(person, "mouth_left", 0, -up), "mouth_right", 0, -up), SIDE)

    low, usual = judge.NECK_IN_PROFILE - 0.005, judge.NECK_IN_PROFILE + 0.005
    assert codes(with_head(low, 0, 0)) == []
    assert codes(with_head(usual, up, behind)) == []
    assert codes(with_head(low, up, behind)) == ["person_cropped"]


@for_each_view
def test_a_face_is_looked_for_only_where_the_head_would_else_be_missing(view: View) -> None:
    asked = []

    def look() -> list[Face]:
        asked.append(view)
        return []

    for person in (PERSONS[view], moved_by(PERSONS[view], "left_ankle", 0, 1000)):
        codes(scene(person, view, look_at_face=look))
    assert asked == []
    assert codes(scene(with_neck(PERSONS[view], judge.MIN_NECK - 0.05), view, look_at_face=look)) == ["person_cropped"]
    assert asked == [view], "both rows about the neck ask once"


@for_each_view
@pytest.mark.parametrize(
    ("room", "neck"),  # above the shoulders, in pixels, of which the trunk has 240, and in trunk lengths
    [(320, judge.MIN_NECK - 0.01), (120, judge.MIN_NECK_WITHOUT_ROOM - 0.01)],
)
def test_from_behind_where_the_model_may_invent_a_nose_a_short_neck_tells_nothing(
    view: View, room: float, neck: float
) -> None:
    def short_necked(degrees: float) -> Scene:
        """One look of two sees the person turned so far."""
        found = [turned(turn).shifted(0, room - 320) for turn in (view.plane.turn, degrees)]
        for person in found:
            person.points[: INDEX["left_shoulder"], 1] += room - neck * 240 - person.middle("nose")[1]
        return scene(found[0], view, looks(*found))

    assert "person_cropped" in codes(short_necked(judge.INVENTED_NOSE - 0.1))
    assert "person_cropped" not in codes(short_necked(judge.INVENTED_NOSE + 0.1))


@pytest.mark.parametrize("name", NEEDED)
def test_a_needed_landmark_that_is_hardly_there_is_outside(name: str) -> None:
    assert codes(scene(with_presence(STANDING, **{name: judge.MIN_PRESENCE + 0.01}))) == []
    assert codes(scene(with_presence(STANDING, **{name: judge.MIN_PRESENCE - 0.01}))) == ["person_cropped"]


@pytest.mark.parametrize(
    ("left", "right", "distance", "expected"),
    [
        (-0.01, -0.01, -0.001, ["person_cropped"]),
        (0.01, -0.01, -0.001, []),  # one foot may be hidden behind the other
        (-0.01, 0.01, -0.001, []),
        (-0.01, -0.01, 0.001, []),  # the feet are hidden, not cut off
    ],
)
def test_feet_with_little_presence_close_to_the_edge_are_cut_off(
    left: float, right: float, distance: float, expected: list[str]
) -> None:
    little = judge.MIN_PRESENCE_AT_EDGE
    person, size = edge_at(STANDING, "bottom", (judge.EDGE + distance) * NOSE_TO_ANKLE)
    person = with_presence(person, left_ankle=little + left, right_ankle=little + right)
    assert codes(scene(person, size=size)) == expected


@pytest.mark.parametrize("part", ["head", "shoulders", "hips", "knees"])
@pytest.mark.parametrize(
    ("surely", "distance", "is_cropped"),
    [(-0.01, -0.001, True), (0.01, -0.001, False), (-0.01, 0.001, False)],
)
def test_any_part_with_little_presence_close_to_the_edge_is_cut_off(
    part: str, surely: float, distance: float, *, is_cropped: bool
) -> None:
    person = right_at(STANDING, part, judge.EDGE + distance)
    *hidden, better = PARTS[part]
    presence = dict.fromkeys(hidden, judge.MIN_PRESENCE + 0.01) | {better: judge.MIN_PRESENCE_AT_EDGE + surely}
    assert ("person_cropped" in codes(scene(with_presence(person, **presence)))) == is_cropped


@for_each_view
def test_a_body_of_too_few_pixels_is_too_small(view: View) -> None:
    person = PERSONS[view]
    assert codes(scene(person.moved(0, (judge.MIN_SIZE + 0.1) / person.nose_to_ankle), view)) == []
    assert codes(scene(person.moved(0, (judge.MIN_SIZE - 0.1) / person.nose_to_ankle), view)) == ["person_too_small"]


def hidden(person: Landmarks, view: View) -> list[str]:
    """What is said of hidden parts, where the photo can be measured."""
    photo = scene(person, view)
    assert codes(photo) == []
    return [finding.problem for finding in judge.remarks(photo) if finding.code == "part_hidden"]


@pytest.mark.parametrize("part", judge.VISIBLE)
@pytest.mark.parametrize("side", [0, 1])
def test_a_part_that_either_side_hides_from_the_front_is_remarked(part: str, side: int) -> None:
    name, least = PARTS[part][side], judge.VISIBLE[part]
    assert hidden(with_visibility(STANDING, **{name: least + 0.0001}), FRONT) == []
    remarked = hidden(with_visibility(STANDING, **{name: least - 0.0001}), FRONT)
    assert remarked == [f"something seems to hide the person's {part}."]


def seen_in_profile(near: int = 1, **visibility: float) -> Landmarks:
    """In profile, how sure it is that nothing hides the nearer of a part's sides; the other is hidden by the body."""
    sure = {PARTS[part][near]: value for part, value in visibility.items()}
    hidden = {PARTS[part][1 - near]: 0.1 for part in ("hips", "knees", "feet")}
    return with_visibility(PROFILE, **hidden, **sure)


@pytest.mark.parametrize("near", [0, 1])
def test_in_profile_the_body_may_hide_its_further_side(near: int) -> None:
    least = judge.VISIBLE_IN_PROFILE["feet"]
    assert hidden(seen_in_profile(near, feet=least + 0.001), SIDE) == []
    for seen in (least - 0.001, judge.FEET_SEEN + 0.001):
        assert hidden(seen_in_profile(near, feet=seen), SIDE) == ["something seems to hide the person's feet."]


@pytest.mark.parametrize("near", [0, 1])
def test_feet_that_are_hardly_seen_in_profile_are_refused(near: int) -> None:
    photo = scene(seen_in_profile(near, feet=judge.FEET_SEEN - 0.001), SIDE)
    assert judge.judge(photo) == (
        Finding(
            "low_confidence",
            "something hides the person's feet.",
            "Take the photo with nothing in front of the person, the feet to be seen.",
            "side",
        ),
    )


def test_feet_that_are_hardly_seen_from_the_front_are_remarked() -> None:
    person = with_visibility(STANDING, **dict.fromkeys(PARTS["feet"], judge.FEET_SEEN - 0.1))
    assert hidden(person, FRONT) == ["something seems to hide the person's feet."]


@pytest.mark.parametrize(
    ("knees", "hips", "said"),
    [(-0.001, -0.001, ["something seems to hide the person's knees."]), (0.001, -0.001, []), (-0.001, 0.001, [])],
)
def test_in_profile_what_hides_the_knees_makes_the_hips_unsure_too(knees: float, hips: float, said: list[str]) -> None:
    least = judge.VISIBLE_IN_PROFILE
    person = seen_in_profile(knees=least["knees"] + knees, hips=least["hips"] + hips)
    assert hidden(person, SIDE) == said


def test_all_hidden_parts_are_named_in_one_warning() -> None:
    names = [*PARTS["knees"], *PARTS["feet"]]
    [said] = hidden(with_visibility(STANDING, **dict.fromkeys(names, 0.5)), FRONT)
    assert said == "something seems to hide the person's knees and feet."


def of_grain(relative: float, contrast: float) -> Clarity:
    return replace(CLEAR, grain=relative * contrast, contrast=contrast)


# By code, a photo that is just as good as may be and one that is not.
POOR: dict[str, tuple[Clarity, Clarity]] = {
    "photo_blurred": (replace(CLEAR, blur=judge.BLURRED), replace(CLEAR, blur=judge.BLURRED + 0.001)),
    "photo_grainy": (of_grain(judge.GRAINY - 0.0001, 80), of_grain(judge.GRAINY + 0.0001, 80)),
    "photo_dark": (replace(CLEAR, contrast=judge.DARK), replace(CLEAR, contrast=judge.DARK - 0.1)),
    "photo_compressed": (
        replace(CLEAR, blocks=1.4 * judge.COMPRESSED - 0.001),
        replace(CLEAR, blocks=1.4 * judge.COMPRESSED + 0.001),
    ),
}
SAID = {"photo_blurred": "blurred", "photo_grainy": "grainy", "photo_dark": "dark", "photo_compressed": "compressed"}


@for_each_view
@pytest.mark.parametrize("code", POOR)
def test_a_poor_photo_is_measured_and_remarked_for_what_is_poor_in_it(view: View, code: str) -> None:
    good, poor = (scene(PERSONS[view], view, clarity=seen) for seen in POOR[code])
    assert judge.remarks(good) == ()
    assert codes(poor) == []
    [finding] = judge.remarks(poor)
    assert (finding.code, finding.view) == (code, view.name)
    assert SAID[code] in finding.problem
    assert finding.problem.endswith("its angles are less certain.")


def test_the_same_grain_is_more_in_a_photo_of_less_contrast() -> None:
    pale, bright = (replace(CLEAR, grain=2.0, contrast=contrast) for contrast in (60, 120))
    assert [finding.code for finding in judge.remarks(scene(STANDING, clarity=pale))] == ["photo_grainy"]
    assert judge.remarks(scene(STANDING, clarity=bright)) == ()


def test_the_same_blocks_are_more_in_a_smaller_body() -> None:
    small, large = (replace(CLEAR, blocks=1.4 * 1.15, size=size) for size in (240, 720))
    assert [finding.code for finding in judge.remarks(scene(STANDING, clarity=small))] == ["photo_compressed"]
    assert judge.remarks(scene(STANDING, clarity=large)) == ()


def test_all_that_is_poor_in_a_photo_is_remarked() -> None:
    photo = scene(STANDING, clarity=Clarity(blur=2, grain=10, contrast=20, blocks=5, size=300))
    assert [finding.code for finding in judge.remarks(photo)] == list(POOR)


def test_how_clear_a_photo_is_stands_with_its_quality() -> None:
    seen = Clarity(blur=0.7, grain=3.0, contrast=60.0, blocks=2.1, size=720.0)
    quality = scene(STANDING, clarity=seen).quality()
    told = [quality[name] for name in ("blur_percent", "grain", "contrast", "coarseness")]
    assert told == pytest.approx([0.7, 0.05, 60, 1.5])


@pytest.mark.parametrize("near", ["right_ear", "left_ear"])
def test_an_ear_that_lies_too_near_to_the_nose_for_body_and_face_is_remarked(near: str) -> None:
    """Facing the right of the picture the right ear is the nearer one, facing the left the left one."""

    def remarked(of_body: float, of_face: float) -> list[str]:
        person = PROFILE if near == "right_ear" else PROFILE.mirrored(SIZE[0])
        ahead = person.middle("nose")[0] - person.middle(near)[0]
        apart = of_body * person.nose_to_ankle
        points = person.points.copy()
        points[INDEX[near]] = person.middle("nose") - np.array([np.sign(ahead) * apart, 0])
        for mouth in ("mouth_left", "mouth_right"):
            points[INDEX[mouth]] = person.middle("left_eye", "right_eye") + np.array([0, apart / of_face])
        found = judge.remarks(scene(replace(person, points=points), SIDE))
        return [finding.code for finding in found]

    less, more = 0.999, 1.001
    body, face = judge.EAR_FROM_NOSE, judge.EAR_BESIDE_FACE
    assert remarked(less * body, less * face) == ["ear_hidden"]
    assert remarked(more * body, less * face) == []
    assert remarked(less * body, more * face) == []
