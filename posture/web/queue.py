r"""Jobs and their states as RunPod's queue has them, in the memory of this process.

    IN_QUEUE -> IN_PROGRESS -> COMPLETED | FAILED
        \____________\______-> CANCELLED | TIMED_OUT

What is told of a job has the platform's names, as RunPod's pages on sending requests have them.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec
from starlette.exceptions import HTTPException

from posture.web import webhooks
from posture.web.endpoint import Answer
from posture.wire.job import DEFAULT_WAIT, KEEP_RUN, KEEP_RUNSYNC, Sent, State

Handle: TypeAlias = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

# The platform has 500 for each worker. They are not held to the end of the memory: bytes of requests that wait or are
# in work, twelve of the largest; and of results, two thousand with all that `include` names.
MOST_JOBS = 500
MOST_WAITING = 256_000_000
MOST_KEPT = 128_000_000

WORKER = "local"


@dataclass(eq=False)
class Job:
    """A job that was sent. Times are the event loop's, in seconds; `body` is what is told of it once it is over."""

    id: str
    size: int
    keep: float
    sent: float
    dies: float
    webhook: str | None = None
    begun: float | None = None
    ended: float | None = None
    body: bytes | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle = field(init=False)
    task: "asyncio.Task[None]" = field(init=False)


class Queue:
    """A queue and its one worker: an Endpoint.

    `handle`: answers a job, as posture.worker.worker.Worker does; so many at once as there are `places`. `calls_back`:
    whether webhooks are called. `is_well`: whether the worker should be given jobs. All of it runs on one event loop.
    """

    def __init__(
        self,
        handle: Handle,
        places: int,
        *,
        calls_back: bool = False,
        is_well: Callable[[], bool] = lambda: True,
    ) -> None:
        self._handle = handle
        self._places = asyncio.Semaphore(places)
        self._calls_back = calls_back
        self._is_well = is_well
        self._jobs: dict[str, Job] = {}
        self._open: dict[str, Job] = {}
        self._kept: dict[str, int] = {}  # bytes of each result, in the order in which they came
        self._ended: Counter[State] = Counter()
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self, body: bytes) -> Answer:
        """Takes a job; the answer has its id."""
        return _answer(_pending(self._take(body, "", KEEP_RUN)))

    async def runsync(self, body: bytes, wait: int | None) -> Answer:
        """Takes a job; the answer is its result, or how it stands when the wait is over."""
        return await self._told(self._take(body, "sync-", KEEP_RUNSYNC), wait)

    async def status(self, job: str) -> Answer:
        """How a job stands."""
        return await self._told(self._find(job), 0)

    async def status_sync(self, job: str, wait: int | None) -> Answer:
        """How a job stands when it is done or the wait is over."""
        return await self._told(self._find(job), wait)

    async def cancel(self, job: str) -> Answer:
        """Stops a job; one that is over stays as it is."""
        found = self._find(job)
        self._end(found, "CANCELLED", {})
        found.task.cancel()
        return await self._told(found, 0)

    async def health(self) -> Answer:
        """How many jobs and workers there are in each state, since the start."""
        begun = sum(job.begun is not None for job in self._open.values())
        well = self._is_well()
        return _answer(
            {
                "jobs": {
                    "completed": self._ended["COMPLETED"],
                    "failed": self._ended["FAILED"] + self._ended["TIMED_OUT"],
                    "inProgress": begun,
                    "inQueue": len(self._open) - begun,
                    "retried": 0,
                },
                "workers": {
                    "idle": int(well and not begun),
                    "initializing": 0,
                    "ready": int(well),
                    "running": int(well and begun > 0),
                    "throttled": 0,
                    "unhealthy": int(not well),
                },
            }
        )

    def _take(self, body: bytes, prefix: str, keep: float) -> Job:
        sent = _read(body)
        if sent.webhook is not None and not (self._calls_back and webhooks.is_here(sent.webhook)):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"`webhook` {webhooks.WHERE}.")
        waiting = sum(job.size for job in self._open.values())
        if len(self._open) >= MOST_JOBS or waiting + len(body) > MOST_WAITING:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS, "Too many jobs wait: send it again later.", {"Retry-After": "1"}
            )
        now = _now()
        job = Job(f"{prefix}{uuid.uuid4()}", len(body), keep, now, now + sent.policy.ttl / 1000, sent.webhook)
        self._jobs[job.id] = self._open[job.id] = job
        job.timer = asyncio.get_running_loop().call_at(job.dies, self._expire, job)
        job.task = asyncio.create_task(self._work(job, sent.input, sent.policy.execution_timeout / 1000))
        return job

    async def _work(self, job: Job, given: object, seconds: float) -> None:
        """Has it answered once there is a place."""
        try:
            async with self._places:
                job.begun = _now()
                answer = await asyncio.wait_for(self._handle({"id": job.id, "input": given}), seconds)
        except asyncio.TimeoutError:
            self._end(job, "TIMED_OUT", {"error": "executionTimeout exceeded"})
        else:
            posted = _posted(answer)
            self._end(job, "FAILED" if "error" in posted else "COMPLETED", posted)

    def _end(self, job: Job, state: State, posted: Mapping[str, Any]) -> None:
        """Keeps what is told of it, and drops what was sent; the first end counts."""
        if job.body is not None:
            return
        job.ended = _now()
        job.body = msgspec.json.encode({**_pending(job), "status": state, **_times(job), **posted})
        job.over.set()
        del self._open[job.id]
        self._ended[state] += 1
        self._kept[job.id] = len(job.body)
        job.timer.cancel()
        job.timer = asyncio.get_running_loop().call_at(min(job.ended + job.keep, job.dies), self._forget, job)
        while sum(self._kept.values()) > MOST_KEPT:
            self._forget(self._jobs[next(iter(self._kept))])
        if job.webhook:
            call = asyncio.create_task(webhooks.call(job.webhook, job.body))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    def _expire(self, job: Job) -> None:
        """Its time to live is over: whoever waits is told so, and then it is not known any more."""
        self._end(job, "TIMED_OUT", {})
        job.task.cancel()
        self._forget(job)

    def _forget(self, job: Job) -> None:
        job.timer.cancel()
        self._jobs.pop(job.id, None)
        self._kept.pop(job.id, None)

    def _find(self, name: str) -> Job:
        """The job of an id. Raises HTTPException where it was never known, or is forgotten."""
        if name not in self._jobs:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such job, or its result is not kept any more.")
        return self._jobs[name]

    async def _told(self, job: Job, wait: int | None) -> Answer:
        """What is told of a job that is over, or, when the wait is, of one that is not."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(job.over.wait(), (DEFAULT_WAIT if wait is None else wait) / 1000)
        return _answer(_pending(job)) if job.body is None else Answer(job.body)


def _read(body: bytes) -> Sent:
    """What was sent. Raises HTTPException, whose text has names and no values."""
    refuse = partial(HTTPException, HTTPStatus.BAD_REQUEST)
    try:
        sent = msgspec.json.decode(body, type=Sent)
    except msgspec.ValidationError as error:
        raise refuse(f"{error}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refuse("The body is no JSON.") from None
    if sent.input is None:
        raise refuse("Object missing required field `input`.")
    return sent


def _posted(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What RunPod's SDK makes of the handler's answer: `error` to the top, the rest into `output`."""
    output = dict(answer)
    error = output.pop("error", None)
    return {**({"output": output} if output else {}), **({"error": error} if error else {})}


def _pending(job: Job) -> dict[str, Any]:
    """What is told of a job before it is over."""
    if job.begun is None:
        return {"id": job.id, "status": "IN_QUEUE"}
    delay = _milliseconds(job.sent, job.begun)
    return {"id": job.id, "status": "IN_PROGRESS", "delayTime": delay, "workerId": WORKER}


def _times(job: Job) -> dict[str, int]:
    """How long it was in work, where it ever was."""
    if job.begun is None or job.ended is None:
        return {}
    return {"executionTime": _milliseconds(job.begun, job.ended)}


def _now() -> float:
    return asyncio.get_running_loop().time()


def _milliseconds(since: float, until: float) -> int:
    return round(1000 * (until - since))


def _answer(content: Mapping[str, Any]) -> Answer:
    return Answer(msgspec.json.encode(content))
