"""The worker, with landmarkers that never come back from a picture of one width.

    python -m tests.worker.hanging_worker

It is runpod_handler.py in all else.
"""

import threading
from typing import Any

import runpod_handler
from posture.models import mediapipe

WIDTH = 331  # pixels, of a picture that is measured as it is

_landmarkers = vars(mediapipe)["PoseLandmarker"]
_detect = _landmarkers.detect


def _detect_or_hang(landmarker: Any, image: Any) -> Any:
    if image.width == WIDTH:
        threading.Event().wait()
    return _detect(landmarker, image)


if __name__ == "__main__":
    _landmarkers.detect = _detect_or_hang
    runpod_handler.main()
