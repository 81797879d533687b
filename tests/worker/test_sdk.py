"""What mends the SDK, each part by itself; the whole of it in a worker process: tests/worker/test_faults.py."""

import asyncio
import base64
import json
import signal
import textwrap
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from runpod.http_client import AsyncClientSession, TooManyRequests
from runpod.serverless.modules import rp_http, rp_scale, rp_system_fitness
from runpod.serverless.modules.rp_job import aiohttp
from runpod.serverless.modules.rp_logger import RunPodLogger
from runpod.serverless.modules.worker_state import JobsProgress

from posture.views import VIEWS
from posture.worker import sdk
from posture.worker.worker import Pool, Worker
from testing.builders import FakeLog
from testing.loopback import CUT, CUT_AFTERWARDS, SILENT, LoopbackPlatform
from tests.worker.test_answering import PHOTOS, SETTINGS, answer, worker


def nothing_opened() -> Pool:
    raise AssertionError("no landmarkers are needed")


class FakeWorker(Worker):
    """A worker that only says that it is spent, and hears that its jobs are given up."""

    def __init__(self, *, hung: int = 0) -> None:
        super().__init__(nothing_opened, lambda: SETTINGS, FakeLog())
        self.hung = hung
        self.given_up = asyncio.Event()

    def give_up(self) -> None:
        self.given_up.set()


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackPlatform]:
    """A platform to which results are posted without pauses."""
    monkeypatch.setattr(sdk, "PAUSES", (0,) * len(sdk.PAUSES))
    with LoopbackPlatform() as platform:
        monkeypatch.setenv("RUNPOD_AI_API_KEY", platform.environment()["RUNPOD_AI_API_KEY"])
        yield platform


def post(platform: LoopbackPlatform) -> str:
    """Posts the result of a job that is in hand. Returns its id."""
    told = platform.environment()
    [job] = platform.submit({})
    url = told["RUNPOD_WEBHOOK_POST_OUTPUT"].replace("$RUNPOD_POD_ID", told["RUNPOD_POD_ID"]).replace("$ID", job)

    async def run() -> None:
        async with AsyncClientSession() as session:
            async with session.get(told["RUNPOD_WEBHOOK_GET_JOB"].replace("$ID", told["RUNPOD_POD_ID"])) as taken:
                assert (await taken.json())["id"] == job
            await sdk.post(session, url, '{"output": 1}')

    asyncio.run(run())
    return job


@pytest.mark.parametrize("fault", [408, 425, 429, 500, 502, 503, CUT])
def test_a_result_is_posted_until_the_platform_has_it(platform: LoopbackPlatform, fault: int | str) -> None:
    platform.faults["job-done"] += [fault] * len(sdk.PAUSES)
    job = post(platform)
    assert platform.results[job].body == {"output": 1}
    assert platform.faults["job-done"] == []


def test_a_platform_that_does_not_answer_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, platform: LoopbackPlatform
) -> None:
    monkeypatch.setattr(sdk, "_TRY", aiohttp.ClientTimeout(total=1))
    platform.faults["job-done"] += [SILENT]
    assert platform.results[post(platform)].body == {"output": 1}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413])
def test_a_result_that_the_platform_does_not_take_is_not_posted_again(platform: LoopbackPlatform, status: int) -> None:
    platform.faults["job-done"] += [status]
    with pytest.raises(aiohttp.ClientError, match=f"{status}"):
        post(platform)
    assert platform.results == {}


def test_posting_has_an_end(platform: LoopbackPlatform) -> None:
    tries = 1 + len(sdk.PAUSES)
    platform.faults["job-done"] += [503] * (tries + 3)
    with pytest.raises(aiohttp.ClientError, match="503"):
        post(platform)
    assert len(platform.faults["job-done"]) == 3


def test_a_result_is_there_once_though_the_connection_is_cut_afterwards(platform: LoopbackPlatform) -> None:
    platform.faults["job-done"] += [CUT_AFTERWARDS]
    with pytest.raises(aiohttp.ClientError, match="404"):  # of the second try
        post(platform)
    assert [result.body for result in platform.results.values()] == [{"output": 1}]


def taken(monkeypatch: pytest.MonkeyPatch, of_the_sdk: object) -> list[dict[str, Any]]:
    """The jobs of a take from which the SDK returns, or raises, this."""

    async def get_job(_session: object, _most: int) -> object:
        if isinstance(of_the_sdk, Exception):
            raise of_the_sdk
        return of_the_sdk

    async def run() -> list[dict[str, Any]]:
        async with AsyncClientSession() as session:
            return await sdk.take(session, 5)

    monkeypatch.setattr(rp_scale, "get_job", get_job)
    return asyncio.run(run())


GOOD, BARE = {"id": "a", "input": {"front": ""}, "webhook": "x", "other": [1]}, {"id": "b"}


@pytest.mark.parametrize(
    "entry",
    [None, 7, "text", [], [GOOD], {}, {"input": {}}, {"id": 7}, {"id": None}, {"id": ""}, {"id": ["a"]},
     {"id": "c", "self": 1}, {"id": "d", "__class__": 1}, {"id": "e", "__dict__": 1},
     {"id": "f", "__dict__": {}}, {"id": "g", "__dict__": {"id": ["a"]}}, {"id": "a\nb"}, {"id": "a b"},
     {"id": "x" * 201}],
)  # fmt: skip
def test_what_is_no_job_is_left_out_of_a_list_and_the_jobs_are_done(
    monkeypatch: pytest.MonkeyPatch, entry: object
) -> None:
    assert taken(monkeypatch, [entry]) == []
    assert taken(monkeypatch, [GOOD, entry, BARE]) == [GOOD, BARE]


def test_a_job_that_comes_twice_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(monkeypatch, [GOOD, BARE, GOOD]) == [GOOD, BARE]
    JobsProgress().add(BARE)
    try:
        assert taken(monkeypatch, [GOOD, BARE]) == [GOOD]
    finally:
        JobsProgress().remove(BARE)


def test_no_jobs_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(monkeypatch, None) == []
    assert taken(monkeypatch, []) == []


@pytest.mark.parametrize("error", [RuntimeError("down"), TooManyRequests(None, ())])
def test_a_take_that_fails_is_left_to_the_sdk(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    with pytest.raises(type(error)):
        taken(monkeypatch, error)


Fetch = Callable[[Any, int], Coroutine[Any, Any, list[dict[str, Any]]]]
Handle = Callable[[Any, dict[str, Any], dict[str, Any]], Coroutine[Any, Any, None]]


async def nothing(*_: object) -> Any:
    """A poll that is open for ever."""
    await asyncio.Event().wait()


def scaler(worker: FakeWorker, fetch: Fetch, handle: Handle = nothing, grace: float = 1000) -> sdk.Scaler:
    """The loop with a platform that is two functions."""
    loop = sdk.Scaler(worker, 1, grace, {"concurrency_modifier": lambda _current: 4})
    loop.__dict__.update(jobs_fetcher=fetch, jobs_handler=handle, stop_signals_fetcher=nothing)
    return loop


def test_an_open_take_is_cut_when_the_worker_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "OPEN_TAKE", 0.01)
    ended: list[str] = []

    async def fetch(_session: object, _most: int) -> list[dict[str, Any]]:
        loop.kill_worker()
        try:
            return await nothing()  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            ended.append("cut")
            raise

    loop = scaler(FakeWorker(), fetch)
    assert asyncio.run(loop.serve()) == 0
    assert ended == ["cut"]


def test_the_jobs_of_a_take_that_comes_back_after_the_signal_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "OPEN_TAKE", 100)
    done: list[str] = []

    async def fetch(_session: object, _most: int) -> list[dict[str, Any]]:
        loop.kill_worker()
        await asyncio.sleep(0.5)  # the SDK's loop that runs jobs ends within 0.1 s
        return [{"id": "late"}, {"id": "too"}]

    async def handle(_session: object, _config: object, job: dict[str, Any]) -> None:
        done.append(job["id"])

    loop = scaler(FakeWorker(), fetch, handle)
    assert asyncio.run(loop.serve()) == 0
    assert done == ["late", "too"]


@pytest.mark.parametrize("comes_back", [True, False])
def test_jobs_that_take_longer_than_the_grace_are_given_up(*, comes_back: bool) -> None:
    worker, answered = FakeWorker(), list[str]()

    async def fetch(_session: object, _most: int) -> list[dict[str, Any]]:
        if loop.current_occupancy():
            loop.kill_worker()
            return await nothing()  # type: ignore[no-any-return]
        return [{"id": "slow"}]

    async def handle(_session: object, _config: object, job: dict[str, Any]) -> None:
        await worker.given_up.wait()
        if not comes_back:
            await nothing()
        answered.append(job["id"])

    loop = scaler(worker, fetch, handle, grace=0.2)
    assert asyncio.run(loop.serve()) == (0 if comes_back else 1)
    assert answered == ["slow"] * comes_back


def test_a_worker_that_is_spent_takes_no_more_jobs_and_ends_with_a_failure() -> None:
    worker, done = FakeWorker(), list[str]()

    async def fetch(_session: object, _most: int) -> list[dict[str, Any]]:
        assert not done
        worker.hung = 3
        return [{"id": "last"}]

    async def handle(_session: object, _config: object, job: dict[str, Any]) -> None:
        done.append(job["id"])

    assert asyncio.run(scaler(worker, fetch, handle).serve()) == 1
    assert done == ["last"]


def test_a_loop_that_fails_ends_the_worker_with_a_failure_once_its_jobs_are_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def fetch(_session: object, _most: int) -> list[dict[str, Any]]:
        raise AssertionError("no job is asked for")

    def broken(_current: int) -> int:
        raise RuntimeError("the sprocket is loose")

    loop = scaler(FakeWorker(), fetch)
    loop.concurrency_modifier = broken
    assert asyncio.run(loop.serve()) == 1
    assert "the sprocket is loose" in capsys.readouterr().out


def test_no_more_jobs_are_taken_at_once_than_their_landmarkers_need(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def get_job(_session: object, most: int) -> list[dict[str, Any]]:
        asked.append(most)
        return []

    monkeypatch.setattr(rp_scale, "get_job", get_job)
    loop = sdk.Scaler(FakeWorker(), 3, 1, {})
    for most in (32, 2):
        assert asyncio.run(loop.jobs_fetcher(None, most)) == []
    assert asked == [3 * sdk.JOBS_A_TAKE, 2]


def test_no_job_is_taken_while_those_in_hand_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk, "CHARACTERS", 10_000)
    coming = [{"id": name, "input": {"input": [{"front": "x" * 4000}]}} for name in "abcdef"]
    in_hand, most_in_hand, done = set[str](), list[int](), list[str]()

    async def get_job(_session: object, _most: int) -> list[dict[str, Any]]:
        if not coming:
            loop.kill_worker()
            return []
        job = coming.pop(0)
        in_hand.add(str(job["id"]))
        most_in_hand.append(len(in_hand))
        return [job]

    async def handle(_session: object, _config: object, job: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        in_hand.discard(job["id"])
        done.append(job["id"])

    monkeypatch.setattr(rp_scale, "get_job", get_job)
    loop = sdk.Scaler(FakeWorker(), 1, 1000, {"concurrency_modifier": lambda _current: 6})
    loop.__dict__.update(jobs_handler=handle, stop_signals_fetcher=nothing)
    assert asyncio.run(loop.serve()) == 0
    assert (max(most_in_hand), done) == (3, list("abcdef"))


PHOTO = base64.b64encode(bytes(range(256)) * 9).decode()


@pytest.mark.parametrize(
    "text",
    [
        PHOTO,
        PHOTO.replace("+", "-").replace("/", "_"),
        "\n".join(textwrap.wrap(PHOTO, 76)),
        "\r\n".join(textwrap.wrap(PHOTO, 76)),
        PHOTO[:70],
    ],
)
def test_at_no_level_a_picture_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    monkeypatch.setattr(RunPodLogger, "log", sdk.log)
    journal = RunPodLogger()
    monkeypatch.setattr(journal, "level", "DEBUG")
    job = "3f0c8a52-7d43-4c69-9f0e-1f6f0a6f2f5a-e1"
    for message in (text, {"id": job, "input": {"front": text, "side": "kept"}}, f"begins {text} and ends"):
        journal.debug(message, job)
        journal.error(message, job)
    said = capsys.readouterr().out
    assert [piece for piece in textwrap.wrap(text, 20) if piece in said] == []
    assert said.count(job) == 8
    assert said.count("[cut]") == 6
    assert "'side': 'kept'" in said
    assert said.count("and ends") == 2


def test_while_the_jobs_in_hand_are_large_the_platform_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def get_job(_session: object, _most: int) -> list[dict[str, Any]]:
        asked.append(1)
        return [{"id": "a", "input": {"front": "x" * 900}}]

    asked: list[int] = []
    monkeypatch.setattr(sdk, "CHARACTERS", 1000)
    monkeypatch.setattr(rp_scale, "get_job", get_job)
    loop = sdk.Scaler(FakeWorker(), 1, 1000, {})
    assert [len(asyncio.run(loop.jobs_fetcher(None, 1))) for _ in range(3)] == [1, 0, 0]
    assert asked == [1]


def test_of_a_local_tests_input_nothing_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(RunPodLogger, "log", sdk.log)
    journal = RunPodLogger()
    monkeypatch.setattr(journal, "level", "DEBUG")
    journal.debug({"kept": 1})
    journal.debug("Retrieved local job: {'input': {'front': 'LYdt\\nkhgu'}}")
    assert capsys.readouterr().out.splitlines() == ["DEBUG  | {'kept': 1}", "DEBUG  | Retrieved local job."]


def test_of_an_answer_with_overlays_no_picture_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(RunPodLogger, "log", sdk.log)
    journal = RunPodLogger()
    monkeypatch.setattr(journal, "level", "DEBUG")
    told = answer(worker(), {"input": {**PHOTOS, "include": ["overlay"]}})
    pictures = [told["data"]["details"][view.key]["overlay"]["data"] for view in VIEWS]
    assert all(len(picture) > 10_000 for picture in pictures)
    journal.debug(f"Handler output: {told}", "job-1")
    journal.info(f"Job result: {json.dumps({'output': told})}", "job-1")
    said = capsys.readouterr().out
    assert [at for picture in pictures for at in range(0, len(picture), 20) if picture[at : at + 20] in said] == []
    # Of each message the SDK logs the first and the last 2,000 characters.
    assert said.count("'data': '[cut]'") == said.count('"data": "[cut]"') == 1


def test_a_message_that_is_not_logged_is_not_looked_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Message:
        def __str__(self) -> str:
            raise AssertionError("nobody reads it")

    monkeypatch.setattr(RunPodLogger, "log", sdk.log)
    journal = RunPodLogger()
    monkeypatch.setattr(journal, "level", "INFO")
    journal.debug(Message())
    assert capsys.readouterr().out == ""


def test_a_signal_while_a_worker_ends_by_itself_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[int] = []
    monkeypatch.setattr(sdk, "end", ends.append)
    loop = scaler(FakeWorker(), nothing)
    loop.kill_worker()
    loop.handle_shutdown(signal.SIGTERM, None)
    assert ends == []
    loop.handle_shutdown(signal.SIGTERM, None)
    assert ends == [143]


def test_the_second_signal_ends_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[int] = []
    monkeypatch.setattr(sdk, "end", ends.append)
    loop = scaler(FakeWorker(), nothing)
    loop.handle_shutdown(signal.SIGTERM, None)
    assert (ends, loop.is_alive()) == ([], False)
    loop.handle_shutdown(signal.SIGINT, None)
    assert ends == [130]


@pytest.mark.parametrize("is_plain", [True, False])
def test_the_sdk_is_left_alone_where_a_plain_start_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, *, is_plain: bool
) -> None:
    places = (
        (rp_http, "_transmit"),
        (rp_scale, "JobScaler"),
        (rp_system_fitness, "_check_network_connectivity"),
        (RunPodLogger, "log"),
    )
    own = [getattr(*place) for place in places]
    for place, was in zip(places, own, strict=True):
        monkeypatch.setattr(*place, was)  # so that it is put back
    monkeypatch.setenv("POSTURE_PLAIN_START", str(int(is_plain)))
    sdk.mend(FakeWorker(), 1, 1)
    assert [getattr(*place) is was for place, was in zip(places, own, strict=True)] == [is_plain] * 4
    if not is_plain:
        assert isinstance(rp_scale.JobScaler({}), sdk.Scaler)
