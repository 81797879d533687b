"""The real model on real pictures: truth, symmetry and rotation, within stated margins in degrees."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deploy.demo import compare
from posture import analysis
from posture.models.mediapipe import LandmarkerPool
from posture.options import Options
from testing import DEMO
from testing.pictures import file_bytes

PAIRS = ["", "_2", "_3"]

# What turning a picture by up to 10 degrees may add to an angle beyond the turn itself. The neck's line is the shortest
# and the ear's landmark the least certain. Seen up to 3.1, and 1.0.
TURNING_MARGIN = {"neck_tilt": 4.5}
TURNING_MARGIN_OF_OTHERS = 2.0

Angles = dict[str, dict[str, float]]  # by the names of view and angle


def measure(pool: LandmarkerPool, front: bytes, side: bytes) -> Angles:
    measurement = analysis.measure({"front": front, "side": side}, Options(), pool)
    return {view: {name: angle.value for name, angle in of.angles.items()} for view, of in measurement.views.items()}


def pictures(pair: str) -> list[Image.Image]:
    return [Image.open(DEMO / f"{view}_image{pair}.jpg").convert("RGB") for view in ("front", "side")]


@pytest.fixture(scope="module")
def plain(pool: LandmarkerPool) -> dict[str, Angles]:
    """The angles of the demo pairs as they are."""
    return {pair: measure(pool, *map(file_bytes, pictures(pair))) for pair in PAIRS}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_demo_pairs_are_measured_within_their_margins(
    plain: dict[str, Angles], demo: dict[str, Any], pair: str
) -> None:
    [truth] = [entry for entry in demo["pairs"] if entry["front"] == f"front_image{pair}.jpg"]
    measured = {f"{view}_view": angles for view, angles in plain[pair].items()}
    assert compare(truth, demo["margins"], {"data": measured})[1] == 0


@pytest.mark.parametrize("wrong", [lambda value: -value, lambda value: value + 5, lambda value: value - 5])
def test_the_margins_tell_a_wrong_sign_and_an_offset_of_5_degrees_in_every_angle(
    plain: dict[str, Angles], demo: dict[str, Any], wrong: Callable[[float], float]
) -> None:
    off = dict.fromkeys(((view, name) for view, angles in demo["margins"].items() for name in angles), 0)
    for pair, truth in zip(PAIRS, demo["pairs"], strict=True):
        for view, name in off:
            angles = {f"{each}_view": dict(of) for each, of in plain[pair].items()}
            angles[view][name] = wrong(angles[view][name])
            off[view, name] += compare(truth, demo["margins"], {"data": angles})[1]
    assert [angle for angle, times in off.items() if not times] == []


@pytest.mark.parametrize("pair", PAIRS)
def test_a_mirrored_photo_has_negated_front_angles_and_the_same_side_angles(
    pool: LandmarkerPool, plain: dict[str, Angles], pair: str
) -> None:
    flipped = (picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for picture in pictures(pair))
    mirrored = measure(pool, *map(file_bytes, flipped))
    for name, value in plain[pair]["front"].items():
        assert mirrored["front"][name] == pytest.approx(-value, abs=0.01), name
    for name, value in plain[pair]["side"].items():
        assert mirrored["side"][name] == pytest.approx(value, abs=0.01), name


@pytest.mark.parametrize("degrees", [-10, 5, 10])
@pytest.mark.parametrize("pair", PAIRS)
def test_turning_a_photo_clockwise_turns_its_angles(
    pool: LandmarkerPool, plain: dict[str, Angles], demo: dict[str, Any], pair: str, degrees: float
) -> None:
    def clockwise(picture: Image.Image) -> Image.Image:
        return picture.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=picture.getpixel((5, 5)))

    [facing] = [entry["facing"] for entry in demo["pairs"] if entry["front"] == f"front_image{pair}.jpg"]
    turned = measure(pool, *(file_bytes(clockwise(picture)) for picture in pictures(pair)))
    for name, value in plain[pair]["front"].items():
        added = degrees if name == "body_tilt" else -degrees
        assert turned["front"][name] - value == pytest.approx(added, abs=TURNING_MARGIN_OF_OTHERS), name
    for name, value in plain[pair]["side"].items():
        added = degrees if facing == "right" else -degrees
        margin = TURNING_MARGIN.get(name, TURNING_MARGIN_OF_OTHERS)
        assert turned["side"][name] - value == pytest.approx(added, abs=margin), name


def test_a_phones_photo_on_its_side_is_measured_upright(pool: LandmarkerPool, plain: dict[str, Angles]) -> None:
    """EXIF orientation 6, as phones write it: the stored picture is turned, the body is not."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = (picture.transpose(Image.Transpose.ROTATE_90) for picture in pictures(""))
    measured = measure(pool, *(file_bytes(picture, exif=exif) for picture in stored))
    assert measured == plain[""]


def test_the_same_photos_give_the_same_numbers(pool: LandmarkerPool, plain: dict[str, Angles]) -> None:
    assert measure(pool, *map(file_bytes, pictures(""))) == plain[""]


def test_the_figures_with_known_angles_are_measured_as_well_as_before(pool: LandmarkerPool, truth_folder: Path) -> None:
    """Bounds on the mean absolute error (front) and on the standard deviation of the error (side) over all figures.

    All pairs are measured, none refused. So the head is missed in none of those who hold it low, whose true `neck_tilt`
    is above 25 degrees: the photo of a head that is taken for a missing one is refused.
    """
    truths = sorted(truth_folder.glob("*.json"))
    low = 0
    errors: dict[tuple[str, str], list[float]] = {}
    for truth in truths:
        front, side = (truth.with_name(f"{truth.stem}_{view}.jpg").read_bytes() for view in ("front", "side"))
        true: Angles = json.loads(truth.read_text())["angles"]
        low += true["side"]["neck_tilt"] > 25
        for view, angles in measure(pool, front, side).items():
            for name, value in angles.items():
                errors.setdefault((view, name), []).append(value - true[view][name])
    assert {len(of) for of in errors.values()} == {len(truths)}
    assert low, "or nothing is shown of low heads"
    assert np.mean([np.mean(np.abs(error)) for (view, _), error in errors.items() if view == "front"]) < 0.75
    assert np.mean([np.std(error, ddof=1) for (view, _), error in errors.items() if view == "side"]) < 1.66
    assert np.mean(np.abs(errors["front", "head_tilt"])) < 0.6
