"""Answers that were kept as files: compared with each other, and made into a page."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from posture import comparison
from posture.cli import tables
from posture.wire.answer import success
from testing.builders import FRONT, FRONT_PHOTO, SIDE_PHOTO, detect, detect_by, landmarks
from testing.builders import SIDE as PROFILE
from tests.cli.terminal import posture
from tests.posture.people import measured

LATER = detect_by(red=[landmarks(FRONT, left_shoulder=(580, 290))], lime=[landmarks(PROFILE)])


def answer(visit: str = "first", **options: Any) -> dict[str, Any]:
    found = {"first": detect, "later": LATER}[visit]
    return success(measured(found, FRONT_PHOTO, SIDE_PHOTO, **options), ["details", "measures", "overlay"])


def kept(file: Path, answer: object) -> Path:
    file.write_text(json.dumps(answer))
    return file


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return kept(tmp_path / "a.json", answer())


@pytest.fixture
def later(tmp_path: Path) -> Path:
    return kept(tmp_path / "b.json", answer("later"))


def test_it_tells_what_has_changed_by_more_than_photos_of_the_same_stance_do(first: Path, later: Path) -> None:
    done = posture("compare", f"2025-03-01={first}", f"2025-06-01={later}")
    assert (done.exit_code, done.stderr) == (0, "")
    compared = comparison.compare([answer(), answer("later")])
    rows = {(row.view, row.measure.name): row.visits[1] for row in compared.rows}
    shoulders, pelvis = rows["front", "shoulder_tilt"], rows["front", "pelvic_tilt"]
    assert shoulders is not None
    assert pelvis is not None
    lines = done.stdout.splitlines()
    assert lines[0] == "2025-06-01 against 2025-03-01"
    assert f"{shoulders.difference:+.1f}°   {shoulders.limit:.1f}°  exceeds" in lines[4]
    assert lines[4].startswith("  shoulder_tilt           5.7  ± 0.7°  10.6  ± 0.7°")
    assert f"0.0°   {pelvis.limit:.1f}°  within" in lines[5]
    assert len(
        [line for line in lines if line.endswith(("°  exceeds", "°  within", "%  exceeds", "%  within"))]
    ) == len(rows)


def test_what_excludes_no_value_is_told_in_a_word(tmp_path: Path, first: Path) -> None:
    unsure = answer("later")
    unsure["data"]["details"]["front_view"]["angles"]["shoulder_tilt"]["uncertainty"] = 4e9
    lines = posture("compare", str(first), str(kept(tmp_path / "b.json", unsure))).stdout.splitlines()
    (shoulders, *_) = (line.split() for line in lines if "shoulder_tilt" in line)
    assert shoulders == ["shoulder_tilt", "5.7", "±", "0.7°", "10.6", "±", "anything", "+4.9°", "anything", "within"]


def test_each_later_visit_is_compared_with_the_first_and_called_after_its_file(first: Path, later: Path) -> None:
    done = posture("compare", first, later, f"again={first}")
    assert [line for line in done.stdout.splitlines() if " against " in line] == ["b against a", "again against a"]


def test_visits_that_were_measured_differently_are_not_compared(first: Path, tmp_path: Path) -> None:
    other = kept(tmp_path / "other.json", answer("later", mode="fast"))
    done = posture("compare", first, other)
    assert done.exit_code == 0
    assert "not compared: mode fast (one look at each photo), at the first visit standard" in done.stdout
    assert not any(line.endswith(("exceeds", "within")) for line in done.stdout.splitlines())


def test_the_result_of_a_job_on_the_platform_may_stand_for_its_answer(first: Path, tmp_path: Path) -> None:
    job = kept(tmp_path / "job.json", {"id": "1", "status": "COMPLETED", "output": answer("later")})
    assert "°  exceeds\n" in posture("compare", first, job).stdout


def test_a_file_may_have_a_name_with_the_sign_of_labels(first: Path, tmp_path: Path) -> None:
    named = kept(tmp_path / "x=y.json", answer())
    assert posture("compare", first, named).stdout.startswith("x=y against a\n")


def test_what_is_to_be_known_of_one_measure_stands_below_the_table(first: Path, tmp_path: Path) -> None:
    edited = answer("later")
    edited["data"]["details"]["front_view"]["angles"]["head_tilt"]["source"] = "face"
    del edited["data"]["details"]["front_view"]["measures"]["body_lean"]
    done = posture("compare", first, kept(tmp_path / "b.json", edited))
    front, side = done.stdout.split("  Side\n")
    assert front.endswith("    head_tilt: not compared: read from the face, at the first visit from the ears\n")
    assert re.search(r"^  body_lean +-?\d.* no value$", front, re.MULTILINE)
    assert "not compared" not in side


@pytest.mark.parametrize("wide", [80, 120])
def test_at_a_terminal_every_line_of_a_comparison_fits(wide: int) -> None:
    lines = [*tables.compared(comparison.compare([answer(), answer("later")]), wide)]
    assert max(len(click.unstyle(line)) for line in lines) <= wide


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ("{", "{} holds no JSON."),
        ("[" * 100_000, "{} holds no JSON."),
        ("3", "the answer of the visit 'b' cannot be used: it is not an answer of the worker."),
        ('{"status": "error"}', "the answer of the visit 'b' cannot be used: it is a refusal: nothing was measured."),
        (None, "{} cannot be read: No such file or directory."),
    ],
)
@pytest.mark.parametrize("command", ["compare", "report"])
def test_a_file_that_is_no_answer_is_told(
    first: Path, tmp_path: Path, command: str, held: str | None, told: str
) -> None:
    file = tmp_path / "b.json"
    if held is not None:
        file.write_text(held)
    out = ["--out", tmp_path / "out.html"] if command == "report" else []
    done = posture(command, f"a={first}", f"b={file}", *out)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"Error: {told.format(file)}\n")
    assert not (tmp_path / "out.html").exists()


def test_one_answer_is_compared_with_nothing(first: Path) -> None:
    done = posture("compare", first)
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, "Error: There must be at least two answers.")


def test_a_report_is_a_page_with_labels_and_pictures(first: Path, later: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.html"
    done = posture("report", f"2025-03-01={first}", f"2025-06-01={later}", "--out", out, "--language", "de")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    page = out.read_text(encoding="utf-8")
    assert '<html lang="de"' in page
    assert page.count("data:image/jpeg;base64,") == 4
    for expected in ("2025-03-01", "2025-06-01", "linke Schulter um 5,7 Grad höher"):
        assert expected in page


def test_a_report_does_not_write_over_what_it_reads(first: Path, tmp_path: Path) -> None:
    before = first.read_bytes()
    done = posture("report", first, "--out", tmp_path / "." / "a.json")
    assert (done.exit_code, first.read_bytes()) == (2, before)
    assert done.stderr.endswith("a.json is read, and would be written over.\n")
