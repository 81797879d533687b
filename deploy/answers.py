"""What is read of RunPod's answers, as its OpenAPI document describes them. What else they hold does not matter."""

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import NotRequired, TypedDict  # with typing's, pydantic wants Python 3.12

Number = int | float
# It becomes a part of an address.
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]


class Listed(TypedDict):
    """An endpoint in the account's list, which may be of any kind."""

    id: str
    name: NotRequired[str | None]


class Endpoints(TypedDict):
    """The account's endpoints."""

    endpoints: list[Listed]


class Cpu(TypedDict):
    """Machines that an endpoint runs on; memory in GB."""

    id: str
    vcpuCount: int
    memory: Number


class Limits(TypedDict):
    """How many workers there may be."""

    min: int
    max: int


class Endpoint(TypedDict):
    """An endpoint. `gpu` or `cpu`; the settings that are compared with runpod_config.json may have any form."""

    id: Id
    name: str
    workers: Limits
    flashboot: str
    image: NotRequired[str | None]
    type: NotRequired[str | None]
    cpu: NotRequired[list[Cpu]]
    gpu: NotRequired[dict[str, Any] | None]
    env: NotRequired[dict[str, str] | None]
    requestUrls: NotRequired[dict[str, str]]


class Created(TypedDict):
    """An endpoint that was just made."""

    id: Id
    gpu: NotRequired[dict[str, Any] | None]


class Change(TypedDict):
    """A setting that a release changed; old and new are any JSON."""

    field: str
    old: Any
    new: Any


class Release(TypedDict):
    """A release of an endpoint."""

    id: str
    createdAt: str
    diff: list[Change]


class Rollout(TypedDict):
    """How far the newest release has come."""

    inProgress: bool
    percentOnLatest: Number


class Releases(TypedDict):
    """An endpoint's releases, newest first."""

    releases: list[Release]
    rollout: Rollout


class Workers(TypedDict):
    """How many workers of an endpoint there are of each status."""

    summary: dict[str, int]


class Range(TypedDict):
    """From the least to the most."""

    min: int
    max: int


class CpuKind(TypedDict):
    """A processor of the catalogue."""

    vcpu: Range
    ramGbPerVcpu: Number


class Job(TypedDict):
    """A job, as the queue tells of it; times in milliseconds. `output` is the worker's."""

    id: Id
    status: str
    output: NotRequired[Any]
    error: NotRequired[Any]
    delayTime: NotRequired[Number]
    executionTime: NotRequired[Number]
