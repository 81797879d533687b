"""What the start leaves out and does ahead, each in a process of its own, for what is imported stays.

Those that name a version fail when the SDK or MediaPipe changes: see whether `posture.startup` still fits, and what it
still gains (`make bench`), before the new version is named there.
"""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import pytest

from posture import startup
from testing import TOP

# Imports both packages as the worker does, and then says what became of it.
PROBE = """
import json, sys
import importlib.metadata
{before}
from posture import startup
import posture.models.mediapipe
with startup.lean("runpod"):
    import runpod
from runpod.serverless.utils import rp_debugger
from mediapipe.tasks.python.audio.core import audio_record
from mediapipe.tasks.python.vision import drawing_utils
stood_in = {{
    "cpuinfo": rp_debugger.cpuinfo.__spec__ is None,
    "matplotlib.pyplot": drawing_utils.plt.__spec__ is None,
    "sounddevice": audio_record.sd is None,
}}
left = sorted({{"cpuinfo", "matplotlib", "matplotlib.pyplot", "sounddevice"}} & sys.modules.keys())
import cpuinfo, matplotlib
whole = all(module.__spec__ is not None for module in (cpuinfo, matplotlib))
print(json.dumps({{"stood in": stood_in, "left": left, "whole": whole, "processor": rp_debugger.PROCESSOR}}))
"""
OTHER_VERSION = "importlib.metadata.version = lambda package: '999'"


def imported(before: str = "", **environment: str) -> Any:
    """What PROBE says, in a fresh interpreter."""
    finished = subprocess.run(
        [sys.executable, "-c", PROBE.format(before=before)],
        cwd=TOP,
        env={"PATH": "/usr/bin:/bin", "RUNPOD_LOG_LEVEL": "INFO", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_what_a_worker_never_uses_is_not_imported_and_nothing_of_that_is_left() -> None:
    assert imported() == {
        "stood in": {"cpuinfo": True, "matplotlib.pyplot": True, "sounddevice": True},
        "left": [],
        "whole": True,
        "processor": "Unable to get processor info.",
    }


@pytest.mark.parametrize(
    ("before", "environment"), [("", {"POSTURE_PLAIN_START": "1"}), (OTHER_VERSION, {})], ids=["switch", "version"]
)
def test_the_switch_and_other_versions_mean_ordinary_imports(before: str, environment: dict[str, str]) -> None:
    said = imported(before, **environment)
    assert not said["stood in"]["cpuinfo"]
    assert not said["stood in"]["matplotlib.pyplot"]
    assert said["processor"] != "Unable to get processor info."


@pytest.mark.parametrize("package", ["runpod", "mediapipe"])
def test_the_installed_version_is_the_one_that_is_known(package: str) -> None:
    assert version(package) == startup.KNOWN[package][0]


def test_what_is_loaded_already_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    real = object()
    monkeypatch.setitem(sys.modules, "cpuinfo", real)
    with startup.lean("runpod"):
        assert sys.modules["cpuinfo"] is real
    assert sys.modules["cpuinfo"] is real


def test_the_stand_ins_go_when_the_import_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cpuinfo", raising=False)
    with suppress(ImportError), startup.lean("runpod"):
        assert sys.modules["cpuinfo"].get_cpu_info() == {}
        raise ImportError
    assert "cpuinfo" not in sys.modules


def test_work_done_ahead_is_begun_at_once_in_a_thread_and_done_once() -> None:
    begun, threads = threading.Event(), list[threading.Thread]()

    def work() -> int:
        threads.append(threading.current_thread())
        begun.set()
        return 7

    result = startup.ahead(work)
    assert begun.wait(10)
    assert (result(), result()) == (7, 7)
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()
    assert not threads[0].is_alive()


def test_what_fails_ahead_is_done_again_by_the_one_who_asks() -> None:
    tries: list[bool] = []

    def work() -> str:
        tries.append(threading.current_thread() is threading.main_thread())
        if len(tries) == 1:
            raise ImportError("half imported by two threads at once")
        return "done"

    assert startup.ahead(work)() == "done"
    assert tries == [False, True]


def test_what_fails_twice_is_told_to_the_one_who_asks() -> None:
    def work() -> None:
        sys.exit("nothing to be done")

    with pytest.raises(SystemExit, match="nothing to be done"):
        startup.ahead(work)()


def test_the_switch_leaves_the_work_to_the_one_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_PLAIN_START", "1")
    threads: list[threading.Thread] = []
    result = startup.ahead(lambda: threads.append(threading.current_thread()))
    assert threads == []
    result()
    assert threads == [threading.current_thread()]
