"""The camera in the page: Chromium's fake device, the page's own policy, and a photo that is sent as it was taken."""

import base64
import io
from collections.abc import Sequence

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.posture.web.canned import Canned
from tests.posture.web.served import served
from tests.posture.web.visitor import SIDE, visiting


@pytest.fixture(scope="module")
def browser_arguments() -> Sequence[str]:
    """A camera that shows a test picture, and may be used."""
    return ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.mark.parametrize(("locale", "take", "use"), [("en-GB", "Take the front photo", "Use this photo"),
                                                     ("de-DE", "Foto von vorn aufnehmen", None)])  # fmt: skip
def test_a_photo_is_taken_and_sent(browser: Browser, locale: str, take: str, use: str | None) -> None:
    endpoint = Canned({"status": "TIMED_OUT"})
    with served(endpoint) as address, visiting(browser, address, locale=locale) as visitor:
        visitor.choose(side=SIDE)
        visitor.button(take).click()
        visitor.find("dialog.camera .shutter").click()
        button = visitor.find("dialog.camera .use")
        if use:
            expect(button).to_have_text(use)
        button.click()
        expect(visitor.find("dialog.camera")).to_have_count(0)
        expect(visitor.button(take)).to_be_focused()
        visitor.find("#measure").click()
        expect(visitor.find("#trouble")).not_to_be_empty()
    sent = endpoint.asked[0][1]["input"]
    image = Image.open(io.BytesIO(base64.b64decode(sent["front"])))
    assert (image.format, min(image.size) > 100) == ("JPEG", True)
    assert (sent["camera"], sent["mirrored"]) == ({}, {"front": False})  # this device does not tell how it is held
