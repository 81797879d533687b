"""Takes every look at every photo and its retakes once; the tables are made from what they found."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from bench.accuracy.retakes import CONDITIONS, jpeg, retake
from posture import anatomy, angles, cores, evidence, face
from posture.angles import Measure
from posture.estimate import LOOKS, Estimate, find
from posture.face import Face
from posture.judge import MIN_SHARE_OF_LOOKS
from posture.landmarks import Landmarks, Marks, Pixels
from posture.models import files as models
from posture.models.mediapipe import LandmarkerPool
from posture.views import Plane, View, views_of
from testing.figures import FigurePhoto
from testing.pictures import decoded, pixels_of

# Beside the modes: one look at the photo at its full size, as by a program that only calls MediaPipe; and the default
# mode with the anatomical calibration.
PLAIN, ANATOMICAL = "plain", "anatomical"
READINGS = (PLAIN, *LOOKS, ANATOMICAL)

Values = dict[str, float]


@dataclass(frozen=True)
class Take:
    """One photo in one condition, as it is (`number` 0) or taken again.

    `modes`: for each of READINGS the measures by name, in their units, and their values at each of its looks; without
    those in which too few looks found the person. A measure that has several sources stands there by the key of each
    that was found too, and a look has those that it saw. `nose_to_ankle`: the body's size, in pixels.
    """

    photo: FigurePhoto
    condition: str
    number: int
    modes: dict[str, tuple[Values, list[Values]]]
    nose_to_ankle: float = math.inf

    def widened(self, mode: str, name: str) -> float:
        """How many times as wide the uncertainty of a measure is for the body's size: posture.evidence.widened.

        `name`: the measure's, as it is told, or the key of one of its sources.
        """
        mean, _ = self.modes[mode]
        variants = angles.variants_of(self.photo.view.plane)
        read = (row.of for row in variants if name in (row.key, row.name) and row.key in mean)
        return evidence.widened(mode, self.nose_to_ankle, next(read, angles.BODY)) if mode in LOOKS else 1


def label(row: Measure) -> str:
    """What tables and plots call a measure: several planes have one of the same name."""
    return f"{views_of(row.plane)[0].name} {row.name}"


def label_by_source(row: Measure) -> str:
    """The same of a measure as it is read from one of its sources."""
    return f"{label(row)} by the {row.source}" if row.source else label(row)


def take_all(photos: Sequence[FigurePhoto], retakes: int) -> list[Take]:
    """Every photo in every condition, `retakes` times again."""
    jobs = list(files(photos, retakes, CONDITIONS))
    with LandmarkerPool(models.ready(), cores.available(), models.marker(), models.face()) as pool:
        return list(tqdm(pool.map(partial(_take, pool), jobs), total=len(jobs), unit="take", disable=None))


def as_they_are(takes: Iterable[Take]) -> list[Take]:
    """Only the photos themselves, neither worsened nor taken again."""
    return [take for take in takes if take.condition == "clean" and take.number == 0]


def truth_and_measured(takes: Iterable[Take], row: Measure, mode: str, key: str = "") -> NDArray[np.float64]:
    """(n, 2) true and measured values of one measure, in its unit, where the truth is known.

    `key`: of one of its sources, for the takes in which that was found; without it the measure is as it is told.
    """
    key = key or row.name
    pairs = [
        (take.photo.truth[row.name], take.modes[mode][0][key])
        for take in takes
        if take.photo.view.plane is row.plane and row.name in take.photo.truth and key in take.modes.get(mode, ({},))[0]
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
    faces = {mode: _faces(pixels, photo.view, mode, seen, pool) for mode, seen in enough.items()}
    modes = {mode: _measured(photo.view, seen, faces[mode]) for mode, seen in enough.items()}
    if "standard" in enough:
        modes[ANATOMICAL] = _measured(photo.view, enough["standard"], faces["standard"], anatomy.anatomical)
    size = enough["standard"].mean.nose_to_ankle if "standard" in enough else math.inf
    return Take(photo, condition, number, modes, size)


def _faces(pixels: Pixels, view: View, mode: str, seen: Estimate, pool: LandmarkerPool) -> Sequence[Face]:
    """The face at each look, where something is read from it."""
    if mode == PLAIN or angles.FACE not in angles.sources(view.plane):
        return ()
    return face.find(pixels, seen.mean, mode, pool.find_faces)


def _measured(
    view: View,
    seen: Estimate,
    faces: Sequence[Face],
    calibrate: Callable[[Landmarks, Plane, int], Landmarks] = lambda person, *_: person,
) -> tuple[Values, list[Values]]:
    plane, direction = view.plane, view.plane.direction(seen.mean)

    def values(marks: Mapping[str, Marks], person: Landmarks) -> Values:
        rows = [row for row in angles.variants_of(plane) if row.of in marks]
        read = angles.read(rows, marks, direction, person.nose_to_ankle)
        return read | {row.name: read[row.key] for row in rows if row.of == found[row.name]}

    people = [calibrate(person, plane, direction) for person in (seen.mean, *seen.looks)]
    means: dict[str, Marks] = {angles.BODY: people[0]} | ({angles.FACE: face.mean(faces)} if faces else {})
    found = {row.name: row.best(means).of for row in angles.of_plane(plane)}
    looks = [values({angles.BODY: person}, person) for person in people[1:]]
    looks += [values({angles.FACE: one}, people[0]) for one in faces]
    return values(means, people[0]), looks
