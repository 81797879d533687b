"""A deployed endpoint behind the same addresses: what is passed on, what comes back, and that the key does not."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from posture.web import passed as passed_module
from posture.web.passed import AddressError, Passed
from testing.builders import FakeLog
from testing.runpod_api import KEY, RunPod, serving
from tests.posture.web.asking import GOOD, JSON, asking

SECRET = "rpa_SECRET"  # noqa: S105  of the tests
DONE = {"id": "job-1", "status": "COMPLETED", "output": {"status": "success"}}
Answering = Callable[[httpx.Request], httpx.Response]


class Deployed:
    """An endpoint that answers as a function does; `asked`: the requests that came to it."""

    def __init__(self, answer: Answering) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.asked.append(request)
        return self._answer(request)


def ask(
    answer: Answering, method: str = "GET", path: str = "/status/job-1", log: FakeLog | None = None, **how: Any
) -> tuple[httpx.Response, list[httpx.Request]]:
    """What comes back through the addresses, and what came to the endpoint."""
    deployed = Deployed(answer)

    async def test() -> httpx.Response:
        endpoint = Passed("https://api.example/v2", "ab12", SECRET, httpx.MockTransport(deployed))
        async with asking(endpoint, log=log) as client:
            try:
                return await client.request(method, path, **how)
            finally:
                await endpoint.close()

    return asyncio.run(test()), deployed.asked


def said(status: int, **how: Any) -> Answering:
    return lambda _request: httpx.Response(status, **how)


@pytest.mark.parametrize(
    ("method", "path", "to"),
    [
        ("POST", "/run", "/run"),
        ("POST", "/runsync", "/runsync"),
        ("POST", "/runsync?wait=5000&name=secret", "/runsync?wait=5000"),
        ("GET", "/status/sync-1_a-u1", "/status/sync-1_a-u1"),
        ("GET", "/status-sync/job-1?wait=1000", "/status-sync/job-1?wait=1000"),
        ("POST", "/cancel/job-1", "/cancel/job-1"),
        ("GET", "/health?name=secret", "/health"),
    ],
)
def test_a_request_is_passed_on_with_this_servers_key_and_nothing_of_the_askers(
    method: str, path: str, to: str
) -> None:
    sends = method == "POST" and path.startswith("/run")
    headers = {"Authorization": "Bearer the asker's", "Cookie": "a=1", "X-Forwarded-For": "1.2.3.4", **JSON}
    body = json.dumps({**GOOD, "webhook": "https://example.com/", "new": [1.50]})
    answer, [asked] = ask(said(200, json=DONE), method, path, headers=headers, content=body if sends else None)
    assert (answer.status_code, answer.json()) == (200, DONE)
    assert (asked.method, str(asked.url)) == (method, f"https://api.example/v2/ab12{to}")
    assert asked.headers["Authorization"] == f"Bearer {SECRET}"
    assert asked.headers.keys() - {"content-length", "content-type", "transfer-encoding"} == {
        "host", "accept", "accept-encoding", "connection", "user-agent", "authorization"
    }  # fmt: skip
    assert asked.content == (body.encode() if sends else b"")


@pytest.mark.parametrize("job", ["a%2F..%2F..%2Frun", "..", "%2e%2e", "a?b", "a%3Fttl=1", "ä", 101 * "a"])
def test_an_id_that_would_lead_elsewhere_is_not_passed_on(job: str) -> None:
    answer, asked = ask(said(200, json=DONE), path=f"/status/{job}")
    assert [str(request.url) for request in asked] == (
        [] if "?b" not in job else ["https://api.example/v2/ab12/status/a"]
    )
    assert answer.status_code == (200 if asked else 404)


@pytest.mark.parametrize("path", ["/stream/job-1", "/purge-queue", "/retry/job-1", "/requests", "/openai/v1"])
def test_other_operations_are_not_passed_on(path: str) -> None:
    answer, asked = ask(said(200, json=DONE), "POST", path)
    assert (answer.status_code, asked) == (404, [])


def test_what_is_too_large_is_not_passed_on() -> None:
    answer, asked = ask(said(200, json=DONE), "POST", "/run", content=b" " * 10_000_001, headers=JSON)
    assert (answer.status_code, asked) == (413, [])


@pytest.mark.parametrize(
    ("answering", "status", "error"),
    [
        (said(400, json={"error": "no input"}), 400, "no input"),
        (said(404, json={"error": "job not found"}), 404, "job not found"),
        (said(404, text="page not found"), 404, "The endpoint answers with HTTP 404."),
        (said(413, html="<html>"), 413, "The endpoint answers with HTTP 413."),
        (said(429, text="slow"), 429, "The endpoint answers with HTTP 429."),
        (said(500, text=f"a trace with {SECRET}"), 500, "The endpoint answers with HTTP 500."),
        (said(401, json={"error": f"{SECRET} is no key"}), 502, "The endpoint does not take the key that this server"),
        (said(403, text=SECRET), 502, "The endpoint does not take the key"),
        (said(200, text="<html>"), 502, "The endpoint's answer is no JSON object."),
        (said(200, json=[SECRET]), 502, "The endpoint's answer is no JSON object."),
        (said(200, content=100_000 * b"["), 502, "The endpoint's answer is no JSON object."),
        (said(204), 502, "The endpoint's answer is no JSON object."),
        (said(302, headers={"Location": "https://evil.example"}), 502, "The endpoint's answer is no JSON object."),
        (
            said(302, json={}, headers={"Location": "https://evil.example"}),
            502,
            "The endpoint's answer is no JSON object.",
        ),
    ],
)
def test_what_the_endpoint_has_against_it_is_told(answering: Answering, status: int, error: str) -> None:
    log = FakeLog()
    answer, asked = ask(answering, "POST", "/runsync", log, json=GOOD)
    assert answer.status_code == status
    assert answer.json()["error"].startswith(error)
    assert SECRET not in answer.text + str(answer.headers) + str(log.lines)
    assert len(asked) == 1
    assert [level for level, *_ in log.lines] == ["info"]


def test_its_hint_when_to_come_again_is_passed_on() -> None:
    answer, _ = ask(said(429, text="slow", headers={"Retry-After": "7", "Set-Cookie": "a=1"}))
    assert answer.headers["Retry-After"] == "7"
    assert "Set-Cookie" not in answer.headers
    answer, _ = ask(said(429, json={"error": "slow"}, headers={"Retry-After": "7"}))
    assert (answer.headers["Retry-After"], answer.json()) == ("7", {"error": "slow"})


@pytest.mark.parametrize(
    ("error", "status"),
    [(httpx.ReadTimeout, 504), (httpx.ConnectTimeout, 504), (httpx.ConnectError, 502), (httpx.ReadError, 502)],
)
def test_an_endpoint_that_does_not_answer_is_told_of(error: type[httpx.TransportError], status: int) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error(f"{request.headers['Authorization']}")

    log = FakeLog()
    answer, _ = ask(fail, log=log)
    assert answer.status_code == status
    assert answer.json()["error"].startswith("The endpoint ")
    assert SECRET not in answer.text + str(log.lines)


def test_an_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed_module, "LARGEST_ANSWER", len(json.dumps(DONE)))
    assert ask(said(200, text=json.dumps(DONE)))[0].status_code == 200
    assert ask(said(200, text=json.dumps(DONE) + " "))[0].status_code == 502


@pytest.mark.parametrize(("path", "seconds"), [("/runsync", 120), ("/runsync?wait=300000", 330), ("/run", 30)])
def test_it_is_waited_for_as_long_as_the_request_wants_and_a_little_more(path: str, seconds: float) -> None:
    _, [asked] = ask(said(200, json=DONE), "POST", path, json=GOOD)
    assert asked.extensions["timeout"]["read"] == seconds


@pytest.mark.parametrize(
    ("base", "endpoint", "key", "told"),
    [
        ("http://api.example/v2", "ab12", SECRET, "RUNPOD_ENDPOINT_BASE_URL must begin with https://"),
        ("ftp://127.0.0.1/v2", "ab12", SECRET, "RUNPOD_ENDPOINT_BASE_URL must"),
        ("", "ab12", SECRET, "RUNPOD_ENDPOINT_BASE_URL must"),
        ("https://name:password@api.example/v2", "ab12", SECRET, "RUNPOD_ENDPOINT_BASE_URL must"),
        ("https://api.example/v2?key=secret", "ab12", SECRET, "RUNPOD_ENDPOINT_BASE_URL must"),
        ("https://[x", "ab12", SECRET, "RUNPOD_ENDPOINT_BASE_URL must"),
        ("https://", "ab12", SECRET, "RUNPOD_ENDPOINT_BASE_URL must"),
        ("https://api.example/v2", "../ab12", SECRET, "The endpoint's id may have letters"),
        ("https://api.example/v2", "", SECRET, "The endpoint's id may have letters"),
        ("https://api.example/v2", "ab12", "", "RUNPOD_API_KEY must hold the key"),
        ("https://api.example/v2", "ab12", f"{SECRET}\n", "RUNPOD_API_KEY must hold the key"),
    ],
)
def test_where_the_key_must_not_go_it_does_not_begin(base: str, endpoint: str, key: str, told: str) -> None:
    with pytest.raises(AddressError, match=f"^{told}") as error:
        Passed(base, endpoint, key)
    assert SECRET not in str(error.value)


def test_a_job_is_done_by_an_endpoint_at_a_socket_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    account = RunPod()
    account.endpoints["endpoint1"] = {}
    account.output = {"status": "FAILED", "error": "no person was found.", "output": {"code": "no_person"}}
    account.looks_until_done = 1

    async def test(base: str) -> list[Any]:
        endpoint = Passed(base, "endpoint1", KEY)
        async with asking(endpoint) as client:
            first = (await client.post("/runsync", json=GOOD)).json()
            second = (await client.get(f"/status/{first['id']}")).json()
        await endpoint.close()
        return [first, second]

    with serving(account) as environment:
        first, second = asyncio.run(test(environment["RUNPOD_ENDPOINT_BASE_URL"]))
    assert first["status"] == "IN_QUEUE"
    assert (second["status"], second["error"], second["output"]) == (
        "FAILED", "no person was found.", {"code": "no_person"}
    )  # fmt: skip
    assert account.jobs == [GOOD]
