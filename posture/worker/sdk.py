"""What mends RunPod's SDK: jobs that it would lose, and a worker that it would end, or not end.

Each fault was seen with 1.12.0 at the loopback queue (testing/loopback.py), and stands where it is mended with what
would make the mend needless. `mend` steps aside for all versions but that one, and for POSTURE_PLAIN_START=1.
"""

import asyncio
import multiprocessing
import os
import random
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn

from runpod.http_client import AsyncClientSession, ClientSession, TooManyRequests
from runpod.serverless.modules import rp_http, rp_scale, rp_system_fitness, worker_state
from runpod.serverless.modules.rp_job import aiohttp  # the SDK's, of which this takes what the SDK does
from runpod.serverless.modules.rp_logger import RunPodLogger

from posture import startup
from posture.worker.worker import Worker

# In seconds, each up to a half shorter by chance, so that many workers do not come back together: before each further
# try to post a result: nine tries within 24 to 48 s, and 10 s more for each that is not answered.
PAUSES = (0.2, 0.5, 1, 2, 4, 8, 16, 16)
_TRY = aiohttp.ClientTimeout(total=10)
# What a platform says that may yet take a result, beside all from 500.
_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

# In seconds: how long the open take call may still bring jobs when the worker is told to stop.
OPEN_TAKE = 2.0
# Of the grace: what jobs may take of it. In the rest their results are posted.
_FOR_JOBS = 0.75
_LOOK = 0.1  # seconds between two looks at whether the worker should stop, as the SDK's own loop has

# For each landmarker: jobs that a take call asks for. While they come in, the SDK holds them thrice, as bytes,
# as text and as objects. The next call is made as soon as they are queued.
JOBS_A_TAKE = 2
# For each landmarker: so many characters of jobs in hand keep it busy while the SDK looks for more. They are two of the
# largest jobs and a half, or seventy with photos of 1080x1440 pixels.
CHARACTERS = 50_000_000

# Of a platform that answers at once that it has no job, or nothing sensible.
_PAUSE = 0.2
# What each value of a job counts for beside its text, in characters: what Python holds for an empty one.
_VALUE = 64
# What may be in an id: it becomes a part of addresses and headers.
_ID = re.compile(r"[!-~]{1,200}")

# What may be a picture in base64: a run of its signs, and the lines that follow such a one. A job's id is shorter.
_PICTURE = re.compile(r"[A-Za-z0-9+/_-]{64,}=*(?:(?:\\r|\\n|\r|\n)+[A-Za-z0-9+/_-]+=*)*")

_INPUT = "Retrieved local job"

_journal = RunPodLogger()
_log = RunPodLogger.log


def mend(worker: Worker, landmarkers: int, grace: float) -> None:
    """Puts what follows in the place of the SDK's own. `grace`: seconds from the signal to the worker's end."""
    if startup.is_known("runpod"):
        RunPodLogger.log = log
        rp_system_fitness._check_network_connectivity = check_no_network  # noqa: SLF001
        rp_http._transmit = post  # noqa: SLF001
        rp_scale.JobScaler = partial(Scaler, worker, landmarkers, grace)


def log(self: RunPodLogger, message: object, level: str = "INFO", job_id: str | None = None) -> None:
    """Logs a message without what may be a picture.

    At DEBUG the SDK logs the first and the last 2,000 characters of a local test's input, and answers. Of the input,
    which may be text of any kind, nothing is logged. Needless once the SDK logs neither.
    """
    _log(self, _WithoutPictures(message), level, job_id)


@dataclass(frozen=True)
class _WithoutPictures:
    """A message whose text is made only if it is logged: cutting an answer with overlays takes 5 ms."""

    message: object

    def __str__(self) -> str:
        text = str(self.message)
        return f"{_INPUT}." if text.startswith(_INPUT) else _PICTURE.sub("[cut]", text)


async def check_no_network() -> None:
    """Connects to nobody.

    When a worker starts, the SDK's own connects to 8.8.8.8, and ends a worker that cannot. Whether the platform can be
    reached shows when jobs are taken.
    """


async def post(session: ClientSession, url: str, result: str) -> None:
    """Posts a result until the platform has it or says that it does not take it. Raises ClientError.

    The SDK tries three times within 5 s, and again after a status from 500 alone: a cut connection, a silent one, 408,
    425, 429 or 10 s of 503 lost the result of a job that was done. Needless once rp_http._transmit comes back from
    those. Nor would the SDK's request id fit at a second try: jobs share the session's headers.
    """
    headers = {
        "charset": "utf-8",
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Request-ID": session.headers.get("X-Request-ID", ""),
    }
    why: object = None
    for pause in (0.0, *PAUSES):
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  no secret
        try:
            async with session.post(url, data=result, headers=headers, timeout=_TRY) as response:
                why = response.status
                if response.ok:
                    with suppress(aiohttp.ClientError, asyncio.TimeoutError):
                        await response.read()  # so that the connection serves again; the platform has the result
                    return
                if response.status not in _AGAIN and response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    break
        except (aiohttp.ClientConnectionError, asyncio.TimeoutError) as error:
            why = repr(error)
    raise aiohttp.ClientError(f"The platform does not take it: {why}")


async def take(session: ClientSession, most: int) -> list[dict[str, Any]]:
    """The jobs of a take, without what is none.

    A list with something else in it, even one null, ended the SDK's worker, and took the jobs in it along; a job that
    comes again while it is in hand would be answered twice. Needless once JobScaler.get_jobs looks at what it queues.
    After a failure, or an answer that is none, the SDK takes again at once, so that a platform that is down is asked
    without a pause.
    """
    asked = time.monotonic()
    try:
        taken = await rp_scale.get_job(session, most) or []
    except (TooManyRequests, asyncio.CancelledError):
        raise  # the SDK pauses by itself
    except Exception:
        await asyncio.sleep(1)
        raise
    if not taken and time.monotonic() - asked < _PAUSE:
        await asyncio.sleep(_PAUSE)
    jobs = {job["id"]: job for job in taken if _is_job(job)}
    if len(jobs) < len(taken):
        _journal.error(f"{len(taken) - len(jobs)} of {len(taken)} entries of a list of jobs are none, or in hand")
    return [*jobs.values()]


def _is_job(entry: object) -> bool:
    if not (isinstance(entry, dict) and isinstance(entry.get("id"), str) and _ID.fullmatch(entry["id"])):
        return False
    try:  # what the SDK does with it, once it is queued
        return worker_state.Job(**entry) not in worker_state.JobsProgress()
    except (TypeError, AttributeError):
        return False


class Scaler(rp_scale.JobScaler):  # type: ignore[misc]
    """The SDK's loop, which ends as it should.

    The SDK's own waits for its open take call, up to 90 s, and drops the jobs which that brings, as the loop that would
    run them has ended before. It waits for jobs in hand without an end, and so does Python for the threads of those
    that hang, MediaPipe's own among them. Needless once JobScaler.run does what this one does.
    """

    def __init__(self, worker: Worker, landmarkers: int, grace: float, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.jobs_fetcher = self._take
        self._worker = worker
        self._landmarkers = landmarkers
        self._grace = grace
        self._characters: dict[str, int] = {}  # of each job in hand
        self._is_signalled = False

    def is_alive(self) -> bool:
        """Whether to take more jobs."""
        return super().is_alive() and not self._worker.is_spent

    async def handle_job(self, session: ClientSession, job: dict[str, Any]) -> None:
        """Works on a job and posts its result."""
        try:
            await super().handle_job(session, job)
        finally:
            self._characters.pop(job["id"], None)

    async def _take(self, session: ClientSession, most: int) -> list[dict[str, Any]]:
        """The jobs of a take, bounded in number and size where the SDK bounds their number alone."""
        if sum(self._characters.values()) >= CHARACTERS * self._landmarkers:
            await asyncio.sleep(_LOOK)  # and the SDK asks again, if it still should
            return []
        jobs = await take(session, min(most, JOBS_A_TAKE * self._landmarkers))
        self._characters |= {job["id"]: _characters(job) for job in jobs}
        return jobs

    def handle_shutdown(self, signum: int, frame: object) -> None:
        """The first signal begins the grace, the second ends it."""
        if self._is_signalled:
            end(128 + signum)
        self._is_signalled = True
        super().handle_shutdown(signum, frame)

    async def run(self) -> NoReturn:
        """Takes and answers jobs, then ends the process: 0, or 1 where something went wrong."""
        end(await self.serve())

    async def serve(self) -> int:
        """Takes and answers jobs until it is told to stop; the exit status."""
        async with AsyncClientSession() as session:
            taking, running, stopping = (
                asyncio.create_task(loop(session)) for loop in (self.get_jobs, self.run_jobs, self.monitor_stop_signals)
            )
            while self.is_alive() and not (taking.done() or running.done()):  # noqa: ASYNC110  a signal wakes no loop
                await asyncio.sleep(_LOOK)
            told = time.monotonic()
            self.kill_worker()
            await asyncio.wait({taking}, timeout=min(OPEN_TAKE, self._grace / 4))
            taking.cancel()
            await asyncio.wait({taking})
            # The second loop runs what the last take has brought.
            jobs = asyncio.gather(running, self.run_jobs(session), *self.jobs_tasks.values(), return_exceptions=True)
            await asyncio.wait({jobs}, timeout=told + _FOR_JOBS * self._grace - time.monotonic())
            self._worker.give_up()
            await asyncio.wait({jobs}, timeout=told + self._grace - time.monotonic())
            stopping.cancel()
        said: list[BaseException | None] = [TimeoutError("there are results that could not be posted")]
        if jobs.done():
            said = jobs.result()
        if not taking.cancelled():
            said.append(taking.exception())
        failures = [error for error in said if isinstance(error, Exception)]
        for error in failures:
            _journal.error(f"The worker did not end as it should: {error!r}")
        return int(self._worker.is_spent or bool(failures))


def _characters(job: object) -> int:
    """Of all texts in it, wherever they stand, and what else Python holds for it."""
    count, waiting = 0, [job]
    while waiting:
        value = waiting.pop()
        count += _VALUE
        if isinstance(value, str):
            count += len(value)
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
    return count


def end(status: int) -> NoReturn:
    """Ends the process now, whatever its threads are at; what it has logged is written."""
    for child in multiprocessing.active_children():  # the SDK's heartbeat
        child.kill()
        child.join()
    os._exit(status)
