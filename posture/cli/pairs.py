"""The pairs of a batch: the rows of a CSV file, or the photos of a folder by their names."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from posture.cli.failures import UnfitError
from posture.errors import Finding
from posture.views import VIEWS

# No photo within the limits of posture.images has a larger file.
MOST_BYTES = 100_000_000

_PICTURES = (".jpg", ".jpeg", ".png")
_DELIMITERS = ",;\t"
_NAMES = tuple(view.name for view in VIEWS)

Photo = Path | Finding  # where it lies, or why there is none


@dataclass(frozen=True)
class Pair:
    """The photos of one person, by the names of the views, and what the pair is called in the results."""

    name: str
    photos: dict[str, Photo]


def read(place: Path) -> list[Pair]:
    """The pairs that a CSV file lists, in its order, or a folder holds, by name.

    A photo that is not there is the pair's own trouble. Raises UnfitError where there are no pairs, or two of the
    same name, or one whose name would not fit into a line.
    """
    pairs = list(_in_folder(place) if place.is_dir() else _in_table(place))
    if not pairs:
        files = " and ".join(f"<id>_{view}.*" for view in _NAMES)
        why = f"holds no pairs: no files {files}." if place.is_dir() else "names no pairs."
        raise UnfitError(f"{place} {why}")
    twice = [name for name, count in Counter(pair.name for pair in pairs).items() if count > 1]
    if twice:
        raise UnfitError(f"{place} has the id {twice[0]!a} more than once: ids must differ.")
    unfit = [pair.name for pair in pairs if not pair.name.isprintable()]
    if unfit:
        raise UnfitError(f"{place} has the id {unfit[0]!a}, which does not fit into a line: rename it.")
    return pairs


def content(photo: Photo) -> bytes | Finding:
    """The bytes of a photo's file, or why there are none."""
    if isinstance(photo, Finding):
        return photo
    try:
        if not photo.is_file():  # nor is it waited for a pipe
            return _missing(f"there is no file {_shown(photo)}.", "Name a photo that is there.")
        if photo.stat().st_size > MOST_BYTES:
            return Finding(
                "image_too_large", f"its file has more than {MOST_BYTES:,} bytes.", "Send a smaller picture."
            )
        return photo.read_bytes()
    except OSError as error:
        return _missing(f"{_shown(photo)} cannot be read: {error.strerror}.", "Name a photo that can be read.")


def _shown(path: Path) -> str:
    """A path for one line of text."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def _missing(problem: str, advice: str) -> Finding:
    return Finding("invalid_request", problem, advice)


def _in_folder(folder: Path) -> Iterator[Pair]:
    pattern = re.compile(f"(.+)_({'|'.join(_NAMES)})\\.[^.]+", re.IGNORECASE | re.DOTALL)
    found: dict[str, dict[str, list[Path]]] = {}
    for file in sorted(folder.iterdir()):
        match = pattern.fullmatch(file.name)
        if match and not file.name.startswith("."):
            found.setdefault(match[1], {}).setdefault(match[2].lower(), []).append(file)
    for name, files in sorted(found.items()):
        yield Pair(name, {view: _only(name, view, files.get(view, [])) for view in _NAMES})


def _only(name: str, view: str, files: Sequence[Path]) -> Photo:
    """The one picture of these files of a view, beside which notes may lie."""
    pictures = [file for file in files if file.suffix.lower() in _PICTURES] or files
    if len(pictures) > 1:
        return _missing(f"{name}_{view} is there {len(pictures)} times.", "Leave one of them in the folder.")
    return pictures[0] if pictures else _missing(f"there is no {name}_{view}.", "Put it beside the other photo.")


def _in_table(file: Path) -> Iterator[Pair]:
    lines = io.StringIO(_text(file), newline="")
    first = lines.readline()
    if first.lower().startswith("sep="):  # Excel's own line
        first = lines.readline()
    rows = csv.reader(chain([first], lines), delimiter=max(_DELIMITERS, key=first.count), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(rows)]
        missing = [name for name in _NAMES if name not in header]
        if missing:
            raise UnfitError(
                f"{file} has no column {' and no column '.join(missing)}; its first line must name the columns "
                f"id,{','.join(_NAMES)}, of which id may be left out."
            )
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _pair(file.parent, header, row, rows.line_num)
    except csv.Error as error:
        raise UnfitError(f"{file}, line {rows.line_num}: {error}.") from None


def _pair(folder: Path, header: Sequence[str], row: Sequence[str], line: int) -> Pair:
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=False)}
    name = cells.get("id") or cells[_NAMES[0]] or f"line {line}"
    if len(row) > len(header):
        odd = _missing(f"line {line} has more cells than the first.", "Put a name that holds the delimiter in quotes.")
        return Pair(name, dict.fromkeys(_NAMES, odd))
    return Pair(name, {view: _named(folder, view, cells.get(view, "")) for view in _NAMES})


def _named(folder: Path, view: str, cell: str) -> Photo:
    return folder / cell if cell else _missing("no file is named.", f"Fill in the column {view}.")


def _text(file: Path) -> str:
    """A spreadsheet's text: UTF-8 or UTF-16 by its mark, or what Windows calls ANSI."""
    said = file.read_bytes()
    encoding = "utf-16" if said.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return said.decode(encoding)
    except UnicodeDecodeError:
        return said.decode("cp1252", errors="replace")
