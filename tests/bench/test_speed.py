"""That the benchmark runs and prints its table. What it measures in so short a time says nothing."""

import math
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import pytest

from bench.speed.measure import FACES_A_JOB, RUNS_A_JOB, SMALL
from bench.speed.photos import job
from bench.speed.rows import ROWS, Row, table
from posture import cores
from posture.analysis import measure
from posture.landmarks import Array, Landmarks, Pixels
from posture.models.mediapipe import LandmarkerPool
from posture.wire.request import parse
from testing import TOP

_Result = TypeVar("_Result")

LINE = re.compile(r"\| (?P<figure>.+) \| .* \| (?P<median>\S+).* \| (?P<low>\S+) - (?P<high>\S+) \| (?P<runs>\d+) \|")
ON_SEVERAL_CORES = {ROWS["one core"].figure, ROWS["growth"].figure}


def test_a_line_has_the_median_and_the_range_of_what_was_measured() -> None:
    assert Row("Cold start", "s") == ROWS["cold seconds"]
    assert list(table({"cold seconds": [3.0, 1.0, 1.25]}))[2:] == ["| Cold start |  | 1.25 s | 1 - 3 | 3 |"]


def test_a_job_takes_as_many_landmarker_runs_as_the_ratios_count(pool: LandmarkerPool) -> None:
    runs: list[Pixels] = []
    heads: list[Pixels] = []

    class Counting:
        look_closer = None

        def find_faces(self, pixels: Pixels) -> list[Array]:
            heads.append(pixels)
            return pool.find_faces(pixels) if pool.find_faces else []

        def detect(self, pixels: Pixels) -> list[Landmarks]:
            runs.append(pixels)
            return pool.detect(pixels)

        def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
            return pool.map(function, *items)

    request = parse({"input": job(SMALL)})
    measure(request.photos, request.options, Counting())
    assert len(runs) == RUNS_A_JOB
    assert len(heads) == FACES_A_JOB


@pytest.mark.timeout(400)
def test_the_benchmark_measures_every_figure() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "bench.speed", "--brief"], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    lines = [match for line in finished.stdout.splitlines() if (match := LINE.fullmatch(line))]
    expected = [row.figure for row in ROWS.values() if cores.available() > 1 or row.figure not in ON_SEVERAL_CORES]
    assert [line["figure"] for line in lines] == expected
    for line in lines:
        assert float(line["low"]) <= float(line["median"]) <= float(line["high"])
        assert math.isfinite(float(line["median"]))
        assert line["runs"] == "1"
