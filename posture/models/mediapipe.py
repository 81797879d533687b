"""MediaPipe's pose model behind one call: a picture in, the landmarks of the people in it out."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from posture import startup
from posture.landmarks import Landmarks, LookCloser, Pixels
from posture.models import closer

with startup.lean("mediapipe"):
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions
    from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

# Enough to tell that somebody is not alone; with one person in the picture a higher number costs nothing.
MOST_PEOPLE = 4

_Result = TypeVar("_Result")

log = logging.getLogger(__name__)


class _Landmarkers:
    """Landmarkers of one model, each idle or at one picture."""

    def __init__(self, model: BaseOptions, people: int) -> None:
        options = PoseLandmarkerOptions(base_options=model, running_mode=RunningMode.IMAGE, num_poses=people)
        self._create = partial(PoseLandmarker.create_from_options, options)
        self._all: list[PoseLandmarker] = []
        self._idle: SimpleQueue[PoseLandmarker] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._all)

    def open(self) -> None:
        """Opens one more."""
        landmarker = self._create()
        self._all.append(landmarker)
        self._idle.put(landmarker)

    def detect(self, pixels: Pixels) -> list[Landmarks]:
        """The people in a picture; waits for an idle landmarker."""
        landmarker = self._idle.get()
        try:
            result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels))
        except Exception:
            self._replace(landmarker)
            raise
        self._idle.put(landmarker)
        height, width = pixels.shape[:2]
        return [_in_pixels(person, width, height) for person in result.pose_landmarks]

    def close(self) -> None:
        """Releases them all."""
        for landmarker in self._all:
            _release(landmarker)
        self._all.clear()

    def _replace(self, broken: PoseLandmarker) -> None:
        """One that failed once fails at every later picture too, and at being closed."""
        try:
            self.open()
        except Exception:
            self._idle.put(broken)  # to fail again is better than to wait for ever
            raise
        self._all.remove(broken)
        _release(broken)


class LandmarkerPool:
    """Landmarkers and the threads that keep them busy: what `posture.open_model` returns.

    One landmarker works on one picture at a time and on one core, without Python's lock; so a pool does as many
    pictures at once as it has landmarkers, each on a thread of its own. Close it, or use it in a `with` statement.
    """

    def __init__(self, model: Path, size: int, marker: Path | None = None) -> None:
        """Loads one landmarker now and the others behind the first work, which does not need them.

        Each of the `size` takes about 70 MB and 0.2 s. `marker`: the model of a closer look, 35 MB more for each.
        Raises ValueError for less than one.
        """
        if size < 1:
            raise ValueError(f"a pool has at least one landmarker, not {size}")
        self._landmarkers = _Landmarkers(BaseOptions(model_asset_path=str(model)), MOST_PEOPLE)
        self._markers = None if marker is None else _Landmarkers(BaseOptions(model_asset_path=str(marker)), 1)
        self._kinds = [kind for kind in (self._landmarkers, self._markers) if kind is not None]
        for kind in self._kinds:
            kind.open()
        self._missing = size - 1
        self._counting = threading.Lock()
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="landmarker")

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

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """Like the built-in `map`, on the pool's threads: one item a landmarker at once, first come first served."""
        return self._threads.map(function, *items)

    def close(self) -> None:
        """Ends the threads, after the work in hand, and releases the landmarkers."""
        self._threads.shutdown()
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


def _release(landmarker: PoseLandmarker) -> None:
    """Closes a landmarker. One that failed at a picture fails at this too, and is released all the same.

    MediaPipe would close it again when it is collected, and wait for a thread of its own that may have ended by then.
    """
    with suppress(Exception):
        landmarker.close()
    landmarker._handle = None  # noqa: SLF001


def _in_pixels(person: list[Any], width: int, height: int) -> Landmarks:
    """MediaPipe's normalized landmarks as pixels; its z is in units of the picture's width."""
    table = np.array([(mark.x, mark.y, mark.z, mark.presence, mark.visibility) for mark in person], dtype=np.float64)
    return Landmarks(
        points=table[:, :2] * (width, height),
        depth=table[:, 2] * width,
        presence=table[:, 3],
        visibility=table[:, 4],
    )
