"""People whose landmarks are made by hand, photos in which looks have found them, and jobs that a detector measures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from posture import analysis
from posture.camera import Camera
from posture.clarity import CLEAR, Clarity
from posture.estimate import Estimate
from posture.face import Face
from posture.landmarks import INDEX, Array, Detect, Landmarks
from posture.measurement import Measurement
from posture.orientation import DEPTH_SCALE
from posture.scene import Scene
from posture.views import FRONT, SIDE, VIEWS, View
from posture.wire.request import parse
from testing import builders
from testing.builders import SIZE, landmarks

EYES = {"left_eye": (515.0, 180.0), "right_eye": (485.0, 180.0)}
MOUTH = {"mouth_left": (510.0, 227.0), "mouth_right": (490.0, 227.0)}
STANDING = landmarks(builders.FRONT, **EYES, **MOUTH)
PROFILE = landmarks(builders.SIDE, **EYES, **MOUTH)
PERSONS: dict[View, Landmarks] = {FRONT: STANDING, SIDE: PROFILE}
OTHER: dict[View, View] = {FRONT: SIDE, SIDE: FRONT}
NOSE_TO_ANKLE = STANDING.nose_to_ankle  # 730 pixels
MIDDLE = (SIZE[0] / 2, SIZE[1] / 2)
NEEDED = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
LEVEL = Camera()

for_each_view = pytest.mark.parametrize("view", VIEWS, ids=attrgetter("name"))


def scene(  # noqa: PLR0913, PLR0917  a builder: each names what a case is about
    person: Landmarks,
    view: View = FRONT,
    found: Estimate | None = None,
    size: tuple[int, int] = SIZE,
    camera: Camera = LEVEL,
    look_at_face: Callable[[], Sequence[Face]] = tuple,
    clarity: Clarity = CLEAR,
) -> Scene:
    """A photo in which two looks have found this person, both the same, or `found` what it holds."""
    estimate = found or Estimate([person, person], [], 2)
    return Scene(view, estimate, camera, *size, look_at_face, clarity)


def face_at(nose: Array, width: float = 60.0) -> Face:
    """An upright face of that width, seen from the front, with its nose at that point, in pixels."""
    half = width / 2
    return Face(nose + np.array([(-half, -5.0), (half, -5.0), (0.0, -width), (0.0, half), (0.0, 0.0)]))


def looks(*found: Landmarks) -> Estimate:
    """As many looks as were taken, each with what it found."""
    return Estimate(found, [], len(found))


def turned(degrees: float, depth: int = 1) -> Landmarks:
    """A person turned about the own axis: 0 facing the camera, 90 in profile, 180 from behind."""
    angle = math.radians(degrees)
    points, z = STANDING.points.copy(), STANDING.depth.copy()
    for name, side in (("left_shoulder", 1), ("right_shoulder", -1)):
        points[INDEX[name], 0] = 500 + side * 80 * math.cos(angle)
        z[INDEX[name]] = depth * side * 80 * math.sin(angle) / DEPTH_SCALE
    return replace(STANDING, points=points, depth=z)


def bent(person: Landmarks, trunk: float, legs: float) -> Landmarks:
    """Trunk and head turned clockwise about the hips by so many degrees, and the legs by so many."""
    hips = person.middle("left_hip", "right_hip")
    upper, lower = (person.moved(degrees, center=(hips[0], hips[1])).points for degrees in (trunk, legs))
    first = INDEX["left_hip"]
    return replace(person, points=np.vstack([upper[:first], lower[first:]]))


def with_lengths(trunk: float, thighs: float, shanks: float, person: Landmarks = STANDING) -> Landmarks:
    """The person with these lengths, in pixels, the head on its shoulders."""
    points = person.points.copy()
    ankles = person.middle("left_ankle")[1]
    levels = {"knee": shanks, "hip": shanks + thighs, "shoulder": shanks + thighs + trunk}
    for joint, level in levels.items():
        for side in ("left", "right"):
            points[INDEX[f"{side}_{joint}"], 1] = ankles - level
    points[: INDEX["left_shoulder"], 1] += points[INDEX["left_shoulder"], 1] - person.middle("left_shoulder")[1]
    return replace(person, points=points)


def with_neck(person: Landmarks, length: float) -> Landmarks:
    """The head with the nose so many trunk lengths above the middle of the shoulders."""
    shoulders = person.middle("left_shoulder", "right_shoulder")
    trunk = math.dist(shoulders, person.middle("left_hip", "right_hip"))
    points = person.points.copy()
    points[: INDEX["left_shoulder"]] += shoulders - (0.0, length * trunk) - person.middle("nose")
    return replace(person, points=points)


def with_presence(person: Landmarks, **presence: float) -> Landmarks:
    values = person.presence.copy()
    for name, value in presence.items():
        values[INDEX[name]] = value
    return replace(person, presence=values)


def with_visibility(person: Landmarks, **visibility: float) -> Landmarks:
    values = person.visibility.copy()
    for name, value in visibility.items():
        values[INDEX[name]] = value
    return replace(person, visibility=values)


def moved_by(person: Landmarks, name: str, right: float = 0.0, down: float = 0.0) -> Landmarks:
    points = person.points.copy()
    points[INDEX[name]] += (right, down)
    return replace(person, points=points)


def with_whole_head(points: builders.Points) -> Landmarks:
    """The person with these points, the corners of whose eyes lie where the eyes do."""
    corners = {
        f"{side}_eye_{corner}": points[f"{side}_eye"] for side in ("left", "right") for corner in ("inner", "outer")
    }
    return landmarks({**points, **corners})


def beside(size: float) -> Landmarks:
    """Somebody of that size in the right half of a picture twice as wide."""
    return STANDING.moved(0, size).shifted(SIZE[0], 0)


def measured(detect: Detect, front: str, side: str, **options: Any) -> Measurement:
    """What is measured in two photos, sent as base64 text with these options of a request."""
    request = parse({"input": {"front": front, "side": side, **options}})
    return analysis.measure(request.photos, request.options, builders.FakePool(detect))


def answered(detect: Detect, front: str, side: str, **options: Any) -> dict[str, Any]:
    """The data of the answer to the same."""
    data: dict[str, Any] = measured(detect, front, side, **options).answer(options.get("include", ()))["data"]
    return data
