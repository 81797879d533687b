"""Takes every look at every photo and its retakes once; the tables are made from what they found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from bench.accuracy.retakes import CONDITIONS, jpeg, retake
from posture import anatomy, angles, cores
from posture.angles import Measure
from posture.estimate import LOOKS, Estimate, find
from posture.judge import MIN_SHARE_OF_LOOKS
from posture.landmarks import Landmarks
from posture.models import files as models
from posture.models.mediapipe import LandmarkerPool
from posture.views import Plane, View, views_of
from testing.figures import FigurePhoto
from testing.pictures import decoded, pixels_of

# Beside the modes: one look at the photo at its full size, as by a program that only calls MediaPipe; and the default
# mode with the anatomical calibration.
PLAIN, ANATOMICAL = "plain", "anatomical"
READINGS = (PLAIN, *LOOKS, ANATOMICAL)


@dataclass(frozen=True)
class Take:
    """One photo in one condition, as it is (`number` 0) or taken again.

    `modes`: for each of READINGS the measures by name, in their units, and their values at each of its looks; without
    those in which too few looks found the person.
    """

    photo: FigurePhoto
    condition: str
    number: int
    modes: dict[str, tuple[dict[str, float], list[dict[str, float]]]]


def label(row: Measure) -> str:
    """What tables and plots call a measure: several planes have one of the same name."""
    return f"{views_of(row.plane)[0].name} {row.name}"


def take_all(photos: Sequence[FigurePhoto], retakes: int) -> list[Take]:
    """Every photo in every condition, `retakes` times again."""
    jobs = list(files(photos, retakes, CONDITIONS))
    with LandmarkerPool(models.ready(), cores.available(), models.marker()) as pool:
        return list(tqdm(pool.map(partial(_take, pool), jobs), total=len(jobs), unit="take", disable=None))


def as_they_are(takes: Iterable[Take]) -> list[Take]:
    """Only the photos themselves, neither worsened nor taken again."""
    return [take for take in takes if take.condition == "clean" and take.number == 0]


def truth_and_measured(takes: Iterable[Take], row: Measure, mode: str) -> NDArray[np.float64]:
    """(n, 2) true and measured values of one measure, in its unit, where the truth is known."""
    pairs = [
        (take.photo.truth[row.name], take.modes[mode][0][row.name])
        for take in takes
        if take.photo.view.plane is row.plane and row.name in take.photo.truth and mode in take.modes
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


def _take(pool: LandmarkerPool, job: tuple[FigurePhoto, str, int, bytes]) -> Take:
    photo, condition, number, file = job
    pixels = decoded(file)
    found = {mode: find(pixels, mode, pool.detect, pool.look_closer) for mode in LOOKS}
    if plain := pool.detect(pixels_of(file)):
        found[PLAIN] = Estimate(plain[:1], (), 1)
    enough = {mode: seen for mode, seen in found.items() if seen and len(seen.looks) >= MIN_SHARE_OF_LOOKS * seen.asked}
    modes = {mode: _measured(photo.view, seen) for mode, seen in enough.items()}
    if "standard" in enough:
        modes[ANATOMICAL] = _measured(photo.view, enough["standard"], anatomy.anatomical)
    return Take(photo, condition, number, modes)


def _measured(
    view: View, seen: Estimate, calibrate: Callable[[Landmarks, Plane, int], Landmarks] = lambda person, *_: person
) -> tuple[dict[str, float], list[dict[str, float]]]:
    plane, direction = view.plane, view.plane.direction(seen.mean)
    mean, *looks = (
        angles.measure(calibrate(person, plane, direction), plane, direction) for person in (seen.mean, *seen.looks)
    )
    return mean, looks
