"""Everything about a photo that judging needs, measured and without a threshold: those stand in posture.judge.

Sizes are in body sizes (the distance from nose to ankles) or trunk lengths, so that they do not depend on pixels.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from posture import face
from posture.angles import FACE, sources
from posture.camera import Camera
from posture.clarity import CLEAR, Clarity
from posture.estimate import Estimate
from posture.face import Face
from posture.landmarks import INDEX, NEEDED, PARTS, Array, Landmarks
from posture.orientation import trunk, turn
from posture.views import View

_SHOULDERS = ("left_shoulder", "right_shoulder")
_EYES, _MOUTH = ("left_eye", "right_eye"), ("mouth_left", "mouth_right")
_SOLES = ("left_heel", "right_heel", "left_foot_index", "right_foot_index")


@dataclass(frozen=True, eq=False)
class Scene:
    """One photo as it is judged: what the looks found in it, and the person upright.

    `view`: which the photo should show. `camera`: what is known of how it was taken. `width` and `height` of the
    picture in pixels of the landmarks. The estimate's landmarks are as they lie in the picture. `look_at_face`: what
    looks for the person's face (posture.face.find), called only where something hangs on it. `clarity`: how clearly the
    picture shows the person.
    """

    view: View
    estimate: Estimate
    camera: Camera
    width: int
    height: int
    look_at_face: Callable[[], Sequence[Face]] = tuple
    clarity: Clarity = CLEAR

    @cached_property
    def person(self) -> Landmarks:
        """The mean landmarks as a level camera would have seen them, left and right righted."""
        return self.righted(self.estimate.mean)

    def righted(self, seen: Landmarks) -> Landmarks:
        """Landmarks in the picture as a level camera would have seen them, left and right righted."""
        return self.camera.righted(seen, self.width, self.height)

    @cached_property
    def faces(self) -> Sequence[Face]:
        """The person's face at each look, as a level camera would have seen it; none where it is not found."""
        return [self._righted_face(face) for face in self._faces_seen]

    @property
    def faces_to_read(self) -> Sequence[Face]:
        """The same where the view has a measure to read from it; none where the ears tell more."""
        reads = FACE in sources(self.view.plane)  # else nobody looks at a face
        return self.faces if reads and face.tells_tilt(self._faces_seen, self.clarity) else ()

    def _righted_face(self, seen: Face) -> Face:
        level = Face(self.camera.levelled(seen.points, self.width, self.height))
        return level.renamed() if self.camera.mirrored else level

    # How the camera was held

    def turned_by_gravity(self) -> float:
        """The photo's turn clockwise by its own record of gravity, in degrees; 0 unless its orientation denies it."""
        return self.camera.contradicted

    def sure_roll(self) -> float:
        """The least roll that the room's upright edges show for sure, in degrees; 0 where it is told or taken off."""
        estimated = self.camera.estimated if self.camera.source == "unknown" else None
        return 0.0 if estimated is None else abs(estimated.degrees) - estimated.uncertainty

    def estimated_roll(self) -> float:
        """The roll that the room's upright edges show, in degrees; 0 where they show none."""
        return self.camera.estimated.degrees if self.camera.estimated else 0.0

    def unknown_mirroring(self) -> float:
        """Whether a front camera took the photo and nobody has said if it is mirrored: 1 if so, else 0."""
        return float(self.camera.maybe_mirrored)

    # Other people, and how the looks agree

    def largest_other(self) -> float:
        """The size of the largest other person in the picture, beside that of the person measured; 0 for none."""
        others = [other.nose_to_ankle for other in self.estimate.others]
        return _ratio(max(others), self.person.nose_to_ankle) if others else 0.0

    def share_of_looks(self) -> float:
        """Of the looks that were taken, the share that found the person."""
        return len(self.estimate.looks) / self.estimate.asked

    def disagreement(self) -> float:
        """How far the looks lie around their mean, in % of the body's size, at the landmark where that is most."""
        return self.estimate.disagreement

    # What is in the picture

    def size(self) -> float:
        """The distance from nose to ankles, in pixels of the decoded picture."""
        return self.person.nose_to_ankle

    def margin(self, part: str) -> float:
        """From the outermost landmark of a part of the body to the nearest edge, in body sizes; negative outside."""
        return _ratio(self._inside(PARTS[part]), self._seen.nose_to_ankle)

    def presence(self, part: str) -> float:
        """The least presence among the landmarks of a part of the body."""
        return float(self._presence(part).min())

    def presence_of_better_side(self, part: str) -> float:
        """The largest presence among the landmarks of a part of the body: one side may be hidden behind the other."""
        return float(self._presence(part).max())

    def visibility(self, part: str) -> float:
        """The least visibility among the landmarks of a part of the body: 0 where something hides one, 1 if nothing."""
        return float(self._visibility(part).min())

    def visibility_of_better_side(self, part: str) -> float:
        """The largest visibility among the landmarks of a part of the body: in profile that of the nearer side."""
        return float(self._visibility(part).max())

    def headroom(self) -> float:
        """From the highest landmark of the head to the upper edge, in body sizes; negative above it."""
        head = self._seen.points[[INDEX[name] for name in PARTS["head"]]]
        return _ratio(float(head[:, 1].min()), self._seen.nose_to_ankle)

    def neck(self) -> float:
        """From the nose to the middle of the shoulders, in trunk lengths."""
        neck = self._seen.middle("nose") - self._seen.middle(*_SHOULDERS)
        return _ratio(float(np.linalg.norm(neck)), self._trunk_seen)

    def room_for_head(self) -> float:
        """From the middle of the shoulders to the upper edge, in trunk lengths."""
        return _ratio(float(self._seen.middle(*_SHOULDERS)[1]), self._trunk_seen)

    def room_around_face(self) -> float:
        """From the outermost point of the face to the nearest edge, in body sizes; far outside where none is found."""
        if not self._faces_seen:
            return -math.inf
        return _ratio(self._within(face.mean(self._faces_seen).points), self._seen.nose_to_ankle)

    def ear_from_nose(self) -> float:
        """In profile, from the nose to the nearer ear, in body sizes."""
        return _ratio(self._ear_from_nose, self.person.nose_to_ankle)

    def ear_beside_face(self) -> float:
        """In profile, from the nose to the nearer ear, beside the distance from the eyes to the mouth."""
        return _ratio(self._ear_from_nose, self._eyes_to_mouth)

    def eyes_to_mouth(self) -> float:
        """From the middle of the eyes to that of the mouth, in body sizes."""
        return _ratio(self._eyes_to_mouth, self.person.nose_to_ankle)

    def soles(self) -> float:
        """How far the outermost of heels and toes lies inside the picture, in body sizes; negative outside."""
        return _ratio(self._inside(_SOLES), self._seen.nose_to_ankle)

    # How the person stands

    def lean(self) -> float:
        """Of trunk, thighs and shanks, the largest angle against the vertical, 0 to 180 degrees."""
        return max(map(abs, self._leans))

    def lean_of_trunk(self) -> float:
        """The trunk's angle against the vertical, 0 to 180 degrees: 90 lying, 180 upside down."""
        return abs(self._leans[0])

    def lean_of_thighs(self) -> float:
        """The thighs' angle against the vertical, 0 to 180 degrees."""
        return abs(self._leans[1])

    def trunk(self) -> float:
        """The trunk's length, in body sizes."""
        return _ratio(self._lengths[0], self.person.nose_to_ankle)

    def thighs(self) -> float:
        """The thighs' length beside that of the shanks."""
        _, thighs, shanks = self._lengths
        return _ratio(thighs, shanks)

    # How clear the photo is

    def blur(self) -> float:
        """The width of edges where they should be sharp, in % of the body's size: their standard deviation."""
        return self.clarity.blur

    def grain(self) -> float:
        """The noise beside the contrast: its standard deviation."""
        return self.clarity.relative_grain

    def contrast(self) -> float:
        """Between dark and bright around the person, of 255."""
        return self.clarity.contrast

    def coarseness(self) -> float:
        """How far a JPEG's blocks show, 1 where not at all; in a smaller body they weigh more."""
        return self.clarity.coarseness

    # Which way the person is turned

    def turn(self) -> float:
        """How far the person is turned away from the camera, in degrees: 0 front, 90 profile, 180 back."""
        return self._turn

    def turn_of_a_look(self) -> float:
        """The largest turn that any look saw, in degrees."""
        return self._turn_of_a_look

    def out_of_plane(self) -> float:
        """How far the person is turned out of the view's plane, in degrees."""
        return abs(self._turn - self.view.plane.turn)

    def quality(self) -> dict[str, float]:
        """The figures that the judgement rests on, for whoever wants to draw a line of their own; counts are int."""
        return {
            "turn_degrees": self._turn,
            "lean_degrees": self._leans[0],
            "spread_percent": self.estimate.disagreement,
            "lowest_presence": float(self.person.presence[NEEDED].min()),
            "looks": len(self.estimate.looks),
            "blur_percent": self.blur(),
            "grain": self.grain(),
            "contrast": self.contrast(),
            "coarseness": self.coarseness(),
        }

    # What several of these need

    @property
    def _seen(self) -> Landmarks:
        return self.estimate.mean

    @cached_property
    def _faces_seen(self) -> Sequence[Face]:
        return self.look_at_face()

    @cached_property
    def _turn(self) -> float:
        return turn(self.person)

    @cached_property
    def _turn_of_a_look(self) -> float:
        return max(map(turn, self.estimate.looks))

    @cached_property
    def _trunk_seen(self) -> float:
        return float(np.linalg.norm(trunk(self._seen)))

    @property
    def _ear_from_nose(self) -> float:
        plane = self.view.plane
        ear = self.person.middle(plane.landmark("near_ear", plane.direction(self.person)))
        return float(np.linalg.norm(self.person.middle("nose") - ear))

    @property
    def _eyes_to_mouth(self) -> float:
        eyes, mouth = (self.person.middle(*names) for names in (_EYES, _MOUTH))
        return float(np.linalg.norm(eyes - mouth))

    @cached_property
    def _segments(self) -> tuple[Array, Array, Array]:
        """Trunk, thighs and shanks, each from its lower end to its upper, (2,) in pixels."""
        ankles, knees, hips = (self.person.middle(*PARTS[part]) for part in ("feet", "knees", "hips"))
        return trunk(self.person), hips - knees, knees - ankles

    @cached_property
    def _leans(self) -> tuple[float, ...]:
        """The segments against the vertical of the picture, -180 to 180 degrees, clockwise positive."""
        return tuple(math.degrees(math.atan2(x, -y)) for x, y in self._segments)

    @cached_property
    def _lengths(self) -> tuple[float, ...]:
        return tuple(float(np.linalg.norm(segment)) for segment in self._segments)

    def _inside(self, names: tuple[str, ...]) -> float:
        """From the outermost of the named landmarks to the nearest edge of the picture, in pixels."""
        return self._within(self._seen.points[[INDEX[name] for name in names]])

    def _within(self, points: Array) -> float:
        """From the outermost of points, (n, 2), to the nearest edge of the picture, in pixels."""
        return float(np.minimum(points, (self.width, self.height) - points).min())

    def _presence(self, part: str) -> Array:
        presence: Array = self._seen.presence[[INDEX[name] for name in PARTS[part]]]
        return presence

    def _visibility(self, part: str) -> Array:
        visibility: Array = self._seen.visibility[[INDEX[name] for name in PARTS[part]]]
        return visibility


def _ratio(value: float, size: float) -> float:
    """The value in units of a size; infinite where the size is nothing."""
    return value / size if size else math.copysign(math.inf, value)


# Such as Scene.neck, or partial(Scene.margin, part="feet").
Quantity: TypeAlias = Callable[[Scene], float]
