"""How photos are to be measured.

To add an option, add a field and the keyword to posture.measure; request, schema and documents are made from it.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec

from posture.camera import Camera
from posture.errors import Finding, RequestError
from posture.views import VIEWS, View

Mode: TypeAlias = Literal["fast", "standard", "precise"]
Calibration: TypeAlias = Literal["none", "anatomical"]

if TYPE_CHECKING:
    ViewName: TypeAlias = str
else:  # the names in the table, so that no other is taken
    ViewName = Literal[tuple(view.name for view in VIEWS)]
Degrees: TypeAlias = Annotated[float, msgspec.Meta(ge=-180, le=180)]

_NAMES = ", ".join(f"`{view.name}`" for view in VIEWS)
_EACH_VIEW = f"an object with {_NAMES} or {'both' if len(VIEWS) == 2 else 'several'}, each"


def option(takes: str, meaning: str) -> msgspec.Meta:
    """What an option takes, in words, and what it means."""
    return msgspec.Meta(description=meaning, extra={"takes": takes})


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How photos are to be measured. What each field means stands in its description."""

    mode: Annotated[
        Mode,
        option(
            "`fast`, `standard` or `precise`",
            "Looks at each photo: one; this and two closer ones; the photo, its mirror image and six closer ones. More "
            "looks make a number more repeatable and cost more.",
        ),
    ] = "standard"
    strict: Annotated[
        bool,
        option(
            "true or false",
            "Refuses a photo that cannot be measured well; `false` measures it and warns in `data.details`.",
        ),
    ] = True
    calibration: Annotated[
        Calibration,
        option(
            "`none` or `anatomical`",
            "`anatomical` moves the ear's landmark to the tragus, which changes `neck_tilt` and the side's "
            "`body_tilt`. The operator may set another default.",
        ),
    ] = "none"
    camera_roll: Annotated[
        dict[ViewName, Degrees],
        option(
            f"{_EACH_VIEW} degrees between -180 and 180",
            "Clockwise roll of each picture in degrees, from the phone's level; it is corrected. 0 if not given.",
        ),
    ] = {}
    mirrored: Annotated[
        dict[ViewName, bool],
        option(
            f"{_EACH_VIEW} true or false",
            "Whether each picture shows left and right exchanged, as selfie cameras may save it. False if not given.",
        ),
    ] = {}

    def camera(self, view: View) -> Camera:
        """What is known of the camera of one view's photo."""
        return Camera(self.camera_roll.get(view.name, 0.0), self.mirrored.get(view.name, False))


SomeOptions = TypeVar("SomeOptions", bound=Options)


def choose(given: Mapping[str, Any], defaults: SomeOptions) -> SomeOptions:
    """The options that are given by name, checked, and for the others the defaults.

    The names must be those of fields. Raises RequestError, whose text holds no value.
    """
    kinds = _kinds(type(defaults))
    return msgspec.structs.replace(defaults, **{name: _checked(name, given[name], kinds[name]) for name in given})


@cache
def _kinds(options: type[Options]) -> dict[str, Any]:
    """The annotation of each option by name."""
    return {field.name: field.type for field in msgspec.structs.fields(options)}


def _checked(name: str, value: object, kind: Any) -> object:  # noqa: ANN401  an annotation is anything
    try:
        return msgspec.convert(value, kind)
    except ValueError:  # a ValidationError, whose text may hold the value, or text that is no Unicode
        raise RequestError(
            Finding(
                "invalid_request",
                f"the value of `{name}` is not one it can have.",
                f"`{name}` takes {takes(kind)}.",
            )
        ) from None


def takes(kind: Any) -> str:  # noqa: ANN401
    """What the option with this annotation takes, in words."""
    words: str = next(note.extra["takes"] for note in kind.__metadata__)
    return words
