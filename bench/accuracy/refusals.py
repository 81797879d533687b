"""What the worker refuses and what it measures, how far its thresholds lie from both, and what that costs."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from bench.accuracy.retakes import CONDITIONS, jpeg
from bench.accuracy.uncertainty import root_mean_square
from posture import judge, view
from posture.analysis import analyze
from posture.angles import MEASURES
from posture.errors import VIEWS, PostureError, View
from posture.estimate import LOOKS
from posture.judge import Scene
from posture.landmarker import LandmarkerPool
from posture.landmarks import INDEX, Detect, Pixels
from posture.report import PostureReport
from posture.request import Options, PostureRequest
from testing.figures import FigurePhoto, unfit
from testing.pictures import base64_text, decoded, mirror, pixels_of
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


def _outcome(front: bytes, side: bytes, mode: str, detect: Detect) -> tuple[PostureReport | PostureError, float]:
    """What becomes of a pair of photos, and the processor time that it took, in seconds."""
    request = PostureRequest(base64_text(front), base64_text(side), Options(mode=mode))  # type: ignore[arg-type]
    start = time.process_time()
    try:
        outcome: PostureReport | PostureError = analyze(request, detect)
    except PostureError as error:
        outcome = error
    return outcome, time.process_time() - start


def through_the_worker(photos: Sequence[FigurePhoto], detect: Detect) -> tuple[dict[str, float], Table]:
    """The cost of each mode as a multiple of `fast`, in processor time, and what became of good and unfit pictures."""
    pairs: dict[str, dict[View, bytes]] = defaultdict(dict)
    facing = {photo.figure: photo.facing for photo in photos}
    for photo in photos:
        pairs[photo.figure][photo.view] = photo.file.read_bytes()
    seconds: dict[str, list[float]] = {mode: [] for mode in LOOKS}
    found: Counter[tuple[str, str, str]] = Counter()
    for figure, pair in pairs.items():
        for mode in LOOKS:
            outcome, taken = _outcome(pair["front"], pair["side"], mode, detect)
            seconds[mode].append(taken)
            found[mode, "good pairs", _named(outcome)] += 1
            if isinstance(outcome, PostureReport):
                right = (outcome.side.direction > 0) == (facing[figure] == "right")
                found[mode, "facing", "right" if right else "wrong"] += 1
    for file, code in unfit():
        pair = pairs.get(file.stem.split("_")[0], next(iter(pairs.values())))
        for name in VIEWS:
            for mode in LOOKS:
                sent = {**pair, name: file.read_bytes()}
                outcome, _ = _outcome(sent["front"], sent["side"], mode, detect)
                found[mode, f"{code} sent as {name}", _named(outcome)] += 1
    rows = [[*case, str(count)] for case, count in sorted(found.items())]
    middle = {mode: float(np.median(taken)) for mode, taken in seconds.items()}
    return {mode: middle[mode] / middle["fast"] for mode in LOOKS}, (["mode", "pictures", "outcome", "number"], rows)


def _named(outcome: PostureReport | PostureError) -> str:
    return f"{outcome.code} ({outcome.view})" if isinstance(outcome, PostureError) else "measured"


def _values(pixels: Pixels, name: View, detect: Detect, mode: str = "standard") -> dict[str, float]:
    """The angles of one view; empty where nobody is found."""
    scene = see(pixels, name, detect, mode)
    return {} if scene is None else core_angles(scene.person, name)


def _pixels(photo: FigurePhoto, worsen: Callable[[Image.Image], Image.Image] | None = None) -> Pixels:
    file = photo.file.read_bytes()
    return decoded(jpeg(worsen(Image.fromarray(pixels_of(file)))) if worsen else file)


def mirrored(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> Table:
    """How much a mirrored photo, which faces the other way, changes each angle; in front views it negates them."""

    def differences(photo: FigurePhoto) -> dict[tuple[str, str], float]:
        pixels = _pixels(photo)
        sign = -1 if photo.view == "front" else 1
        found: dict[tuple[str, str], float] = {}
        for mode in LOOKS:
            one, other = (
                _values(picture, photo.view, pool.detect, mode)
                for picture in (pixels, np.asarray(mirror(Image.fromarray(pixels))))
            )
            found |= {(f"{photo.view} {name}", mode): abs(one[name] - sign * other[name]) for name in one}
        return found

    every = list(pool.map(differences, photos))
    names = [f"{row.view} {row.name}" for row in MEASURES if row.core]
    return ["angle", *LOOKS], [
        [name, *(f"{np.mean([of[name, mode] for of in every if (name, mode) in of]):.2f}" for mode in LOOKS)]
        for name in names
    ]


def sizes(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> Table:
    """How much the angles of ever smaller copies differ from those of the photo itself."""

    def changes(photo: FigurePhoto) -> dict[int, dict[str, float]]:
        pixels = _pixels(photo)
        scene = see(pixels, photo.view, pool.detect)
        if scene is None:
            return {}
        full = core_angles(scene.person, photo.view)
        subject = Subject(Image.fromarray(pixels), scene.person)
        smaller = {size: np.asarray(shrunk(size)(subject)) for size in SIZES}
        of_size = {size: _values(picture, photo.view, pool.detect) for size, picture in smaller.items()}
        return {size: {name: values[name] - full[name] for name in values} for size, values in of_size.items()}

    every = list(zip(photos, pool.map(changes, photos), strict=True))
    rows = []
    for size in SIZES:
        cells = [str(size)]
        for name in VIEWS:
            found = [of[size] for photo, of in every if photo.view == name and of.get(size)]
            asked = sum(photo.view == name for photo, _ in every)
            cells += [
                f"{len(found)} of {asked}",
                f"{root_mean_square([change for of in found for change in of.values()]):.2f}" if found else "",
            ]
        rows.append(cells)
    return ["nose to ankles (px)", "front: found", "change", "side: found", "change"], rows


# What is made of a photo: whether it is good, or the code with which it must be refused.
_CASES: tuple[tuple[str, str | None, Change], ...] = (
    ("as it is", None, as_it_is),
    ("turned by 8", None, turned_by(8)),
    ("turned by -8", None, turned_by(-8)),
    (
        "cropped close",
        None,
        lambda subject: subject.cut(
            top=subject.above_nose(0.15), bottom=subject.box()[3] + 0.03 * subject.seen.stature
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


@dataclass(frozen=True)
class _Case:
    """One picture: what was made of which view, the code that it must get, what was seen in it."""

    name: str
    view: View
    code: str | None
    scene: Scene | None


def _cases(detect: Detect, photo: FigurePhoto) -> list[_Case]:
    """All that is made of one photo."""
    pixels = _pixels(photo)
    scene = see(pixels, photo.view, detect)
    cases = [
        _Case(name, photo.view, None, see(_pixels(photo, worsen), photo.view, detect))
        for name, worsen in CONDITIONS.items()
        if name != "clean"
    ]
    if scene is not None:
        subject = Subject(Image.fromarray(pixels), scene.person)
        cases += [
            _Case(name, photo.view, code, see(np.asarray(change(subject)), photo.view, detect))
            for name, code, change in _CASES
        ]
        other: View = "side" if photo.view == "front" else "front"
        cases.append(_Case("sent as the other view", other, "wrong_view", see(pixels, other, detect)))
    return cases


def _unfit_cases(detect: Detect) -> Iterator[_Case]:
    for file, code in unfit():
        pixels = decoded(file.read_bytes())
        for name in VIEWS:
            yield _Case(code, name, code, see(pixels, name, detect))


_HEAD = [INDEX[name] for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
_JOINTS = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("shoulder", "hip", "knee", "ankle")]
_SOLES = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("heel", "foot_index")]
_NEEDED = _HEAD + _JOINTS


def _edge_distance(scene: Scene) -> float:
    points = scene.person.points[_NEEDED]
    return float(np.minimum(points, (scene.width, scene.height) - points).min() / scene.person.stature)


def _headroom(scene: Scene) -> float:
    return float(scene.person.points[_HEAD, 1].min() / scene.person.stature)


def _neck(scene: Scene) -> float:
    """From the nose to the middle of the shoulders, in trunk lengths."""
    neck = scene.person.middle("nose") - scene.person.middle("left_shoulder", "right_shoulder")
    return float(np.linalg.norm(neck) / np.linalg.norm(view.trunk(scene.person)))


def _soles(scene: Scene) -> float:
    """How far heels and toes reach out of the picture, in body sizes."""
    points = scene.person.points[_SOLES]
    return float(-np.minimum(points, (scene.width, scene.height) - points).min() / scene.person.stature)


def _presence(scene: Scene) -> float:
    return scene.quality()["lowest_presence"]


def _feet_at_edge(scene: Scene) -> float:
    """The presence of the more certain ankle, where one is near the lower edge."""
    ankles = [INDEX["left_ankle"], INDEX["right_ankle"]]
    room = (scene.height - scene.person.points[ankles, 1].max()) / scene.person.stature
    return float(scene.person.presence[ankles].max()) if room < judge.EDGE else float("nan")


def _trunk_share(scene: Scene) -> float:
    return float(np.linalg.norm(view.trunk(scene.person)) / scene.person.stature)


def _thighs(scene: Scene) -> float:
    """Their length beside that of the shanks."""
    _, thighs, shanks = (np.linalg.norm(segment) for segment in scene.segments)
    return float(thighs / shanks)


def _others(scene: Scene) -> float:
    return max((other.stature / scene.person.stature for other in scene.estimate.others), default=float("nan"))


# Constant, what it limits, the view it is about, and the pictures that it must tell from the good ones.
_LIMITS: tuple[tuple[str, Callable[[Scene], float], View | None, tuple[str, ...]], ...] = (
    ("COMPARABLE_SIZE", _others, None, ("two side by side",)),
    ("HEADROOM", _headroom, None, ("cut at the brows", "cut at the chin")),
    ("MIN_NECK", _neck, None, ("cut at the neck",)),
    ("SOLES", _soles, None, ("cut at the ankles",)),
    ("MARGIN", _edge_distance, None, ("cut at the ankles", "cut at the knees", "cut at the body's middle line")),
    ("MIN_PRESENCE", _presence, None, ("cut at the ankles", "cut at the knees")),
    ("MIN_PRESENCE_AT_EDGE", _feet_at_edge, None, ("cut at the ankles", "cut at the knees")),
    ("MIN_SIZE", lambda scene: scene.person.stature, None, ("body of 50 px",)),
    ("MAX_LEAN", lambda scene: max(map(abs, scene.leans)), None, ("on its side", "upside down")),
    ("MIN_TRUNK", _trunk_share, None, ()),
    ("MAX_TRUNK", _trunk_share, None, ()),
    ("MIN_THIGHS", _thighs, None, ()),
    ("MAX_THIGHS", _thighs, None, ()),
    ("MAX_TURN_FRONT", lambda scene: scene.turn, "front", ("oblique_view",)),
    ("OTHER_VIEW", lambda scene: scene.turn, "front", ("sent as the other view",)),
    ("FROM_BEHIND", lambda scene: max(map(view.turn, scene.estimate.looks)), "front", ("back_view",)),
    ("MAX_TURN_SIDE", lambda scene: abs(scene.turn - 90), "side", ("oblique_view",)),
    ("OTHER_VIEW", lambda scene: abs(scene.turn - 90), "side", ("sent as the other view",)),
    ("FROM_BEHIND_SIDE", lambda scene: max(map(view.turn, scene.estimate.looks)), "side", ("back_view",)),
    ("MAX_SPREAD", lambda scene: scene.spread, None, ()),
)


def separations(photos: Sequence[FigurePhoto], pool: LandmarkerPool) -> tuple[Table, Table]:
    """What becomes of every kind of picture, and what each threshold in posture.judge limits."""
    cases = [case for of_photo in pool.map(partial(_cases, pool.detect), photos) for case in of_photo]
    cases += _unfit_cases(pool.detect)
    outcomes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for case in cases:
        outcomes[case.name, case.code or "measured"][verdict(case.scene)] += 1
    rows = [
        [name, code, ", ".join(f"{outcome} {number}" for outcome, number in found.most_common())]
        for (name, code), found in outcomes.items()
    ]
    limits = []
    for constant, quantity, name, kinds in _LIMITS:
        of_view = [case for case in cases if case.scene is not None and name in (None, case.view)]
        limits.append(
            [
                constant if name is None else f"{constant} ({name})",
                f"{getattr(judge, constant):g}",
                _range([quantity(case.scene) for case in of_view if case.scene and case.code is None]),
                "; ".join(
                    f"{kind}: {_range([quantity(case.scene) for case in of_view if case.scene and case.name == kind])}"
                    for kind in kinds
                ),
            ]
        )
    return (["picture", "should be", "was"], rows), (["constant", "value", "good pictures", "others"], limits)


def _range(values: Sequence[float]) -> str:
    known = [value for value in values if not np.isnan(value)]
    return f"{min(known):.2f} / {np.median(known):.2f} / {max(known):.2f}" if known else "none"
