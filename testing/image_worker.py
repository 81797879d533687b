"""A worker in its container, or in none, works for the loopback queue.

    python3 -m testing.image_worker docker run --rm --network host ENVIRONMENT IMAGE
    python3 -m testing.image_worker .venv/bin/python -u runpod_handler.py

starts that command, with `--env NAME=VALUE ...` for ENVIRONMENT, while jobs wait: the demo images, and one without
photos. Prints the seconds to the first measurement. Ends with status 0 when the worker measures the former to within
their margins and refuses the latter. Needs nothing but Python.
"""

import base64
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from testing import DEMO
from testing.loopback import LoopbackPlatform, Result
from testing.processes import Process

SECONDS = 120.0  # for all the answers, a cold start on a busy machine included
PATIENCE = 20  # seconds in which a container stops and is removed when it is asked to


def main() -> str | None:
    """The command line. Returns what went wrong, None for nothing."""
    truth = json.loads((DEMO / "truth.json").read_text())
    with LoopbackPlatform() as platform, tempfile.TemporaryDirectory() as folder:
        jobs = platform.submit(*map(photos, truth["pairs"]), {})
        own = platform.environment()
        started = time.monotonic()
        with Process(Path(folder), command(sys.argv[1:], own), {**os.environ, **own}, PATIENCE) as process:
            try:
                *measured, refused = [platform.result(job, SECONDS) for job in jobs]
            except TimeoutError as error:
                return f"{process.output}\n{error}"
    wrong = [off for pair, result in zip(truth["pairs"], measured, strict=True) for off in errors(pair, result, truth)]
    if refused.body["output"]["code"] != "invalid_request":
        wrong.append(f"the job without photos: {refused.body}")
    print(f"{min(result.arrived for result in measured) - started:.1f}")  # noqa: T201  a command line
    return "\n".join(wrong) or None


def errors(pair: dict[str, Any], result: Result, truth: dict[str, Any]) -> list[str]:
    """Which angles of a pair are further from the truth than the demo's margins."""
    if result.body["output"]["status"] != "success":
        return [f"{pair['front']}: {result.body}"]
    return [
        f"{pair['front']}: {view} {name} is {angle}, not {true}"
        for view, angles in result.body["output"]["data"].items()
        for name, angle in angles.items()
        for true, (low, high) in [(pair["angles"][view][name], truth["margins"][view][name])]
        if not low <= angle - true <= high
    ]


def photos(pair: dict[str, Any]) -> dict[str, str]:
    """The input of a job with a pair of demo images."""
    return {view: base64.b64encode((DEMO / pair[view]).read_bytes()).decode() for view in ("front", "side")}


def command(words: list[str], environment: dict[str, str]) -> list[str]:
    """The words with options that set the environment in the place of ENVIRONMENT."""
    options = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    return [part for word in words for part in (options if word == "ENVIRONMENT" else [word])]


if __name__ == "__main__":
    sys.exit(main())
