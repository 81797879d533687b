"""RunPod's API on the loopback keeps to RunPod's document."""

import json
from typing import Any

import pytest

from testing.runpod_api import KEY, RunPod
from tests.deploy.operator import described


def test_the_fake_refuses_what_the_document_refuses() -> None:
    account = RunPod()
    answer = account.answer("POST", "/v2/serverless", f"Bearer {KEY}", json.dumps(described(bogus=1)).encode())
    assert isinstance(answer.body, dict)
    assert answer.body["errors"] == ["$: Unevaluated properties are not allowed ('bogus' was unexpected)"]
    assert account.faults == []


@pytest.fixture
def account() -> RunPod:
    runpod = RunPod()
    runpod.endpoints["e1"] = {}
    return runpod


def sent(account: RunPod, path: str, body: Any = None, method: str = "POST") -> tuple[int, Any]:
    answer = account.answer(
        method, f"/queue/e1/{path}", f"Bearer {KEY}", b"" if body is None else json.dumps(body).encode()
    )
    return answer.status, answer.body


@pytest.mark.parametrize(
    "policy",
    [
        {"executionTimeout": 4_999},
        {"executionTimeout": 604_800_001},
        {"ttl": 9_999},
        {"ttl": 604_800_001},
        {"ttl": "600000"},
        {"timeout": 60_000},
    ],
)
def test_a_policy_out_of_runpods_bounds_is_refused(account: RunPod, policy: dict[str, Any]) -> None:
    assert sent(account, "run", {"input": {}, "policy": policy})[0] == 400
    assert account.jobs == []


@pytest.mark.parametrize("path", ["run", "runsync", "runsync?wait=1000", "runsync?wait=300000"])
def test_a_job_in_the_bounds_is_taken(account: RunPod, path: str) -> None:
    body = {"input": {}, "policy": {"executionTimeout": 5_000, "ttl": 604_800_000, "lowPriority": True}}
    assert sent(account, path, body)[0] == 200
    assert account.jobs == [body]


@pytest.mark.parametrize("path", ["runsync?wait=999", "runsync?wait=300001"])
def test_a_wait_out_of_runpods_bounds_is_refused(account: RunPod, path: str) -> None:
    assert sent(account, path, {"input": {}})[0] == 400


@pytest.mark.parametrize("body", [{}, [], {"input": "text"}, {"input": {}, "webhook": "ftp://there"}])
def test_what_is_no_job_is_refused(account: RunPod, body: Any) -> None:
    assert sent(account, "run", body)[0] == 400


def test_a_job_that_is_cancelled_stays_so(account: RunPod) -> None:
    _, job = sent(account, "run", {"input": {}})
    assert sent(account, f"cancel/{job['id']}")[1]["status"] == "CANCELLED"
    for look in ("status", "status-sync"):
        assert sent(account, f"{look}/{job['id']}", method="GET")[1] == {"id": "job-1", "status": "CANCELLED"}
