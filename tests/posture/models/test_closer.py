"""Closer looks at a person: MediaPipe's own numbers for its own squares, and squares that are cut and brought back."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from posture.landmarks import Landmarks, Pixels
from posture.models import closer, derived, files
from posture.models.closer import SIDE, Region
from posture.models.mediapipe import LandmarkerPool
from testing.builders import FRONT, landmarks
from testing.figures import evenly, figures
from testing.pictures import decoded

PERSON = landmarks(FRONT)


def finder(folder: Path) -> Path:
    """A model that returns as its first three landmarks the corners of the square that MediaPipe chooses."""
    with zipfile.ZipFile(files.path()) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "pose_landmarks_detector.tflite"
    corners = np.zeros((39, 5), np.float32)
    corners[1, 0] = corners[2, 1] = SIDE
    constants = {
        "Identity": corners,
        "Identity_1": np.ones(1, np.float32),
        "Identity_2": np.zeros(SIDE * SIDE, np.float32),
        "Identity_3": np.full(64 * 64 * 39, -100, np.float32),  # a heatmap that refines nothing
        "Identity_4": np.zeros(117, np.float32),
    }
    members[name] = derived.with_constants(members[name], constants)
    place = folder / "finder.task"
    with zipfile.ZipFile(place, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return place


def as_mediapipe_samples(pixels: Pixels, corners: np.ndarray) -> Pixels:
    """A square as it does: its first corner is the first pixel's middle; bilinear in 1/32 pixels."""
    first, right, down = corners
    steps = np.arange(SIDE)
    places = first + steps[None, :, None] * (right - first) / SIDE + steps[:, None, None] * (down - first) / SIDE
    thirtyseconds = np.rint(32 * places).astype(np.int64)
    whole = (thirtyseconds >> 5).astype(np.int16)
    rest = thirtyseconds & 31
    table = (32 * rest[..., 1] + rest[..., 0]).astype(np.uint16)
    return cv2.remap(pixels, whole, table, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def brought_back(seen: Landmarks, corners: np.ndarray) -> Landmarks:
    first, right, down = corners
    across = right - first
    region = Region((right + down) / 2, float(np.linalg.norm(across)), float(np.degrees(np.arctan2(*across[::-1]))))
    return region.bring_back(seen)


def test_on_the_square_that_mediapipe_chooses_the_landmarks_are_its_own(pool: LandmarkerPool, tmp_path: Path) -> None:
    """A landmark that the heatmap may or may not refine jumps, by up to a pixel, at the threshold of that."""
    apart = []
    with (
        LandmarkerPool(finder(tmp_path), 1) as regions,
        LandmarkerPool(files.location(files.MARKER), 1) as marks,
    ):
        for photo in evenly(figures(), 20):
            pixels = decoded(photo.file.read_bytes())
            for person, place in zip(pool.detect(pixels), regions.detect(pixels), strict=True):
                corners = place.points[:3]
                [seen] = marks.detect(as_mediapipe_samples(pixels, corners))
                again = brought_back(seen, corners)
                apart.append(np.linalg.norm(again.points - person.points, axis=1))
                assert again.presence == pytest.approx(person.presence, abs=0.01)
                assert again.visibility == pytest.approx(person.visibility, abs=0.02)
                assert again.depth == pytest.approx(person.depth, abs=0.02 * person.nose_to_ankle)
    assert np.median(apart) < 0.005
    assert np.quantile(apart, 0.99) < 0.02
    assert np.max(apart) < 1


@given(
    turn=st.floats(-30, 30),
    x=st.floats(150, 250),
    y=st.floats(150, 250),
    side=st.floats(100, 900),
)
def test_what_is_seen_in_a_square_is_brought_back_to_where_it_is(turn: float, x: float, y: float, side: float) -> None:
    """A white square of 15 pixels in the picture, found by the middle of what is bright in the cut.

    That is off by up to 0.09 pixels of the cut, and by none on average, as the square falls on few of them.
    """
    pixels = np.zeros((400, 400, 3), np.uint8)
    pixels[190:205, 200:215] = 255
    region = Region(np.array([x, y]), side, turn)
    [shown] = closer.cut(pixels, [region])
    rows, columns = np.indices(shown.shape[:2])
    weight = shown[..., 0].astype(float)
    assume(weight.any() and not weight[[0, -1]].any() and not weight[:, [0, -1]].any())
    middle = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum() + 0.5
    seen = Landmarks(np.tile(middle, (33, 1)), *(np.zeros(33) for _ in range(3)))
    assert region.bring_back(seen).points[0] == pytest.approx([207.5, 197.5], abs=0.12 * side / SIDE)


def test_the_square_has_the_person_upright_in_its_middle() -> None:
    region = Region.around(PERSON.moved(20, center=(500, 500)))
    assert region.clockwise == pytest.approx(20, abs=2)
    assert region.side == pytest.approx(1.44 * PERSON.nose_to_ankle)


def test_a_person_and_the_mirror_image_have_mirrored_squares() -> None:
    person = PERSON.moved(7, center=(500, 500))
    one, other = Region.around(person), Region.around(person.mirrored(1000))
    assert other.center == pytest.approx([1000 - one.center[0], one.center[1]])
    assert (other.side, other.clockwise) == pytest.approx((one.side, -one.clockwise))
