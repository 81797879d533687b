"""RunPod on the loopback: REST v2 as its OpenAPI document describes it, and the queue that takes jobs.

Paths, what a request must hold and what an answer must look like are read from the document (runpod_openapi.json), so
that a request RunPod would refuse is refused here: 401 without the key, 404 for unknown paths, 422 with the violations.
Of the queue there is no such document; what it takes and answers is that of RunPod's pages on requests and operations.
Behind it lies a small account with endpoints and their releases. A test may script the next answers of an operation.
"""

import copy
import json
import re
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from jsonschema import Draft202012Validator

Json = dict[str, Any]

DOCUMENT: Json = json.loads((Path(__file__).parent / "runpod_openapi.json").read_text(encoding="utf-8"))
KEY = "rpa_0123456789SECRET"

_OPERATIONS = {
    (method.upper(), re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
}
_QUEUE = {
    (method, re.compile(rf"/queue/(?P<id>[^/]+)/{path}$")): name
    for method, path, name in (
        ("POST", r"run", "run"),
        ("POST", r"runsync(\?wait=(?P<wait>\d+))?", "runsync"),
        ("GET", r"status/(?P<job>[^/?]+)", "status"),
        ("GET", r"status-sync/(?P<job>[^/?]+)(\?wait=\d+)?", "status"),  # of RunPod's package for JavaScript
        ("POST", r"cancel/(?P<job>[^/?]+)", "cancel"),
        ("GET", r"health", "health"),
    )
}
_WEEK = 7 * 24 * 60 * 60 * 1000  # in milliseconds, as all times of the queue
_TIMES = {"executionTimeout": 5_000, "ttl": 10_000}  # the least of each
_JOB: Json = {
    "type": "object",
    "required": ["input"],
    "properties": {
        "input": {"type": "object"},
        "webhook": {"type": "string", "pattern": "^https?://"},
        "policy": {
            "type": "object",
            "properties": {
                "lowPriority": {"type": "boolean"},
                **{name: {"type": "integer", "minimum": least, "maximum": _WEEK} for name, least in _TIMES.items()},
            },
            "additionalProperties": False,
        },
        "s3Config": {"type": "object"},
    },
}
_WAIT = range(1_000, 300_001)
_WEBHOOK_TRIES = 3
OPERATION_IDS = frozenset(operation["operationId"] for operation in _OPERATIONS.values())


@dataclass(frozen=True)
class Answer:
    """What is answered instead of, or with `carried_out` after, what the operation does."""

    status: int
    body: Json | str | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    carried_out: bool = False
    silent: bool = False  # nothing is answered while the server runs
    raw: bytes | None = None  # all that is sent instead, from the status line on


def problem(status: int, title: str, detail: str, **more: Any) -> Answer:
    """An error as RunPod words it."""
    return Answer(status, {"title": title, "status": status, "detail": detail, **more})


def finished(job: str, posted: Json) -> Json:
    """What a client is told of a job when its worker has posted this: `output` and, if the job failed, `error`."""
    status = "FAILED" if "error" in posted else "COMPLETED"
    return {"id": job, "status": status, "delayTime": 1200, "executionTime": 340, "workerId": "worker-1", **posted}


@dataclass(frozen=True)
class Received:
    """A request that reached an operation."""

    operation: str
    body: Any


class RunPod:
    """The account. `faults` lists where this fake itself does not keep to the document."""

    def __init__(self) -> None:
        self.endpoints: dict[str, Json] = {}
        self.releases: dict[str, list[Json]] = defaultdict(list)
        self.received: list[Received] = []
        self.faults: list[str] = []
        self.scripted: dict[str, deque[Answer]] = defaultdict(deque)
        # Changes an endpoint after it was made or changed as asked.
        self.alter: Callable[[Json], object] = lambda _endpoint: None
        # How many looks at the releases find the newest one still being rolled out.
        self.looks_until_rolled_out = 0
        self.image_field = "template.imageName"
        # What the worker posts, or what else is told of a job; and how many looks find it still in the queue.
        self.output: Json = {"output": {}}
        self.looks_until_done = 0
        self.waiting = "IN_QUEUE"
        self.jobs: list[Json] = []
        self.cancelled: set[str] = set()
        # Statuses that webhooks answered.
        self.webhooks: list[int] = []
        self.counts: Json = {
            "jobs": {"completed": 0, "failed": 0, "inProgress": 0, "inQueue": 0, "retried": 0},
            "workers": {"idle": 0, "initializing": 0, "ready": 0, "running": 0, "throttled": 0, "unhealthy": 0},
        }
        self.stopping = threading.Event()

    def script(self, operation: str, *answers: Answer) -> None:
        """The next answers of an operation."""
        self.scripted[operation].extend(answers)

    def sent(self, operation: str) -> list[Any]:
        """The bodies of the requests to an operation."""
        return [received.body for received in self.received if received.operation == operation]

    @property
    def writes(self) -> list[str]:
        """The operations that change something, as often as they were asked for."""
        reads = ("list", "get", "status", "health")
        return [received.operation for received in self.received if not received.operation.startswith(reads)]

    # What the operations do.

    def list_endpoints(self, _body: Any) -> tuple[int, Any]:
        return 200, {"endpoints": list(self.endpoints.values())}

    def create_endpoint(self, body: Json) -> tuple[int, Any]:
        number = f"endpoint{len(self.endpoints) + 1}"
        examples = DOCUMENT["paths"]["/v2/serverless"]["post"]["responses"]["201"]["content"]["application/json"]
        example = examples["examples"]["cpuEndpoint"]["value"]
        endpoint = {**copy.deepcopy(example), **body, "id": number, "cpu": _with_memory(body["cpu"])}
        endpoint["requestUrls"] = json.loads(json.dumps(example["requestUrls"]).replace(example["id"], number))
        self.alter(endpoint)
        self.endpoints[number] = endpoint
        self._release(number, [])
        return 201, endpoint

    def get_endpoint(self, _body: Any, endpoint_id: str) -> tuple[int, Any]:
        return 200, self.endpoints[endpoint_id]

    def update_endpoint(self, body: Json, endpoint_id: str) -> tuple[int, Any]:
        endpoint = self.endpoints[endpoint_id]
        fields = {"image": self.image_field, "env": "template.env"}
        diff = [{"field": fields[name], "old": endpoint[name], "new": body[name]} for name in fields if name in body]
        endpoint.update(body)
        endpoint["cpu"] = _with_memory(endpoint["cpu"])
        self.alter(endpoint)
        if diff:
            self._release(endpoint_id, diff)
        return 200, endpoint

    def delete_endpoint(self, _body: Any, endpoint_id: str) -> tuple[int, Any]:
        del self.endpoints[endpoint_id]
        return 204, None

    def list_endpoint_releases(self, _body: Any, endpoint_id: str) -> tuple[int, Any]:
        rolling = self.looks_until_rolled_out > 0
        self.looks_until_rolled_out -= rolling
        rollout = {"inProgress": rolling, "workersOnLatest": 1, "workersTotal": 2, "percentOnLatest": 50}
        return 200, {"endpointVersion": None, "rollout": rollout, "releases": self.releases[endpoint_id]}

    def list_endpoint_workers(self, _body: Any, endpoint_id: str) -> tuple[int, Any]:
        assert endpoint_id in self.endpoints
        statuses = {"running": 0, "idle": 1, "initializing": 0, "throttled": 2, "unhealthy": 0, "total": 3}
        return 200, {"workers": [], "summary": statuses}

    def get_cpu_type(self, _body: Any, cpu: str) -> tuple[int, Any]:
        if cpu not in ("cpu3c", "cpu5c"):
            return 404, problem(404, "Not Found", "cpu type not found").body
        answer = DOCUMENT["paths"]["/v2/catalog/cpus/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
        example = next(iter(answer["examples"].values()))["value"]
        return 200, {**example, "id": cpu, "vcpu": {"min": 2, "max": 32}, "ramGbPerVcpu": 2}

    def run(self, body: Any, endpoint_id: str) -> tuple[int, Any]:
        """Takes a job, which is done at once; the webhook is called before the client has the job's id."""
        assert endpoint_id in self.endpoints
        if violations := list(Draft202012Validator(_JOB).iter_errors(body)):
            return 400, {"error": violations[0].message}
        self.jobs.append(body)
        job = f"job-{len(self.jobs)}"
        if "webhook" in body:
            self._call(body["webhook"], finished(job, self.output))
        return 200, {"id": job, "status": "IN_QUEUE"}

    def runsync(self, body: Any, endpoint_id: str, wait: str | None) -> tuple[int, Any]:
        if wait is not None and int(wait) not in _WAIT:
            return 400, {"error": f"wait must be in {_WAIT}"}
        status, answer = self.run(body, endpoint_id)
        return self.status(None, endpoint_id, answer["id"]) if status == 200 else (status, answer)

    def status(self, _body: Any, endpoint_id: str, job: str) -> tuple[int, Any]:
        assert endpoint_id in self.endpoints
        if job in self.cancelled:
            return 200, {"id": job, "status": "CANCELLED"}
        waiting = self.looks_until_done > 0
        self.looks_until_done -= waiting
        if waiting:
            return 200, {"id": job, "status": self.waiting}
        return 200, finished(job, self.output)

    def cancel(self, _body: Any, endpoint_id: str, job: str) -> tuple[int, Any]:
        self.cancelled.add(job)
        return self.status(None, endpoint_id, job)

    def health(self, _body: Any, endpoint_id: str) -> tuple[int, Any]:
        assert endpoint_id in self.endpoints
        return 200, self.counts

    def _call(self, webhook: str, told: Json) -> None:
        """Posts what is told of a job until that is answered with 200, three times at most; without RunPod's pauses."""
        for _ in range(_WEBHOOK_TRIES):
            self.webhooks.append(requests.post(webhook, json=told, timeout=10).status_code)
            if self.webhooks[-1] == 200:
                return

    def _release(self, endpoint_id: str, diff: list[Json]) -> None:
        releases = self.releases[endpoint_id]
        number = len(releases) + 1
        releases.insert(
            0,
            {
                "id": f"release{number}",
                "version": number,
                "source": "MANUAL",
                "createdAt": f"2026-11-0{number}T12:00:00Z",
                "workerCount": 0,
                "diff": diff,
            },
        )

    # How a request comes to its operation.

    def answer(self, method: str, path: str, token: str | None, text: bytes) -> Answer:
        """The answer to a request, held against the document on the way in and out."""
        if token != f"Bearer {KEY}":
            return problem(401, "Unauthorized", "invalid bearer token")
        for (known, pattern), operation in _OPERATIONS.items():
            if known == method and (match := pattern.match(path)):
                return self._documented(operation, text, match.groupdict())
        for (known, pattern), name in _QUEUE.items():
            if known == method and (match := pattern.match(path)):
                return self._perform(name, json.loads(text) if text else None, match.groupdict())
        return problem(404, "Not Found", f"no {method} {path}")

    def _documented(self, operation: Json, text: bytes, names: dict[str, str]) -> Answer:
        body = json.loads(text) if text else None
        if "requestBody" in operation:
            violations = _violations(operation["requestBody"]["content"]["application/json"]["schema"], body)
            if violations:
                return problem(422, "Unprocessable Entity", "Request validation failed.", errors=violations)
        elif body is not None:
            self.faults.append(f"{operation['operationId']} takes no body")
        answer = self._perform(operation["operationId"], body, names)
        described = operation["responses"].get(str(answer.status), operation["responses"]["default"])
        described = _resolved(described)
        kind = "application/json" if answer.status < 300 else "application/problem+json"
        if isinstance(answer.body, dict):
            self.faults += _violations(described["content"][kind]["schema"], answer.body)
        return answer

    def _perform(self, name: str, body: Any, names: dict[str, str]) -> Answer:
        self.received.append(Received(name, body))
        scripted = self.scripted[name].popleft() if self.scripted[name] else None
        if scripted and not scripted.carried_out:
            return scripted
        if "endpoint" in name.lower() and "id" in names and names["id"] not in self.endpoints:
            return scripted or problem(404, "Not Found", "endpoint not found")
        perform = getattr(self, re.sub("([A-Z])", r"_\1", name).lower())
        status, answer = perform(body, *names.values())
        return scripted or Answer(status, answer)


@contextmanager
def serving(runpod: RunPod) -> Iterator[dict[str, str]]:
    """Serves the account on a free port of the loopback; gives the environment that leads there.

    Raises AssertionError at the end where what was answered did not keep to the document.
    """
    server = _server(runpod)
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield {
            "RUNPOD_API_KEY": KEY,
            "RUNPOD_API_URL": address,
            "RUNPOD_ENDPOINT_BASE_URL": f"{address}/queue",
        }
    finally:
        runpod.stopping.set()
        server.shutdown()
        server.server_close()
    assert runpod.faults == []


def demo_angles(demo: Json) -> Json:
    """What a worker may measure in the first demo pair: the true angles, off by the middle of their margins."""
    return {
        view: {name: round(true + sum(demo["margins"][view][name]) / 2, 2) for name, true in angles.items()}
        for view, angles in demo["pairs"][0]["angles"].items()
    }


def _server(runpod: RunPod) -> ThreadingHTTPServer:

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer; two would wait for each other

        def do(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = runpod.answer(self.command, self.path, self.headers.get("Authorization"), text)
            if answer.silent:
                runpod.stopping.wait(10)
                self.close_connection = True
                return
            if answer.raw is not None:
                self.wfile.write(answer.raw)
                self.close_connection = True
                return
            data = _as_bytes(answer.body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever reads a huge answer may have had enough
                self.wfile.write(data)
                self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = do  # noqa: N815  http.server's names

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


def _as_bytes(body: Json | str | bytes | None) -> bytes:
    if isinstance(body, bytes):
        return body
    if body is None:
        return b""
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _with_memory(cpu: list[Json]) -> list[Json]:
    return [{"memory": 2 * kind["vcpuCount"], **kind} for kind in cpu]


def _resolved(value: Json) -> Json:
    """What a reference of the document stands for."""
    if "$ref" not in value:
        return value
    found = DOCUMENT
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def _violations(schema: Json, instance: Any) -> list[str]:
    """Where an instance does not keep to a schema of the document."""
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]
