"""Answers jobs: whatever a job is, an answer and one line in the log."""

import asyncio
import re
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, Protocol, TypeAlias

import msgspec

from posture.analysis import Model, measure
from posture.errors import Finding, InternalError, PostureError
from posture.models.threads import HungError
from posture.wire.address import Address
from posture.wire.answer import asked_for, failure
from posture.wire.request import DEFAULTS, Request, RequestOptions, parse
from posture.worker.settings import Settings

Envelope: TypeAlias = dict[str, Any]

DEFECT = Finding(
    "internal_error",
    "the worker failed.",
    "Send the job again; if it fails again, report it to the operator with the job's id.",
)


# Landmarkers that hang, each of 100 MB and maybe a core, before a worker ends.
MOST_HUNG = 2


class Pool(Model, Protocol):
    """A model that can be closed: posture.models.mediapipe.LandmarkerPool."""

    def give_up(self, seconds: float) -> int:
        """Replaces what has been at one photo for longer, which fails with HungError. How many were, so far."""

    def close(self) -> None:
        """Ends its threads, after the work in hand, and releases it."""


class Fetcher(Protocol):
    """What fetches photos: posture.worker.fetch.Fetcher."""

    def photos(self, addresses: Mapping[str, Address]) -> AbstractAsyncContextManager[Mapping[str, bytes | Finding]]:
        """Those at the addresses, by the same names, or why they cannot be had; it ends when they are measured."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of a job. `fetched`: the bytes of each photo that was fetched. `trace`: of a defect."""

    answer: Envelope
    request: Request | None = None
    fetched: Mapping[str, int] = field(default_factory=dict)
    trace: str | None = None


LATE = Outcome(
    failure(InternalError(Finding("timeout", "the worker did not get it done in time.", "Send the job again.")))
)


class Log(Protocol):
    """RunPod's logger."""

    def info(self, message: str, request_id: str | None = None) -> object:
        """Writes one line about a job."""

    def error(self, message: str, request_id: str | None = None) -> object:
        """Writes about a defect."""


def open_fetcher(settings: Settings) -> Fetcher:
    """The fetcher of a worker. It is imported here, as it takes longer than a small photo's measuring."""
    from posture.worker import fetch  # noqa: PLC0415

    return fetch.Fetcher(fetch.ROOM * settings.landmarkers)


class Worker:
    """Answers jobs with one pool of landmarkers, each within the time that the settings give it.

    The pool and the fetcher are opened, and the settings are read, when they are first needed.

    `hung`: how many landmarkers did not come back from a photo.
    """

    def __init__(
        self,
        open_pool: Callable[[], Pool],
        read_settings: Callable[[], Settings],
        log: Log,
        open_fetcher: Callable[[Settings], Fetcher] = open_fetcher,
    ) -> None:
        self.hung = 0
        self._open_pool = open_pool
        self._open_fetcher = open_fetcher
        self._settings = cache(read_settings)
        self._log = log
        self._pool: Pool | None = None
        self._fetcher: Fetcher | None = None
        self._opening = threading.Lock()
        self._in_hand: set[asyncio.Future[Outcome]] = set()
        self._is_over = False

    @property
    def is_spent(self) -> bool:
        """Whether so many landmarkers hang that the worker should take no more jobs and end."""
        return self.hung > MOST_HUNG

    def pool(self) -> Pool:
        """The landmarkers, opened at the first call."""
        with self._opening:
            if self._pool is None:
                self._pool = self._open_pool()
            return self._pool

    def fetcher(self) -> Fetcher:
        """What fetches photos, opened at the first call."""
        with self._opening:
            if self._fetcher is None:
                self._fetcher = self._open_fetcher(self._settings())
            return self._fetcher

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
            return self._told(job, taken, self._outcome(job))
        return self._in_time(job, taken, loop.create_task(self._coming(job)))

    def give_up(self) -> None:
        """Has the jobs in hand, and further ones, answered as not done in time; to be called on their loop."""
        self._is_over = True
        for coming in self._in_hand:
            coming.cancel()

    async def _in_time(self, job: object, taken: float, coming: "asyncio.Future[Outcome]") -> Envelope:
        """The answer that is coming, or at the deadline another. What a thread finds after that is dropped."""
        self._in_hand.add(coming)
        if self._is_over:
            coming.cancel()
        try:
            outcome = await asyncio.wait_for(coming, self._settings().job_timeout)
        except asyncio.TimeoutError:
            outcome = LATE
            self._look_for_hung()
        except asyncio.CancelledError:
            if not self._is_over:
                self._look_for_hung()
                raise  # the client has cancelled the job
            outcome = LATE
        except Exception as error:  # noqa: BLE001  as in _outcome
            outcome = _defect(error)
        finally:
            self._in_hand.discard(coming)
        return self._told(job, taken, outcome)

    def _look_for_hung(self) -> None:
        """Now, and once more when what has just begun would be found to hang."""
        self._give_up_landmarkers()
        asyncio.get_running_loop().call_later(self._settings().job_timeout / 2 + 0.1, self._give_up_landmarkers)

    def _give_up_landmarkers(self) -> None:
        """Gives up those that hang: a photo takes seconds, not half of the time for a job."""
        seconds = self._settings().job_timeout / 2
        hung = self._pool.give_up(seconds) if self._pool else 0
        if hung > self.hung:
            self._log.error(f"Landmarkers that did not come back from a photo for {seconds:g} s, so far: {hung}")
        self.hung = hung

    def _outcome(self, job: object) -> Outcome:
        """Whatever the job is, an envelope; nothing is raised."""
        begun = self._begun(job)
        return begun if isinstance(begun, Outcome) else asyncio.run(begun())

    async def _coming(self, job: object) -> Outcome:
        """The same, worked out in threads, of which none waits while photos are fetched."""
        begun = await asyncio.get_running_loop().run_in_executor(None, self._begun, job)
        return begun if isinstance(begun, Outcome) else await begun()

    def _begun(self, job: object) -> Outcome | Callable[[], Coroutine[Any, Any, Outcome]]:
        """What becomes of a job; where photos are to be fetched, what does that and goes on."""
        try:
            request = parse(job, self._default_options(), self._settings().url_hosts)
            if request.addresses:
                return partial(self._fetched, request, self.fetcher())
        except PostureError as error:
            return Outcome(failure(error))
        except Exception as error:  # noqa: BLE001  the boundary: a defect must not reach the client as text
            return _defect(error)
        return self._measured(request, {})

    async def _fetched(self, request: Request, fetcher: Fetcher) -> Outcome:
        """What becomes of a job whose photos are to be fetched."""
        try:
            async with fetcher.photos(request.addresses) as fetched:
                return await asyncio.get_running_loop().run_in_executor(None, self._measured, request, fetched)
        except Exception as error:  # noqa: BLE001  as in _begun
            return _defect(error, request)

    def _measured(self, request: Request, fetched: Mapping[str, bytes | Finding]) -> Outcome:
        """What becomes of a job whose photos are there."""
        sizes = {view: len(photo) if isinstance(photo, bytes) else 0 for view, photo in fetched.items()}
        try:
            measurement = measure({**request.photos, **fetched}, request.options, self.pool())
            # The pool's threads draw, so that no more pictures are in memory than when measuring.
            return Outcome(asked_for(measurement, request.options, self.pool().map), request, sizes)
        except HungError:
            return LATE
        except PostureError as error:
            return Outcome(failure(error), request, sizes)
        except Exception as error:  # noqa: BLE001  as in _begun
            return replace(_defect(error, request), fetched=sizes)

    def _told(self, job: object, taken: float, outcome: Outcome) -> Envelope:
        """The answer, once it stands in the log: one line, after the traceback of a defect."""
        job_id = _plain(job.get("id")) if isinstance(job, Mapping) else None
        if outcome.trace:
            self._log.error(outcome.trace, job_id)
        self._log.info(_line(outcome, time.perf_counter() - taken), job_id)
        return {**outcome.answer}

    def _default_options(self) -> RequestOptions:
        return msgspec.structs.replace(DEFAULTS, calibration=self._settings().calibration)


def _defect(error: Exception, request: Request | None = None) -> Outcome:
    return Outcome(failure(InternalError(DEFECT)), request, trace=trace(error))


def _plain(job_id: object) -> str | None:
    """A job's id for the log: one line, and not all of what a client might put there."""
    return ascii(job_id)[1:-1][:64] if isinstance(job_id, str) else None


def _line(outcome: Outcome, seconds: float) -> str:
    answer, request = outcome.answer, outcome.request
    said = answer["status"] if answer["status"] == "success" else f"{answer['code']} view={answer['view']}"
    sent = _sizes(request.characters, "characters") if request else ""
    return f"status={said} ms={seconds * 1000:.0f}{sent}{_sizes(outcome.fetched, 'bytes fetched')}"


def _sizes(counts: Mapping[str, int], unit: str) -> str:
    return "".join(f" {view}={count}" for view, count in counts.items()) + f" {unit}" * bool(counts)


def trace(error: BaseException) -> str:
    """Where an exception came from and its text, cut where the text might hold a piece of a picture."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = re.sub(r"\S{64,}", "[cut]", str(error))[:200]
    return f"Traceback (most recent call last):\n{frames}{type(error).__name__}: {text}"
