"""Jobs, from their sending to their being forgotten."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from runpod.serverless.modules import rp_job
from starlette.exceptions import HTTPException

from deploy import config
from posture.web import queue as queue_module
from posture.web.queue import Queue
from posture.wire.job import Policy
from tests.posture.web.clock import later, run, settled
from tests.posture.web.contract import held

SUCCESS = {
    "status": "success",
    "data": {
        "front_view": {"shoulder_tilt": 1.0, "pelvic_tilt": 0.0, "head_tilt": 0.0, "body_tilt": 0.0},
        "side_view": {"back_tilt": 0.0, "neck_tilt": 0.0, "body_tilt": 0.0, "hip_tilt": 0.0},
    },
    "message": "Posture analysis completed successfully",
}
REFUSAL = {
    "status": "error",
    "code": "timeout",
    "view": None,
    "message": "Send the job again.",
    "error": "Posture analysis failed: too late.",
}
MINUTE = 60.0
DAY = 24 * 60 * MINUTE


class Desk:
    """Answers jobs when it is told to; `given`: those that it was given, `stopped`: those that were taken away."""

    def __init__(self, answer: dict[str, Any] = SUCCESS) -> None:
        self.given: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.may_end = asyncio.Event()
        self._answer = answer

    async def handle(self, job: dict[str, Any]) -> dict[str, Any]:
        self.given.append(job)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.stopped.append(job["id"])
            raise
        return dict(self._answer)


def sent(given: object = "photos", **beside: object) -> bytes:
    return json.dumps({"input": given, **beside}).encode()


async def posted(queue: Queue, **beside: object) -> str:
    """The id of a job that was sent by /run and begun where there was a place."""
    told = held("QueuedJob", (await queue.run(sent(**beside))).body)
    assert told == {"id": told["id"], "status": "IN_QUEUE"}
    await settled()
    return str(told["id"])


async def status(queue: Queue, job: str) -> Any:
    return held("Job", (await queue.status(job)).body)


async def is_unknown(queue: Queue, job: str) -> bool:
    try:
        await queue.status(job)
    except HTTPException as refusal:
        return refusal.status_code == 404
    return False


async def refused(asking: Awaitable[object]) -> tuple[int, str]:
    with pytest.raises(HTTPException) as refusal:
        await asking
    return refusal.value.status_code, refusal.value.detail


def test_a_job_waits_is_worked_on_and_completed() -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=1)
        first, second = await posted(queue), await posted(queue, policy={"lowPriority": True})
        await later(2)
        assert await status(queue, first) == {
            "id": first, "status": "IN_PROGRESS", "delayTime": 0, "workerId": "local"
        }  # fmt: skip
        assert await status(queue, second) == {"id": second, "status": "IN_QUEUE"}
        desk.may_end.set()
        await settled()
        done = await status(queue, first)
        assert done.pop("executionTime") == 2000
        assert done == {
            "id": first, "status": "COMPLETED", "delayTime": 0, "workerId": "local", "output": SUCCESS
        }  # fmt: skip
        assert (await status(queue, second))["delayTime"] == 2000
        assert desk.given == [{"id": first, "input": "photos"}, {"id": second, "input": "photos"}]

    run(test)


def test_what_stands_beside_the_input_does_not_reach_the_worker() -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=1)
        job = await posted(queue, mode="precise", s3Config={})
        assert desk.given == [{"id": job, "input": "photos"}]

    run(test)


def test_a_refusal_fails_with_its_error_at_the_top_and_the_rest_in_output() -> None:
    async def test() -> None:
        desk = Desk(REFUSAL)
        desk.may_end.set()
        told = held("FailedJob", (await Queue(desk.handle, places=1).runsync(sent(), None)).body)
        assert told["id"].startswith("sync-")
        assert told["error"] == REFUSAL["error"]
        assert told["output"] == {name: value for name, value in REFUSAL.items() if name != "error"}

    run(test)


@pytest.mark.parametrize("answer", [SUCCESS, REFUSAL, {"error": "alone"}, {"error": "", "status": "success"}])
def test_an_answer_is_split_as_runpods_sdk_splits_it(answer: dict[str, Any]) -> None:
    async def test() -> None:
        desk = Desk(answer)
        desk.may_end.set()
        told = json.loads((await Queue(desk.handle, places=1).runsync(sent(), None)).body)
        by_the_sdk = await rp_job.run_job(lambda _job: dict(answer), {"id": "job", "input": {}})
        assert {name: told[name] for name in ("output", "error") if name in told} == by_the_sdk
        assert told["status"] == ("FAILED" if "error" in by_the_sdk else "COMPLETED")

    run(test)


@pytest.mark.parametrize(("wait", "seconds"), [(None, 90), (1000, 1)])
def test_a_wait_that_is_over_tells_how_the_job_stands(wait: int | None, seconds: float) -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=1)
        asking = asyncio.create_task(queue.runsync(sent(), wait))
        await settled()
        await later(seconds - 0.5)
        assert not asking.done()
        await later(0.5)
        told = held("RunningJob", (await asking).body)
        again = asyncio.create_task(queue.status_sync(told["id"], None))
        await settled()
        desk.may_end.set()
        assert held("CompletedJob", (await again).body)["output"] == SUCCESS

    run(test)


def test_as_many_jobs_are_in_work_as_there_are_places_and_health_counts_them() -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=2)
        jobs = [await posted(queue) for _ in range(3)]
        assert [job["id"] for job in desk.given] == jobs[:2]
        told = held("Health", (await queue.health()).body)
        assert told["jobs"] == {"completed": 0, "failed": 0, "inProgress": 2, "inQueue": 1, "retried": 0}
        assert (told["workers"]["running"], told["workers"]["idle"], told["workers"]["ready"]) == (1, 0, 1)
        await queue.cancel(jobs[0])
        await settled()
        assert [job["id"] for job in desk.given] == jobs
        desk.may_end.set()
        await settled()
        told = held("Health", (await queue.health()).body)
        assert told["jobs"] == {"completed": 2, "failed": 0, "inProgress": 0, "inQueue": 0, "retried": 0}
        assert (told["workers"]["running"], told["workers"]["idle"], told["workers"]["unhealthy"]) == (0, 1, 0)

    run(test)


def test_a_worker_that_should_get_no_jobs_is_told_of_as_unhealthy() -> None:
    async def test() -> None:
        told = held("Health", (await Queue(Desk().handle, places=1, is_well=lambda: False).health()).body)
        assert (told["workers"]["unhealthy"], told["workers"]["ready"], told["workers"]["idle"]) == (1, 0, 0)

    run(test)


def test_a_job_is_cancelled_in_the_queue_and_in_work_and_frees_its_place() -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=1)
        working, waiting, last = [await posted(queue) for _ in range(3)]
        assert held("CancelledJob", (await queue.cancel(waiting)).body) == {"id": waiting, "status": "CANCELLED"}
        assert held("CancelledJob", (await queue.cancel(working)).body)["workerId"] == "local"
        await settled()
        assert desk.stopped == [working]
        assert [job["id"] for job in desk.given] == [working, last]
        desk.may_end.set()
        await settled()
        assert [(await status(queue, job))["status"] for job in (working, waiting, last)] == [
            "CANCELLED", "CANCELLED", "COMPLETED"
        ]  # fmt: skip

    run(test)


def test_a_job_that_is_over_stays_as_it_is_when_it_is_cancelled() -> None:
    async def test() -> None:
        desk = Desk()
        desk.may_end.set()
        queue = Queue(desk.handle, places=1)
        job = await posted(queue)
        assert held("Job", (await queue.cancel(job)).body)["status"] == "COMPLETED"

    run(test)


def test_who_waits_for_a_job_is_told_at_once_that_it_is_cancelled() -> None:
    async def test() -> None:
        queue = Queue(Desk().handle, places=1)
        job = await posted(queue)
        waiting = asyncio.create_task(queue.status_sync(job, None))
        await settled()
        await queue.cancel(job)
        assert held("Job", (await waiting).body)["status"] == "CANCELLED"

    run(test)


@pytest.mark.parametrize(("synchronous", "minutes"), [(False, 30), (True, 1)])
def test_a_result_is_kept_for_the_platforms_time_and_then_not_known(*, synchronous: bool, minutes: int) -> None:
    async def test() -> None:
        desk = Desk()
        desk.may_end.set()
        queue = Queue(desk.handle, places=1)
        send = queue.runsync(sent(), None) if synchronous else queue.run(sent())
        job = json.loads((await send).body)["id"]
        await settled()
        await later(minutes * MINUTE - 1)
        assert (await status(queue, job))["output"] == SUCCESS
        await later(1)
        assert await is_unknown(queue, job)
        assert (queue._jobs, queue._kept, queue._open) == ({}, {}, {})  # noqa: SLF001  nothing of it is left

    run(test)


def test_a_job_whose_time_to_live_is_over_is_stopped_told_of_once_and_forgotten() -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=1)
        job = await posted(queue, policy={"ttl": 10_000})
        waiting = asyncio.create_task(queue.status_sync(job, None))
        await settled()
        await later(9)
        assert (await status(queue, job))["status"] == "IN_PROGRESS"
        await later(1)
        assert held("TimedOutJob", (await waiting).body)["id"] == job
        assert desk.stopped == [job]
        assert await is_unknown(queue, job)

    run(test)


def test_a_result_is_kept_no_longer_than_its_job_may_live() -> None:
    async def test() -> None:
        desk = Desk()
        desk.may_end.set()
        queue = Queue(desk.handle, places=1)
        job = await posted(queue, policy={"ttl": 10_000})
        assert (await status(queue, job))["status"] == "COMPLETED"
        await later(10)
        assert await is_unknown(queue, job)

    run(test)


@pytest.mark.parametrize(("policy", "seconds"), [({"executionTimeout": 5_000}, 5), ({}, 120)])
def test_work_that_takes_too_long_is_ended(policy: dict[str, int], seconds: float) -> None:
    async def test() -> None:
        desk = Desk()
        queue = Queue(desk.handle, places=1)
        job, next_one = await posted(queue, policy=policy), await posted(queue)
        await later(seconds - 1)
        assert (await status(queue, job))["status"] == "IN_PROGRESS"
        await later(1)
        told = held("TimedOutJob", (await queue.status(job)).body)
        assert told["error"] == "executionTimeout exceeded"
        assert told["executionTime"] == seconds * 1000
        assert desk.stopped == [job]
        assert (await status(queue, next_one))["status"] == "IN_PROGRESS"

    run(test)


def test_the_endpoints_own_bound_is_that_of_the_deployed_one() -> None:
    assert Policy().execution_timeout == config.load().endpoint.timeout


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"secret', "The body is no JSON."),
        (b"", "The body is no JSON."),
        (b'{"input": "\xff"}', "The body is no JSON."),
        (b'{"input": ' + b"[" * 100_000, "The body is no JSON."),
        (b'{"input": NaN}', "The body is no JSON."),
        (b"[]", "Expected `object`, got `array`."),
        (b'{"inputs": "secret"}', "Object missing required field `input`."),
        (b'{"input": null}', "Object missing required field `input`."),
        (sent(policy={"ttl": 9_999}), "Expected `int` >= 10000 - at `$.policy.ttl`."),
        (sent(policy={"executionTimeout": 4_999}), "Expected `int` >= 5000 - at `$.policy.executionTimeout`."),
        (sent(policy={"executionTimeout": "secret"}), "Expected `int`, got `str` - at `$.policy.executionTimeout`."),
        (sent(webhook=7), "Expected `str | null`, got `int` - at `$.webhook`."),
    ],
)
def test_a_body_that_is_no_job_is_refused_without_a_word_of_it(body: bytes, error: str) -> None:
    async def test() -> None:
        queue = Queue(Desk().handle, places=1)
        assert await refused(queue.run(body)) == (400, error)
        assert await refused(queue.runsync(body, None)) == (400, error)

    run(test)


@pytest.mark.parametrize(("name", "most"), [("MOST_JOBS", 2), ("MOST_WAITING", 2 * len(sent()))], ids=str)
def test_jobs_that_wait_are_bounded_in_number_and_size(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    async def test() -> None:
        monkeypatch.setattr(queue_module, name, most)
        desk = Desk()
        queue = Queue(desk.handle, places=1)
        await posted(queue)
        await posted(queue)
        assert (await refused(queue.run(sent())))[0] == 429
        desk.may_end.set()
        await settled()
        await posted(queue)

    run(test)


def test_results_are_bounded_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        desk = Desk()
        desk.may_end.set()
        queue = Queue(desk.handle, places=1)
        first = await posted(queue)
        monkeypatch.setattr(queue_module, "MOST_KEPT", 2 * len((await queue.status(first)).body) + 10)
        second, third = await posted(queue), await posted(queue)
        assert await is_unknown(queue, first)
        assert [(await status(queue, job))["status"] for job in (second, third)] == ["COMPLETED", "COMPLETED"]

    run(test)


@pytest.mark.parametrize("job", ["sync-1", "", "../run"])
def test_an_id_that_was_never_given_is_not_known(job: str) -> None:
    async def test() -> None:
        queue = Queue(Desk().handle, places=1)
        for ask in (queue.status, queue.cancel):
            asked: Callable[[str], Awaitable[object]] = ask
            assert (await refused(asked(job)))[0] == 404

    run(test)
