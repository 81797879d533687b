"""Which way a person is turned, read from the landmarks."""

import math

import numpy as np

from posture.landmarks import INDEX, Array, Landmarks

# The model's depth is about three times too large: seen 2.2 trunk lengths between the shoulders in profile, which lie
# 0.70 trunk lengths apart from the front.
DEPTH_SCALE = 0.70 / 2.2

_SHOULDERS, _HIPS = ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")


def left(person: Landmarks) -> float:
    """Where the person's own left lies: positive for the right of the picture, negative for its left.

    In trunk lengths between the shoulders. It is judged across the trunk, so that turning the photo does not change it.
    """
    return _across(person, ("right_shoulder",), ("left_shoulder",))


def facing(person: Landmarks) -> float:
    """Where a person in profile faces: positive for the right of the picture, negative for its left.

    Three signs vote with about equal weight, so that a turned head, hidden feet or a wrong depth do not decide alone:
    the nose lies 0.15 trunk lengths in front of the ears, the toes 0.4 in front of the heels, and the shoulder that is
    nearer to the camera is the right one when the person faces right.
    """
    head = _across(person, ("left_ear", "right_ear"), ("nose",))
    feet = _across(person, ("left_heel", "right_heel"), ("left_foot_index", "right_foot_index"))
    return head / 0.15 + feet / 0.4 + _shoulder_depth(person) / 0.7


def turn(person: Landmarks) -> float:
    """How far the person is turned away from the camera, 0 to 180 degrees: 0 front, 90 profile, 180 back."""
    return math.degrees(math.atan2(abs(_shoulder_depth(person)), left(person)))


def trunk(person: Landmarks) -> Array:
    """The line from the middle of the hips to the middle of the shoulders, (2,) in pixels."""
    return person.middle(*_SHOULDERS) - person.middle(*_HIPS)


def _across(person: Landmarks, start: tuple[str, ...], end: tuple[str, ...]) -> float:
    """How far `end` lies to the right of `start` as seen with the trunk upright, in trunk lengths."""
    up = trunk(person)
    offset = person.middle(*end) - person.middle(*start)
    return float(np.dot(offset, (-up[1], up[0])) / np.dot(up, up))


def _shoulder_depth(person: Landmarks) -> float:
    """How much further from the camera the left shoulder is than the right, in trunk lengths."""
    left, right = (person.depth[INDEX[name]] for name in _SHOULDERS)
    return float(DEPTH_SCALE * (left - right) / np.linalg.norm(trunk(person)))
