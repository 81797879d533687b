"""What a photo says of its camera: read from files made here, whole, damaged and hostile."""

import io
import json
import struct
from math import cos, hypot, pi, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from posture import exif
from posture.exif import Said, Vector
from testing import camera_vectors
from testing.exif_files import (
    ASCII,
    EXIF_DIRECTORY,
    LONG,
    MAKER_NOTE,
    SHORT,
    SLONG,
    SRATIONAL,
    UNDEFINED,
    Entry,
    apple_note,
    chunk,
    directory,
    jpeg,
    jpeg_that_says,
    of_directories,
    png,
    segment,
    tiff,
)

UP = (0.0, -1.0, 0.0)
PORTRAIT = (0.0, -1.0, 0.0)  # gravity along the phone's axes when it is held upright
ORIENTATIONS = range(1, 9)


def said(orientation: int | None = 6, gravity: tuple[float, ...] | None = PORTRAIT, front: int | None = None) -> Said:
    return exif.read(jpeg_that_says(tiff(orientation, apple_note(gravity, front))))


def about(vector: tuple[float, ...]) -> object:
    return pytest.approx(vector, abs=1e-5)


def is_sound(said: Said) -> bool:
    """Whether every value is one that a photo can say."""
    return (
        said.orientation in ORIENTATIONS
        and (said.gravity is None or hypot(*said.gravity) == pytest.approx(1))
        and said.up in (None, said.gravity)
        and (said.focal_35mm is None or 8 <= said.focal_35mm <= 300)
        and said.front_camera in (True, False)
        and said.lies_on_side in (True, False)
    )


# what is said


@pytest.mark.parametrize("order", ["<", ">"])
def test_everything_is_read_in_both_byte_orders(order: str) -> None:
    data = tiff(6, apple_note((0.28, -0.9, -0.3), 1), 26, "iPhone 12 front camera 2.71mm f/2.2", order)
    for file in (jpeg_that_says(data), png(chunk(b"eXIf", data))):
        read = exif.read(file)
        assert (read.orientation, read.focal_35mm, read.front_camera, read.lies_on_side) == (6, 26, True, False)
        assert read.up == read.gravity == about(tuple(part / hypot(0.28, 0.9, 0.3) for part in (0.28, -0.9, 0.3)))


@pytest.mark.parametrize(
    "file", [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", jpeg(), png()]
)
def test_a_file_without_exif_data_says_nothing(file: bytes) -> None:
    assert exif.read(file) == Said() == Said(1, None, None, front_camera=False)
    assert (Said().up, Said().lies_on_side) == (None, False)


@pytest.mark.parametrize("before", [b"IDAT", b"IEND"])
@pytest.mark.parametrize("head", [b"", b"Exif\0\0"])
def test_a_png_says_it_before_or_behind_its_pixels(before: bytes, head: bytes) -> None:
    assert exif.read(png(chunk(b"eXIf", head + tiff(8, focal_35mm=52)), before=before)) == Said(8, None, 52)


def test_what_follows_the_end_of_a_picture_says_nothing() -> None:
    assert exif.read(png() + chunk(b"eXIf", tiff(8))) == Said()


def test_a_pngs_damaged_exif_data_say_nothing() -> None:
    sound = chunk(b"eXIf", tiff(8))
    assert exif.read(png(sound)).orientation == 8
    assert exif.read(png(sound[:-1] + bytes([sound[-1] ^ 1]))) == Said()
    assert exif.read(png(sound[:-1] + bytes([sound[-1] ^ 1]), sound)).orientation == 8
    assert exif.read(jpeg() + segment(b"Exif\0\0" + tiff(8))) == Said()


def test_the_first_exif_data_count() -> None:
    eight, three = tiff(8), tiff(3)
    assert exif.read(jpeg(segment(b"Exif\0\0" + eight), segment(b"Exif\0\0" + three))).orientation == 8
    assert exif.read(jpeg(segment(b"Exif\0\0nonsense"), segment(b"Exif\0\0" + three))).orientation == 1
    assert exif.read(png(chunk(b"eXIf", eight), chunk(b"eXIf", three))).orientation == 8


XMP = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'


def test_xmp_never_counts() -> None:
    assert exif.read(jpeg(segment(XMP))) == Said()
    assert exif.read(jpeg(segment(XMP), segment(b"Exif\0\0" + tiff(8)))) == Said(8)


@pytest.mark.parametrize("between", [b"", b"\xff", b"\xff" * 200, b"\xff\x01", b"\xff\xd0\xff\xd7", b"\0stray"])
def test_fill_bytes_and_markers_without_a_segment_are_passed_over(between: bytes) -> None:
    file = jpeg(between, segment(b"JFIF\0", 0xE0), between, segment(b"Exif\0\0" + tiff(8)))
    assert exif.read(file) == Said(8)
    assert exif.read(jpeg(between, b"\xff\xe0\0\0", segment(b"Exif\0\0" + tiff(8)))) == Said(8)
    assert [marker for marker, _, _ in exif.segments(file)] == [0xE0, 0xE1, 0xDB, 0xC0, 0xC4, exif.START_OF_SCAN]


# orientation


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_orientation_is_read_as_a_short_or_a_long(orientation: int) -> None:
    for kind in (SHORT, LONG):
        assert exif.read(jpeg_that_says(of_directories([(0x0112, kind, [orientation])], []))) == Said(orientation)


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        (SHORT, [0]),
        (SHORT, [9]),
        (SHORT, [6, 6]),
        (SHORT, [0, 6]),
        (LONG, [2**32 - 1]),
        (SLONG, [-6]),
        (ASCII, b"6\0"),
        (SHORT, []),
    ],
)
def test_an_absurd_orientation_is_none(kind: int, numbers: list[int]) -> None:
    assert exif.read(jpeg_that_says(of_directories([(0x0112, kind, numbers)], []))) == Said(1)


# gravity


@pytest.mark.parametrize(("orientation", "gravity"), [(6, PORTRAIT), (8, (0, 1, 0)), (1, (-1, 0, 0)), (3, (1, 0, 0))])
def test_a_level_phone_says_so_however_it_is_held(orientation: int, gravity: Vector) -> None:
    """The orientations that a back camera writes: upright, on its head, its top to the left or to the right."""
    assert said(orientation, gravity) == Said(orientation, UP)
    assert repr(said(orientation, gravity).up) == "(0.0, -1.0, 0.0)"


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("gravity", [(0.6, -0.8, 0.0), (-0.28, 0.96, 0.0), (0.1, 0.7, -0.7), (-1.0, 0.0, 0.0)])
def test_gravity_turns_with_the_pixels(orientation: int, gravity: Vector) -> None:
    """A dot that lies up from the middle of the stored picture still does when Pillow has made the picture upright."""
    x, y, z = gravity
    stored = np.zeros((201, 201), np.uint8)
    stored[round(100 + 100 * x), round(100 + 100 * y)] = 255  # row and column: down is x, right is y
    tag = Image.Exif()
    tag[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(stored).save(file, "PNG", exif=tag)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(file)))
    (row,), (column,) = np.nonzero(upright)
    read = said(orientation, gravity)
    assert read.gravity is not None
    size = hypot(*gravity)
    assert (column - 100, row - 100) == pytest.approx([100 * size * part for part in read.gravity[:2]], abs=0.51)
    assert read.gravity[2] == pytest.approx(z / size, abs=1e-5)


@pytest.mark.parametrize("roll", [-10, 2, 40])
@pytest.mark.parametrize("pitch", [-18, 0, 9])
def test_roll_is_positive_clockwise_and_pitch_negative_downwards(roll: float, pitch: float) -> None:
    """Up in the upright picture, as a client may also say it. From a phone that is held upright and looks down, the
    sensor's z points out of the screen; when it is turned anticlockwise, the content turns clockwise.

              up  r
               | /        r > 0: content turned clockwise, up leans to the right
               |/
    """
    r, p = radians(roll), radians(pitch)
    up = (cos(p) * sin(r), -cos(p) * cos(r), sin(p))
    assert said(6, (-cos(p) * sin(r), -cos(p) * cos(r), sin(p))).up == about(up)
    assert said(1, (-cos(p) * cos(r), cos(p) * sin(r), sin(p))).up == about(up)


@pytest.mark.parametrize(("orientation", "side"), [(6, 1), (5, -1)])
def test_the_front_camera_looks_the_other_way(orientation: int, side: int) -> None:
    """A phone is held high for a selfie, its screen turned down by 20 degrees and its left edge raised by 10.

    Up then points into the screen and to its left: in the picture to the right, as the camera sees it (orientation 6),
    or to the left where it is mirrored as the screen was (5).
    """
    r, p = radians(10), radians(20)
    read = said(orientation, (cos(p) * sin(r), -cos(p) * cos(r), sin(p)), front=1)
    assert read.up == about((side * cos(p) * sin(r), -cos(p) * cos(r), -sin(p)))
    assert read.front_camera


@pytest.mark.parametrize(
    ("g", "is_said"), [(0.94, False), (0.96, True), (1.0, True), (1.04, True), (1.06, False), (0.0, False)]
)
def test_gravity_counts_when_the_phone_was_at_rest(g: float, is_said: bool) -> None:  # noqa: FBT001
    assert (said(6, (0, -g, 0)).gravity == UP) is is_said
    assert said(6, (0, -g, 0)).orientation == 6


@pytest.mark.parametrize("turned", [44, -44])
def test_gravity_is_believed_within_45_degrees_of_the_orientation(turned: float) -> None:
    a = radians(turned)
    for gravity in ((-sin(a), -cos(a), 0), (0, -cos(a), sin(a))):
        read = said(6, gravity)
        assert read.up == read.gravity is not None
        assert not read.lies_on_side


@pytest.mark.parametrize("turned", [46, -46, 90, -90, 135, 180])
def test_a_picture_that_lies_on_its_side_says_so(turned: float) -> None:
    a = radians(turned)
    read = said(6, (-sin(a), -cos(a), 0))
    assert (read.up, read.lies_on_side) == (None, True)
    assert read.gravity == about((sin(a), -cos(a), 0))


@pytest.mark.parametrize("pitch", [46, -46, 90, -90])
def test_a_camera_that_looks_at_the_floor_or_the_sky_does_not_lie_on_its_side(pitch: float) -> None:
    p = radians(pitch)
    for roll in (0, pi / 2, pi):
        read = said(6, (cos(p) * sin(roll), -cos(p) * cos(roll), sin(p)))
        assert (read.up, read.lies_on_side) == (None, False)


@given(st.floats(-pi, pi), st.floats(-pi / 2, pi / 2), st.sampled_from(ORIENTATIONS))
def test_gravity_is_a_unit_vector_and_believed_or_not(roll: float, pitch: float, orientation: int) -> None:
    read = said(orientation, (cos(pitch) * sin(roll), cos(pitch) * cos(roll), sin(pitch)))
    assert read.gravity is not None
    assert is_sound(read)
    assert not (read.up and read.lies_on_side)


@pytest.mark.parametrize(
    "acceleration",
    [
        (8, SRATIONAL, [0, 0, -1, 1, 0, 1]),
        (8, SRATIONAL, [0, 1, -1, 1]),
        (8, SRATIONAL, [0, 1, -1, 1, 0, 1, 0, 1]),
        (8, SRATIONAL, [-(2**31), 1, 2**31 - 1, 1, -(2**31), -1]),
        (8, SLONG, [0, -1, 0]),
    ],
)
def test_absurd_gravity_says_nothing(acceleration: Entry) -> None:
    read = exif.read(jpeg_that_says(tiff(6, apple_note(None, 1, acceleration), 26)))
    assert read == Said(6, None, 26, front_camera=True)


@pytest.mark.parametrize("note", [b"", b"Apple iOS", b"Nikon\0" + apple_note(PORTRAIT), apple_note(PORTRAIT)[:-1]])
def test_another_note_or_a_cut_one_says_nothing(note: bytes) -> None:
    assert exif.read(jpeg_that_says(tiff(6, note, 26))) == Said(6, None, 26)


# focal length and front camera


@pytest.mark.parametrize(("focal", "expected"), [(0, None), (7, None), (8, 8), (26, 26), (300, 300), (301, None)])
def test_the_focal_length_is_one_that_a_phone_can_have(focal: int, expected: int | None) -> None:
    for kind in (SHORT, LONG):
        read = exif.read(jpeg_that_says(of_directories([], [(0xA405, kind, [focal])])))
        assert read == Said(1, None, expected)


@pytest.mark.parametrize(("tag", "expected"), [(None, False), (0, False), (1, True), (2, False), (-1, False)])
def test_apples_note_tells_the_front_camera(tag: int | None, expected: bool) -> None:  # noqa: FBT001
    assert said(6, None, tag).front_camera is expected


@pytest.mark.parametrize(
    ("lens", "expected"),
    [
        ("iPhone 12 front camera 2.71mm f/2.2", True),
        ("iPhone 14 Pro front TrueDepth camera 2.69mm f/1.9", True),
        ("Pixel 8 Pro front camera 2.74mm f/2.2", True),
        ("iPhone 11 Pro back triple camera 4.25mm f/1.8", False),
        ("Affront 50mm", False),
    ],
)
def test_so_does_the_name_of_the_lens(lens: str, expected: bool) -> None:  # noqa: FBT001
    assert exif.read(jpeg_that_says(tiff(6, lens_model=lens))).front_camera is expected


# damaged


FILES = {
    "jpeg": jpeg_that_says(tiff(6, apple_note((0.02, -0.95, -0.31), 1), 26, "iPhone 12 front camera")),
    "png": png(chunk(b"eXIf", tiff(6, apple_note((0.02, -0.95, -0.31), 1), 26, order="<")), before=b"IEND"),
}


@pytest.mark.parametrize("kind", FILES)
def test_any_damaged_byte_leaves_values_that_a_photo_can_say(kind: str) -> None:
    whole = FILES[kind]
    for place in range(len(whole)):
        for value in {0, 0xFF, 0x7F, 0x80, *(whole[place] ^ 1 << bit for bit in range(8))}:
            damaged = whole[:place] + bytes([value]) + whole[place + 1 :]
            assert is_sound(exif.read(damaged)), (place, value)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_off_anywhere_leaves_values_that_a_photo_can_say(kind: str) -> None:
    whole = FILES[kind]
    for length in range(len(whole)):
        assert is_sound(exif.read(whole[:length])), length


def test_a_damaged_note_loses_neither_orientation_nor_focal_length() -> None:
    whole = FILES["jpeg"]
    note = whole.index(b"Apple iOS")
    for place in range(note, note + len(apple_note((0, 0, 0), 1))):
        for value in (0, 0xFF, whole[place] ^ 0x80):
            read = exif.read(whole[:place] + bytes([value]) + whole[place + 1 :])
            assert (read.orientation, read.focal_35mm) == (6, 26), (place, value)


@given(st.binary(max_size=300), st.sampled_from([b"", b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0"]))
def test_any_exif_data_leave_values_that_a_photo_can_say(data: bytes, head: bytes) -> None:
    assert is_sound(exif.read(jpeg_that_says(head + data)))
    assert is_sound(exif.read(png(chunk(b"eXIf", head + data))))


@given(st.binary(max_size=300), st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b""]))
def test_any_file_leaves_values_that_a_photo_can_say(data: bytes, head: bytes) -> None:
    assert is_sound(exif.read(head + data))


def test_without_a_second_directory_nothing_is_taken_for_it() -> None:
    focal = struct.pack(">HHIHH", 0xA405, SHORT, 1, 26, 0)
    assert exif.read(
        jpeg_that_says(b"MM\0*\0\0\0\x1a" + bytes(6) + focal + directory([(0x0112, SHORT, [3])], 26))
    ) == Said(3)


# hostile


def entries_of(tag: int, kind: int, count: int, offset: int) -> bytes:
    """EXIF data of one directory with one such entry, which also stands where it leads."""
    return struct.pack(">2sHIHHHIII", b"MM", 42, 8, 1, tag, kind, count, offset, 0)


@pytest.mark.parametrize("offset", [0, 1, 8, 10, 22, 26, 2**31, 2**32 - 1])
@pytest.mark.parametrize("count", [0, 1, 2**32 - 1])
@pytest.mark.parametrize("tag", [0x0112, EXIF_DIRECTORY, MAKER_NOTE, 0xA405])
def test_offsets_in_circles_and_beyond_the_end_lead_nowhere(tag: int, count: int, offset: int) -> None:
    for kind in (LONG, UNDEFINED, SRATIONAL, 0, 2**16 - 1):
        read = exif.read(jpeg_that_says(entries_of(tag, kind, count, offset)))
        assert read in (Said(), Said(offset if offset in ORIENTATIONS else 1))


def test_a_directory_that_leads_to_itself_is_read_once() -> None:
    own = [
        (0x0112, SHORT, [3]),
        (MAKER_NOTE, UNDEFINED, apple_note(PORTRAIT)),
        (EXIF_DIRECTORY, LONG, [8]),
    ]
    assert exif.read(jpeg_that_says(b"MM\0*\0\0\0\x08" + directory(own, 8))) == Said(3, (1.0, 0.0, 0.0))


def test_only_so_many_entries_are_read() -> None:
    filling = [(0x8000, SHORT, [0])]
    for before, expected in ((100, 8), (exif.MAX_ENTRIES, 1), (10_000, 1)):
        data = b"MM\0*\0\0\0\x08" + directory([*filling * before, (0x0112, SHORT, [8])], 8)
        assert exif.read(png(chunk(b"eXIf", data))) == Said(expected)


def test_only_so_many_segments_are_walked() -> None:
    says = segment(b"Exif\0\0" + tiff(8))
    assert exif.read(jpeg(segment(b"", 0xEF) * 400, says)) == Said(8)
    endless = jpeg(segment(b"", 0xEF) * 240_000, says)
    assert exif.read(endless) == Said()
    assert len([*exif.segments(endless)]) == exif.MAX_SEGMENTS


def test_the_segments_beyond_the_first_scan_hold_its_data() -> None:
    scan = segment(b"\x01\x01\0\0\x3f\0", exif.START_OF_SCAN)
    file = jpeg(
        scan, b"\0\xff\0\xff\xd0\1", b"\xff\xff", segment(b"a", 0xFE), scan, b"\2", picture=b"\xff\xd8\xff\xd9beyond"
    )
    found = [(marker, file[start:end]) for marker, start, end in exif.segments(file, beyond=True)]
    assert found == [
        (exif.START_OF_SCAN, scan[4:] + b"\0\xff\0\xff\xd0\1\xff\xff"),
        (0xFE, b"a"),
        (exif.START_OF_SCAN, scan[4:] + b"\2"),
        (exif.END_OF_IMAGE, b""),
    ]
    assert [marker for marker, _, _ in exif.segments(file)] == [exif.START_OF_SCAN]


def test_only_so_many_segments_are_walked_beyond_it() -> None:
    scan = segment(b"\x01\x01\0\0\x3f\0", exif.START_OF_SCAN)
    file = jpeg(scan, segment(b"", 0xEF) * 240_000)
    assert len([*exif.segments(file, beyond=True)]) == exif.MAX_SEGMENTS


def test_only_so_many_chunks_are_walked() -> None:
    says = chunk(b"eXIf", tiff(8))
    assert exif.read(png(chunk(b"aaAa") * 9_000, says)) == Said(8)
    endless = png(chunk(b"aaAa") * 1_000_000, says)
    assert exif.read(endless) == Said()
    assert len([*exif.chunks(endless)]) == exif.MAX_CHUNKS


@pytest.mark.parametrize("stray", [b"\xff", b"\0", b"\xff\0", b"\xaa"])
def test_only_so_many_stray_bytes_are_passed_over(stray: bytes) -> None:
    says = segment(b"Exif\0\0" + tiff(8))
    assert exif.read(jpeg(stray * 100, says)) == Said(8)
    assert exif.read(jpeg(stray * 10_000_000, says)) == Said()


# the vectors for other languages


def test_the_vectors_are_read_as_they_say() -> None:
    for case in camera_vectors.CASES:
        read = exif.read(case.file)
        up = None if read.up is None else about(read.up)
        assert case.expected["up"] == up, case.name
        told = {name: getattr(read, name) for name in case.expected if name != "up"}
        assert told == {name: value for name, value in case.expected.items() if name != "up"}, case.name


def test_the_file_of_vectors_is_current() -> None:
    """Remade by `.venv/bin/python -m testing.camera_vectors`."""
    assert camera_vectors.FILE.read_text() == camera_vectors.text()


def test_the_vectors_are_small_and_of_every_kind() -> None:
    cases = json.loads(camera_vectors.FILE.read_text())["cases"]
    assert all(len(case["file"]) < 1000 for case in cases)
    assert {case["expected"]["orientation"] for case in cases} == {*ORIENTATIONS}
    assert len({case["name"] for case in cases}) == len(cases) >= 25
