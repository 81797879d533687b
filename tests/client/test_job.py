"""How often an endpoint is asked, when, and until when: by a clock of these tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from posture.client import Answer, EndpointError, Patience, Refused
from posture.client.job import Ask, Job, run

DONE = {"status": "success", "data": {"front_view": {}, "side_view": {}}, "message": "done"}


def told(status: str, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"id": "a/b", "status": status, **more})


QUEUED, COMPLETED = told("IN_QUEUE"), told("COMPLETED", output=DONE)
TIMEOUT = told("FAILED", error="late", output={"code": "timeout", "view": None, "message": "Send it again."})


@dataclass
class Scripted:
    """Ways to an endpoint that answers in turn, the last for ever, each time after so many seconds."""

    answers: Sequence[httpx.Response | BaseException]
    takes: float = 0.0
    clock: float = 0.0
    asked: list[Ask] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    interrupts: Callable[[float], None] = lambda _seconds: None

    async def send(self, ask: Ask) -> httpx.Response:
        self.asked.append(ask)
        self.clock += min(self.takes, ask.seconds)
        if self.takes > ask.seconds:
            raise httpx.ReadTimeout("late")
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def sleep(self, seconds: float) -> None:
        self.interrupts(seconds)
        self.pauses.append(seconds)
        self.clock += seconds

    def measured(self, seconds: float = 300.0, **patience: Any) -> Answer:
        return run(Job(self, seconds, Patience(**patience), lambda: self.clock).measured({"front": "a", "side": "b"}))

    @property
    def paths(self) -> list[str]:
        return [f"{ask.method} {ask.path}" for ask in self.asked]


def busy(**headers: str) -> httpx.Response:
    return httpx.Response(429, headers=headers)


def test_the_seconds_that_it_is_asked_to_wait_are_waited() -> None:
    ways = Scripted([busy(**{"Retry-After": "7"}), COMPLETED])
    assert ways.measured() == DONE
    assert ways.pauses == [7]


def test_so_is_a_date() -> None:
    date = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=4), usegmt=True)
    ways = Scripted([httpx.Response(503, headers={"Retry-After": date}), COMPLETED])
    ways.measured()
    assert 60 < ways.pauses[0] <= 240
    past = Scripted([busy(**{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), COMPLETED])
    past.measured()
    assert past.pauses == [0]


@pytest.mark.parametrize("hint", ["soon", "-1", "1.5", "9" * 7, ""])
def test_a_hint_that_is_none_is_passed_over(hint: str) -> None:
    ways = Scripted([busy(**{"Retry-After": hint}), COMPLETED])
    ways.measured(pause=2, longest=8)
    assert 1 <= ways.pauses[0] <= 2


def test_a_wait_beyond_the_time_left_is_told_at_once() -> None:
    ways = Scripted([busy(**{"Retry-After": "60"})])
    with pytest.raises(EndpointError) as caught:
        ways.measured(30)
    assert (caught.value.kind, caught.value.retry_after, caught.value.status) == ("rate_limited", 60, 429)
    assert (ways.pauses, len(ways.asked)) == ([], 1)


def test_pauses_double_up_to_the_longest_and_are_partly_left_to_chance() -> None:
    ways = Scripted([httpx.ConnectError("refused")])
    with pytest.raises(EndpointError) as caught:
        ways.measured(tries=7, pause=1, longest=8)
    assert caught.value.kind == "unreachable"
    assert str(caught.value).endswith("(cause refused)")
    for pause, most in zip(ways.pauses, [1, 2, 4, 8, 8, 8], strict=True):
        assert most / 2 <= pause <= most
    assert len({round(pause / most, 6) for pause, most in zip(ways.pauses, [1, 2, 4, 8, 8, 8], strict=True)}) > 1


def test_looks_at_a_job_become_rarer() -> None:
    ways = Scripted([*[QUEUED] * 7, COMPLETED])
    assert ways.measured(look=1, longest=4) == DONE
    assert ways.pauses == [1, 1.5, 2.25, 3.375, 4, 4, 4]
    assert ways.paths == ["POST runsync", *["GET status/a%2Fb"] * 7]


@pytest.mark.parametrize("answer", [QUEUED, told("IN_PROGRESS"), told("RUNNING")])
@pytest.mark.parametrize("takes", [0.0, 0.4, 2.0])
def test_one_deadline_holds_for_everything_and_the_job_is_cancelled(answer: httpx.Response, takes: float) -> None:
    ways = Scripted([answer], takes)
    with pytest.raises(EndpointError) as caught:
        ways.measured(30)
    assert (caught.value.kind, caught.value.job) == ("timed_out", "a/b")
    assert ways.paths[-1] == "POST cancel/a%2Fb"
    assert ways.paths.count(ways.paths[-1]) == 1
    assert ways.clock - takes <= 30 + 1e-9  # what the cancelling takes comes after it
    assert ways.clock - takes == pytest.approx(30, abs=2)


def test_a_request_without_an_answer_ends_with_the_time() -> None:
    ways = Scripted([COMPLETED], takes=1000)
    with pytest.raises(EndpointError) as caught:
        ways.measured(20)
    assert caught.value.kind == "timed_out"
    assert (ways.clock, len(ways.asked)) == (20, 1)


@pytest.mark.parametrize(
    ("seconds", "path", "ttl"),
    [
        (300, "runsync", 300_000),
        (101, "runsync", 101_000),
        (100, "runsync?wait=90000", 100_000),
        (20, "runsync?wait=15000", 20_000),
        (1, "runsync?wait=1000", 10_000),
    ],
)
def test_a_short_time_is_told_to_the_platform(seconds: float, path: str, ttl: int) -> None:
    ways = Scripted([COMPLETED])
    ways.measured(seconds)
    assert [ask.path for ask in ways.asked] == [path]
    assert ways.asked[0].body == b'{"input": {"front": "a", "side": "b"}, "policy": {"ttl": %d}}' % ttl


def test_a_job_for_which_the_worker_had_no_time_is_sent_once_more() -> None:
    ways = Scripted([TIMEOUT, COMPLETED])
    assert ways.measured(longest=8) == DONE
    assert (ways.paths, ways.pauses) == (["POST runsync"] * 2, [8])
    ways = Scripted([TIMEOUT, httpx.Response(404)])
    with pytest.raises(EndpointError) as gone:
        ways.measured()
    assert (gone.value.kind, gone.value.job) == ("not_found", None)
    ways = Scripted([TIMEOUT])
    with pytest.raises(Refused, match="Send it again") as caught:
        ways.measured()
    assert (caught.value.code, len(ways.asked)) == ("timeout", 2)


@pytest.mark.parametrize("cancelling", [told("CANCELLED"), httpx.Response(500), httpx.ReadError("gone")])
def test_what_interrupts_is_raised_and_the_job_is_cancelled(cancelling: httpx.Response | Exception) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    ways = Scripted([QUEUED, cancelling], interrupts=interrupt)
    with pytest.raises(KeyboardInterrupt):
        ways.measured()
    assert ways.paths == ["POST runsync", "POST cancel/a%2Fb"]


def test_a_job_that_is_over_is_not_cancelled() -> None:
    ways = Scripted([told("FAILED")])
    with pytest.raises(EndpointError):
        ways.measured()
    assert ways.paths == ["POST runsync"]


def test_a_time_that_is_over_before_it_begins_asks_nothing() -> None:
    ways = Scripted([COMPLETED])
    with pytest.raises(EndpointError, match="took too long"):
        ways.measured(0)
    assert ways.asked == []
