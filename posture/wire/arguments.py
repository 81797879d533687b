"""A request at a command line: the photos' files, and every option, made from the tables of views and options.

    --front front.jpg --side side.jpg --mode precise --no-strict --include details measures
    --camera front.roll=2 front.pitch=-5 --mirrored side=true

An option that is an object is given by its fields, with values as JSON writes them, or yes and no; a name alone is yes.
"""

import argparse
import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from posture.errors import RequestError
from posture.options import choose, meaning
from posture.views import VIEWS
from posture.wire.request import DEFAULTS, RequestOptions


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the photos and the options of a request to a parser; what is not given stays None."""
    files = parser.add_argument_group("photos")
    for view in VIEWS:
        files.add_argument(f"--{view.name}", type=Path, metavar="FILE", help=f"the person {view.seen}; JPEG or PNG")
    asked = parser.add_argument_group("options of the request")
    for field in msgspec.structs.fields(RequestOptions):
        words = meaning(field.type).replace("`", "").replace("%", "%%")
        asked.add_argument(flag(field.name), dest=field.name, help=words, **_taken(inspect.type_info(field.type)))


def photos(parser: argparse.ArgumentParser, given: argparse.Namespace) -> dict[str, str]:
    """The photos as a request has them: base64 texts by name; empty where none is given.

    Ends the program, as the parser does, where one is given without the other or cannot be read.
    """
    files: dict[str, Path] = {view.name: file for view in VIEWS if (file := getattr(given, view.name)) is not None}
    if files and len(files) < len(VIEWS):
        parser.error(f"{' and '.join(f'--{view.name}' for view in VIEWS)} go together")
    try:
        return {name: encoded(file) for name, file in files.items()}
    except OSError as error:
        parser.error(f"{error.filename} cannot be read: {error.strerror}")


def options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> dict[str, Any]:
    """The options that are given, as a request has them.

    Ends the program, as the parser does and in the worker's words, where one has a value that it cannot have.
    """
    told = {name: getattr(given, name) for name in RequestOptions.__struct_fields__}
    try:
        asked = trees({name: value for name, value in told.items() if value is not None})
        choose(asked, DEFAULTS)
    except RequestError as error:
        parser.error(f"{error.problems[0].problem} {error.advice}")
    except ValueError as error:
        parser.error(str(error))
    return asked


def encoded(file: Path) -> str:
    """A file's bytes as base64 text. Raises OSError."""
    return base64.b64encode(file.read_bytes()).decode()


def flag(name: str) -> str:
    """The flag of an option."""
    return f"--{name.replace('_', '-')}"


def trees(told: Mapping[str, Any]) -> dict[str, Any]:
    """Options by name, with those that are objects, told part by part as `front.roll=2`, made of their parts.

    Raises ValueError in one sentence where a part is told twice.
    """
    return {
        name: _tree(flag(name), value) if isinstance(getattr(DEFAULTS, name), dict) else value
        for name, value in told.items()
    }


def _tree(flag: str, parts: Iterable[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for part in parts:
        path, sign, value = (text.strip() for text in part.partition("="))
        *outer, last = path.split(".")
        branch: Any = tree
        for key in outer:
            branch = branch.setdefault(key, {}) if isinstance(branch, dict) else None
        if not isinstance(branch, dict) or last in branch:
            raise ValueError(f"{flag} tells {path} twice.")
        branch[last] = _value(value) if sign else True
    return tree


def _taken(kind: inspect.Type) -> dict[str, Any]:
    """How argparse takes a value of this kind."""
    if isinstance(kind, inspect.Metadata):
        return _taken(kind.type)
    if isinstance(kind, inspect.BoolType):
        return {"action": argparse.BooleanOptionalAction}
    if isinstance(kind, inspect.LiteralType):
        return {"choices": kind.values}
    if isinstance(kind, inspect.FrozenSetType):
        return {"nargs": "+", "action": "extend", **_taken(kind.item_type)}
    if isinstance(kind, inspect.DictType):
        nested = isinstance(kind.value_type, inspect.StructType)
        return {"nargs": "+", "action": "extend", "metavar": "VIEW.FIELD=VALUE" if nested else "VIEW=VALUE"}
    return {"type": _value, "metavar": "VALUE"}


_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def _value(text: str) -> object:
    """What a text is as a word for yes or no, as JSON, or as a number; a text where it is none of these."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for read in (json.loads, float):
        try:
            return read(text)
        except (ValueError, RecursionError):
            pass
    return text
