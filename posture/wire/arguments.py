"""A request at a command line: the photos' files, and every option, made from the tables of views and options.

    --front front.jpg --side side.jpg --mode precise --no-strict --include details measures
    --camera front.roll=2 front.pitch=-5 --mirrored side=true

An option that is an object is given by its fields, with values as JSON writes them.
"""

import argparse
import base64
import json
from collections.abc import Sequence
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
        flag = f"--{field.name.replace('_', '-')}"
        asked.add_argument(flag, dest=field.name, help=words, **_taken(inspect.type_info(field.type)))


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
    told = {name: value for name, value in told.items() if value is not None}
    try:
        choose(told, DEFAULTS)
    except RequestError as error:
        parser.error(f"{error.problems[0].problem} {error.advice}")
    return told


def encoded(file: Path) -> str:
    """A file's bytes as base64 text. Raises OSError."""
    return base64.b64encode(file.read_bytes()).decode()


class _Fields(argparse.Action):
    """Makes an object of `field=VALUE` and `outer.field=VALUE`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002  argparse's names, as of the others
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        made: dict[str, Any] = getattr(namespace, self.dest) or {}
        for text in values or ():
            path, _, value = text.partition("=")
            *outer, last = path.split(".")
            inner: Any = made
            for name in outer:
                inner = inner.setdefault(name, {})
                if not isinstance(inner, dict):
                    raise argparse.ArgumentError(self, f"{name} has both a value and fields")
            inner[last] = _value(value)
        setattr(namespace, self.dest, made)


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
        return {"nargs": "+", "action": _Fields, "metavar": "VIEW.FIELD=VALUE" if nested else "VIEW=VALUE"}
    return {"type": _value, "metavar": "VALUE"}


def _value(text: str) -> object:
    """What a text is as JSON; where it is none, a text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
