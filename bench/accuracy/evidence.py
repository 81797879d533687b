"""Writes posture/evidence.json: python -m bench.accuracy.evidence

Needs figures with known angles beyond the demo images, in the folder that POSTURE_TRUTH names. Takes some four minutes.
"""

import json
import sys

from bench.accuracy.errors import against_truth
from bench.accuracy.looks import ANATOMICAL, Take, label, take_all
from bench.accuracy.retakes import CONDITIONS, RETAKES
from bench.accuracy.uncertainty import deviations, fit
from posture import __version__, angles
from posture.angles import Measure
from posture.estimate import LOOKS
from posture.evidence import TABLE
from posture.models import files
from posture.views import VIEWS, Plane
from testing.figures import figures

PLANES = list(dict.fromkeys(view.plane for view in VIEWS))
CALIBRATIONS = {"none": "standard", "anatomical": ANATOMICAL}  # how each is read in a Take
FEWEST_PHOTOS = 20  # ten figures from both sides; fewer say little about others


def uncertainty(takes: list[Take]) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Floor and gain by mode, plane and the key of each measure's sources."""
    return {mode: {plane.name: _of_plane(takes, mode, plane) for plane in PLANES} for mode in LOOKS}


def _of_plane(takes: list[Take], mode: str, plane: Plane) -> dict[str, dict[str, float]]:
    of_plane = [take for take in takes if take.photo.view.plane is plane]
    fits = {row.key: fit(deviations(of_plane, mode, row.key, for_size=True)) for row in angles.variants_of(plane)}
    return {key: {"floor": round(floor, 3), "gain": round(gain, 3)} for key, (floor, gain) in fits.items()}


def evidence(takes: list[Take]) -> dict[str, object]:
    """All that posture/evidence.json holds."""
    return {"fitted_on": fitted_on(takes), "uncertainty": uncertainty(takes), "validity": validity(takes)}


def fitted_on(takes: list[Take]) -> dict[str, str]:
    """See posture.evidence.provenance."""
    figures = len({take.photo.figure for take in takes})
    photos = len({(take.photo.figure, take.photo.view.name) for take in takes})
    conditions = f"{len(CONDITIONS)} conditions ({', '.join(CONDITIONS)})"
    return {
        "model": files.POSE.name,
        "sha256": files.POSE.sha256,
        "face_model": files.FACE.name,
        "face_sha256": files.FACE.sha256,
        "version": __version__,
        "data": f"{figures} figures, {photos} photos in {conditions}, each with {RETAKES} retakes",
    }


def validity(takes: list[Take]) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Standard mode against the truth, by calibration, plane and key; see posture.evidence.validity."""
    return {
        calibration: {
            plane.name: {row.key: _validity(takes, row, reading) for row in angles.variants_of(plane)}
            for plane in PLANES
        }
        for calibration, reading in CALIBRATIONS.items()
    }


def _validity(takes: list[Take], row: Measure, reading: str) -> dict[str, float]:
    beside = against_truth(takes, row, reading, row.key)
    if beside is None:
        sys.exit(f"The truth of {label(row)} is not known: let POSTURE_TRUTH name a folder of figures.")
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
