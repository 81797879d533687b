"""How photos are to be measured.

To add an option, add a field and the keyword to posture.measure; request, schema and documents are made from it.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec

from posture.camera import Camera, Degrees, Told, known
from posture.errors import Finding, RequestError
from posture.exif import SAYS_NOTHING, Said
from posture.views import VIEWS, View

Mode: TypeAlias = Literal["fast", "standard", "precise"]
Calibration: TypeAlias = Literal["none", "anatomical"]

if TYPE_CHECKING:
    ViewName: TypeAlias = str
else:  # the names in the table, so that no other is taken
    ViewName = Literal[tuple(view.name for view in VIEWS)]
Level: TypeAlias = Literal["auto", "none", "lines"]

# In pixels, the longer side of an overlay: the least and the most that may be asked for, and what nobody asks for gets.
SMALLEST_OVERLAY, LARGEST_OVERLAY, OVERLAY = 256, 2048, 1024

_NAMES = ", ".join(f"`{view.name}`" for view in VIEWS)
_EACH_VIEW = f"an object with {_NAMES} or {'both' if len(VIEWS) == 2 else 'several'}, each"


def option(takes: str, meaning: str, least: int | None = None, most: int | None = None) -> msgspec.Meta:
    """What an option takes, in words, and what it means; of a number, what it is at least and at most."""
    return msgspec.Meta(ge=least, le=most, description=meaning, extra={"takes": takes})


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
    level: Annotated[
        Level,
        option(
            "`auto`, `none` or `lines`",
            "Angles against true vertical, by the camera's tilt that the client tells or the photo itself records; "
            "`none` measures the picture as it is; `lines` takes the roll from the room's upright edges where nobody "
            "tells it.",
        ),
    ] = "auto"
    camera: Annotated[
        dict[ViewName, Told],
        option(
            f"{_EACH_VIEW} an object with some of `roll` (degrees, -180 to 180), `pitch` (degrees, -45 to 45) and "
            "`focal_35mm` (mm, 8 to 300)",
            "How each picture was taken; goes before what the photo records. `roll`: its content is turned clockwise; "
            "`pitch`: the camera looked up, negative for down; `focal_35mm`: the focal length as of 35 mm film. 0 is a "
            "statement: level.",
        ),
    ] = {}
    camera_roll: Annotated[
        dict[ViewName, Degrees],
        option(
            f"{_EACH_VIEW} degrees between -180 and 180",
            "Short for the `roll` of `camera`.",
        ),
    ] = {}
    mirrored: Annotated[
        dict[ViewName, bool],
        option(
            f"{_EACH_VIEW} true or false",
            "Whether each picture shows left and right exchanged, as selfie cameras may save it. No, if not "
            "given; then the roll that a front camera records is not used.",
        ),
    ] = {}

    def __post_init__(self) -> None:
        """Raises RequestError for options that contradict each other."""
        for view in VIEWS:
            told, short = self.camera.get(view.name), self.camera_roll.get(view.name)
            if told is not None and None not in (told.roll, short):
                raise _invalid(f"the roll of the {view.name} photo is given twice.", "Leave `camera_roll` out.")
            if self.level == "none" and self._told(view).is_tilt:
                raise _invalid(
                    f"the tilt of the {view.name} photo is given, and `level` is `none`.",
                    "Leave `level` out, so that the tilt is taken off, or give no roll and pitch.",
                )

    def known_camera(self, view: View, said: Said = SAYS_NOTHING) -> Camera:
        """What is known of the camera of one view's photo, which says this of itself."""
        believed = replace(said, gravity=None) if self.level == "none" else said
        return known(self._told(view), believed, mirrored=self.mirrored.get(view.name))

    def _told(self, view: View) -> Told:
        told = self.camera.get(view.name, Told())
        return msgspec.structs.replace(told, roll=self.camera_roll.get(view.name, told.roll))

    @property
    def looks_for_lines(self) -> bool:
        """Whether the roll of a camera of which nobody tells one is looked for in the room's edges."""
        return True


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
        raise _invalid(f"the value of `{name}` is not one it can have.", f"`{name}` takes {takes(kind)}.") from None


def _invalid(problem: str, advice: str) -> RequestError:
    return RequestError(Finding("invalid_request", problem, advice))


def takes(kind: Any) -> str:  # noqa: ANN401
    """What the option with this annotation takes, in words."""
    words: str = next(note.extra["takes"] for note in kind.__metadata__ if note.extra)
    return words


def meaning(kind: Any) -> str:  # noqa: ANN401
    """What the option with this annotation means."""
    words: str = next(note.description for note in kind.__metadata__ if note.description)
    return words
