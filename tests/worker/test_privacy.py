"""Whom the worker talks to, and what it writes: the platform alone, and never a piece of a picture."""

import base64
import os
import re
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing import DEMO, TOP
from testing.environment import NEEDED, python
from testing.loopback import LoopbackPlatform
from testing.processes import Process
from testing.worker import SECONDS, QueueWorker, WorkerProcess, own

GOOD = {view: base64.b64encode((DEMO / f"{view}_image.jpg").read_bytes()).decode() for view in ("front", "side")}

# Opens a landmarker and closes it, which is when MediaPipe posts.
OPEN_AND_CLOSE = """
import posture
from posture.models import metrics
{stop}
posture.open_model(1).close()
"""
# The same environment as Python and as C see it.
BOTH = """
import ctypes, os
from posture.models import metrics
metrics.stop()
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
    print(name, os.environ.get(name), libc.getenv(name.encode()))
"""


@contextmanager
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a proxy that lets nothing through, and what it has been asked for."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:  # closed
                    return
                with connection:
                    asked.append(connection.recv(4096).partition(b"\r\n")[0])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(SECONDS)


@pytest.mark.parametrize("stop", [False, True])
def test_mediapipe_posts_its_metrics_unless_they_are_stopped(tmp_path: Path, *, stop: bool) -> None:
    with proxy() as (address, asked):
        program = OPEN_AND_CLOSE.format(stop="metrics.stop()" if stop else "")
        ended = python(tmp_path, TOP, "-c", program, **{**own(tmp_path), "HTTPS_PROXY": address})
        assert ended.returncode == 0, ended.stderr
    assert {request.split()[1] for request in asked} == (set() if stop else {b"play.googleapis.com:443"})


def test_the_proxies_of_python_stay_as_the_operator_set_them(tmp_path: Path) -> None:
    given = {"https_proxy": "http://proxy.example:1", "HTTPS_PROXY": "http://proxy.example:2", "NO_PROXY": "*"}
    ended = python(tmp_path, TOP, "-c", BOTH, **given)
    assert ended.stdout.splitlines() == [
        "https_proxy http://proxy.example:1 b'none://'",
        "HTTPS_PROXY http://proxy.example:2 b'http://proxy.example:2'",
        "no_proxy None None",
        "NO_PROXY * None",
    ], ended.stderr


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which shows connections, is not installed")
def test_the_worker_connects_to_the_platform_and_to_nobody_else(tmp_path: Path) -> None:
    calls = tmp_path / "calls.txt"
    # -D: strace stands aside, and the process that is started is the worker.
    watched = ["strace", "-D", "-f", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(calls)]
    inherited = {name: os.environ[name] for name in NEEDED if name in os.environ}
    with LoopbackPlatform() as platform:
        told = {"POSTURE_LANDMARKERS": "1", "RUNPOD_MIN_MEMORY_GB": "0", "RUNPOD_MIN_DISK_PERCENT": "0"}
        # With the SDK's checks of the machine, of which one would ask for the internet.
        checks = {"RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "false"}
        environment = {**inherited, **own(tmp_path), **platform.environment(), **told, **checks}
        with Process(tmp_path, [*watched, sys.executable, "runpod_handler.py"], environment) as process:
            [result] = QueueWorker(platform, process).results(platform.submit(GOOD))
            process.terminate()
            assert process.exit_status(SECONDS) == 0
        port = str(platform.environment()["RUNPOD_WEBHOOK_PING"].split(":")[2].split("/")[0])
    assert result.body["output"]["status"] == "success"
    address = r"sin6?_port=htons\((\d+)\).*inet_(?:addr\(|pton\(AF_INET6, )\"([^\"]+)\""
    connected = re.findall(address, calls.read_text())
    assert set(connected) == {(port, "127.0.0.1")}


@pytest.mark.parametrize("level", ["TRACE", "DEBUG"])
def test_a_local_test_logs_no_picture_at_any_level(tmp_path: Path, level: str) -> None:
    with WorkerProcess(tmp_path, RUNPOD_LOG_LEVEL=level, POSTURE_LANDMARKERS="1") as process:
        assert process.exit_status(SECONDS) == 0, process.output
        output = process.output
    assert "Retrieved local job" in output
    for photo in GOOD.values():
        assert [at for at in range(0, len(photo), 20) if photo[at : at + 20] in output] == []
