"""Measures many pairs, several at once."""

import logging
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

from posture.analysis import Model, measure
from posture.cli.failures import where
from posture.cli.pairs import Pair, content
from posture.errors import Finding, InternalError, PostureError
from posture.wire.answer import asked_for, failure
from posture.wire.request import RequestOptions

Envelope: TypeAlias = dict[str, Any]

# Pairs that are begun, or done and not yet told, for each at work: enough that all cores have work while one pair takes
# longer than those behind it, and so few that what they hold does not grow with their number.
AHEAD = 4

_DEFECT = Finding("internal_error", "the program failed.", "Measure the pair again; if it fails again, report it.")

log = logging.getLogger(__name__)


def answers(
    pairs: Iterable[Pair], options: RequestOptions, model: Model, at_once: int
) -> Generator[tuple[Pair, Envelope], None, None]:
    """Each pair and what the worker would answer, in their order, whatever becomes of one.

    `at_once`: how many are measured at the same time. Close the iterator to leave those that have not begun.
    """
    begun: deque[tuple[Pair, Future[Envelope]]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="pair") as threads:
        try:
            for pair in pairs:
                begun.append((pair, threads.submit(_answer, pair, options, model)))
                if len(begun) >= AHEAD * at_once:
                    yield _first(begun)
            while begun:
                yield _first(begun)
        finally:
            for _pair, future in begun:
                future.cancel()


def _first(begun: "deque[tuple[Pair, Future[Envelope]]]") -> tuple[Pair, Envelope]:
    pair, future = begun[0]
    answer = future.result()
    begun.popleft()
    return pair, answer


def _answer(pair: Pair, options: RequestOptions, model: Model) -> Envelope:
    try:
        photos = {view: content(photo) for view, photo in pair.photos.items()}
        return asked_for(measure(photos, options, model), options, model.map)
    except PostureError as error:
        return failure(error)
    except Exception as error:  # noqa: BLE001  a defect at one pair must not stop the others
        log.error("%s: a defect, %s.", pair.name, where(error))  # noqa: TRY400  never a traceback
        return failure(InternalError(_DEFECT))
