"""The one description of the endpoint: runpod_config.json, read and checked before anything is sent."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from deploy.errors import DeployError, found

PATH = Path(__file__).parent.parent / "runpod_config.json"

# Parts of an image's reference that nobody has filled in yet; build_and_deploy.sh knows them too.
PLACEHOLDERS = frozenset(["your-registry", "your-registry-url", "your-username", "your-dockerhub-username"])


class _Section(BaseModel):
    """Names as in RunPod's API; no unknown names and no guessing of types."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", alias_generator=to_camel)


def _power_of_two(number: int) -> int:
    if number & (number - 1):
        raise ValueError("Input should be a power of two")
    return number


class Cpu(_Section):
    """One kind of machine that a worker may run on; RunPod takes the first that is free."""

    id: str = Field(min_length=1)
    vcpu_count: Annotated[int, Field(ge=2), AfterValidator(_power_of_two)]


class Workers(_Section):
    """How many workers there may be, and after how many idle seconds one is stopped."""

    min: int = Field(ge=0)
    max: int = Field(ge=1)
    idle_timeout: int = Field(ge=1, le=3600)


class QueueDelay(_Section):
    """A further worker is started when a job has waited for so many seconds."""

    type: Literal["QUEUE_DELAY"]
    queue_delay: Annotated[int | float, Field(ge=0.5)]


class Endpoint(_Section):
    """What RunPod is asked for: the body of `POST /v2/serverless`, name for name. `timeout` is in milliseconds."""

    name: str = Field(min_length=1)
    type: Literal["QUEUE"]
    image: str
    registry: str | None
    cpu: list[Cpu] = Field(min_length=1)
    disk: int = Field(ge=1)
    # An empty value is a variable left to its default, which leaving it out does too. Of RUNPOD_LOG_LEVEL the SDK
    # takes none, and the worker ends as it starts.
    env: dict[str, Annotated[str, Field(min_length=1)]]
    workers: Workers
    scaling: QueueDelay
    timeout: int = Field(ge=1000)
    flashboot: Literal["OFF", "FLASHBOOT", "PRIORITY_FLASHBOOT"]

    @property
    def has_image(self) -> bool:
        """Whether an image is named, and not by a placeholder."""
        return not _is_placeholder(self.image)

    def body(self) -> dict[str, Any]:
        """The endpoint as JSON, in the API's names."""
        return self.model_dump(by_alias=True)


class Config(_Section):
    """All that runpod_config.json says; the schemas are JSON Schema 2020-12 of a job's `input` and of the answer."""

    endpoint: Endpoint
    minimum_memory_gb: int = Field(ge=1)
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]


def load(path: Path = PATH, image: str | None = None) -> Config:
    """The description in a file, with another image where one is given.

    Raises DeployError, which names every value that is wrong and shows none: the environment may hold secrets.
    """
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
        if image is not None:
            description["endpoint"]["image"] = image
        config = Config.model_validate(description)
    except OSError as error:
        raise DeployError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise DeployError(f"{path.name} is not as it must be:{found(error)}") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeployError(f"{path.name} is not a JSON object with an `endpoint`: {error}.") from error
    if config.endpoint.workers.min > config.endpoint.workers.max:
        raise DeployError(f"{path.name}: endpoint.workers.min is above endpoint.workers.max.")
    return config


def require_pinned(image: str) -> None:
    """Raises DeployError unless the image is named by a digest or by a tag that means one version.

    RunPod rolls an image out when its reference changes: behind an unchanged `latest` nothing would be rolled out, and
    there would be no version before it to go back to.
    """
    if _is_placeholder(image):
        raise DeployError(
            "No image is named: give --image REGISTRY/NAME:TAG, or write it into runpod_config.json. "
            "build_and_deploy.sh --deploy builds, pushes and names it."
        )
    if "@sha256:" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        raise DeployError(f"{image} may mean another image tomorrow: name a version, by tag or @sha256 digest.")


def _is_placeholder(image: str) -> bool:
    return not PLACEHOLDERS.isdisjoint(re.split("[/:.]", image))
