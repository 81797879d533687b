"""The formulas and samples of docs/CAMERA.md, for phones whose sensors are placed in space (testing.phones)."""

import json
import re
import shutil
import subprocess
from math import atan2, cos, degrees, hypot, pi, radians, sin
from pathlib import Path
from types import SimpleNamespace

import pytest

from testing import TOP
from testing.phones import (
    FRONT,
    FRONT_MIRRORED,
    LANDSCAPES,
    REAR,
    Tilt,
    Vector,
    angles_by_standard,
    is_same,
    tilt_of,
    up_by_standard,
    up_of,
)

PAGE = (TOP / "docs" / "CAMERA.md").read_text()
SYSTEMS = ("iOS", "Android", "web")

PITCHES = (-45.0, -12.5, 0.0, 0.4, 45.0)
TILTS = [(roll, pitch) for roll in (-170.0, -90.0, -44.0, -3.2, 0.0, 1.5, 120.0, 180.0) for pitch in PITCHES]
SMALL_ROLLS = [(roll, pitch) for roll in (-44.0, -3.2, 0.0, 1.5, 30.0) for pitch in PITCHES]


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


def test_the_sample_for_the_web_is_what_the_page_itself_does() -> None:
    assert f"export {sample('javascript')}" in (TOP / "posture" / "web" / "page" / "camera.js").read_text()


@pytest.mark.parametrize("language", ["swift", "kotlin"])
def test_the_samples_that_cannot_be_run_here_have_the_same_formulas(language: str) -> None:
    code = sample(language)
    assert formula("roll") in code
    assert formula("pitch") in code


def test_the_sample_for_ios_takes_gravity_apart_as_the_table_does() -> None:
    assert f"({', '.join(axes('iOS'))})" in sample("swift")
