"""Files and what they say of the camera, which implementations in other languages are held to.

Remake tests/vectors/camera.json with `.venv/bin/python -m testing.camera_vectors`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testing import TOP
from testing.exif_files import (
    ACCELERATION,
    APPLE,
    EXIF_DIRECTORY,
    FOCAL_35MM,
    LONG,
    ORIENTATION,
    SHORT,
    SRATIONAL,
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
from testing.pictures import base64_text

FILE = TOP / "tests" / "vectors" / "camera.json"
ABOUT = (
    "What a photo's file says of its camera. Each case has a JPEG or PNG in base64 and what is expected of it: up is a "
    "unit vector (right, down, away from the camera) in the picture that the orientation makes upright, within 0.0001, "
    "or null where gravity is not said or not believed. posture/exif.py has the rules."
)
UP = [0, -1, 0]
LEANS = [0.28, -0.96, 0]  # the content turned clockwise by 16 degrees
PORTRAIT = (0, -1, 0)  # gravity along the phone's axes, held upright
BACK, FRONT = "iPhone 14 back dual wide camera 5.7mm f/1.5", "iPhone 14 front TrueDepth camera 2.69mm f/1.9"


@dataclass(frozen=True)
class Case:
    """A file, and the values that it says."""

    name: str
    file: bytes
    expected: dict[str, Any]


def expected(
    orientation: int = 1,
    up: Sequence[float] | None = None,
    focal_35mm: int | None = None,
    *,
    front_camera: bool = False,
    lies_on_side: bool = False,
) -> dict[str, Any]:
    """What a file says, by default nothing."""
    return {
        "orientation": orientation,
        "up": up,
        "focal_35mm": focal_35mm,
        "front_camera": front_camera,
        "lies_on_side": lies_on_side,
    }


def _case(name: str, data: bytes, *says: Any, **also: Any) -> Case:
    return Case(name, jpeg_that_says(data), expected(*says, **also))


def _held(orientation: int, *gravity: float) -> bytes:
    return tiff(orientation, apple_note(gravity))


def _accelerated(*numbers: int) -> bytes:
    return tiff(6, apple_note(None, None, (ACCELERATION, SRATIONAL, numbers)), 26)


_WHOLE = tiff(6, apple_note(PORTRAIT, 0), 26, BACK)
_NOTE = _WHOLE.index(APPLE)
_XMP = segment(b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>')
_EIGHT = segment(b"Exif\0\0" + tiff(8))

CASES = (
    Case("no picture", b"GIF89a", expected()),
    Case("a JPEG without EXIF data", jpeg(), expected()),
    Case("a PNG without EXIF data", png(), expected()),
    # how a phone is held
    _case("upright and level", _WHOLE, 6, UP, 26),
    _case("level on its head", _held(8, 0, 1, 0), 8, UP),
    _case("level with its top to the left", _held(1, -1, 0, 0), 1, UP),
    _case("level with its top to the right", _held(3, 1, 0, 0), 3, UP),
    _case("turned anticlockwise", _held(6, -0.28, -0.96, 0), 6, LEANS),
    _case("looking down", _held(6, 0, -0.96, -0.28), 6, [0, -0.96, -0.28]),
    _case("looking up", _held(6, 0, -0.96, 0.28), 6, [0, -0.96, 0.28]),
    # mirrored orientations
    _case("orientation 2", _held(2, -0.96, -0.28, 0), 2, LEANS),
    _case("orientation 4", _held(4, 0.96, 0.28, 0), 4, LEANS),
    _case("orientation 5", _held(5, 0.28, -0.96, 0), 5, LEANS),
    _case("orientation 7", _held(7, -0.28, 0.96, 0), 7, LEANS),
    # the front camera
    _case(
        "the front camera, turned and looking down",
        tiff(6, apple_note((0.36, -0.8, 0.48), 1)), 6, [0.36, -0.8, -0.48], front_camera=True,
    ),
    _case(
        "the front camera, mirrored by its orientation",
        tiff(5, apple_note((0.36, -0.8, 0.48), 1)), 5, [-0.36, -0.8, -0.48], front_camera=True,
    ),
    _case("the front camera by the name of its lens", tiff(6, None, 23, FRONT), 6, None, 23, front_camera=True),
    # containers and byte orders
    _case("little-endian, the note big-endian", tiff(6, apple_note(PORTRAIT), 26, BACK, "<"), 6, UP, 26),
    Case("eXIf before the pixels", png(chunk(b"eXIf", _WHOLE)), expected(6, UP, 26)),
    Case("eXIf behind the pixels", png(chunk(b"eXIf", _WHOLE), before=b"IEND"), expected(6, UP, 26)),
    Case("eXIf behind the end", png() + chunk(b"eXIf", _WHOLE), expected()),
    Case("XMP alone", jpeg(_XMP), expected()),
    Case("XMP before EXIF data", jpeg(_XMP, _EIGHT), expected(8)),
    Case("two EXIF segments", jpeg(_EIGHT, segment(b"Exif\0\0" + _WHOLE)), expected(8)),
    Case("fill bytes, and a marker without a segment", jpeg(b"\xff\xff\xff\xff\xd0", _EIGHT), expected(8)),
    # gravity that is not believed
    _case("44 degrees from the orientation", _held(6, -0.694658, -0.71934, 0), 6, [0.694658, -0.71934, 0]),
    _case("46 degrees from the orientation", _held(6, -0.71934, -0.694658, 0), 6, None, lies_on_side=True),
    _case("on its side, without an orientation", tiff(None, apple_note(PORTRAIT), 26), 1, None, 26, lies_on_side=True),
    _case("on its head", _held(6, 0, 1, 0), 6, None, lies_on_side=True),
    _case("looking at the floor", _held(6, 0, 0, -1), 6),
    _case("falling", _held(6, 0, -0.2, 0), 6),
    _case("shaken", _held(6, 0, -1.2, 0), 6),
    # absurd
    _case("orientation 0", tiff(0, None, 26), 1, None, 26),
    _case("orientation 9", tiff(9, None, 26), 1, None, 26),
    _case("an orientation as LONG", of_directories([(ORIENTATION, LONG, [3])], []), 3),
    _case("two orientations in one", of_directories([(ORIENTATION, SHORT, [6, 6])], []), 1),
    _case("focal length 0", tiff(6, None, 0), 6),
    _case("focal length 301", tiff(6, None, 301), 6),
    _case("denominators of 0", _accelerated(0, 0, -1, 0, 0, 0), 6, None, 26),
    _case("negative denominators", _accelerated(0, -1, 1, -1, 0, -1), 6, UP, 26),
    _case("two rationals", _accelerated(0, 1, -1, 1), 6, None, 26),
    # damaged
    _case("another maker's note", _WHOLE.replace(APPLE, b"Apple Mac\0\0\x01MM"), 6, None, 26),
    _case("cut off in the note", _WHOLE[: _NOTE + 40], 6, None, 26),
    _case("cut off in the first directory", _WHOLE[:15]),
    _case("another byte order", b"MI" + _WHOLE[2:]),
    _case("a first directory beyond the end", _WHOLE[:4] + b"\xff\xff\xff\xff" + _WHOLE[8:]),
    _case("a second directory that is the first", b"MM\0*\0\0\0\x08" + directory(
        [(ORIENTATION, SHORT, [6]), (EXIF_DIRECTORY, LONG, [8]), (FOCAL_35MM, SHORT, [26])], 8
    ), 6, None, 26),
)  # fmt: skip


def text() -> str:
    """The file as JSON."""
    cases = [{"name": case.name, "file": base64_text(case.file), "expected": case.expected} for case in CASES]
    return json.dumps({"about": ABOUT, "cases": cases}, indent=1) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text())
