"""Files with EXIF data as phones write it, down to Apple's maker note, and a picture of 8x8 or 1x1 grey pixels."""

import struct
import zlib
from collections.abc import Iterable, Sequence

ORIENTATION, EXIF_DIRECTORY, MAKER_NOTE, FOCAL_35MM, LENS_MODEL = 0x0112, 0x8769, 0x927C, 0xA405, 0xA434
ACCELERATION, FRONT_CAMERA = 0x08, 0x45  # in Apple's note
ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SLONG, SRATIONAL = 2, 3, 4, 5, 7, 9, 10
APPLE = b"Apple iOS\0\0\x01MM"

_FORMS = {ASCII: "B", SHORT: "H", LONG: "I", RATIONAL: "I", UNDEFINED: "B", SLONG: "i", SRATIONAL: "i"}
_PARTS = {RATIONAL: 2, SRATIONAL: 2}

Entry = tuple[int, int, Sequence[int]]
"""Tag, type and numbers; a rational is two of them."""


def directory(entries: Sequence[Entry], at: int, order: str = ">") -> bytes:
    """A directory of TIFF for that place, and behind it the values that do not fit into it."""
    head, values = struct.pack(f"{order}H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, numbers in entries:
        data = struct.pack(f"{order}{len(numbers)}{_FORMS[kind]}", *numbers)
        field = data.ljust(4, b"\0")
        if len(data) > 4:
            field = struct.pack(f"{order}I", behind + len(values))
            values += data + b"\0" * (len(data) % 2)
        head += struct.pack(f"{order}HHI", tag, kind, len(numbers) // _PARTS.get(kind, 1)) + field
    return head + bytes(4) + values


def phone_axes(up: Iterable[float], *, front: bool = False) -> tuple[float, float, float]:
    """What the sensor of a phone reads, in g, for up in its stored picture, (right, down, away from that camera)."""
    right, down, away = up
    return (-down, right, -away) if front else (down, right, away)


def apple_note(gravity: Sequence[float] | None = None, front: int | None = None, *more: Entry) -> bytes:
    """Apple's maker note: gravity (x, y, z) in g along the phone's axes, and whether the front camera was used."""
    entries: list[Entry] = [(0x01, SLONG, [14])]
    if gravity is not None:
        entries += [(ACCELERATION, SRATIONAL, [n for part in gravity for n in (round(part * 1_000_000), 1_000_000)])]
    if front is not None:
        entries += [(FRONT_CAMERA, SLONG, [front])]
    return APPLE + directory([*entries, *more], len(APPLE))


def tiff(
    orientation: int | None = None,
    note: bytes | None = None,
    focal_35mm: int | None = None,
    lens_model: str | None = None,
    order: str = ">",
) -> bytes:
    """EXIF data that say this, in big-endian or little-endian ("<") order."""
    photo: list[Entry] = []
    if note is not None:
        photo += [(MAKER_NOTE, UNDEFINED, note)]
    if focal_35mm is not None:
        photo += [(FOCAL_35MM, SHORT, [focal_35mm])]
    if lens_model is not None:
        photo += [(LENS_MODEL, ASCII, lens_model.encode() + b"\0")]
    main: list[Entry] = [(0x010F, ASCII, b"Apple\0")]
    if orientation is not None:
        main += [(ORIENTATION, SHORT, [orientation])]
    return of_directories(main, photo, order)


def of_directories(main: Sequence[Entry], photo: Sequence[Entry], order: str = ">") -> bytes:
    """EXIF data of two directories, with the entry of the first that leads to the second."""
    at = 8 + len(directory([*main, (EXIF_DIRECTORY, LONG, [0])], 8, order))
    head = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return head + directory([*main, (EXIF_DIRECTORY, LONG, [at])], 8, order) + directory(photo, at, order)


def segment(content: bytes, marker: int = 0xE1) -> bytes:
    """A segment of a JPEG, by default APP1."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


_ONE_CODE = bytes([1, *[0] * 15, 0])  # a Huffman table in which the bit 0 means 0
_JPEG = b"".join(
    (
        b"\xff\xd8",
        segment(b"\0" + b"\1" * 64, 0xDB),
        segment(b"\x08\0\x08\0\x08\x01\x01\x11\0", 0xC0),
        segment(b"\0" + _ONE_CODE + b"\x10" + _ONE_CODE, 0xC4),
        segment(b"\x01\x01\0\0\x3f\0", 0xDA),
        b"\x3f\xff\xd9",
    )
)
_ROW = b"\0\x80"  # no filter, one grey pixel
_PNG = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        chunk(b"IDAT", b"\x78\x01\x01" + struct.pack("<HH", 2, 0xFFFD) + _ROW + struct.pack(">I", zlib.adler32(_ROW))),
        chunk(b"IEND"),
    )
)


def jpeg(*parts: bytes, picture: bytes = _JPEG) -> bytes:
    """A JPEG with these bytes before all that it has."""
    return picture[:2] + b"".join(parts) + picture[2:]


def jpeg_that_says(data: bytes, picture: bytes = _JPEG) -> bytes:
    """A JPEG with these EXIF data."""
    return jpeg(segment(b"Exif\0\0" + data), picture=picture)


def png(*parts: bytes, before: bytes = b"IDAT", picture: bytes = _PNG) -> bytes:
    """A PNG with these bytes before its first chunk of a kind."""
    at = picture.index(before) - 4
    return picture[:at] + b"".join(parts) + picture[at:]
