"""A command as a process of its own whose output is kept. Needs nothing but Python."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from testing import TOP

_Process = TypeVar("_Process", bound="Process")


class Process:
    """A command, run at the top of the tree.

    Use it in a `with` statement: at the end it is killed, with the processes that it started.
    """

    def __init__(
        self, folder: Path, command: Sequence[str], environment: Mapping[str, str], patience: float = 0
    ) -> None:
        """Starts it. `folder` is where its output goes; `patience`: seconds to end when asked, before it is killed."""
        self._command, self._patience = command, patience
        self._stdout, self._stderr = folder / "stdout.txt", folder / "stderr.txt"
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                cwd=TOP,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

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
            raise self.failure(f"it still runs after {seconds:.0f} s") from None

    def wait_for_output(self, pattern: str, seconds: float) -> re.Match[str]:
        """The first match of `pattern` in its output. Raises AssertionError when it ends before, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, self.output)):
            if not self.is_running() or time.monotonic() > deadline:
                raise self.failure(f"it has not written {pattern!r}")
            time.sleep(0.05)
        return match

    def failure(self, what: str) -> AssertionError:
        """An error to raise that shows what the process has written."""
        return AssertionError(f"{' '.join(self._command)}: {what}; its output:\n{self.output}")

    def __enter__(self: _Process) -> _Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            if self._patience:
                os.killpg(self.pid, signal.SIGTERM)
                self._process.wait(self._patience)
        with suppress(ProcessLookupError):  # where nothing of it is left
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
