"""Finds a person who is too small in a picture for the model to notice."""

from collections.abc import Iterator

import numpy as np

from posture.landmarks import Detect, Landmarks, Pixels

# The model does not find people who take up less than about a quarter of the picture. In windows of half its width and
# height, each of which overlaps the next by half, they take up twice as much.
_WINDOW = 0.5
_STEPS = (0.0, 0.25, 0.5)
# Of a person's size, what a window may cut off; more, and it does not show enough of the person to find the rest by.
_CUT_OFF = 0.3


def find_small(pixels: Pixels, detect: Detect) -> Landmarks | None:
    """The person who lies deepest inside a window, in pixels of the whole picture.

    None where no window shows nearly all of a person. It takes nine looks.
    """
    best, depth = None, -_CUT_OFF
    for left, top, window in _windows(pixels):
        for person in detect(window):
            size = (window.shape[1], window.shape[0])
            inside = float(np.minimum(person.points, size - person.points).min()) / person.nose_to_ankle
            if inside > depth:
                best, depth = person.shifted(left, top), inside
    return best


def _windows(pixels: Pixels) -> Iterator[tuple[int, int, Pixels]]:
    """Left and top of each window, and the window."""
    height, width = pixels.shape[:2]
    for top in (int(step * height) for step in _STEPS):
        for left in (int(step * width) for step in _STEPS):
            window = pixels[top : top + int(_WINDOW * height), left : left + int(_WINDOW * width)]
            yield left, top, np.ascontiguousarray(window)
