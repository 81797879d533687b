"""Answers that RunPod does not document: each ends with a sentence about the request, and nothing is changed."""

import gzip
import json
from collections.abc import Iterator

import pytest

from deploy import api
from testing.runpod_api import Answer, Json, RunPod
from tests.deploy.operator import NEWER, Operator


@pytest.fixture
def lenient(runpod: RunPod) -> Iterator[RunPod]:
    """The account, which here may answer what the document does not know."""
    yield runpod
    runpod.faults.clear()


NOT_JSON = {
    "html": Answer(200, "<html>Sign in</html>", {"Content-Type": "text/html"}),
    "html that says JSON": Answer(200, "<html>Sign in</html>", {"Content-Type": "application/json"}),
    "half of it": Answer(200, '{"endpoints": ['),
    "null": Answer(200, "null"),
    "a list": Answer(200, "[]"),
    "a text": Answer(200, '"x"'),
    "bytes": Answer(200, b"\xff\xfe\x00"),
    "nothing but brackets": Answer(200, 100_000 * "["),
    "a number of 5,000 digits": Answer(200, '{"endpoints": ' + 5_000 * "1" + "}"),
    "a blank": Answer(200, " "),
}


@pytest.mark.parametrize("answer", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_an_answer_that_is_no_json_object_is_an_error(runpod: RunPod, operator: Operator, answer: Answer) -> None:
    runpod.script("listEndpoints", answer)
    outcome = operator.deploy()
    assert (outcome.status, runpod.writes) == (1, [])
    assert outcome.err.endswith("/v2/serverless: the answer is not a JSON object.\n")


def test_a_content_type_does_not_matter(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    body = json.dumps({"endpoints": [endpoint]})
    runpod.script("listEndpoints", Answer(200, body, {"Content-Type": "image/png; charset=nowhere"}))
    assert "nothing to change" in operator.deploy().out


HEAD = b"HTTP/1.1 200 OK\r\n"
BROKEN = {
    "cut": (HEAD + b"Content-Length: 99\r\n\r\n{", "the answer broke off."),
    "wrong chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "the answer broke off."),
    "wrong gzip": (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd", "the answer cannot be unpacked."),
    "nothing": (b"", "no connection: "),
    "no http": (b"SSH-2.0-OpenSSH_9.2\r\n", "no connection: "),
    "a long header": (HEAD + b"X: " + 99_999 * b"x" + b"\r\n\r\n", "no connection: "),
}


@pytest.mark.parametrize(("raw", "told"), BROKEN.values(), ids=BROKEN.keys())
def test_an_answer_that_breaks_off_is_an_error(runpod: RunPod, operator: Operator, raw: bytes, told: str) -> None:
    runpod.script("listEndpoints", *[Answer(0, raw=raw)] * (1 + api.RETRIES))
    outcome = operator.deploy()
    assert (outcome.status, runpod.writes) == (1, [])
    assert f"/v2/serverless: {told}" in outcome.err


@pytest.mark.parametrize("packing", ["", "gzip"])
@pytest.mark.parametrize("status", [200, 403])
def test_of_a_huge_answer_only_so_much_is_read(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch, status: int, packing: str
) -> None:
    monkeypatch.setattr(api, "LARGEST_ANSWER", 200_000)
    body = json.dumps({"endpoints": [], "more": 20_000_000 * " "}).encode()
    headers = {"Content-Encoding": packing} if packing else {}
    runpod.script("listEndpoints", Answer(status, gzip.compress(body) if packing else body, headers))
    outcome = operator.deploy()
    assert (outcome.status, runpod.writes) == (1, [])
    assert "the answer has more than 200,000 bytes." in outcome.err


def test_of_an_error_as_long_as_a_book_the_beginning_is_shown(lenient: RunPod, operator: Operator) -> None:
    lenient.script("listEndpoints", Answer(403, {"title": "No", "status": 403, "detail": 100_000 * "x"}))
    outcome = operator.run("status")
    assert "HTTP 403 No: xxx" in outcome.err
    assert len(outcome.err) < 5_000


@pytest.mark.parametrize("errors", [5, "text", {"a": 1}, None, [None, {"a": 1}]])
def test_an_error_in_another_form_is_told_all_the_same(lenient: RunPod, operator: Operator, errors: object) -> None:
    body = {"title": "Invalid", "status": 422, "detail": "d", "errors": errors}
    lenient.script("listEndpoints", Answer(422, json.dumps(body)))
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "HTTP 422 Invalid: d\n" in outcome.err


ENDPOINT = {"id": "endpoint1", "name": "posture-analysis", "workers": {"min": 0, "max": 1}, "flashboot": "OFF"}
ROLLOUT = {"inProgress": False, "percentOnLatest": 100}
DIFF = {"field": "image", "new": NEWER}
DONE = {"id": "job-1", "status": "COMPLETED"}
SHAPES = [
    ("status listEndpoints", {}, "endpoints: Field required"),
    ("status listEndpoints", {"endpoints": None}, "endpoints: Input should be a valid list"),
    ("status listEndpoints", {"endpoints": 3}, "endpoints: Input should be a valid list"),
    ("status listEndpoints", {"endpoints": "abc"}, "endpoints: Input should be a valid list"),
    ("status listEndpoints", {"endpoints": {}}, "endpoints: Input should be a valid list"),
    ("status listEndpoints", {"endpoints": [None]}, "endpoints.0: Input should be a valid dictionary"),
    ("status listEndpoints", {"endpoints": [{"name": "posture-analysis"}]}, "endpoints.0.id: Field required"),
    ("status listEndpoints", {"endpoints": [{**ENDPOINT, "id": 3}]}, "endpoints.0.id: Input should be a valid str"),
    ("status listEndpoints", {"endpoints": [{**ENDPOINT, "id": "../x?y"}]}, "id: String should match pattern"),
    ("status listEndpoints", {"endpoints": [{**ENDPOINT, "workers": []}]}, "workers: Input should be a valid dict"),
    ("status getEndpoint", {**ENDPOINT, "workers": {}}, "workers.min: Field required"),
    ("status getEndpoint", {**ENDPOINT, "cpu": [3]}, "cpu.0: Input should be a valid dictionary"),
    ("status getEndpoint", {**ENDPOINT, "gpu": 3}, "gpu: Input should be a valid dictionary"),
    ("status getEndpoint", {**ENDPOINT, "env": [3]}, "env: Input should be a valid dictionary"),
    ("status getEndpoint", {**ENDPOINT, "requestUrls": None}, "requestUrls: Input should be a valid dictionary"),
    ("status listEndpointWorkers", {"summary": []}, "summary: Input should be a valid dictionary"),
    ("status listEndpointReleases", {"releases": [], "rollout": {}}, "rollout.inProgress: Field required"),
    ("status listEndpointReleases", {"releases": [3], "rollout": ROLLOUT}, "releases.0: Input should be a valid"),
    ("rollback listEndpointReleases", {"releases": {}, "rollout": ROLLOUT}, "releases: Input should be a valid"),
    (
        "rollback listEndpointReleases",
        {"releases": [{"id": "r", "createdAt": "", "diff": [DIFF]}], "rollout": ROLLOUT},
        "releases.0.diff.0.old: Field required",
    ),
    ("deploy getCpuType", {"vcpu": 3, "ramGbPerVcpu": "x"}, "vcpu: Input should be a valid dictionary"),
    ("call runsync", {"status": "COMPLETED"}, "id: Field required"),
    ("call runsync", {**DONE, "status": []}, "status: Input should be a valid string"),
    ("call runsync", {**DONE, "id": "a/../b", "status": "IN_QUEUE"}, "id: String should match pattern"),
    ("call runsync", {**DONE, "delayTime": "soon"}, "delayTime"),
]


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(("what", "body", "told"), SHAPES)
def test_an_answer_of_another_shape_is_an_error_that_says_where(
    lenient: RunPod, operator: Operator, what: str, body: Json, told: str
) -> None:
    command, operation = what.split()
    lenient.script(operation, Answer(200, body))
    outcome = operator.run(*([command, "--image", NEWER] if command == "deploy" else [command]))
    assert outcome.status == 1
    assert set(lenient.writes) <= {"runsync"}
    assert "the answer is not as RunPod documents it:\n" in outcome.err
    assert told in outcome.err


def test_a_new_endpoint_whose_id_is_none_is_looked_for(lenient: RunPod, operator: Operator) -> None:
    lenient.script("createEndpoint", Answer(201, {"id": {}}, carried_out=True))
    assert "posture-analysis (endpoint1) is created" in operator.deploy().out
    assert lenient.writes == ["createEndpoint"]


def test_an_old_image_that_is_no_text_is_not_gone_back_to(lenient: RunPod, operator: Operator, endpoint: Json) -> None:
    diff = {"field": "image", "old": {"a": 1}, "new": endpoint["image"]}
    release = {"id": "r", "createdAt": "", "diff": [diff]}
    lenient.script("listEndpointReleases", Answer(200, {"releases": [release], "rollout": ROLLOUT}))
    outcome = operator.run("rollback")
    assert (outcome.status, lenient.writes) == (1, [])
    assert "No release of this endpoint says what ran before" in outcome.err


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("view", [[], "text", None, {"shoulder_tilt": "1" * 99}, {"shoulder_tilt": 10**400}])
def test_what_is_no_angle_in_an_answer_is_not_as_expected(lenient: RunPod, operator: Operator, view: object) -> None:
    lenient.output = {"output": {"data": {"front_view": view, "side_view": view}}}
    outcome = operator.run("call")
    assert outcome.status == 1
    assert "8 not as expected" in outcome.out
    assert max(map(len, outcome.out.splitlines())) < 100


@pytest.mark.parametrize("seconds", [5_000 * "9", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
def test_a_wait_that_is_no_number_of_seconds_is_left_out(
    runpod: RunPod, operator: Operator, endpoint: Json, seconds: str
) -> None:
    limit = {"title": "Too Many Requests", "status": 429, "detail": "rate limit exceeded"}
    runpod.script("listEndpoints", Answer(429, limit, {"Retry-After": seconds}))
    assert f"({endpoint['id']})" in operator.run("status").out
