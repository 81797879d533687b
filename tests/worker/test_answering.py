"""Answers with a detector and a log of the tests' own; tests/worker/test_worker.py drives the real ones."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from posture.analysis import measure
from posture.landmarks import Detect, Landmarks, Pixels
from posture.models import files
from posture.models.files import ModelError
from posture.models.mediapipe import LandmarkerPool
from posture.models.threads import HungError
from posture.views import VIEWS
from posture.wire.request import DEFAULTS
from posture.worker import worker as answering
from posture.worker.settings import Settings, SettingsError
from posture.worker.worker import Pool, Worker
from testing import DEMO
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, FakeLog, FakePool, detect
from testing.pictures import pixels_of

_Result = TypeVar("_Result")

PHOTOS = {"front": FRONT_PHOTO, "side": SIDE_PHOTO}
JOB = {"id": "job-1", "input": PHOTOS}
SETTINGS = Settings(landmarkers=1, concurrency=16, calibration="none")


class Held:
    """A detector that does not come back until it may. `begun`: it is at a picture."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    async def at_work(self) -> None:
        """Comes back when the detector is at a picture."""
        while not self.begun.is_set():  # noqa: ASYNC110  a thread sets it
            await asyncio.sleep(0.01)

    def detect(self, pixels: Pixels) -> list[Landmarks]:
        self.begun.set()
        assert self.may_end.wait(60)
        return detect(pixels)


def worker(detect: Detect = detect, log: FakeLog | None = None, settings: Settings = SETTINGS) -> Worker:
    return Worker(lambda: FakePool(detect), lambda: settings, log or FakeLog())


def answer(worker: Worker, job: object = JOB) -> dict[str, Any]:
    """The answer where no event loop runs."""
    said = worker.handle(job)
    assert isinstance(said, dict)
    return said


def test_where_no_event_loop_runs_the_answer_is_returned() -> None:
    said = answer(worker())
    assert said["status"] == "success"
    assert list(said) == ["status", "data", "message"]
    assert set(said["data"]) == {"front_view", "side_view"}
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_a_running_event_loop_is_left_free() -> None:
    may_finish = threading.Event()

    def slow(pixels: Pixels) -> list[Landmarks]:
        assert may_finish.wait(10)
        return detect(pixels)

    async def run() -> dict[str, Any]:
        said = asyncio.ensure_future(worker(slow).handle(JOB))  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
        assert not said.done()
        may_finish.set()  # said by the loop, while the job is in work
        return await said

    assert asyncio.run(run())["status"] == "success"


def test_overlays_are_drawn_by_the_pools_threads_for_who_asks_for_them() -> None:
    at_once: list[str] = []

    class Counting(FakePool):
        def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
            at_once.append(f"{len(list(items[0]))} at once")
            return super().map(function, *items)

    counting = Worker(lambda: Counting(detect), lambda: SETTINGS, FakeLog())
    plain, detailed = answer(counting), answer(counting, {"input": {**PHOTOS, "include": ["details"]}})
    assert at_once == ["2 at once"] * 2
    drawn = answer(counting, {"input": {**PHOTOS, "include": ["overlay"], "overlay_size": 300, "blur_face": True}})
    assert at_once == ["2 at once"] * 4
    assert json.loads(json.dumps(drawn, allow_nan=False)) == drawn
    pictures = [drawn["data"]["details"][view.key].pop("overlay") for view in VIEWS]
    assert drawn == detailed
    assert {key: drawn["data"][key] for key in plain["data"]} == plain["data"]
    for view, picture in zip(VIEWS, pictures, strict=True):
        measured = measure(
            {view: base64.b64decode(photo) for view, photo in PHOTOS.items()}, DEFAULTS, FakePool(detect)
        )
        file = base64.b64decode(picture.pop("data"), validate=True)
        assert file == measured.overlay(view.name, 300, blur_face=True)
        assert picture == {
            "media_type": "image/jpeg",
            "width": pixels_of(file).shape[1],
            "height": pixels_of(file).shape[0],
        }


@pytest.mark.parametrize(
    "job", [None, 7, "text", [], {}, {"input": None}, {"input": []}, {"id": None, "input": {"front": 1}}]
)
def test_whatever_the_job_is_there_is_an_answer(job: object) -> None:
    said = answer(worker(), job)
    assert said["code"] == "invalid_request"
    assert set(said) == {"status", "code", "view", "message", "error", "problems"}
    assert said["problems"][0].keys() == {"view", "code", "problem", "advice"}
    assert (said["problems"][0]["view"], said["problems"][0]["code"]) == (said["view"], said["code"])


def test_a_defect_is_logged_with_its_traceback_and_not_told_to_the_client() -> None:
    def broken(_pixels: Pixels) -> list[Landmarks]:
        raise RuntimeError("the sprocket is loose " + FRONT_PHOTO)

    log = FakeLog()
    said = answer(worker(broken, log))
    assert said["code"] == "internal_error"
    assert said["view"] is None
    assert set(said) == {"status", "code", "view", "message", "error"}
    assert "sprocket" not in json.dumps(said)
    (level, job, trace), (level_after, job_after, line) = log.lines
    assert (level, job, level_after, job_after) == ("error", "job-1", "info", "job-1")
    assert "RuntimeError: the sprocket is loose [cut]" in trace
    assert "in broken" in trace
    assert line.startswith("status=internal_error view=None ms=")
    assert FRONT_PHOTO[:40] not in trace + line


def test_one_line_is_logged_for_a_job_and_nothing_of_its_pictures() -> None:
    log = FakeLog()
    logging = worker(log=log)
    logging.handle(JOB)
    logging.handle({"id": "job-2", "input": {"front": FRONT_PHOTO, "side": "!" + SIDE_PHOTO}})
    logging.handle({"id": "job-3", "input": {}})
    front = f"front={len(FRONT_PHOTO)}"
    for said, job, outcome, tail in zip(
        log.lines,
        ("job-1", "job-2", "job-3"),
        ("status=success", "status=invalid_base64 view=side", "status=invalid_request view=None"),
        (f" {front} side={len(SIDE_PHOTO)} characters", f" {front} side={len(SIDE_PHOTO) + 1} characters", ""),
        strict=True,
    ):
        level, request_id, line = said
        assert (level, request_id) == ("info", job)
        assert re.fullmatch(rf"{outcome} ms=\d+{tail}", line)


@pytest.mark.parametrize("job_id", ["a\nERROR  | forged", "\ud800", "x" * 1000, ["deep"] * 3, {}, 7, None])
def test_a_jobs_id_is_short_and_of_one_line_in_the_log_whatever_it_is(job_id: object) -> None:
    log = FakeLog()
    worker(log=log).handle({**JOB, "id": job_id})
    [(_, told, line)] = log.lines
    assert len(line.splitlines()) == 1
    if isinstance(job_id, str):
        assert told is not None
        assert 0 < len(told) <= 64
        assert told.isascii()
        assert told.isprintable()
    else:
        assert told is None


def test_the_landmarkers_are_opened_once_and_not_before_they_are_needed() -> None:
    opened: list[int] = []

    def open_pool() -> Pool:
        opened.append(1)
        return FakePool(detect)

    several = Worker(open_pool, lambda: SETTINGS, FakeLog())
    several.handle({"input": {}})
    assert opened == []

    async def run() -> None:
        await asyncio.gather(*(several.handle(JOB) for _ in range(8)))  # type: ignore[arg-type]

    asyncio.run(run())
    assert opened == [1]


def test_closing_releases_landmarkers_that_are_open_once() -> None:
    pools: list[FakePool] = []

    def open_pool() -> Pool:
        pools.append(FakePool(detect))
        return pools[-1]

    closing = Worker(open_pool, lambda: SETTINGS, FakeLog())
    closing.close()
    assert pools == []
    closing.handle(JOB)
    closing.close()
    closing.close()
    assert [pool.closed for pool in pools] == [1]


def test_a_model_that_is_not_there_is_no_crash_of_a_job() -> None:
    def missing() -> Pool:
        raise ModelError("there is no model file")

    assert answer(Worker(missing, lambda: SETTINGS, FakeLog()))["code"] == "internal_error"


def test_a_setting_that_cannot_be_is_no_crash_of_a_job() -> None:
    def wrong() -> Settings:
        raise SettingsError("POSTURE_LANDMARKERS must be a positive whole number, not 'many'.")

    log = FakeLog()
    assert answer(Worker(lambda: FakePool(detect), wrong, log))["code"] == "internal_error"
    assert "must be a positive whole number" in log.lines[0][2]


def test_the_settings_are_read_once_and_not_before_they_are_needed() -> None:
    reads: list[int] = []

    def read() -> Settings:
        reads.append(1)
        return SETTINGS

    reading = Worker(lambda: FakePool(detect), read, FakeLog())
    assert reads == []
    for _ in range(3):
        reading.handle(JOB)
    assert reads == [1]


def test_the_operators_calibration_is_that_of_jobs_that_name_none() -> None:
    anatomical = worker(settings=Settings(landmarkers=1, concurrency=16, calibration="anatomical"))
    asked = {**JOB["input"], "include": ["details"]}  # type: ignore[dict-item]
    for given, calibration in (({}, "anatomical"), ({"calibration": "none"}, "none")):
        details = answer(anatomical, {"input": {**asked, **given}})["data"]["details"]
        assert details["calibration"] == calibration
        neck = details["side_view"]["angles"]["neck_tilt"]
        assert (neck["value"] == neck["uncalibrated"]) == (calibration == "none")


IMPATIENT = replace(SETTINGS, job_timeout=0.1)  # seconds: what ends by itself in a test has none to wait for
PATIENT = replace(SETTINGS, job_timeout=1000)


def test_a_job_that_is_not_done_in_time_is_answered_once_and_what_its_thread_finds_is_dropped() -> None:
    held, log = Held(), FakeLog()
    late = worker(held.detect, log, IMPATIENT)

    async def run() -> Any:
        said = await late.handle(JOB)  # type: ignore[misc]
        held.may_end.set()
        await asyncio.get_running_loop().shutdown_default_executor()  # the thread has come back
        return said

    said = asyncio.run(run())
    assert set(said) == {"status", "code", "view", "message", "error"}
    assert (said["status"], said["code"], said["view"]) == ("error", "timeout", None)
    assert said["message"] == "Send the job again."
    [(level, job_id, line)] = log.lines
    assert (level, job_id) == ("info", "job-1")
    assert re.fullmatch(r"status=timeout view=None ms=\d+", line)


def test_a_defect_that_comes_after_the_deadline_is_not_told_of() -> None:
    held, log = Held(), FakeLog()

    def broken(pixels: Pixels) -> list[Landmarks]:
        held.detect(pixels)
        raise RuntimeError("the sprocket is loose")

    async def run() -> None:
        await worker(broken, log, IMPATIENT).handle(JOB)  # type: ignore[misc]
        held.may_end.set()
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(run())
    assert [level for level, _, _ in log.lines] == ["info"]


def test_at_a_deadline_what_hangs_is_given_up_and_told_of_and_the_third_is_too_much() -> None:
    held, log, pool = Held(), FakeLog(), FakePool(detect)
    pool.detect = held.detect  # type: ignore[method-assign]
    several = Worker(lambda: pool, lambda: IMPATIENT, log)
    several.pool()
    spent = []

    async def run() -> None:
        for hung in (0, 1, 2, 3):
            pool.hung = hung
            await several.handle(JOB)  # type: ignore[misc]
            spent.append(several.is_spent)
        held.may_end.set()

    asyncio.run(run())
    assert set(pool.given_up) == {IMPATIENT.job_timeout / 2}
    assert len(pool.given_up) >= 4  # at each deadline, and once more where a photo had only begun
    assert spent == [False, False, False, True]
    errors = [line for level, _, line in log.lines if level == "error"]
    assert [line[-3:] for line in errors] == [": 1", ": 2", ": 3"]


def test_what_was_given_up_under_a_job_is_answered_as_not_done_in_time() -> None:
    def given_up(_pixels: Pixels) -> list[Landmarks]:
        raise HungError("it has taken more than 30 s")

    log = FakeLog()
    assert answer(worker(given_up, log))["code"] == "timeout"
    assert [level for level, _, _ in log.lines] == ["info"]


def test_when_all_is_given_up_the_jobs_in_hand_are_answered() -> None:
    held, log = Held(), FakeLog()
    ending = worker(held.detect, log, PATIENT)

    async def run() -> list[dict[str, Any]]:
        coming = [asyncio.ensure_future(ending.handle(JOB)) for _ in range(12)]  # type: ignore[arg-type]
        await held.at_work()
        ending.give_up()
        coming.append(asyncio.ensure_future(ending.handle(JOB)))  # type: ignore[arg-type]
        said = await asyncio.gather(*coming)
        held.may_end.set()
        return said

    said = asyncio.run(run())
    assert [answer["code"] for answer in said] == ["timeout"] * 13
    assert len(log.lines) == 13
    assert len({id(answer) for answer in said}) == 13  # the SDK takes `error` out of each


def test_a_job_that_the_client_cancels_is_not_answered() -> None:
    held, log = Held(), FakeLog()

    async def run() -> None:
        coming = asyncio.ensure_future(worker(held.detect, log, PATIENT).handle(JOB))  # type: ignore[arg-type]
        await held.at_work()
        coming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await coming
        held.may_end.set()

    asyncio.run(run())
    assert log.lines == []


def test_a_setting_that_cannot_be_is_no_crash_of_a_job_on_an_event_loop() -> None:
    def wrong() -> Settings:
        raise SettingsError("POSTURE_GRACE must be a positive whole number, not 'many'.")

    async def run() -> Any:
        return await Worker(lambda: FakePool(detect), wrong, FakeLog()).handle(JOB)  # type: ignore[misc]

    assert asyncio.run(run())["code"] == "internal_error"


@pytest.mark.parametrize("place", ["parse", "measure", "asked_for"])
def test_to_be_out_of_memory_is_a_failure_of_the_worker_wherever_it_happens(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(answering, place, no_memory)
    assert answer(worker())["code"] == "internal_error"


def test_the_same_request_is_answered_by_the_same_bytes_however_many_landmarkers_are_at_work() -> None:
    photos = {view: base64.b64encode((DEMO / f"{view}_image.jpg").read_bytes()).decode() for view in ("front", "side")}
    job = {"input": {**photos, "include": ["details", "landmarks", "measures"]}}
    told = set[str]()
    for landmarkers in (1, 3):
        with LandmarkerPool(files.ready(), landmarkers, files.marker(), files.face()) as pool:
            busy = Worker(lambda pool=pool: pool, lambda: PATIENT, FakeLog())  # type: ignore[misc]

            async def run(busy: Worker = busy) -> list[Any]:
                return await asyncio.gather(*(busy.handle(job) for _ in range(4)))  # type: ignore[arg-type]

            while pool.opened < landmarkers:
                told.add(json.dumps(answer(busy, job)))
            told |= {json.dumps(said) for said in asyncio.run(run())}
    assert len(told) == 1
