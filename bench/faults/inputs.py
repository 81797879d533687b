"""What may come in, by the layer that reads it: how an input is judged, and inputs to begin with.

An input passes that is taken or refused as the documents say, within a second of processor time. To add a layer, add a
row to LAYERS. Inputs that have once failed are kept in bench/faults/seeds, in the folder of their layer.
"""

import json
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from posture import exif, images
from posture.errors import CODES, ImageError
from posture.wire import address, base64_text
from posture.wire.schema import output_schema
from posture.worker.settings import Settings
from posture.worker.worker import Worker
from testing.builders import FakePool, StrictLog, detect, photo, picture
from testing.exif_files import apple_note, chunk, jpeg, jpeg_that_says, png, segment, tiff
from testing.pictures import base64_text as as_text
from testing.pictures import file_bytes

KEPT = Path(__file__).parent / "seeds"
SECONDS = 1.0


@dataclass(frozen=True)
class Layer:
    """One that reads what comes in.

    `check`: raises an exception for an input that does not pass. `seeds`: inputs from which others are made. `words`:
    what such inputs are made of.
    """

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()


def passes(layer: Layer, data: bytes) -> None:
    """Raises AssertionError, or what escaped, unless the input passes."""
    began = time.thread_time()
    layer.check(data)
    taken = time.thread_time() - began
    assert taken <= SECONDS, f"{taken:.1f} s for {len(data)} bytes"


@cache
def _worker() -> Worker:
    settings = Settings(landmarkers=1, concurrency=1, calibration="none")
    return Worker(lambda: FakePool(detect), lambda: settings, StrictLog())


@cache
def _answers() -> Draft202012Validator:
    return Draft202012Validator(output_schema())


def _request(data: bytes) -> None:
    """A job as the queue hands it over."""
    try:
        job = json.loads(data)
    except (ValueError, RecursionError):
        return  # the platform's or the SDK's to refuse
    answer = _worker().handle(job)
    sent = json.loads(json.dumps(answer, allow_nan=False))
    for error in _answers().iter_errors(sent):
        raise AssertionError(f"{error.json_path}: {error.message}")
    assert sent["status"] == "success" or sent["code"] in CODES, sent


def _text(data: bytes) -> None:
    """A photo's base64 text."""
    text = data.decode("latin-1")
    with suppress(ImageError):
        decoded = base64_text.decode(text)
        assert len(decoded) <= len(text)


def _address(data: bytes) -> None:
    """A photo's address."""
    with suppress(ImageError):
        found = address.read(data.decode(errors="replace"), {_HOST})
        assert (found.host, found.port) == _HOST
        assert re.fullmatch(r"/[!-~]*", found.target)


def _file(data: bytes) -> None:
    """The file of a photo."""
    try:
        read = images.read(data)
    except ImageError:
        return
    height, width, channels = read.pixels.shape
    assert channels == 3
    assert min(width, height) > 0
    assert max(width, height) <= max(read.width, read.height)


def _exif(data: bytes) -> None:
    """The EXIF data in a JPEG."""
    said = exif.read(jpeg_that_says(data[: 0xFFFF - 8]))
    assert 1 <= said.orientation <= 8
    assert said.gravity is None or math.isclose(math.hypot(*said.gravity), 1)


def _requests() -> Iterator[bytes]:
    front, side = photo("red", (100, 110)), photo("lime", (100, 110))
    good: dict[str, Any] = {"front": front, "side": side}
    detailed = {"front_image": front, "side_image": side}
    options: list[dict[str, Any]] = [
        {},
        {"mode": "fast", "include": ["details", "landmarks", "measures"], "calibration": "anatomical"},
        {"strict": False, "level": "lines", "camera_roll": {"front": 1.5}, "mirrored": {"side": True}},
        {"camera": {"side": {"roll": 1, "pitch": -5, "focal_35mm": 28}, "front": {"pitch": -9.5}}, "level": "none"},
    ]
    for option in options:
        yield json.dumps({"id": "1", "input": {**good, **option}}).encode()
        yield json.dumps({**detailed, **option}).encode()
    yield json.dumps({"input": {"input": {**good, "front": "data:image/png;base64," + front}}}).encode()
    yield json.dumps({"input": {"front": side, "side": front, "strict": False, "include": ["details"]}}).encode()


def _texts() -> Iterator[bytes]:
    text = as_text(bytes(range(256)))
    yield text.encode()
    yield text.rstrip("=").replace("+", "-").replace("/", "_").encode()
    yield b"data:image/jpeg;charset=x;base64," + text.encode()
    yield "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)).encode()


def _addresses() -> Iterator[bytes]:
    yield b"https://bucket.example/front.jpg?X-Amz-Signature=0f&X-Amz-Date=20260101T000000Z"
    yield b" https://Bucket.example:443?x\n"
    yield b"https://bucket.example@other.example:443/\\#"


def _files() -> Iterator[bytes]:
    for mode in ("RGB", "L", "CMYK"):
        yield file_bytes(picture(104, 120, mode), "JPEG", quality=40)
        yield file_bytes(picture(104, 120, mode), "JPEG", progressive=True, quality=40)
    for mode in ("RGB", "RGBA", "P", "1", "LA", "I;16"):
        color = 40000 if mode == "I;16" else None
        yield file_bytes(picture(101, 103, mode, color))
    yield file_bytes(picture(104, 120), "MPO", save_all=True, append_images=[picture(104, 120)])
    yield jpeg_that_says(_phone(), file_bytes(picture(104, 120), "JPEG"))
    yield png(chunk(b"eXIf", _phone()), chunk(b"tEXt", b"Comment\0x"), picture=file_bytes(picture(101, 103)))
    yield jpeg(segment(b"http://ns.adobe.com/xap/1.0/\0<x/>"), picture=file_bytes(picture(104, 120), "JPEG"))


def _phone(order: str = ">") -> bytes:
    note = apple_note((0.0, -1.0, 0.0), front=1)
    return tiff(orientation=6, note=note, focal_35mm=26, lens_model="iPhone front camera", order=order)


_NAMES = ("id", "input", "front", "side", "front_image", "side_image", "mode", "include", "level", "camera", "roll")
_MARKERS = (b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xdb", b"\xff\xe1")

_HOST = ("bucket.example", 443)

LAYERS = {
    "request": Layer(_request, _requests, tuple(f'"{name}":'.encode() for name in _NAMES)),
    "text": Layer(_text, _texts, (b"data:", b";base64,", b"=", b"\r\n", b" ")),
    "address": Layer(
        _address, _addresses, (b"https://", b"bucket.example", b":443", b"@", b"\\", b"#", b"%2f", b"[::1]")
    ),
    "file": Layer(_file, _files, (*_MARKERS, b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"iCCP")),
    "exif": Layer(_exif, lambda: (_phone(), _phone("<")), (b"Exif\0\0", b"II*\0", b"MM\0*", b"Apple iOS\0\0\x01MM")),
}


def seeds(name: str) -> Iterator[bytes]:
    """All inputs that a layer begins with: made ones, and those that have failed once."""
    yield from LAYERS[name].seeds()
    yield from (file.read_bytes() for file in sorted((KEPT / name).glob("*")))
