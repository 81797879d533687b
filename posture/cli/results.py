"""The file that a batch fills: a line a pair, as CSV or as JSON Lines, to which a later run adds what is missing."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeAlias

from posture import __version__
from posture.angles import MEASURES, Measure
from posture.cli.failures import UnfitError
from posture.views import VIEWS, View, views_of
from posture.wire.request import RequestOptions

Envelope: TypeAlias = Mapping[str, Any]


# How pairs are measured, as `details` say it: what is measured otherwise does not belong into the same file.
_HOW = ("mode", "calibration", "level", "version")


def _how(options: RequestOptions, version: str | None) -> dict[str, str]:
    """How pairs are to be measured, as far as that is known. `version`: None where an endpoint has its own."""
    told = {name: getattr(options, name) for name in _HOW[:-1]}
    return told if version is None else {**told, "version": version}


@dataclass(frozen=True)
class Done:
    """A pair that is in the file: its name, the code of its refusal or None, and how it was measured, if it says so."""

    name: str
    code: str | None
    how: Mapping[str, str]


class JsonLines:
    """A line a pair: {"id", "answer"}, the answer as the worker gives it."""

    head = ""

    def line(self, name: str, answer: Envelope) -> str:
        """What is written of a pair, with its line's end."""
        return json.dumps({"id": name, "answer": answer}) + "\n"

    def done(self, lines: Iterator[str]) -> Iterator[Done]:
        """What such a file holds. Raises ValueError, KeyError or TypeError where a line is no such thing."""
        for line in lines:
            row = json.loads(line)
            answer = row["answer"]
            details = answer.get("data", {}).get("details", {})
            yield Done(row["id"], answer.get("code"), {name: details[name] for name in _HOW if name in details})


class Csv:
    """A row a pair, with columns for what it was answered, each angle with its uncertainty, and how it was measured."""

    def __init__(self, options: RequestOptions, version: str | None) -> None:
        """`options` and `version`: as in `_how`."""
        self._how = _how(options, version)
        self._readings = [
            (view, measure) for measure in MEASURES if measure.core or "measures" in options.include
            for view in views_of(measure.plane)
        ]  # fmt: skip
        readings = [name for view, measure in self._readings for name in _columns(view, measure)]
        self._columns = ["id", "status", "code", "view", "error", *readings, "warnings", *_HOW]
        self.head = self._row(dict(zip(self._columns, self._columns, strict=True)))

    def line(self, name: str, answer: Envelope) -> str:
        """What is written of a pair, with its line's end."""
        told = {column: answer.get(column) for column in ("status", "code", "view", "error")}
        if answer["status"] != "success":
            return self._row({"id": name, **told, **self._how})
        how = {name: answer["data"]["details"][name] for name in _HOW}
        return self._row({"id": name, **told, **_readings(answer, self._readings), **how})

    def done(self, lines: Iterator[str]) -> Iterator[Done]:
        """What such a file holds, without its head. Raises ValueError or csv.Error where a row is no such thing."""
        for cells in csv.reader(lines, strict=True):
            row = dict(zip(self._columns, map(_plain, cells), strict=True))
            yield Done(row["id"], row["code"] or None, {name: row[name] for name in _HOW if row[name]})

    def _row(self, cells: Mapping[str, object]) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([_cell(cells.get(column)) for column in self._columns])
        return text.getvalue()


def _columns(view: View, measure: Measure) -> list[str]:
    name = f"{view.name}_{measure.name}"
    return [name, f"{name}_uncertainty", *([f"{name}_source"] if len(measure.variants) > 1 else [])]


def _readings(answer: Envelope, of: Sequence[tuple[View, Measure]]) -> dict[str, object]:
    details = answer["data"]["details"]
    cells: dict[str, object] = {}
    for view, measure in of:
        reading = details[view.key]["angles" if measure.core else "measures"][measure.name]
        told = (reading["value"], reading["uncertainty"], reading.get("source"))
        cells |= dict(zip(_columns(view, measure), told, strict=False))
    warnings = [f"{view.name}:{warning['code']}" for view in VIEWS for warning in details[view.key]["warnings"]]
    return {**cells, "warnings": " ".join(warnings)}


# What makes a spreadsheet take a cell for a formula, which may be an attack where names come from strangers. Such text
# gets an apostrophe before it, and so does text that begins with one, so that it can be told apart when it is read.
_FORMULA = ("=", "+", "-", "@", "'")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _plain(cell: str) -> str:
    return cell.removeprefix("'")


Format: TypeAlias = JsonLines | Csv
_FORMATS: dict[str, Callable[[RequestOptions, str | None], Format]] = {
    ".csv": Csv,
    ".jsonl": lambda *_: JsonLines(),
    ".ndjson": lambda *_: JsonLines(),
}


class Results:
    """A file of results that is being filled. Use it in a `with` statement.

    `done`: what was in it, by the name of the pair.
    """

    def __init__(self, path: Path, options: RequestOptions, version: str | None = __version__) -> None:
        """Opens or makes the file, for pairs that are measured so. A last line without its end is taken off.

        Raises UnfitError for another ending, for a file of something else, and for one whose pairs were measured
        in another way; such a file is left as it is.
        """
        make = _FORMATS.get(path.suffix.lower())
        if make is None:
            raise UnfitError(f"The results go to a file that ends with {' or '.join(_FORMATS)}, not to {path}.")
        self._format = make(options, version)
        self.done = _resumed(path, self._format, _how(options, version)) if path.exists() else {}
        self._file = path.open("a", encoding="utf-8", newline="")
        if not path.stat().st_size:
            self._file.write(self._format.head)

    def add(self, name: str, answer: Envelope) -> None:
        """Writes what a pair was answered, so that it is there whatever comes after."""
        self._file.write(self._format.line(name, answer))
        self._file.flush()

    def __enter__(self) -> "Results":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _resumed(path: Path, form: Format, how: Mapping[str, str]) -> dict[str, Done]:
    """What the file holds, by the name of the pair; what follows its last whole line is cut off."""
    other = UnfitError(f"{path} is there and holds something else: name another file by --out.")
    begin = (form.head or '{"id":').encode()
    with path.open("r+b") as file:
        if not begin.startswith(file.read(len(begin))):
            raise other
        file.seek(0)
        lines = _whole_lines(file)
        if form.head:
            next(lines, None)
        try:
            done = {pair.name: pair for pair in form.done(lines)}
        except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
            raise other from None
        for pair in done.values():
            _check(path, pair, how)
        file.truncate()
    return done


def _whole_lines(file: IO[bytes]) -> Iterator[str]:
    """The lines of a file that have an end; leaves it standing behind them."""
    while (line := file.readline()).endswith(b"\n"):
        yield line.decode()
    file.seek(-len(line), os.SEEK_CUR)


def _check(path: Path, pair: Done, now: Mapping[str, str]) -> None:
    """Raises UnfitError for a pair that was measured in another way."""
    for name, then in pair.how.items():
        if then != now.get(name, then):
            raise UnfitError(
                f"{path} holds pairs that were measured with {name} {then}, and now it is {now[name]}: name another "
                "file by --out, so that the two are not mixed."
            )
