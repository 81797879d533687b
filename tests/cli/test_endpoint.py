"""The command line with an endpoint in place of a model: the same tables, files and refusals."""

import base64
import csv
import io
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from posture.analysis import measure
from posture.cli.endpoint import given
from posture.wire.answer import success
from posture.wire.request import DEFAULTS, asked
from testing.builders import FakePool, detect
from testing.processes import Process
from testing.runpod_api import Answer, RunPod, serving
from tests.cli.terminal import CONTENT, pair, photo, posture

MEASURED = success(
    measure({view: CONTENT[view] for view in ("front", "side")}, DEFAULTS, FakePool(detect)), ["details"]
)
PROBLEM = {"code": "no_person", "view": "side", "problem": "no person was found.", "advice": "Show one person."}
REFUSED = {
    "error": "Could not detect pose landmarks for the side photo: no person was found.",
    "output": {"status": "error", "message": "Show one person.", "problems": [PROBLEM], **PROBLEM},
}


@pytest.fixture
def runpod() -> RunPod:
    account = RunPod()
    account.endpoints["ab12"], account.output = {}, {"output": MEASURED}
    return account


@pytest.fixture
def endpoint(runpod: RunPod) -> Iterator[Any]:
    """Runs a command with the endpoint."""
    with serving(runpod) as environment:
        variables: dict[str, Any] = {**environment}
        yield lambda *arguments: posture(*arguments, "--endpoint", "ab12", **variables)


def job_of(**more: Any) -> dict[str, Any]:
    """What a job must hold that measures the pair."""
    photos = {view: base64.b64encode(CONTENT[view]).decode() for view in ("front", "side")}
    return {**photos, "calibration": "none", **more}


def test_a_pair_is_measured_there_and_told_as_if_here(tmp_path: Path, runpod: RunPod, endpoint: Any) -> None:
    front, side = photo(tmp_path / "f.png", "front"), photo(tmp_path / "s.png", "side")
    there, here = endpoint("measure", front, side), posture("measure", front, side)
    assert (there.exit_code, there.stdout, there.stderr) == (here.exit_code, here.stdout, here.stderr)
    assert "shoulder_tilt" in there.stdout
    assert runpod.jobs[0]["input"] == job_of(include=["details"])


def test_what_is_asked_for_is_sent(tmp_path: Path, runpod: RunPod, endpoint: Any) -> None:
    front, side = photo(tmp_path / "f.png", "front"), photo(tmp_path / "s.png", "side")
    done = endpoint("measure", front, side, "--json", "--mode", "fast", "--camera", "side.pitch=-3")
    assert json.loads(done.stdout) == json.loads(json.dumps(MEASURED))
    sent = runpod.jobs[0]["input"]
    assert (sent["mode"], sent["camera"]["side"]["pitch"]) == ("fast", -3)


def test_a_refusal_there_is_told_as_one_here(tmp_path: Path, runpod: RunPod, endpoint: Any) -> None:
    runpod.output = REFUSED
    front, side = photo(tmp_path / "f.png", "front"), photo(tmp_path / "s.png", "side")
    done = endpoint("measure", front, side)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "  no_person: side photo: no person was found. Show one person.\n"
    told = json.loads(endpoint("measure", front, side, "--json").stdout)
    assert (told["code"], told["error"], told["problems"]) == ("no_person", REFUSED["error"], [PROBLEM])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(401), "The endpoint does not take the key"),
        (Answer(404), "There is no such endpoint"),
        (
            Answer(200, {"id": "a", "status": "FAILED", "output": {"code": "later", "message": "Sit down."}}),
            "The endpoint has a later version, and answers later. Sit down.",
        ),
    ],
)
def test_an_endpoint_that_does_not_do_its_work_is_told_in_a_sentence(
    tmp_path: Path, runpod: RunPod, endpoint: Any, answer: Answer, told: str
) -> None:
    runpod.script("runsync", answer, answer)
    pair(tmp_path, "a")
    for command in (
        ("measure", tmp_path / "a_front.png", tmp_path / "a_side.png"),
        ("batch", tmp_path, "--out", tmp_path / "out.csv"),
    ):
        done = endpoint(*command)
        assert done.exit_code == 2
        assert f"Error: {told}" in done.stderr


def test_an_id_that_is_none_is_told(tmp_path: Path) -> None:
    pair(tmp_path, "a")
    done = posture("batch", tmp_path, "--out", tmp_path / "out.csv", "--endpoint", "../a")
    assert done.exit_code == 2
    assert "must be the id of an endpoint" in done.stderr


def test_a_batch_is_measured_there_in_order(tmp_path: Path, runpod: RunPod, endpoint: Any) -> None:
    for number in range(40):
        pair(tmp_path, f"{number:02}")
    (tmp_path / "07_side.png").unlink()
    runpod.looks_until_done = 5
    out = tmp_path / "out.csv"
    done = endpoint("batch", tmp_path, "--out", out)
    assert done.exit_code == 1
    assert done.stderr.endswith(f"40 of 40 pairs are in {out}: 39 measured, 1 refused (invalid_request 1).\n")
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["id"] for row in rows] == [f"{number:02}" for number in range(40)]
    assert [row["code"] for row in rows if row["code"]] == ["invalid_request"]
    assert len(runpod.jobs) == 39


def test_a_batch_tells_which_version_measured_and_goes_on_whichever_it_is(
    tmp_path: Path, runpod: RunPod, endpoint: Any
) -> None:
    details: Any = {**MEASURED["data"]["details"], "version": "9.9.9"}
    runpod.output = {"output": {**MEASURED, "data": {**MEASURED["data"], "details": details}}}
    for name in ("out.csv", "out.jsonl"):
        folder = tmp_path / name.partition(".")[2]
        folder.mkdir()
        pair(folder, "a")
        (folder / "b_front.png").write_bytes(b"")
        assert endpoint("batch", folder, "--out", tmp_path / name).exit_code == 1
        assert "9.9.9" in (tmp_path / name).read_text()
        pair(folder, "c")
        done = endpoint("batch", folder, "--out", tmp_path / name)
        assert "3 of 3 pairs" in done.stderr
        assert "2 from before" in done.stderr
        other = posture("batch", folder, "--out", tmp_path / name)
        assert "measured with version 9.9.9" in other.stderr


@pytest.mark.parametrize("command", ["measure", "batch"])
def test_who_interrupts_it_is_left_with_no_job(tmp_path: Path, runpod: RunPod, command: str) -> None:
    pair(tmp_path, "a")
    runpod.looks_until_done = 1_000_000
    arguments: dict[str, list[object]] = {
        "measure": [tmp_path / "a_front.png", tmp_path / "a_side.png"],
        "batch": [tmp_path, "--out", tmp_path / "out.csv"],
    }
    line = [sys.executable, "-m", "posture", command, *map(str, arguments[command]), "--endpoint", "ab12"]
    with serving(runpod) as environment, Process(tmp_path, line, {**os.environ, **environment}) as process:
        until = time.monotonic() + 60
        while not runpod.sent("status") and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        assert process.exit_status(60) == 130
        assert process.output.endswith("Error: interrupted.\n")
    assert runpod.cancelled == {"job-1"}


def test_only_what_is_not_as_it_is_anyway_is_sent() -> None:
    assert given(DEFAULTS) == {"calibration": "none"}
    told = {"mode": "fast", "mirrored": {"front": True}, "include": ["details"], "language": "de"}
    assert given(asked(told)) == {**told, "calibration": "none"}


def test_photos_are_not_sent_unless_it_is_asked_for(tmp_path: Path, runpod: RunPod) -> None:
    front, side = photo(tmp_path / "f.png", "front"), photo(tmp_path / "s.png", "side")
    with serving(runpod) as environment:
        variables: dict[str, Any] = {**environment, "ENDPOINT_ID": "ab12"}
        assert posture("measure", front, side, **variables).exit_code == 0
    assert runpod.received == []


def test_a_heic_is_told_what_it_needs_where_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    front = tmp_path / "f.heic"
    front.write_bytes(b"\0\0\0\x18ftypheic" + bytes(90))
    done = posture("measure", front, photo(tmp_path / "s.png", "side"))
    assert done.exit_code == 1
    assert done.stderr.startswith("  unsupported_format: front photo: it is a HEIC file, and pillow-heif")


def test_a_heic_is_measured_with_what_it_says_of_its_camera(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif", reason="the extra [heic] is not installed")
    from tests.client.test_heic import heic  # noqa: PLC0415

    front = tmp_path / "f.heic"
    front.write_bytes(heic(Image.open(io.BytesIO(CONTENT["front"])), roll=3))
    done = posture("measure", front, photo(tmp_path / "s.png", "side"))
    assert done.exit_code == 0, done.stderr
    assert "levelled as told: roll 3.0°" in done.stdout
