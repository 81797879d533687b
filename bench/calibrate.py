"""Writes posture/evidence.json: python -m bench.calibrate

Needs figures with known angles beyond the demo images, in the folder that POSTURE_TRUTH names. Takes some four minutes.
"""

import json
import sys

import numpy as np

from bench.calibration import deviations, fit
from bench.looks import Take, as_they_are, take_all, truth_and_measured
from posture.angles import MEASURES, Measure
from posture.errors import VIEWS
from posture.estimate import LOOKS
from posture.evidence import TABLE
from testing.figures import figures

RETAKES = 6
FEWEST_PHOTOS = 20  # ten figures from both sides; fewer say little about others


def uncertainty(takes: list[Take]) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Floor and gain by mode, view and measure."""
    by_view = {view: [take for take in takes if take.photo.view == view] for view in VIEWS}
    fits = {
        (mode, row.view, row.name): fit(deviations(by_view[row.view], mode, row.name))
        for mode in LOOKS
        for row in MEASURES
    }
    return {
        mode: {
            view: {
                name: {"floor": round(floor, 3), "gain": round(gain, 3)}
                for (of_mode, of_view, name), (floor, gain) in fits.items()
                if (of_mode, of_view) == (mode, view)
            }
            for view in VIEWS
        }
        for mode in LOOKS
    }


def evidence(takes: list[Take]) -> dict[str, object]:
    """All that posture/evidence.json holds."""
    return {"uncertainty": uncertainty(takes), "reliability": reliability(takes)}


def reliability(takes: list[Take]) -> dict[str, dict[str, dict[str, float]]]:
    """Standard mode against the truth, by view and measure; see posture.evidence.reliability."""
    return {view: {row.name: _against_truth(takes, row) for row in MEASURES if row.view == view} for view in VIEWS}


def _against_truth(takes: list[Take], row: Measure) -> dict[str, float]:
    pairs = truth_and_measured(as_they_are(takes), row, "standard")
    true, measured = pairs.T
    slope = float(np.polyfit(true, measured, 1)[0])
    figures = {
        "figures": len(pairs),
        "mean_error": float(np.mean(measured - true)),
        "sd_of_error": float(np.std(measured - true, ddof=1)),
        "slope": slope,
        "correlation": float(np.corrcoef(true, measured)[0, 1]),
    }
    return {name: round(value, 2) for name, value in figures.items()}


def main() -> None:
    """The command line."""
    photos = figures()
    if len(photos) < FEWEST_PHOTOS:
        sys.exit(f"{len(photos)} photos are too few: let POSTURE_TRUTH name a folder with at least {FEWEST_PHOTOS}.")
    TABLE.write_text(json.dumps(evidence(take_all(photos, RETAKES)), indent=1) + "\n")
    print(f"written: {TABLE}")


if __name__ == "__main__":
    main()
