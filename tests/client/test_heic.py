"""Photos as iPhones save them, with pillow-heif: decoding turns them, what they say of the camera stays."""

import io

import pytest
from PIL import Image

from posture import exif
from posture.client.photos import fit, told
from testing.builders import picture
from testing.exif_files import apple_note, phone_axes, tiff
from testing.pictures import decoded, file_bytes
from tests.client.test_photos import STORED, gravity

pillow_heif = pytest.importorskip("pillow_heif", reason="the extra [heic] is not installed")


def heic(image: Image.Image, orientation: int = 6, *, roll: float = 3.0, front: bool = False) -> bytes:
    """A HEIC of an upright picture as a phone stores it, with what it records of the camera."""
    right, down, away = gravity(roll, -8)
    up = {1: (right, down, away), 6: (down, -right, away)}[orientation]
    data = tiff(orientation, apple_note(phone_axes(up, front=front), int(front)), 26)
    stored = image.convert("RGB").transpose(STORED[orientation]) if orientation in STORED else image.convert("RGB")
    file = io.BytesIO()
    pillow_heif.from_pillow(stored).save(file, quality=95, exif=b"Exif\0\0" + data)
    return file.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
def test_it_becomes_an_upright_jpeg_and_its_camera_is_told(orientation: int) -> None:
    image = picture(600, 800)
    fitted = fit(heic(image, orientation))
    assert exif.read(fitted.file) == exif.SAYS_NOTHING
    seen, expected = decoded(fitted.file).astype(int), decoded(file_bytes(image, "JPEG", quality=95))
    assert seen.shape == expected.shape
    assert abs(seen - expected).mean() < 3
    assert told(fitted.said, "front", {}) == pytest.approx({"roll": 3, "pitch": -8, "focal_35mm": 26}, abs=1e-4)


def test_a_large_one_is_reduced() -> None:
    fitted = fit(heic(picture(3024, 4032)))
    assert Image.open(io.BytesIO(fitted.file)).size == (1512, 2016)


def test_a_damaged_one_is_left_for_the_worker_to_judge() -> None:
    file = heic(picture())[:-100]
    assert fit(file).file == file
