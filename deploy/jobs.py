"""A job at the endpoint's queue: sent, waited for, and what is said of one that failed."""

import time
from collections.abc import Mapping
from typing import Any

from deploy.answers import Job
from deploy.api import Client, Json, Request
from deploy.errors import DeployError

# Milliseconds that /runsync holds its answer back for a job that is not done; less than a request is given to answer.
_RUNSYNC_WAITS = 20_000
_FINISHED = frozenset(["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"])


def run(client: Client, endpoint_id: str, job_input: Json, seconds: float) -> Job:
    """What the endpoint says of the job with this `input` when it is done.

    Raises DeployError when the job failed, with every reason that the worker gives, or is not done within `seconds`;
    the first one waits for a worker to start.
    """
    deadline = time.monotonic() + seconds
    body = {"input": job_input}
    done = client.send(Request("POST", f"/{endpoint_id}/runsync?wait={_RUNSYNC_WAITS}", body), Job)
    while done["status"] not in _FINISHED:
        if time.monotonic() > deadline:
            raise DeployError(f"Job {done['id']} is {done['status']} after {seconds:g} s: see python -m deploy status.")
        time.sleep(client.patience.between)
        done = client.send(Request("GET", f"/{endpoint_id}/status/{done['id']}"), Job)
    if done["status"] != "COMPLETED":
        raise DeployError(f"Job {done['id']} is {done['status']}: {_reasons(done) or 'see the log in the console.'}")
    return done


def _reasons(done: Job) -> str:
    """Why a job failed, a line for each reason: code, photo, what is wrong and what to do about it, as far as told."""
    output = done.get("output")
    told = output if isinstance(output, dict) else {}
    first = {**told, "problem": done.get("error"), "advice": told.get("message")}
    problems = told.get("problems")
    listed = problems if isinstance(problems, list) else []
    return "\n  ".join(map(_reason, [problem for problem in listed if isinstance(problem, dict)] or [first]))


def _reason(problem: Mapping[str, Any]) -> str:
    photo = f"{problem['view']} photo" if problem.get("view") else ""
    about = ", ".join(str(text) for text in (problem.get("code"), photo) if text)
    told = about and f"{about}:", problem.get("problem"), problem.get("advice")
    return " ".join(str(text) for text in told if text)
