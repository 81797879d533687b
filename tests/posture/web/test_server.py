"""The server: what it refuses to serve, and two real processes of it, with the model and before an endpoint."""

import asyncio
import base64
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar, get_args

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.demo import compare, truth
from posture.landmarks import Landmarks, Pixels
from posture.web import server
from posture.web.server import KEY, Place, ServeError, serve
from posture.wire.request import Include
from posture.worker.settings import Settings
from posture.worker.worker import Worker
from testing import DEMO, TOP
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, FakeLog, FakePool, detect
from testing.runpod_api import KEY as RUNPOD_KEY
from testing.runpod_api import RunPod, serving
from testing.worker import SECONDS, WorkerProcess
from tests.posture.web.contract import held

PHOTOS = {view: base64.b64encode((DEMO / f"{view}_image.jpg").read_bytes()).decode() for view in ("front", "side")}
GUIDE = (TOP / "RUNPOD_DEPLOYMENT.md").read_text()
OPEN = Place("0.0.0.0", 0)  # noqa: S104  nothing is served there
LONG = "a-key-of-more-than-16"


@dataclass(frozen=True)
class Served:
    """A server process, and a client that sends what it asks for."""

    process: WorkerProcess
    address: str
    client: httpx.Client


class ServerProcess(WorkerProcess):
    program: ClassVar[tuple[str, ...]] = ("-m", "posture", "serve", "--port", "0")

    def ready(self) -> str:
        """The address that it prints when it is ready."""
        pattern = r"export RUNPOD_ENDPOINT_BASE_URL=(\S+)/v2 ENDPOINT_ID=local RUNPOD_API_KEY=\S+\n"
        return self.wait_for_output(pattern, SECONDS)[1]


@pytest.fixture(scope="module")
def measuring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that measures, for all tests that leave it running."""
    with ServerProcess(tmp_path_factory.mktemp("serve"), POSTURE_LANDMARKERS="1") as process:
        address = process.ready()
        with httpx.Client(base_url=f"{address}/v2/local", timeout=SECONDS) as client:
            yield Served(process, address, client)


def test_it_measures_the_demo_pair_as_the_worker_does(measuring: Served) -> None:
    told = held("CompletedJob", measuring.client.post("/runsync", json={"input": PHOTOS}).text)
    expected = truth()
    assert compare(expected["pairs"][0], expected["margins"], told["output"])[1] == 0
    details = {"input": {**PHOTOS, "strict": False, "include": get_args(Include)}}
    held("CompletedJob", measuring.client.post("/runsync", json=details).text)
    refused = held("FailedJob", measuring.client.post("/runsync", json={"input": {**PHOTOS, "side": "!"}}).text)
    assert refused["output"]["code"] == "invalid_base64"
    swapped = {"input": {"front": PHOTOS["side"], "side": PHOTOS["front"]}}
    assert held("FailedJob", measuring.client.post("/runsync", json=swapped).text)["output"]["code"] == "views_swapped"


def test_the_guides_sample_runs_against_it(measuring: Served, tmp_path: Path) -> None:
    sample = GUIDE.partition("\n### Python\n")[2].split("```")[1].partition("\n")[2]
    (tmp_path / "call.py").write_text(sample)
    for view in PHOTOS:
        shutil.copy(DEMO / f"{view}_image.jpg", tmp_path / f"{view}.jpg")
    told = {
        "RUNPOD_ENDPOINT_BASE_URL": f"{measuring.address}/v2", "ENDPOINT_ID": "local", "RUNPOD_API_KEY": "any"
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "call.py"], cwd=tmp_path, env={**os.environ, **told}, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("-0.92\n", "")


def test_a_page_from_elsewhere_and_a_name_that_was_led_here_are_refused(measuring: Served) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = measuring.client.post("/run", json={"input": PHOTOS}, headers=headers)
        assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (403, None)


def test_headers_are_bounded(measuring: Served) -> None:
    with suppress(httpx.TransportError):  # where the connection is closed before all is sent
        assert measuring.client.get("/health", headers={"X-Long": 1_000_000 * "a"}).status_code == 400
    assert measuring.client.get("/health").status_code == 200


@pytest.mark.parametrize("size", ["Content-Length: 1000000000", "Transfer-Encoding: chunked"])
def test_a_gigabyte_is_not_read(measuring: Served, size: str) -> None:
    port = httpx.URL(measuring.address).port or 0
    head = f"POST /v2/local/run HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n{size}\r\n\r\n"
    piece = b" " * 1_000_000
    chunk = piece if "Length" in size else b"f4240\r\n" + piece + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.sendall(head.encode())
        try:
            for _ in range(1_000):
                connection.sendall(chunk)
                sent += 1
        except ConnectionError:
            pass
    assert sent < 200


def test_it_ends_in_good_order_with_what_is_in_hand_answered_and_nothing_of_it_in_the_log(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, POSTURE_LANDMARKERS="1") as process:
        with httpx.Client(base_url=f"{process.ready()}/v2/local", timeout=SECONDS) as client:
            answers: list[httpx.Response] = []
            body = {"input": {**PHOTOS, "mode": "precise"}}
            waiting = threading.Thread(target=lambda: answers.append(client.post("/runsync", json=body)))
            waiting.start()
            with httpx.Client(base_url=client.base_url) as looking:
                while looking.get("/health").json()["jobs"]["inProgress"] == 0:
                    assert process.is_running()
            os.kill(process.pid, signal.SIGINT)
            waiting.join(SECONDS)
        assert process.exit_status(SECONDS) == 0
        assert held("CompletedJob", answers[0].text)["output"]["status"] == "success"
        assert re.search(
            r"INFO   \| sync-[\w-]+ \| status=success ms=\d+ front=\d+ side=\d+ characters\n", process.output
        )
        assert re.search(r"INFO   \| POST /v2/local/runsync 200 ms=\d+\n", process.output)
        assert not re.search(r"[A-Za-z0-9+/]{64}", process.output)
        assert "Traceback" not in process.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stderr.txt", "stdout.txt"]


@pytest.fixture
def certificate(tmp_path: Path) -> Place:
    """A place with a certificate for 127.0.0.1, of its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Place(port=0, certificate=certificate, private_key=private)


def test_a_deployed_endpoint_is_behind_it_by_https_and_with_a_key_of_its_own(
    certificate: Place, tmp_path: Path
) -> None:
    account = RunPod()
    account.endpoints["endpoint1"] = {}
    account.output = {"output": {"status": "success"}}
    home = tmp_path / "home"
    home.mkdir()
    files = ["--certificate", str(certificate.certificate), "--key", str(certificate.private_key)]
    with (
        serving(account) as environment,
        ServerProcess(home, "--endpoint", "endpoint1", *files, **environment, **{KEY: LONG}) as process,
    ):
        address = process.ready()
        assert address.startswith("https://127.0.0.1:")
        with httpx.Client(
            base_url=f"{address}/v2/local",
            verify=ssl.create_default_context(cafile=certificate.certificate),
            timeout=SECONDS,
        ) as client:
            job = {"input": {"front": "a", "side": "b"}}
            assert client.post("/runsync", json=job).status_code == 401
            told = client.post("/runsync", json=job, headers={"Authorization": f"Bearer {LONG}"})
            assert (told.status_code, told.json()["output"]) == (200, {"status": "success"})
        assert account.jobs == [job]
        process.terminate()
        assert process.exit_status(SECONDS) == 0
        assert RUNPOD_KEY not in process.output
        assert LONG not in process.output
        assert f"RUNPOD_API_KEY=${KEY}" in process.output


def told(place: Place, endpoint: str | None = None, **environment: str) -> str:
    """Why it is not served."""
    lines: list[str] = []
    with pytest.raises(ServeError) as error:
        serve(place, endpoint, environment=environment, tell=lines.append)
    assert lines == []
    return str(error.value)


def test_what_cannot_be_served_is_told_before_anything_is_loaded(tmp_path: Path, certificate: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert told(Place(port=port)).startswith(
            f"It cannot be served at 127.0.0.1, port {port}: Address already in use"
        )
    assert told(Place("192.0.2.1")).startswith("It cannot be served at 192.0.2.1, port 8000: ")
    assert told(replace(OPEN, private_key=tmp_path)) == "A private key is of no use without its certificate."
    assert told(Place(port=0, certificate=tmp_path / "none")).startswith("The certificate or its private key cannot be")
    apart = replace(certificate, private_key=certificate.certificate)
    assert told(apart) == "Certificate and private key are no PEM files that belong together."
    assert told(Place(port=0), "../x", RUNPOD_API_KEY="k").startswith("The endpoint's id may have")
    assert told(Place(port=0), "ab12").startswith("RUNPOD_API_KEY must hold")


@pytest.mark.parametrize("key", ["short", "a-key of more than 16", "ein-schlüssel-von-16"])
def test_a_key_that_could_be_guessed_or_not_be_sent_is_refused_where_others_can_try_it(key: str) -> None:
    assert told(OPEN, **{KEY: key}).startswith(f"{KEY} m")


def lines(place: Place, monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """What is told to who starts it before an endpoint, where nothing is then served."""

    async def run(_listener: socket.socket) -> int:
        return 0

    monkeypatch.setattr(server, "_passing", lambda *_parts: run)
    said: list[str] = []
    told_key = {"RUNPOD_API_KEY": RUNPOD_KEY}
    assert serve(place, "ab12", environment={**told_key, **environment}, tell=said.append) == 0
    return said


def test_where_others_can_reach_it_a_key_is_made_each_time_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for _ in range(2):
        first, page, _, export, network, warning = lines(OPEN, monkeypatch)
        assert first.startswith("Passing on to https://api.runpod.ai/v2/ab12 what comes to http://")
        assert "0.0.0.0" not in first  # noqa: S104
        assert page == f"A page to measure with: {first.split()[-4].removesuffix('/v2/local.')}/"
        key = export.rpartition("RUNPOD_API_KEY=")[2]
        assert len(key) >= 32
        keys.add(key)
        assert network == "Others in the network can reach it, and need that key."
        assert "use no photos of patients" in warning
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("host", "shown"), [("localhost", "localhost"), ("::1", r"\[::1\]"), ("::", r"\[(?!::\])[0-9a-f:]+\]")]
)
def test_the_address_that_is_told_is_one_that_can_be_called(
    monkeypatch: pytest.MonkeyPatch, host: str, shown: str
) -> None:
    try:
        said = lines(Place(host, 0), monkeypatch)
    except ServeError:
        pytest.skip("this machine has no IPv6")
    assert re.search(rf"what comes to http://{shown}:[1-9][0-9]*/v2/local\.", said[0])


def test_a_key_of_the_operators_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "\n".join(lines(OPEN, monkeypatch, **{KEY: LONG}))
    assert f"RUNPOD_API_KEY=${KEY}" in said
    assert LONG not in said


def test_on_this_machine_alone_any_key_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, _, export = lines(Place(port=0), monkeypatch)
    assert export.endswith(" ENDPOINT_ID=local RUNPOD_API_KEY=any")


def test_signals_are_as_before_when_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    lines(Place(port=0), monkeypatch)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_job_that_is_not_done_at_the_end_is_answered_and_waited_for_within_the_grace(
    monkeypatch: pytest.MonkeyPatch, *, comes_back: bool
) -> None:
    ended: list[int] = []
    begun, may_end = threading.Event(), threading.Event()

    def held_up(pixels: Pixels) -> list[Landmarks]:
        begun.set()
        assert may_end.wait(SECONDS)
        return detect(pixels)

    def end(status: int) -> None:
        ended.append(status)
        may_end.set()

    monkeypatch.setattr(server, "_end", end)
    settings = Settings(landmarkers=1, concurrency=1, calibration="none", grace=4 if comes_back else 1)
    pool = FakePool(held_up)
    worker = Worker(lambda: pool, lambda: settings, FakeLog())

    async def test(listener: socket.socket) -> Any:
        run: Any = server._measuring(Place(), worker, settings, None)  # noqa: SLF001  its own part of serve()
        running = asyncio.create_task(run(listener))
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/v2/local"
        async with httpx.AsyncClient(base_url=base, timeout=SECONDS) as client:
            sent = {"input": {"front": FRONT_PHOTO, "side": SIDE_PHOTO}}
            waiting = asyncio.create_task(client.post("/runsync", json=sent))
            assert await asyncio.to_thread(begun.wait, SECONDS)
            os.kill(os.getpid(), signal.SIGTERM)
            told = held("FailedJob", (await waiting).text)
        if comes_back:
            may_end.set()
        await running
        return told

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        server._signals_end_nothing_else(),  # noqa: SLF001  its own part of serve()
    ):
        told = asyncio.run(test(listener))
    assert told["output"]["code"] == "timeout"
    assert ended == ([] if comes_back else [1])
    assert pool.closed == 1


def test_it_ends_when_the_worker_should_get_no_more_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(server, "_end", ended.append)
    settings = Settings(landmarkers=1, concurrency=1, calibration="none", grace=1)
    worker = Worker(lambda: FakePool(detect), lambda: settings, FakeLog())
    worker.hung = 3
    with socket.create_server(("127.0.0.1", 0)) as listener:
        run: Any = server._measuring(Place(), worker, settings, None)  # noqa: SLF001  its own part of serve()
        asyncio.run(run(listener))
    assert ended == [1]
