"""Photos of somebody, and what may become of them: cut, turned, shrunk, blurred, somebody else beside.

Sizes are in body sizes, from nose to ankles, unless they are said to be in pixels.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from posture import images
from posture.landmarks import INDEX, NAMES, Landmarks
from testing.pictures import add_noise, blur, frame, mirror, scale, side_by_side, turn

FEET = ("left_ankle", "right_ankle", "left_heel", "right_heel", "left_foot_index", "right_foot_index")
CROWN = 0.125  # above the nose
USUAL = 900  # pixels of a photo's longer side, for which blur and noise are given


@dataclass(frozen=True)
class Subject:
    """A photo of somebody, and the landmarks that the model sees in it, in pixels of the picture."""

    image: Image.Image
    seen: Landmarks

    def box(self, *names: str) -> tuple[float, float, float, float]:
        """Around these landmarks, or all: left, top, right, bottom."""
        points = self.seen.points[[INDEX[name] for name in names or NAMES]]
        left, top = points.min(axis=0)
        right, bottom = points.max(axis=0)
        return left, top, right, bottom

    def level(self, *names: str) -> float:
        """How far below the upper edge the middle of these landmarks lies."""
        return float(self.seen.middle(*names)[1])

    def cut(self, left: float = 0, top: float = 0, right: float = math.inf, bottom: float = math.inf) -> Image.Image:
        """The part of the picture within these limits."""
        width, height = self.image.size
        return self.image.crop(
            (max(round(left), 0), max(round(top), 0), round(min(right, width)), round(min(bottom, height)))
        )

    def above_nose(self, sizes: float) -> float:
        """The line that lies so far above the nose."""
        return self.level("nose") - sizes * self.seen.nose_to_ankle

    def below_feet(self, sizes: float) -> float:
        """The line that lies so far below the feet."""
        return self.box(*FEET)[3] + sizes * self.seen.nose_to_ankle


Change = Callable[[Subject], Image.Image]


def as_it_is(subject: Subject) -> Image.Image:
    """The photo itself."""
    return subject.image


def mirrored(subject: Subject) -> Image.Image:
    """As by the front camera of a telephone."""
    return mirror(subject.image)


def turned_by(degrees: float) -> Change:
    """Clockwise."""
    return lambda subject: turn(subject.image, degrees)


def blurred(pixels: float) -> Change:
    """Out of focus, by pixels of a picture of the usual size."""
    return lambda subject: blur(subject.image, pixels * max(subject.image.size) / USUAL)


def noisy(deviation: float) -> Change:
    """As in bad light; see add_noise.

    Of a picture of the usual size; in a smaller one, of whose noise less averages out, as much less.
    """
    return lambda subject: add_noise(subject.image, deviation * min(max(subject.image.size) / USUAL, 1), seed=1)


def shrunk(nose_to_ankle: float) -> Change:
    """The whole picture, so that the body is of that size in pixels."""
    return lambda subject: scale(subject.image, nose_to_ankle / subject.seen.nose_to_ankle)


def far_away(nose_to_ankle: float) -> Change:
    """The same, in the middle of a picture as large as the original."""
    small = shrunk(nose_to_ankle)
    return lambda subject: frame(small(subject), *subject.image.size)


def small_photo(nose_to_ankle: float) -> Change:
    """The whole picture in few pixels, and so many around it that it can be sent."""

    def change(subject: Subject) -> Image.Image:
        small = shrunk(nose_to_ankle)(subject)
        return frame(small, *(max(side, images.MIN_SIDE) for side in small.size))

    return change


def as_small_as_may_be(subject: Subject) -> Image.Image:
    """The smallest picture that can be sent."""
    return scale(subject.image, images.MIN_SIDE / min(subject.image.size))


def beside_another(size: float) -> Change:
    """The person and, to the right, their mirror image of another size."""

    def change(subject: Subject) -> Image.Image:
        other = scale(mirror(subject.image), size)
        return side_by_side(subject.image, frame(other, other.width, subject.image.height))

    return change


def beside_itself(subject: Subject) -> Image.Image:
    """The same photo twice."""
    return side_by_side(subject.image, subject.image)


def close_around(sizes: float) -> Change:
    """Cut off so far around the body on all sides."""

    def change(subject: Subject) -> Image.Image:
        left, _, right, _ = subject.box()
        room = (sizes + 0.03) * subject.seen.nose_to_ankle  # clothes and flesh lie outside the joints
        return subject.cut(left - room, subject.above_nose(CROWN + sizes), right + room, subject.below_feet(sizes))

    return change


def head_and_feet_inside(sizes: float) -> Change:
    """Cut off so far above the crown and below the feet."""
    return lambda subject: subject.cut(top=subject.above_nose(CROWN + sizes), bottom=subject.below_feet(sizes))


def cut_above_nose(sizes: float) -> Change:
    """What lies more than so far above the nose is cut off."""
    return lambda subject: subject.cut(top=subject.above_nose(sizes))


def cut_at(*names: str) -> Change:
    """What lies below the upper one of these landmarks is cut off."""
    return lambda subject: subject.cut(bottom=subject.box(*names)[1])


def cut_above(*names: str, sizes: float = 0) -> Change:
    """What lies more than so far above the middle of these landmarks is cut off."""
    return lambda subject: subject.cut(top=subject.level(*names) - sizes * subject.seen.nose_to_ankle)


def cut_below(*names: str) -> Change:
    """What lies below the middle of these landmarks is cut off."""
    return lambda subject: subject.cut(bottom=subject.level(*names))


def cut_beside(*names: str, left: bool) -> Change:
    """Cut through the outermost of these landmarks on that side of the picture."""

    def change(subject: Subject) -> Image.Image:
        first, _, last, _ = subject.box(*names)
        inside = 0.03 * subject.seen.nose_to_ankle
        return subject.cut(left=first + inside) if left else subject.cut(right=last - inside)

    return change


def without_the_person(subject: Subject) -> Image.Image:
    """The wider side of the room."""
    left, _, right, _ = subject.box()
    room = 0.1 * subject.seen.nose_to_ankle
    return subject.cut(right=left - room) if left > subject.image.width - right else subject.cut(left=right + room)
