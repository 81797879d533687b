"""Prints how the worker measures figures whose angles are known: python -m bench.accuracy

The demo images always, and the figures in the folder that POSTURE_TRUTH names. Every mode stands beside one plain pass
of MediaPipe over the same photos. Writes the pairs of true and measured values to build/accuracy/*.csv, in the form
that PyPI's `poseaudit paired` reads, and the plots to docs/accuracy/ (to build/accuracy/ when the figures are few).
docs/ACCURACY.md explains the columns. Takes half an hour on two cores for 114 figures.
"""

from collections.abc import Sequence
from pathlib import Path

from bench.accuracy import plots, refusals, tables
from bench.accuracy.hidden import hidden_parts
from bench.accuracy.looks import READINGS, Take, as_they_are, take_all
from bench.accuracy.pairs import write_pairs
from bench.accuracy.retakes import POOR, RETAKES
from bench.accuracy.tables import FEW, MODES
from bench.accuracy.turned import turned_cameras
from bench.accuracy.warped import known_tilts, some
from posture import cores
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from posture.views import FRONT, VIEWS
from testing import TOP
from testing.figures import FigurePhoto, figures

BUILD = Path("build/accuracy")
DOCS = TOP / "docs/accuracy"
EVERY = 6  # figure of the tables that are made of many pictures of each


def _head(photos: Sequence[FigurePhoto], takes: Sequence[Take], count: int) -> None:
    print(f"{count} figures, {len(photos)} photos, each taken {RETAKES} times again,")
    print(f"and half of them in each of {len(POOR)} poor conditions.")
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
    with LandmarkerPool(files.ready(), 1, files.marker(), files.face()) as pool:
        costs, findings = refusals.through_the_worker(photos, pool)
    tables.angles(takes)
    tables.targets(takes, costs)
    tables.poor_photos(takes)
    tables.other_measures(takes)
    tables.calibration(takes)
    tables.facings(takes)
    fewer = [photo for photo in photos if photo.figure in list(dict.fromkeys(each.figure for each in photos))[::EVERY]]
    with LandmarkerPool(files.ready(), cores.available(), files.marker(), files.face()) as pool:
        tables.table("Refusals through the worker's own way", *findings)
        outcomes, limits = refusals.separations(fewer, pool)
        tables.table("Pictures made of the photos, standard", *outcomes)
        tables.table("Limits: least / median / most, standard", *limits)
        tables.table("Smaller copies: root mean square change of the angles (degrees)", *refusals.sizes(fewer, pool))
        tables.table("A photo and its mirror image: mean difference (degrees)", *refusals.mirrored(fewer, pool))
        turned_cameras(photos, pool)
        known_tilts(some([photo.file for photo in photos if photo.view is FRONT]), pool)
        hidden_parts(photos, pool)
    BUILD.mkdir(parents=True, exist_ok=True)
    for mode in READINGS:
        write_pairs(takes, mode, BUILD / f"{mode}.csv")
    folder = BUILD if count < FEW else DOCS
    plots.draw(as_they_are(takes), folder)
    print(f"\nPairs for poseaudit: {BUILD}/*.csv; plots: {folder}")


if __name__ == "__main__":
    main()
