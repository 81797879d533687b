"""What is refused before anything is sent: images, and descriptions of the endpoint."""

import json
from pathlib import Path

import pytest

from deploy import config
from testing.runpod_api import Json, RunPod
from tests.deploy.operator import IMAGE, Operator, write


@pytest.mark.parametrize(
    ("image", "told"),
    [
        *((f"{name}/posture-analysis:1.0.0", "No image is named") for name in sorted(config.PLACEHOLDERS)),
        ("docker.io/your-dockerhub-username/posture-analysis:1.0.0", "No image is named"),
        (json.loads(config.PATH.read_text())["endpoint"]["image"], "No image is named"),
        ("docker.io/clinic/posture-analysis", "name a version"),
        ("docker.io/clinic/posture-analysis:latest", "name a version"),
        ("registry.example:5000/posture-analysis", "name a version"),
        ("docker.io/not-your-username/posture-analysis:latest", "name a version"),
    ],
)
def test_an_image_that_may_mean_another_tomorrow_is_refused(
    runpod: RunPod, operator: Operator, image: str, told: str
) -> None:
    outcome = operator.deploy(image)
    assert (outcome.status, runpod.received) == (1, [])
    assert told in outcome.err


def test_an_image_may_be_named_by_its_digest(runpod: RunPod, operator: Operator) -> None:
    image = f"registry.example:5000/posture-analysis@sha256:{'0' * 64}"
    assert operator.deploy(image).status == 0
    assert runpod.endpoints["endpoint1"]["image"] == image


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"colour": "blue"}, "endpoint.colour: Extra inputs are not permitted"),
        ({"name": ""}, "endpoint.name: String should have at least 1 character"),
        ({"type": "LOAD_BALANCER"}, "endpoint.type: Input should be 'QUEUE'"),
        ({"cpu": []}, "endpoint.cpu: List should have at least 1 item"),
        ({"cpu": [{"id": "cpu5c", "vcpuCount": 1}]}, "endpoint.cpu.0.vcpuCount: Input should be greater than or equal"),
        ({"cpu": [{"id": "cpu5c", "vcpuCount": 6}]}, "Input should be a power of two"),
        ({"env": {"RUNPOD_LOG_LEVEL": ""}}, "endpoint.env.RUNPOD_LOG_LEVEL: String should have at least 1 character"),
        ({"env": {"TOKEN": 7777}}, "endpoint.env.TOKEN: Input should be a valid string"),
        (
            {"workers": {"min": 0, "max": True, "idleTimeout": 30}},
            "endpoint.workers.max: Input should be a valid integer",
        ),
        ({"workers": {"min": 4, "max": 3, "idleTimeout": 30}}, "endpoint.workers.min is above endpoint.workers.max"),
        (
            {"scaling": {"type": "REQUEST_COUNT", "requestCount": 4}},
            "endpoint.scaling.type: Input should be 'QUEUE_DELAY'",
        ),
        ({"timeout": "120 s"}, "endpoint.timeout: Input should be a valid integer"),
        ({"flashboot": True}, "endpoint.flashboot: Input should be 'OFF', 'FLASHBOOT' or 'PRIORITY_FLASHBOOT'"),
    ],
)
def test_a_description_that_is_wrong_is_refused_by_the_name_of_what_is_wrong(
    runpod: RunPod, operator: Operator, tmp_path: Path, changed: Json, told: str
) -> None:
    outcome = operator.run("deploy", "--config", write(tmp_path, **changed))
    assert (outcome.status, runpod.received) == (1, [])
    assert told in outcome.err
    assert "7777" not in outcome.err


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"endpoint": []}', 100_000 * "["])
def test_a_file_that_is_no_description_is_refused(operator: Operator, tmp_path: Path, text: str) -> None:
    path = tmp_path / "runpod_config.json"
    path.write_text(text)
    outcome = operator.run("deploy", "--config", str(path), "--image", IMAGE)
    assert outcome.status == 1
    assert outcome.err.startswith("error: runpod_config.json is not a")


def test_a_file_that_is_not_there_is_told(operator: Operator, tmp_path: Path) -> None:
    outcome = operator.run("status", "--config", str(tmp_path / "none.json"))
    assert outcome.status == 1
    assert "none.json cannot be read: No such file or directory" in outcome.err
