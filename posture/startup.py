"""How a cold start is kept short: what goes beyond ordinary imports, all of it.

A cold start is the import of two packages above all, and much of that is for what a worker never uses. `lean` stands in
for that while a package is imported; `ahead` does one thing while another is imported. Once both are over they touch
nothing any more. POSTURE_PLAIN_START=1 turns both off; `lean` also steps aside for all versions but those it knows.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from importlib.metadata import version
from types import ModuleType
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_StandIns = dict[str, Any]  # modules; None is how Python marks one that cannot be imported


def _for_runpod() -> _StandIns:
    """The SDK asks cpuinfo for the processor's name, for its debugger's output, and waits 1.2 s for a child process.

    An answer without a name is one that the SDK knows.
    """
    cpuinfo = ModuleType("cpuinfo")
    cpuinfo.get_cpu_info = dict  # type: ignore[attr-defined]
    return {"cpuinfo": cpuinfo}


def _for_mediapipe() -> _StandIns:
    """Matplotlib (0.6 s) draws landmarks, sounddevice (0.1 s) records sound: MediaPipe does without the latter."""
    matplotlib, pyplot = ModuleType("matplotlib"), ModuleType("matplotlib.pyplot")
    matplotlib.pyplot = pyplot  # type: ignore[attr-defined]
    return {"matplotlib": matplotlib, "matplotlib.pyplot": pyplot, "sounddevice": None}


KNOWN: dict[str, tuple[str, Callable[[], _StandIns]]] = {
    "runpod": ("1.12.0", _for_runpod),
    "mediapipe": ("1.2.2", _for_mediapipe),
}


def is_plain() -> bool:
    """Whether POSTURE_PLAIN_START asks for ordinary imports, one after another."""
    return os.environ.get("POSTURE_PLAIN_START", "0") not in ("", "0")


def is_known(package: str) -> bool:
    """Whether it is of the version that was looked into, and nothing asks for it as it is."""
    return not is_plain() and version(package) == KNOWN[package][0]


@contextmanager
def lean(package: str) -> Iterator[None]:
    """While it lasts, what `package` imports and a worker never uses is stood in for; what is loaded already is not."""
    put = _stand_ins(package)
    if put.keys() & sys.modules.keys():
        put = {}
    sys.modules.update(put)
    try:
        yield
    finally:
        for name in put:
            del sys.modules[name]


def _stand_ins(package: str) -> _StandIns:
    return KNOWN[package][1]() if is_known(package) else {}


def ahead(function: Callable[[], _Result]) -> Callable[[], _Result]:
    """Begins `function` in a thread; what is returned waits for its result, once.

    What fails in the thread is done again, plainly, by the one who asks for it.
    """
    if is_plain():
        return function
    future: Future[_Result] = Future()

    def begin() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001  it is for the one who waits
            future.set_exception(error)

    thread = threading.Thread(target=begin, name="ahead")
    thread.start()

    def result() -> _Result:
        thread.join()
        return function() if future.exception() else future.result()

    return result
