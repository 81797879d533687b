"""The file of a batch: what stands in it, and that another run goes on with it and with nothing else."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from posture import __version__
from posture.cli.failures import UnfitError
from posture.cli.results import Results
from posture.errors import Finding, PoseNotDetectedError
from posture.wire.answer import failure
from posture.wire.request import DEFAULTS, RequestOptions
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, detect
from tests.posture.people import measured

ASKED = msgspec.structs.replace(DEFAULTS, include=frozenset({"details"}))
MEASURED = measured(detect, FRONT_PHOTO, SIDE_PHOTO).answer(["details"])
REFUSED = failure(PoseNotDetectedError(Finding("no_person", "no person was found.", "Show one person.", "side")))
ROWS: list[tuple[str, dict[str, Any]]] = [("a", MEASURED), ("b, c", REFUSED), ("Müller", MEASURED)]


def fill(path: Path, rows: list[tuple[str, dict[str, Any]]], options: RequestOptions = ASKED) -> list[str]:
    """Writes those rows that are not there yet; the names that were there."""
    with Results(path, options) as results:
        for name, answer in rows:
            if name not in results.done:
                results.add(name, answer)
        return list(results.done)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_a_row_of_a_table_holds_each_angle_and_how_it_was_measured(tmp_path: Path) -> None:
    fill(tmp_path / "r.csv", ROWS)
    first, second, third = table(tmp_path / "r.csv")
    assert first["id"] == "a"
    assert (first["status"], first["code"], first["view"], first["error"]) == ("success", "", "", "")
    told = MEASURED["data"]["details"]
    for view in ("front", "side"):
        for name, reading in told[f"{view}_view"]["angles"].items():
            assert float(first[f"{view}_{name}"]) == reading["value"]
            assert float(first[f"{view}_{name}_uncertainty"]) == reading["uncertainty"]
    assert first["front_head_tilt_source"] == "ears"
    assert (first["mode"], first["calibration"], first["level"]) == ("standard", "none", "auto")
    assert first["version"] == __version__
    assert (second["id"], second["code"], second["view"]) == ("b, c", "no_person", "side")
    assert second["error"] == "Could not detect pose landmarks for the side photo: no person was found."
    assert second["front_shoulder_tilt"] == ""
    assert third["id"] == "Müller"


def test_a_table_holds_the_codes_of_warnings_and_measures_where_they_are_asked_for(tmp_path: Path) -> None:
    answer = measured(detect, FRONT_PHOTO, SIDE_PHOTO).answer(["measures"])
    warning = {"code": "photo_dark", "message": "dark.", "advice": "Light."}
    for view in ("front_view", "side_view"):
        answer["data"]["details"][view]["warnings"] = [warning]
    answer["data"]["details"]["side_view"]["warnings"] = [warning, {**warning, "code": "ear_hidden"}]
    asked = msgspec.structs.replace(DEFAULTS, include=frozenset({"measures"}))
    fill(tmp_path / "r.csv", [("a", answer)], asked)
    (row,) = table(tmp_path / "r.csv")
    assert row["warnings"] == "front:photo_dark side:photo_dark side:ear_hidden"
    read = answer["data"]["details"]["front_view"]["measures"]["left_knee_deviation"]
    assert float(row["front_left_knee_deviation"]) == read["value"]


def test_a_line_of_json_holds_the_whole_answer(tmp_path: Path) -> None:
    fill(tmp_path / "r.jsonl", ROWS)
    lines = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [{"id": name, "answer": answer} for name, answer in ROWS]


@pytest.mark.parametrize("name", ["=1+1", "+49", "-5", "@SUM(A1)", "'=1", "'"])
def test_no_id_is_a_formula_to_a_spreadsheet(tmp_path: Path, name: str) -> None:
    fill(tmp_path / "r.csv", [(name, MEASURED)])
    (row,) = table(tmp_path / "r.csv")
    assert row["id"] == f"'{name}"
    assert fill(tmp_path / "r.csv", []) == [name]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "ndjson", "CSV"])
def test_what_is_there_is_not_written_again(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"r.{ending}"
    assert fill(file, ROWS[:2]) == []
    assert fill(file, ROWS) == ["a", "b, c"]
    whole = file.read_bytes()
    assert fill(file, ROWS) == ["a", "b, c", "Müller"]
    assert file.read_bytes() == whole


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_wherever_it_was_cut_off_it_is_completed(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"r.{ending}"
    fill(file, ROWS)
    whole = file.read_bytes()
    for length in {*range(0, len(whole), 97), *range(40), *range(len(whole) - 40, len(whole))}:
        file.write_bytes(whole[:length])
        fill(file, ROWS)
        assert file.read_bytes() == whole, f"cut off after {length} bytes"


def test_it_knows_what_was_refused(tmp_path: Path) -> None:
    for ending in ("csv", "jsonl"):
        fill(tmp_path / f"r.{ending}", ROWS)
        with Results(tmp_path / f"r.{ending}", ASKED) as results:
            assert {name: done.code for name, done in results.done.items()} == {
                "a": None,
                "b, c": "no_person",
                "Müller": None,
            }


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("r.csv", b"id,front,side\n1,a.jpg,b.jpg\n"),
        ("r.csv", b"id"[:1] + b"tem"),
        ("r.csv", b"\n"),
        ("r.csv", "HEAD1,success\n"),
        ("r.csv", 'HEAD"1,success\n'),
        ("r.csv", b"HEAD\xff\n"),
        ("r.jsonl", b'{"status": "success"}\n'),
        ("r.jsonl", b'{"id": "1"}\n'),
        ("r.jsonl", b'{"id": "1", "answer": 3}\n'),
        ("r.jsonl", b'{"id": "1", "answer": {"data": {"details": 3}}}\n'),
        ("r.jsonl", b'{"id": \n'),
        ("r.jsonl", b"[]\n"),
        ("r.jsonl", b"a letter to somebody"),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path, name: str, held: bytes | str) -> None:
    fill(tmp_path / "empty.csv", [])
    head = (tmp_path / "empty.csv").read_bytes()
    file = tmp_path / name
    before = (held.encode() if isinstance(held, str) else held).replace(b"HEAD", head)
    file.write_bytes(before)
    with pytest.raises(UnfitError, match="is there and holds something else: name another file by --out"):
        Results(file, ASKED)
    assert file.read_bytes() == before


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_what_was_measured_otherwise_is_not_mixed_with_it(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"r.{ending}"
    fill(file, ROWS)
    before = file.read_bytes()
    with pytest.raises(UnfitError, match="measured with mode standard, and now it is fast: name another file"):
        Results(file, msgspec.structs.replace(ASKED, mode="fast"))
    assert file.read_bytes() == before


def test_the_ending_says_what_is_written(tmp_path: Path) -> None:
    with pytest.raises(UnfitError, match=r"ends with \.csv or \.jsonl or \.ndjson, not to "):
        Results(tmp_path / "r.xlsx", ASKED)
    assert not (tmp_path / "r.xlsx").exists()
