"""The client in a browser: what it sends is what the one for Python sends, made by a canvas."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from posture import exif
from posture.client.photos import LONG_SIDE, MOST_BYTES, fit, told
from posture.exif import Said
from testing.builders import picture
from testing.exif_files import apple_note, chunk, jpeg_that_says, phone_axes, png, tiff
from testing.pictures import file_bytes, pixels_of
from tests.client.test_photos import OPTIONS, SIZE_12, STORED, UNREADABLE, large, noisy, phone

DONE = {"status": "success", "data": {"front_view": {}, "side_view": {}}, "message": "done"}
SMALL = file_bytes(picture(100, 100))
SCRIPT = """
async ({ options, settings }) => {
  const { Client } = await import("/posture.js");
  const [front, side] = await Promise.all(["/front", "/side"].map(async (path) => (await fetch(path)).blob()));
  try {
    return await new Client(settings).measure(front, side, options);
  } catch (error) {
    return { name: error.name, message: error.message, kind: error.kind, problems: error.problems };
  }
}
"""

Send = Callable[..., dict[str, Any]]


class Place(ThreadingHTTPServer):
    """The server of a page, with the module and two photos, and an endpoint at /v2/local that keeps what it is sent."""

    def __init__(self, module: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {"/": b"<!doctype html>", "/posture.js": module.read_bytes()}
        self.jobs: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Place

    def do_GET(self) -> None:
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        self._answer(200, {"Content-Type": kind}, self.server.files.get(self.path, b""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v2/local/runsync":
            self._answer(302, {"Location": "/v2/local/runsync"}, b"")
            return
        assert "Authorization" not in self.headers
        self.server.jobs.append(json.loads(body))
        told = {"id": "job-1", "status": "COMPLETED", "output": DONE}
        self._answer(200, {"Content-Type": "application/json"}, json.dumps(told).encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Cache-Control": "no-store", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def place(package: Path) -> Iterator[Place]:
    with Place(package / "dist" / "posture.js") as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def page(place: Place, browser: Browser) -> Iterator[Page]:
    with browser.new_page() as page:
        page.goto(f"http://127.0.0.1:{place.server_port}/")
        yield page


@pytest.fixture
def measure(place: Place, page: Page) -> Send:
    """What comes of measuring these photos, by the page's own server."""

    def measure(front: bytes, side: bytes = SMALL, endpoint: str = "local", **options: Any) -> dict[str, Any]:
        place.files |= {"/front": front, "/side": side}
        settings = {"endpointId": endpoint, "baseUrl": "/v2"}
        result: dict[str, Any] = page.evaluate(SCRIPT, {"options": options, "settings": settings})
        return result

    return measure


@pytest.fixture
def sent(place: Place, measure: Send) -> Callable[..., tuple[bytes, dict[str, Any]]]:
    """The front photo as it is sent, and all of the job's input."""

    def sent(front: bytes, side: bytes = SMALL, **options: Any) -> tuple[bytes, dict[str, Any]]:
        assert measure(front, side, **options) == DONE
        given = place.jobs.pop()["input"]
        assert not place.jobs
        return base64.b64decode(given["front"]), given

    return sent


Sent = Callable[..., tuple[bytes, dict[str, Any]]]


def difference(file: bytes, other: bytes) -> float:
    return float(abs(pixels_of(file).astype(int) - pixels_of(other)).mean())


def test_a_photo_of_12_megapixels_from_a_phone_on_its_side_is_upright_and_its_camera_is_told(sent: Sent) -> None:
    photo = phone(SIZE_12)
    file, given = sent(photo)
    assert Image.open(io.BytesIO(file)).size == (1512, 2016)
    assert exif.read(file) == exif.SAYS_NOTHING
    assert given["camera"] == {"front": pytest.approx({"roll": 3, "pitch": -8, "focal_35mm": 26}, abs=1e-4)}
    assert difference(file, fit(photo).file) < 1
    assert base64.b64decode(given["side"]) == SMALL


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_of_any_orientation_is_turned_upright(sent: Sent, orientation: int, kind: str) -> None:
    size = (540, 2 * LONG_SIDE)
    stored = large(*size).transpose(STORED[orientation]) if orientation in STORED else large(*size)
    if kind == "JPEG":
        photo = jpeg_that_says(tiff(orientation), file_bytes(stored, "JPEG", quality=95))
    else:
        photo = png(chunk(b"eXIf", tiff(orientation)), picture=file_bytes(stored))
    file, given = sent(photo)
    assert Image.open(io.BytesIO(file)).size == (270, LONG_SIDE)
    assert difference(file, fit(photo).file) < 1
    assert "camera" not in given


@pytest.mark.parametrize(
    ("across", "expected"), [((6048, 8064), (1512, 2016)), ((2881, 333), (1441, 167)), ((2879, 99), (2879, 99))]
)
def test_a_large_photo_is_halved_until_halving_would_cost(
    sent: Sent, across: tuple[int, int], expected: tuple[int, int]
) -> None:
    file, _ = sent(file_bytes(Image.new("L", across, 90), "JPEG"))
    assert Image.open(io.BytesIO(file)).size == expected
    assert abs(pixels_of(file).astype(int) - 90).max() <= 2


@pytest.mark.parametrize(("front", "orientation"), [(False, 6), (True, 6), (True, 2)])
def test_the_camera_is_told_as_python_tells_it(sent: Sent, front: bool, orientation: int) -> None:  # noqa: FBT001
    for given, is_believed in (((0.1, -0.98, -0.15), True), ((0.9, -0.2, -0.3), False)):
        turned = {2: (-given[0], given[1]), 6: (given[1], -given[0])}[orientation]
        note = apple_note(phone_axes((*turned, given[2]), front=front), int(front))
        photo = jpeg_that_says(tiff(orientation, note, 26), file_bytes(Image.new("L", (2 * LONG_SIDE, 99)), "JPEG"))
        said = exif.read(photo)
        assert said.gravity
        assert bool(said.up) is is_believed
        for options in OPTIONS:
            file, job = sent(photo, **options)
            expected = told(said, "front", options)
            theirs = options.get("camera", {})
            cameras = {**theirs, "front": pytest.approx(expected, abs=1e-9)} if expected else theirs
            assert job.get("camera", {}) == cameras, options
            assert exif.read(file) == Said(front_camera=front)


@pytest.mark.parametrize("camera", [3, {"front": 3}, {"front": ["roll"]}])
def test_what_a_caller_tells_in_another_shape_is_left_for_the_worker_to_refuse(sent: Sent, camera: Any) -> None:
    assert sent(phone((400, 2 * LONG_SIDE)), camera=camera)[1]["camera"] == camera


@pytest.mark.parametrize("file", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_left_for_the_worker_to_judge(sent: Sent, file: bytes) -> None:
    assert sent(file)[0] == file


@pytest.mark.parametrize("kind", ["progressive", "restarts"])
def test_a_jpeg_that_has_lost_data_is_left_for_the_worker_too(sent: Sent, kind: str) -> None:
    options: dict[str, Any] = {"progressive": True} if kind == "progressive" else {"restart_marker_blocks": 4}
    whole = file_bytes(noisy(200, 2 * LONG_SIDE), "JPEG", **options)
    assert Image.open(io.BytesIO(sent(whole)[0])).size == (100, LONG_SIDE)
    cut = whole[: len(whole) // 2] + b"\xff\xd9"
    assert sent(cut)[0] == cut


@pytest.mark.parametrize("kind", ["LA", "RGBA"])
def test_what_is_transparent_becomes_white(sent: Sent, kind: str) -> None:
    image = Image.new("RGBA", (400, 2 * LONG_SIDE), (90, 90, 90, 0))
    image.paste((90, 90, 90, 255), (0, 0, 400, LONG_SIDE))
    seen = pixels_of(sent(file_bytes(image.convert(kind)))[0])
    assert (abs(seen[0].astype(int) - 90) < 3).all()
    assert (seen[-1] > 250).all()


def test_colors_are_those_of_the_file_whatever_its_profile_says(sent: Sent) -> None:
    linear = chunk(b"gAMA", (100_000).to_bytes(4, "big"))  # by which this grey would be much lighter
    gamma = png(linear, picture=file_bytes(Image.new("L", (99, 2880), 90)))
    assert abs(pixels_of(sent(gamma)[0]).astype(int) - 90).max() <= 2


def test_a_photo_of_too_many_bytes_is_encoded_anew(sent: Sent) -> None:
    file = file_bytes(noisy(1200, 1500), "JPEG", quality=100, subsampling=0)
    assert len(file) > MOST_BYTES
    made = sent(file)[0]
    assert len(made) <= MOST_BYTES
    assert Image.open(io.BytesIO(made)).size == (1200, 1500)


def test_what_cannot_be_sent_is_told_of_both_photos(place: Place, measure: Send) -> None:
    refused = measure(bytes(4_000_000), b"\0\0\0\x18ftypheic" + bytes(90))
    assert [(of["code"], of["view"]) for of in refused["problems"]] == [("unsupported_format", "side")]
    refused = measure(bytes(4_000_000), bytes(4_000_000))
    assert [(of["code"], of["view"]) for of in refused["problems"]] == [
        ("image_too_large", "front"), ("image_too_large", "side"),
    ]  # fmt: skip
    assert "its file has 4,000,000 bytes, and cannot be made smaller" in refused["message"]
    assert place.jobs == []


def test_an_address_that_leads_elsewhere_is_no_endpoint(place: Place, measure: Send) -> None:
    told = measure(SMALL, endpoint="moved")
    assert (told["name"], told["kind"], place.jobs) == ("EndpointError", "unexpected", [])
