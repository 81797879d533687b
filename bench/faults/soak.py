"""Many jobs at full load under every fault that is known: python -m bench.faults.soak, 2,000 jobs in about 8 minutes.

One job in ten is bad. Every answer is compared, to the last bit, with the one that a single landmarker gives. Prints
one table, and ends with 1 where a job is lost, answered wrongly or with two different answers, or where memory grows.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import posture
from bench.faults.hanging import HANGS, HangingWorkerProcess
from posture.models import metrics
from posture.worker.settings import read
from posture.worker.worker import LATE, Worker
from testing import DEMO
from testing.builders import FakeLog, picture
from testing.loopback import CUT, CUT_AFTERWARDS, NONSENSE, Fault, LoopbackPlatform
from testing.pictures import base64_text, encoded
from testing.worker import QueueWorker, WorkerProcess

Job = dict[str, Any]

JOBS = 2000
LONGEST = 600.0  # seconds for the answers of a phase
# In MB: what memory may grow by without landmarkers that hang, and by each that does.
GROWTH, LANDMARKER = 5.0, 130.0
HUNG = 2
# One request in five fails. What a cut take call has brought is lost to the platform, which hands it out again later.
POSTS: tuple[Fault, ...] = (CUT, 408, 425, 429, 500, 503, CUT_AFTERWARDS)
TAKES: tuple[Fault, ...] = (CUT, 429, 500, 503, NONSENSE)
NO_JOBS: tuple[object, ...] = (None, "text", 7, [], {}, {"id": 7})


@dataclass
class Phase:
    """What went wrong with the jobs that were done under one fault. Memory in MB, at its end."""

    name: str
    jobs: int
    lost: int = 0
    wrong: int = 0
    contradicted: int = 0
    slowest: float = 0.0
    seconds: float = 0.0
    memory: float = 0.0

    @property
    def row(self) -> str:
        """A line of the table."""
        cells = [self.name, self.jobs, self.lost, self.wrong, self.contradicted, f"{self.slowest:.1f} s",
                 f"{self.jobs / self.seconds:.1f}", f"{self.memory:.0f} MB"]  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"

    @property
    def is_sound(self) -> bool:
        """Whether every job has one answer, the right one."""
        return not (self.lost or self.wrong or self.contradicted)


@dataclass
class Load:
    """Jobs without an end, one in ten of them bad, and what each is to be answered with."""

    answers: dict[str, Any]  # by the job's text
    jobs: Iterator[Job]
    expected: dict[str, str] = field(default_factory=dict)  # by the job's id, the text of its answer

    def submit(self, platform: LoopbackPlatform, most: int) -> list[str]:
        """So many jobs at once. Returns their ids."""
        jobs = [*islice(self.jobs, most)]
        ids = platform.submit(*jobs)
        self.expected |= {name: self.answers[json.dumps(job)] for name, job in zip(ids, jobs, strict=True)}
        return ids


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("jobs", nargs="?", type=int, default=JOBS, help="how many jobs are done")
    parser.add_argument("--timeout", type=int, default=20, help="seconds for a job where landmarkers hang")
    given = parser.parse_args(arguments)
    each = max(given.jobs // 5, 10)
    load = _load()
    with tempfile.TemporaryDirectory() as home:
        phases = [*_steady(Path(home), load, each), _stopped(Path(home), load, each)]
        phases.append(_hung(Path(home), load, each, given.timeout))
    print("| fault | jobs | lost | wrong | two answers | slowest answer | jobs/s | memory |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(phase.row for phase in phases))
    growth = phases[2].memory - phases[0].memory
    hung = (phases[4].memory - phases[0].memory) / HUNG
    print(f"\nMemory grew by {growth:.1f} MB without landmarkers that hang, by {hung:.0f} MB for each that did.")
    return int(not all(phase.is_sound for phase in phases) or growth > GROWTH or hung > LANDMARKER)


def _load() -> Load:
    """Good and bad jobs in turn, each answered once by a single landmarker."""
    metrics.stop()
    pairs = [{view: _photo(f"{view}_image{pair}") for view in ("front", "side")} for pair in ("", "_2", "_3")]
    options: list[Job] = [
        {},
        {"mode": "fast", "include": ["details"]},
        {"calibration": "anatomical", "include": ["measures"]},
        {"mode": "precise", "include": ["landmarks"]},
    ]
    good = [{**pair, **option} for option in options for pair in pairs]
    front, side = pairs[0]["front"], pairs[0]["side"]
    bad: list[Job] = [
        {},
        {"front": front},
        {"front": "not base64!", "side": side},
        {"front": front, "side": side[: len(side) // 2]},
        {"front": side, "side": front},
        {"front": encoded(picture(480, 640, color="lightgray")), "side": side},
        {"front": front, "side": side, "mode": "slow"},
    ]
    with posture.open_model(1) as model:
        worker = Worker(lambda: model, lambda: read({}), FakeLog())
        answers = {json.dumps(job): _text(worker.handle({"id": "1", "input": job})) for job in (*good, *bad)}
    turns, tenth = cycle(good), cycle(bad)
    jobs = (next(turns if number % 10 else tenth) for number in count())
    return Load(answers, jobs)


def _photo(name: str) -> str:
    return base64_text((DEMO / f"{name}.jpg").read_bytes())


def _text(answer: object) -> str:
    """An answer as it is compared."""
    return json.dumps(answer, sort_keys=True)


def _steady(home: Path, load: Load, each: int) -> Iterator[Phase]:
    """One worker: without a fault, with results that are not taken, with lists of jobs that fail or hold none."""
    with _worker(home, WorkerProcess) as worker:
        _done(worker, load, Phase("(the first jobs)", 20))
        yield _done(worker, load, Phase("none", each))
        worker.platform.faults["job-done"] += _one_in_five(POSTS, each)
        yield _done(worker, load, Phase("results are cut off, or refused for a while", each))
        worker.platform.faults["job-take-batch"] += _one_in_five(TAKES, each)
        worker.platform.put(*NO_JOBS)
        yield _done(worker, load, Phase("lists of jobs are cut off, refused, or hold none", each))


def _one_in_five(faults: Sequence[Fault], requests: int) -> list[Fault]:
    return [None if at % 5 else faults[at // 5 % len(faults)] for at in range(requests)]


def _stopped(home: Path, load: Load, each: int) -> Phase:
    """A worker is told to stop in the midst of its jobs, and another goes on."""
    phase = Phase("the worker is stopped, and another started", each)
    with LoopbackPlatform() as platform:
        began, jobs = time.monotonic(), load.submit(platform, each)
        with _at(platform, home, WorkerProcess) as worker:
            worker.wait_until(lambda: len(platform.results) > each // 4, "no jobs are answered", LONGEST)
            worker.process.terminate()
            worker.process.exit_status(LONGEST)
        with _at(platform, home, WorkerProcess) as worker:
            return _judged(worker, load, phase, jobs, began)


def _hung(home: Path, load: Load, each: int, timeout: int) -> Phase:
    """Landmarkers hang, one after another, while others work."""
    phase = Phase(f"{HUNG} landmarkers hang", each + HUNG)
    with _worker(home, HangingWorkerProcess, POSTURE_JOB_TIMEOUT=str(timeout)) as worker:
        began, jobs = time.monotonic(), load.submit(worker.platform, each)
        for _ in range(HUNG):
            hung = worker.platform.submit(HANGS)
            load.expected[hung[0]] = _text(LATE.answer)
            worker.results(hung, LONGEST)
            jobs += hung
        return _judged(worker, load, phase, jobs, began)


@contextmanager
def _worker(home: Path, program: type[WorkerProcess], **environment: str) -> Iterator[QueueWorker]:
    with LoopbackPlatform() as platform, _at(platform, home, program, **environment) as worker:
        yield worker


@contextmanager
def _at(
    platform: LoopbackPlatform, home: Path, program: type[WorkerProcess], **environment: str
) -> Iterator[QueueWorker]:
    with program(home, **platform.environment(), **environment) as process:
        yield QueueWorker(platform, process)


def _done(worker: QueueWorker, load: Load, phase: Phase) -> Phase:
    """The phase, once its jobs are answered."""
    began = time.monotonic()
    return _judged(worker, load, phase, load.submit(worker.platform, phase.jobs), began)


def _judged(worker: QueueWorker, load: Load, phase: Phase, jobs: Sequence[str], began: float) -> Phase:
    """What became of jobs that were handed in then, once all are answered, or after LONGEST."""
    results = worker.platform.results
    while (missing := set(jobs) - results.keys()) and time.monotonic() < began + LONGEST:
        time.sleep(0.05)
    answered = {job: results[job] for job in jobs if job in results}
    phase.lost = len(missing)
    phase.wrong = sum(_text(_whole(result.body)) != load.expected[job] for job, result in answered.items())
    phase.contradicted = len(set(jobs).intersection(worker.platform.contradicted))
    phase.seconds = max((result.arrived for result in answered.values()), default=began + LONGEST) - began
    phase.slowest = max((result.arrived - result.taken for result in answered.values()), default=LONGEST)
    phase.memory = _resident(worker)
    return phase


def _whole(body: Job) -> Job:
    """The answer as the handler gave it, before the SDK took the error out of it."""
    output: Job = body["output"]
    return {**output, "error": body["error"]} if "error" in body else output


def _resident(worker: QueueWorker) -> float:
    """MB that the worker has, a moment after its last job."""
    time.sleep(2)
    pages = int(Path(f"/proc/{worker.process.pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    sys.exit(main())
