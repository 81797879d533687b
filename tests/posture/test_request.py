from typing import Any

import pytest

from posture.errors import RequestError
from posture.request import PLATFORM_KEYS, Mirrored, Options, PostureRequest, Roll, parse

FRONT, SIDE = "ZnJvbnQ=", "c2lkZQ=="
SIMPLE = {"front": FRONT, "side": SIDE}
DETAILED = {"front_image": FRONT, "side_image": SIDE}
PLATFORM = {"id": "job-1", "webhook": "https://example.com", "policy": {"ttl": 1}, "s3Config": {}}


def refusal(job: object) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parse(job)
    assert caught.value.code == "invalid_request"
    for value in (FRONT, SIDE):
        assert value not in str(caught.value) + caught.value.advice
    return caught.value


@pytest.mark.parametrize("photos", [SIMPLE, DETAILED])
@pytest.mark.parametrize(
    "shape",
    [
        lambda photos: {"input": photos},
        lambda photos: {"input": {"input": photos}},
        lambda photos: photos,
        lambda photos: {**PLATFORM, "input": photos},
        lambda photos: {**PLATFORM, "input": {"input": photos}},
        lambda photos: {**PLATFORM, **photos},
        lambda photos: {"input": None, **photos},
        lambda photos: {"input": photos, "aKeyThatThePlatformMayAddOneDay": 1},
        lambda photos: {"input": {**PLATFORM, "input": photos}},
    ],
)
def test_every_shape_of_a_job_holds_the_same_request(photos: dict[str, str], shape: Any) -> None:
    assert parse(shape(photos)) == PostureRequest(FRONT, SIDE)


def test_every_key_of_the_platform_is_ignored_in_a_bare_job() -> None:
    assert parse({**dict.fromkeys(PLATFORM_KEYS - {"input"}, "x"), **SIMPLE}) == PostureRequest(FRONT, SIDE)


@pytest.mark.parametrize(
    "job", [None, "text", 7, [SIMPLE], {"input": "text"}, {"input": [SIMPLE]}, {"input": {"input": 7}}]
)
def test_what_is_no_object_is_refused(job: object) -> None:
    assert "is not a JSON object" in refusal(job).problem


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({"front": FRONT, "side_image": SIDE}, "`front`, `side_image`"),
        ({**SIMPLE, **DETAILED}, "`front`, `front_image`, `side`, `side_image`"),
        ({**SIMPLE, "side_image": SIDE}, "`front`, `side`, `side_image`"),
        ({**DETAILED, "front": 7}, "`front`, `front_image`, `side_image`"),
    ],
)
def test_mixed_spellings_are_refused_with_the_names_found(payload: dict[str, object], named: str) -> None:
    error = refusal({"input": payload})
    assert named in error.problem
    assert error.view is None


@pytest.mark.parametrize(
    ("payload", "view", "problem"),
    [
        ({"front": FRONT}, "side", "`side` is missing; names found: `front`."),
        ({"side_image": SIDE, "sid": 1}, "front", "`front_image` is missing; names found: `sid`, `side_image`."),
        ({"front": "", "side": SIDE}, "front", "`front` is empty."),
        ({"front": FRONT, "side": " \n"}, "side", "`side` is empty."),
        ({"front": FRONT, "side": None}, "side", "`side` is not text."),
        ({"front": [FRONT], "side": SIDE}, "front", "`front` is not text."),
        ({"front_image": FRONT, "side_image": {"data": SIDE}}, "side", "`side_image` is not text."),
        ({}, None, "there is no photo in it; names found: none."),
        ({"picture": FRONT, "Front": SIDE}, None, "there is no photo in it; names found: `Front`, `picture`."),
    ],
)
def test_a_photo_that_is_not_there_is_named(payload: dict[str, object], view: str | None, problem: str) -> None:
    error = refusal({"input": payload})
    assert (error.view, error.problem) == (view, problem)


@pytest.mark.parametrize(
    "job",
    [
        {"input": {**SIMPLE, "moode": "fast"}},
        {"input": {"input": {**SIMPLE, "moode": 1}}},
        {**SIMPLE, "moode": [FRONT]},
    ],
)
def test_unknown_names_are_refused_by_name(job: dict[str, object]) -> None:
    assert refusal(job).problem == "unknown names: `moode`."


@pytest.mark.parametrize(
    ("job", "named"),
    [
        ({"input": SIMPLE, **DETAILED}, "`front_image`, `side_image`"),
        ({"input": {"input": SIMPLE, "front": FRONT}}, "`front`"),
        ({"input": {"input": SIMPLE, "moode": "fast"}}, "`moode`"),
        ({"input": {}, **SIMPLE}, "`front`, `side`"),
    ],
)
def test_what_stands_beside_the_input_instead_of_in_it_is_refused(job: dict[str, object], named: str) -> None:
    assert refusal(job).problem == f"{named} beside `input` instead of in it."


def test_names_in_a_refusal_are_cut_short_and_few() -> None:
    problem = refusal({"input": {**SIMPLE, **{f"{number:02}" + "x" * 1000: 1 for number in range(99)}}}).problem
    assert len(problem) < 600
    assert problem.endswith("...."), problem
    assert "`00xxx" in problem


def test_the_advice_is_for_both_photos_when_neither_can_be_read() -> None:
    error = refusal({"input": {"front": "", "side": 7}})
    assert (error.view, error.problem) == ("front", "`front` is empty.")
    assert error.advice == (
        "Front photo: Send the picture as base64 text. Side photo: Send the picture as base64 text."
    )


@pytest.mark.parametrize(
    "job", [{**SIMPLE, "\ud800": 1}, {**SIMPLE, "mode": "\ud800"}, {**SIMPLE, "camera_roll": {"\ud800": 1}}]
)
def test_text_that_is_no_unicode_is_refused_in_words_that_are(job: dict[str, object]) -> None:
    error = refusal(job)
    assert (str(error) + error.advice).isascii()


def test_a_request_does_not_show_its_photos() -> None:
    assert FRONT not in repr(parse(SIMPLE))


def test_options_stand_beside_the_photos_and_have_defaults() -> None:
    assert parse(SIMPLE).options == Options(
        mode="standard",
        include=frozenset(),
        strict=True,
        calibration="none",
        camera_roll=Roll(front=0, side=0),
        mirrored=Mirrored(front=False, side=False),
    )
    given = {
        "mode": "precise",
        "include": ["details", "measures"],
        "strict": False,
        "calibration": "anatomical",
        "camera_roll": {"front": -2.5},
        "mirrored": {"side": True},
    }
    for job in ({"input": {**SIMPLE, **given}}, {"input": {"input": {**DETAILED, **given}}}, {**SIMPLE, **given}):
        assert parse(job).options == Options(
            mode="precise",
            include=frozenset({"details", "measures"}),
            strict=False,
            calibration="anatomical",
            camera_roll=Roll(front=-2.5),
            mirrored=Mirrored(side=True),
        )


def test_the_operators_defaults_hold_where_the_client_does_not_say() -> None:
    defaults = Options(calibration="anatomical")
    assert parse({**SIMPLE, "mode": "fast"}, defaults).options == Options(mode="fast", calibration="anatomical")
    assert parse({**SIMPLE, "calibration": "none"}, defaults).options == Options()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "slow"), ("mode", FRONT), ("mode", None), ("mode", 1), ("mode", ["fast"]),
        ("include", "details"), ("include", ["detail"]), ("include", [FRONT]), ("include", {"details": True}),
        ("strict", "false"), ("strict", 0), ("strict", None),
        ("calibration", "tragus"), ("calibration", True),
        ("camera_roll", 3), ("camera_roll", {"front": "3"}), ("camera_roll", {"front": True}),
        ("camera_roll", {"front": float("nan")}), ("camera_roll", {"side": 181}), ("camera_roll", {"back": 1}),
        ("mirrored", True), ("mirrored", {"front": 1}), ("mirrored", {FRONT: True}),
    ],
)  # fmt: skip
def test_a_value_that_an_option_cannot_have_is_refused_and_not_shown(name: str, value: object) -> None:
    error = refusal({**SIMPLE, name: value})
    assert error.problem == f"the value of `{name}` is not one it can have."
    assert error.advice.startswith(f"`{name}` takes ")


def test_options_beside_the_input_instead_of_in_it_are_refused() -> None:
    assert refusal({"input": SIMPLE, "mode": "fast"}).problem == "`mode` beside `input` instead of in it."
