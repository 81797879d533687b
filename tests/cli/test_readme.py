"""What the README says of the command line is what it does."""

import json
import re
import shlex
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner

import posture as library
from posture.cli import commands
from testing import DEMO, TOP
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, detect
from tests.cli.terminal import pair, photo, posture
from tests.posture.people import measured

SECTION = re.split(r"^## ", (TOP / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
(TERMINAL,) = (section for section in SECTION if section.startswith("From a terminal\n"))


def test_its_commands_work_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for view in ("front", "side"):
        photo(tmp_path / f"{view}.jpg", view)
    (tmp_path / "pairs.csv").write_text("front,side\nfront.jpg,side.jpg\n")
    (tmp_path / "photos").mkdir()
    pair(tmp_path / "photos", "somebody")
    answer = measured(detect, FRONT_PHOTO, SIDE_PHOTO).answer(["overlay"])
    (tmp_path / "2025-03-01.json").write_text(json.dumps(answer))
    lines = re.findall(r"^posture (.*)$", TERMINAL, re.MULTILINE)
    assert {line.split()[0] for line in lines} == {*commands.commands} - {"serve"}  # which does not end
    for line in lines:
        command, _, output = line.partition(" > ")
        done = posture(*shlex.split(command))
        assert done.exit_code == 0, done.stderr
        if output:
            (tmp_path / output).write_text(done.stdout)
    assert {file.name for file in tmp_path.glob("*.html")} == {"today.html", "visits.html"}
    assert len((tmp_path / "results.csv").read_text().splitlines()) == 2


def test_its_table_is_the_one_that_is_printed(pool: library.LandmarkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    photos = [str((DEMO / f"{view}_image.jpg").relative_to(TOP)) for view in ("front", "side")]
    done = CliRunner().invoke(commands, ["measure", *photos], obj=lambda _landmarkers: nullcontext(pool))
    front, _, _side = done.stdout.partition("\n\n")
    assert f"```\n{front}\n```" in TERMINAL
