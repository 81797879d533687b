"""The command line with a model that is a function, and photos in which that finds somebody."""

import base64
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from posture.cli import commands
from posture.landmarks import Detect
from testing.builders import FRONT_PHOTO, NOBODY, SIDE_PHOTO, FakePool, detect

CONTENT = {name: base64.b64decode(text) for name, text in
           (("front", FRONT_PHOTO), ("side", SIDE_PHOTO), ("nobody", NOBODY))}  # fmt: skip

Posture = Callable[..., Result]


def posture(*arguments: object, detect: Detect = detect, **environment: str) -> Result:
    """What a command does with these arguments, nothing being a terminal. `detect`: the model."""
    opened: list[FakePool] = []

    def open_model(_landmarkers: int | None) -> Any:
        opened.append(FakePool(detect))
        return closing(opened[-1])

    done = CliRunner().invoke(commands, [*map(str, arguments)], obj=open_model, env=environment, prog_name="posture")
    assert [pool.closed for pool in opened] == [1] * len(opened)
    return done


def no_model(_landmarkers: int | None) -> Any:
    """For what must be told before a model is opened."""
    raise AssertionError("a model is opened")


def photo(place: Path, shows: str) -> Path:
    """A file with the photo of that name in CONTENT."""
    place.write_bytes(CONTENT[shows])
    return place


def pair(folder: Path, name: str, front: str = "front", side: str = "side") -> None:
    """Photos of one person in a folder, as a batch takes them."""
    photo(folder / f"{name}_front.png", front)
    photo(folder / f"{name}_side.png", side)
