"""Photos as they might have been taken again, or worse."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from PIL import Image

from posture.images import MIN_SIDE
from testing.pictures import add_noise, blur, file_bytes, frame, pixels_of, scale

# What a condition does to a picture: the picture, the body's size in it in pixels from nose to ankles, and chance.
Worsen = Callable[[Image.Image, float, np.random.Generator], Image.Image]


def _blurred(percent: float, image: Image.Image, _size: float, _random: np.random.Generator) -> Image.Image:
    """Out of focus, by a normal blur whose standard deviation is so much of the picture's height."""
    return blur(image, percent / 100 * image.height)


def _shaken(percent: float, image: Image.Image, _size: float, random: np.random.Generator) -> Image.Image:
    """Drawn out along a straight line of some direction, so much of the picture's height long."""
    half = percent / 200 * image.height
    angle = random.uniform(0, np.pi)
    steps = np.linspace(-half, half, 2 * int(np.ceil(half)) + 1)
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    summed = np.zeros(pixels.shape, np.float64)
    for step in steps:
        matrix = np.array([[1, 0, step * np.cos(angle)], [0, 1, step * np.sin(angle)]])
        summed += cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return Image.fromarray(np.rint(summed / len(steps)).astype(np.uint8))


def _grainy(deviation: float, image: Image.Image, _size: float, random: np.random.Generator) -> Image.Image:
    """Normal noise of that standard deviation, of 255."""
    return add_noise(image, deviation, random)


def _dark(light: float, image: Image.Image, size: float, random: np.random.Generator) -> Image.Image:
    """So much of every value, and a sensor's noise, which does not become less."""
    return _grainy(6, image.point([round(light * value) for value in range(256)] * 3), size, random)


def _compressed(quality: int, image: Image.Image, _size: float, _random: np.random.Generator) -> Image.Image:
    """Saved as a JPEG of that quality."""
    return Image.fromarray(pixels_of(jpeg(image, quality)))


def _small(pixels: float, image: Image.Image, size: float, _random: np.random.Generator) -> Image.Image:
    """The body so many pixels large, in a picture that is large enough to be taken."""
    smaller = scale(image, pixels / size) if pixels < size else image
    width, height = (max(side, MIN_SIDE) for side in smaller.size)
    return frame(smaller, width, height)


def _both(first: Worsen, second: Worsen, image: Image.Image, size: float, random: np.random.Generator) -> Image.Image:
    before = image.height
    worse = first(image, size, random)
    return second(worse, size * worse.height / before, random)


def _named() -> dict[str, Worsen]:
    one: dict[str, Worsen] = {
        **{f"blur {percent:g} %": partial(_blurred, percent) for percent in (0.25, 0.5, 1)},
        **{f"shaken {percent} %": partial(_shaken, percent) for percent in (1, 3)},
        **{f"grain {deviation}": partial(_grainy, deviation) for deviation in (12, 25, 40)},
        **{f"light 1/{part}": partial(_dark, 1 / part) for part in (2, 4, 8)},
        **{f"JPEG {quality}": partial(_compressed, quality) for quality in (40, 20, 10)},
        **{f"{pixels} px": partial(_small, pixels) for pixels in (180, 120, 90, 65)},
    }
    pairs = (
        ("blur 0.5 %", "grain 12"),
        ("shaken 1 %", "light 1/4"),
        ("light 1/2", "JPEG 20"),
        ("120 px", "grain 12"),
        ("120 px", "JPEG 20"),
        ("blur 0.25 %", "JPEG 20"),
    )
    return one | {f"{first}, {second}": partial(_both, one[first], one[second]) for first, second in pairs}


CLEAN = "clean"
# How a photo may be worse than it should be: alone, and two at a time.
POOR = _named()
CONDITIONS = (CLEAN, *POOR)
RETAKES = 5  # of a clean photo; a poor one is taken once


def moved(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """The photo as the camera might see it again: moved by 2 px, 2 % in size, 3 % in brightness."""
    width, height = image.size
    zoom = 1 + random.uniform(-0.02, 0.02)
    right, down = random.uniform(-2, 2, 2)
    # the inverse map, from the new picture's pixels to the old one's, about the picture's middle
    matrix = (
        1 / zoom, 0.0, width / 2 - (width / 2 + right) / zoom,
        0.0, 1 / zoom, height / 2 - (height / 2 + down) / zoom,
    )  # fmt: skip
    edge = image.getpixel((2, 2))
    again = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC, fillcolor=edge)
    brightness = 1 + random.uniform(-0.03, 0.03)
    return again.point([min(255, round(brightness * value)) for value in range(256)] * 3)


def retake(image: Image.Image, random: np.random.Generator) -> bytes:
    """The same, as a JPEG of quality 70 to 95."""
    return jpeg(moved(image, random), int(random.integers(70, 96)))


def poor(image: Image.Image, condition: str, size: float, random: np.random.Generator) -> bytes:
    """The photo taken again, poorly. `size`: of the body in it, from nose to ankles, in pixels."""
    return jpeg(POOR[condition](moved(image, random), size, random))


def jpeg(image: Image.Image, quality: int = 95) -> bytes:
    """The image as the bytes of a JPEG file."""
    return file_bytes(image, "JPEG", quality=quality)
