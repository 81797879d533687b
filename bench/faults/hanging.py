"""Landmarkers that hang: the job at which one does, and a worker in which it does."""

import numpy as np
from PIL import Image

from testing import DEMO
from testing.pictures import base64_text, encoded
from testing.worker import WorkerProcess

WIDTH = 331  # pixels, of a picture that is measured as it is

# One landmarker hangs, at the front photo.
HANGS = {
    "front": encoded(Image.fromarray(np.full((500, WIDTH, 3), 200, dtype=np.uint8))),
    "side": base64_text((DEMO / "side_image.jpg").read_bytes()),
}


class HangingWorkerProcess(WorkerProcess):
    """A worker whose landmarkers hang at a picture of that width."""

    program = ("-m", "bench.faults.hanging_worker")
