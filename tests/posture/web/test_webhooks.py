"""Webhooks: where they may lead, and what is posted there."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from posture.web import webhooks
from posture.web.queue import Queue
from tests.posture.web.clock import run, settled
from tests.posture.web.contract import held
from tests.posture.web.test_queue import Desk, posted, refused, sent


@contextmanager
def listening(*statuses: int) -> Iterator[tuple[str, list[Any]]]:
    """An address on this machine that answers so, one after another, and what was posted there."""
    received: list[Any] = []
    coming = iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(next(coming))
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/done?secret=1", received
        server.shutdown()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "https://localhost/", "http://[::1]:9/", "http://127.1.2.3:9/x?y=z"]
)
def test_they_may_lead_to_this_machine(address: str) -> None:
    assert webhooks.is_here(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/",
        "http://169.254.169.254/latest",
        "http://192.168.1.5/",
        "http://0.0.0.0/",
        "http://localhost.example.com/",
        "http://127.0.0.1@example.com/",
        "http://example.com#@127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "http://[::1",
        "http://",
        "",
    ],
)
def test_they_may_lead_nowhere_else(address: str) -> None:
    assert not webhooks.is_here(address)


def test_who_sends_a_job_is_called_with_what_its_status_says() -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=1, calls_back=True)
        with listening(200) as (address, received):
            job = await posted(queue, webhook=address)
            assert received == []
            desk.may_end.set()
            await settled()
            await asyncio.gather(*queue._calls)  # noqa: SLF001  they are nobody's to wait for
            assert received == [held("CompletedJob", (await queue.status(job)).body)]

    run(test)


@pytest.mark.parametrize(
    ("statuses", "times"), [((200,), 1), ((500, 200), 2), ((302, 404, 201, 200), 3)], ids=["taken", "again", "given up"]
)
def test_they_are_tried_three_times_at_most_and_follow_nobody(statuses: tuple[int, ...], times: int) -> None:
    with listening(*statuses) as (address, received):
        asyncio.run(webhooks.call(address, b'{"id": "job"}', pause=0))
    assert received == times * [{"id": "job"}]


def test_where_nobody_listens_nothing_happens() -> None:
    with listening() as (address, _):
        pass
    asyncio.run(webhooks.call(address, b"{}", pause=0))


@pytest.mark.parametrize(("calls_back", "address"), [(False, "http://127.0.0.1:9/"), (True, "https://example.com/")])
def test_a_job_with_another_is_refused(*, calls_back: bool, address: str) -> None:
    async def test() -> None:
        queue = Queue(Desk().handle, places=1, calls_back=calls_back)
        assert await refused(queue.run(sent(webhook=address))) == (400, f"`webhook` {webhooks.WHERE}.")

    run(test)
