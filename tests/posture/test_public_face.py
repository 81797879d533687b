"""What `import posture` gives: measuring in a line, without the wire, and nothing loaded before it is needed."""

import io
import json
import subprocess
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from inspect import signature
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import posture
from posture.options import Options
from posture.views import VIEWS
from posture.worker.settings import Settings
from posture.worker.worker import Worker
from testing import DEMO, TOP
from testing.builders import StrictLog
from testing.environment import python
from testing.pictures import base64_text

FRONT, SIDE = DEMO / "front_image.jpg", DEMO / "side_image.jpg"

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(pool: posture.LandmarkerPool) -> Ask:
    """The worker's answer to the photos in files, with options."""
    worker = Worker(lambda: pool, lambda: Settings(1, 1, "none"), StrictLog())

    def ask(front: Path, side: Path, **options: Any) -> dict[str, Any]:
        photos = {"front": base64_text(front.read_bytes()), "side": base64_text(side.read_bytes())}
        said = worker.handle({"input": {**photos, **options}})
        assert isinstance(said, dict)
        return said

    return ask


def test_photos_are_paths_bytes_or_open_files(pool: posture.LandmarkerPool) -> None:
    expected = posture.measure(FRONT, SIDE, model=pool).answer()
    assert posture.measure(str(FRONT), SIDE.read_bytes(), model=pool).answer() == expected
    assert (
        posture.measure(memoryview(FRONT.read_bytes()), bytearray(SIDE.read_bytes()), model=pool).answer() == expected
    )
    with SIDE.open("rb") as side:
        assert posture.measure(io.BytesIO(FRONT.read_bytes()), side, model=pool).answer() == expected


def test_the_answer_is_the_workers_to_the_last_bit(pool: posture.LandmarkerPool, ask: Ask) -> None:
    include = ["details", "landmarks", "measures", "overlay"]
    options: dict[str, Any] = {
        "mode": "fast",
        "calibration": "anatomical",
        "camera_roll": {"front": 1.5},
        "mirrored": {"side": True},
    }
    for given in ({}, options, {**options, "strict": False}):
        measurement = posture.measure(FRONT, SIDE, model=pool, **given)
        for asked in (include, []):
            assert measurement.answer(asked) == ask(FRONT, SIDE, include=asked, **given)


def test_a_measurement_holds_what_was_measured(pool: posture.LandmarkerPool) -> None:
    measurement = posture.measure(FRONT, SIDE, model=pool, calibration="anatomical")
    answer = measurement.answer(["details"])["data"]
    assert list(measurement.views) == [view.name for view in VIEWS]
    for of in (measurement.front, measurement.side):
        told = answer["details"][of.view.key]["angles"]
        rows = [row for row in posture.MEASURES if row.plane is of.view.plane]
        assert list(of.angles) == list(told) == [row.name for row in rows if row.core]
        assert list(of.measures) == [row.name for row in rows if not row.core]
        for name, reading in of.angles.items():
            assert reading.measure in [variant for row in rows for variant in row.variants]
            assert round(reading.value, 2) == told[name]["value"]
            assert round(reading.uncalibrated, 2) == told[name]["uncalibrated"]
            assert round(reading.uncertainty, 2) == told[name]["uncertainty"] > 0
        assert of.landmarks.points.shape == (33, 2)
        assert of.warnings == ()
    assert measurement.side.camera.roll == 0
    with pytest.raises(FrozenInstanceError):
        measurement.model = "another"  # type: ignore[misc]


def test_a_refusal_is_raised_with_every_problem(pool: posture.LandmarkerPool) -> None:
    with pytest.raises(posture.PostureError) as caught:
        posture.measure(b"no picture", b"\x89PNG\r\n\x1a\n", model=pool)
    assert isinstance(caught.value, posture.ImageError)
    assert (caught.value.code, caught.value.view) == ("unsupported_format", "front")
    assert [(problem.view, problem.code) for problem in caught.value.problems] == [
        ("front", "unsupported_format"),
        ("side", "corrupt_image"),
    ]


def test_an_option_that_has_no_such_value_is_refused() -> None:
    with pytest.raises(posture.RequestError, match="`mode`"):
        posture.measure(FRONT, SIDE, mode="slow")  # type: ignore[arg-type]
    with pytest.raises(posture.RequestError, match="`mirrored`"):
        posture.measure(FRONT, SIDE, mirrored={"back": True})


def test_its_options_are_those_of_a_request() -> None:
    parameters = signature(posture.measure).parameters
    keywords = [name for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY]
    fields = msgspec.structs.fields(Options)
    assert keywords == ["model", *(field.name for field in fields)]
    for field in fields:
        default = parameters[field.name].default
        assert (default or {}) == (getattr(Options(), field.name) or {})


@pytest.mark.parametrize("wrong", [{"mirrored": 3}, {"camera_roll": ["front"]}, {"camera_roll": {"front": "1"}}])
def test_an_option_of_another_type_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(posture.RequestError, match=next(iter(wrong))):
        posture.measure(FRONT, SIDE, **wrong)


def test_a_roll_may_be_a_float_of_numpys(pool: posture.LandmarkerPool) -> None:
    told = [posture.measure(FRONT, SIDE, model=pool, mode="fast", camera_roll=roll).answer()
            for roll in ({"front": 3.0}, {"front": np.float64(3)})]  # fmt: skip
    assert told[0] == told[1]


def test_an_answer_does_not_include_what_there_is_not(pool: posture.LandmarkerPool) -> None:
    with pytest.raises(ValueError, match=r"cannot include landmark$"):
        posture.measure(FRONT, SIDE, model=pool, mode="fast").answer(["landmark"])


@pytest.mark.parametrize("number", [0, -1])
def test_a_model_without_landmarkers_cannot_be_opened(number: int) -> None:
    with pytest.raises(ValueError, match="at least one landmarker"):
        posture.open_model(number)


def test_a_model_is_opened_for_one_call_where_none_is_given() -> None:
    assert posture.measure(FRONT, SIDE, mode="fast").answer()["status"] == "success"


def test_a_file_that_is_not_there_is_told_as_such() -> None:
    with pytest.raises(FileNotFoundError):
        posture.measure("nowhere.jpg", SIDE)


def run(program: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return python(home, TOP, "-c", program, **environment)


@pytest.mark.parametrize("more", [set[str](), {"posture.exif"}])
def test_importing_it_loads_nothing_heavy(tmp_path: Path, more: set[str]) -> None:
    imports = ", ".join(["sys", "json", "posture", *more])
    ran = run(f"import {imports}; print(json.dumps([posture.__version__, *sys.modules]))", tmp_path)
    assert ran.returncode == 0, ran.stderr
    version, *modules = json.loads(ran.stdout)
    assert version == posture.__version__
    heavy = {"numpy", "cv2", "mediapipe", "msgspec", "PIL", "runpod", "asyncio", "importlib.metadata", "httpx"}
    assert heavy & set(modules) == set()
    assert more or "dataclasses" not in modules
    assert {name for name in modules if name.startswith("posture")} == {"posture"} | more


def test_without_the_model_it_ends_in_one_sentence_with_the_command(tmp_path: Path) -> None:
    ran = run(f"import posture; posture.measure({str(FRONT)!r}, {str(SIDE)!r})", tmp_path)
    last = ran.stderr.rstrip().splitlines()[-1]
    assert last.startswith("posture.models.files.ModelError: The pose model is missing")
    assert last.endswith("Run: python -m posture.model fetch")


MEASURE, OPEN_MODEL, MEASURES = "posture.measure(b'', b'')", "posture.open_model()", "posture.MEASURES"


@pytest.mark.parametrize(
    ("library", "asked"),
    [
        ("numpy", MEASURE), ("numpy", OPEN_MODEL), ("numpy", MEASURES), ("numpy", "posture.Measurement"),
        ("mediapipe", MEASURE), ("mediapipe", OPEN_MODEL), ("mediapipe", "posture.LandmarkerPool"),
        ("msgspec", MEASURE), ("msgspec", "posture.Reading"),
        ("cv2", MEASURE),
    ],
)  # fmt: skip
def test_without_the_extra_it_ends_in_one_sentence_with_the_command(tmp_path: Path, library: str, asked: str) -> None:
    ran = run(f"import sys; sys.modules[{library!r}] = None; import posture; {asked}", tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.rstrip().splitlines()[-1] == (
        f"posture.errors.NotInstalledError: Measuring needs {library}, which is not installed. "
        "Run: pip install 'posture-measurement[measure]', or in a checkout: pip install '.[measure]'"
    )


@pytest.mark.parametrize("library", ["mediapipe", "msgspec", "cv2"])
def test_the_table_of_measures_needs_neither_the_model_nor_the_options(tmp_path: Path, library: str) -> None:
    program = f"import sys; sys.modules[{library!r}] = None; import posture; print(len(posture.MEASURES))"
    ran = run(program, tmp_path)
    assert (ran.returncode, ran.stdout) == (0, f"{len(posture.MEASURES)}\n"), ran.stderr


def test_another_library_that_is_missing_is_told_as_such(tmp_path: Path) -> None:
    ran = run("import sys; sys.modules['PIL'] = None; import posture; posture.measure(b'', b'')", tmp_path)
    assert ran.stderr.rstrip().splitlines()[-1].startswith("ModuleNotFoundError: ")


def test_every_public_name_is_there() -> None:
    assert [name for name in posture.__all__ if not hasattr(posture, name)] == []
    with pytest.raises(AttributeError, match="has no attribute 'measures'"):
        posture.measures  # noqa: B018
