"""Writes posture/evidence.json: python -m bench.accuracy.evidence

Needs figures with known angles beyond the demo images, in the folder that POSTURE_TRUTH names. Takes some four minutes.
"""

import json
import sys

from bench.accuracy.errors import against_truth
from bench.accuracy.looks import Take, take_all
from bench.accuracy.retakes import RETAKES
from bench.accuracy.uncertainty import deviations, fit
from posture.angles import MEASURES, Measure
from posture.errors import VIEWS
from posture.estimate import LOOKS
from posture.evidence import TABLE
from testing.figures import figures

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
    return {view: {row.name: _reliability(takes, row) for row in MEASURES if row.view == view} for view in VIEWS}


def _reliability(takes: list[Take], row: Measure) -> dict[str, float]:
    beside = against_truth(takes, row, "standard")
    if beside is None:
        sys.exit(f"The truth of {row.view} {row.name} is not known: let POSTURE_TRUTH name a folder of figures.")
    known = ("figures", "mean_error", "sd_of_error", "slope", "correlation")
    return {name: round(getattr(beside, name), 2) for name in known}


def main() -> None:
    """The command line."""
    photos = figures()
    if len(photos) < FEWEST_PHOTOS:
        sys.exit(f"{len(photos)} photos are too few: let POSTURE_TRUTH name a folder with at least {FEWEST_PHOTOS}.")
    TABLE.write_text(json.dumps(evidence(take_all(photos, RETAKES)), indent=1) + "\n")
    print(f"written: {TABLE}")


if __name__ == "__main__":
    main()
