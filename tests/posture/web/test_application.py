"""The addresses, over a worker whose model is a function: what they answer, and what stands in the log."""

import asyncio
import json
import re
import threading
from typing import Any

import httpx
import pytest

from posture.landmarks import Landmarks, Pixels
from posture.web.endpoint import Answer
from posture.wire import openapi
from testing.builders import NOBODY, SIDE_PHOTO, FakeLog, detect
from tests.posture.web.asking import GOOD, JSON, asking, measuring
from tests.posture.web.contract import held


def ask(method: str, path: str, log: FakeLog | None = None, **how: Any) -> httpx.Response:
    """One answer of an application of its own."""

    async def one() -> httpx.Response:
        async with asking(log=log) as client:
            return await client.request(method, path, **how)

    return asyncio.run(one())


@pytest.mark.parametrize("beside", [{}, {"strict": False}, {"include": ["details", "landmarks", "measures"]}])
def test_photos_are_measured_by_the_worker(beside: dict[str, Any]) -> None:
    answer = ask("POST", "/runsync", json={"input": {**GOOD["input"], **beside}})
    assert answer.status_code == 200
    told = held("CompletedJob", answer.text)
    assert told.keys() == {"id", "status", "delayTime", "executionTime", "workerId", "output"}
    assert told["output"]["data"]["front_view"]["shoulder_tilt"] == 5.71  # 16 pixels in 160
    assert ("details" in told["output"]["data"]) == bool(beside)


@pytest.mark.parametrize(
    ("photos", "code"),
    [
        ({}, "invalid_request"),
        ({"front": NOBODY, "side": SIDE_PHOTO}, "no_person"),
        ({"front": "!", "side": NOBODY}, "invalid_base64"),
    ],
)
def test_a_refusal_is_a_failed_job_with_its_code(photos: dict[str, str], code: str) -> None:
    answer = ask("POST", "/runsync", json={"input": photos})
    assert answer.status_code == 200
    told = held("FailedJob", answer.text)
    assert told.keys() == {"id", "status", "delayTime", "executionTime", "workerId", "output", "error"}
    assert told["output"]["code"] == code
    assert "error" not in told["output"]


def test_a_job_is_sent_asked_for_and_counted() -> None:
    async def test() -> None:
        async with asking() as client:
            sent = held("QueuedJob", (await client.post("/run", json=GOOD)).text)
            told = held("CompletedJob", (await client.get(f"/status-sync/{sent['id']}")).text)
            assert held("Job", (await client.get(f"/status/{sent['id']}")).text) == told
            assert held("Job", (await client.post(f"/cancel/{sent['id']}")).text) == told
            assert held("Health", (await client.get("/health")).text)["jobs"]["completed"] == 1

    asyncio.run(test())


def test_two_jobs_are_measured_at_once() -> None:
    both_there = threading.Barrier(2, timeout=60)

    def meet(pixels: Pixels) -> list[Landmarks]:
        both_there.wait()
        return detect(pixels)

    async def test() -> None:
        async with asking(measuring(detect=meet)) as client:
            answers = await asyncio.gather(*(client.post("/runsync", json=GOOD) for _ in range(2)))
        first, second = (held("CompletedJob", answer.text) for answer in answers)
        assert first["id"] != second["id"]
        assert first["output"] == second["output"]

    asyncio.run(test())


@pytest.mark.parametrize(("path", "largest"), [("/run", 10_000_000), ("/runsync", 20_000_000)])
def test_a_body_may_have_the_platforms_size_and_no_byte_more(path: str, largest: int) -> None:
    start, end = b'{"input": {"front": "', b'"}}'
    body = start + b"x" * (largest - len(start) - len(end)) + end
    assert ask("POST", path, content=body, headers=JSON).status_code == 200
    answer = ask("POST", path, content=body + b" ", headers=JSON)
    assert answer.status_code == 413
    assert held("Error", answer.text)["error"].startswith(f"The body is larger than {largest // 1_000_000} MB.")


@pytest.mark.parametrize(
    ("method", "path", "how", "status", "error"),
    [
        ("POST", "/runsync?wait=999", {"json": GOOD}, 400, "`wait` must be a number of milliseconds from 1000 to"),
        ("POST", "/runsync?wait=300001", {"json": GOOD}, 400, "`wait` must be"),
        ("POST", "/runsync?wait=soon", {"json": GOOD}, 400, "`wait` must be"),
        ("POST", "/runsync?wait=²", {"json": GOOD}, 400, "`wait` must be"),
        ("GET", "/status-sync/job?wait=1", {}, 400, "`wait` must be"),
        ("POST", "/runsync", {"content": b'{"secret', "headers": JSON}, 400, "The body is no JSON."),
        ("POST", "/run", {"json": {"photos": "secret"}}, 400, "Object missing required field `input`."),
        ("POST", "/run", {"json": {**GOOD, "webhook": "http://127.0.0.1/"}}, 400, "`webhook` is called on"),
        ("POST", "/run", {"content": b"secret"}, 415, "Send JSON, as Content-Type: application/json."),
        ("POST", "/run", {"data": {"input": "secret"}}, 415, "Send JSON"),
        ("GET", "/status/secret", {}, 404, "There is no such job"),
        ("POST", "/cancel/secret", {}, 404, "There is no such job"),
        ("GET", "/status/a/b", {}, 404, "Not Found"),
        ("GET", "/status/job/", {}, 404, "Not Found"),
        ("GET", "/stream/job", {}, 404, "Not Found"),
        ("GET", "/runsync", {}, 405, "Method Not Allowed"),
        ("DELETE", "/health", {}, 405, "Method Not Allowed"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_has_its_status_and_a_sentence_without_what_was_sent(
    method: str, path: str, how: dict[str, Any], status: int, error: str
) -> None:
    log = FakeLog()
    answer = ask(method, path, log, **how)
    assert answer.status_code == status
    assert answer.json().keys() == {"error"}
    assert answer.json()["error"].startswith(error)
    assert "secret" not in answer.text
    assert all(level == "info" for level, *_ in log.lines)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_called_so_in_several_ways(kind: str) -> None:
    assert ask("POST", "/run", content=json.dumps(GOOD), headers={"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/health"), ("GET", "/nothing"), ("POST", "/run")])
def test_every_answer_is_json_for_who_asked_alone_and_kept_nowhere(method: str, path: str) -> None:
    headers = ask(method, path).headers
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_it_serves_its_own_description() -> None:
    assert ask("GET", "/openapi.json").json() == openapi.document()


def test_a_request_leaves_one_line_with_method_path_and_status_and_its_job_one() -> None:
    log = FakeLog()
    ask("POST", "/runsync?wait=5000&name=secret", log, json=GOOD)
    (_, job, said), (level, nobody, line) = log.lines
    assert job is not None
    assert said.startswith("status=success ms=")
    assert (level, nobody) == ("info", None)
    assert re.fullmatch(r"POST /v2/local/runsync 200 ms=\d+", line)


@pytest.mark.parametrize(("method", "path"), [("GET", "/status/" + 100 * "A"), ("GET", "/%0Aforged"), ("X-Y", "/é")])
def test_a_path_that_may_hold_anything_does_not_stand_in_the_log(method: str, path: str) -> None:
    log = FakeLog()
    ask(method, path, log)
    [(_, _, line)] = log.lines
    assert re.fullmatch(r"(GET|\?) \? 404 ms=\d+", line)


def test_a_defect_is_logged_and_not_told() -> None:
    class Broken:
        async def health(self) -> Answer:
            raise RuntimeError("the sprocket is loose " + 100 * "A")

    log = FakeLog()

    async def test() -> httpx.Response:
        async with asking(Broken(), log=log) as client:  # type: ignore[arg-type]  # the rest is not asked for
            return await client.get("/health")

    answer = asyncio.run(test())
    assert (answer.status_code, answer.json()) == (500, {"error": "The server failed; its log says why."})
    (level, _, trace), (_, _, line) = log.lines
    assert level == "error"
    assert "RuntimeError: the sprocket is loose [cut]" in trace
    assert line.startswith("GET /v2/local/health 500 ms=")


def test_a_job_in_work_is_cancelled_while_its_sender_waits() -> None:
    async def test() -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def held_up(pixels: Pixels) -> list[Landmarks]:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result(60)
            return detect(pixels)

        async with asking(measuring(detect=held_up)) as client:
            sent = held("QueuedJob", (await client.post("/run", json=GOOD)).text)
            waiting = asyncio.create_task(client.get(f"/status-sync/{sent['id']}"))
            await begun.wait()
            assert held("Job", (await client.get(f"/status/{sent['id']}")).text)["status"] == "IN_PROGRESS"
            assert held("Job", (await client.post(f"/cancel/{sent['id']}")).text)["status"] == "CANCELLED"
            assert held("Job", (await waiting).text)["status"] == "CANCELLED"
            may_end.set()

    asyncio.run(test())
