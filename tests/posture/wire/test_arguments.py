"""A request at a command line."""

import argparse
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from posture.options import option
from posture.wire import arguments
from posture.wire.request import RequestOptions


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="program")
    arguments.add(made)
    return made


def told(words: str) -> dict[str, Any]:
    """The options of a command line, as a request has them."""
    made = parser()
    return arguments.options(made, made.parse_args(words.split()))


def complaint(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    def read() -> None:
        made = parser()
        given = made.parse_args(words.split())
        arguments.photos(made, given)
        arguments.options(made, given)

    with pytest.raises(SystemExit) as ended:
        read()
    assert ended.value.code == 2
    return capsys.readouterr().err.rpartition("program: error: ")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("", {}),
        ("--mode precise", {"mode": "precise"}),
        ("--strict", {"strict": True}),
        ("--no-strict --calibration anatomical", {"strict": False, "calibration": "anatomical"}),
        ("--include details measures --include landmarks", {"include": ["details", "measures", "landmarks"]}),
        ("--camera-roll front=-2.5 side=0", {"camera_roll": {"front": -2.5, "side": 0}}),
        ("--camera-roll front=+2.5 --camera-roll side=.5", {"camera_roll": {"front": 2.5, "side": 0.5}}),
        ("--mirrored side=YES front=no", {"mirrored": {"side": True, "front": False}}),
        ("--mirrored side", {"mirrored": {"side": True}}),
        ("--mirrored side=true front=false", {"mirrored": {"side": True, "front": False}}),
        (
            "--camera front.roll=2 front.pitch=-5 --camera side.focal_35mm=28 --level lines",
            {"camera": {"front": {"roll": 2, "pitch": -5}, "side": {"focal_35mm": 28}}, "level": "lines"},
        ),
        ("--camera front.roll=null", {"camera": {"front": {"roll": None}}}),
        ("--camera front={}", {"camera": {"front": {}}}),
    ],
)
def test_options_are_as_a_request_has_them(words: str, options: dict[str, Any]) -> None:
    assert told(words) == options


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--mode slow", "argument --mode: invalid choice"),
        ("--include everything", "argument --include: invalid choice"),
        ("--camera-roll front=181", "`camera_roll` takes an object with `front`, `side` or both, each degrees between"),
        ("--camera-roll front=NaN", "`camera_roll` takes an object"),
        ("--camera back.roll=1", "`camera` takes an object with `front`, `side` or both"),
        ("--camera-roll front=yes", "`camera_roll` takes an object"),
        ("--mirrored front=2", "`mirrored` takes an object with `front`, `side` or both, each true or false."),
        ("--mirrored front=", "`mirrored` takes an object"),
        ("--mirrored =", "`mirrored` takes an object"),
        ("--camera front=1 front.roll=2", "--camera tells front.roll twice."),
        ("--camera-roll front=1 --camera-roll front=2", "--camera-roll tells front twice."),
        ("--level none --camera-roll front=1", "the tilt of the front photo is given, and `level` is `none`."),
        (f"--camera front={'[' * 5000}", "`camera` takes an object"),
    ],
)
def test_a_value_that_an_option_cannot_have_ends_the_program(
    capsys: pytest.CaptureFixture[str], words: str, why: str
) -> None:
    assert why in complaint(words, capsys)


def test_photos_are_base64_texts_by_their_names(tmp_path: Path) -> None:
    for name in ("f", "s"):
        (tmp_path / name).write_bytes(name.encode())
    made = parser()
    given = made.parse_args(["--front", str(tmp_path / "f"), "--side", str(tmp_path / "s")])
    assert arguments.photos(made, given) == {"front": "Zg==", "side": "cw=="}
    assert arguments.photos(made, made.parse_args([])) == {}


@pytest.mark.parametrize("words", ["--front {here}", "--side {here}"])
def test_one_photo_alone_ends_the_program(capsys: pytest.CaptureFixture[str], words: str) -> None:
    assert complaint(words.format(here=__file__), capsys) == "--front and --side go together"


def test_a_photo_that_cannot_be_read_ends_the_program(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert complaint(f"--front {tmp_path}/no.jpg --side {__file__}", capsys) == (
        f"{tmp_path}/no.jpg cannot be read: No such file or directory"
    )


def test_the_help_has_every_option_of_a_request() -> None:
    shown = parser().format_help()
    for name in RequestOptions.__struct_fields__:
        assert f"--{name.replace('_', '-')}" in shown
    assert "`" not in shown


class Tomorrow(RequestOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Options as they might be one day."""

    size: Annotated[int, msgspec.Meta(ge=256), option("256 and more", "How large.")] = 1024


def test_an_option_of_another_kind_is_given_as_json_writes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "RequestOptions", Tomorrow)
    monkeypatch.setattr(arguments, "DEFAULTS", Tomorrow())
    assert told("--size 512 --mode fast") == {"size": 512, "mode": "fast"}
    with pytest.raises(SystemExit):
        told("--size small")
