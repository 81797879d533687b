"""Somebody at the page: what a person does with it, in a browser, and that nothing goes wrong in it meanwhile."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from testing import DEMO
from testing.builders import FRONT_PHOTO, SIDE_PHOTO

FRONT, SIDE = (base64.b64decode(photo) for photo in (FRONT_PHOTO, SIDE_PHOTO))
DEMO_PAIR = {view: (DEMO / f"{view}_image.jpg").read_bytes() for view in ("front", "side")}


class Visitor:
    """At a page that is open."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def find(self, selector: str) -> Locator:
        """Of the page."""
        return self.page.locator(selector)

    def button(self, name: str) -> Locator:
        """A button by what it says."""
        return self.page.get_by_role("button", name=name, exact=True)

    def choose(self, **photos: bytes) -> None:
        """Chooses files for the cards, by the names of the views."""
        for view, data in photos.items():
            kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
            file: Any = {"name": f"{view}.file", "mimeType": kind, "buffer": data}
            self.find(f"#card-{view} input").set_input_files(file)

    def measure(self, **photos: bytes) -> None:
        """Chooses photos, has them measured, and waits for the result."""
        self.choose(**({"front": FRONT, "side": SIDE} | photos))
        self.find("#measure").click()
        expect(self.find("#result-title")).to_be_focused()

    def row(self, view: str, name: str) -> Locator:
        """A reading's row in the tables."""
        return self.find(f'#tables-{view} [data-reading="{name}"]')

    def value(self, view: str, name: str) -> float:
        """What the table shows of a reading, in its unit."""
        shown = self.row(view, name).locator("td .value b").last.text_content() or ""
        return float(shown.rstrip("°% ").replace("\N{MINUS SIGN}", "-").replace(",", "."))

    def drag(self, view: str, point: str, across: float, down: float) -> None:
        """Drags a point by so many pixels of the photo."""
        handle = self.find(f'[data-view="{view}"] [data-point="{point}"]')
        handle.scroll_into_view_if_needed()
        box, svg = handle.bounding_box(), self.find(f'[data-view="{view}"] svg')
        assert box is not None
        scale = svg.evaluate("(svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + scale * across, y + scale * down, steps=3)
        self.page.mouse.up()

    def saved(self, name: str) -> bytes:
        """The file that a button saves."""
        with self.page.expect_download() as download:
            self.button(name).click()
        return download.value.path().read_bytes()


@contextmanager
def visiting(browser: Browser, address: str, *, fails: int = 0, **context: Any) -> Iterator[Visitor]:
    """Somebody at that address. `fails`: of how many requests the browser is to tell that they failed, no more.

    `context`: of the browser's, such as `viewport`.
    """
    wrong: list[str] = []
    failed: list[str] = []
    with browser.new_context(**({"locale": "en-GB", "reduced_motion": "reduce"} | context)) as opened:
        page = opened.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: (failed if "Failed to load" in said.text else wrong).append(said.text)
                if said.type in {"error", "warning"} else None)  # fmt: skip
        page.goto(address)
        expect(page.locator("html")).to_have_attribute("data-ready", "")
        yield Visitor(page)
    assert not wrong, wrong
    assert len(failed) == fails, failed
