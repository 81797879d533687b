"""Measures many pairs, several at once."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

import click

from posture.analysis import Model, measure
from posture.cli.failures import where
from posture.cli.heic import readable
from posture.cli.pairs import Pair, content
from posture.errors import Finding, InternalError, PostureError
from posture.wire.answer import asked_for, failure
from posture.wire.request import RequestOptions

Envelope: TypeAlias = dict[str, Any]

# Pairs that are begun, or done and not yet told, for each at work: enough that all cores have work while one pair takes
# longer than those behind it, and so few that what they hold does not grow with their number.
AHEAD = 4
# Pairs that an endpoint is sent at once: it has up to ten workers, each of which measures several.
SENT_AT_ONCE = 8

_DEFECT = Finding("internal_error", "the program failed.", "Measure the pair again; if it fails again, report it.")

log = logging.getLogger(__name__)


_Begun = TypeVar("_Begun")
Answers: TypeAlias = Generator[tuple[Pair, Envelope], None, None]


def answers(pairs: Iterable[Pair], options: RequestOptions, model: Model, at_once: int) -> Answers:
    """Each pair and what the worker would answer, in their order, whatever becomes of one.

    `at_once`: how many are measured at the same time. Close the iterator to leave those that have not begun.
    """

    def answer(pair: Pair) -> Envelope:
        try:
            read, told = readable({view: content(photo) for view, photo in pair.photos.items()}, options)
            return asked_for(measure(read, told, model), told, model.map)
        except Exception as error:  # noqa: BLE001  a defect at one pair must not stop the others
            return _instead(pair, error)

    with ThreadPoolExecutor(at_once, thread_name_prefix="pair") as threads:
        try:
            yield from _in_order(pairs, lambda pair: threads.submit(answer, pair), Future.result, AHEAD * at_once)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def answers_by_endpoint(pairs: Iterable[Pair], options: RequestOptions, endpoint: str) -> Answers:
    """The same by the endpoint of this id. Close the iterator to have it leave those that are not done.

    Raises UnfitError where the endpoint does not do its work: that is no pair's fault.
    """
    from posture.cli import endpoint as remote  # noqa: PLC0415  it loads an HTTP library

    client, places, loop = remote.opened(endpoint), asyncio.Semaphore(SENT_AT_ONCE), asyncio.new_event_loop()

    async def answer(pair: Pair) -> Envelope:
        try:
            async with places:
                files = {view: await asyncio.to_thread(content, photo) for view, photo in pair.photos.items()}
                return await remote.answer(files, options, client)
        except Exception as error:  # noqa: BLE001  as above
            return _instead(pair, error)

    def begin(pair: Pair) -> "asyncio.Task[Envelope]":
        return loop.create_task(answer(pair))

    try:
        yield from _in_order(pairs, begin, loop.run_until_complete, AHEAD * SENT_AT_ONCE)
    finally:
        loop.run_until_complete(_left(asyncio.all_tasks(loop)))
        loop.run_until_complete(client.close())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _left(tasks: "Iterable[asyncio.Task[Envelope]]") -> None:
    """Cancels what is not done, and with it the jobs."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _in_order(
    pairs: Iterable[Pair], begin: Callable[[Pair], _Begun], result: Callable[[_Begun], Envelope], most: int
) -> Answers:
    """Each pair and its result, so many of which may be begun and not yet told."""
    begun: deque[tuple[Pair, _Begun]] = deque()
    for pair in pairs:
        begun.append((pair, begin(pair)))
        if len(begun) == most:
            first, started = begun.popleft()
            yield first, result(started)
    for pair, started in begun:
        yield pair, result(started)


def _instead(pair: Pair, error: Exception) -> Envelope:
    """What a pair is answered that could not be measured. Raises what stops all of them."""
    if isinstance(error, click.ClickException):
        raise error
    if isinstance(error, PostureError):
        return failure(error)
    log.error("%s: a defect, %s.", pair.name, where(error))
    return failure(InternalError(_DEFECT))
