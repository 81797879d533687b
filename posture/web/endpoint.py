"""What stands behind the addresses: a queue on this machine (queue.py), or a deployed endpoint (passed.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol


@dataclass(frozen=True)
class Answer:
    """JSON, its status, and headers beside those that every answer has."""

    body: bytes
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


class Endpoint(Protocol):
    """An endpoint of RunPod's kind. All of it raises starlette's HTTPException for what cannot be done.

    `body`: the JSON of a request, as it came. `job`: an id. `wait`: milliseconds, None for RunPod's own default.
    """

    async def run(self, body: bytes) -> Answer:
        """Takes a job; the answer has its id."""

    async def runsync(self, body: bytes, wait: int | None) -> Answer:
        """Takes a job; the answer is its result, or how it stands when the wait is over."""

    async def status(self, job: str) -> Answer:
        """How a job stands."""

    async def status_sync(self, job: str, wait: int | None) -> Answer:
        """How a job stands when it is done or the wait is over."""

    async def cancel(self, job: str) -> Answer:
        """Stops a job that is not done."""

    async def health(self) -> Answer:
        """How many jobs and workers there are in each state."""
