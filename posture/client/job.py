"""What is said to an endpoint from a job's photos to its answer, and what when; how it is sent, both clients know.

POST runsync -> FINISHED? -no-> pause, GET status/ID -> ...      given up, or interrupted: POST cancel/ID
"""

import json
import random
import re
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from numbers import Real
from typing import Any, Literal, Protocol, TypedDict, TypeVar, cast
from urllib.parse import quote

import httpx

from posture.client.errors import EndpointError, Kind, Problem, Refused

FINISHED = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")

# Seconds for which RunPod holds /runsync open unless it is told otherwise, and the bounds of what it may be told.
_HELD, _LEAST_HELD = 90.0, 1.0
# Seconds by which a request may be late before its answer is given up.
_SPARE = 10.0
_CONNECT = 10.0
_CANCELLING = 5.0
# Milliseconds that RunPod takes at least as a job's time to live.
_LEAST_TTL = 10_000

_KINDS: dict[int, Kind] = {401: "unauthorized", 403: "unauthorized", 404: "not_found", 408: "server_error",
                           429: "rate_limited"}  # fmt: skip
# Asked again; as is what got no answer at all. A job that is sent twice is measured twice: that costs a second of a
# worker and gives the same numbers.
_PASSING: tuple[Kind, ...] = ("rate_limited", "server_error", "unreachable")


class Angles(TypedDict):
    """The angles of both views by name, in degrees."""

    front_view: dict[str, float]
    side_view: dict[str, float]


class Data(Angles, total=False):
    """And, where they are asked for, the details: see the README."""

    details: dict[str, Any]


class Answer(TypedDict):
    """What the worker answers to photos that it has measured."""

    status: Literal["success"]
    data: Data
    message: str


@dataclass(frozen=True)
class Patience:
    """How often something is asked, and the seconds in between.

    `tries`: of one request. `pause`: before the second; it doubles up to `longest`, and up to half of it is left to
    chance, so that clients that failed together do not come back together. `look`: between two looks at a job, growing
    to `longest` too.
    """

    tries: int = 5
    pause: float = 0.5
    look: float = 1.0
    longest: float = 8.0


@dataclass(frozen=True)
class Ask:
    """One request below the endpoint's address. `seconds`: for its answer."""

    method: Literal["GET", "POST"]
    path: str
    body: bytes | None
    seconds: float

    @property
    def arguments(self) -> dict[str, Any]:
        """What `request` of httpx's clients takes."""
        return {
            "method": self.method,
            "url": self.path,
            "content": self.body,
            "headers": {"Content-Type": "application/json"} if self.body else None,
            "timeout": httpx.Timeout(self.seconds, connect=min(self.seconds, _CONNECT)),
        }


class Ways(Protocol):
    """How requests are sent, and how time passes."""

    async def send(self, ask: Ask) -> httpx.Response:
        """The response. Raises httpx.RequestError."""

    async def sleep(self, seconds: float) -> None:
        """Lets time pass."""


_Result = TypeVar("_Result")


def run(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """What a coroutine returns that waits for nothing, because its Ways block."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: _Result = end.value
        return result
    raise RuntimeError("it waits for an event loop")


class Job:
    """One job, from its photos to its answer. Its time, `seconds`, runs from here."""

    def __init__(
        self, ways: Ways, seconds: float, patience: Patience | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ways, self._patience, self._now = ways, patience or Patience(), now
        self._seconds, self._end = seconds, now() + seconds
        self._id: str | None = None

    @property
    def _left(self) -> float:
        return self._end - self._now()

    async def measured(self, given: Mapping[str, Any]) -> Answer:
        """Has this `input` measured. Raises Refused and EndpointError; whatever is raised, the job is cancelled."""
        # Given up without a word, because the process was killed or the id did not arrive, it ends by itself.
        policy = {"ttl": max(_LEAST_TTL, round(1000 * self._seconds))}
        body = json.dumps({"input": given, "policy": policy}, default=_json, allow_nan=False).encode()
        try:
            return await self._once(body)
        except Refused as refusal:
            if refusal.code != "timeout":
                raise
        await self._pause(self._patience.longest)  # the worker has too much to do: it asks to be sent it again
        return await self._once(body)

    async def _once(self, body: bytes) -> Answer:
        self._id = None
        told = await self._ask("POST", self._runsync, body)
        look = self._patience.look
        try:
            while told["status"] not in FINISHED:
                await self._pause(look)
                look = min(1.5 * look, self._patience.longest)
                told = await self._ask("GET", lambda: self._path("status"))
        except GeneratorExit:
            raise  # nothing can be awaited any more
        except BaseException:
            await self._cancel()
            raise
        return _answer(told)

    def _runsync(self) -> str:
        """Held open no longer than there is time, so that the id arrives of a job that is to be given up."""
        if self._left > _HELD + _SPARE:
            return "runsync"
        return f"runsync?wait={round(1000 * max(_LEAST_HELD, self._left - min(_SPARE, self._left / 4)))}"

    def _path(self, what: str) -> str:
        return f"{what}/{quote(str(self._id), safe='')}"

    async def _ask(
        self, method: Literal["GET", "POST"], path: Callable[[], str], body: bytes | None = None
    ) -> dict[str, Any]:
        """How the job stands by the answer to a request, which is sent again while that may help."""
        tries = 0
        while True:
            tries += 1
            self._check_time()
            told = await self._tried(Ask(method, path(), body, min(self._left, _HELD + _SPARE)))
            if not isinstance(told, EndpointError):
                return told
            self._check_time()
            pause = _jittered(self._patience, tries) if told.retry_after is None else told.retry_after
            if told.kind not in _PASSING or tries == self._patience.tries or pause >= self._left:
                raise told
            await self._ways.sleep(pause)

    async def _tried(self, ask: Ask) -> dict[str, Any] | EndpointError:
        """How the job stands, or why that is not told."""
        try:
            response = await self._ways.send(ask)
        except httpx.ConnectError as error:  # its text has an address at most; that of others may hold more
            return self._error("unreachable", detail=str(error))
        except httpx.DecodingError:
            return self._error("unexpected")
        except httpx.RequestError as error:
            return self._error("unreachable", detail=type(error).__name__)
        if response.status_code == httpx.codes.OK:
            return self._standing(response)
        return self._failure(response)

    def _check_time(self) -> None:
        if self._left <= 0:
            raise self._error("timed_out")

    async def _pause(self, seconds: float) -> None:
        """Waits; where the time is over by then, not any longer than that."""
        self._check_time()
        await self._ways.sleep(min(seconds, self._left))

    async def _cancel(self) -> None:
        """Takes the job out of the queue, or has the worker stop; if that fails, its time to live ends it."""
        with suppress(httpx.HTTPError):
            await self._ways.send(Ask("POST", self._path("cancel"), None, _CANCELLING))

    def _standing(self, response: httpx.Response) -> dict[str, Any] | EndpointError:
        """How the job stands; an error where something else was answered."""
        try:
            told = response.json()
        except (ValueError, RecursionError):
            told = None
        if not (isinstance(told, dict) and isinstance(told.get("status"), str) and isinstance(told.get("id"), str)):
            return self._error("unexpected")
        self._id = told["id"]
        return told

    def _failure(self, response: httpx.Response) -> EndpointError:
        status = response.status_code
        kind = _KINDS.get(status, "server_error" if status >= 500 else "rejected" if status >= 400 else "unexpected")
        if kind == "not_found" and self._id:
            kind = "expired"
        return self._error(kind, status=status, retry_after=_hint(response))

    def _error(self, kind: Kind, **known: Any) -> EndpointError:  # noqa: ANN401  of its fields
        return EndpointError(kind, job=self._id, **known)


def _answer(told: Mapping[str, Any]) -> Answer:
    """The worker's answer in what is told of a finished job. Raises Refused, EndpointError."""
    output = told.get("output")
    said: dict[str, Any] = output if isinstance(output, dict) else {}
    if told["status"] == "COMPLETED" and said.get("status") == "success":
        return cast("Answer", said)  # the shape is that of posture/wire/schema.py
    if isinstance(said.get("code"), str):
        raise _refused(said, told.get("error") or said.get("error"))
    kinds: dict[str, Kind] = {"COMPLETED": "unexpected", "CANCELLED": "cancelled", "TIMED_OUT": "timed_out"}
    raise EndpointError(kinds.get(told["status"], "failed"), job=told["id"])


def _refused(said: Mapping[str, Any], error: object) -> Refused:
    """The refusal in the worker's answer, whose `error` the platform has moved beside it."""
    listed = said.get("problems")
    problems = [_problem(one) for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)]
    message, advice = (text if isinstance(text, str) else "" for text in (error, said.get("message")))
    return Refused(said["code"], said.get("view"), problems, message, advice)


def _problem(told: Mapping[str, Any]) -> Problem:
    code, problem, advice = (told.get(name) or "" for name in ("code", "problem", "advice"))
    return Problem(code, problem, advice, told.get("view"))


def _hint(response: httpx.Response) -> float | None:
    """The seconds of Retry-After, which may also be a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "")
    if re.fullmatch(r"[0-9]{1,6}", text, re.ASCII):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, date.timestamp() - time.time()) if date.tzinfo else None


def _jittered(patience: Patience, tries: int) -> float:
    pause = min(patience.pause * 2.0 ** (tries - 1), patience.longest)
    return random.uniform(pause / 2, pause)  # noqa: S311  anybody may guess it


def _json(value: object) -> object:
    """What JSON does not know: a set of names, a number of numpy's."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"an option holds {type(value).__name__}, which JSON does not know")
