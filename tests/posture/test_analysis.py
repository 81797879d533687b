import json
from typing import Any

import pytest

from posture import __version__
from posture.analysis import analyze
from posture.errors import PostureError
from posture.evidence import SMALL
from posture.landmarks import INDEX, NAMES, Landmarks, Pixels
from posture.report import success
from posture.request import Mirrored, Mode, Options, PostureRequest, Roll
from testing.builders import FRONT_PHOTO, NOBODY, SIDE_PHOTO, SIZE, detect, photo


def refusal(front: str, side: str) -> PostureError:
    with pytest.raises(PostureError) as caught:
        analyze(PostureRequest(front, side), detect)
    return caught.value


def test_each_photo_gives_the_angles_of_its_view() -> None:
    report = analyze(PostureRequest(FRONT_PHOTO, SIDE_PHOTO), detect)
    assert report.front.values["shoulder_tilt"] == pytest.approx(5.711, abs=0.001)
    assert report.side.values["back_tilt"] == pytest.approx(-1.193, abs=0.001)


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

    analyze(PostureRequest(FRONT_PHOTO, SIDE_PHOTO), counting)
    assert seen == [(550, 500, 3)] * 4


CORE = {
    "front_view": ["shoulder_tilt", "pelvic_tilt", "head_tilt", "body_tilt"],
    "side_view": ["back_tilt", "neck_tilt", "body_tilt", "hip_tilt"],
}


def answer(**options: Any) -> dict[str, Any]:
    """The data of the answer for the two photos with these options."""
    request = PostureRequest(FRONT_PHOTO, SIDE_PHOTO, Options(**options))
    envelope = success(analyze(request, detect))
    assert json.loads(json.dumps(envelope, allow_nan=False)) == envelope
    data: dict[str, Any] = envelope["data"]
    return data


def test_without_options_the_answer_is_exactly_what_clients_know() -> None:
    assert success(analyze(PostureRequest(FRONT_PHOTO, SIDE_PHOTO), detect)) == {
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
    assert [details[view]["quality"]["looks"] for view in CORE] == [looks, looks]


@pytest.mark.parametrize("include", [["details"], ["landmarks"], ["measures"], ["details", "landmarks", "measures"]])
def test_details_never_change_the_angles(include: list[str]) -> None:
    plain, data = answer(), answer(include=frozenset(include))
    assert {view: data[view] for view in plain} == plain
    for view, names in CORE.items():
        details = data["details"][view]
        assert list(details["angles"]) == names
        assert ("measures" in details) == ("measures" in include)
        assert ("landmarks" in details) == ("landmarks" in include)
        for name in names:
            assert details["angles"][name]["value"] == data[view][name]


def test_the_details_of_an_angle_say_how_far_it_can_be_trusted() -> None:
    angle = answer(include=frozenset({"details"}))["details"]["front_view"]["angles"]["pelvic_tilt"]
    assert angle["unit"] == "degrees"
    assert angle["uncertainty"] > 0
    assert angle["minimal_detectable_change"] == pytest.approx(angle["uncertainty"] * 2**0.5, abs=0.011)
    assert angle["uncalibrated"] == angle["value"]
    assert "pelvic obliquity" in angle["meaning"]
    assert "uninformative" in angle["reliability"]["note"]
    assert angle["reliability"]["slope"] < 0.5


def test_the_details_of_a_photo_say_how_it_was_seen() -> None:
    details = answer(include=frozenset({"details"}))["details"]
    assert (details["side_view"]["near_side"], details["side_view"]["facing"]) == ("right", "right")
    assert "facing" not in details["front_view"]
    assert details["front_view"]["image"] == {"width": 1000, "height": 1100, "orientation": 1}
    assert details["front_view"]["camera"] == {"roll": 0.0, "mirrored": False}
    assert details["front_view"]["warnings"] == []
    assert details["side_view"]["quality"]["turn_degrees"] == pytest.approx(90, abs=4)
    assert details["model"].startswith("pose_landmarker_full")
    assert details["version"] == __version__


def test_landmarks_are_in_pixels_of_the_photo_at_full_size() -> None:
    marks = answer(include=frozenset({"landmarks"}))["details"]["front_view"]["landmarks"]
    assert [mark["name"] for mark in marks] == list(NAMES)
    assert marks[INDEX["left_shoulder"]] == {
        "name": "left_shoulder", "x": 580.0, "y": 304.0, "presence": 1.0, "visibility": 1.0, "spread": 0.0,
    }  # fmt: skip


def test_the_cameras_roll_is_taken_off() -> None:
    plain, level = answer(), answer(camera_roll=Roll(front=3, side=2))
    assert level["front_view"]["shoulder_tilt"] == pytest.approx(plain["front_view"]["shoulder_tilt"] + 3, abs=0.011)
    assert level["front_view"]["body_tilt"] == pytest.approx(plain["front_view"]["body_tilt"] - 3, abs=0.011)
    assert level["side_view"]["back_tilt"] == pytest.approx(plain["side_view"]["back_tilt"] - 2, abs=0.011)


def test_a_mirrored_photo_has_its_left_and_right_exchanged() -> None:
    plain = answer(include=frozenset({"landmarks"}))
    data = answer(include=frozenset({"landmarks"}), mirrored=Mirrored(front=True, side=True))
    assert data["front_view"]["shoulder_tilt"] == -plain["front_view"]["shoulder_tilt"]
    assert data["side_view"] == plain["side_view"]
    side = data["details"]["side_view"]
    # the photo shows the person facing its right; in truth it is the left side that is near
    assert (side["near_side"], side["facing"]) == ("left", "right")
    marks, plain_marks = (answer["details"]["front_view"]["landmarks"] for answer in (data, plain))
    assert marks[INDEX["right_shoulder"]]["x"] == plain_marks[INDEX["left_shoulder"]]["x"]


def test_the_anatomical_calibration_moves_the_ear_alone() -> None:
    plain, moved = answer(), answer(calibration="anatomical", include=frozenset({"details"}))
    assert moved["front_view"] == plain["front_view"]
    for name in ("back_tilt", "hip_tilt"):
        assert moved["side_view"][name] == plain["side_view"][name]
    # 1.45 % of 733.8 px further back at 125 px above the shoulder, and 0.5 % lower
    assert moved["side_view"]["neck_tilt"] == pytest.approx(2.1, abs=0.1)
    neck = moved["details"]["side_view"]["angles"]["neck_tilt"]
    assert (neck["value"], neck["uncalibrated"]) == (moved["side_view"]["neck_tilt"], plain["side_view"]["neck_tilt"])


def test_what_is_not_strict_warns_instead_of_refusing() -> None:
    swapped = PostureRequest(SIDE_PHOTO, FRONT_PHOTO, Options(strict=False))
    details = success(analyze(swapped, detect))["data"]["details"]
    for view in ("front_view", "side_view"):
        assert [warning["code"] for warning in details[view]["warnings"]] == ["views_swapped"]
    one_wrong = PostureRequest(FRONT_PHOTO, FRONT_PHOTO, Options(strict=False))
    details = success(analyze(one_wrong, detect))["data"]["details"]
    assert [warning["code"] for warning in details["side_view"]["warnings"]] == ["wrong_view"]


def test_exchanged_photos_are_told_as_such() -> None:
    error = refusal(SIDE_PHOTO, FRONT_PHOTO)
    assert (error.code, error.view) == ("views_swapped", None)
    assert error.advice == "Exchange the two photos."


def test_nobody_is_refused_even_where_it_is_not_strict() -> None:
    with pytest.raises(PostureError) as caught:
        analyze(PostureRequest(NOBODY, SIDE_PHOTO, Options(strict=False)), detect)
    assert caught.value.code == "no_person"


def test_the_same_body_in_fewer_pixels_is_less_certain() -> None:
    def uncertainty(size: tuple[int, int]) -> float:
        request = PostureRequest(photo("red", size), SIDE_PHOTO, Options(include=frozenset({"details"})))
        front = success(analyze(request, detect))["data"]["details"]["front_view"]
        stated: float = front["angles"]["head_tilt"]["uncertainty"]
        return stated

    # 730 pixels from nose to ankles in the whole photo, 146 in a fifth of it
    assert uncertainty((200, 220)) == pytest.approx(SMALL["standard"] / 146 * uncertainty(SIZE), abs=0.011)
