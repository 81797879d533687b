"""Why a measurement was not to be had: a photo that must be taken anew, or an endpoint that does not do its work.

ClientError
  Refused         the worker refuses the job, mostly for what a photo shows
  EndpointError   everything else; `kind` says what, one of KINDS
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "unauthorized",
    "not_found",
    "rejected",
    "rate_limited",
    "server_error",
    "unreachable",
    "unexpected",
    "timed_out",
    "cancelled",
    "expired",
    "failed",
]

# What is wrong, and what to do about it, by kind. Whatever else an endpoint says, and httpx, may hold a key or a photo
# and is not passed on.
KINDS: dict[Kind, str] = {
    "unauthorized": "The endpoint does not take the key: set RUNPOD_API_KEY, or api_key, to one that may use it.",
    "not_found": "There is no such endpoint: check ENDPOINT_ID, or endpoint_id, and the base address.",
    "rejected": "The endpoint does not take the request: check the base address, and that an app up to date is used.",
    "rate_limited": "Too much is asked of the endpoint: ask again later, or less often.",
    "server_error": "The endpoint fails: send the photos again later.",
    "unreachable": "The endpoint cannot be reached: check the network and the base address.",
    "unexpected": "What answers is no endpoint of this worker: check the base address and ENDPOINT_ID.",
    "timed_out": "It took too long: give it more time, or look at the endpoint's workers.",
    "cancelled": "The job was cancelled at the endpoint.",
    "expired": "The endpoint does not know the job any more: send the photos again.",
    "failed": "The worker failed and does not say why: look at its log.",
}


@dataclass(frozen=True)
class Problem:
    """One reason for a refusal.

    `code`: stable, of the table in the README. `view`: whose photo it is about, "front" or "side"; None for the job.
    `problem`: what is wrong, `advice`: what to do about it, each a sentence for the person who holds the camera.
    """

    code: str
    problem: str
    advice: str
    view: str | None = None


class ClientError(Exception):
    """There is no measurement."""


class Refused(ClientError):  # noqa: N818  the photo is refused; that is no error of the client's
    """The job is refused.

    `code` and `view`: those of the first problem. `problems`: every reason, front before side. `message`: what is
    wrong, `advice`: what to do, where both photos are refused for both.
    """

    def __init__(
        self, code: str, view: str | None, problems: Sequence[Problem] = (), message: str = "", advice: str = ""
    ) -> None:
        super().__init__(code, view, problems, message, advice)
        self.code, self.view, self.problems = code, view, tuple(problems)
        self.message, self.advice = message, advice

    def __str__(self) -> str:
        return " ".join(filter(None, (self.message, self.advice))) or self.code


class EndpointError(ClientError):
    """The endpoint does not do its work.

    `kind`: stable, one of KINDS. `status`: of HTTP, where that is what is wrong. `job`: the id of the job, once it has
    one. `retry_after`: the seconds after which the endpoint wants to be asked again, where it says so.
    """

    def __init__(
        self,
        kind: Kind,
        *,
        status: int | None = None,
        job: str | None = None,
        retry_after: float | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(kind)
        self.kind, self.status, self.job, self.retry_after, self._detail = kind, status, job, retry_after, detail

    def __str__(self) -> str:
        known = {"HTTP": self.status, "job": self.job, "cause": self._detail}
        told = ", ".join(f"{name} {value}" for name, value in known.items() if value)
        return f"{KINDS[self.kind]}{f' ({told})' if told else ''}"
