"""A deployed endpoint, to which requests are passed on. Its key stays in this process."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
from starlette.exceptions import HTTPException

from posture.client import is_loopback
from posture.web.endpoint import Answer
from posture.wire.job import DEFAULT_WAIT

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
# Seconds: to connect, and between two pieces of an answer, beyond what a request may wait for a result.
_CONNECT, _READ = 10.0, 30.0
# Bytes of an answer: with pictures in it, about as many as a request has.
LARGEST_ANSWER = 40_000_000
# What tells of the key or of the address: that is for whoever started this server, not for who asks it.
_OURS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class AddressError(ValueError):
    """The address, the endpoint or the key is none; the text says which and what it should be."""


class Passed:
    """A deployed endpoint: an Endpoint.

    `base`: RunPod's address, or another by https or on this machine. `endpoint`: its id. `key`: RunPod's, for it.
    `transport`: httpx's own where it is None. Raises AddressError.
    """

    def __init__(self, base: str, endpoint: str, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not _is_safe(base):
            raise AddressError(
                "RUNPOD_ENDPOINT_BASE_URL must begin with https://, unless it leads to this machine, "
                "and have no @, ? or #."
            )
        if not _ID.fullmatch(endpoint):
            raise AddressError("The endpoint's id may have letters, digits, - and _ alone.")
        if not re.fullmatch(r"[!-~]+", key):
            raise AddressError("RUNPOD_API_KEY must hold the key for that endpoint.")
        self._client = httpx.AsyncClient(
            base_url=f"{base.rstrip('/')}/{endpoint}/",
            headers={"Authorization": f"Bearer {key}", "User-Agent": "posture-serve"},
            limits=httpx.Limits(max_connections=64),
            transport=transport,
            # What is on this machine is asked without a proxy, which would read the key.
            trust_env=urlsplit(base).scheme == "https",
        )

    async def run(self, body: bytes) -> Answer:
        """Takes a job; the answer has its id."""
        return await self._ask("POST", "run", body=body)

    async def runsync(self, body: bytes, wait: int | None) -> Answer:
        """Takes a job; the answer is its result, or how it stands when the wait is over."""
        return await self._ask("POST", "runsync", wait, body=body, waits=True)

    async def status(self, job: str) -> Answer:
        """How a job stands."""
        return await self._ask("GET", f"status/{_known(job)}")

    async def status_sync(self, job: str, wait: int | None) -> Answer:
        """How a job stands when it is done or the wait is over."""
        return await self._ask("GET", f"status-sync/{_known(job)}", wait, waits=True)

    async def cancel(self, job: str) -> Answer:
        """Stops a job that is not done."""
        return await self._ask("POST", f"cancel/{_known(job)}")

    async def health(self) -> Answer:
        """How many jobs and workers there are in each state."""
        return await self._ask("GET", "health")

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def _ask(
        self, method: str, path: str, wait: int | None = None, *, body: bytes | None = None, waits: bool = False
    ) -> Answer:
        """What the endpoint answers, in JSON. Raises HTTPException: 502, 504, or what RunPod says beside JSON."""
        patience = (DEFAULT_WAIT if wait is None else wait) / 1000 if waits else 0
        try:
            async with self._client.stream(
                method,
                path,
                params={} if wait is None else {"wait": wait},
                content=body,
                headers={} if body is None else {"Content-Type": "application/json"},
                timeout=httpx.Timeout(patience + _READ, connect=_CONNECT),
            ) as response:
                return _passed(response.status_code, await _read(response), response.headers)
        except httpx.TimeoutException:
            raise HTTPException(HTTPStatus.GATEWAY_TIMEOUT, "The endpoint does not answer.") from None
        except httpx.HTTPError:
            raise HTTPException(HTTPStatus.BAD_GATEWAY, "The endpoint cannot be reached.") from None


def _is_safe(base: str) -> bool:
    """Whether nobody on the way to an address can read the key, nor anything in it is a secret that would be told."""
    try:
        parts = urlsplit(base)
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        bool(host)
        and not re.search("[@?#]", base)
        and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
    )


def _known(job: str) -> str:
    """An id that can stand in an address. Raises HTTPException for anything else."""
    if not _ID.fullmatch(job):
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such job.")
    return job


async def _read(response: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise HTTPException(HTTPStatus.BAD_GATEWAY, "The endpoint's answer is too large.")
    return bytes(content)


def _passed(status: int, content: bytes, headers: Mapping[str, str]) -> Answer:
    """JSON as it is; of anything else, the status. What RunPod has against our key is our failure, not the asker's."""
    if status in _OURS:
        raise HTTPException(HTTPStatus.BAD_GATEWAY, "The endpoint does not take the key that this server has for it.")
    is_error = status >= HTTPStatus.BAD_REQUEST
    hint = {"Retry-After": headers["Retry-After"]} if is_error and headers.get("Retry-After", "").isdigit() else {}
    with suppress(ValueError, RecursionError):
        if isinstance(json.loads(content), dict) and (status == HTTPStatus.OK or is_error):
            return Answer(content, status, hint)
    if is_error:
        raise HTTPException(status, f"The endpoint answers with HTTP {status}.", hint)
    raise HTTPException(HTTPStatus.BAD_GATEWAY, "The endpoint's answer is no JSON object.")
