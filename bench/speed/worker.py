"""A worker as a process at the loopback queue, with what it costs: seconds, processor time, memory."""

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.loopback import LoopbackPlatform, Result
from testing.processes import Process
from testing.worker import SECONDS, QueueWorker, own

TICKS = os.sysconf("SC_CLK_TCK")

Job = Mapping[str, str]


@dataclass(frozen=True)
class Worker(QueueWorker):
    """A running worker and its queue. `cold`: seconds from the start of the process to the answer to its first job."""

    cold: float

    def latency(self, job: Job) -> float:
        """Seconds from handing in a job to its answer, the worker having nothing else to do."""
        began = time.monotonic()
        [result] = self.results(self.platform.submit(job))
        return result.arrived - began

    def answers(self, jobs: Sequence[Job]) -> list[str]:
        """Hands in jobs, all at once, and waits for their answers. Returns their ids in the order of the answers."""
        names = set(self.platform.submit(*jobs))
        self.results(names, SECONDS + len(jobs))
        return [name for name in self.platform.results if name in names]

    def result(self, name: str) -> Result:
        """The answer to a job that is answered."""
        return self.platform.results[name]

    def cpu(self) -> float:
        """Seconds of processor time that the process has used."""
        times = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / TICKS

    def peak(self) -> float:
        """The most memory that the process has had since it was started, or since the last call, in MB."""
        process = Path(f"/proc/{self.process.pid}")
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
        (process / "clear_refs").write_text("5")  # what it has now is the most from here on
        return int(kilobytes) / 1000


@contextmanager
def worker(script: str, first: Job, cores: int) -> Iterator[Worker]:
    """A worker that has answered `first`, which waited when it was started, on that many cores. Killed at the end.

    It has the environment of whoever measures, so that settings can be compared: POSTURE_CONCURRENCY=64 make bench.
    """
    with LoopbackPlatform() as platform, tempfile.TemporaryDirectory() as home:
        jobs = platform.submit(first)
        began = time.monotonic()
        environment = {**os.environ, **own(Path(home)), "RUNPOD_LOG_LEVEL": "INFO", **platform.environment()}
        with Process(Path(home), [sys.executable, "-m", script], environment) as process:
            os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:cores])
            [answer] = QueueWorker(platform, process).results(jobs)
            assert answer.body["output"]["status"] == "success", answer.body
            yield Worker(platform, process, answer.arrived - began)
