"""The landmarkers of a worker, and a process that suits them."""

from typing import TYPE_CHECKING

import posture
from posture.worker import memory, settings

if TYPE_CHECKING:
    from posture.models.mediapipe import LandmarkerPool


def open_pool() -> "LandmarkerPool":
    """As many landmarkers as the settings say, in a process whose work they are.

    Raises SettingsError, ModelError, NotInstalledError.
    """
    # What takes numpy is imported here: whoever opens it ahead of something else need not wait for it.
    import cv2  # noqa: PLC0415

    memory.give_back()
    cv2.setNumThreads(1)  # every core has its landmarker: OpenCV's own threads, one a core of the host, only disturb
    return posture.open_model(settings.read().landmarkers)
