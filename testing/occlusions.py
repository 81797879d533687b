"""What may hide parts of a person in a photo: a box, hair, a skirt, a bag, a line; drawn over the photo.

And hair that hides nothing, since the figures have hardly any.

Sizes are in body sizes, from nose to ankles. Only landmarks that a figure's own body has are looked at, so that the
true ones serve as well as those that the model sees.
"""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from posture.landmarks import Array
from testing.subjects import Change, Subject

Color = tuple[int, int, int]

BOXES: dict[str, Color] = {"cardboard": (178, 140, 98), "white": (235, 235, 232), "dark": (45, 45, 50)}
HAIR: dict[str, Color] = {"dark": (42, 30, 24), "brown": (96, 64, 42), "fair": (190, 158, 108)}
CLOTH: dict[str, Color] = {"black": (38, 38, 44), "red": (150, 40, 48), "beige": (196, 180, 152)}
LINES: dict[str, Color] = {"dark": (15, 15, 15), "bright": (245, 245, 245)}

_SMOOTH = 3  # each outline is drawn so many times as large, and reduced


class _Body:
    """Where somebody stands: points in units of the body's size from any landmark."""

    def __init__(self, subject: Subject) -> None:
        self._seen = subject.seen
        self.size = subject.seen.nose_to_ankle

    def at(self, *names: str, right: float = 0.0, down: float = 0.0) -> Array:
        """So far from the middle of the named landmarks."""
        return self._seen.middle(*names) + self.size * np.array([right, down])

    def both(self, joint: str, right: float = 0.0, down: float = 0.0) -> Array:
        """So far from the middle of the joint's left and right."""
        return self.at(f"left_{joint}", f"right_{joint}", right=right, down=down)

    def apart(self, joint: str) -> float:
        """How far the joint's left and right lie from each other across the picture."""
        left, right = (self._seen.middle(f"{side}_{joint}")[0] for side in ("left", "right"))
        return abs(float(left - right)) / self.size

    @property
    def in_profile(self) -> bool:
        """Whether the body is seen from the side."""
        return self.apart("shoulder") < _PROFILE

    @property
    def facing(self) -> int:
        """1 for somebody in profile who faces the right of the picture, -1 for the left."""
        return 1 if self.both("ear")[0] < self.at("nose")[0] else -1


_PROFILE = 0.12  # from the front, shoulders lie 0.2 and more apart


def box_over_ankles(color: Color) -> Change:
    """A plain box before both feet, from the middle of the shanks down."""

    def change(subject: Subject) -> Image.Image:
        body = _Body(subject)
        middle = (body.both("knee") + body.both("ankle")) / 2
        half = body.apart("ankle") / 2 + _BESIDE_FEET
        left, right = (body.both("ankle", side * half)[0] for side in (-1, 1))
        bottom = body.both("ankle", down=_BELOW_ANKLES)[1]
        corners = [(left, middle[1]), (right, middle[1]), (right, bottom), (left, bottom)]
        return _painted(subject.image, [corners], _plain(subject.image, color))

    return change


_BESIDE_FEET, _BELOW_ANKLES = 0.2, 0.13


def long_hair(color: Color) -> Change:
    """Hair from the crown to below the shoulders that leaves the face free, and covers ears and neck."""

    def change(subject: Subject) -> Image.Image:
        body = _Body(subject)
        shapes = _hair_of_profile(body) if body.in_profile else _hair_from_front(body)
        return _painted(subject.image, shapes, _strands(subject.image, color, body.size))

    return change


# Somebody in profile: the joint from whose middle, how far forward, how far down. The face begins in front of the ear.
_PROFILE_HAIR = (
    ("ear", 0.06, -0.07), ("ear", 0.045, -0.1), ("ear", 0.0, -0.118), ("ear", -0.06, -0.1), ("ear", -0.1, -0.05),
    ("ear", -0.11, 0.03), ("shoulder", -0.1, 0.05), ("shoulder", -0.02, 0.07), ("shoulder", 0.05, 0.05),
    ("shoulder", 0.05, -0.02), ("ear", 0.035, 0.04), ("ear", 0.025, -0.03),
)  # fmt: skip


def _hair_of_profile(body: _Body) -> list[list[tuple[float, float]]]:
    return [[_point(body, body.facing * forward, down, joint) for joint, forward, down in _PROFILE_HAIR]]


# Hair that leaves the ear and the neck free, and a tail behind them.
_TIED_HAIR = (
    (
        ("ear", 0.06, -0.07), ("ear", 0.045, -0.1), ("ear", 0.0, -0.118), ("ear", -0.06, -0.1), ("ear", -0.095, -0.05),
        ("ear", -0.09, 0.0), ("ear", -0.05, 0.03), ("ear", -0.03, 0.0), ("ear", -0.02, -0.03), ("ear", 0.02, -0.035),
        ("ear", 0.03, -0.06),
    ),
    (
        ("ear", -0.08, -0.04), ("ear", -0.12, -0.02), ("ear", -0.13, 0.05), ("shoulder", -0.09, -0.02),
        ("ear", -0.09, 0.04),
    ),
)  # fmt: skip


def tied_hair(color: Color) -> Change:
    """Hair that is tied back, so that it hides neither ear nor neck."""

    def change(subject: Subject) -> Image.Image:
        body = _Body(subject)
        shapes = [_cap(body)]
        if body.in_profile:
            shapes = [
                [_point(body, body.facing * forward, down, joint) for joint, forward, down in outline]
                for outline in _TIED_HAIR
            ]
        return _painted(subject.image, shapes, _strands(subject.image, color, body.size))

    return change


def _cap(body: _Body) -> list[tuple[float, float]]:
    """From the front, the hair over the forehead."""
    ears = body.apart("ear") / 2
    return [_point(body, ears * across, down) for across, down in _CAP]


def _hair_from_front(body: _Body) -> list[list[tuple[float, float]]]:
    """From the front: over the forehead, and a strand on either side of the face."""
    return [_cap(body), *(_strand(body, side) for side in (-1, 1))]


def _strand(body: _Body, side: int) -> list[tuple[float, float]]:
    """From the front, the hair on the left of the picture (-1) or on its right (1)."""
    ears = body.apart("ear") / 2
    return [
        _point(body, side * 0.9 * ears, -0.08),
        _point(body, side * (ears + 0.025), -0.06),
        _point(body, side * (ears + 0.04), 0.05),
        _point(body, side * 0.11, 0.06, "shoulder"),
        _point(body, side * 0.03, 0.06, "shoulder"),
        _point(body, side * 0.015, -0.03, "shoulder"),
        _point(body, side * 0.75 * ears, 0.02),
        _point(body, side * 0.8 * ears, -0.04),
    ]


# Across in half distances between the ears, and down from their middle in body sizes.
_CAP = (
    (-1.2, -0.04), (-1.2, -0.08), (-0.75, -0.115), (0.0, -0.13), (0.75, -0.115), (1.2, -0.08), (1.2, -0.04),
    (0.85, -0.06), (0.5, -0.08), (0.0, -0.085), (-0.5, -0.08), (-0.85, -0.06),
)  # fmt: skip


def _point(body: _Body, right: float, down: float, joint: str = "ear") -> tuple[float, float]:
    x, y = body.both(joint, right, down)
    return float(x), float(y)


def skirt_to_ankles(color: Color) -> Change:
    """A wide skirt in folds, from the waist to the ankles."""

    def change(subject: Subject) -> Image.Image:
        body = _Body(subject)
        waist = body.both("hip") + 0.3 * (body.both("shoulder") - body.both("hip"))
        half = body.size * max(body.apart("hip") * 0.9, _WAIST)
        hem = body.size * (body.apart("ankle") / 2 + _HEM)
        ankles = body.both("ankle")
        corners = _between(waist, half, ankles, hem)
        return _painted(subject.image, [corners], _folds(subject.image, color, waist, ankles, half, hem))

    return change


_WAIST, _HEM = 0.085, 0.1  # half the width of the waist at least, and how far the hem reaches beyond the ankles


def bag_at_hip(color: Color) -> Change:
    """A bag on a strap over the shoulder, which hangs before the hip and the upper thigh."""

    def change(subject: Subject) -> Image.Image:
        body = _Body(subject)
        sides = ("left", "right") if body.in_profile else (_left_of_picture(subject),)
        hip, over = (body.at(*(f"{side}_{joint}" for side in sides)) for joint in ("hip", "shoulder"))
        middle = hip + body.size * np.array([0.0 if body.in_profile else -0.03, 0.06])
        top, bottom, half = middle[1] - 0.1 * body.size, middle[1] + 0.1 * body.size, 0.085 * body.size
        bag = _between((middle[0], top), half, (middle[0], bottom), 1.1 * half)
        strap = 0.008 * body.size
        straps = _between((over[0], over[1] - 0.03 * body.size), strap, (middle[0], top), strap)
        return _painted(subject.image, [bag, straps], _plain(subject.image, color))

    return change


def vertical_line(color: Color, joint: str = "hip", pixels: int = 3) -> Change:
    """A line of so many pixels over the whole height of the picture, through the middle of a joint's two sides."""

    def change(subject: Subject) -> Image.Image:
        painted = np.asarray(subject.image).copy()
        left = round(float(_Body(subject).both(joint)[0]) - pixels / 2)
        painted[:, max(left, 0) : left + pixels] = color
        return Image.fromarray(painted)

    return change


def _between(
    upper: Sequence[float] | Array, half_above: float, lower: Sequence[float] | Array, half_below: float
) -> list[tuple[float, float]]:
    """The corners of what lies between two points, so wide to either side of each."""
    x, y = lower
    return [
        (upper[0] - half_above, upper[1]),
        (upper[0] + half_above, upper[1]),
        (x + half_below, y),
        (x - half_below, y),
    ]


def _left_of_picture(subject: Subject) -> str:
    """Which hip, "left" or "right", is the one on the left of the picture."""
    return min(("left", "right"), key=lambda side: float(subject.seen.middle(f"{side}_hip")[0]))


def _painted(image: Image.Image, shapes: Sequence[Sequence[tuple[float, float]]], paint: Array) -> Image.Image:
    """The picture with the paint, (height, width, 3), in the shapes; their outlines are as soft as the picture's."""
    size = image.width * _SMOOTH, image.height * _SMOOTH
    stencil = Image.new("L", size)
    for shape in shapes:
        ImageDraw.Draw(stencil).polygon([(_SMOOTH * x, _SMOOTH * y) for x, y in shape], fill=255)
    stencil = stencil.resize(image.size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.7))
    painted = Image.fromarray(np.clip(paint, 0, 255).astype(np.uint8))
    return Image.composite(painted, image, stencil)


def _plain(image: Image.Image, color: Color) -> Array:
    """One color, a little darker from above to below, with the noise of a camera."""
    shade = np.linspace(1.05, 0.9, image.height)[:, None, None]
    noise = np.random.default_rng(0).normal(0, 2, (image.height, image.width, 1))
    painted: Array = shade * np.array(color) + noise
    return painted


def _strands(image: Image.Image, color: Color, size: float) -> Array:
    """Hair: light and dark strands that run down."""
    random = np.random.default_rng(0)
    coarse = random.normal(0, 1, (max(image.height // 40, 2), max(round(image.width / (0.008 * size)), 2)))
    streaks = Image.fromarray(coarse.astype(np.float32)).resize(image.size, Image.Resampling.BICUBIC)
    painted: Array = (1 + 0.18 * np.asarray(streaks)[:, :, None]) * np.array(color)
    return painted


def _folds(image: Image.Image, color: Color, waist: Array, ankles: Array, half: float, hem: float) -> Array:  # noqa: PLR0913, PLR0917  the trapezoid
    """Cloth: folds that run from the waist to the hem, darker towards both sides."""
    y, x = np.mgrid[: image.height, : image.width]
    along = np.clip((y - waist[1]) / (ankles[1] - waist[1]), 0, 1)
    across = (x - waist[0] - along * (ankles[0] - waist[0])) / (half + along * (hem - half))
    folds = 0.12 * along * np.sin(7 * math.pi * across + 1) + 0.05 * along * np.sin(13 * math.pi * across)
    painted: Array = (1 + folds - 0.25 * np.clip(across, -1, 1) ** 2)[:, :, None] * np.array(color)
    return painted


def _turn(colors: dict[str, Color], index: int) -> Color:
    return list(colors.values())[index % len(colors)]


def occlusions(index: int) -> dict[str, Change]:
    """All of them by name, in colors that change from one number to the next."""
    return {
        "box over the ankles": box_over_ankles(_turn(BOXES, index)),
        "hair over ear and neck": long_hair(_turn(HAIR, index)),
        "skirt to the ankle": skirt_to_ankles(_turn(CLOTH, index)),
        "bag at the hip": bag_at_hip(_turn(CLOTH, index + 1)),
        "line through the body": vertical_line(_turn(LINES, index)),
    }


def harmless(index: int) -> dict[str, Change]:
    """What a good photo may show."""
    return {"hair tied back": tied_hair(_turn(HAIR, index))}
