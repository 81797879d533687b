import tracemalloc
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from posture import images
from posture.errors import ImageError
from posture.exif import Said
from testing import DEMO
from testing.builders import picture
from testing.exif_files import apple_note, chunk, jpeg, jpeg_that_says, png, segment, tiff
from testing.pictures import file_bytes

RED, LIME, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def refusal(data: bytes) -> ImageError:
    with pytest.raises(ImageError) as caught:
        images.read(data)
    return caught.value


def quarters(photo: images.Photo) -> list[tuple[int, ...]]:
    """The colors in the middles of the four quarters: upper left, upper right, lower left, lower right."""
    height, width = photo.pixels.shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    return [tuple(int(value) for value in photo.pixels[row, column]) for row in rows for column in columns]


def about(color: tuple[int, ...]) -> object:
    return pytest.approx(color, abs=12)


# the kind of file


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "BMP", "TIFF"])
def test_only_jpeg_and_png_are_taken_and_told_by_content(kind: str) -> None:
    assert refusal(file_bytes(picture(), kind)).code == "unsupported_format"


@pytest.mark.parametrize("data", [b"", bytes(4), b"hello", b"\xff\xd8", b"\x89PNG"])
def test_what_is_no_picture_is_unsupported(data: bytes) -> None:
    assert refusal(data).code == "unsupported_format"


def test_what_follows_the_end_of_a_png_changes_nothing() -> None:
    assert quarters(images.read(file_bytes(picture()) + b"\xfb\xef\xff\xfe")) == [RED, LIME, BLUE, WHITE]


def test_a_phones_jpeg_that_holds_several_pictures_shows_its_first() -> None:
    data = file_bytes(picture(), "MPO", save_all=True, append_images=[picture(color="black")])
    assert quarters(images.read(data)) == [about(color) for color in (RED, LIME, BLUE, WHITE)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9, 0.97])
def test_a_file_that_is_cut_off_is_refused(kind: str, kept: float) -> None:
    noise = Image.effect_noise((300, 400), 80)
    data = file_bytes(noise, kind)
    assert refusal(data[: int(len(data) * kept)]).code == "corrupt_image"


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded() -> None:
    data = file_bytes(picture(), "JPEG", progressive=True)
    last, end = data[data.rindex(b"\xff\xda") : -2], data[-2:]
    assert quarters(images.read(data[:-2] + 20 * last + end)) == [about(c) for c in (RED, LIME, BLUE, WHITE)]
    endless = data[:-2] + images.MAX_SCANS * last + end
    assert refusal(endless).code == "corrupt_image"


@pytest.mark.parametrize("part", [segment(b"", 0xEF), segment(b"Exif\0\0"), b"\xff" * 10])
def test_a_jpeg_of_endless_segments_is_refused_before_it_is_opened(part: bytes) -> None:
    file = file_bytes(picture(), "JPEG")
    assert quarters(images.read(jpeg(20 * part, picture=file))) == [about(c) for c in (RED, LIME, BLUE, WHITE)]
    assert refusal(jpeg(240_000 * part, picture=file)).code == "corrupt_image"


@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_a_png_of_endless_chunks_is_refused_before_it_is_opened(before: bytes) -> None:
    file, part = file_bytes(picture()), chunk(b"aaAa")
    assert quarters(images.read(png(1000 * part, before=before, picture=file))) == [RED, LIME, BLUE, WHITE]
    assert refusal(png(240_000 * part, before=before, picture=file)).code == "corrupt_image"


def test_a_png_with_a_wrong_bit_is_refused() -> None:
    data = bytearray(file_bytes(Image.effect_noise((300, 400), 80)))
    data[len(data) // 2] ^= 1
    assert refusal(bytes(data)).code == "corrupt_image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("missing", [1, 2, 8])
def test_a_file_without_its_end_is_refused(kind: str, missing: int) -> None:
    assert refusal(file_bytes(picture(), kind)[:-missing]).code == "corrupt_image"


def jpeg_of_noise(size: tuple[int, int] = (300, 400), **options: Any) -> bytes:
    return file_bytes(Image.effect_noise(size, 80).convert("RGB"), "JPEG", **options)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"exif": b"Exif\0\0" + b"\xff\xda\xff\xd9" * 9}])
@pytest.mark.parametrize("size", [(300, 400), (1500, 2000)])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.95])
def test_a_jpeg_that_is_cut_off_and_closed_again_is_refused(
    kept: float, size: tuple[int, int], options: dict[str, Any]
) -> None:
    data = jpeg_of_noise(size, **options)
    start = data.rindex(b"\xff\xda") if not options.get("progressive") else data.index(b"\xff\xda")
    end = data.find(b"\xff\xc4", start) if options.get("progressive") else len(data) - 2  # of the first scan
    cut = data[: start + 20 + int(kept * (end - start - 20))]
    assert images.read(data).width == size[0]
    assert refusal(cut + b"\xff\xd9").code == "corrupt_image"


def test_a_jpeg_with_a_piece_missing_inside_is_refused() -> None:
    data = (DEMO / "front_image.jpg").read_bytes()
    middle = len(data) // 2
    assert refusal(data[:middle] + data[middle + 500 :]).code == "corrupt_image"
    assert refusal(data[:middle] + bytes(500) + data[middle + 500 :]).code == "corrupt_image"


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [(200, 300), (1501, 2003)])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"exif": b"Exif\0\0" + b"\xff\xda\xff\xd9" * 9}])
def test_a_jpeg_that_is_grey_below_is_whole(mode: str, size: tuple[int, int], options: dict[str, Any]) -> None:
    """In the very grey that a picture is filled up with whose data run out."""
    image = Image.new("RGB", size, (128, 128, 128))
    image.paste(picture(size[0], size[1] // 2))
    photo = images.read(file_bytes(image.convert(mode), "JPEG", **options))
    assert photo.pixels[-1, -1].tolist() == [128, 128, 128]


@pytest.mark.parametrize("between", [b"\xff", b"\xff\xd0"])
def test_fill_bytes_do_not_make_a_jpeg_that_is_grey_below_look_cut_off(between: bytes) -> None:
    image = Image.new("RGB", (200, 300), (128, 128, 128))
    image.paste(picture(200, 150))
    assert images.read(jpeg(between, picture=file_bytes(image, "JPEG"))).pixels[-1, -1].tolist() == [128, 128, 128]


@settings(max_examples=300)
@given(st.data(), st.sampled_from(["JPEG", "PNG"]))
def test_a_damaged_file_is_decoded_or_refused_and_never_anything_else(draws: st.DataObject, kind: str) -> None:
    data = bytearray(file_bytes(picture(120, 120), kind))
    for _ in range(draws.draw(st.integers(1, 8))):
        data[draws.draw(st.integers(0, len(data) - 1))] = draws.draw(st.integers(0, 255))
    with suppress(ImageError):
        assert images.read(bytes(data)).pixels.dtype == np.uint8


# size


@pytest.mark.parametrize(("width", "height"), [(99, 400), (400, 99)])
def test_a_thumbnail_is_refused(width: int, height: int) -> None:
    error = refusal(file_bytes(picture(width, height)))
    assert error.code == "image_too_small"
    assert f"{width}x{height}" in error.problems[0].problem


@pytest.mark.parametrize(("width", "height"), [(100, 1001), (1001, 100), (100, 60_000)])
def test_a_strip_is_refused(width: int, height: int) -> None:
    error = refusal(file_bytes(Image.new("L", (width, height))))
    assert error.code == "image_too_small"
    assert f"{width}x{height}" in error.problems[0].problem


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(100, 1000), (700, 7000), (7000, 700)])
def test_a_picture_that_is_no_strip_yet_is_taken(kind: str, size: tuple[int, int]) -> None:
    assert min(images.read(file_bytes(picture(*size), kind)).pixels.shape[:2]) >= 50


def test_the_smallest_picture_is_taken() -> None:
    assert images.read(file_bytes(picture(100, 100))).pixels.shape == (100, 100, 3)


def test_pixels_are_counted_in_the_header_before_any_is_decoded() -> None:
    bomb = file_bytes(Image.new("1", (30_000, 30_000)))
    tracemalloc.start()
    try:
        error = refusal(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.code == "too_many_pixels"
    assert "30000x30000" in error.problems[0].problem
    assert peak < 20_000_000


def test_just_as_many_pixels_as_allowed_are_taken() -> None:
    photo = images.read(file_bytes(Image.new("L", (10_000, 5_000), 255)))
    assert (photo.width, photo.height) == (10_000, 5_000)
    assert refusal(file_bytes(Image.new("L", (10_000, 5_001)))).code == "too_many_pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(3024, 4032), (4000, 3000), (1080, 1440), (2000, 3001), (6001, 7999)])
def test_a_large_picture_is_reduced_to_what_measuring_needs(kind: str, size: tuple[int, int]) -> None:
    photo = images.read(file_bytes(picture(*size), kind))
    height, width = photo.pixels.shape[:2]
    assert images.MEASURING_SIDE <= max(width, height) <= max(2 * images.MEASURING_SIDE, 1)
    assert width / height == pytest.approx(size[0] / size[1], rel=0.005)
    assert (photo.width, photo.height) == size
    assert quarters(photo) == [about(color) for color in (RED, LIME, BLUE, WHITE)]


def test_a_small_picture_keeps_its_pixels() -> None:
    source = Image.effect_noise((300, 400), 80).convert("RGB")
    np.testing.assert_array_equal(images.read(file_bytes(source)).pixels, np.asarray(source))


# orientation

# As the quarters of an upright picture are stored in a file of each EXIF orientation: row by row.
STORED = {
    1: "RLBW", 2: "LRWB", 3: "WBLR", 4: "BWRL", 5: "RBLW", 6: "LWRB", 7: "WLBR", 8: "BRWL",
}  # fmt: skip


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(
    ("kind", "size"), [("JPEG", (200, 320)), ("PNG", (200, 320)), ("JPEG", (2000, 3200)), ("PNG", (2000, 3200))]
)
def test_every_exif_orientation_is_made_upright(orientation: int, kind: str, size: tuple[int, int]) -> None:
    stored_size = size if orientation < 5 else size[::-1]
    colors = {"R": "red", "L": "lime", "B": "blue", "W": "white"}
    stored = Image.new("RGB", stored_size)
    half_width, half_height = stored_size[0] // 2, stored_size[1] // 2
    for place, letter in enumerate(STORED[orientation]):
        x, y = place % 2 * half_width, place // 2 * half_height
        stored.paste(colors[letter], (x, y, x + half_width, y + half_height))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    photo = images.read(file_bytes(stored, kind, exif=exif))
    assert quarters(photo) == [about(color) for color in (RED, LIME, BLUE, WHITE)]
    assert (photo.width, photo.height) == size
    assert photo.pixels.shape[0] > photo.pixels.shape[1]


def test_an_orientation_that_does_not_exist_is_ignored() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 9
    assert quarters(images.read(file_bytes(picture(), exif=exif))) == [RED, LIME, BLUE, WHITE]


def test_damaged_exif_data_does_not_make_a_picture_unreadable() -> None:
    assert quarters(images.read(file_bytes(picture(), exif=b"Exif\0\0nonsense"))) == [RED, LIME, BLUE, WHITE]


def test_xmp_does_not_turn_a_picture() -> None:
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'
    photo = images.read(jpeg(segment(xmp), picture=file_bytes(picture(), "JPEG")))
    assert quarters(photo) == [about(color) for color in (RED, LIME, BLUE, WHITE)]
    assert photo.orientation == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_comes_with_what_its_file_says_of_the_camera(kind: str) -> None:
    file, data = file_bytes(picture(), kind), tiff(3, apple_note((0.8, 0, -0.6), 0), 26)
    photo = images.read(jpeg_that_says(data, file) if kind == "JPEG" else png(chunk(b"eXIf", data), picture=file))
    assert quarters(photo) == [about(color) for color in (WHITE, BLUE, LIME, RED)]
    assert photo.said == Said(3, (0, -0.8, -0.6), 26)
    assert photo.orientation == 3


# modes


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("P", "PNG")]
)
def test_colors_survive_every_color_mode(mode: str, kind: str) -> None:
    assert quarters(images.read(file_bytes(picture(mode=mode), kind))) == [about(c) for c in (RED, LIME, BLUE, WHITE)]


@pytest.mark.parametrize(("mode", "kind"), [("L", "JPEG"), ("L", "PNG"), ("LA", "PNG")])
def test_grey_pictures_become_grey_rgb(mode: str, kind: str) -> None:
    grey = (77, 77, 77)
    color = (77, 255) if mode == "LA" else 77
    assert quarters(images.read(file_bytes(picture(mode=mode, color=color), kind))) == [about(grey)] * 4


def test_black_and_white_pictures_are_taken() -> None:
    assert quarters(images.read(file_bytes(picture(mode="1", color=1)))) == [WHITE] * 4


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    grey = Image.fromarray(np.full((200, 200), 77 * 256 + 200, dtype=np.uint16))
    assert quarters(images.read(file_bytes(grey))) == [(77, 77, 77)] * 4


def test_the_transparent_grey_of_sixteen_bits_is_white() -> None:
    grey = Image.fromarray(np.full((200, 200), 20_000, dtype=np.uint16))
    assert quarters(images.read(file_bytes(grey, transparency=20_000))) == [WHITE] * 4


@pytest.mark.parametrize("size", [(200, 300), (2000, 3000)])
def test_what_is_transparent_is_white(size: tuple[int, int]) -> None:
    assert quarters(images.read(file_bytes(picture(*size, mode="RGBA", color=(255, 0, 0, 0))))) == [WHITE] * 4
    half = images.read(file_bytes(picture(*size, mode="RGBA", color=(255, 0, 0, 128))))
    assert quarters(half) == [about((255, 127, 127))] * 4


def test_a_transparent_color_of_a_palette_is_white() -> None:
    image = picture(mode="P")
    red = image.getpixel((0, 0))
    assert quarters(images.read(file_bytes(image, transparency=red)))[0] == WHITE


def test_a_color_profile_changes_nothing() -> None:
    assert quarters(images.read(file_bytes(picture(), icc_profile=b"no profile at all"))) == [RED, LIME, BLUE, WHITE]
