"""The door: what RunPod's SDK calls, and how the program begins. What is answered: tests/worker/test_answering.py."""

import asyncio
import inspect
import subprocess
from pathlib import Path
from typing import Any

import pytest

import runpod_handler
from posture.worker.settings import LOG_LEVELS
from testing import TOP
from testing.environment import python as environment_python
from testing.worker import own

EMPTY = {"id": "job-1", "input": {}}  # is refused before a landmarker is needed

# No setting of the worker can be read.
NONSENSE = {
    "POSTURE_LANDMARKERS": "nonsense",
    "POSTURE_CONCURRENCY": "nonsense",
    "POSTURE_CALIBRATION": "nonsense",
    "POSTURE_JOB_TIMEOUT": "nonsense",
    "POSTURE_GRACE": "nonsense",
    "POSTURE_URL_HOSTS": "nonsense",
    "POSTURE_MODEL": "/nowhere/nonsense.task",
}


def python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter as a worker has it."""
    return environment_python(folder, TOP, *arguments, **{**own(folder), **environment})


def test_where_no_event_loop_runs_the_handler_returns_the_answer() -> None:
    answer = runpod_handler.handler(EMPTY)
    assert isinstance(answer, dict)
    assert (answer["status"], answer["code"]) == ("error", "invalid_request")


def test_on_an_event_loop_the_handler_returns_an_awaitable_of_the_answer() -> None:
    async def run() -> Any:
        coming = runpod_handler.handler(EMPTY)
        assert inspect.isawaitable(coming)
        return await coming

    assert asyncio.run(run()) == runpod_handler.handler(EMPTY)


def test_closing_before_anything_is_opened_does_nothing_and_the_handler_answers_still() -> None:
    runpod_handler.close()
    answer = runpod_handler.handler(EMPTY)
    assert isinstance(answer, dict)
    assert answer["code"] == "invalid_request"


def test_the_line_about_a_job_is_written_by_the_sdks_logger(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runpod_handler.handler(EMPTY)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("INFO   | job-1 | status=invalid_request view=None ms=")
    monkeypatch.setenv("RUNPOD_ENDPOINT_ID", "endpoint")  # then the SDK writes JSON
    runpod_handler.handler(EMPTY)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith('{"requestId": "job-1", "message": "status=invalid_request view=None ms=')


@pytest.mark.parametrize("job_id", ["a\nERROR  | forged", "\ud800", "x" * 1000, ["deep"] * 3, {}, 7, None])
def test_a_jobs_id_is_one_line_of_the_log_whatever_it_is(capsys: pytest.CaptureFixture[str], job_id: object) -> None:
    runpod_handler.handler({**EMPTY, "id": job_id})
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("INFO   |")
    assert len(line) < 200


def test_importing_it_reads_no_setting_of_the_worker(tmp_path: Path) -> None:
    ran = python(tmp_path, "-c", "import runpod_handler; print(sorted(vars(runpod_handler)))", **NONSENSE)
    assert ran.returncode == 0, ran.stderr
    assert {"handler", "close"} <= set(ran.stdout.split("'"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("POSTURE_LANDMARKERS", "POSTURE_LANDMARKERS must be a positive whole number, not 'nonsense'."),
        ("POSTURE_CONCURRENCY", "POSTURE_CONCURRENCY must be a positive whole number, not 'nonsense'."),
        ("POSTURE_JOB_TIMEOUT", "POSTURE_JOB_TIMEOUT must be a positive whole number, not 'nonsense'."),
        ("POSTURE_GRACE", "POSTURE_GRACE must be a positive whole number, not 'nonsense'."),
        ("RUNPOD_LOG_LEVEL", f"RUNPOD_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not 'nonsense'."),
        ("POSTURE_CALIBRATION", "POSTURE_CALIBRATION must be one of none, anatomical, not 'nonsense'."),
        (
            "POSTURE_URL_HOSTS",
            (
                "POSTURE_URL_HOSTS must be exact names of hosts separated by commas, such as "
                "bucket.s3.eu-central-1.amazonaws.com, each perhaps with :port, without https://, paths, wildcards and "
                "IP addresses, not 'nonsense'."
            ),
        ),
        (
            "POSTURE_MODEL",
            "The pose model is missing: there is no /nowhere/nonsense.task. Run: python -m posture.model fetch",
        ),
    ],
)
def test_a_setting_that_cannot_be_ends_the_program_with_a_sentence(tmp_path: Path, name: str, told: str) -> None:
    ran = python(tmp_path, "runpod_handler.py", **{name: NONSENSE.get(name, "nonsense")})
    assert ran.returncode == 1
    assert (ran.stdout, ran.stderr) == ("", f"The worker cannot start: {told}\n")


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({}, "INFO"),
        ({"RUNPOD_LOG_LEVEL": ""}, "INFO"),
        ({"RUNPOD_LOG_LEVEL": "error"}, "ERROR"),
        ({"RUNPOD_DEBUG_LEVEL": "WARN"}, "WARN"),
        ({"RUNPOD_LOG_LEVEL": "", "RUNPOD_DEBUG_LEVEL": "WARN"}, "WARN"),
        ({"RUNPOD_LOG_LEVEL": "DEBUG", "RUNPOD_DEBUG_LEVEL": "WARN"}, "DEBUG"),
    ],
)
def test_the_sdk_logs_at_info_unless_the_environment_says_otherwise(
    tmp_path: Path, environment: dict[str, str], level: str
) -> None:
    program = (
        "import runpod_handler; from runpod.serverless.modules.rp_logger import RunPodLogger;"
        "print(RunPodLogger().level)"
    )
    ran = python(tmp_path, "-c", program, **environment)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [level]
