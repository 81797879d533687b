"""Figures with known angles, and photos of them as they might have been taken again."""

import base64
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from posture import angles, images
from posture.errors import VIEWS, View
from posture.landmarks import INDEX, NAMES, Landmarks, Pixels
from testing import DEMO


@dataclass(frozen=True)
class FigurePhoto:
    """One picture of a figure whose body is known.

    `facing`: where the figure faces in the side view, "left" or "right". `truth`: the measures of this view by name, in
    their units, from the body's own points projected into the picture.
    """

    figure: str
    view: View
    file: Path
    facing: str
    truth: dict[str, float]


def figures() -> list[FigurePhoto]:
    """The demo figures and those in the folder that POSTURE_TRUTH names, each once."""
    found = {photo.file.read_bytes(): photo for photo in (*_demo(), *_folder())}
    return list(found.values())


def _demo() -> Iterator[FigurePhoto]:
    for pair in json.loads((DEMO / "truth.json").read_text())["pairs"]:
        for view in VIEWS:
            angles_of_view = pair["angles"][f"{view}_view"]
            yield FigurePhoto(pair["front"], view, DEMO / pair[view], pair["facing"], angles_of_view)


def _folder() -> Iterator[FigurePhoto]:
    if not (folder := os.environ.get("POSTURE_TRUTH")):
        return
    for file in sorted(Path(folder).glob("*.json")):
        truth = json.loads(file.read_text())
        for view in VIEWS:
            measures = true_measures(truth, view) | truth["angles"][view]
            yield FigurePhoto(truth["id"], view, file.with_name(f"{file.stem}_{view}.jpg"), truth["facing"], measures)


def unfit() -> list[tuple[Path, str]]:
    """Pictures of the figures that must be refused, each with the code; none without the folder of POSTURE_TRUTH."""
    if not (folder := os.environ.get("POSTURE_TRUTH")):
        return []
    return [(file, f"{file.stem.split('_')[1]}_view") for file in sorted(Path(folder, "refuse").glob("*.jpg"))]


def true_measures(truth: dict[str, Any], view: View) -> dict[str, float]:
    """The measures of a view by name, in their units, from the body's own points in a figure's file."""
    direction = 1 if view == "front" or truth["facing"] == "right" else -1
    return angles.measure(_body(truth["landmarks"][view]), view, direction)


def _body(points: dict[str, list[float]]) -> Landmarks:
    table = np.zeros((len(NAMES), 2))
    for name, point in points.items():
        table[INDEX[name]] = point
    return Landmarks(table, np.zeros(len(NAMES)), np.ones(len(NAMES)), np.ones(len(NAMES)))


def retake(image: Image.Image, random: np.random.Generator) -> bytes:
    """The photo as it might be taken again, a JPEG: 2 px, 2 % in size, 3 % in brightness, quality 70 to 95."""
    width, height = image.size
    zoom = 1 + random.uniform(-0.02, 0.02)
    right, down = random.uniform(-2, 2, 2)
    # the inverse map, from the new picture's pixels to the old one's, about the picture's middle
    matrix = (
        1 / zoom, 0.0, width / 2 - (width / 2 + right) / zoom,
        0.0, 1 / zoom, height / 2 - (height / 2 + down) / zoom,
    )  # fmt: skip
    edge = image.getpixel((2, 2))
    moved = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=edge)
    brightness = 1 + random.uniform(-0.03, 0.03)
    brighter = moved.point([min(255, round(brightness * value)) for value in range(256)] * 3)
    return jpeg(brighter, quality=int(random.integers(70, 96)))


def jpeg(image: Image.Image, quality: int = 95) -> bytes:
    """The image as the bytes of a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def pixels_of(file: bytes) -> Pixels:
    """A picture file's pixels at its full size."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def text_of(file: bytes) -> str:
    """A file as a client sends it."""
    return base64.b64encode(file).decode()


def decoded(file: bytes) -> Pixels:
    """A picture file's pixels as the worker measures them."""
    return images.decode(text_of(file)).pixels


def _noisy(image: Image.Image, sigma: float) -> Image.Image:
    pixels = np.asarray(image) + np.random.default_rng(0).normal(0, sigma, (image.height, image.width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _small(image: Image.Image, height: int) -> Image.Image:
    return image.resize((round(image.width * height / image.height), height), Image.Resampling.LANCZOS)


# How a photo may be worse than it should be.
CONDITIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda image: image,
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2.5 * image.height / 1000)),
    "noisy": lambda image: _noisy(image, 12),
    "small": lambda image: _small(image, 360),
}
