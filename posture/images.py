"""From a file's bytes to an upright RGB picture of bounded size.

The checks run from the cheapest to the dearest: kind of file, size in the file's header, and only then the pixels. A
picture is decoded once and lives in memory only.
"""

import io
import re
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFile

from posture import exif
from posture.errors import Finding, ImageError
from posture.landmarks import Pixels

# Under this a body is too small for its landmarks to be told apart; such files are thumbnails sent by mistake.
MIN_SIDE = 100
# The longer side to the shorter. A person cut out closely in profile is about six times as high as wide; a picture
# beyond this shows nobody, and its shorter side would be lost when it is reduced.
MAX_RATIO = 10
# The largest sensors of common phones give 48 to 50 megapixels; decoded, that is 150 MB.
MAX_PIXELS = 50_000_000
# Scans in a JPEG. A progressive one has about ten, a phone's further pictures and film behind it may look like some
# hundreds more; each goes over the whole picture, at 50 megapixels in 3 ms.
MAX_SCANS = 1000
# Pictures are never reduced below this longer side, in pixels. The model looks at 256x256 pixels of the person and
# samples them without smoothing, so that a picture reduced to between 512 and 1024 is measured as accurately as a
# larger one and 10 to 20 % more repeatably: docs/ACCURACY.md.
MEASURING_SIDE = 512

_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_SCAN = b"\xff\xda"  # the marker before one; in a JPEG's pixels 255 is followed by 0 or a restart
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # the marker that ends a scan's data, which restarts do not
_FILLING = 128  # of each channel: what libjpeg fills a picture up with whose data run out
_MORE = 4 * bytes(range(255))  # data that go on, without a marker
_PNG_END = b"IEND\xae\x42\x60\x82"

# Modes whose pixels can be averaged as they are, without a converted copy of the whole picture.
_REDUCIBLE = ("L", "LA", "RGB", "RGBA")

# What makes a picture of that EXIF orientation upright; 5 to 8 exchange width and height.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (5, 6, 7, 8)

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
    kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None:
        raise _error(
            "unsupported_format",
            "it is neither a JPEG nor a PNG file.",
            "Convert the picture (HEIC, WebP, TIFF, ...) to JPEG or PNG before encoding it.",
        )
    if not _is_bounded(kind, data):
        raise _corrupt(kind)
    try:
        # A phone's JPEG may hold several pictures; Pillow then calls it MPO and opens the first.
        image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    except Exception as error:
        raise _corrupt(kind) from error
    _check_size(image.width, image.height)
    if kind == "JPEG" and data.count(_SCAN) > MAX_SCANS:
        raise _corrupt(kind)
    try:
        if kind == "PNG":
            _verify_png(data)
        photo = _upright_rgb(image, exif.read(data))
        is_whole = kind == "PNG" or not _runs_out(data, image)
    except MemoryError:
        raise  # this is no fault of the file's
    except Exception as error:
        raise _corrupt(kind) from error
    if not is_whole:
        raise _corrupt(kind)
    return photo


def _is_bounded(kind: str, data: bytes) -> bool:
    """Whether what stands before a JPEG's pixels, or a PNG as a whole, has an end and not too many parts.

    Pillow would walk any number, and joins a JPEG's EXIF segments in time that grows with the square of theirs.
    """
    if kind == "PNG":
        return any(name == b"IEND" for name, _, _ in exif.chunks(data))
    return any(marker == exif.START_OF_SCAN for marker, _, _ in exif.segments(data))


def _verify_png(data: bytes) -> None:
    """Checks what decoding passes over: every chunk's checksum, and the file's end. Raises what Pillow raises."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.verify()
    if _PNG_END not in data:
        raise ValueError("the end is missing")


def _runs_out(data: bytes, image: Image.Image) -> bool:
    """Whether the data of a decoded JPEG were too few for its picture, though the file has its end.

    So it is where a piece is missing or damaged. The rest of the picture is then filled up; but a picture may also end
    in that color by itself. Only a picture that is not complete changes when more data follow.
    """
    if image.getpixel((image.width - 1, image.height - 1)) not in (_FILLING, (_FILLING,) * 3):
        return False
    scan = next(start for marker, start, _ in exif.segments(data) if marker == exif.START_OF_SCAN)
    end = _AFTER_SCAN.search(data, scan)
    if end is None:
        return True
    with Image.open(io.BytesIO(data[: end.start()] + _MORE + data[end.start() :]), formats=("JPEG",)) as longer:
        _draft(longer)
        return bool(longer.tobytes() != image.tobytes())


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


def _upright_rgb(image: Image.Image, said: exif.Said) -> Photo:
    width, height = image.size
    _draft(image)
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode not in _REDUCIBLE or "transparency" in image.info:
        image = image.convert(mode)
    factor = max(image.size) / MEASURING_SIDE
    if factor >= 2:
        image = image.reduce(int(factor))
    if mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert(mode))
    if image.mode != "RGB":
        image = image.convert("RGB")
    if said.orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[said.orientation])
    if said.orientation in _ON_ITS_SIDE:
        width, height = height, width
    return Photo(np.asarray(image), width, height, said)


def _draft(image: Image.Image) -> None:
    """Has a large JPEG decoded at a half, a quarter or an eighth, at little cost; with a PNG this does nothing."""
    factor = max(image.size) / MEASURING_SIDE
    if factor >= 2:
        image.draft(image.mode, (int(image.width / factor), int(image.height / factor)))


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 16 bit greys, which Pillow would clip at 255, with its transparent grey white."""
    grey = np.asarray(image)
    eight = (grey >> 8).astype(np.uint8)
    if "transparency" in image.info:
        eight[grey == image.info["transparency"]] = 255
    return Image.fromarray(eight)
