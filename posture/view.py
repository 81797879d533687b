"""Which way a person is turned, read from the landmarks."""

import numpy as np

from posture.errors import View
from posture.landmarks import Landmarks


def direction(landmarks: Landmarks, view: View) -> int:
    """The direction in the picture that counts as positive for the angles of a view: +1 for right, -1 for left.

    In a front view it is where the person's own left lies, in a side view where the person faces. It is judged across
    the trunk, so that turning the photo does not change it.
    """
    side = _persons_left(landmarks) if view == "front" else _facing(landmarks)
    return 1 if side >= 0 else -1


def _persons_left(landmarks: Landmarks) -> float:
    return _across(landmarks, ("right_shoulder",), ("left_shoulder",))


def _facing(landmarks: Landmarks) -> float:
    """Head and feet together, so that a turned head or hidden feet do not decide alone."""
    head = _across(landmarks, ("left_ear", "right_ear"), ("nose",))
    feet = _across(landmarks, ("left_heel", "right_heel"), ("left_foot_index", "right_foot_index"))
    return head + feet


def _across(landmarks: Landmarks, start: tuple[str, ...], end: tuple[str, ...]) -> float:
    """How far `end` lies to the right of `start` as seen with the trunk upright, in trunk lengths times pixels.

    Only its sign, and its size beside another such number, mean something.
    """
    trunk = landmarks.middle("left_shoulder", "right_shoulder") - landmarks.middle("left_hip", "right_hip")
    offset = landmarks.middle(*end) - landmarks.middle(*start)
    return float(np.dot(offset, (-trunk[1], trunk[0])))
