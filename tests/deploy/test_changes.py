"""`python -m deploy deploy`: the endpoint is made and changed as it is described."""

from pathlib import Path
from typing import Any

import pytest

from testing.runpod_api import Answer, Json, RunPod
from tests.deploy.operator import GPU, NEWER, Operator, described, gpu_instead_of_cpu, write


def test_without_an_endpoint_one_is_made_as_described(runpod: RunPod, operator: Operator) -> None:
    outcome = operator.deploy()
    assert outcome.status == 0
    assert runpod.sent("createEndpoint") == [described()]
    assert runpod.writes == ["createEndpoint"]
    assert "endpoint  posture-analysis (endpoint1)" in outcome.out
    assert "machines  cpu5c with 2 vCPUs and 4 GB or cpu3c with 2 vCPUs and 4 GB" in outcome.out
    assert "jobs      https://api.runpod.ai/v2/endpoint1/run" in outcome.out


def test_an_endpoint_as_described_is_left_alone(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    outcome = operator.deploy()
    assert (outcome.status, runpod.writes) == (0, [])
    assert f"({endpoint['id']}) is as described: nothing to change" in outcome.out


def test_only_what_differs_is_changed(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["workers"]["max"] = 2
    endpoint["dataCenterIds"] = ["EU-RO-1"]  # not described, so not touched
    outcome = operator.deploy()
    assert outcome.status == 0
    assert runpod.sent("updateEndpoint") == [{"workers": {"min": 0, "max": 3, "idleTimeout": 30}}]
    assert endpoint["dataCenterIds"] == ["EU-RO-1"]


def test_values_of_the_environment_are_not_shown(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["env"] = {"RUNPOD_INIT_TIMEOUT": "7", "TOKEN": "hunter2"}
    outcome = operator.deploy()
    assert runpod.sent("updateEndpoint") == [{"env": {"RUNPOD_INIT_TIMEOUT": "800"}}]
    assert "env: not asked for TOKEN; other value RUNPOD_INIT_TIMEOUT" in outcome.out
    assert "hunter2" not in outcome.out + outcome.err


def test_another_image_is_waited_for_until_no_worker_runs_the_old_one(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    runpod.looks_until_rolled_out = 4
    outcome = operator.deploy(NEWER)
    assert outcome.status == 0
    assert runpod.sent("updateEndpoint") == [{"image": NEWER}]
    assert len(runpod.sent("listEndpointReleases")) == 5
    assert f"image     {NEWER}" in outcome.out
    assert endpoint["image"] == NEWER


def test_a_release_that_does_not_come_through_is_an_error_that_tells_of_the_workers(
    runpod: RunPod, operator: Operator, endpoint: Json
) -> None:
    runpod.looks_until_rolled_out = 1_000_000
    outcome = operator.deploy(NEWER, "--wait", "0.1")
    assert outcome.status == 1
    assert "not rolled out after 0.1 s: 50 % of the workers run it; workers: 1 idle, 2 throttled" in outcome.err
    assert endpoint["id"] in outcome.err


def test_a_release_that_never_appears_is_an_error(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    answer = {"rollout": runpod.list_endpoint_releases(None, endpoint["id"])[1]["rollout"], "releases": []}
    runpod.script(
        "listEndpointReleases", *[Answer(200, {**answer, "releases": runpod.releases[endpoint["id"]][:]})] * 999
    )
    outcome = operator.deploy(NEWER, "--wait", "0.1")
    assert outcome.status == 1
    assert "not rolled out after 0.1 s: there is none" in outcome.err


def test_an_endpoint_of_runpods_older_tools_is_found(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    endpoint["name"] += " -fb"
    assert operator.deploy().status == 0
    assert runpod.writes == []


def test_of_two_endpoints_of_one_name_none_is_touched(runpod: RunPod, operator: Operator, endpoint: Json) -> None:
    runpod.endpoints["other"] = {**endpoint, "id": "other"}
    outcome = operator.deploy(NEWER)
    assert (outcome.status, runpod.writes) == (1, [])
    assert "Several endpoints are named posture-analysis: endpoint1, other." in outcome.err


@pytest.mark.parametrize(
    ("came", "kind"), [({"gpu": GPU}, "a GPU endpoint"), ({"type": "LOAD_BALANCER"}, "of type LOAD_BALANCER")]
)
def test_what_runpod_cannot_change_is_refused_before_anything_is_sent(
    runpod: RunPod, operator: Operator, endpoint: Json, came: Json, kind: str
) -> None:
    endpoint.update(came)
    outcome = operator.deploy(NEWER)
    assert (outcome.status, runpod.writes) == (1, [])
    assert f"is {kind}, and RunPod cannot change that" in outcome.err


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (gpu_instead_of_cpu, "it is a GPU endpoint (['ADA_24']), although CPU was asked for"),
        (lambda came: came["cpu"][0].update(vcpuCount=1), "'vcpuCount': 1}, {"),
        (lambda came: came["cpu"][0].update(memory=3), "cpu: cpu5c has 3 GB instead of at least 4"),
        (lambda came: came["cpu"].pop(), "cpu: [{'memory': 4, 'id': 'cpu5c', 'vcpuCount': 2}] instead of ["),
        (lambda came: came.update(flashboot="OFF"), "flashboot: OFF instead of FLASHBOOT"),
        (lambda came: came["workers"].update(max=5), "workers: {'min': 0, 'max': 5"),
        (lambda came: came["env"].clear(), "env: missing RUNPOD_INIT_TIMEOUT"),
        (lambda came: came["env"].update({"TOKEN": "hunter2"}), "env: not asked for TOKEN"),
        (lambda came: came.update(timeout=300000), "timeout: 300000 instead of 120000"),
    ],
)
def test_an_endpoint_that_comes_otherwise_is_an_error_that_says_what(
    runpod: RunPod, operator: Operator, alter: Any, told: str
) -> None:
    runpod.alter = alter
    outcome = operator.deploy()
    runpod.faults.clear()  # a CPU endpoint with one vCPU is not in the document either
    assert outcome.status == 1
    assert "RunPod did not give what was asked for; endpoint endpoint1:" in outcome.err
    assert told in outcome.err


def test_an_environment_that_is_left_out_is_an_empty_one(runpod: RunPod, operator: Operator, tmp_path: Path) -> None:
    runpod.alter = lambda came: came.pop("env")
    assert operator.run("deploy", "--config", write(tmp_path, env={})).status == 0


def test_a_gpu_endpoint_is_not_waited_for(runpod: RunPod, operator: Operator) -> None:
    runpod.alter = gpu_instead_of_cpu
    runpod.looks_until_rolled_out = 1_000_000
    outcome = operator.deploy()
    assert (outcome.status, runpod.sent("listEndpointReleases")) == (1, [])
    assert "it is a GPU endpoint" in outcome.err


@pytest.mark.parametrize(
    ("cpu", "told"),
    [
        ({"id": "cpu9x", "vcpuCount": 2}, "RunPod has no cpu9x"),
        ({"id": "cpu5c", "vcpuCount": 64}, "cpu5c comes with 2 to 32 vCPUs, not 64"),
    ],
)
def test_processors_that_runpod_does_not_have_are_refused_before_anything_is_made(
    runpod: RunPod, operator: Operator, tmp_path: Path, cpu: Json, told: str
) -> None:
    outcome = operator.run("deploy", "--config", write(tmp_path, cpu=[cpu]))
    assert (outcome.status, runpod.writes) == (1, [])
    assert told in outcome.err


def test_processors_with_too_little_memory_are_refused(runpod: RunPod, operator: Operator, tmp_path: Path) -> None:
    outcome = operator.run("deploy", "--config", write(tmp_path, memory=8))
    assert (outcome.status, runpod.writes) == (1, [])
    assert "cpu5c with 2 vCPUs has 4 GB; the worker needs 8" in outcome.err
