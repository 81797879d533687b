"""An event loop whose time stands still unless a test puts it forward."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """With a clock of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a test on such a loop, and has the tasks that it leaves ended."""
    loop = Loop()
    try:
        loop.run_until_complete(test())
    finally:
        loop.run_until_complete(_end(loop))
        loop.close()


async def _end(loop: Loop) -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await loop.shutdown_default_executor()


async def later(seconds: float) -> None:
    """Comes back when so much time is over, which it does not take; and all that was due has been done."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.now += seconds
    await settled()


async def settled() -> None:
    """Comes back when all is done that can be done without waiting."""
    for _ in range(10):
        await asyncio.sleep(0)
