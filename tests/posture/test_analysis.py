import base64
import json
from typing import Any

import numpy as np
import pytest

from posture import __version__, analysis
from posture.clarity import clarity
from posture.errors import Finding, PostureError, UnfitPhotoError
from posture.evidence import times_worse, validity
from posture.landmarks import INDEX, NAMES, Detect, Landmarks, Pixels
from posture.models import files
from posture.options import Mode, Options
from posture.views import FRONTAL, SAGITTAL
from testing.builders import FRONT_PHOTO, NOBODY, SIDE_PHOTO, SIZE, WHITE, FakePool, detect, detect_by, photo
from testing.pictures import decoded
from tests.posture.people import MIDDLE, PROFILE, STANDING, answered, measured, moved_by


def refusal(front: str, side: str, detect: Detect = detect) -> PostureError:
    with pytest.raises(PostureError) as caught:
        measured(detect, front, side)
    return caught.value


def test_each_photo_gives_the_angles_of_its_view() -> None:
    measurement = measured(detect, FRONT_PHOTO, SIDE_PHOTO)
    assert measurement.front.angles["shoulder_tilt"].value == pytest.approx(5.711, abs=0.001)
    assert measurement.side.angles["back_tilt"].value == pytest.approx(-1.193, abs=0.001)


@pytest.mark.parametrize(
    ("front", "side", "code", "view"),
    [
        (NOBODY, SIDE_PHOTO, "no_person", "front"),
        (FRONT_PHOTO, NOBODY, "no_person", "side"),
        ("!", SIDE_PHOTO, "invalid_base64", "front"),
        (FRONT_PHOTO, "!", "invalid_base64", "side"),
        # the front photo comes first, however late it fails
        (NOBODY, "!", "no_person", "front"),
        ("!", NOBODY, "invalid_base64", "front"),
    ],
)
def test_a_refusal_is_that_of_the_first_photo_that_fails(front: str, side: str, code: str, view: str) -> None:
    error = refusal(front, side)
    assert (error.code, error.view) == (code, view)
    assert f"for the {view} photo" in str(error)


def test_the_advice_is_for_both_photos_when_both_fail() -> None:
    error = refusal(NOBODY, "!")
    assert error.advice.startswith("Front photo: Show one person standing")
    assert "Side photo: Send the bytes of a JPEG or PNG file" in error.advice


def test_each_photo_is_looked_at_as_it_is_and_mirrored() -> None:
    seen = []

    def counting(pixels: Pixels) -> list[Landmarks]:
        seen.append(pixels.shape)
        return detect(pixels)

    measured(counting, FRONT_PHOTO, SIDE_PHOTO)
    assert seen == [(550, 500, 3)] * 4


CORE = {
    "front_view": ["shoulder_tilt", "pelvic_tilt", "head_tilt", "body_tilt"],
    "side_view": ["back_tilt", "neck_tilt", "body_tilt", "hip_tilt"],
}


def answer(**options: Any) -> dict[str, Any]:
    """The data of the answer for the two photos with these options."""
    envelope = measured(detect, FRONT_PHOTO, SIDE_PHOTO, **options).answer(options.get("include", ()))
    assert json.loads(json.dumps(envelope, allow_nan=False)) == envelope
    data: dict[str, Any] = envelope["data"]
    return data


def test_without_options_the_answer_is_exactly_what_clients_know() -> None:
    assert measured(detect, FRONT_PHOTO, SIDE_PHOTO).answer() == {
        "status": "success",
        "data": {
            "front_view": {"shoulder_tilt": 5.71, "pelvic_tilt": 0.0, "head_tilt": 0.0, "body_tilt": 0.0},
            "side_view": {"back_tilt": -1.19, "neck_tilt": 6.84, "body_tilt": 1.57, "hip_tilt": -1.51},
        },
        "message": "Posture analysis completed successfully",
    }


@pytest.mark.parametrize(("mode", "looks"), [("fast", 1), ("standard", 2), ("precise", 8)])
def test_a_mode_takes_so_many_looks_at_each_photo(mode: Mode, looks: int) -> None:
    details = answer(mode=mode, strict=False)["details"]
    assert [repr(details[view]["quality"]["looks"]) for view in CORE] == [str(looks)] * 2  # a count, no 2.0


@pytest.mark.parametrize("include", [["details"], ["landmarks"], ["measures"], ["details", "landmarks", "measures"]])
def test_details_never_change_the_angles(include: list[str]) -> None:
    plain, data = answer(), answer(include=include)
    assert {view: data[view] for view in plain} == plain
    for view, names in CORE.items():
        details = data["details"][view]
        assert list(details["angles"]) == names
        assert ("measures" in details) == ("measures" in include)
        assert ("landmarks" in details) == ("landmarks" in include)
        for name in names:
            assert details["angles"][name]["value"] == data[view][name]


def test_the_details_of_an_angle_say_how_far_it_can_be_trusted() -> None:
    angle = answer(include=["details"])["details"]["front_view"]["angles"]["pelvic_tilt"]
    assert angle["unit"] == "degrees"
    assert angle["uncertainty"] > 0
    assert angle["repeatability_limit"] == pytest.approx(angle["uncertainty"] * 2**0.5, abs=0.011)
    assert angle["uncalibrated"] == angle["value"]
    assert "pelvic obliquity" in angle["meaning"]
    assert "a hint" in angle["validity"]["note"]
    assert angle["validity"]["slope"] < 0.7
    assert angle["trust"] == "poor"  # by its correlation with the truth
    assert not {"minimal_detectable_change", "reliability"} & set(angle)


def test_the_details_of_a_photo_say_how_it_was_seen() -> None:
    details = answer(include=["details"])["details"]
    assert (details["side_view"]["near_side"], details["side_view"]["facing"]) == ("right", "right")
    assert "facing" not in details["front_view"]
    assert details["front_view"]["image"] == {"width": 1000, "height": 1100, "orientation": 1}
    camera = details["front_view"]["camera"]
    assert (camera["roll"], camera["pitch"], camera["mirrored"], camera["source"]) == (0, 0, False, "unknown")
    assert camera["homography"] == np.eye(3).tolist()
    assert details["front_view"]["warnings"] == []
    assert details["side_view"]["quality"]["turn_degrees"] == pytest.approx(90, abs=4)
    assert details["model"].startswith("pose_landmarker_full")
    assert details["version"] == __version__
    assert (details["mode"], details["calibration"]) == ("standard", "none")


def test_landmarks_are_in_pixels_of_the_photo_at_full_size() -> None:
    marks = answer(include=["landmarks"])["details"]["front_view"]["landmarks"]
    assert [mark["name"] for mark in marks] == list(NAMES)
    assert marks[INDEX["left_shoulder"]] == {
        "name": "left_shoulder", "x": 580.0, "y": 304.0, "presence": 1.0, "visibility": 1.0, "spread": 0.0,
    }  # fmt: skip


def test_the_cameras_roll_is_taken_off() -> None:
    plain, level = answer(), answer(camera_roll={"front": 3, "side": 2})
    assert level["front_view"]["shoulder_tilt"] == pytest.approx(plain["front_view"]["shoulder_tilt"] + 3, abs=0.011)
    assert level["front_view"]["body_tilt"] == pytest.approx(plain["front_view"]["body_tilt"] - 3, abs=0.011)
    assert level["side_view"]["back_tilt"] == pytest.approx(plain["side_view"]["back_tilt"] - 2, abs=0.011)


def test_a_mirrored_photo_has_its_left_and_right_exchanged() -> None:
    plain = answer(include=["landmarks"])
    data = answer(include=["landmarks"], mirrored={"front": True, "side": True})
    assert data["front_view"]["shoulder_tilt"] == -plain["front_view"]["shoulder_tilt"]
    assert data["side_view"] == plain["side_view"]
    side = data["details"]["side_view"]
    # the photo shows the person facing its right; in truth it is the left side that is near
    assert (side["near_side"], side["facing"]) == ("left", "right")
    marks, plain_marks = (answer["details"]["front_view"]["landmarks"] for answer in (data, plain))
    assert marks[INDEX["right_shoulder"]]["x"] == plain_marks[INDEX["left_shoulder"]]["x"]


def test_the_anatomical_calibration_moves_the_ear_alone() -> None:
    plain, moved = answer(), answer(calibration="anatomical", include=["details"])
    assert moved["front_view"] == plain["front_view"]
    for name in ("back_tilt", "hip_tilt"):
        assert moved["side_view"][name] == plain["side_view"][name]
    # 1.45 % of 733.8 px further back at 125 px above the shoulder, and 0.5 % lower
    assert moved["side_view"]["neck_tilt"] == pytest.approx(2.1, abs=0.1)
    neck = moved["details"]["side_view"]["angles"]["neck_tilt"]
    assert (neck["value"], neck["uncalibrated"]) == (moved["side_view"]["neck_tilt"], plain["side_view"]["neck_tilt"])


def test_validity_and_note_are_about_the_value_that_the_calibration_gives() -> None:
    plain, moved = (
        answer(calibration=name, include=["details"])["details"]["side_view"]["angles"]
        for name in ("none", "anatomical")
    )
    assert {name for name in moved if moved[name]["validity"] != plain[name]["validity"]} == {"neck_tilt", "body_tilt"}
    for name, calibration, angles in (("neck_tilt", "none", plain), ("neck_tilt", "anatomical", moved)):
        known = validity(calibration, SAGITTAL, name)
        assert {key: angles[name]["validity"][key] for key in known} == known
    assert "too high" in plain["neck_tilt"]["validity"]["note"]
    assert "Figures and people" not in moved["neck_tilt"]["validity"]["note"]
    assert "tragus" in moved["body_tilt"]["validity"]["note"]


def test_what_is_not_strict_warns_instead_of_refusing() -> None:
    details = answered(detect, SIDE_PHOTO, FRONT_PHOTO, strict=False)["details"]
    for view in ("front_view", "side_view"):
        assert [warning["code"] for warning in details[view]["warnings"]] == ["views_swapped"]
    details = answered(detect, FRONT_PHOTO, FRONT_PHOTO, strict=False)["details"]
    assert [warning["code"] for warning in details["side_view"]["warnings"]] == ["wrong_view"]


def test_exchanged_photos_are_told_as_such() -> None:
    error = refusal(SIDE_PHOTO, FRONT_PHOTO)
    assert (error.code, error.view) == ("views_swapped", None)
    assert error.advice == "Exchange the two photos."


def test_nobody_is_refused_even_where_it_is_not_strict() -> None:
    with pytest.raises(PostureError) as caught:
        measured(detect, NOBODY, SIDE_PHOTO, strict=False)
    assert caught.value.code == "no_person"


def test_the_same_body_in_fewer_pixels_is_less_certain_by_what_the_photo_costs() -> None:
    def stated(size: tuple[int, int]) -> float:
        details = answered(detect, photo("red", size), SIDE_PHOTO, include=["details"])["details"]
        uncertainty: float = details["front_view"]["angles"]["head_tilt"]["uncertainty"]
        return uncertainty

    def worse(size: tuple[int, int]) -> float:
        pixels = decoded(base64.b64decode(photo("red", size)))
        [person] = detect(pixels)
        return times_worse("standard", FRONTAL, clarity(pixels, person))

    small = (200, 220)  # a fifth of the whole photo, in which there are 146 pixels from nose to ankles
    assert worse(small) > worse(SIZE)
    assert stated(small) == pytest.approx(worse(small) / worse(SIZE) * stated(SIZE), abs=0.02)


def test_the_problems_are_every_reason_for_either_photo_front_before_side_in_the_order_of_judging() -> None:
    lying_and_small = STANDING.moved(90, 0.05, MIDDLE)
    crowd = detect_by(red=[lying_and_small], lime=[PROFILE.shifted(0, 200), PROFILE.shifted(300, 0)])
    error = refusal(FRONT_PHOTO, SIDE_PHOTO, crowd)
    assert isinstance(error, UnfitPhotoError)
    assert [(problem.view, problem.code) for problem in error.problems] == [
        ("front", "person_too_small"),
        ("front", "not_upright"),
        ("side", "several_people"),
        ("side", "person_cropped"),
    ]
    assert [problem.code for problem in refusal("!", SIDE_PHOTO, crowd).problems] == [
        "invalid_base64",
        "several_people",
        "person_cropped",
    ]


def exchanged_and_unsure(pixels: Pixels) -> list[Landmarks]:
    """In each photo what the other should show, one knee elsewhere in the mirror image."""
    apart = 50 if pixels[0, 0].min() == WHITE else -50
    side, front = (moved_by(person, "left_knee", apart) for person in (PROFILE, STANDING))
    return detect_by(red=[side], lime=[front])(pixels)


def test_exchanged_photos_are_told_first_and_once_and_then_what_else_is_wrong_with_each() -> None:
    error = refusal(FRONT_PHOTO, SIDE_PHOTO, exchanged_and_unsure)
    assert [(problem.view, problem.code) for problem in error.problems] == [
        (None, "views_swapped"),
        ("front", "low_confidence"),
        ("side", "low_confidence"),
    ]
    assert error.problems[0].problem == (
        "the front photo shows the person from the side, and the side photo from the front."
    )
    assert error.advice == "Exchange the two photos."


def test_an_exchange_is_no_reason_where_a_photo_is_refused_for_something_more_serious() -> None:
    cropped = detect_by(red=[PROFILE.shifted(0, 200)], lime=[STANDING])
    assert [(problem.view, problem.code) for problem in refusal(FRONT_PHOTO, SIDE_PHOTO, cropped).problems] == [
        ("front", "person_cropped"),
        ("front", "wrong_view"),
        ("side", "wrong_view"),
    ]


def test_warnings_carry_advice() -> None:
    details = answered(exchanged_and_unsure, FRONT_PHOTO, SIDE_PHOTO, strict=False)["details"]
    for view in ("front_view", "side_view"):
        swapped, unsure = details[view]["warnings"]
        assert swapped == {
            "code": "views_swapped",
            "message": "the front photo shows the person from the side, and the side photo from the front.",
            "advice": "Exchange the two photos.",
        }
        assert unsure["code"] == "low_confidence"
        assert unsure["advice"].startswith("Take a sharp, well lit photo")


def test_somebody_in_the_background_is_a_warning_with_advice_where_nothing_is_refused() -> None:
    people = detect_by(red=[STANDING, STANDING.moved(0, 0.5)], lime=[PROFILE])
    details = answered(people, FRONT_PHOTO, SIDE_PHOTO, include=["details"])["details"]
    assert details["front_view"]["warnings"] == [
        {
            "code": "person_in_background",
            "message": "a smaller person in the picture was not measured.",
            "advice": "Take the photo with one person alone in the picture.",
        }
    ]
    assert details["side_view"]["warnings"] == []


def test_photos_from_which_nothing_was_sent_that_could_be_read_are_refused_for_that() -> None:
    unread = Finding("invalid_base64", "it is not valid base64 text.", "Send it again.")
    with pytest.raises(PostureError) as caught:
        analysis.measure({"front": unread, "side": unread}, Options(), FakePool(detect))
    assert [(problem.view, problem.problem) for problem in caught.value.problems] == [
        ("front", unread.problem),
        ("side", unread.problem),
    ]


def test_a_measurement_says_by_which_model_and_version_it_was_measured() -> None:
    measurement = measured(detect, FRONT_PHOTO, SIDE_PHOTO)
    assert measurement.model == f"{files.POSE.name} sha256:{files.POSE.sha256}"
    assert measurement.version == __version__
