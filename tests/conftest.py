"""What all tests share: an environment without settings, one real landmarker, the truth about the pictures."""

import os

from testing.environment import forget

forget(os.environ)  # before anything is imported that reads it: the SDK looks up its log level once

import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from posture.models import files
from posture.models.mediapipe import LandmarkerPool
from testing import DEMO
from testing import browser as browsers

# Whoever starts the tests in the background has them ignore Ctrl-C, and so would the processes that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that is busy is no defect, and what passed once passes again: the examples are the same each time.
settings.register_profile("posture", deadline=None, derandomize=True)
settings.load_profile("posture")
settings.register_profile("fuzz", deadline=None, max_examples=1000)  # others each time: `make fuzz`


@pytest.fixture(scope="session")
def pool() -> Iterator[LandmarkerPool]:
    """One real landmarker, with the models that set-up has fetched."""
    with LandmarkerPool(files.ready(), 1, files.marker(), files.face()) as pool:
        yield pool


@pytest.fixture(scope="session")
def demo() -> dict[str, Any]:
    """The true angles of the demo images and the margins around them."""
    truth: dict[str, Any] = json.loads((DEMO / "truth.json").read_text())
    return truth


@pytest.fixture(scope="session")
def truth_folder() -> Path:
    """The folder of further figures with known angles that POSTURE_TRUTH names."""
    folder = os.environ.get("POSTURE_TRUTH")
    if not folder:
        pytest.skip("POSTURE_TRUTH does not name a folder of figures with known angles")
    return Path(folder)


@pytest.fixture(scope="module")
def browser_arguments() -> Sequence[str]:
    """Of the browser's command line, for a module that needs more than the usual ones."""
    return ()


@pytest.fixture(scope="module")
def browser(browser_arguments: Sequence[str]) -> Iterator[Browser]:
    """Headless Chromium. Of a module and no longer: asyncio cannot run in a thread in which Playwright does."""
    if not browsers.executable():
        missing = f"no {', '.join(browsers.NAMES)} here: make setup-browser"
        if os.environ.get("POSTURE_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with browsers.started(*browser_arguments) as browser:
        yield browser
