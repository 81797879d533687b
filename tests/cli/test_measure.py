"""posture measure: a table with words, or the worker's answer, and a status that says what became of it."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from posture import __version__
from posture.cli import commands, tables
from posture.cli.flags import flags
from posture.landmarks import Landmarks, Pixels
from posture.wire.request import RequestOptions
from posture.worker.settings import Settings
from posture.worker.worker import Worker
from testing import DEMO, TOP
from testing.builders import FRONT_PHOTO, NOBODY, SIDE_PHOTO, FakePool, StrictLog, detect
from tests.cli.terminal import photo, posture
from tests.posture.people import measured


@pytest.fixture
def front(tmp_path: Path) -> Path:
    return photo(tmp_path / "front.png", "front")


@pytest.fixture
def side(tmp_path: Path) -> Path:
    return photo(tmp_path / "side.png", "side")


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    return photo(tmp_path / "nobody.png", "nobody")


def worker(front: str, side: str, **options: Any) -> Any:
    """What the worker answers to the same."""
    worker = Worker(lambda: FakePool(detect), lambda: Settings(1, 1, "none"), StrictLog())
    return worker.handle({"input": {"front": front, "side": side, **options}})


def test_it_prints_a_row_of_each_angle_with_its_uncertainty_and_what_it_means(front: Path, side: Path) -> None:
    done = posture("measure", front, side)
    assert (done.exit_code, done.stderr) == (0, "")
    answer = worker(FRONT_PHOTO, SIDE_PHOTO, include=["details"])["data"]["details"]
    rows = re.findall(r"^  ([a-z_]+) +(-?[\d.]+)  ± ([\d.]+)°  (good|fair|poor) +(.*)$", done.stdout, re.MULTILINE)
    assert rows == [
        (name, f"{of['value']:.1f}", f"{of['uncertainty']:.1f}", of["trust"], of["sentence"])
        for view in ("front_view", "side_view")
        for name, of in answer[view]["angles"].items()
    ]
    assert rows[0][4] == "left shoulder higher by 5.7 degrees"


def test_it_says_how_the_photos_were_levelled_and_measured(front: Path, side: Path) -> None:
    done = posture("measure", front, side, "--camera-roll", "front=2.5", "--mirrored", "side", "--mode", "fast")
    head, tail = done.stdout.split("Side: ")
    assert head.startswith(f"Front: {front}\n  1000x1100; levelled as told: roll 2.5°, pitch 0.0°\n")
    assert tail.startswith(
        f"{side}\n  1000x1100, left side, facing right, mirrored; not levelled: nobody told how the camera was held\n"
    )
    assert f"Measured with mode fast, calibration none, level auto, by posture {__version__}." in tail


def test_it_prints_warnings_with_advice(front: Path, side: Path) -> None:
    done = posture("measure", side, front, "--no-strict")
    assert done.exit_code == 0
    (warning, *_) = worker(SIDE_PHOTO, FRONT_PHOTO, strict=False)["data"]["details"]["front_view"]["warnings"]
    assert f"\n  warning {warning['code']}: {warning['message']} {warning['advice']}\n" in done.stdout


def test_sentences_are_in_the_language_that_is_asked_for(front: Path, side: Path) -> None:
    assert "linke Schulter um 5,7 Grad höher\n" in posture("measure", front, side, "--language", "de").stdout


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((), {"include": ["details"]}),
        (("--include", "measures", "--mode", "fast"), {"include": ["details", "measures"], "mode": "fast"}),
        (("--no-strict", "--camera", "side.pitch=-3"),
         {"include": ["details"], "strict": False, "camera": {"side": {"pitch": -3}}}),
        (("--include", "landmarks", "--language", "de"),
         {"include": ["details", "landmarks"], "language": "de"}),
    ],
)  # fmt: skip
def test_as_json_it_is_the_workers_answer_with_details(
    front: Path, side: Path, arguments: tuple[str, ...], options: dict[str, Any]
) -> None:
    done = posture("measure", front, side, "--json", *arguments)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads(json.dumps(worker(FRONT_PHOTO, SIDE_PHOTO, **options)))


def test_it_draws_what_it_measured_on_copies_beside_the_table(front: Path, side: Path, tmp_path: Path) -> None:
    done = posture(
        "measure", front, side, "--overlay", tmp_path / "new" / "folder", "--overlay-size", 300, "--blur-face"
    )
    assert (done.exit_code, done.stdout.count("shoulder_tilt")) == (0, 1)
    drawn = measured(detect, FRONT_PHOTO, SIDE_PHOTO)
    for view in ("front", "side"):
        file = tmp_path / "new" / "folder" / f"{view}_overlay.jpg"
        assert file.read_bytes() == drawn.overlay(view, 300, blur_face=True)


def test_pictures_of_photos_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    for view in ("front", "side"):
        (tmp_path / view).mkdir()
        photo(tmp_path / view / "1.png", view)
    assert posture("measure", tmp_path / "front/1.png", tmp_path / "side/1.png", "--overlay", tmp_path).exit_code == 0
    assert {file.name for file in tmp_path.glob("*.jpg")} == {"1_front_overlay.jpg", "1_side_overlay.jpg"}


@pytest.mark.parametrize("asked", ["--report", "--overlay"])
def test_no_photo_is_written_over(tmp_path: Path, asked: str) -> None:
    front, side = photo(tmp_path / "a.png", "front"), photo(tmp_path / "a_overlay.jpg", "side")
    before = side.read_bytes()
    done = posture("measure", front, side, asked, {"--report": side, "--overlay": tmp_path / "."}[asked])
    assert (done.exit_code, side.read_bytes()) == (2, before)
    assert done.stderr.endswith("a_overlay.jpg is read, and would be written over.\n")


def test_it_writes_a_page_with_pictures_and_the_label(front: Path, side: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = posture("measure", front, side, "--report", out, "--label", "1 March", "--language", "de", "--blur-face")
    assert (done.exit_code, done.stdout.count("shoulder_tilt")) == (0, 1)
    page = out.read_text(encoding="utf-8")
    assert "1 March" in page
    assert '<html lang="de"' in page
    for view in ("front", "side"):
        blurred = measured(detect, FRONT_PHOTO, SIDE_PHOTO).overlay(view, blur_face=True)
        assert base64.b64encode(blurred).decode() in page


@pytest.mark.parametrize("label", ["x" * 61, "a\nb"])
def test_a_label_that_no_page_could_show_is_told(front: Path, side: Path, tmp_path: Path, label: str) -> None:
    done = posture("measure", front, side, "--report", tmp_path / "report.html", "--label", label)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: the label of a visit must be a line of at most 60 characters")


def test_a_label_without_a_page_is_told(front: Path, side: Path) -> None:
    done = posture("measure", front, side, "--label", "June")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: --label is what a --report calls the visit, and none is asked for.\n")


def test_what_cannot_be_written_is_told_in_a_sentence(front: Path, side: Path, tmp_path: Path) -> None:
    done = posture("measure", front, side, "--report", tmp_path / "nowhere" / "report.html")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"Error: {tmp_path}/nowhere/report.html: No such file or directory.\n"


def test_a_refusal_is_told_with_its_advice_for_each_photo(nobody: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no picture")
    done = posture("measure", nobody, tmp_path / "text")
    assert (done.exit_code, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert first.startswith("  no_person: front photo: no person was found. Show one person standing")
    assert second.startswith("  unsupported_format: side photo: ")


def test_a_refusal_as_json_is_the_workers_too(front: Path, nobody: Path) -> None:
    done = posture("measure", front, nobody, "--json")
    assert (done.exit_code, done.stderr) == (1, "")
    assert json.loads(done.stdout) == worker(FRONT_PHOTO, NOBODY)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("missing.jpg", "missing.jpg"), "Error: Invalid value for 'FRONT': File 'missing.jpg' does not exist."),
        ((str(TOP), str(TOP)), f"Error: Invalid value for 'FRONT': File '{TOP}' is a directory."),
        ((str(DEMO / "truth.json"),), "Error: Missing argument 'SIDE'."),
        ((str(DEMO / "truth.json"),) * 2 + ("--mode", "slow"),
         "Error: Invalid value for '--mode': 'slow' is not one of 'fast', 'standard', 'precise'."),
        ((str(DEMO / "truth.json"),) * 2 + ("--camera-roll", "front=askew"),
         ("Error: the value of --camera-roll is not one it can have. --camera-roll takes an object with `front`, "
          "`side` or both, each degrees between -180 and 180.")),
    ],
)  # fmt: skip
def test_what_cannot_be_done_as_asked_is_told_in_a_sentence(arguments: tuple[str, ...], told: str) -> None:
    done = posture("measure", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == told


def test_a_defect_is_told_in_a_sentence_without_what_it_says(front: Path, side: Path) -> None:
    def broken(_pixels: Pixels) -> list[Landmarks]:
        raise KeyError("secret")

    done = posture("measure", front, side, detect=broken)
    assert (done.exit_code, done.stdout) == (70, "")
    assert re.fullmatch(
        rf"Error: this is a defect of posture {__version__}: KeyError in test_measure\.py, line \d+\.\n", done.stderr
    )


def test_an_interrupt_is_told_in_a_word(front: Path, side: Path) -> None:
    def interrupted(_pixels: Pixels) -> list[Landmarks]:
        raise KeyboardInterrupt

    done = posture("measure", front, side, detect=interrupted)
    assert (done.exit_code, done.stderr) == (130, "Error: interrupted.\n")


@pytest.mark.parametrize("wide", [72, 80, 120])
def test_at_a_terminal_every_line_fits(wide: int) -> None:
    answer = measured(detect, FRONT_PHOTO, SIDE_PHOTO).answer(["measures"], "de")
    answer["data"]["details"]["front_view"]["warnings"] = [
        {"code": "part_hidden", "message": "something hides the knees " * 9, "advice": "Take it away. " * 9}
    ]
    lines = list(tables.measured(answer, {"front": "front.jpg", "side": "side.jpg"}, wide))
    assert max(len(click.unstyle(line)) for line in lines) <= wide
    whole = " ".join(" ".join(map(click.unstyle, lines)).split())
    for view in ("front_view", "side_view"):
        of = answer["data"]["details"][view]
        for reading in (*of["angles"].values(), *of["measures"].values()):
            words = reading["sentence"].split()
            assert all(word in whole for word in words)


def test_how_sure_a_value_is_has_a_color() -> None:
    answer = measured(detect, FRONT_PHOTO, SIDE_PHOTO).answer(["details"])
    lines = list(tables.measured(answer, {"front": "f", "side": "s"}, 80))
    colors = {"good": 32, "fair": 33, "poor": 31}
    for line in lines:
        for trust, color in colors.items():
            if re.search(rf"°  \S*{trust}", line):
                assert f"\x1b[{color}m{trust}\x1b[0m" in line
    assert any("\x1b[" in line for line in lines)


COMMANDS = ["", *commands.commands]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_or_the_statuses_and_fits_a_terminal(name: str) -> None:
    done = posture(*name.split(), "--help")
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert ("Examples:" if name else "130  interrupted") in done.stdout


@pytest.mark.parametrize("name", ["measure", "batch"])
def test_help_holds_every_option_of_a_request(name: str) -> None:
    told = posture(name, "--help").stdout
    assert len(flags()) == len(RequestOptions.__struct_fields__)
    for field in msgspec.structs.fields(RequestOptions):
        assert f"  --{field.name.replace('_', '-')} " in told
