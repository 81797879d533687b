"""Several looks at one photo, averaged: the model's own error differs from look to look, the body does not.

This is test-time augmentation. A look shows the model the same photo a little differently, mirrored or turned, and
brings the landmarks back to the photo's own pixels. The model sees left and right with a bias of up to 0.7 degrees; a
photo and its mirror image together have none, by symmetry. Further looks make a number more repeatable, not more
accurate: see docs/ACCURACY.md.

Closer looks are cheaper, and more repeatable: the first looks say where the person stands, and further ones are taken
at that place only. They share it, and the mistakes in it. So they count only where they find what the independent looks
have found; else as many independent looks are taken as if there were no others.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain

import cv2
import numpy as np

from posture import mirror
from posture.landmarks import NEEDED, Array, Detect, Landmarks, LookCloser, Pixels
from posture.search import find_small

# Of a picture's width to its height: one narrower than this, cut close to a person in profile, is widened with its own
# edge. In 17 of 42 such pictures the looks disagreed by 3 to 20 % of the body's size, after widening in 2.
_NARROW = 0.5
_WIDENED = 0.75
# Of the longer side: the frame around a picture in which a look found nobody. A little helps with people who fill the
# picture, more with people whose head or feet are cut off, who can then be told so.
_FRAMES = (0.1, 0.3)
# Of the longer side: a body smaller than this is looked at again, closer.
_SMALL = 0.35
# Of the body's size on each side of a person: what goes into the picture of a closer look.
_ROOM = 0.6
# In % of the body's size, at the worst landmark that is needed: looks that lie further around their mean contradict
# each other. Mostly one of them has seen the legs end too early, which it does not in a frame: of 28 pictures cut out
# closely around a person in profile 8 were told by it, with frames 1. Another setting then has to show as good an
# agreement as good photos do (up to 2.3): knees that are hidden come out at 3.7 sometimes, wrong by 8 degrees.
MAX_DISAGREEMENT = 4.0
_AGREED_AFTER_ALL = 2.5
# Looks that contradict each other are followed by so many closer ones at most, until the body's size is the same to so
# much of it.
_MOST_FOLLOWED = 5
_FOUND_AGAIN = 0.02
# Of the body's size: two whose trunks' middles lie closer to each other than this are one body found twice.
_SAME_BODY = 0.2


@dataclass(frozen=True)
class Look:
    """How a photo is shown: its content turned clockwise by some degrees, and then mirrored or not."""

    clockwise: float = 0.0
    mirrored: bool = False

    def show(self, pixels: Pixels) -> Pixels:
        """The picture as this look has it: large enough to hold all of it, the corners filled with its edge."""
        if self.clockwise:
            height, width = pixels.shape[:2]
            shown_width, shown_height = self._shown_size(width, height)
            # OpenCV counts from the middle of the first pixel, landmarks from its corner.
            matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -self.clockwise, 1)
            matrix[:, 2] += (shown_width - width) / 2, (shown_height - height) / 2
            pixels = cv2.warpAffine(
                pixels, matrix, (shown_width, shown_height), borderMode=cv2.BORDER_REPLICATE
            ).astype(np.uint8, copy=False)
        return mirror.image(pixels) if self.mirrored else pixels

    def bring_back(self, seen: Landmarks, width: int, height: int) -> Landmarks:
        """Landmarks found in what was shown, in pixels of the photo itself, which is of this size."""
        shown_width, shown_height = self._shown_size(width, height)
        if self.mirrored:
            seen = seen.mirrored(shown_width)
        level = seen.moved(-self.clockwise, center=(shown_width / 2, shown_height / 2))
        return level.shifted((width - shown_width) / 2, (height - shown_height) / 2)

    def _shown_size(self, width: int, height: int) -> tuple[int, int]:
        if not self.clockwise:
            return width, height
        sine, cosine = abs(math.sin(math.radians(self.clockwise))), abs(math.cos(math.radians(self.clockwise)))
        return math.ceil(width * cosine + height * sine), math.ceil(width * sine + height * cosine)


# By mode, at the whole photo. Looks come in pairs, each with its mirror image, so that only the single look can tell
# left from right. Of more than one, all are taken where there can be no closer ones.
LOOKS: dict[str, tuple[Look, ...]] = {
    "fast": (Look(),),
    "standard": (Look(), Look(mirrored=True)),
    "precise": tuple(Look(clockwise, mirrored) for clockwise in (-12, -4, 4, 12) for mirrored in (False, True)),
}

# By mode: instead of all its looks those of another, and then closer ones, each turned so many degrees clockwise and
# its mirror image. With them `standard` scatters by a quarter less for a tenth more of work, and `precise` by a fifth
# less for 0.7 of the work: docs/accuracy/experiments.md.
CLOSER: dict[str, tuple[str, tuple[float, ...]]] = {
    "standard": ("fast", (0.0,)),
    "precise": ("standard", (-8.0, 0.0, 8.0)),
}


@dataclass(frozen=True, eq=False)
class Estimate:
    """What the looks at one photo found, in its pixels.

    `looks`: the largest person of the first look that found somebody, in each look that found her. `others`: the
    further people whom any look found, the largest first. `asked`: how many looks were taken.
    """

    looks: Sequence[Landmarks]
    others: Sequence[Landmarks]
    asked: int

    @cached_property
    def mean(self) -> Landmarks:
        """The person, averaged over the looks."""
        by_kind = zip(*(look.arrays for look in self.looks), strict=True)
        return Landmarks(*(np.mean(values, axis=0) for values in by_kind))

    @cached_property
    def scatter(self) -> Array:
        """(33,) how far the looks at each landmark lie around their mean, in pixels; 0 for one look.

        It is the root mean square distance.
        """
        distances = [np.linalg.norm(look.points - self.mean.points, axis=1) for look in self.looks]
        scatter: Array = np.sqrt(np.mean(np.square(distances), axis=0))
        return scatter

    @cached_property
    def disagreement(self) -> float:
        """The largest scatter of the landmarks that are needed, in % of the body's size."""
        return float(100 * self.scatter[NEEDED].max() / self.mean.nose_to_ankle)

    @property
    def agrees(self) -> bool:
        """Whether the looks saw the same body."""
        return self.disagreement <= MAX_DISAGREEMENT

    @property
    def is_sound(self) -> bool:
        """Whether every look found the person, and all saw the same body."""
        return len(self.looks) == self.asked and self.agrees

    def mirrored(self, width: float) -> "Estimate":
        """The same in the mirror image of the picture, which is so many pixels wide."""
        return self._moved(lambda person: person.mirrored(width))

    def shifted(self, right: float, down: float) -> "Estimate":
        """The same in a picture of which this one was a part, that many pixels from its upper left corner."""
        return self._moved(lambda person: person.shifted(right, down))

    def _moved(self, move: Callable[[Landmarks], Landmarks]) -> "Estimate":
        return Estimate([*map(move, self.looks)], [*map(move, self.others)], self.asked)


def find(pixels: Pixels, mode: str, detect: Detect, look_closer: LookCloser | None = None) -> Estimate | None:
    """The landmarks of the largest person in a picture, as a mode looks at it; None where nobody is found.

    Where there are closer looks, always the same one of a picture and its mirror image is looked at, so that both give
    the same numbers, mirrored.
    """
    if look_closer is None or mode not in CLOSER:
        return estimate(pixels, detect, LOOKS[mode])
    exchanged = mirror.image_is_first(pixels)
    shown = mirror.image(pixels) if exchanged else pixels
    found = _find_closer(shown, mode, detect, look_closer) or estimate(shown, detect, LOOKS[mode])
    if found is None:
        return None
    if not found.agrees:
        found = _settled(shown, found, look_closer) or found
    return found.mirrored(pixels.shape[1]) if exchanged else found


def _find_closer(pixels: Pixels, mode: str, detect: Detect, look_closer: LookCloser) -> Estimate | None:
    """The person whom independent looks and closer ones see alike; None where they do not."""
    independent, turns = CLOSER[mode]
    first = estimate(pixels, detect, LOOKS[independent])
    if first is None or not first.is_sound:
        return None
    closer = [same for same in look_closer(pixels, first.mean, turns) if _is_same(first.mean, same)]
    found = Estimate([*first.looks, *closer], first.others, first.asked + 2 * len(turns))
    return found if found.is_sound else None


def _settled(pixels: Pixels, doubtful: Estimate, look_closer: LookCloser) -> Estimate | None:
    """The person to whom looks that contradict each other lead; None where they lead to different ones.

    A closer look at a body whose legs seemed to end too early shows some more of them, and one at what that has shown
    the rest. From the two largest bodies that were seen, such looks go on until they find what they have been shown.
    """
    by_size = sorted(doubtful.looks, key=lambda person: person.nose_to_ankle)
    ends = [_followed(pixels, person, look_closer) for person in by_size[-2:]]
    looks = [look for end in ends for look in end]
    found = Estimate(looks, doubtful.others, len(looks))
    return found if all(ends) and found.disagreement <= _AGREED_AFTER_ALL else None


def _followed(pixels: Pixels, person: Landmarks, look_closer: LookCloser) -> Sequence[Landmarks]:
    """The last of closer looks, each taken where the one before has found the person; none if they go on."""
    for _ in range(_MOST_FOLLOWED):
        looks = look_closer(pixels, person, (0.0,))
        if not looks:
            return ()
        before, person = person, Estimate(looks, (), len(looks)).mean
        if abs(person.nose_to_ankle / before.nose_to_ankle - 1) <= _FOUND_AGAIN:
            return looks
    return ()


def estimate(pixels: Pixels, detect: Detect, looks: Sequence[Look]) -> Estimate | None:
    """The landmarks of the largest person in a picture; None where nobody is found.

    Nearly always the picture as it is is enough. Where a look finds nobody, all find a small person, or they contradict
    each other, a part of it is looked at closer, and at last the picture in a frame.
    """
    best = None
    for setting in _SETTINGS:
        part = setting(pixels, detect, best)
        if part is None:
            continue
        left, top, shown = part
        found = _estimate(shown, detect, looks)
        if found is None or (best is not None and not _is_better(found, best)):
            continue
        best = found.shifted(left, top)
        if best.is_sound and best.mean.nose_to_ankle >= _SMALL * max(shown.shape):
            break
    return best


def _is_better(found: Estimate, best: Estimate) -> bool:
    """Whether more looks found the person, or as many that agree."""
    if len(found.looks) != len(best.looks):
        return len(found.looks) > len(best.looks)
    return found.disagreement <= (MAX_DISAGREEMENT if best.agrees else _AGREED_AFTER_ALL)


# Left and top of what is shown, in pixels of the picture, and what is shown.
_Part = tuple[int, int, Pixels]


def _as_it_is(pixels: Pixels, _detect: Detect, _best: Estimate | None) -> _Part:
    height, width = pixels.shape[:2]
    return _framed(pixels, math.ceil((_WIDENED * height - width) / 2) if width < _NARROW * height else 0, 0)


def _closer(pixels: Pixels, detect: Detect, best: Estimate | None) -> _Part | None:
    """What surrounds the person who was found by every look, or whoever can be found in parts of the picture."""
    complete = best is not None and len(best.looks) == best.asked
    person = best.mean if best is not None and complete else find_small(pixels, detect)
    if person is None:
        return None
    height, width = pixels.shape[:2]
    room = _ROOM * person.nose_to_ankle
    left, top = np.floor(person.points.min(axis=0) - room).clip(0, (width, height)).astype(int)
    right, bottom = np.ceil(person.points.max(axis=0) + room).clip(0, (width, height)).astype(int)
    part = np.ascontiguousarray(pixels[top:bottom, left:right])
    return (int(left), int(top), part) if part.size and part.shape != pixels.shape else None


def _in_frame(frame: float, pixels: Pixels, _detect: Detect, _best: Estimate | None) -> _Part:
    around = round(frame * max(pixels.shape))
    return _framed(pixels, around, around)


_SETTINGS: tuple[Callable[[Pixels, Detect, Estimate | None], _Part | None], ...] = (
    _as_it_is,
    _closer,
    *(partial(_in_frame, frame) for frame in _FRAMES),
)


def _framed(pixels: Pixels, beside: int, above: int) -> _Part:
    """The picture with its edges drawn out by so many pixels on both sides, and above and below."""
    framed = (
        cv2.copyMakeBorder(pixels, above, above, beside, beside, cv2.BORDER_REPLICATE) if beside or above else pixels
    )
    return -beside, -above, framed.astype(np.uint8, copy=False)


def _estimate(pixels: Pixels, detect: Detect, looks: Sequence[Look]) -> Estimate | None:
    height, width = pixels.shape[:2]
    found = [[look.bring_back(person, width, height) for person in detect(look.show(pixels))] for look in looks]
    first = next((people for people in found if people), None)
    if first is None:
        return None
    person = max(first, key=lambda person: person.nose_to_ankle)
    bodies = _bodies([person, *sorted(chain(*found), key=lambda person: person.nose_to_ankle, reverse=True)])
    nearest = (min(people, key=partial(_apart, person)) for people in found if people)
    return Estimate([same for same in nearest if _is_same(person, same)], bodies[1:], len(looks))


def _bodies(people: Sequence[Landmarks]) -> list[Landmarks]:
    """The people without those who are an earlier one found again."""
    bodies: list[Landmarks] = []
    for person in people:
        if not any(_is_same(body, person) for body in bodies):
            bodies.append(person)
    return bodies


def _is_same(body: Landmarks, person: Landmarks) -> bool:
    return _apart(body, person) <= _SAME_BODY * body.nose_to_ankle


def _apart(one: Landmarks, other: Landmarks) -> float:
    """How far the middles of two trunks lie from each other, in pixels."""
    middles = (person.middle("left_shoulder", "right_shoulder", "left_hip", "right_hip") for person in (one, other))
    return float(np.linalg.norm(np.subtract(*middles)))
