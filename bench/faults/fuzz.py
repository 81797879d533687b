"""A coverage-guided fuzzer (Atheris) over what a client sends, layer by layer.

    python -m bench.faults.fuzz              100,000 inputs, shared among the layers; half a minute
    python -m bench.faults.fuzz file 500000  so many for one of them

Ends with 1 where an input does not pass (bench.faults.inputs). That input then lies in bench/faults/seeds: it is mended
with a test of its own, or kept there, where `make check` tries it again each time.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from posture import cores

INPUTS = 100_000
LONGEST = 16_384  # bytes


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layer", nargs="?", help="one layer alone")
    parser.add_argument("inputs", nargs="?", type=int, default=INPUTS, help="how many inputs are tried")
    parser.add_argument("--atheris", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.atheris is not None:
        _fuzz(given.layer, given.atheris)
    layers = [given.layer] if given.layer else _names()
    if unknown := {*layers} - {*_names()}:
        parser.error(f"there is no layer {unknown.pop()}: {', '.join(_names())}")
    with ThreadPoolExecutor(cores.available()) as at_once:
        statuses = list(at_once.map(lambda layer: _in_a_process(layer, given.inputs // len(layers)), layers))
    return int(any(statuses))


def _names() -> list[str]:
    from bench.faults.inputs import LAYERS  # noqa: PLC0415  not before what it imports is watched

    return [*LAYERS]


def _fuzz(layer: str, arguments: list[str]) -> None:
    """Ends the process, as libFuzzer does."""
    import atheris  # noqa: PLC0415  the command line works without it

    with atheris.instrument_imports(include=["posture"]):
        from bench.faults.inputs import LAYERS, passes  # noqa: PLC0415  what it imports is watched
    atheris.Setup([sys.argv[0], *arguments], lambda data: passes(LAYERS[layer], data))
    atheris.Fuzz()


def _in_a_process(layer: str, inputs: int) -> int:
    """Tries so many inputs, says how it went, and returns the fuzzer's exit status."""
    with _folder(layer) as folder:
        arguments = [
            f"-runs={inputs}", f"-max_len={LONGEST}", "-seed=1", "-timeout=60", "-verbosity=0",
            f"-dict={folder / 'words'}", f"-artifact_prefix={folder / 'failed'}/", str(folder / "corpus"),
        ]  # fmt: skip
        command = [sys.executable, "-m", "bench.faults.fuzz", layer, "--atheris", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  ourselves
        failed = [*(folder / "failed").iterdir()]
        found = len([*(folder / "corpus").iterdir()])
        for file in failed:
            _keep(layer, file)
    fine = ended.returncode == 0
    print(f"{layer:8} {inputs:7} inputs, {found:5} of another kind: {'all pass' if fine else 'one does not pass'}")
    if not fine:
        print(ended.stdout[-2000:] + ended.stderr[-4000:])
    return ended.returncode


def _keep(layer: str, file: Path) -> None:
    from bench.faults.inputs import KEPT  # noqa: PLC0415

    (KEPT / layer).mkdir(parents=True, exist_ok=True)
    shutil.copy(file, KEPT / layer / file.name)
    print(f"kept as {os.path.relpath(KEPT / layer / file.name)}")


@contextmanager
def _folder(layer: str) -> Iterator[Path]:
    """A folder with what a layer begins with: `corpus`, `words`, and `failed`, which is empty."""
    from bench.faults.inputs import LAYERS, seeds  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("corpus", "failed"):
            (folder / part).mkdir()
        for number, seed in enumerate(seeds(layer)):
            (folder / "corpus" / f"{number}").write_bytes(seed)
        quoted = ("".join(f"\\x{byte:02x}" for byte in word) for word in LAYERS[layer].words)
        (folder / "words").write_text("".join(f'"{word}"\n' for word in quoted))
        yield folder


if __name__ == "__main__":
    sys.exit(main())
