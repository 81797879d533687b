"""The schemas in runpod_config.json, held against what the handler takes and answers, and against the README."""

import json
import re
from typing import Any, TypeVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from PIL import Image

from deploy import config
from posture import errors
from posture.angles import of_plane
from posture.errors import Finding, RequestError, refusal
from posture.landmarks import Landmarks, Pixels
from posture.models.mediapipe import LandmarkerPool
from posture.options import Calibration, Mode
from posture.views import VIEWS
from posture.wire.answer import failure
from posture.wire.base64_text import MAX_ENCODED_LENGTH
from posture.wire.request import SPELLINGS, Include, RequestOptions, parse
from posture.worker.settings import read
from posture.worker.worker import LATE, Pool, Worker
from testing import DEMO, TOP
from testing.builders import FakeLog, FakePool, picture
from testing.pictures import base64_text, encoded

_Result = TypeVar("_Result")

CONFIG = config.load()
INPUT, OUTPUT = (Draft202012Validator(schema) for schema in (CONFIG.input_schema, CONFIG.output_schema))
DEFINITIONS = CONFIG.output_schema["$defs"]
CODES = DEFINITIONS["refusal"]["properties"]["code"]["enum"]

FRONT, SIDE = (base64_text((DEMO / f"{view}_image.jpg").read_bytes()) for view in ("front", "side"))
EMPTY_ROOM = encoded(picture(480, 640, color="lightgray"))


@pytest.mark.parametrize("schema", [CONFIG.input_schema, CONFIG.output_schema])
def test_the_schemas_are_json_schema_2020_12(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)


def answer(pool: Pool, photos: Any) -> dict[str, Any]:
    """The handler's answer, after the JSON that it travels in."""
    said = Worker(lambda: pool, lambda: read({}), FakeLog()).handle({"id": "job-1", "input": photos})
    sent: dict[str, Any] = json.loads(json.dumps(said))
    return sent


@pytest.mark.parametrize(
    "photos",
    [
        {"front": FRONT, "side": SIDE},
        {"front_image": FRONT, "side_image": SIDE},
        {"front": f"data:image/jpeg;base64,{FRONT}", "side": SIDE.rstrip("=").replace("+", "-").replace("/", "_")},
        {"front": FRONT, "side": f"\n{SIDE[:76]}\r\n{SIDE[76:]}\n"},
        {"front": FRONT, "side": SIDE, "mode": "fast", "include": ["details", "landmarks", "measures"]},
        {"front": FRONT, "side": SIDE, "strict": False, "calibration": "anatomical"},
        {"front": FRONT, "side": SIDE, "camera_roll": {"front": 1.5}, "mirrored": {"side": True}},
        {
            "front": FRONT,
            "side": SIDE,
            "level": "lines",
            "camera": {"side": {"pitch": -5, "focal_35mm": 28}},
            "include": ["details"],
        },
    ],
)
def test_a_good_job_is_in_the_input_schema_and_its_answer_is_a_success(pool: LandmarkerPool, photos: Any) -> None:
    said = answer(pool, photos)
    assert list(INPUT.iter_errors(photos)) == []
    assert list(OUTPUT.iter_errors(said)) == []
    assert said["status"] == "success"


def test_what_is_measured_with_warnings_is_in_the_schemas(pool: LandmarkerPool) -> None:
    photos = {"front": SIDE, "side": FRONT, "strict": False}
    said = answer(pool, photos)
    assert list(INPUT.iter_errors(photos)) == []
    assert list(OUTPUT.iter_errors(said)) == []
    assert said["data"]["details"]["front_view"]["warnings"][0]["code"] == "views_swapped"


def test_a_refusal_of_both_photos_is_in_the_output_schema(pool: LandmarkerPool) -> None:
    said = answer(pool, {"front": EMPTY_ROOM, "side": FRONT})
    assert list(OUTPUT.iter_errors(said)) == []
    told = [(problem["view"], problem["code"]) for problem in said["problems"]]
    assert told == [("front", "no_person"), ("side", "wrong_view")]


BAD = {
    "invalid_request": {"front": FRONT},
    "image_too_large": {"front": "A" * (MAX_ENCODED_LENGTH + 1), "side": SIDE},
    "invalid_base64": {"front": "not base64!", "side": SIDE},
    "url_not_allowed": {
        "front": FRONT,
        "side": "https://bucket.s3.eu-central-1.amazonaws.com/side.jpg?X-Amz-Signature=0f",
    },
    "unsupported_format": {"front": FRONT, "side": base64_text(b"GIF89a, or so")},
    "corrupt_image": {"front": FRONT, "side": SIDE[: len(SIDE) // 2]},
    "image_too_small": {"front": encoded(picture(80, 60)), "side": SIDE},
    "too_many_pixels": {"front": encoded(Image.new("1", (10_000, 5_001))), "side": SIDE},
    "no_person": {"front": FRONT, "side": EMPTY_ROOM},
}


@pytest.mark.parametrize("code", BAD)
def test_a_bad_job_is_answered_with_a_refusal(pool: LandmarkerPool, code: str) -> None:
    said = answer(pool, BAD[code])
    assert said["code"] == code
    assert list(OUTPUT.iter_errors(said)) == []
    # What is wrong with the request and its sizes the schema can say; what is in a photo it cannot.
    assert INPUT.is_valid(BAD[code]) == (code not in ("invalid_request", "image_too_large"))


def test_a_defect_is_answered_with_a_refusal() -> None:
    def defect(pixels: Pixels) -> list[Landmarks]:
        raise RuntimeError(f"a defect at a picture of {pixels.shape}")

    broken = FakePool(defect)
    said = answer(broken, {"front": FRONT, "side": SIDE})
    assert said["code"] == "internal_error"
    assert broken.given_up == []
    assert "problems" not in said
    assert list(OUTPUT.iter_errors(said)) == []


def test_a_job_that_is_not_done_in_time_is_answered_with_a_refusal() -> None:
    assert LATE.answer["code"] == "timeout"
    assert "problems" not in LATE.answer
    assert list(OUTPUT.iter_errors(LATE.answer)) == []


# How each comes about is tested in tests/posture/ and tests/worker/.
UNFIT = [
    "fetch_failed",
    "several_people", "person_cropped", "person_too_small", "not_upright", "back_view", "wrong_view", "views_swapped",
    "oblique_view", "low_confidence",
]  # fmt: skip


@pytest.mark.parametrize("code", UNFIT)
def test_a_photo_that_is_unfit_is_answered_with_a_refusal(code: str) -> None:
    said = failure(refusal([Finding(code, "something is wrong.", "Do it again.", "side")]))
    assert list(OUTPUT.iter_errors(said)) == []
    assert said["code"] == code


def test_every_code_is_met_above_and_stands_in_the_readme() -> None:
    assert sorted(CODES) == sorted([*BAD, *UNFIT, "internal_error", "timeout"])
    refusals = (TOP / "README.md").read_text().partition("\n## Refusals\n")[2].partition("\n## ")[0]
    refused, warned = refusals.split("Some codes only ever warn")
    assert sorted(CODES) == sorted(re.findall(r"^\| `(\w+)` \|", refused, re.MULTILINE))
    only_warn = re.findall(r"^\| `(\w+)` \|", warned, re.MULTILINE)
    assert sorted(errors.CODES) == sorted([*CODES, *only_warn])
    warning = DEFINITIONS["details"]["properties"]["warnings"]["items"]["properties"]
    assert sorted(warning["code"]["enum"]) == sorted(errors.CODES)


@pytest.mark.parametrize("wrong", [{"status": "success"}, {}, [], None, {"status": "error", "error": "no"}])
def test_other_answers_are_not_in_the_output_schema(wrong: object) -> None:
    assert not OUTPUT.is_valid(wrong)


@pytest.mark.parametrize("value", [None, "3.1", True, 181])
def test_an_angle_is_a_number_of_degrees(value: object) -> None:
    data: dict[str, Any] = {
        view.key: {measure.name: 1.5 for measure in of_plane(view.plane) if measure.core} for view in VIEWS
    }
    said = {"status": "success", "data": data, "message": "Posture analysis completed successfully"}
    assert OUTPUT.is_valid(said)
    data["side_view"]["neck_tilt"] = value
    assert not OUTPUT.is_valid(said)


def test_the_angles_are_those_that_are_measured() -> None:
    views = DEFINITIONS["success"]["properties"]["data"]["properties"]
    described = {(view, name) for view in ("front", "side") for name in views[f"{view}_view"]["properties"]}
    assert described == {
        (view.name, measure.name) for view in VIEWS for measure in of_plane(view.plane) if measure.core
    }
    assert len(described) == 8


def test_the_photos_names_and_size_are_the_handlers() -> None:
    properties = CONFIG.input_schema["properties"]
    assert {name for spelling in SPELLINGS for name in spelling} <= set(properties)
    assert CONFIG.input_schema["$defs"]["photo"]["maxLength"] == MAX_ENCODED_LENGTH


NAMES = st.sampled_from([*(name for spelling in SPELLINGS for name in spelling), "Front", "images", ""])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["", " ", "\n\t", FRONT[:40]]), st.text())


def is_taken(given: object) -> bool:
    """Whether the handler takes this as the input of a job, before it reads the photos."""
    try:
        parse({"id": "job-1", "input": given})
    except RequestError:
        return False
    return True


@given(st.one_of(st.dictionaries(NAMES, VALUES), st.lists(VALUES), st.text(), st.integers()))
def test_the_input_schema_refuses_just_what_the_handler_refuses(photos: Any) -> None:
    assert INPUT.is_valid(photos) == is_taken(photos)


OPTION_NAMES = st.sampled_from([*RequestOptions.__struct_fields__, "Mode"])
WORDS = st.sampled_from([*get_args(Mode), *get_args(Calibration), *get_args(Include), "", "fastest"])
ATOMS = st.one_of(st.none(), st.booleans(), st.integers(-200, 200), st.floats(-200, 200), WORDS)
OF_VIEWS = st.dictionaries(st.sampled_from(["front", "side", "back", ""]), ATOMS)


@given(st.dictionaries(OPTION_NAMES, st.one_of(ATOMS, st.lists(ATOMS), st.lists(WORDS), OF_VIEWS), max_size=2))
def test_the_input_schema_refuses_just_the_options_that_the_handler_refuses(options: dict[str, Any]) -> None:
    job = {"front": FRONT[:40], "side": SIDE[:40], **options}
    assert INPUT.is_valid(job) == is_taken(job)
