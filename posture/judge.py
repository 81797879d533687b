"""Whether a photo can be measured: refusals, each with advice for the person who holds the camera.

Every threshold is a named constant. What was "seen" was seen on rendered figures with known angles, at two looks
each, and on photographs of real people; docs/ACCURACY.md has the tables.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from posture.errors import UnfitPhotoError, View
from posture.estimate import AGREED, Estimate
from posture.landmarks import INDEX, NEEDED, PARTS, Array, Landmarks
from posture.view import trunk, turn

# Another person this large, beside the one who is measured, might be the one who was meant. The model often does
# not see people of less than 0.7 of the largest one's size.
COMPARABLE_SIZE = 0.6

# A landmark outside the picture is a guess, and so is one this close to its edge, in body sizes: a joint lies deeper in
# a body that is wholly in the picture. Seen 0.07 and more in good photos.
MARGIN = 0.0175
# A head cut off above keeps its presence and is squeezed into the picture. From its highest landmark to the upper edge,
# in body sizes: seen 0.11 and more in good photos, 0.01 and less where most cuts go through the brows.
HEADROOM = 0.035
# From the nose to the middle of the shoulders, in trunk lengths: seen 0.34 to 0.46 in good photos, less in people who
# hold their head low; 0.05 to 0.35 where the model invents a head below cut shoulders. Nearly always there is then no
# room for one above the shoulders, which takes 0.7 to 0.8 trunk lengths, and the larger limit holds.
MIN_NECK = 0.25
MIN_NECK_WITHOUT_ROOM = 0.31
ROOM_FOR_HEAD = 0.6
# Of a landmark's presence: seen 0.00 to 0.12 well below the lower edge, above 0.35 where it is merely hidden.
MIN_PRESENCE = 0.2
# Near an edge, within this many body sizes, the model squeezes what is cut off into the picture; then less presence
# than this on both sides tells. Seen 0.03 to 0.75 where the legs are cut at the knees, 0.98 and more in good photos;
# one side alone may be hidden behind the other.
EDGE = 0.1
MIN_PRESENCE_AT_EDGE = 0.65

# Heels and toes this far outside the picture, in body sizes, tell that the ankles are at its edge or beyond, where the
# model draws them in. Seen up to 0.14 for cuts through the ankles, and none outside in good photos.
SOLES = 0.03

# Of the distance from nose to ankles in the decoded picture, in pixels; the whole body is a sixth larger, so that it
# fits into the smallest picture that is taken. At 60 the angles are about as true as one plain pass over the full size
# makes them (front MAE 1.5 to 1.8, SD of the side's error 2.2, against 1.5 and 2.0); at 50 the side's SD is 2.8 to 3.0.
MIN_SIZE = 60

# Of trunk, thighs and shanks against the vertical, in degrees. Seen up to 11 for people who stand, 20 in photos turned
# by 8.
MAX_LEAN = 30
# The trunk's length beside the distance from nose to ankles. Seen 0.33 to 0.38 standing; it grows as the legs bend, and
# shrinks as the trunk is bent towards the camera.
MIN_TRUNK = 0.25
MAX_TRUNK = 0.48
# The thighs' length beside the shanks'. Seen 0.94 to 1.23 standing; a camera held high or low adds up to a fifth.
# Thighs that point at the camera look short, as those of people who sit facing it, and so do shanks of those who kneel.
MIN_THIGHS = 0.7
MAX_THIGHS = 1.6

# Turn about the body's own axis, in degrees: 0 facing the camera, 90 in profile, 180 from behind. Seen up to 11 for
# front photos, 69 to 111 for side photos, 35 to 51 for figures turned by 45 to 50 degrees, 171 and more from behind.
# A turn of 25 shortens a front view's lines by a tenth, so a tilt of 5 degrees reads 0.5 too much; a turn of 35 from
# profile mixes 0.57 of a sideways lean into the side view's angles, 1.7 degrees for a lean of 3. It is read less surely
# in profile: photographs of real people show the shoulders up to 0.29 trunk lengths apart and from 0.45 picture widths
# behind each other, the figures up to 0.13 and from 0.61. The worst of both at once would read as 32.
MAX_TURN_FRONT = 25
MAX_TURN_SIDE = 35
OTHER_VIEW = 60
FROM_BEHIND = 120
FROM_BEHIND_SIDE = 150

# Of how far the looks lie around their mean, in % of the body's size, for the worst landmark that is measured. Seen up
# to 2.3 in good, blurred and noisy photos, 12 and more where looks contradict each other.
MAX_SPREAD = AGREED  # 4; judged by the estimate, which looks again where it is exceeded
# Of the looks that found the person at all.
MIN_LOOKS = 0.75

Finding = tuple[str, str, str]  # code, problem, advice

_SOLES = ("left_heel", "right_heel", "left_foot_index", "right_foot_index")


@dataclass(frozen=True, eq=False)
class Scene:
    """One photo as it is judged: what the looks found in it, and the person upright.

    `width` and `height` of the picture in pixels of the landmarks. `person`: the mean landmarks with the camera's roll
    and mirroring taken off; the estimate's are as they lie in the picture.
    """

    view: View
    estimate: Estimate
    person: Landmarks
    width: int
    height: int

    @cached_property
    def turn(self) -> float:
        """How far the person is turned away from the camera, in degrees."""
        return turn(self.person)

    @cached_property
    def segments(self) -> tuple[Array, Array, Array]:
        """Trunk, thighs and shanks, each from its lower end to its upper, (2,) in pixels."""
        ankles, knees, hips = (self.person.middle(*PARTS[part]) for part in ("feet", "knees", "hips"))
        return trunk(self.person), hips - knees, knees - ankles

    @cached_property
    def leans(self) -> tuple[float, ...]:
        """The segments against the vertical of the picture, -180 to 180 degrees, clockwise positive."""
        return tuple(math.degrees(math.atan2(x, -y)) for x, y in self.segments)

    @cached_property
    def spread(self) -> float:
        """How far the looks lie around their mean, in % of the body's size, at the landmark where it is most."""
        return self.estimate.disagreement

    @cached_property
    def outside(self) -> list[str]:
        """The parts of the body that lie outside the picture, or that the model seems to have squeezed into it."""
        return [part for part in PARTS if self._is_outside(part)]

    def _is_outside(self, part: str) -> bool:
        seen = self.estimate.mean
        inside, presence = self._inside(PARTS[part]), seen.presence[[INDEX[name] for name in PARTS[part]]]
        at_edge = inside.min() < EDGE * seen.stature and presence.max() < MIN_PRESENCE_AT_EDGE
        cut_off = inside.min() < MARGIN * seen.stature or presence.min() < MIN_PRESENCE
        headless = part == "head" and self._is_headless()
        soleless = part == "feet" and self._is_soleless()
        return bool(cut_off or at_edge or headless or soleless)

    def _inside(self, names: tuple[str, ...]) -> Array:
        """How far the named landmarks lie from the nearest edge of the picture, in pixels; negative outside."""
        points = self.estimate.mean.points[[INDEX[name] for name in names]]
        inside: Array = np.minimum(points, (self.width, self.height) - points).min(axis=1)
        return inside

    def _is_headless(self) -> bool:
        seen = self.estimate.mean
        head = seen.points[[INDEX[name] for name in PARTS["head"]]]
        neck = seen.middle("nose") - seen.middle("left_shoulder", "right_shoulder")
        from_behind = max(map(turn, self.estimate.looks)) > FROM_BEHIND  # where the model may invent a nose
        length = np.linalg.norm(trunk(seen))
        has_room = seen.middle("left_shoulder", "right_shoulder")[1] >= ROOM_FOR_HEAD * length
        least = MIN_NECK if has_room else MIN_NECK_WITHOUT_ROOM
        invented = not from_behind and np.linalg.norm(neck) < least * length
        return bool(invented or head[:, 1].min() < HEADROOM * seen.stature)

    def _is_soleless(self) -> bool:
        return bool(self._inside(_SOLES).min() < -SOLES * self.estimate.mean.stature)

    def quality(self) -> dict[str, float]:
        """The figures that the judgement rests on, for whoever wants to draw a line of their own."""
        return {
            "turn_degrees": self.turn,
            "lean_degrees": self.leans[0],
            "spread_percent": self.spread,
            "lowest_presence": float(self.person.presence[NEEDED].min()),
            "looks": len(self.estimate.looks),
        }


def _several_people(scene: Scene) -> Finding | None:
    if _comparable(scene):
        return (
            "several_people",
            "more than one person is in the picture.",
            "Take the photo with one person alone in the picture.",
        )
    return None


def _comparable(scene: Scene) -> bool:
    return any(other.stature >= COMPARABLE_SIZE * scene.person.stature for other in scene.estimate.others)


def _person_cropped(scene: Scene) -> Finding | None:
    if not scene.outside:
        return None
    return (
        "person_cropped",
        f"the person is not wholly in the picture: {' and '.join(scene.outside)} missing or cut off.",
        "Step back until the whole body is in the picture, with some room above the head and below the feet.",
    )


def _person_too_small(scene: Scene) -> Finding | None:
    if scene.person.stature >= MIN_SIZE:
        return None
    return (
        "person_too_small",
        "the person is too small in the picture to be measured.",
        "Step closer, or send the photo in more pixels: the body should fill more than half of the picture's height.",
    )


def _not_upright(scene: Scene) -> Finding | None:
    if max(map(abs, scene.leans)) <= MAX_LEAN and _is_stretched(scene):
        return None
    lean = abs(scene.leans[0])
    if lean > 180 - MAX_LEAN:
        return ("not_upright", "the picture is upside down.", "Turn the picture by 180 degrees.")
    if abs(lean - 90) < MAX_LEAN and abs(abs(scene.leans[1]) - 90) < MAX_LEAN:
        return (
            "not_upright",
            "the person lies on the side in the picture; the photo seems to be turned by 90 degrees.",
            "Turn the picture by 90 degrees so that the person stands upright.",
        )
    return (
        "not_upright",
        "the person does not stand upright in the picture.",
        "Take the photo of a person who stands, legs straight, with the camera held upright.",
    )


def _is_stretched(scene: Scene) -> bool:
    """Whether no part of the body looks too short beside the others."""
    trunk_length, thighs, shanks = (float(np.linalg.norm(segment)) for segment in scene.segments)
    stature = scene.person.stature
    return (
        MIN_TRUNK * stature <= trunk_length <= MAX_TRUNK * stature
        and MIN_THIGHS * shanks <= thighs <= MAX_THIGHS * shanks
    )


def _back_view(scene: Scene) -> Finding | None:
    # From behind the model may see a face in one look and none in the next, so one look is enough.
    limit = FROM_BEHIND if scene.view == "front" else FROM_BEHIND_SIDE
    if max(map(turn, scene.estimate.looks)) <= limit:
        return None
    return (
        "back_view",
        "the photo shows the person from behind.",
        "Take it from the front, with the face to the camera."
        if scene.view == "front"
        else "Take it from the side, in profile.",
    )


def _wrong_view(scene: Scene) -> Finding | None:
    if scene.view == "front" and OTHER_VIEW < scene.turn <= FROM_BEHIND:
        return (
            "wrong_view",
            "the photo shows the person from the side.",
            "Send a photo from the front here, with the face to the camera.",
        )
    if scene.view == "side" and scene.turn < 90 - OTHER_VIEW:
        return (
            "wrong_view",
            "the photo shows the person from the front.",
            "Send a photo from the side here, in profile.",
        )
    return None


def _oblique_view(scene: Scene) -> Finding | None:
    plane, limit = (0, MAX_TURN_FRONT) if scene.view == "front" else (90, MAX_TURN_SIDE)
    off = abs(scene.turn - plane)
    if not limit < off <= OTHER_VIEW:
        return None  # beyond that it is another view
    return (
        "oblique_view",
        f"the person is turned by about {off:.0f} degrees.",
        "Take the photo squarely from the front, with both shoulders equally near to the camera."
        if scene.view == "front"
        else "Take the photo squarely from the side, with one shoulder behind the other.",
    )


def _low_confidence(scene: Scene) -> Finding | None:
    estimate = scene.estimate
    if len(estimate.looks) >= MIN_LOOKS * estimate.asked and estimate.agrees:
        return None
    return (
        "low_confidence",
        "the body's landmarks cannot be found reliably.",
        "Take a sharp, well lit photo against a plain background, in clothes that show the body's outline.",
    )


# In the order in which they are judged: what a later one looks at means little when an earlier one has found something.
_CHECKS: tuple[Callable[[Scene], Finding | None], ...] = (
    _several_people,
    _person_cropped,
    _person_too_small,
    _not_upright,
    _back_view,
    _wrong_view,
    _oblique_view,
    _low_confidence,
)


def views_swapped() -> UnfitPhotoError:
    """When each of the two photos shows the other's view."""
    return UnfitPhotoError(
        "views_swapped",
        "the front photo shows the person from the side, and the side photo from the front.",
        "Exchange the two photos.",
    )


def judge(scene: Scene) -> list[UnfitPhotoError]:
    """What speaks against measuring this photo, the gravest first; nothing for a good one."""
    found = (check(scene) for check in _CHECKS)
    return [UnfitPhotoError(*finding, view=scene.view) for finding in found if finding]


def remarks(scene: Scene) -> list[tuple[str, str]]:
    """What the client should know of a photo that can be measured: code and sentence."""
    if scene.estimate.others and not _comparable(scene):
        return [("person_in_background", "a smaller person in the picture was not measured.")]
    return []
