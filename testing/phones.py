r"""A phone in space: its cameras, and what its sensors tell.

top                     A phone's axes are those of Apple, Android and the W3C: right and top along the screen,
 |   front, out of      front out of it. A camera is three rows along these axes: its picture's right and down, and
 |  /    the screen     away from it. In them, for a roll r and a pitch p, up is
 | /
 +------ right          (cos p sin r, -cos p cos r, sin p)
"""

from math import asin, atan2, copysign, cos, degrees, hypot, radians, sin

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Tilt = tuple[float, float]
"""Roll and pitch, in degrees."""

REAR = np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1]])
FRONT = np.array([[-1, 0, 0], [0, -1, 0], [0, 0, 1]])
FRONT_MIRRORED = np.array([[1, 0, 0], [0, -1, 0], [0, 0, 1]])
# With the phone's top at the picture's left, and at its right.
LANDSCAPES = (np.array([[0, -1, 0], [-1, 0, 0], [0, 0, -1]]), np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]]))


def up_of(camera: Vector, tilt: Tilt) -> Vector:
    """Up along the phone's axes, a unit vector, when this camera of it has this tilt."""
    r, p = radians(tilt[0]), radians(tilt[1])
    up: Vector = np.array([cos(p) * sin(r), -cos(p) * cos(r), sin(p)]) @ camera
    return up


def tilt_of(camera: Vector, up: Vector) -> Tilt:
    """The tilt of this camera of a phone that has this up along its axes."""
    right, down, away = camera @ up
    return degrees(atan2(right, -down)), degrees(asin(np.clip(away, -1, 1)))


def up_by_standard(alpha: float, beta: float, gamma: float) -> Vector:
    """Up along the phone's axes, by the W3C's R = Rz(alpha) Rx(beta) Ry(gamma), which leads from them to the earth's.

    Angles in radians. DeviceOrientation Event Specification, A.1; its Z points up, so this is the last row of R.
    """
    a, b, c = alpha, beta, gamma
    turn_z = np.array([[cos(a), -sin(a), 0], [sin(a), cos(a), 0], [0, 0, 1]])
    turn_x = np.array([[1, 0, 0], [0, cos(b), -sin(b)], [0, sin(b), cos(b)]])
    turn_y = np.array([[cos(c), 0, sin(c)], [0, 1, 0], [-sin(c), 0, cos(c)]])
    up: Vector = (turn_z @ turn_x @ turn_y).T @ [0, 0, 1]
    return up


def angles_by_standard(up: Vector) -> tuple[float, float]:
    """The beta and gamma, in radians, of `up_by_standard`; gamma is at most a quarter turn."""
    right, top, front = up
    side = copysign(1, front)
    return atan2(top, side * hypot(right, front)), atan2(-side * right, side * front)


def is_same(told: Tilt, tilt: Tilt) -> bool:
    """Whether two tilts are the same to a millionth of a degree."""
    turned = (told[0] - tilt[0] + 180) % 360 - 180  # -180 is 180
    return abs(turned) < 1e-6 and abs(told[1] - tilt[1]) < 1e-6
