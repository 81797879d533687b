"""Takes every look at every photo and its retakes once; the tables are made from what they found."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from bench.figures import CONDITIONS, FigurePhoto, jpeg, retake
from posture import angles, cores, images, model, view
from posture.angles import Measure
from posture.estimate import LOOKS, Estimate, estimate
from posture.landmarker import LandmarkerPool
from posture.landmarks import Detect

_EVERY_LOOK = tuple(dict.fromkeys(look for looks in LOOKS.values() for look in looks))


@dataclass(frozen=True)
class Take:
    """One photo in one condition, as it is (`number` 0) or taken again.

    `modes`: for each mode the measures by name, in their units, and their values at each of its looks.
    """

    photo: FigurePhoto
    condition: str
    number: int
    modes: dict[str, tuple[dict[str, float], list[dict[str, float]]]]


def take_all(photos: Sequence[FigurePhoto], retakes: int) -> list[Take]:
    """Every photo in every condition, `retakes` times again; a take in which a look finds nobody is left out."""
    jobs = list(_files(photos, retakes))
    with LandmarkerPool(model.path(), cores.available()) as pool:
        takes = list(tqdm(pool.map(partial(_take, pool.detect), jobs), total=len(jobs), desc="looks", unit="take"))
    return [take for take in takes if take is not None]


def truth_and_measured(takes: Sequence[Take], row: Measure, mode: str) -> NDArray[np.float64]:
    """(n, 2) true and measured values of one measure: the photos as they are, where the truth is known."""
    return np.array(
        [
            (take.photo.truth[row.name], take.modes[mode][0][row.name])
            for take in takes
            if take.photo.view == row.view and take.condition == "clean" and take.number == 0
            if row.name in take.photo.truth
        ]
    )


def _files(photos: Sequence[FigurePhoto], retakes: int) -> Iterator[tuple[FigurePhoto, str, int, bytes]]:
    for seed, photo in enumerate(photos):
        image = Image.open(photo.file).convert("RGB")
        for condition, worsen in CONDITIONS.items():
            worse = worsen(image)
            random = np.random.default_rng(seed)
            yield photo, condition, 0, photo.file.read_bytes() if condition == "clean" else jpeg(worse)
            for number in range(1, retakes + 1):
                yield photo, condition, number, retake(worse, random)


def _take(detect: Detect, job: tuple[FigurePhoto, str, int, bytes]) -> Take | None:
    photo, condition, number, file = job
    pixels = images.decode(base64.b64encode(file).decode()).pixels
    every = estimate(pixels, detect, _EVERY_LOOK)
    if every is None or len(every.looks) < every.asked:
        return None
    found = dict(zip(_EVERY_LOOK, every.looks, strict=True))
    modes = {}
    for mode, looks in LOOKS.items():
        chosen = Estimate([found[look] for look in looks], (), len(looks))
        direction = view.direction(chosen.mean, photo.view)
        measured = partial(angles.measure, view=photo.view, direction=direction)
        modes[mode] = measured(chosen.mean), [measured(look) for look in chosen.looks]
    return Take(photo, condition, number, modes)
