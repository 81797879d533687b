"""What stands in for RunPod's answers in a dry run without a key: an account that has the endpoint as described."""

from collections.abc import Mapping
from typing import Any

from deploy import answers
from deploy.api import Json
from deploy.config import Config

# What only RunPod knows, as it stands in the requests that are shown.
ENDPOINT_ID = "ENDPOINT_ID"
IMAGE_BEFORE = "IMAGE_BEFORE"
NAMES = f"{ENDPOINT_ID} and {IMAGE_BEFORE}"


def stand_ins(config: Config) -> Mapping[Any, Json]:
    """An answer for each shape of those that are read before the first request that changes something."""
    described = {**config.endpoint.body(), "id": ENDPOINT_ID}
    del described["cpu"]  # of which RunPod would know the memory
    change = {"field": "image", "old": IMAGE_BEFORE, "new": described["image"]}
    release = {"id": "RELEASE_ID", "createdAt": "", "diff": [change]}
    most = max(cpu.vcpu_count for cpu in config.endpoint.cpu)
    return {
        answers.CpuKind: {"vcpu": {"min": 0, "max": most}, "ramGbPerVcpu": config.minimum_memory_gb},
        answers.Endpoints: {"endpoints": [described]},
        answers.Endpoint: described,
        answers.Releases: {"releases": [release], "rollout": {"inProgress": False, "percentOnLatest": 100}},
        answers.Workers: {"summary": {}},
    }
