"""An answer that comes back: what a comparison and a report need of it, checked.

It may be a file from elsewhere, so nothing in it is taken for what it should be.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from posture import camera
from posture.evidence import TRUST
from posture.options import Calibration, Level, Mode
from posture.views import VIEWS, View

# Beyond what is ever read, also of a photo that was measured in spite of all that is wrong with it, and finite.
Number: TypeAlias = Annotated[float, Meta(ge=-1e9, le=1e9)]
Size: TypeAlias = Annotated[float, Meta(ge=0, le=1e12)]
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1000)]
Word: TypeAlias = Annotated[str, Meta(pattern=r"^[\w.+-]{1,32}\Z")]
Pixels: TypeAlias = Annotated[int, Meta(ge=1, le=10_000)]

if TYPE_CHECKING:
    Trust: TypeAlias = str
else:
    Trust = Literal[tuple(row.name for row in TRUST)]

_Kind = TypeVar("_Kind")

LONGEST_OVERLAY = 8_000_000  # characters; one of 2,048 pixels has less than 2 million
_JPEG = b"\xff\xd8\xff"


class Reading(Struct, frozen=True):
    """What was read of one measure, in its unit. Where an answer has no details, only the value is known.

    `edited`: whether a person has moved the points that it was read from; of that nobody knows how uncertain it is.
    """

    value: Number
    uncertainty: Size | None = None
    trust: Trust | None = None
    source: Annotated[str, Meta(pattern=r"^[a-z_]{0,32}\Z")] = ""
    edited: bool = False


class Estimate(Struct, frozen=True):
    """The roll of a camera by the room's edges, in degrees, and its expanded uncertainty."""

    value: Number
    uncertainty: Size


class Camera(Struct, frozen=True):
    """What was taken off of the camera's tilt, and who told it: as in posture.camera.Camera."""

    source: camera.Source
    roll: Number = 0.0
    pitch: Number = 0.0
    mirrored: bool = False
    estimated_roll: Estimate | None = None


class Warned(Struct, frozen=True):
    """What was to be known of a photo."""

    code: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}\Z")]
    message: Text

    def __post_init__(self) -> None:
        """Raises ValueError for text that no file could hold: half of a pair of surrogates, as JSON may spell it."""
        self.message.encode()


class Overlay(Struct, frozen=True):
    """The photo with the lines drawn on it: `data` is base64 of a JPEG file."""

    media_type: Literal["image/jpeg"]
    width: Pixels
    height: Pixels
    data: Annotated[str, Meta(max_length=LONGEST_OVERLAY)]

    def __post_init__(self) -> None:
        """Raises ValueError for what is not base64 of a JPEG file."""
        try:
            file = base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError):
            file = b""
        if not file.startswith(_JPEG):
            raise ValueError("not base64 of a JPEG file")


class SavedView(Struct, frozen=True):
    """What an answer's details hold of one photo."""

    angles: dict[str, Reading]
    camera: Camera
    measures: dict[str, Reading] = {}
    warnings: Annotated[tuple[Warned, ...], Meta(max_length=50)] = ()
    near_side: Literal["left", "right"] | None = None
    overlay: Overlay | None = None


class How(Struct, frozen=True):
    """How an answer was measured."""

    mode: Mode
    calibration: Calibration
    level: Level
    model: Annotated[str, Meta(pattern=r"^[\w.:+ -]{1,160}\Z")]
    version: Word


@dataclass(frozen=True)
class Saved:
    """An answer, as far as it is needed.

    `values`: by the name of each view, the readings by name. `how` it was measured and `views`: None and empty where
    the answer has no details.
    """

    values: Mapping[str, Mapping[str, Reading]]
    how: How | None = None
    views: Mapping[str, SavedView] = field(default_factory=dict)


def read(answer: object) -> Saved:
    """An answer of the worker, alone or as the `output` of a job's result on the platform.

    Raises ValueError in one sentence, which holds no value of the answer: it is none, it is a refusal, or something in
    it is not what it should be.
    """
    if isinstance(answer, Mapping) and isinstance(answer.get("output"), Mapping):
        answer = answer["output"]
    if not isinstance(answer, Mapping) or answer.get("status") not in ("success", "error"):
        raise ValueError("it is not an answer of the worker")
    if answer["status"] == "error":
        raise ValueError("it is a refusal: nothing was measured")
    data = _object(answer.get("data"), "data")
    if "details" not in data:
        plain = {view: _converted(data.get(view.key), dict[str, Number], f"data.{view.key}") for view in VIEWS}
        return Saved({view.name: {name: Reading(value) for name, value in of.items()} for view, of in plain.items()})
    details = _object(data["details"], "data.details")
    views = {view.name: _view(details, view) for view in VIEWS}
    values = {name: {**of.angles, **of.measures} for name, of in views.items()}
    return Saved(values, _converted(details, How, "data.details"), views)


def _view(details: Mapping[str, Any], view: View) -> SavedView:
    where = f"data.details.{view.key}"
    found = _converted(details.get(view.key), SavedView, where)
    readings = (*found.angles.values(), *found.measures.values())
    if any(None in (of.uncertainty, of.trust) and not of.edited for of in readings):
        raise ValueError(f"{where} holds a reading without uncertainty or trust")
    return found


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where} is not an object")  # noqa: TRY004  whatever is wrong with an answer is told alike
    return value


def _converted(value: object, kind: type[_Kind], where: str) -> _Kind:
    """What stands there, checked. The library's own text may hold a value; of it the place alone is told."""
    try:
        return msgspec.convert(value, kind)
    except (ValueError, RecursionError) as error:  # a ValidationError, or text that is no Unicode
        place = re.search(r"at `(?:key in )?\$([\w.\[\]]{0,80})", str(error))
        raise ValueError(f"{where}{place[1] if place else ''} is not what it should be") from None
