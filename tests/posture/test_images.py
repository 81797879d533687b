import struct
import sys
import tracemalloc
import zlib
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from posture import exif, images, jpeg
from posture.errors import ImageError
from posture.exif import Said
from posture.wire.base64_text import MAX_ENCODED_LENGTH
from testing import DEMO, TOP
from testing.builders import picture
from testing.environment import python
from testing.exif_files import apple_note, chunk, jpeg_that_says, png, segment, tiff
from testing.exif_files import jpeg as jpeg_file
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


@pytest.mark.parametrize(("scan", "lost"), [(0, 0.02), (0, 0.5), (1, 0.02), (1, 0.5), (2, 0.5), (9, 0.5)])
def test_a_progressive_jpeg_that_has_lost_data_of_a_scan_is_refused(scan: int, lost: float) -> None:
    """The scans behind it are whole, so that the picture does not end in the color of missing data."""
    data = file_bytes(Image.open(DEMO / "front_image.jpg"), "JPEG", progressive=True, quality=85)
    assert images.read(data).width
    scans = [(start, end) for marker, start, end in exif.segments(data, beyond=True) if marker == exif.START_OF_SCAN]
    start, end = scans[scan]
    middle = (start + end) // 2
    assert refusal(data[:middle] + data[middle + int(lost * (end - start)) :]).code == "corrupt_image"


def test_a_jpeg_of_too_many_scans_is_refused_before_it_is_decoded() -> None:
    data = file_bytes(picture(), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    left = images.MAX_SCANS - data.count(b"\xff\xda")
    assert refusal(data[:-2] + left * last + data[-2:]).code == "corrupt_image"  # bits that are told again
    error = refusal(data[:-2] + (left + 1) * last + data[-2:])
    assert error.code == "too_many_pixels"
    assert "200x300" in error.problems[0].problem
    assert "baseline" in error.advice


@pytest.mark.parametrize(
    ("mode", "options", "samples"),
    [
        ("RGB", {"subsampling": 0}, 3),
        ("RGB", {"subsampling": 2}, 1.5),
        ("L", {}, 1),
        ("CMYK", {}, 4),
        ("RGB", {"subsampling": 2, "progressive": True}, 8),
        ("RGB", {"subsampling": 0, "progressive": True}, 14),
        ("L", {"progressive": True}, 6),
    ],
)
def test_the_work_of_a_jpeg_is_its_samples_in_every_scan_and_its_bytes(
    mode: str, options: dict[str, Any], samples: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_bytes(picture(160, 320, mode), "JPEG", **options)
    work = jpeg.read(file).work
    assert 0 < work - samples * 160 * 320 <= 25 * len(file)
    monkeypatch.setattr(images, "MAX_JPEG_WORK", work)
    assert images.read(file).width == 160
    monkeypatch.setattr(images, "MAX_JPEG_WORK", work - 1)
    assert refusal(file).code == "too_many_pixels"


def test_the_largest_photos_may_be_progressive() -> None:
    assert 8 * images.MAX_PIXELS + 25 * MAX_ENCODED_LENGTH * 3 // 4 <= images.MAX_JPEG_WORK
    assert 2 * 1.5 * images.MAX_PIXELS + 16_000_000 <= images.MAX_JPEG_MEMORY


def test_a_jpeg_of_several_scans_is_bounded_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_bytes(picture(), "JPEG", progressive=True)
    memory = jpeg.read(file).memory
    monkeypatch.setattr(images, "MAX_JPEG_MEMORY", memory)
    assert images.read(file).width == 200
    monkeypatch.setattr(images, "MAX_JPEG_MEMORY", memory - 1)
    assert refusal(file).code == "too_many_pixels"


def test_a_jpeg_without_its_end_is_decoded_twice_and_counts_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_bytes(picture(), "JPEG", progressive=True)[:-2]
    work = jpeg.read(file).work
    monkeypatch.setattr(images, "MAX_JPEG_WORK", 2 * work)
    assert images.read(file).width == 200
    monkeypatch.setattr(images, "MAX_JPEG_WORK", 2 * work - 1)
    assert refusal(file).code == "too_many_pixels"


@pytest.mark.parametrize(
    ("mode", "options", "each"),
    [
        ("1", {}, 1),
        ("L", {}, 1),
        ("L", {"transparency": 3}, 4),
        ("LA", {}, 4),
        ("P", {}, 3),
        ("P", {"transparency": 3}, 4),
        ("RGB", {}, 3),
        ("RGBA", {}, 4),
    ],
)
def test_the_work_of_a_png_is_its_bytes_when_it_is_decoded(
    mode: str, options: dict[str, Any], each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_bytes(picture(mode=mode), **options)
    monkeypatch.setattr(images, "MAX_PNG_WORK", 200 * 300 * each)
    assert images.read(file).width == 200
    monkeypatch.setattr(images, "MAX_PNG_WORK", 200 * 300 * each - 1)
    error = refusal(file)
    assert error.code == "too_many_pixels"
    assert "200x300" in error.problems[0].problem


def test_a_png_of_sixteen_bits_counts_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    file = of_stream(zlib.compress(bytes(100 * 801)), 16, 6)
    monkeypatch.setattr(images, "MAX_PNG_WORK", 100 * 100 * 8)
    assert images.read(file).width == 100
    monkeypatch.setattr(images, "MAX_PNG_WORK", 100 * 100 * 8 - 1)
    assert refusal(file).code == "too_many_pixels"


def test_a_jpeg_of_endless_tables_is_refused_before_it_is_opened() -> None:
    file, table = file_bytes(picture(), "JPEG"), bytes([0, *[1] * 64])
    assert quarters(images.read(jpeg_file(segment(4 * table, 0xDB), picture=file))) == [
        about(color) for color in (RED, LIME, BLUE, WHITE)
    ]
    assert refusal(jpeg_file(segment(1000 * table, 0xDB), picture=file)).code == "corrupt_image"


@pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xC9, 0xCA, 0xCF])
def test_a_jpeg_of_a_rare_kind_is_refused_as_that(marker: int) -> None:
    file = file_bytes(picture(), "JPEG")
    assert refusal(file.replace(b"\xff\xc0", bytes([0xFF, marker]))).code == "unsupported_format"


@pytest.mark.parametrize(("place", "value"), [(4, b"\x0c"), (5, b"\0\0")])
def test_so_is_one_of_twelve_bits_and_one_whose_height_comes_later(place: int, value: bytes) -> None:
    file = file_bytes(picture(), "JPEG")
    at = file.index(b"\xff\xc0") + place
    error = refusal(file[:at] + value + file[at + len(value) :])
    assert error.code == "unsupported_format"
    assert "baseline" in error.advice


def test_a_jpeg_with_a_second_header_is_refused() -> None:
    file, large = file_bytes(picture(), "JPEG"), file_bytes(picture(2000, 3000), "JPEG")
    at = large.index(b"\xff\xc0")
    assert refusal(jpeg_file(large[at : at + 19], picture=file)).code == "corrupt_image"


@pytest.mark.parametrize("part", [segment(b"", 0xEF), segment(b"Exif\0\0"), b"\xff" * 10])
def test_a_jpeg_of_endless_segments_is_refused_before_it_is_opened(part: bytes) -> None:
    file = file_bytes(picture(), "JPEG")
    assert quarters(images.read(jpeg_file(20 * part, picture=file))) == [about(c) for c in (RED, LIME, BLUE, WHITE)]
    assert refusal(jpeg_file(240_000 * part, picture=file)).code == "corrupt_image"


@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_a_png_of_endless_chunks_is_refused_before_it_is_opened(before: bytes) -> None:
    file, part = file_bytes(picture()), chunk(b"aaAa")
    assert quarters(images.read(png(1000 * part, before=before, picture=file))) == [RED, LIME, BLUE, WHITE]
    assert refusal(png(240_000 * part, before=before, picture=file)).code == "corrupt_image"


def of_stream(stream: bytes, depth: int = 8, color: int = 0, interlaced: int = 0) -> bytes:
    """A PNG of 100x100 pixels, by default grey, and of this stream."""
    header = struct.pack(">IIBBBBB", 100, 100, depth, color, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", stream) + chunk(b"IEND")


# The rows of 100x100 grey pixels; interlaced, in seven passes.
ROWS = {0: 100 * (1 + 100), 1: 13 * 14 + 13 * 13 + 12 * 26 + 25 * 26 + 25 * 51 + 50 * 51 + 50 * 101}


@pytest.mark.parametrize("interlaced", ROWS)
def test_a_png_whose_stream_is_shorter_than_its_picture_is_refused(interlaced: int) -> None:
    for more in (0, 1, 5000):
        file = of_stream(zlib.compress(bytes(ROWS[interlaced] + more)), interlaced=interlaced)
        assert images.read(file).pixels.max() == 0
    for missing in (1, 101, 202, 5000, ROWS[interlaced]):
        file = of_stream(zlib.compress(bytes(ROWS[interlaced] - missing)), interlaced=interlaced)
        assert refusal(file).code == "corrupt_image"


def test_a_png_whose_stream_is_wrong_or_breaks_off_is_refused() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (100, 101), dtype=np.uint8)
    pixels[:, 0] = 0
    stream = zlib.compress(pixels.tobytes())
    np.testing.assert_array_equal(images.read(of_stream(stream)).pixels[..., 0], pixels[:, 1:])
    wrong = [stream[:-1], stream[:-4], stream[: len(stream) // 2], b"", b"x" + stream, stream[:-1] + b"\0"]
    assert {refusal(of_stream(damaged)).code for damaged in wrong} == {"corrupt_image"}


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"IDAT", b"IEND"])
def test_a_png_with_a_wrong_checksum_is_refused_where_it_is_of_the_picture(kind: bytes) -> None:
    file = bytearray(file_bytes(picture(mode="P")))
    at = file.index(kind)
    file[at + 4 + int.from_bytes(file[at - 4 : at], "big")] ^= 1
    assert refusal(bytes(file)).code == "corrupt_image"


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE", b"IDAT"])
def test_a_png_that_lacks_a_chunk_of_the_picture_is_refused(kind: bytes) -> None:
    file = file_bytes(picture(mode="P"))
    at = file.index(kind) - 4
    assert refusal(file[:at] + file[at + 12 + int.from_bytes(file[at : at + 4], "big") :]).code == "corrupt_image"


BESIDE = {
    "a long text": chunk(b"tEXt", b"Comment\0" + b"x" * 3_000_000),
    "a text that becomes long": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(30_000_000))),
    "a text that is damaged": chunk(b"zTXt", b"Comment\0\0nonsense"),
    "a profile that is damaged": chunk(b"iCCP", b"name\0\0nonsense"),
    "a profile that becomes large": chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(30_000_000))),
    "short": chunk(b"pHYs") + chunk(b"cHRM") + chunk(b"gAMA") + chunk(b"acTL") + chunk(b"tIME"),
    "a wrong checksum": chunk(b"gAMA", bytes(4))[:-1] + b"x",
    "a transparency of wrong length": chunk(b"tRNS", bytes(4)),
    "a transparency with a wrong checksum": chunk(b"tRNS", b"\0\xff\0\0\0\0")[:-1] + b"x",
    "a moving picture": chunk(b"acTL", bytes(8)) + chunk(b"fcTL", bytes(26)) + chunk(b"fdAT", b"nonsense"),
}


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
def test_what_stands_in_a_png_beside_its_picture_never_makes_it_corrupt(before: bytes, name: str) -> None:
    file = png(BESIDE[name], before=before, picture=file_bytes(picture()))
    assert quarters(images.read(file)) == [RED, LIME, BLUE, WHITE]


@pytest.mark.parametrize("size", [1, 100, 8192])
def test_the_pixels_of_a_png_may_stand_in_any_number_of_chunks(size: int) -> None:
    file = file_bytes(picture(100, 100))
    start = file.index(b"IDAT") - 4
    end = start + 12 + int.from_bytes(file[start : start + 4], "big")
    stream = file[start + 8 : end - 4]
    parts = b"".join(chunk(b"IDAT", stream[at : at + size]) for at in range(0, len(stream), size))
    assert quarters(images.read(file[:start] + parts + file[end:])) == [RED, LIME, BLUE, WHITE]


def test_a_png_with_a_wrong_bit_is_refused() -> None:
    data = bytearray(file_bytes(Image.effect_noise((300, 400), 80)))
    data[len(data) // 2] ^= 1
    assert refusal(bytes(data)).code == "corrupt_image"


@pytest.mark.parametrize("missing", [1, 2, 8, 12])
def test_a_png_without_its_end_is_refused(missing: int) -> None:
    assert refusal(file_bytes(picture())[:-missing]).code == "corrupt_image"


CODED: list[dict[str, Any]] = [
    {},
    {"progressive": True},
    {"subsampling": 0},
    {"mode": "L"},
    {"mode": "L", "progressive": True},
    {"mode": "CMYK"},
    {"mode": "CMYK", "progressive": True},
    {"restart_marker_blocks": 7},
    {"restart_marker_rows": 1, "progressive": True},
]
TRAILERS = {
    "nothing": b"",
    "padding": bytes(5000),
    "film": b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20,
    "picture": b"\xff\xd8\xff\xe1\0\x08Exif\0\0\xff\xda\xff\xd9",
    "Samsung": b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000SEFHk\0\0\0SEFT",
}


@pytest.mark.parametrize("options", CODED)
@pytest.mark.parametrize("size", [(300, 400), (300, 1200)])
def test_a_jpeg_whose_pixels_are_complete_is_whole_without_its_end(
    size: tuple[int, int], options: dict[str, Any]
) -> None:
    data = jpeg_of_noise(size, **options)
    whole = images.read(data).pixels
    for cut in (data[:-1], data[:-2], data[:-2] + bytes(100)):
        np.testing.assert_array_equal(images.read(cut).pixels, whole)
    for missing in (8, 30, 1000):
        assert refusal(data[:-missing]).code == "corrupt_image"


@pytest.mark.parametrize("trailer", TRAILERS)
@pytest.mark.parametrize("options", CODED)
def test_what_phones_write_behind_a_jpeg_changes_nothing(options: dict[str, Any], trailer: str) -> None:
    data = jpeg_of_noise(**options)
    np.testing.assert_array_equal(images.read(data + TRAILERS[trailer]).pixels, images.read(data).pixels)
    start = data.index(b"\xff\xda")
    cut = data[: start + (len(data) - start) // 3]
    assert refusal(cut).code == refusal(cut + b"\xff\xd9" + TRAILERS[trailer]).code == "corrupt_image"


@pytest.mark.parametrize("options", CODED)
def test_fill_bytes_before_every_marker_change_nothing(options: dict[str, Any]) -> None:
    data = jpeg_of_noise(**options)
    starts = [start - 4 for marker, start, _ in exif.segments(data, beyond=True) if marker != exif.END_OF_IMAGE]
    parts = [data[at:end] for at, end in zip([0, *starts, len(data) - 2], [*starts, len(data) - 2, None], strict=True)]
    assert b"".join(parts) == data
    np.testing.assert_array_equal(images.read((b"\xff" * 9).join(parts)).pixels, images.read(data).pixels)


@pytest.mark.parametrize("options", [of for of in CODED if of.get("progressive")])
def test_a_progressive_jpeg_whose_later_scans_are_missing_is_refused(options: dict[str, Any]) -> None:
    data = jpeg_of_noise(**options)
    scans = [start for marker, start, _ in exif.segments(data, beyond=True) if marker == exif.START_OF_SCAN]
    for start in scans[1:]:
        assert refusal(data[: start - 4]).code == "corrupt_image"
        assert refusal(data[: start - 4] + b"\xff\xd9").code == "corrupt_image"


def test_a_progressive_jpeg_whose_last_scan_is_cut_off_is_refused() -> None:
    data = jpeg_of_noise(progressive=True)
    last = data.rindex(b"\xff\xda") + 10
    for kept in (0.01, 0.3, 0.6, 0.9):
        assert refusal(data[: last + int(kept * (len(data) - last))]).code == "corrupt_image"


def test_a_jpeg_with_a_restart_missing_is_refused() -> None:
    data = jpeg_of_noise(restart_marker_blocks=7)
    middle = len(data) // 2
    lost = data.index(b"\xff\xd3", middle)
    assert refusal(data[: lost - 100] + data[lost + 100 :]).code == "corrupt_image"


def jpeg_of_noise(size: tuple[int, int] = (300, 400), mode: str = "RGB", **options: Any) -> bytes:
    return file_bytes(Image.effect_noise(size, 80).convert("RGB").convert(mode), "JPEG", **options)


@pytest.mark.parametrize(("progressive", "least"), [(False, 0), (True, 2 * 3 * 160 * 160)])
def test_a_lack_of_memory_is_no_fault_of_the_files(
    progressive: bool,  # noqa: FBT001
    least: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def decode(*_: Any) -> None:
        raise OSError("broken data stream when reading image file")  # Pillow, when libjpeg finds no memory

    asked: list[int] = []

    def empty(size: int, _: type) -> None:
        asked.append(size)
        raise MemoryError

    file = file_bytes(picture(160, 160), "JPEG", progressive=progressive, subsampling=0)
    monkeypatch.setattr(images, "_decoded", decode)
    assert refusal(file).code == "corrupt_image"
    monkeypatch.setattr(np, "empty", empty)
    with pytest.raises(MemoryError):
        images.read(file)
    assert asked == [16_000_000 + least]


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
    assert images.read(jpeg_file(between, picture=file_bytes(image, "JPEG"))).pixels[-1, -1].tolist() == [128, 128, 128]


DAMAGED = [
    file_bytes(picture(120, 120), "JPEG"),
    file_bytes(picture(120, 120), "JPEG", progressive=True),
    file_bytes(picture(120, 120, "CMYK"), "JPEG", restart_marker_blocks=3),
    file_bytes(picture(120, 120)),
    file_bytes(picture(120, 120, "P"), transparency=1),
]


@settings(max_examples=300)
@given(st.data(), st.sampled_from(DAMAGED))
def test_a_damaged_file_is_decoded_or_refused_and_never_anything_else(draws: st.DataObject, file: bytes) -> None:
    data = bytearray(file)
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


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        *product(("JPEG", "PNG"), [(3024, 4032), (4000, 3000), (1080, 1440), (2000, 3001)]),
        ("JPEG", (6001, 7999)),
        ("PNG", (3501, 4499)),
    ],
)
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


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        *product(["RGB", "RGBA", "L", "LA", "P"], [(101, 103), (400, 1025), (1025, 400), (401, 1541), (535, 1537)]),
        ("RGB", (385, 2532)),
        ("RGB", (2305, 725)),
    ],
)
def test_a_mirror_image_is_read_as_the_mirror_image(mode: str, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 4), dtype=np.uint8) >> 5 << 5
    source = Image.fromarray(noise)
    source = source.convert("L").convert("P") if mode == "P" else source.convert(mode)
    pixels = images.read(file_bytes(source, compress_level=1)).pixels
    for turned, expected in (
        (Image.Transpose.FLIP_LEFT_RIGHT, pixels[:, ::-1]),
        (Image.Transpose.FLIP_TOP_BOTTOM, pixels[::-1]),
    ):
        read = images.read(file_bytes(source.transpose(turned), compress_level=1)).pixels
        np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("size", [(300, 400), (1081, 1441), (8300, 300 * 3)])
def test_an_orientation_that_mirrors_a_jpeg_gives_the_mirror_image(size: tuple[int, int]) -> None:
    file = jpeg_of_noise(size)
    pixels = images.read(file).pixels
    for orientation, expected in ((2, pixels[:, ::-1]), (4, pixels[::-1]), (5, pixels.transpose(1, 0, 2))):
        read = images.read(jpeg_that_says(tiff(orientation), file)).pixels
        np.testing.assert_array_equal(read, expected)


def test_a_picture_is_reduced_to_the_averages_of_blocks_around_its_middle() -> None:
    """1539 = 3 * 513: a factor of 3; of 1030 pixels one is left over, so that the blocks begin at 0 and at 1."""
    source = np.random.default_rng(4).integers(0, 256, (1539, 1030), dtype=np.uint8)
    ways = [source[:, at : at + 1029].reshape(513, 3, 343, 3).mean((1, 3)).round() for at in (0, 1)]
    pixels = images.read(file_bytes(Image.fromarray(source))).pixels
    assert pixels.shape == (513, 343, 3)
    assert np.abs(pixels[..., 0] - np.mean(ways, 0)).max() <= 1


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
    source = Image.new("RGB", stored_size)
    half_width, half_height = stored_size[0] // 2, stored_size[1] // 2
    for place, letter in enumerate(STORED[orientation]):
        x, y = place % 2 * half_width, place // 2 * half_height
        source.paste(colors[letter], (x, y, x + half_width, y + half_height))
    told = Image.Exif()
    told[ExifTags.Base.Orientation] = orientation
    photo = images.read(file_bytes(source, kind, exif=told))
    assert quarters(photo) == [about(color) for color in (RED, LIME, BLUE, WHITE)]
    assert (photo.width, photo.height) == size
    assert photo.pixels.shape[0] > photo.pixels.shape[1]


def test_an_orientation_that_does_not_exist_is_ignored() -> None:
    told = Image.Exif()
    told[ExifTags.Base.Orientation] = 9
    assert quarters(images.read(file_bytes(picture(), exif=told))) == [RED, LIME, BLUE, WHITE]


def test_damaged_exif_data_does_not_make_a_picture_unreadable() -> None:
    assert quarters(images.read(file_bytes(picture(), exif=b"Exif\0\0nonsense"))) == [RED, LIME, BLUE, WHITE]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_xmp_does_not_turn_a_picture(kind: str) -> None:
    xmp, file = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>', file_bytes(picture(), kind)
    if kind == "JPEG":
        file = jpeg_file(segment(b"http://ns.adobe.com/xap/1.0/\0" + xmp), picture=file)
    else:
        file = png(chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp), picture=file)
    photo = images.read(file)
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


@pytest.mark.parametrize(
    ("color", "depth", "sample", "transparent", "expected"),
    [
        (0, 8, b"\x40", b"\0\x40", 255),
        (0, 16, b"\x40\x07", b"\x40\x07", 255),
        (0, 16, b"\x40\x07", b"\x40\x08", 0x40),
        (0, 4, b"\x44", b"\0\x04", 0x44),
        (2, 8, b"\x40" * 3, b"\0\x40" * 3, 255),
        (2, 16, b"\x40\x07" * 3, b"\0\0" * 3, 0x40),
        (2, 16, b"\0\x07" * 3, b"\0\0" * 3, 0),
    ],
)
def test_a_transparent_color_is_white_where_it_is_told_for_sure(
    color: int, depth: int, sample: bytes, transparent: bytes, expected: int
) -> None:
    bits = 100 * depth * (3 if color == 2 else 1)
    row = b"\0" + (sample * 100)[: bits // 8]
    parts = (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 100, 100, depth, color, 0, 0, 0)),
        chunk(b"tRNS", transparent),
        chunk(b"IDAT", zlib.compress(row * 100)),
        chunk(b"IEND"),
    )
    assert set(images.read(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).pixels.ravel().tolist()) == {expected}


def test_a_color_profile_changes_nothing() -> None:
    assert quarters(images.read(file_bytes(picture(), icc_profile=b"no profile at all"))) == [RED, LIME, BLUE, WHITE]


# Reads a sound file with ever more memory, and prints what becomes of it each time.
SCARCE = """
import resource
from pathlib import Path
from posture import exif, images
from testing import DEMO, TOP

def used():
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

images.read((DEMO / "front_image.jpg").read_bytes())
data, (_, most) = Path({file!r}).read_bytes(), resource.getrlimit(resource.RLIMIT_AS)
for megabytes in range(1, 160, 6):
    resource.setrlimit(resource.RLIMIT_AS, (used() + megabytes * 1_000_000, most))
    try:
        said = images.read(data).width
    except Exception as error:
        said = getattr(error, "code", type(error).__name__)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    print(said)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its memory is limited and read as on Linux")
@pytest.mark.parametrize(("suffix", "options"), [("jpg", {"progressive": True}), ("png", {"compress_level": 1})])
def test_want_of_memory_is_no_fault_of_the_files(tmp_path: Path, suffix: str, options: dict[str, Any]) -> None:
    file = tmp_path / f"photo.{suffix}"
    picture(4000, 3000).save(file, **options)
    ran = python(tmp_path, TOP, "-c", SCARCE.format(file=str(file)))
    assert ran.returncode == 0, ran.stderr
    assert set(ran.stdout.split()) == {"MemoryError", "4000"}


# a picture to be shown


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("side", "shape"),
    [
        (4000, (900, 1200, 3)),
        (1200, (900, 1200, 3)),
        (601, (900, 1200, 3)),
        (600, (450, 600, 3)),
        (300, (225, 300, 3)),
    ],
)
def test_a_picture_is_shown_in_no_fewer_pixels_than_asked_for_and_less_than_twice_as_many_across(
    kind: str, side: int, shape: tuple[int, ...]
) -> None:
    assert images.shown(file_bytes(picture(1200, 900), kind), 1, side).shape == shape


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_shown_upright_as_it_is_measured(orientation: int) -> None:
    said = Image.Exif()
    said[ExifTags.Base.Orientation] = orientation
    file = file_bytes(picture(640, 480), "JPEG", exif=said)
    measured = images.read(file)
    shown = images.shown(file, measured.orientation, images.MEASURING_SIDE)
    np.testing.assert_array_equal(shown, measured.pixels)


def test_transparent_parts_are_shown_white() -> None:
    clear = Image.new("RGBA", (300, 200), (255, 0, 0, 0))
    assert images.shown(file_bytes(clear), 1, 512).min() == 255
