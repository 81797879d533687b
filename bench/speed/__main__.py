"""How fast the worker starts and works, and what it takes, as ratios to what the machine and the SDK can do.

    python -m bench.speed           under 5 minutes
    python -m bench.speed --long    with 2,000 jobs, photos of 12 megapixels, and latency under load
    python -m bench.speed --brief   a minute, to see that it runs; its figures say nothing

Prints a table: bench/README.md says how to read it.
"""

import argparse
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

from bench.speed.measure import BRIEF, LONG, NORMAL, Plan, measure
from bench.speed.rows import table
from posture import cores


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description="How fast the worker is.")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--long", dest="plan", action="store_const", const=LONG, default=NORMAL)
    kinds.add_argument("--brief", dest="plan", action="store_const", const=BRIEF)
    plan: Plan = parser.parse_args().plan
    began, before = time.monotonic(), os.getloadavg()[0]
    samples = measure(plan)
    print(*table(samples), sep="\n")
    print(f"\n{machine()}; {time.monotonic() - began:.0f} s; load {before:.1f} before, {os.getloadavg()[0]:.1f} after.")


def machine() -> str:
    """What it was measured on."""
    info = Path("/proc/cpuinfo").read_text()
    name = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    packages = ", ".join(f"{package} {version(package)}" for package in ("mediapipe", "runpod", "pillow"))
    return f"{cores.available()} cores of {name}, Python {platform.python_version()}, {packages}"


if __name__ == "__main__":
    main()
