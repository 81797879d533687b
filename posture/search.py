"""Finds a person who is too small in a picture for the model to notice."""

import math
from collections.abc import Iterator

import numpy as np

from posture.landmarks import Detect, Pixels

Box = tuple[int, int, int, int]

# The model does not find people who take up less than about a quarter of the picture. In windows of half its width and
# height, each of which overlaps the next by half, they take up twice as much.
_WINDOW = 0.5
_STEPS = (0.0, 0.25, 0.5)
# What goes into the box around the person, in body sizes on each side.
_ROOM = 0.6


def find_small(pixels: Pixels, detect: Detect) -> Box | None:
    """A box around the person who lies deepest inside a window, in pixels: left, top, right and bottom.

    None where no window shows anybody. It takes nine looks.
    """
    height, width = pixels.shape[:2]
    best, depth = None, -math.inf
    for left, top, window in _windows(pixels):
        for person in detect(window):
            size = (window.shape[1], window.shape[0])
            inside = float(np.minimum(person.points, size - person.points).min()) / person.stature
            if inside > depth:
                best, depth = person.shifted(left, top), inside
    if best is None:
        return None
    room = _ROOM * best.stature
    left, top = np.floor(best.points.min(axis=0) - room).clip(0).astype(int)
    right, bottom = np.ceil(best.points.max(axis=0) + room).clip(None, (width, height)).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _windows(pixels: Pixels) -> Iterator[tuple[int, int, Pixels]]:
    """Left and top of each window, and the window."""
    height, width = pixels.shape[:2]
    for top in (int(step * height) for step in _STEPS):
        for left in (int(step * width) for step in _STEPS):
            window = pixels[top : top + int(_WINDOW * height), left : left + int(_WINDOW * width)]
            yield left, top, np.ascontiguousarray(window)
