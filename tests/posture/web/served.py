"""The application behind a socket of this machine, in a thread, as a browser needs it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from posture.web.application import application
from posture.web.endpoint import Endpoint
from posture.web.guard import LOOPBACK
from testing.builders import FakeLog


@contextmanager
def served(endpoint: Endpoint, key: str | None = None) -> Iterator[str]:
    """Serves an endpoint and its page at a free port of 127.0.0.1; what its addresses begin with."""
    with running(application(endpoint, hosts=LOOPBACK, key=key, log=FakeLog())) as address:
        yield address


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serves any application so."""
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
