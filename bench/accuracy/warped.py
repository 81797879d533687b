r"""What is read of a known tilt: photos warped so that one part of the body alone is tilted, and measured again.

Only the change counts, so that no truth is needed, and photographs of people tell as much as figures do:

    POSTURE_TRUTH=folder python -m bench.accuracy.warped      # the front photos of the figures
    python -m bench.accuracy.warped folder                    # the front photos in a folder, of whomever they are

Nothing of the photos is kept. The first table says how much of a tilt is read, the second whether somebody whose head
is held low is measured. Both are part of `make accuracy`, of some of the figures: a minute and a half on two cores.

How a part moves is a matter of anatomy. Pelvis and skull are bone and turn as a whole. The shoulders do not: one rises
and the other sinks along a rib cage that stays upright, and the arms go on hanging. Turning all of it would lean the
chest and splay the arms.

      pelvis and head: turned          shoulders: sheared

            ___..--+                         ___..--+
           +        \                       +        |
            \        \                      |        |
             \ ___..--+                     | ___..--+
              +                             +

Around the part the movement fades out before the next one begins, so that nothing else moves. How far it fades matters:
tilt the neck's base with the head, and nearly half of the head's tilt is read at the shoulders.
"""

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from bench.accuracy.errors import CORE, sd
from bench.accuracy.tables import Cell, table
from posture import cores
from posture.estimate import LOOKS
from posture.judge import MIN_NECK
from posture.landmarks import Array, Landmarks, Pixels
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from posture.orientation import trunk
from posture.scene import Scene
from posture.views import FRONT, FRONTAL
from testing.figures import figures
from testing.pictures import decoded
from testing.scenes import angles_by_source, codes, core_angles, see, verdict

TILTS = (-4.0, -2.0, 2.0, 4.0)  # in degrees, positive where the person's left is raised
# What is left of the way from shoulders to nose in somebody who holds the head low; and how far heads are lowered, step
# by step, until so much is read.
LOW = 0.8
STEPS = (0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5)
SAMPLE = 30  # photos that `make accuracy` takes, at most

_FRONT_ANGLES = [row for row in CORE if row.plane is FRONTAL]
_KINDS = {".jpg", ".jpeg", ".png"}

_Move = Callable[[Array, Array], Array]  # as `turned` and `sheared`


def turned(offsets: Array, clockwise: Array) -> Array:
    """Offsets (..., 2) in a picture, x to the right and y downwards, turned clockwise in it, (...) in radians."""
    x, y = np.moveaxis(offsets, -1, 0)
    sin, cos = np.sin(clockwise), np.cos(clockwise)
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)


def sheared(offsets: Array, clockwise: Array) -> Array:
    """The same moved up and down alone, so that the level line through the middle is tilted as much."""
    x, y = np.moveaxis(offsets, -1, 0)
    return np.stack([x, y + np.tan(clockwise) * x], axis=-1)


@dataclass(frozen=True)
class Part:
    """A part of the body that can be tilted alone.

    `angle`: the front angle that tells its tilt. `around`: the landmarks in the middle of which it turns. Sizes are in
    trunk lengths. `levels`: how far below that middle the movement begins, is whole, begins to fade and has ended;
    `sides`: how far to either side it begins to fade and has ended.
    """

    name: str
    angle: str
    around: tuple[str, ...]
    move: _Move
    levels: tuple[float, float, float, float]
    sides: tuple[float, float]


# Of figures, in trunk lengths: ears 0.13 beside their middle, the chin 0.18 to 0.23 below it, the top of the shoulders
# from about 0.3, their joints at 0.35 to 0.48 and 0.27 to 0.40 beside it; elbows up to 0.53 beside the middle, wrists
# 0.37 to 0.65; knees 0.69 to 0.89 below the hips.
HEAD = Part("head", "head_tilt", ("left_ear", "right_ear"), turned, (-0.5, -0.32, 0.21, 0.34), (0.18, 0.3))
SHOULDERS = Part(
    "shoulders", "shoulder_tilt", ("left_shoulder", "right_shoulder"), sheared, (-0.25, -0.12, 0.15, 0.6), (0.7, 1.2)
)
PELVIS = Part("pelvis", "pelvic_tilt", ("left_hip", "right_hip"), turned, (-0.55, -0.15, 0.15, 0.6), (0.32, 0.5))
# A head that sinks compresses the neck, and what is below it down to the collar bones.
SINKING = replace(HEAD, levels=(-0.6, -0.32, 0.21, 0.6))
PARTS = (SHOULDERS, PELVIS, HEAD)


@dataclass(frozen=True, eq=False)
class Place:
    """Where a part lies in a picture. `middle`: (2,) and `trunk`, its unit, in pixels."""

    part: Part
    middle: Array
    trunk: float

    @classmethod
    def of(cls, part: Part, person: Landmarks) -> "Place":
        """In the picture of a person."""
        return cls(part, person.middle(*part.around), float(np.linalg.norm(trunk(person))))

    def weight(self, points: Array) -> Array:
        """How much of the movement reaches points, (..., 2) in pixels: 1 in the part, 0 far from it."""
        right, down = np.moveaxis((points - self.middle) / self.trunk, -1, 0)
        begins, whole, fades, ended = self.part.levels
        above, below = _rising(down, begins, whole), _rising(-down, -ended, -fades)
        beside = _rising(-np.abs(right), -self.part.sides[1], -self.part.sides[0])
        weight: Array = above * below * beside
        return weight

    def before_tilt(self, points: Array, clockwise: float) -> Array:
        """Where points (..., 2) of the picture lay before the part was tilted clockwise in it, by degrees."""
        angle = np.radians(-clockwise) * self.weight(points)
        return self.middle + self.part.move(points - self.middle, angle)

    def before_sinking(self, points: Array, down: float) -> Array:
        """Where points (..., 2) of the picture lay before the part sank, by pixels, towards what stays below it."""
        begins, whole, fades, ended = self.part.levels
        sunk = replace(self.part, levels=(begins, whole + down / self.trunk, fades + down / self.trunk, ended))
        weight = replace(self, part=sunk).weight(points)
        return points - down * weight[..., None] * (0.0, 1.0)


def _rising(values: Array, low: float, high: float) -> Array:
    """From 0 at `low` to 1 at `high`, without a bend at either end."""
    share = np.clip((values - low) / (high - low), 0, 1)
    rising: Array = share**2 * (3 - 2 * share)
    return rising


def warped(pixels: Pixels, before: Callable[[Array], Array]) -> Pixels:
    """The picture after it was warped. `before`: where points of the new one lay in the old, (..., 2) in pixels."""
    height, width = pixels.shape[:2]
    # OpenCV counts from the middle of the first pixel, landmarks from its corner.
    middles = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)
    x, y = np.moveaxis((before(middles) - 0.5).astype(np.float32), -1, 0)
    new = cv2.remap(pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(new, dtype=np.uint8)


def tilted(pixels: Pixels, person: Landmarks, part: Part, degrees: float) -> Pixels:
    """The picture of a person, seen from the front, with one part tilted, positive: the person's left is raised."""
    clockwise = -degrees * FRONTAL.direction(person)
    return warped(pixels, partial(Place.of(part, person).before_tilt, clockwise=clockwise))


def lowered(pixels: Pixels, person: Landmarks, share: float) -> Pixels:
    """The picture of a person with its head lowered until `share` is left of the way from shoulders to nose."""
    nose, shoulders = person.middle("nose"), person.middle(*SHOULDERS.around)
    down = (1 - share) * float(shoulders[1] - nose[1])
    return warped(pixels, partial(Place.of(SINKING, person).before_sinking, down=down))


@dataclass(frozen=True)
class Tilted:
    """One part of one photo tilted by degrees, in one mode.

    `verdict` as in testing.scenes. `changes`: what that changed of the front angles, in degrees, by their keys and, of
    the best sources, by their names; nothing where the picture is refused.
    """

    part: Part
    degrees: float
    mode: str
    verdict: str
    changes: dict[str, float]


@dataclass(frozen=True)
class Lowered:
    """A photo, or what was made of it: its verdict, its neck as in Scene, and what is `left` of the photo's own."""

    name: str
    verdict: str
    neck: float
    left: float


def known_tilts(photos: Sequence[Path], pool: LandmarkerPool) -> None:
    """Prints what is read of tilts in these front photos, and what becomes of heads held low."""
    found = list(tqdm(pool.map(partial(_measured, pool), photos), total=len(photos), unit="photo", disable=None))
    measured = [of for of in found if of is not None]
    print(f"\n{len(measured)} of {len(photos)} photos are measured as front photos, in every mode.")
    if not measured:
        return
    header = ["tilted", "mode", "pictures", "refused", "read", "SD around it", *(row.name for row in _FRONT_ANGLES)]
    tilts = [tilt for of_photo, _ in measured for tilt in of_photo]
    table("A known tilt of one part: degrees read for each degree", header, tilt_rows(tilts))
    header = ["heads", "photos", "neck: least / median / most", "left of it", f"neck below {MIN_NECK}", "refused"]
    table("Heads held low, standard", header, low_rows([head for _, of_photo in measured for head in of_photo]))


def some(photos: Sequence[Path]) -> Sequence[Path]:
    """At most SAMPLE of them, evenly from first to last, always the same."""
    return photos[:: math.ceil(len(photos) / SAMPLE) or 1]


def _measured(pool: LandmarkerPool, photo: Path) -> tuple[list[Tilted], list[Lowered]] | None:
    """What becomes of one front photo; None where a mode refuses it as it is."""
    pixels = decoded(photo.read_bytes())
    scenes = {mode: see(pixels, FRONT, pool, mode) for mode in LOOKS}
    before = {mode: _angles(scene) for mode, scene in scenes.items()}
    standard = scenes["standard"]
    if standard is None or not all(before.values()):
        return None
    return list(_tilts(pool, pixels, standard.person, before)), list(_heads(pool, pixels, standard))


def _tilts(
    pool: LandmarkerPool, pixels: Pixels, person: Landmarks, before: dict[str, dict[str, float]]
) -> Iterator[Tilted]:
    """Every part tilted by each of TILTS, in every mode."""
    for part, degrees in product(PARTS, TILTS):
        picture = tilted(pixels, person, part, degrees)
        for mode, was in before.items():
            scene = see(picture, FRONT, pool, mode)
            angles = _angles(scene)
            changes = {key: angles[key] - was[key] for key in angles.keys() & was.keys()}
            yield Tilted(part, degrees, mode, verdict(scene), changes)


def _angles(scene: Scene | None) -> dict[str, float]:
    """The front angles by their keys and names; none where the picture is refused."""
    return {} if scene is None or codes(scene) else angles_by_source(scene) | core_angles(scene)


def _heads(pool: LandmarkerPool, pixels: Pixels, untouched: Scene) -> Iterator[Lowered]:
    """The photo as it is, its head lowered to LOW, and lowered further until so much is read, if ever."""

    def told(name: str, scene: Scene | None) -> Lowered:
        neck = math.nan if scene is None else scene.neck()
        return Lowered(name, verdict(scene), neck, neck / untouched.neck())

    def lower(name: str, share: float) -> Lowered:
        return told(name, see(lowered(pixels, untouched.person, share), FRONT, pool))

    yield told("as they are", untouched)
    yield lower(f"made {LOW} of the neck", LOW)
    further = (lower(f"until {LOW} is read", share) for share in STEPS)
    yield from islice((of for of in further if not of.left > LOW), 1)


def tilt_rows(found: Sequence[Tilted]) -> Iterator[list[Cell]]:
    """For each part, by each source of its angle, in each mode."""
    for part in PARTS:
        for variant, mode in product(next(row for row in CORE if row.name == part.angle).variants, LOOKS):
            of_part = [of for of in found if of.part is part and of.mode == mode]
            put_in, read = _line(of_part, variant.key)
            if len(read) < 2:
                continue
            slope, level = np.polyfit(put_in, read, 1)
            yield [
                f"{part.name}, by the {variant.source}" if variant.source else part.name,
                mode,
                str(len(read)),
                _refusals(of_part),
                slope,
                sd(read - slope * put_in - level),
                *(
                    "" if row.name == part.angle else np.polyfit(*_line(of_part, row.name), 1)[0]
                    for row in _FRONT_ANGLES
                ),
            ]


def _line(found: Sequence[Tilted], key: str) -> tuple[Array, Array]:
    """(n,) tilts that were put in, and (n,) what they changed of an angle, both in degrees, where it is known."""
    pairs = [(of.degrees, of.changes[key]) for of in found if key in of.changes]
    put_in, read = np.reshape(pairs, (-1, 2)).T
    return put_in, read


def low_rows(found: Sequence[Lowered]) -> Iterator[list[Cell]]:
    """For each kind of picture."""
    for name in dict.fromkeys(of.name for of in found):
        kind = [of for of in found if of.name == name]
        necks = [of.neck for of in kind]
        yield [
            name,
            str(len(kind)),
            " / ".join(f"{neck:.2f}" for neck in np.nanquantile(necks, [0, 0.5, 1])),
            float(np.nanmedian([of.left for of in kind])),
            str(sum(neck < MIN_NECK for neck in necks)),
            _refusals(kind),
        ]


def _refusals(found: Iterable[Tilted | Lowered]) -> str:
    """How many are refused, by code."""
    refused = Counter(of.verdict for of in found if of.verdict != "measured")
    return ", ".join(f"{code} {number}" for code, number in refused.items()) or "none"


def main() -> None:
    """The command line."""
    if len(sys.argv) > 1:
        photos = sorted(file for file in Path(sys.argv[1]).iterdir() if file.suffix.lower() in _KINDS)
    else:
        photos = [photo.file for photo in figures() if photo.view is FRONT]
    with LandmarkerPool(files.ready(), cores.available(), files.marker(), files.face()) as pool:
        known_tilts(photos, pool)


if __name__ == "__main__":
    main()
