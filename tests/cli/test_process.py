"""The command line as a process: what a terminal shows of it, whom it talks to, and what it loads."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from testing import DEMO, TOP
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, detect
from testing.environment import python
from tests.posture.people import measured

PHOTOS = [str(DEMO / f"{view}_image.jpg") for view in ("front", "side")]
MEASURE = [sys.executable, "-m", "posture", "measure", *PHOTOS, "--mode", "fast"]

# A library in C warns its developers and fails, and Python says something.
NOISE = """
import os, sys
from posture.cli import terminal
with terminal.quiet():
    os.write(2, b"W0000 00:00:1.0 1 manager.cc:121] Feedback\\nINFO: Created\\nE0000 00:00:1.0 1 no memory\\n")
    print("from Python", file=sys.stderr, flush=True)
print("afterwards", file=sys.stderr)
"""
# The proxy that the environment of C names, in which MediaPipe's metrics end.
PROXY = """
import ctypes, sys
from posture.__main__ import main
sys.argv = ["posture", "--version"]
try:
    main()
finally:
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    print(libc.getenv(b"https_proxy"))
"""
# What is loaded when the help is shown.
LOADED = """
import json, sys
from posture.__main__ import main
sys.argv = ["posture", "--help"]
try:
    main()
finally:
    print(json.dumps([*sys.modules]), file=sys.stderr)
"""


def at_a_terminal(command: list[str], **environment: str) -> str:
    """What a terminal shows of a process, which must end well."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        command, cwd=TOP, env={**os.environ, "TERM": "xterm", **environment}, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    shown = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        while True:
            try:
                piece = terminal.read(4096)
            except OSError:  # what Linux raises once nobody writes any more
                break
            if not piece:
                break
            shown += piece
    assert process.wait(60) == 0, shown
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_shows_of_libraries_what_is_no_chatter() -> None:
    shown = at_a_terminal([sys.executable, "-c", NOISE])
    assert shown == "from Python\nE0000 00:00:1.0 1 no memory\nafterwards\n"


def test_a_file_gets_all_that_libraries_say(tmp_path: Path) -> None:
    ran = python(tmp_path, TOP, "-c", NOISE)
    assert [line.split()[0] for line in ran.stderr.splitlines()] == ["W0000", "INFO:", "E0000", "from", "afterwards"]


def test_a_terminal_shows_the_table_in_colors_and_nothing_else() -> None:
    shown = at_a_terminal(MEASURE)
    assert shown.startswith("\x1b[1mFront: ")
    assert "\x1b[32mgood\x1b[0m" in shown
    assert shown.endswith("no diagnosis.\n")


@pytest.fixture
def compare(tmp_path: Path) -> list[str]:
    """A command that prints much and needs no model."""
    file = tmp_path / "a.json"
    file.write_text(json.dumps(measured(detect, FRONT_PHOTO, SIDE_PHOTO).answer(["details"])))
    return [sys.executable, "-m", "posture", "compare", str(file), str(file)]


def test_a_user_may_turn_colors_off(compare: list[str]) -> None:
    assert "\x1b[1m" in at_a_terminal(compare)
    assert "\x1b" not in at_a_terminal(compare, NO_COLOR="1")


def test_it_prints_where_characters_are_missing(compare: list[str]) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "koi8-r"}  # which has no plus-minus sign
    ran = subprocess.run(compare, cwd=TOP, env=environment, capture_output=True, encoding="koi8-r", check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert re.search(r"^  shoulder_tilt +5\.7  \? 0\.7° ", ran.stdout, re.MULTILINE)


def test_a_reader_who_has_seen_enough_ends_it_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "posture", "measure", "--help"]
    with os.fdopen(writing, "wb") as pipe:
        ran = subprocess.run(command, cwd=TOP, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert ran.stderr == b""


def test_its_help_loads_nothing_heavy(tmp_path: Path) -> None:
    ran = python(tmp_path, TOP, "-c", LOADED)
    assert ran.returncode == 0
    assert ran.stdout.startswith("Usage: posture [OPTIONS] COMMAND")
    heavy = {"numpy", "cv2", "mediapipe", "msgspec", "PIL", "runpod", "asyncio", "httpx", "tqdm", "jinja2"}
    assert heavy & {*json.loads(ran.stderr)} == set()


def test_it_stops_the_metrics_of_mediapipe(tmp_path: Path) -> None:
    ran = python(tmp_path, TOP, "-c", PROXY)
    assert ran.stdout.splitlines()[-1] == "b'none://'"


def test_without_the_model_it_ends_in_a_sentence_with_the_command(tmp_path: Path) -> None:
    ran = python(tmp_path, TOP, "-m", "posture", "measure", *PHOTOS)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(r"Error: The pose model is missing: .* Run: python -m posture\.model fetch\n", ran.stderr)


@pytest.mark.parametrize("library", ["click", "numpy", "mediapipe", "msgspec"])
def test_without_a_library_it_ends_in_a_sentence_with_the_command(tmp_path: Path, library: str) -> None:
    program = f"import sys; sys.modules[{library!r}] = None; from posture.__main__ import main; main()"
    ran = python(tmp_path, TOP, "-c", program, "measure", *PHOTOS)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert library in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    assert "pip install 'posture-measurement[measure]'" in ran.stderr
