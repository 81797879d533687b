"""The derived networks beside the published ones, by the real model."""

import hashlib
import io
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest

from posture.landmarks import Pixels
from posture.models import derived, files
from posture.models.mediapipe import LandmarkerPool
from testing.figures import figures
from testing.pictures import decoded


@pytest.fixture(scope="module")
def published() -> Iterator[LandmarkerPool]:
    with LandmarkerPool(files.path(), size=1) as pool:
        yield pool


@pytest.fixture(scope="module")
def lean() -> Iterator[LandmarkerPool]:
    with LandmarkerPool(files.lean_location(), size=1) as pool:
        yield pool


def test_what_is_derived_is_the_known_file() -> None:
    made = derived.lean(files.path().read_bytes())
    assert (len(made), hashlib.sha256(made).hexdigest()) == (files.LEAN_BYTES, files.LEAN_SHA256)


def same(one: LandmarkerPool, other: LandmarkerPool, pixels: Pixels) -> bool:
    """Whether both find the same people, each number to the last bit."""
    people, others = one.detect(pixels), other.detect(pixels)
    return len(people) == len(others) and all(
        np.array_equal(array, twin)
        for person, again in zip(people, others, strict=True)
        for array, twin in zip(person.arrays, again.arrays, strict=True)
    )


def test_the_lean_model_finds_every_landmark_where_the_published_one_does(
    published: LandmarkerPool, lean: LandmarkerPool
) -> None:
    photos = figures()
    different = [photo.file.name for photo in photos if not same(published, lean, decoded(photo.file.read_bytes()))]
    assert different == []


def test_several_people_and_nobody_are_found_alike(published: LandmarkerPool, lean: LandmarkerPool) -> None:
    pixels = decoded(figures()[0].file.read_bytes())
    assert same(published, lean, np.hstack([pixels, pixels[:, ::-1]]))
    assert same(published, lean, np.full_like(pixels, 200))


def test_the_networks_weights_lie_where_they_can_be_read_in_place() -> None:
    data = derived.lean(files.path().read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            assert member.compress_type == zipfile.ZIP_STORED
            name, extra = (int.from_bytes(data[member.header_offset + at :][:2], "little") for at in (26, 28))
            assert (member.header_offset + 30 + name + extra) % 64 == 0


def test_nothing_is_derived_with_another_mediapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "version", lambda _package: "1.3.0")
    with pytest.raises(derived.NotDerivedError, match=r"MediaPipe 1\.2\.2 alone, and this is 1\.3\.0"):
        derived.lean(files.path().read_bytes())
