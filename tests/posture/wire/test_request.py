import base64
from typing import Any

import pytest

from posture import views
from posture.camera import ORDINARY_FOCAL_35MM, Camera, Told
from posture.errors import Finding, RequestError
from posture.exif import Said
from posture.wire.request import PLATFORM_KEYS, Request, RequestOptions, parse

FRONT, SIDE = "ZnJvbnQ=", "c2lkZQ=="
SIMPLE = {"front": FRONT, "side": SIDE}
DETAILED = {"front_image": FRONT, "side_image": SIDE}
REQUEST = Request({"front": b"front", "side": b"side"}, {"front": len(FRONT), "side": len(SIDE)})
PLATFORM = {"id": "job-1", "webhook": "https://example.com", "policy": {"ttl": 1}, "s3Config": {}}


def refusal(job: object) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parse(job)
    assert caught.value.code == "invalid_request"
    told = [problem.problem + problem.advice for problem in caught.value.problems]
    for value in (FRONT, SIDE):
        assert value not in "".join([str(caught.value), caught.value.advice, *told])
    return caught.value


def problem(job: object) -> str:
    """What is wrong with the job."""
    return refusal(job).problems[0].problem


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
    assert parse(shape(photos)) == REQUEST


@pytest.mark.parametrize(
    "given", [{"overlay_size": 1024}, {"blur_face": False}, {"overlay_size": 300, "blur_face": True}]
)
@pytest.mark.parametrize("include", [{}, {"include": []}, {"include": ["details", "measures"]}])
def test_what_an_overlay_is_like_is_refused_where_none_is_asked_for(given: Any, include: Any) -> None:
    names = ", ".join(f"`{name}`" for name in sorted(given))
    assert problem({**SIMPLE, **include, **given}) == f"{names} without an overlay."
    options = parse({**SIMPLE, "include": ["overlay"], **given}).options
    assert (options.overlay_size, options.blur_face) == (given.get("overlay_size", 1024), given.get("blur_face", False))


@pytest.mark.parametrize("value", [255, 2049, 0, -1024, 1024.5, True, "1024", None, [1024]])
def test_an_overlay_has_one_of_the_sizes_that_there_are(value: object) -> None:
    told = refusal({**SIMPLE, "include": ["overlay"], "overlay_size": value}).problems[0]
    assert told.problem == "the value of `overlay_size` is not one it can have."
    assert told.advice == "`overlay_size` takes a whole number, 256 to 2048."


def test_every_key_of_the_platform_is_ignored_in_a_bare_job() -> None:
    assert parse({**dict.fromkeys(PLATFORM_KEYS - {"input"}, "x"), **SIMPLE}) == REQUEST


@pytest.mark.parametrize(
    "job",
    [
        None,
        "text",
        7,
        [SIMPLE],
        {"input": "text"},
        {"input": [SIMPLE]},
        {"input": {"input": 7}},
        {**SIMPLE, "input": 7},
    ],
)
def test_what_is_no_object_is_refused(job: object) -> None:
    assert "is not a JSON object" in problem(job)


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
    assert named in error.problems[0].problem
    assert error.view is None


@pytest.mark.parametrize(
    ("payload", "view", "told"),
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
def test_a_photo_that_is_not_there_is_named(payload: dict[str, object], view: str | None, told: str) -> None:
    error = refusal({"input": payload})
    assert (error.view, error.problems[0].problem) == (view, told)


@pytest.mark.parametrize(
    "job",
    [
        {"input": {**SIMPLE, "moode": "fast"}},
        {"input": {"input": {**SIMPLE, "moode": 1}}},
        {**SIMPLE, "moode": [FRONT]},
    ],
)
def test_unknown_names_are_refused_by_name(job: dict[str, object]) -> None:
    assert problem(job) == "unknown names: `moode`."


OPTIONS = f"The options are {', '.join(f'`{name}`' for name in RequestOptions.__struct_fields__)}."


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["modes"], "Did you mean `mode`?"),
        (["Mode"], "Did you mean `mode`?"),
        (["cameraRoll"], "Did you mean `camera_roll`?"),
        (["mirror", "colour"], "Did you mean `mirrored`?"),
        (["includes", "camera-roll"], "Did you mean `camera_roll`, `include`?"),
        (["name"], "Leave them out."),
        (["user", "x" * 40], "Leave them out."),
    ],
)
def test_an_unknown_name_is_answered_with_the_options_there_are(names: list[str], told: str) -> None:
    assert refusal({"input": {**SIMPLE, **dict.fromkeys(names, FRONT)}}).advice == f"{told} {OPTIONS}"


def test_a_name_that_is_no_text_is_unknown_like_any_other() -> None:
    """No JSON has such a name; a caller in Python may."""
    assert refusal({"input": {**SIMPLE, 7: 1}}).advice == f"Leave them out. {OPTIONS}"


@pytest.mark.parametrize(
    ("job", "advice"),
    [
        ({"input": SIMPLE, "mode": "fast"}, "Move `mode` into `input`."),
        ({"input": SIMPLE, "mode": "fast", "strict": False}, "Move `mode`, `strict` into `input`."),
        ({"input": {}, **SIMPLE}, "Move `front`, `side` into `input`."),
        ({"input": {"input": SIMPLE, "moode": 1}}, "Leave out `moode`."),
        ({"input": {"input": SIMPLE, "moode": 1, "level": 1}}, "Move `level` into `input`. Leave out `moode`."),
        ({"input": {**SIMPLE, "mode": "fast"}, "mode": "precise"}, "Leave out `mode`."),
    ],
)
def test_what_stands_beside_the_input_is_advised_to_its_place(job: dict[str, object], advice: str) -> None:
    assert refusal(job).advice == advice


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
    assert problem(job) == f"{named} beside `input` instead of in it."


def test_names_in_a_refusal_are_few() -> None:
    told = problem({"input": {**SIMPLE, **{f"name_{number:02}": 1 for number in range(99)}}})
    assert told == "unknown names: `name_00`, " + ", ".join(f"`name_0{n}`" for n in range(1, 10)) + ", ...."


def test_what_may_be_a_picture_is_not_repeated_as_a_name() -> None:
    """As where a client has exchanged names and texts."""
    photo = base64.b64encode(bytes(range(100, 220))).decode()
    assert problem({"input": {**SIMPLE, photo: "front"}}) == "unknown names: `?`."
    assert problem({"input": {**SIMPLE, "x" * 32: 1, "x" * 33: 1}}) == f"unknown names: `?`, `{'x' * 32}`."


def test_the_advice_is_for_both_photos_when_neither_can_be_read() -> None:
    error = refusal({"input": {"front": "", "side": 7}})
    assert (error.view, error.problems[0].problem) == ("front", "`front` is empty.")
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
    shown = repr(parse(SIMPLE))
    assert FRONT not in shown
    assert "b'front'" not in shown


def test_a_text_that_is_no_base64_is_a_finding_in_its_photos_place() -> None:
    """It is told beside what may be wrong with the other photo, and so it is not raised here."""
    request = parse({"front": FRONT, "side": "not base64!", "mode": "fast"})
    assert request.photos["front"] == b"front"
    found = request.photos["side"]
    assert isinstance(found, Finding)
    assert found.code == "invalid_base64"
    assert request.characters == {"front": len(FRONT), "side": len("not base64!")}
    assert request.options.mode == "fast"


def test_options_stand_beside_the_photos_and_have_defaults() -> None:
    assert parse(SIMPLE).options == RequestOptions(
        mode="standard",
        include=frozenset(),
        strict=True,
        calibration="none",
        level="auto",
        camera={},
        camera_roll={},
        mirrored={},
    )
    assert [parse(SIMPLE).options.known_camera(view) for view in views.VIEWS] == [Camera()] * 2
    given = {
        "mode": "precise",
        "include": ["details", "measures"],
        "strict": False,
        "calibration": "anatomical",
        "camera_roll": {"front": -2.5},
        "mirrored": {"side": True},
    }
    for job in ({"input": {**SIMPLE, **given}}, {"input": {"input": {**DETAILED, **given}}}, {**SIMPLE, **given}):
        options = parse(job).options
        assert options == RequestOptions(
            mode="precise",
            include=frozenset({"details", "measures"}),
            strict=False,
            calibration="anatomical",
            camera_roll={"front": -2.5},
            mirrored={"side": True},
        )
        assert options.known_camera(views.FRONT) == Camera(-2.5, focal_35mm=ORDINARY_FOCAL_35MM, source="client")
        assert options.known_camera(views.SIDE) == Camera(mirrored=True)


def test_the_camera_is_told_in_parts_and_its_roll_also_by_its_short_name() -> None:
    told = {"camera": {"front": {"pitch": -10, "focal_35mm": 28}, "side": {"roll": 0}}, "camera_roll": {"front": 2}}
    options = parse({**SIMPLE, **told}).options
    assert options.camera == {"front": Told(pitch=-10, focal_35mm=28), "side": Told(roll=0)}
    assert options.known_camera(views.FRONT) == Camera(2, -10, 28, source="client")
    assert options.known_camera(views.SIDE) == Camera(0, 0, ORDINARY_FOCAL_35MM, source="client")


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"camera": {"side": {"roll": 1}}, "camera_roll": {"side": 1}}, "the roll of the side photo is given twice"),
        ({"level": "none", "camera": {"front": {"roll": 0}}}, "the tilt of the front photo is given"),
        ({"level": "none", "camera": {"front": {"pitch": 3}}}, "the tilt of the front photo is given"),
        ({"level": "none", "camera_roll": {"side": 3}}, "the tilt of the side photo is given"),
    ],
)
def test_what_is_said_twice_or_denied_about_the_camera_is_refused(told: dict[str, Any], problem: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse({**SIMPLE, **told})
    assert (caught.value.code, caught.value.view) == ("invalid_request", None)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "told",
    [
        {"level": "none", "camera": {"front": {"focal_35mm": 28}}},
        {"camera": {"front": {"roll": 1}}, "camera_roll": {"side": 1}},
        {"camera": {"front": {"roll": None, "pitch": -3}}, "camera_roll": {"front": 1}},
        {"camera": {"front": {}}},
    ],
)
def test_what_does_not_contradict_itself_about_the_camera_is_taken(told: dict[str, Any]) -> None:
    assert parse({**SIMPLE, **told}).options.camera.keys() == {"front"}


def test_a_photos_own_gravity_is_not_used_where_none_is_asked_for() -> None:
    said = Said(gravity=(0.0, -1.0, 0.0), focal_35mm=28)
    assert parse({**SIMPLE, "level": "none"}).options.known_camera(views.FRONT, said) == Camera(focal_35mm=28)
    assert parse(SIMPLE).options.known_camera(views.FRONT, said) == Camera(0, 0, 28, source="photo")


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, False), ({"level": "lines"}, True), ({"include": ["measures"]}, True), ({"strict": False}, True)],
)
def test_edges_are_looked_for_where_the_answer_tells_of_them(options: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    assert parse({**SIMPLE, **options}).options.looks_for_lines is expected


def test_the_operators_defaults_hold_where_the_client_does_not_say() -> None:
    defaults = RequestOptions(calibration="anatomical")
    assert parse({**SIMPLE, "mode": "fast"}, defaults).options == RequestOptions(mode="fast", calibration="anatomical")
    assert parse({**SIMPLE, "calibration": "none"}, defaults).options == RequestOptions()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "slow"), ("mode", FRONT), ("mode", None), ("mode", 1), ("mode", ["fast"]),
        ("include", "details"), ("include", ["detail"]), ("include", [FRONT]), ("include", {"details": True}),
        ("strict", "false"), ("strict", 0), ("strict", None),
        ("calibration", "tragus"), ("calibration", True),
        ("level", "level"), ("level", None), ("camera", 3), ("camera", {"back": {}}), ("camera", {"front": 3}),
        ("camera", {"front": {"yaw": 1}}), ("camera", {"front": {"roll": 181}}), ("camera", {"front": {"roll": "1"}}),
        ("camera", {"side": {"pitch": -46}}), ("camera", {"side": {"pitch": True}}),
        ("camera", {"side": {"focal_35mm": 7.9}}), ("camera", {"side": {"focal_35mm": 301}}),
        ("camera", {"side": {"pitch": float("nan")}}),
        ("camera_roll", 3), ("camera_roll", {"front": "3"}), ("camera_roll", {"front": True}),
        ("camera_roll", {"front": float("nan")}), ("camera_roll", {"side": 181}), ("camera_roll", {"back": 1}),
        ("mirrored", True), ("mirrored", {"front": 1}), ("mirrored", {FRONT: True}),
    ],
)  # fmt: skip
def test_a_value_that_an_option_cannot_have_is_refused_and_not_shown(name: str, value: object) -> None:
    error = refusal({**SIMPLE, name: value})
    assert error.problems[0].problem == f"the value of `{name}` is not one it can have."
    assert error.advice.startswith(f"`{name}` takes ")


def test_options_beside_the_input_instead_of_in_it_are_refused() -> None:
    assert problem({"input": SIMPLE, "mode": "fast"}) == "`mode` beside `input` instead of in it."
