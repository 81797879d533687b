"""Bodies that are too large, too slow, too many, or cut off, while they come."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from posture.web.bodies import DROPPED, Bodies
from testing.builders import FakeLog
from tests.posture.web.asking import JSON, asking, told

MEGABYTE = b" " * 1_000_000


class Coming:
    """A body that comes in megabytes. `sent`: how many did."""

    def __init__(self, megabytes: int) -> None:
        self.sent = 0
        self._megabytes = megabytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self._megabytes):
            self.sent += 1
            yield MEGABYTE


def post(body: Coming, headers: dict[str, str] | None = None) -> httpx.Response:
    async def test() -> httpx.Response:
        async with asking() as client:
            return await client.post("/run", content=body, headers={**JSON, **(headers or {})})

    return asyncio.run(test())


def test_a_body_that_is_too_large_is_read_to_its_end_so_that_its_sender_gets_to_know() -> None:
    body = Coming(30)
    assert post(body).status_code == 413
    assert body.sent == 30


def test_a_huge_body_is_cut_off_while_it_comes() -> None:
    body = Coming(1_000)
    answer = post(body)
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")
    assert body.sent == DROPPED // 1_000_000 + 1


def test_of_a_body_that_says_how_huge_it_is_nothing_is_read() -> None:
    body = Coming(1_000)
    assert post(body, {"Content-Length": "1000000000"}).status_code == 413
    assert body.sent == 0


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    class Stuck:
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b'{"input": '
            await asyncio.Event().wait()

    async def test() -> httpx.Response:
        async with asking(bodies=Bodies(patience=0.01)) as client:
            return await client.post("/run", content=Stuck(), headers=JSON)

    answer = asyncio.run(test())
    assert (answer.status_code, answer.json()) == (408, {"error": "The body did not come in time."})


def test_all_bodies_together_are_bounded_and_what_they_took_is_free_again() -> None:
    async def test() -> None:
        bodies = Bodies(most=3_000_000)
        may_come = asyncio.Event()

        class Held(Coming):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                async for piece in super().__aiter__():
                    yield piece
                await may_come.wait()

        async with asking(bodies=bodies) as client:
            first = asyncio.create_task(client.post("/run", content=Held(2), headers=JSON))
            while bodies._held < 2_000_000:  # noqa: ASYNC110, SLF001  nothing is called when a piece has come
                await asyncio.sleep(0)
            second = await client.post("/run", content=Coming(2), headers=JSON)
            assert (second.status_code, second.headers["Retry-After"]) == (429, "1")
            may_come.set()
            assert (await first).status_code == 400
            assert (await client.post("/run", content=Coming(3), headers=JSON)).status_code == 400

    asyncio.run(test())


def test_a_sender_who_goes_away_leaves_a_line_and_no_defect() -> None:
    log = FakeLog()
    headers = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json")]
    gone = [{"type": "http.disconnect"}]
    asyncio.run(told(gone, log, method="POST", path="/v2/local/run", headers=headers))
    [(level, _, line)] = log.lines
    assert level == "info"
    assert line.startswith("POST /v2/local/run 400 ms=")
