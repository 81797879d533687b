"""Fits the uncertainty of every measure to retakes, and says how well it holds on figures that the fit has not seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.looks import Take
from bench.accuracy.retakes import CLEAN
from posture.evidence import COVERAGE_FACTOR, FAULTS, standard_error

Array = NDArray[np.float64]
FLOOR_AT_LEAST = 0.05  # no measure is known better than this, in its unit
FEWEST_TAKES = 3  # of a clean photo; fewer say nothing of how they scatter
HELD = 0.95  # of the deviations
# In the fit, the clean photos weigh as much as so many of the poor conditions, which weigh the same each.
CLEAN_WEIGHS = 14
FOLDS = 4  # parts of the figures, each judged by a fit to the others
_EXTREME = 0.98  # quantile beyond which a squared deviation says no more of a floor than that


@dataclass(frozen=True)
class Deviations:
    """How far single takes lie from the mean of clean takes of the same photo.

    Arrays with an item a take: the figure's index, the condition's name, the deviation, the standard error of the
    take's looks, (n, len(FAULTS)) by how much the photo exceeds the limit of each fault, as a natural logarithm, and
    whether it is warned of as poor.
    """

    figure: NDArray[np.int_]
    condition: NDArray[np.str_]
    deviation: Array
    standard_error: Array
    excess: Array
    warned: NDArray[np.bool_]

    def of(self, chosen: NDArray[np.bool_]) -> "Deviations":
        """Those that are chosen."""
        return Deviations(*(getattr(self, column.name)[chosen] for column in fields(self)))

    @property
    def weight(self) -> Array:
        """(n,) of each take in the fit."""
        names, place, counts = np.unique(self.condition, return_inverse=True, return_counts=True)
        return (np.where(names == CLEAN, CLEAN_WEIGHS, 1) / counts)[place]


def deviations(takes: Iterable[Take], mode: str, name: str) -> Deviations:
    """All deviations of one measure in one mode. `takes` must be of one view.

    `name`: the measure's, or the key of one of its sources. A clean take is held against the others of its photo, a
    poor one against all of them; photos with few clean takes are left out.
    """
    seen = [take for take in takes if name in take.modes.get(mode, ({},))[0]]
    clean: dict[str, list[Take]] = {}
    for take in seen:
        if take.condition == CLEAN:
            clean.setdefault(take.photo.figure, []).append(take)
    figures = sorted(clean)
    rows = []
    for take in seen:
        others = [other for other in clean.get(take.photo.figure, ()) if other is not take]
        if len(clean.get(take.photo.figure, ())) < FEWEST_TAKES:
            continue
        mean, looks = take.modes[mode]
        # The mean of n retakes is itself uncertain by 1/n of the variance of a clean one.
        shrink = np.sqrt(len(others) / (len(others) + 1)) if take.condition == CLEAN else 1
        off = (mean[name] - np.mean([other.modes[mode][0][name] for other in others])) * shrink
        of_looks = standard_error([look[name] for look in looks if name in look])
        excess = [fault.excess(take.seen, take.source(mode, name).of) for fault in FAULTS]
        rows.append((figures.index(take.photo.figure), take.condition, off, of_looks, excess, take.is_warned_of(mode)))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Deviations(columns[0].astype(int), *columns[1:])


@dataclass(frozen=True)
class Fit:
    """The uncertainty of measures that share their exponents: floor and gain of each by its key."""

    exponents: Array
    scales: Mapping[str, tuple[float, float]]

    def holds(self, key: str, seen: Deviations) -> NDArray[np.bool_]:
        """For each deviation of a measure whether the uncertainty holds it."""
        held: NDArray[np.bool_] = _ratio(seen, _worse(seen, self.exponents), *self.scales[key]) <= 1
        return held


def fit(seen: Mapping[str, Deviations]) -> Fit:
    """The exponents with which the uncertainties of these measures come nearest to the 95th percentile of deviations.

    By quantile regression, a coordinate at a time: the loss of a deviation is how far it is beyond the uncertainty, as
    a logarithm, times 0.95, or within it times 0.05. For given exponents floor and gain follow (`scale`).
    """
    best = np.full(len(FAULTS), 0.7)
    least, step = _loss(seen, best), 0.4
    while step > 0.02:
        before = least
        for place in range(len(FAULTS)):
            for change in (step, -step):
                other = best.copy()
                other[place] = max(0.0, other[place] + change)
                if (loss := _loss(seen, other)) < least - 1e-6:
                    best, least = other, loss
        if least == before:
            step /= 2
    return Fit(best, {key: scale(of, best) for key, of in seen.items()})


def scale(seen: Deviations, exponents: Array) -> tuple[float, float]:
    """Floor and gain: least squares of the squared deviations, then widened or narrowed until 95 % are covered."""
    worse, weight = _worse(seen, exponents), seen.weight
    squared, of_looks = (seen.deviation / worse) ** 2, (seen.standard_error / worse) ** 2
    squared = np.minimum(squared, np.quantile(squared, _EXTREME))
    root, design = np.sqrt(weight), np.stack([np.ones_like(of_looks), of_looks], axis=1)
    floor, gain = np.linalg.lstsq(root[:, None] * design, root * squared)[0]
    if gain < 0:  # the looks say nothing of this measure
        floor, gain = (weight @ squared) / weight.sum(), 0.0
    elif floor < 0:
        floor, gain = 0.0, ((weight * squared) @ of_looks) / ((weight * of_looks) @ of_looks)
    floor, gain = max(np.sqrt(floor), FLOOR_AT_LEAST), np.sqrt(gain)
    widen = _quantile(_ratio(seen, worse, floor, gain), weight)
    return float(max(widen * floor, FLOOR_AT_LEAST)), float(widen * gain)


def _loss(seen: Mapping[str, Deviations], exponents: Array) -> float:
    total = 0.0
    for of in seen.values():
        beyond = np.log(np.maximum(_ratio(of, _worse(of, exponents), *scale(of, exponents)), 1e-3))
        total += float(of.weight @ np.where(beyond > 0, HELD * beyond, (HELD - 1) * beyond))
    return total


def _worse(seen: Deviations, exponents: Array) -> Array:
    worse: Array = np.exp(seen.excess @ exponents)
    return worse


def _ratio(seen: Deviations, worse: Array, floor: float, gain: float) -> Array:
    """How many times as large as the uncertainty each deviation is."""
    stated = COVERAGE_FACTOR * np.hypot(worse * floor, gain * seen.standard_error)
    ratio: Array = np.abs(seen.deviation) / stated
    return ratio


def _quantile(values: Array, weight: Array) -> float:
    """The value that 95 % of the weight is at or below."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(reached, HELD * reached[-1])])


def cross_validated(seen: Mapping[str, Deviations]) -> dict[str, NDArray[np.bool_]]:
    """By key, for each deviation whether the uncertainty holds it, each figure judged by a fit to others."""
    held = {key: np.zeros(len(of.deviation), bool) for key, of in seen.items()}
    for part in range(FOLDS):
        of_others = fit({key: of.of(of.figure % FOLDS != part) for key, of in seen.items()})
        for key, of in seen.items():
            judged = of.figure % FOLDS == part
            held[key][judged] = of_others.holds(key, of.of(judged))
    return held


def retest_sd(seen: Deviations) -> float:
    """The standard deviation of a single clean take around the mean of retakes, root mean square over all photos."""
    return float(np.sqrt(np.mean(seen.deviation[seen.condition == CLEAN] ** 2)))


def root_mean_square(values: Sequence[float]) -> float:
    """Of several figures in the same unit."""
    return float(np.sqrt(np.mean(np.square(values))))
