"""MediaPipe's pose model behind one call: a picture in, the landmarks of the people in it out."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

from posture.landmarks import Landmarks, Pixels

# Enough to tell that somebody is not alone; with one person in the picture a higher number costs nothing.
MOST_PEOPLE = 4

_Result = TypeVar("_Result")


class LandmarkerPool:
    """Landmarkers and the threads that keep them busy.

    One landmarker works on one picture at a time and on one core, without Python's lock; so a pool does as many
    pictures at once as it has landmarkers, each on a thread of its own. Close it, or use it in a `with` statement.
    """

    def __init__(self, model: Path, size: int) -> None:
        """Loads the model file `size` times: about 100 MB and 0.2 s each."""
        options = PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=RunningMode.IMAGE,
            num_poses=MOST_PEOPLE,
        )
        self._landmarkers = [PoseLandmarker.create_from_options(options) for _ in range(size)]
        self._idle: SimpleQueue[PoseLandmarker] = SimpleQueue()
        for landmarker in self._landmarkers:
            self._idle.put(landmarker)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="landmarker")

    def detect(self, pixels: Pixels) -> list[Landmarks]:
        """The people in a picture, the most prominent first; none is an empty list.

        `pixels` must be contiguous. Can be called from any thread; waits for an idle landmarker.
        """
        landmarker = self._idle.get()
        try:
            result = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=pixels))
        finally:
            self._idle.put(landmarker)
        height, width = pixels.shape[:2]
        return [_in_pixels(person, width, height) for person in result.pose_landmarks]

    def map(self, function: Callable[..., _Result], *items: Iterable[Any]) -> Iterator[_Result]:
        """Like the built-in `map`, on the pool's threads: one item a landmarker at once, first come first served."""
        return self._threads.map(function, *items)

    def close(self) -> None:
        """Ends the threads, after the work in hand, and releases the landmarkers."""
        self._threads.shutdown()
        for landmarker in self._landmarkers:
            landmarker.close()
        self._landmarkers.clear()

    def __enter__(self) -> "LandmarkerPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _in_pixels(person: list[Any], width: int, height: int) -> Landmarks:
    """MediaPipe's normalized landmarks as pixels; its z is in units of the picture's width."""
    table = np.array([(mark.x, mark.y, mark.z, mark.presence, mark.visibility) for mark in person], dtype=np.float64)
    return Landmarks(
        points=table[:, :2] * (width, height),
        depth=table[:, 2] * width,
        presence=table[:, 3],
        visibility=table[:, 4],
    )
