"""Measurements as one printable page: what a clinician shows to the person who was measured.

One HTML file without script that prints to one page of A4 or Letter, in any of the languages, readable without colour.
What stands in an answer is checked (posture.wire.saved) and escaped; the file loads nothing from anywhere. Label and
date of a visit come from whoever asks for the report, never from a photo or a clock.

A report shows the angles that every answer holds, and of more visits than fit the first and the newest.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from posture import comparison, words
from posture.angles import Measure, PublishedChange
from posture.comparison import Comparison, Row, Seen
from posture.evidence import ANYTHING
from posture.views import VIEWS, View
from posture.wire.saved import Camera, How, Overlay, Saved, Warned
from posture.words import Language

INCLUDE = ("details", "overlay")  # what a report needs of an answer
MOST_VISITS = 3  # side by side on a page, with their pictures and words still to be read

MANY_NOTES = 8  # beyond, all is written smaller
LONGEST_WARNING = 120  # characters of a warning that this version has no words for

_TEMPLATE = "report.html"


@dataclass(frozen=True)
class Visit:
    """One visit of a person: what it is called, a date as a rule, and the worker's answer."""

    label: str
    answer: Mapping[str, Any]


def page(visits: Sequence[Visit], language: Language = "en") -> str:
    """The report on a person's visits, the first first, as HTML.

    The answers should hold details, which say how they were measured, and overlays, which are its pictures. Raises
    ValueError for no visits, another language than those of posture.words, and what posture.comparison.compare refuses.
    """
    texts = words.texts(language)
    if not visits:
        raise ValueError("a report needs at least one visit")
    shown = [*visits[:1], *visits[1:][-(MOST_VISITS - 1) :]]
    labels = [visit.label or (str(number) if len(shown) > 1 else "") for number, visit in enumerate(shown, 1)]
    read = [comparison.read(label, visit.answer) for label, visit in zip(labels, shown, strict=True)]
    compared = comparison.of_saved(labels, read)
    notes = _notes(compared, read, language)
    shape = "dense" if len(notes) > MANY_NOTES else "single" if len(shown) == 1 else "several"
    return _template().render(
        language=language,
        shape=shape,
        t=texts["report"],
        labels=labels,
        left_out=len(visits) - len(shown),
        pictures=_pictures(labels, read, texts["report"]),
        heads=[_head(at, compared, language) for at in range(len(labels))],
        tables=[_Table(_title(view, read, texts["report"]), _lines(view, compared, language)) for view in VIEWS],
        how=_how(read, language),
        notes=notes,
        sources=_published(compared),
    )


@cache
def _template() -> Template:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return found.get_template(_TEMPLATE)


@dataclass(frozen=True)
class _Picture:
    """One photo with its lines, None where the answer holds none, and of which visit it is."""

    number: int
    label: str
    view: str
    overlay: Overlay | None

    @property
    def ratio(self) -> float:
        """Its height in widths."""
        return self.overlay.height / self.overlay.width if self.overlay else 0.0


def _pictures(labels: Sequence[str], read: Sequence[Saved], t: Mapping[str, Any]) -> list[_Picture]:
    """By view, so that the visits' pictures of one view stand side by side; none where there is none at all."""
    found = [
        _Picture(number, label, t["views"][view.name], visit.views[view.name].overlay if visit.views else None)
        for view in VIEWS
        for number, (label, visit) in enumerate(zip(labels, read, strict=True), 1)
    ]
    return found if any(picture.overlay for picture in found) else []


@dataclass(frozen=True)
class _Head:
    """Of a visit's column: what it is called, and in a few words how it differs from the first, if it is compared."""

    label: str
    told: str
    is_compared: bool = False


def _head(at: int, compared: Comparison, language: Language) -> _Head:
    visit = compared.visits[at]
    return _Head(visit.label, told(at, compared, language), is_compared=at > 0 and not visit.refused)


def told(at: int, compared: Comparison, language: Language = "en") -> str:
    """In a few words how a visit, by its place, differs from the first, and whether all of it was judged."""
    t, visit = words.texts(language)["report"], compared.visits[at]
    if at == 0:
        return str(t["first_visit"])
    if visit.refused:
        return "; ".join(remark.text(language) for remark in visit.refused)
    seen = [(row.measure, row.visits[at]) for row in _core(compared.rows)]
    compared_here = [(measure, here.exceeds) for measure, here in seen if here and here.difference is not None]
    judged = [exceeds for _, exceeds in compared_here if exceeds is not None]
    changed = [words.of_measure(measure, language)["name"] for measure, exceeds in compared_here if exceeds]
    said = t["changed"].format(names=", ".join(changed)) if changed else t["unchanged" if judged else "nothing_judged"]
    return f"{said}{t['some_not_judged'] if 0 < len(judged) < len(compared_here) else ''}"


def _core(rows: Iterable[Row]) -> list[Row]:
    """The angles that every answer holds."""
    return [row for row in rows if row.measure.core]


@dataclass(frozen=True)
class _Cell:
    """What one visit reads of one measure. `change`: from the first visit; `exceeds`: as in Seen."""

    value: str
    uncertainty: str
    words: str
    trust: str
    remarks: tuple[str, ...]
    change: str
    exceeds: bool | None


@dataclass(frozen=True)
class _Line:
    """A measure: its name, what it is, what is published of standing anew, and a cell for each visit."""

    name: str
    what: str
    published: str
    cells: Sequence[_Cell | None]


@dataclass(frozen=True)
class _Table:
    """The measures of a view."""

    title: str
    lines: Sequence[_Line]


def _title(view: View, read: Sequence[Saved], t: Mapping[str, Any]) -> str:
    sides = {visit.views[view.name].near_side for visit in read if visit.views} - {None}
    seen = [t["near_side"][side] for side in sides] if len(sides) == 1 else []
    return ", ".join([t["views"][view.name], *seen])


def _lines(view: View, compared: Comparison, language: Language) -> list[_Line]:
    several = len(compared.visits) > 1
    return [
        _Line(
            words.of_measure(row.measure, language)["name"],
            words.of_measure(row.measure, language)["what"],
            _standing_anew(row.measure, row.measure.published_mdc, language) if several else "",
            [None if seen is None else _cell(row.measure, seen, language) for seen in row.visits],
        )
        for row in _core(compared.rows)
        if row.view == view.name
    ]


def _standing_anew(measure: Measure, published: PublishedChange | None, language: Language) -> str:
    if published is None:
        return ""
    text: str = words.texts(language)["report"]["published"]
    return text.format(value=words.short(measure, published.value, language))


def _cell(measure: Measure, seen: Seen, language: Language) -> _Cell:
    t = words.texts(language)["report"]
    read_from = (t["read_from"].format(source=words.named("source", seen.source, language)),) if seen.source else ()
    uncertainty, said = t["not_known"], ""
    if seen.uncertainty is not None and seen.trust is not None:
        uncertainty = f"± {_size(measure, seen.uncertainty, language)}"
        said = words.say(measure, seen.value, seen.uncertainty, seen.trust, language)
    return _Cell(
        value=words.short(measure, seen.value, language),
        uncertainty=uncertainty,
        words=said,
        trust=words.named("trust", seen.trust or "", language),
        remarks=(*read_from, *(remark.text(language) for remark in seen.remarks)),
        change=_change(measure, seen, language),
        exceeds=seen.exceeds,
    )


def _change(measure: Measure, seen: Seen, language: Language) -> str:
    """From the first visit; empty at that, and where it is not compared."""
    if seen.difference is None:
        return ""
    text: str = words.texts(language)["report"]["not_judged" if seen.exceeds is None else "change"]
    return text.format(
        difference=words.short(measure, seen.difference, language, signed=True),
        limit=_size(measure, seen.limit or 0.0, language),
    )


def _size(measure: Measure, size: float, language: Language) -> str:
    """Of an uncertainty or a limit; where it excludes no value, that in words."""
    anything: str = words.texts(language)["report"]["anything"]
    return anything if size >= ANYTHING else words.short(measure, size, language)


def _how(read: Sequence[Saved], language: Language) -> dict[str, list[str]]:
    """How each visit was measured, by what is told of it."""
    t = words.texts(language)["report"]
    told: dict[str, list[str]] = {
        t[name]: [_named(name, visit.how, language) for visit in read] for name in ("mode", "calibration", "level")
    }
    for view in VIEWS:
        told[f"{t['camera']}, {t['views'][view.name]}"] = [
            _camera(visit.views[view.name].camera, language) if visit.views else t["not_said"] for visit in read
        ]
    told[t["model"]] = [
        f"{_shortened(visit.how.model)}, {visit.how.version}" if visit.how else t["not_said"] for visit in read
    ]
    return told


def _named(name: str, how: How | None, language: Language) -> str:
    """What the option of this name was, in words."""
    not_said: str = words.texts(language)["report"]["not_said"]
    return words.named(name, getattr(how, name), language) if how else not_said


def _camera(camera: Camera, language: Language) -> str:
    t: Mapping[str, str] = words.texts(language)["camera"]
    number = partial(words.number, language=language)
    tilt = t["tilt"].format(roll=number(camera.roll, signed=True), pitch=number(camera.pitch, signed=True))
    told = t[camera.source].format(tilt=tilt)
    if camera.estimated_roll is not None and camera.source == "unknown":
        roll, uncertainty = camera.estimated_roll.value, camera.estimated_roll.uncertainty
        told += t["estimated"].format(roll=number(roll, signed=True), uncertainty=number(uncertainty))
    return told + t["mirrored"] if camera.mirrored else told


def _shortened(model: str) -> str:
    """The model's name, and as much of its digest as tells it from any other."""
    return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]+", r"\1", model)


@dataclass(frozen=True)
class _Note:
    """Something to be known, and which photos of which visits it is about."""

    about: str
    text: str


def _notes(compared: Comparison, read: Sequence[Saved], language: Language) -> list[_Note]:
    """Warnings, and what is to be known of the comparison; each is told once, with all that it is about."""
    told: dict[str, list[tuple[int, View | None]]] = {}
    for number, (visit, answer) in enumerate(zip(compared.visits, read, strict=True), 1):
        for remark in visit.remarks:
            told.setdefault(remark.text(language), []).append((number, None))
        for view in VIEWS:
            warnings = answer.views[view.name].warnings if answer.views else ()
            remarks = visit.by_view.get(view.name, ())
            texts = (*(_warning(warned, language) for warned in warnings), *(about.text(language) for about in remarks))
            for text in dict.fromkeys(texts):
                told.setdefault(text, []).append((number, view))
    return [_Note(_about(where, len(read), language), text) for text, where in told.items()]


def _about(where: Sequence[tuple[int, View | None]], visits: int, language: Language) -> str:
    """Which photos of which visits, by the visits' numbers where there are several: 1, 2 front, side; 3 side."""
    t = words.texts(language)["report"]
    if len(where) == visits * len(VIEWS):
        return str(t["all_photos"])
    by_view: dict[str, list[str]] = {}
    for number, view in where:
        by_view.setdefault(t["views"][view.name] if view else "", []).append(str(number) if visits > 1 else "")
    by_visits: dict[str, list[str]] = {}
    for name, numbers in by_view.items():
        by_visits.setdefault(", ".join(numbers), []).append(name)
    return "; ".join(" ".join(filter(None, (numbers, ", ".join(names)))) for numbers, names in by_visits.items())


def _warning(warned: Warned, language: Language) -> str:
    """In the language's own words; of a code that this version does not know, in the answer's."""
    text: str = words.texts(language)["warnings"].get(warned.code, warned.message[:LONGEST_WARNING])
    return text


def _published(compared: Comparison) -> str:
    """The studies of standing anew that the rows name."""
    found = (row.measure.published_mdc for row in _core(compared.rows))
    return "; ".join(dict.fromkeys(published.source for published in found if published))
