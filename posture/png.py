"""What of a PNG is decoded: its pixels, checked to the last bit, from one walk over its chunks.

Whatever else is in the file never reaches the decoder: texts, color profiles, further pictures, sound or not.

Source: PNG (W3C, third edition).
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from posture import exif

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER, _PALETTE, _TRANSPARENCY, _STREAM, _END = b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"
# By color type: the samples of a pixel as it is stored, and its bytes when it is decoded, at least.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DECODED = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}
# By color type: the depths at which Pillow knows the transparent color for itself, and the bytes of its chunk.
# At other depths it compares it with samples that it has scaled, and takes black for it, or nothing.
_TRANSPARENT = {0: ((1, 8, 16), (2,)), 2: ((8,), (6,)), 3: ((1, 2, 4, 8), range(1, 257))}
_INDEXED = 3
# The passes of a picture, plain or interlaced: its first pixel and how far apart they are, across and down.
_PASSES = (
    ((0, 1, 0, 1),),
    ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2)),
)
_OUTSIDE = 12  # bytes of a chunk around its content: length, kind, checksum
_PIECE = 64 * 1024  # bytes that are inflated at a time; they become a thousand times as many at most


@dataclass(frozen=True, eq=False)
class Png:
    """The picture of a PNG, as it is stored.

    `width` and `height`: in pixels. `work`: its bytes as decoding handles them, one to eight a pixel. `size`: its bytes
    uncompressed, with the filters. `head`: the chunks before the pixels that decoding needs. `stream`: the pixels,
    compressed.
    """

    width: int
    height: int
    work: int
    size: int
    head: Sequence[memoryview]
    stream: Sequence[memoryview]

    def file(self) -> bytes:
        """A file of the picture alone, uncompressed. Raises ValueError or zlib.error where the stream is damaged.

        Pillow's decoder takes a stream that ends early, if at the end of a row, and passes over its checksum.
        """
        store = zlib.compressobj(0)
        stored = [*map(store.compress, self._pixels()), store.flush()]
        return b"".join((_SIGNATURE, *self.head, *_chunk(_STREAM, stored), *_chunk(_END, [])))

    def _pixels(self) -> Iterator[bytes]:
        inflate, left = zlib.decompressobj(), self.size
        for piece in (part[at : at + _PIECE] for part in self.stream for at in range(0, len(part), _PIECE)):
            pixels = inflate.decompress(piece, left + 1)
            left -= len(pixels)
            if left < 0:  # some programs write more than the picture
                yield pixels[:left]
                return
            yield pixels
            if inflate.eof:
                break
        if left or not inflate.eof:
            raise ValueError("the pixels end early")


def read(file: bytes) -> Png:
    """The picture of a file. Raises ValueError where a chunk that decoding needs is damaged or missing."""
    found = _needed(memoryview(file))
    if not all(found[kind] for kind in (_HEADER, _STREAM, _END)) or len(found[_HEADER][0]) != _OUTSIDE + 13:
        raise ValueError("a chunk is missing")
    header = found[_HEADER][0][8:-4]
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    depth, color, interlaced = header[8], header[9], header[12]
    if color not in _SAMPLES or interlaced >= len(_PASSES) or (color == _INDEXED and not found[_PALETTE]):
        raise ValueError("no such picture")
    size = 0
    for left, across, top, down in _PASSES[interlaced]:
        columns, rows = ceil((width - left) / across), ceil((height - top) / down)
        size += rows * (1 + ceil(columns * depth * _SAMPLES[color] / 8)) if columns > 0 else 0
    depths, lengths = _TRANSPARENT.get(color, ((), ()))
    transparency = [part for part in found[_TRANSPARENCY] if depth in depths and len(part) - _OUTSIDE in lengths]
    head = [*found[_HEADER][:1], *found[_PALETTE][:1], *transparency[:1]]
    bytes_each = max(depth * _SAMPLES[color] // 8, 4 if transparency else _DECODED[color])
    return Png(width, height, width * height * bytes_each, size, head, [part[8:-4] for part in found[_STREAM]])


def _needed(file: memoryview) -> dict[bytes, list[memoryview]]:
    """The chunks that decoding needs, by kind. Raises ValueError where one is damaged; a damaged tRNS is left out."""
    found: dict[bytes, list[memoryview]] = {kind: [] for kind in (_HEADER, _PALETTE, _TRANSPARENCY, _STREAM, _END)}
    for kind, start, end in exif.chunks(file):
        if kind not in found:
            continue
        if exif.is_intact(file, start, end):
            found[kind].append(file[start - 8 : end + 4])
        elif kind != _TRANSPARENCY:
            raise ValueError(f"a damaged {kind.decode()}")
    return found


def _chunk(kind: bytes, content: Sequence[bytes]) -> Iterator[bytes]:
    """The pieces of a chunk whose content is in pieces."""
    yield sum(map(len, content)).to_bytes(4, "big")
    checksum = 0
    for piece in (kind, *content):
        checksum = zlib.crc32(piece, checksum)
        yield piece
    yield checksum.to_bytes(4, "big")
