"""The ways on which jobs reach the worker, each with a real process: the local test, the SDK's server, the queue.

Every wait has an end, and a failure shows what the process has written.
"""

import ast
import base64
import json
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from deploy.demo import compare
from testing import DEMO, TOP
from testing.builders import picture
from testing.loopback import LoopbackPlatform
from testing.pictures import encoded
from testing.processes import Process
from testing.runpod_api import finished
from testing.worker import SECONDS, QueueWorker, WorkerProcess

FRONT = base64.b64encode((DEMO / "front_image.jpg").read_bytes()).decode()
SIDE = base64.b64encode((DEMO / "side_image.jpg").read_bytes()).decode()
GOOD = {"front": FRONT, "side": SIDE}

# Jobs that are refused: code, view and how the sentence begins.
BAD: dict[tuple[str, str | None, str], dict[str, Any]] = {
    ("invalid_request", "side", "Invalid request for the side photo"): {"front": FRONT},
    ("invalid_request", None, "Invalid request"): {"front": FRONT, "side_image": SIDE},
    ("invalid_base64", "front", "Image validation failed for the front photo"): {"front": FRONT + "!", "side": SIDE},
    ("corrupt_image", "side", "Image validation failed for the side photo"): {"front": FRONT, "side": SIDE[:-4000]},
}


@dataclass(frozen=True)
class Server:
    """The SDK's own server in a worker process."""

    process: WorkerProcess
    port: int

    def post(self, path: str, content: Any = None) -> Any:
        """Sends JSON; the JSON that comes back. Fails when the answer is not 200 or later than SECONDS."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        with closing(connection):
            connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        assert response.status == 200, answer
        return json.loads(answer)


@contextmanager
def at_the_queue(home: Path) -> Iterator[QueueWorker]:
    """A worker that has begun to take jobs, and has asked for nothing that the platform does not know."""
    with (
        LoopbackPlatform() as platform,
        WorkerProcess(home, POSTURE_LANDMARKERS="2", **platform.environment()) as process,
    ):
        worker = QueueWorker(platform, process)
        worker.results(platform.submit(GOOD))
        yield worker
        assert platform.refused == []


@pytest.fixture(scope="module")
def shared_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueueWorker]:
    """One for all the tests of the queue that leave it running."""
    with at_the_queue(tmp_path_factory.mktemp("worker")) as worker:
        yield worker


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that accepts connections, for all the tests of it."""
    home = tmp_path_factory.mktemp("server")
    arguments = ("--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", "0")
    with WorkerProcess(home, *arguments, POSTURE_LANDMARKERS="1") as process:
        port = process.wait_for_output(r"running on http://127\.0\.0\.1:(\d+)", SECONDS)[1]
        yield Server(process, int(port))


@pytest.fixture
def worker(shared_worker: QueueWorker, request: pytest.FixtureRequest) -> Iterator[QueueWorker]:
    """The shared worker, whose output stands in the report of a test that fails."""
    yield shared_worker
    request.node.add_report_section("teardown", "output of the worker", shared_worker.process.output)


@pytest.fixture
def server(shared_server: Server, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The shared server, whose output stands in the report of a test that fails."""
    yield shared_server
    request.node.add_report_section("teardown", "output of the server", shared_server.process.output)


def assert_measured(output: Any, truth: dict[str, Any]) -> None:
    """The envelope of success, exactly, with the demo's first pair measured to within the demo's margins."""
    assert output.keys() == {"status", "data", "message"}
    assert output["status"] == "success"
    assert output["message"] == "Posture analysis completed successfully"
    true = truth["pairs"][0]["angles"]
    assert {view: set(angles) for view, angles in output["data"].items()} == {
        view: set(angles) for view, angles in true.items()
    }
    for measured in (angle for angles in output["data"].values() for angle in angles.values()):
        assert type(measured) is float
        assert measured == round(measured, 2)
    assert compare(truth["pairs"][0], truth["margins"], output)[1] == 0


def assert_shows_nothing_of_the_pictures(process: Process) -> None:
    """No run of their base64 in its output, as the SDK would write at its own level, DEBUG."""
    output = process.output
    for photo in (FRONT, SIDE):
        runs = [photo[start : start + 40] for start in range(0, len(photo) - 40, 40)]
        assert [run for run in runs if run in output] == []


def test_the_test_input_is_the_first_demo_pair() -> None:
    photos = json.loads((TOP / "test_input.json").read_text())["input"]
    assert photos.keys() == {"front", "side"}
    for view, photo in photos.items():
        assert base64.b64decode(photo, validate=True) == (DEMO / f"{view}_image.jpg").read_bytes()


def test_the_local_test_measures_the_test_input(tmp_path: Path, demo: dict[str, Any]) -> None:
    with WorkerProcess(tmp_path, POSTURE_LANDMARKERS="1") as process:
        assert process.exit_status(SECONDS) == 0, process.output
        assert "Traceback" not in process.output
        result = ast.literal_eval(process.wait_for_output(r"Job result: (.*)", SECONDS)[1])
        assert_shows_nothing_of_the_pictures(process)
    assert result.keys() == {"output"}
    assert_measured(result["output"], demo)


def test_the_local_test_fails_with_the_refusal_of_a_bad_input(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path, "--test_input", '{"input": {"front": "x"}}', POSTURE_LANDMARKERS="1") as process:
        assert process.exit_status(SECONDS) == 1, process.output
        assert "failed with error: Invalid request for the side photo: `side` is missing" in process.output


def test_without_the_model_the_worker_says_so_and_takes_no_job(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-model.task")
    with LoopbackPlatform() as platform:
        platform.submit(GOOD)
        with WorkerProcess(tmp_path, **{**platform.environment(), "POSTURE_MODEL": missing}) as process:
            assert process.exit_status(SECONDS) == 1, process.output
            last_line = process.output.splitlines()[-1]
            assert last_line.startswith("The worker cannot start: ")
            assert missing in last_line
            assert "Traceback" not in process.output
        assert platform.takes == []


def test_the_server_answers_runsync(server: Server, demo: dict[str, Any]) -> None:
    answer = server.post("/runsync", {"input": GOOD})
    assert answer.keys() == {"id", "status", "output"}
    assert answer["status"] == "COMPLETED"
    assert_measured(answer["output"], demo)


def test_the_server_answers_run_and_then_status(server: Server, demo: dict[str, Any]) -> None:
    accepted = server.post("/run", {"input": GOOD})
    assert accepted == {"id": accepted["id"], "status": "IN_PROGRESS"}
    answer = server.post(f"/status/{accepted['id']}")
    assert answer.keys() == {"id", "status", "output"}
    assert (answer["id"], answer["status"]) == (accepted["id"], "COMPLETED")
    assert_measured(answer["output"], demo)


def test_the_server_shows_only_the_error_of_a_refused_job(server: Server) -> None:
    for (_, _, sentence), job in BAD.items():
        answer = server.post("/runsync", {"input": job})
        assert answer == {"id": answer["id"], "status": "FAILED", "error": answer["error"]}
        assert answer["error"].startswith(f"{sentence}: ")
        accepted = server.post("/run", {"input": job})
        assert server.post(f"/status/{accepted['id']}") == {**answer, "id": accepted["id"]}


def test_the_worker_answers_a_good_job_with_the_angles_alone(worker: QueueWorker, demo: dict[str, Any]) -> None:
    [result] = worker.results(worker.platform.submit(GOOD))
    assert result.body.keys() == {"output"}
    assert_measured(result.body["output"], demo)


def test_the_worker_fails_a_bad_job_with_what_is_wrong_and_what_to_do(worker: QueueWorker) -> None:
    results = worker.results(worker.platform.submit(*BAD.values()))
    for (code, view, sentence), result in zip(BAD, results, strict=True):
        assert result.body.keys() == {"error", "output"}
        assert result.body["error"].startswith(f"{sentence}: ")
        advice = result.body["output"]["message"]
        problems = result.body["output"]["problems"]
        assert result.body["output"] == {
            "status": "error", "code": code, "view": view, "message": advice, "problems": problems,
        }  # fmt: skip
        assert [(problem["view"], problem["code"], problem["advice"]) for problem in problems] == [(view, code, advice)]
        assert advice.startswith("Send")


def test_the_readme_has_a_failed_job_as_a_client_is_told_of_it(worker: QueueWorker) -> None:
    refusals = (TOP / "README.md").read_text().partition("\n## Refusals\n")[2]
    told = json.loads(refusals.split("```json\n")[1].partition("```")[0])
    nobody = encoded(picture(480, 640, color="lightgray"))
    [result] = worker.results(worker.platform.submit({"front": FRONT, "side": nobody}))
    of_the_platform = {name: told[name] for name in ("delayTime", "executionTime", "workerId")}
    assert told == {**finished(told["id"], result.body), **of_the_platform}


def test_the_worker_takes_jobs_in_batches_and_does_them_at_the_same_time(worker: QueueWorker) -> None:
    jobs = worker.platform.submit(*[GOOD] * 12)
    results = worker.results(jobs)
    assert max(len(take) for take in worker.platform.takes if set(take) <= set(jobs)) == 4  # two for each landmarker
    assert all(result.body == results[0].body for result in results)
    # One after another, the jobs' own times could not add up to more than the time that they took together.
    together = max(result.arrived for result in results) - min(result.taken for result in results)
    assert sum(seconds_by_its_log(worker, job) for job in jobs) > together


def test_the_pings_name_the_jobs_in_hand(worker: QueueWorker) -> None:
    """Pings are a second apart, so the worker is kept busy until one has come."""
    pings, jobs = worker.platform.pings, set[str]()
    deadline = time.monotonic() + SECONDS
    while not any(len(jobs.intersection(named)) > 1 for named in pings):
        assert time.monotonic() < deadline, f"none of the pings {pings} names two of the jobs"
        submitted = worker.platform.submit(*[GOOD] * 4)
        jobs.update(submitted)
        worker.results(submitted)
    worker.wait_until(lambda: pings[-1] == (), "the pings still name jobs that are done")


def test_the_log_has_a_line_a_job_and_nothing_of_the_pictures(worker: QueueWorker) -> None:
    jobs = worker.platform.submit(GOOD, *BAD.values())
    worker.results(jobs)
    outcomes = ["success", *(f"{code} view={view}" for code, view, _ in BAD)]
    for job, outcome in zip(jobs, outcomes, strict=True):
        [line] = [line for line in worker.log(job) if line.startswith("status=")]
        assert re.match(rf"status={outcome} ms=\d+\b", line)
    assert_shows_nothing_of_the_pictures(worker.process)


def test_a_terminated_worker_finishes_the_jobs_in_hand(tmp_path: Path) -> None:
    with at_the_queue(tmp_path) as worker:
        jobs = worker.platform.submit(*[GOOD] * 12)
        worker.wait_until(lambda: worker.platform.results.keys() & set(jobs), "no job is answered")
        worker.wait_until(lambda: {*chain(*worker.platform.takes)} >= set(jobs), "not all the jobs are taken")
        worker.process.terminate()
        answered = len(worker.platform.results.keys() & set(jobs))
        assert worker.process.exit_status(SECONDS) == 0, worker.process.output
        assert "Traceback" not in worker.process.output
        assert answered < len(jobs)
        assert worker.platform.results.keys() >= set(jobs), worker.process.output
        assert all("error" not in worker.platform.results[job].body for job in jobs)


def seconds_by_its_log(worker: QueueWorker, job: str) -> float:
    """How long a job was in the worker's hands, by the worker's own line about it."""
    [milliseconds] = [match[1] for line in worker.log(job) if (match := re.match(r"status=\S+ ms=(\d+)", line))]
    return int(milliseconds) / 1000
