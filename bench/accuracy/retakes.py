"""Photos as they might have been taken again, or worse."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from testing.pictures import add_noise, blur, file_bytes, scale

RETAKES = 6  # of a photo in one condition

# How a photo may be worse than it should be.
CONDITIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda image: image,
    "blurred": lambda image: blur(image, 2.5 * image.height / 1000),
    "noisy": lambda image: add_noise(image, 12, seed=0),
    "small": lambda image: scale(image, 360 / image.height),
}


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
    return jpeg(brighter, int(random.integers(70, 96)))


def jpeg(image: Image.Image, quality: int = 95) -> bytes:
    """The image as the bytes of a JPEG file."""
    return file_bytes(image, "JPEG", quality=quality)
