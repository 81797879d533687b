"""How far a camera was rolled, read from the upright edges of the room: door frames, cupboards, pictures on the wall.

Upright edges of a room are seen where the line segment detector of Grompone von Gioi et al. (LSD: a Line Segment
Detector, Image Processing On Line 2, 2012, doi:10.5201/ipol.2012.gjmr-lsd) finds straight edges near the vertical,
outside the person. In a picture by a camera with roll r, pitch p and the focal length f they all point at one vanishing
point. Such an edge crosses the picture's middle line at x from the middle, and there runs by

    slope = tan r - x * tan p / (f cos r)

to the right for each pixel upwards. This is linear in tan r and in q = tan p / (f cos r), of which little more is known
than how people hold a camera.

The person is no evidence, nor is what may well be askew by itself. So nothing is said unless edges at several places
agree, far enough from each other, and little contradicts them.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from posture.landmarks import INDEX, Array, Landmarks, Pixels

# The picture is brought to this longer side in pixels, and its height to a sixth of that: edges near the vertical lose
# nothing when rows are averaged, and the detector has a sixth to do. On figures it spoke as truly as with a third of
# the rows of 512, and a little more often.
_SIDE = 640
_ROWS = 6
# How far the end of an edge is off, in pixels of that size. Seen 0.3 for edges of a tenth of the longer side, in
# pictures sharper than a phone's.
_END = 0.5
# How far an edge that was built upright is off, and one that is no longer than a picture on the wall, which was hung.
_BUILT, _HUNG = math.radians(0.15), math.radians(0.5)
# The photo's own edge in a picture: nothing beyond it but one color, within so many of 255 levels. Or, as where the
# space beside it is filled with something, upright within a pixel over nearly all of what is looked at.
_NOTHING = 6
_BLUR = 3  # pixels from an edge to what is beyond
_UPRIGHT = 0.7
_ALL = 0.95
_MOST = 40  # the longest edges are enough, also before a wall of books
# Edges this far from the vertical are not looked at: a camera's roll of 10 degrees and the convergence beside it.
_STEEPEST = math.tan(math.radians(18))

# In body sizes, from nose to ankles:
_LENGTH = 0.12  # shorter edges say little. Seen off by up to 1.5 degrees
_PLACE = 0.05  # what lies closer together is one thing: both sides of a stick, a casing
_SMALL = 0.35  # no longer than a picture on the wall
_WIDTH = 0.35  # wider than a ladder or a board, as things are whose edges are evidence

# In degrees. Seen 0 to 2.2 in photographs that people took: beyond, the person has to stand the more upright for it.
_USUAL = 3.0
# From the ankles to the shoulders, in degrees. Seen up to 2.6 from the front; in profile 5 and less in 95 of 100, up to
# 8.1 in one of whom nothing is told then.
_MAX_LEAN = 7.0
# Of the squared lengths of all edges: what has to agree where that are three things or more; and where there are two,
# which run to some vanishing point however they stand.
_AGREEING, _AGREEING_OF_TWO = 0.6, 0.85
# Expanded, in degrees: a roll that is known less well is not told.
MAX_UNCERTAINTY = 0.7

# What is known beforehand of q, times the longer side: a camera that looks down by 8 +- 8 degrees, with the focal
# length of a phone's main camera up to twice as long.
_CONVERGENCE, _CONVERGENCE_SD = -0.13, 0.14

# The person with clothes, hair and arms: around each bone, that many body sizes.
_BONES = [
    *((f"{side}_{start}", f"{side}_{end}", room) for side in ("left", "right") for start, end, room in (
        ("shoulder", "hip", 0.13), ("hip", "knee", 0.1), ("knee", "ankle", 0.07),
        ("shoulder", "elbow", 0.07), ("elbow", "wrist", 0.06), ("wrist", "index", 0.05), ("ear", "shoulder", 0.12),
    )),
    ("left_ear", "right_ear", 0.12), ("nose", "nose", 0.12),
    ("left_shoulder", "right_shoulder", 0.13), ("left_hip", "right_hip", 0.13),
]  # fmt: skip
_STARTS, _ENDS = [INDEX[start] for start, _, _ in _BONES], [INDEX[end] for _, end, _ in _BONES]
_ROOM = np.array([room for _, _, room in _BONES])
_HIDDEN = 0.5  # of an edge's length: more of it behind the person makes it the person's


@dataclass(frozen=True)
class Roll:
    """How far a picture's content is turned clockwise, in degrees, and its expanded uncertainty (k = 1.96)."""

    degrees: float
    uncertainty: float


@dataclass(frozen=True, eq=False)
class Edges:
    """Straight edges near the vertical, each array (n,). Lengths are in the picture's longer sides, from its middle.

    `slope`: to the right for each step upwards. `crossing`: how far to the right the edge, drawn out, crosses the
    picture's middle line. `error`: the standard deviation of the slope. `top` and `foot`: how far down they are.
    """

    slope: Array
    crossing: Array
    error: Array
    top: Array
    foot: Array

    @property
    def length(self) -> Array:
        """How far down each goes."""
        return self.foot - self.top

    def __len__(self) -> int:
        return len(self.slope)

    def chosen(self, which: NDArray[np.bool_]) -> "Edges":
        """Some of them."""
        return Edges(self.slope[which], self.crossing[which], self.error[which], self.top[which], self.foot[which])

    def places(self, body: float) -> "Edges":
        """Edges that lie close together, measured by the body's size, as one, which may be askew as a whole."""
        if not len(self):
            return self
        order = np.argsort(self.crossing)
        starts = np.flatnonzero(np.diff(self.crossing[order], prepend=-np.inf) > _PLACE * body)
        weight = 1 / self.error[order] ** 2
        total = np.add.reduceat(weight, starts)
        top, foot = np.minimum.reduceat(self.top[order], starts), np.maximum.reduceat(self.foot[order], starts)
        return Edges(
            np.add.reduceat(weight * self.slope[order], starts) / total,
            np.add.reduceat(weight * self.crossing[order], starts) / total,
            np.sqrt(1 / total + np.where(foot - top > _SMALL * body, _BUILT, _HUNG) ** 2),
            top,
            foot,
        )


@dataclass(frozen=True, eq=False)
class _Fit:
    """tan r and q, (2,), and their covariance, (2, 2)."""

    values: Array
    covariance: Array

    def agreeing(self, edges: Edges) -> NDArray[np.bool_]:
        """(n,) which edges run as it says."""
        off = edges.slope - self.values[0] + edges.crossing * self.values[1]
        near: NDArray[np.bool_] = np.abs(off) < _tolerance(edges)
        return near


def estimated_roll(pixels: Pixels, person: Landmarks) -> Roll | None:
    """The camera's roll by the upright edges of the room around a person; None where they do not tell it.

    `pixels`: an upright picture, `person`: the landmarks of whoever is measured in it, in its pixels. The camera's axis
    is taken to meet the picture in its middle. The roll is that of posture.camera.Camera: positive where the content is
    turned clockwise. None is no sign of a level camera.
    """
    size = person.nose_to_ankle / max(pixels.shape[:2])
    edges = upright_edges(pixels, person)
    if len(edges) < 2:
        return None
    agree = _vote(edges)
    for _ in range(2):
        agree = _solve(edges.chosen(agree).places(size)).agreeing(edges)
        if not agree.any():
            return None
    places, others = (edges.chosen(which).places(size) for which in (agree, ~agree))
    roll = _roll(_solve(places), places)
    things = 1 + int((np.diff(places.crossing) > _WIDTH * size).sum())
    agreeing, contrary = float(np.sum(places.length**2)), float(np.sum(others.length**2))
    if (
        agreeing / (agreeing + contrary) < (_AGREEING if things > 2 else _AGREEING_OF_TWO)
        or np.ptp(places.crossing) < _WIDTH * size
        or roll.uncertainty > MAX_UNCERTAINTY
        or not _is_plausible(roll, person)
    ):
        return None
    return roll


def upright_edges(pixels: Pixels, person: Landmarks) -> Edges:
    """The edges that may be upright ones of the room; see estimated_roll."""
    height, width = pixels.shape[:2]
    ends, grey = _segments(pixels, round(person.middle("left_knee", "right_knee")[1]))
    (left, foot), (right, top) = ends[:, 0].T, ends[:, 1].T
    # The floor ends below the camera's height, and lines on it below a person's hips.
    hips = person.middle("left_hip", "right_hip")[1]
    tall = foot - top
    may_be = (tall > _LENGTH * person.nose_to_ankle) & (np.abs(right - left) < _STEEPEST * tall) & (top < hips)
    longest = np.argsort(-tall[may_be], kind="stable")[:_MOST]
    ends = ends[may_be][longest]
    ends = ends[~_is_of_person(ends, person)]
    ends = ends[[not _is_frame(line, grey, pixels.shape) for line in ends]] if len(ends) else ends
    longer = max(height, width)
    (left, foot), (right, top) = ((ends - (width / 2, height / 2)) / longer).transpose(1, 2, 0)
    slope = (right - left) / (foot - top)
    return Edges(slope, left + foot * slope, _END / _SIDE / (foot - top), top, foot)


def _segments(pixels: Pixels, above: int) -> tuple[Array, NDArray[np.uint8]]:
    """Straight edges above a line, (n, 2, 2) their lower and upper ends in pixels, and the picture they are seen in."""
    height, width = pixels.shape[:2]
    part = pixels[: min(max(above, 0), height)]
    scale = _SIDE / max(height, width)
    reduced = round(width * scale), round(len(part) * scale / _ROWS)
    if min(reduced) < 16:
        return np.empty((0, 2, 2)), np.empty((0, 0), np.uint8)
    small = cv2.resize(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), reduced, interpolation=cv2.INTER_AREA)
    grey = small.astype(np.uint8, copy=False)
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return np.empty((0, 2, 2)), grey
    # OpenCV counts from the middle of the first pixel.
    ends: Array = (found.reshape(-1, 2, 2).astype(float) + 0.5) * (width / reduced[0], len(part) / reduced[1])
    upside_down = ends[:, 0, 1] < ends[:, 1, 1]
    ends[upside_down] = ends[upside_down, ::-1]
    return ends, grey


def _is_of_person(ends: Array, person: Landmarks) -> NDArray[np.bool_]:
    """(n,) whether much of an edge lies where the person is."""
    share = np.linspace(0, 1, 9)[:, None]
    points = ends[:, None, 0] * (1 - share) + ends[:, None, 1] * share
    start = person.points[_STARTS]
    bone = person.points[_ENDS] - start
    along = ((points[:, :, None] - start) * bone).sum(axis=-1) / np.maximum((bone**2).sum(axis=-1), 1)
    nearest = start + np.clip(along, 0, 1)[..., None] * bone
    apart = np.linalg.norm(points[:, :, None] - nearest, axis=-1)
    hidden: NDArray[np.bool_] = (apart < _ROOM * person.nose_to_ankle).any(axis=-1).mean(axis=-1) > _HIDDEN
    return hidden


def _is_frame(line: Array, grey: NDArray[np.uint8], shape: tuple[int, ...]) -> bool:
    """Whether an edge is that of the photo in a picture: nothing beyond, or upright to the pixel from top to bottom."""
    rows, columns = grey.shape
    (left, foot), (right, top) = line * (columns / shape[1], columns / shape[1] / _ROWS)
    if abs(left - right) < _UPRIGHT and foot - top > _ALL * rows:
        return True
    beyond = []
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        row = grey[min(max(int(foot + share * (top - foot)), 0), rows - 1)]
        x = int(left + share * (right - left))
        beyond.append(row[: max(x - _BLUR, 0)] if left + right < columns else row[x + _BLUR :])
    values = np.concatenate(beyond)
    return not len(values) or int(np.ptp(values)) <= _NOTHING


def _vote(edges: Edges) -> NDArray[np.bool_]:
    """(n,) which edges agree with the one, and the convergence, with which most do, by length."""
    away = np.linspace(-2, 2, 17)
    convergence = _CONVERGENCE + away * _CONVERGENCE_SD
    roll = edges.slope + convergence[:, None] * edges.crossing
    agree = np.abs(roll[:, :, None] - roll[:, None]) < _tolerance(edges)
    votes = (agree @ edges.length) * np.exp(-(away**2) / 20)[:, None]
    best = np.unravel_index(votes.argmax(), votes.shape)
    chosen: NDArray[np.bool_] = agree[best]
    return chosen


def _tolerance(edges: Edges) -> Array:
    """(n,) how far the slope of an edge that agrees may be off."""
    return np.maximum(2.5 * np.hypot(edges.error, _BUILT), 4 * _BUILT)


def _solve(places: Edges) -> _Fit:
    """Weighted least squares, with what is known beforehand of q as one more equation."""
    equations = np.stack([np.ones(len(places)), -places.crossing], axis=1) / places.error[:, None]
    equations = np.vstack([equations, [0, 1 / _CONVERGENCE_SD]])
    right_side = np.append(places.slope / places.error, _CONVERGENCE / _CONVERGENCE_SD)
    covariance = np.linalg.inv(equations.T @ equations)
    return _Fit(covariance @ equations.T @ right_side, covariance)


def _roll(fit: _Fit, places: Edges) -> Roll:
    off = (places.slope - fit.values[0] + places.crossing * fit.values[1]) / places.error
    scatter = max(float(np.sum(off**2)) / max(len(places) - 2, 1), 1.0)
    deviation = math.sqrt(scatter * fit.covariance[0, 0])
    return Roll(math.degrees(math.atan(fit.values[0])), 1.96 * math.degrees(deviation))


def _is_plausible(roll: Roll, person: Landmarks) -> bool:
    """Whether the person stands about upright by the roll, and by an unusual one more so than without it."""
    right, down = person.middle("left_shoulder", "right_shoulder") - person.middle("left_ankle", "right_ankle")
    seen = math.degrees(math.atan2(right, -down))
    leans = abs(seen - roll.degrees)
    return leans < _MAX_LEAN and (abs(roll.degrees) <= _USUAL or leans < abs(seen))
