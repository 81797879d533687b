"""Cameras that are turned, and what they show of a picture that another one took from the same place."""

import math
from dataclasses import replace

import cv2
import numpy as np

from posture.landmarks import Array, Landmarks, Pixels


def rotation(roll: float, pitch: float, yaw: float = 0.0) -> Array:
    """(3, 3): from a level camera's right, down and away to those of one that is turned, in degrees.

    First to the right by `yaw`, then upwards by `pitch`, then so that its picture's content turns clockwise by `roll`.
    """
    r, p, y = map(math.radians, (roll, pitch, yaw))
    sideways = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    upwards = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    about = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    turn: Array = about @ upwards @ sideways
    return turn


def turned_camera(
    pixels: Pixels, person: Landmarks, focal: float, turn: Array, room: float
) -> tuple[Pixels, Landmarks]:
    """A picture and the landmarks in it as the same camera would have taken it, had it been turned by a rotation.

    `focal` in pixels. The new picture is as large as it must be for the person with so much room around, in body sizes,
    the camera's axis in its middle, and what was not in the old one is filled with the old one's edge.
    """
    height, width = pixels.shape[:2]
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    homography = lens @ turn @ np.linalg.inv(lens)
    seen = cv2.perspectiveTransform(person.points[None], homography)[0]
    reach = np.abs(seen - (width / 2, height / 2)).max(axis=0) + room * person.nose_to_ankle
    larger = np.ceil(np.maximum(reach - (width / 2, height / 2), 0)).astype(int)
    # OpenCV counts from the middle of the first pixel, landmarks from its corner.
    middle = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    shift = np.array([[1, 0, larger[0]], [0, 1, larger[1]], [0, 0, 1]])
    warped = cv2.warpPerspective(
        pixels,
        middle @ shift @ homography @ np.linalg.inv(middle),
        (width + 2 * int(larger[0]), height + 2 * int(larger[1])),
        borderMode=cv2.BORDER_REPLICATE,
    )
    return warped.astype(np.uint8, copy=False), replace(person, points=seen + larger)
