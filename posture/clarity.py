"""How clearly a picture shows a person: what a poor photo costs the numbers is told from this (posture.evidence).

Everything is measured in the part of the picture that holds the body, and as large as the landmark network sees it:
grain that is finer than its pixels averages out, and a blur that is narrower does no harm.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from posture.landmarks import Landmarks, Pixels

_Grey: TypeAlias = NDArray[Any]  # one channel, of whole numbers or of floating point

# Pixels from nose to ankles in what the landmark network sees: posture.models.closer.
_SEEN = 178
# Of the body's size: around its landmarks.
_AROUND = 0.08
# A body whose nose is seen near its ankles counts as so many times smaller than it is wide or tall, and no more.
_FOLDED = 4
# In pixels of what the network sees: the standard deviations of the blur beside which edges are told, and of the one
# that leaves no grain.
_BLURRED, _SMOOTH = 4.0, 2.0
# Of the pixels, those that are less steep than an edge; and how far from it, in pixels, the blurred edge may lie.
_EDGES, _BESIDE = 0.97, 3
_GRID = 8  # pixels of a JPEG's block
_FEWEST = _GRID + 1  # pixels in which there is a step from one block to the next
# The mask that straight edges do not pass, and what it makes of normal noise: J. Immerkaer, Fast Noise Variance
# Estimation, Computer Vision and Image Understanding 1996, 64(2):300-302.
_NOISE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_OF_NOISE = 6 * 0.6745  # its standard deviation, times the median absolute deviation of a normal distribution


@dataclass(frozen=True)
class Clarity:
    """How clearly a picture shows a body.

    `blur`: the standard deviation of its edges' width in the direction where that is largest, in % of the body's size.
    `grain`: the standard deviation of its noise, and `contrast`: between dark and bright, both of 255. `blocks`: how
    many times as large steps are at the edges of a JPEG's blocks as between them, 1 where there are none. `size`: from
    nose to ankles, in pixels of the picture.
    """

    blur: float
    grain: float
    contrast: float
    blocks: float
    size: float

    @property
    def relative_grain(self) -> float:
        """The grain beside the contrast: a dark photo's is what a brighter one would show."""
        return self.grain / max(self.contrast, 1.0)

    @property
    def coarseness(self) -> float:
        """How far blocks show, 1 where not at all; in a smaller body a block covers more."""
        return math.pow(max(self.blocks / _NO_BLOCKS, 1.0), min(max(_SMALL / self.size, 1.0), _MOST))


# Seen up to 1.5 in files of good quality. Below so many pixels the blocks of a body weigh more, up to so many times.
_NO_BLOCKS, _SMALL, _MOST = 1.4, 360, 3.0

# A photo without fault, for whoever has none at hand.
CLEAR = Clarity(blur=0.3, grain=0.5, contrast=120.0, blocks=1.0, size=math.inf)


def clarity(pixels: Pixels, person: Landmarks) -> Clarity:
    """How clearly a picture shows this person."""
    first, last = person.points.min(axis=0), person.points.max(axis=0)
    size = max(person.nose_to_ankle, float((last - first).max()) / _FOLDED, 1.0)
    height, width = pixels.shape[:2]
    low = np.floor(first - _AROUND * size).clip(0, (width - _FEWEST, height - _FEWEST)).astype(int)
    high = np.ceil(last + _AROUND * size).clip(low + _FEWEST, (width, height)).astype(int)
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    grey = cv2.cvtColor(np.ascontiguousarray(pixels[top:bottom, left:right]), cv2.COLOR_RGB2GRAY)
    as_seen = _scaled(grey, min(_SEEN / size, 1))
    dark, bright = _quantiles(cv2.GaussianBlur(as_seen, (0, 0), _SMOOTH), 0.05, 0.95)
    [noise] = _quantiles(np.abs(cv2.filter2D(as_seen, -1, _NOISE)), 0.5)
    return Clarity(
        blur=100 / _SEEN * _width_of_edges(_scaled(as_seen, max(_SEEN / size, 1))),
        grain=noise / _OF_NOISE,
        contrast=bright - dark,
        blocks=(_steps(grey, left) + _steps(np.ascontiguousarray(grey.T), top)) / 2,
        size=size,
    )


def _width_of_edges(grey: _Grey) -> float:
    """The standard deviation of the blur in a picture, in pixels, in the direction of four in which it is largest.

    A photo that was shaken is sharp along the camera's way. Blurred once more, by a known width, an edge of width s is
    sqrt(1 + (known / s)^2) times as flat.
    """
    here, blurred = _slopes(grey), _slopes(cv2.GaussianBlur(grey, (0, 0), _BLURRED))
    around = np.ones((2 * _BESIDE + 1,) * 2, np.uint8)
    flatter: list[float] = []
    for slope, flat in zip(here, blurred, strict=True):
        [least] = _quantiles(flat, _EDGES)
        edges = flat >= max(least, 1e-3)
        if edges.any():  # a direction in which there are none says nothing
            flatter += _quantiles(cv2.dilate(slope, around)[edges] / flat[edges], 0.5)
    return _BLURRED / math.sqrt(max(min(flatter, default=1.0) ** 2 - 1, 0.01))


def _slopes(grey: _Grey) -> list[_Grey]:
    """How steep a picture is in each of four directions."""
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    aslant = math.sqrt(0.5)
    return [np.abs(slope) for slope in (across, down, aslant * (across + down), aslant * (across - down))]


def _quantiles(values: _Grey, *shares: float) -> list[float]:
    """The values that such shares of all are less than."""
    places = [round(share * (values.size - 1)) for share in shares]
    return [float(value) for value in np.partition(values, places, axis=None)[places]]


def _scaled(grey: _Grey, factor: float) -> _Grey:
    """As large by that factor, in floating point."""
    picture = grey.astype(np.float32)
    if factor == 1:
        return picture
    height, width = (max(round(factor * side), _GRID) for side in picture.shape)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=how)


def _steps(grey: _Grey, start: int) -> float:
    """How many times as large the steps are from one block's last column to the next one's first as between others.

    `start`: the first column's place in the picture that is cut into blocks.
    """
    steps = cv2.reduce(cv2.absdiff(grey[:, 1:], grey[:, :-1]), 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]
    place = (start + np.arange(len(steps))) % _GRID
    between = steps[(place % 2 == 1) & (place < _GRID - 1)]
    return float((steps[place == _GRID - 1].mean() + 1e-3) / (between.mean() + 1e-3))
