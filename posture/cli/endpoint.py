"""Measures with an endpoint in place of this machine's models; to whoever runs a command, both are alike."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import msgspec

from posture.cli.failures import UnfitError
from posture.client import AsyncClient, EndpointError, Problem, Refused
from posture.errors import Finding, PostureError, refusal
from posture.wire.request import DEFAULTS, RequestOptions

Envelope: TypeAlias = dict[str, Any]


def opened(endpoint: str) -> AsyncClient:
    """A client of the endpoint of this id, which the environment says more of. Raises UnfitError."""
    try:
        return AsyncClient(endpoint)
    except ValueError as error:
        raise UnfitError(str(error)) from None


def measured(files: Mapping[str, bytes | Finding], options: RequestOptions, endpoint: str) -> Envelope:
    """What the endpoint answers to these photos. Raises as `answer` does."""

    async def once() -> Envelope:
        async with opened(endpoint) as client:
            return await answer(files, options, client)

    return asyncio.run(once())


async def answer(files: Mapping[str, bytes | Finding], options: RequestOptions, client: AsyncClient) -> Envelope:
    """What the endpoint answers to the files of photos.

    Raises PostureError where it, or the client, refuses them, and UnfitError where the endpoint does not do its work.
    """
    missing = [replace(file, view=view) for view, file in files.items() if isinstance(file, Finding)]
    if missing:
        raise refusal(missing)
    try:
        return dict(await client.measure(**files, **given(options)))  # type: ignore[arg-type]
    except Refused as refused:
        told = _as_own(refused)
    except EndpointError as error:
        told = UnfitError(str(error))
    raise told


def given(options: RequestOptions) -> dict[str, Any]:
    """The options that are not as they are anyway. The calibration always: an operator may have set another default."""
    changed = {name for name in options.__struct_fields__ if getattr(options, name) != getattr(DEFAULTS, name)}
    plain: dict[str, Any] = msgspec.to_builtins(options)
    return {name: plain[name] for name in plain if name in changed or name == "calibration"}


def _as_own(refused: Refused) -> PostureError | UnfitError:
    """The refusal as this machine's own; UnfitError for a code that is not known here."""
    only = Problem(refused.code, refused.message.partition(": ")[2] or refused.message, refused.advice, refused.view)
    try:
        return refusal([Finding(one.code, one.problem, one.advice, one.view) for one in refused.problems or [only]])
    except ValueError:
        return UnfitError(f"The endpoint has a later version, and answers {refused.code}. {refused}")
