r"""Photos as they are sent: upright, no larger than needed, and what they say of their camera beside them.

a file -> its picture, reduced -> a JPEG that fits        what the file says -> `camera`
       \_ as it is, where it fits already, or cannot be read: then the worker says what is wrong with it
"""

import base64
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from PIL import Image

from posture import Source, bytes_of, exif, jpeg, png, upright
from posture.client.errors import Problem, Refused

# Beside what measuring takes, an address that begins with https://, for a worker that may fetch it.
Photo: TypeAlias = Source

# In pixels; a longer side at least twice as long is halved, and again. The worker halves a JPEG in the same way until
# 512 to 1024 pixels are left (posture/images.py), so that it sees the same of a photo that was halved before.
LONG_SIDE = 1440
# Bytes of one file: with both, as base64, and the options, a request stays within the 10 MB of /run.
MOST_BYTES = 3_700_000
# Of JPEG. Of 14 pairs of figures as photos of 12 megapixels, halved and encoded at the first, the angles moved by 0.16
# degrees on average, 95 % of them by less than 0.6. Half as many bytes again, at 95, changed nothing.
_QUALITIES = (92, 80)

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_EXIF_DIRECTORY, _LENS_MODEL = 0x8769, 0xA434
_BY_FRONT_CAMERA = "a front camera"  # as posture.exif finds it in what phones write


@dataclass(frozen=True)
class Fitted:
    """A file that fits. `said`: what is to be told of its camera, nothing where the file itself says it."""

    file: bytes
    said: exif.Said = exif.SAYS_NOTHING


class UnfitError(ValueError):
    """A photo that cannot be sent; `code`, `problem` and `advice` as in Problem."""

    def __init__(self, code: str, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.code, self.problem, self.advice = code, problem, advice


def job_input(photos: Mapping[str, Photo], options: Mapping[str, Any]) -> dict[str, Any]:
    """The `input` of a job: the photos by the names of their views, and the options with what photos say of cameras.

    Raises Refused for photos that cannot be sent, OSError for files that cannot be read.
    """
    sent, cameras, problems = dict[str, str](), dict[str, Any](), []
    for view, photo in photos.items():
        if isinstance(photo, str) and photo.startswith("https://"):
            sent[view] = photo
            continue
        try:
            fitted = fit(bytes_of(photo))
        except UnfitError as error:
            problems.append(Problem(error.code, error.problem, error.advice, view))
            continue
        sent[view] = base64.b64encode(fitted.file).decode()
        if camera := told(fitted.said, view, options):
            cameras[view] = camera
    if problems:
        first = problems[0]
        message = f"The {first.view} photo cannot be sent: {first.problem}"
        raise Refused(first.code, first.view, problems, message, first.advice)
    if cameras:
        return {**sent, **options, "camera": {**options.get("camera", {}), **cameras}}
    return {**sent, **options}


def told(said: exif.Said, view: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be told of one view's camera, in `camera`; what the caller tells of it goes before."""
    theirs, short, mirrored = (_of(options, name, view) for name in ("camera", "camera_roll", "mirrored"))
    theirs = {} if theirs is None else theirs
    if not (isinstance(theirs, Mapping) and isinstance(options.get("camera", {}), Mapping)):
        return {}  # which is for the worker to refuse
    ours: dict[str, Any] = {} if said.focal_35mm is None else {"focal_35mm": said.focal_35mm}
    is_told = any(value is not None for value in (theirs.get("roll"), theirs.get("pitch"), short))
    tilt = said.tilt(mirrored=mirrored)
    if tilt and not is_told and options.get("level") != "none":
        ours |= {"roll": tilt[0], "pitch": tilt[1]}
    return {**ours, **{name: value for name, value in theirs.items() if value is not None}} if ours else {}


def _of(options: Mapping[str, Any], name: str, view: str) -> Any:  # noqa: ANN401  what the caller gives
    values = options.get(name)
    return values.get(view) if isinstance(values, Mapping) else None


def is_heif(file: bytes) -> bool:
    """Whether a file is a HEIC, by what it begins with."""
    return file[4:8] == b"ftyp" and file[8:12] in _HEIF_BRANDS


def fit(file: bytes) -> Fitted:
    """The file of a photo as it is sent. Raises UnfitError where it is too large and cannot be made smaller."""
    try:
        made = _made(file)
    except MemoryError:
        raise  # this is no fault of the file's
    except UnfitError:
        raise
    except Exception:  # noqa: BLE001  whatever decoders make of a damaged file
        made = None
    if made is not None:
        return made
    if len(file) <= MOST_BYTES:
        return Fitted(file)
    raise UnfitError(
        "image_too_large",
        f"its file has {len(file):,} bytes and cannot be made smaller: it is damaged, or no ordinary JPEG or PNG.",
        "Open it in a viewer to see that it is sound, and save it as a JPEG of 1080x1440 pixels.",
    )


@dataclass(frozen=True)
class _Picture:
    """A picture that is opened and not yet decoded. `is_upright`: whether decoding applies the orientation."""

    image: Image.Image
    said: exif.Said
    is_upright: bool = False


def _made(file: bytes) -> Fitted | None:
    """A file that is made of the picture in this one; None where this one is to be sent as it is."""
    picture = _opened(file)
    if picture is None:
        return None
    image = _reduced(picture.image, _factor(max(picture.image.size)))
    image = upright.turned(image, 1 if picture.is_upright else picture.said.orientation)
    return Fitted(next(made for made in _files(image, picture.said) if len(made) <= MOST_BYTES), picture.said)


def _opened(file: bytes) -> _Picture | None:
    """The picture of a file, of which Pillow sees nothing else; None where the file is to be sent as it is."""
    if is_heif(file):
        return _opened_heif(file)
    if not file.startswith((_JPEG, _PNG)):
        return None
    stored = jpeg.read(file) if file.startswith(_JPEG) else png.read(file)
    if len(file) <= MOST_BYTES and _factor(max(stored.width, stored.height)) == 1:
        return None
    if isinstance(stored, png.Png):
        return _Picture(Image.open(io.BytesIO(stored.file()), formats=("PNG",)), exif.read(file))
    if not (stored.is_common and stored.is_complete and stored.has_end):
        return None  # encoded anew, what is missing could not be told any more
    return _Picture(Image.open(io.BytesIO(stored.file()), formats=("JPEG",)), exif.read(file))


def _opened_heif(file: bytes) -> _Picture:
    """The picture of a HEIC, which its decoder turns upright; its EXIF data say how it was turned."""
    try:
        import pillow_heif  # noqa: PLC0415  the extra [heic]
    except ModuleNotFoundError:
        raise UnfitError(
            "unsupported_format",
            "it is a HEIC file, and pillow-heif, which reads those, is not installed.",
            "Save it as a JPEG, or run: pip install 'posture-measurement[heic]'",
        ) from None
    opened = pillow_heif.open_heif(io.BytesIO(file))
    return _Picture(opened.to_pillow(), exif.parse(opened.info.get("exif") or b""), is_upright=True)


def _factor(side: int) -> int:
    """By how much a longer side of so many pixels is reduced: a power of two."""
    factor = 1
    while side // (2 * factor) >= LONG_SIDE:
        factor *= 2
    return factor


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """The picture, decoded, in RGB, and smaller by that factor; a JPEG is decoded at up to an eighth of its size."""
    whole = image.width
    image.draft(None, (image.width // factor, image.height // factor))  # nothing, but with a JPEG
    image.load()
    if image.mode[0] in "IF":
        raise ValueError("more than 8 bits")  # Pillow would clip them
    if image.has_transparency_data:
        image = image.convert("RGBA")
    image = upright.on_white(image)
    left = factor // round(whole / image.width)
    return image.reduce(left) if left > 1 else image


def _files(image: Image.Image, said: exif.Said) -> Iterator[bytes]:
    """The picture as a file, ever smaller ones. It says nothing but that a front camera took it, where one did."""
    data = Image.Exif()
    if said.front_camera:
        data.get_ifd(_EXIF_DIRECTORY)[_LENS_MODEL] = _BY_FRONT_CAMERA
    while True:
        for quality in _QUALITIES:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality, **({"exif": data} if said.front_camera else {}))
            yield file.getvalue()
        image = image.reduce(2)
