"""The worker as a process of its own, started as a user or the platform starts it, alone or at the loopback queue."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

import matplotlib.font_manager  # which builds the font cache, unless it is there; all the workers then share it

from posture.models import files
from testing.environment import NEEDED
from testing.loopback import LoopbackPlatform, Result
from testing.processes import Process

SECONDS = 60.0  # for whatever is waited for: many times what it takes, since the machine may be busy

_Found = TypeVar("_Found")


def own(folder: Path) -> dict[str, str]:
    """A home of its own for a worker, and what all workers share: the models and Matplotlib's cache."""
    models = {which.variable: str(files.location(which)) for which in files.PUBLISHED}
    return {"HOME": str(folder), "MPLCONFIGDIR": matplotlib.get_cachedir(), **models}


class WorkerProcess(Process):
    """`python runpod_handler.py` at the top of the tree, with a home and an environment of its own."""

    program: ClassVar[tuple[str, ...]] = ("runpod_handler.py",)

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        """Starts it. `folder` is its home, and where its output goes."""
        inherited = {name: os.environ[name] for name in NEEDED if name in os.environ}
        command = [sys.executable, *self.program, *arguments]
        super().__init__(folder, command, {**inherited, **own(folder), **environment})


@dataclass(frozen=True)
class QueueWorker:
    """A worker process and the platform whose jobs it takes."""

    platform: LoopbackPlatform
    process: Process

    def wait_until(self, condition: Callable[[], _Found | None], otherwise: str, seconds: float = SECONDS) -> _Found:
        """What `condition` returns as soon as that is true. Fails with the output, at once when the worker ends."""

        def found_or_ended() -> _Found | None:
            running = self.process.is_running()
            found = condition()
            if not (found or running):
                raise self.process.failure(f"{otherwise}, and the worker has ended")
            return found

        try:
            return self.platform.wait_until(found_or_ended, seconds, otherwise)
        except TimeoutError as error:
            raise self.process.failure(str(error)) from None

    def results(self, jobs: Iterable[str], seconds: float = SECONDS) -> list[Result]:
        """The results of these jobs, once all are there."""
        results, names = self.platform.results, list(jobs)
        self.wait_until(lambda: results.keys() >= set(names), f"not all of the jobs {names} are answered", seconds)
        return [results[name] for name in names]

    def log(self, job: str) -> list[str]:
        """What the worker has logged about a job, its own lines and the SDK's."""
        lines = [json.loads(line) for line in self.process.log if line.startswith("{")]
        return [line["message"] for line in lines if line["requestId"] == job]
