"""The tables of docs/accuracy/tables.md that are made of takes, printed in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.errors import (
    CORE,
    against_truth,
    averaged,
    errors,
    less_than_plain,
    mean_absolute,
    of_plane,
    of_view,
    retest,
    sd,
)
from bench.accuracy.evidence import groups
from bench.accuracy.looks import ANATOMICAL, PLAIN, Take, as_they_are, label, label_by_source
from bench.accuracy.retakes import CLEAN, CONDITIONS
from bench.accuracy.uncertainty import Deviations, cross_validated, deviations, retest_sd
from posture.anatomy import SHIFTS
from posture.angles import MEASURES, Measure
from posture.estimate import LOOKS
from posture.evidence import uncertainty
from posture.views import FRONT, SIDE, VIEWS, View

FEW = 10  # figures; fewer say next to nothing about others
MODES = [PLAIN, *LOOKS]

Cell = str | float | int
Held: TypeAlias = NDArray[np.bool_]


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Prints a Markdown table; numbers get two decimals."""
    print(f"\n### {title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(cell if isinstance(cell, str) else f'{cell:.2f}' for cell in row)} |")


def angles(takes: Sequence[Take]) -> None:
    """The core angles against the truth, and how well they repeat, a table a mode."""
    for mode in MODES:
        rows = []
        for row in CORE:
            of_photos = errors(as_they_are(takes), row, mode)
            rows.append(
                [
                    label(row),
                    f"{of_photos.mean():+.2f}",
                    mean_absolute(of_photos),
                    sd(of_photos),
                    float(np.quantile(np.abs(of_photos), 0.95)),
                    *_repeatability(of_plane(takes, row), mode, row),
                ]
            )
        header = ["angle", "bias", "MAE", "SD", "95th pct", "retest SD", "uncertainty"]
        table(f"Angles, {mode} (degrees)", header, rows)


def _repeatability(takes: Sequence[Take], mode: str, row: Measure, key: str = "") -> list[Cell]:
    """Retest SD and the median of the uncertainty in clean photos. `key`: of one source alone."""
    key = key or row.name
    clean = [take for take in takes if take.condition == CLEAN]
    again = retest_sd(deviations(clean, mode, key))
    if mode == PLAIN:
        return [again, ""]
    stated = [_stated(take, mode, key) for take in clean if key in take.modes.get(mode, ({},))[0]]
    return [again, float(np.median(stated))]


def _stated(take: Take, mode: str, name: str) -> float:
    """The uncertainty of a measure, by the source of this key, or as it is told where that is its name."""
    _, looks = take.modes[mode]
    row = take.source(mode, name)
    at_looks = [{row.key: look[row.key]} for look in looks if row.key in look]
    return uncertainty(mode, row.plane, at_looks, take.seen, row.of)[row.key]


def targets(takes: Sequence[Take], costs: dict[str, float]) -> None:
    """What the modes reach beside the plain pass, averaged; `costs`: of each mode as a multiple of `fast`."""
    photos, clean = as_they_are(takes), [take for take in takes if take.condition == CLEAN]
    rows: list[list[Cell]] = []
    for mode in MODES:
        front, side = (less_than_plain(photos, mode, *what) for what in ((FRONT, mean_absolute), (SIDE, sd)))
        rows.append(
            [
                mode,
                averaged(photos, mode, FRONT, mean_absolute),
                averaged(clean, mode, FRONT, mean_absolute),
                "" if mode == PLAIN else "{:.2f} to {:.2f}".format(*front),
                averaged(photos, mode, SIDE, sd),
                averaged(clean, mode, SIDE, sd),
                "" if mode == PLAIN else "{:.2f} to {:.2f}".format(*side),
                retest(takes, mode, FRONT),
                retest(takes, mode, SIDE),
                costs.get(mode, ""),
            ]
        )
    header = [
        "", "front MAE", "with retakes", "less than plain (95 %)", "side SD", "with retakes",
        "less than plain (95 %)", "retest SD front", "side", "cost",
    ]  # fmt: skip
    table("Averages of the four angles of a view (degrees)", header, rows)


def poor_photos(takes: Sequence[Take]) -> None:
    """How often the uncertainty holds, each figure judged by a fit to others, and what is refused or warned of."""
    for mode in LOOKS:
        held: dict[str, tuple[Deviations, Held]] = {}
        for of_group in groups(takes, mode).values():
            held |= {key: (of_group[key], kept) for key, kept in cross_validated(of_group).items()}
        rows = [
            [condition, *(cell for view in VIEWS for cell in _in_condition(takes, held, condition, mode, view))]
            for condition in CONDITIONS
        ]
        columns = ("photos", "refused", "warned", "held", "held unwarned")
        header = [f"{view.name}: {column}" for view in VIEWS for column in columns]
        table(f"Poor photos, {mode}: how many, and in % of them", ["condition", *header], rows)


def _in_condition(
    takes: Sequence[Take], held: Mapping[str, tuple[Deviations, Held]], condition: str, mode: str, view: View
) -> list[Cell]:
    """Of a view's photos how many, % refused, of the others % warned of; % of angles held, of all and the unwarned."""
    of_condition = [take for take in of_view(takes, view) if take.condition == condition]
    told = [take for take in of_condition if mode in take.modes]
    keys = [variant.key for row in CORE if row.plane is view.plane for variant in row.variants]
    kept = np.concatenate([held[key][1][held[key][0].condition == condition] for key in keys])
    warned = np.concatenate([held[key][0].warned[held[key][0].condition == condition] for key in keys])
    return [
        str(len(of_condition)),
        _percent(len(of_condition) - len(told), len(of_condition)),
        _percent(sum(take.is_warned_of(mode) for take in told), len(told)),
        _percent(kept.sum(), len(kept)),
        _percent(kept[~warned].sum(), (~warned).sum()),
    ]


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}" if whole else ""


def other_measures(takes: Sequence[Take]) -> None:
    """Every measure against the truth, by each of its sources, where enough figures know it."""
    rows: list[list[Cell]] = []
    for row in (variant for measure in MEASURES for variant in measure.variants):
        beside = against_truth(takes, row, "standard", row.key)
        if beside is None or beside.figures < FEW:
            continue
        again, stated = _repeatability(of_plane(takes, row), "standard", row, row.key)
        rows.append(
            [
                label_by_source(row),
                "%" if row.unit.startswith("%") else "degrees",
                "{:+.2f} ({:+.2f} to {:+.2f})".format(beside.mean_error, *beside.interval_of_mean),
                beside.sd_of_error,
                beside.sd_of_truth,
                "{:.2f} ({:.2f} to {:.2f})".format(beside.slope, *beside.interval_of_slope),
                beside.correlation,
                again,
                stated,
            ]
        )
    header = ["measure", "unit", "bias (95 %)", "SD", "SD of truth", "slope (95 %)", "correlation", "retest SD"]
    table("All measures against the truth, standard", [*header, "uncertainty"], rows)


def calibration(takes: Sequence[Take]) -> None:
    """What the anatomical calibration changes."""
    moved = {(shift.plane.name, shift.landmark) for shift in SHIFTS}
    rows = []
    for row in MEASURES:
        if any((row.plane.name, name) in moved for names in row.points for name in names):
            found = [errors(as_they_are(takes), row, mode) for mode in ("standard", ANATOMICAL)]
            if found[0].size:
                rows.append(
                    [row.name]
                    + [f"{each.mean():+.2f}" for each in found]
                    + [f"{figure(each):.2f}" for figure in (mean_absolute, sd) for each in found]
                )
    header = ["side measure", "bias plain", "anatomical", "MAE plain", "anatomical", "SD plain", "anatomical"]
    table("The anatomical calibration, standard", header, rows)


def facings(takes: Sequence[Take]) -> None:
    """Whether it matters which way the figure faces."""
    photos = as_they_are(takes)
    rows = []
    for row in CORE:
        cells: list[Cell] = [label(row)]
        for facing in ("left", "right"):
            found = errors([take for take in photos if take.photo.facing == facing], row, "standard")
            cells += [f"{len(found)}", f"{found.mean():+.2f}", mean_absolute(found), sd(found)]
        rows.append(cells)
    header = ["angle", "facing left: n", "bias", "MAE", "SD", "facing right: n", "bias", "MAE", "SD"]
    table("Facing left and right, standard (degrees)", header, rows)
