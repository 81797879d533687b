"""Prints how the worker measures figures whose angles are known: python -m bench.accuracy

The demo images always, and the figures in the folder that POSTURE_TRUTH names. Every mode stands beside one plain pass
of MediaPipe over the same photos. Writes the pairs of true and measured values to build/accuracy/*.csv, in the form
that PyPI's `poseaudit paired` reads, and the plots to docs/accuracy/ (to build/accuracy/ when the figures are few).
docs/ACCURACY.md explains the columns. Takes about five minutes on two cores for 14 figures.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import plots, refusals
from bench.calibration import cross_validated, deviations, retest_sd, root_mean_square
from bench.looks import ANATOMICAL, PLAIN, READINGS, Take, as_they_are, take_all, truth_and_measured
from bench.retakes import CONDITIONS
from posture import cores, model
from posture.angles import MEASURES, Measure
from posture.calibration import SHIFTS
from posture.errors import VIEWS, View
from posture.estimate import LOOKS
from posture.evidence import uncertainty
from posture.landmarker import LandmarkerPool
from testing.figures import FigurePhoto, figures

RETAKES = 6
FEW = 10  # figures; fewer say next to nothing about others
BUILD = Path("build/accuracy")
DOCS = Path(__file__).parent.parent / "docs/accuracy"
RESAMPLES = 2000

CORE = [row for row in MEASURES if row.core]
MODES = [PLAIN, *LOOKS]

Array = NDArray[np.float64]
Cell = str | float | int


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Prints a Markdown table; numbers get two decimals."""
    print(f"\n### {title}\n\n| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(cell if isinstance(cell, str) else f'{cell:.2f}' for cell in row)} |")


def errors(takes: Iterable[Take], row: Measure, mode: str) -> Array:
    """(n,) measured minus true, in the measure's unit."""
    true, measured = truth_and_measured(takes, row, mode).T
    error: Array = measured - true
    return error


def sd(values: Array) -> float:
    """The standard deviation of a sample: of errors it is what is left when their offset is removed."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def mean_absolute(values: Array) -> float:
    """The mean of the absolute values."""
    return float(np.mean(np.abs(values)))


def of_view(takes: Iterable[Take], view: View) -> list[Take]:
    """The takes of one view."""
    return [take for take in takes if take.photo.view == view]


def averaged(takes: Sequence[Take], mode: str, view: View, figure: Callable[[Array], float]) -> float:
    """A figure of the errors of a view's four angles, averaged over them."""
    return float(np.mean([figure(errors(takes, row, mode)) for row in CORE if row.view == view]))


def retest(takes: Sequence[Take], mode: str, view: View) -> float:
    """The retest SD of a view's four angles in clean photos, as root mean square over them."""
    clean = [take for take in of_view(takes, view) if take.condition == "clean"]
    return root_mean_square([retest_sd(deviations(clean, mode, row.name)) for row in CORE if row.view == view])


def less_than_plain(
    takes: Sequence[Take], mode: str, view: View, figure: Callable[[Array], float]
) -> tuple[float, float]:
    """The 95 % interval of how much `averaged` falls from the plain pass to a mode, figures resampled together."""
    rows = [row for row in CORE if row.view == view]
    both = [take for take in takes if {PLAIN, mode} <= take.modes.keys()]
    plain, other = (np.stack([errors(both, row, name) for row in rows]) for name in (PLAIN, mode))
    random = np.random.default_rng(0)
    falls = []
    for _ in range(RESAMPLES):
        chosen = random.integers(0, plain.shape[1], plain.shape[1])
        before, after = ([figure(row[chosen]) for row in of] for of in (plain, other))
        falls.append(np.mean(before) - np.mean(after))
    low, high = np.quantile(falls, [0.025, 0.975])
    return float(low), float(high)


def _angles(takes: Sequence[Take]) -> None:
    for mode in MODES:
        rows = []
        for row in CORE:
            of_photos = errors(as_they_are(takes), row, mode)
            rows.append(
                [
                    f"{row.view} {row.name}",
                    f"{of_photos.mean():+.2f}",
                    mean_absolute(of_photos),
                    sd(of_photos),
                    float(np.quantile(np.abs(of_photos), 0.95)),
                    *_repeatability(of_view(takes, row.view), mode, row),
                ]
            )
        header = ["angle", "bias", "MAE", "SD", "95th pct", "retest SD", "uncertainty", "coverage %"]
        table(f"Angles, {mode} (degrees)", header, rows)


def _repeatability(takes: Sequence[Take], mode: str, row: Measure) -> list[Cell]:
    """Retest SD in clean photos, median uncertainty and cross-validated coverage in % over all conditions."""
    clean = [take for take in takes if take.condition == "clean"]
    again = retest_sd(deviations(clean, mode, row.name))
    if mode == PLAIN:
        return [again, "", ""]
    stated = [uncertainty(mode, row.view, take.modes[mode][1])[row.name] for take in takes if mode in take.modes]
    covered = cross_validated(deviations(takes, mode, row.name))
    return [again, float(np.median(stated)), f"{100 * covered.mean():.1f}"]


def _targets(takes: Sequence[Take], costs: dict[str, float]) -> None:
    photos, clean = as_they_are(takes), [take for take in takes if take.condition == "clean"]
    rows: list[list[Cell]] = []
    for mode in MODES:
        front, side = (less_than_plain(photos, mode, *what) for what in (("front", mean_absolute), ("side", sd)))
        rows.append(
            [
                mode,
                averaged(photos, mode, "front", mean_absolute),
                averaged(clean, mode, "front", mean_absolute),
                "" if mode == PLAIN else "{:.2f} to {:.2f}".format(*front),
                averaged(photos, mode, "side", sd),
                averaged(clean, mode, "side", sd),
                "" if mode == PLAIN else "{:.2f} to {:.2f}".format(*side),
                retest(takes, mode, "front"),
                retest(takes, mode, "side"),
                costs.get(mode, ""),
            ]
        )
    header = [
        "", "front MAE", "with retakes", "less than plain (95 %)", "side SD", "with retakes",
        "less than plain (95 %)", "retest SD front", "side", "cost",
    ]  # fmt: skip
    table("Averages of the four angles of a view (degrees)", header, rows)
    print("\nTargets: front MAE 1.15 and side SD 2.1 in standard mode; retest SD 0.45 and 0.55, precise 0.22 and 0.28.")


def _coverage_by_condition(takes: Sequence[Take]) -> None:
    def cell(row: Measure, mode: str) -> str:
        seen = deviations(of_view(takes, row.view), mode, row.name)
        covered = cross_validated(seen)
        each = [f"{100 * covered[seen.condition == condition].mean():.0f}" for condition in CONDITIONS]
        return f"{100 * covered.mean():.1f} ({' '.join(each)})"

    rows = [[f"{row.view} {row.name}", *(cell(row, mode) for mode in LOOKS)] for row in MEASURES]
    table(f"Cross-validated coverage of the uncertainty in %: all ({' '.join(CONDITIONS)})", ["measure", *LOOKS], rows)


def _other_measures(takes: Sequence[Take]) -> None:
    rows: list[list[Cell]] = []
    for row in MEASURES:
        true, measured = truth_and_measured(as_they_are(takes), row, "standard").T
        if len(true) < FEW:
            continue
        again, stated, _ = _repeatability(of_view(takes, row.view), "standard", row)
        rows.append(
            [
                f"{row.view} {row.name}",
                "%" if row.unit.startswith("%") else "degrees",
                f"{(measured - true).mean():+.2f}",
                sd(measured - true),
                sd(true),
                float(np.polyfit(true, measured, 1)[0]),
                float(np.corrcoef(true, measured)[0, 1]),
                again,
                stated,
            ]
        )
    header = ["measure", "unit", "bias", "SD", "SD of truth", "slope", "correlation", "retest SD", "uncertainty"]
    table("All measures against the truth, standard", header, rows)


def _calibration(takes: Sequence[Take]) -> None:
    moved = {(shift.view, shift.landmark) for shift in SHIFTS}
    rows = []
    for row in MEASURES:
        if any((row.view, name) in moved for names in row.points for name in names):
            found = [errors(as_they_are(takes), row, mode) for mode in ("standard", ANATOMICAL)]
            if found[0].size:
                rows.append(
                    [row.name]
                    + [f"{each.mean():+.2f}" for each in found]
                    + [f"{figure(each):.2f}" for figure in (mean_absolute, sd) for each in found]
                )
    header = ["side measure", "bias plain", "anatomical", "MAE plain", "anatomical", "SD plain", "anatomical"]
    table("The anatomical calibration, standard", header, rows)


def _facings(takes: Sequence[Take]) -> None:
    photos = as_they_are(takes)
    rows = []
    for row in CORE:
        cells: list[Cell] = [f"{row.view} {row.name}"]
        for facing in ("left", "right"):
            found = errors([take for take in photos if take.photo.facing == facing], row, "standard")
            cells += [f"{len(found)}", f"{found.mean():+.2f}", mean_absolute(found), sd(found)]
        rows.append(cells)
    header = ["angle", "facing left: n", "bias", "MAE", "SD", "facing right: n", "bias", "MAE", "SD"]
    table("Facing left and right, standard (degrees)", header, rows)


def write_pairs(takes: Iterable[Take], mode: str, file: Path) -> None:
    """Writes what `poseaudit paired --table` reads: a row a figure and measure, the photos as they are."""
    with file.open("w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["subject", "trial", "frame", "measure", "pred", "ref", "unit"])
        for take in as_they_are(takes):
            for row in MEASURES:
                if mode in take.modes and row.view == take.photo.view and row.name in take.photo.truth:
                    rows.writerow(
                        [
                            take.photo.figure,
                            row.view,
                            take.number,
                            f"{row.view} {row.name}",
                            round(take.modes[mode][0][row.name], 3),
                            round(take.photo.truth[row.name], 3),
                            "%" if row.unit.startswith("%") else "deg",
                        ]
                    )


def _head(photos: Sequence[FigurePhoto], takes: Sequence[Take], count: int) -> None:
    print(f"{count} figures, {len(photos)} photos in {len(CONDITIONS)} conditions, each with {RETAKES} retakes.")
    measured = ", ".join(f"{mode} {sum(mode in take.modes for take in takes)}" for mode in MODES)
    print(f"Of {len(takes)} takes so many could be measured: {measured}.")
    if count < FEW:
        print(f"{count} figures prove nothing: let POSTURE_TRUTH name a folder with more of them.")


def main() -> None:
    """The command line."""
    photos = figures()
    count = len(photos) // len(VIEWS)
    takes = take_all(photos, RETAKES)
    _head(photos, takes, count)
    with LandmarkerPool(model.path(), 1) as pool:
        costs, findings = refusals.through_the_worker(photos, pool.detect)
    _angles(takes)
    _targets(takes, costs)
    _coverage_by_condition(takes)
    _other_measures(takes)
    _calibration(takes)
    _facings(takes)
    with LandmarkerPool(model.path(), cores.available()) as pool:
        table("Refusals through the worker's own way", *findings)
        outcomes, limits = refusals.separations(photos, pool)
        table("Pictures made of the photos, standard", *outcomes)
        table("Thresholds: least / median / most, standard", *limits)
        table("Smaller copies: root mean square change of the angles (degrees)", *refusals.sizes(photos, pool))
        table("A photo and its mirror image: mean difference (degrees)", *refusals.mirrored(photos, pool))
    BUILD.mkdir(parents=True, exist_ok=True)
    for mode in READINGS:
        write_pairs(takes, mode, BUILD / f"{mode}.csv")
    folder = BUILD if count < FEW else DOCS
    plots.draw(as_they_are(takes), folder)
    print(f"\nPairs for poseaudit: {BUILD}/*.csv; plots: {folder}")


if __name__ == "__main__":
    main()
