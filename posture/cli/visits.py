"""Answers that were kept as files, each of a visit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from posture.cli.failures import UnfitError


@dataclass(frozen=True)
class Kept:
    """What a file holds that should be an answer, and what the visit is called, empty if nobody says."""

    label: str
    file: Path
    answer: Any


def read(arguments: Sequence[str]) -> list[Kept]:
    """What arguments name: FILE or LABEL=FILE.

    Whether it is an answer is not checked. Raises UnfitError for a file that is not there or holds no JSON.
    """
    named = [("", argument) if Path(argument).is_file() else _parted(argument) for argument in arguments]
    return [Kept(label, Path(file), _json(Path(file))) for label, file in named]


def _parted(argument: str) -> tuple[str, str]:
    label, sign, file = argument.partition("=")
    return (label, file) if sign else ("", argument)


def _json(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise UnfitError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UnfitError(f"{file} holds no JSON.") from None
