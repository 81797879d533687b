"""What goes wrong between `python -m deploy` and RunPod, and what is said of it."""

import re
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest

from deploy import api
from deploy.api import Patience
from testing.runpod_api import KEY, Answer, Json, RunPod, problem
from tests.deploy.operator import IMAGE, NEWER, Operator


def test_a_wrong_key_is_told_in_runpods_words(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", "rpa_other")
    outcome = operator.deploy()
    assert outcome.status == 1
    assert "GET http://127.0.0.1" in outcome.err
    assert "HTTP 401 Unauthorized: invalid bearer token" in outcome.err
    assert "rpa_other" not in outcome.out + outcome.err
    assert runpod.received == []


def test_what_runpod_finds_invalid_is_listed(runpod: RunPod, operator: Operator) -> None:
    violation = "$: additional properties 'bogus' not allowed"
    runpod.script("createEndpoint", problem(422, "Unprocessable Entity", "Validation failed.", errors=[violation]))
    outcome = operator.deploy()
    assert outcome.status == 1
    assert f"HTTP 422 Unprocessable Entity: Validation failed.\n  {violation}" in outcome.err
    assert len(runpod.sent("listEndpoints")) == 1


@pytest.mark.parametrize("operation", ["listEndpoints", "createEndpoint"])
def test_after_429_every_request_is_sent_again_when_runpod_says(
    runpod: RunPod, operator: Operator, operation: str
) -> None:
    limit = {"title": "Too Many Requests", "status": 429, "detail": "rate limit exceeded"}
    runpod.script(operation, Answer(429, limit, {"Retry-After": "1"}))
    assert operator.deploy().status == 0
    assert len(runpod.sent(operation)) == 2
    assert len(runpod.endpoints) == 1


@pytest.mark.parametrize(
    ("status", "seconds", "why"),
    [(429, "1812", "its rate limit is used up"), (429, "45012", "its rate limit"), (503, "900", "HTTP 503")],
)
def test_a_wait_of_an_hour_is_not_sat_out(
    runpod: RunPod, operator: Operator, status: int, seconds: str, why: str
) -> None:
    busy = {"title": "Busy", "status": status, "detail": "not now"}
    runpod.script("listEndpoints", Answer(status, busy, {"Retry-After": seconds}))
    outcome = operator.run("status")
    assert outcome.status == 1
    assert f"RunPod takes no requests now ({why}" in outcome.err
    assert f"try again in {seconds} s" in outcome.err


def test_a_retry_after_may_be_a_date(runpod: RunPod, operator: Operator) -> None:
    limit = {"title": "Too Many Requests", "status": 429, "detail": "rate limit exceeded"}
    then = datetime.now(timezone.utc) + timedelta(hours=1)
    runpod.script("listEndpoints", Answer(429, limit, {"Retry-After": format_datetime(then, usegmt=True)}))
    outcome = operator.run("status")
    assert re.search(r"try again in 3[56]\d\d s", outcome.err)


@pytest.mark.parametrize("unreadable", ["1.5", "soon", ""])
def test_without_a_readable_retry_after_the_request_is_sent_again_all_the_same(
    runpod: RunPod, operator: Operator, endpoint: Json, unreadable: str
) -> None:
    limit = {"title": "Too Many Requests", "status": 429, "detail": "rate limit exceeded"}
    runpod.script("listEndpoints", Answer(429, limit, {"Retry-After": unreadable}))
    assert f"({endpoint['id']})" in operator.run("status").out
    assert len(runpod.sent("listEndpoints")) == 2


SILENT = Answer(200, carried_out=True, silent=True)
FAILED = problem(500, "Internal Server Error", "something broke")


def test_a_read_is_tried_again_after_500(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.script("getEndpoint", FAILED, FAILED, FAILED, FAILED)
    outcome = operator.run("status")
    assert f"endpoint  posture-analysis ({endpoint['id']})" in outcome.out
    assert len(runpod.sent("getEndpoint")) == 5


def test_a_change_is_sent_again_after_500(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.script("updateEndpoint", FAILED)
    assert operator.deploy(NEWER).status == 0
    assert endpoint["image"] == NEWER
    assert runpod.sent("updateEndpoint") == [{"image": NEWER}] * 2


def test_a_server_that_keeps_failing_is_told_in_its_words(runpod: RunPod, operator: Operator) -> None:
    runpod.script("listEndpoints", *[FAILED] * 9)
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "HTTP 500 Internal Server Error: something broke" in outcome.err
    assert len(runpod.sent("listEndpoints")) == 1 + api.RETRIES


@pytest.mark.parametrize(
    "lost", [Answer(502, "<html>Bad Gateway</html>", carried_out=True), Answer(201, "<html>", carried_out=True), SILENT]
)
def test_an_endpoint_is_not_made_twice_when_the_answer_is_lost(
    runpod: RunPod, operator: Operator, lost: Answer
) -> None:
    runpod.script("createEndpoint", lost)
    outcome = operator.run("deploy", "--image", IMAGE, patience=Patience(connect=5, read=1, backoff=0.001))
    assert outcome.status == 0
    assert len(runpod.sent("createEndpoint")) == 1
    assert "posture-analysis (endpoint1) is created" in outcome.out


def test_a_failed_creation_is_not_repeated(runpod: RunPod, operator: Operator) -> None:
    runpod.script("createEndpoint", Answer(502, "<html>Bad Gateway</html>"))
    outcome = operator.deploy()
    assert outcome.status == 1
    assert len(runpod.sent("createEndpoint")) == 1
    assert "HTTP 502" in outcome.err


def test_a_server_that_says_nothing_is_given_up(runpod: RunPod, operator: Operator) -> None:
    runpod.script("listEndpoints", *[SILENT] * 9)
    outcome = operator.run("status", patience=Patience(connect=5, read=0.05, backoff=0.001))
    assert outcome.status == 1
    assert "no answer in time" in outcome.err


def test_a_server_that_is_not_there_is_an_error(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_URL", "http://127.0.0.1:1")
    outcome = operator.deploy()
    assert (outcome.status, runpod.received) == (1, [])
    assert "no connection" in outcome.err


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (None, "RUNPOD_API_KEY is not set"),
        ("", "RUNPOD_API_KEY is not set"),
        (f"{KEY}\n", "a line break"),
        ("ключ", "no key"),
    ],
)
def test_a_key_that_cannot_be_one_is_told_and_not_shown(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch, key: str | None, told: str
) -> None:
    if key is None:
        monkeypatch.delenv("RUNPOD_API_KEY")
    else:
        monkeypatch.setenv("RUNPOD_API_KEY", key)
    outcome = operator.deploy()
    assert (outcome.status, runpod.received) == (1, [])
    assert told in outcome.err
    assert "ключ" not in outcome.err


def test_the_key_is_that_of_the_environment_even_with_a_netrc(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, endpoint: Json
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    outcome = operator.run("status")
    assert f"({endpoint['id']})" in outcome.out
    assert "getEndpoint" in [received.operation for received in runpod.received]
