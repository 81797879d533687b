"""The application with a worker of the tests' own, asked without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from posture.landmarks import Detect
from posture.web.application import application
from posture.web.bodies import Bodies
from posture.web.endpoint import Endpoint
from posture.web.guard import LOOPBACK
from posture.web.queue import Queue
from posture.worker.settings import Settings
from posture.worker.worker import Worker
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, FakeLog, FakePool, detect

ADDRESS = "http://127.0.0.1:8000"
BASE = f"{ADDRESS}/v2/local"
SETTINGS = Settings(landmarkers=1, concurrency=2, calibration="none")
GOOD: dict[str, Any] = {"input": {"front": FRONT_PHOTO, "side": SIDE_PHOTO}}
JSON = {"Content-Type": "application/json"}


def measuring(log: FakeLog | None = None, detect: Detect = detect) -> Queue:
    """A queue whose worker measures with a function."""
    worker = Worker(lambda: FakePool(detect), lambda: SETTINGS, log or FakeLog())

    async def handle(job: dict[str, Any]) -> dict[str, Any]:
        answer = worker.handle(job)
        return answer if isinstance(answer, dict) else await answer

    return Queue(handle, SETTINGS.concurrency)


@asynccontextmanager
async def asking(
    endpoint: Endpoint | None = None,
    *,
    key: str | None = None,
    log: FakeLog | None = None,
    bodies: Bodies | None = None,
    hosts: frozenset[str] = LOOPBACK,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, as if it listened at 127.0.0.1, port 8000."""
    log = log or FakeLog()
    app = application(endpoint or measuring(log), hosts=hosts, key=key, log=log, bodies=bodies)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield client


async def told(messages: list[dict[str, Any]], log: FakeLog | None = None, **scope: Any) -> list[dict[str, Any]]:
    """What the application sends to a request of ASGI's own kind, which brings these messages."""
    log = log or FakeLog()
    app = application(measuring(log), hosts=LOOPBACK, key=None, log=log)
    coming, sent = iter(messages), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        return next(coming)

    async def send(message: Any) -> None:
        sent.append(message)

    common = {"type": "http", "method": "GET", "scheme": "http", "path": "/v2/local/health", "root_path": ""}
    await app({**common, "query_string": b"", "server": ("127.0.0.1", 8000), **scope}, receive, send)
    return sent
