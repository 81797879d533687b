"""The demo photos as a job for an endpoint, and whether the answer is what it must be."""

import base64
import json
import math
import time
from pathlib import Path

from deploy.answers import Job
from deploy.api import Client, Json, Request
from deploy.errors import DeployError

FOLDER = Path(__file__).parent.parent / "demo_images"

# Milliseconds that /runsync holds its answer back for a job that is not done; less than a request is given to answer.
_RUNSYNC_WAITS = 20_000
_FINISHED = frozenset(["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"])


def truth() -> Json:
    """The demo pairs with their true angles, and the margins of their errors, in degrees."""
    read: Json = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return read


def job(pair: Json) -> Json:
    """A job with the two photos of a demo pair."""
    photos = {view: (FOLDER / pair[view]).read_bytes() for view in ("front", "side")}
    return {"input": {view: base64.b64encode(photo).decode() for view, photo in photos.items()}}


def run(client: Client, endpoint_id: str, body: Json, seconds: float) -> Job:
    """What the endpoint says of the job when it is done.

    Raises DeployError when the job failed, or is not done within `seconds`; the first one waits for a worker to start.
    """
    deadline = time.monotonic() + seconds
    done = client.send(Request("POST", f"/{endpoint_id}/runsync?wait={_RUNSYNC_WAITS}", body), Job)
    while done["status"] not in _FINISHED:
        if time.monotonic() > deadline:
            raise DeployError(f"Job {done['id']} is {done['status']} after {seconds:g} s: see python -m deploy status.")
        time.sleep(client.patience.between)
        done = client.send(Request("GET", f"/{endpoint_id}/status/{done['id']}"), Job)
    if done["status"] != "COMPLETED":
        output = done.get("output")
        advice = output.get("message") if isinstance(output, dict) else None
        said = " ".join(str(text) for text in (done.get("error"), advice) if text)
        raise DeployError(f"Job {done['id']} is {done['status']}: {said or 'see the log in the console.'}")
    return done


def compare(pair: Json, margins: Json, output: object) -> tuple[list[str], int]:
    """Lines of measured beside true, and how many angles are missing or outside their margins.

    `margins`: by view and angle, the least and the most that may be measured more than is true, in degrees. `output`:
    of a job with this pair.
    """
    data = _part(output, "data")
    lines, off = [f"{'degrees':26}{'measured':>9}{'true':>8}{'error':>8}   may be"], 0
    for view, angles in pair["angles"].items():
        for name, true in angles.items():
            value, (low, high) = _angle(_part(data, view).get(name)), margins[view][name]
            error = value - true
            good = low <= error <= high
            off += not good
            numbers = f"{value:>9}{true:8.2f}{error:8.2f}   {low:g} to {high:g}"
            lines.append(f"{view + ' ' + name:26}{numbers}{'' if good else '  OFF'}")
    return lines, off


def _part(value: object, name: str) -> Json:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _angle(value: object) -> float:
    """The value in degrees, NaN where it is none."""
    return value if isinstance(value, int | float) and abs(value) <= 180 else math.nan
