"""Prints what becomes of photos in which something hides a part of the person: python -m bench.accuracy.hidden

Of the demo figures and those in the folder that POSTURE_TRUTH names, evenly taken. What hides is drawn over the photo
(testing.occlusions). How far an angle is off is told from the same photo untouched.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from bench.accuracy.retakes import jpeg, retake
from bench.accuracy.tables import Cell, table
from posture import cores
from posture.analysis import outcome
from posture.errors import CODES
from posture.measurement import ViewMeasurement
from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from posture.options import Options
from posture.views import VIEWS
from testing.figures import FigurePhoto, figures
from testing.occlusions import harmless, occlusions
from testing.subjects import Subject

FIGURES = 28  # about as many, evenly taken from all: a minute on two cores
RETAKES = 2  # of each photo, for the share of good ones that are flagged
CODES_OF_HIDDEN = {"part_hidden", "ear_hidden"}
GOOD = "good photos"


@dataclass(frozen=True)
class Seen:
    """One picture made of a photo.

    `off`: by angle, how far it is from the untouched photo's, in degrees; `held`: for each of them whether the stated
    uncertainty holds that. Both are empty where nobody was found.
    """

    kind: str
    view: str
    refused: bool
    warned: bool
    off: dict[str, float]
    held: list[bool]


def _seen(kind: str, of: ViewMeasurement | None, untouched: ViewMeasurement, view: str) -> Seen:
    if of is None:
        return Seen(kind, view, refused=True, warned=False, off={}, held=[])
    codes = [warning.code for warning in of.warnings]
    off = {name: abs(reading.value - untouched.angles[name].value) for name, reading in of.angles.items()}
    held = [off[name] <= reading.uncertainty for name, reading in of.angles.items()]
    return Seen(kind, view, any(CODES[code].error for code in codes), bool(CODES_OF_HIDDEN & {*codes}), off, held)


def _measured(pool: LandmarkerPool, photo: FigurePhoto, file: bytes) -> ViewMeasurement | None:
    found = outcome(pool, Options(strict=False), photo.view, file)
    return found if isinstance(found, ViewMeasurement) else None


def _of_photo(pool: LandmarkerPool, photo: FigurePhoto, index: int) -> list[Seen]:
    """All that is made of one photo."""
    untouched = _measured(pool, photo, photo.file.read_bytes())
    if untouched is None:
        return []
    image = Image.open(photo.file).convert("RGB")
    subject = Subject(image, photo.shot.body if photo.shot else untouched.landmarks)
    random = np.random.default_rng(index)
    number = index // len(VIEWS)
    changes = occlusions(number) | harmless(number)
    pictures = [(name, jpeg(change(subject))) for name, change in changes.items()]
    pictures += [(GOOD, retake(image, random)) for _ in range(RETAKES)]
    return [_seen(kind, _measured(pool, photo, file), untouched, photo.view.name) for kind, file in pictures]


def _share(values: Sequence[bool]) -> str:
    return f"{100 * np.mean(values):.0f}" if values else "-"


def _rows(seen: Iterable[Seen]) -> Iterator[list[Cell]]:
    """A row a kind and view, the good photos last."""
    by_kind: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one in seen:
        by_kind[one.kind, one.view].append(one)
    for (kind, view), of in sorted(by_kind.items(), key=lambda item: item[0][0] == GOOD):
        rest = [one for one in of if not one.refused and not one.warned]
        off = [value for one in rest for value in one.off.values()]
        worst = max(
            ((value, name) for one in of if not one.refused for name, value in one.off.items()), default=(0, "")
        )
        yield [
            kind,
            view,
            str(len(of)),
            _share([one.refused for one in of]),
            _share([one.warned and not one.refused for one in of]),
            _share([held for one in rest for held in one.held]),
            float(np.median(off)) if off else "-",
            float(np.quantile(off, 0.95)) if off else "-",
            f"{worst[0]:.1f} ({worst[1]})",
        ]


def hidden_parts(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> None:
    """Prints the table."""
    step = max(len(photos) // len(VIEWS) // FIGURES, 1)
    chosen = [(photo, index) for index, photo in enumerate(photos) if index // len(VIEWS) % step == 0]
    seen = [one for of in pool.map(partial(_of_photo, pool), *zip(*chosen, strict=True)) for one in of]
    header = ["picture", "view", "pictures", "refused %", "warned %", "of the rest: held %", "median off", "95th pct",
              "worst that is not refused"]  # fmt: skip
    table("Parts that are hidden, standard (degrees)", header, _rows(seen))


def main() -> None:
    """The command line."""
    with LandmarkerPool(files.ready(), cores.available(), files.marker(), files.face()) as pool:
        hidden_parts(figures(), pool)


if __name__ == "__main__":
    main()
