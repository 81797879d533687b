"""Fits the uncertainty of every measure to retakes, and says how well it holds on figures that the fit has not seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.looks import Take
from posture.evidence import COVERAGE_FACTOR, standard_error

Array = NDArray[np.float64]
FLOOR_AT_LEAST = 0.05  # no measure is known better than this, in its unit
FEWEST_TAKES = 3  # of a photo in one condition; fewer say nothing of how they scatter


@dataclass(frozen=True)
class Deviations:
    """How far single takes lie from the mean of the other takes of the same photo in the same condition.

    Four arrays with an item a take: the figure's index, the condition's name, the deviation, and the standard
    error of the take's looks.
    """

    figure: NDArray[np.int_]
    condition: NDArray[np.str_]
    deviation: Array
    standard_error: Array

    def of(self, chosen: NDArray[np.bool_]) -> "Deviations":
        """Those that are chosen."""
        return Deviations(
            self.figure[chosen], self.condition[chosen], self.deviation[chosen], self.standard_error[chosen]
        )


def deviations(takes: Iterable[Take], mode: str, name: str, *, for_size: bool = False) -> Deviations:
    """All deviations of one measure in one mode. `takes` must be of one view; photos with few takes are left out.

    `name`: the measure's, or the key of one of its sources. `for_size`: each divided by how much the uncertainty is
    widened for the body's size, as floor and gain are fitted and held against.
    """
    scenes: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for take in takes:
        mean, looks = take.modes.get(mode, ({}, []))
        if name not in mean:
            continue
        scenes.setdefault((take.photo.figure, take.condition), []).append(
            (
                mean[name],
                standard_error([look[name] for look in looks if name in look]),
                take.widened(mode, name) if for_size else 1,
            )
        )
    figures = sorted({figure for figure, _ in scenes})
    rows = []
    conditions = []
    for (figure, condition), scene in scenes.items():
        if len(scene) < FEWEST_TAKES:
            continue
        values = np.array([value for value, *_ in scene])
        conditions += [condition] * len(scene)
        for index, (value, of_looks, wider) in enumerate(scene):
            # The mean of n retakes is itself uncertain by 1/n of the variance.
            others = np.delete(values, index)
            shrink = np.sqrt(len(others) / (len(others) + 1))
            rows.append((figures.index(figure), (value - others.mean()) * shrink / wider, of_looks))
    table = np.array(rows)
    return Deviations(table[:, 0].astype(int), np.array(conditions), table[:, 1], table[:, 2])


def fit(seen: Deviations) -> tuple[float, float]:
    """Floor and gain: least squares of the squared deviations, then widened or narrowed until 95 % are covered."""
    squared, of_looks = seen.deviation**2, seen.standard_error**2
    design = np.stack([np.ones_like(of_looks), of_looks], axis=1)
    floor, gain = np.linalg.lstsq(design, squared)[0]
    if gain < 0:  # the looks say nothing of this measure
        floor, gain = squared.mean(), 0.0
    elif floor < 0:
        floor, gain = 0.0, (squared @ of_looks) / (of_looks @ of_looks)
    floor, gain = max(np.sqrt(floor), FLOOR_AT_LEAST), np.sqrt(gain)
    ratio = np.abs(seen.deviation) / np.hypot(floor, gain * seen.standard_error)
    widen = np.quantile(ratio, 0.95) / COVERAGE_FACTOR
    return float(max(widen * floor, FLOOR_AT_LEAST)), float(widen * gain)


def coverage(seen: Deviations, floor: float, gain: float) -> NDArray[np.bool_]:
    """For each deviation whether the uncertainty holds it."""
    covered: NDArray[np.bool_] = np.abs(seen.deviation) <= COVERAGE_FACTOR * np.hypot(floor, gain * seen.standard_error)
    return covered


def cross_validated(seen: Deviations) -> NDArray[np.bool_]:
    """For each deviation whether the uncertainty holds it, each figure judged by a fit to the others."""
    covered = np.zeros(len(seen.deviation), bool)
    for figure in np.unique(seen.figure):
        held_out = seen.figure == figure
        covered[held_out] = coverage(seen.of(held_out), *fit(seen.of(~held_out)))
    return covered


def retest_sd(seen: Deviations) -> float:
    """The standard deviation of a single take around the mean of retakes, root mean square over all photos."""
    return float(np.sqrt(np.mean(seen.deviation**2)))


def root_mean_square(values: Sequence[float]) -> float:
    """Of several figures in the same unit."""
    return float(np.sqrt(np.mean(np.square(values))))
