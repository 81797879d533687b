"""`python -m deploy --dry-run`: what it shows, and that nothing is changed."""

import json
from pathlib import Path

import pytest

from testing.runpod_api import Json, RunPod
from tests.deploy.operator import IMAGE, NEWER, Operator, described, write


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["deploy", "--image", NEWER], ["GET", "/v2/catalog/cpus/cpu5c", "PATCH", f'"image": "{NEWER}"']),
        (["rollback"], ["GET", "/releases", "PATCH", f'"image": "{IMAGE}"']),
        (["delete"], ["GET", "DELETE", "/v2/serverless/endpoint1"]),
        (["call"], ["POST", "/queue/endpoint1/runsync", '"front": "/9j/', "characters)"]),
    ],
)
def test_a_dry_run_shows_every_request_and_changes_nothing(
    runpod: RunPod, operator: Operator, endpoint: Json, command: list[str], shown: list[str]
) -> None:
    if command == ["rollback"]:
        assert operator.deploy(NEWER).status == 0
        runpod.received.clear()
    before = json.dumps(runpod.endpoints)
    outcome = operator.run(*command, "--dry-run")
    assert (outcome.status, runpod.writes, runpod.jobs) == (0, [], [])
    assert json.dumps(runpod.endpoints) == before
    assert outcome.out.endswith("dry run: nothing was changed\n")
    position = 0
    for text in shown:
        position = outcome.out.index(text, position)
    assert len(outcome.out.splitlines()) < 30
    assert endpoint["id"] in outcome.out


def test_a_dry_run_needs_no_key_to_show_what_would_be_made(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY")
    monkeypatch.delenv("RUNPOD_API_URL")
    outcome = operator.deploy(IMAGE, "--dry-run")
    assert (outcome.status, runpod.received) == (0, [])
    _, request = outcome.out.split("POST https://api.runpod.io/v2/serverless\n")
    shown = {**described(), "env": {"RUNPOD_INIT_TIMEOUT": "[hidden]"}}
    assert json.loads(request.removesuffix("dry run: nothing was changed\n")) == shown


@pytest.mark.parametrize("before", [[], ["endpoint"]], ids=["made", "changed"])
def test_a_dry_run_shows_the_names_of_the_environment_and_no_value(
    runpod: RunPod, operator: Operator, tmp_path: Path, before: list[str], request: pytest.FixtureRequest
) -> None:
    for fixture in before:
        request.getfixturevalue(fixture)
    description = write(tmp_path, env={"TOKEN": "hunter2", "POSTURE_CALIBRATION": "anatomical"})
    outcome = operator.run("deploy", "--config", description, "--dry-run")
    assert (outcome.status, runpod.writes) == (0, [])
    assert '"env": {\n    "TOKEN": "[hidden]",\n    "POSTURE_CALIBRATION": "[hidden]"\n  }' in outcome.out
    assert "hunter2" not in outcome.out + outcome.err
    assert "anatomical" not in outcome.out + outcome.err
