"""Takes every look at every photo and its retakes once; the tables are made from what they found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from bench.figures import CONDITIONS, FigurePhoto, decoded, jpeg, pixels_of, retake
from posture import angles, calibration, cores, model, view
from posture.angles import Measure
from posture.errors import View
from posture.estimate import LOOKS, Estimate, estimate
from posture.landmarker import LandmarkerPool
from posture.landmarks import Detect, Landmarks

# Beside the modes: one look at the photo at its full size, as by a program that only calls MediaPipe; and the default
# mode with the anatomical calibration.
PLAIN, ANATOMICAL = "plain", "anatomical"
READINGS = (PLAIN, *LOOKS, ANATOMICAL)

_EVERY_LOOK = tuple(dict.fromkeys(look for looks in LOOKS.values() for look in looks))


@dataclass(frozen=True)
class Take:
    """One photo in one condition, as it is (`number` 0) or taken again.

    `modes`: for each of READINGS the measures by name, in their units, and their values at each of its looks.
    """

    photo: FigurePhoto
    condition: str
    number: int
    modes: dict[str, tuple[dict[str, float], list[dict[str, float]]]]


def take_all(photos: Sequence[FigurePhoto], retakes: int) -> list[Take]:
    """Every photo in every condition, `retakes` times again; a take in which a look finds nobody is left out."""
    jobs = list(files(photos, retakes, CONDITIONS))
    with LandmarkerPool(model.path(), cores.available()) as pool:
        takes = list(tqdm(pool.map(partial(_take, pool.detect), jobs), total=len(jobs), unit="take", disable=None))
    return [take for take in takes if take is not None]


def as_they_are(takes: Iterable[Take]) -> list[Take]:
    """Only the photos themselves, neither worsened nor taken again."""
    return [take for take in takes if take.condition == "clean" and take.number == 0]


def truth_and_measured(takes: Iterable[Take], row: Measure, mode: str) -> NDArray[np.float64]:
    """(n, 2) true and measured values of one measure, in its unit, where the truth is known."""
    pairs = [
        (take.photo.truth[row.name], take.modes[mode][0][row.name])
        for take in takes
        if take.photo.view == row.view and row.name in take.photo.truth
    ]
    return np.reshape(pairs, (-1, 2))


def files(
    photos: Sequence[FigurePhoto], retakes: int, conditions: Iterable[str]
) -> Iterator[tuple[FigurePhoto, str, int, bytes]]:
    """Every photo in the named conditions, the condition, the number of the retake (0 for none), and the file."""
    for seed, photo in enumerate(photos):
        image = Image.open(photo.file).convert("RGB")
        for condition in conditions:
            worse = CONDITIONS[condition](image)
            random = np.random.default_rng(seed)
            yield photo, condition, 0, photo.file.read_bytes() if condition == "clean" else jpeg(worse)
            for number in range(1, retakes + 1):
                yield photo, condition, number, retake(worse, random)


def _take(detect: Detect, job: tuple[FigurePhoto, str, int, bytes]) -> Take | None:
    photo, condition, number, file = job
    plain, every = detect(pixels_of(file)), estimate(decoded(file), detect, _EVERY_LOOK)
    if not plain or every is None or len(every.looks) < every.asked:
        return None
    found = dict(zip(_EVERY_LOOK, every.looks, strict=True))
    estimates = {mode: Estimate([found[look] for look in looks], (), len(looks)) for mode, looks in LOOKS.items()}
    estimates[PLAIN] = Estimate(plain[:1], (), 1)
    modes = {name: _measured(photo.view, seen) for name, seen in estimates.items()}
    modes[ANATOMICAL] = _measured(photo.view, estimates["standard"], calibration.anatomical)
    return Take(photo, condition, number, modes)


def _measured(
    photo: View, seen: Estimate, calibrate: Callable[[Landmarks, View, int], Landmarks] = lambda person, *_: person
) -> tuple[dict[str, float], list[dict[str, float]]]:
    direction = view.direction(seen.mean, photo)
    mean, *looks = (
        angles.measure(calibrate(person, photo, direction), photo, direction) for person in (seen.mean, *seen.looks)
    )
    return mean, looks
