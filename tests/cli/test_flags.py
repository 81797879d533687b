"""Every option of a request is a flag, made from the same table."""

from typing import Any

import click
import msgspec
import pytest

from posture.camera import Told
from posture.cli.flags import chosen, flags
from posture.wire.request import DEFAULTS, RequestOptions


def parsed(*arguments: str) -> RequestOptions:
    """The options that these arguments ask for."""
    command = click.Command("posture", params=flags())
    return chosen(command.make_context("posture", [*arguments]).params)


def refused(*arguments: str) -> str:
    with pytest.raises(click.UsageError) as caught:
        parsed(*arguments)
    return caught.value.message


def test_each_option_is_a_flag_of_its_name() -> None:
    assert [flag.name for flag in flags()] == [field.name for field in msgspec.structs.fields(RequestOptions)]


def test_no_flag_asks_for_what_a_request_without_options_does() -> None:
    assert parsed() == DEFAULTS


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--mode precise", {"mode": "precise"}),
        ("--no-strict", {"strict": False}),
        ("--strict", {"strict": True}),
        ("--calibration anatomical --level lines", {"calibration": "anatomical", "level": "lines"}),
        ("--include overlay --blur-face --overlay-size 512",
         {"include": frozenset({"overlay"}), "blur_face": True, "overlay_size": 512}),
        ("--language de", {"language": "de"}),
        ("--include measures --include landmarks", {"include": frozenset({"measures", "landmarks"})}),
        ("--camera-roll front=2.5 --camera-roll side=-3", {"camera_roll": {"front": 2.5, "side": -3.0}}),
        ("--camera front.roll=2 --camera front.pitch=-4", {"camera": {"front": Told(roll=2, pitch=-4)}}),
        ("--mirrored side", {"mirrored": {"side": True}}),
        ("--mirrored front=no --mirrored side=YES", {"mirrored": {"front": False, "side": True}}),
    ],
)  # fmt: skip
def test_a_flag_says_what_an_option_does(arguments: str, expected: dict[str, Any]) -> None:
    assert parsed(*arguments.split()) == msgspec.structs.replace(DEFAULTS, **expected)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--camera-roll front=askew", "the value of --camera-roll is not one it can have."),
        ("--camera-roll front=181", "the value of --camera-roll is not one it can have."),
        ("--camera-roll front=nan", "the value of --camera-roll is not one it can have."),
        ("--camera-roll front", "the value of --camera-roll is not one it can have."),
        ("--camera-roll back=2", "the value of --camera-roll is not one it can have."),
        ("--mirrored front=", "the value of --mirrored is not one it can have."),
        ("--mirrored front=2", "the value of --mirrored is not one it can have."),
        ("--camera front=2", "the value of --camera is not one it can have."),
        ("--camera front.yaw=2", "the value of --camera is not one it can have."),
        ("--camera-roll front=1 --camera-roll front=2", "--camera-roll tells front twice."),
        ("--camera front=1 --camera front.roll=2", "--camera tells front.roll twice."),
        ("--camera-roll front=1 --camera front.roll=1", "the roll of the front photo is given twice."),
        ("--blur-face", '--blur-face without an overlay. Send `"include": ["overlay"]` too, or leave it out.'),
        ("--include overlay --overlay-size 100", "the value of --overlay-size is not one it can have."),
        ("--mode slow", "'slow' is not one of 'fast', 'standard', 'precise'."),
        ("--tempo slow", "No such option '--tempo'."),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused(arguments: str, told: str) -> None:
    assert refused(*arguments.split()).startswith(told)


def test_options_may_be_asked_for_whatever_the_flags_are() -> None:
    assert chosen({"mode": "fast", "out": "file"}, include=["details"]) == msgspec.structs.replace(
        DEFAULTS, mode="fast", include=frozenset({"details"})
    )


def test_a_command_may_take_some_of_the_flags_alone_with_words_of_its_own() -> None:
    (flag,) = flags({"language": "Of the page."})
    assert isinstance(flag, click.Option)
    assert (flag.name, flag.help) == ("language", "Of the page.  [en]")
