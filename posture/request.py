"""What a client may send: the shapes of a job and the names in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from posture.errors import VIEWS, RequestError, View

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

_SHAPE = 'Send {"input": {"front": "<base64>", "side": "<base64>"}}.'
_LONGEST_NAME_SHOWN = 40
_MOST_NAMES_SHOWN = 10


@dataclass(frozen=True)
class PostureRequest:
    """Two photos of one person, each the base64 text of a JPEG or PNG file, not yet decoded."""

    front: str = field(repr=False)
    side: str = field(repr=False)


def parse(job: object) -> PostureRequest:
    """The request that a job holds, in whichever of the accepted shapes.

    The photos are `front` and `side`, or `front_image` and `side_image`; they stand in the job's `input`, in an `input`
    within that, or at the top level of the job. Raises RequestError, whose text has the names that were found and
    never a value.
    """
    payload = _payload(job)
    names = _spelling(payload)
    front, side = (_photo(payload, name, view) for name, view in zip(names, VIEWS, strict=True))
    unknown = payload.keys() - set(names)
    if unknown:
        raise RequestError(f"unknown names: {_listed(unknown)}.", f"Leave them out. {_SHAPE}")
    return PostureRequest(front, side)


def _payload(job: object) -> Mapping[str, Any]:
    """The innermost object of the job, in which the photos should stand."""
    if not isinstance(job, Mapping):
        raise RequestError("the job is not a JSON object.", _SHAPE)
    payload = job.get("input")
    if payload is None:
        return {name: value for name, value in job.items() if name not in PLATFORM_KEYS}
    # Of what stands beside the job's own `input` only the client's names matter: the platform may add some of its own.
    misplaced = job.keys() & _IMAGE_NAMES
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


def _photo(payload: Mapping[str, Any], name: str, view: View) -> str:
    if name not in payload:
        raise RequestError(f"`{name}` is missing; names found: {_listed(payload)}.", _SHAPE, view)
    photo = payload[name]
    if not isinstance(photo, str):
        raise RequestError(f"`{name}` is not text.", "Send the picture as base64 text.", view)
    if not photo or photo.isspace():
        raise RequestError(f"`{name}` is empty.", "Send the picture as base64 text.", view)
    return photo


def _listed(names: Iterable[object]) -> str:
    """Names for an error text: sorted, and cut short, since a name too is the client's to choose."""
    shown = sorted(str(name)[:_LONGEST_NAME_SHOWN] for name in names)
    more = ["..."] if len(shown) > _MOST_NAMES_SHOWN else []
    return ", ".join([f"`{name}`" for name in shown[:_MOST_NAMES_SHOWN]] + more) or "none"
