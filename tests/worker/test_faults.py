"""A real worker process at a platform that fails, with landmarkers that hang, and told to stop in the midst of it.

Every job that was taken is answered. Deadlines are short here, and what is waited for has long ones.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.faults.hanging import HANGS, HangingWorkerProcess
from testing.loopback import CUT, NONSENSE, LoopbackPlatform
from testing.worker import SECONDS, QueueWorker, WorkerProcess
from tests.worker.test_worker import FRONT, GOOD

FOR_EVER = 1000.0  # seconds


@contextmanager
def at_work(
    home: Path, program: type[WorkerProcess] = WorkerProcess, hold: float = 0.5, **environment: str
) -> Iterator[QueueWorker]:
    """A worker with one landmarker that has answered a job."""
    with (
        LoopbackPlatform(hold) as platform,
        program(home, **{"POSTURE_LANDMARKERS": "1", **platform.environment(), **environment}) as process,
    ):
        worker = QueueWorker(platform, process)
        worker.results(platform.submit(GOOD))
        yield worker


def code(worker: QueueWorker, job: str) -> str:
    """The code of the refusal of a job."""
    [result] = worker.results([job])
    return str(result.body["output"]["code"])


def hangs(worker: QueueWorker) -> str:
    """A job that has been begun and hangs."""
    [job] = worker.platform.submit(HANGS)
    worker.wait_until(lambda: "Started." in worker.log(job), "the job is not begun")
    return job


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueueWorker]:
    """One for all the tests that leave it running."""
    with at_work(tmp_path_factory.mktemp("worker")) as worker:
        yield worker


def test_no_result_is_lost_where_the_platform_fails_for_a_while(shared: QueueWorker) -> None:
    shared.platform.faults["job-done"] += [503, CUT, 408, 425, 429, 500, CUT, 502]
    jobs = shared.platform.submit(*[{}] * 4)
    assert [code(shared, job) for job in jobs] == ["invalid_request"] * 4
    assert shared.platform.faults["job-done"] == []


def test_what_the_platform_does_not_take_is_told_of_and_the_worker_goes_on(shared: QueueWorker) -> None:
    shared.platform.faults["job-done"] += [400]
    [lost] = shared.platform.submit({})
    shared.wait_until(lambda: any("Failed to return" in line for line in shared.log(lost)), "nothing is told")
    [good] = shared.platform.submit({})
    assert code(shared, good) == "invalid_request"
    assert lost not in shared.platform.results


def test_takes_that_fail_and_lists_with_something_else_than_jobs_cost_no_job(shared: QueueWorker) -> None:
    shared.platform.faults["job-take-batch"] += [NONSENSE, 503, CUT]
    good, bare = {"id": "good", "input": {"front": FRONT}}, {"id": "bare"}
    shared.platform.put(None, "text", good, 7, [], {"id": 7}, {}, bare)
    assert [code(shared, job) for job in ("good", "bare")] == ["invalid_request"] * 2
    assert shared.process.is_running()
    assert "Traceback" not in shared.process.output


def test_an_idle_worker_ends_though_its_take_call_is_open_and_leaves_nothing(tmp_path: Path) -> None:
    with at_work(tmp_path, hold=FOR_EVER) as worker:
        worker.process.terminate()
        assert worker.process.exit_status(SECONDS) == 0, worker.process.output
        with pytest.raises(ProcessLookupError):
            os.killpg(worker.process.pid, 0)
        assert "Traceback" not in worker.process.output


def test_jobs_whose_landmarkers_hang_are_answered_and_the_third_ends_the_worker(tmp_path: Path) -> None:
    with at_work(tmp_path, HangingWorkerProcess, POSTURE_JOB_TIMEOUT="8", POSTURE_GRACE="20") as worker:
        hung, good = list[str](), list[str]()
        for _ in range(2):
            hung.append(hangs(worker))
            assert code(worker, hung[-1]) == "timeout"
            good += worker.platform.submit(GOOD)
            assert worker.results(good)[-1].body["output"]["status"] == "success", worker.process.output
        hung.append(hangs(worker))
        assert code(worker, hung[-1]) == "timeout"
        assert worker.process.exit_status(SECONDS) == 1, worker.process.output
        for job in (*hung, *good):
            [line] = [line for line in worker.log(job) if line.startswith("status=")]
            assert line.startswith("status=timeout view=None ms=" if job in hung else "status=success ms=")
        assert "so far: 3" in worker.process.output
        assert "Traceback" not in worker.process.output


def test_a_worker_with_a_landmarker_that_hangs_ends_within_its_grace_and_its_jobs_are_answered(tmp_path: Path) -> None:
    with at_work(tmp_path, HangingWorkerProcess, POSTURE_JOB_TIMEOUT="1000", POSTURE_GRACE="2") as worker:
        hung = hangs(worker)
        behind = worker.platform.submit(GOOD, GOOD)
        worker.wait_until(lambda: all("Started." in worker.log(job) for job in behind), "the jobs are not begun")
        worker.process.terminate()
        assert worker.process.exit_status(SECONDS) == 0, worker.process.output
        assert [code(worker, job) for job in (hung, *behind)] == ["timeout"] * 3


def test_a_stopped_job_is_not_answered_and_the_others_are(tmp_path: Path) -> None:
    """The stopped one hangs, so that it cannot be done before the stop is heeded."""
    with at_work(tmp_path, HangingWorkerProcess, POSTURE_LANDMARKERS="2", POSTURE_JOB_TIMEOUT="1000") as worker:
        before = worker.platform.submit(*[GOOD] * 4)
        stopped = hangs(worker)
        behind = worker.platform.submit(*[GOOD] * 4)
        worker.platform.stop(stopped)
        worker.wait_until(lambda: "Job stopped." in worker.log(stopped), "the job is not stopped")
        assert all("error" not in result.body for result in worker.results([*before, *behind]))
        assert stopped not in worker.platform.results


def test_the_second_signal_ends_a_worker_at_once(tmp_path: Path) -> None:
    with at_work(tmp_path, HangingWorkerProcess, POSTURE_JOB_TIMEOUT="1000", POSTURE_GRACE="1000") as worker:
        hung = hangs(worker)
        deadline = time.monotonic() + SECONDS
        while worker.process.is_running() and time.monotonic() < deadline:
            worker.process.terminate()
            time.sleep(0.2)  # two signals at once would be one
        assert worker.process.exit_status(SECONDS) == 128 + 15
        assert hung not in worker.platform.results
        with pytest.raises(ProcessLookupError):
            os.killpg(worker.process.pid, 0)


def test_the_local_test_of_a_photo_at_which_a_landmarker_hangs_ends(tmp_path: Path) -> None:
    job = f'{{"input": {{"front": "{HANGS["front"]}", "side": "{HANGS["front"]}"}}}}'
    with HangingWorkerProcess(
        tmp_path, "--test_input", job, POSTURE_LANDMARKERS="1", POSTURE_JOB_TIMEOUT="2"
    ) as process:
        assert process.exit_status(SECONDS) == 1, process.output
        assert "not get it done in time" in process.output
