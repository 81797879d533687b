"""Remakes the photos in .runpod/tests.json from the demo images: python -m docs.hub_photos

Not a part of `make docs`: another version of OpenCV or another processor may write other bytes of the same picture.
"""

import base64
import json
from dataclasses import dataclass

import cv2

from docs.make import TOP

DEMO = TOP / "demo_images"


@dataclass(frozen=True)
class Case:
    """A test of the Hub's: a demo pair, how its photos are named and what stands before their text.

    `height` in pixels and `quality` of the JPEG: small files whose angles are still within the demo's margins.
    """

    name: str
    pair: int
    fields: tuple[str, str]
    prefix: str
    height: int
    quality: int


# The first is also the request to paste in .runpod/README.md.
CASES = (
    Case("front_and_side", 0, ("front", "side"), "", 320, 25),
    Case("front_image_and_side_image_facing_left", 1, ("front_image", "side_image"), "", 480, 40),
    Case("data_urls", 2, ("front", "side"), "data:image/jpeg;base64,", 480, 40),
)
TIMEOUT = 60_000  # milliseconds


def small(file: str, height: int, quality: int) -> str:
    """A demo image brought to this height, as a JPEG in base64."""
    image = cv2.imread(str(DEMO / file))
    if image is None:
        raise FileNotFoundError(DEMO / file)
    width = round(image.shape[1] * height / image.shape[0])
    reduced = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    return base64.b64encode(cv2.imencode(".jpg", reduced, options)[1].tobytes()).decode()


def main() -> None:
    """The command line."""
    pairs = json.loads((DEMO / "truth.json").read_text())["pairs"]
    tests = []
    for case in CASES:
        files = (pairs[case.pair]["front"], pairs[case.pair]["side"])
        texts = [case.prefix + small(file, case.height, case.quality) for file in files]
        tests.append({"name": case.name, "input": dict(zip(case.fields, texts, strict=True)), "timeout": TIMEOUT})
    place = TOP / ".runpod" / "tests.json"
    document = json.loads(place.read_text()) | {"tests": tests}
    place.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
