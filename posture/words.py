"""What a reading means, in words for people.

A sentence says which side, how much, and whether that is more than can be told apart: "left shoulder higher by 2.3
degrees". Where the uncertainty of a value, which holds 95 % of retakes, is as large as the value, a retake might as
well have shown the other side: then no side is named, but that there is nothing to be told. Left and right are the
person's own.

Each language is a file of the same shape in posture/languages, which also holds the words of comparisons and reports;
to add one, add its file.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from posture.angles import Measure
from posture.evidence import TRUST

if TYPE_CHECKING:
    from posture.measurement import Reading

_FOLDER = Path(__file__).with_name("languages")
# English first, the default.
LANGUAGES: tuple[str, ...] = tuple(
    sorted((file.stem for file in _FOLDER.glob("*.json")), key=lambda name: (name != "en", name))
)
if TYPE_CHECKING:
    Language: TypeAlias = str
else:  # the languages of which there is a file, so that no other is taken
    Language = Literal[LANGUAGES]

# Decimals. Words tell tenths, as the uncertainty of every measure is larger than one. Whether it is as large as a value
# is decided in the hundredths that an answer holds, so that whoever reads the answer comes to the same words.
_TENTHS, _HUNDREDTHS = 1, 2


def sentence(reading: "Reading", language: Language = "en") -> str:
    """What a reading means, in a language of LANGUAGES, without a capital letter or a full stop that the language does
    not ask for. Raises ValueError for another language.
    """
    return say(reading.measure, reading.value, reading.uncertainty, reading.trust, language)


def say(measure: Measure, value: float, uncertainty: float, trust: str, language: Language = "en") -> str:
    """What a value of a measure means: `value` and `uncertainty` in its unit, `trust` a word of posture.evidence.TRUST.

    Raises ValueError for a language of which there is no file.
    """
    said = of_measure(measure, language)
    found = said[_direction(value, uncertainty)].format(value=_in_words(measure, value, language))
    return texts(language)["a_hint"].format(sentence=found) if trust == TRUST[-1].name else found


def _direction(value: float, uncertainty: float) -> str:
    """Which way a value shows, as texts are named; none where it cannot be told from 0."""
    least = max(round(uncertainty, _HUNDREDTHS), 0.5 * 10**-_TENTHS)
    if abs(round(value, _HUNDREDTHS)) <= least:
        return "none"
    return "positive" if value > 0 else "negative"


def _in_words(measure: Measure, value: float, language: Language) -> str:
    """How much a value is, whichever its sign: 2.3 degrees."""
    words: str = texts(language)["units"][measure.unit]["words"]
    return words.format(number=number(abs(value), language))


def number(value: float, language: Language = "en", *, signed: bool = False) -> str:
    """A number as the language writes it, in tenths; `signed` with its sign, but for what rounds to 0."""
    told = tenths(value)
    sign = "\N{MINUS SIGN}" if told < 0 else "+" if signed and told > 0 else ""
    return sign + f"{abs(told):.{_TENTHS}f}".replace(".", texts(language)["decimal_point"])


def tenths(value: float) -> float:
    """A value in the tenths that people are told, in pictures as in words; never -0.0.

    They are those of the hundredths in an answer, so that they are the same whoever makes them of it: 9.648 is 9.7, as
    9.65 is.
    """
    return round(round(value, _HUNDREDTHS), _TENTHS) + 0.0


def short(measure: Measure, value: float, language: Language = "en", *, signed: bool = False) -> str:
    """A value with its sign and the sign of its unit: -2.3°."""
    shape: str = texts(language)["units"][measure.unit]["short"]
    return shape.format(number=number(value, language, signed=signed))


def of_measure(measure: Measure, language: Language = "en") -> Mapping[str, str]:
    """The texts of a measure: `name`, `what` it is, and what a value of it means: `positive`, `negative`, `none`."""
    found: Mapping[str, str] = texts(language)["measures"][measure.plane.name][measure.name]
    return found


def remark(code: str, first: str, here: str, language: Language = "en") -> str:
    """What a remark of posture.comparison means."""
    said: str = texts(language)["remarks"][code]
    return said.format(first=named(code, first, language), here=named(code, here, language))


def named(kind: str, value: str, language: Language = "en") -> str:
    """What a value of an option or of an answer is called; its own name where it has no other."""
    name: str = texts(language)["named"].get(kind, {}).get(value, value)
    return name


def texts(language: Language = "en") -> Mapping[str, Any]:
    """All texts of a language. Raises ValueError for one of which there is no file."""
    if language not in LANGUAGES:
        raise ValueError(f"there are no texts in this language; there are some in {', '.join(LANGUAGES)}")
    return _read(language)


@cache
def _read(language: Language) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
