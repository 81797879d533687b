"""The photo guide: what a refusal advises is found there, and its drawings can be read wherever they are shown."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser

from docs import make
from posture.errors import CODES, InternalError, RequestError
from testing import TOP

GUIDE = TOP / "docs" / "PHOTOS.md"
DRAWINGS = sorted((TOP / make.DRAWINGS).iterdir())
SVG = "{http://www.w3.org/2000/svg}"
# What is wrong with a job or with how an app packed the photo is nothing for whoever holds the camera.
NOT_OF_THE_PHOTO = {code.name for code in CODES.values() if code.error in (RequestError, InternalError)}
NOT_OF_THE_PHOTO |= {"invalid_base64", "url_not_allowed", "fetch_failed"}


def by_name(file: Path) -> str:
    return file.stem


def test_every_code_about_a_photo_has_its_place_and_no_other() -> None:
    assert set(re.findall(r'<a id="(\w+)"></a>`\1`', GUIDE.read_text())) == CODES.keys() - NOT_OF_THE_PHOTO


def test_the_guide_shows_every_drawing_in_words_too() -> None:
    shown = {name: words for words, name in re.findall(r"!\[([^]]*)\]\(photos/(\w+)\.svg\)", GUIDE.read_text())}
    assert shown.keys() == make.drawings().keys() == {file.stem for file in DRAWINGS}
    assert [name for name, words in shown.items() if len(words.split()) < 5] == []


@pytest.mark.parametrize("file", DRAWINGS, ids=by_name)
def test_a_drawing_stands_alone_and_says_what_it_shows(file: Path) -> None:
    text = file.read_text()
    assert len(text) < 6000
    root = ET.fromstring(text)  # noqa: S314  # our own file
    assert root.findtext(f"{SVG}title")
    assert len((root.findtext(f"{SVG}desc") or "").split()) >= 6
    assert re.findall(r"https?://", text) == ["http://"], "the namespace alone: nothing is loaded"
    assert set(re.findall(r"url\(#(\w+)\)|href=\"#(\w+)\"", text)) <= {("c", ""), ("", "p")}


@pytest.mark.parametrize("file", DRAWINGS, ids=by_name)
def test_every_class_of_a_drawing_has_its_style(file: Path) -> None:
    text = file.read_text()
    used = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
    assert used - set(re.findall(r"\.([a-z]+)[ {,]", text)) == set()


def test_labels_lie_inside_of_their_drawing_and_apart(browser: Browser) -> None:
    checked = 0
    with browser.new_page() as page:
        for file in DRAWINGS:
            page.goto(file.as_uri())
            boxes = [box for label in page.locator("text").all() if (box := label.bounding_box())]
            card = page.locator("rect.card").bounding_box()
            assert card is not None
            for box in boxes:
                assert card["x"] <= box["x"], file.stem
                assert box["x"] + box["width"] <= card["x"] + card["width"], file.stem
                assert card["y"] <= box["y"], file.stem
                assert box["y"] + box["height"] <= card["y"] + card["height"], file.stem
            for one, other in combinations(boxes, 2):
                apart_x = max(one["x"], other["x"]) - min(one["x"] + one["width"], other["x"] + other["width"])
                apart_y = max(one["y"], other["y"]) - min(one["y"] + one["height"], other["y"] + other["height"])
                assert max(apart_x, apart_y) >= -1, file.stem
            checked += len(boxes)
    assert checked >= 25
