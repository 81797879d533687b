"""Visits beside each other: what differs by more than can be told apart, and what is not compared and why."""

import copy
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest

import posture
from posture.comparison import Comparison, Remark, Row, Seen, compare
from posture.words import LANGUAGES, texts
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, detect
from tests.posture.people import measured

Answer = dict[str, Any]


@cache
def _measured() -> posture.Measurement:
    return measured(detect, FRONT_PHOTO, SIDE_PHOTO)


def answer(include: Sequence[str] = ("details", "measures"), **changed: Any) -> Answer:
    """The worker's answer to one person, some of `details` changed."""
    said = copy.deepcopy(_measured().answer(include))
    if changed:
        said["data"]["details"] |= changed
    return said


def reading(of: Answer, name: str = "shoulder_tilt", view: str = "front_view", group: str = "angles") -> Answer:
    found: Answer = of["data"]["details"][view][group][name]
    return found


def with_reading(name: str = "shoulder_tilt", view: str = "front_view", **changed: Any) -> Answer:
    said = answer()
    reading(said, name, view).update(changed)
    return said


def row(comparison: Comparison, name: str = "shoulder_tilt", view: str = "front") -> Row:
    return next(found for found in comparison.rows if (found.view, found.measure.name) == (view, name))


def seen(comparison: Comparison, at: int = 1, **which: str) -> Seen:
    found = row(comparison, **which).visits[at]
    assert found is not None
    return found


def codes(remarks: Sequence[Remark]) -> list[str]:
    return [remark.code for remark in remarks]


@pytest.mark.parametrize(
    ("values", "uncertainties", "limit", "exceeds"),
    [
        ((1.0, 1.0), (0.7, 0.7), 0.99, False),
        ((1.0, 1.99), (0.7, 0.7), 0.99, False),
        ((1.0, 2.0), (0.7, 0.7), 0.99, True),
        ((1.0, 0.0), (0.7, 0.7), 0.99, True),
        ((-1.0, 4.0), (3.0, 4.0), 5.0, False),
        ((-1.0, 4.01), (3.0, 4.0), 5.0, True),
        ((0.1, 0.3), (0.0, 0.2), 0.2, False),
    ],
)
def test_a_difference_is_told_apart_beyond_both_uncertainties_together(
    values: tuple[float, float],
    uncertainties: tuple[float, float],
    limit: float,
    exceeds: bool,  # noqa: FBT001
) -> None:
    visits = [with_reading(value=value, uncertainty=u) for value, u in zip(values, uncertainties, strict=True)]
    here = seen(compare(visits))
    assert here.difference == pytest.approx(values[1] - values[0])
    assert (here.limit, here.exceeds, here.remarks) == (limit, exceeds, ())


def test_of_equal_uncertainties_the_limit_is_the_repeatability_limit() -> None:
    comparison = compare([answer(), answer()])
    for of in comparison.rows:
        here = of.visits[1]
        assert here is not None
        told = [reading(answer(), of.measure.name, f"{of.view}_view", group) for group in ("angles", "measures")
                if of.measure.name in answer()["data"]["details"][f"{of.view}_view"][group]]  # fmt: skip
        assert here.limit == pytest.approx(told[0]["repeatability_limit"], abs=0.0101)  # both are rounded


def test_every_visit_is_compared_with_the_first() -> None:
    comparison = compare([with_reading(value=value) for value in (1.0, 4.0, 5.5)], ["May", "June", "July"])
    assert [visit.label for visit in comparison.visits] == ["May", "June", "July"]
    found = row(comparison).visits
    assert [here.difference for here in found if here] == [None, 3.0, 4.5]
    assert [here.value for here in found if here] == [1.0, 4.0, 5.5]


def test_angles_are_compared_the_short_way_round() -> None:
    assert seen(compare([with_reading(value=179.0), with_reading(value=-179.0)])).difference == 2.0


def test_it_holds_a_row_for_each_measure_that_any_visit_holds() -> None:
    names = [(view.name, found.name) for view in posture.views.VIEWS for found in posture.MEASURES
             if found.plane is view.plane]  # fmt: skip
    comparison = compare([answer(["details"]), answer()])
    assert [(found.view, found.measure.name) for found in comparison.rows] == names
    offset = row(comparison, "nose_offset")
    assert offset.visits[0] is None
    here = offset.visits[1]
    assert here is not None
    assert (here.difference, codes(here.remarks)) == (None, ["not_at_first"])
    comparison = compare([answer(), answer(["details"])])
    assert row(comparison, "nose_offset").visits[1] is None


def test_measurements_are_compared_like_their_answers() -> None:
    assert compare([_measured(), _measured()]) == compare([answer(), answer()])
    assert posture.compare is compare


def test_a_job_of_the_platform_holds_an_answer() -> None:
    assert compare([{"id": "1", "status": "COMPLETED", "output": answer()}]) == compare([answer()])


@pytest.mark.parametrize(
    ("name", "value", "english"),
    [
        ("mode", "fast",
         "mode fast (one look at each photo), at the first visit standard (three looks at each photo)"),
        ("calibration", "anatomical",
         "calibration anatomical (ear moved to the tragus), at the first visit none"),
        ("level", "none",
         "camera's tilt not taken off, at the first visit camera's tilt taken off where told"),
        ("model", "other.task sha256:00", "measured with another model than the first visit"),
    ],
)  # fmt: skip
def test_visits_measured_differently_are_not_compared_and_it_says_why(name: str, value: str, english: str) -> None:
    comparison = compare([answer(), answer(**{name: value}), answer()])
    _, other, same = comparison.visits
    assert [remark.text() for remark in other.refused] == [f"not compared: {english}"]
    assert same.refused == ()
    for of in comparison.rows:
        _, here, again = of.visits
        assert here is not None
        assert again is not None
        assert (here.difference, here.limit, here.exceeds) == (None, None, None)
        assert again.difference == 0


def test_what_does_not_say_how_it_was_measured_is_shown_and_not_compared() -> None:
    plain = answer([])
    comparison = compare([answer(), plain])
    assert codes(comparison.visits[1].refused) == ["no_details"]
    here = seen(comparison)
    assert here.value == plain["data"]["front_view"]["shoulder_tilt"]
    assert (here.uncertainty, here.trust, here.difference) == (None, None, None)
    assert [codes(visit.refused) for visit in compare([plain, answer(), plain]).visits] == [
        [], ["first_without_details"], ["no_details"],
    ]  # fmt: skip


def test_another_version_is_remarked_and_compared() -> None:
    comparison = compare([answer(version="0.1.0"), answer(version="0.2.0")])
    assert comparison.visits[1].remarks == (Remark("version", "0.1.0", "0.2.0"),)
    assert seen(comparison).difference == 0


def test_another_source_is_not_compared_in_that_row_alone() -> None:
    comparison = compare([with_reading("head_tilt", source="face"), with_reading("head_tilt", source="ears")])
    here = seen(comparison, name="head_tilt")
    assert (here.difference, here.exceeds, here.remarks) == (None, None, (Remark("source", "face", "ears"),))
    assert here.remarks[0].text("de") == "nicht verglichen: an den Ohren abgelesen, beim ersten Termin am Gesicht"
    assert seen(comparison).difference == 0


def test_points_moved_by_hand_are_shown_as_such_and_judged_by_no_limit() -> None:
    plain, moved = with_reading(value=1.0), with_reading(value=9.0, edited=True)
    after = seen(compare([plain, moved]))
    assert (after.edited, after.difference, after.limit, after.exceeds) == (True, 8.0, None, None)
    assert codes(after.remarks) == ["edited"]
    first, here = (seen(compare([moved, plain]), at) for at in (0, 1))
    assert codes(first.remarks) == ["edited"]
    assert (here.difference, here.exceeds, codes(here.remarks)) == (-8.0, None, ["first_edited"])
    assert seen(compare([plain, moved]), name="pelvic_tilt").exceeds is False


def in_view(view: str, **changed: Any) -> Answer:
    said = answer()
    of = said["data"]["details"][f"{view}_view"]
    for name, value in changed.items():
        of[name] = {**of[name], **value} if isinstance(value, dict) else value
    return said


MIRRORED = [{"code": "maybe_mirrored", "message": "It may be mirrored.", "advice": "Say so."}]
TOLD = {"source": "photo", "roll": 1.5}


@pytest.mark.parametrize(("code", "is_judged"), [("wrong_view", False), ("photo_blurred", True), ("tomorrows", True)])
def test_differences_of_a_photo_that_would_be_refused_are_shown_and_judged_by_no_limit(
    code: str,
    is_judged: bool,  # noqa: FBT001
) -> None:
    odd = in_view("front", warnings=[{"code": code, "message": "It is odd.", "advice": "Take another."}])
    reading(odd)["value"] = 90.0
    apart = 90 - reading(answer())["value"]
    for visits, sign, remarks in (([answer(), odd], 1, ["unfit"]), ([odd, answer()], -1, ["first_unfit"])):
        comparison = compare(visits)
        here = seen(comparison)
        assert here.difference == pytest.approx(sign * apart)
        assert (here.limit is not None, here.exceeds) == (is_judged, True if is_judged else None)
        told = codes(comparison.visits[1].by_view["front"])
        assert [code for code in told if "unfit" in code] == ([] if is_judged else remarks)
        assert seen(comparison, name="back_tilt", view="side").exceeds is False


@pytest.mark.parametrize(
    ("first", "here", "expected"),
    [
        ({"camera": TOLD}, {"camera": TOLD}, []),
        ({"camera": TOLD}, {"camera": {"source": "client"}}, []),
        ({"camera": TOLD}, {}, ["camera_known_once"]),
        ({}, {"camera": TOLD}, ["camera_known_once"]),
        ({}, {}, ["camera_unknown"]),
        ({"camera": TOLD, "warnings": MIRRORED}, {"camera": TOLD}, ["maybe_mirrored"]),
        ({"camera": TOLD}, {"camera": TOLD, "near_side": "left"}, ["near_side"]),
    ],
)
def test_what_may_explain_a_difference_is_remarked_in_its_view(
    first: Answer, here: Answer, expected: list[str]
) -> None:
    comparison = compare([in_view("side", **first), in_view("side", **here)])
    visit = comparison.visits[1]
    assert codes(visit.by_view["side"]) == expected
    assert codes(visit.by_view["front"]) == ["camera_unknown"]
    assert seen(comparison, name="neck_tilt", view="side").difference == 0


def test_no_visits_and_other_numbers_of_labels_are_refused() -> None:
    for visits, labels in (([], None), ([answer()], []), ([answer()], ["a", "b"])):
        with pytest.raises(ValueError, match="labels"):
            compare(visits, labels)


@pytest.mark.parametrize("label", ["x" * 61, "two\nlines", "back\u202ewards", 3, None])
def test_a_label_is_one_printable_line(label: Any) -> None:
    with pytest.raises(ValueError, match="the label of a visit must be a line of at most 60 characters"):
        compare([answer()], [label])


def spoilt(change: Callable[[Answer], object]) -> Answer:
    said = answer()
    change(said["data"]["details"])
    return said


SPOILT: dict[str, tuple[Any, str]] = {
    "nothing": (None, "it is not an answer of the worker"),
    "text": ("{}", "it is not an answer of the worker"),
    "list": ([answer], "it is not an answer of the worker"),
    "empty": ({}, "it is not an answer of the worker"),
    "refusal": ({"status": "error", "code": "no_person"}, "it is a refusal: nothing was measured"),
    "no data": ({"status": "success"}, "data is not an object"),
    "no angles": ({"status": "success", "data": {}}, "data.front_view is not what it should be"),
    "plain text": ({"status": "success", "data": {"front_view": {"shoulder_tilt": "1"}, "side_view": {}}},
                   "data.front_view[...] is not what it should be"),
    "details": ({"status": "success", "data": {"details": 3}}, "data.details is not an object"),
    "no view": (spoilt(lambda of: of.pop("side_view")), "data.details.side_view is not what it should be"),
    "no mode": (spoilt(lambda of: of.pop("mode")), "data.details is not what it should be"),
    "mode": (spoilt(lambda of: of.update(mode="<b>")), "data.details.mode is not what it should be"),
    "model": (spoilt(lambda of: of.update(model="<script>")), "data.details.model is not what it should be"),
    "version": (spoilt(lambda of: of.update(version="1" * 33)), "data.details.version is not what it should be"),
}  # fmt: skip
VALUES = {
    "value": [math.nan, math.inf, 2e9, 10**400, "1", True, None, [1]],
    "uncertainty": [math.nan, -0.1, "0.5", math.inf],
    "trust": ["splendid", 3],
    "source": ["<i>", 3],
    "edited": ["yes", 1],
}
SPOILT |= {
    f"{name} {value!r:.20}": (
        with_reading(**{name: value}),  # type: ignore[arg-type]
        f"data.details.front_view.angles[...].{name} is not what it should be"
    )
    for name, values in VALUES.items() for value in values
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "told"), SPOILT.values(), ids=[*SPOILT])
def test_what_is_not_an_answer_is_refused_in_one_sentence_that_names_the_visit(wrong: Any, told: str) -> None:
    with pytest.raises(ValueError, match="the answer of the visit 'June'") as caught:
        compare([answer(), wrong], ["May", "June"])
    assert str(caught.value) == f"the answer of the visit 'June' cannot be used: {told}."


def test_a_reading_without_its_uncertainty_is_refused() -> None:
    wrong = answer()
    del reading(wrong)["uncertainty"]
    with pytest.raises(ValueError, match=r"data\.details\.front_view holds a reading without uncertainty or trust"):
        compare([wrong])


def test_what_a_later_version_may_add_is_let_be() -> None:
    later = with_reading(colour="blue")
    later["data"]["details"]["front_view"]["angles"]["toe_tilt"] = reading(later)
    later["data"]["details"]["weather"] = "fair"
    assert compare([later]) == compare([answer()])


def test_every_remark_has_words_in_every_language() -> None:
    told = {*texts()["remarks"]}
    assert told == {
        "no_details", "first_without_details", "mode", "calibration", "level", "model", "version",
        "camera_known_once", "camera_unknown", "maybe_mirrored", "near_side", "source", "not_at_first", "edited",
        "first_edited", "unfit", "first_unfit",
    }  # fmt: skip
    for language in LANGUAGES:
        for code in told:
            said = Remark(code, "left", "right").text(language)
            assert said
            assert "{" not in said
