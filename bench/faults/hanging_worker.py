"""The worker, with landmarkers that never come back from a picture of one width.

    python -m bench.faults.hanging_worker

It is runpod_handler.py in all else.
"""

import threading
from typing import Any

import runpod_handler
from bench.faults.hanging import WIDTH
from posture.models import mediapipe

_landmarkers = vars(mediapipe)["PoseLandmarker"]
_detect = _landmarkers.detect


def _detect_or_hang(landmarker: Any, image: Any) -> Any:  # noqa: ANN401  MediaPipe's own types
    if image.width == WIDTH:
        threading.Event().wait()
    return _detect(landmarker, image)


if __name__ == "__main__":
    _landmarkers.detect = _detect_or_hang
    runpod_handler.main()
