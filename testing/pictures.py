"""Pictures as files and as pixels, and what may be done to any: scaled, framed, mirrored, turned, worsened, joined."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from posture import images
from posture.estimate import Look
from posture.landmarks import Pixels


def file_bytes(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The image as the bytes of a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def base64_text(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> str:
    """The image as a client would send it."""
    return base64_text(file_bytes(image, kind, **options))


def pixels_of(file: bytes) -> Pixels:
    """A picture file's pixels at its full size."""
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def decoded(file: bytes) -> Pixels:
    """A picture file's pixels as the worker measures them."""
    return images.read(file).pixels


def scale(image: Image.Image, factor: float) -> Image.Image:
    """As large by that factor."""
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.LANCZOS)


def frame(image: Image.Image, width: int, height: int) -> Image.Image:
    """In the middle of a larger picture of this size in pixels, its edges drawn out."""
    beside, above = width - image.width, height - image.height
    sides = ((above // 2, above - above // 2), (beside // 2, beside - beside // 2), (0, 0))
    return Image.fromarray(np.pad(np.asarray(image), sides, "edge"))


def mirror(image: Image.Image) -> Image.Image:
    """Left and right exchanged."""
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def turn(image: Image.Image, degrees: float) -> Image.Image:
    """Clockwise, on a canvas that holds all of it."""
    return Image.fromarray(Look(degrees).show(np.asarray(image)))


def blur(image: Image.Image, radius: float) -> Image.Image:
    """Out of focus by that many pixels."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def add_noise(image: Image.Image, deviation: float, seed: int | np.random.Generator) -> Image.Image:
    """Normal noise of that standard deviation, of 255. `seed`: or the generator that it is drawn from."""
    pixels = np.asarray(image)
    noise = np.random.default_rng(seed).normal(0, deviation, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    """One picture of two of the same height."""
    return Image.fromarray(np.hstack([np.asarray(left), np.asarray(right)]))
