"""What is told of a photo, in pictures that were worsened by a known amount."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from posture.clarity import CLEAR, Clarity, clarity
from posture.landmarks import Landmarks, Pixels
from testing import builders
from testing.pictures import blur, file_bytes, mirror, pixels_of, scale

WHOLE = builders.landmarks(builders.FRONT)
SEEN = 178  # pixels of a body of which nothing is resampled
DARK, BRIGHT = 60, 200
WAYS = [0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5]  # in which a camera may be shaken, in degrees
# Head, trunk and feet of the body, as discs: the middle, and the radius. Their edges run in every direction.
DISCS = ((500, 230, 90), (500, 520, 150), (500, 850, 110))


def body(size: float) -> Landmarks:
    """A body of so many pixels from nose to ankles."""
    return WHOLE.moved(0, size / WHOLE.nose_to_ankle)


def drawing(size: float, dark: int = DARK, bright: int = BRIGHT) -> Image.Image:
    """Sharp discs where a body of that size is, on a plain ground."""
    unit = size / WHOLE.nose_to_ankle
    width, height = (round(unit * side) for side in builders.SIZE)
    large = Image.new("L", (4 * width, 4 * height), bright)
    pen = ImageDraw.Draw(large)
    for x, y, radius in DISCS:
        pen.ellipse([4 * unit * side for side in (x - radius, y - radius, x + radius, y + radius)], fill=dark)
    return large.resize((width, height), Image.Resampling.BOX).convert("RGB")


def seen(image: Image.Image, person: Landmarks) -> Clarity:
    return clarity(np.asarray(image), person)


def grainy(image: Image.Image, deviation: float, seed: int = 0) -> Image.Image:
    """Normal noise of that standard deviation, of 255, in all three channels alike, as in the picture's brightness."""
    noise = np.random.default_rng(seed).normal(0, deviation, (image.height, image.width, 1))
    return Image.fromarray(np.rint(np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def shaken(image: Image.Image, length: float, degrees: float) -> Image.Image:
    """Drawn out along a line, so many pixels long."""
    reach = math.ceil(length / 2) + 1
    line = np.zeros((2 * reach + 1,) * 2, np.float32)
    for step in np.linspace(-length / 2, length / 2, 400):
        across, down = (reach + step * part(math.radians(degrees)) for part in (math.cos, math.sin))
        line[round(down), round(across)] += 1 / 400
    return Image.fromarray(cv2.filter2D(np.asarray(image), -1, line, borderType=cv2.BORDER_REPLICATE))


def saved(image: Image.Image, quality: int) -> Image.Image:
    return Image.fromarray(pixels_of(file_bytes(image, "JPEG", quality=quality)))


def is_finite(found: Clarity) -> bool:
    return all(map(math.isfinite, (*vars(found).values(), found.relative_grain, found.coarseness)))


@pytest.mark.parametrize("size", [SEEN, 356, 730])
@pytest.mark.parametrize("percent", [0.25, 0.5, 1, 2])
def test_a_blur_adds_to_the_width_that_edges_have_as_its_square(size: int, percent: float) -> None:
    image = drawing(size)
    own = seen(image, body(size)).blur
    blurred = seen(blur(image, percent / 100 * size), body(size)).blur
    assert own < 0.5
    assert blurred == pytest.approx(math.hypot(own, percent), rel=0.08)


@pytest.mark.parametrize("size", [60, 90, SEEN, 730])
def test_the_more_a_photo_is_blurred_the_more_is_told(size: int) -> None:
    image = drawing(size)
    told = [seen(blur(image, percent / 100 * size), body(size)).blur for percent in (0, 0.5, 0.75, 1, 1.5, 2, 3)]
    assert told == sorted(set(told))


@pytest.mark.parametrize("degrees", WAYS)
def test_a_shaken_photo_is_blurred_though_it_is_sharp_along_the_cameras_way(degrees: float) -> None:
    image, size = drawing(356), 356
    length = 0.03 * size
    moved = shaken(image, length, degrees)
    # an even line has the standard deviation of its length divided by the root of 12
    expected = math.hypot(seen(image, body(size)).blur, 3 / math.sqrt(12))
    assert seen(moved, body(size)).blur == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize("degrees", [0, 90])
def test_edges_that_stay_sharp_do_not_hide_that_a_photo_was_shaken(degrees: int) -> None:
    image = builders.picture(*drawing(356).size, color="white")
    image.paste("black", (220, 100, 280, 460))
    pixels = np.asarray(shaken(image, 15, degrees))
    across, down = (np.abs(np.diff(pixels[..., 0].astype(int), axis=axis)).max() for axis in (1, 0))
    assert (across if degrees else down) == 255  # from one pixel to the next
    assert clarity(pixels, body(356)).blur > 2 * seen(image, body(356)).blur


@pytest.mark.parametrize("upright", [0, 1])
def test_a_direction_without_any_edge_does_not_make_a_photo_blurred(upright: int) -> None:
    image = np.full((400, 400, 3), BRIGHT, np.uint8)
    image[:, 180:] = DARK
    assert clarity(np.swapaxes(image, 0, upright), body(356)).blur < 0.5


@pytest.mark.parametrize("deviation", [3, 5, 12, 25])
def test_grain_is_the_standard_deviation_of_the_noise(deviation: float) -> None:
    assert seen(drawing(SEEN), body(SEEN)).grain == pytest.approx(0, abs=0.01)
    for seed in range(3):
        assert seen(grainy(drawing(SEEN), deviation, seed), body(SEEN)).grain == pytest.approx(deviation, rel=0.1)


@pytest.mark.parametrize("times", [2, 4])
def test_what_the_network_averages_in_a_large_body_is_no_grain(times: int) -> None:
    size = times * SEEN
    assert seen(grainy(drawing(size), 12), body(size)).grain == pytest.approx(12 / times, rel=0.1)


def test_noise_is_told_neither_as_contrast_nor_as_blocks() -> None:
    clean, noisy = (seen(image, body(SEEN)) for image in (drawing(SEEN), grainy(drawing(SEEN), 12)))
    assert noisy.contrast == pytest.approx(clean.contrast, rel=0.05)
    assert noisy.blocks == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("dark", "bright"), [(60, 200), (0, 255), (100, 140), (10, 40)])
def test_contrast_is_what_lies_between_dark_and_bright(dark: int, bright: int) -> None:
    assert seen(drawing(SEEN, dark, bright), body(SEEN)).contrast == pytest.approx(bright - dark, abs=1)


def test_a_dark_photo_is_as_grainy_beside_its_contrast_as_a_bright_one_with_as_much_more_noise() -> None:
    bright = seen(grainy(drawing(SEEN), 12), body(SEEN))
    dark = seen(grainy(drawing(SEEN, DARK // 4, BRIGHT // 4), 3), body(SEEN))
    assert dark.relative_grain == pytest.approx(bright.relative_grain, rel=0.1)
    assert bright.relative_grain == pytest.approx(12 / (BRIGHT - DARK), rel=0.1)


def textured(size: float, right: int = 0, down: int = 0) -> Image.Image:
    """A drawing with some noise, as photos have; its content moved by so many pixels."""
    image = grainy(drawing(size), 5)
    return Image.fromarray(np.pad(np.asarray(image), ((down, 8), (right, 8), (0, 0)), "edge"))


@pytest.mark.parametrize("size", [SEEN, 356])
@pytest.mark.parametrize("moved", range(8))
def test_blocks_are_told_wherever_in_a_block_the_body_begins(size: int, moved: int) -> None:
    image, person = textured(size, moved, 7 - moved), body(size).shifted(moved, 7 - moved)
    plain, some, many = (seen(each, person).blocks for each in (image, saved(image, 40), saved(image, 10)))
    assert plain == pytest.approx(1, abs=0.2)
    assert many > 1.5
    assert many > some + 0.05
    assert some > plain + 0.2


def test_blocks_are_only_where_the_file_has_them() -> None:
    image, person = saved(textured(356), 10), body(356)
    cut = Image.fromarray(np.asarray(image)[3:, 3:])
    assert seen(cut, person.shifted(-3, -3)).blocks < 1.1 < seen(image, person).blocks


def test_a_picture_without_blocks_is_not_coarse_however_small_the_body() -> None:
    for size in (1, 60, 1000):
        assert replace(CLEAR, size=size).coarseness == 1
    for size in (60, SEEN, 730):
        assert seen(drawing(size), body(size)).coarseness == 1


def test_blocks_weigh_more_in_a_small_body_up_to_a_limit() -> None:
    told = [replace(CLEAR, blocks=2.0, size=size).coarseness for size in (10_000, 1000, 300, 200, 150, 30, 10)]
    assert told[0] == told[1] > 1
    assert told[1:6] == sorted(told[1:6])
    assert told[1] < told[2] < told[3] < told[4]
    assert told[5] == told[6]


def test_a_coarser_jpeg_is_coarser() -> None:
    told = [seen(saved(textured(SEEN), quality), body(SEEN)).coarseness for quality in (95, 20, 10, 5)]
    assert told[0] == 1
    assert told == sorted(told)
    assert told[-1] > told[-2] > 1


@pytest.mark.parametrize("radius", [0, 2, 5])
def test_a_mirrored_photo_is_as_clear(radius: float) -> None:
    image = grainy(blur(drawing(356), radius), 5)
    one, other = seen(image, body(356)), seen(mirror(image), body(356).mirrored(image.width))
    assert other.blur == pytest.approx(one.blur, rel=0.03)
    assert other.grain == pytest.approx(one.grain, rel=0.03)
    assert other.contrast == pytest.approx(one.contrast, rel=0.01)
    assert other.size == pytest.approx(one.size)


@pytest.mark.parametrize("factor", [0.3, 0.5, 0.75])
def test_a_blurred_photo_is_as_blurred_when_it_is_smaller(factor: float) -> None:
    image = blur(drawing(730), 0.01 * 730)
    assert seen(scale(image, factor), body(factor * 730)).blur == pytest.approx(seen(image, body(730)).blur, rel=0.05)


def test_the_size_is_that_from_nose_to_ankles_in_pixels_of_the_picture() -> None:
    assert seen(drawing(300), body(300)).size == pytest.approx(300)


def test_what_is_around_the_body_is_no_matter() -> None:
    image = np.array(drawing(356))
    far = image.copy()
    far[:, :60] = np.random.default_rng(0).integers(0, 256, far[:, :60].shape)
    assert clarity(far, body(356)) == clarity(image, body(356))


@given(st.integers(0, 255), st.floats(50, 800))
def test_a_picture_of_one_colour_has_neither_grain_nor_contrast_nor_blocks(level: int, size: float) -> None:
    found = clarity(np.full((110, 100, 3), level, np.uint8), body(size))
    assert is_finite(found)
    assert (found.grain, found.contrast, found.blocks) == pytest.approx((0, 0, 1), abs=1e-3)


NOISE = np.random.default_rng(0).integers(0, 256, (168, 160, 3)).astype(np.uint8)


@given(st.floats(5, 2000), st.floats(-1500, 1500), st.floats(-1500, 1500), st.integers(100, 160), st.integers(100, 168))
def test_a_body_at_or_beyond_the_pictures_edge_gives_finite_numbers(
    size: float, right: float, down: float, width: int, height: int
) -> None:
    assert is_finite(clarity(NOISE[:height, :width], body(size).shifted(right, down)))


@pytest.mark.parametrize("right", [-1000, 1000])
@pytest.mark.parametrize("down", [-1000, 0, 1000])
def test_a_body_beside_a_picture_that_is_whole_blocks_wide_gives_finite_numbers(right: int, down: int) -> None:
    assert is_finite(clarity(NOISE, body(SEEN).shifted(right, down)))


@pytest.mark.parametrize("apart", [0, 1, 4])
def test_a_nose_at_the_ankles_of_a_large_body_gives_finite_numbers(apart: int) -> None:
    folded = builders.landmarks(builders.FRONT, nose=(500, 930 - apart))
    assert is_finite(clarity(np.resize(NOISE, (1100, 1000, 3)), folded))


def test_the_picture_stays_as_it_is() -> None:
    pixels: Pixels = np.array(textured(356))
    before = pixels.copy()
    clarity(pixels, body(356))
    assert (pixels == before).all()
    pixels.flags.writeable = False
    assert is_finite(clarity(pixels, body(356)))
