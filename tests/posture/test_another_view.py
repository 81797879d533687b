"""A further view is one row of the table: nothing else has to know of it."""

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image

from testing import DEMO, TOP
from testing.pictures import base64_text, encoded, mirror

# The row stands in the table before anything reads it, as if it were written there.
PROGRAM = """
import json, sys
from dataclasses import replace
from posture import views
views.VIEWS = (*views.VIEWS, replace(views.SIDE, name="other_side"))

from posture.models.files import path
from posture.models.mediapipe import LandmarkerPool
from posture.wire.schema import input_schema, output_schema
from posture.worker.settings import read
from posture.worker.worker import Worker

class Log:
    info = error = staticmethod(lambda *_: None)

jobs = json.load(sys.stdin)
worker = Worker(lambda: LandmarkerPool(path(), 1), read, Log())
print(json.dumps({"answers": [worker.handle(job) for job in jobs], "schemas": [input_schema(), output_schema()]}))
worker.close()
"""


@pytest.fixture(scope="module")
def photos() -> dict[str, str]:
    """The demo pair, and the mirror image of its side photo."""
    front, side = ((DEMO / f"{view}_image.jpg").read_bytes() for view in ("front", "side"))
    mirrored = mirror(Image.open(io.BytesIO(side)))
    return {
        "front": base64_text(front),
        "side": base64_text(side),
        "side mirrored": encoded(mirrored, "JPEG", quality=95),
    }


@pytest.fixture(scope="module")
def told(photos: dict[str, str]) -> dict[str, Any]:
    """What a worker with that row says of a job with all three photos, of one without, and of one with a wrong one."""
    front, side, mirrored = (photos[name] for name in ("front", "side", "side mirrored"))
    good = {"front": front, "side": side, "other_side": mirrored}
    inputs = [
        {**good, "include": ["details"], "camera_roll": {"other_side": 2}},
        {"front": front, "side": side},
        {**good, "other_side": front},
    ]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([{"input": given} for given in inputs]),
        capture_output=True,
        text=True,
        cwd=TOP,
        timeout=60,
        check=True,
    )
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def test_a_photo_of_the_view_is_measured_like_those_of_its_plane(told: dict[str, Any]) -> None:
    data = told["answers"][0]["data"]
    side, other = data["side_view"], data["other_side_view"]
    details = data["details"]["other_side_view"]
    # The mirror image of the side photo, seen from the other side, by a camera rolled by 2 degrees.
    assert other == {name: pytest.approx(angle + 2, abs=0.6) for name, angle in side.items()}
    assert details["near_side"] != data["details"]["side_view"]["near_side"]
    assert (details["camera"]["roll"], details["camera"]["source"]) == (2, "client")


def test_a_request_must_have_the_photo(told: dict[str, Any]) -> None:
    assert told["answers"][1]["code"] == "invalid_request"
    assert told["answers"][1]["view"] == "other_side"


def test_a_photo_of_another_view_is_refused_in_its_place(told: dict[str, Any]) -> None:
    [problem] = told["answers"][2]["problems"]
    assert (problem["view"], problem["code"]) == ("other_side", "wrong_view")


def test_the_schemas_have_the_view(told: dict[str, Any]) -> None:
    asked, answered = told["schemas"]
    assert {"other_side", "other_side_image"} < asked["properties"].keys()
    assert "other_side_view" in answered["$defs"]["success"]["properties"]["data"]["required"]
