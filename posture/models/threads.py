"""Threads of which one that hangs can be given up."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_Task = tuple["Future[Any]", Callable[[], Any]]


class HungError(Exception):
    """What a thread was at when it was given up."""


class Threads:
    """So many threads that work on one thing at a time each, first come first served.

    Those of `concurrent.futures` cannot be given up, and Python does not end before they do.
    """

    def __init__(self, size: int) -> None:
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._at_work: dict[threading.Thread, tuple[Future[Any], float]] = {}
        self._changing = threading.Lock()
        for _ in range(size):
            self._start()

    def submit(self, call: Callable[[], _Result]) -> "Future[_Result]":
        """Queues a call behind those that wait."""
        future: Future[_Result] = Future()
        self._waiting.put((future, call))
        return future

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """Like the built-in `map`, with one item a thread at once; all are queued at the call."""
        futures = [self.submit(partial(function, *each)) for each in zip(*items, strict=False)]

        def results() -> Iterator[_Result]:
            try:
                for future in futures:
                    yield future.result()
            finally:
                for future in futures:
                    future.cancel()

        return results()

    def give_up(self, seconds: float) -> list[threading.Thread]:
        """Starts others in the place of those that have been at one thing for longer, which fails with HungError.

        Returns those. Should one come back, it ends, and so does what it has found.
        """
        begun_before = time.monotonic() - seconds
        with self._changing:
            hung = {thread: future for thread, (future, begun) in self._at_work.items() if begun < begun_before}
            for thread in hung:
                del self._at_work[thread]
                self._threads.remove(thread)
                self._start()
        for future in hung.values():
            future.set_exception(HungError(f"it has taken more than {seconds:g} s"))
        return list(hung)

    def close(self) -> None:
        """Ends the threads, after the work in hand and in the queue."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name="landmarker", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        thread = threading.current_thread()
        while task := self._waiting.get():
            future, call = task
            if not future.set_running_or_notify_cancel():
                continue
            with self._changing:
                self._at_work[thread] = future, time.monotonic()
            try:
                told = partial(future.set_result, call())
            except BaseException as error:  # noqa: BLE001  it is for the one who waits
                told = partial(future.set_exception, error)
            with self._changing:
                if self._at_work.pop(thread, None) is None:
                    return  # given up meanwhile
            told()
            del task, future, call, told  # and with them the pictures, while this waits for the next
