"""What figures with known angles say of every measure: how far a value may be off by chance, and how far in itself.

The uncertainty is an expanded uncertainty with the coverage factor k = 1.96 (JCGM 100:2008, 6.2): it holds 95 % of
retakes. A retake is another photo of the same pose: shifted by up to 2 pixels, 2 % larger or smaller, 3 % brighter or
darker, saved as JPEG of quality 70 to 95. What a body does between two photos is no part of it. Nor is where the model
puts its landmarks on every body alike; that is what the validity is about. The uncertainty is fitted without
calibration: with it photos repeat nearly as well (docs/ACCURACY.md).

    uncertainty = k * sqrt((worse * floor)^2 + (gain * standard error)^2)

The standard error is that of the looks at this photo: their standard deviation divided by the square root of their
number. `floor`, in the measure's unit, and `gain` are fitted for each mode and measure; a single look has no standard
error, and all of its uncertainty is the floor.

A retake may also be a poor photo, of which the mean of good ones is asked: blurred, shaken, grainy, dark, compressed,
or the body in few pixels, alone and two at a time. `worse` says how many times as far such a photo's reading lies off.
It is a product of powers, one for each of FAULTS that goes beyond its limit, 1 for a photo without fault
(posture.clarity):

    worse = (blur / 0.42)^a * (relative grain / 0.01)^b * (70 / contrast)^c * coarseness^d * (180 / size)^e

The exponents are fitted for each mode, for what is read from the body in each plane and for what is read from the face.

`make evidence` writes evidence.json: both tables, and on which model, version and data they were fitted.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from posture.angles import BODY, FACE
from posture.clarity import CLEAR, Clarity
from posture.views import Plane

TABLE = Path(__file__).with_name("evidence.json")
COVERAGE_FACTOR = 1.96  # standard deviations that hold 95 % of a normal distribution
ANYTHING = 180  # an uncertainty from which on no value is excluded; people are told this word in place of a number


@dataclass(frozen=True)
class Fault:
    """What makes a photo's readings less certain: a quantity of posture.clarity.Clarity beyond a limit.

    `limit` for what is read from the body, `of_face` for what is read from the face, which is smaller. `least`: whether
    less than the limit is the fault, or more.
    """

    name: str
    limit: float
    of_face: float
    least: bool = False

    def excess(self, seen: Clarity, of: str = BODY) -> float:
        """How many times the limit is exceeded, as a natural logarithm; 0 where it is not."""
        limit = self.of_face if of == FACE else self.limit
        ratio = max(getattr(seen, self.name) / limit, 1e-6)
        return max(0.0, -math.log(ratio) if self.least else math.log(ratio))


# 19 of 20 good photos lie within the limits for bodies.
FAULTS = (
    Fault("blur", 0.42, 0.36),
    Fault("relative_grain", 0.01, 0.01),
    Fault("contrast", 70, 70, least=True),
    Fault("coarseness", 1, 1),
    Fault("size", 180, 700, least=True),
)


@dataclass(frozen=True)
class Trust:
    """A word for how far a reading can be trusted, and what it asks for.

    `uncertainty`: at most, expanded, in degrees or in % of the distance from nose to ankles. `correlation`: of measured
    and true values over figures, at least.
    """

    name: str
    uncertainty: float
    correlation: float


# The first row that a reading meets; the last takes all. A constant offset is no matter: it cancels between two visits.
TRUST = (
    Trust("good", uncertainty=1.5, correlation=0.9),
    Trust("fair", uncertainty=3.0, correlation=0.7),
    Trust("poor", uncertainty=math.inf, correlation=-1.0),
)


def uncertainty(
    mode: str, plane: Plane, looks: Sequence[Mapping[str, float]], seen: Clarity = CLEAR, of: str = BODY
) -> dict[str, float]:
    """The expanded uncertainty of each measure, in its unit, from its values at each look and how clear the photo is.

    Measures go by their keys (posture.angles.Measure.key), and all are read from what they are `of`. KeyError for an
    unknown mode.
    """
    table = _table()["uncertainty"][mode][plane.name]
    worse = times_worse(mode, plane, seen, of)
    return {
        name: COVERAGE_FACTOR
        * math.hypot(worse * table[name]["floor"], table[name]["gain"] * standard_error([look[name] for look in looks]))
        for name in looks[0]
    }


def times_worse(mode: str, plane: Plane, seen: Clarity, of: str = BODY) -> float:
    """How many times as far as a clear photo's a reading may lie off, from what measures are `of`; at least 1."""
    exponents = _table()["photo"][mode][group(plane, of)]
    return math.exp(sum(exponents[fault.name] * fault.excess(seen, of) for fault in FAULTS))


def group(plane: Plane, of: str) -> str:
    """What has exponents of its own: the body in a plane, and the face."""
    return FACE if of == FACE else plane.name


def validity(calibration: str, plane: Plane, key: str) -> dict[str, float]:
    """How the measure of this key compares with the truth, in `standard` mode and with this calibration.

    `figures` that were measured; `mean_error` and `sd_of_error` in the measure's unit, measured minus true; `slope` of
    what is measured against what is true, and their `correlation`. KeyError for an unknown calibration or measure.
    """
    figures: dict[str, float] = _table()["validity"][calibration][plane.name][key]
    return figures


def trust(uncertainty: float, correlation: float) -> str:
    """How far a reading can be trusted, by its expanded uncertainty and its measure's correlation with the truth."""
    return next(row.name for row in TRUST if uncertainty <= row.uncertainty and correlation >= row.correlation)


def provenance() -> dict[str, str]:
    """What the tables were fitted on: both models and their digests, this package's `version`, and the `data`."""
    fitted: dict[str, str] = _table()["fitted_on"]
    return fitted


def standard_error(values: Sequence[float]) -> float:
    """The standard error of the mean of values; 0 for a single one."""
    count = len(values)
    if count < 2:
        return 0.0
    mean = sum(values) / count
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (count * (count - 1)))


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text())
    return table
