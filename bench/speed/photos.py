"""Photos as a telephone sends them, made from the demo images."""

from functools import cache

import numpy as np
from PIL import Image

from posture.views import VIEWS, View
from testing import DEMO
from testing.pictures import encoded

# A rendered figure is smoother than a photo, and its file smaller and faster to decode: this noise of a sensor makes
# 0.26 MB of 1080x1440 pixels.
NOISE = 4.0
QUALITY = 90


@cache
def photo(view: View, size: tuple[int, int]) -> str:
    """The demo figure as a photo of width x height pixels: the base64 text of a JPEG."""
    width, height = size
    with Image.open(DEMO / f"{view.name}_image.jpg") as image:
        pixels = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    tile = np.random.default_rng(0).normal(0, NOISE, (512, 512, 3)).round().astype(np.int16)
    noise = np.tile(tile, (height // 512 + 1, width // 512 + 1, 1))[:height, :width]
    noisy = Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
    return encoded(noisy, "JPEG", quality=QUALITY)


def job(size: tuple[int, int]) -> dict[str, str]:
    """The input of a job with both photos."""
    return {view.name: photo(view, size) for view in VIEWS}
