"""The report: what it says, that nothing in an answer can spoil it, and how it looks on paper."""

import base64
import copy
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

import posture
from posture import comparison
from posture.angles import PublishedChange, of_plane
from posture.report import INCLUDE, MOST_VISITS, Visit, page
from posture.views import VIEWS
from posture.words import LANGUAGES, sentence, texts
from testing import DEMO
from testing import browser as browsers
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, detect, picture
from testing.pictures import file_bytes
from tests.posture.people import measured

Answer = dict[str, Any]

for_each_language = pytest.mark.parametrize("language", LANGUAGES)


@cache
def _measured() -> posture.Measurement:
    return measured(detect, FRONT_PHOTO, SIDE_PHOTO)


@cache
def _overlay() -> Answer:
    file = file_bytes(picture(997, 1024), "JPEG")
    return {"media_type": "image/jpeg", "width": 997, "height": 1024, "data": base64.b64encode(file).decode()}


def answer(*, pictures: bool = True, **changed: Any) -> Answer:
    """The worker's answer to one person, with pictures, some of `details` changed."""
    said = copy.deepcopy(_measured().answer(["details"]))
    details = said["data"]["details"]
    for view in VIEWS if pictures else ():
        details[view.key]["overlay"] = _overlay()
    details |= changed
    return said


def plain() -> Answer:
    """An answer without details."""
    return copy.deepcopy(_measured().answer())


def view(of: Answer, name: str = "front_view") -> Answer:
    found: Answer = of["data"]["details"][name]
    return found


def shoulders(value: float, **changed: Any) -> Answer:
    said = answer()
    view(said)["angles"]["shoulder_tilt"].update(value=value, uncertainty=0.7, **changed)
    return said


class Reader(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._is_style = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._is_style = tag == "style"
        if tag not in ("b", "bdi", "span"):
            self.text.append(" ")

    def handle_endtag(self, _tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self.text.append(data)


def text_of(html: str) -> str:
    """The text of a page in one line."""
    return " ".join("".join(Reader(html).text).split())


def report(*answers: Answer, language: str = "en") -> str:
    """The text of the report on visits in May, June, July..."""
    months = ("May", "June", "July", "August", "September")
    return text_of(page([Visit(month, of) for month, of in zip(months, answers, strict=False)], language))


@for_each_language
def test_it_says_every_angle_in_words_with_value_and_uncertainty(language: str) -> None:
    told = report(answer(), language=language)
    for of in _measured().views.values():
        for reading in of.angles.values():
            assert sentence(reading, language) in told
            digits = [f"{abs(round(number, 2)):.1f}" for number in (reading.value, reading.uncertainty)]
            if language == "de":
                digits = [number.replace(".", ",") for number in digits]
            assert re.search(f"{digits[0]}° ± {digits[1]}°", told)


@for_each_language
def test_it_says_how_it_was_measured_and_what_it_is_not(language: str) -> None:
    t = texts(language)
    told = report(answer(mode="precise", calibration="anatomical"), language=language)
    for part in (
        "May", t["named"]["mode"]["precise"], t["named"]["calibration"]["anatomical"], t["named"]["level"]["auto"],
        t["camera"]["unknown"], "pose_landmarker_full.task sha256:4eaa5eb7a983,", posture.__version__,
        t["report"]["disclaimer"], t["report"]["legend"],
    ):  # fmt: skip
        assert part in told, part


def test_it_says_what_was_taken_off_of_the_cameras_tilt() -> None:
    of = answer()
    view(of)["camera"].update(source="photo", roll=-1.44, pitch=-12.0, mirrored=True)
    view(of, "side_view")["camera"].update(source="unknown", estimated_roll={"value": 2.0, "uncertainty": 0.5})
    told = report(of)
    minus = "\N{MINUS SIGN}"
    recorded = f"tilt recorded in the photo, taken off: roll {minus}1.4°, pitch {minus}12.0°; left and right righted"
    assert f"Camera, Front {recorded}" in told
    assert "adds its own size to every angle; the room's edges show +2.0° ± 0.5°" in told


@for_each_language
def test_warnings_are_told_once_in_its_own_language_with_the_photos_they_are_about(language: str) -> None:
    def warned(of: Answer, *views: str) -> Answer:
        for name in views:
            view(of, name)["warnings"] = [{"code": "photo_blurred", "message": "in English", "advice": "no"}]
        return of

    said, t = texts(language)["warnings"]["photo_blurred"], texts(language)["report"]
    front, side = t["views"].values()
    told = partial(report, language=language)
    assert f"{front}: {said}" in told(warned(answer(), "front_view"))
    assert f"{t['all_photos']}: {said}" in told(warned(answer(), "front_view", "side_view"))
    assert f"1 {front}; 2 {side}: {said}" in told(warned(answer(), "front_view"), warned(answer(), "side_view"))
    assert f"1, 2 {front}: {said}" in told(warned(answer(), "front_view"), warned(answer(), "front_view"))
    assert f"2 {front}, {side}: {said}" in told(answer(), warned(answer(), "front_view", "side_view"))
    assert "in English" not in told(warned(answer(), "front_view"))


def test_a_warning_of_a_later_version_is_told_as_the_answer_has_it() -> None:
    of = answer()
    view(of)["warnings"] = [{"code": "shoes_on", "message": "the person wears shoes." + " x" * 400, "advice": "no"}]
    assert "Front: the person wears shoes. x" in report(of)
    assert " x" * 100 not in report(of)


def test_a_visit_beside_the_first_shows_what_has_changed_and_the_limit() -> None:
    html = page([Visit("May", shoulders(-0.9)), Visit("June", shoulders(2.3))])
    told = text_of(html)
    assert "2 June change (limit) changed since the first visit: Shoulder tilt Front" in told
    assert '<span class="differs">+3.2° (1.0°)</span>' in html
    assert html.count('class="differs"') == 1
    assert "0.0° (" in told
    assert texts()["report"]["legend_changes"] in told
    assert texts()["report"]["published_none"] in told


def test_an_uncertainty_that_excludes_no_angle_is_told_as_such() -> None:
    unsure = shoulders(1.0)
    view(unsure)["angles"]["shoulder_tilt"]["uncertainty"] = 4e9
    told = report(shoulders(9.0), unsure)
    minus = "\N{MINUS SIGN}"
    assert f"1.0° ± anything {minus}8.0° (anything)" in told


def test_a_visit_without_a_difference_says_so() -> None:
    html = page([Visit("May", shoulders(1.0)), Visit("June", shoulders(1.9))])
    assert "no change since the first visit that can be told" in text_of(html)
    assert 'class="differs"' not in html


def test_a_photo_that_would_be_refused_shows_no_change() -> None:
    turned = shoulders(40.0)
    view(turned)["warnings"] = [{"code": "oblique_view", "message": "turned", "advice": "no"}]
    html = page([Visit("May", shoulders(1.0)), Visit("June", turned)])
    assert 'class="differs"' not in html
    assert "+39.0°, not judged" in text_of(html)
    assert "2 Front: the photo is one that would be refused: no difference is judged" in text_of(html)


def test_a_visit_without_a_label_that_cannot_be_used_is_named_by_its_number() -> None:
    with pytest.raises(ValueError, match=r"^the answer of the visit '2' cannot be used: it is not an answer"):
        page([Visit("", answer()), Visit("", {})])
    with pytest.raises(ValueError, match=r"^the answer cannot be used: it is not an answer"):
        page([Visit("", {})])


def test_a_visit_that_cannot_be_compared_says_why_and_shows_its_values() -> None:
    html = page([Visit("May", shoulders(1.0)), Visit("June", shoulders(9.0) | {}), Visit("July", plain())])
    assert "3 July not compared: this answer does not say how it was measured" in text_of(html)
    other = answer(mode="fast")
    told = report(answer(), other)
    assert "2 June not compared: mode fast (one look at each photo), at the first visit standard" in told
    assert "(limit)" not in told


def test_points_moved_by_hand_are_shown_and_not_judged() -> None:
    html = page([Visit("May", shoulders(1.0)), Visit("June", shoulders(9.0, edited=True))])
    told = text_of(html)
    assert "+8.0°, not judged" in told
    assert "no change since the first visit that can be told; not every value was judged" in told
    assert "points moved by hand" in told
    assert 'class="differs"' not in html


def test_what_is_published_of_standing_anew_stands_beside_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    known = PublishedChange(2.5, "A Study, doi:10.1000/1")
    rows = {plane: tuple(replace(row, published_mdc=known) if row.name == "shoulder_tilt" else row
                         for row in of_plane(plane)) for plane in {of.plane for of in VIEWS}}  # fmt: skip
    monkeypatch.setattr(comparison, "of_plane", rows.get)
    told = report(answer(), answer())
    assert "shoulder line against the horizontal standing anew: 2.5°" in told
    assert "when a person stands again, by A Study, doi:10.1000/1." in told
    assert "standing anew" not in report(answer()), "of one visit nothing is compared"


def test_of_more_visits_than_fit_the_first_and_the_newest_are_shown() -> None:
    told = report(*[answer()] * 5)
    assert [month for month in ("May", "June", "July", "August", "September") if month in told] == [
        "May", "August", "September",
    ]  # fmt: skip
    assert f"Visits in between that are not shown: {5 - MOST_VISITS}." in told
    assert "not shown" not in report(*[answer()] * MOST_VISITS)


def test_pictures_stand_in_it_or_it_says_that_there_are_none() -> None:
    html = page([Visit("May", answer()), Visit("June", answer(pictures=False))])
    sources = [of["src"] for tag, of in Reader(html).elements if tag == "img"]
    assert sources == [f"data:image/jpeg;base64,{_overlay()['data']}"] * 2
    assert text_of(html).count("no picture in this answer") == 2
    bare = page([Visit("May", answer(pictures=False)), Visit("June", plain())])
    assert "<img" not in bare
    assert "The answers hold no pictures." in text_of(bare)


def test_an_answer_without_details_is_shown_with_what_it_has() -> None:
    told = report(plain())
    value = plain()["data"]["front_view"]["shoulder_tilt"]
    assert f"{value:.1f}° ± not known" in told
    assert "Mode not said" in told


def test_a_measurement_gives_the_report_on_its_own_answer(pool: posture.LandmarkerPool) -> None:
    photos = (DEMO / "front_image.jpg", DEMO / "side_image.jpg")
    measurement = posture.measure(*photos, model=pool, mode="fast")
    expected = page([Visit("May", measurement.answer(INCLUDE))], "de")
    assert measurement.report("May", "de") == expected
    assert "Haltungsbericht" in measurement.report(language="de")
    covered = page([Visit("", measurement.answer(INCLUDE, blur_face=True))])
    assert measurement.report(blur_face=True) == covered != measurement.report()


@pytest.mark.parametrize(("visits", "language"), [([], "en"), ([Visit("May", {})], "fr")])
def test_no_visits_and_no_language_are_refused(visits: Sequence[Visit], language: str) -> None:
    with pytest.raises(ValueError, match=r"at least one visit|there are some in en, de"):
        page(visits, language)


def without_label(of: Answer) -> str:
    return page([Visit("", of)])


def test_a_visit_needs_no_label() -> None:
    assert "<title>Posture report</title>" in without_label(answer())
    assert "2 no change" in text_of(page([Visit("", answer()), Visit("", answer())])).replace("2 change (limit) ", "")


EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'&lt;"


def with_message(text: str) -> Answer:
    of = answer()
    view(of)["warnings"] = [{"code": "later", "message": text, "advice": text}]
    for name in ("meaning", "unit", "sentence"):
        view(of)["angles"]["shoulder_tilt"][name] = text
    return of


def test_what_stands_in_labels_and_answers_is_text_and_nothing_else() -> None:
    harmless = Reader(page([Visit("May", with_message("x")), Visit("June", with_message("x"))])).elements
    html = page([Visit(EVIL[:60], with_message(EVIL)), Visit("June", with_message(EVIL))])
    found = Reader(html).elements
    assert [tag for tag, _ in found] == [tag for tag, _ in harmless]
    assert [sorted(of) for _, of in found] == [sorted(of) for _, of in harmless]
    assert unescape(html).count("{{ 7*7 }}") > 0
    assert "49" not in text_of(html)


@for_each_language
def test_it_holds_no_script_and_loads_nothing(language: str) -> None:
    html = page([Visit("May", answer()), Visit("June", answer())], language)
    elements = Reader(html).elements
    assert {tag for tag, _ in elements} <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "section", "figure", "figcaption",
        "img", "div", "table", "colgroup", "col", "thead", "tbody", "tr", "th", "td", "b", "small", "span", "bdi", "ul",
        "li", "footer", "br",
    }  # fmt: skip
    assert {name for _, of in elements for name in of if name.startswith("on") or name in ("href", "srcset")} == set()
    assert all(str(of["src"]).startswith("data:image/jpeg;base64,") for _, of in elements if "src" in of)
    (policy,) = (of["content"] for _, of in elements if of.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    (style,) = re.findall(r"<style>(.*)</style>", html, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    assert f'<html lang="{language}"' in html


def test_nothing_in_it_is_told_by_colour() -> None:
    (style,) = re.findall(r"<style>(.*)</style>", page([Visit("May", answer())]), re.DOTALL)
    colours = re.findall(r"#([0-9a-f]{3}|[0-9a-f]{6})\b", style)
    assert len(colours) > 3
    for colour in colours:
        full = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
        red, green, blue = (int(full[at : at + 2], 16) for at in (0, 2, 4))
        assert max(red, green, blue) - min(red, green, blue) <= 4, f"#{colour} is no grey"


def spoilt(**changed: Any) -> Answer:
    of = answer()
    view(of)["overlay"] = {**_overlay(), **changed}
    return of


@pytest.mark.parametrize(
    "changed",
    [
        {"media_type": "image/svg+xml"},
        {"media_type": "image/jpeg;x"},
        {"data": '"><script>'},
        {"data": base64.b64encode(b"<svg onload=alert(1)>").decode()},
        {"data": base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()},
        {"data": "/9j/" + "A" * 8_000_000},
        {"data": "/9j/\n"},
        {"data": None},
        {"width": 0},
        {"height": 10_001},
        {"width": "997"},
    ],
    ids=lambda changed: json.dumps(changed)[:40],
)
def test_what_is_not_a_picture_is_refused(changed: Answer) -> None:
    with pytest.raises(ValueError, match=r"'May' cannot be used: data\.details\.front_view\.overlay.* what it should"):
        page([Visit("May", spoilt(**changed))])


def test_text_that_no_file_could_hold_is_refused() -> None:
    with pytest.raises(ValueError, match=r"data\.details\.front_view\.warnings\[0\] is not what it should be"):
        page([Visit("May", with_message("half a \ud83d pair"))])


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything that stands in an answer."""
    yield path
    for name, branch in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(branch, (*path, name))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(place=st.sampled_from([*places(with_message("x"))][1:]), anything=ANYTHING)
def test_whatever_stands_in_an_answer_it_is_a_report_or_one_sentence(place: tuple[Any, ...], anything: Any) -> None:
    spoilt = with_message("x")
    *way, last = place
    within: Any = spoilt
    for name in way:
        within = within[name]
    within[last] = anything
    try:
        html = page([Visit("May", answer()), Visit("June", spoilt)])
    except ValueError as error:
        assert str(error).startswith("the answer of the visit 'June' cannot be used: ")  # noqa: PT017
        assert len(str(error)) < 200  # noqa: PT017
    else:
        assert html.encode().startswith(b"<!DOCTYPE html>")


# How it looks on paper.

MARGINS = {"A4": (210 - 24, 297 - 22), "Letter": (215.9 - 24, 279.4 - 22)}  # width and height within, in mm
PIXELS = 96 / 25.4  # of CSS in a millimetre
LONG = "17. November 2025, nach der ersten Behandlung bei WWWWWWWWWWW"[:60]


def longest(number: int) -> Answer:
    """An answer with all warnings there are, the widest numbers, and all that is remarked."""
    of = answer(version=f"{number}.10.100")
    warnings = [{"code": code, "message": "x", "advice": "x"} for code in texts()["warnings"]]
    sources = ("client", "unknown", "photo")
    for each in VIEWS:
        told = view(of, each.key)
        told["warnings"] = warnings
        told["camera"] |= {"source": sources[number % 3], "roll": -179.9, "pitch": -44.9, "mirrored": True}
        if number == 1:
            told["camera"]["estimated_roll"] = {"value": -12.2, "uncertainty": 11.1}
            told["near_side"] = told.get("near_side") and "left"
        for reading in told["angles"].values():
            reading.update(value=-111.1 - 20 * number, uncertainty=11.1, trust="poor", edited=number == 1)
    view(of)["angles"]["head_tilt"]["source"] = "ears" if number == 2 else "face"
    return of


def several(number: int) -> list[Visit]:
    return [Visit(f"2025-0{at + 1}-01", answer()) for at in range(number)]


def long_ones(number: int) -> list[Visit]:
    return [Visit(LONG, longest(at)) for at in range(number)]


def refused(number: int) -> list[Visit]:
    """Visits each of which differs from the first in everything."""
    others: Answer = {"mode": "precise", "calibration": "anatomical", "level": "lines", "model": "another model.task"}
    return [Visit(LONG, answer(**others) if at else plain() if number == 3 else answer()) for at in range(number)]


MEASURE = """() => {
  const inside = (box) => box.left >= -0.5 && box.top >= -0.5
    && box.right <= innerWidth + 0.5 && box.bottom <= innerHeight + 0.5;
  const all = [...document.body.querySelectorAll('*')];
  const named = (element) => `${element.tagName} ${element.textContent.slice(0, 30)}`;
  const sections = [...document.body.children].map((element) => element.getBoundingClientRect());
  return {
    outside: all.filter((element) => !inside(element.getBoundingClientRect())).map(named),
    cut: all.filter((element) => getComputedStyle(element).display != 'inline'
      && (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)).map(named),
    over: sections.slice(1).filter((box, at) => box.top < sections[at].bottom - 0.5).length,
    tall: [...document.images].map((image) => image.getBoundingClientRect().height),
    loaded: [...document.images].every((image) => image.complete && image.naturalWidth > 0),
    width: document.documentElement.scrollWidth - innerWidth,
    height: document.documentElement.scrollHeight - innerHeight,
  };
}"""


@pytest.fixture(scope="module")
def sheet(browser: Browser) -> Iterator[Page]:
    with browser.new_page() as page:
        yield page


@pytest.mark.parametrize(
    ("made", "visits", "language"),
    [(several, 1, "en"), (several, 2, "en"), (several, 3, "de"), (long_ones, 1, "de"), (long_ones, 2, "en"),
     (long_ones, 2, "de"), (long_ones, 3, "en"), (long_ones, 3, "de"), (refused, 2, "de"), (refused, 3, "en"),
     (refused, 3, "de")],
)  # fmt: skip
def test_it_is_one_page_with_nothing_cut_off(
    sheet: Page, made: Callable[[int], list[Visit]], visits: int, language: str
) -> None:
    sheet.set_content(page(made(visits), language), wait_until="load")
    last = texts(language)["report"]["disclaimer"].split()[-1]
    for paper, margins in MARGINS.items():
        document = browsers.printed(sheet, paper)
        assert len(document.pages) == 1, paper
        assert last in document.pages[0].extract_text().split(), paper
        width, height = (int(side * PIXELS) for side in margins)
        sheet.set_viewport_size({"width": width, "height": height})
        sheet.emulate_media(media="print")
        found = sheet.evaluate(MEASURE)
        tall = found.pop("tall")
        assert found == {"outside": [], "cut": [], "over": 0, "loaded": True, "width": 0, "height": 0}, paper
        assert min(tall, default=100) >= 12 * PIXELS, "a picture is at least 12 mm high"
