"""The options of a request as flags, made from their table: a field there is a flag here."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args, get_origin

import click
import msgspec

from posture.errors import RequestError
from posture.wire.arguments import flag, trees
from posture.wire.request import DEFAULTS, RequestOptions, asked

_FIELDS = {field.name: field.type for field in msgspec.structs.fields(RequestOptions)}
_NAMED = re.compile(f"`({'|'.join(_FIELDS)})`")  # an option, as errors name it


def flags(some: Mapping[str, str] | None = None) -> list[click.Parameter]:
    """A flag for each option of a request, in the order of their table; or for `some`, by name, with other words."""
    if some is None:
        return [_option(name, kind) for name, kind in _FIELDS.items()]
    return [_option(name, _FIELDS[name], words) for name, words in some.items()]


def chosen(said: Mapping[str, Any], **always: object) -> RequestOptions:
    """The options of a request that these flags ask for; a flag that is None, or was given no time, asks for nothing.

    `said` may hold other names too. `always`: options whatever the flags are. Raises click.UsageError for a value that
    an option cannot have.
    """
    given = {name: value for name, value in said.items() if name in _FIELDS and value not in (None, ())}
    try:
        return asked({**trees(given), **always})
    except RequestError as error:
        told = f"{error.problems[0].problem} {error.advice}"
        raise click.UsageError(_NAMED.sub(lambda found: flag(found[1]), told)) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _option(name: str, kind: Any, words: str | None = None) -> click.Option:  # noqa: ANN401  an annotation is anything
    value = get_args(kind)[0]
    shape, how = _SHAPES[get_origin(value) or value](flag(name), value)
    default = getattr(DEFAULTS, name)
    described = words or msgspec.json.schema(kind)["description"].replace("`", "")
    shown = default if isinstance(default, (str, int)) and not isinstance(default, bool) else None
    return click.Option([shape, name], **how, default=None, help=f"{described}{f'  [{shown}]' if shown else ''}")


def _switch(name: str, _kind: object) -> tuple[str, dict[str, Any]]:
    return f"{name}/--no-{name[2:]}", {}


def _number(flag: str, kind: type) -> tuple[str, dict[str, Any]]:
    return flag, {"type": kind}


def _choice(flag: str, kind: object) -> tuple[str, dict[str, Any]]:
    return flag, {"type": click.Choice(get_args(kind))}


def _several(flag: str, kind: object) -> tuple[str, dict[str, Any]]:
    (of,) = get_args(kind)
    return flag, {"type": click.Choice(get_args(of)), "multiple": True}


def _nested(flag: str, kind: object) -> tuple[str, dict[str, Any]]:
    _view, value = get_args(kind)
    if isinstance(value, type) and issubclass(value, msgspec.Struct):
        return flag, {"metavar": "VIEW.NAME=NUMBER", "multiple": True}
    return flag, {"metavar": "VIEW[=no]" if value is bool else "VIEW=NUMBER", "multiple": True}


_Shape = Callable[[str, Any], tuple[str, dict[str, Any]]]
# How an option is a flag, by what it takes: what it is called, and what click is told of it.
_SHAPES: dict[object, _Shape] = {
    Literal: _choice,
    bool: _switch,
    int: _number,
    frozenset: _several,
    dict: _nested,
}
