"""What the worker refuses and what it measures, how far its limits lie from both, and what that costs."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from bench.accuracy.looks import label
from bench.accuracy.retakes import jpeg, poor
from bench.accuracy.uncertainty import root_mean_square
from posture.analysis import Model, measure
from posture.angles import MEASURES
from posture.errors import PostureError
from posture.estimate import LOOKS
from posture.judge import Limit, checks
from posture.landmarks import Pixels
from posture.measurement import Measurement
from posture.models.mediapipe import LandmarkerPool
from posture.options import Options
from posture.scene import Scene
from posture.views import FRONTAL, VIEWS, View
from testing.figures import FigurePhoto, unfit
from testing.pictures import decoded, mirror, pixels_of
from testing.scenes import core_angles, see, verdict
from testing.subjects import (
    Change,
    Subject,
    as_it_is,
    beside_itself,
    cut_above,
    cut_below,
    shrunk,
    turned_by,
)

Table = tuple[list[str], list[list[str]]]
SIZES = (200, 120, 100, 80, 60, 50)  # of a body, in pixels from nose to ankles


def _outcome(photos: Mapping[str, bytes], mode: str, model: Model) -> tuple[Measurement | PostureError, float]:
    """What becomes of a pair of photos, and the processor time that it took, in seconds."""
    options = Options(mode=mode)  # type: ignore[arg-type]
    start = time.process_time()
    try:
        outcome: Measurement | PostureError = measure(photos, options, model)
    except PostureError as error:
        outcome = error
    return outcome, time.process_time() - start


def through_the_worker(photos: Sequence[FigurePhoto], model: Model) -> tuple[dict[str, float], Table]:
    """The cost of each mode as a multiple of `fast`, in processor time, and what became of good and unfit pictures."""
    pairs: dict[str, dict[str, bytes]] = defaultdict(dict)
    facing = {photo.figure: photo.facing for photo in photos}
    for photo in photos:
        pairs[photo.figure][photo.view.name] = photo.file.read_bytes()
    seconds: dict[str, list[float]] = {mode: [] for mode in LOOKS}
    found: Counter[tuple[str, str, str]] = Counter()
    for figure, pair in pairs.items():
        for mode in LOOKS:
            outcome, taken = _outcome(pair, mode, model)
            seconds[mode].append(taken)
            found[mode, "good pairs", _named(outcome)] += 1
            if isinstance(outcome, Measurement):
                found[mode, "facing", "right" if outcome.side.facing == facing[figure] else "wrong"] += 1
    for file, code in unfit():
        pair = pairs.get(file.stem.split("_")[0], next(iter(pairs.values())))
        for view in VIEWS:
            for mode in LOOKS:
                outcome, _ = _outcome({**pair, view.name: file.read_bytes()}, mode, model)
                found[mode, f"{code} sent as {view.name}", _named(outcome)] += 1
    rows = [[*case, str(count)] for case, count in sorted(found.items())]
    middle = {mode: float(np.median(taken)) for mode, taken in seconds.items()}
    return {mode: middle[mode] / middle["fast"] for mode in LOOKS}, (["mode", "pictures", "outcome", "number"], rows)


def _named(outcome: Measurement | PostureError) -> str:
    return f"{outcome.code} ({outcome.view})" if isinstance(outcome, PostureError) else "measured"


def _values(pixels: Pixels, view: View, pool: LandmarkerPool, mode: str = "standard") -> dict[str, float]:
    """The angles of one view by name, by their best sources; empty where nobody is found."""
    scene = see(pixels, view, pool, mode)
    return {} if scene is None else core_angles(scene)


def _pixels(photo: FigurePhoto, worsen: Callable[[Image.Image], Image.Image] | None = None) -> Pixels:
    file = photo.file.read_bytes()
    return decoded(jpeg(worsen(Image.fromarray(pixels_of(file)))) if worsen else file)


def mirrored(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> Table:
    """How much a mirrored photo, which faces the other way, changes each angle; in front views it negates them."""

    def differences(photo: FigurePhoto) -> dict[tuple[str, str], float]:
        pixels = _pixels(photo)
        sign = -1 if photo.view.plane is FRONTAL else 1
        found: dict[tuple[str, str], float] = {}
        for mode in LOOKS:
            one, other = (
                _values(picture, photo.view, pool, mode)
                for picture in (pixels, np.asarray(mirror(Image.fromarray(pixels))))
            )
            found |= {(f"{photo.view.name} {name}", mode): abs(one[name] - sign * other[name]) for name in one}
        return found

    every = list(pool.map(differences, photos))
    names = [label(row) for row in MEASURES if row.core]
    return ["angle", *LOOKS], [
        [name, *(f"{np.mean([of[name, mode] for of in every if (name, mode) in of]):.2f}" for mode in LOOKS)]
        for name in names
    ]


def sizes(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> Table:
    """How much the angles of ever smaller copies differ from those of the photo itself."""

    def changes(photo: FigurePhoto) -> dict[int, dict[str, float]]:
        pixels = _pixels(photo)
        scene = see(pixels, photo.view, pool)
        if scene is None:
            return {}
        full = core_angles(scene)
        subject = Subject(Image.fromarray(pixels), scene.person)
        smaller = {size: np.asarray(shrunk(size)(subject)) for size in SIZES}
        of_size = {size: _values(picture, photo.view, pool) for size, picture in smaller.items()}
        return {size: {name: values[name] - full[name] for name in values} for size, values in of_size.items()}

    every = list(zip(photos, pool.map(changes, photos), strict=True))
    rows = []
    for size in SIZES:
        cells = [str(size)]
        for view in VIEWS:
            found = [of[size] for photo, of in every if photo.view is view and of.get(size)]
            asked = sum(photo.view is view for photo, _ in every)
            cells += [
                f"{len(found)} of {asked}",
                f"{root_mean_square([change for of in found for change in of.values()]):.2f}" if found else "",
            ]
        rows.append(cells)
    header = [cell for view in VIEWS for cell in (f"{view.name}: found", "change")]
    return ["nose to ankles (px)", *header], rows


# What is made of a photo: whether it is good, or the code with which it must be refused.
_CASES: tuple[tuple[str, str | None, Change], ...] = (
    ("as it is", None, as_it_is),
    ("turned by 8", None, turned_by(8)),
    ("turned by -8", None, turned_by(-8)),
    (
        "cropped close",
        None,
        lambda subject: subject.cut(
            top=subject.above_nose(0.15), bottom=subject.box()[3] + 0.03 * subject.seen.nose_to_ankle
        ),
    ),
    ("body of 100 px", None, shrunk(100)),
    ("body of 70 px", None, shrunk(70)),
    ("body of 50 px", "person_too_small", shrunk(50)),
    ("cut at the brows", "person_cropped", cut_above("left_eye", "right_eye", sizes=0.01)),
    ("cut at the chin", "person_cropped", cut_above("mouth_left", "mouth_right")),
    (
        "cut at the neck",
        "person_cropped",
        lambda subject: subject.cut(top=(subject.level("left_shoulder", "right_shoulder") + subject.level("nose")) / 2),
    ),
    ("cut at the ankles", "person_cropped", cut_below("left_ankle", "right_ankle")),
    ("cut at the knees", "person_cropped", cut_below("left_knee", "right_knee")),
    (
        "cut at the body's middle line",
        "person_cropped",
        lambda subject: subject.cut(left=float(subject.seen.middle("left_hip", "right_hip")[0])),
    ),
    ("on its side", "not_upright", lambda subject: subject.image.transpose(Image.Transpose.ROTATE_90)),
    ("upside down", "not_upright", lambda subject: subject.image.transpose(Image.Transpose.ROTATE_180)),
    ("two side by side", "several_people", beside_itself),
)


_MILDLY_POOR = ("blur 0.25 %", "grain 12", "180 px")  # of the conditions of bench.accuracy.retakes


@dataclass(frozen=True)
class _Case:
    """One picture: what was made of which view, the code that it must get, what was seen in it."""

    name: str
    view: View
    code: str | None
    scene: Scene | None


def _poorly(photo: FigurePhoto, condition: str) -> bytes:
    image = Image.open(photo.file).convert("RGB")
    return poor(image, condition, photo.shot.body.nose_to_ankle, np.random.default_rng(0)) if photo.shot else b""


def _cases(pool: LandmarkerPool, photo: FigurePhoto) -> list[_Case]:
    """All that is made of one photo."""
    pixels = _pixels(photo)
    scene = see(pixels, photo.view, pool)
    cases = [
        _Case(name, photo.view, None, see(decoded(_poorly(photo, name)), photo.view, pool))
        for name in _MILDLY_POOR
        if photo.shot is not None
    ]
    if scene is not None:
        subject = Subject(Image.fromarray(pixels), scene.person)
        cases += [
            _Case(name, photo.view, code, see(np.asarray(change(subject)), photo.view, pool))
            for name, code, change in _CASES
        ]
        cases += [
            _Case("sent as the other view", other, "wrong_view", see(pixels, other, pool))
            for other in VIEWS
            if other.plane is not photo.view.plane
        ]
    return cases


def _unfit_cases(pool: LandmarkerPool) -> Iterator[_Case]:
    for file, code in unfit():
        pixels = decoded(file.read_bytes())
        for view in VIEWS:
            yield _Case(code, view, code, see(pixels, view, pool))


def separations(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> tuple[Table, Table]:
    """What becomes of every kind of picture, and what each limit of posture.judge tells apart."""
    cases = [case for of_photo in pool.map(partial(_cases, pool), photos) for case in of_photo]
    cases += _unfit_cases(pool)
    outcomes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for case in cases:
        outcomes[case.name, case.code or "measured"][verdict(case.scene)] += 1
    rows = [
        [name, code, ", ".join(f"{outcome} {number}" for outcome, number in found.most_common())]
        for (name, code), found in outcomes.items()
    ]
    return (["picture", "should be", "was"], rows), (
        ["code", "limit", "good pictures", "pictures that must get the code"],
        [_told(code, limit, limited, cases) for (code, limit), limited in _limits().items()],
    )


@dataclass
class _Limited:
    """One limit of one code, for each part of the body that it is about, and the views that it is about."""

    limits: list[Limit]
    views: list[View]

    def value(self, scene: Scene) -> float:
        """The quantity; of several parts, that of the one that comes closest to the limit."""
        furthest = min if self.limits[0].side in ("below", "at most") else max
        return furthest(limit.quantity(scene) for limit in self.limits)


def _limits() -> dict[tuple[str, str], _Limited]:
    """The limits of all checks, by code and in words."""
    found: dict[tuple[str, str], _Limited] = {}
    for view in VIEWS:
        for check in checks(view):
            for limit in check.limits:
                limited = found.setdefault((check.code, str(limit)), _Limited([], []))
                if view not in limited.views:
                    limited.views.append(view)
                if view is limited.views[0]:
                    limited.limits.append(limit)
    return found


def _told(code: str, limit: str, limited: _Limited, cases: Sequence[_Case]) -> list[str]:
    """What was seen of the quantity in good pictures, and in each kind of those that must get the code."""
    values: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        if case.scene is not None and case.view in limited.views and case.code in (None, code):
            values[case.name if case.code else ""].append(limited.value(case.scene))
    good = values.pop("", [])
    about = "" if len(limited.views) == len(VIEWS) else f" ({', '.join(view.name for view in limited.views)})"
    kinds = "; ".join(f"{kind}: {_range(of)}" for kind, of in values.items())
    return [f"`{code}`", f"{limit}{about}", _range(good), kinds]


def _range(values: Sequence[float]) -> str:
    return f"{min(values):.2f} / {np.median(values):.2f} / {max(values):.2f}" if values else "none"
