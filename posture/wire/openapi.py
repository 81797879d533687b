"""OpenAPI 3.1 of an endpoint: RunPod's addresses and states, and in them this worker's input and answers."""

from collections.abc import Iterable
from typing import Any

import msgspec

from posture import __version__
from posture.errors import CODES, Code
from posture.wire.job import DEFAULT_WAIT, KEEP_RUN, KEEP_RUNSYNC, LARGEST_RUN, LARGEST_RUNSYNC, WAIT, Policy, Sent
from posture.wire.schema import Schema, input_schema, output_schema

_SCHEMAS = "#/components/schemas/"
_DEFINED = "#/$defs/"
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_REFUSALS = [code for code in CODES.values() if code.error]


def document() -> Schema:
    """The document; new each time."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Posture measurement",
            "version": __version__,
            "summary": "Posture angles from two photographs of a standing person.",
            "description": "An endpoint of RunPod's with this project's worker, or the local endpoint, which has the "
            "same addresses and answers. A job whose photos cannot be measured fails; its `output` has a stable `code` "
            "and says what to do. The README says what the angles mean.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {
                "url": "https://api.runpod.ai/v2/{endpoint_id}",
                "description": "RunPod",
                "variables": {"endpoint_id": {"default": "ENDPOINT_ID", "description": "The endpoint's id."}},
            },
            {"url": "http://127.0.0.1:8000/v2/local", "description": "The local endpoint: `posture serve`"},
        ],
        "security": [{"key": []}],
        "paths": {
            "/runsync": {"post": _runsync()},
            "/run": {"post": _run()},
            "/status/{id}": {"parameters": [_parameter("id")], "get": _status()},
            "/cancel/{id}": {"parameters": [_parameter("id")], "post": _cancel()},
            "/health": {"get": _health()},
        },
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "RunPod's API key. The local endpoint asks for one only where it was given one.",
                }
            },
            "parameters": {
                "id": {"name": "id", "in": "path", "required": True, "description": "The job's id.", "schema": _TEXT}
            },
            "requestBodies": {"Job": {"required": True, "content": _json("JobRequest")}},
            "responses": {name: _failure(name, description) for name, description in _FAILURES.items()},
            "schemas": {**_job_schemas(), **_worker_schemas()},
        },
    }


_FAILURES = {
    "BadRequest": "The body is no JSON, or has no `input`; a number is out of its bounds.",
    "Unauthorized": "The key is missing, or another.",
    "NotFound": "There is no such job, or its result is not kept any more.",
    "TooLarge": "The body is too large: send photos of 1080x1440 pixels as JPEG.",
    "TooMany": "Too many requests or jobs at once. Send it again later.",
    "Failure": "Something else. From 500 on, send it again later.",
}


def _runsync() -> Schema:
    return _operation(
        "runsync",
        "Measure, and wait for the result",
        f"Takes a body of {LARGEST_RUNSYNC // 1_000_000} MB. Answers when the job is over, or when the wait is; then "
        f"ask for its status. The result is kept for {KEEP_RUNSYNC} seconds.",
        _ok("The result, or how the job stands.", "Job"),
        {"400": "BadRequest", "413": "TooLarge", "429": "TooMany"},
        requestBody={"$ref": "#/components/requestBodies/Job"},
        parameters=[
            {
                "name": "wait",
                "in": "query",
                "description": "Milliseconds to wait for the result.",
                "schema": {"type": "integer", "minimum": WAIT[0], "maximum": WAIT[-1], "default": DEFAULT_WAIT},
            }
        ],
    )


def _run() -> Schema:
    return _operation(
        "run",
        "Measure, and ask for the result later",
        f"Takes a body of {LARGEST_RUN // 1_000_000} MB. Answers at once; the result is kept for {KEEP_RUN // 60} "
        "minutes.",
        _ok("The job's id.", "QueuedJob"),
        {"400": "BadRequest", "413": "TooLarge", "429": "TooMany"},
        requestBody={"$ref": "#/components/requestBodies/Job"},
    )


def _status() -> Schema:
    return _operation("status", "How a job stands", "With its result, once it is over.", _ok("The job.", "Job"), _JOBS)


def _cancel() -> Schema:
    return _operation(
        "cancel",
        "Stop a job",
        "In the queue or in work. One that is over stays as it is.",
        _ok("The job.", "Job"),
        _JOBS,
    )


def _health() -> Schema:
    return _operation("health", "Count jobs and workers", "In each of their states.", _ok("The numbers.", "Health"), {})


_JOBS = {"404": "NotFound"}


def _operation(
    name: str, summary: str, description: str, answer: Schema, failures: dict[str, str], **more: object
) -> Schema:
    always = {"401": "Unauthorized", "default": "Failure"}
    refused = {status: {"$ref": f"#/components/responses/{kind}"} for status, kind in (failures | always).items()}
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        **more,
        "responses": {"200": answer, **refused},
    }


def _ok(description: str, schema: str) -> Schema:
    return {"description": description, "content": _json(schema)}


def _failure(name: str, description: str) -> Schema:
    again = {"Retry-After": {"description": "Seconds to wait first.", "schema": _COUNT}}
    headers = {"headers": again} if name == "TooMany" else {}
    return {"description": description, **headers, "content": _json("Error")}


def _json(schema: str) -> Schema:
    return {"application/json": {"schema": _ref(schema)}}


def _parameter(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


def _ref(name: str) -> Schema:
    return {"$ref": f"{_SCHEMAS}{name}"}


def _job_schemas() -> Schema:
    """Of what RunPod has around input and answer."""
    begun = {
        "delayTime": _COUNT | {"description": "Milliseconds in the queue."},
        "workerId": _TEXT | {"description": "Who took it."},
    }
    over = {**begun, "executionTime": _COUNT | {"description": "Milliseconds of work."}}
    error = {"error": _TEXT | {"description": "What is wrong, in one sentence."}}
    states = {
        "QueuedJob": _job("IN_QUEUE", "No worker has taken it yet."),
        "RunningJob": _job("IN_PROGRESS", "A worker has it.", optional=begun),
        "CompletedJob": _job("COMPLETED", "It was measured.", {"output": _ref("Success")}, over),
        "FailedJob": _job(
            "FAILED",
            "It was refused. Without `output` the platform itself has failed it.",
            error,
            {"output": _ref("Refusal"), **over},
        ),
        "CancelledJob": _job("CANCELLED", "It was stopped by /cancel.", optional=over),
        "TimedOutJob": _job("TIMED_OUT", "Its `policy`, or the endpoint's, has ended it.", optional={**error, **over}),
    }
    counts = {
        "jobs": ("completed", "failed", "inProgress", "inQueue", "retried"),
        "workers": ("idle", "initializing", "ready", "running", "throttled", "unhealthy"),
    }
    return {
        "JobRequest": _job_request(),
        "Policy": _plain(Policy),
        "Job": {
            "oneOf": [_ref(name) for name in states],
            "discriminator": {
                "propertyName": "status",
                "mapping": {of["properties"]["status"]["const"]: f"{_SCHEMAS}{name}" for name, of in states.items()},
            },
        },
        **states,
        "Health": {
            "type": "object",
            "properties": {
                name: {"type": "object", "properties": dict.fromkeys(each, _COUNT)} for name, each in counts.items()
            },
            "required": list(counts),
        },
        "Error": {"type": "object", "description": "RunPod does not say what is in it.", "properties": error},
    }


def _job(state: str, description: str, required: Schema | None = None, optional: Schema | None = None) -> Schema:
    """A job in one state. It may hold more: the platform adds to it."""
    needed = {"id": _TEXT, "status": {"const": state}, **(required or {})}
    return {
        "type": "object",
        "description": description,
        "properties": {**needed, **(optional or {})},
        "required": list(needed),
    }


def _job_request() -> Schema:
    """The body of a job. What stands beside these names is dropped by the platform."""
    schema = _plain(Sent)
    return schema | {"properties": schema["properties"] | {"input": _ref("Input"), "policy": _ref("Policy")}}


def _plain(kind: type[msgspec.Struct]) -> Schema:
    """The schema of a struct, without its name."""
    schema = msgspec.json.schema(kind)
    schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    return {name: value for name, value in schema.items() if name != "title"}


def _worker_schemas() -> Schema:
    """Of the worker's input and answers, those that the worker itself is held to."""
    sent, told = input_schema(), output_schema()
    refusal = told["$defs"]["refusal"]
    # The SDK has moved it to the top of the job.
    refusal["properties"].pop("error")
    refusal["required"].remove("error")
    named = {"Input": sent, **{_name(key): schema for of in (sent, told) for key, schema in of["$defs"].items()}}
    return {
        **{name: _moved(schema) for name, schema in named.items()},
        "Code": _codes("Why a job was refused. Stable.", _REFUSALS),
        "WarningCode": _codes(
            "What a photo was warned of; with `strict: false` what it would be refused for too. Stable.",
            CODES.values(),
        ),
    }


def _codes(description: str, codes: Iterable[Code]) -> Schema:
    rows = [f"- `{code.name}`: {code.meaning}" for code in codes]
    return {
        "type": "string",
        "description": "\n".join([description, "", *rows]),
        "enum": [code.name for code in codes],
    }


# Lists that are named and described once.
_LISTS = {tuple(code.name for code in _REFUSALS): "Code", tuple(CODES): "WarningCode"}


def _moved(value: Any) -> Any:  # noqa: ANN401  any JSON
    """A schema with its references to where OpenAPI has schemas, and with names for lists of codes."""
    if isinstance(value, list):
        return [_moved(each) for each in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved(each) for key, each in value.items() if key not in ("$schema", "$defs")}
    if isinstance(reference := moved.get("$ref"), str):
        moved["$ref"] = f"{_SCHEMAS}{_name(reference.removeprefix(_DEFINED))}"
    if isinstance(words := moved.get("enum"), list) and (name := _LISTS.get(tuple(words))):
        del moved["enum"]
        moved = {**_ref(name), **moved}
    return moved


def _name(key: str) -> str:
    return key[0].upper() + key[1:]
