"""People whose landmarks are made by hand, and photos in which looks have found them."""

import math
from dataclasses import replace

from posture.camera import Camera
from posture.errors import View
from posture.estimate import Estimate
from posture.judge import Scene
from posture.landmarks import INDEX, Landmarks
from posture.view import DEPTH_SCALE
from testing.builders import FRONT, SIDE, SIZE, landmarks

EYES = {"left_eye": (515.0, 180.0), "right_eye": (485.0, 180.0)}
STANDING = landmarks(FRONT, **EYES)
PROFILE = landmarks(SIDE, **EYES)
PERSONS: dict[View, Landmarks] = {"front": STANDING, "side": PROFILE}
STATURE = STANDING.stature  # 730 pixels
MIDDLE = (SIZE[0] / 2, SIZE[1] / 2)
NEEDED = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_hip",
    "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
LEVEL = Camera()


def scene(
    person: Landmarks,
    view: View = "front",
    found: Estimate | None = None,
    size: tuple[int, int] = SIZE,
    camera: Camera = LEVEL,
) -> Scene:
    """A photo in which two looks have found this person, both the same, or `found` what it holds."""
    estimate = found or Estimate([person, person], [], 2)
    return Scene(view, estimate, camera.righted(estimate.mean, *size), *size)


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


def with_presence(person: Landmarks, **presence: float) -> Landmarks:
    values = person.presence.copy()
    for name, value in presence.items():
        values[INDEX[name]] = value
    return replace(person, presence=values)


def moved_by(person: Landmarks, name: str, right: float = 0.0, down: float = 0.0) -> Landmarks:
    points = person.points.copy()
    points[INDEX[name]] += (right, down)
    return replace(person, points=points)


def beside(size: float) -> Landmarks:
    """Somebody of that size in the right half of a picture twice as wide."""
    return STANDING.moved(0, size).shifted(SIZE[0], 0)
