"""Takes the samples of every figure: rounds of what is compared close together, and what takes longer."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bench.speed.photos import job
from bench.speed.raw import Raw
from bench.speed.rows import Samples
from bench.speed.worker import Worker, worker
from posture import cores, face
from posture.angles import FACE, sources
from posture.estimate import LOOKS
from posture.views import VIEWS
from posture.wire.request import DEFAULTS
from testing import TOP

SMALL, LARGE = (1080, 1440), (3024, 4032)
OURS, IDLE, REFERENCE = "runpod_handler", "bench.speed.idle_worker", "bench.speed.reference_worker"

# Seconds that the SDK's loop sleeps between two looks into its empty queue (runpod 1.12.0, rp_scale.py, run_jobs).
SDK_PAUSE = 0.1

RUNS_A_PHOTO = len(LOOKS[DEFAULTS.mode])
RUNS_A_JOB = len(VIEWS) * RUNS_A_PHOTO
FACES_A_JOB = face.LOOKS[DEFAULTS.mode] * sum(FACE in sources(view.plane) for view in VIEWS)


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds; seconds of raw capacity; jobs one after another; jobs at once, and how many of them
    are left out at either end; jobs for the reference, and in each mode; with `long`, jobs for flatness and seconds at
    80 % load.
    """

    rounds: int
    raw: float
    single: int
    batch: int
    edge: int
    reference: int
    modes: int
    long: bool
    many: int = 0
    warm: int = 0
    loaded: float = 0


NORMAL = Plan(rounds=5, raw=2, single=15, batch=120, edge=20, reference=5, modes=16, long=False)
LONG = Plan(
    rounds=5, raw=3, single=25, batch=200, edge=20, reference=8, modes=24, long=True, many=2000, warm=200, loaded=60
)
BRIEF = Plan(rounds=1, raw=0.3, single=1, batch=4, edge=1, reference=1, modes=1, long=True, many=12, warm=4, loaded=0.5)


@dataclass(frozen=True)
class Load:
    """A batch of jobs: jobs a second, the worker's processor time for one in seconds, places one was overtaken by."""

    rate: float
    cpu: float
    overtaken: int


def measure(plan: Plan) -> Samples:
    """The samples of each figure by its key in ROWS: one a round, or one in all."""
    samples: Samples = defaultdict(list)
    for number in range(plan.rounds):
        print(f"round {number + 1} of {plan.rounds}", file=sys.stderr)
        for name, value in _round(plan):
            samples[name].append(value)
    if plan.long:
        for name, value in (*_many(plan), *_large(plan)):
            samples[name].append(value)
    return samples


def _round(plan: Plan) -> Iterator[tuple[str, float]]:
    """One sample of each figure, what is compared measured close together."""
    small, everything = job(SMALL), cores.available()
    before = _raw(plan, everything)
    with worker(IDLE, small, everything) as idle:
        sdk = _single(idle, small, plan)
    with worker(OURS, small, everything) as ours:
        latency = _single(ours, small, plan) - sdk
        load = _batch(ours, small, plan)
        yield "peak", ours.peak()
        costs = {mode: _cost(ours, {**small, "mode": mode}, plan.modes) for mode in LOOKS}
    after = _raw(plan, everything)
    runs, cpu = (before.runs + after.runs) / 2, (before.cpu + after.cpu) / 2
    faces = FACES_A_JOB * (before.face + after.face) / 2 / cpu
    yield "rate", load.rate
    yield "throughput", load.rate * (RUNS_A_JOB + faces) / runs
    yield "arithmetic", (RUNS_A_JOB + faces) * cpu / load.cpu
    yield "with decoding", ((RUNS_A_JOB + faces) * cpu + before.decode + after.decode) / load.cpu
    for mode, cost in costs.items():
        yield f"runs of {mode}", cost / cpu
    yield "order", load.overtaken
    yield "milliseconds", latency * 1000
    yield "latency", latency / ((RUNS_A_PHOTO + faces) * everything / runs)
    yield "cold seconds", ours.cold
    yield "cold", ours.cold / idle.cold
    with worker(REFERENCE, small, everything) as reference:
        yield "cold reference", reference.cold / idle.cold
        began = time.monotonic()
        reference.answers([small] * plan.reference)
        yield "beside", load.rate / (plan.reference / (time.monotonic() - began))
    if everything > 1:
        with worker(OURS, small, 1) as ours:
            single = _batch(ours, small, plan)
        raw = _raw(plan, 1)
        yield "one core", single.rate * (RUNS_A_JOB + FACES_A_JOB * raw.face / raw.cpu) / raw.runs
        yield "growth", (load.rate / single.rate) / (runs / raw.runs)


def _many(plan: Plan) -> Iterator[tuple[str, float]]:
    """One worker over many jobs, and then at 80 % of its capacity."""
    small, everything = job(SMALL), cores.available()
    with worker(OURS, small, everything) as ours:
        loads, peaks = [], []
        for _ in range(0, plan.many, plan.warm):
            loads.append(_batch(ours, small, plan, plan.warm))
            peaks.append(ours.peak())
        third = len(peaks) // 3
        yield "cost", loads[-1].cpu / loads[0].cpu
        yield "flat", statistics.median(peaks[-third:]) - statistics.median(peaks[1 : 1 + third])
        rate = statistics.median(load.rate for load in loads)
        handed, names = time.monotonic(), []
        until = handed + plan.loaded
        while handed < until:
            time.sleep(max(0, handed - time.monotonic()))
            names.append((ours.platform.submit(small)[0], handed))
            handed += random.expovariate(0.8 * rate)
        waits = sorted(ours.platform.result(name, 60).arrived - handed for name, handed in names)
        yield "median loaded", statistics.median(waits) * 1000
        yield "99th loaded", waits[int(0.99 * len(waits))] * 1000


def _large(plan: Plan) -> Iterator[tuple[str, float]]:
    """Photos of 12 megapixels beside small ones."""
    small, large, everything = job(SMALL), job(LARGE), cores.available()
    raw, raw_large = _raw(plan, everything), _raw(plan, everything, LARGE)
    with worker(IDLE, large, everything) as idle:
        sdk = _single(idle, large, plan)
    with worker(OURS, small, everything) as ours:
        latency = _single(ours, large, plan) - sdk
        cpu = _batch(ours, small, plan).cpu
        cpu_large = _batch(ours, large, plan).cpu
        yield "large peak", ours.peak()
    runs = RUNS_A_PHOTO + FACES_A_JOB * raw.face / raw.cpu
    yield "large latency", (latency - 1.25 * runs * everything / raw.runs) / raw_large.pillow
    yield "large cost", (cpu_large - cpu) / (2 * (raw_large.decode - raw.decode))


def _raw(plan: Plan, used: int, size: tuple[int, int] = SMALL) -> Raw:
    """Raw capacity on that many cores, in a process of its own."""
    some = ",".join(map(str, sorted(os.sched_getaffinity(0))[:used]))
    told = subprocess.run(  # noqa: S603  our own script
        [
            "/usr/bin/taskset",
            "--cpu-list",
            some,
            sys.executable,
            "-m",
            "bench.speed.raw",
            str(used),
            str(plan.raw),
            *map(str, size),
        ],
        cwd=TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    ).stdout
    return Raw(**json.loads(told))


def _single(worker: Worker, photos: dict[str, str], plan: Plan) -> float:
    """The median latency of jobs, each handed in a while after the one before is answered.

    The SDK looks into its queue every 0.1 s. The pauses spread the jobs evenly over that time, so that a job waits for
    it half of it in the median, whatever the worker.
    """
    latencies = []
    for number in range(plan.single):
        time.sleep(SDK_PAUSE * (2 + (number + 0.5) / plan.single))
        latencies.append(worker.latency(photos))
    return statistics.median(latencies)


def _cost(worker: Worker, photos: dict[str, str], jobs: int) -> float:
    """The processor time of a job in seconds."""
    worker.answers([photos])  # so that what this mode needs is open
    used = worker.cpu()
    worker.answers([photos] * jobs)
    return (worker.cpu() - used) / jobs


def _batch(worker: Worker, photos: dict[str, str], plan: Plan, jobs: int = 0) -> Load:
    """Jobs that are all there at once."""
    worker.answers([photos] * plan.edge)  # so that all landmarkers are open
    used, count = worker.cpu(), jobs or plan.batch
    names = worker.answers([photos] * count)
    used = worker.cpu() - used
    arrived = [worker.result(name).arrived for name in names]
    taken = {name: place for place, name in enumerate(name for take in worker.platform.takes for name in take)}
    places = {name: place for place, name in enumerate(sorted(names, key=taken.__getitem__))}
    return Load(
        rate=(count - 2 * plan.edge) / (arrived[count - 1 - plan.edge] - arrived[plan.edge - 1]),
        cpu=used / count,
        overtaken=max(place - places[name] for place, name in enumerate(names)),
    )
