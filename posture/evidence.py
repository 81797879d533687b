"""What figures with known angles say of every measure: how far a value may be off by chance, and how far in itself.

The uncertainty is an expanded uncertainty with the coverage factor k = 1.96 (JCGM 100:2008, 6.2): it holds 95 % of
retakes. A retake is another photo of the same pose: shifted by up to 2 pixels, 2 % larger or smaller, 3 % brighter or
darker, saved as JPEG of quality 70 to 95. What a body does between two photos is no part of it. Nor is where the model
puts its landmarks on every body alike; that is what the validity is about. The uncertainty is fitted without
calibration: with it photos repeat nearly as well (docs/ACCURACY.md).

    uncertainty = k * sqrt(floor^2 + (gain * standard error)^2) * max(1, SMALL[mode] / nose to ankles)

with SMALL_FACE in the place of SMALL[mode] for what is read from the face.

The standard error is that of the looks at this photo: their standard deviation divided by the square root of their
number. `floor`, in the measure's unit, and `gain` are fitted for each mode and measure; a single look has no standard
error, and all of its uncertainty is the floor. They are fitted on bodies of 190 to 700 pixels from nose to ankles; the
last factor is for smaller ones, whose landmarks scatter more, and is allowed for in the fit.

TRUST turns uncertainty and validity into one word.

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
from posture.views import Plane

TABLE = Path(__file__).with_name("evidence.json")
COVERAGE_FACTOR = 1.96  # standard deviations that hold 95 % of a normal distribution
# Of the distance from nose to ankles in the decoded picture, in pixels, by mode. Without the factor the uncertainty
# held 48 to 88 % of the retakes of bodies of 120 pixels and 26 to 57 % of those of 65 pixels, least in `precise`.
SMALL = {"fast": 210, "standard": 230, "precise": 380}
# The same for what is read from the face, in every mode: its line is as long as the face is wide, and scatters the
# more the fewer pixels it has: 0.2 degrees in bodies of 700 pixels, 0.4 of 360, 0.6 of 220, 0.9 of 170.
SMALL_FACE = 700


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
    mode: str, plane: Plane, looks: Sequence[Mapping[str, float]], nose_to_ankle: float = math.inf, of: str = BODY
) -> dict[str, float]:
    """The expanded uncertainty of each measure, in its unit, from its values at each look and the size in pixels.

    Measures go by their keys (posture.angles.Measure.key), and all are read from what they are `of`. KeyError for an
    unknown mode.
    """
    table = _table()["uncertainty"][mode][plane.name]
    wide = COVERAGE_FACTOR * widened(mode, nose_to_ankle, of)
    return {
        name: wide
        * math.hypot(table[name]["floor"], table[name]["gain"] * standard_error([look[name] for look in looks]))
        for name in looks[0]
    }


def widened(mode: str, nose_to_ankle: float, of: str = BODY) -> float:
    """How many times as wide the uncertainty is for a body of this size in pixels, from what measures are `of`."""
    return max(1, (SMALL_FACE if of == FACE else SMALL[mode]) / nose_to_ankle)


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
