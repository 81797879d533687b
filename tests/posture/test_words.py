"""What a reading means in words: the right side, how much, and whether that can be told at all."""

import json
import string
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from posture import words
from posture.angles import MEASURES, Measure
from posture.camera import Source
from posture.errors import CODES, UnfitPhotoError
from posture.evidence import TRUST
from posture.landmarks import Landmarks
from posture.measurement import Reading
from posture.options import Calibration, Level, Mode
from posture.views import FRONT, SIDE, VIEWS
from posture.words import LANGUAGES, number, say, sentence, short, texts
from posture.worker.settings import Settings
from posture.worker.worker import Worker
from testing.builders import FRONT_PHOTO, SIDE_PHOTO, FakePool, StrictLog, detect, detect_by
from tests.posture.people import PROFILE, STANDING, measured, moved_by

MINUS = "\N{MINUS SIGN}"
GOOD, POOR = TRUST[0].name, TRUST[-1].name
SOURCES = [variant for row in MEASURES for variant in row.variants]
# By what a measure's meaning says of positive values, the words for them and for negative ones.
DIRECTIONS = {
    "the person's left": {"en": ("left", "right"), "de": ("link", "recht")},
    "inwards": {"en": ("inwards", "outwards"), "de": ("nach innen", "nach außen")},
    "in front of": {"en": ("in front of", "behind"), "de": (" vor de", " hinter de")},
    "flexed": {"en": ("flexed", "overextended"), "de": ("gebeugt", "überstreckt")},
}
# The joints of a line, as each language calls what the sentence is about.
NAMES = {
    "shoulder": ("shoulder", "Schulter"), "hip": ("hip", "Hüfte"), "head": ("head", "Kopf"), "nose": ("nose", "Nase"),
    "ear": ("ear", "Ohr"), "knee": ("knee", "Knie"), "body": ("body", "örper"),
}  # fmt: skip
ABOUT = {
    "shoulder_tilt": "shoulder", "pelvic_tilt": "hip", "head_tilt": "head", "nose_offset": "nose",
    "shoulder_offset": "shoulder", "hip_offset": "hip", "left_knee_deviation": "knee", "right_knee_deviation": "knee",
    "back_tilt": "shoulder", "neck_tilt": "ear", "hip_tilt": "hip", "ear_offset": "ear", "knee_offset": "knee",
    "knee_flexion": "knee",
}  # fmt: skip

for_each_language = pytest.mark.parametrize("language", LANGUAGES)
for_each_source = pytest.mark.parametrize("measure", SOURCES, ids=lambda row: f"{row.plane.name}-{row.key}")


def row(name: str, view: Any = FRONT) -> Measure:
    return next(found for found in MEASURES if (found.name, found.plane) == (name, view.plane))


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each text of a file with the names that lead to it."""
    if isinstance(tree, dict):
        for name, branch in tree.items():
            yield from leaves(branch, (*path, name))
    else:
        yield path, tree


def places(text: str) -> set[str | None]:
    """What is filled into a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


@for_each_language
def test_every_language_says_the_same_and_leaves_the_same_to_be_filled_in(language: str) -> None:
    ours, theirs = (dict(leaves(texts(name))) for name in (language, "en"))
    assert ours.keys() == theirs.keys()
    assert {path for path, text in ours.items() if places(text) != places(theirs[path])} == set()
    assert [path for path, text in ours.items() if text != text.strip() or not text] == []


@for_each_language
def test_there_are_texts_of_every_measure_and_of_no_other(language: str) -> None:
    told = {(plane, name) for plane, rows in texts(language)["measures"].items() for name in rows}
    assert told == {(measure.plane.name, measure.name) for measure in MEASURES}
    assert texts(language)["units"].keys() == {measure.unit for measure in MEASURES}
    names = [of["name"] for rows in texts(language)["measures"].values() for of in rows.values()]
    assert len(set(names)) == len(names), "a name alone tells which measure it is"


@for_each_language
def test_there_are_names_for_all_that_an_answer_may_say(language: str) -> None:
    named, sources = texts(language)["named"], {variant.source for variant in SOURCES} - {""}
    found = {name: {*of} for name, of in named.items()}
    assert found == {
        "mode": {*get_args(Mode)},
        "calibration": {*get_args(Calibration)},
        "level": {*get_args(Level)},
        "near_side": {"left", "right"},
        "source": sources,
        "trust": {word.name for word in TRUST},
    }
    assert {*get_args(Source)} <= texts(language)["camera"].keys()
    assert texts(language)["warnings"].keys() == {
        code.name for code in CODES.values() if code.error in (UnfitPhotoError, None)
    }
    assert texts(language)["report"]["views"].keys() == {view.name for view in VIEWS}


@for_each_language
@for_each_source
def test_the_sign_names_the_side_that_the_measure_means(measure: Measure, language: str) -> None:
    positive = measure.meaning.rpartition("positive: ")[2]
    (expected,) = (by[language] for meant, by in DIRECTIONS.items() if meant in positive)
    mine = {side: _side(measure, language) for side in ("positive", "negative")}
    for value, word, other in ((4.25, expected[0], expected[1]), (-4.25, expected[1], expected[0])):
        said = say(measure, value, 1.0, GOOD, language).removeprefix(mine["positive"])
        assert word in said, said
        assert other not in said, said
        assert ("4,2" if language == "de" else "4.2") in said
        if about := ABOUT.get(measure.name):
            assert NAMES[about][language == "de"].lower() in f"{mine['positive']}{said}".lower()


def _side(measure: Measure, language: str) -> str:
    """The side that a measure of one side alone is about, which its sentence begins with."""
    sides = {"en": {"left": "left", "right": "right"}, "de": {"left": "linkes", "right": "rechtes"}}
    first = measure.name.partition("_")[0]
    return sides[language].get(first, "")


@for_each_language
@for_each_source
def test_what_cannot_be_told_from_0_names_no_side(measure: Measure, language: str) -> None:
    none = texts(language)["measures"][measure.plane.name][measure.name]["none"]
    for value in (0.0, -0.0, 0.9, -0.9, 1.0, -1.0, 1.004, -1.004):
        assert say(measure, value, 1.0, GOOD, language) == none
    for value in (1.01, -1.01):
        assert say(measure, value, 1.0, GOOD, language) != none
    assert say(measure, 0.04, 0.01, GOOD, language) == none, "0.0 degrees are no difference"


@for_each_language
@for_each_source
def test_what_can_be_trusted_little_is_called_a_hint(measure: Measure, language: str) -> None:
    hint = {"en": " (a hint at most)", "de": " (höchstens ein Hinweis)"}[language]
    for value in (5.0, -5.0, 0.0):
        plain = say(measure, value, 1.0, GOOD, language)
        assert hint not in plain
        assert say(measure, value, 1.0, POOR, language) == f"{plain}{hint}"


@pytest.mark.parametrize(
    ("measure", "value", "trust", "english", "german"),
    [
        (row("shoulder_tilt"), 2.3, GOOD, "left shoulder higher by 2.3 degrees", "linke Schulter um 2,3 Grad höher"),
        (row("shoulder_tilt"), -2.34, GOOD, "right shoulder higher by 2.3 degrees",
         "rechte Schulter um 2,3 Grad höher"),
        (row("shoulder_tilt"), 0.4, GOOD, "no difference that this photo could show",
         "kein Unterschied, den dieses Foto zeigen könnte"),
        (row("pelvic_tilt"), 1.2, POOR, "left hip higher by 1.2 degrees (a hint at most)",
         "linke Hüfte um 1,2 Grad höher (höchstens ein Hinweis)"),
        (row("neck_tilt", SIDE), 35.6, GOOD, "ear in front of the shoulder: 35.6 degrees from the vertical",
         "Ohr vor der Schulter: 35,6 Grad zur Senkrechten"),
        (row("hip_offset"), -1.8, GOOD,
         ("middle of the hips to the right of the plumb line between the ankles by 1.8 % of the height from nose to "
          "ankles"),
         "Mitte der Hüften um 1,8 % der Höhe von Nase bis Knöchel rechts vom Lot zwischen den Knöcheln"),
        (row("left_knee_deviation"), -3.0, GOOD, "left knee deviates outwards by 3.0 degrees (varus)",
         "linkes Knie weicht um 3,0 Grad nach außen ab (Varus)"),
        (row("knee_flexion", SIDE), -10.06, GOOD, "knee overextended by 10.1 degrees",
         "Knie um 10,1 Grad überstreckt"),
    ],
)  # fmt: skip
def test_sentences(measure: Measure, value: float, trust: str, english: str, german: str) -> None:
    assert say(measure, value, 1.0, trust) == say(measure, value, 1.0, trust, "en") == english
    assert say(measure, value, 1.0, trust, "de") == german


def test_numbers_are_written_as_the_language_does() -> None:
    assert [number(value) for value in (2.25, -2.26, 0.04, -0.04, 12)] == ["2.2", f"{MINUS}2.3", "0.0", "0.0", "12.0"]
    assert [number(value, "de", signed=True) for value in (2.26, -2.26, 0.0)] == ["+2,3", f"{MINUS}2,3", "0,0"]
    assert short(row("neck_tilt", SIDE), -1.5, "de") == f"{MINUS}1,5°"
    assert short(row("hip_offset"), 1.5, signed=True) == "+1.5 %"


@pytest.mark.parametrize("value", [9.648, 1.4503, -1.4503, 0.0496, 12.249, 12.2501])
def test_words_of_a_measurement_are_those_of_its_answer(value: float) -> None:
    assert number(value) == number(round(value, 2)) == f"{round(value, 2):.1f}".replace("-", MINUS)
    assert say(row("back_tilt", SIDE), value, 0.1, GOOD) == say(row("back_tilt", SIDE), round(value, 2), 0.1, GOOD)


@pytest.mark.parametrize("language", ["fr", "", "../en", "EN", None, ["en"]])
def test_a_language_without_a_file_is_refused(language: Any) -> None:
    with pytest.raises(ValueError, match="there are some in en, de"):
        texts(language)


def test_english_comes_first_and_every_file_is_a_language() -> None:
    assert LANGUAGES[0] == "en"
    assert {*LANGUAGES} == {file.stem for file in words._FOLDER.iterdir()} >= {"en", "de"}  # noqa: SLF001
    for language in LANGUAGES:
        assert json.dumps(texts(language))


def readings(**people: list[Landmarks]) -> dict[str, Reading]:
    """What is read of a front (red) and a side photo (lime) of these people, by view and name."""
    measurement = measured(detect_by(**people), FRONT_PHOTO, SIDE_PHOTO, mode="fast")
    return {
        f"{name}.{reading.measure.name}": reading
        for name, of in measurement.views.items()
        for reading in (*of.angles.values(), *of.measures.values())
    }


def test_a_body_that_is_seen_to_lean_is_said_to_lean_that_way() -> None:
    # The picture's left is the right side of whoever faces the camera.
    raised = moved_by(STANDING, "left_shoulder", down=-20)
    read = readings(red=[raised], lime=[PROFILE])
    assert sentence(read["front.shoulder_tilt"]).startswith("left shoulder higher by ")
    aside = moved_by(STANDING, "nose", right=-60)
    read = readings(red=[aside], lime=[PROFILE])
    assert sentence(read["front.body_tilt"], "de").startswith("Oberkörper um ")
    assert sentence(read["front.body_tilt"], "de").endswith(" Grad nach rechts geneigt")
    assert sentence(read["front.nose_offset"]).startswith("nose to the right of the plumb line between the ankles by ")


def test_the_sentence_stands_in_the_details_in_the_language_that_was_asked_for() -> None:
    include = ["measures"]
    measurement = measured(detect, FRONT_PHOTO, SIDE_PHOTO)
    plain, german = (measurement.answer(include, language)["data"] for language in ("en", "de"))
    for of in measurement.views.values():
        for group, told in (("angles", of.angles), ("measures", of.measures)):
            for name, reading in told.items():
                english, other = (data["details"][of.view.key][group][name] for data in (plain, german))
                assert english["sentence"] == sentence(reading)
                assert other == {**english, "sentence": sentence(reading, "de")}
    worker = Worker(lambda: FakePool(detect), lambda: Settings(1, 1, "none"), StrictLog())
    job = {"front": FRONT_PHOTO, "side": SIDE_PHOTO, "include": include, "language": "de"}
    assert worker.handle({"input": job}) == measurement.answer(include, "de")
