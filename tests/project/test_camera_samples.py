r"""The formulas and samples of docs/CAMERA.md, for phones whose sensors are placed in space here.

top                     A phone's axes are those of Apple, Android and the W3C: right and top along the screen,
 |   front, out of      front out of it. A camera is three rows along these axes: its picture's right and down, and
 |  /    the screen     away from it. In them, for a roll r and a pitch p, up is
 | /
 +------ right          (cos p sin r, -cos p cos r, sin p)
"""

import json
import re
import shutil
import subprocess
from math import asin, atan2, copysign, cos, degrees, hypot, pi, radians, sin
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from testing import TOP

Vector = NDArray[np.float64]
Tilt = tuple[float, float]
"""Roll and pitch, in degrees."""

PAGE = (TOP / "docs" / "CAMERA.md").read_text()
SYSTEMS = ("iOS", "Android", "web")

REAR = np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1]])
FRONT = np.array([[-1, 0, 0], [0, -1, 0], [0, 0, 1]])
FRONT_MIRRORED = np.array([[1, 0, 0], [0, -1, 0], [0, 0, 1]])
# With the phone's top at the picture's left, and at its right.
LANDSCAPES = (np.array([[0, -1, 0], [-1, 0, 0], [0, 0, -1]]), np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]]))

PITCHES = (-45.0, -12.5, 0.0, 0.4, 45.0)
TILTS = [(roll, pitch) for roll in (-170.0, -90.0, -44.0, -3.2, 0.0, 1.5, 120.0, 180.0) for pitch in PITCHES]
SMALL_ROLLS = [(roll, pitch) for roll in (-44.0, -3.2, 0.0, 1.5, 30.0) for pitch in PITCHES]


def up_of(camera: Vector, tilt: Tilt) -> Vector:
    """Up along the phone's axes, a unit vector, when this camera of it has this tilt."""
    r, p = radians(tilt[0]), radians(tilt[1])
    up: Vector = np.array([cos(p) * sin(r), -cos(p) * cos(r), sin(p)]) @ camera
    return up


def tilt_of(camera: Vector, up: Vector) -> Tilt:
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


def written(pattern: str) -> list[str]:
    """What the page has in the groups of a pattern."""
    found = re.search(pattern, PAGE, re.MULTILINE)
    assert found, pattern
    return list(found.groups())


def formula(name: str) -> str:
    return written(rf"^    {name} = (.+)$")[0]


def axes(system: str) -> list[str]:
    """The expressions for right, top and front, in terms of the system's reading."""
    return written(rf"^\| {system} \|.*\| `(.+)` \| `(.+)` \| `(.+)` \|$")


def computed(expression: str, **names: object) -> float:
    known = {"atan2": atan2, "hypot": hypot, "sin": sin, "cos": cos, "round": round, "__builtins__": {}}
    return float(eval(expression, known | names))  # noqa: S307  the page's own formulas


def tilt_by_page(system: str, up: Vector) -> Tilt:
    """The tilt by the page's formulas, from what a phone of this system reads that has this up."""
    beta, gamma = angles_by_standard(up)
    readings: dict[str, dict[str, object]] = {
        "iOS": {"g": SimpleNamespace(x=-up[0], y=-up[1], z=-up[2])},  # (0, -1, 0) g when held upright
        "Android": {"v": 9.81 * up},  # (0, 9.81, 0) m/s^2
        "web": {"beta": beta, "gamma": gamma},
    }
    right, top, front = (computed(axis, **readings[system]) for axis in axes(system))
    roll, pitch = (degrees(computed(formula(name), right=right, top=top, front=front)) for name in ("roll", "pitch"))
    return roll, pitch


def is_same(told: Tilt, tilt: Tilt) -> bool:
    turned = (told[0] - tilt[0] + 180) % 360 - 180  # -180 is 180
    return abs(turned) < 1e-6 and abs(told[1] - tilt[1]) < 1e-6


def test_the_angles_of_a_phone_are_those_of_the_standards_matrix() -> None:
    assert angles_by_standard(up_of(REAR, (0, -90))) == pytest.approx((0, 0))  # on its back
    assert angles_by_standard(up_of(REAR, (0, -30))) == pytest.approx((radians(60), 0))  # its top raised by 60 degrees
    for up in (up_of(REAR, tilt) for tilt in TILTS):
        beta, gamma = angles_by_standard(up)
        assert up_by_standard(1.0, beta, gamma) == pytest.approx(up, abs=1e-9)
        assert abs(gamma) <= pi / 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_its_formulas_find_the_rear_cameras_tilt(system: str) -> None:
    for tilt in TILTS:
        assert is_same(tilt_by_page(system, up_of(REAR, tilt)), tilt), tilt


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_front_camera_has_both_signs_changed_and_a_mirrored_picture_only_that_of_the_pitch(system: str) -> None:
    for tilt in TILTS:
        roll, pitch = tilt_by_page(system, up_of(FRONT, tilt))
        assert is_same((-roll, -pitch), tilt), tilt
        roll, pitch = tilt_by_page(system, up_of(FRONT_MIRRORED, tilt))
        assert is_same((roll, -pitch), tilt), tilt


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("landscape", LANDSCAPES)
def test_a_landscape_picture_has_the_nearest_quarter_turn_taken_off(system: str, landscape: Vector) -> None:
    (upright,) = written(r"nearest quarter turn: `(.+)`")
    for tilt in SMALL_ROLLS:
        roll, pitch = tilt_by_page(system, up_of(landscape, tilt))
        assert is_same((computed(upright, roll=roll), pitch), tilt), tilt


def sample(language: str) -> str:
    """The page's only code in a language."""
    (code,) = re.findall(rf"^```{language}\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(code)


def test_the_sample_for_the_web_finds_the_tilt_of_the_standards_matrix(tmp_path: Path) -> None:
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    angles = [(beta, gamma) for beta in range(-179, 180, 17) for gamma in range(-89, 90, 16)]
    script = tmp_path / "sample.js"
    script.write_text(
        f"{sample('javascript')}\nconsole.log(JSON.stringify({json.dumps(angles)}.map((two) => cameraOf(...two))));\n"
    )
    done = subprocess.run([node, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for told, (beta, gamma) in zip(json.loads(done.stdout), angles, strict=True):
        tilt = tilt_of(REAR, up_by_standard(radians(7 * beta), radians(beta), radians(gamma)))  # whatever alpha
        assert is_same((told["roll"], told["pitch"]), tilt), (beta, gamma)


@pytest.mark.parametrize("language", ["swift", "kotlin"])
def test_the_samples_that_cannot_be_run_here_have_the_same_formulas(language: str) -> None:
    code = sample(language)
    assert formula("roll") in code
    assert formula("pitch") in code


def test_the_sample_for_ios_takes_gravity_apart_as_the_table_does() -> None:
    assert f"({', '.join(axes('iOS'))})" in sample("swift")
