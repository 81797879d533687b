from posture import report
from posture.errors import ImageError, PoseNotDetectedError


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
