"""Serves the local endpoint: checks what it is told, loads the models, listens, and ends in good order.

serve(Place())                      this machine's own worker, for this machine alone
serve(Place(), endpoint="ab12")     the same addresses, passed on to a deployed endpoint
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from posture.client import RUNPOD, is_loopback
from posture.web.application import application
from posture.web.endpoint import Endpoint
from posture.web.guard import LOOPBACK, WILDCARDS, bracketed
from posture.web.pages import FOLDER
from posture.web.passed import AddressError, Passed
from posture.web.queue import Queue
from posture.worker import settings
from posture.worker.pool import open_pool
from posture.worker.worker import Worker

KEY = "POSTURE_SERVE_KEY"
# Characters of a key that others in the network could try.
SHORTEST_KEY = 16
# Connections at once; more are answered 503.
_MOST_CONNECTIONS = 256
# Of the grace: what jobs in hand may take of it before they are answered with `timeout`, and with those answers. In the
# rest the models are closed.
_FOR_JOBS, _FOR_ANSWERS = 0.5, 0.75
_LEAST = 0.5  # seconds for that, whatever the grace
# Seconds that requests to a deployed endpoint may take when the server is told to stop.
_PASSED_GRACE = 5

_logger = logging.getLogger("posture.web")


class ServeError(Exception):
    """It cannot be served as it was asked for; the text says why, and what to do."""


@dataclass(frozen=True)
class Place:
    """Where it is served. `port`: 0 for any that is free. `certificate` and `private_key`: PEM files, for https."""

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    private_key: Path | None = None

    @property
    def is_private(self) -> bool:
        """Whether this machine alone can reach it."""
        return is_loopback(self.host)

    @property
    def names(self) -> frozenset[str]:
        """By which it may be called."""
        return LOOPBACK | {bracketed(self.host)}

    def address(self, port: int) -> str:
        """What a caller's addresses begin with."""
        host = bracketed(self.host)
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{_own_address(host) if host in WILDCARDS else host}:{port}"


class Log:
    """One line for each request and each job, on the standard error."""

    def info(self, message: str, request_id: str | None = None) -> None:
        """Writes one line about a job or a request."""
        _logger.info(_line(message, request_id))

    def error(self, message: str, request_id: str | None = None) -> None:
        """Writes about a defect."""
        _logger.error(_line(message, request_id))


def serve(
    place: Place,
    endpoint: str | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    tell: Callable[[str], object] = print,
) -> int:
    """Serves until SIGINT or SIGTERM, and returns the exit status: 0, or 1 where it had to end by itself.

    `endpoint`: the id of a deployed endpoint to pass requests on to, by RUNPOD_ENDPOINT_BASE_URL and RUNPOD_API_KEY.
    `tell`: is given each line for whoever started it. Raises ServeError, ModelError, NotInstalledError.
    """
    if place.private_key and not place.certificate:
        raise ServeError("A private key is of no use without its certificate.")
    key = _key(place, environment)
    with _listening(place) as listener, _logged():
        port: int = listener.getsockname()[1]
        if endpoint is None:
            worker = Worker(open_pool, settings.read, Log())
            run = _measuring(place, worker, _settings(), key)
            worker.pool()  # opened now, so that the first request need not wait and a missing file is told
            tell(f"Measuring at {place.address(port)}/v2/local. Ctrl-C ends it.")
        else:
            base = environment.get("RUNPOD_ENDPOINT_BASE_URL", RUNPOD)
            run = _passing(place, _passed(base, endpoint, environment), key)
            tell(f"Passing on to {base}/{endpoint} what comes to {place.address(port)}/v2/local. Ctrl-C ends it.")
        for line in _advice(place, port, key, is_ours=key != environment.get(KEY)):
            tell(line)
        with _signals_end_nothing_else():
            return asyncio.run(run(listener))


class _Server(uvicorn.Server):
    """A server that calls `at_the_end` when it is told to stop, before it waits for what is in hand."""

    def __init__(self, config: uvicorn.Config, at_the_end: Callable[[], object] = lambda: None) -> None:
        super().__init__(config)
        self._at_the_end = at_the_end

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends in good order."""
        self._at_the_end()
        await super().shutdown(sockets)


_Run = Callable[[socket.socket], Coroutine[object, object, int]]


def _measuring(place: Place, worker: Worker, told: settings.Settings, key: str | None) -> _Run:
    """Serves this machine's own worker. Raises ServeError."""

    async def handle(job: dict[str, Any]) -> dict[str, Any]:
        answer = worker.handle(job)
        return answer if isinstance(answer, dict) else await answer

    queue = Queue(handle, told.concurrency, calls_back=place.is_private, is_well=lambda: not worker.is_spent)
    config = _config(place, queue, key, max(1, int(_FOR_ANSWERS * told.grace)))
    began = 0.0

    def at_the_end() -> None:
        nonlocal began
        began = time.monotonic()
        asyncio.get_running_loop().call_later(_FOR_JOBS * told.grace, worker.give_up)

    server = _Server(config, at_the_end)

    async def look() -> None:
        if worker.is_spent:
            Log().error("Too many landmarkers hang: this server ends. Start it again.")
            server.should_exit = True

    config.callback_notify, config.timeout_notify = look, 1

    async def run(listener: socket.socket) -> int:
        await server.serve([listener])
        # A job that is at work in a thread would open the models again.
        ending = asyncio.create_task(asyncio.get_running_loop().shutdown_default_executor())
        await asyncio.wait({ending}, timeout=max(_LEAST, began + told.grace - time.monotonic()))
        if worker.hung or not ending.done():
            Log().error("A landmarker has not come back from its photo.")
            _end(1)  # Python would wait for it
        worker.close()
        return 0

    return run


def _passing(place: Place, passed: Passed, key: str | None) -> _Run:
    """Serves a deployed endpoint. Raises ServeError."""
    server = _Server(_config(place, passed, key, _PASSED_GRACE))

    async def run(listener: socket.socket) -> int:
        await server.serve([listener])
        await passed.close()
        return 0

    return run


def _config(place: Place, endpoint: Endpoint, key: str | None, seconds: int) -> uvicorn.Config:
    """What uvicorn is told: it logs warnings alone, and believes no proxy. Raises ServeError for the certificate."""
    config = uvicorn.Config(
        application(endpoint, hosts=place.names, key=key, log=Log()),
        access_log=False,
        http="h11",  # httptools, which is faster, reads headers of any size
        lifespan="off",
        limit_concurrency=_MOST_CONNECTIONS,
        log_config=None,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.private_key,
        timeout_graceful_shutdown=seconds,
        ws="none",
    )
    try:
        config.load()
    except ssl.SSLError as error:
        raise ServeError("Certificate and private key are no PEM files that belong together.") from error
    except OSError as error:
        raise ServeError(f"The certificate or its private key cannot be read: {error.strerror}.") from error
    return config


def _settings() -> settings.Settings:
    try:
        return settings.read()
    except settings.SettingsError as error:
        raise ServeError(str(error)) from error


def _passed(base: str, endpoint: str, environment: Mapping[str, str]) -> Passed:
    try:
        return Passed(base, endpoint, environment.get("RUNPOD_API_KEY", ""))
    except AddressError as error:
        raise ServeError(str(error)) from error


def _key(place: Place, environment: Mapping[str, str]) -> str | None:
    """What callers must send: what the environment says, else something new where others can reach the server."""
    key = environment.get(KEY) or None
    if key is None:
        return None if place.is_private else secrets.token_urlsafe()
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ServeError(f"{KEY} may hold letters, digits and signs, but no spaces.")
    if len(key) < SHORTEST_KEY and not place.is_private:
        raise ServeError(f"{KEY} must have at least {SHORTEST_KEY} characters where others can reach the server.")
    return key


@contextmanager
def _listening(place: Place) -> Iterator[socket.socket]:
    """The socket at which it is served. Raises ServeError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address, family=family)
    except OSError as error:
        raise ServeError(f"It cannot be served at {place.host}, port {place.port}: {error.strerror}.") from error
    with listener:
        yield listener


@contextmanager
def _logged() -> Iterator[None]:
    """Has the log written as RunPod's SDK writes it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)-6s | %(message)s"))
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False
    try:
        yield
    finally:
        _logger.removeHandler(handler)


@contextmanager
def _signals_end_nothing_else() -> Iterator[None]:
    """While it lasts, nothing but uvicorn ends by a signal: it sends itself the same one again when it has ended."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _advice(place: Place, port: int, key: str | None, *, is_ours: bool) -> Iterator[str]:
    """How it is used, and by whom it could be. `is_ours`: whether the key was made here and nobody knows it."""
    if FOLDER.is_dir():
        yield f"A page to measure with: {place.address(port)}/"
    yield "For the samples in chapter 4 of RUNPOD_DEPLOYMENT.md:"
    sent = "any" if key is None else key if is_ours else f"${KEY}"
    yield f"  export RUNPOD_ENDPOINT_BASE_URL={place.address(port)}/v2 ENDPOINT_ID=local RUNPOD_API_KEY={sent}"
    if not place.is_private:
        yield f"Others in the network can reach it, and need that key{'' if is_ours else f', {KEY}'}."
        if not place.certificate:
            yield "Without --certificate and --key, photos and key can be read on their way: use no photos of patients."


def _own_address(everywhere: str) -> str:
    """The address of this machine in its network, or the loopback's where there is none. Nothing is sent for it.

    `everywhere`: a wildcard, which says whether by IPv4 or IPv6.
    """
    # Addresses for documents (RFC 5737, RFC 3849): only the way to them is looked up.
    family, far, own = (
        (socket.AF_INET6, "2001:db8::1", "::1") if everywhere == "[::]" else (socket.AF_INET, "192.0.2.1", "127.0.0.1")
    )
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((far, 9))
        own = probe.getsockname()[0]
    return bracketed(own)


def _line(message: str, request_id: str | None) -> str:
    return message if request_id is None else f"{request_id} | {message}"


def _end(status: int) -> None:
    """Ends the process now, whatever its threads are at."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
