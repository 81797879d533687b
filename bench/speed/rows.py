"""The lines of the table: what each figure is, and what it is to be."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from posture import cores
from posture.estimate import LOOKS


@dataclass(frozen=True)
class Row:
    """A line of the table: what is measured, in what, and what it is to be (nothing where it is only stated)."""

    figure: str
    unit: str
    target: str = ""


ROWS = {
    "throughput": Row("Throughput / raw capacity", "", ">= 1.1"),
    "arithmetic": Row("The same by processor time: 1 job's landmarker runs / 1 job", ""),
    "with decoding": Row("The same, decoding of the photos counted with the runs", ""),
    **{
        f"runs of {mode}": Row(f"Processor time of a job in `{mode}` / 1 run of the published model", "")
        for mode in LOOKS
    },
    "rate": Row("Throughput", "jobs/s"),
    "beside": Row("Throughput / that of the reference worker", ""),
    "latency": Row("Latency of a job less the SDK's / landmarker runs of 1 photo", "", "<= 1.25"),
    "milliseconds": Row("Latency of a job less the SDK's", "ms"),
    "cold": Row("Cold start / that of an SDK worker that does nothing", "", "<= 1.0"),
    "cold seconds": Row("Cold start", "s"),
    "cold reference": Row("Cold start of the reference worker / the same", ""),
    "order": Row("Most places by which a job was overtaken", "jobs", f"<= {cores.available()}"),
    "peak": Row("Peak memory at full load", "MB", "<= 500"),
    "growth": Row("Growth of throughput from 1 core to all / growth of raw capacity", "", ">= 0.95"),
    "one core": Row("Throughput / raw capacity on 1 core", "", ">= 0.95"),
    "cost": Row("Processor time of the last jobs / of the first", "", "<= 1.05"),
    "flat": Row(
        "Growth of peak memory from the first third of 2,000 jobs to the last, without the first 200", "MB", "< 5"
    ),
    "median loaded": Row("Latency at 80 % of capacity, median", "ms"),
    "99th loaded": Row("Latency at 80 % of capacity, 99th percentile", "ms"),
    "large latency": Row("12 megapixels: (latency as above - 1.25 photo's runs) / Pillow's decoding", "", "<= 1.5"),
    "large peak": Row("12 megapixels: peak memory at full load", "MB", "<= 1000"),
    "large cost": Row("12 megapixels: added processor time / that of decoding", "", "~ 1"),
}

Samples = dict[str, list[float]]  # of each figure by its key in ROWS


def table(samples: Samples) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| figure | target | median | range | runs |"
    yield "|---|---|---|---|---|"
    for name, row in ROWS.items():
        if values := samples.get(name):
            low, middle, high = (f"{value:.3g}" for value in (min(values), statistics.median(values), max(values)))
            median = f"{middle} {row.unit}".rstrip()
            yield f"| {row.figure} | {row.target} | {median} | {low} - {high} | {len(values)} |"
