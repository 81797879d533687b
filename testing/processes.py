"""The worker as a process of its own, started as a user or the platform starts it."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import matplotlib.font_manager  # which builds the font cache, unless it is there; all the workers then share it

from posture import model
from testing import TOP

# What Python and its libraries may need to run at all on this machine.
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE")


class WorkerProcess:
    """`python runpod_handler.py` at the top of the tree, with a home and an environment of its own.

    Use it in a `with` statement: at the end it is killed, with the processes that it started.
    """

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        """Starts it. `folder` is its home, and where its output goes."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {"HOME": str(folder), "MPLCONFIGDIR": matplotlib.get_cachedir(), "POSTURE_MODEL": str(model.path())}
        self._stdout, self._stderr = folder / "stdout.txt", folder / "stderr.txt"
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "runpod_handler.py", *arguments],
                cwd=TOP,
                env={**inherited, **own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    @property
    def log(self) -> list[str]:
        """The lines that it has written to its standard output, where the SDK's logger writes."""
        return self._stdout.read_text(errors="replace").split("\n")[:-1]

    @property
    def output(self) -> str:
        """All that it has written so far: its standard output, then its standard error."""
        return "".join(stream.read_text(errors="replace") for stream in (self._stdout, self._stderr))

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def terminate(self) -> None:
        """Asks it to end (SIGTERM), as the platform does."""
        self._process.send_signal(signal.SIGTERM)

    def exit_status(self, seconds: float) -> int:
        """Its exit status, once it has ended. Raises AssertionError when it has not within `seconds`."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise self.failure(f"the worker still runs after {seconds:.0f} s") from None

    def wait_for_output(self, pattern: str, seconds: float) -> re.Match[str]:
        """The first match of `pattern` in its output. Raises AssertionError when it ends before, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, self.output)):
            if not self.is_running() or time.monotonic() > deadline:
                raise self.failure(f"the worker has not written {pattern!r}")
            time.sleep(0.05)
        return match

    def failure(self, what: str) -> AssertionError:
        """An error to raise that shows what the worker has written."""
        return AssertionError(f"{what}; its output:\n{self.output}")

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):  # where nothing of it is left
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
