"""Photos as the client sends them: the worker sees the same person in them, held by the same camera."""

import io
import json
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image

import posture
from posture import exif
from posture.camera import up_of
from posture.client import Refused, photos
from posture.client.photos import LONG_SIDE, MOST_BYTES, Fitted, UnfitError, fit, job_input, told
from posture.exif import Said
from posture.images import read
from posture.models.mediapipe import LandmarkerPool
from posture.options import choose
from posture.views import VIEWS
from posture.wire.request import DEFAULTS
from testing import DEMO
from testing.builders import picture
from testing.exif_files import apple_note, chunk, jpeg_that_says, phone_axes, png, tiff
from testing.pictures import add_noise, decoded, file_bytes, scale

FRONT, SIDE = DEMO / "front_image.jpg", DEMO / "side_image.jpg"
# What makes a stored picture of an upright one that has that EXIF orientation.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def large(width: int = 2160, height: int = 2 * LONG_SIDE, mode: str = "RGB") -> Image.Image:
    """A picture with a different color in each quarter, that is reduced."""
    return picture(width, height).convert(mode)


def noisy(width: int, height: int) -> Image.Image:
    return add_noise(Image.new("RGB", (width, height), "gray"), 80, 1)


def size(fitted: Fitted) -> tuple[int, int]:
    return Image.open(io.BytesIO(fitted.file)).size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_of_any_orientation_is_turned_upright(orientation: int) -> None:
    stored = large().transpose(STORED[orientation]) if orientation in STORED else large()
    file = jpeg_that_says(tiff(orientation), file_bytes(stored, "JPEG", quality=95))
    fitted = fit(file)
    assert size(fitted) == (1080, LONG_SIDE)
    assert exif.read(fitted.file) == exif.SAYS_NOTHING
    assert fitted.said.orientation == orientation
    difference = decoded(fitted.file).astype(int) - decoded(file)
    assert abs(difference).mean() < 1


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ((3024, 4032), (1512, 2016)),  # 12 megapixels
        ((6048, 8064), (1512, 2016)),  # 48
        ((9000, 12000), (1125, 1500)),  # 108, which the worker would refuse
        ((4000, 3000), (2000, 1500)),
        ((1620, 2880), (810, 1440)),
        ((2881, 333), (1441, 167)),
        ((24000, 240), (1500, 15)),  # which is for the worker to refuse
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_large_photo_is_halved_until_halving_would_cost(sent: tuple[int, int], expected: tuple[int, int]) -> None:
    assert size(fit(file_bytes(Image.new("L", sent, 90), "JPEG"))) == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("sent", [(2159, 2879), (100, 100), (8, 8)])
def test_a_photo_that_fits_is_sent_as_it_is(kind: str, sent: tuple[int, int]) -> None:
    file = file_bytes(picture(*sent), kind)
    assert fit(file) == Fitted(file)
    says = jpeg_that_says(tiff(6, apple_note((0, -1, 0)), 26), file) if kind == "JPEG" else file
    assert fit(says) == Fitted(says)


@pytest.mark.parametrize(("most", "expected"), [(120_000, (400, 300)), (90_000, (400, 300)), (40_000, (200, 150))])
def test_a_photo_of_too_many_bytes_is_encoded_anew(
    monkeypatch: pytest.MonkeyPatch, most: int, expected: tuple[int, int]
) -> None:
    monkeypatch.setattr(photos, "MOST_BYTES", most)
    fitted = fit(file_bytes(noisy(400, 300)))
    assert most / 4 < len(fitted.file) <= most
    assert size(fitted) == expected


def test_both_photos_at_their_largest_fit_into_a_request() -> None:
    photos = {view.name: bytes(MOST_BYTES) for view in VIEWS}
    assert 9_800_000 < len(json.dumps({"input": job_input(photos, {})})) < 9_950_000


@pytest.mark.parametrize("kind", ["LA", "RGBA", "L"])
def test_what_is_transparent_becomes_white(kind: str) -> None:
    image = Image.new("RGBA", (400, 2 * LONG_SIDE), (90, 90, 90, 0))
    image.paste((90, 90, 90, 255), (0, 0, 400, LONG_SIDE))
    if kind == "L":
        image = image.getchannel("A").point(lambda alpha: 90 if alpha else 0)
        file = file_bytes(image, transparency=0)
    else:
        file = file_bytes(image.convert(kind))
    seen = decoded(fit(file).file)
    assert (abs(seen[0].astype(int) - 90) < 3).all()
    assert (seen[-1] > 250).all()


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_photo_in_grey_or_for_print_is_seen_as_before(mode: str) -> None:
    file = file_bytes(large(mode=mode), "JPEG")
    assert abs(decoded(fit(file).file).astype(int) - decoded(file)).mean() < 2


UNREADABLE = {
    "no picture": b"GIF89a" + bytes(99),
    "nothing": b"",
    "cut off": file_bytes(large(), "JPEG")[:-300],
    "without its end": file_bytes(large(), "JPEG")[:-2],
    "a cut PNG": file_bytes(large())[:-40],
    "a damaged PNG": file_bytes(large())[:-20] + bytes(8) + file_bytes(large())[-12:],
    "of 16 bits": file_bytes(Image.fromarray(np.full((LONG_SIDE * 2, 200), 900, np.uint16))),
    "a lie": b"\x89PNG\r\n\x1a\n" + bytes(50),
}


@pytest.mark.parametrize("file", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_left_for_the_worker_to_judge(file: bytes) -> None:
    assert fit(file) == Fitted(file)


@pytest.mark.parametrize(
    "file", [b"GIF89a" + bytes(MOST_BYTES), file_bytes(noisy(2400, 3000), "JPEG", quality=99)[:-9]]
)
def test_unless_it_is_too_large_to_be_sent(file: bytes) -> None:
    with pytest.raises(UnfitError, match=f"its file has {len(file):,} bytes") as caught:
        fit(file)
    assert caught.value.code == "image_too_large"


def test_a_heic_without_its_decoder_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(Refused, match=r"pip install 'posture-measurement\[heic\]'") as caught:
        job_input({"front": b"\0\0\0\x18ftypheic" + bytes(90), "side": SIDE}, {})
    assert (caught.value.code, caught.value.view) == ("unsupported_format", "front")


# What is told.

UP = Said(gravity=(0.0, -1.0, 0.0), focal_35mm=26)


def gravity(roll: float, pitch: float) -> exif.Vector:
    right, down, away = (float(part) for part in up_of(roll, pitch))
    return right, down, away


SAYINGS = [
    replace(UP, gravity=None),
    replace(UP, focal_35mm=None),
    *(
        Said(orientation, gravity(roll, pitch), focal, front)
        for orientation, roll, pitch, focal, front in product(
            (1, 2, 6), (3.0, -100.0), (-8.0, 70.0), (26, None), (False, True)
        )
    ),
]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {},
    {"level": "none"},
    {"level": "lines", "mirrored": {"front": True}},
    {"mirrored": {"front": False}},
    {"mirrored": {"side": True}, "camera": {"side": {"roll": 1}}},
    {"camera": {"front": {"roll": 1.5}}},
    {"camera": {"front": {"pitch": -2, "focal_35mm": 50}}},
    {"camera": {"front": {"focal_35mm": 50}}},
    {"camera": {"front": {"roll": None, "focal_35mm": None}}},
    {"camera_roll": {"front": 2}},
    {"camera_roll": {"front": 0}, "camera": {"front": {"pitch": 1}}},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("said", SAYINGS, ids=str)
def test_the_worker_takes_the_same_off_as_from_the_photo_itself(said: Said, options: dict[str, Any]) -> None:
    by_photo = choose(options, DEFAULTS).known_camera(VIEWS[0], said)
    camera = told(said, "front", options)
    sent = {**options, "camera": {**options.get("camera", {}), "front": camera}} if camera else options
    left = Said(front_camera=said.front_camera)
    by_client = choose(sent, DEFAULTS).known_camera(VIEWS[0], left)
    assert (by_client.source == "client") == (by_photo.source in ("client", "photo"))
    assert replace(by_client, source="unknown") == replace(by_photo, source="unknown", contradicted=0.0)


@pytest.mark.parametrize("camera", [3, {"front": 3}, {"front": ["roll"]}])
def test_what_a_caller_tells_in_another_shape_is_left_for_the_worker_to_refuse(camera: Any) -> None:
    options = {"camera": camera}
    sent = job_input({"front": phone(SIZE_12, front=True), "side": SIDE}, options)
    assert sent["camera"] == camera


SIZE_12 = (3024, 4032)


def phone(
    across: tuple[int, int], *, front: bool = False, roll: float = 3.0, image: Image.Image | None = None
) -> bytes:
    """A photo as a phone stores it, on its side, with what it records."""
    stored = (image or picture(*across)).transpose(Image.Transpose.ROTATE_90)
    right, down, away = gravity(roll, -8)
    note = apple_note(phone_axes((down, -right, away), front=front), int(front))
    return jpeg_that_says(tiff(6, note, 26), file_bytes(stored, "JPEG", quality=92))


@pytest.mark.parametrize("front", [False, True])
def test_a_reduced_photo_says_no_more_than_that_a_front_camera_took_it(front: bool) -> None:  # noqa: FBT001
    fitted = fit(phone(SIZE_12, front=front))
    assert exif.read(fitted.file) == Said(front_camera=front)
    assert (b"Apple" in fitted.file, b"front camera" in fitted.file) == (False, front)
    expected = {"roll": 0 if front else 3, "pitch": -8, "focal_35mm": 26}
    assert told(fitted.said, "front", {}) == pytest.approx(expected, abs=1e-4)


def test_what_a_large_png_says_is_told() -> None:
    note = apple_note(phone_axes(gravity(3, -8)))
    file = png(chunk(b"eXIf", tiff(1, note, 26)), picture=file_bytes(large()))
    camera = job_input({"front": file, "side": file}, {"camera": {"side": {"roll": 0}}})["camera"]
    assert camera["front"] == pytest.approx({"roll": 3, "pitch": -8, "focal_35mm": 26}, abs=1e-4)
    assert camera["side"] == {"roll": 0, "focal_35mm": 26}


def test_the_options_stay_as_they_are_where_nothing_is_to_be_told() -> None:
    sent = job_input({"front": FRONT, "side": SIDE}, {"mode": "fast", "mirrored": {"front": True}})
    assert sent.keys() == {"front", "side", "mode", "mirrored"}


def test_reduced_photos_are_measured_as_the_whole_ones(pool: LandmarkerPool) -> None:
    """Within what two photos of the same stance may differ by; the whole ones with what they say of the camera."""
    whole = {}
    for view, file in (("front", FRONT), ("side", SIDE)):
        whole[view] = phone(SIZE_12, image=scale(Image.open(file), SIZE_12[0] / 768))
    base = posture.measure(whole["front"], whole["side"], model=pool)
    fitted = {view: fit(file) for view, file in whole.items()}
    camera = {view: told(fitted[view].said, view, {}) for view in fitted}
    reduced = posture.measure(fitted["front"].file, fitted["side"].file, model=pool, camera=camera)
    assert (base.front.camera.source, reduced.front.camera.source) == ("photo", "client")
    assert base.front.camera.roll == reduced.front.camera.roll == pytest.approx(3, abs=1e-4)
    for of, same in ((base.front, reduced.front), (base.side, reduced.side)):
        for name, reading in of.angles.items():
            assert reading.value == pytest.approx(same.angles[name].value, abs=reading.repeatability_limit / 2)
    assert read(fitted["front"].file).pixels.shape == read(whole["front"]).pixels.shape == (1008, 756, 3)
