"""Who may ask, what is told of it in the log, and what every answer says to a browser.

A server on this machine can be reached by any page in a browser on it. Such a page is refused: under a name of its own
that it has led here (DNS rebinding), by the Host that the browser then sends; from its own origin, by Origin. No header
lets a page of another origin read an answer, and what a page may send without being asked first is no JSON.
"""

import hmac
import re
import time
from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posture.worker.worker import Log, trace

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# What is bound to means every address of the machine; a request then names the one by which it came.
WILDCARDS = frozenset({"0.0.0.0", "[::]"})  # noqa: S104  compared with, not bound to
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?P<name>\[[0-9a-f:]+\]|[a-z0-9.-]+)(:(?P<port>[0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
# A path that may stand in the log; a longer one, or one with other signs, may hold anything.
_PATH = re.compile(r"[\w./-]{1,100}", re.ASCII)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Answers are about people's bodies, and for who has asked alone.
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

DEFECT = HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed; its log says why.")


def refused(error: HTTPException) -> JSONResponse:
    """An answer that is no job's: `error` says why, as the platform's does."""
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


class Guard:
    """Middleware around the application.

    `hosts`: names and addresses by which it may be called, in small letters, those of IPv6 in brackets. `key`: what a
    caller must send as a bearer token, None where nobody has to; `public`: paths for which nobody needs it.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], key: str | None, log: Log, *, public: Collection[str] = ()
    ) -> None:
        self._app, self._hosts, self._key, self._log, self._public = app, hosts, key, log, public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or has it answered; whatever goes wrong, nothing of it is told but a sentence."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:  # a WebSocket, of which there is none
            await send({"type": "websocket.close"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, began = 0, time.perf_counter()

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            try:
                self._check(scope)
                await self._app(scope, receive, sending)
            except HTTPException as refusal:
                await refused(refusal)(scope, receive, sending)
            except Exception as error:  # noqa: BLE001  the boundary
                self._log.error(trace(error))
                if not status:
                    await refused(DEFECT)(scope, receive, sending)
        finally:
            self._log.info(f"{_shown(scope)} {status} ms={1000 * (time.perf_counter() - began):.0f}")

    def _check(self, scope: Scope) -> None:
        """Raises HTTPException for who may not ask."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_ours(hosts[0], scope):
            raise HTTPException(HTTPStatus.FORBIDDEN, "This is not an address of this server.")
        if origins and origins != [f"{scope['scheme']}://{hosts[0]}"]:
            raise HTTPException(HTTPStatus.FORBIDDEN, "Pages from elsewhere may not use this server.")
        if self._key is None or scope["path"] in self._public:
            return
        if not _is_same(headers.get("authorization", ""), self._key):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED, "The key is missing or another.", {"WWW-Authenticate": "Bearer"}
            )

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """Whether a Host names this server: its names, with its port."""
        parts = _HOST.fullmatch(host)
        if not parts:
            return False
        address, port = scope["server"]
        name = parts["name"].lower()
        known = name in self._hosts or (not WILDCARDS.isdisjoint(self._hosts) and name == bracketed(address))
        return known and int(parts["port"] or _PORTS[scope["scheme"]]) == port


def bracketed(host: str) -> str:
    """A name or address as it stands in an address of the web."""
    return f"[{host}]" if ":" in host else host.lower()


def _is_same(authorization: str, key: str) -> bool:
    """Whether it is the key, with or without `Bearer`, which the platform does not ask for; in constant time."""
    sent = re.sub(r"^bearer ", "", authorization, flags=re.IGNORECASE)
    return hmac.compare_digest(sent.encode(), key.encode())


def _shown(scope: Scope) -> str:
    """Method and path for the log: never a query, and nothing that may be more than an address."""
    method = scope["method"] if scope["method"] in _METHODS else "?"
    return f"{method} {scope['path'] if _PATH.fullmatch(scope['path']) else '?'}"
