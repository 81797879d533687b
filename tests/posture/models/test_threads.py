"""Threads that hang are held by an event, so that the test says when they come back."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from posture.models.threads import HungError, Threads

SECONDS = 60.0  # for what is certain to come, on a machine that is busy


@contextmanager
def one_hangs(size: int) -> Iterator[tuple[Threads, Callable[[], str], threading.Event]]:
    """So many threads, one of which is at the call that is given until the event is set."""
    threads, begun, may_end = Threads(size), threading.Event(), threading.Event()

    def hang() -> str:
        begun.set()
        may_end.wait()
        return "too late"

    hung = threads.submit(hang)
    assert begun.wait(SECONDS)
    yield threads, lambda: hung.result(SECONDS), may_end
    may_end.set()
    threads.close()


def test_another_takes_the_place_of_one_that_hangs_and_its_work_fails() -> None:
    with one_hangs(1) as (threads, hung, _):
        waiting = threads.submit(lambda: "done")
        assert len(threads.give_up(0)) == 1
        with pytest.raises(HungError):
            hung()
        assert waiting.result(SECONDS) == "done"


def test_what_one_that_was_given_up_still_finds_is_dropped_and_it_ends() -> None:
    with one_hangs(1) as (threads, hung, may_end):
        [given_up] = threads.give_up(0)
        may_end.set()
        given_up.join(SECONDS)
        assert not given_up.is_alive()
        with pytest.raises(HungError):
            hung()
        assert threads.give_up(0) == []


def test_those_that_are_idle_or_have_just_begun_are_not_given_up() -> None:
    with one_hangs(3) as (threads, hung, may_end):
        assert threads.give_up(SECONDS) == []
        may_end.set()
        assert hung() == "too late"
        assert threads.give_up(0) == []


def test_items_behind_one_that_fails_are_not_begun() -> None:
    threads, begun, has_failed = Threads(1), list[int](), threading.Event()

    def fail(number: int) -> None:
        begun.append(number)
        if number:
            assert has_failed.wait(SECONDS)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        list(threads.map(fail, range(5)))
    has_failed.set()
    threads.close()
    assert begun in ([0], [0, 1])


def test_closing_waits_for_what_is_queued() -> None:
    threads = Threads(2)
    results = [threads.submit(lambda number=number: number) for number in range(20)]  # type: ignore[misc]
    threads.close()
    assert [result.result(0) for result in results] == list(range(20))
