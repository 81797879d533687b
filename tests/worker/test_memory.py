"""What is free goes back to the system."""

import sys
from pathlib import Path

import pytest

from testing import TOP
from testing.environment import python

# MB that a process has after it has freed 20 blocks of 8 MB, each between two that stay. Before, a freed one of 30 MB
# has taught glibc to keep such.
PROGRAM = """
from pathlib import Path
from posture.worker import memory
if {given_back}:
    memory.give_back()
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
taught = b"x" * 30_000_000
del taught
before, large, small = resident(), [], []
for _ in range(20):
    large.append(b"x" * 2**23)
    small.append(b"x" * 100_000)
large.clear()
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc is told")
@pytest.mark.parametrize("given_back", [False, True])
def test_large_blocks_go_back_to_the_system_once_they_are_free(tmp_path: Path, *, given_back: bool) -> None:
    ended = python(tmp_path, TOP, "-c", PROGRAM.format(given_back=given_back))
    kept = float(ended.stdout)
    assert (kept < 40) if given_back else (kept > 100), ended.stderr
