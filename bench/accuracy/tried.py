"""Prints what else was tried beside the modes, on the photos and their retakes: python -m bench.accuracy.tried

Every row is another way to make landmarks of one photo. docs/accuracy/experiments.md holds the last table.
Takes some four minutes.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from bench.accuracy.errors import averaged, mean_absolute, retest, sd
from bench.accuracy.looks import Take, files
from bench.accuracy.retakes import CLEAN
from bench.accuracy.tables import table
from posture import angles, cores
from posture.estimate import LOOKS, Look, estimate
from posture.landmarks import INDEX, Detect, Landmarks, Pixels
from posture.models import files as models
from posture.models.mediapipe import LandmarkerPool
from posture.views import FRONT, SIDE
from testing.figures import FigurePhoto, figures
from testing.pictures import decoded, frame, pixels_of, scale
from testing.subjects import Subject

RETAKES = 4
_MARGIN = 0.15  # around the person who is cut out, in body sizes

# The whole photo, what the worker makes of it, and the model -> the person
Recipe = Callable[[Pixels, Pixels, Detect], Landmarks]


def _looks(pixels: Pixels, detect: Detect, looks: Sequence[Look] = LOOKS["standard"]) -> Sequence[Landmarks]:
    seen = estimate(pixels, detect, looks)
    if seen is None:
        raise LookupError
    return seen.looks


def _mean(people: Sequence[Landmarks]) -> Landmarks:
    return _combined(people, np.mean)


def _median(people: Sequence[Landmarks]) -> Landmarks:
    return _combined(people, np.median)


def _combined(people: Sequence[Landmarks], of: Callable[..., Any]) -> Landmarks:
    arrays = zip(*((each.points, each.depth, each.presence, each.visibility) for each in people), strict=True)
    return Landmarks(*(of(values, axis=0) for values in arrays))


def _weighted(people: Sequence[Landmarks]) -> Landmarks:
    weights = np.stack([person.presence for person in people])[:, :, None]
    points = np.stack([person.points for person in people])
    return replace(_mean(people), points=(weights * points).sum(axis=0) / weights.sum(axis=0))


def _sized(side: int) -> Recipe:
    def recipe(whole: Pixels, _: Pixels, detect: Detect) -> Landmarks:
        return _mean(_looks(np.asarray(scale(Image.fromarray(whole), side / max(whole.shape))), detect))

    return recipe


def _padded(share: float) -> Recipe:
    def recipe(_: Pixels, pixels: Pixels, detect: Detect) -> Landmarks:
        image = Image.fromarray(pixels)
        larger = frame(image, *(side + 2 * round(share * side) for side in image.size))
        return _mean(_looks(np.asarray(larger), detect))

    return recipe


def _cut_out(_: Pixels, pixels: Pixels, detect: Detect) -> Landmarks:
    person = _looks(pixels, detect)[0]
    room = _MARGIN * person.nose_to_ankle
    subject = Subject(Image.fromarray(pixels), person)
    left, top, right, bottom = subject.box()
    cut = subject.cut(left - room, top - room, right + room, bottom + room)
    return _mean(_looks(np.asarray(cut), detect))


def _grey(_: Pixels, pixels: Pixels, detect: Detect) -> Landmarks:
    return _mean(_looks(np.asarray(Image.fromarray(pixels).convert("L").convert("RGB")), detect))


def _shown(*looks: Look, combine: Callable[[Sequence[Landmarks]], Landmarks] = _mean) -> Recipe:
    return lambda _, pixels, detect: combine(_looks(pixels, detect, looks))


def _in_place_of_ears(left: str, right: str) -> Recipe:
    def recipe(_: Pixels, pixels: Pixels, detect: Detect) -> Landmarks:
        person = _mean(_looks(pixels, detect))
        points = person.points.copy()
        points[[INDEX["left_ear"], INDEX["right_ear"]]] = points[[INDEX[left], INDEX[right]]]
        return replace(person, points=points)

    return recipe


def _turned(*degrees: float) -> tuple[Look, ...]:
    return tuple(Look(clockwise, mirrored) for clockwise in degrees for mirrored in (False, True))


RECIPES: dict[str, Recipe] = {
    "one plain pass, full size": lambda whole, _, detect: detect(whole)[0],
    "one whole look (`fast`)": _shown(*LOOKS["fast"]),
    "two whole looks": _shown(*LOOKS["standard"]),
    "eight whole looks": _shown(*LOOKS["precise"]),
    "photo and mirror image, full size": lambda whole, _, detect: _mean(_looks(whole, detect)),
    **{f"the same, long side {side} (Lanczos)": _sized(side) for side in (1024, 768, 640, 512, 384)},
    "the same, 15 % added on each side": _padded(0.15),
    "the same, cut out with a margin": _cut_out,
    "the same, in grey": _grey,
    "the same, eyes in place of the ears": _in_place_of_ears("left_eye_outer", "right_eye_outer"),
    "the same, mouth in place of the ears": _in_place_of_ears("mouth_left", "mouth_right"),
    "turned by 8 both ways, mirrored (4 looks)": _shown(*_turned(-8, 8)),
    "turned by 16 both ways, mirrored (4 looks)": _shown(*_turned(-16, 16)),
    "turned by 30 both ways, mirrored (4 looks)": _shown(*_turned(-30, 30)),
    "eight whole looks, medians in place of means": _shown(*LOOKS["precise"], combine=_median),
    "eight whole looks, weighted by presence": _shown(*LOOKS["precise"], combine=_weighted),
    "turned by 0, 4, ... 16 both ways, mirrored (18 looks)": _shown(*_turned(*range(-16, 17, 4))),
}


def _take(detect: Detect, job: tuple[FigurePhoto, str, int, bytes]) -> Take:
    photo, condition, number, file = job
    whole, pixels = pixels_of(file), decoded(file)
    modes: dict[str, tuple[dict[str, float], list[dict[str, float]]]] = {}
    for name, recipe in RECIPES.items():
        with suppress(LookupError):  # nobody was found
            person, plane = recipe(whole, pixels, detect), photo.view.plane
            modes[name] = angles.measure(person, plane, plane.direction(person)), []
    return Take(photo, condition, number, modes)


def main() -> None:
    """The command line."""
    photos = figures()
    jobs = list(files(photos, RETAKES, [CLEAN]))
    with LandmarkerPool(models.ready(), cores.available()) as pool:
        takes = list(tqdm(pool.map(partial(_take, pool.detect), jobs), total=len(jobs), disable=None))
    print(f"{len(photos)} photos, each with {RETAKES} retakes.")
    table(
        "What was tried (degrees, averaged over the four angles of a view)",
        ["", "takes", "front MAE", "side SD", "retest SD front", "side"],
        [
            [
                name,
                str(sum(name in take.modes for take in takes)),
                averaged(takes, name, FRONT, mean_absolute),
                averaged(takes, name, SIDE, sd),
                retest(takes, name, FRONT),
                retest(takes, name, SIDE),
            ]
            for name in RECIPES
        ],
    )


if __name__ == "__main__":
    main()
