"""What a client may send: the shapes of a job and the names in it."""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any, Literal, TypeAlias

from posture.errors import Finding, PostureError, RequestError, refusal
from posture.options import LARGEST_OVERLAY, OVERLAY, SMALLEST_OVERLAY, Options, choose, option
from posture.views import VIEWS, View
from posture.wire import address, base64_text
from posture.wire.address import Address, Host
from posture.words import LANGUAGES, Language

Include: TypeAlias = Literal["details", "landmarks", "measures", "overlay"]

# The two spellings of the photos' names, each in the order of VIEWS.
SPELLINGS = (tuple(view.name for view in VIEWS), tuple(f"{view.name}_image" for view in VIEWS))
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

_PHOTOS = ", ".join(f'"{name}": "<base64>"' for name in SPELLINGS[0])
_SHAPE = f'Send {{"input": {{{_PHOTOS}}}}}.'
# A longer name is none of ours misspelt, and may be a picture that was sent as a name.
_LONGEST_NAME_SHOWN = 32
_MOST_NAMES_SHOWN = 10
# How alike, as difflib counts it, two names are of which one may be the other misspelt: `mirror` and `mirrored` are by
# 0.86, `name` and `camera` by 0.6.
_CLOSE = 0.7


class RequestOptions(Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a client may ask for beside the photos: how they are measured, and what the answer holds."""

    include: Annotated[
        frozenset[Include],
        option(
            "a list of `details`, `landmarks`, `measures` and `overlay`",
            "What the answer holds beyond the angles, in `data.details`.",
        ),
    ] = frozenset()
    language: Annotated[
        Language,
        option(
            " or ".join(f"`{language}`" for language in LANGUAGES),
            "The language of `sentence` in `data.details`, and of nothing else.",
        ),
    ] = LANGUAGES[0]
    overlay_size: Annotated[
        int,
        option(
            f"a whole number, {SMALLEST_OVERLAY} to {LARGEST_OVERLAY}",
            "With `overlay` in `include` alone: the longer side of each overlay in pixels, or the photo's own if that "
            "is less.",
            SMALLEST_OVERLAY,
            LARGEST_OVERLAY,
        ),
    ] = OVERLAY
    blur_face: Annotated[
        bool,
        option(
            "true or false",
            "With `overlay` in `include` alone: covers the head of everybody who is found, so that nothing of it is "
            "left. A small bystander may not be found.",
        ),
    ] = False

    @property
    def looks_for_lines(self) -> bool:
        """Only where the answer tells what is found, or it is asked for."""
        return bool(self.include) or not self.strict or self.level == "lines"


DEFAULTS = RequestOptions()
# They say what an overlay is like, and so mean nothing without one.
OF_OVERLAYS = ("overlay_size", "blur_face")
_OPTION_NAMES = frozenset(RequestOptions.__struct_fields__)
_OPTIONS = f"The options are {', '.join(f'`{name}`' for name in RequestOptions.__struct_fields__)}."


@dataclass(frozen=True)
class Request:
    """Photos of one person and how they are to be measured.

    `photos`: by the names of the views, the bytes of each file, or why its text stands for none. `characters`: the
    lengths of those texts. `addresses`: of photos that are to be fetched, in their place.
    """

    photos: Mapping[str, bytes | Finding] = field(repr=False)
    characters: Mapping[str, int]
    options: RequestOptions = DEFAULTS
    addresses: Mapping[str, Address] = field(default_factory=dict)


def parse(job: object, defaults: RequestOptions = DEFAULTS, hosts: Collection[Host] = ()) -> Request:
    """The request that a job holds, in whichever of the accepted shapes.

    The photos are named as in SPELLINGS; they stand in the job's `input`, in an `input` within that, or at the top
    level of the job, and the options beside them. `defaults` holds where the client does not say; `hosts` are those of
    which photos may be fetched. Raises RequestError, whose text has the names that were found and never a value.
    """
    payload = _payload(job)
    names = _spelling(payload)
    faults = [fault for fault in map(partial(_fault, payload), names, VIEWS) if fault]
    if faults:
        raise refusal(faults)
    options = asked({name: payload[name] for name in payload.keys() - set(names)}, defaults)
    texts = {view.name: payload[name] for view, name in zip(VIEWS, names, strict=True)}
    read = {view: _photo(text, hosts) for view, text in texts.items()}
    photos = {view: photo for view, photo in read.items() if not isinstance(photo, Address)}
    return Request(
        photos=photos,
        characters={view: len(texts[view]) for view in photos},
        options=options,
        addresses={view: photo for view, photo in read.items() if isinstance(photo, Address)},
    )


def _photo(text: str, hosts: Collection[Host]) -> bytes | Finding | Address:
    try:
        return address.read(text, hosts) if address.is_address(text) else base64_text.decode(text)
    except PostureError as error:
        return error.problems[0]


def _payload(job: object) -> Mapping[str, Any]:
    """The innermost object of the job, in which the photos should stand."""
    if not isinstance(job, Mapping):
        raise _invalid("the job is not a JSON object.")
    payload = job.get("input")
    if payload is None:
        return {name: value for name, value in job.items() if name not in PLATFORM_KEYS}
    # Of what stands beside the job's own `input` only the client's names matter: the platform may add some of its own.
    misplaced = job.keys() & (_IMAGE_NAMES | _OPTION_NAMES)
    if isinstance(payload, Mapping) and payload.get("input") is not None:
        misplaced |= payload.keys() - PLATFORM_KEYS
        payload = payload["input"]
    if not isinstance(payload, Mapping):
        raise _invalid("`input` is not a JSON object.")
    if misplaced:
        raise _invalid(f"{_listed(misplaced)} beside `input` instead of in it.", _moved(misplaced, payload))
    return payload


def _moved(misplaced: Set[str], payload: Mapping[str, Any]) -> str:
    """What to do with names that stand beside this payload: those that are known and not in it belong there."""
    movable = (misplaced & (_IMAGE_NAMES | _OPTION_NAMES)) - payload.keys()
    move = [f"Move {_listed(movable)} into `input`."] if movable else []
    leave = [f"Leave out {_listed(misplaced - movable)}."] if misplaced - movable else []
    return " ".join(move + leave)


def _spelling(payload: Mapping[str, Any]) -> tuple[str, ...]:
    found = payload.keys() & _IMAGE_NAMES
    if not found:
        raise _invalid(f"there is no photo in it; names found: {_listed(payload)}.")
    for names in SPELLINGS:
        if found <= set(names):
            return names
    either = " or ".join(" and ".join(f"`{name}`" for name in names) for names in SPELLINGS)
    raise _invalid(f"two spellings of the photos' names are mixed: {_listed(found)}.", f"Send either {either}.")


def _fault(payload: Mapping[str, Any], name: str, view: View) -> Finding | None:
    """What is wrong with a photo before it is decoded."""
    fault = partial(Finding, "invalid_request", view=view.name)
    if name not in payload:
        return fault(f"`{name}` is missing; names found: {_listed(payload)}.", _SHAPE)
    photo = payload[name]
    if not isinstance(photo, str):
        return fault(f"`{name}` is not text.", "Send the picture as base64 text.")
    if not photo or photo.isspace():
        return fault(f"`{name}` is empty.", "Send the picture as base64 text.")
    return None


def asked(given: Mapping[str, Any], defaults: RequestOptions = DEFAULTS) -> RequestOptions:
    """The options that are given by name, checked, and for the others the defaults.

    Raises RequestError, whose text has names and never a value.
    """
    unknown = given.keys() - _OPTION_NAMES
    if unknown:
        meant = _meant(unknown)
        advice = f"Did you mean {_listed(meant)}?" if meant else "Leave them out."
        raise _invalid(f"unknown names: {_listed(unknown)}.", f"{advice} {_OPTIONS}")
    options = choose(given, defaults)
    if (needless := given.keys() & {*OF_OVERLAYS}) and "overlay" not in options.include:
        raise _invalid(
            f"{_listed(needless)} without an overlay.", 'Send `"include": ["overlay"]` too, or leave it out.'
        )
    return options


def _meant(unknown: Iterable[object]) -> set[str]:
    """The options that are spelt almost like some of the unknown names."""
    names = [name.lower() for name in unknown if isinstance(name, str) and len(name) <= _LONGEST_NAME_SHOWN]
    close = (get_close_matches(name, _OPTION_NAMES, 1, _CLOSE) for name in sorted(names)[:_MOST_NAMES_SHOWN])
    return {option for options in close for option in options}


def _invalid(problem: str, advice: str = _SHAPE) -> RequestError:
    return RequestError(Finding("invalid_request", problem, advice))


def _listed(names: Iterable[object]) -> str:
    """Names for an error text: sorted, and only few and short ones, since a name too is the client's to choose."""
    shown = sorted({_shown(name) for name in names})
    more = ["..."] if len(shown) > _MOST_NAMES_SHOWN else []
    return ", ".join([f"`{name}`" for name in shown[:_MOST_NAMES_SHOWN]] + more) or "none"


def _shown(name: object) -> str:
    return ascii(name)[1:-1] if isinstance(name, str) and len(name) <= _LONGEST_NAME_SHOWN else "?"
