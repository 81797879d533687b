r"""Levelling: what a level camera at the same place would have shown.

up = (cos p sin r, -cos p cos r, sin p) in (right, down, away from the camera)

    r > 0: the content            p < 0: the camera looks down,
    is turned clockwise           upright lines run together below

          / up                          \  |  /
         /                               \ | /
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posture.camera import ORDINARY_FOCAL_35MM, Camera, Told, known, up_of
from posture.exif import SAYS_NOTHING, Said
from posture.landmarks import Array
from posture.lines import Roll
from testing.builders import FRONT, landmarks
from testing.cameras import rotation

SIZE = (900, 1200)
MIDDLE = (450.0, 600.0)
FOCAL_PX = 26 / math.hypot(24, 36) * math.hypot(*SIZE)

ROLLS, PITCHES = st.floats(-180, 180), st.floats(-45, 45)
SMALL_ROLLS, SMALL_PITCHES = st.floats(-30, 30), st.floats(-25, 25)
FOCALS = st.floats(20, 100)


def projected(points: Array, roll: float = 0.0, pitch: float = 0.0) -> Array:
    """Where a camera sees points (n, 3) of the world, whose frame is that of the level camera: right, down, away."""
    right, down, away = rotation(roll, pitch) @ points.T
    seen: Array = np.column_stack([right, down]) / away[:, None] * FOCAL_PX + MIDDLE
    return seen


def world() -> Array:
    """Five upright lines of three points each, three metres away and more."""
    places = [(-0.6, 3.0), (-0.3, 3.5), (0.0, 3.0), (0.2, 4.0), (0.5, 3.2)]
    return np.array([(x, y, z) for x, z in places for y in (-0.8, 0.0, 0.8)])


def levelled(camera: Camera, points: Array) -> Array:
    """Points through the level camera, as the first landmarks of somebody."""
    seen = landmarks(FRONT)
    first = replace(seen, points=np.vstack([points, seen.points[len(points) :]]))
    level: Array = camera.righted(first, *SIZE).points[: len(points)]
    return level


@given(SMALL_ROLLS, SMALL_PITCHES)
def test_upright_lines_are_upright_in_the_level_picture(roll: float, pitch: float) -> None:
    seen = projected(world(), roll, pitch)
    level = levelled(Camera(roll=roll, pitch=pitch, focal_35mm=26), seen).reshape(5, 3, 2)
    assert np.ptp(level[:, :, 0], axis=1) == pytest.approx(np.zeros(5), abs=1e-6)


@given(SMALL_PITCHES)
def test_a_level_picture_is_what_the_same_camera_shows_when_it_looks_ahead(pitch: float) -> None:
    level = levelled(Camera(pitch=pitch, focal_35mm=26), projected(world(), pitch=pitch))
    assert level == pytest.approx(projected(world()), abs=1e-6)


def test_a_camera_that_is_rolled_as_well_as_pitched_is_turned_by_the_smallest_rotation() -> None:
    camera = Camera(roll=10, pitch=-20, focal_35mm=26)
    to_pixels = np.array([[FOCAL_PX, 0, MIDDLE[0]], [0, FOCAL_PX, MIDDLE[1]], [0, 0, 1]])
    turn = np.linalg.inv(to_pixels) @ camera.homography(*SIZE) @ to_pixels
    assert turn @ turn.T == pytest.approx(np.eye(3), abs=1e-9)
    assert turn @ up_of(10, -20) == pytest.approx([0, -1, 0], abs=1e-9)
    angle = math.degrees(math.acos((np.trace(turn) - 1) / 2))
    assert angle == pytest.approx(math.degrees(math.acos(-up_of(10, -20)[1])))


@given(ROLLS)
def test_a_roll_alone_turns_the_picture_about_its_middle(roll: float) -> None:
    seen = landmarks(FRONT)
    turned = seen.moved(roll, center=MIDDLE)
    assert Camera(roll=roll, focal_35mm=50).righted(turned, *SIZE).points == pytest.approx(seen.points, abs=1e-6)


def test_a_camera_held_upside_down_or_on_its_side_is_turned_round_in_the_pictures_plane() -> None:
    for roll in (90, -90, 135, -135, 170, 180, -180):
        seen = projected(world(), roll, -10)
        level = levelled(Camera(roll=roll, pitch=-10, focal_35mm=26), seen).reshape(5, 3, 2)
        assert np.ptp(level[:, :, 0], axis=1) == pytest.approx(np.zeros(5), abs=1e-6)
        assert (np.diff(level[:, :, 1], axis=1) > 0).all()  # what is below is below


@given(ROLLS, PITCHES, FOCALS, st.booleans())
def test_points_of_the_level_picture_are_found_again_in_the_photo(
    roll: float,
    pitch: float,
    focal: float,
    mirrored: bool,  # noqa: FBT001  drawn
) -> None:
    camera = Camera(roll=roll, pitch=pitch, focal_35mm=focal, mirrored=mirrored)
    seen = landmarks(FRONT)
    level = camera.righted(seen, *SIZE)
    assume(np.abs(level.points).max() < 1e5)  # nothing at the horizon or beyond
    back = camera.as_sent(level.points, *SIZE)
    assert back == pytest.approx(seen.renamed().points if mirrored else seen.points, abs=1e-3)


@given(SMALL_ROLLS, SMALL_PITCHES, FOCALS)
def test_a_mirrored_photo_is_levelled_as_it_was_sent_and_then_righted(roll: float, pitch: float, focal: float) -> None:
    seen = landmarks(FRONT)
    plain = Camera(roll=-roll, pitch=pitch, focal_35mm=focal).righted(seen, *SIZE)
    mirrored = Camera(roll=roll, pitch=pitch, focal_35mm=focal, mirrored=True).righted(seen.mirrored(SIZE[0]), *SIZE)
    assert mirrored.points == pytest.approx(plain.points, abs=1e-6)


@given(ROLLS, PITCHES, st.floats(8, 300))
def test_any_camera_gives_numbers(roll: float, pitch: float, focal: float) -> None:
    level = Camera(roll=roll, pitch=pitch, focal_35mm=focal).righted(landmarks(FRONT), *SIZE)
    assert np.isfinite(level.points).all()


def test_a_camera_of_which_nothing_is_known_changes_nothing() -> None:
    seen = landmarks(FRONT)
    assert Camera().righted(seen, *SIZE) is seen
    assert Camera().homography(*SIZE) == pytest.approx(np.eye(3))
    assert Camera(mirrored=True).righted(seen, *SIZE).points == pytest.approx(seen.mirrored(SIZE[0]).points)


@given(st.floats(1, 4))
def test_the_same_picture_in_more_pixels_is_levelled_alike(scale: float) -> None:
    camera, seen = Camera(roll=3, pitch=-12, focal_35mm=28), landmarks(FRONT)
    larger = camera.righted(seen.moved(0, scale), SIZE[0] * scale, SIZE[1] * scale)  # type: ignore[arg-type]
    assert larger.points == pytest.approx(scale * camera.righted(seen, *SIZE).points)


# Who is believed


def said(roll: float, pitch: float = 0.0, **more: object) -> Said:
    right, down, away = up_of(roll, pitch).tolist()
    return Said(gravity=(right, down, away), **more)  # type: ignore[arg-type]


def by(said: Said = SAYS_NOTHING, *, mirrored: bool | None = None, **told: float) -> Camera:
    return known(Told(**told), said, mirrored=mirrored)


def tilt(camera: Camera) -> tuple[float, float]:
    return round(camera.roll, 6), round(camera.pitch, 6)


def test_what_the_client_says_goes_before_what_the_photo_says() -> None:
    photo = said(4, -10, focal_35mm=28)
    assert (tilt(by(photo)), by(photo).source, by(photo).focal_35mm) == ((4, -10), "photo", 28)
    for given_, expected in (({"roll": 2.0}, (2, 0)), ({"pitch": -5.0}, (0, -5)), ({"roll": 0.0}, (0, 0))):
        told = by(photo, **given_)  # type: ignore[arg-type]
        assert (tilt(told), told.source, told.focal_35mm) == (expected, "client", 28)
    own = by(photo, focal_35mm=50)
    assert (tilt(own), own.source, own.focal_35mm) == ((4, -10), "photo", 50)


def test_without_a_focal_length_an_ordinary_phones_is_taken_and_told() -> None:
    assert by(said(4, -10)).focal_35mm == by(roll=3).focal_35mm == ORDINARY_FOCAL_35MM
    assert by().focal_35mm is None


def test_gravity_that_contradicts_the_orientation_is_not_believed() -> None:
    assert tilt(by(said(44))) == (44, 0)
    for roll in (46, -46, 90, 180):
        camera = by(said(roll))
        assert (camera.roll, camera.pitch, camera.source) == (0, 0, "unknown")
        assert camera.contradicted == pytest.approx(roll)
    assert (by(said(0, -60)).source, by(said(0, -60)).contradicted) == ("unknown", 0)


def test_a_front_cameras_roll_is_used_where_the_client_says_whether_it_is_mirrored() -> None:
    selfie = said(4, -10, front_camera=True)
    assert (tilt(by(selfie)), by(selfie).source, by(selfie).maybe_mirrored) == ((0, -10), "photo", True)
    assert (tilt(by(selfie, mirrored=False)), by(selfie, mirrored=False).maybe_mirrored) == ((4, -10), False)
    assert (tilt(by(selfie, mirrored=True)), by(selfie, mirrored=True).mirrored) == ((-4, -10), True)


def test_an_orientation_that_mirrors_has_mirrored_gravity_too() -> None:
    selfie = said(4, -10, front_camera=True, orientation=5)
    assert tilt(by(selfie, mirrored=True)) == (4, -10)
    assert tilt(by(selfie, mirrored=False)) == (-4, -10)


def test_what_the_rooms_edges_show_is_told_or_taken_off() -> None:
    roll = Roll(2.5, 0.5)
    told, off = (by().with_estimate(roll, applied=applied) for applied in (False, True))
    assert (tilt(told), told.source, told.estimated) == ((0, 0), "unknown", roll)
    assert (tilt(off), off.source, off.estimated) == ((2.5, 0), "lines", roll)
    assert by().with_estimate(None, applied=True) == by()
