"""Answers jobs: whatever a job is, an answer and one line in the log."""

import asyncio
import re
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

import msgspec

from posture.analysis import Model, measure
from posture.errors import Finding, InternalError, PostureError
from posture.wire.answer import failure, success
from posture.wire.request import DEFAULTS, Request, RequestOptions, parse
from posture.worker.settings import Settings

Envelope: TypeAlias = dict[str, Any]

DEFECT = Finding(
    "internal_error",
    "the worker failed.",
    "Send the job again; if it fails again, report it to the operator with the job's id.",
)


class Pool(Model, Protocol):
    """A model that can be closed: posture.models.mediapipe.LandmarkerPool."""

    def close(self) -> None:
        """Ends its threads, after the work in hand, and releases it."""


class Log(Protocol):
    """RunPod's logger."""

    def info(self, message: str, request_id: str | None = None) -> object:
        """Writes one line about a job."""

    def error(self, message: str, request_id: str | None = None) -> object:
        """Writes about a defect."""


class Worker:
    """Answers jobs with one pool of landmarkers.

    The pool is opened, and the settings are read, when they are first needed.
    """

    def __init__(self, open_pool: Callable[[], Pool], read_settings: Callable[[], Settings], log: Log) -> None:
        self._open_pool = open_pool
        self._read_settings = read_settings
        self._log = log
        self._pool: Pool | None = None
        self._opening = threading.Lock()
        self._defaults: RequestOptions | None = None

    def pool(self) -> Pool:
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
            request = parse(job, self._default_options())
            measurement = measure(request.photos, request.options, self.pool())
            answer = success(measurement, request.options.include)
        except PostureError as error:
            answer = failure(error)
        except Exception as error:  # noqa: BLE001  the boundary: a defect must not reach the client as text
            self._log.error(_trace(error), job_id)
            answer = failure(InternalError(DEFECT))
        self._log.info(_line(answer, request, time.perf_counter() - taken), job_id)
        return answer

    def _default_options(self) -> RequestOptions:
        if self._defaults is None:
            self._defaults = msgspec.structs.replace(DEFAULTS, calibration=self._read_settings().calibration)
        return self._defaults


def _plain(job_id: object) -> str | None:
    """A job's id for the log: one line, and not all of what a client might put there."""
    return ascii(job_id)[1:-1][:64] if isinstance(job_id, str) else None


def _line(answer: Envelope, request: Request | None, seconds: float) -> str:
    outcome = answer["status"] if answer["status"] == "success" else f"{answer['code']} view={answer['view']}"
    sizes = "".join(f" {view}={count}" for view, count in request.characters.items()) if request else ""
    return f"status={outcome} ms={seconds * 1000:.0f}{f'{sizes} characters' if sizes else ''}"


def _trace(error: BaseException) -> str:
    """Where an exception came from and its text, cut where the text might hold a piece of a picture."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = re.sub(r"\S{64,}", "[cut]", str(error))[:200]
    return f"Traceback (most recent call last):\n{frames}{type(error).__name__}: {text}"
