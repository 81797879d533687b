"""Where everything goes on the picture of a photo with what was measured in it.

    +-----------------------------+----------------+
    | R                         L | front view     |    which side is which, and what it is
    +-----------------------------+                |
    |            .--.             |                |    the photo, levelled as it was measured
    |           (-oo-)------------| | head tilt    |    each angle's own line, thin its reference
    |            '--'             | | +0.4° ± 1.0° |    beside it the labels, each led to its line
    |         o--------o----------| | ...          |
    +-----------------------------+----------------+
    | Note: the photo is blurred or shaken.        |    warnings
    +----------------------------------------------+

It computes no geometry: the points are those of the readings and landmarks, in pixels of the photo, and go the photo's
own way through `camera.homography`. Over the person there are lines alone; all text stands beside the photo.

The colors are those of M. Okabe and K. Ito, Color Universal Design, which color-blind people tell apart:
https://jfly.uni-koeln.de/color/. Lines have a white edge, and so show on dark clothes as on bright ones.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, cycle
from typing import TypeAlias

import cv2
import numpy as np
from PIL import ImageFont

from posture import words
from posture.angles import HORIZONTAL_TILT, OFFSET
from posture.errors import CODES
from posture.evidence import ANYTHING, TRUST
from posture.landmarks import Array
from posture.measurement import Line, Reading, ViewMeasurement
from posture.options import OVERLAY, SMALLEST_OVERLAY

Color: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[int, int, int, int]  # left, top, right and bottom

PLUMB = "plumb_line"  # its name

# Of the palette those with most contrast to white: blue, bluish green, vermillion, reddish purple. The first and the
# third, of back and body, which lie side by side, differ most for every eye.
_COLORS: tuple[Color, ...] = ((0, 114, 178), (0, 158, 115), (213, 94, 0), (204, 121, 167))
_VERMILLION = _COLORS[2]
_ORANGE: Color = (230, 159, 0)
INK: Color = (17, 17, 17)
WHITE = 255  # of each color, the paper
_BONE: Color = (235, 235, 235)
_SHADE: Color = (85, 85, 85)

# Of the longer side, the height of letters. In pixels: at least this, but for small overlays with much to say.
_SHARE, _LETTERS = 0.02, (6, 10)
# The same of the width of lines.
_WIDTH, _LEAST_WIDTH = 0.004, 2
_THIN, _HAIR = 0.5, 0.25  # of that width
# By trust, and of the plumb line: lengths on and off, in widths of the line; 0 for an unbroken line.
_DASHES: Mapping[str, Point] = {"good": (0, 0), "fair": (4, 2.5), "poor": (0.8, 2.5)}
_PLUMB: Point = (12, 4)
_WARNINGS = 0.4  # of the longer side, what warnings may take in words; if they take more, their codes stand there

_SIGNS: Mapping[str, str] = {"degrees": "°"}  # by unit; of others, the percent sign
# What the plumb line is, by who told the direction of gravity.
_VERTICAL: Mapping[str, tuple[str, ...]] = {
    "unknown": ("picture vertical", "camera tilt unknown"),
    "lines": ("plumb line", "by the room's edges"),
}
_BONES = (
    ("shoulder", "elbow"), ("elbow", "wrist"), ("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"),
    ("ankle", "heel"), ("heel", "foot_index"),
)  # fmt: skip


@dataclass(frozen=True)
class Stroke:
    """A line to draw through points in pixels of the overlay, counted from its upper left corner.

    `name`: what it shows. `width` in pixels; `edge`: the color on both sides of it. `dash`: lengths on and off in
    widths, 0 for an unbroken line. `dots`: whether its points are marked.
    """

    name: str
    points: Line
    color: Color
    width: int
    edge: Color = (WHITE, WHITE, WHITE)
    dash: Point = (0, 0)
    dots: bool = False


@dataclass(frozen=True)
class Text:
    """Lines of text in a box. `name`: what it is about. `bar`: the color of a bar beside it, None for none.

    `flush`: "left", or "right" where the bar is on the right.
    """

    name: str
    lines: tuple[str, ...]
    box: Box
    bar: Color | None = None
    flush: str = "left"


@dataclass(frozen=True, eq=False)
class Drawing:
    """Where everything goes, in pixels of the overlay.

    `photo`: where the levelled photo is shown. `homography`, (3, 3): from pixels of the upright photo to those of the
    overlay. `scale`: by which the photo is reduced. `leaders`: from labels to lines, below these; `strokes`: over
    the photo, and cut off at its edge, the lowest first. `letters`: their height.
    """

    width: int
    height: int
    photo: Box
    homography: Array
    scale: float
    leaders: tuple[Stroke, ...]
    strokes: tuple[Stroke, ...]
    texts: tuple[Text, ...]
    letters: int


@dataclass(frozen=True)
class Type:
    """Text of one size, in pixels."""

    letters: int

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        """What it is written in."""
        return _font(self.letters)

    @property
    def line(self) -> int:
        """The height of a line."""
        return math.ceil(1.25 * self.letters)

    @property
    def space(self) -> int:
        """Around text, and between two."""
        return self.letters // 2

    @property
    def bar(self) -> int:
        """The width of a bar."""
        return max(2, self.letters // 5)

    def size(self, lines: Sequence[str]) -> tuple[int, int]:
        """The width and the height of lines of text with a bar."""
        return self.bar + self.space + max(map(self.length, lines)), len(lines) * self.line

    def length(self, text: str) -> int:
        """The width of a text in one line."""
        return _length(self.letters, text)

    def wrapped(self, text: str, width: float) -> Iterator[str]:
        """The lines of a text in a column."""
        line, space = list[str](), self.length(" ")
        used = -space
        for word in text.split():
            needed = self.length(word)
            if line and used + space + needed > width:
                yield " ".join(line)
                line, used = [], -space
            line.append(word)
            used += space + needed
        yield " ".join(line)


@lru_cache(maxsize=64)
def _font(letters: int) -> ImageFont.FreeTypeFont:
    """Aileron, which Pillow brings: it has ° and ±, but no letters with accents, no minus sign and no dash."""
    font = ImageFont.load_default(letters)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType")
    return font


@lru_cache(maxsize=1024)
def _length(letters: int, text: str) -> int:
    return math.ceil(_font(letters).getlength(text))


@dataclass(frozen=True, eq=False)
class _Page:
    """How an overlay of that longer side, in pixels, is divided: a head, photo and labels beside it, warnings."""

    of: ViewMeasurement
    side: int
    type: Type
    margin_is_right: bool

    @cached_property
    def line_width(self) -> int:
        return max(_LEAST_WIDTH, round(_WIDTH * self.side))

    @property
    def thin(self) -> int:
        return max(1, round(_THIN * self.line_width))

    @property
    def hair(self) -> int:
        return max(1, round(_HAIR * self.line_width))

    @cached_property
    def title(self) -> tuple[str]:
        return (f"{self.of.near_side or ''} {self.of.view.name} view".strip(),)

    @cached_property
    def said(self) -> Mapping[str, tuple[str, ...]]:
        """What each label says, by its name; of the plumb line, only where there is one."""
        said = {name: _said(reading) for name, reading in self.of.angles.items()}
        return said | ({PLUMB: _VERTICAL.get(self.of.camera.source, ("plumb line",))} if self.plumb else {})

    @cached_property
    def plumb(self) -> Reading | None:
        """The measure whose reference is the plumb line through the ankles, the longest."""
        offsets = [reading for reading in self.of.measures.values() if reading.measure.kind is OFFSET]
        return max(offsets, key=lambda reading: math.dist(*reading.reference), default=None)

    # Of what is shown of the levelled photo, its corners in its own pixels

    @cached_property
    def shown(self) -> tuple[Array, Array]:
        """Upper left and lower right, each (2,): all of it, but where a tilted camera draws it out beyond measure."""
        size = np.array([self.of.width, self.of.height])
        corners = self._levelled(size * [(0, 0), (1, 0), (0, 1), (1, 1)])
        needed = self._levelled(np.vstack([self.of.landmarks.points, size / 2]))
        low, high = needed.min(axis=0) - size, needed.max(axis=0) + size
        return np.maximum(corners.min(axis=0), low), np.minimum(corners.max(axis=0), high)

    def _levelled(self, points: Array | Sequence[Point]) -> Array:
        return self.of.camera.levelled(np.array(points, np.float64), self.of.width, self.of.height)

    # Widths and heights, in pixels of the overlay

    @cached_property
    def margin(self) -> int:
        """The width of what stands beside the photo."""
        return self.type.size([*self.title, *chain(*self.said.values())])[0] + 3 * self.type.letters

    @property
    def head(self) -> int:
        """The height of what stands above it."""
        return self.type.line + self.type.space

    @property
    def labels(self) -> int:
        """The height that all labels need."""
        return sum(self.type.size(lines)[1] + self.type.space for lines in self.said.values()) + self.type.space

    @cached_property
    def column(self) -> int:
        """The width of the photo, without warnings."""
        wide, high = self._size
        return round(wide * min((self.side - self.margin) / wide, (self.side - self.head) / high))

    @property
    def width(self) -> int:
        return self.column + self.margin

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """The lines of all warnings: in words, or by their codes where those take too much."""
        found, width = self.of.warnings, self.width - 3 * self.type.space - self.type.bar
        told = [f"{'Unfit' if CODES[finding.code].error else 'Note'}: {finding.problem}" for finding in found]
        lines = tuple(chain(*(self.type.wrapped(text, width) for text in told)))
        if len(lines) * self.type.line > min(_WARNINGS * self.side, self.side - self.head - self.labels):
            return tuple(self.type.wrapped(", ".join(dict.fromkeys(finding.code for finding in found)), width))
        return lines

    @property
    def foot(self) -> int:
        """The height of the warnings."""
        return len(self.warnings) * self.type.line + 2 * self.type.space if self.warnings else 0

    @cached_property
    def photo(self) -> Box:
        """Where the levelled photo is shown."""
        wide, high = self._size
        scale = min(self.column / wide, (self.side - self.head - self.foot) / high)
        width, height = round(wide * scale), round(high * scale)
        left = (0 if self.margin_is_right else self.margin) + (self.column - width) // 2
        top = self.head + max(0, self.labels - height) // 2
        return left, top, left + width, top + height

    @property
    def body(self) -> int:
        """The height of photo or labels, whichever is more."""
        return max(self.photo[3] - self.photo[1], self.labels)

    @property
    def height(self) -> int:
        return self.head + self.body + self.foot

    @property
    def _size(self) -> Point:
        low, high = self.shown
        return high[0] - low[0], high[1] - low[1]

    # From the photo to the overlay

    @cached_property
    def scale(self) -> Point:
        """By which the levelled photo is reduced, across and down."""
        left, top, right, bottom = self.photo
        wide, high = self._size
        return (right - left) / wide, (bottom - top) / high

    def homography(self) -> Array:
        """(3, 3): from pixels of the upright photo to those of the overlay."""
        (across, down), (low, _) = self.scale, self.shown
        left, top, *_ = self.photo
        placed = np.array([[across, 0, left - low[0] * across], [0, down, top - low[1] * down], [0, 0, 1]])
        there: Array = placed @ self.of.camera.homography(self.of.width, self.of.height)
        return there

    def placed(self, points: Array | Sequence[Point]) -> Line:
        """Points of the upright photo, in pixels of the overlay."""
        there = (self._levelled(points) - self.shown[0]) * self.scale + self.photo[:2]
        return tuple((x, y) for x, y in there.tolist())


def layout(of: ViewMeasurement, size: int = OVERLAY) -> Drawing:
    """Where everything goes on an overlay of that longer side in pixels, or the photo's own if that is less.

    A photo smaller than SMALLEST_OVERLAY is enlarged, or there would be no room for text.
    """
    side = max(SMALLEST_OVERLAY, min(size, max(of.width, of.height)))
    # Behind somebody who faces the left; of who is seen from the front, on the person's left.
    is_right = of.facing is None or (of.facing == "left") != of.camera.mirrored
    pages = [_fitting(of, side, margin_is_right=right) for right in (is_right, not is_right)]
    return next((drawing for drawing in map(_drawing, pages) if not _hides_face(of, drawing)), _drawing(pages[0]))


def _fitting(of: ViewMeasurement, side: int, *, margin_is_right: bool) -> _Page:
    """With the largest letters for which there is room."""
    letters = range(max(_LETTERS[1], round(_SHARE * side)), _LETTERS[0] - 1, -1)
    pages = [_Page(of, side, Type(each), margin_is_right) for each in letters]
    return next((page for page in pages if page.height <= side), pages[-1])


def _hides_face(of: ViewMeasurement, drawing: Drawing) -> bool:
    """Whether a label is led to its line over the person's eyes, nose or mouth."""
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    face = np.array([[of.landmarks.middle(name) for name in names]])
    box = cv2.boundingRect(cv2.perspectiveTransform(face, drawing.homography).astype(np.float32))
    ends = [np.round(leader.points).astype(int).tolist() for leader in drawing.leaders]
    return any(cv2.clipLine(box, start, end)[0] for start, end in ends)


def _drawing(page: _Page) -> Drawing:
    strokes = [*_skeleton(page), *_lines(page)]
    texts, leaders = _labels(page, {stroke.name: stroke for stroke in strokes})
    return Drawing(
        width=page.width,
        height=page.height,
        photo=page.photo,
        homography=page.homography(),
        scale=max(page.scale),
        leaders=tuple(leaders),
        strokes=tuple(strokes),
        texts=(*texts, *_sides(page), *_warnings(page)),
        letters=page.type.letters,
    )


def _skeleton(page: _Page) -> Iterator[Stroke]:
    """The bones of the side that is seen, or of both."""
    near = page.of.near_side
    for side in (near,) if near else ("left", "right"):
        for bone in _BONES:
            ends = [page.of.landmarks.middle(f"{side}_{joint}") for joint in bone]
            yield Stroke(f"{side} {' to '.join(bone)}", page.placed(np.array(ends)), _BONE, page.thin, _SHADE)


def _lines(page: _Page) -> Iterator[Stroke]:
    """The plumb line, and each angle's reference below all of their lines."""
    if page.plumb:
        yield Stroke(PLUMB, page.placed(page.plumb.reference), INK, page.thin, dash=_PLUMB)
    colored = [*zip(page.of.angles.items(), cycle(_COLORS), strict=False)]
    for (name, reading), color in colored:
        yield Stroke(f"{name} reference", page.placed(reading.reference), color, page.thin)
    for (name, reading), color in colored:
        line, dash = page.placed(reading.line), _DASHES[reading.trust]
        yield Stroke(name, line, color, page.line_width, dash=dash, dots=True)


def _said(reading: Reading) -> tuple[str, ...]:
    """What a label says: what it is, the value with its uncertainty, and how far to trust it if not altogether."""
    sign = _SIGNS.get(reading.measure.unit, "%")
    value, around = words.tenths(reading.value), words.tenths(reading.uncertainty)
    told = f"{value:+.1f}{sign}" if value else f"0.0{sign}"
    within = f"± {around:.1f}{sign}" if around < ANYTHING else "± anything"
    doubt = () if reading.trust == TRUST[0].name else (f"trust: {reading.trust}",)
    return reading.measure.name.replace("_", " "), f"{told} {within}", *doubt


def _labels(page: _Page, drawn: Mapping[str, Stroke]) -> tuple[list[Text], list[Stroke]]:
    """The labels beside the photo, each at the height of its line as far as there is room, and what leads to them."""
    texts, leaders = [_beside(page, "title", page.title, page.type.space, None)], []
    ends = {name: _end(page, drawn[name]) for name in page.said}
    order = sorted(ends, key=lambda name: ends[name][1])
    heights = [page.type.size(page.said[name])[1] for name in order]
    for name, top in zip(order, _spread(page, [ends[name][1] for name in order], heights), strict=True):
        text = _beside(page, name, page.said[name], top, drawn[name].color)
        left, _, right, bottom = text.box
        near = float(left if page.margin_is_right else right), (top + bottom) / 2
        texts.append(text)
        leaders.append(Stroke(name, (ends[name], near), drawn[name].color, page.hair))
    return texts, leaders


def _beside(page: _Page, name: str, lines: tuple[str, ...], top: int, bar: Color | None) -> Text:
    """A text in the margin, its bar towards the photo."""
    across, down = page.type.size(lines)
    away = 2 * page.type.letters
    if page.margin_is_right:
        left = page.column + away
        return Text(name, lines, (left, top, left + across, top + down), bar)
    right = page.margin - away
    return Text(name, lines, (right - across, top, right, top + down), bar, flush="right")


def _end(page: _Page, line: Stroke) -> Point:
    """Where a label is led to: the middle of an upright line, the nearer end of a level one, the plumb line's foot."""
    (first_x, first_y), (last_x, last_y) = line.points[0], line.points[-1]
    x, y = (first_x + last_x) / 2, (first_y + last_y) / 2
    if line.name == PLUMB:
        x, y = first_x, first_y
    elif page.of.angles[line.name].measure.kind is HORIZONTAL_TILT:
        x, y = (max if page.margin_is_right else min)(line.points)
    left, top, right, bottom = page.photo
    return min(max(x, left), right), min(max(y, top), bottom)


def _spread(page: _Page, wanted: Sequence[float], heights: Sequence[int]) -> list[int]:
    """The tops of labels from above to below, none over another, with their middles where they are wanted if may be."""
    space, tops, least = page.type.space, list[int](), page.head + page.type.space
    for middle, height in zip(wanted, heights, strict=True):
        tops.append(max(least, round(middle - height / 2)))
        least = tops[-1] + height + space
    most = page.head + page.body - space
    for index, height in reversed([*enumerate(heights)]):
        tops[index] = min(tops[index], most - height)
        most = tops[index] - space
    return tops


def _sides(page: _Page) -> Iterator[Text]:
    """R and L above the photo where the person's right and left are seen, as on an X-ray."""
    if page.of.near_side:
        return
    (left_x, _), (right_x, _) = page.placed(
        np.array([page.of.landmarks.middle(f"{side}_shoulder") for side in ("left", "right")])
    )
    left, _, right, _ = page.photo
    signs = ("R", "L") if right_x < left_x else ("L", "R")
    for sign, at, flush in zip(signs, (left, right), ("left", "right"), strict=True):
        across, top = page.type.length(sign), page.type.space
        start = at + top if flush == "left" else at - top - across
        yield Text(sign, (sign,), (start, top, start + across, top + page.type.line), None, flush)


def _warnings(page: _Page) -> Iterator[Text]:
    """What is said of the photo, below it."""
    if page.warnings:
        is_unfit = any(CODES[finding.code].error for finding in page.of.warnings)
        left, top = page.type.space, page.head + page.body + page.type.space
        box = left, top, page.width - left, top + len(page.warnings) * page.type.line
        yield Text("warnings", page.warnings, box, _VERMILLION if is_unfit else _ORANGE)
