"""The handler with a detector of the tests' own; tests/worker/test_worker.py drives the real one."""

import asyncio
import json
import threading
from typing import Any, cast

import pytest

import runpod_handler
from posture.landmarker import LandmarkerPool
from posture.landmarks import Detect, Pixels
from posture.model import ModelError
from runpod_handler import Worker
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, detect

JOB = {"id": "job-1", "input": {"front": FRONT_PHOTO, "side": SIDE_PHOTO}}


class FakePool:
    """Landmarkers that are a function."""

    map = staticmethod(map)

    def __init__(self, detect: Detect) -> None:
        self.detect = detect

    def close(self) -> None:
        pass


def worker(detect: Detect = detect) -> Worker:
    return Worker(lambda: cast("LandmarkerPool", FakePool(detect)))


def test_where_no_event_loop_runs_the_handler_returns_the_answer() -> None:
    answer = worker().handle(JOB)
    assert isinstance(answer, dict)
    assert answer["status"] == "success"
    assert list(answer) == ["status", "data", "message"]
    assert set(answer["data"]) == {"front_view", "side_view"}
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_on_an_event_loop_the_handler_leaves_the_loop_free() -> None:
    may_finish = threading.Event()

    def slow(pixels: Pixels) -> Any:
        assert may_finish.wait(10)
        return detect(pixels)

    async def run() -> dict[str, Any]:
        answer = asyncio.ensure_future(worker(slow).handle(JOB))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        assert not answer.done()
        may_finish.set()  # said by the loop, while the job is in work
        return await answer

    assert asyncio.run(run())["status"] == "success"


@pytest.mark.parametrize(
    "job", [None, 7, "text", [], {}, {"input": None}, {"input": []}, {"id": None, "input": {"front": 1}}]
)
def test_whatever_the_job_is_there_is_an_answer(job: object) -> None:
    answer = worker().handle(job)
    assert isinstance(answer, dict)
    assert answer["code"] == "invalid_request"
    assert set(answer) == {"status", "code", "view", "message", "error"}


def test_a_defect_is_logged_with_its_traceback_and_not_told_to_the_client(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_pixels: Pixels) -> Any:
        raise RuntimeError("the sprocket is loose " + FRONT_PHOTO)

    answer = worker(broken).handle(JOB)
    log = capsys.readouterr().out
    assert isinstance(answer, dict)
    assert answer["code"] == "internal_error"
    assert answer["view"] is None
    assert "sprocket" not in json.dumps(answer)
    assert "RuntimeError: the sprocket is loose [cut]" in log
    assert "in broken" in log
    assert FRONT_PHOTO[:40] not in log


def test_one_line_is_logged_for_a_job_and_nothing_of_its_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    worker().handle(JOB)
    worker().handle({"id": "job-2", "input": {"front": FRONT_PHOTO, "side": "!" + SIDE_PHOTO}})
    worker().handle({"id": "job-3", "input": {}})
    lines = capsys.readouterr().out.splitlines()
    front = f"front={len(FRONT_PHOTO)}"
    assert len(lines) == 3
    for line, job, outcome, tail in zip(
        lines,
        ("job-1", "job-2", "job-3"),
        ("status=success", "status=invalid_base64 view=side", "status=invalid_request view=None"),
        (f"{front} side={len(SIDE_PHOTO)} characters", f"{front} side={len(SIDE_PHOTO) + 1} characters", ""),
        strict=True,
    ):
        assert f"{job} | {outcome} ms=" in line
        assert line.endswith(tail)


@pytest.mark.parametrize("job_id", ["a\nERROR  | forged", "\ud800", "x" * 1000, ["deep"] * 3, {}, 7, None])
def test_a_jobs_id_is_one_line_of_the_log_whatever_it_is(capsys: pytest.CaptureFixture[str], job_id: object) -> None:
    worker().handle({**JOB, "id": job_id})
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("INFO   |")
    assert len(line) < 200


def test_the_landmarkers_are_opened_once_and_not_before_they_are_needed() -> None:
    opened: list[int] = []

    def open_pool() -> LandmarkerPool:
        opened.append(1)
        return cast("LandmarkerPool", FakePool(detect))

    several = Worker(open_pool)
    several.handle({"input": {}})
    assert opened == []

    async def run() -> None:
        await asyncio.gather(*(several.handle(JOB) for _ in range(8)))  # type: ignore[arg-type]

    asyncio.run(run())
    assert opened == [1]


def test_a_model_that_is_not_there_is_no_crash_of_a_job() -> None:
    def missing() -> Any:
        raise ModelError("there is no model file")

    answer = Worker(missing).handle(JOB)
    assert isinstance(answer, dict)
    assert answer["code"] == "internal_error"


def test_landmarkers_and_places_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_LANDMARKERS", "3")
    monkeypatch.delenv("POSTURE_CONCURRENCY", raising=False)
    assert runpod_handler.landmarkers() == 3
    assert runpod_handler.concurrency() == 3 * runpod_handler.JOBS_PER_LANDMARKER
    monkeypatch.setenv("POSTURE_CONCURRENCY", "5")
    assert runpod_handler.concurrency() == 5


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many", "", "²"])
def test_a_setting_that_is_no_positive_number_ends_the_program_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("POSTURE_LANDMARKERS", text)
    with pytest.raises(SystemExit, match="POSTURE_LANDMARKERS must be a positive whole number"):
        runpod_handler.landmarkers()
