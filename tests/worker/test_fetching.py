"""Jobs whose photos are fetched: what is answered and logged, and a real worker process that fetches."""

import asyncio
import base64
import json
import re
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from posture.errors import Finding
from posture.models.mediapipe import LandmarkerPool
from posture.wire.address import Address
from posture.worker.settings import Settings
from posture.worker.worker import Worker
from testing import DEMO, TOP
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, FakeLog, FakePool, detect
from testing.environment import python
from testing.https import NAME, Host, Script, answer
from testing.loopback import LoopbackPlatform
from testing.worker import SECONDS, QueueWorker, WorkerProcess, own
from tests.worker.test_answering import PATIENT, Held
from tests.worker.test_fetch import AUTHORITY, GOOD, World, until

SETTINGS = replace(PATIENT, url_hosts=frozenset({(NAME, 443)}))
FILES = {
    "/front.png": base64.b64decode(FRONT_PHOTO),
    "/side.png": base64.b64decode(SIDE_PHOTO),
    **{f"/{view}.jpg": (DEMO / f"{view}_image.jpg").read_bytes() for view in ("front", "side")},
}
QUERY = "X-Signature=c2VjcmV0c2VjcmV0"


def url(path: str) -> str:
    return f"https://{NAME}{path}?{QUERY}"


JOB = {"id": "job-1", "input": {"front": url("/front.png"), "side": url("/side.png")}}


class Store:
    """A host with photos. Nothing comes from /hang until `released`."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def __call__(self, target: str) -> Iterator[bytes | threading.Event]:
        path = target.partition("?")[0]
        if path == "/hang":
            yield self.released
            path = "/front.jpg"
        file = FILES.get(path)
        yield answer(b"NoSuchKey", status="404 Not Found") if file is None else answer(file)


@contextmanager
def fetching(
    settings: Settings = SETTINGS, script: Script | None = None, log: FakeLog | None = None
) -> Iterator[Worker]:
    """A worker with a fake detector that fetches from a store."""
    with Host(script or Store(), GOOD) as host:
        yield Worker(lambda: FakePool(detect), lambda: settings, log or FakeLog(), lambda _: World(host.port).fetcher())


def said(worker: Worker, job: object = JOB) -> dict[str, Any]:
    """The answer on an event loop."""

    async def run() -> dict[str, Any]:
        answered: dict[str, Any] = await worker.handle(job)  # type: ignore[misc]
        return answered

    return asyncio.run(run())


OF_BASE64 = {"front": FRONT_PHOTO, "side": SIDE_PHOTO}
OF_ADDRESSES = {"front": url("/front.png"), "side": url("/side.png")}


def test_the_same_photo_by_address_and_by_base64_gives_the_same_answer() -> None:
    asked = {"include": ["details", "landmarks", "measures"], "mode": "fast"}
    with fetching() as worker:
        jobs = [
            {"input": {"front": OF_BASE64["front"], "side": OF_BASE64["side"], **asked}},
            {"input": {"front": OF_ADDRESSES["front"], "side": OF_BASE64["side"], **asked}},
            {"input": {"front_image": OF_BASE64["front"], "side_image": OF_ADDRESSES["side"], **asked}},
            {"input": {"input": {"front_image": OF_ADDRESSES["front"], "side_image": OF_ADDRESSES["side"], **asked}}},
        ]
        told = {json.dumps(answer) for job in jobs for answer in (said(worker, job), worker.handle(job))}
    assert len(told) == 1
    assert json.loads(told.pop())["status"] == "success"


def test_and_so_it_does_with_the_real_landmarker(pool: LandmarkerPool) -> None:
    photos = {view: base64.b64encode(FILES[f"/{view}.jpg"]).decode() for view in ("front", "side")}
    with Host(Store(), GOOD) as host:
        worker = Worker(lambda: pool, lambda: SETTINGS, FakeLog(), lambda _: World(host.port).fetcher())
        asked = {"include": ["details", "landmarks", "measures"]}
        sent = said(worker, {"input": {**photos, **asked}})
        assert said(worker, {"input": {"front": url("/front.jpg"), "side": url("/side.jpg"), **asked}}) == sent
    assert sent["status"] == "success"


@pytest.mark.parametrize("on_a_loop", [True, False])
def test_a_photo_that_cannot_be_fetched_is_named_and_the_other_is_judged(*, on_a_loop: bool) -> None:
    with fetching() as worker:
        job = {"input": {"front": url("/side.png"), "side": url("/no")}}
        refused = said(worker, job) if on_a_loop else worker.handle(job)
    assert isinstance(refused, dict)
    assert [(problem["view"], problem["code"]) for problem in refused["problems"]] == [
        ("front", "wrong_view"),
        ("side", "fetch_failed"),
    ]
    assert refused["problems"][1]["problem"] == "its host answered with status 404."
    assert NAME not in json.dumps(refused)


def test_where_no_host_is_allowed_nobody_is_asked() -> None:
    def opened(_settings: Settings) -> Any:
        raise AssertionError("nothing is fetched")

    worker = Worker(lambda: FakePool(detect), lambda: PATIENT, FakeLog(), opened)
    refused = said(worker)
    assert [(problem["view"], problem["code"]) for problem in refused["problems"]] == [
        ("front", "url_not_allowed"),
        ("side", "url_not_allowed"),
    ]
    assert refused["error"].startswith("Image validation failed for the front photo: it is an address, and")
    assert refused["message"].startswith("Front photo: Send the picture itself as base64 text.")
    other = Worker(lambda: FakePool(detect), lambda: SETTINGS, FakeLog(), opened)
    assert said(other, {"input": {**OF_BASE64, "side": "https://other.example/x"}})["code"] == "url_not_allowed"


def test_the_line_about_a_job_has_the_bytes_that_were_fetched_and_nothing_of_the_address() -> None:
    log = FakeLog()
    front, side = (len(FILES[f"/{view}.png"]) for view in ("front", "side"))
    with fetching(log=log) as worker:
        said(worker)
        said(worker, {"input": {**OF_BASE64, "side": url("/side.png")}})
        said(worker, {"input": {**OF_ADDRESSES, "front": url("/no")}})
        said(worker, {"input": {**OF_ADDRESSES, "front": "https://other.example/"}})
    told = [re.sub(r"ms=\d+", "ms=1", line) for _, _, line in log.lines]
    assert told == [
        f"status=success ms=1 front={front} side={side} bytes fetched",
        f"status=success ms=1 front={len(FRONT_PHOTO)} characters side={side} bytes fetched",
        f"status=fetch_failed view=front ms=1 front=0 side={side} bytes fetched",
        f"status=url_not_allowed view=front ms=1 front=22 characters side={side} bytes fetched",
    ]


class Broken:
    """A fetcher with a defect."""

    @asynccontextmanager
    async def photos(self, addresses: Mapping[str, Address]) -> AsyncIterator[Mapping[str, bytes | Finding]]:
        del addresses
        raise RuntimeError("the sprocket is loose")
        yield {}


@pytest.mark.parametrize("on_a_loop", [True, False])
def test_a_defect_of_the_fetcher_is_one_of_the_worker(*, on_a_loop: bool) -> None:
    log = FakeLog()
    worker = Worker(lambda: FakePool(detect), lambda: SETTINGS, log, lambda _: Broken())
    answered = said(worker) if on_a_loop else worker.handle(JOB)
    assert isinstance(answered, dict)
    assert answered["code"] == "internal_error"
    assert [level for level, _, _ in log.lines] == ["error", "info"]
    assert "the sprocket is loose" in log.lines[0][2]


def test_while_hosts_hang_no_thread_waits_and_others_are_measured() -> None:
    store = Store()

    async def run(worker: Worker) -> tuple[list[Any], list[Any]]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        hanging = [
            asyncio.ensure_future(worker.handle({"input": {**OF_ADDRESSES, "front": url("/hang")}}))  # type: ignore[arg-type]
            for _ in range(8)
        ]
        others = [await worker.handle({"input": job}) for job in (OF_BASE64, OF_ADDRESSES) * 4]  # type: ignore[misc]
        assert not any(task.done() for task in hanging)
        store.released.set()
        return others, await asyncio.gather(*hanging)

    with fetching(script=store) as worker:
        others, hung = asyncio.run(run(worker))
    assert [answer["status"] for answer in others] == ["success"] * 8
    assert len(hung) == 8


@pytest.mark.parametrize("ends", ["deadline", "give up"])
def test_a_job_whose_host_hangs_is_answered_in_time(ends: str) -> None:
    store, log = Store(), FakeLog()
    settings = replace(SETTINGS, job_timeout=0.5) if ends == "deadline" else SETTINGS

    async def run(worker: Worker, host: Host) -> Any:
        coming = asyncio.ensure_future(worker.handle({**JOB, "input": {**OF_ADDRESSES, "front": url("/hang")}}))  # type: ignore[arg-type]
        if ends == "give up":
            await until(lambda: len(host.asked) > 0)
            worker.give_up()
        return await coming

    with Host(store, GOOD) as host:
        worker = Worker(lambda: FakePool(detect), lambda: settings, log, lambda _: World(host.port).fetcher())
        assert asyncio.run(run(worker, host))["code"] == "timeout"
    assert [re.sub(r"ms=\d+", "", line) for _, _, line in log.lines] == ["status=timeout view=None "]


def test_photos_that_wait_for_a_landmarker_hold_their_room() -> None:
    held = Held()

    async def run(worker: Worker, host: Host) -> list[Any]:
        jobs = [asyncio.ensure_future(worker.handle(JOB)) for _ in range(4)]  # type: ignore[arg-type]
        await held.at_work()
        await until(lambda: len(host.asked) == 8)
        assert worker.fetcher().room.free == 0  # type: ignore[attr-defined]
        held.may_end.set()
        return await asyncio.gather(*jobs)

    room = len(FILES["/front.png"]) + len(FILES["/side.png"])
    with Host(Store(), GOOD) as host:
        worker = Worker(
            lambda: FakePool(held.detect), lambda: SETTINGS, FakeLog(), lambda _: World(host.port).fetcher(room=room)
        )
        answers = asyncio.run(run(worker, host))
        assert worker.fetcher().room.free == room  # type: ignore[attr-defined]
    assert [answer["status"] for answer in answers] == ["success"] * 4


# What each of some photos is answered, and what of the packages for fetching is loaded then: by a worker that allows no
# host, and by one that does.
LOADED = """
import json, os, socket, sys
socket.getaddrinfo = lambda *asked: [(2, 1, 6, "", ("127.0.0.1", 443)), (10, 1, 6, "", ("::1", 443, 0, 0))]
import runpod_handler
from posture.worker import settings, worker
from posture.worker.pool import open_pool
allowing = settings.read({"POSTURE_URL_HOSTS": os.environ["HOST"]})
that_allows = worker.Worker(open_pool, lambda: allowing, runpod_handler.RunPodLogger())
told = []
for handler in (runpod_handler.handler, that_allows.handle):
    for photo in sys.argv[1:]:
        answer = handler({"id": "1", "input": {"front": photo, "side": photo}})
        loaded = sorted({"httpx", "httpcore", "anyio", "posture.worker.fetch"} & sys.modules.keys())
        told.append([answer["code"], loaded])
print(json.dumps(told))
"""


def test_what_fetches_is_imported_for_a_photo_that_is_fetched_and_not_before(tmp_path: Path) -> None:
    photos = ("https://other.example/", url("/front.jpg"))
    ran = python(tmp_path, TOP, "-c", LOADED, *photos, **{**own(tmp_path), "HOST": NAME})
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == [
        *[["url_not_allowed", []]] * 3,
        ["fetch_failed", ["anyio", "httpcore", "posture.worker.fetch"]],
    ]
    assert NAME not in ran.stdout + ran.stderr


class FetchingWorkerProcess(WorkerProcess):
    """A worker whose internet is a host on the loopback interface."""

    program = ("-m", "bench.faults.fetching_worker")


@contextmanager
def at_the_queue(home: Path, store: Store, **environment: str) -> Iterator[tuple[QueueWorker, Host]]:
    """A worker with one landmarker that has measured a job whose photos it fetched, and its host."""
    (home / "ca.pem").write_text(AUTHORITY.pem)
    with Host(store, GOOD) as host, LoopbackPlatform() as platform:
        told = {
            "POSTURE_LANDMARKERS": "1",
            "POSTURE_URL_HOSTS": NAME,
            "FETCH_PORT": str(host.port),
            "FETCH_AUTHORITY": str(home / "ca.pem"),
        }
        with FetchingWorkerProcess(home, **{**told, **platform.environment(), **environment}) as process:
            worker = QueueWorker(platform, process)
            worker.results(platform.submit(BY_ADDRESS))
            yield worker, host


BY_ADDRESS = {"front": url("/front.jpg"), "side": url("/side.jpg")}
BY_BASE64 = {view: base64.b64encode(FILES[f"/{view}.jpg"]).decode() for view in ("front", "side")}
HANGS = {**BY_ADDRESS, "front": url("/hang")}


def test_a_worker_measures_jobs_while_the_hosts_of_others_hang_and_logs_nothing_of_addresses(tmp_path: Path) -> None:
    store = Store()
    patience = {"POSTURE_JOB_TIMEOUT": "1000", "RUNPOD_LOG_LEVEL": "DEBUG"}
    with at_the_queue(tmp_path, store, **patience) as (worker, host):
        hanging = worker.platform.submit(*[HANGS] * 8)
        worker.wait_until(lambda: sum("/hang" in asked for asked in host.asked) == 8, "not all hosts are asked")
        others = worker.results(worker.platform.submit(BY_ADDRESS, BY_BASE64, BY_ADDRESS, BY_BASE64))
        assert worker.platform.results.keys() & set(hanging) == set()
        assert others[0].body["output"]["status"] == "success"
        assert [result.body for result in others[1:]] == [others[0].body] * 3

        worker.platform.stop(hanging[0])
        worker.wait_until(lambda: "Job stopped." in worker.log(hanging[0]), "the job is not stopped")
        [refused] = worker.results(worker.platform.submit({**BY_BASE64, "side": url("/no")}))
        assert (refused.body["output"]["code"], refused.body["output"]["view"]) == ("fetch_failed", "side")
        store.released.set()
        assert {json.dumps(result.body) for result in worker.results(hanging[1:])} == {json.dumps(others[0].body)}
        assert hanging[0] not in worker.platform.results
        output = worker.process.output
    assert "bytes fetched" in output
    for secret in (NAME, "store.example", QUERY, "c2VjcmV0", "/front.jpg", "/hang", "https://", "httpcore"):
        assert secret not in output
    assert "Traceback" not in output


def test_a_worker_that_is_told_to_stop_while_a_host_hangs_ends_within_its_grace(tmp_path: Path) -> None:
    with at_the_queue(tmp_path, Store(), POSTURE_JOB_TIMEOUT="1000", POSTURE_GRACE="2") as (worker, host):
        [hung] = worker.platform.submit(HANGS)
        worker.wait_until(lambda: any("/hang" in asked for asked in host.asked), "the host is not asked")
        worker.process.terminate()
        assert worker.process.exit_status(SECONDS) == 0, worker.process.output
        [result] = worker.results([hung])
        assert result.body["output"]["code"] == "timeout"
        assert "Traceback" not in worker.process.output


def test_a_local_test_fetches_and_shows_nothing_of_the_addresses(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(AUTHORITY.pem)
    with Host(Store(), GOOD) as host:
        told = {
            "POSTURE_URL_HOSTS": NAME, "FETCH_PORT": str(host.port), "FETCH_AUTHORITY": str(tmp_path / "ca.pem"),
            "POSTURE_LANDMARKERS": "1", "RUNPOD_LOG_LEVEL": "TRACE",
        }  # fmt: skip
        job = json.dumps({"input": BY_ADDRESS})
        with FetchingWorkerProcess(tmp_path, "--test_input", job, **told) as process:
            assert process.exit_status(SECONDS) == 0, process.output
            assert "'status': 'success'" in process.output
            for secret in (NAME, QUERY, "/front.jpg"):
                assert secret not in process.output
