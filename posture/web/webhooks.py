"""Webhooks: what is told of a job when it is over, posted to where its sender wants it.

RunPod posts anywhere. A server on a desk that does so could be sent against whatever that desk can reach, so this one
posts to its own machine alone, by a literal name that no resolver is asked for, and where nobody else can ask for it.
"""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from posture.client import is_loopback

WHERE = "is called on this machine alone: http://127.0.0.1:PORT/..., and only by an endpoint that listens there alone"
# The platform's: tries, and seconds between two.
TRIES, PAUSE = 3, 10.0
_TIMEOUT = 10.0


def is_here(address: str) -> bool:
    """Whether an address leads to this machine and nowhere else."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "@" not in parts.netloc and is_loopback(parts.hostname or "")


async def call(address: str, body: bytes, pause: float = PAUSE) -> None:
    """Posts until that is answered with 200, three times at most."""
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as client:
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(pause)
            with suppress(httpx.HTTPError, httpx.InvalidURL):
                async with client.stream("POST", address, content=body, headers=headers) as response:
                    if response.status_code == HTTPStatus.OK:
                        return
