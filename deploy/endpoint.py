"""The endpoint: finding it, making and changing it, its releases, and whether it came as it was described."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy import answers
from deploy.api import ApiError, Client, Json, Request
from deploy.config import Config, Endpoint
from deploy.errors import DeployError

ENDPOINTS = "/v2/serverless"

# RunPod's older tools asked for FlashBoot with this at the end of the name.
_FLASHBOOT_SUFFIX = " -fb"
# Changes of these make a release, which is rolled out worker by worker.
_ROLLED_OUT = frozenset(["image", "env"])
# What a release calls the image: the documents say template.imageName in one place and show plain names in another.
_IMAGE_FIELDS = frozenset(["template.imageName", "imageName", "image"])


@dataclass(frozen=True)
class Difference:
    """A setting whose value is not what it should be."""

    name: str
    asked: Any
    came: Any

    def __str__(self) -> str:
        if self.name != "env":
            return f"{self.name}: {self.came} instead of {self.asked}"
        asked, came = self.asked or {}, self.came or {}  # names only: values may be secrets
        wrong = sorted(name for name in asked.keys() & came.keys() if asked[name] != came[name])
        parts = {"missing": sorted(asked.keys() - came.keys()), "not asked for": sorted(came.keys() - asked.keys())}
        parts["other value"] = wrong
        return "env: " + "; ".join(f"{kind} {', '.join(names)}" for kind, names in parts.items() if names)


def find(client: Client, name: str) -> answers.Endpoint | None:
    """The account's endpoint of that name, None when there is none. Raises DeployError when there are several."""
    request = Request("GET", ENDPOINTS)
    endpoints = client.send(request, answers.Endpoints)["endpoints"]
    found = [endpoint for endpoint in endpoints if _same_name(name, endpoint.get("name"))]
    if len(found) > 1:
        ids = ", ".join(endpoint["id"] for endpoint in found)
        raise DeployError(f"Several endpoints are named {name}: {ids}. Delete or rename all but one in the console.")
    return client.checked(request, found[0], answers.Endpoint) if found else None


def differences(asked: Json, came: Mapping[str, Any]) -> list[Difference]:
    """The settings among those asked for that came otherwise; what was not asked for does not count."""
    found = (Difference(name, value, came.get(name)) for name, value in asked.items())
    return [difference for difference in found if not _same(difference.name, difference.asked, difference.came)]


def changes(endpoint: Endpoint, current: answers.Endpoint) -> list[Difference]:
    """What has to change in an endpoint that there is. Raises DeployError when RunPod cannot change it."""
    found = differences(endpoint.body(), current)
    if current.get("gpu"):
        kind = "a GPU endpoint"
    elif any(difference.name == "type" for difference in found):
        kind = f"of type {current.get('type')}"
    else:
        return found
    raise DeployError(
        f"{current['name']} ({current['id']}) is {kind}, and RunPod cannot change that. "
        "Delete it (python -m deploy delete --yes), or write another name into runpod_config.json."
    )


def create(client: Client, endpoint: Endpoint, seconds: float) -> answers.Endpoint:
    """Makes the endpoint and returns it as RunPod describes it once it is rolled out.

    When RunPod's answer is lost or garbled, the endpoint is looked for, so that it is not made twice. Raises
    DeployError when the rollout takes longer than `seconds`.
    """
    try:
        created: answers.Created | answers.Endpoint = client.send(
            Request("POST", ENDPOINTS, endpoint.body()), answers.Created
        )
    except ApiError as error:
        if error.status is not None and 300 <= error.status < 500:
            raise
        found = find(client, endpoint.name)
        if found is None:
            raise
        created = found
    if not created.get("gpu"):  # nothing to wait for: it is not what was asked for
        _wait(client, created["id"], None, seconds)
    return read(client, created["id"])


def update(client: Client, current: answers.Endpoint, settings: Json, seconds: float) -> answers.Endpoint:
    """Gives the endpoint other settings, and returns it as RunPod describes it once they are rolled out.

    Raises DeployError when that takes longer than `seconds`.
    """
    before = _newest(releases(client, current["id"]))
    client.send(Request("PATCH", f"{ENDPOINTS}/{current['id']}", settings), Json)
    _wait(client, current["id"], None if _ROLLED_OUT.isdisjoint(settings) else before, seconds)
    return read(client, current["id"])


def delete(client: Client, endpoint_id: str) -> None:
    """Deletes the endpoint, its workers and the jobs in its queue."""
    try:
        client.send(Request("DELETE", f"{ENDPOINTS}/{endpoint_id}"), Json)
    except ApiError as error:
        if error.status != 404:  # gone already: the answer to an earlier try was lost
            raise


def read(client: Client, endpoint_id: str) -> answers.Endpoint:
    """The endpoint as RunPod describes it."""
    return client.send(Request("GET", f"{ENDPOINTS}/{endpoint_id}"), answers.Endpoint)


def releases(client: Client, endpoint_id: str) -> answers.Releases:
    """The endpoint's releases, newest first, and how far the newest is rolled out."""
    return client.send(Request("GET", f"{ENDPOINTS}/{endpoint_id}/releases"), answers.Releases)


def workers(client: Client, endpoint_id: str) -> answers.Workers:
    """How many workers of the endpoint there are of each status."""
    return client.send(Request("GET", f"{ENDPOINTS}/{endpoint_id}/workers"), answers.Workers)


def faults(config: Config, came: answers.Endpoint) -> list[str]:
    """What of the endpoint is not as described, the processor first; empty when all is.

    A description that names no image leaves it to --image: any is as described.
    """
    asked, found = config.endpoint.body(), []
    if not config.endpoint.has_image:
        del asked["image"]
    if gpu := came.get("gpu"):
        found.append(f"it is a GPU endpoint ({gpu.get('pools')}), although CPU was asked for")
    found += [str(difference) for difference in differences(asked, came)]
    for cpu in came.get("cpu", []):
        if cpu["memory"] < config.minimum_memory_gb:
            found.append(f"cpu: {cpu['id']} has {cpu['memory']} GB instead of at least {config.minimum_memory_gb}")
    return found


def check_catalogue(client: Client, config: Config) -> None:
    """Raises DeployError when RunPod has no such processors, or they have too little memory for the worker."""
    for cpu in config.endpoint.cpu:
        try:
            kind = client.send(Request("GET", f"/v2/catalog/cpus/{cpu.id}"), answers.CpuKind)
        except ApiError as error:
            if error.status == 404:
                raise DeployError(f"endpoint.cpu: RunPod has no {cpu.id}.") from error
            raise
        if not kind["vcpu"]["min"] <= cpu.vcpu_count <= kind["vcpu"]["max"]:
            raise DeployError(
                f"endpoint.cpu: {cpu.id} comes with {kind['vcpu']['min']} to {kind['vcpu']['max']} vCPUs, "
                f"not {cpu.vcpu_count}."
            )
        memory = kind["ramGbPerVcpu"] * cpu.vcpu_count
        if memory < config.minimum_memory_gb:
            raise DeployError(
                f"endpoint.cpu: {cpu.id} with {cpu.vcpu_count} vCPUs has {memory:g} GB; "
                f"the worker needs {config.minimum_memory_gb}."
            )


def image_before(history: answers.Releases, image: str | None) -> str:
    """The image that was replaced by the present one. Raises DeployError when no release says so."""
    for release in history["releases"]:
        for change in release["diff"]:
            if change["field"] in _IMAGE_FIELDS and change["new"] == image and isinstance(change["old"], str):
                return change["old"]
    raise DeployError(
        f"No release of this endpoint says what ran before {image}. "
        "Name the image yourself: python -m deploy deploy --image REGISTRY/NAME:TAG"
    )


def _wait(client: Client, endpoint_id: str, before: str | None, seconds: float) -> None:
    """Until no worker runs an older release; where `before` is given, that one must have been followed by another."""
    deadline = time.monotonic() + seconds
    while True:
        history = releases(client, endpoint_id)
        appeared = before is None or _newest(history) != before
        if appeared and not history["rollout"]["inProgress"]:
            return
        if time.monotonic() > deadline:
            state = f"{history['rollout']['percentOnLatest']} % of the workers run it" if appeared else "there is none"
            counts = in_words(workers(client, endpoint_id)["summary"])
            raise DeployError(
                f"The release is not rolled out after {seconds:g} s: {state}; workers: {counts}. "
                f"Endpoint {endpoint_id} stays as it is: python -m deploy status shows how it goes on."
            )
        time.sleep(client.patience.between)


def in_words(summary: dict[str, int]) -> str:
    """The number of workers of each status that there is."""
    counts = [f"{count} {status}" for status, count in summary.items() if count and status != "total"]
    return ", ".join(counts) or "none"


def _newest(history: answers.Releases) -> str | None:
    return history["releases"][0]["id"] if history["releases"] else None


def _same_name(asked: str, came: object) -> bool:
    return came in (asked, asked + _FLASHBOOT_SUFFIX)


def _same(name: str, asked: object, came: object) -> bool:
    """Whether a setting is as asked for. RunPod may say more than was asked, except of the environment."""
    if name == "name":
        return _same_name(str(asked), came)
    if name == "env":
        return asked == (came or {})
    if not isinstance(asked, dict | list):
        return bool(asked == came)
    if isinstance(asked, list):
        return isinstance(came, list) and len(came) == len(asked) and _all_same(zip(asked, came, strict=True))
    return isinstance(came, dict) and _all_same((value, came.get(inner)) for inner, value in asked.items())


def _all_same(pairs: Iterable[tuple[object, object]]) -> bool:
    return all(_same("", asked, came) for asked, came in pairs)
