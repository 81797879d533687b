"""Mirror images of pictures: the instrument gives them the same numbers as the pictures, mirrored."""

import cv2
import numpy as np

from posture.landmarks import Pixels


def image(pixels: Pixels) -> Pixels:
    """The mirror image of a picture, (height, width, 3), contiguous."""
    return cv2.flip(pixels, 1).astype(np.uint8, copy=False)


def image_is_first(pixels: Pixels) -> bool:
    """Which of a picture and its mirror image is looked at: the one whose pixels come first, read row by row."""
    for row in pixels:
        there: bytes = row.tobytes()
        back: bytes = row[::-1].tobytes()
        if there != back:
            return back < there
    return False
