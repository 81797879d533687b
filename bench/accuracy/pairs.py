"""The pairs of true and measured values, in the form that PyPI's `poseaudit paired` reads."""

import csv
from collections.abc import Iterable
from pathlib import Path

from bench.accuracy.looks import Take, as_they_are, label
from posture.angles import MEASURES


def write_pairs(takes: Iterable[Take], mode: str, file: Path) -> None:
    """Writes what `poseaudit paired --table` reads: a row a figure and measure, the photos as they are."""
    with file.open("w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["subject", "trial", "frame", "measure", "pred", "ref", "unit"])
        for take in as_they_are(takes):
            for row in MEASURES:
                if mode in take.modes and row.plane is take.photo.view.plane and row.name in take.photo.truth:
                    rows.writerow(
                        [
                            take.photo.figure,
                            take.photo.view.name,
                            take.number,
                            label(row),
                            round(take.modes[mode][0][row.name], 3),
                            round(take.photo.truth[row.name], 3),
                            "%" if row.unit.startswith("%") else "deg",
                        ]
                    )
