"""What of a JPEG is decoded, and how much work that is, from one walk over its segments.

Whatever else is in the file never reaches the decoder: metadata, previews, further pictures, what phones write behind.

Source: JPEG (ITU-T T.81, annexes A, B and G).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from posture import exif

# The headers of a picture; 0xC4, 0xC8 and 0xCC are none.
_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
# Those of photos: 8 bits in Huffman codes, baseline, extended or progressive. Browsers know no others. libjpeg decodes
# arithmetic codes too, in time that the length of the file does not bound.
_COMMON, _PROGRESSIVE = (0xC0, 0xC1, 0xC2), 0xC2
_TABLES = (0xC4, 0xDB)  # of codes and of quantization
_INTERVAL = 0xDD  # how far apart restarts are
_NEEDED = frozenset((*_FRAMES, *_TABLES, _INTERVAL, exif.START_OF_SCAN))
_MOST_TABLES = 4096  # bytes; a segment with each of the eight tables of codes that there can be has 2,184
# The eight markers of restarts as one.
_RESTART = b"\xff\xd0"
_AS_ONE = bytes(0xD0 if 0xD0 <= byte <= 0xD7 else byte for byte in range(256))
# What says how the colors are coded, as libjpeg knows it: how such a segment begins, and its least length.
_COLORS = {0xE0: (b"JFIF\0", 14), 0xEE: (b"Adobe", 12)}
_START, _END = b"\xff\xd8", b"\xff\xd9"
_SIDE = 8  # of a block, in samples
_COEFFICIENTS = _SIDE * _SIDE
_MEMORY, _COEFFICIENT = 16_000_000, 2  # bytes for any picture, and for each sample of one in several scans
_BYTE = 25  # a byte of a scan's data takes as long as so many samples that it says nothing of
_UNTOLD = 16  # more bits than a coefficient has


@dataclass(frozen=True, eq=False)
class Jpeg:
    """The picture of a JPEG, as it is coded.

    `width` and `height`: in pixels. `is_common`: whether it is coded as photos are. `work`: its samples, each counted
    in every scan that tells of it, and each byte of the scans' data as 25. `memory`: what decoding it takes, in
    bytes, about. `is_complete`: whether no scan and no restart is missing; the data of one may still be too few.
    `has_end`: whether the mark of the end was found. `scans`: each with the segments before it that it needs, which
    together are all that is decoded.
    """

    width: int
    height: int
    is_common: bool
    work: int
    memory: int
    is_complete: bool
    has_end: bool
    scans: Sequence[Sequence[memoryview]]

    def file(self, more: bytes = b"") -> bytes:
        """A file of the picture alone, with more data behind each of its scans."""
        parts: list[bytes | memoryview] = [_START]
        for scan in self.scans:
            parts += [*scan, more]
        return b"".join([*parts, _END])


def read(file: bytes) -> Jpeg:
    """The picture of a file, the first where there are several. Raises ValueError where its segments are damaged."""
    view = memoryview(file)
    frame: _Frame | None = None
    needed: list[memoryview] = []
    scans: list[list[memoryview]] = []
    work = interval = marker = 0
    is_complete = True
    for marker, start, end in exif.segments(file, beyond=True):
        content = view[start:end]
        if not _is_needed(marker, content):
            continue
        needed.append(view[start - 4 : end])
        if marker in _FRAMES:
            if frame is not None:
                raise ValueError("two pictures in one")
            frame = _Frame(marker, content)
        elif marker == _INTERVAL:
            interval = int.from_bytes(content[:2], "big")
        elif marker == exif.START_OF_SCAN:
            if frame is None:
                raise ValueError("a scan of no picture")
            blocks, units = frame.scan(content)
            work += blocks * _COEFFICIENTS + (end - start) * _BYTE
            if interval:
                is_complete &= _restarts(content) >= (units - 1) // interval
            scans.append(needed)
            needed = []
    if frame is None:
        raise ValueError("no picture")
    is_complete &= frame.is_told
    has_end = marker == exif.END_OF_IMAGE
    memory = _MEMORY + (_COEFFICIENT * frame.samples if len(scans) > 1 else 0)
    return Jpeg(frame.width, frame.height, frame.is_common, work, memory, is_complete, has_end, scans)


def _restarts(data: memoryview) -> int:
    """How many restarts there are in a scan's data."""
    return bytes(data).translate(_AS_ONE).count(_RESTART)


def _is_needed(marker: int, content: memoryview) -> bool:
    """Whether decoding needs a segment. Raises ValueError where it holds more tables than there can be."""
    if marker in _TABLES and len(content) > _MOST_TABLES:
        raise ValueError("too many tables")
    begins, least = _COLORS.get(marker, (b"", 0))
    if begins:
        return len(content) >= least and content[: len(begins)] == begins
    return marker in _NEEDED


@dataclass(eq=False)
class _Component:
    """One of the colors of a picture: its blocks, and how many lower bits of each coefficient the scans left untold."""

    name: int
    across: int
    down: int
    untold: list[int] = field(default_factory=lambda: [_UNTOLD] * _COEFFICIENTS)


class _Frame:
    """A picture by its header, and what the scans have told of it. Raises ValueError where the header is damaged."""

    def __init__(self, marker: int, header: memoryview) -> None:
        parts = [header[at : at + 3] for at in range(6, len(header), 3)]
        sampling = [(part[1] >> 4, part[1] & 15) for part in parts if len(part) == 3]
        if not 1 <= len(sampling) <= 4 or len(sampling) != header[5] or not all(map(all, sampling)):
            raise ValueError("a damaged header")
        self.height, self.width = (int.from_bytes(header[at : at + 2], "big") for at in (1, 3))
        # The height may also come behind the first scan, which libjpeg does not know.
        self.is_common = marker in _COMMON and header[0] == 8 and self.height > 0
        self._is_progressive = marker == _PROGRESSIVE
        across, down = map(max, zip(*sampling, strict=True))
        self._units = ceil(self.width / (_SIDE * across)) * ceil(self.height / (_SIDE * down))
        self._components = [
            _Component(part[0], ceil(self.width * x / (_SIDE * across)), ceil(self.height * y / (_SIDE * down)))
            for part, (x, y) in zip(parts, sampling, strict=True)
        ]

    def scan(self, header: memoryview) -> tuple[int, int]:
        """What a scan tells: of how many blocks, in how many units between which restarts may stand.

        Raises ValueError where its header is damaged.
        """
        count = header[0] if header else 0
        if not count or len(header) < 4 + 2 * count:
            raise ValueError("a damaged scan")
        first, last, bits = header[1 + 2 * count : 4 + 2 * count]
        told = slice(first, last + 1) if self._is_progressive else slice(_COEFFICIENTS)
        left, scanned = [*self._components], []
        for name in header[1 : 1 + 2 * count : 2]:
            part = next((part for part in left if part.name == name), None)
            if part is None:
                raise ValueError("a scan of what the picture does not have")
            left.remove(part)
            scanned.append(part)
            part.untold[told] = [bits & 15 if self._is_progressive else 0] * len(part.untold[told])
        blocks = sum(part.across * part.down for part in scanned)
        return blocks, blocks if count == 1 else self._units

    @property
    def samples(self) -> int:
        """In all of its blocks."""
        return sum(part.across * part.down for part in self._components) * _COEFFICIENTS

    @property
    def is_told(self) -> bool:
        """Whether every bit of every coefficient was told of."""
        return not any(any(part.untold) for part in self._components)
