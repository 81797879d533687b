"""`python -m deploy --dry-run`: what it shows, and that nothing is changed."""

import json
import re
from pathlib import Path

import pytest
import requests

from testing import DEMO
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


LOOKED_FOR = "GET https://api.runpod.io/v2/serverless"
ENDPOINT = f"{LOOKED_FOR}/ENDPOINT_ID"
CHANGED = "https://api.runpod.io/v2/serverless/ENDPOINT_ID"
PHOTOS = ["--front", str(DEMO / "front_image_2.jpg"), "--side", str(DEMO / "side_image_2.jpg")]


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (
            ["deploy", "--image", IMAGE],
            [
                "GET https://api.runpod.io/v2/catalog/cpus/cpu5c",
                "GET https://api.runpod.io/v2/catalog/cpus/cpu3c",
                LOOKED_FOR,
                "POST https://api.runpod.io/v2/serverless",
            ],
        ),
        (["status"], [LOOKED_FOR, ENDPOINT, f"{ENDPOINT}/workers", f"{ENDPOINT}/releases"]),
        (["call"], [LOOKED_FOR, "POST https://api.runpod.ai/v2/ENDPOINT_ID/runsync?wait=20000"]),
        (["call", *PHOTOS], [LOOKED_FOR, "POST https://api.runpod.ai/v2/ENDPOINT_ID/runsync?wait=20000"]),
        (["rollback"], [LOOKED_FOR, ENDPOINT, f"{ENDPOINT}/releases", f"{ENDPOINT}/releases", f"PATCH {CHANGED}"]),
        (["delete"], [LOOKED_FOR, f"DELETE {CHANGED}"]),
    ],
)
def test_a_dry_run_without_a_key_shows_the_requests_as_far_as_they_are_known(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch, command: list[str], shown: list[str]
) -> None:
    for name in ("RUNPOD_API_KEY", "RUNPOD_API_URL", "RUNPOD_ENDPOINT_BASE_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(requests.Session, "request", None)  # nothing is sent anywhere
    outcome = operator.run(*command, "--dry-run")
    assert (outcome.status, outcome.err, runpod.received) == (0, "", [])
    assert re.findall("^(?:GET|POST|PATCH|DELETE) .*", outcome.out, re.MULTILINE) == shown
    assert outcome.out.startswith("RUNPOD_API_KEY is not set: nothing is looked up")
    assert outcome.out.endswith("dry run: nothing was changed\n")


def test_without_a_key_a_rollback_shows_that_the_image_before_is_asked_for(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)
    assert '\n{\n  "image": "IMAGE_BEFORE"\n}\n' in operator.run("rollback", "--dry-run").out


def test_a_status_with_a_key_is_told_in_a_dry_run_too(operator: Operator, endpoint: Json) -> None:
    outcome = operator.run("status", "--dry-run")
    assert outcome.status == 0
    assert f"endpoint  posture-analysis ({endpoint['id']})" in outcome.out


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
