"""The browser of the tests lays out, prints, and reaches nobody."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error

from testing import browser as browsers

HTML = """
<body style="margin: 0; font: 20px 'Liberation Sans'">
  <p id="box" style="position: absolute; left: 10px; top: 20px; width: 30px; height: 40px; margin: 0"></p>
  <span id="word" style="position: absolute; top: 100px">measured</span>
"""
SHEET = 1123  # pixels of CSS from top to bottom of A4, at 96 an inch


def test_a_page_is_laid_out(browser: Browser) -> None:
    with browser.new_page() as page:
        page.set_content(HTML)
        assert page.locator("#box").bounding_box() == {"x": 10, "y": 20, "width": 30, "height": 40}
        word = page.locator("#word").bounding_box()
        assert word is not None
        assert word["width"] == pytest.approx(20 * 4.446, abs=0.1), "the letters of the font that set-up brings"


@pytest.mark.parametrize(("height", "sheets"), [(SHEET / 2, 1), (SHEET * 1.5, 2)])
def test_a_page_is_printed(browser: Browser, height: float, sheets: int) -> None:
    with browser.new_page() as page:
        page.set_content(f'<body style="margin: 0"><p style="height: {height}px; margin: 0">A4</p>')
        document = browsers.printed(page)
    assert len(document.pages) == sheets
    assert document.pages[0].extract_text() == "A4"
    assert [round(float(side) / 72 * 25.4) for side in document.pages[0].mediabox[2:]] == [210, 297]


@pytest.mark.parametrize("address", ["http://example.com/", "http://192.0.2.1/", "https://[2001:db8::1]/"])
def test_nobody_is_reached(browser: Browser, address: str) -> None:
    with browser.new_page() as page, pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto(address)


def test_what_is_missing_is_named_as_debian_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browsers, "_FONTS", tmp_path)
    monkeypatch.setattr("sys.platform", "linux")
    assert browsers.missing() == ["chromium", "fonts-liberation"]
    (tmp_path / "truetype").mkdir()
    (tmp_path / "truetype" / "LiberationSans-Regular.ttf").touch()
    assert browsers.missing() == ["chromium"]
    (tmp_path / "google-chrome").touch(mode=0o755)
    assert browsers.missing() == []
    assert browsers.executable() == str(tmp_path / "google-chrome")
