"""The page's camera: a fake one of Chromium's that shows a known picture, in a phone whose sensors say what is said."""

import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import product
from math import degrees
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from testing.phones import FRONT, REAR, Vector, angles_by_standard, is_same, up_of
from tests.posture.web.modules import FOLDER, INSECURE, page_with

TEXTS = {language: json.loads((FOLDER / f"{language}.json").read_text())["camera"] for language in ("en", "de")}
EN = TEXTS["en"]
SIZE = (480, 640)
RED, GREEN, BLUE = (76, 85, 255), (150, 44, 21), (29, 255, 107)  # Y, Cb, Cr of JPEG

# Which way is down in a picture that is upright on the screen, along the phone's axes, by the screen's angle: at 90 the
# phone was turned anticlockwise, so that its top is on the left.
DOWN = {0: (0, -1, 0), 90: (-1, 0, 0), 180: (0, 1, 0), 270: (1, 0, 0)}

# A phone: its cameras say which way they look, and what was asked of them and ran is kept.
PHONE = """
  Object.assign(window, { asked: [], tracks: [], trouble: null, cameras: 2, isSilent: false });
  const media = navigator.mediaDevices;
  if (media) {
    const real = media.getUserMedia.bind(media), devices = media.enumerateDevices.bind(media);
    media.getUserMedia = async (wanted) => {
      asked.push(wanted);
      if (trouble) throw new DOMException("", trouble);
      const stream = await real(wanted);
      const [track] = stream.getVideoTracks();
      const facingMode = isSilent ? undefined : wanted.video.facingMode.ideal;
      const settings = { ...track.getSettings(), facingMode };
      track.getSettings = () => settings;
      tracks.push(track);
      return stream;
    };
    media.enumerateDevices = async () => {
      const [camera] = (await devices()).filter(({ kind }) => kind === "videoinput");
      return Array(cameras).fill(camera);
    };
  }
"""
BUTTON = "<button>Take it</button>"
TAKE = """([view, texts]) => {
  document.querySelector("button").focus();
  window.taken = import("/page/camera.js").then(({ takePhoto }) => takePhoto(view, texts));
}"""
TAKEN = """async () => {
  const taken = await window.taken;
  return taken && { ...taken, type: taken.blob.type, blob: [...new Uint8Array(await taken.blob.arrayBuffer())] };
}"""


def in_degrees(up: Vector) -> tuple[float, float]:
    """The sensors' beta and gamma of a phone that has this up along its axes."""
    beta, gamma = angles_by_standard(up)
    return degrees(beta), degrees(gamma)


def film() -> bytes:
    """A film of one picture, in YUV4MPEG2: green above, below that red on the left and blue on the right."""
    width, height = SIZE
    planes = []
    for plane in range(3):
        pixels = np.full((height, width), GREEN[plane], np.uint8)
        pixels[height // 2 :, : width // 2] = RED[plane]
        pixels[height // 2 :, width // 2 :] = BLUE[plane]
        planes.append(pixels if plane == 0 else pixels[::2, ::2])
    return b"YUV4MPEG2 W%d H%d F20:1 C420jpeg\nFRAME\n" % SIZE + b"".join(plane.tobytes() for plane in planes)


@pytest.fixture(scope="module")
def browser_arguments(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """A camera that shows the film."""
    file = tmp_path_factory.mktemp("camera") / "film.y4m"
    file.write_bytes(film())
    return "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={file}"


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Page]:
    """A page with a button, in a phone that is allowed the camera."""
    with page_with(browser, BUTTON, PHONE, permissions=["camera"]) as page:
        yield page


@pytest.fixture
def page(opened: Page) -> Page:
    """The same, loaded anew."""
    opened.reload()
    return opened


class Taking:
    """The dialog of one photo, as somebody uses it."""

    def __init__(self, page: Page, view: str = "front", texts: dict[str, Any] = EN, state: str = "live") -> None:
        self.page, self.texts = page, texts
        page.evaluate(TAKE, [view, texts])
        self.dialog = page.get_by_role("dialog")
        self.in_state(state)

    def in_state(self, state: str) -> None:
        expect(self.dialog).to_have_attribute("data-state", state)

    def button(self, key: str) -> Locator:
        return self.dialog.get_by_role("button", name=self.texts[key], exact=True)

    def press(self, key: str) -> None:
        self.button(key).click()

    @property
    def status(self) -> Locator:
        return self.dialog.get_by_role("status")

    def hold(self, roll: float, pitch: float, camera: Vector = REAR) -> None:
        """Holds the phone so that this camera of it has this tilt."""
        self.sensors(7, *in_degrees(up_of(camera, (roll, pitch))))

    def sensors(self, *angles: float | None) -> None:
        self.page.evaluate(
            """([alpha, beta, gamma]) =>
              dispatchEvent(new DeviceOrientationEvent("deviceorientation", { alpha, beta, gamma }))""",
            angles,
        )

    def result(self) -> dict[str, Any] | None:
        """What it resolved to; nothing of it is left then, and no camera runs."""
        taken: dict[str, Any] | None = self.page.evaluate(TAKEN)
        expect(self.dialog).to_have_count(0)
        assert self.page.evaluate("tracks.every((track) => track.readyState === 'ended')")
        assert self.page.evaluate("document.activeElement.textContent") == "Take it"
        return taken

    def used(self) -> dict[str, Any]:
        """The same of a photo that was used."""
        self.in_state("taken")
        self.press("use")
        taken = self.result()
        assert taken is not None
        return taken


def assert_is_the_film(taken: dict[str, Any]) -> None:
    """The photo is all of the film, upright and not mirrored."""
    assert taken["type"] == "image/jpeg"
    with Image.open(io.BytesIO(bytes(taken["blob"]))) as image:
        assert (image.format, image.size) == ("JPEG", SIZE)
        seen = [image.convert("YCbCr").getpixel(at) for at in ((240, 100), (100, 500), (380, 500))]
    assert np.array(seen) == pytest.approx(np.array([GREEN, RED, BLUE]), abs=6)
    assert taken["mirrored"] is False


# A photo


def test_the_photo_is_the_whole_picture_upright_with_the_tilt_at_that_moment(page: Page) -> None:
    taking = Taking(page)
    taking.hold(9.0, 9.0)
    taking.hold(-3.2, -12.5)
    taking.press("shutter")
    taking.in_state("taken")
    taking.hold(30.0, 30.0)
    taken = taking.used()
    assert_is_the_film(taken)
    assert is_same((taken["camera"]["roll"], taken["camera"]["pitch"]), (-3.2, -12.5))


def test_the_front_cameras_photo_is_not_mirrored_but_what_is_seen_before_is(page: Page) -> None:
    taking = Taking(page)
    taking.press("switch")
    expect(page.locator("video.mirror")).to_have_count(1)
    taking.in_state("live")
    taking.hold(4.0, -6.0, FRONT)
    expect(page.locator(".horizon")).to_have_attribute(
        "transform", re.compile(r"rotate\(-4(\.0*\d*)?\)|rotate\(-3\.9{6}")
    )
    taking.press("shutter")
    taken = taking.used()
    assert_is_the_film(taken)
    assert is_same((taken["camera"]["roll"], taken["camera"]["pitch"]), (4.0, -6.0))


@pytest.mark.parametrize(("angle", "orientation"), [(90, "landscapePrimary"), (270, "landscapeSecondary")])
def test_the_tilt_is_that_on_the_screen_however_it_is_turned(browser: Browser, angle: int, orientation: str) -> None:
    with page_with(browser, BUTTON, PHONE, permissions=["camera"]) as page:
        turn(page, angle, orientation)
        taking = Taking(page)
        taking.hold(2.0, -5.0, held(angle, front=False))
        taking.press("shutter")
        camera = taking.used()["camera"]
    assert is_same((camera["roll"], camera["pitch"]), (2.0, -5.0))


def turn(page: Page, angle: int, orientation: str) -> None:
    """Turns the screen of a phone."""
    page.context.new_cdp_session(page).send(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": 844,
            "height": 390,
            "deviceScaleFactor": 1,
            "mobile": True,
            "screenOrientation": {"type": orientation, "angle": angle},
        },
    )
    assert page.evaluate("screen.orientation.angle") == angle


def held(angle: int, *, front: bool) -> Vector:
    """A camera of a phone whose screen has this angle: rows of its picture's right and down, and away from it."""
    away = np.array((0, 0, 1 if front else -1))
    return np.array([np.cross(DOWN[angle], away), DOWN[angle], away], float)


@pytest.mark.parametrize("front", [False, True])
def test_every_tilt_is_told_by_the_sensors_angles(page: Page, front: bool) -> None:  # noqa: FBT001
    tilts = [*product((-170, -90, -44, -3.2, 0, 1.5, 120, 179), (-45, -12.5, 0, 0.4, 45))]
    cases = [(tilt, angle) for tilt in tilts for angle in DOWN]
    sensed = [(*in_degrees(up_of(held(angle, front=front), tilt)), angle) for tilt, angle in cases]
    told = page.evaluate(
        """async ([sensed, front]) => {
          const { tiltOf } = await import("/page/camera.js");
          return sensed.map(([beta, gamma, angle]) => tiltOf({ beta, gamma }, angle, front));
        }""",
        [sensed, front],
    )
    for one, (tilt, angle) in zip(told, cases, strict=True):
        assert is_same((one["roll"], one["pitch"]), tilt), (tilt, angle)


def test_who_takes_it_again_gets_the_second_photo(page: Page) -> None:
    taking = Taking(page)
    taking.hold(5.0, 0.0)
    taking.press("shutter")
    taking.press("retake")
    taking.in_state("live")
    taking.hold(1.0, 0.0)
    taking.press("shutter")
    assert taking.used()["camera"]["roll"] == pytest.approx(1.0)


def test_the_timer_counts_ten_seconds_and_can_be_stopped(browser: Browser) -> None:
    with page_with(browser, BUTTON, PHONE, permissions=["camera"]) as page:
        count_down(page)


def count_down(page: Page) -> None:
    taking = Taking(page)
    page.clock.install(time=0)
    page.clock.pause_at(1)
    taking.press("timer")
    expect(taking.button("timer")).to_have_attribute("aria-pressed", "true")
    taking.press("shutter")
    expect(taking.status).to_have_text(EN["counting"])
    page.clock.run_for(3000)
    expect(page.locator(".count")).to_have_text("7")
    taking.press("stop")
    page.clock.run_for(20_000)
    taking.in_state("live")
    expect(page.locator(".count")).to_have_text("")
    taking.press("shutter")
    page.clock.run_for(9990)
    taking.in_state("counting")
    taking.hold(2.0, 1.0)
    page.clock.run_for(10)
    assert taking.used()["camera"]["pitch"] == pytest.approx(1.0)


# The level


@pytest.mark.parametrize(
    ("tilt", "hint", "off"),
    [
        ((0.9, -0.9), "level", ""),
        ((1.6, -1.2), "turnRight", "2°"),
        ((-7.4, 3.0), "turnLeft", "7°"),
        ((0.0, 12.0), "looksUp", "12°"),
        ((3.0, -20.0), "looksDown", "20°"),
        ((0.0, -60.0), "steep", "60°"),
    ],
)
def test_it_says_in_words_how_the_camera_is_held(page: Page, tilt: tuple[float, float], hint: str, off: str) -> None:
    taking = Taking(page)
    taking.hold(*tilt)
    expect(taking.status).to_have_text(EN[hint])
    expect(page.locator(".told p span:last-child")).to_have_text(off)


def test_the_horizon_lies_where_the_lens_would_show_it(page: Page) -> None:
    taking = Taking(page)
    taking.hold(10.0, -5.0)
    drawn = page.locator(".horizon").get_attribute("transform") or ""
    x, y, turned, _, down = (float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", drawn))
    focal = 26 / np.hypot(24, 36) * np.hypot(*SIZE)
    assert (x, y, turned) == pytest.approx((240, 320, 10))
    assert down == pytest.approx(-focal * np.tan(np.radians(5)))


def test_too_steep_for_the_worker_is_not_taken(page: Page) -> None:
    taking = Taking(page)
    taking.hold(0.0, -45.5)
    taking.press("shutter")
    taking.in_state("live")
    taking.hold(0.0, -44.5)
    taking.press("shutter")
    assert taking.used()["camera"]["pitch"] == pytest.approx(-44.5)


def test_a_device_that_does_not_tell_gives_a_photo_without_a_tilt(page: Page) -> None:
    taking = Taking(page)
    taking.sensors(None, None, None)
    expect(taking.status).to_have_text(EN["noLevel"])
    expect(page.locator(".horizon")).to_be_hidden()
    taking.press("shutter")
    assert taking.used()["camera"] is None


def test_a_camera_that_does_not_say_which_way_it_looks_has_no_tilt(page: Page) -> None:
    page.evaluate("window.isSilent = true")
    taking = Taking(page)
    taking.hold(5.0, 0.0)
    taking.press("shutter")
    assert taking.used()["camera"] is None


def test_where_sensors_take_only_a_tap_for_an_answer_there_is_a_button(page: Page) -> None:
    page.evaluate("""() => {
      let isTap = false;
      addEventListener("pointerdown", () => { isTap = true; });
      DeviceOrientationEvent.requestPermission = async () => {
        if (!isTap) throw new DOMException("", "NotAllowedError");
        return "granted";
      };
    }""")
    taking = Taking(page)
    taking.press("allowLevel")
    expect(taking.button("allowLevel")).to_be_hidden()
    expect(taking.button("shutter")).to_be_focused()


@pytest.mark.parametrize("asking", ["undefined", "async () => 'granted'", "async () => 'denied'"])
def test_where_they_do_not_there_is_none(page: Page, asking: str) -> None:
    page.evaluate(f"() => {{ DeviceOrientationEvent.requestPermission = {asking}; }}")
    expect(Taking(page).button("allowLevel")).to_be_hidden()


# Cameras


def test_it_asks_for_the_rear_camera_uncut_and_for_the_other_by_a_button(page: Page) -> None:
    taking = Taking(page)
    for _ in range(2):
        taking.press("switch")
        taking.in_state("live")
    asked = page.evaluate("asked")
    assert [one["video"]["facingMode"]["ideal"] for one in asked] == ["environment", "user", "environment"]
    assert asked[0] == {
        "audio": False,
        "video": {
            "facingMode": {"ideal": "environment"},
            "width": {"ideal": 1920},
            "height": {"ideal": 1440},
            "resizeMode": {"ideal": "none"},
        },
    }
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended", "ended", "live"]


def test_a_single_camera_has_no_other(page: Page) -> None:
    page.evaluate("window.cameras = 1")
    expect(Taking(page).button("switch")).to_be_hidden()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("NotFoundError", "none"),
        ("OverconstrainedError", "none"),
        ("NotAllowedError", "denied"),
        ("NotReadableError", "busy"),
        ("AbortError", "busy"),
    ],
)
def test_why_there_is_no_camera_is_said(page: Page, error: str, why: str) -> None:
    page.evaluate(f"window.trouble = {error!r}")
    taking = Taking(page, state=why)
    expect(taking.status).to_have_text(EN[why])
    expect(taking.button("shutter")).to_be_hidden()
    expect(taking.button("close")).to_be_focused()
    page.keyboard.press("Enter")
    assert taking.result() is None


def test_who_does_not_allow_it_is_told_how_to(browser: Browser) -> None:
    with page_with(browser, BUTTON, PHONE) as page:
        taking = Taking(page, state="denied")
        expect(taking.status).to_have_text(EN["denied"])


def test_without_https_it_says_so(browser: Browser) -> None:
    with page_with(browser, BUTTON, PHONE, INSECURE) as page:
        taking = Taking(page, state="insecure")
        expect(taking.status).to_have_text(EN["insecure"])
        page.keyboard.press("Escape")
        assert taking.result() is None


def test_a_browser_without_cameras_for_pages_is_told_apart(page: Page) -> None:
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    expect(Taking(page, state="unsupported").status).to_have_text(EN["unsupported"])


def test_a_camera_that_is_taken_away_is_said_to_be(page: Page) -> None:
    taking = Taking(page)
    page.evaluate("tracks[0].dispatchEvent(new Event('ended'))")
    taking.in_state("busy")
    taking.press("close")
    assert taking.result() is None


# By keyboard, and left early


def test_by_keyboard_alone(page: Page) -> None:
    taking = Taking(page)
    expect(taking.button("shutter")).to_be_focused()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.className"))
    assert {"switch", "close", "timer"} <= set(reached), "and none of the page behind"
    taking.button("shutter").focus()
    page.keyboard.press("Enter")
    taking.in_state("taken")
    expect(taking.button("use")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    taking.in_state("live")
    expect(taking.button("shutter")).to_be_focused()
    page.keyboard.press("Space")
    taking.in_state("taken")
    page.keyboard.press("Enter")
    assert taking.result() is not None


@pytest.mark.parametrize("state", ["live", "counting", "taken"])
def test_escape_leaves_without_a_photo(page: Page, state: str) -> None:
    taking = Taking(page)
    if state == "counting":
        taking.press("timer")
    if state != "live":
        taking.press("shutter")
    taking.in_state(state)
    page.keyboard.press("Escape")
    assert taking.result() is None


def test_who_leaves_before_the_camera_has_started_leaves_it_off(page: Page) -> None:
    page.evaluate("""() => {
      const real = navigator.mediaDevices.getUserMedia;
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        await new Promise((resolve) => { window.begin = resolve; });
        return real(wanted);
      };
    }""")
    taking = Taking(page, state="starting")
    expect(taking.status).to_have_text(EN["starting"])
    page.keyboard.press("Enter")  # on the shutter, which waits
    page.keyboard.press("Escape")
    assert taking.result() is None
    state = page.evaluate("""async () => {
      begin();
      for (let turn = 0; turn < 500 && tracks[0]?.readyState !== "ended"; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return tracks[0].readyState;
    }""")
    assert state == "ended"


# Texts


def test_every_text_is_used_and_there_in_each_language(page: Page) -> None:
    keys = page.evaluate("import('/page/camera.js').then(({ KEYS }) => KEYS)")
    assert [list(texts) for texts in TEXTS.values()] == [list(EN)] * len(TEXTS)
    assert sorted(keys) == sorted(EN)
    source = (FOLDER / "camera.js").read_text()
    told = source[source.index("// Outlines") :] + source[: source.index("/**")]
    assert [key for key in keys if not re.search(rf'["(. ]{key}\b', told)] == []


@pytest.mark.parametrize("view", ["front", "side"])
@pytest.mark.parametrize("language", TEXTS)
def test_title_and_rules_are_those_of_the_view(page: Page, view: str, language: str) -> None:
    texts = TEXTS[language]
    taking = Taking(page, view, texts)
    assert taking.dialog.get_by_role("heading").inner_text() == texts["title"][view]
    assert taking.dialog.get_by_role("listitem").all_inner_texts() == texts["rules"][view]
    assert page.locator(".outline path").count() == {"front": 4, "side": 2}[view]


def test_the_modules_stay_small() -> None:
    names = "camera.css", "camera.js", "geometry.js"
    assert sum((FOLDER / name).stat().st_size for name in names) <= 25 * 1024
