"""Which photos are refused: every threshold from both sides on landmarks made by hand, then pictures."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from posture import judge
from posture.analysis import analyze
from posture.camera import Camera
from posture.errors import VIEWS, PostureError, View
from posture.estimate import Estimate
from posture.judge import Scene
from posture.landmarker import LandmarkerPool
from posture.landmarks import INDEX, Landmarks, Pixels
from posture.report import success
from posture.request import Options, PostureRequest
from posture.view import DEPTH_SCALE
from testing.builders import FRONT, FRONT_PHOTO, SIDE, SIDE_PHOTO, SIZE, WHITE, detect_by, landmarks, photo
from testing.figures import figures, sample, unfit
from testing.pictures import decoded, encoded, file_bytes
from testing.scenes import codes, core_angles, see, verdict
from testing.subjects import (
    CROWN,
    Change,
    Subject,
    as_it_is,
    as_small_as_may_be,
    beside_another,
    blurred,
    close_around,
    cut_above_nose,
    cut_at,
    cut_beside,
    far_away,
    head_and_feet_inside,
    mirrored,
    noisy,
    shrunk,
    small_photo,
    turned_by,
    without_the_person,
)

CODES = (
    "several_people", "person_cropped", "person_too_small", "not_upright", "back_view", "wrong_view", "oblique_view",
    "low_confidence",
)  # fmt: skip

EYES = {"left_eye": (515.0, 180.0), "right_eye": (485.0, 180.0)}
STANDING = landmarks(FRONT, **EYES)
PROFILE = landmarks(SIDE, **EYES)
PERSONS: dict[View, Landmarks] = {"front": STANDING, "side": PROFILE}
STATURE = STANDING.stature  # 730 pixels
MIDDLE = (SIZE[0] / 2, SIZE[1] / 2)
LEVEL = Camera()


def scene(
    person: Landmarks,
    view: View = "front",
    found: Estimate | None = None,
    size: tuple[int, int] = SIZE,
    camera: Camera = LEVEL,
) -> Scene:
    """A photo in which two looks have found this person, both the same, or `found` what it holds."""
    estimate = found or Estimate([person, person], [], 2)
    return Scene(view, estimate, camera.righted(estimate.mean, *size), *size)


def looks(*found: Landmarks) -> Estimate:
    """As many looks as were taken, each with what it found."""
    return Estimate(found, [], len(found))


def turned(degrees: float, depth: int = 1) -> Landmarks:
    """A person turned about the own axis: 0 facing the camera, 90 in profile, 180 from behind."""
    angle = math.radians(degrees)
    points, z = STANDING.points.copy(), STANDING.depth.copy()
    for name, side in (("left_shoulder", 1), ("right_shoulder", -1)):
        points[INDEX[name], 0] = 500 + side * 80 * math.cos(angle)
        z[INDEX[name]] = depth * side * 80 * math.sin(angle) / DEPTH_SCALE
    return replace(STANDING, points=points, depth=z)


def with_presence(person: Landmarks, **presence: float) -> Landmarks:
    values = person.presence.copy()
    for name, value in presence.items():
        values[INDEX[name]] = value
    return replace(person, presence=values)


def moved_by(person: Landmarks, name: str, right: float = 0.0, down: float = 0.0) -> Landmarks:
    points = person.points.copy()
    points[INDEX[name]] += (right, down)
    return replace(person, points=points)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_speaks_against_a_person_who_stands_alone_in_the_picture(view: View) -> None:
    assert codes(scene(PERSONS[view], view)) == []
    assert judge.remarks(scene(PERSONS[view], view)) == []


# Several people


def beside(size: float) -> Landmarks:
    """Somebody of that size in the right half of a picture twice as wide."""
    return STANDING.moved(0, size).shifted(SIZE[0], 0)


@pytest.mark.parametrize("view", VIEWS)
def test_somebody_of_comparable_size_is_refused_and_a_smaller_one_is_remarked(view: View) -> None:
    def among(size: float) -> Scene:
        person = PERSONS[view]
        return scene(person, view, Estimate([person, person], [beside(size)], 2), (2 * SIZE[0], SIZE[1]))

    comparable, smaller = among(judge.COMPARABLE_SIZE + 0.01), among(judge.COMPARABLE_SIZE - 0.01)
    assert (codes(comparable), judge.remarks(comparable)) == (["several_people"], [])
    assert codes(smaller) == []
    [(code, sentence)] = judge.remarks(smaller)
    assert (code, sentence) == ("person_in_background", "a smaller person in the picture was not measured.")


# Cropped


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


NEEDED = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
CUT_OFF = {"left": "shoulders", "right": "shoulders", "bottom": "feet", "top": "head"}


@pytest.mark.parametrize("edge", ["left", "right", "bottom", "top"])
def test_what_lies_closer_to_an_edge_than_joints_do_is_cut_off(edge: str) -> None:
    margin = (judge.HEADROOM if edge == "top" else judge.MARGIN) * STATURE
    person, size = edge_at(STANDING, edge, margin + 1)
    assert codes(scene(person, size=size)) == []
    person, size = edge_at(STANDING, edge, margin - 1)
    [finding] = judge.judge(scene(person, size=size))
    assert finding.code == "person_cropped"
    assert finding.problem == f"the person is not wholly in the picture: {CUT_OFF[edge]} missing or cut off."


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
    person = with_presence(landmarks(FRONT, **EYES, **{name: (-50.0, 600.0)}), **{name: 0.0})
    assert codes(scene(person)) == []


@pytest.mark.parametrize("name", ["left_heel", "right_heel", "left_foot_index", "right_foot_index"])
def test_heels_and_toes_may_lie_a_little_outside_the_picture(name: str) -> None:
    little = judge.SOLES * STATURE
    assert codes(scene(landmarks(FRONT, **EYES, **{name: (500.0, SIZE[1] + little - 1)}))) == []
    assert codes(scene(landmarks(FRONT, **EYES, **{name: (500.0, SIZE[1] + little + 1)}))) == ["person_cropped"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_nose_too_near_to_the_shoulders_is_no_head(view: View) -> None:
    person = PERSONS[view]
    up = np.array([0.0, -1.0]) * np.linalg.norm(
        person.middle("left_shoulder", "right_shoulder") - person.middle("left_hip", "right_hip")
    )

    def with_neck(length: float) -> Landmarks:
        points = person.points.copy()
        points[INDEX["nose"]] = person.middle("left_shoulder", "right_shoulder") + length * up
        return replace(person, points=points)

    def without_room(person: Landmarks, room: float) -> Scene:
        """The picture cut off so many trunk lengths above the shoulders."""
        cut = person.middle("left_shoulder")[1] - room * np.linalg.norm(up)
        found = person.shifted(0, -cut)
        head = found.points[: INDEX["left_shoulder"]]
        head[:, 1] = np.maximum(head[:, 1], judge.HEADROOM * person.stature + 1)
        return scene(found, view)

    assert codes(scene(with_neck(judge.MIN_NECK + 0.01), view)) == []
    assert codes(scene(with_neck(judge.MIN_NECK - 0.01), view)) == ["person_cropped"]
    low = with_neck(judge.MIN_NECK_WITHOUT_ROOM - 0.01)
    assert codes(without_room(low, judge.ROOM_FOR_HEAD + 0.03)) == []
    assert codes(without_room(low, judge.ROOM_FOR_HEAD - 0.03)) == ["person_cropped"]
    assert codes(without_room(with_neck(judge.MIN_NECK_WITHOUT_ROOM + 0.01), judge.ROOM_FOR_HEAD - 0.03)) == []


@pytest.mark.parametrize("name", NEEDED)
def test_a_needed_landmark_that_is_hardly_there_is_outside(name: str) -> None:
    assert codes(scene(with_presence(STANDING, **{name: judge.MIN_PRESENCE + 0.01}))) == []
    assert codes(scene(with_presence(STANDING, **{name: judge.MIN_PRESENCE - 0.01}))) == ["person_cropped"]


@pytest.mark.parametrize(
    ("left", "right", "distance", "expected"),
    [
        (-0.01, -0.01, -0.01, ["person_cropped"]),
        (0.01, -0.01, -0.01, []),  # one foot may be hidden behind the other
        (-0.01, 0.01, -0.01, []),
        (-0.01, -0.01, 0.01, []),  # the feet are hidden, not cut off
    ],
)
def test_feet_with_little_presence_close_to_the_edge_are_cut_off(
    left: float, right: float, distance: float, expected: list[str]
) -> None:
    little = judge.MIN_PRESENCE_AT_EDGE
    person, size = edge_at(STANDING, "bottom", (judge.EDGE + distance) * STATURE)
    person = with_presence(person, left_ankle=little + left, right_ankle=little + right)
    assert codes(scene(person, size=size)) == expected


# Small


@pytest.mark.parametrize("view", VIEWS)
def test_a_body_of_too_few_pixels_is_too_small(view: View) -> None:
    person = PERSONS[view]
    assert codes(scene(person.moved(0, (judge.MIN_SIZE + 0.1) / person.stature), view)) == []
    assert codes(scene(person.moved(0, (judge.MIN_SIZE - 0.1) / person.stature), view)) == ["person_too_small"]


# Upright


@pytest.mark.parametrize("way", [-1, 1])
def test_a_person_who_leans_too_far_does_not_stand(way: int) -> None:
    assert codes(scene(STANDING.moved(way * (judge.MAX_LEAN - 0.1), center=MIDDLE))) == []
    assert codes(scene(STANDING.moved(way * (judge.MAX_LEAN + 0.1), center=MIDDLE))) == ["not_upright"]


@pytest.mark.parametrize("way", [-1, 1])
@pytest.mark.parametrize(("joint", "length"), [("knee", 190), ("ankle", 180)])
def test_thighs_or_shanks_that_lean_too_far_do_not_carry_a_standing_person(joint: str, length: int, way: int) -> None:
    def with_lean(lean: float) -> Landmarks:
        across = way * length * math.tan(math.radians(lean))
        person = STANDING
        for name in ("knee", "ankle") if joint == "knee" else ("ankle",):
            person = moved_by(moved_by(person, f"left_{name}", across), f"right_{name}", across)
        return person

    assert codes(scene(with_lean(judge.MAX_LEAN - 0.1))) == []
    assert codes(scene(with_lean(judge.MAX_LEAN + 0.1))) == ["not_upright"]


def with_lengths(trunk: float, thighs: float, shanks: float) -> Landmarks:
    """STANDING with these lengths, in pixels, the head on its shoulders."""
    points = STANDING.points.copy()
    ankles = STANDING.middle("left_ankle")[1]
    levels = {"knee": shanks, "hip": shanks + thighs, "shoulder": shanks + thighs + trunk}
    for joint, level in levels.items():
        for side in ("left", "right"):
            points[INDEX[f"{side}_{joint}"], 1] = ankles - level
    points[: INDEX["left_shoulder"], 1] += points[INDEX["left_shoulder"], 1] - STANDING.middle("left_shoulder")[1]
    return replace(STANDING, points=points)


def with_legs(length: float) -> Landmarks:
    """Thighs and shanks of this length each; head and trunk are 360 pixels high, 240 of them the trunk."""
    return with_lengths(240, length, length)


def test_a_person_whose_legs_are_short_beside_the_trunk_squats_or_sits() -> None:
    shortest = (240 / judge.MAX_TRUNK - 360) / 2
    assert codes(scene(with_legs(shortest + 1))) == []
    assert codes(scene(with_legs(shortest - 1))) == ["not_upright"]


def test_a_person_whose_trunk_is_short_beside_the_legs_bends_towards_the_camera() -> None:
    shortest = judge.MIN_TRUNK * (120 + 370) / (1 - judge.MIN_TRUNK)
    assert codes(scene(with_lengths(shortest + 1, 190, 180))) == []
    assert codes(scene(with_lengths(shortest - 1, 190, 180))) == ["not_upright"]


def test_a_person_whose_thighs_are_short_beside_the_shanks_sits_facing_the_camera() -> None:
    assert codes(scene(with_lengths(240, judge.MIN_THIGHS * 200 + 1, 200))) == []
    assert codes(scene(with_lengths(240, judge.MIN_THIGHS * 200 - 1, 200))) == ["not_upright"]


def test_a_person_whose_shanks_are_short_beside_the_thighs_kneels() -> None:
    assert codes(scene(with_lengths(240, judge.MAX_THIGHS * 120 - 1, 120))) == []
    assert codes(scene(with_lengths(240, judge.MAX_THIGHS * 120 + 1, 120))) == ["not_upright"]


@pytest.mark.parametrize(
    ("degrees", "problem", "advice"),
    [
        (180, "upside down", "Turn the picture by 180 degrees."),
        (-165, "upside down", "Turn the picture by 180 degrees."),
        (90, "turned by 90 degrees", "Turn the picture by 90 degrees"),
        (-100, "turned by 90 degrees", "Turn the picture by 90 degrees"),
        (45, "does not stand upright", "a person who stands, legs straight"),
        (-135, "does not stand upright", "a person who stands, legs straight"),
    ],
)
def test_a_turned_picture_says_how_to_turn_it_back(degrees: float, problem: str, advice: str) -> None:
    [finding] = judge.judge(scene(STANDING.moved(degrees, center=MIDDLE)))
    assert finding.code == "not_upright"
    assert problem in finding.problem
    assert advice in finding.advice


# Turned


@pytest.mark.parametrize("depth", [-1, 1])
@pytest.mark.parametrize(
    ("view", "degrees", "code"),
    [
        ("front", 0, None),
        ("front", judge.MAX_TURN_FRONT - 0.1, None),
        ("front", judge.MAX_TURN_FRONT + 0.1, "oblique_view"),
        ("front", judge.OTHER_VIEW - 0.1, "oblique_view"),
        ("front", judge.OTHER_VIEW + 0.1, "wrong_view"),
        ("front", 90, "wrong_view"),
        ("front", judge.FROM_BEHIND - 0.1, "wrong_view"),
        ("front", judge.FROM_BEHIND + 0.1, "back_view"),
        ("front", 180, "back_view"),
        ("side", 0, "wrong_view"),
        ("side", 90 - judge.OTHER_VIEW - 0.1, "wrong_view"),
        ("side", 90 - judge.OTHER_VIEW + 0.1, "oblique_view"),
        ("side", 90 - judge.MAX_TURN_SIDE - 0.1, "oblique_view"),
        ("side", 90 - judge.MAX_TURN_SIDE + 0.1, None),
        ("side", 90, None),
        ("side", 90 + judge.MAX_TURN_SIDE - 0.1, None),
        ("side", 90 + judge.MAX_TURN_SIDE + 0.1, "oblique_view"),
        ("side", judge.FROM_BEHIND_SIDE - 0.1, "oblique_view"),
        ("side", judge.FROM_BEHIND_SIDE + 0.1, "back_view"),
        ("side", 180, "back_view"),
    ],
)
def test_the_turn_decides_the_view(view: View, degrees: float, code: str | None, depth: int) -> None:
    assert codes(scene(turned(degrees, depth), view))[:1] == ([code] if code else [])


@pytest.mark.parametrize(("view", "limit"), [("front", judge.FROM_BEHIND), ("side", judge.FROM_BEHIND_SIDE)])
def test_one_look_that_shows_the_back_is_enough(view: View, limit: float) -> None:
    plane = turned(0 if view == "front" else 90)

    def first(degrees: float) -> list[str]:
        return [code for code in codes(scene(plane, view, looks(plane, turned(degrees)))) if code == "back_view"]

    assert first(limit + 1) == ["back_view"]
    assert first(limit - 1) == []


# Reliability


@pytest.mark.parametrize("name", NEEDED)
def test_looks_that_put_a_measured_landmark_elsewhere_are_not_trusted(name: str) -> None:
    def apart(percent: float) -> Scene:
        half = percent / 100 * STATURE
        return scene(STANDING, "front", looks(*(moved_by(STANDING, name, way * half) for way in (-1, 1))))

    trusted, distrusted = apart(judge.MAX_SPREAD - 0.05), apart(judge.MAX_SPREAD + 0.05)
    assert trusted.spread == pytest.approx(judge.MAX_SPREAD - 0.05, abs=0.001)
    assert (codes(trusted), codes(distrusted)) == ([], ["low_confidence"])


def test_looks_may_disagree_about_what_is_not_measured() -> None:
    disagreeing = looks(*(moved_by(STANDING, "left_wrist", way * 200) for way in (-1, 1)))
    assert codes(scene(STANDING, "front", disagreeing)) == []


@pytest.mark.parametrize(("found", "asked"), [(1, 1), (2, 2), (6, 8), (8, 8)])
def test_enough_looks_that_find_the_person_are_trusted(found: int, asked: int) -> None:
    assert codes(scene(STANDING, "front", Estimate([STANDING] * found, [], asked))) == []


@pytest.mark.parametrize(("found", "asked"), [(1, 2), (5, 8), (1, 8)])
def test_too_few_looks_that_find_the_person_are_not(found: int, asked: int) -> None:
    assert codes(scene(STANDING, "front", Estimate([STANDING] * found, [], asked))) == ["low_confidence"]


# All of them


def test_faults_are_named_in_the_order_in_which_they_are_judged() -> None:
    faults: list[dict[str, Any]] = [
        {"others": [beside(0.9)]},
        {"size": (SIZE[0], 60)},
        {"scale": 0.08},
        {"lean": 35},
        {"turns": (60, 130)},
        {"turns": (80, 80)},
        {"turns": (40, 40)},
        {"asked": 4},
    ]
    for first, code in enumerate(CODES):
        options: dict[str, Any] = {"others": (), "size": SIZE, "scale": 1.0, "lean": 0, "turns": (0, 0), "asked": 2}
        for fault in reversed(faults[first:]):
            options |= fault
        scale, lean, turns = (options.pop(name) for name in ("scale", "lean", "turns"))
        found = [turned(turn).moved(lean, scale, (500, 500)).shifted(0, -500 * (1 - scale)) for turn in turns]
        judged = scene(found[0], "front", Estimate(found, options["others"], options["asked"]), options["size"])
        assert codes(judged)[0] == code


@given(st.floats(0, 180), st.floats(-180, 180), st.floats(-500, 500), st.floats(-300, 300), st.floats(0, 50))
def test_a_mirrored_picture_is_judged_like_the_picture(
    turn: float, lean: float, right: float, down: float, apart: float
) -> None:
    person = turned(turn).moved(lean, center=MIDDLE).shifted(right, down)
    found = [moved_by(person, "left_hip", way * apart) for way in (-1, 1)]
    mirrored = looks(*(look.mirrored(SIZE[0]) for look in found))
    for view in VIEWS:
        expected = codes(scene(person, view, looks(*found)))
        assert codes(scene(person, view, mirrored)) == expected
        assert codes(scene(person, view, mirrored, camera=Camera(mirrored=True))) == expected


@given(st.floats(-180, 180))
def test_a_roll_of_the_camera_that_is_known_makes_no_difference(roll: float) -> None:
    size = (3000, 3000)
    for view, person in PERSONS.items():
        level = person.shifted(1000, 900)
        rolled = level.moved(roll, center=(1500, 1500))
        assert codes(scene(rolled, view, size=size, camera=Camera(roll=roll))) == []


@given(st.floats(judge.MIN_SIZE / 500, 5), st.floats(0, 180), st.integers(600, 1100))
def test_the_same_picture_in_more_pixels_is_judged_alike(scale: float, turn: float, height: int) -> None:
    person, size = turned(turn), (SIZE[0], height)
    larger = person.moved(0, scale)
    grown = Scene("front", Estimate([larger], (), 1), larger, *(round(scale * length) for length in size))
    rounding = 1 / scale  # of the picture's size, in pixels of the original
    if all(abs(height - at - judge.MARGIN * STATURE) > rounding for at in person.points[:, 1]):
        assert codes(grown) == codes(scene(person, "front", looks(person), size))


ADVICE = {
    "several_people": {"front": "one person alone", "side": "one person alone"},
    "person_cropped": {"front": "Step back", "side": "Step back"},
    "person_too_small": {"front": "Step closer", "side": "Step closer"},
    "not_upright": {"front": "Turn the picture by 90 degrees", "side": "Turn the picture by 90 degrees"},
    "back_view": {"front": "face to the camera", "side": "in profile"},
    "wrong_view": {"front": "Send a photo from the front", "side": "Send a photo from the side"},
    "oblique_view": {"front": "both shoulders equally near", "side": "one shoulder behind the other"},
    "low_confidence": {"front": "sharp, well lit", "side": "sharp, well lit"},
}


def faulty(code: str, view: View) -> list[Landmarks]:
    """Who is found in a photo with that fault."""
    person, other_view = PERSONS[view], PERSONS["side" if view == "front" else "front"]
    return {
        "several_people": [person, person.shifted(300, 0)],
        "person_cropped": [person.shifted(0, 200)],
        "person_too_small": [person.moved(0, 0.8)],
        "not_upright": [person.moved(90, center=MIDDLE)],
        "back_view": [turned(180)],
        "wrong_view": [other_view],
        "oblique_view": [turned(45)],
        "low_confidence": [moved_by(person, "left_knee", 50), moved_by(person, "left_knee", -50)],
    }[code]


def sent(code: str, view: View, **options: Any) -> dict[str, Any]:
    """The data of the answer to two photos of which that one has the fault."""
    color, other_color = ("red", "lime") if view == "front" else ("lime", "red")
    people = faulty(code, view)
    good = detect_by(**{other_color: [PERSONS["side" if view == "front" else "front"]]})

    def looking(pixels: Pixels) -> list[Landmarks]:
        mirrored = bool(pixels[0, 0].min() == WHITE)
        found = [people[mirrored]] if code == "low_confidence" else people
        return good(pixels) or detect_by(**{color: found})(pixels)

    size = (100, 110) if code == "person_too_small" else SIZE
    photos = {"red": FRONT_PHOTO, "lime": SIDE_PHOTO, color: photo(color, size)}
    request = PostureRequest(photos["red"], photos["lime"], Options(**options))
    data: dict[str, Any] = success(analyze(request, looking))["data"]
    return data


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("code", CODES)
def test_a_refusal_names_the_photo_and_advises_whoever_holds_the_camera(code: str, view: View) -> None:
    with pytest.raises(PostureError) as caught:
        sent(code, view)
    assert (caught.value.code, caught.value.view) == (code, view)
    assert ADVICE[code][view] in caught.value.advice
    assert str(caught.value).startswith(f"Posture cannot be measured for the {view} photo: ")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("code", CODES)
def test_what_is_not_strict_is_measured_with_a_warning(code: str, view: View) -> None:
    data = sent(code, view, strict=False)
    assert data["details"][f"{view}_view"]["warnings"][0]["code"] == code
    assert data["details"]["side_view" if view == "front" else "front_view"]["warnings"] == []
    assert all(math.isfinite(angle) for angles in (data["front_view"], data["side_view"]) for angle in angles.values())


def test_one_photo_of_the_wrong_view_is_not_an_exchange() -> None:
    with pytest.raises(PostureError) as caught:
        analyze(PostureRequest(FRONT_PHOTO, FRONT_PHOTO), detect_by(red=[STANDING]))
    assert (caught.value.code, caught.value.view) == ("wrong_view", "side")


def test_the_figures_behind_the_judgement_are_given() -> None:
    person = with_presence(turned(20).moved(5, center=MIDDLE), right_hip=0.7)
    found = looks(*(moved_by(person, "left_knee", way * 7.3) for way in (-1, 1)))
    assert scene(person, "front", found).quality() == pytest.approx(
        {"turn_degrees": 20, "lean_degrees": 5, "spread_percent": 1, "lowest_presence": 0.7, "looks": 2}, abs=0.001
    )


# Pictures of figures, and what can go wrong with a photo of them. Sizes are in body sizes, from nose to ankles.

SHOULDERS = ("left_shoulder", "right_shoulder")


@dataclass(frozen=True)
class Figure(Subject):
    """A good photo of a figure, and what the model sees in it."""

    name: str
    view: View
    scene: Scene


# What a photo can bear.
GOOD: dict[str, Change] = {
    "as it is": as_it_is,
    "mirrored": mirrored,
    "turned by 10 degrees": turned_by(10),
    "turned by -10 degrees": turned_by(-10),
    "blurred": blurred(3),
    "noisy": noisy(20),
    "head and feet just inside": head_and_feet_inside(0.03),
    "the head just inside": cut_above_nose(CROWN + 0.01),
    "cut close on all sides": close_around(0.05),
    "a body of 250 pixels in the usual picture": far_away(217),  # from nose to ankles
    "a body of 250 pixels": shrunk(217),
    "a body of little more than 60 pixels": small_photo(70),
    "a picture of 100 pixels": as_small_as_may_be,
    "somebody much smaller beside": beside_another(0.35),
}
CROPPED, UPRIGHT, SEVERAL = {"person_cropped"}, {"not_upright"}, {"several_people"}
# What it cannot, and the codes with which it may be refused.
UNFIT: dict[str, tuple[set[str], Change]] = {
    "turned by 40 degrees": (UPRIGHT, turned_by(40)),
    "turned by -90 degrees": (UPRIGHT, turned_by(-90)),
    "turned by 90 degrees": (UPRIGHT, turned_by(90)),
    "upside down": (UPRIGHT, turned_by(180)),
    "cut through the forehead": (CROPPED | {"low_confidence"}, cut_above_nose(0.05)),
    "cut through the eyes": (CROPPED, cut_above_nose(0.02)),
    "cut through the hips": (CROPPED, cut_at("left_hip", "right_hip")),
    "cut through the knees": (CROPPED | {"low_confidence"}, cut_at("left_knee", "right_knee")),
    "cut through the ankles": (CROPPED | {"low_confidence"}, cut_at("left_ankle", "right_ankle")),
    "cut through the shoulder on the left": (CROPPED | {"no_person"}, cut_beside(*SHOULDERS, left=True)),
    "cut through the shoulder on the right": (CROPPED | {"no_person"}, cut_beside(*SHOULDERS, left=False)),
    "somebody of 0.8 of the size beside": (SEVERAL, beside_another(0.8)),
    "a body of 50 pixels": ({"person_too_small"}, small_photo(50)),
    "a body of 50 pixels in the usual picture": ({"person_too_small", "no_person"}, far_away(50)),
    "nobody": ({"no_person"}, without_the_person),
}
# What may become of a photo of bad quality: a refusal, or angles that are near to those of the photo itself.
BAD_QUALITY: dict[str, Change] = {
    "badly blurred": blurred(8),
    "blurred beyond recognition": blurred(18),
    "badly noisy": noisy(40),
    "small": small_photo(110),
}
NEAR = 8.0  # degrees; seen up to 7.1


def sent_as_jpeg(pool: LandmarkerPool, image: Image.Image, view: View) -> Scene | None:
    """What is seen in a picture that a client sends."""
    return see(decoded(file_bytes(image, "JPEG", quality=92)), view, pool.detect)


@pytest.fixture(scope="module")
def subjects(pool: LandmarkerPool) -> list[Figure]:
    """The demo photos and those of the folder that POSTURE_TRUTH names."""
    found = []
    for figure in figures():
        image = Image.open(figure.file).convert("RGB")
        scene = sent_as_jpeg(pool, image, figure.view)
        assert scene is not None, figure
        seen = scene.person.moved(0, image.width / scene.width)
        found.append(Figure(image, seen, f"{figure.figure} {figure.view}", figure.view, scene))
    return found


@pytest.mark.parametrize("case", GOOD)
def test_a_good_photo_is_measured(pool: LandmarkerPool, subjects: list[Figure], case: str) -> None:
    verdicts = {
        subject.name: verdict(sent_as_jpeg(pool, GOOD[case](subject), subject.view))
        for subject in sample(subjects, case)
    }
    assert verdicts == dict.fromkeys(verdicts, "measured")


@pytest.mark.parametrize("case", UNFIT)
def test_an_unfit_photo_is_refused_with_its_code(pool: LandmarkerPool, subjects: list[Figure], case: str) -> None:
    expected, change = UNFIT[case]
    verdicts = {
        subject.name: verdict(sent_as_jpeg(pool, change(subject), subject.view)) for subject in sample(subjects, case)
    }
    assert {name: code for name, code in verdicts.items() if code not in expected} == {}


@pytest.mark.parametrize("case", BAD_QUALITY)
def test_what_is_measured_in_a_bad_photo_is_near_to_what_it_is_in_a_good_one(
    pool: LandmarkerPool, subjects: list[Figure], case: str
) -> None:
    for subject in sample(subjects, case):
        scene = sent_as_jpeg(pool, BAD_QUALITY[case](subject), subject.view)
        if scene is not None and verdict(scene) == "measured":
            assert core_angles(scene.person, scene.view) == pytest.approx(
                core_angles(subject.scene.person, subject.view), abs=NEAR
            ), subject.name


@pytest.mark.parametrize(("cut", "cropped"), [("neck", 0.6), ("shoulders", 0.4)])
def test_nobody_without_a_head_is_measured_and_many_are_called_cropped(
    pool: LandmarkerPool, subjects: list[Figure], cut: str, cropped: float
) -> None:
    """What remains may look like nobody, or upside down."""
    change = cut_above_nose({"neck": -0.1, "shoulders": -0.15}[cut])
    verdicts = [verdict(sent_as_jpeg(pool, change(subject), subject.view)) for subject in subjects]
    assert "measured" not in verdicts
    assert verdicts.count("person_cropped") >= cropped * len(verdicts)


def test_a_figure_is_told_from_the_front_and_from_the_side(subjects: list[Figure]) -> None:
    verdicts = {
        subject.name: verdict(replace(subject.scene, view="side" if subject.view == "front" else "front"))
        for subject in subjects
    }
    assert verdicts == dict.fromkeys(verdicts, "wrong_view")


@pytest.mark.parametrize("as_view", VIEWS)
@pytest.mark.parametrize("case", ["as it is", "mirrored", "noisy", "turned by 10 degrees", "blurred"])
@pytest.mark.usefixtures("truth_folder")
def test_a_figure_from_behind_or_turned_away_is_refused(pool: LandmarkerPool, case: str, as_view: View) -> None:
    for file, code in unfit():
        image = Image.open(file).convert("RGB")
        subject = Subject(image, STANDING)
        assert verdict(sent_as_jpeg(pool, GOOD[case](subject), as_view)) == code, file.name


def test_two_figures_photos_that_are_exchanged_are_told_as_such(pool: LandmarkerPool, subjects: list[Figure]) -> None:
    front, side = (encoded(subject.image, "JPEG") for subject in subjects[:2])
    with pytest.raises(PostureError) as caught:
        analyze(PostureRequest(side, front), pool.detect)
    assert (caught.value.code, caught.value.view) == ("views_swapped", None)
