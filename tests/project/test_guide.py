"""What RUNPOD_DEPLOYMENT.md tells a reader to run, run against RunPod's API on the loopback (testing/runpod_api.py)."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import posture
from deploy import config
from deploy.__main__ import main
from deploy.api import QUEUE_URL, Patience
from posture.models.mediapipe import LandmarkerPool
from testing import DEMO, TOP
from testing.environment import NEEDED
from testing.runpod_api import KEY, RunPod, demo_angles, finished, serving

GUIDE = (TOP / "RUNPOD_DEPLOYMENT.md").read_text()
ANSWER: Any = json.loads(
    (TOP / "README.md").read_text().partition("\n## Response\n")[2].partition("```json\n")[2].partition("```")[0]
)
REFUSAL = {
    "error": "Could not detect pose landmarks for the side photo: no person was found.",
    "output": {"status": "error", "code": "no_person", "view": "side", "message": "Show one person."},
}


@pytest.fixture
def runpod(monkeypatch: pytest.MonkeyPatch, demo: dict[str, Any]) -> Iterator[RunPod]:
    account = RunPod()
    account.output = {"output": {"status": "success", "data": demo_angles(demo)}}
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


@dataclass(frozen=True)
class Sample:
    """The first code of a language under a title of the guide, and the file that it is run as."""

    title: str
    language: str
    file: str

    @property
    def code(self) -> str:
        text = GUIDE.partition(f"\n### {self.title}\n")[2].partition("\n## ")[0]
        found = re.search(rf"^```{self.language}\n(.+?)^```$", text, re.MULTILINE | re.DOTALL)
        assert found, self
        return found[1]


CURL = Sample("curl", "", "call.sh")
PYTHON = Sample("Python", "python", "call.py")
JAVASCRIPT = Sample("JavaScript", "javascript", "call.mjs")
SDK = Sample("RunPod's own clients", "python", "call_sdk.py")
FEATURES = Sample("Waiting, webhooks, deadlines, cancelling", "", "features.sh")
ALERT = Sample("Alerts", "python", "alert.py")
INTERPRETERS = {".sh": "sh", ".py": sys.executable, ".mjs": "node"}
CALLS = [CURL, PYTHON, JAVASCRIPT, SDK]


def run(
    sample: Sample, folder: Path, *arguments: str, before: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Runs a sample, unchanged but for what stands before it, beside two photos."""
    interpreter = INTERPRETERS[Path(sample.file).suffix]
    tools = [interpreter, "curl"] if interpreter == "sh" else [interpreter]
    if not all(map(shutil.which, tools)):
        pytest.skip(f"{' or '.join(tools)} is not installed")
    for view in ("front", "side"):
        shutil.copy(DEMO / f"{view}_image.jpg", folder / f"{view}.jpg")
    (folder / sample.file).write_text(before + sample.code)
    inherited = {name: os.environ[name] for name in (*NEEDED, *NAMES) if name in os.environ}
    return subprocess.run(
        [interpreter, sample.file, *arguments],
        cwd=folder,
        env={**inherited, "HOME": str(folder), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


NAMES = ("ENDPOINT_ID", "RUNPOD_API_KEY", "RUNPOD_ENDPOINT_BASE_URL")


@pytest.fixture
def endpoint(runpod: RunPod) -> None:
    assert main(["deploy", "--image", "docker.io/you/posture-measurement-api:1"]) == 0
    assert list(runpod.endpoints) == ["endpoint1"]


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize("sample", CALLS, ids=lambda sample: sample.file)
def test_its_samples_send_both_photos(runpod: RunPod, tmp_path: Path, sample: Sample) -> None:
    done = run(sample, tmp_path)
    assert done.returncode == 0, done.stderr
    angle = runpod.output["output"]["data"]["front_view"]["shoulder_tilt"]
    told = json.loads(done.stdout) if sample is CURL else None
    assert float(told["output"]["data"]["front_view"]["shoulder_tilt"] if told else done.stdout) == angle
    assert told in (None, finished("job-1", runpod.output))
    photos = {view: base64.b64decode(text) for view, text in runpod.jobs[0]["input"].items()}
    assert photos == {view: (tmp_path / f"{view}.jpg").read_bytes() for view in ("front", "side")}


SENTENCE = f"FAILED {REFUSAL['error']} Show one person.\n"


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(
    ("sample", "waiting", "told"),
    [
        (PYTHON, "IN_QUEUE", SENTENCE),
        (PYTHON, "RUNNING", SENTENCE),
        (JAVASCRIPT, "RUNNING", SENTENCE),
        (SDK, "IN_QUEUE", "no_person side Show one person.\n"),
    ],
)
def test_its_samples_wait_for_a_worker_and_tell_of_a_refusal(
    runpod: RunPod, tmp_path: Path, sample: Sample, waiting: str, told: str
) -> None:
    runpod.looks_until_done, runpod.waiting = 1, waiting
    runpod.output = REFUSAL
    assert run(sample, tmp_path).stdout == told
    assert len(runpod.sent("status")) == 1


@pytest.mark.parametrize("sample", [CURL, PYTHON, JAVASCRIPT], ids=lambda sample: sample.file)
def test_its_samples_call_runpod_where_no_other_address_is_set(sample: Sample) -> None:
    assert sample.code.count(QUEUE_URL) == 1


SPY = """#!/bin/sh
printf '%s\\n' "$@" >> arguments.txt
PATH=${PATH#*:} exec curl "$@"
"""


@pytest.mark.usefixtures("endpoint")
def test_no_list_of_processes_shows_the_key(tmp_path: Path) -> None:
    spy = tmp_path / "bin" / "curl"
    spy.parent.mkdir()
    spy.write_text(SPY)
    spy.chmod(0o755)
    done = run(CURL, tmp_path, PATH=f"{spy.parent}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    shown = (tmp_path / "arguments.txt").read_text()
    assert "/runsync" in shown
    assert KEY not in shown


def test_no_command_of_the_guide_holds_the_key_as_an_argument_of_curl() -> None:
    calls = [line for line in GUIDE.splitlines() if "curl -sS" in line]
    assert len(calls) == 3
    assert all(re.search(r"printf .*RUNPOD_API_KEY.*\| curl .*-H @-", line) for line in calls)


@contextmanager
def receiving(statuses: list[int]) -> Iterator[tuple[str, list[Any]]]:
    """A server to be called: its address, and what was posted there. Answers with these statuses, one after another."""
    posted: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses[len(posted) - 1])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/jobs", posted
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.usefixtures("endpoint")
def test_a_job_is_sent_with_webhook_and_policy_and_cancelled(runpod: RunPod, tmp_path: Path) -> None:
    with receiving([503, 200]) as (address, posted):
        done = run(FEATURES, tmp_path, before="".join(CURL.code.splitlines(keepends=True)[:3]), WEBHOOK=address)
    assert json.loads(done.stdout) == {"id": "job-1", "status": "CANCELLED"}, done.stderr
    assert runpod.jobs[0]["policy"] == {"ttl": 600_000, "executionTimeout": 60_000}
    assert posted == 2 * [finished("job-1", runpod.output)]
    assert runpod.webhooks == [503, 200]


QUIET = {"completed": 100, "failed": 5, "inProgress": 1, "inQueue": 0, "retried": 0}


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(
    ("now", "alarm"),
    [
        ({}, ""),
        ({"completed": 150, "failed": 30, "inQueue": 20}, ""),
        ({"completed": 101, "failed": 13}, ""),
        ({"completed": 101, "inQueue": 21}, "21 waiting\n"),
        ({"inQueue": 3}, ""),
        ({"completed": 104, "failed": 11}, "6 of 10 failed\n"),
        ({"completed": 0, "failed": 0}, ""),
    ],
)
def test_its_alert_rings_for_jobs_that_wait_or_fail(
    runpod: RunPod, tmp_path: Path, now: dict[str, int], alarm: str
) -> None:
    (tmp_path / "seen.json").write_text(json.dumps(QUIET))
    runpod.counts["jobs"] = QUIET | now
    done = run(ALERT, tmp_path, "seen.json")
    assert done.returncode == bool(alarm)
    assert done.stderr == (f"{alarm}workers: {runpod.counts['workers']}\n" if alarm else "")
    assert json.loads((tmp_path / "seen.json").read_text()) == runpod.counts["jobs"]


@pytest.mark.usefixtures("endpoint")
def test_its_alert_rings_where_jobs_wait_and_nothing_is_done(runpod: RunPod, tmp_path: Path) -> None:
    runpod.counts["jobs"] = QUIET | {"inQueue": 1}
    assert [run(ALERT, tmp_path, "seen.json").returncode for _ in range(2)] == [0, 1]
    assert run(ALERT, tmp_path, "seen.json").stderr.startswith("1 waiting, none finished\n")


@pytest.mark.usefixtures("endpoint")
def test_its_alert_rings_where_runpod_does_not_answer_and_shows_no_key(tmp_path: Path) -> None:
    done = run(ALERT, tmp_path, "seen.json", RUNPOD_API_KEY="rpa_another")
    assert done.returncode == 1
    assert done.stderr.startswith("no health of the endpoint: 401 Client Error")
    assert "rpa_another" not in done.stderr


def test_its_answer_is_the_readmes_as_the_platform_wraps_it() -> None:
    told = json.loads(GUIDE.partition("\n### Request and answer\n")[2].split("```json\n")[2].partition("```")[0])
    assert told == finished(told["id"], {"output": ANSWER})


def test_the_readmes_answer_is_that_for_the_first_demo_pair(pool: LandmarkerPool, demo: dict[str, Any]) -> None:
    pair = demo["pairs"][0]
    answer: Any = posture.measure(DEMO / pair["front"], DEMO / pair["side"], model=pool).answer()
    assert answer.keys() == ANSWER.keys()
    for view, angles in answer["data"].items():
        assert ANSWER["data"][view] == pytest.approx(angles, abs=0.1)  # another processor may round otherwise


def test_every_file_that_it_names_is_there() -> None:
    table = GUIDE.partition("\n| file | what it is for |\n")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines()[1:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    named = [name if name != ".lock" else "requirements_runpod.lock" for name in names]
    assert len(named) == 12
    assert [name for name in named if not (TOP / name).exists()] == []


def test_its_troubleshooting_knows_every_code_and_no_other() -> None:
    table = GUIDE.partition("\n| code | often behind it |\n")[2].partition("\n\n")[0]
    told = [code for row in table.splitlines() for code in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(told) == sorted(config.load().output_schema["$defs"]["refusal"]["properties"]["code"]["enum"])
