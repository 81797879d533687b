"""Takes every look at every photo and its retakes once; the tables are made from what they found."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from bench.accuracy.retakes import CLEAN, CONDITIONS, poor, retake
from posture import anatomy, angles, cores, face
from posture.angles import Measure
from posture.camera import Camera
from posture.clarity import CLEAR, Clarity
from posture.estimate import LOOKS, Estimate
from posture.judge import judge, remarks
from posture.landmarks import Landmarks, Marks
from posture.models import files as models
from posture.models.mediapipe import LandmarkerPool
from posture.scene import Scene
from posture.views import Plane, views_of
from testing.figures import FigurePhoto
from testing.pictures import decoded, pixels_of
from testing.scenes import see

# Beside the modes: one look at the photo at its full size, as by a program that only calls MediaPipe; and the default
# mode with the anatomical calibration.
PLAIN, ANATOMICAL = "plain", "anatomical"
READINGS = (PLAIN, *LOOKS, ANATOMICAL)

Values = dict[str, float]


@dataclass(frozen=True)
class Take:
    """One photo in one condition, as it is (`number` 0) or taken again.

    `modes`: for each of READINGS the measures by name, in their units, and their values at each of its looks; without
    those in which the photo is refused. A measure that has several sources stands there by the key of each that is
    read too, and a look has those that it saw. `warnings`: the codes of each mode's. `seen`: how clear the photo is.
    """

    photo: FigurePhoto
    condition: str
    number: int
    modes: dict[str, tuple[Values, list[Values]]]
    warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: Clarity = CLEAR

    def is_warned_of(self, mode: str) -> bool:
        """Whether a mode warns of a poor photo."""
        return any(code.startswith("photo_") for code in self.warnings.get(mode, ()))

    def source(self, mode: str, name: str) -> Measure:
        """The measure of this name or key as it is read in a mode."""
        mean, _ = self.modes[mode]
        variants = angles.variants_of(self.photo.view.plane)
        return next(row for row in variants if name in (row.key, row.name) and row.key in mean)


def label(row: Measure) -> str:
    """What tables and plots call a measure: several planes have one of the same name."""
    return f"{views_of(row.plane)[0].name} {row.name}"


def label_by_source(row: Measure) -> str:
    """The same of a measure as it is read from one of its sources."""
    return f"{label(row)} by the {row.source}" if row.source else label(row)


def take_all(photos: Sequence[FigurePhoto], retakes: int) -> list[Take]:
    """The photos in every condition, the clean ones `retakes` times again."""
    jobs = list(files(photos, retakes, CONDITIONS))
    with LandmarkerPool(models.ready(), cores.available(), models.marker(), models.face()) as pool:
        return list(tqdm(pool.map(partial(_take, pool), jobs), total=len(jobs), unit="take", disable=None))


def as_they_are(takes: Iterable[Take]) -> list[Take]:
    """Only the photos themselves, neither worsened nor taken again."""
    return [take for take in takes if take.condition == CLEAN and take.number == 0]


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
    """Photos in the named conditions, the condition, the number of the retake (0 for none), and the file.

    Every photo in the clean one; each of the others has every other figure, by turns, and takes it once.
    """
    figures = list(dict.fromkeys(photo.figure for photo in photos))
    for seed, photo in enumerate(photos):
        image = Image.open(photo.file).convert("RGB")
        for number, condition in enumerate(conditions):
            random = np.random.default_rng([seed, number])
            if condition == CLEAN:
                yield photo, condition, 0, photo.file.read_bytes()
                for again in range(1, retakes + 1):
                    yield photo, condition, again, retake(image, random)
            elif (figures.index(photo.figure) + number) % 2 == 0 and photo.shot is not None:
                yield photo, condition, 1, poor(image, condition, photo.shot.body.nose_to_ankle, random)


def _take(pool: LandmarkerPool, job: tuple[FigurePhoto, str, int, bytes]) -> Take:
    photo, condition, number, file = job
    pixels = decoded(file)
    scenes = {mode: see(pixels, photo.view, pool, mode) for mode in LOOKS}
    told = {mode: scene for mode, scene in scenes.items() if scene is not None and not judge(scene)}
    modes = {mode: _measured(scene) for mode, scene in told.items()}
    if "standard" in told:
        modes[ANATOMICAL] = _measured(told["standard"], anatomy.anatomical)
    if plain := pool.detect(pixels_of(file)):
        modes[PLAIN] = _measured(Scene(photo.view, Estimate(plain[:1], (), 1), Camera(), *pixels.shape[1::-1]))
    warnings = {mode: tuple(remark.code for remark in remarks(scene)) for mode, scene in told.items()}
    seen = next((scene.clarity for scene in told.values()), CLEAR)
    return Take(photo, condition, number, modes, warnings, seen)


def _measured(
    scene: Scene, calibrate: Callable[[Landmarks, Plane, int], Landmarks] = lambda person, *_: person
) -> tuple[Values, list[Values]]:
    plane, direction = scene.view.plane, scene.view.plane.direction(scene.person)

    def values(marks: Mapping[str, Marks], person: Landmarks) -> Values:
        rows = [row for row in angles.variants_of(plane) if row.of in marks]
        read = angles.read(rows, marks, direction, person.nose_to_ankle)
        return read | {row.name: read[row.key] for row in rows if row.of == found[row.name]}

    faces = scene.faces_to_read
    people = [calibrate(person, plane, direction) for person in (scene.person, *scene.estimate.looks)]
    means: dict[str, Marks] = {angles.BODY: people[0]} | ({angles.FACE: face.mean(faces)} if faces else {})
    found = {row.name: row.best(means).of for row in angles.of_plane(plane)}
    looks = [values({angles.BODY: person}, person) for person in people[1:]]
    looks += [values({angles.FACE: one}, people[0]) for one in faces]
    return values(means, people[0]), looks
