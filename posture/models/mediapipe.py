"""MediaPipe's models, each behind one call: a picture in, the landmarks of the people or the faces in it out."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from posture import startup
from posture.face import FindFaces
from posture.landmarks import Array, Landmarks, LookCloser, Pixels
from posture.models import closer
from posture.models.threads import HungError, Threads

with startup.lean("mediapipe"):
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions
    from mediapipe.tasks.python.vision import (
        FaceLandmarker,
        FaceLandmarkerOptions,
        PoseLandmarker,
        PoseLandmarkerOptions,
        RunningMode,
    )

# Enough to tell that somebody is not alone; with one person in the picture a higher number costs nothing.
MOST_PEOPLE = 4
# The person's own, and what may be beside it: a poster, somebody behind.
MOST_FACES = 3
# The least confidence with which a face is one, and its mesh lies on it: of heads that have been found already.
FACE_CONFIDENCE = 0.3

_Result = TypeVar("_Result")
_Found = TypeVar("_Found")

log = logging.getLogger(__name__)

# A PoseLandmarker, a FaceLandmarker, and what their `detect` returns: they have no type in common.
_Landmarker: TypeAlias = Any
_Detected: TypeAlias = Any


class _Landmarkers(Generic[_Found]):
    """Landmarkers of one model, each idle or at one picture."""

    def __init__(self, create: Callable[[], _Landmarker], read: Callable[[_Detected, int, int], list[_Found]]) -> None:
        """`create`: opens one. `read`: its result in a picture of this width and height, in pixels."""
        self._create = create
        self._read = read
        self._all: list[_Landmarker] = []
        self._idle: SimpleQueue[_Landmarker | None] = SimpleQueue()  # None: one is missing, who needs it opens it
        self._at_work: dict[threading.Thread, _Landmarker] = {}

    def __len__(self) -> int:
        return len(self._all)

    def open(self) -> None:
        """Opens one more."""
        self._idle.put(self._opened())

    def detect(self, pixels: Pixels) -> list[_Found]:
        """What is found in a picture; waits for an idle landmarker."""
        thread = threading.current_thread()
        self._at_work[thread] = landmarker = self._taken()
        try:
            result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels))
        except Exception:
            # One that failed once fails at every later picture too, and at being closed.
            self.give_up(thread)
            _release(landmarker)
            raise
        if self._at_work.pop(thread, None) is None:
            _release(landmarker)
            raise HungError("it was given up")
        self._idle.put(landmarker)
        height, width = pixels.shape[:2]
        return self._read(result, width, height)

    def give_up(self, thread: threading.Thread) -> bool:
        """Has another opened in the place of the landmarker that a thread is at work with. Whether it is with one."""
        landmarker = self._at_work.pop(thread, None)
        if landmarker is None:
            return False
        self._all.remove(landmarker)
        self._idle.put(None)
        return True

    def close(self) -> None:
        """Releases them all."""
        for landmarker in self._all:
            _release(landmarker)
        self._all.clear()

    def _taken(self) -> _Landmarker:
        landmarker = self._idle.get()
        if landmarker is not None:
            return landmarker
        try:
            return self._opened()
        except Exception:
            self._idle.put(None)  # to fail again is better than to wait for ever
            raise

    def _opened(self) -> _Landmarker:
        landmarker = self._create()
        self._all.append(landmarker)
        return landmarker


def _for_people(model: Path, most: int) -> _Landmarkers[Landmarks]:
    """Landmarkers that find up to so many people."""
    base = BaseOptions(model_asset_path=str(model))
    options = PoseLandmarkerOptions(base_options=base, running_mode=RunningMode.IMAGE, num_poses=most)
    return _Landmarkers(partial(PoseLandmarker.create_from_options, options), _people)


def _for_faces(model: Path) -> _Landmarkers[Array]:
    """Landmarkers that find faces, each as a mesh of (478, 2) in pixels."""
    options = FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=RunningMode.IMAGE,
        num_faces=MOST_FACES,
        min_face_detection_confidence=FACE_CONFIDENCE,
        min_face_presence_confidence=FACE_CONFIDENCE,
    )
    return _Landmarkers(partial(FaceLandmarker.create_from_options, options), _meshes)


class LandmarkerPool:
    """Landmarkers and the threads that keep them busy: what `posture.open_model` returns.

    One landmarker works on one picture at a time and on one core, without Python's lock; so a pool does as many
    pictures at once as it has landmarkers, each on a thread of its own. Close it, or use it in a `with` statement.
    """

    def __init__(self, model: Path, size: int, marker: Path | None = None, face: Path | None = None) -> None:
        """Loads one landmarker of a kind now and the others behind the first work, which does not need them.

        Each of the `size` takes about 70 MB and 0.2 s. `marker`: the model of a closer look, 35 MB more for each;
        `face`: the model of faces, 25 MB and 0.03 s more. Raises ValueError for less than one.
        """
        if size < 1:
            raise ValueError(f"a pool has at least one landmarker, not {size}")
        self._landmarkers = _for_people(model, MOST_PEOPLE)
        self._markers = None if marker is None else _for_people(marker, 1)
        self._faces = None if face is None else _for_faces(face)
        self._kinds = [kind for kind in (self._landmarkers, self._markers, self._faces) if kind is not None]
        for kind in self._kinds:
            kind.open()
        self._missing = size - 1
        self._counting = threading.Lock()
        self._threads = Threads(size)
        self._given_up = 0

    @property
    def opened(self) -> int:
        """How many landmarkers there are by now."""
        return len(self._landmarkers)

    def detect(self, pixels: Pixels) -> list[Landmarks]:
        """The people in a picture, the most prominent first; none is an empty list.

        `pixels` must be contiguous. Can be called from any thread; waits for an idle landmarker.
        """
        try:
            return self._landmarkers.detect(pixels)
        finally:
            self._complete()

    @property
    def look_closer(self) -> LookCloser | None:
        """What looks at one known person again (posture.models.closer); None without the model for it."""
        return None if self._markers is None else partial(closer.look, detect=self._markers.detect)

    @property
    def find_faces(self) -> FindFaces | None:
        """What finds the faces in a picture of a head, the mesh of each; None without the model for it."""
        return None if self._faces is None else self._faces.detect

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """Like the built-in `map`, on the pool's threads: one item a landmarker at once, first come first served."""
        return self._threads.map(function, *items)

    def give_up(self, seconds: float) -> int:
        """Opens others in the place of threads and landmarkers that have been at one photo for longer.

        Returns how many landmarkers have been given up so far: a thread may only have waited for one. What they were at
        fails with posture.models.threads.HungError.
        """
        for thread in self._threads.give_up(seconds):
            self._given_up += sum(kind.give_up(thread) for kind in self._kinds)
        return self._given_up

    def close(self) -> None:
        """Ends the threads, after the work in hand, and releases the landmarkers."""
        self._threads.close()
        for kind in self._kinds:
            kind.close()

    def _complete(self) -> None:
        """Queues the opening of the remaining landmarkers behind the work already waiting."""
        with self._counting:
            missing, self._missing = self._missing, 0
        for _ in range(missing):
            self._threads.submit(self._open_behind)

    def _open_behind(self) -> None:
        for kind in self._kinds:
            try:
                kind.open()
            except Exception:
                log.exception("One landmarker could not be opened; the others do its work.")

    def __enter__(self) -> "LandmarkerPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _release(landmarker: _Landmarker) -> None:
    """Closes a landmarker. One that failed at a picture fails at this too, and is released all the same.

    MediaPipe would close it again when it is collected, and wait for a thread of its own that may have ended by then.
    """
    with suppress(Exception):
        landmarker.close()
    landmarker._handle = None  # noqa: SLF001


def _people(result: _Detected, width: int, height: int) -> list[Landmarks]:
    return [_in_pixels(person, width, height) for person in result.pose_landmarks]


def _meshes(result: _Detected, width: int, height: int) -> list[Array]:
    return [np.array([(mark.x * width, mark.y * height) for mark in face]) for face in result.face_landmarks]


def _in_pixels(person: list[Any], width: int, height: int) -> Landmarks:
    """MediaPipe's normalized landmarks as pixels; its z is in units of the picture's width."""
    table = np.array([(mark.x, mark.y, mark.z, mark.presence, mark.visibility) for mark in person], dtype=np.float64)
    return Landmarks(
        points=table[:, :2] * (width, height),
        depth=table[:, 2] * width,
        presence=table[:, 3],
        visibility=table[:, 4],
    )
