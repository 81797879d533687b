"""How far what was measured lies from the truth, and how far from what was measured before."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.looks import PLAIN, Take, as_they_are, truth_and_measured
from bench.accuracy.retakes import CLEAN
from bench.accuracy.uncertainty import deviations, retest_sd, root_mean_square
from posture.angles import MEASURES, Measure
from posture.views import View

CORE = [row for row in MEASURES if row.core]
RESAMPLES = 2000

Array = NDArray[np.float64]


def errors(takes: Iterable[Take], row: Measure, mode: str) -> Array:
    """(n,) measured minus true, in the measure's unit."""
    true, measured = truth_and_measured(takes, row, mode).T
    error: Array = measured - true
    return error


@dataclass(frozen=True)
class Comparison:
    """A measure beside the truth, over figures, in its unit. `slope`: of what was measured over what is true.

    The intervals hold the mean error and the slope of other figures of this kind with 95 %.
    """

    figures: int
    mean_error: float
    sd_of_error: float
    sd_of_truth: float
    slope: float
    correlation: float
    interval_of_mean: tuple[float, float]
    interval_of_slope: tuple[float, float]


def against_truth(takes: Iterable[Take], row: Measure, mode: str, key: str = "") -> Comparison | None:
    """The photos as they are beside the truth; None where it is known of fewer than two. `key`: of one source alone."""
    true, measured = truth_and_measured(as_they_are(takes), row, mode, key).T
    if len(true) < 2:
        return None
    return Comparison(
        figures=len(true),
        mean_error=float(np.mean(measured - true)),
        sd_of_error=sd(measured - true),
        sd_of_truth=sd(true),
        slope=_slope(true, measured),
        correlation=float(np.corrcoef(true, measured)[0, 1]),
        interval_of_mean=_interval(true, measured, lambda true, measured: float(np.mean(measured - true))),
        interval_of_slope=_interval(true, measured, _slope),
    )


def _slope(true: Array, measured: Array) -> float:
    if np.ptp(true) == 0:
        return float("nan")
    spread = true - true.mean()
    return float(spread @ measured / (spread @ spread))


def _interval(true: Array, measured: Array, figure: Callable[[Array, Array], float]) -> tuple[float, float]:
    """The 95 % interval of a figure, figures resampled."""
    random = np.random.default_rng(0)
    drawn = (random.integers(0, len(true), len(true)) for _ in range(RESAMPLES))
    low, high = np.nanquantile([figure(true[chosen], measured[chosen]) for chosen in drawn], [0.025, 0.975])
    return float(low), float(high)


def sd(values: Array) -> float:
    """The standard deviation of a sample: of errors it is what is left when their offset is removed."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def mean_absolute(values: Array) -> float:
    """The mean of the absolute values."""
    return float(np.mean(np.abs(values)))


def of_view(takes: Iterable[Take], view: View) -> list[Take]:
    """The takes of one view."""
    return [take for take in takes if take.photo.view is view]


def of_plane(takes: Iterable[Take], row: Measure) -> list[Take]:
    """The takes that a measure is read from."""
    return [take for take in takes if take.photo.view.plane is row.plane]


def averaged(takes: Sequence[Take], mode: str, view: View, figure: Callable[[Array], float]) -> float:
    """A figure of the errors of a view's four angles, averaged over them."""
    return float(np.mean([figure(errors(takes, row, mode)) for row in CORE if row.plane is view.plane]))


def retest(takes: Sequence[Take], mode: str, view: View) -> float:
    """The retest SD of a view's four angles in clean photos, as root mean square over them."""
    clean = [take for take in of_view(takes, view) if take.condition == CLEAN]
    return root_mean_square([retest_sd(deviations(clean, mode, row.name)) for row in CORE if row.plane is view.plane])


def less_than_plain(
    takes: Sequence[Take], mode: str, view: View, figure: Callable[[Array], float]
) -> tuple[float, float]:
    """The 95 % interval of how much `averaged` falls from the plain pass to a mode, figures resampled together."""
    rows = [row for row in CORE if row.plane is view.plane]
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
