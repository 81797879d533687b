"""What RUNPOD_DEPLOYMENT.md tells a reader to run, run against RunPod's API on the loopback (testing/runpod_api.py)."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy import config
from deploy.__main__ import main
from deploy.api import QUEUE_URL, Patience
from testing import DEMO, TOP
from testing.runpod_api import RunPod, demo_angles, serving

GUIDE = (TOP / "RUNPOD_DEPLOYMENT.md").read_text()


@pytest.fixture
def runpod(monkeypatch: pytest.MonkeyPatch, demo: dict[str, Any]) -> Iterator[RunPod]:
    account = RunPod()
    account.output = {"output": {"data": demo_angles(demo)}}
    with serving(account) as environment:
        for name, value in {**environment, "ENDPOINT_ID": "endpoint1"}.items():
            monkeypatch.setenv(name, value)
        yield account


def commands() -> list[str]:
    return re.findall(r"^\.venv/bin/python -m deploy ([^#\n]+)", GUIDE, re.MULTILINE)


def test_its_commands_do_their_work_one_after_another(runpod: RunPod) -> None:
    quick = Patience(between=0.01)
    digests = iter("0123456789abcdef")
    assert main(["deploy", "--image", "docker.io/you/posture-measurement-api:before"], quick) == 0
    for command in commands():
        if not runpod.endpoints:  # the list of chapter 2 ends with the deletion
            assert main(["deploy", "--image", "docker.io/you/posture-measurement-api:again"], quick) == 0
        assert main(command.replace("...", 64 * next(digests)).split(), quick) == 0, command
    assert {command.split()[0] for command in commands()} == {"deploy", "status", "call", "rollback", "delete"}


def sample(title: str) -> str:
    """The code under a title of chapter 4, with the loopback in the place of RunPod's queue."""
    code = GUIDE.partition(f"\n### {title}\n")[2].split("```")[1].partition("\n")[2]
    assert code.count(QUEUE_URL) == 1
    return code.replace(QUEUE_URL, os.environ["RUNPOD_ENDPOINT_BASE_URL"])


def run(title: str, command: str, name: str, folder: Path) -> str:
    """What a sample prints, beside two photos."""
    tools = [command, "curl"] if title == "curl" else [command]
    if not all(map(shutil.which, tools)):
        pytest.skip(f"{title} is not installed")
    for view in ("front", "side"):
        shutil.copy(DEMO / f"{view}_image.jpg", folder / f"{view}.jpg")
    (folder / name).write_text(sample(title))
    done = subprocess.run([command, name], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def endpoint(runpod: RunPod) -> None:
    assert main(["deploy", "--image", "docker.io/you/posture-measurement-api:1"]) == 0
    assert list(runpod.endpoints) == ["endpoint1"]


SAMPLES = [("Python", sys.executable, "call.py"), ("JavaScript", "node", "call.mjs")]


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(("title", "command", "name"), [("curl", "bash", "call.sh"), *SAMPLES])
def test_its_samples_send_both_photos(runpod: RunPod, tmp_path: Path, title: str, command: str, name: str) -> None:
    printed = run(title, command, name, tmp_path)
    angle = runpod.output["output"]["data"]["front_view"]["shoulder_tilt"]
    answered = json.loads(printed)["output"]["data"]["front_view"]["shoulder_tilt"] if title == "curl" else printed
    assert float(answered) == angle
    photos = {view: base64.b64decode(text) for view, text in runpod.jobs[0]["input"].items()}
    assert photos == {view: (tmp_path / f"{view}.jpg").read_bytes() for view in ("front", "side")}


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(("title", "command", "name"), SAMPLES)
def test_its_samples_wait_for_a_worker_and_tell_of_a_refusal(
    runpod: RunPod, tmp_path: Path, title: str, command: str, name: str
) -> None:
    runpod.looks_until_done = 1
    runpod.output = {"status": "FAILED", "error": "no person was found.", "output": {"message": "Show one person."}}
    assert run(title, command, name, tmp_path) == "FAILED no person was found. Show one person.\n"
    assert len(runpod.sent("status")) == 1


def test_its_troubleshooting_knows_every_code_and_no_other() -> None:
    table = GUIDE.partition("\n| code | often behind it |\n")[2].partition("\n\n")[0]
    told = [code for row in table.splitlines() for code in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(told) == sorted(config.load().output_schema["$defs"]["refusal"]["properties"]["code"]["enum"])
