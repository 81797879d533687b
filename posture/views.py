"""What a view is: the table that request, judgement, measurement and answer go over.

A view is how a photo must show the person. To add one, add a row to VIEWS: requests then ask for its photo, and answers
hold what the measures of its plane read there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from posture import orientation
from posture.landmarks import Landmarks


@dataclass(frozen=True)
class Plane:
    """An anatomical plane, in which tilts are measured by a camera that looks at it squarely.

    `turn`: of a body seen so, in degrees: 0 facing the camera, 90 in profile. `positive`: the direction of the person
    that counts as positive, in words, and `towards`: where it lies in the picture, positive for its right.
    `near_side`: the side of the body, "left" or "right", that is nearer to the camera when the positive direction is
    the right of the picture (+1) or its left (-1); None where both sides are equally near.
    """

    name: str
    turn: float
    positive: str
    towards: Callable[[Landmarks], float]
    near_side: Callable[[int], str | None]

    def direction(self, person: Landmarks) -> int:
        """The direction in the picture that counts as positive for this plane: +1 for right, -1 for left."""
        return 1 if self.towards(person) >= 0 else -1

    def landmark(self, name: str, direction: int) -> str:
        """The name of a landmark in which `near` may stand for the nearer side."""
        return name.replace("near", self.near_side(direction) or "near")


FRONTAL = Plane(
    name="frontal",
    turn=0,
    positive="the person's own left",
    towards=orientation.left,
    near_side=lambda _direction: None,
)
SAGITTAL = Plane(
    name="sagittal",
    turn=90,
    positive="where the person faces",
    towards=orientation.facing,
    # Whoever faces the right of the picture shows the camera the right side.
    near_side=lambda direction: "right" if direction > 0 else "left",
)


@dataclass(frozen=True)
class View:
    """How one photo of a request must show the person.

    `name`: of the photo in requests. `plane`: which tilts are measured in it. `max_turn`: how far the person may be
    turned out of the plane, in degrees. `from_behind`: the turn, as in Plane, beyond which one look shows the back.

    In words for the person who holds the camera: `seen`, from where it is taken; `pose`, how the person then stands;
    `square`, how to tell that it is taken squarely; `mistaken`, from where a photo is taken that shows the person
    turned out of the plane altogether.
    """

    name: str
    plane: Plane
    max_turn: float
    from_behind: float
    seen: str
    pose: str
    square: str
    mistaken: str

    @property
    def key(self) -> str:
        """Its name in answers."""
        return f"{self.name}_view"


# Seen up to 11 degrees out of the plane in good front photos and 21 in good side photos, 35 to 51 for figures turned by
# 45 to 50 degrees, 171 and more from behind. A turn of 25 shortens a front view's lines by a tenth, so a tilt of 5
# degrees reads 0.5 too much; a turn of 35 from profile mixes 0.57 of a sideways lean into the side view's angles, 1.7
# degrees for a lean of 3. It is read less surely in profile: photographs of real people show the shoulders up to 0.29
# trunk lengths apart and from 0.45 picture widths behind each other, the figures up to 0.13 and from 0.61. The worst of
# both at once would read as 32.
FRONT = View(
    name="front",
    plane=FRONTAL,
    max_turn=25,
    from_behind=120,
    seen="from the front",
    pose="with the face to the camera",
    square="with both shoulders equally near to the camera",
    mistaken="from the side",
)
SIDE = View(
    name="side",
    plane=SAGITTAL,
    max_turn=35,
    from_behind=150,
    seen="from the side",
    pose="in profile",
    square="with one shoulder behind the other",
    mistaken="from the front",
)
VIEWS: tuple[View, ...] = (FRONT, SIDE)


def views_of(plane: Plane) -> tuple[View, ...]:
    """The views in which the tilts of a plane are measured."""
    return tuple(view for view in VIEWS if view.plane is plane)
