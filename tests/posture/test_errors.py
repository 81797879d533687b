from operator import attrgetter

import pytest

from posture.errors import CODES, Code, Finding, PostureError, RequestError, refusal


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
