"""The RunPod worker: takes jobs, answers with posture angles.

    python runpod_handler.py                   measures test_input.json and ends
    python runpod_handler.py --rp_serve_api    serves /run, /runsync and /status on this machine
    on RunPod                                  takes the endpoint's jobs until it is stopped

Environment: POSTURE_LANDMARKERS (pictures measured at once; by default one a core), POSTURE_CONCURRENCY (jobs held at
once), POSTURE_CALIBRATION (by default none), POSTURE_MODEL (the model file), POSTURE_PLAIN_START (1 turns
posture.startup off), RUNPOD_LOG_LEVEL (by default INFO).
"""

import asyncio
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args

if not {"RUNPOD_LOG_LEVEL", "RUNPOD_DEBUG_LEVEL"} & os.environ.keys():
    # The SDK reads it when it is imported, and would otherwise log at DEBUG.
    os.environ["RUNPOD_LOG_LEVEL"] = "INFO"

from posture import cores, model, startup

if TYPE_CHECKING:
    from posture.landmarker import LandmarkerPool

# The SDK's loop looks for new jobs once a second while all places are taken, so that a worker needs places for what it
# can do in a second and more: two cores do 15 to 20 jobs a second. A place is paid in memory, as the SDK holds the jobs
# in hand: two to three times a job's text, which is 1.4 MB with photos of 1080x1440 pixels, 14 MB with 12 megapixels.
JOBS_PER_LANDMARKER = 16


def _whole_number(name: str, default: int) -> int:
    """A positive whole number from the environment. Ends the program with a sentence when it is something else."""
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        sys.exit(f"{name} must be a positive whole number, not {text!r}.")
    return int(text)


def landmarkers() -> int:
    """How many pictures are measured at once."""
    return _whole_number("POSTURE_LANDMARKERS", cores.available())


def concurrency() -> int:
    """How many jobs the worker holds at once."""
    return _whole_number("POSTURE_CONCURRENCY", JOBS_PER_LANDMARKER * landmarkers())


def _open_pool() -> "LandmarkerPool":
    from posture.landmarker import LandmarkerPool  # noqa: PLC0415  takes as long as the SDK

    return LandmarkerPool(model.path(), landmarkers())


# The model is loaded while the SDK is imported.
_opened_pool = startup.ahead(_open_pool) if __name__ == "__main__" else _open_pool

import msgspec

with startup.lean("runpod"):
    import runpod
    from runpod.serverless.modules.rp_logger import RunPodLogger

from posture import report
from posture.analysis import analyze
from posture.errors import InternalError, PostureError
from posture.request import DEFAULTS, Calibration, Options, PostureRequest, parse

Envelope = dict[str, Any]
log = RunPodLogger()


class Worker:
    """Answers jobs with one pool of landmarkers, which it opens when it is first needed."""

    def __init__(self, open_pool: Callable[[], "LandmarkerPool"], defaults: Options = DEFAULTS) -> None:
        self._open_pool = open_pool
        self._defaults = defaults
        self._pool: LandmarkerPool | None = None
        self._opening = threading.Lock()

    def pool(self) -> "LandmarkerPool":
        """The landmarkers, opened at the first call."""
        with self._opening:
            if self._pool is None:
                self._pool = self._open_pool()
            return self._pool

    def close(self) -> None:
        """Releases the landmarkers, once the work in hand is done; to be called before the interpreter ends."""
        with self._opening:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    def handle(self, job: object) -> Envelope | Awaitable[Envelope]:
        """The answer to a job; on a running event loop an awaitable of it, worked out in a thread."""
        taken = time.perf_counter()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._answer(job, taken)
        return loop.run_in_executor(None, self._answer, job, taken)

    def _answer(self, job: object, taken: float) -> Envelope:
        """Whatever the job is, an envelope and one line in the log; nothing is raised."""
        job_id = _plain(job.get("id")) if isinstance(job, Mapping) else None
        request = None
        try:
            request = parse(job, self._defaults)
            pool = self.pool()
            answer = report.success(analyze(request, pool.detect, pool.map))
        except PostureError as error:
            answer = report.failure(error)
        except Exception as error:  # noqa: BLE001  the boundary: a defect must not reach the client as text
            log.error(_trace(error), job_id)  # noqa: TRY400  RunPod's logger has no exception()
            answer = report.failure(InternalError())
        log.info(_line(answer, request, time.perf_counter() - taken), job_id)
        return answer


def _plain(job_id: object) -> str | None:
    """A job's id for the log: one line, and not all of what a client might put there."""
    return ascii(job_id)[1:-1][:64] if isinstance(job_id, str) else None


def _line(answer: Envelope, request: PostureRequest | None, seconds: float) -> str:
    outcome = answer["status"] if answer["status"] == "success" else f"{answer['code']} view={answer['view']}"
    sizes = f" front={len(request.front)} side={len(request.side)} characters" if request else ""
    return f"status={outcome} ms={seconds * 1000:.0f}{sizes}"


def _trace(error: BaseException) -> str:
    """Where an exception came from and its text, cut where the text might hold a piece of a picture."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = re.sub(r"\S{64,}", "[cut]", str(error))[:200]
    return f"Traceback (most recent call last):\n{frames}{type(error).__name__}: {text}"


def defaults() -> Options:
    """The options that hold where a client does not say."""
    calibration = os.environ.get("POSTURE_CALIBRATION", DEFAULTS.calibration)
    if calibration not in get_args(Calibration):
        sys.exit(f"POSTURE_CALIBRATION must be one of {', '.join(get_args(Calibration))}, not {calibration!r}.")
    return msgspec.structs.replace(DEFAULTS, calibration=calibration)


_worker = Worker(_opened_pool, defaults())
handler = _worker.handle
close = _worker.close


def main() -> None:
    """Loads the model, then works until the platform, or whoever started it, stops the worker."""
    try:
        _worker.pool()  # before the SDK forks its heartbeat: nothing else may be at work then
        places = concurrency()
        runpod.serverless.start({"handler": handler, "concurrency_modifier": lambda _current: places})
    except model.ModelError as error:
        sys.exit(f"The worker cannot start: {error}")
    finally:
        close()


if __name__ == "__main__":
    main()
