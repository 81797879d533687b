"""Many pairs into a file: a bad one stops nothing, and what was stopped goes on."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from posture.analysis import measure
from posture.cli.batch import AHEAD, answers
from posture.cli.pairs import Pair, Photo
from posture.landmarks import Landmarks, Pixels
from posture.wire.answer import success
from posture.wire.request import DEFAULTS
from testing import DEMO
from testing.builders import FakePool, detect
from testing.processes import Process
from tests.cli.terminal import CONTENT, pair, photo, posture


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_folder_is_measured_pair_by_pair_in_order(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        pair(tmp_path, name)
    out = tmp_path / "out.jsonl"
    done = posture("batch", tmp_path, "--out", out)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"3 of 3 pairs are in {out}: 3 measured, 0 refused.\n"
    assert [line["id"] for line in lines(out)] == ["a", "b", "c"]
    expected = success(
        measure({view: CONTENT[view] for view in ("front", "side")}, DEFAULTS, FakePool(detect)), ["details"]
    )
    assert lines(out)[0]["answer"] == json.loads(json.dumps(expected))


def test_a_pair_that_cannot_be_measured_stops_no_other(tmp_path: Path) -> None:
    photo(tmp_path / "f.png", "front")
    photo(tmp_path / "s.png", "side")
    photo(tmp_path / "n.png", "nobody")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "folder").mkdir()
    (tmp_path / "pairs.csv").write_text(
        "id,front,side\nnobody,f.png,n.png\ntext,text.png,s.png\nmissing,f.png,gone.png\nfolder,folder,s.png\n"
        "none,f.png,\nboth,text.png,n.png\ngood,f.png,s.png\n"
    )
    out = tmp_path / "out.jsonl"
    done = posture("batch", tmp_path / "pairs.csv", "--out", out)
    assert done.exit_code == 1
    assert done.stderr == (
        f"7 of 7 pairs are in {out}: 1 measured, 6 refused (invalid_request 3, no_person 1, unsupported_format 2).\n"
    )
    told = {line["id"]: line["answer"] for line in lines(out)}
    assert {name: (answer.get("code"), answer.get("view")) for name, answer in told.items()} == {
        "nobody": ("no_person", "side"),
        "text": ("unsupported_format", "front"),
        "missing": ("invalid_request", "side"),
        "folder": ("invalid_request", "front"),
        "none": ("invalid_request", "side"),
        "both": ("unsupported_format", "front"),
        "good": (None, None),
    }
    assert [problem["view"] for problem in told["both"]["problems"]] == ["front", "side"]
    assert told["missing"]["error"] == (
        f"Invalid request for the side photo: there is no file {tmp_path / 'gone.png'}."
    )


def test_a_defect_at_one_pair_stops_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pair(tmp_path, "a")
    pair(tmp_path, "b", front="nobody")

    def broken(pixels: Pixels) -> list[Landmarks]:
        if not pixels.any(axis=(1, 2)).all() or pixels[0, 0].max() == 0 or pixels[0, -1].max() == 0:
            raise KeyError("secret")
        return detect(pixels)

    out = tmp_path / "out.jsonl"
    done = posture("batch", tmp_path, "--out", out, detect=broken)
    assert (done.exit_code, [line["answer"].get("code") for line in lines(out)]) == (1, [None, "internal_error"])
    assert [record.message.split(", line")[0] for record in caplog.records] == [
        "b: a defect, KeyError in test_batch.py"
    ]
    assert "secret" not in caplog.text + done.stderr + out.read_text()


def test_what_was_done_is_skipped_and_counted(tmp_path: Path) -> None:
    pair(tmp_path, "a", side="nobody")
    pair(tmp_path, "b")
    out = tmp_path / "out.csv"
    assert posture("batch", tmp_path, "--out", out).exit_code == 1
    before = out.read_bytes()
    again = posture("batch", tmp_path, "--out", out, detect=forbidden)
    assert (again.exit_code, out.read_bytes()) == (1, before)
    assert again.stderr == (f"2 of 2 pairs are in {out}, 2 from before: 1 measured, 1 refused (no_person 1).\n")
    pair(tmp_path, "c")
    posture("batch", tmp_path, "--out", out)
    assert [line.split(",")[0] for line in out.read_text().splitlines()] == ["id", "a", "b", "c"]


def forbidden(_pixels: Pixels) -> list[Landmarks]:
    raise AssertionError("it is measured again")


def test_one_that_is_interrupted_says_so_and_goes_on_from_there(tmp_path: Path) -> None:
    for number in range(9):
        pair(tmp_path, f"{number}", front="nobody" if number == 5 else "front")

    def until_the_sixth(pixels: Pixels) -> list[Landmarks]:
        found = detect(pixels)
        if not found:
            raise KeyboardInterrupt
        return found

    out = tmp_path / "out.jsonl"
    stopped = posture("batch", tmp_path, "--out", out, detect=until_the_sixth)
    assert stopped.exit_code == 130
    assert stopped.stderr == (
        f"5 of 9 pairs are in {out}: 5 measured, 0 refused. The same command goes on from here.\nError: interrupted.\n"
    )
    assert posture("batch", tmp_path, "--out", out).exit_code == 1
    assert [line["id"] for line in lines(out)] == [f"{number}" for number in range(9)]


def test_only_so_many_pairs_are_held_at_once() -> None:
    drawn = 0

    def many() -> Iterator[Pair]:
        nonlocal drawn
        for drawn in range(1, 1001):
            yield Pair(str(drawn), {})

    coming = answers(many(), DEFAULTS, FakePool(detect), 2)
    for number in range(1, 6):
        pair, answer = next(coming)
        assert (pair.name, answer["code"]) == (str(number), "internal_error")
        assert drawn < number + 2 * AHEAD
    coming.close()
    assert drawn < 1000


def test_pairs_are_measured_at_the_same_time_and_told_in_order(tmp_path: Path) -> None:
    photos: dict[str, Photo] = {"front": photo(tmp_path / "f", "front"), "side": photo(tmp_path / "s", "side")}
    both = threading.Barrier(2, timeout=60)

    def together(pixels: Pixels) -> list[Landmarks]:
        both.wait()  # passed only where two are at work
        return detect(pixels)

    pairs = [Pair(name, photos) for name in ("b", "a", "d", "c")]
    told = list(answers(pairs, DEFAULTS, FakePool(together), 2))
    assert [(pair.name, answer["status"]) for pair, answer in told] == [(pair.name, "success") for pair in pairs]


def test_a_process_that_is_interrupted_ends_with_a_file_that_it_can_complete(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(60):
        for view in ("front", "side"):
            (photos / f"{number:02}_{view}.jpg").symlink_to(DEMO / f"{view}_image.jpg")
    out = tmp_path / "out.csv"
    command = [sys.executable, "-m", "posture", "batch", str(photos), "--out", str(out), "--mode", "fast"]
    with Process(tmp_path, command, dict(os.environ)) as process:
        until = time.monotonic() + 200
        while not (out.exists() and out.read_bytes().count(b"\n") > 2) and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        assert process.exit_status(60) == 130
        assert "Traceback" not in process.output
        assert process.output.endswith("Error: interrupted.\n")
    rows = out.read_bytes()
    assert rows.endswith(b"\n")
    names = [line.split(b",")[0].decode() for line in rows.splitlines()]
    assert 3 <= len(names) < 61
    assert names == ["id", *(f"{number:02}" for number in range(len(names) - 1))]
