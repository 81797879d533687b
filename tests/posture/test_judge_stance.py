"""Which photos are refused for how the person stands or how surely that was seen: every limit from both sides."""

import math

import pytest

from posture import judge
from posture.estimate import MAX_DISAGREEMENT, Estimate
from posture.landmarks import Landmarks
from posture.scene import Scene
from posture.views import FRONT, SIDE, View
from testing.scenes import codes
from tests.posture.people import (
    MIDDLE,
    NEEDED,
    NOSE_TO_ANKLE,
    STANDING,
    bent,
    for_each_view,
    looks,
    moved_by,
    scene,
    turned,
    with_lengths,
)


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


@pytest.mark.parametrize("way", [-1, 1])
@pytest.mark.parametrize(
    ("trunk", "legs", "problem"),
    [
        (180 - judge.MAX_LEAN + 0.1, 180, "upside down"),
        (180 - judge.MAX_LEAN - 0.1, 180, "does not stand upright"),
        (90 - judge.MAX_LEAN + 0.1, 90, "turned by 90 degrees"),
        (90 - judge.MAX_LEAN - 0.1, 90, "does not stand upright"),
        (90 + judge.MAX_LEAN - 0.1, 90, "turned by 90 degrees"),
        (90 + judge.MAX_LEAN + 0.1, 90, "does not stand upright"),
        (90, 90 - judge.MAX_LEAN + 0.1, "turned by 90 degrees"),
        (90, 90 - judge.MAX_LEAN - 0.1, "does not stand upright"),
        (90, 90 + judge.MAX_LEAN - 0.1, "turned by 90 degrees"),
        (90, 90 + judge.MAX_LEAN + 0.1, "does not stand upright"),
    ],
)
def test_a_picture_is_turned_where_the_trunk_is_and_on_its_side_only_where_the_thighs_are_too(
    trunk: float, legs: float, problem: str, way: int
) -> None:
    [found] = [
        finding
        for finding in judge.judge(scene(bent(STANDING, way * trunk, way * legs)))
        if finding.code == "not_upright"
    ]
    assert problem in found.problem


@pytest.mark.parametrize("depth", [-1, 1])
@pytest.mark.parametrize(
    ("view", "degrees", "code"),
    [
        (FRONT, 0, None),
        (FRONT, FRONT.max_turn - 0.1, None),
        (FRONT, FRONT.max_turn + 0.1, "oblique_view"),
        (FRONT, judge.OTHER_VIEW - 0.1, "oblique_view"),
        (FRONT, judge.OTHER_VIEW + 0.1, "wrong_view"),
        (FRONT, 90, "wrong_view"),
        (FRONT, FRONT.from_behind - 0.1, "wrong_view"),
        (FRONT, FRONT.from_behind + 0.1, "back_view"),
        (FRONT, 180, "back_view"),
        (SIDE, 0, "wrong_view"),
        (SIDE, 90 - judge.OTHER_VIEW - 0.1, "wrong_view"),
        (SIDE, 90 - judge.OTHER_VIEW + 0.1, "oblique_view"),
        (SIDE, 90 - SIDE.max_turn - 0.1, "oblique_view"),
        (SIDE, 90 - SIDE.max_turn + 0.1, None),
        (SIDE, 90, None),
        (SIDE, 90 + SIDE.max_turn - 0.1, None),
        (SIDE, 90 + SIDE.max_turn + 0.1, "oblique_view"),
        (SIDE, SIDE.from_behind - 0.1, "oblique_view"),
        (SIDE, SIDE.from_behind + 0.1, "back_view"),
        (SIDE, 180, "back_view"),
    ],
)
def test_the_turn_decides_the_view(view: View, degrees: float, code: str | None, depth: int) -> None:
    assert codes(scene(turned(degrees, depth), view)) == ([code] if code else [])


@for_each_view
def test_one_look_that_shows_the_back_is_enough(view: View) -> None:
    plane = turned(view.plane.turn)

    def first(degrees: float) -> list[str]:
        return [code for code in codes(scene(plane, view, looks(plane, turned(degrees)))) if code == "back_view"]

    assert first(view.from_behind + 1) == ["back_view"]
    assert first(view.from_behind - 1) == []


@pytest.mark.parametrize("name", NEEDED)
def test_looks_that_put_a_measured_landmark_elsewhere_are_not_trusted(name: str) -> None:
    def apart(percent: float) -> Scene:
        half = percent / 100 * NOSE_TO_ANKLE
        return scene(STANDING, FRONT, looks(*(moved_by(STANDING, name, way * half) for way in (-1, 1))))

    trusted, distrusted = apart(MAX_DISAGREEMENT - 0.05), apart(MAX_DISAGREEMENT + 0.05)
    assert trusted.disagreement() == pytest.approx(MAX_DISAGREEMENT - 0.05, abs=0.001)
    assert (codes(trusted), codes(distrusted)) == ([], ["low_confidence"])


def test_looks_may_disagree_about_what_is_not_measured() -> None:
    disagreeing = looks(*(moved_by(STANDING, "left_wrist", way * 200) for way in (-1, 1)))
    assert codes(scene(STANDING, FRONT, disagreeing)) == []


@pytest.mark.parametrize(("found", "asked"), [(1, 1), (2, 2), (6, 8), (8, 8)])
def test_enough_looks_that_find_the_person_are_trusted(found: int, asked: int) -> None:
    assert codes(scene(STANDING, FRONT, Estimate([STANDING] * found, [], asked))) == []


@pytest.mark.parametrize(("found", "asked"), [(1, 2), (5, 8), (1, 8)])
def test_too_few_looks_that_find_the_person_are_not(found: int, asked: int) -> None:
    assert codes(scene(STANDING, FRONT, Estimate([STANDING] * found, [], asked))) == ["low_confidence"]


def test_a_body_without_shanks_does_not_stand() -> None:
    assert "not_upright" in codes(scene(with_lengths(240, 190, 0)))
