"""What both clients make of what an endpoint answers, with RunPod's queue on the loopback (testing/runpod_api.py)."""

import asyncio
import base64
import io
import json
import re
import socketserver
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from posture.client import AsyncClient, Client, ClientError, EndpointError, Patience, Problem, Refused, _Waiting
from posture.client.errors import KINDS
from posture.client.job import Ask
from testing import DEMO
from testing.runpod_api import KEY, Answer, RunPod, serving

FRONT, SIDE = DEMO / "front_image.jpg", DEMO / "side_image.jpg"
QUICK = Patience(tries=3, pause=0, look=0, longest=0)
MEASURED = {"status": "success", "data": {"front_view": {}, "side_view": {}}, "message": "done"}
ADVICE = "Show one person."
PROBLEMS = [
    {"code": "no_person", "view": "front", "problem": "no person was found.", "advice": ADVICE},
    {"code": "back_view", "view": "side", "problem": "seen from behind.", "advice": "Turn round."},
]
SENTENCE = "Could not detect pose landmarks for the front photo: no person was found."
REFUSAL = {
    "error": SENTENCE,
    "output": {"status": "error", "code": "no_person", "view": "front", "message": ADVICE, "problems": PROBLEMS},
}

Measure = Callable[..., Any]


def with_client(settings: dict[str, Any], *photos: Any, **options: Any) -> Any:
    with Client(**settings) as client:
        return client.measure(*photos, **options)


def with_async_client(settings: dict[str, Any], *photos: Any, **options: Any) -> Any:
    async def measured() -> Any:
        async with AsyncClient(**settings) as client:
            return await client.measure(*photos, **options)

    return asyncio.run(measured())


@pytest.fixture
def runpod(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunPod]:
    account = RunPod()
    account.endpoints["endpoint1"] = {}
    account.output = {"output": MEASURED}
    with serving(account) as environment:
        for name, value in {**environment, "ENDPOINT_ID": "endpoint1"}.items():
            monkeypatch.setenv(name, value)
        yield account


@pytest.fixture(params=[with_client, with_async_client], ids=["Client", "AsyncClient"])
def measure(request: pytest.FixtureRequest) -> Measure:
    """Measures with one of the clients, made as these keywords say, and else as the environment does."""

    def measure(front: Any = FRONT, side: Any = SIDE, settings: dict[str, Any] | None = None, **options: Any) -> Any:
        return request.param({"patience": QUICK, **(settings or {})}, front, side, **options)

    return measure


def sent_photos(runpod: RunPod) -> list[bytes]:
    return [base64.b64decode(runpod.jobs[-1]["input"][view]) for view in ("front", "side")]


def test_the_answer_is_the_workers(runpod: RunPod, measure: Measure) -> None:
    assert measure(mode="precise", include={"measures", "details"}) == MEASURED
    (job,) = runpod.jobs
    assert sent_photos(runpod) == [FRONT.read_bytes(), SIDE.read_bytes()]
    assert {name: value for name, value in job["input"].items() if name not in ("front", "side")} == {
        "mode": "precise",
        "include": ["details", "measures"],
    }
    assert job["policy"] == {"ttl": 300_000}


def test_photos_are_paths_bytes_open_files_and_addresses(runpod: RunPod, measure: Measure) -> None:
    expected = [FRONT.read_bytes(), SIDE.read_bytes()]
    measure(str(FRONT), io.BytesIO(expected[1]))
    assert sent_photos(runpod) == expected
    measure(memoryview(expected[0]), bytearray(expected[1]))
    assert sent_photos(runpod) == expected
    measure("https://example.org/front.jpg", SIDE)
    assert runpod.jobs[-1]["input"]["front"] == "https://example.org/front.jpg"


def test_a_job_that_is_not_done_at_once_is_looked_at_again(runpod: RunPod, measure: Measure) -> None:
    runpod.looks_until_done = 3
    assert measure() == MEASURED
    assert [received.operation for received in runpod.received] == ["runsync", "status", "status", "status"]


def test_a_refusal_is_raised_with_every_problem(runpod: RunPod, measure: Measure) -> None:
    runpod.output = REFUSAL
    with pytest.raises(Refused) as caught:
        measure()
    refused = caught.value
    assert (refused.code, refused.view, refused.message, refused.advice) == ("no_person", "front", SENTENCE, ADVICE)
    assert refused.problems == tuple(Problem(**problem) for problem in PROBLEMS)
    assert str(refused) == f"{SENTENCE} {ADVICE}"
    assert len(runpod.jobs) == 1


def test_a_refusal_without_its_particulars_is_still_one(runpod: RunPod, measure: Measure) -> None:
    runpod.output = {"output": {"status": "error", "code": "of_a_later_version"}}
    with pytest.raises(Refused, match="of_a_later_version") as caught:
        measure()
    assert (caught.value.view, caught.value.problems) == (None, ())


def told(status: str, **more: Any) -> Answer:
    return Answer(200, {"id": "job-1", "status": status, **more})


# What is answered to /runsync: the kind of error, and how often it is asked.
TABLE: dict[str, tuple[Answer, str, int]] = {
    "no key": (Answer(401), "unauthorized", 1),
    "another's": (Answer(403, {"error": "no"}), "unauthorized", 1),
    "no such endpoint": (Answer(404), "not_found", 1),
    "no such request": (Answer(400, {"error": KEY}), "rejected", 1),
    "too large": (Answer(413), "rejected", 1),
    "leads elsewhere": (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), "unexpected", 1),
    "too often": (Answer(429), "rate_limited", 3),
    "too often, with a hint": (Answer(429, headers={"Retry-After": "0"}), "rate_limited", 3),
    "too slow": (Answer(408), "server_error", 3),
    "a defect": (Answer(500, "<html>"), "server_error", 3),
    "overloaded": (Answer(503), "server_error", 3),
    "cut off": (Answer(200, raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "unreachable", 3),
    "no answer": (Answer(200, raw=b""), "unreachable", 3),
    "no JSON": (Answer(200, "<html>"), "unexpected", 1),
    "JSON without end": (Answer(200, 100_000 * "["), "unexpected", 1),
    "no object": (Answer(200, "[]"), "unexpected", 1),
    "no state": (Answer(200, {"job": "job-1"}), "unexpected", 1),
    "no id": (Answer(200, {"status": "COMPLETED"}), "unexpected", 1),
    "no output": (told("COMPLETED"), "unexpected", 1),
    "another worker's output": (told("COMPLETED", output="hello"), "unexpected", 1),
    "a worker that died": (told("FAILED", error=f"Traceback: {KEY}"), "failed", 1),
    "cancelled": (told("CANCELLED"), "cancelled", 1),
    "timed out": (told("TIMED_OUT"), "timed_out", 1),
}


@pytest.mark.parametrize(("answer", "kind", "times"), TABLE.values(), ids=TABLE)
def test_a_failure_is_told_by_its_kind_without_the_key_or_a_photo(
    runpod: RunPod, measure: Measure, answer: Answer, kind: str, times: int
) -> None:
    runpod.script("runsync", *[answer] * (times + 1))
    with pytest.raises(EndpointError) as caught:
        measure()
    error = caught.value
    assert error.kind == kind
    assert str(error).startswith(KINDS[error.kind])
    assert error.status == (None if answer.status == 200 else answer.status)
    assert error.job == ("job-1" if "id" in (answer.body or "") else None)
    assert len(runpod.sent("runsync")) == times
    assert (error.__cause__, error.__context__) == (None, None)
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    assert KEY not in shown
    assert base64.b64encode(FRONT.read_bytes()).decode()[:40] not in shown


def test_every_kind_is_one_of_the_table() -> None:
    assert {kind for _, kind, _ in TABLE.values()} == KINDS.keys() - {"expired"}


@pytest.mark.parametrize("answer", [Answer(503), Answer(429), Answer(200, raw=b"")])
def test_what_passes_is_tried_again(runpod: RunPod, measure: Measure, answer: Answer) -> None:
    runpod.looks_until_done = 1
    runpod.script("runsync", answer, answer)
    runpod.script("status", answer, answer)
    assert measure() == MEASURED
    assert (len(runpod.sent("runsync")), len(runpod.jobs), len(runpod.sent("status"))) == (3, 1, 3)


def test_a_job_that_is_not_known_any_more_has_expired(runpod: RunPod, measure: Measure) -> None:
    runpod.looks_until_done = 1
    runpod.script("status", Answer(404))
    with pytest.raises(EndpointError) as caught:
        measure()
    assert (caught.value.kind, caught.value.job) == ("expired", "job-1")


def test_a_job_that_is_given_up_is_cancelled(runpod: RunPod, measure: Measure) -> None:
    runpod.looks_until_done = 1
    runpod.script("status", *[Answer(500)] * 3)
    with pytest.raises(EndpointError) as caught:
        measure()
    assert caught.value.kind == "server_error"
    assert runpod.cancelled == {"job-1"}


def test_a_measurement_that_is_cancelled_has_its_job_cancelled(runpod: RunPod) -> None:
    runpod.looks_until_done = 1_000_000

    async def cancelled() -> None:
        async with AsyncClient(patience=Patience(look=0.01)) as client:
            task = asyncio.create_task(client.measure(FRONT, SIDE))
            while not runpod.sent("status"):  # noqa: ASYNC110  another thread receives it
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancelled())
    assert runpod.cancelled == {"job-1"}


def test_an_address_where_nobody_answers_is_unreachable(runpod: RunPod, measure: Measure) -> None:
    with pytest.raises(EndpointError) as caught:
        measure(settings={"base_url": "http://127.0.0.1:1"})
    assert caught.value.kind == "unreachable"
    assert runpod.received == []


@pytest.mark.parametrize("steps", range(3))
def test_a_measurement_that_is_cancelled_as_an_answer_comes_is_cancelled(steps: int) -> None:
    async def test() -> None:
        is_there = asyncio.Event()

        async def answered(_request: httpx.Request) -> httpx.Response:
            await is_there.wait()
            return httpx.Response(200, json={"id": "job-1", "status": "IN_QUEUE"})

        async with httpx.AsyncClient(transport=httpx.MockTransport(answered), base_url="https://api.example") as client:
            sending = asyncio.ensure_future(_Waiting(client).send(Ask("GET", "status/job-1", None, 60)))
            for _ in range(5):
                await asyncio.sleep(0)
            is_there.set()
            for _ in range(steps):
                await asyncio.sleep(0)
            assert sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending

    asyncio.run(test())


class Trickling(socketserver.BaseRequestHandler):
    """Answers a byte at a time, for ever if it could."""

    MOST, PAUSE = 500, 0.02
    server: "TricklingServer"

    def handle(self) -> None:
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(OSError):
            for _ in range(self.MOST):
                self.request.sendall(b" ")
                time.sleep(self.PAUSE)
                self.server.sent += 1
        self.server.is_over.set()


class TricklingServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Trickling)
        self.sent, self.is_over = 0, threading.Event()


@pytest.mark.parametrize("ask", [with_client, with_async_client], ids=["Client", "AsyncClient"])
def test_an_answer_that_trickles_ends_with_the_time(ask: Measure) -> None:
    with TricklingServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}/v2"
        settings = {"base_url": base, "endpoint_id": "endpoint1", "timeout": 0.2, "patience": QUICK}
        with pytest.raises(EndpointError) as caught:
            ask(settings, FRONT, SIDE)
        assert server.is_over.wait(60)
        server.shutdown()
    assert caught.value.kind == "timed_out"
    assert server.sent < Trickling.MOST


def test_an_endpoint_on_this_machine_is_asked_without_a_proxy(
    runpod: RunPod, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert measure() == MEASURED
    assert len(runpod.jobs) == 1


def test_what_is_said_goes_before_the_environment(
    runpod: RunPod, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(runpod) as other:
        for name in ("RUNPOD_ENDPOINT_BASE_URL", "ENDPOINT_ID", "RUNPOD_API_KEY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1/none")
        settings = {"base_url": f"{other['RUNPOD_ENDPOINT_BASE_URL']}/", "endpoint_id": "endpoint1", "api_key": KEY}
        assert measure(settings=settings) == MEASURED


def test_the_key_is_needed_where_the_endpoint_wants_one(
    runpod: RunPod, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY")
    with pytest.raises(EndpointError, match="RUNPOD_API_KEY") as caught:
        measure()
    assert (caught.value.kind, caught.value.status) == ("unauthorized", 401)
    assert runpod.received == []


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "ENDPOINT_ID"),
        ({"endpoint_id": "../other"}, "ENDPOINT_ID"),
        ({"endpoint_id": "ab12", "base_url": "http://api.runpod.ai/v2"}, "https://"),
        ({"endpoint_id": "ab12", "base_url": "api.runpod.ai/v2"}, "https://"),
        ({"endpoint_id": "ab12", "api_key": f"{KEY}\n"}, "RUNPOD_API_KEY"),
    ],
)
def test_a_client_that_cannot_work_is_not_made(kind: Any, settings: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        kind(**settings)
    assert KEY not in str(caught.value)


def test_where_nothing_is_said_it_calls_runpod() -> None:
    with Client("ab12") as client:
        assert str(client._http.base_url) == "https://api.runpod.ai/v2/ab12/"  # noqa: SLF001
        assert "Authorization" not in client._http.headers  # noqa: SLF001


def test_both_photos_that_cannot_be_sent_are_told_and_nothing_is(runpod: RunPod, measure: Measure) -> None:
    large = bytes(4_000_000)
    with pytest.raises(Refused) as caught:
        measure(large, large)
    assert [(problem.code, problem.view) for problem in caught.value.problems] == [
        ("image_too_large", "front"),
        ("image_too_large", "side"),
    ]
    with pytest.raises(FileNotFoundError):
        measure(DEMO / "none.jpg", SIDE)
    with pytest.raises(TypeError, match="object"):
        measure(mode=object())
    assert runpod.received == []


def test_its_errors_have_one_base_and_can_be_handed_on() -> None:
    refused = Refused("no_person", "front", [Problem("no_person", "nobody.", ADVICE, "front")], SENTENCE, ADVICE)
    assert isinstance(refused, ClientError)
    copied = type(refused)(*refused.args)
    assert vars(copied) == vars(refused)
    assert json.dumps(str(EndpointError("rate_limited", retry_after=7, status=429))).endswith('(HTTP 429)"')
