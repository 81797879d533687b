"""What RunPod's Hub reads (.runpod/), held against the fields that its publishing guide documents and the handler."""

import base64
import io
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image
from runpod.serverless.modules import rp_logger

from deploy.demo import compare
from docs import hub_photos
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from posture.worker.settings import VARIABLES, Settings, read
from posture.worker.worker import Worker
from testing import DEMO, TOP

HUB: dict[str, Any] = json.loads((TOP / ".runpod" / "hub.json").read_text())
TESTS: dict[str, Any] = json.loads((TOP / ".runpod" / "tests.json").read_text())
ENDPOINT: dict[str, Any] = json.loads((TOP / "runpod_config.json").read_text())["endpoint"]

TEXT = {"type": "string", "minLength": 1}


def fields(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The schema of an object with these fields and no others."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def input_field(kind: str, more: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    shared = {"name": TEXT, "type": {"const": kind}, "description": TEXT, "default": default}
    return fields(shared, {**more, "advanced": {"type": "boolean"}})


NUMBER = {"type": "number"}
OPTIONS = {"type": "array", "minItems": 1, "items": fields({"label": TEXT, "value": TEXT})}
ENV = {
    "type": "array",
    "items": {
        "oneOf": [
            fields({"key": TEXT, "value": {"type": "string"}}),
            fields({"key": TEXT, "input": input_field("string", {"options": OPTIONS}, {"type": "string"})}),
            fields({"key": TEXT, "input": input_field("number", {"min": NUMBER, "max": NUMBER}, NUMBER)}),
        ]
    },
}
HUB_FIELDS = fields(
    {
        "title": TEXT,
        "description": TEXT,
        "type": {"const": "serverless"},
        "category": {"enum": ["audio", "embedding", "language", "video", "image"]},
        "config": fields(
            {"runsOn": {"const": "CPU"}, "containerDiskInGb": {"type": "integer"}, "cpuFlavor": TEXT}, {"env": ENV}
        ),
    },
    {"iconUrl": {"type": "string", "format": "uri"}},
)
CASE = fields({"name": TEXT, "input": {"type": "object"}}, {"timeout": {"type": "integer", "minimum": 1000}})
TESTS_FIELDS = fields(
    {
        "tests": {"type": "array", "minItems": 3, "items": CASE},
        "config": fields(
            {"cpuFlavor": TEXT}, {"env": {"type": "array", "items": fields({"key": TEXT, "value": {"type": "string"}})}}
        ),
    }
)


@pytest.mark.parametrize(("document", "schema"), [(HUB, HUB_FIELDS), (TESTS, TESTS_FIELDS)])
def test_the_files_have_the_documented_fields_and_no_others(document: Any, schema: Any) -> None:
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def test_the_repository_has_the_files_that_the_hub_wants() -> None:
    assert (TOP / ".runpod" / "handler.py").resolve() == TOP / "runpod_handler.py"
    assert (TOP / ".runpod" / "README.md").is_file()
    assert (TOP / "Dockerfile").is_file()


def test_the_hub_gives_what_the_endpoint_of_runpod_config_gets() -> None:
    config = HUB["config"]
    assert config["cpuFlavor"] == TESTS["config"]["cpuFlavor"] == ENDPOINT["cpu"][0]["id"]
    assert config["containerDiskInGb"] == ENDPOINT["disk"]
    static = {entry["key"]: entry["value"] for entry in config["env"] if "value" in entry}
    assert static == ENDPOINT["env"]
    assert {entry["key"]: entry["value"] for entry in TESTS["config"]["env"]} == ENDPOINT["env"]


INPUTS = {entry["key"]: entry["input"] for entry in HUB["config"]["env"] if "input" in entry}


def test_every_input_is_a_setting_of_the_worker_and_stands_in_the_guide() -> None:
    guide = (TOP / "RUNPOD_DEPLOYMENT.md").read_text()
    settings = guide.partition("3. Environment variables\n")[2].partition("\n## ")[0]
    assert [key for key in INPUTS if key not in {variable.name for variable in VARIABLES}] == []
    assert [key for key in INPUTS if f"| `{key}` |" not in settings] == []


def test_every_setting_is_offered_but_the_models_places_which_are_the_images() -> None:
    places = {which.variable for which in files.PUBLISHED}
    assert {variable.name for variable in VARIABLES} - set(INPUTS) == places


def test_the_defaults_are_those_of_a_worker_with_the_endpoints_processors() -> None:
    cores = ENDPOINT["cpu"][0]["vcpuCount"]
    settings = read({"POSTURE_LANDMARKERS": str(cores)})
    assert INPUTS["POSTURE_LANDMARKERS"]["default"] == cores
    assert INPUTS["POSTURE_CONCURRENCY"]["default"] == settings.concurrency
    assert INPUTS["POSTURE_CALIBRATION"]["default"] == settings.calibration
    assert INPUTS["POSTURE_PLAIN_START"]["default"] == "0"
    assert f"RUNPOD_MIN_MEMORY_GB={INPUTS['RUNPOD_MIN_MEMORY_GB']['default']}" in (TOP / "Dockerfile").read_text()


@pytest.mark.parametrize(
    ("name", "setting"), [("POSTURE_LANDMARKERS", "landmarkers"), ("POSTURE_CONCURRENCY", "concurrency")]
)
def test_the_worker_takes_both_ends_of_a_number(name: str, setting: str) -> None:
    for number in (INPUTS[name]["min"], INPUTS[name]["default"], INPUTS[name]["max"]):
        assert getattr(read({name: str(number)}), setting) == number


def test_the_worker_takes_every_calibration_that_is_offered() -> None:
    for option in INPUTS["POSTURE_CALIBRATION"]["options"]:
        assert read({"POSTURE_CALIBRATION": option["value"]}).calibration == option["value"]


def test_the_log_levels_are_the_sdks_and_debug_which_shows_photos_is_not_offered() -> None:
    levels = [option["value"] for option in INPUTS["RUNPOD_LOG_LEVEL"]["options"]]
    assert set(levels) == set(rp_logger.LOG_LEVELS) - {"NOTSET", "TRACE", "DEBUG"}
    assert INPUTS["RUNPOD_LOG_LEVEL"]["default"] in levels


@pytest.mark.parametrize("number", range(len(TESTS["tests"])))
def test_the_handler_measures_every_case(pool: LandmarkerPool, demo: dict[str, Any], number: int) -> None:
    worker = Worker(lambda: pool, lambda: Settings(1, 1, "none"), rp_logger.RunPodLogger())
    answer = worker.handle({"id": "hub", "input": TESTS["tests"][number]["input"]})
    assert isinstance(answer, dict)
    assert answer["status"] == "success"
    assert compare(demo["pairs"][number], demo["margins"], answer)[1] == 0


def pasted(number: int) -> Any:
    """A JSON document of the Hub's README."""
    text = (TOP / ".runpod" / "README.md").read_text()
    return json.loads(text.split("```json\n")[1 + number].partition("```")[0])


def test_the_request_to_paste_is_small_and_answered_as_the_readme_says(pool: LandmarkerPool) -> None:
    request, answer = pasted(0), pasted(1)
    assert len(json.dumps(request)) < 8_000
    measured: Any = Worker(lambda: pool, lambda: Settings(1, 1, "none"), rp_logger.RunPodLogger()).handle(
        {"id": "hub", **request}
    )
    assert answer.keys() == measured.keys()
    for view, angles in measured["data"].items():
        assert answer["data"][view] == pytest.approx(angles, abs=0.1)  # another processor may round otherwise


@pytest.mark.parametrize("case", hub_photos.CASES, ids=lambda case: case.name)
def test_the_command_that_makes_the_photos_made_these(case: hub_photos.Case, demo: dict[str, Any]) -> None:
    (found,) = (entry for entry in TESTS["tests"] if entry["name"] == case.name)
    for field, view in zip(case.fields, ("front", "side"), strict=True):
        text = found["input"][field]
        made = hub_photos.small(demo["pairs"][case.pair][view], case.height, case.quality)
        assert text.startswith(case.prefix)
        there, new = (np.asarray(opened(each), dtype=float) for each in (text.removeprefix(case.prefix), made))
        assert np.abs(there - new).mean() < 0.5


def opened(text: str) -> Image.Image:
    """The picture in a base64 text."""
    return Image.open(io.BytesIO(base64.b64decode(text)))


@pytest.mark.parametrize("number", range(len(TESTS["tests"])))
def test_every_case_is_a_demo_pair_made_small(demo: dict[str, Any], number: int) -> None:
    pair, photos = demo["pairs"][number], TESTS["tests"][number]["input"]
    for view in ("front", "side"):
        text = photos.get(view) or photos[f"{view}_image"]
        assert len(text) < 15_000
        with Image.open(io.BytesIO(base64.b64decode(text.rpartition(",")[2]))) as small:
            shown = np.asarray(small.convert("L"), dtype=float)
            with Image.open(DEMO / pair[view]) as photo:
                original = np.asarray(photo.convert("L").resize(small.size), dtype=float)
        assert np.abs(shown - original).mean() < 3


def test_the_cases_differ_in_spelling_and_form() -> None:
    forms = {(*case["input"], next(iter(case["input"].values()))[:5]) for case in TESTS["tests"]}
    assert forms == {("front", "side", "/9j/4"), ("front_image", "side_image", "/9j/4"), ("front", "side", "data:")}


def test_one_command_puts_the_repository_in_the_place_of_the_placeholder(tmp_path: Path) -> None:
    contributing = (TOP / "CONTRIBUTING.md").read_text()
    command = re.search(r"^sed -i .*$", contributing, re.MULTILINE)
    assert command
    texts = [*TOP.glob("*.*"), *TOP.glob("docs/**/*.*"), *TOP.glob(".runpod/*.*"), *TOP.glob(".github/**/*.*")]
    holding = {
        str(file.relative_to(TOP))
        for file in texts
        if file.suffix in (".md", ".json", ".py", ".sh", ".toml", ".yml") and "OWNER/REPO" in file.read_text()
    }
    for name in holding:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(TOP / name, tmp_path / name)
    subprocess.run(["bash", "-c", command[0]], cwd=tmp_path, check=True)  # noqa: S607
    left = {name for name in holding if "OWNER/REPO" in (tmp_path / name).read_text()}
    assert left == {"CONTRIBUTING.md"}
    assert "(https://github.com/you/your-repository/issues)" in (tmp_path / "RUNPOD_DEPLOYMENT.md").read_text()
