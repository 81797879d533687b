"""Bodies of requests: bounded each, together and in time, while they come."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

# Bytes of a body that is too large: so much is read and dropped, so that who sends it gets to read why. Of one that is
# larger still nothing more is read.
DROPPED = 100_000_000
# Bytes of all bodies at once: twelve of the largest.
MOST = 256_000_000
# Seconds for a body to come: 20 MB on a line of 1.5 Mbit/s.
PATIENCE = 120.0


class Bodies:
    """Reads bodies. `most`: bytes of all at once; `patience`: seconds for one."""

    def __init__(self, most: int = MOST, patience: float = PATIENCE) -> None:
        self._most, self._patience = most, patience
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request, largest: int) -> AsyncIterator[bytes]:
        """A request's body, JSON of `largest` bytes at most, which counts until the block is left.

        Raises HTTPException: 408, 413, 415, 429.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, as Content-Type: application/json.")
        pieces: list[bytes] = []
        try:
            await self._in_time(request, largest, pieces)
            pieces[:] = [b"".join(pieces)]
            yield pieces[0]
        finally:
            self._held -= sum(map(len, pieces))

    async def _in_time(self, request: Request, largest: int, pieces: list[bytes]) -> None:
        try:
            await asyncio.wait_for(self._read(request, largest, pieces), self._patience)
        except asyncio.TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "The body did not come in time.") from None
        except ClientDisconnect:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "The body broke off.") from None

    async def _read(self, request: Request, largest: int, pieces: list[bytes]) -> None:
        """Adds what comes to `pieces`, as long as it may be held."""
        announced = request.headers.get("content-length", "")
        count = int(announced) if announced.isdigit() and int(announced) > DROPPED else 0
        if count <= DROPPED:
            async for piece in request.stream():
                count += len(piece)
                if count > DROPPED:
                    break
                if count <= largest:
                    self._hold(piece, pieces)
        if count > largest:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The body is larger than {largest // 1_000_000} MB. Send photos of 1080x1440 pixels as JPEG.",
                {"Connection": "close"},
            )

    def _hold(self, piece: bytes, pieces: list[bytes]) -> None:
        if self._held + len(piece) > self._most:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS, "Too much is sent at once: send it again later.", {"Retry-After": "1"}
            )
        self._held += len(piece)
        pieces.append(piece)
