"""What RunPod has around the input and the answer of a job: what else may be sent, states, limits."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

State: TypeAlias = Literal["IN_QUEUE", "IN_PROGRESS", "COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"]

# Bytes of a body.
LARGEST_RUN, LARGEST_RUNSYNC = 10_000_000, 20_000_000
# Milliseconds that a request may wait for its job, and does where it does not say.
WAIT, DEFAULT_WAIT = range(1_000, 300_001), 90_000
# Seconds for which a result is kept.
KEEP_RUN, KEEP_RUNSYNC = 30 * 60, 60
_DAY = 24 * 60 * 60 * 1000
_WEEK = 7 * _DAY


class Policy(msgspec.Struct, frozen=True, rename="camel"):
    """How long a job may take; in milliseconds."""

    execution_timeout: Annotated[
        int, msgspec.Meta(ge=5_000, le=_WEEK, description="Milliseconds of work after which it ends as TIMED_OUT.")
    ] = 120_000  # the endpoint's own, as runpod_config.json has it
    ttl: Annotated[
        int, msgspec.Meta(ge=10_000, le=_WEEK, description="Milliseconds after which it is deleted, done or not.")
    ] = _DAY
    low_priority: Annotated[bool, msgspec.Meta(description="Starts no further worker.")] = False


class Sent(msgspec.Struct, frozen=True):
    """The body of /run and /runsync. The worker is given `input` alone."""

    input: Any
    policy: Policy = Policy()
    webhook: Annotated[
        str | None, msgspec.Meta(description="Is posted what /status would answer when the job is over.")
    ] = None
