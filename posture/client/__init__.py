"""Measures with a deployed endpoint, or a local one, instead of this machine's own models.

    from posture.client import Client

    answer = Client().measure("front.jpg", "side.jpg")
    answer["data"]["front_view"]["shoulder_tilt"]    # degrees

Needs httpx and Pillow, and nothing of the instrument; Pillow waits for the first photo.
"""

import ipaddress
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx

from posture import Source, __version__
from posture.client.errors import KINDS, ClientError, EndpointError, Problem, Refused
from posture.client.job import Answer, Ask, Job, Patience, Ways, run

__all__ = [
    "KINDS",
    "Answer",
    "AsyncClient",
    "Client",
    "ClientError",
    "EndpointError",
    "Patience",
    "Problem",
    "Refused",
]

RUNPOD = "https://api.runpod.ai/v2"
# Seconds: a first start of a worker, which pulls its image, and a measurement.
TIMEOUT = 300.0
# Bytes of a body between two looks at the clock.
_PIECE = 65_536


def _settings(endpoint_id: str | None, api_key: str | None, base_url: str | None) -> dict[str, Any]:
    """What httpx's clients are made with. Raises ValueError, whose text says what to set."""
    base = base_url or os.environ.get("RUNPOD_ENDPOINT_BASE_URL") or RUNPOD
    endpoint = endpoint_id or os.environ.get("ENDPOINT_ID")
    key = api_key or os.environ.get("RUNPOD_API_KEY")
    parts = urlsplit(base)
    if not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        raise ValueError("base_url must begin with https://, or with http:// on this machine: photos and key go there.")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", endpoint or ""):
        raise ValueError("endpoint_id, or ENDPOINT_ID, must be the id of an endpoint: letters, digits, - and _.")
    if key and not re.fullmatch(r"[!-~]+", key):
        raise ValueError("api_key, or RUNPOD_API_KEY, must be a key: letters, digits and signs, no spaces.")
    return {
        "base_url": f"{base.rstrip('/')}/{endpoint}/",
        "headers": {"User-Agent": f"posture/{__version__}", **({"Authorization": f"Bearer {key}"} if key else {})},
        # What is on this machine is asked without a proxy, which would read the key.
        "trust_env": parts.scheme == "https",
    }


def is_loopback(host: str) -> bool:
    """Whether a literal name or address is one of this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _job_input(front: Source, side: Source, options: Mapping[str, Any]) -> dict[str, Any]:
    from posture.client.photos import job_input  # noqa: PLC0415  it loads Pillow

    return job_input({"front": front, "side": side}, options)


class _Endpoint:
    """What both clients are made with.

    `endpoint_id`, `api_key`, `base_url`: by default what ENDPOINT_ID, RUNPOD_API_KEY and RUNPOD_ENDPOINT_BASE_URL say;
    the address is else RunPod's. `timeout`: the seconds that a measurement may take with all that is tried again.
    `patience`: how often that is, and with which pauses. Raises ValueError for what is missing or cannot be.
    """

    _kind: ClassVar[type[httpx.Client] | type[httpx.AsyncClient]]
    _http: httpx.Client | httpx.AsyncClient

    def __init__(
        self,
        endpoint_id: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: float = TIMEOUT,
        patience: Patience | None = None,
    ) -> None:
        self._http = self._kind(**_settings(endpoint_id, api_key, base_url))
        self._timeout, self._patience = timeout, patience

    def _job(self, ways: Ways, seconds: float | None) -> Job:
        return Job(ways, self._timeout if seconds is None else seconds, self._patience)


class Client(_Endpoint):
    """An endpoint. One client may be used for many measurements, by several threads at once."""

    _kind = httpx.Client
    _http: httpx.Client

    def measure(self, front: Source, side: Source, *, timeout: float | None = None, **options: Any) -> Answer:  # noqa: ANN401
        """What the worker answers to a photo from the front and a photo from the side of one standing person.

        `front` and `side`: paths, bytes or open files; where the worker fetches photos, addresses that begin with
        https:// too. Large ones are reduced first, and what they say of their camera goes along. `timeout`: the seconds
        for this one. `options`: those of a request. Points in the answer are in pixels of the photo as it was sent,
        whose size stands in `image`.

        Raises Refused for photos that cannot be measured, EndpointError for what else goes wrong, OSError for a file
        that cannot be read, TypeError for an option that JSON does not know.
        """
        job = self._job(_Blocking(self._http), timeout)
        return run(job.measured(_job_input(front, side, options)))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.close()


class AsyncClient(_Endpoint):
    """The same for asyncio. A measurement that is cancelled has its job cancelled too."""

    _kind = httpx.AsyncClient
    _http: httpx.AsyncClient

    async def measure(self, front: Source, side: Source, *, timeout: float | None = None, **options: Any) -> Answer:  # noqa: ANN401
        """What the worker answers: see Client. Photos are read and reduced in a thread."""
        import asyncio  # noqa: PLC0415  which takes a third as long to import as httpx

        job = self._job(_Waiting(self._http), timeout)
        return await job.measured(await asyncio.to_thread(_job_input, front, side, options))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        await self.close()


@dataclass(frozen=True)
class _Blocking:
    """Ways that hold up their thread: what waits for them never waits for an event loop."""

    http: httpx.Client

    async def send(self, ask: Ask) -> httpx.Response:
        end = time.monotonic() + ask.seconds

        def in_time(pieces: Iterable[bytes]) -> Iterator[bytes]:
            """The pieces: httpx bounds the time for each, and not that for all."""
            for piece in pieces:
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("late")
                yield piece

        arguments = ask.arguments
        if ask.body:
            body = memoryview(ask.body)
            arguments["content"] = in_time(bytes(body[at : at + _PIECE]) for at in range(0, len(body), _PIECE))
            arguments["headers"]["Content-Length"] = str(len(body))
        with self.http.stream(**arguments) as response:
            content = b"".join(in_time(response.iter_raw()))
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: ASYNC251


@dataclass(frozen=True)
class _Waiting:
    """Ways of asyncio."""

    http: httpx.AsyncClient

    async def send(self, ask: Ask) -> httpx.Response:
        import asyncio  # noqa: PLC0415

        asking = asyncio.ensure_future(self.http.request(**ask.arguments))
        try:  # before Python 3.12, asyncio.wait_for may lose that it was cancelled
            await asyncio.wait({asking}, timeout=ask.seconds)
        finally:
            is_late = asking.cancel()
            if is_late:
                await asyncio.wait({asking})
        if is_late:
            raise httpx.ReadTimeout("late")
        return asking.result()

    async def sleep(self, seconds: float) -> None:
        import asyncio  # noqa: PLC0415

        await asyncio.sleep(seconds)
