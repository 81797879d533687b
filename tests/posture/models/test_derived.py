"""The derived networks beside the published ones, by the real model."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from posture.landmarks import Pixels
from posture.models import derived, files
from posture.models.mediapipe import LandmarkerPool
from testing.figures import evenly, figures
from testing.pictures import decoded


@pytest.fixture(scope="module")
def published() -> Iterator[LandmarkerPool]:
    with LandmarkerPool(files.path(), size=1) as pool:
        yield pool


@pytest.fixture(scope="module")
def lean() -> Iterator[LandmarkerPool]:
    with LandmarkerPool(files.location(files.LEAN), size=1) as pool:
        yield pool


@pytest.mark.parametrize("which", [files.LEAN, files.MARKER], ids=lambda which: which.kind)
def test_what_is_derived_is_the_known_file(which: files.Derived) -> None:
    made = getattr(derived, which.kind)(files.path().read_bytes())
    assert hashlib.sha256(made).hexdigest() == which.sha256


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
    photos = evenly(figures(), 20)
    different = [photo.file.name for photo in photos if not same(published, lean, decoded(photo.file.read_bytes()))]
    assert different == []


def test_several_people_and_nobody_are_found_alike(published: LandmarkerPool, lean: LandmarkerPool) -> None:
    pixels = decoded(figures()[0].file.read_bytes())
    assert same(published, lean, np.hstack([pixels, pixels[:, ::-1]]))
    assert same(published, lean, np.full_like(pixels, 200))


@pytest.mark.parametrize("derive", [derived.lean, derived.marker])
def test_the_networks_weights_lie_where_they_can_be_read_in_place(derive: Callable[[bytes], bytes]) -> None:
    data = derive(files.path().read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            assert member.compress_type == zipfile.ZIP_STORED
            name, extra = (int.from_bytes(data[member.header_offset + at :][:2], "little") for at in (26, 28))
            assert (member.header_offset + 30 + name + extra) % 64 == 0


def test_nothing_is_derived_with_another_mediapipe(monkeypatch: pytest.MonkeyPatch) -> None:
    derived._schema.cache_clear()  # noqa: SLF001
    monkeypatch.setattr(derived, "version", lambda _package: "1.3.0")
    with pytest.raises(derived.NotDerivedError, match=r"MediaPipe 1\.2\.2 alone, and this is 1\.3\.0"):
        derived.lean(files.path().read_bytes())
