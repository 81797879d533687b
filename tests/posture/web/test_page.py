"""The page as a person uses it: Chromium, a server on this machine, and a model that is a function or the real one."""

import base64
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

import posture
from posture import drawing, report, words
from posture.camera import Camera
from posture.errors import CODES
from posture.models.mediapipe import LandmarkerPool
from posture.views import VIEWS
from posture.web import measures, pages
from posture.web.queue import Queue
from posture.wire import saved
from posture.worker.worker import Worker
from testing.builders import FRONT as FRONT_POINTS
from testing.builders import NOBODY, SIZE, FakeLog, detect_by, landmarks
from testing.builders import SIDE as SIDE_POINTS
from testing.exif_files import apple_note, jpeg_that_says, tiff
from testing.pictures import file_bytes
from tests.posture.web.asking import SETTINGS, measuring
from tests.posture.web.canned import Canned
from tests.posture.web.served import running, served
from tests.posture.web.visitor import DEMO_PAIR, FRONT, SIDE, Visitor, visiting

PHONE = {"width": 360, "height": 740}
DONE = {"status": "COMPLETED"}
LOADED = "performance.getEntries().filter((entry) => entry.decodedBodySize).map((entry) => entry.decodedBodySize)"
NOBODY_THERE = base64.b64decode(NOBODY)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a server whose model is a function."""
    with served(measuring()) as address:
        yield address


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    with visiting(browser, address) as visitor:
        yield visitor


def refused(*problems: tuple[str | None, str]) -> dict[str, Any]:
    """A job that failed so: the view and the code of each problem."""
    told = [{"view": view, "code": code, "problem": "a problem.", "advice": "An advice."} for view, code in problems]
    output = {"status": "error", "code": problems[0][1], "view": problems[0][0], "message": "m", "problems": told}
    return {"status": "FAILED", "error": "e", "output": output}


def test_the_demo_pair_from_file_to_report(browser: Browser, pool: LandmarkerPool) -> None:
    worker = Worker(lambda: pool, lambda: SETTINGS, FakeLog())

    async def handle(job: dict[str, Any]) -> dict[str, Any]:
        answer = worker.handle(job)
        return answer if isinstance(answer, dict) else await answer

    with served(Queue(handle, 1)) as address, visiting(browser, address) as visitor:
        visitor.find("#settings summary").click()
        visitor.page.get_by_label("Mode").select_option("fast")
        visitor.measure(**DEMO_PAIR)
        measured = posture.measure(DEMO_PAIR["front"], DEMO_PAIR["side"], model=pool, mode="fast")
        for of in measured.views.values():
            drawn = {stroke.name: stroke for stroke in drawing.layout(of).strokes}
            for name, reading in of.angles.items():
                row = visitor.row(of.view.name, name)
                expect(row.locator(".sentence")).to_have_text(words.sentence(reading))
                assert visitor.value(of.view.name, name) == pytest.approx(reading.value, abs=0.056)
                line = visitor.find(f'[data-view="{of.view.name}"] [data-name="{name}"]')
                assert line.get_attribute("stroke") == "#{:02x}{:02x}{:02x}".format(*drawn[name].color)
                assert points_of(line) == pytest.approx(np.array(reading.line), abs=0.006)
                assert bool(line.get_attribute("stroke-dasharray")) == any(drawn[name].dash)
                assert row_color(row) == drawn[name].color
        visitor.button("Report to print").click()
        paper = visitor.page.frame_locator("#paper-frame")
        expect(paper.get_by_text("Posture report")).to_be_visible()
        sentence = words.sentence(measured.side.angles["neck_tilt"])
        expect(paper.get_by_text(sentence, exact=False).first).to_be_visible()
        shown = paper.locator("img").evaluate_all(
            "(all) => all.map((image) => [image.naturalHeight, image.clientHeight])"
        )
        assert [(natural, height > 100) for natural, height in shown] == [(1024, True)] * 2
        visitor.page.evaluate("document.querySelector('iframe').contentWindow.print = () => { window.printed = true; }")
        visitor.button("Print").click()
        assert visitor.page.evaluate("window.printed")
        assert visitor.saved("Save as HTML").startswith(b"<!DOCTYPE html>")


def points_of(line: Locator) -> Any:
    """The points of a polyline."""
    text = line.get_attribute("points") or ""
    return np.array([[float(part) for part in point.split(",")] for point in text.split()])


def row_color(row: Locator) -> tuple[int, ...]:
    """The color beside a reading in the table."""
    color: str = row.locator(".swatch").evaluate("(swatch) => getComputedStyle(swatch).backgroundColor")
    return tuple(map(int, re.findall(r"\d+", color)))


def test_a_refusal_stands_at_its_photo_in_the_pages_language(browser: Browser, address: str) -> None:
    with visiting(browser, address, locale="de-DE") as visitor:
        visitor.choose(front=NOBODY_THERE, side=SIDE)
        visitor.button("Messen").click()
        problem = visitor.find("#card-front .problem")
        expect(problem).to_contain_text("Es wurde keine Person gefunden.")
        expect(problem).to_contain_text("Eine stehende Person zeigen")
        expect(visitor.find("#card-front .problems")).to_be_focused()
        assert problem.locator("img").evaluate_all("(all) => all.map((image) => image.src.split('/').pop())") == [
            "front.svg"
        ]
        expect(visitor.find("#card-side .problem")).to_have_count(0)
        visitor.page.get_by_label("Sprache").select_option("en")
        expect(problem).to_contain_text("No person was found.")
        visitor.choose(front=FRONT)
        expect(visitor.find(".problem")).to_have_count(0)


def test_exchanged_photos_are_exchanged_by_a_button(browser: Browser) -> None:
    endpoint = Canned(refused((None, "views_swapped")))
    with served(endpoint) as address, visiting(browser, address) as visitor:
        visitor.choose(front=SIDE, side=FRONT)
        visitor.button("Measure").click()
        expect(visitor.find("#trouble")).to_contain_text("The front and the side photo are exchanged.")
        visitor.find("#trouble button").click()
        visitor.button("Measure").click()
        expect(visitor.find("#trouble .problem")).to_be_visible()
    sent = [body["input"]["front"] for name, body in endpoint.asked if name == "runsync"]
    assert [base64.b64decode(photo) for photo in sent] == [SIDE, FRONT]


def test_what_an_answer_says_is_shown_and_nothing_of_it_is_run(browser: Browser) -> None:
    evil = "<img src=x onerror=alert(1)>"
    job = refused(("front", "from_later"), ("side", "person_cropped"), (None, "internal_error"))
    job["output"]["problems"][0] |= {"problem": evil, "advice": "Do."}
    with served(Canned(job)) as address, visiting(browser, address) as visitor:
        visitor.choose(front=FRONT, side=SIDE)
        visitor.button("Measure").click()
        expect(visitor.find("#card-front .problem strong")).to_have_text(evil)
        expect(visitor.find("#card-side .problem")).to_contain_text("Step back until the whole body is in the picture")
        expect(visitor.find("#trouble .problem")).to_contain_text("The worker failed.")


def test_a_tilted_phone_photo_is_levelled_and_its_moved_points_with_it(browser: Browser, address: str) -> None:
    roll = 4.0
    # A phone that stands upright: the sensor's own picture lies on its side, and the file says how it is turned.
    upright = Image.open(io.BytesIO(FRONT)).convert("RGB")
    lying = file_bytes(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95)
    note = apple_note((-np.sin(np.radians(roll)), -np.cos(np.radians(roll)), 0))
    with visiting(browser, address) as visitor:
        visitor.measure(front=jpeg_that_says(tiff(6, note), lying))
        expect(visitor.find('[data-view="front"] figcaption')).to_contain_text(
            "recorded in the photo, taken off: roll +4.0"
        )
        svg = visitor.find('[data-view="front"] svg')
        expect(svg).to_have_attribute("viewBox", "0 0 {} {}".format(*SIZE))
        seen = visitor.page.locator('[data-view="front"] img').evaluate(
            "(image) => [image.naturalWidth, image.naturalHeight]"
        )
        assert tuple(seen) == SIZE
        visitor.button("Adjust points").click()
        visitor.drag("front", "left_shoulder", 0, 40)
        line = points_of(visitor.find('[data-view="front"] [data-name="shoulder_tilt"]'))
        (x, y), (end_x, end_y) = Camera(roll=roll, focal_35mm=26.0).levelled(line, *SIZE)
        assert visitor.value("front", "shoulder_tilt") == pytest.approx(
            np.degrees(np.arctan2(y - end_y, end_x - x)), abs=0.06
        )


def test_a_point_is_moved_by_pointer_and_by_keyboard_and_put_back(visitor: Visitor) -> None:
    visitor.measure()
    row, plain = visitor.row("front", "shoulder_tilt"), visitor.row("front", "pelvic_tilt")
    expect(row.locator(".sentence")).to_have_text("left shoulder higher by 5.7 degrees")
    expect(visitor.find("[data-point]")).to_have_count(0)
    visitor.button("Adjust points").click()
    visitor.drag("front", "left_shoulder", 0, 16)  # of the 16 that it is higher, in 160
    assert visitor.value("front", "shoulder_tilt") == pytest.approx(0, abs=0.3)
    point = visitor.find('[data-view="front"] [data-point="left_shoulder"]')
    expect(point).to_be_focused()
    glass = visitor.find('[data-view="front"] .glass')
    expect(glass).to_be_visible()
    # In its middle is the point: three times as far from the photo's corner as on the screen.
    left, top = glass.evaluate("(glass) => getComputedStyle(glass).backgroundPosition.split(' ').map(parseFloat)")
    shown = visitor.find('[data-view="front"] svg').evaluate("(svg) => svg.clientWidth / svg.viewBox.baseVal.width")
    assert ((66 - left) / 3 / shown, (66 - top) / 3 / shown) == pytest.approx((580, 320), abs=2)
    before = points_of(visitor.find('[data-view="front"] [data-name="shoulder_tilt"]'))
    visitor.page.keyboard.press("ArrowUp")
    visitor.page.keyboard.press("Shift+ArrowUp")
    visitor.page.keyboard.press("ArrowLeft")
    after = points_of(visitor.find('[data-view="front"] [data-name="shoulder_tilt"]'))
    assert (after - before).round(6).tolist() == [[0, 0], [-1, -11]]
    (x, y), (end_x, end_y) = after
    assert visitor.value("front", "shoulder_tilt") == pytest.approx(
        np.degrees(np.arctan2(y - end_y, end_x - x)), abs=0.06
    )
    expect(row).to_contain_text("moved by hand")
    expect(row).to_contain_text("measured: +5.7°")
    assert "±" not in (row.text_content() or "")
    expect(plain).not_to_contain_text("moved by hand")
    expect(visitor.find("#said")).to_contain_text("Shoulder tilt")
    row.get_by_role("button").click()
    expect(row.locator(".sentence")).to_have_text("left shoulder higher by 5.7 degrees")
    expect(visitor.button("Undo all changes")).to_be_hidden()
    assert points_of(visitor.find('[data-view="front"] [data-name="shoulder_tilt"]'))[1].tolist() == [580, 304]


def test_what_was_moved_is_saved_and_reported_as_moved(visitor: Visitor) -> None:
    visitor.measure()
    visitor.button("Adjust points").click()
    visitor.drag("side", "near_hip", 30, 0)
    visitor.page.get_by_label("Name of this visit").fill("March")
    answer = json.loads(visitor.saved("Save measurement"))
    side = answer["data"]["details"]["side_view"]
    moved = {name for name, reading in (side["angles"] | side["measures"]).items() if reading.get("edited")}
    assert moved == {"back_tilt", "body_tilt", "hip_tilt", "hip_offset", "knee_flexion"}
    assert {name: side["angles"][name]["value"] for name in side["angles"]} == answer["data"]["side_view"]
    hip = side["angles"]["hip_tilt"]
    assert (hip["uncertainty"], hip["trust"], hip["validity"], hip["sentence"]) == (None,) * 4
    assert hip["measured"] == pytest.approx(-1.51, abs=0.01)  # 5 pixels in 190, from the figure's right
    read = saved.read(answer)
    assert read.values["side"]["hip_tilt"].edited
    assert not read.values["side"]["neck_tilt"].edited
    picture = read.views["front"].overlay
    assert picture is not None
    assert base64.b64decode(picture.data)[:2] == b"\xff\xd8"
    page = report.page([report.Visit("March", answer)])
    assert page.count("points moved by hand") == 3  # of the four angles of the side
    visitor.page.get_by_label("with pictures").uncheck()
    without = json.loads(visitor.saved("Save measurement"))
    assert "overlay" not in without["data"]["details"]["front_view"]


def test_a_picture_is_saved_with_lines_and_labels(visitor: Visitor) -> None:
    visitor.measure()
    image = Image.open(io.BytesIO(visitor.saved("Save picture")))
    assert image.format == "PNG"
    pixels = np.asarray(image.convert("RGB")).astype(int)
    assert pixels.shape[0] > SIZE[1]  # a line of text below the photos
    blue = (abs(pixels - (0, 114, 178)).sum(axis=2) < 12).nonzero()
    assert {(580, 304), (420, 320)} <= {(int(x), int(y)) for y, x in zip(*blue, strict=True)}
    dark = pixels[: SIZE[1], SIZE[0] + 20 : SIZE[0] + 250].sum(axis=2) < 150
    assert dark.sum() > 500, "no letters beside the front photo"


def shoulders(higher: float) -> Any:
    """A detector of somebody whose left shoulder is so many pixels higher, in 160."""
    left = (580.0, 320.0 - higher)
    return detect_by(red=[landmarks(FRONT_POINTS, left_shoulder=left)], lime=[landmarks(SIDE_POINTS)])


def test_two_visits_are_compared_by_the_servers_rules(browser: Browser) -> None:
    with served(measuring(detect=shoulders(16))) as address, visiting(browser, address) as visitor:
        visitor.measure()
        visitor.page.get_by_label("Name of this visit").fill("March")
        file = visitor.saved("Save measurement")
    with served(measuring(detect=shoulders(0))) as address, visiting(browser, address) as visitor:
        visitor.page.get_by_label("Load a measurement").set_input_files(
            {"name": "x.json", "mimeType": "application/json", "buffer": file}
        )
        expect(visitor.find("#first-note")).to_contain_text("First visit: March")
        visitor.measure()
        row = visitor.row("front", "shoulder_tilt")
        expect(row.locator(".differs")).to_have_text("\N{MINUS SIGN}5.7°")
        expect(visitor.row("front", "pelvic_tilt").locator(".differs")).to_have_count(0)
        expect(visitor.row("front", "pelvic_tilt")).to_contain_text("not told apart")
        expect(visitor.find("#changed")).to_contain_text("changed since the first visit: Shoulder tilt.")
        expect(visitor.find(".earlier")).to_have_count(2)
        visitor.button("Adjust points").click()
        visitor.drag("front", "left_shoulder", 0, -40)
        expect(row).to_contain_text("not judged")
        expect(row.locator(".differs")).to_have_count(0)
        expect(visitor.find("#changed")).to_contain_text("told; not every value was judged.")
        visitor.page.get_by_label("Language").select_option("de")
        expect(visitor.find("#changed")).to_contain_text("nicht alle Werte beurteilt.")
        expect(row).to_contain_text("von Hand verschoben")
        visitor.button("Als ersten Termin behalten, den nächsten messen").click()
        expect(visitor.find("#result")).to_be_hidden()
        visitor.measure()
        expect(row).to_contain_text("nicht beurteilt")  # what was moved at the first visit is not judged either
        visitor.button("Ersten Termin entfernen").click()
        expect(visitor.find("#changed")).to_be_hidden()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"status": "success"}', b"\xff\xd8", b'{"status":"success","data":{"details":{}}}']
)
def test_a_file_that_is_no_measurement_is_told(browser: Browser, address: str, content: bytes) -> None:
    is_json = content.startswith((b"{", b"["))
    with visiting(browser, address, fails=int(is_json)) as visitor:
        visitor.page.get_by_label("Load a measurement").set_input_files(
            {"name": "x.json", "mimeType": "application/json", "buffer": content}
        )
        expect(visitor.find("#visits-said")).to_contain_text("This file cannot be used")
        expect(visitor.find("#first-note")).to_be_hidden()


def test_it_is_used_by_keyboard_alone(visitor: Visitor) -> None:
    press = visitor.page.keyboard.press

    def tab_to(selector: str) -> None:
        for _ in range(40):
            if visitor.find(selector).first.evaluate("(element) => element === document.activeElement"):
                return
            press("Tab")
        raise AssertionError(f"{selector} is not reached")

    files = iter([FRONT, SIDE])
    visitor.page.on(
        "filechooser",
        lambda chooser: chooser.set_files({"name": "x.png", "mimeType": "image/png", "buffer": next(files)}),
    )
    for view in ("front", "side"):
        tab_to(f"#card-{view} input")
        press("Enter")
        expect(visitor.find(f"#card-{view} .drop")).to_have_class("drop filled")
    tab_to("#measure")
    press("Enter")
    expect(visitor.find("#result-title")).to_be_focused()
    tab_to("#adjust")
    press("Space")
    tab_to('[data-point="left_shoulder"]')
    press("Shift+ArrowDown")
    expect(visitor.row("front", "shoulder_tilt")).to_contain_text("moved by hand")
    outline = visitor.find('[data-point="left_shoulder"] .ring').evaluate(
        "(ring) => getComputedStyle(ring).strokeWidth"
    )
    assert outline == "4px"
    tab_to("#report")
    press("Enter")
    expect(visitor.find("#paper")).to_be_visible()
    press("Escape")
    expect(visitor.find("#paper")).to_be_hidden()
    expect(visitor.find("#report")).to_be_focused()


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_it_fits_a_phone(browser: Browser, address: str, locale: str) -> None:
    with visiting(browser, address, viewport=PHONE, locale=locale, has_touch=True) as visitor:

        def is_wide() -> int:
            width: int = visitor.page.evaluate("document.documentElement.scrollWidth")
            return width

        assert is_wide() == PHONE["width"]
        visitor.measure()
        assert is_wide() == PHONE["width"]
        photo = visitor.find('[data-view="side"] .photo')
        narrow = photo.bounding_box()
        visitor.find("#adjust").click()
        visitor.drag("side", "near_hip", 20, 0)
        wide = photo.bounding_box()
        assert narrow is not None
        assert wide is not None
        assert wide["width"] > 1.5 * narrow["width"], "the photo takes the labels' room"
        expect(visitor.row("side", "hip_tilt").locator(".edited")).to_be_visible()
        visitor.find("#keep").click()
        expect(visitor.find("#result")).to_be_hidden()
        visitor.measure()
        assert is_wide() == PHONE["width"]


def test_a_slow_endpoint_is_waited_for_and_can_be_cancelled(browser: Browser) -> None:
    endpoint = Canned({"status": "IN_QUEUE"}, {"status": "IN_PROGRESS"})
    with served(endpoint) as address, visiting(browser, address) as visitor:
        visitor.choose(front=FRONT, side=SIDE)
        visitor.button("Measure").click()
        expect(visitor.find("#said")).to_have_text("Waiting for the worker")
        expect(visitor.button("Measure")).to_be_disabled()
        expect(visitor.find("progress")).to_be_visible()
        expect(visitor.find("#said")).to_have_text("Measuring")
        visitor.button("Cancel").click()
        expect(visitor.find("#said")).to_have_text("Cancelled.")
        expect(visitor.button("Measure")).to_be_enabled()
        expect(visitor.find("progress")).to_be_hidden()
        expect.soft(visitor.find("#trouble")).to_be_empty()
    assert ("cancel", "one") in endpoint.asked


@pytest.mark.parametrize(
    ("answer", "told", "fails"),
    [
        (500, "The server answered 500: nothing works", 1),
        (429, "The server has too much to do", 1),
        ({"status": "TIMED_OUT"}, "did not get it done in time", 0),
        ({"status": "FAILED", "error": "OOM"}, "The worker failed.", 0),
    ],
)
def test_a_failing_endpoint_is_told(browser: Browser, answer: Any, told: str, fails: int) -> None:
    with served(Canned(answer)) as address, visiting(browser, address, fails=fails) as visitor:
        visitor.choose(front=FRONT, side=SIDE)
        visitor.button("Measure").click()
        expect(visitor.find("#trouble")).to_contain_text(told)
        expect(visitor.button("Measure")).to_be_enabled()


@pytest.mark.parametrize(
    ("answers", "fails", "told", "asked"),
    [
        ((503, 500, {"status": "TIMED_OUT"}), 2, "The worker did not get it done in time.", ["status"] * 3),
        ((503,), 4, "The server has too much to do.", ["status"] * 4 + ["cancel"]),
    ],
)
def test_what_fails_for_a_moment_loses_no_job_and_one_that_is_given_up_is_cancelled(
    browser: Browser, answers: Any, fails: int, told: str, asked: list[str]
) -> None:
    endpoint = Canned({"status": "IN_QUEUE"}, *answers)
    with served(endpoint) as address, visiting(browser, address, fails=fails) as visitor:
        visitor.choose(front=FRONT, side=SIDE)
        visitor.button("Measure").click()
        expect(visitor.find("#trouble")).to_contain_text(told, timeout=20_000)
    assert [name for name, _ in endpoint.asked] == ["runsync", *asked]


def test_a_server_that_is_gone_is_told(browser: Browser) -> None:
    with served(measuring()) as address, visiting(browser, address, fails=1) as visitor:
        visitor.choose(front=FRONT, side=SIDE)
        visitor.page.context.set_offline(offline=True)
        visitor.button("Measure").click()
        expect(visitor.find("#trouble")).to_contain_text("The server cannot be reached.")


def test_photos_that_are_too_large_are_not_sent(browser: Browser) -> None:
    endpoint = Canned(500)
    with served(endpoint) as address, visiting(browser, address) as visitor:
        settings = pages.settings() | {"largest": len(FRONT) + len(SIDE)}  # as base64, they are larger by a third
        visitor.page.route("**/settings.json", lambda route: route.fulfill(json=settings))
        visitor.page.reload()
        visitor.choose(front=FRONT, side=SIDE)
        visitor.button("Measure").click()
        expect(visitor.find("#trouble")).to_contain_text("Together the two photos are larger than can be sent")
    assert endpoint.asked == []


def test_a_key_is_asked_for_and_kept_nowhere(browser: Browser) -> None:
    key = "a key of at least 16"
    with served(measuring(), key=key) as address, visiting(browser, address, fails=2) as visitor:
        visitor.choose(front=FRONT, side=SIDE)
        expect(visitor.find("#key")).to_be_hidden()
        visitor.button("Measure").click()
        expect(visitor.find("#key")).to_be_focused()
        visitor.page.keyboard.type("another key")
        visitor.button("Measure").click()
        expect(visitor.find("#said")).to_have_text("The key is not the server's.")
        visitor.find("#key").fill(key)
        visitor.page.keyboard.press("Enter")
        expect(visitor.find("#result-title")).to_be_focused()
        assert kept(visitor) == [0, 0, "", 0, 0]
        assert key not in visitor.page.url


def kept(visitor: Visitor) -> Any:
    """What the browser keeps for the page: both storages, cookies, databases, caches."""
    return visitor.page.evaluate(
        """async () => [localStorage.length, sessionStorage.length, document.cookie,
                        (await indexedDB.databases()).length, (await caches.keys()).length]"""
    )


def test_nothing_is_kept_and_nothing_comes_from_elsewhere(browser: Browser, address: str) -> None:
    asked: list[str] = []
    with visiting(browser, address) as visitor:
        visitor.page.on("request", lambda request: asked.append(request.url))
        visitor.page.reload()
        expect(visitor.find("html")).to_have_attribute("data-ready", "")
        assert sum(visitor.page.evaluate(LOADED)) <= 150_000
        visitor.measure()
        visitor.button("Report to print").click()
        expect(visitor.find("#paper")).to_be_visible()
        assert kept(visitor) == [0, 0, "", 0, 0]
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {address.removeprefix("http://")}
    assert {url.split(":")[0] for url in asked} <= {"http", "blob", "data"}


def test_a_photo_is_dropped_pasted_and_taken(browser: Browser) -> None:
    endpoint = Canned({"status": "TIMED_OUT"})
    with served(endpoint) as address, visiting(browser, address) as visitor:
        transfer = """async ([kind, at, data]) => {
          const given = new DataTransfer();
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          given.items.add(new File([bytes], "x.png", { type: "image/png" }));
          const event = kind === "paste" ? new ClipboardEvent(kind, { clipboardData: given, bubbles: true })
            : new DragEvent(kind, { dataTransfer: given, bubbles: true, cancelable: true });
          document.querySelector(at).dispatchEvent(event);
        }"""
        visitor.page.evaluate(transfer, ["drop", "#card-side .drop", base64.b64encode(SIDE).decode()])
        expect(visitor.find("#said")).to_have_text("Side: photo added. Add both photos to measure.")
        visitor.page.evaluate(transfer, ["paste", "body", base64.b64encode(FRONT).decode()])
        expect(visitor.button("Measure")).to_be_enabled()
        taken = """export const takePhoto = async (view, texts) => ({
          blob: await (await fetch(`/page/photos/${view}.svg`)).blob(),
          camera: { roll: texts.title[view] === "Front photo" ? 2 : 0, pitch: -3 },
          mirrored: false,
        });"""
        visitor.page.route("**/camera.js", lambda route: route.fulfill(body=taken, content_type="text/javascript"))
        pasted = visitor.find("#card-front img").get_attribute("src") or ""
        visitor.button("Take the front photo").click()
        expect(visitor.find("#card-front img")).not_to_have_attribute("src", pasted)
        visitor.button("Measure").click()
        expect(visitor.find("#trouble")).not_to_be_empty()
    sent = endpoint.asked[0][1]["input"]
    assert base64.b64decode(sent["side"]) == SIDE
    assert base64.b64decode(sent["front"]).startswith(b"<svg")
    assert (sent["camera"], sent["mirrored"]) == ({"front": {"roll": 2, "pitch": -3}}, {"front": False})
    assert sent["include"] == ["details", "landmarks", "measures"]


def test_another_page_may_not_use_the_server_nor_frame_it(browser: Browser) -> None:
    async def elsewhere(scope: Any, _receive: Any, send: Any) -> None:
        body = b"<!doctype html><title>elsewhere</title>"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": body if scope["path"] == "/" else b""})

    endpoint = Canned(DONE)
    with served(endpoint) as address, running(elsewhere) as other, browser.new_page() as page:
        page.goto(other)
        ask = """async ([url, how]) => { try { return (await fetch(url, how)).type } catch { return "refused" } }"""
        json_ = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": "{}"}
        plain = {"method": "POST", "mode": "no-cors", "body": "{}"}
        for path in ("/v2/local/runsync", "/page/compare", "/page/report"):
            assert page.evaluate(ask, [f"{address}{path}", json_]) == "refused"
            assert page.evaluate(ask, [f"{address}{path}", plain]) in ("opaque", "refused")
        assert page.evaluate(ask, [f"{address}/", {}]) == "refused"
        page.evaluate(
            "(url) => document.body.append(Object.assign(document.createElement('iframe'), { src: url }))", address
        )
        page.wait_for_timeout(200)
        assert page.frames[1].url in ("chrome-error://chromewebdata/", "about:blank")
    assert endpoint.asked == []


# What it says and what it weighs


def shape(of: Any) -> Any:
    """The names in texts and what is filled in, without what they say."""
    if isinstance(of, dict):
        return {name: shape(value) for name, value in of.items()}
    return len(of) if isinstance(of, list) else sorted(re.findall(r"\{\w+\}", of))


def test_every_language_says_the_same() -> None:
    english, *others = (json.loads((pages.FOLDER / f"{language}.json").read_text()) for language in words.LANGUAGES)
    assert others
    assert [shape(other) for other in others] == [shape(english)] * len(others)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_code_and_every_point_has_words(language: str) -> None:
    texts = pages.texts(language)
    assert {code.partition(".")[0] for code in texts["codes"]} == set(CODES)
    assert all(len(said) == 2 and all(said) for said in texts["codes"].values())
    named = {name for row in measures.rows() for names in row["points"] for name in names if len(names) == 1}
    assert named <= set(texts["points"])
    assert set(texts["views"]) == {view.name for view in VIEWS}


def test_every_text_that_the_page_asks_for_is_there() -> None:
    asked = set[str]()
    for file in pages.FOLDER.iterdir():
        if file.suffix in {".js", ".html"}:
            asked |= set(re.findall(r"""(?:\bt\(|data-t(?:-title)?=)"([\w.]+)\"""", file.read_text()))
    assert len(asked) > 50
    texts = pages.texts("en")
    for name in asked:
        found: Any = texts
        for part in name.split("."):
            found = found[part]


def test_all_modules_but_the_camera_are_asked_for_at_once() -> None:
    index = (pages.FOLDER / "index.html").read_text()
    named = set(re.findall(r'(?:modulepreload" href|src)="/page/(\w+\.js)"', index))
    assert named == {file.name for file in pages.FOLDER.glob("*.js")} - {"camera.js"}


def test_it_weighs_little() -> None:
    assert sum(file.stat().st_size for file in pages.FOLDER.iterdir()) <= 150_000
