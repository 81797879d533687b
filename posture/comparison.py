"""Visits of one person beside each other, and which differences are more than can be told apart.

Every visit is compared with the first. Two readings differ when they lie further apart than their uncertainties u1 and
u2, each of which holds 95 % of retakes, let two photos of the same stance do:

    limit = sqrt(u1^2 + u2^2)

which is the repeatability limit of ISO 5725-6, the square root of 2 times the uncertainty, where both are alike. How
differently a person stands the second time is no part of it.

Visits that were measured in different ways, or do not say how, are not compared. What does not forbid a comparison but
may explain a difference is remarked.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from posture import words
from posture.angles import Measure, of_plane
from posture.errors import CODES
from posture.measurement import Measurement
from posture.views import VIEWS
from posture.wire import saved
from posture.wire.saved import How, Saved, SavedView
from posture.words import Language

Answer: TypeAlias = Measurement | Mapping[str, Any]

LONGEST_LABEL = 60  # characters: a date and a few words
_HUNDREDTHS = 2  # as values stand in an answer


@dataclass(frozen=True)
class Remark:
    """Why something is not compared, or what is to be known of a comparison.

    `code`: stable. `first` and `here`: what differs, at the first visit and at this one.
    """

    code: str
    first: str = ""
    here: str = ""

    def text(self, language: Language = "en") -> str:
        """The same for people. Raises ValueError for a language that there is not."""
        return words.remark(self.code, self.first, self.here, language)


@dataclass(frozen=True)
class Seen:
    """What one visit read of one measure, in its unit, and how that compares with the first visit.

    `uncertainty` and `trust`: None where the answer has no details. `difference`: from the first visit, None at that
    and where it is not compared. `limit`: what 95 % of the differences between two photos of the same stance stay
    within, and whether the difference `exceeds` it; None where nobody can tell, as where a person has `edited` the
    points, or of a photo that would be refused. `remarks`: why not, or what else is to be known.
    """

    value: float
    uncertainty: float | None
    trust: str | None
    source: str
    edited: bool
    difference: float | None = None
    limit: float | None = None
    exceeds: bool | None = None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Row:
    """One measure at every visit, None at those whose answer does not hold it. `view`: the name of the photo."""

    view: str
    measure: Measure
    visits: tuple[Seen | None, ...]


@dataclass(frozen=True)
class Compared:
    """How one visit can be compared with the first.

    `refused`: why it is not compared at all; empty where it is, and at the first. `remarks`: what is to be known of all
    its differences, and `by_view` of those in one view.
    """

    label: str
    refused: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    by_view: Mapping[str, tuple[Remark, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Visits in the order in which they were given, and a row for each measure that any of them holds."""

    visits: tuple[Compared, ...]
    rows: tuple[Row, ...]


def compare(visits: Iterable[Answer], labels: Iterable[str] | None = None) -> Comparison:
    """Visits of one person, the first first: measurements, or answers of the worker with details.

    `labels`: what each is called, a date as a rule; their numbers if not given. Raises ValueError, in one sentence that
    names the visit, for what is not an answer, a refusal, a label that cannot be printed, or as many labels as there
    are not visits.
    """
    answers = [visit.answer(["measures"]) if isinstance(visit, Measurement) else visit for visit in visits]
    named = [str(number) for number in range(1, len(answers) + 1)] if labels is None else [*labels]
    if not answers or len(named) != len(answers):
        raise ValueError(f"{len(answers)} visits cannot be compared by {len(named)} labels")
    return of_saved(named, [read(label, answer) for label, answer in zip(named, answers, strict=True)])


def read(label: object, answer: object) -> Saved:
    """The answer of one visit. Raises ValueError, in one sentence that names the visit."""
    if not isinstance(label, str) or len(label) > LONGEST_LABEL or not label.isprintable():
        raise ValueError(f"the label of a visit must be a line of at most {LONGEST_LABEL} characters")
    try:
        return saved.read(answer)
    except ValueError as error:
        which = f" of the visit {label!r}" if label else ""
        raise ValueError(f"the answer{which} cannot be used: {error}.") from None


def of_saved(labels: Sequence[str], visits: Sequence[Saved]) -> Comparison:
    """The same of answers that were read, as many as labels, at least one."""
    first, *others = visits
    compared = [_visit(label, first, visit) for label, visit in zip(labels[1:], others, strict=True)]
    rows = [_row(view.name, row, visits, compared) for view in VIEWS for row in of_plane(view.plane)]
    return Comparison((Compared(labels[0]), *compared), tuple(row for row in rows if any(row.visits)))


def _visit(label: str, first: Saved, here: Saved) -> Compared:
    if first.how is None or here.how is None:
        code = "no_details" if here.how is None else "first_without_details"
        return Compared(label, refused=(Remark(code),))
    if refused := tuple(_differing(first.how, here.how, _FORBIDS)):
        return Compared(label, refused)
    by_view = {name: tuple(_of_view(first.views[name], here.views[name])) for name in here.views}
    return Compared(label, remarks=tuple(_differing(first.how, here.how, _EXPLAINS)), by_view=by_view)


# How two visits may differ: in what makes their numbers different ones, and in what may. A later version says in the
# changelog when numbers change.
_FORBIDS = ("mode", "calibration", "level", "model")
_EXPLAINS = ("version",)
# What forbids to judge the differences in a view: no uncertainty was fitted to photos that are refused.
_UNJUDGED = {"unfit", "first_unfit"}


def _differing(first: How, here: How, names: Iterable[str]) -> Iterable[Remark]:
    both = ((name, getattr(first, name), getattr(here, name)) for name in names)
    return (Remark(name, then, now) for name, then, now in both if then != now)


def _of_view(first: SavedView, here: SavedView) -> Iterable[Remark]:
    """What may explain differences in one view, or forbids to judge them."""
    for code, of in (("unfit", here), ("first_unfit", first)):
        if any(warning.code in CODES and CODES[warning.code].error for warning in of.warnings):
            yield Remark(code)
    known = [of.camera.source != "unknown" for of in (first, here)]
    if not all(known):
        yield Remark("camera_known_once" if any(known) else "camera_unknown")
    if any(warning.code == "maybe_mirrored" for of in (first, here) for warning in of.warnings):
        yield Remark("maybe_mirrored")
    if first.near_side != here.near_side:
        yield Remark("near_side", first.near_side or "", here.near_side or "")


def _row(view: str, measure: Measure, visits: Sequence[Saved], compared: Sequence[Compared]) -> Row:
    first, *others = (_seen(visit.values[view].get(measure.name)) for visit in visits)
    seen = [
        here if here is None or visit.refused else _against(first, here, measure, visit.by_view[view])
        for here, visit in zip(others, compared, strict=True)
    ]
    return Row(view, measure, (first, *seen))


def _seen(reading: saved.Reading | None) -> Seen | None:
    if reading is None:
        return None
    remarks = (Remark("edited"),) if reading.edited else ()
    return Seen(reading.value, reading.uncertainty, reading.trust, reading.source, reading.edited, remarks=remarks)


def _against(first: Seen | None, here: Seen, measure: Measure, of_view: Iterable[Remark]) -> Seen:
    """What was read here, compared with the first visit. `of_view`: what is to be known of all differences there."""
    if first is None:
        return replace(here, remarks=(*here.remarks, Remark("not_at_first")))
    if first.source != here.source:
        return replace(here, remarks=(*here.remarks, Remark("source", first.source, here.source)))
    apart = here.value - first.value
    difference = round(math.remainder(apart, 360) if measure.unit == "degrees" else apart, _HUNDREDTHS)
    if first.edited or here.edited:
        edited = () if here.edited else (Remark("first_edited"),)
        return replace(here, difference=difference, remarks=(*here.remarks, *edited))
    if any(remark.code in _UNJUDGED for remark in of_view):
        return replace(here, difference=difference)
    limit = round(math.hypot(first.uncertainty or 0.0, here.uncertainty or 0.0), _HUNDREDTHS)
    return replace(here, difference=difference, limit=limit, exceeds=abs(difference) > limit)
