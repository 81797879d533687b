"""The commands of `python -m deploy`, against RunPod's API on the loopback (testing/runpod_api.py)."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from deploy import api, config
from deploy.__main__ import main
from deploy.api import Patience
from testing import DEMO
from testing.runpod_api import KEY, OPERATION_IDS, Answer, Json, RunPod, problem, serve

IMAGE, NEWER = "docker.io/clinic/posture-analysis:1.0.0", "docker.io/clinic/posture-analysis:1.1.0"
QUICK = Patience(connect=5, read=5, backoff=0.001, between=0.01)


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str


class Operator:
    """Someone at the command line, with the key in the environment."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str, patience: Patience = QUICK) -> Outcome:
        status = main(arguments, patience)
        captured = self._capsys.readouterr()
        assert KEY not in captured.out + captured.err
        return Outcome(status, captured.out, captured.err)

    def deploy(self, image: str = IMAGE, *more: str) -> Outcome:
        return self.run("deploy", "--image", image, *more)


@pytest.fixture
def runpod(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunPod]:
    account = RunPod()
    server = serve(account)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    monkeypatch.setenv("RUNPOD_API_URL", address)
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", f"{address}/queue")
    yield account
    account.stopping.set()
    server.shutdown()
    server.server_close()
    assert account.faults == []


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(capsys)


@pytest.fixture
def endpoint(runpod: RunPod, operator: Operator) -> Json:
    """An endpoint as described, with all that was said so far forgotten."""
    assert operator.deploy().status == 0
    runpod.received.clear()
    return next(iter(runpod.endpoints.values()))


def described(**changed: Any) -> Json:
    return {**json.loads(config.PATH.read_text())["endpoint"], "image": IMAGE, **changed}


# Making and changing it.


def test_without_an_endpoint_one_is_made_as_described(runpod: RunPod, operator: Operator) -> None:
    outcome = operator.deploy()
    assert outcome.status == 0
    assert runpod.sent("createEndpoint") == [described()]
    assert runpod.writes == ["createEndpoint"]
    assert "endpoint  posture-analysis (endpoint1)" in outcome.out
    assert "machines  cpu5c with 2 vCPUs and 4 GB or cpu3c with 2 vCPUs and 4 GB" in outcome.out
    assert "jobs      https://api.runpod.ai/v2/endpoint1/run" in outcome.out


def test_an_endpoint_as_described_is_left_alone(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.deploy()
    assert (outcome.status, runpod.writes) == (0, [])
    assert f"({endpoint['id']}) is as described: nothing to change" in outcome.out


def test_only_what_differs_is_changed(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["workers"]["max"] = 3
    endpoint["dataCenterIds"] = ["EU-RO-1"]  # not described, so not touched
    outcome = operator.deploy()
    assert outcome.status == 0
    assert runpod.sent("updateEndpoint") == [{"workers": {"min": 0, "max": 10, "idleTimeout": 30}}]
    assert endpoint["dataCenterIds"] == ["EU-RO-1"]


def test_values_of_the_environment_are_not_shown(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["env"] = {"RUNPOD_INIT_TIMEOUT": "7", "TOKEN": "hunter2"}
    outcome = operator.deploy()
    assert runpod.sent("updateEndpoint") == [{"env": {"RUNPOD_INIT_TIMEOUT": "300"}}]
    assert "env: not asked for TOKEN; other value RUNPOD_INIT_TIMEOUT" in outcome.out
    assert "hunter2" not in outcome.out + outcome.err


def test_another_image_is_waited_for_until_no_worker_runs_the_old_one(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    runpod.looks_until_rolled_out = 4
    outcome = operator.deploy(NEWER)
    assert outcome.status == 0
    assert runpod.sent("updateEndpoint") == [{"image": NEWER}]
    assert len(runpod.sent("listEndpointReleases")) == 5
    assert f"image     {NEWER}" in outcome.out
    assert endpoint["image"] == NEWER


def test_a_release_that_does_not_come_through_is_an_error_that_tells_of_the_workers(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    runpod.looks_until_rolled_out = 1_000_000
    outcome = operator.deploy(NEWER, "--wait", "0.1")
    assert outcome.status == 1
    assert "not rolled out after 0.1 s: 50 % of the workers run it; workers: 1 idle, 2 throttled" in outcome.err
    assert endpoint["id"] in outcome.err


def test_a_release_that_never_appears_is_an_error(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    answer = {"rollout": runpod.list_endpoint_releases(None, endpoint["id"])[1]["rollout"], "releases": []}
    runpod.script(
        "listEndpointReleases", *[Answer(200, {**answer, "releases": runpod.releases[endpoint["id"]][:]})] * 999
    )
    outcome = operator.deploy(NEWER, "--wait", "0.1")
    assert outcome.status == 1
    assert "not rolled out after 0.1 s: there is none" in outcome.err


def test_an_endpoint_of_runpods_older_tools_is_found(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["name"] += " -fb"
    assert operator.deploy().status == 0
    assert runpod.writes == []


def test_of_two_endpoints_of_one_name_none_is_touched(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.endpoints["other"] = {**endpoint, "id": "other"}
    outcome = operator.deploy(NEWER)
    assert (outcome.status, runpod.writes) == (1, [])
    assert "Several endpoints are named posture-analysis: endpoint1, other." in outcome.err


GPU = {"pools": ["ADA_24"], "count": 1, "allowedCudaVersions": [], "minCudaVersion": None}


@pytest.mark.parametrize(
    ("came", "kind"), [({"gpu": GPU}, "a GPU endpoint"), ({"type": "LOAD_BALANCER"}, "of type LOAD_BALANCER")]
)
def test_what_runpod_cannot_change_is_refused_before_anything_is_sent(
    runpod: RunPod, operator: Operator, endpoint: Json, came: Json, kind: str
) -> None:
    endpoint.update(came)
    outcome = operator.deploy(NEWER)
    assert (outcome.status, runpod.writes) == (1, [])
    assert f"is {kind}, and RunPod cannot change that" in outcome.err


def gpu_instead_of_cpu(endpoint: Json) -> None:
    del endpoint["cpu"]
    endpoint["gpu"] = GPU


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (gpu_instead_of_cpu, "it is a GPU endpoint (['ADA_24']), although CPU was asked for"),
        (lambda came: came["cpu"][0].update(vcpuCount=1), "'vcpuCount': 1}, {"),
        (lambda came: came["cpu"][0].update(memory=3), "cpu: cpu5c has 3 GB instead of at least 4"),
        (lambda came: came["cpu"].pop(), "cpu: [{'memory': 4, 'id': 'cpu5c', 'vcpuCount': 2}] instead of ["),
        (lambda came: came.update(flashboot="OFF"), "flashboot: OFF instead of FLASHBOOT"),
        (lambda came: came["workers"].update(max=5), "workers: {'min': 0, 'max': 5"),
        (lambda came: came["env"].clear(), "env: missing RUNPOD_INIT_TIMEOUT"),
        (lambda came: came["env"].update({"TOKEN": "hunter2"}), "env: not asked for TOKEN"),
        (lambda came: came.update(timeout=300000), "timeout: 300000 instead of 120000"),
    ],
)
def test_an_endpoint_that_comes_otherwise_is_an_error_that_says_what(
    runpod: RunPod, operator: Operator, alter: Any, told: str
) -> None:
    runpod.alter = alter
    outcome = operator.deploy()
    runpod.faults.clear()  # a CPU endpoint with one vCPU is not in the document either
    assert outcome.status == 1
    assert "RunPod did not give what was asked for; endpoint endpoint1:" in outcome.err
    assert told in outcome.err


def test_an_environment_that_is_left_out_is_an_empty_one(runpod: RunPod, operator: Operator, tmp_path: Path) -> None:
    runpod.alter = lambda came: came.pop("env")
    assert operator.run("deploy", "--config", write(tmp_path, env={})).status == 0


def test_a_gpu_endpoint_is_not_waited_for(runpod: RunPod, operator: Operator) -> None:
    runpod.alter = gpu_instead_of_cpu
    runpod.looks_until_rolled_out = 1_000_000
    outcome = operator.deploy()
    assert (outcome.status, runpod.sent("listEndpointReleases")) == (1, [])
    assert "it is a GPU endpoint" in outcome.err


@pytest.mark.parametrize(
    ("cpu", "told"),
    [
        ({"id": "cpu9x", "vcpuCount": 2}, "RunPod has no cpu9x"),
        ({"id": "cpu5c", "vcpuCount": 64}, "cpu5c comes with 2 to 32 vCPUs, not 64"),
    ],
)
def test_processors_that_runpod_does_not_have_are_refused_before_anything_is_made(
    runpod: RunPod, operator: Operator, tmp_path: Path, cpu: Json, told: str
) -> None:
    outcome = operator.run("deploy", "--config", write(tmp_path, cpu=[cpu]))
    assert (outcome.status, runpod.writes) == (1, [])
    assert told in outcome.err


def test_processors_with_too_little_memory_are_refused(runpod: RunPod, operator: Operator, tmp_path: Path) -> None:
    outcome = operator.run("deploy", "--config", write(tmp_path, memory=8))
    assert (outcome.status, runpod.writes) == (1, [])
    assert "cpu5c with 2 vCPUs has 4 GB; the worker needs 8" in outcome.err


def write(folder: Path, memory: int = 4, **changed: Any) -> str:
    """A description of one's own."""
    text = json.loads(config.PATH.read_text())
    path = folder / "runpod_config.json"
    path.write_text(json.dumps({**text, "minimumMemoryGb": memory, "endpoint": described(**changed)}))
    return str(path)


# What goes wrong on the way.


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


def test_a_key_that_runpod_repeats_is_not_shown(runpod: RunPod, operator: Operator) -> None:
    runpod.script("listEndpoints", problem(403, "Forbidden", f"{KEY} may not do this"))
    outcome = operator.run("status")
    assert "HTTP 403 Forbidden: [key] may not do this" in outcome.err


def test_what_runpod_finds_invalid_is_listed(runpod: RunPod, operator: Operator) -> None:
    violation = "$: additional properties 'bogus' not allowed"
    runpod.script("createEndpoint", problem(422, "Unprocessable Entity", "Validation failed.", errors=[violation]))
    outcome = operator.deploy()
    assert outcome.status == 1
    assert f"HTTP 422 Unprocessable Entity: Validation failed.\n  {violation}" in outcome.err
    assert len(runpod.sent("listEndpoints")) == 1


def test_the_fake_refuses_what_the_document_refuses(runpod: RunPod) -> None:
    answer = runpod.answer("POST", "/v2/serverless", f"Bearer {KEY}", json.dumps(described(bogus=1)).encode())
    assert isinstance(answer.body, dict)
    assert answer.body["errors"] == ["$: Unevaluated properties are not allowed ('bogus' was unexpected)"]


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


def test_an_answer_that_is_no_json_is_an_error(runpod: RunPod, operator: Operator) -> None:
    runpod.script("listEndpoints", Answer(200, "<html>Sign in</html>"))
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "the answer is not a JSON object" in outcome.err


@pytest.mark.parametrize("answer", [{}, {"endpoints": None}])
def test_an_answer_without_what_it_must_hold_is_an_error(runpod: RunPod, operator: Operator, answer: Json) -> None:
    runpod.script("listEndpoints", Answer(200, answer))
    outcome = operator.deploy()
    runpod.faults.clear()  # the document does not know such an answer either
    assert (outcome.status, runpod.writes) == (1, [])
    assert "/v2/serverless: the answer lacks endpoints." in outcome.err


def test_a_redirection_is_not_followed(runpod: RunPod, operator: Operator) -> None:
    runpod.script("listEndpoints", Answer(307, headers={"Location": "http://127.0.0.1:1/elsewhere"}))
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "HTTP 307" in outcome.err


def test_a_server_that_is_not_there_is_an_error(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_URL", "http://127.0.0.1:1")
    outcome = operator.deploy()
    assert (outcome.status, runpod.received) == (1, [])
    assert "no connection" in outcome.err


@pytest.mark.parametrize(
    "address", ["http://api.runpod.io", "ftp://127.0.0.1", "api.runpod.io", "http://127.0.0.1.org"]
)
def test_the_key_is_not_sent_in_the_clear(operator: Operator, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    monkeypatch.setenv("RUNPOD_API_URL", address)
    outcome = operator.run("status")
    assert outcome.status == 1
    assert f"{address}: the key is sent by https only" in outcome.err


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


# Watching, calling, going back, deleting.


def test_status_tells_what_runs(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    assert operator.deploy(NEWER).status == 0
    outcome = operator.run("status")
    assert outcome.status == 0
    assert f"endpoint  posture-analysis ({endpoint['id']})\nimage     {NEWER}\n" in outcome.out
    assert "workers   1 idle, 2 throttled" in outcome.out
    assert "release   2026-11-02T12:00:00Z  release2  changed template.imageName" in outcome.out
    assert runpod.writes == ["updateEndpoint"]


def test_status_tells_of_drift_and_of_a_rollout(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["scaling"]["queueDelay"] = 60
    runpod.looks_until_rolled_out = 1
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "rollout   50 % of the workers run the newest release" in outcome.out
    assert "not as runpod_config.json describes it:\n  scaling: {" in outcome.out


def test_status_tells_of_an_endpoint_of_another_kind(operator: Operator, endpoint: Json) -> None:
    gpu_instead_of_cpu(endpoint)
    endpoint["requestUrls"] = {"base": "https://e.api.runpod.ai", "health": "https://e.api.runpod.ai/ping"}
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "machines  GPU" in outcome.out
    assert "it is a GPU endpoint" in outcome.out
    assert "\njobs" not in outcome.out


def test_status_minds_the_image_where_the_description_names_one(
    operator: Operator, endpoint: Json, tmp_path: Path
) -> None:
    outcome = operator.run("status", "--config", write(tmp_path, image=NEWER))
    assert outcome.status == 1
    assert f"image: {endpoint['image']} instead of {NEWER}" in outcome.out


@pytest.mark.parametrize("command", [["status"], ["call"], ["rollback"], ["delete", "--yes"]])
def test_without_an_endpoint_there_is_nothing_to_do(runpod: RunPod, operator: Operator, command: list[str]) -> None:
    outcome = operator.run(*command)
    assert (outcome.status, runpod.writes) == (1, [])
    assert "There is no endpoint named posture-analysis" in outcome.err


@pytest.fixture
def true_angles(demo: dict[str, Any]) -> Json:
    angles: Json = demo["pairs"][0]["angles"]
    return angles


@pytest.mark.parametrize("looks", [0, 3])
def test_a_call_sends_the_demo_photos_and_checks_the_angles(
    runpod: RunPod, operator: Operator, endpoint: Json, true_angles: Json, looks: int
) -> None:
    runpod.output = {"output": {"status": "success", "data": true_angles}}
    runpod.looks_until_done = looks
    outcome = operator.run("call")
    assert outcome.status == 0
    assert "all as expected" in outcome.out
    assert "waited 1200 ms for a worker, measured in 340 ms" in outcome.out
    assert f"front_view shoulder_tilt  {true_angles['front_view']['shoulder_tilt']:9.2f}" in outcome.out
    photos = {name: base64.b64decode(text) for name, text in runpod.jobs[0]["input"].items()}
    assert photos == {view: (DEMO / f"{view}_image.jpg").read_bytes() for view in ("front", "side")}
    assert len(runpod.sent("status")) == looks
    assert endpoint["id"] == "endpoint1"


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("waiting", ["IN_PROGRESS", "RUNNING"])
def test_a_job_that_is_in_hand_is_waited_for(
    runpod: RunPod, operator: Operator, true_angles: Json, waiting: str
) -> None:
    runpod.output = {"output": {"data": true_angles}}
    runpod.looks_until_done, runpod.waiting = 2, waiting
    assert operator.run("call").status == 0
    assert len(runpod.sent("status")) == 2


@pytest.mark.parametrize("data", [None, {}, {"front_view": {}}])
def test_an_answer_without_angles_is_not_as_expected(
    runpod: RunPod, operator: Operator, endpoint: Json, data: object
) -> None:
    runpod.output = {"output": {"status": "success", "data": data}}
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert "8 not as expected" in outcome.out


@pytest.mark.parametrize("wrong", [None, 99.0, "0.35"])
def test_an_angle_that_is_off_or_missing_is_marked(
    runpod: RunPod, operator: Operator, endpoint: Json, true_angles: Json, wrong: object
) -> None:
    data = {**true_angles, "side_view": {**true_angles["side_view"], "neck_tilt": wrong}}
    runpod.output = {"output": {"status": "success", "data": data}}
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert [line.split()[1] for line in outcome.out.splitlines() if line.endswith("OFF")] == ["neck_tilt"]
    assert "1 not as expected" in outcome.out


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (
            {"status": "FAILED", "error": "no person was found.", "output": {"message": "Show one person."}},
            "FAILED: no person was found. Show one person.\n",
        ),
        ({"status": "FAILED", "error": "out of memory", "output": "text"}, "FAILED: out of memory\n"),
        ({"status": "TIMED_OUT"}, "TIMED_OUT: see the log"),
        ({"status": "CANCELLED"}, "CANCELLED: see the log"),
    ],
)
def test_a_job_that_is_not_completed_is_told_with_its_advice(
    runpod: RunPod, operator: Operator, endpoint: Json, job: Json, told: str
) -> None:
    runpod.output = job
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert f"Job job-1 is {told}" in outcome.err


def test_a_job_that_the_queue_does_not_take_is_told_in_its_words(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    runpod.script("runsync", Answer(404, {"error": "endpoint not found"}))
    outcome = operator.run("call")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert "HTTP 404 Not Found: endpoint not found" in outcome.err


def test_a_job_that_finds_no_worker_is_told(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.looks_until_done = 1_000_000
    outcome = operator.run("call", "--wait", "0.1")
    assert (outcome.status, endpoint["id"]) == (1, "endpoint1")
    assert "Job job-1 is IN_QUEUE after 0.1 s" in outcome.err


@pytest.mark.parametrize("field", ["template.imageName", "image"])
def test_a_rollback_takes_the_image_before_and_a_second_one_takes_it_back(
    runpod: RunPod, operator: Operator, endpoint: Json, field: str
) -> None:
    runpod.image_field = field
    assert operator.deploy(NEWER).status == 0
    outcome = operator.run("rollback")
    assert outcome.status == 0
    assert f"rolled back from {NEWER}\n" in outcome.out
    assert endpoint["image"] == IMAGE
    assert operator.run("rollback").status == 0
    assert endpoint["image"] == NEWER
    assert runpod.sent("updateEndpoint") == [{"image": NEWER}, {"image": IMAGE}, {"image": NEWER}]


def test_a_rollback_without_an_image_before_is_refused(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.run("rollback")
    assert (outcome.status, runpod.writes) == (1, [])
    assert f"No release of this endpoint says what ran before {endpoint['image']}" in outcome.err


def test_a_rollback_does_not_guess_what_ran_before_an_image_of_no_release(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    assert operator.deploy(NEWER).status == 0
    runpod.received.clear()
    endpoint["image"] = "docker.io/clinic/posture-analysis:by-hand"
    outcome = operator.run("rollback")
    assert (outcome.status, runpod.writes) == (1, [])
    assert "what ran before docker.io/clinic/posture-analysis:by-hand" in outcome.err


def test_a_rollback_that_runpod_ignores_is_an_error(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    assert operator.deploy(NEWER).status == 0
    runpod.alter = lambda came: came.update(image=NEWER)
    outcome = operator.run("rollback")
    assert (outcome.status, endpoint["image"]) == (1, NEWER)
    assert f"RunPod did not take the image; image: {NEWER} instead of {IMAGE}" in outcome.err


def test_nothing_is_deleted_without_yes(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.run("delete")
    assert (outcome.status, runpod.writes) == (1, [])
    assert "say --yes" in outcome.err
    assert endpoint["id"] in runpod.endpoints


def test_delete_deletes(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.run("delete", "--yes")
    assert (outcome.status, runpod.endpoints) == (0, {})
    assert f"({endpoint['id']}) is deleted" in outcome.out


def test_a_deletion_whose_answer_was_lost_is_one(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.script("deleteEndpoint", Answer(503, carried_out=True))
    outcome = operator.run("delete", "--yes")
    assert (outcome.status, runpod.endpoints) == (0, {})
    assert len(runpod.sent("deleteEndpoint")) == 2
    assert f"({endpoint['id']}) is deleted" in outcome.out


def test_a_deletion_that_is_refused_is_told(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.script("deleteEndpoint", problem(403, "Forbidden", "read-only key"))
    outcome = operator.run("delete", "--yes")
    assert outcome.status == 1
    assert "HTTP 403 Forbidden: read-only key" in outcome.err
    assert endpoint["id"] in runpod.endpoints


def test_a_whole_life_uses_every_operation_of_the_document(
    runpod: RunPod, operator: Operator, true_angles: Json
) -> None:
    runpod.output = {"output": {"data": true_angles}}
    for command in (["deploy", "--image", IMAGE], ["deploy", "--image", NEWER], ["status"], ["call"], ["rollback"]):
        assert operator.run(*command).status == 0
    assert operator.run("delete", "--yes").status == 0
    assert {received.operation for received in runpod.received} == OPERATION_IDS | {"runsync"}
    assert len(OPERATION_IDS) == 8


# Dry runs.


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["deploy", "--image", NEWER], ["GET", "/v2/catalog/cpus/cpu5c", "PATCH", f'"image": "{NEWER}"']),
        (["rollback"], ["GET", "/releases", "PATCH", f'"image": "{IMAGE}"']),
        (["delete"], ["GET", "DELETE", "/v2/serverless/endpoint1"]),
        (["call"], ["POST", "/queue/endpoint1/runsync", '"front": "/9j/', "characters)"]),
    ],
)
def test_a_dry_run_shows_every_request_and_changes_nothing(
    runpod: RunPod, operator: Operator, endpoint: Json, command: list[str], shown: list[str]
) -> None:
    if command == ["rollback"]:
        assert operator.deploy(NEWER).status == 0
        runpod.received.clear()
    before = json.dumps(runpod.endpoints)
    outcome = operator.run(*command, "--dry-run")
    assert (outcome.status, runpod.writes, runpod.jobs) == (0, [], [])
    assert json.dumps(runpod.endpoints) == before
    assert outcome.out.endswith("dry run: nothing was changed\n")
    position = 0
    for text in shown:
        position = outcome.out.index(text, position)
    assert len(outcome.out.splitlines()) < 30
    assert endpoint["id"] in outcome.out


def test_a_dry_run_needs_no_key_to_show_what_would_be_made(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY")
    monkeypatch.delenv("RUNPOD_API_URL")
    outcome = operator.deploy(IMAGE, "--dry-run")
    assert (outcome.status, runpod.received) == (0, [])
    _, request = outcome.out.split("POST https://api.runpod.io/v2/serverless\n")
    assert json.loads(request.removesuffix("dry run: nothing was changed\n")) == described()


# What is refused before anything is sent.


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("your-registry/posture-analysis:1.0.0", "No image is named"),
        ("docker.io/clinic/posture-analysis", "name a version"),
        ("docker.io/clinic/posture-analysis:latest", "name a version"),
        ("registry.example:5000/posture-analysis", "name a version"),
    ],
)
def test_an_image_that_may_mean_another_tomorrow_is_refused(
    runpod: RunPod, operator: Operator, image: str, told: str
) -> None:
    outcome = operator.deploy(image)
    assert (outcome.status, runpod.received) == (1, [])
    assert told in outcome.err


def test_an_image_may_be_named_by_its_digest(runpod: RunPod, operator: Operator) -> None:
    image = f"registry.example:5000/posture-analysis@sha256:{'0' * 64}"
    assert operator.deploy(image).status == 0
    assert runpod.endpoints["endpoint1"]["image"] == image


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"colour": "blue"}, "endpoint.colour: Extra inputs are not permitted"),
        ({"name": ""}, "endpoint.name: String should have at least 1 character"),
        ({"type": "LOAD_BALANCER"}, "endpoint.type: Input should be 'QUEUE'"),
        ({"cpu": []}, "endpoint.cpu: List should have at least 1 item"),
        ({"cpu": [{"id": "cpu5c", "vcpuCount": 1}]}, "endpoint.cpu.0.vcpuCount: Input should be greater than or equal"),
        ({"cpu": [{"id": "cpu5c", "vcpuCount": 6}]}, "Input should be a power of two"),
        ({"env": {"TOKEN": 7777}}, "endpoint.env.TOKEN: Input should be a valid string"),
        (
            {"workers": {"min": 0, "max": True, "idleTimeout": 30}},
            "endpoint.workers.max: Input should be a valid integer",
        ),
        ({"workers": {"min": 4, "max": 3, "idleTimeout": 30}}, "endpoint.workers.min is above endpoint.workers.max"),
        (
            {"scaling": {"type": "REQUEST_COUNT", "requestCount": 4}},
            "endpoint.scaling.type: Input should be 'QUEUE_DELAY'",
        ),
        ({"timeout": "120 s"}, "endpoint.timeout: Input should be a valid integer"),
        ({"flashboot": True}, "endpoint.flashboot: Input should be 'OFF', 'FLASHBOOT' or 'PRIORITY_FLASHBOOT'"),
    ],
)
def test_a_description_that_is_wrong_is_refused_by_the_name_of_what_is_wrong(
    runpod: RunPod, operator: Operator, tmp_path: Path, changed: Json, told: str
) -> None:
    outcome = operator.run("deploy", "--config", write(tmp_path, **changed))
    assert (outcome.status, runpod.received) == (1, [])
    assert told in outcome.err
    assert "7777" not in outcome.err


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"endpoint": []}'])
def test_a_file_that_is_no_description_is_refused(operator: Operator, tmp_path: Path, text: str) -> None:
    path = tmp_path / "runpod_config.json"
    path.write_text(text)
    outcome = operator.run("deploy", "--config", str(path), "--image", IMAGE)
    assert outcome.status == 1
    assert outcome.err.startswith("error: runpod_config.json is not a")


def test_a_file_that_is_not_there_is_told(operator: Operator, tmp_path: Path) -> None:
    outcome = operator.run("status", "--config", str(tmp_path / "none.json"))
    assert outcome.status == 1
    assert "none.json cannot be read: No such file or directory" in outcome.err
