"""What a client may send: the shapes of a job and the names in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from posture.errors import VIEWS, RequestError, View, first

Mode: TypeAlias = Literal["fast", "standard", "precise"]
Calibration: TypeAlias = Literal["none", "anatomical"]
Include: TypeAlias = Literal["details", "landmarks", "measures"]

# The two spellings of the photos' names, front before side.
SPELLINGS = (("front", "side"), ("front_image", "side_image"))
_IMAGE_NAMES = frozenset(name for spelling in SPELLINGS for name in spelling)

# What the platform and its SDK put beside `input` in a job. In a bare job these names are not the client's.
PLATFORM_KEYS = frozenset(
    [
        "id",
        "input",
        "webhook",
        "policy",
        "s3Config",
        "batchId",
        "status",
        "delayTime",
        "executionTime",
        "workerId",
        "retries",
    ]
)

# What each option takes, in words.
_TAKES = {
    "mode": "`fast`, `standard` or `precise`",
    "include": "a list of `details`, `landmarks` and `measures`",
    "strict": "true or false",
    "calibration": "`none` or `anatomical`",
    "camera_roll": "an object with `front`, `side` or both, each degrees between -180 and 180",
    "mirrored": "an object with `front`, `side` or both, each true or false",
}

_SHAPE = 'Send {"input": {"front": "<base64>", "side": "<base64>"}}.'
_LONGEST_NAME_SHOWN = 40
_MOST_NAMES_SHOWN = 10


class Roll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far each picture's content is turned clockwise, in degrees."""

    front: Annotated[float, msgspec.Meta(ge=-180, le=180)] = 0.0
    side: Annotated[float, msgspec.Meta(ge=-180, le=180)] = 0.0


class Mirrored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether each picture shows left and right exchanged, as selfie cameras may."""

    front: bool = False
    side: bool = False


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client may ask for beside the photos.

    `mode`: how many looks are taken at each photo. `include`: what the answer holds beyond the angles. `strict`:
    whether a photo that can be measured only badly is refused. `calibration`: whether landmarks are moved to the
    anatomical points. `camera_roll` and `mirrored`: what is known of the camera.
    """

    mode: Mode = "standard"
    include: frozenset[Include] = frozenset()
    strict: bool = True
    calibration: Calibration = "none"
    camera_roll: Roll = Roll()
    mirrored: Mirrored = Mirrored()


DEFAULTS = Options()
_TYPES = {option.name: option.type for option in msgspec.structs.fields(Options)}


@dataclass(frozen=True)
class PostureRequest:
    """Two photos of one person, each the base64 text of a JPEG or PNG file, and how they are to be measured."""

    front: str = field(repr=False)
    side: str = field(repr=False)
    options: Options = DEFAULTS


def parse(job: object, defaults: Options = DEFAULTS) -> PostureRequest:
    """The request that a job holds, in whichever of the accepted shapes.

    The photos are `front` and `side`, or `front_image` and `side_image`; they stand in the job's `input`, in an `input`
    within that, or at the top level of the job, and the options beside them. `defaults` holds where the client does not
    say. Raises RequestError, whose text has the names that were found and never a value.
    """
    payload = _payload(job)
    names = _spelling(payload)
    faults = [fault for fault in map(partial(_fault, payload), names, VIEWS) if fault]
    if faults:
        raise first(faults)
    options = _options({name: payload[name] for name in payload.keys() - set(names)}, defaults)
    front, side = (payload[name] for name in names)
    return PostureRequest(front, side, options)


def _payload(job: object) -> Mapping[str, Any]:
    """The innermost object of the job, in which the photos should stand."""
    if not isinstance(job, Mapping):
        raise RequestError("the job is not a JSON object.", _SHAPE)
    payload = job.get("input")
    if payload is None:
        return {name: value for name, value in job.items() if name not in PLATFORM_KEYS}
    # Of what stands beside the job's own `input` only the client's names matter: the platform may add some of its own.
    misplaced = job.keys() & (_IMAGE_NAMES | _TYPES.keys())
    if isinstance(payload, Mapping) and payload.get("input") is not None:
        misplaced |= payload.keys() - PLATFORM_KEYS
        payload = payload["input"]
    if misplaced:
        raise RequestError(f"{_listed(misplaced)} beside `input` instead of in it.", _SHAPE)
    if not isinstance(payload, Mapping):
        raise RequestError("`input` is not a JSON object.", _SHAPE)
    return payload


def _spelling(payload: Mapping[str, Any]) -> tuple[str, str]:
    found = payload.keys() & _IMAGE_NAMES
    if not found:
        raise RequestError(f"there is no photo in it; names found: {_listed(payload)}.", _SHAPE)
    for names in SPELLINGS:
        if found <= set(names):
            return names
    raise RequestError(
        f"two spellings of the photos' names are mixed: {_listed(found)}.",
        "Send either `front` and `side` or `front_image` and `side_image`.",
    )


def _fault(payload: Mapping[str, Any], name: str, view: View) -> RequestError | None:
    """What is wrong with a photo before it is decoded."""
    if name not in payload:
        return RequestError(f"`{name}` is missing; names found: {_listed(payload)}.", _SHAPE, view)
    photo = payload[name]
    if not isinstance(photo, str):
        return RequestError(f"`{name}` is not text.", "Send the picture as base64 text.", view)
    if not photo or photo.isspace():
        return RequestError(f"`{name}` is empty.", "Send the picture as base64 text.", view)
    return None


def _options(given: Mapping[str, Any], defaults: Options) -> Options:
    unknown = given.keys() - set(Options.__struct_fields__)
    if unknown:
        raise RequestError(f"unknown names: {_listed(unknown)}.", f"Leave them out. {_SHAPE}")
    return msgspec.structs.replace(defaults, **{name: _option(name, value) for name, value in given.items()})


def _option(name: str, value: object) -> object:
    try:
        return msgspec.convert(value, _TYPES[name])
    except ValueError:  # a ValidationError, whose text may hold the value, or text that is no Unicode
        raise RequestError(
            f"the value of `{name}` is not one it can have.", f"`{name}` takes {_TAKES[name]}."
        ) from None


def _listed(names: Iterable[object]) -> str:
    """Names for an error text: sorted, and cut short, since a name too is the client's to choose."""
    shown = sorted(ascii(name)[1:-1][:_LONGEST_NAME_SHOWN] if isinstance(name, str) else "?" for name in names)
    more = ["..."] if len(shown) > _MOST_NAMES_SHOWN else []
    return ", ".join([f"`{name}`" for name in shown[:_MOST_NAMES_SHOWN]] + more) or "none"
