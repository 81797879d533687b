"""Writes posture/evidence.json: python -m bench.accuracy.evidence

Needs figures with known angles beyond the demo images, in the folder that POSTURE_TRUTH names. Takes
half an hour on two cores for 114.
"""

import json
import sys
from collections.abc import Mapping, Sequence

from bench.accuracy.errors import against_truth
from bench.accuracy.looks import ANATOMICAL, Take, label, take_all
from bench.accuracy.retakes import POOR, RETAKES
from bench.accuracy.uncertainty import Deviations, Fit, deviations, fit
from posture import __version__, angles
from posture.angles import Measure
from posture.estimate import LOOKS
from posture.evidence import FAULTS, TABLE, group
from posture.models import files
from posture.views import VIEWS, Plane
from testing.figures import figures

PLANES = list(dict.fromkeys(view.plane for view in VIEWS))
CALIBRATIONS = {"none": "standard", "anatomical": ANATOMICAL}  # how each is read in a Take
FEWEST_PHOTOS = 20  # ten figures from both sides; fewer say little about others


def fits(takes: list[Take], mode: str) -> dict[str, Fit]:
    """The fit of each group of measures (posture.evidence.group) to the takes of a mode."""
    return {name: fit(seen) for name, seen in groups(takes, mode).items()}


def groups(takes: Sequence[Take], mode: str) -> dict[str, dict[str, Deviations]]:
    """The deviations of every measure by its key, by the group that it belongs to."""
    found: dict[str, dict[str, Deviations]] = {}
    for plane in PLANES:
        of_plane = [take for take in takes if take.photo.view.plane is plane]
        for row in angles.variants_of(plane):
            found.setdefault(group(plane, row.of), {})[row.key] = deviations(of_plane, mode, row.key)
    return found


def evidence(takes: list[Take]) -> dict[str, object]:
    """All that posture/evidence.json holds."""
    fitted = {mode: fits(takes, mode) for mode in LOOKS}
    return {
        "fitted_on": fitted_on(takes),
        "photo": {mode: {name: _exponents(of) for name, of in fitted[mode].items()} for mode in LOOKS},
        "uncertainty": {mode: {plane.name: _scales(plane, fitted[mode]) for plane in PLANES} for mode in LOOKS},
        "validity": validity(takes),
    }


def _exponents(of: Fit) -> dict[str, float]:
    return {fault.name: round(float(power), 2) for fault, power in zip(FAULTS, of.exponents, strict=True)}


def _scales(plane: Plane, fitted: Mapping[str, Fit]) -> dict[str, dict[str, float]]:
    rows = angles.variants_of(plane)
    scales = {row.key: fitted[group(plane, row.of)].scales[row.key] for row in rows}
    return {key: {"floor": round(floor, 3), "gain": round(gain, 3)} for key, (floor, gain) in scales.items()}


def fitted_on(takes: list[Take]) -> dict[str, str]:
    """See posture.evidence.provenance."""
    figures = len({take.photo.figure for take in takes})
    photos = len({(take.photo.figure, take.photo.view.name) for take in takes})
    return {
        "model": files.POSE.name,
        "sha256": files.POSE.sha256,
        "face_model": files.FACE.name,
        "face_sha256": files.FACE.sha256,
        "version": __version__,
        "data": f"{figures} figures, {photos} photos, each taken {RETAKES} times again, and half of them poorly, "
        f"in each of {len(POOR)} conditions ({'; '.join(POOR)})",
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
