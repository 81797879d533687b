"""Remakes docs/page.jpg: the page with the result of the first demo pair, as a desk shows it."""

import re
import subprocess
import sys

from playwright.sync_api import ViewportSize

from testing import DEMO, TOP
from testing import browser as browsers

FILE = TOP / "docs" / "page.jpg"
_SERVE = (sys.executable, "-m", "posture", "serve", "--port", "0")
_SIZE: ViewportSize = {"width": 1120, "height": 1200}
_QUALITY = 82  # of 100, of a JPEG


def main() -> None:
    """Starts a server, does what a person does, and keeps what is seen."""
    with subprocess.Popen(_SERVE, cwd=TOP, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            (address,) = re.findall(r"http://[\d.:]+", server.stdout.readline())
            _photograph(address)
        finally:
            server.terminate()


def _photograph(address: str) -> None:
    with (
        browsers.started() as browser,
        browser.new_page(viewport=_SIZE, locale="en-GB", reduced_motion="reduce") as page,
    ):
        page.goto(address)
        for view in ("front", "side"):
            page.locator(f"#card-{view} input").set_input_files(DEMO / f"{view}_image.jpg")
        page.locator("#measure").click()
        page.locator("#label").fill("First visit")
        page.locator("#label").blur()
        page.evaluate("scrollTo(0, 0)")  # boxes are told in the window, and the picture is of the whole page
        result, front = page.locator("#result").bounding_box(), page.locator('[data-view="front"]').bounding_box()
        assert result is not None
        assert front is not None
        clip = result | {"height": front["y"] + front["height"] + 12 - result["y"]}
        page.screenshot(path=FILE, type="jpeg", quality=_QUALITY, clip=clip, full_page=True)


if __name__ == "__main__":
    main()
