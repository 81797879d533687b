"""The tables of docs/accuracy/tables.md that are made of takes, printed in Markdown."""

from collections.abc import Iterable, Sequence

import numpy as np

from bench.accuracy.errors import (
    CORE,
    against_truth,
    averaged,
    errors,
    less_than_plain,
    mean_absolute,
    of_plane,
    retest,
    sd,
)
from bench.accuracy.looks import ANATOMICAL, PLAIN, Take, as_they_are, label, label_by_source
from bench.accuracy.retakes import CONDITIONS
from bench.accuracy.uncertainty import cross_validated, deviations, retest_sd
from posture.anatomy import SHIFTS
from posture.angles import MEASURES, Measure
from posture.estimate import LOOKS
from posture.evidence import uncertainty
from posture.views import FRONT, SIDE

FEW = 10  # figures; fewer say next to nothing about others
MODES = [PLAIN, *LOOKS]

Cell = str | float | int


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
        header = ["angle", "bias", "MAE", "SD", "95th pct", "retest SD", "uncertainty", "coverage %"]
        table(f"Angles, {mode} (degrees)", header, rows)


def _repeatability(takes: Sequence[Take], mode: str, row: Measure, key: str = "") -> list[Cell]:
    """Retest SD in clean photos, median uncertainty and cross-validated coverage in % over all conditions.

    `key`: of one source alone.
    """
    key = key or row.name
    clean = [take for take in takes if take.condition == "clean"]
    again = retest_sd(deviations(clean, mode, key))
    if mode == PLAIN:
        return [again, "", ""]
    stated = [_stated(take, mode, row, key) for take in takes if key in take.modes.get(mode, ({},))[0]]
    covered = cross_validated(deviations(takes, mode, key, for_size=True))
    return [again, float(np.median(stated)), f"{100 * covered.mean():.1f}"]


def _stated(take: Take, mode: str, row: Measure, key: str) -> float:
    """The uncertainty of a measure, by the source of this key, or as it is told where that is its name."""
    mean, looks = take.modes[mode]
    if key == row.name:
        key = next(variant.key for variant in row.variants if variant.key in mean)
    stated = uncertainty(mode, row.plane, [{key: look[key]} for look in looks if key in look])[key]
    return stated * take.widened(mode, key)


def targets(takes: Sequence[Take], costs: dict[str, float]) -> None:
    """What the modes reach beside the plain pass, averaged; `costs`: of each mode as a multiple of `fast`."""
    photos, clean = as_they_are(takes), [take for take in takes if take.condition == "clean"]
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
    print("\nTargets: front MAE 1.15 and side SD 2.1 in standard mode; retest SD 0.45 and 0.55, precise 0.22 and 0.28.")


def coverage_by_condition(takes: Sequence[Take]) -> None:
    """How often the stated uncertainty holds."""

    def cell(row: Measure, mode: str) -> str:
        seen = deviations(of_plane(takes, row), mode, row.name, for_size=True)
        covered = cross_validated(seen)
        each = [f"{100 * covered[seen.condition == condition].mean():.0f}" for condition in CONDITIONS]
        return f"{100 * covered.mean():.1f} ({' '.join(each)})"

    rows = [[label(row), *(cell(row, mode) for mode in LOOKS)] for row in MEASURES]
    table(f"Cross-validated coverage of the uncertainty in %: all ({' '.join(CONDITIONS)})", ["measure", *LOOKS], rows)


def other_measures(takes: Sequence[Take]) -> None:
    """Every measure against the truth, by each of its sources, where enough figures know it."""
    rows: list[list[Cell]] = []
    for row in (variant for measure in MEASURES for variant in measure.variants):
        beside = against_truth(takes, row, "standard", row.key)
        if beside is None or beside.figures < FEW:
            continue
        again, stated, _ = _repeatability(of_plane(takes, row), "standard", row, row.key)
        rows.append(
            [
                label_by_source(row),
                "%" if row.unit.startswith("%") else "degrees",
                f"{beside.mean_error:+.2f}",
                beside.sd_of_error,
                beside.sd_of_truth,
                beside.slope,
                beside.correlation,
                again,
                stated,
            ]
        )
    header = ["measure", "unit", "bias", "SD", "SD of truth", "slope", "correlation", "retest SD", "uncertainty"]
    table("All measures against the truth, standard", header, rows)


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
