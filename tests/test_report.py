import json

import numpy as np

from posture import report
from posture.errors import ImageError, PoseNotDetectedError
from posture.report import PostureReport


def test_success_is_exactly_what_clients_know() -> None:
    answer = report.success(PostureReport({"shoulder_tilt": 1.23456}, {"back_tilt": np.float64(-0.001)}))
    assert answer == {
        "status": "success",
        "data": {"front_view": {"shoulder_tilt": 1.23}, "side_view": {"back_tilt": 0.0}},
        "message": "Posture analysis completed successfully",
    }
    assert json.dumps(answer["data"]) == '{"front_view": {"shoulder_tilt": 1.23}, "side_view": {"back_tilt": 0.0}}'


def test_failure_says_what_is_wrong_where_and_what_to_do() -> None:
    error = ImageError("image_too_small", "it has 9x9 pixels.", "Send the photo.", "side")
    assert report.failure(error) == {
        "status": "error",
        "code": "image_too_small",
        "view": "side",
        "message": "Send the photo.",
        "error": "Image validation failed for the side photo: it has 9x9 pixels.",
    }


def test_a_missing_person_is_told_with_the_phrase_that_clients_know() -> None:
    assert report.failure(PoseNotDetectedError())["error"].startswith("Could not detect pose landmarks")
