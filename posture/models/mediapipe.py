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
from posture.landmarks import Landmarks, Pixels

with startup.lean("mediapipe"):
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions
    from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

# Enough to tell that somebody is not alone; with one person in the picture a higher number costs nothing.
MOST_PEOPLE = 4

_Result = TypeVar("_Result")

log = logging.getLogger(__name__)


class LandmarkerPool:
    """Landmarkers and the threads that keep them busy: what `posture.open_model` returns.

    One landmarker works on one picture at a time and on one core, without Python's lock; so a pool does as many
    pictures at once as it has landmarkers, each on a thread of its own. Close it, or use it in a `with` statement.
    """

    def __init__(self, model: Path, size: int) -> None:
        """Loads one landmarker now and the others behind the first work, which does not need them.

        Each of the `size` takes about 100 MB and 0.2 s. Raises ValueError for less than one.
        """
        if size < 1:
            raise ValueError(f"a pool has at least one landmarker, not {size}")
        options = PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=RunningMode.IMAGE,
            num_poses=MOST_PEOPLE,
        )
        self._create = partial(PoseLandmarker.create_from_options, options)
        self._landmarkers: list[PoseLandmarker] = []
        self._idle: SimpleQueue[PoseLandmarker] = SimpleQueue()
        self._open()
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
        landmarker = self._idle.get()
        try:
            result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels))
        except Exception:
            self._replace(landmarker)
            raise
        else:
            self._idle.put(landmarker)
        finally:
            self._complete()
        height, width = pixels.shape[:2]
        return [_in_pixels(person, width, height) for person in result.pose_landmarks]

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """Like the built-in `map`, on the pool's threads: one item a landmarker at once, first come first served."""
        return self._threads.map(function, *items)

    def close(self) -> None:
        """Ends the threads, after the work in hand, and releases the landmarkers."""
        self._threads.shutdown()
        for landmarker in self._landmarkers:
            _release(landmarker)
        self._landmarkers.clear()

    def _open(self) -> None:
        landmarker = self._create()
        self._landmarkers.append(landmarker)
        self._idle.put(landmarker)

    def _replace(self, broken: PoseLandmarker) -> None:
        """One that failed once fails at every later picture too, and at being closed."""
        try:
            self._open()
        except Exception:
            self._idle.put(broken)  # to fail again is better than to wait for ever
            raise
        self._landmarkers.remove(broken)
        _release(broken)

    def _complete(self) -> None:
        """Queues the opening of the remaining landmarkers behind the work already waiting."""
        with self._counting:
            missing, self._missing = self._missing, 0
        for _ in range(missing):
            self._threads.submit(self._open_behind)

    def _open_behind(self) -> None:
        try:
            self._open()
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
