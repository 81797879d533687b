"""Faults in their order, whatever else is true of the picture, and what the answer says of each."""

import math
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from posture import judge
from posture.camera import Camera
from posture.clarity import Clarity
from posture.errors import PostureError
from posture.estimate import Estimate
from posture.landmarks import Landmarks, Pixels
from posture.scene import Scene
from posture.views import FRONT, VIEWS, View
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, SIZE, WHITE, detect_by, photo
from testing.scenes import codes
from tests.posture.people import (
    MIDDLE,
    NOSE_TO_ANKLE,
    OTHER,
    PERSONS,
    STANDING,
    answered,
    beside,
    for_each_view,
    looks,
    measured,
    moved_by,
    scene,
    turned,
    with_presence,
)

CODES = (
    "several_people", "person_cropped", "person_too_small", "not_upright", "back_view", "wrong_view", "oblique_view",
    "low_confidence",
)  # fmt: skip


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
        judged = scene(found[0], FRONT, Estimate(found, options["others"], options["asked"]), options["size"])
        assert codes(judged)[0] == code


def at_a_limit(seen: Scene) -> bool:
    """Whether a quantity lies so near to a limit that the rounding of arithmetic decides on which side it is."""
    limits = (limit for check in judge.checks(seen.view) for limit in check.limits)
    return any(math.isclose(limit.quantity(seen), limit.number, rel_tol=1e-9) for limit in limits)


@given(st.floats(0, 180), st.floats(-180, 180), st.floats(-500, 500), st.floats(-300, 300), st.floats(0, 50))
def test_a_mirrored_picture_is_judged_like_the_picture(
    turn: float, lean: float, right: float, down: float, apart: float
) -> None:
    person = turned(turn).moved(lean, center=MIDDLE).shifted(right, down)
    found = [moved_by(person, "left_hip", way * apart) for way in (-1, 1)]
    mirrored = looks(*(look.mirrored(SIZE[0]) for look in found))
    for view in VIEWS:
        seen = scene(person, view, looks(*found))
        assume(not at_a_limit(seen))
        expected = codes(seen)
        assert codes(scene(person, view, mirrored)) == expected
        assert codes(scene(person, view, mirrored, camera=Camera(mirrored=True))) == expected


@given(st.floats(-180, 180))
def test_a_roll_of_the_camera_that_is_known_makes_no_difference(roll: float) -> None:
    size = (3000, 3000)
    for view, person in PERSONS.items():
        level = person.shifted(1000, 900)
        rolled = level.moved(roll, center=(1500, 1500))
        assert codes(scene(rolled, view, size=size, camera=Camera(roll=roll))) == []


@example(scale=0.875, turn=float(judge.OTHER_VIEW), height=600)
@given(st.floats(judge.MIN_SIZE / 500, 5), st.floats(0, 180), st.integers(600, 1100))
def test_the_same_picture_in_more_pixels_is_judged_alike(scale: float, turn: float, height: int) -> None:
    person, size = turned(turn), (SIZE[0], height)
    larger = person.moved(0, scale)
    grown = Scene(FRONT, Estimate([larger], (), 1), Camera(), round(scale * size[0]), round(scale * size[1]))
    rounding = 1 / scale  # of the picture's size, in pixels of the original
    assume(all(abs(height - at - judge.MARGIN * NOSE_TO_ANKLE) > rounding for at in person.points[:, 1]))
    seen = scene(person, FRONT, looks(person), size)
    assume(not at_a_limit(seen))
    assert codes(grown) == codes(seen)


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
    person, other_view = PERSONS[view], PERSONS[OTHER[view]]
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
    color, other_color = ("red", "lime") if view is FRONT else ("lime", "red")
    people = faulty(code, view)
    good = detect_by(**{other_color: [PERSONS[OTHER[view]]]})

    def looking(pixels: Pixels) -> list[Landmarks]:
        mirrored = bool(pixels[0, 0].min() == WHITE)
        found = [people[mirrored]] if code == "low_confidence" else people
        return good(pixels) or detect_by(**{color: found})(pixels)

    size = (100, 110) if code == "person_too_small" else SIZE
    photos = {"red": FRONT_PHOTO, "lime": SIDE_PHOTO, color: photo(color, size)}
    return answered(looking, photos["red"], photos["lime"], **options)


@for_each_view
@pytest.mark.parametrize("code", CODES)
def test_a_refusal_names_the_photo_and_advises_whoever_holds_the_camera(code: str, view: View) -> None:
    with pytest.raises(PostureError) as caught:
        sent(code, view)
    assert (caught.value.code, caught.value.view) == (code, view.name)
    assert ADVICE[code][view.name] in caught.value.advice
    assert str(caught.value).startswith(f"Posture cannot be measured for the {view.name} photo: ")


@for_each_view
@pytest.mark.parametrize("code", CODES)
def test_what_is_not_strict_is_measured_with_a_warning(code: str, view: View) -> None:
    data = sent(code, view, strict=False)
    warning = data["details"][view.key]["warnings"][0]
    assert warning["code"] == code
    assert ADVICE[code][view.name] in warning["advice"]
    assert data["details"][OTHER[view].key]["warnings"] == []
    assert all(math.isfinite(angle) for angles in (data["front_view"], data["side_view"]) for angle in angles.values())


def test_one_photo_of_the_wrong_view_is_not_an_exchange() -> None:
    with pytest.raises(PostureError) as caught:
        measured(detect_by(red=[STANDING]), FRONT_PHOTO, FRONT_PHOTO)
    assert (caught.value.code, caught.value.view) == ("wrong_view", "side")


def test_the_figures_behind_the_judgement_are_given() -> None:
    person = with_presence(turned(20).moved(5, center=MIDDLE), right_hip=0.7)
    found = looks(*(moved_by(person, "left_knee", way * 7.3) for way in (-1, 1)))
    poor = Clarity(blur=0.7, grain=3, contrast=60, blocks=2.8, size=730)
    assert scene(person, FRONT, found, clarity=poor).quality() == pytest.approx(
        {
            "turn_degrees": 20, "lean_degrees": 5, "spread_percent": 1, "lowest_presence": 0.7, "looks": 2,
            "blur_percent": 0.7, "grain": 0.05, "contrast": 60, "coarseness": 2,
        },
        abs=0.001,
    )  # fmt: skip
