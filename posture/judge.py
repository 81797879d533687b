"""Whether a photo can be measured: a table of limits, each with advice for the person who holds the camera.

A row names quantities of the scene (posture.scene) and their limits; where all are passed, the photo has that fault. To
add a check, add a row to `checks`, or to `remarked` if it only warns, its code to posture.errors.CODES, and a case on
either side of its limit to tests/posture/test_judge_framing.py (what is in the picture) or test_judge_stance.py (how
the person stands).

What was "seen" was seen on rendered figures with known angles, at two looks each, and on photographs of real people;
docs/accuracy/tables.md has the tables.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal, TypeAlias

from posture.camera import Camera
from posture.errors import Finding
from posture.estimate import MAX_DISAGREEMENT
from posture.landmarks import PARTS
from posture.scene import Quantity, Scene
from posture.views import FRONTAL, View

# Another person this large, beside the one who is measured, might be the one who was meant. The model often does
# not see people of less than 0.7 of the largest one's size.
COMPARABLE_SIZE = 0.6

# A landmark outside the picture is a guess, and so is one this close to its edge: a joint lies deeper in a body that is
# wholly in the picture. Seen 0.07 and more in good photos.
MARGIN = 0.0175
# A head cut off above keeps its presence and is squeezed into the picture. Seen 0.11 and more in good photos, 0.01 and
# less where most cuts go through the brows.
HEADROOM = 0.035
# Seen 0.34 to 0.46 in good photos, less in people who hold their head low; 0.05 to 0.35 where the model invents a head
# below cut shoulders. Nearly always there is then no room for one above the shoulders, which takes 0.7 to 0.8 trunk
# lengths, and the larger limit holds.
MIN_NECK = 0.25
MIN_NECK_WITHOUT_ROOM = 0.31
ROOM_FOR_HEAD = 0.6
# In profile the head that the model invents inside of a trunk is small for the body, or the ear lies far behind the
# face: eyes and mouth 0.027 to 0.044 apart, or the ear at 1.8 to 2.5 times that distance; seen 0.046 to 0.058 and 1.04
# to 1.32 in good photos, whose necks are 0.33 and longer. Head and neck together spare a head that is held low.
NECK_IN_PROFILE = 0.345
SMALL_HEAD = 0.045
LONG_HEAD = 1.5
# A face that lies wholly in the picture belongs to a head that does, however low it is held. Seen 0.10 and more in good
# front photos, at most -0.02 where the head is cut at the brows, and no face where it is cut at the chin or below. A
# profile shows no face that could be found, so that in a side photo this spares hardly anybody.
ROOM_AROUND_FACE = 0
# Beyond this turn the model may invent a nose, and the neck tells nothing.
INVENTED_NOSE = 120
# Seen 0.00 to 0.12 well below the lower edge, above 0.35 where a landmark is merely hidden.
MIN_PRESENCE = 0.2
# Near an edge the model squeezes what is cut off into the picture; then less presence than this on both sides tells.
# Seen 0.03 to 0.75 where the legs are cut at the knees, 0.98 and more in good photos.
EDGE = 0.1
MIN_PRESENCE_AT_EDGE = 0.65
# Heels and toes this far outside the picture tell that the ankles are at its edge or beyond, where the model draws them
# in. Seen up to 0.14 outside for cuts through the ankles, and none outside in good photos.
SOLES = -0.03

# In pixels; the whole body is a sixth larger, so that it fits into the smallest picture that is taken. At 60 the angles
# are about as true as one plain pass over the full size makes them (front MAE 1.5 to 1.8, SD of the side's error 2.2,
# against 1.5 and 2.0); at 50 the side's SD is 2.8 to 3.0.
MIN_SIZE = 60

# In degrees. Seen up to 11 for people who stand, 20 in photos turned by 8.
MAX_LEAN = 30
# Seen 0.33 to 0.38 standing; it grows as the legs bend, and shrinks as the trunk is bent towards the camera.
MIN_TRUNK = 0.25
MAX_TRUNK = 0.48
# Seen 0.94 to 1.23 standing; a camera held high or low adds up to a fifth. Thighs that point at the camera look short,
# as those of people who sit facing it, and so do shanks of those who kneel.
MIN_THIGHS = 0.7
MAX_THIGHS = 1.6

# In the units of posture.clarity: beyond, readings lie off by a third to several times further than in a good photo,
# which the uncertainty tells (posture.evidence). Seen up to 0.53, 0.017, from 37 and up to 1.31 in good photos; 1 in 70
# of them is beyond one of these.
BLURRED = 0.5
GRAINY = 0.018
DARK = 40
COMPRESSED = 1.2

# In degrees of roll that the room's edges show for sure: what is less can hardly be seen by whoever holds the camera.
TILTED = 1.5
# In degrees: where gravity and orientation differ by more, the picture was turned after it was taken.
ON_ITS_SIDE = 45

# In degrees out of the view's plane: beyond, the photo is one of another view. The other limits to a person's turn are
# those of each view, in posture.views.
OTHER_VIEW = 60

MIN_SHARE_OF_LOOKS = 0.75

# How sure the model is that nothing hides a part. Of the less sure side of hips, knees and feet, from the front, seen
# 0.9993, 0.982 and 0.977 and more in good photos, but for the hips of 3 figures in 114; in eight photographs of
# real people 0.9994, 0.990 and 0.988 and more. A box over the ankles leaves the feet 0.2 to 0.5 and the knees 0.5 to
# 0.8, a skirt to the ankle 0.80 to 0.98 of both, a bag the hips 0.998 to 0.9996.
VISIBLE = {"hips": 0.9992, "knees": 0.975, "feet": 0.97}
# The same of the nearer side in profile, where the model is less sure: seen 0.995, 0.85 and 0.87 and more in 39 of 40
# good photos. A box leaves the feet 0.1 to 0.4; a skirt leaves the knees 0.5 to 0.89 and the hips 0.992 to 0.998, each
# of which alone tells fewer of them.
VISIBLE_IN_PROFILE = {"hips": 0.997, "knees": 0.86, "feet": 0.8}

# The nearer foot in profile, below which `hip_tilt` was off by 2 degrees on average and by up to 19.
FEET_SEEN = 0.5

# An ear that hair covers in profile is put too near to the nose: seen 0.041 to 0.058, and 0.84 to 1.19 beside the face,
# where hair falls over ear and neck; 0.052 to 0.067 and 1.06 to 1.30 in good photos, the same with hair tied back. Both
# together spare people whose heads are small or whose faces are long; of blurred photos they find 1 in 13.
EAR_FROM_NOSE = 0.0525
EAR_BESIDE_FACE = 1.06

Side: TypeAlias = Literal["below", "above", "at least", "at most"]
_COMPARED: dict[Side, Callable[[float, float], bool]] = {
    "below": operator.lt,
    "above": operator.gt,
    "at least": operator.ge,
    "at most": operator.le,
}


@dataclass(frozen=True)
class Limit:
    """A quantity of the scene on one side of a number, the number itself included by `at least` and `at most` alone.

    Where one row ends and the next begins, one of the two includes it.
    """

    quantity: Quantity
    side: Side
    number: float

    def is_passed(self, scene: Scene) -> bool:
        """Whether the scene is on that side of the number."""
        return _COMPARED[self.side](self.quantity(scene), self.number)

    @property
    def name(self) -> str:
        """What is limited, in words."""
        part = " of a part" if isinstance(self.quantity, partial) else ""
        return f"{self._method.__name__.replace('_', ' ')}{part}"

    @property
    def meaning(self) -> str:
        """What the quantity is, in a sentence."""
        return " ".join((self._method.__doc__ or "").split())

    @property
    def _method(self) -> Callable[..., float]:
        """The scene's method, also where the limit is about one part of the body."""
        return self.quantity.func if isinstance(self.quantity, partial) else self.quantity

    def __str__(self) -> str:
        return f"{self.name} {self.side} {self.number:g}"


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong with a photo: it is where all limits are passed.

    `problem` and `advice` as in posture.errors.Finding; in the problem, {parts} stands for the names of the parts of
    all checks of this code that found something, and {out_of_plane} for that quantity.
    """

    code: str
    limits: tuple[Limit, ...]
    problem: str
    advice: str
    part: str = ""

    def finds(self, scene: Scene) -> bool:
        """Whether it is wrong with this photo."""
        return all(limit.is_passed(scene) for limit in self.limits)


def below(quantity: Quantity, number: float) -> Limit:
    """A quantity that is too small."""
    return Limit(quantity, "below", number)


def above(quantity: Quantity, number: float) -> Limit:
    """A quantity that is too large."""
    return Limit(quantity, "above", number)


_LYING = tuple(
    limit
    for lean in (Scene.lean_of_trunk, Scene.lean_of_thighs)
    for limit in (above(lean, 90 - MAX_LEAN), below(lean, 90 + MAX_LEAN))
)
_TURNED_AFTERWARDS = "the picture lies on its side: its own record of gravity says so, and its orientation does not."


def _turn_back(clockwise: float) -> str:
    """What to do with a picture that is turned so far."""
    way = "anticlockwise" if clockwise > 0 else "clockwise"
    return f"Turn the picture {way} by 90 degrees, or send the camera's own file with the orientation that it recorded."


_ALONE = "Take the photo with one person alone in the picture."


@cache
def checks(view: View) -> tuple[Check, ...]:
    """What refuses a photo, in the order in which it is judged.

    What a later row looks at means little when an earlier one has found something.
    """
    cropped = partial(
        Check,
        "person_cropped",
        problem="the person is not wholly in the picture: {parts} missing or cut off.",
        advice="Step back until the whole body is in the picture, with some room above the head and below the feet.",
    )
    not_standing = partial(
        Check,
        "not_upright",
        problem="the person does not stand upright in the picture.",
        advice="Take the photo of a person who stands, legs straight, with the camera held upright.",
    )
    unreliable = partial(
        Check,
        "low_confidence",
        problem="the body's landmarks cannot be found reliably.",
        advice="Take a sharp, well lit photo against a plain background, in clothes that show the body's outline.",
    )
    has_face = Limit(Scene.turn_of_a_look, "at most", INVENTED_NOSE)
    no_head = below(Scene.room_around_face, ROOM_AROUND_FACE)  # the last of a row: it takes a look to know it
    return (
        Check(
            "several_people",
            (Limit(Scene.largest_other, "at least", COMPARABLE_SIZE),),
            "more than one person is in the picture.",
            _ALONE,
        ),
        *(cropped((limit,), part=part) for part in PARTS for limit in _outside(part)),
        *(cropped(_squeezed_in(part), part=part) for part in PARTS),
        cropped((below(Scene.headroom, HEADROOM),), part="head"),
        cropped((has_face, below(Scene.neck, MIN_NECK), no_head), part="head"),
        cropped(
            (has_face, below(Scene.room_for_head, ROOM_FOR_HEAD), below(Scene.neck, MIN_NECK_WITHOUT_ROOM), no_head),
            part="head",
        ),
        *(() if view.plane is FRONTAL else (cropped(limits, part="head") for limits in _invented_heads(view))),
        cropped((below(Scene.soles, SOLES),), part="feet"),
        Check(
            "person_too_small",
            (below(Scene.size, MIN_SIZE),),
            "the person is too small in the picture to be measured.",
            "Step closer, or send the photo in more pixels: the body should fill more than half of the picture's "
            "height.",
        ),
        Check(
            "not_upright",
            (above(Scene.lean_of_trunk, 180 - MAX_LEAN),),
            "the picture is upside down.",
            "Turn the picture by 180 degrees.",
        ),
        *(
            Check("not_upright", (*_LYING, turned), _TURNED_AFTERWARDS, _turn_back(turned.number))
            for turned in (above(Scene.turned_by_gravity, ON_ITS_SIDE), below(Scene.turned_by_gravity, -ON_ITS_SIDE))
        ),
        Check(
            "not_upright",
            _LYING,
            "the person lies on the side in the picture; the photo seems to be turned by 90 degrees.",
            "Turn the picture by 90 degrees so that the person stands upright.",
        ),
        not_standing((above(Scene.lean, MAX_LEAN),)),
        not_standing((below(Scene.trunk, MIN_TRUNK),)),
        not_standing((above(Scene.trunk, MAX_TRUNK),)),
        not_standing((below(Scene.thighs, MIN_THIGHS),)),
        not_standing((above(Scene.thighs, MAX_THIGHS),)),
        Check(
            # From behind the model may see a face in one look and none in the next, so one look is enough.
            "back_view",
            (above(Scene.turn_of_a_look, view.from_behind),),
            "the photo shows the person from behind.",
            f"Take it {view.seen}, {view.pose}.",
        ),
        Check(
            "wrong_view",
            (above(Scene.out_of_plane, OTHER_VIEW), Limit(Scene.turn, "at most", view.from_behind)),
            f"the photo shows the person {view.mistaken}.",
            f"Send a photo {view.seen} here, {view.pose}.",
        ),
        Check(
            "oblique_view",
            (above(Scene.out_of_plane, view.max_turn), Limit(Scene.out_of_plane, "at most", OTHER_VIEW)),
            "the person is turned by about {out_of_plane:.0f} degrees.",
            f"Take the photo squarely {view.seen}, {view.square}.",
        ),
        unreliable((below(Scene.share_of_looks, MIN_SHARE_OF_LOOKS),)),
        unreliable((above(Scene.disagreement, MAX_DISAGREEMENT),)),
        *(() if view.plane is FRONTAL else (_feet_hidden(),)),
    )


def _invented_heads(view: View) -> tuple[tuple[Limit, ...], ...]:
    """In profile, what tells that the model has put a head into the trunk of somebody who is not seen from behind."""
    neck = Limit(Scene.turn_of_a_look, "at most", view.from_behind), below(Scene.neck, NECK_IN_PROFILE)
    return (*neck, below(Scene.eyes_to_mouth, SMALL_HEAD)), (*neck, above(Scene.ear_beside_face, LONG_HEAD))


def _feet_hidden() -> Check:
    return Check(
        "low_confidence",
        (below(partial(Scene.visibility_of_better_side, part="feet"), FEET_SEEN),),
        "something hides the person's feet.",
        "Take the photo with nothing in front of the person, the feet to be seen.",
    )


def _outside(part: str) -> tuple[Limit, ...]:
    """Where the model puts the part outside the picture, or says that it is not there."""
    return below(partial(Scene.margin, part=part), MARGIN), below(partial(Scene.presence, part=part), MIN_PRESENCE)


def _squeezed_in(part: str) -> tuple[Limit, ...]:
    """Where the model draws a part into the picture that lies outside."""
    return (
        below(partial(Scene.margin, part=part), EDGE),
        below(partial(Scene.presence_of_better_side, part=part), MIN_PRESENCE_AT_EDGE),
    )


@cache
def remarked(view: View) -> tuple[Check, ...]:
    """What the client should know of a photo that can be measured."""
    return (
        Check(
            "person_in_background",
            (above(Scene.largest_other, 0), below(Scene.largest_other, COMPARABLE_SIZE)),
            "a smaller person in the picture was not measured.",
            _ALONE,
        ),
        Check(
            "camera_tilted",
            (above(Scene.sure_roll, TILTED),),
            "the camera was not level: upright edges in the room lean by about {roll:.1f} degrees.",
            'Hold the camera level, tell its roll in `camera`, or have it taken from the edges by `"level": "lines"`.',
        ),
        Check(
            "maybe_mirrored",
            (above(Scene.unknown_mirroring, 0),),
            "a front camera took the photo, and it may show left and right exchanged.",
            "Say in `mirrored` whether this photo is: true or false.",
        ),
        *(
            Check(
                "part_hidden",
                limits,
                "something seems to hide the person's {parts}.",
                "Take the photo without bag, long skirt or coat, nothing in front of the person, the feet to be seen.",
                part,
            )
            for part, limits in _hidden(view)
        ),
        *(() if view.plane is FRONTAL else (_ear_hidden(view),)),
        *_POOR,
    )


# What makes a photo poor, which the uncertainty of its angles allows for.
_POOR = (
    Check(
        "photo_blurred",
        (above(Scene.blur, BLURRED),),
        "the photo is blurred or shaken: its angles are less certain.",
        "Wipe the lens, let the camera focus on the person, and hold it still or put it on a stand.",
    ),
    Check(
        "photo_grainy",
        (above(Scene.grain, GRAINY),),
        "the photo is grainy: its angles are less certain.",
        "Take it in brighter light.",
    ),
    Check(
        "photo_dark",
        (below(Scene.contrast, DARK),),
        "the photo is dark or pale, so that the person hardly stands out: its angles are less certain.",
        "Take it in brighter light, before a background of another colour, not against a window.",
    ),
    Check(
        "photo_compressed",
        (above(Scene.coarseness, COMPRESSED),),
        "the photo is compressed until blocks show: its angles are less certain.",
        "Send the camera's own file, or a JPEG of quality 80 or more.",
    ),
)


def _ear_hidden(view: View) -> Check:
    return Check(
        "ear_hidden",
        (
            Limit(Scene.out_of_plane, "at most", view.max_turn),
            below(Scene.ear_from_nose, EAR_FROM_NOSE),
            below(Scene.ear_beside_face, EAR_BESIDE_FACE),
        ),
        "hair seems to cover the ear, or the head is turned.",
        "Tie the hair back so that the ear and the neck are seen, and let the person look straight ahead.",
    )


def _hidden(view: View) -> tuple[tuple[str, tuple[Limit, ...]], ...]:
    """By part of the body, what tells that something hides it."""
    if view.plane is FRONTAL:
        return tuple((part, (below(partial(Scene.visibility, part=part), least),)) for part, least in VISIBLE.items())
    hips, knees, feet = (
        below(partial(Scene.visibility_of_better_side, part=part), least) for part, least in VISIBLE_IN_PROFILE.items()
    )
    return ("knees", (knees, hips)), ("feet", (feet,))


def nobody(camera: Camera) -> Finding:
    """What is wrong with a photo in which nobody is found."""
    advice = "Show one person standing, the whole body from head to feet in the picture, well lit."
    if abs(camera.contradicted) > ON_ITS_SIDE:
        advice = _turn_back(camera.contradicted)
    return Finding("no_person", "no person was found.", advice)


def judge(scene: Scene) -> tuple[Finding, ...]:
    """Reasons to refuse this photo, most serious first; none for a good one."""
    return _findings(checks(scene.view), scene)


def remarks(scene: Scene) -> tuple[Finding, ...]:
    """What the client should know of a photo that can be measured."""
    return _findings(remarked(scene.view), scene)


def _findings(table: Iterable[Check], scene: Scene) -> tuple[Finding, ...]:
    """One for each code, as its first check says it."""
    found: dict[str, list[Check]] = {}
    for check in table:
        if check.finds(scene):
            found.setdefault(check.code, []).append(check)
    return tuple(_finding(same, scene) for same in found.values())


def _finding(same: Sequence[Check], scene: Scene) -> Finding:
    first, parts = same[0], {check.part for check in same}
    words = {
        "parts": " and ".join(part for part in PARTS if part in parts),
        "out_of_plane": scene.out_of_plane(),
        "roll": scene.estimated_roll(),
    }
    return Finding(first.code, first.problem.format(**words), first.advice, scene.view.name)


def views_swapped(views: Sequence[View]) -> Finding:
    """What is wrong when each photo shows another's view."""
    first, *others = views
    shown = [f"the {first.name} photo shows the person {first.mistaken}"]
    shown += [f"and the {view.name} photo {view.mistaken}" for view in others]
    return Finding("views_swapped", f"{', '.join(shown)}.", "Exchange the two photos.")
