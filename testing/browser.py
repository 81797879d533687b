"""Headless Chromium, for what people look at: measured as it is laid out, and printed.

As a command it prints the Debian packages that this system lacks for it, one a line.
"""

import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader

NAMES = ("chromium", "chromium-browser", "google-chrome")  # the first on the PATH is taken
# Metric twins of Arial, Times and Courier: a page is laid out the same on every machine that has them.
_FONTS = Path("/usr/share/fonts")
_FONT = "LiberationSans-Regular.ttf"
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name and no address leads anywhere but to this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


def executable() -> str | None:
    """The path of the browser, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def missing() -> list[str]:
    """The Debian packages that a browser and what it writes with would come from."""
    font = sys.platform != "linux" or any(_FONTS.rglob(_FONT))
    return [name for name, found in (("chromium", executable()), ("fonts-liberation", font)) if not found]


@contextmanager
def started(*arguments: str) -> Iterator[Browser]:
    """The browser, closed at the end; FileNotFoundError where there is none. `browser.new_page()` gives an empty page.

    `arguments`: of its command line, beside those that it always has.
    Until then asyncio cannot run in the same thread. Chromium's sandbox is off, which root cannot have: for our own
    pages alone. Nothing is downloaded.
    """
    path = executable()
    if path is None:
        raise FileNotFoundError(f"No {', '.join(NAMES)} on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*_ARGUMENTS, *arguments], chromium_sandbox=False
        )
        with browser:
            yield browser


def printed(page: Page, paper: str = "A4") -> PdfReader:
    """The page as it comes out of a printer, on `A4` or `Letter`, unless its own style names the paper."""
    return PdfReader(io.BytesIO(page.pdf(format=paper, print_background=True, prefer_css_page_size=True)))


if __name__ == "__main__":
    sys.stdout.writelines(f"{package}\n" for package in missing())
