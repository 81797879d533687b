import json

import pytest

from posture import judge
from posture.camera import Camera
from posture.errors import Finding, ImageError, InternalError, PoseNotDetectedError, UnfitPhotoError
from posture.wire.answer import failure, success
from posture.wire.request import Include
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, detect
from tests.posture.people import measured

SMALL = Finding("image_too_small", "it has 9x9 pixels.", "Send the photo.", "side")


def test_failure_says_what_is_wrong_where_and_what_to_do() -> None:
    assert failure(ImageError(SMALL)) == {
        "status": "error",
        "code": "image_too_small",
        "view": "side",
        "message": "Send the photo.",
        "error": "Image validation failed for the side photo: it has 9x9 pixels.",
        "problems": [
            {
                "view": "side",
                "code": "image_too_small",
                "problem": "it has 9x9 pixels.",
                "advice": "Send the photo.",
            }
        ],
    }


def test_failure_lists_every_problem_and_is_about_the_first() -> None:
    behind = Finding("back_view", "it shows the back.", "Turn round.", "front")
    unsure = Finding("low_confidence", "it cannot be read.", "Take a sharp one.", "front")
    answer = failure(UnfitPhotoError(behind, unsure, SMALL))
    assert (answer["code"], answer["view"]) == ("back_view", "front")
    assert answer["error"] == "Posture cannot be measured for the front photo: it shows the back."
    assert answer["message"] == "Front photo: Turn round. Side photo: Send the photo."
    assert [(problem["view"], problem["code"]) for problem in answer["problems"]] == [
        ("front", "back_view"),
        ("front", "low_confidence"),
        ("side", "image_too_small"),
    ]
    assert json.loads(json.dumps(answer)) == answer


def test_of_a_defect_nothing_is_told_but_that_it_is_one() -> None:
    answer = failure(InternalError(Finding("internal_error", "a defect.", "Try again.")))
    assert answer == {
        "status": "error",
        "code": "internal_error",
        "view": None,
        "message": "Try again.",
        "error": "Posture analysis failed: a defect.",
    }


def test_a_missing_person_is_told_with_the_phrase_that_clients_know() -> None:
    assert failure(PoseNotDetectedError(judge.nobody(Camera())))["error"].startswith("Could not detect pose landmarks")


@pytest.mark.parametrize("include", ["details", "landmarks", "measures"])
def test_a_measurement_answers_like_the_worker(include: Include) -> None:
    measurement = measured(detect, FRONT_PHOTO, SIDE_PHOTO)
    assert measurement.answer() == success(measurement)
    assert measurement.answer([include]) == success(measurement, [include])
