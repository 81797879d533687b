"""Figures with known angles: those of the demo photos, and those in the folder that POSTURE_TRUTH names."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from posture import angles
from posture.landmarks import INDEX, NAMES, Landmarks
from posture.views import FRONTAL, VIEWS, View
from testing import DEMO

_Item = TypeVar("_Item")

_SAMPLED = 6  # photos for a case, besides those of the demo; a few more where there are few


@dataclass(frozen=True)
class FigurePhoto:
    """One picture of a figure whose body is known.

    `facing`: where the figure faces in the side view, "left" or "right". `truth`: the measures of this view by name, in
    their units, from the body's own points projected into the picture. `shot`: where those points lie, and how the
    picture was taken; None where that is not told.
    """

    figure: str
    view: View
    file: Path
    facing: str
    truth: dict[str, float]
    shot: "Shot | None" = None


@dataclass(frozen=True)
class Shot:
    """How a figure's picture was taken: the body's own points in it, in pixels, and its camera.

    `focal`: in pixels. `roll` and `pitch`: in degrees, as in posture.camera.
    """

    body: Landmarks
    focal: float
    roll: float
    pitch: float


def figures() -> list[FigurePhoto]:
    """The demo figures and those in the folder that POSTURE_TRUTH names, each once."""
    found = {photo.file.read_bytes(): photo for photo in (*_demo(), *_folder())}
    return list(found.values())


def sample(items: Sequence[_Item], case: str) -> list[_Item]:
    """Of one item for each photo of figures(), in their order: those of the demo photos, and some six of the others.

    Which, evenly taken, depends on the case alone, so that all photos have their turn over many cases and a case always
    has the same ones. It keeps the tests of pictures within the minutes that they may take.
    """
    demo, others = _parted(items)
    step = len(others) // _SAMPLED | 1  # an odd one takes fronts and sides in turn
    return [*demo, *others[sum(case.encode()) % step :: step]]


def evenly(photos: Sequence[FigurePhoto], most: int) -> list[FigurePhoto]:
    """Of the photos of figures(), those of at most so many figures: of the demo's and, evenly taken, of others.

    In the same order, always the same, and both photos of each figure.
    """
    demo, others = (list(dict.fromkeys(photo.figure for photo in part)) for part in _parted(photos))
    room = min(max(most - len(demo), 0), len(others))
    chosen = {*demo, *(others[number * len(others) // room] for number in range(room))}
    return [photo for photo in photos if photo.figure in chosen]


def _parted(items: Sequence[_Item]) -> tuple[Sequence[_Item], Sequence[_Item]]:
    """Of one item for each photo of figures(), those of the demo photos and the others."""
    demo = sum(1 for _ in _demo())
    return items[:demo], items[demo:]


def _demo() -> Iterator[FigurePhoto]:
    for pair in json.loads((DEMO / "truth.json").read_text())["pairs"]:
        for view in VIEWS:
            angles_of_view = pair["angles"][view.key]
            yield FigurePhoto(pair["front"], view, DEMO / pair[view.name], pair["facing"], angles_of_view)


def _folder() -> Iterator[FigurePhoto]:
    if not (folder := os.environ.get("POSTURE_TRUTH")):
        return
    for file in sorted(Path(folder).glob("*.json")):
        truth = json.loads(file.read_text())
        for view in VIEWS:
            measures = true_measures(truth, view) | truth["angles"][view.name]
            photo = file.with_name(f"{file.stem}_{view.name}.jpg")
            yield FigurePhoto(truth["id"], view, photo, truth["facing"], measures, _shot(truth, view))


def _shot(truth: dict[str, Any], view: View) -> Shot | None:
    if "camera" not in truth or "level_angles" not in truth:
        return None
    camera = truth["camera"][view.name]
    body = _body(truth["landmarks"][view.name])
    return Shot(body, camera["focal_px"], camera["roll_deg"], camera["pitch_deg"])


def unfit() -> list[tuple[Path, str]]:
    """Pictures of the figures that must be refused, each with the code; none without the folder of POSTURE_TRUTH."""
    if not (folder := os.environ.get("POSTURE_TRUTH")):
        return []
    return [(file, f"{file.stem.split('_')[1]}_view") for file in sorted(Path(folder, "refuse").glob("*.jpg"))]


def true_measures(truth: dict[str, Any], view: View) -> dict[str, float]:
    """The measures of a view by name, in their units, from the body's own points in a figure's file."""
    return measures_of(_body(truth["landmarks"][view.name]), view, truth["facing"])


def measures_of(body: Landmarks, view: View, facing: str) -> dict[str, float]:
    """The measures of a view by name, in their units, of a body that faces "left" or "right" in the side view."""
    direction = 1 if view.plane is FRONTAL or facing == "right" else -1
    return angles.measure(body, view.plane, direction)


def _body(points: dict[str, list[float]]) -> Landmarks:
    table = np.tile(np.array(points["nose"]), (len(NAMES), 1))  # what is not named lies within the body
    for name, point in points.items():
        table[INDEX[name]] = point
    return Landmarks(table, np.zeros(len(NAMES)), np.ones(len(NAMES)), np.ones(len(NAMES)))
