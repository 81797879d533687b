"""A worker as a process at the loopback queue, with what it costs: seconds, processor time, memory."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import matplotlib.font_manager  # which builds the font cache, unless it is there; all the workers then share it

from posture import model
from testing import TOP
from testing.loopback import LoopbackPlatform, Result

SECONDS = 60.0  # to wait for one answer, on a busy machine
TICKS = os.sysconf("SC_CLK_TCK")

Job = Mapping[str, str]


@dataclass(frozen=True)
class Worker:
    """A running worker and its queue. `cold`: seconds from the start of the process to the answer to its first job."""

    platform: LoopbackPlatform
    pid: int
    cold: float

    def latency(self, job: Job) -> float:
        """Seconds from handing in a job to its answer, the worker having nothing else to do."""
        began = time.monotonic()
        [name] = self.platform.submit(job)
        return self.platform.result(name, SECONDS).arrived - began

    def answers(self, jobs: Sequence[Job]) -> list[str]:
        """Hands in jobs, all at once, and waits for their answers. Returns their ids in the order of the answers."""
        names = set(self.platform.submit(*jobs))
        seconds = SECONDS + len(jobs)
        self.platform.wait_until(lambda: self.platform.results.keys() >= names, seconds, "not all jobs are answered")
        return [name for name in self.platform.results if name in names]

    def result(self, name: str) -> Result:
        """The answer to a job that is answered."""
        return self.platform.results[name]

    def cpu(self) -> float:
        """Seconds of processor time that the process has used."""
        times = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / TICKS

    def peak(self) -> float:
        """The most memory that the process has had since it was started, or since the last call, in MB."""
        process = Path(f"/proc/{self.pid}")
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
        (process / "clear_refs").write_text("5")  # what it has now is the most from here on
        return int(kilobytes) / 1000


@contextmanager
def worker(script: str, first: Job, cores: int, **environment: str) -> Iterator[Worker]:
    """A worker that has answered `first`, which waited when it was started, on that many cores. Killed at the end."""
    with LoopbackPlatform() as platform, tempfile.TemporaryDirectory() as home:
        [name] = platform.submit(first)
        with Path(home, "output.txt").open("w+b") as output:
            began = time.monotonic()
            process = subprocess.Popen(  # noqa: S603  one of our own scripts
                [sys.executable, "-m", script],
                cwd=TOP,
                env={
                    **os.environ,
                    "HOME": home,
                    "MPLCONFIGDIR": matplotlib.get_cachedir(),
                    "POSTURE_MODEL": str(model.path()),
                    "RUNPOD_LOG_LEVEL": "INFO",
                    **platform.environment(),
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:cores])
            try:
                answer = platform.result(name, SECONDS)
                assert answer.body["output"]["status"] == "success", answer.body
                yield Worker(platform, process.pid, answer.arrived - began)
            except TimeoutError as error:
                output.seek(0)
                raise RuntimeError(f"{script}: {error}\n{output.read().decode(errors='replace')}") from error
            finally:
                with suppress(ProcessLookupError):  # where nothing of it is left
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
