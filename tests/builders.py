"""Builders for what the tests need: landmarks with chosen points, pictures, base64 text."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from posture.landmarks import INDEX, NAMES, Landmarks

Points = Mapping[str, tuple[float, float]]

# A person 800 pixels tall, upright and symmetric, seen from the front: the person's left is to the right.
FRONT: Points = {
    "nose": (500, 200), "left_ear": (530, 195), "right_ear": (470, 195),
    "left_shoulder": (580, 320), "right_shoulder": (420, 320),
    "left_hip": (540, 560), "right_hip": (460, 560),
    "left_knee": (540, 750), "right_knee": (460, 750),
    "left_ankle": (540, 930), "right_ankle": (460, 930),
    "left_heel": (540, 945), "right_heel": (460, 945),
    "left_foot_index": (550, 960), "right_foot_index": (450, 960),
}  # fmt: skip

# The same seen from the person's right, facing the right of the picture; the far side lies a little further back.
SIDE: Points = {
    "nose": (560, 200), "left_ear": (495, 190), "right_ear": (505, 195),
    "left_shoulder": (480, 318), "right_shoulder": (490, 320),
    "left_hip": (485, 560), "right_hip": (495, 560),
    "left_knee": (490, 750), "right_knee": (500, 750),
    "left_ankle": (480, 930), "right_ankle": (490, 930),
    "left_heel": (465, 945), "right_heel": (475, 950),
    "left_foot_index": (550, 950), "right_foot_index": (560, 960),
}  # fmt: skip


def landmarks(points: Points, **moved: tuple[float, float]) -> Landmarks:
    """A person with these points, in pixels, some of them moved; landmarks that are not named lie at (500, 500)."""
    table = np.full((len(NAMES), 2), 500.0)
    for name, point in {**points, **moved}.items():
        table[INDEX[name]] = point
    return Landmarks(table, np.zeros(len(NAMES)), np.ones(len(NAMES)), np.ones(len(NAMES)))


def turned(person: Landmarks, degrees: float, center: tuple[float, float] = (500, 500)) -> Landmarks:
    """The landmarks of the same picture after its content is turned clockwise about a point."""
    angle = np.radians(degrees)
    # y points downwards, so this matrix turns clockwise as seen
    clockwise = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (person.points - center) @ clockwise.T + center
    return Landmarks(points, person.depth, person.presence, person.visibility)


def picture(width: int = 200, height: int = 300, mode: str = "RGB", color: Any = None) -> Image.Image:
    """A picture with a different color in each quarter, or of one color."""
    if color is not None:
        return Image.new(mode, (width, height), color)
    image = Image.new("RGB", (width, height))
    for box, quarter in zip(
        ((0, 0), (width // 2, 0), (0, height // 2), (width // 2, height // 2)),
        ("red", "lime", "blue", "white"),
        strict=True,
    ):
        image.paste(quarter, (*box, box[0] + width, box[1] + height))
    return image.convert(mode)


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
