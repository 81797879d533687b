from operator import attrgetter

import pytest

from posture.errors import CODES, Code, Finding, PostureError, RequestError, refusal
from posture.images import MAX_PIXELS, MAX_RATIO, MIN_SIDE
from posture.judge import MIN_SIZE


def finding(code: str, view: str | None, advice: str = "Do it again.") -> Finding:
    return Finding(code, "it is wrong.", advice, view)


def test_a_code_that_is_not_in_the_table_cannot_be_found() -> None:
    with pytest.raises(ValueError, match=r"not in posture\.errors\.CODES"):
        finding("unheard_of", None)


@pytest.mark.parametrize("code", [code for code in CODES.values() if code.error], ids=attrgetter("name"))
def test_a_code_is_raised_as_its_error(code: Code) -> None:
    error = refusal([finding(code.name, "side")])
    assert type(error) is code.error
    assert (error.code, error.view) == (code.name, "side")


def test_what_only_warns_refuses_nothing() -> None:
    with pytest.raises(ValueError, match="does not refuse"):
        refusal([finding("person_in_background", "front")])


def test_what_is_about_the_job_names_no_photo() -> None:
    error = refusal([finding("invalid_request", None, "Send both.")])
    assert (error.view, error.advice) == (None, "Send both.")
    assert str(error) == "Invalid request: it is wrong."


def test_the_first_problem_is_the_one_to_report() -> None:
    error = refusal([finding("invalid_request", "front"), finding("corrupt_image", "side")])
    assert isinstance(error, RequestError)
    assert str(error) == "Invalid request for the front photo: it is wrong."
    assert [problem.code for problem in error.problems] == ["invalid_request", "corrupt_image"]


@pytest.mark.parametrize(
    ("problems", "advice"),
    [
        ([("no_person", "front", "A")], "A"),
        ([("no_person", "front", "A"), ("no_person", "side", "B")], "Front photo: A Side photo: B"),
        # only the most serious of each photo
        ([("back_view", "side", "A"), ("low_confidence", "side", "B")], "A"),
        (
            [("back_view", "front", "A"), ("low_confidence", "front", "B"), ("no_person", "side", "C")],
            "Front photo: A Side photo: C",
        ),
        # what is about both photos says all there is to do
        ([("views_swapped", None, "A"), ("low_confidence", "side", "B")], "A"),
    ],
)
def test_the_advice_is_for_each_photo_that_is_refused(problems: list[tuple[str, str | None, str]], advice: str) -> None:
    error: PostureError = refusal([finding(code, view, told) for code, view, told in problems])
    assert error.advice == advice


def test_the_limits_in_the_table_are_those_that_hold() -> None:
    assert f"less than {MIN_SIDE} pixels wide or high" in CODES["image_too_small"].meaning
    assert f"more than {MAX_PIXELS // 1_000_000} megapixels" in CODES["too_many_pixels"].meaning
    assert MAX_RATIO == 10
    assert "ten times as long as wide" in CODES["image_too_small"].meaning
    # the whole body is a sixth larger than the distance from nose to ankles
    assert f"fewer than about {MIN_SIZE * 7 // 6} pixels" in CODES["person_too_small"].meaning
