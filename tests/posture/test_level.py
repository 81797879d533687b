"""Angles against true vertical: from photos that say how they were taken, or of which the client says it."""

import base64
import math
from dataclasses import replace
from operator import attrgetter
from typing import Any

import numpy as np
import pytest

from posture import angles, lines
from posture.camera import DIAGONAL_35MM, Camera, up_of
from posture.errors import PostureError
from posture.landmarks import NAMES, Detect, Landmarks, Pixels
from posture.lines import Roll
from posture.models.mediapipe import LandmarkerPool
from posture.views import VIEWS, View
from testing import DEMO, builders
from testing.builders import NOBODY, SIZE, detect_by, landmarks
from testing.cameras import rotation, turned_camera
from testing.exif_files import apple_note, chunk, phone_axes, png, tiff
from testing.pictures import base64_text, pixels_of
from testing.scenes import core_angles, see
from tests.posture.people import answered, measured

ROLL, PITCH = 3.0, -8.0
WITHIN = 0.011  # of what is rounded twice to a hundredth
PEOPLE = {"red": landmarks(builders.FRONT, left_shoulder=(580, 304)), "lime": landmarks(builders.SIDE)}


def photo(like: str, roll: float, pitch: float = 0.0, *, front: bool = False, focal: int | None = 26) -> str:
    """The photo of a phone that was held so, and has recorded it; by its back camera, or by the front one."""
    note = apple_note(phone_axes(up_of(roll, pitch), front=front), 1 if front else None)
    return base64_text(png(chunk(b"eXIf", tiff(1, note, focal)), picture=base64.b64decode(like)))


def seen_by(camera: Camera) -> Detect:
    """Finds the people of these tests as that camera sees them."""
    return detect_by(**{color: [replace(of, points=camera.as_sent(of.points, *SIZE))] for color, of in PEOPLE.items()})


TILTED = seen_by(Camera(roll=ROLL, pitch=PITCH, focal_35mm=26))
LEVEL = answered(seen_by(Camera()), builders.FRONT_PHOTO, builders.SIDE_PHOTO, include=["details"])
SAID = photo(builders.FRONT_PHOTO, ROLL, PITCH), photo(builders.SIDE_PHOTO, ROLL, PITCH)


def assert_level(data: dict[str, Any]) -> None:
    for view in VIEWS:
        assert data[view.key] == pytest.approx(LEVEL[view.key], abs=WITHIN)


def camera_of(data: dict[str, Any], view: str = "front_view") -> dict[str, Any]:
    camera: dict[str, Any] = data["details"][view]["camera"]
    return camera


def codes(data: dict[str, Any]) -> list[str]:
    return [warning["code"] for view in VIEWS for warning in data["details"][view.key]["warnings"]]


def test_gravity_that_a_photo_says_is_taken_off() -> None:
    data = answered(TILTED, *SAID, include=["details"])
    assert_level(data)
    camera = camera_of(data)
    assert (camera["roll"], camera["pitch"], camera["focal_35mm"], camera["source"]) == (3, -8, 26, "photo")
    assert "note" not in camera


def test_what_the_client_says_is_taken_off() -> None:
    plain = builders.FRONT_PHOTO, builders.SIDE_PHOTO
    told = {view.name: {"roll": ROLL, "pitch": PITCH, "focal_35mm": 26} for view in VIEWS}
    data = answered(TILTED, *plain, camera=told, include=["details"])
    assert_level(data)
    assert (camera_of(data)["source"], data["details"]["level"]) == ("client", "auto")
    short = {view: {"pitch": PITCH, "focal_35mm": 26} for view in told}
    assert_level(answered(TILTED, *plain, camera=short, camera_roll=dict.fromkeys(told, ROLL)))


def test_the_client_is_believed_before_the_photo_and_the_photo_before_nobody() -> None:
    rolled = seen_by(Camera(roll=ROLL))
    assert_level(answered(rolled, *SAID, camera_roll={"front": ROLL, "side": ROLL}))
    data = answered(TILTED, *SAID, camera={"front": {"roll": 0}}, include=["details"])
    assert (camera_of(data)["source"], camera_of(data, "side_view")["source"]) == ("client", "photo")
    assert data["front_view"] != pytest.approx(LEVEL["front_view"], abs=WITHIN)
    assert data["side_view"] == pytest.approx(LEVEL["side_view"], abs=WITHIN)


def test_the_picture_is_measured_as_it_is_where_that_is_asked_for() -> None:
    plain = answered(TILTED, builders.FRONT_PHOTO, builders.SIDE_PHOTO, include=["details"])
    data = answered(TILTED, *SAID, level="none", include=["details"])
    for view in VIEWS:
        assert data[view.key] == plain[view.key] != pytest.approx(LEVEL[view.key], abs=1)
    assert camera_of(data)["source"] == camera_of(plain)["source"] == "unknown"
    assert "add its own size" in camera_of(plain)["note"]
    assert camera_of(plain)["focal_35mm"] is None


def test_without_a_focal_length_an_ordinary_phones_levels() -> None:
    photos = photo(builders.FRONT_PHOTO, ROLL, PITCH, focal=None), photo(builders.SIDE_PHOTO, ROLL, PITCH, focal=None)
    data = answered(TILTED, *photos, include=["details"])
    assert_level(data)
    assert camera_of(data)["focal_35mm"] == 26


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_homography_leads_from_the_photo_to_where_the_angles_are_read(mirrored: bool) -> None:  # noqa: FBT001
    told = {view.name: mirrored for view in VIEWS}
    data = answered(TILTED, *SAID, mirrored=told, include=["landmarks"])
    for view in VIEWS:
        marks = data["details"][view.key]["landmarks"]
        points = np.array([[mark["x"], mark["y"], 1.0] for mark in marks])
        level = points @ np.array(camera_of(data, view.key)["homography"]).T
        person = Landmarks(level[:, :2] / level[:, 2:], *(np.ones(len(NAMES)) for _ in range(3)))
        person = replace(person, depth=PEOPLE["lime"].depth * (-1 if mirrored else 1))
        direction = view.plane.direction(person)
        read = angles.measure(person, view.plane, direction)
        assert {name: read[name] for name in data[view.key]} == pytest.approx(data[view.key], abs=0.05)


def test_a_front_camera_is_levelled_by_its_pitch_until_the_client_says_whether_it_mirrors() -> None:
    selfies = photo(builders.FRONT_PHOTO, ROLL, PITCH, front=True), photo(builders.SIDE_PHOTO, ROLL, PITCH, front=True)
    data = answered(TILTED, *selfies, include=["details"])
    assert codes(data) == ["maybe_mirrored", "maybe_mirrored"]
    assert (camera_of(data)["roll"], camera_of(data)["pitch"], camera_of(data)["source"]) == (0, -8, "photo")
    told = answered(TILTED, *selfies, mirrored={"front": False, "side": False}, include=["details"])
    assert_level(told)
    assert codes(told) == []
    mirrored = answered(TILTED, *selfies, mirrored={"front": True}, include=["details"])
    assert camera_of(mirrored)["roll"] == -3


def test_a_photo_on_its_side_is_told_what_its_gravity_says() -> None:
    lying = seen_by(Camera(roll=90))
    for roll, way in ((90, "anticlockwise"), (-90, "clockwise")):
        with pytest.raises(PostureError) as caught:
            measured(lying, photo(builders.FRONT_PHOTO, roll), builders.SIDE_PHOTO)
        assert (caught.value.code, caught.value.view) == ("not_upright", "front")
        assert f"Turn the picture {way} by 90 degrees" in caught.value.advice
        with pytest.raises(PostureError) as caught:
            measured(seen_by(Camera()), photo(NOBODY, roll), builders.SIDE_PHOTO)
        assert caught.value.code == "no_person"
        assert f"Turn the picture {way} by 90 degrees" in caught.value.advice


def test_gravity_that_the_orientation_denies_changes_nothing_in_a_photo_that_is_upright() -> None:
    data = answered(seen_by(Camera()), photo(builders.FRONT_PHOTO, 90), builders.SIDE_PHOTO, include=["details"])
    assert_level(data)
    assert codes(data) == []


@pytest.fixture
def edges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Rooms whose edges show a roll, and the sizes of the pictures in which they were looked for."""
    looked: list[tuple[int, ...]] = []

    def estimated(pixels: Any, _person: Landmarks) -> Roll:
        looked.append(pixels.shape)
        return Roll(ROLL, 0.5)

    monkeypatch.setattr(lines, "estimated_roll", estimated)
    return looked


ROLLED = seen_by(Camera(roll=ROLL))


def test_the_rooms_edges_are_told_and_warned_of_where_nobody_says_anything(edges: list[tuple[int, ...]]) -> None:
    data = answered(ROLLED, builders.FRONT_PHOTO, builders.SIDE_PHOTO, include=["details"])
    assert camera_of(data)["estimated_roll"] == {"value": 3, "uncertainty": 0.5}
    assert (camera_of(data)["roll"], camera_of(data)["source"]) == (0, "unknown")
    assert codes(data) == ["camera_tilted", "camera_tilted"]
    assert "by about 3.0 degrees" in data["details"]["front_view"]["warnings"][0]["message"]
    assert data["front_view"]["body_tilt"] == pytest.approx(LEVEL["front_view"]["body_tilt"] + 3, abs=WITHIN)
    assert len(edges) == len(VIEWS)


def test_the_rooms_edges_are_taken_off_where_that_is_asked_for(edges: list[tuple[int, ...]]) -> None:
    data = answered(ROLLED, builders.FRONT_PHOTO, builders.SIDE_PHOTO, level="lines", include=["details"])
    assert_level(data)
    assert (camera_of(data)["roll"], camera_of(data)["source"], data["details"]["level"]) == (3, "lines", "lines")
    assert codes(data) == []
    assert len(edges) == len(VIEWS)


def test_the_rooms_edges_are_not_looked_for_where_somebody_says_or_nobody_asks(edges: list[tuple[int, ...]]) -> None:
    answered(TILTED, *SAID, level="lines", include=["details"])
    answered(ROLLED, builders.FRONT_PHOTO, builders.SIDE_PHOTO)
    told = {"front": {"roll": ROLL}, "side": {"pitch": 0}}
    answered(ROLLED, builders.FRONT_PHOTO, builders.SIDE_PHOTO, camera=told, include=["details"])
    assert edges == []


@pytest.mark.parametrize("view", VIEWS, ids=attrgetter("name"))
def test_a_picture_by_a_turned_camera_reads_like_the_one_by_a_level_camera(view: View, pool: LandmarkerPool) -> None:
    pixels = pixels_of((DEMO / f"{view.name}_image.jpg").read_bytes())
    focal = max(pixels.shape)
    nobody = landmarks({})
    body = replace(nobody, points=np.full_like(nobody.points, (pixels.shape[1] / 2, pixels.shape[0] / 2)))
    turned, _ = turned_camera(pixels, body, focal, rotation(ROLL, PITCH), room=0)
    told = Camera(roll=ROLL, pitch=PITCH, focal_35mm=focal * DIAGONAL_35MM / math.hypot(*turned.shape[:2]))

    def read(picture: Pixels, camera: Camera) -> dict[str, float]:
        scene = see(picture, view, pool, "precise", camera)
        assert scene is not None
        return core_angles(scene)

    assert read(turned, told) == pytest.approx(read(pixels, Camera()), abs=1.5)
    assert read(turned, Camera()) != pytest.approx(read(pixels, Camera()), abs=2)
