"""What a photo says of its camera, read from the EXIF data of a JPEG or a PNG.

    said = exif.read(file)
    said.up, said.focal_35mm    # None where it says nothing
    exif.parse(data)            # EXIF data that stood elsewhere, in a HEIC

Needs nothing but Python. Damaged, absurd and hostile data say nothing: they raise nothing and cost no time, for all
that is walked is bounded. Pixels are neither decoded nor copied; XMP never counts.

Sources: Exif 3.0 (CIPA DC-008), TIFF 6.0, JPEG (ITU-T T.81, annex B), PNG (W3C, third edition, eXIf). Apple does not
publish its maker note; ExifTool describes it in lib/Image/ExifTool/Apple.pm.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import asin, atan2, cos, degrees, hypot, radians
from struct import Struct
from typing import Literal, TypeAlias

Vector: TypeAlias = tuple[float, float, float]
File: TypeAlias = bytes | memoryview

# Segments of a JPEG. Phones write about 20; a color profile may take 255, a depth map a hundred.
MAX_SEGMENTS = 512
# Bytes to skip before a marker, filling or stray. The standard allows any number of the first; encoders write none.
MAX_STRAY = 256
# Chunks of a PNG. libpng's hold 8 kB: a file of 15 MB, the largest that a request can hold, has 2,000 of them.
MAX_CHUNKS = 10_000
# Entries of a directory. Cameras, and Apple in its note, write up to about 100.
MAX_ENTRIES = 500

# In g. A phone at rest reads 1 within the few hundredths by which its sensor is off; beyond, it was being moved. A push
# from the side tells less: by 0.1 g it turns the direction by 6 degrees and adds 0.005 g.
AT_REST = (0.95, 1.05)
# In degrees, from what the orientation calls up. Phones choose the nearest quarter turn.
MAX_CONTRADICTION = 45.0
# In millimeters: from a fisheye lens to the longest zoom of a phone.
FOCAL_35MM = (8, 300)

START_OF_SCAN, END_OF_IMAGE, _APP1 = 0xDA, 0xD9, 0xE1
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers that no length follows
_WITH_LENGTH = frozenset((*range(0xC0, 0xC8), *range(0xC9, 0xD0), *range(0xDA, 0xF0), 0xFE))
_MARKER = re.compile(rb"\xff([\x01-\xfe])")
# The marker that ends a scan's data, which restarts do not, or what is left of it at the end of a file.
_AFTER_SCAN = re.compile(rb"\xff(?:[^\x00\xd0-\xd7\xff]|\Z)")
_JPEG = b"\xff\xd8"
_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNK = Struct(">I4s")  # its length and kind; a checksum of 4 bytes follows its content
_EXIF = b"Exif\0\0"

_Order: TypeAlias = Literal["big", "little"]
_ORDERS: dict[bytes, _Order] = {b"II*\0": "little", b"MM\0*": "big"}
_APPLE = b"Apple iOS\0\0\x01MM"  # always big-endian; its directory follows
_ENTRIES = {"big": Struct(">HHI4s"), "little": Struct("<HHI4s")}  # tag, type, count, the value or its offset
_SHORT, _LONG, _SLONG, _SRATIONAL = 3, 4, 9, 10
_SIZES = {1: 1, 2: 1, 7: 1, _SHORT: 2, _LONG: 4, _SLONG: 4, _SRATIONAL: 8}  # 1, 2 and 7: bytes

# How an orientation turns a vector of the stored picture (right, down): the rows of a matrix.
_UPRIGHT = {
    1: ((1, 0), (0, 1)), 2: ((-1, 0), (0, 1)), 3: ((-1, 0), (0, -1)), 4: ((1, 0), (0, -1)),
    5: ((0, 1), (1, 0)), 6: ((0, -1), (1, 0)), 7: ((0, -1), (-1, 0)), 8: ((0, 1), (-1, 0)),
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a photo says of its camera.

    `orientation`: of EXIF, 1 to 8; 1 where there is none. `gravity`: where up is by the phone's sensor, a unit vector
    (right, down, away from the camera) in the picture that the orientation makes upright: (0, -1, 0) from a level
    camera, (sin r, -cos r, 0) where the content is turned clockwise by r, (0, -cos p, -sin p) where the camera looks
    down by p. Orientations 2, 4, 5 and 7 mirror it with the picture; what a program mirrored without saying so is not
    known. `focal_35mm`: the focal length in millimeters for a picture of 43.27 mm from corner to corner.
    `front_camera`: whether the camera beside the screen was used.
    """

    orientation: int = 1
    gravity: Vector | None = None
    focal_35mm: int | None = None
    front_camera: bool = False

    @property
    def is_mirrored(self) -> bool:
        """Whether the orientation exchanges left and right."""
        return self.orientation in (2, 4, 5, 7)

    @property
    def up(self) -> Vector | None:
        """The gravity, where the orientation does not contradict it: within MAX_CONTRADICTION of (0, -1, 0)."""
        if self.gravity is None or -self.gravity[1] < cos(radians(MAX_CONTRADICTION)):
            return None
        return self.gravity

    @property
    def lies_on_side(self) -> bool:
        """Whether the picture lies on its side or its head by gravity, its content turned by more than 45 degrees.

        Not where the camera looked at the floor or the sky. True also of an upright picture whose pixels were turned
        by a program that kept the note, as some do that make a JPEG to share.
        """
        if self.gravity is None or abs(self.gravity[2]) > cos(radians(MAX_CONTRADICTION)):
            return False
        right, down, _ = self.gravity
        return -down < abs(right)

    def recorded(self, *, mirrored: bool | None) -> tuple[float, float] | None:
        """The camera's roll and pitch in degrees by its gravity, as in posture.camera; None where there is none.

        `mirrored`: whether the picture shows left and right exchanged, None if nobody has said.
        """
        if self.gravity is None:
            return None
        roll, pitch = tilt_of(self.gravity)
        # The pixels may have been mirrored after the camera had told where up is.
        return roll if mirrored in (None, self.is_mirrored) else -roll, pitch

    def tilt(self, *, mirrored: bool | None) -> tuple[float, float] | None:
        """The same, where the orientation does not contradict it; what a picture is levelled by.

        A front camera's roll may be that of the mirror image until somebody has said so: 0 stands for it.
        """
        recorded = self.recorded(mirrored=mirrored)
        if recorded is None or self.up is None:
            return None
        return (0.0, recorded[1]) if self.front_camera and mirrored is None else recorded


def tilt_of(up: Iterable[float]) -> tuple[float, float]:
    """The roll and the pitch, in degrees, of a camera for which up, a unit vector, is (right, down, away)."""
    right, down, away = up
    return degrees(atan2(right, -down)), degrees(asin(away))


SAYS_NOTHING = Said()


def read(file: bytes) -> Said:
    """What the file of a photo says; SAYS_NOTHING where it is neither a JPEG nor a PNG or says nothing."""
    return parse(_tiff(memoryview(file)))


def parse(data: File) -> Said:
    """What EXIF data say, which begin as a TIFF file does or with b"Exif" and two zeros before that."""
    tiff = memoryview(data)
    tiff = tiff[len(_EXIF) :] if tiff[: len(_EXIF)] == _EXIF else tiff
    order = _ORDERS.get(bytes(tiff[:4]))
    if order is None:
        return SAYS_NOTHING
    main = _Directory(tiff, order, int.from_bytes(tiff[4:8], order))
    photo = _Directory(tiff, order, main.whole(0x8769))
    maker_note = photo.value(0x927C)[1]
    apple = _Directory(maker_note, "big", len(_APPLE) if maker_note[: len(_APPLE)] == _APPLE else 0)
    orientation = _within(1, main.whole(0x0112), 8) or 1
    # "iPhone 12 front camera 2.71mm f/2.2", "iPhone 14 front TrueDepth camera ..."; Google writes the same.
    lens_model = bytes(photo.value(0xA434)[1][:64])
    front = apple.whole(0x45) == 1 or b" front " in lens_model
    focal = _within(FOCAL_35MM[0], photo.whole(0xA405), FOCAL_35MM[1])
    return Said(orientation, _gravity(apple, orientation, front=front), focal, front)


def segments(file: File, *, beyond: bool = False) -> Iterator[tuple[int, int, int]]:
    """The segments of a JPEG up to its first scan: each one's marker, and where its content begins and ends.

    The last is START_OF_SCAN, unless the file is damaged or goes beyond the bounds above. `beyond`: all segments, up to
    END_OF_IMAGE; the content of a scan then holds its data.
    """
    at = len(_JPEG)
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(file, at, at + MAX_STRAY)
        if found is None:
            return
        at = found.end()
        marker = file[at - 1]
        if marker in _ALONE:
            continue
        if marker == END_OF_IMAGE and beyond:
            yield marker, at, at
        if marker not in _WITH_LENGTH:
            return
        start, at = at + 2, at + int.from_bytes(file[at : at + 2], "big")
        if marker == START_OF_SCAN and beyond:
            after = _AFTER_SCAN.search(file, at)
            at = after.start() if after else len(file)
        yield marker, start, at
        if marker == START_OF_SCAN and not beyond:
            return


def chunks(file: File) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG: each one's kind, and where its content begins and ends.

    The last is b"IEND", unless the file is damaged or goes beyond the bounds above.
    """
    at = len(_PNG)
    for _ in range(MAX_CHUNKS):
        if at + _CHUNK.size > len(file):
            return
        length, kind = _CHUNK.unpack_from(file, at)
        at += _CHUNK.size
        yield kind, at, at + length
        if kind == b"IEND":
            return
        at += length + 4


def is_intact(file: File, start: int, end: int) -> bool:
    """Whether the checksum of a PNG's chunk, whose content begins and ends there, is that of its kind and content."""
    return zlib.crc32(file[start - 4 : end]) == int.from_bytes(file[end : end + 4], "big")


def _tiff(file: memoryview) -> memoryview:
    """The EXIF data of a JPEG or PNG, the first where there are several, or nothing."""
    if file[: len(_PNG)] == _PNG:
        contents = (
            file[start:end] for kind, start, end in chunks(file) if kind == b"eXIf" and is_intact(file, start, end)
        )
        return next(contents, file[:0])
    if file[: len(_JPEG)] == _JPEG:
        for marker, start, end in segments(file):
            if marker == _APP1 and file[start : start + len(_EXIF)] == _EXIF:
                return file[start:end]
    return file[:0]


def _within(least: int, number: int, most: int) -> int | None:
    return number if least <= number <= most else None


class _Directory:
    """A directory of TIFF at a byte of a block, from which its offsets count; at 0 there is none."""

    def __init__(self, block: memoryview, order: _Order, at: int) -> None:
        self._block, self._order = block, order
        entry = _ENTRIES[order]
        count = min(int.from_bytes(block[at : at + 2], order), MAX_ENTRIES) if at else 0
        entries = block[at + 2 : at + 2 + count * entry.size]
        whole = entries[: len(entries) // entry.size * entry.size]
        self._entries = {fields[0]: fields for fields in entry.iter_unpack(whole)}

    def value(self, tag: int) -> tuple[int, memoryview]:
        """A tag's type and bytes, as many as there are; nothing where there is no such tag."""
        _, kind, count, raw = self._entries.get(tag, (tag, 0, 0, b""))
        size = _SIZES.get(kind, 0) * count
        if size <= len(raw):
            return kind, memoryview(raw)[:size]
        at = int.from_bytes(raw, self._order)
        return kind, self._block[at : at + size]

    def whole(self, tag: int) -> int:
        """A tag's single whole number; 0 where there is none."""
        kind, data = self.value(tag)
        if kind not in (_SHORT, _LONG, _SLONG) or len(data) != _SIZES[kind]:
            return 0
        return int.from_bytes(data, self._order)


def _gravity(note: _Directory, orientation: int, *, front: bool) -> Vector | None:
    """Where up is by Apple's note, as in Said; None where it does not say so, or was not at rest.

    Its tag 8 has three signed rationals in g, which point up: x to the left of the screen as one looks at it, y to its
    bottom, z into it. Both cameras store pixels with the phone's bottom at the right, so that up is (y, x, z) in what
    the back camera stores; the front camera looks the other way, and its down and away are opposite.
    """
    kind, data = note.value(8)
    if kind != _SRATIONAL or len(data) != 24:
        return None
    numbers = [int.from_bytes(data[at : at + 4], "big", signed=True) for at in range(0, 24, 4)]
    if 0 in numbers[1::2]:
        return None
    x, y, z = (above / below for above, below in zip(numbers[::2], numbers[1::2], strict=True))
    size = hypot(x, y, z)
    if not AT_REST[0] <= size <= AT_REST[1]:
        return None
    stored = (y, -x) if front else (y, x)
    right, down = (row[0] * stored[0] + row[1] * stored[1] for row in _UPRIGHT[orientation])
    return right / size + 0.0, down / size + 0.0, (-z if front else z) / size + 0.0  # 0.0: none is -0.0
