import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from posture import judge
from posture.angles import MEASURES, PublishedChange
from posture.camera import Camera
from posture.errors import Finding, ImageError, InternalError, PoseNotDetectedError, UnfitPhotoError
from posture.wire.answer import failure, success
from posture.wire.request import Include
from posture.wire.schema import output_schema
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


def shoulder_tilt(published: PublishedChange | None) -> dict[str, Any]:
    """The reading in an answer, if that is published of its measure."""
    measurement = measured(detect, FRONT_PHOTO, SIDE_PHOTO)
    front = measurement.front
    reading = front.angles["shoulder_tilt"]
    known = replace(reading, measure=replace(reading.measure, published_mdc=published))
    views = {**measurement.views, "front": replace(front, angles={**front.angles, "shoulder_tilt": known})}
    answer = success(replace(measurement, views=views), ["details"])
    Draft202012Validator(output_schema()).validate(answer)
    told: dict[str, Any] = answer["data"]["details"]["front_view"]["angles"]["shoulder_tilt"]
    return told


def test_what_is_published_of_standing_anew_is_told_with_its_source() -> None:
    published = shoulder_tilt(PublishedChange(2.5, "A Study, doi:10.1000/1"))["published_mdc"]
    assert published == {"value": 2.5, "source": "A Study, doi:10.1000/1"}
    assert shoulder_tilt(None)["published_mdc"] is None


def test_no_change_is_published_without_a_doi() -> None:
    for row in MEASURES:
        if row.published_mdc is not None:
            assert row.published_mdc.value > 0, row.name
            assert "doi:10." in row.published_mdc.source, row.name
