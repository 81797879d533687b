"""Answers as text for people: a table a view, as wide as the terminal, or with a line a row where it goes to a file."""

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

import click

from posture import words
from posture.errors import Finding
from posture.evidence import ANYTHING

if TYPE_CHECKING:
    from posture.comparison import Comparison, Row, Seen

Envelope: TypeAlias = Mapping[str, Any]

# Narrower, the words have no room beside the numbers; wider, a line is hard to follow.
_NARROWEST, _WIDEST = 72, 132
_TRUST = {"good": "green", "fair": "yellow", "poor": "red"}
# Of the angles' names, so that the tables of both views stand alike; of the other measures some are longer.
_LONGEST = len("shoulder_tilt")
_UNITS = {"degrees": "°"}  # any other is a share: %
_TAKEN_OFF = {
    "client": "levelled as told",
    "photo": "levelled by what the photo records of gravity",
    "lines": "levelled by the upright edges of the room",
}


def width(stream: TextIO | None = None) -> int | None:
    """How many characters a line takes at the terminal; None where the stream, the output unless told, is none."""
    if not (stream or sys.stdout).isatty():
        return None
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns))


def measured(answer: Envelope, photos: Mapping[str, str], wide: int | None) -> Iterator[str]:
    """The lines that tell an answer with details. `photos`: by the views' names, what each is called."""
    details = answer["data"]["details"]
    for view, name in photos.items():
        of = details[f"{view}_view"]
        yield click.style(f"{view.capitalize()}: {name}", bold=True)
        yield from fitted(f"  {_picture(of)}; {_level(of['camera'])}", wide, 2)
        yield from _readings({**of["angles"], **of.get("measures", {})}, wide)
        for warning in of["warnings"]:
            text = f"{warning['message']} {warning['advice']}"
            yield from _told(f"warning {warning['code']}", text, wide, "yellow")
        yield ""
    how = ", ".join(f"{name} {details[name]}" for name in ("mode", "calibration", "level"))
    yield from fitted(f"Measured with {how}, by posture {details['version']}. {_LEGEND}", wide)


_LEGEND = (
    "± holds 95 % of retakes of the same pose; trust is how well differences can be told. Left and right are the "
    "person's own. Not a medical device: no diagnosis."
)


def refused(problems: Iterable[Finding], wide: int | None) -> Iterator[str]:
    """The lines that tell why photos are refused, and what to do about it."""
    for problem in problems:
        photo = f"{problem.view} photo: " if problem.view else ""
        yield from _told(problem.code, f"{photo}{problem.problem} {problem.advice}", wide, "red")


def compared(comparison: "Comparison", wide: int | None) -> Iterator[str]:
    """The lines that tell how each later visit compares with the first."""
    first, *others = comparison.visits
    for number, visit in enumerate(others, 1):
        yield click.style(f"{visit.label} against {first.label}", bold=True)
        for remark in (*visit.refused, *visit.remarks):
            yield from fitted(f"  {remark.text()}", wide, 2)
        for view in dict.fromkeys(row.view for row in comparison.rows):
            yield f"  {view.capitalize()}"
            for remark in visit.by_view.get(view, ()):
                yield from fitted(f"    {remark.text()}", wide, 4)
            rows = [row for row in comparison.rows if row.view == view]
            header = ("", "first", "", "here", "", "change", "limit", "")
            yield from table(header, [_change(row, number) for row in rows], wide)
            for row in rows:
                seen = row.visits[number]
                for remark in seen.remarks if seen else ():
                    yield from fitted(f"    {row.measure.name}: {remark.text()}", wide, 4)
        yield ""
    yield from fitted(_LIMIT, wide)


_LIMIT = (
    "Within the limit lie 95 % of the differences between two photos of the same stance; a change that exceeds it is "
    "more than that. How differently a person stands the second time is no part of it."
)


_JUDGED = {True: click.style("exceeds", fg="yellow"), False: "within", None: ""}


def _change(row: "Row", number: int) -> tuple[str, ...]:
    """What a later visit reads of a measure, beside the first."""
    unit = _UNITS.get(row.measure.unit, "%")
    first, here = row.visits[0], row.visits[number]
    change = "" if here is None or here.difference is None else f"{_tenths(here.difference, '+')}{unit}"
    limit = "" if here is None or here.limit is None else f"{_size(here.limit, unit)}"
    told = "no value" if here is None else _JUDGED[here.exceeds]
    return row.measure.name.ljust(_LONGEST), *_seen(first, unit), *_seen(here, unit), change, limit, told


def _seen(seen: "Seen | None", unit: str) -> tuple[str, str]:
    if seen is None:
        return "", ""
    return _tenths(seen.value), unit if seen.uncertainty is None else f"± {_size(seen.uncertainty, unit)}"


def fitted(text: str, wide: int | None, indent: int = 0) -> list[str]:
    """A paragraph in lines that fit, those behind the first indented; one line where nothing need fit."""
    if wide is None:
        return [text]
    return textwrap.wrap(text, wide, subsequent_indent=" " * indent, break_on_hyphens=False)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], wide: int | None) -> Iterator[str]:
    """Rows below their header. Numbers stand to the right; the last column, of words, is wrapped."""
    cells = [header, *rows]
    *widths, _words = (max(len(click.unstyle(cell)) for cell in column) for column in zip(*cells, strict=True))
    for row in cells:
        *narrow, words = row
        padded = [_padded(cell, size) for cell, size in zip(narrow, widths, strict=True)]
        indent = 2 + sum(widths) + 2 * len(widths)
        first, *others = fitted(words, wide and wide - indent) or [""]
        yield f"  {'  '.join([*padded, first])}".rstrip()
        yield from (" " * indent + line for line in others)


_IS_NUMBER = re.compile(r"[-+]?[\d.]+[°%]?")


def _padded(cell: str, size: int) -> str:
    padding = " " * (size - len(click.unstyle(cell)))
    return padding + cell if _IS_NUMBER.fullmatch(cell) else cell + padding


def _told(code: str, text: str, wide: int | None, color: str) -> Iterator[str]:
    """A paragraph that begins with a code."""
    first, *others = fitted(f"  {code}: {text}", wide, 4)
    yield first.replace(code, click.style(code, fg=color), 1)
    yield from others


def _picture(of: Mapping[str, Any]) -> str:
    image = of["image"]
    facing = f", {of['near_side']} side, facing {of['facing']}" if "facing" in of else ""
    return f"{image['width']}x{image['height']}{facing}{', mirrored' if of['camera']['mirrored'] else ''}"


def _level(camera: Mapping[str, Any]) -> str:
    told = _TAKEN_OFF.get(camera["source"])
    if told:
        return f"{told}: roll {_tenths(camera['roll'])}°, pitch {_tenths(camera['pitch'])}°"
    seen = camera.get("estimated_roll")
    roll = f"{_tenths(seen['value'])} ± {_tenths(seen['uncertainty'])}°" if seen else ""
    return f"not levelled: nobody told how the camera was held{roll and f'; the room shows a roll of {roll}'}"


def _readings(readings: Mapping[str, Mapping[str, Any]], wide: int | None) -> Iterator[str]:
    header = ("", "value", "", "trust", "in words")
    rows = [
        (
            name.ljust(_LONGEST),
            _tenths(reading["value"]),
            f"± {_size(reading['uncertainty'], _UNITS.get(reading['unit'], '%'))}",
            click.style(reading["trust"], fg=_TRUST[reading["trust"]]),
            reading["sentence"],
        )
        for name, reading in readings.items()
    ]
    yield from table(header, rows, wide)


def _size(size: float, unit: str) -> str:
    """Of an uncertainty or a limit."""
    return f"{_tenths(size)}{unit}" if size < ANYTHING else "anything"


def _tenths(value: float, sign: str = "") -> str:
    """A value in tenths; with "+" as `sign`, what is above 0 has one."""
    return f"{words.tenths(value):{sign}.1f}"
