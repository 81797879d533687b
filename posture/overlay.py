"""A photo with what was measured in it drawn over it, for people to look at: a JPEG file.

Where everything goes is told by posture.drawing.
"""

import io
import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from posture import images
from posture.drawing import INK, WHITE, Color, Drawing, Stroke, Type, layout
from posture.landmarks import Array, Pixels
from posture.measurement import Line, ViewMeasurement
from posture.options import LARGEST_OVERLAY, OVERLAY, SMALLEST_OVERLAY

# Of 100, as libjpeg counts. The colors are not reduced, or lines of two pixels would lose theirs.
_QUALITY = 85

_COVER: Color = (112, 112, 112)
_NOTHING: Color = (200, 200, 200)  # where the levelled photo shows nothing


@dataclass(frozen=True)
class Overlay:
    """A JPEG file. `width` and `height`: in pixels."""

    data: bytes
    width: int
    height: int


def draw(of: ViewMeasurement, size: int = OVERLAY, *, blur_face: bool = False) -> Overlay:
    """A photo with what was measured in it.

    `size`: the longer side in pixels, or the photo's own if that is less: SMALLEST_OVERLAY to LARGEST_OVERLAY, else
    ValueError is raised. `blur_face`: whether the head of everybody who was found is covered.
    """
    if not SMALLEST_OVERLAY <= size <= LARGEST_OVERLAY:
        raise ValueError(f"an overlay has {SMALLEST_OVERLAY} to {LARGEST_OVERLAY} pixels, not {size}")
    drawing = layout(of, size)
    left, top, right, bottom = drawing.photo
    pixels = np.full((drawing.height, drawing.width, 3), WHITE, np.uint8)
    photo = pixels[top:bottom, left:right]
    photo[:] = _levelled(of, drawing, blur_face=blur_face)
    for leader in drawing.leaders:
        _draw(pixels, leader)
    for stroke in drawing.strokes:
        _draw(photo, stroke, left, top)
    image = Image.fromarray(pixels)
    _write(image, drawing)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, subsampling="4:4:4")
    return Overlay(file.getvalue(), drawing.width, drawing.height)


def _levelled(of: ViewMeasurement, drawing: Drawing, *, blur_face: bool) -> Pixels:
    """The photo as it is shown, heads covered before anything else is done with its pixels."""
    left, top, right, bottom = drawing.photo
    size = right - left, bottom - top
    is_as_sent = of.camera.is_level and not of.camera.mirrored
    width, height = size if is_as_sent else [max(1, round(drawing.scale * side)) for side in (of.width, of.height)]
    whole = images.shown(of.file, of.orientation, max(width, height))
    # To more than a half of it, so that averaging neighbors is enough.
    pixels = cv2.resize(whole, (width, height)).astype(np.uint8, copy=False)
    if blur_face:
        _cover_heads(pixels, of)
    if is_as_sent:
        return pixels
    to_photo = np.diag([of.width / width, of.height / height, 1])
    there = _moved(-left, -top) @ drawing.homography @ to_photo
    # OpenCV counts from the middle of the first pixel, landmarks from its corner.
    there = _moved(-0.5, -0.5) @ there @ _moved(0.5, 0.5)
    warped = cv2.warpPerspective(pixels, there, size, borderMode=cv2.BORDER_CONSTANT, borderValue=_NOTHING).astype(
        np.uint8, copy=False
    )
    ahead = _ahead(there, size)
    if ahead.min() <= 0:
        warped[ahead <= 0] = _NOTHING
    return warped


def _moved(right: float, down: float) -> Array:
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]])


def _ahead(there: Array, size: tuple[int, int]) -> Array:
    """Of each pixel of a levelled picture, how far its ray lies ahead of the camera: what is behind was never seen.

    OpenCV shows the picture there once more, upside down. (height, width), positive ahead.
    """
    x, y, one = np.linalg.inv(there)[2]
    ahead: Array = x * np.arange(size[0]) + (y * np.arange(size[1]) + one)[:, np.newaxis]
    return ahead


def _cover_heads(pixels: Pixels, of: ViewMeasurement) -> None:
    height, width = pixels.shape[:2]
    for person in of.people:
        (x, y), radius = person.head
        middle = round(x * width / of.width), round(y * height / of.height)
        cv2.circle(pixels, middle, math.ceil(radius * width / of.width), _COVER, cv2.FILLED, cv2.LINE_AA)


def _draw(pixels: Pixels, stroke: Stroke, left: int = 0, top: int = 0) -> None:
    """Draws a line into a part of the overlay that begins there."""
    edge = stroke.width + 2 * max(1, round(stroke.width / 2))
    pieces = [_fixed(piece, left, top) for piece in _pieces(stroke)]
    dots = _fixed(stroke.points, left, top).tolist() if stroke.dots else []
    for width, color in ((edge, stroke.edge), (stroke.width, stroke.color)):
        cv2.polylines(pixels, pieces, isClosed=False, color=color, thickness=width, lineType=cv2.LINE_AA, shift=_SHIFT)
        for point in dots:
            radius = round((1 << _SHIFT) * (width / 2 + stroke.width / 2))
            cv2.circle(pixels, point, radius, color, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _pieces(stroke: Stroke) -> list[Line]:
    """The dashes of a line, the first at its first point."""
    on, off = (length * stroke.width for length in stroke.dash)
    if not on:
        return [stroke.points]
    pieces: list[Line] = []
    for start, end in pairwise(np.array(stroke.points)):
        length = float(np.linalg.norm(end - start))
        along = (end - start) / max(length, 1)
        for begin in np.arange(0, length, on + off):
            (x, y), (end_x, end_y) = start + begin * along, start + min(begin + on, length) * along
            pieces.append(((x, y), (end_x, end_y)))
    return pieces


_SHIFT = 4  # bits of a pixel's parts, in which OpenCV draws


def _fixed(points: Line, left: int, top: int) -> NDArray[np.int32]:
    """Points for OpenCV, which counts from the middle of the first pixel."""
    return np.round((np.array(points) - (left + 0.5, top + 0.5)) * (1 << _SHIFT)).astype(np.int32)


def _write(image: Image.Image, drawing: Drawing) -> None:
    kind, draw = Type(drawing.letters), ImageDraw.Draw(image)
    for text in drawing.texts:
        left, top, right, bottom = text.box
        at = left if text.flush == "left" else right
        if text.bar:
            bar = (left, left + kind.bar - 1) if text.flush == "left" else (right - kind.bar, right - 1)
            draw.rectangle((bar[0], top, bar[1], bottom - 1), fill=text.bar)
            at += (kind.bar + kind.space) * (1 if text.flush == "left" else -1)
        for number, line in enumerate(text.lines):
            anchor = "la" if text.flush == "left" else "ra"
            draw.text((at, top + number * kind.line), line, INK, kind.font, anchor)
