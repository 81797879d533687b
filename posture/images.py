"""From a file's bytes to an upright RGB picture of bounded size.

The checks run from the cheapest to the dearest: kind of file, its parts, size in its header, and only then the pixels.
Pillow sees no more of a file than its picture. That is decoded once and lives in memory only; a second time, larger,
only to be shown.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil

import numpy as np
from PIL import Image, ImageFile

from posture import exif, jpeg, png, upright
from posture.errors import Finding, ImageError
from posture.landmarks import Pixels

# Under this a body is too small for its landmarks to be told apart; such files are thumbnails sent by mistake.
MIN_SIDE = 100
# The longer side to the shorter. A person cut out closely in profile is about six times as high as wide; a picture
# beyond this shows nobody, and its shorter side would be lost when it is reduced.
MAX_RATIO = 10
# The largest sensors of common phones give 48 to 50 megapixels; decoded, that is 150 MB.
MAX_PIXELS = 50_000_000
# What decoding a JPEG takes, as Jpeg counts it; a million takes up to 1.2 ms. A progressive one of 50 megapixels, with
# its usual ten scans and colors at half the size, has 400 million for its samples, and 375 for the data of the largest
# file that fits into a request.
MAX_JPEG_WORK = 800_000_000
# In bytes; of several scans, libjpeg holds two for each sample: 150 MB for 50 megapixels with colors at half the size.
MAX_JPEG_MEMORY = 200_000_000
# Each takes time of its own, however small the picture. Programs that look for the best ones make about 30 at most.
MAX_SCANS = 100
# The bytes of a PNG, decoded: of 16 megapixels in color, 12 with transparency. Its slowest filter takes 10 ms for a
# million. A photo of more bytes hardly fits into a request.
MAX_PNG_WORK = 50_000_000
# Pictures are never reduced below this longer side, in pixels. The model looks at 256x256 pixels of the person and
# samples them without smoothing, so that a picture reduced to between 512 and 1024 is measured as accurately as a
# larger one and 10 to 20 % more repeatably: docs/ACCURACY.md.
MEASURING_SIDE = 512

_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_PARTS: dict[str, Callable[[bytes], jpeg.Jpeg | png.Png]] = {"JPEG": jpeg.read, "PNG": png.read}
# Of each channel: what libjpeg fills a picture up with whose data run out; in CMYK, some as their complements.
_FILLING = (127, 128)
# Data that go on, without a marker: the first byte makes none of a fill byte before it.
_MORE = bytes(1) + 4 * bytes(range(254, 0, -1))

_PLAIN = ("L", "LA", "RGB", "RGBA")  # a sample of 8 bits for each channel
_WEIGHTED = {"LA": "La", "RGBA": "RGBa"}  # in which a color counts as much as it is opaque
_STRIP = 1_000_000  # about so many pixels are averaged at a time

_ON_ITS_SIDE = (5, 6, 7, 8)  # the orientations that exchange width and height

# The limit on pixels is ours (MAX_PIXELS, read from the header); Pillow's own would only warn at another number.
Image.MAX_IMAGE_PIXELS = None
# Pillow reads and writes pixels in pieces of so many bytes and holds Python's lock between them. A phone's photo is one
# piece, as is the reduced picture, so that two photos are decoded at the same time without waiting for each other.
ImageFile.MAXBLOCK = 4 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Photo:
    """A decoded photo: upright, alpha laid over white, reduced to what measuring needs.

    `pixels`: what is measured. `width` and `height`: of the upright photo before it was reduced. `said`: what the file
    says of the camera; its orientation was applied.
    """

    pixels: Pixels
    width: int
    height: int
    said: exif.Said

    @property
    def orientation(self) -> int:
        """The EXIF orientation that was applied, 1 to 8."""
        return self.said.orientation


def read(data: bytes) -> Photo:
    """The photo that a file holds.

    The file is a JPEG or a PNG, told by its content; any of the eight EXIF orientations is applied.
    Raises ImageError: unsupported_format, corrupt_image, image_too_small, too_many_pixels.
    """
    kind = _kind(data)
    if kind is None:
        raise _error(
            "unsupported_format",
            "it is neither a JPEG nor a PNG file.",
            "Convert the picture (HEIC, WebP, TIFF, ...) to JPEG or PNG before encoding it.",
        )
    try:
        stored = _PARTS[kind](data)
    except ValueError as error:
        raise _corrupt(kind) from error
    if isinstance(stored, jpeg.Jpeg):
        _check_kind(stored)
    _check_size(stored.width, stored.height)
    _check_work(stored)
    if isinstance(stored, jpeg.Jpeg) and not stored.is_complete:
        raise _corrupt(kind)
    try:
        image = _decoded(kind, stored.file(), MEASURING_SIDE)
        is_whole = isinstance(stored, png.Png) or _is_whole(stored, image)
        if is_whole:
            said = exif.read(data)
            width, height = (stored.width, stored.height)[:: -1 if said.orientation in _ON_ITS_SIDE else 1]
            return Photo(_upright_rgb(image, said.orientation, MEASURING_SIDE), width, height, said)
    except MemoryError:
        raise  # this is no fault of the file's
    except Exception as error:
        if isinstance(stored, jpeg.Jpeg):
            np.empty(stored.memory, np.uint8)  # where memory is short, libjpeg tells of a broken stream
        raise _corrupt(kind) from error
    raise _corrupt(kind)


def shown(data: bytes, orientation: int, side: int) -> Pixels:
    """The upright picture of a file that `read` has taken, to be shown: not reduced below this longer side in pixels.

    It is less than twice as large, or the whole picture. `orientation`: the EXIF orientation to apply.
    """
    kind = _kind(data) or ""
    return _upright_rgb(_decoded(kind, _PARTS[kind](data).file(), side), orientation, side)


def _kind(data: bytes) -> str | None:
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def _decoded(kind: str, file: bytes, side: int) -> Image.Image:
    """The picture of a file; a large JPEG's at a half, a quarter or an eighth of its size, which costs little.

    `side`: the longer one, in pixels, below which it is not reduced.
    """
    image = Image.open(io.BytesIO(file), formats=(kind,))
    factor = max(image.size) / side
    if factor >= 2:
        image.draft(image.mode, (int(image.width / factor), int(image.height / factor)))  # nothing, with a PNG
    image.load()
    return image


def _is_whole(stored: jpeg.Jpeg, image: Image.Image) -> bool:
    """Whether a JPEG's data, decoded to this image, were enough for its picture.

    Where they run out, the rest of a scan is filled up; but a picture may also end in that color by itself, and a file
    may lack nothing but the mark of its end. Only a picture that is not whole changes when more data follow behind each
    of its scans. Of a single scan with its end, that is tried where the last pixel is of that color.
    """
    if stored.has_end and len(stored.scans) == 1:
        last = image.crop((image.width - 1, image.height - 1, *image.size)).tobytes()
        if not all(value in _FILLING for value in last):
            return True
    if stored.has_end and not _may_be_decoded_twice(stored):
        return True
    return bool(image.tobytes() == _decoded("JPEG", stored.file(_MORE), MEASURING_SIDE).tobytes())


def _may_be_decoded_twice(stored: jpeg.Jpeg) -> bool:
    return len(stored.scans) == 1 or 2 * stored.work <= MAX_JPEG_WORK


def _error(code: str, problem: str, advice: str) -> ImageError:
    return ImageError(Finding(code, problem, advice))


def _corrupt(kind: str) -> ImageError:
    return _error(
        "corrupt_image",
        f"it begins like a {kind} file but is damaged or cut off.",
        "Send the file again, whole; open it in a viewer first to see that it is sound.",
    )


def _check_size(width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise _error(
            "image_too_small",
            f"it has {width}x{height} pixels; at least {MIN_SIDE}x{MIN_SIDE} are needed.",
            "Send the photo itself, not a thumbnail of it.",
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise _error(
            "image_too_small",
            f"it has {width}x{height} pixels; the longer side may be {MAX_RATIO} times the shorter at most.",
            "Send the photo itself, not a strip of it.",
        )
    if width * height > MAX_PIXELS:
        raise _error(
            "too_many_pixels",
            f"it has {width}x{height} pixels, more than the {MAX_PIXELS // 1_000_000} megapixels that are taken.",
            "Reduce the picture: 1080x1440 pixels are enough.",
        )


def _check_kind(stored: jpeg.Jpeg) -> None:
    if not stored.is_common:
        raise _error(
            "unsupported_format",
            "it is a JPEG of a rare kind: arithmetic, lossless, hierarchical, of more than 8 bits or without its "
            "height.",
            "Save it as an ordinary (baseline) JPEG.",
        )


def _check_work(stored: jpeg.Jpeg | png.Png) -> None:
    size = f"{stored.width}x{stored.height}"
    if isinstance(stored, png.Png):
        if stored.work > MAX_PNG_WORK:
            raise _error(
                "too_many_pixels",
                f"its {size} pixels take {ceil(stored.work / 1e6)} MB, more than the {MAX_PNG_WORK // 1_000_000} MB "
                "that are taken of a PNG.",
                "Reduce the picture: 1080x1440 pixels are enough. Or save it as a JPEG.",
            )
        return
    scans = len(stored.scans)
    is_bounded = scans <= MAX_SCANS and stored.work <= MAX_JPEG_WORK and stored.memory <= MAX_JPEG_MEMORY
    if not is_bounded or not (stored.has_end or _may_be_decoded_twice(stored)):
        raise _error(
            "too_many_pixels",
            f"its {size} pixels are told in {scans} scans, which take too much to decode.",
            "Save it as an ordinary (baseline) JPEG, or reduce it: 1080x1440 pixels are enough.",
        )


def _upright_rgb(image: Image.Image, orientation: int, side: int) -> Pixels:
    factor = max(image.size) // side
    image = _reduced(image, factor) if factor >= 2 else _plain(image)
    return np.asarray(upright.turned(upright.on_white(image), orientation))


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """A picture of the averages of blocks that are so many pixels wide and high and lie evenly around its middle.

    So the mirror image gives the mirror image. Where an odd number of pixels is left over, the averages are the mean of
    the two ways that come nearest. The picture is taken in strips, so that no copy of it in another mode is held.
    """
    (columns, spare_columns), (rows, spare_rows) = (divmod(side, factor) for side in image.size)
    lefts = {spare_columns // 2, spare_columns - spare_columns // 2}
    tops = {0, spare_rows % 2}
    each = ceil(_STRIP / (factor * image.width))
    mode, strips = "", []
    for row in range(0, rows, each):
        high = min(each, rows - row) * factor
        above = spare_rows // 2 + row * factor
        strip = _plain(image.crop((0, above, image.width, above + high + max(tops))))
        mode = _WEIGHTED.get(strip.mode, strip.mode)
        bands = strip.convert(mode).split() if mode != strip.mode else [strip]  # alone, four take a third of the time
        boxes = [(left, top, left + columns * factor, top + high) for left, top in product(lefts, tops)]
        ways = [np.dstack([np.asarray(band.reduce(factor, box)) for band in bands]) for box in boxes]
        strips.append(ways[0] if len(ways) == 1 else _mean(ways))
    averages = Image.frombytes(mode, (columns, rows), np.concatenate(strips).tobytes())
    return averages.convert(mode.upper())


def _mean(pictures: Sequence[Pixels]) -> Pixels:
    """Of two or four pictures, halves rounded up."""
    total = np.sum(pictures, axis=0, dtype=np.uint16)
    return ((total + len(pictures) // 2) // len(pictures)).astype(np.uint8)


def _plain(image: Image.Image) -> Image.Image:
    """The picture in one of four modes: L, LA, RGB or RGBA."""
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    if image.mode in _PLAIN and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 16 bit greys, which Pillow would clip at 255, with its transparent grey white."""
    grey = np.asarray(image)
    eight = (grey >> 8).astype(np.uint8)
    if "transparency" in image.info:
        eight[grey == image.info["transparency"]] = 255
    return Image.fromarray(eight)
