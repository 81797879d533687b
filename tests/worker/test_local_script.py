"""test_runpod_local.py: what it prints, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import test_runpod_local as script
from posture.models import files
from testing import DEMO, TOP
from testing.runpod_api import demo_angles
from testing.worker import SECONDS, own

OWN = ["--front", str(DEMO / "front_image.jpg"), "--side", str(DEMO / "side_image.jpg")]
REFUSED = {"status": "error", "code": "no_person", "message": "Show one person.", "error": "no person was found."}


class FakeHandler:
    """A handler that writes a line, as the worker does, and knows the demo's angles."""

    def __init__(self, demo: dict[str, Any]) -> None:
        self.inputs: list[dict[str, Any]] = []
        self.answer: dict[str, Any] = {"status": "success", "data": demo_angles(demo), "message": "done"}

    def __call__(self, job: dict[str, Any]) -> dict[str, Any]:
        self.inputs.append(job["input"])
        sys.stdout.write("INFO   | local | a line\n")
        return self.answer


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, demo: dict[str, Any]) -> FakeHandler:
    fake = FakeHandler(demo)
    monkeypatch.setattr(script, "handler", fake)
    monkeypatch.setattr(script, "close", lambda: None)
    monkeypatch.setattr(files, "fetch", lambda: None)
    return fake


@pytest.mark.parametrize("photos", [[], OWN])
def test_nothing_but_the_json_is_printed_where_it_is_asked_for(
    handler: FakeHandler, capsys: pytest.CaptureFixture[str], photos: list[str]
) -> None:
    assert script.main(["--json", *photos]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == handler.answer
    assert printed.err == "INFO   | local | a line\n"
    assert [sorted(given) for given in handler.inputs] == [["front", "side"]]


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_it_ends_with_1_where_own_photos_are_refused(
    handler: FakeHandler, capsys: pytest.CaptureFixture[str], how: list[str]
) -> None:
    handler.answer = REFUSED
    assert script.main([*OWN, *how]) == 1
    assert capsys.readouterr().out.endswith(f"{json.dumps(REFUSED, indent=2)}\n")


def test_options_of_the_request_are_sent(handler: FakeHandler) -> None:
    assert script.main([*OWN, "--mode", "fast", "--no-strict", "--mirrored", "side=true"]) == 0
    [given] = handler.inputs
    assert {name: given[name] for name in given.keys() - {"front", "side"}} == {
        "mode": "fast",
        "strict": False,
        "mirrored": {"side": True},
    }


@pytest.mark.parametrize("words", [OWN[:2], ["--front", "no.jpg", "--side", "no.jpg"], ["--mode", "slow"]])
def test_a_command_that_cannot_be_understood_measures_nothing(handler: FakeHandler, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        script.main(words)
    assert (ended.value.code, handler.inputs) == (2, [])


def test_the_demo_shows_once_what_a_client_gets(
    handler: FakeHandler, capsys: pytest.CaptureFixture[str], demo: dict[str, Any]
) -> None:
    assert (
        script.main(["--mode", "fast"]) == 1
    )  # the fake knows the angles of the first pair alone, and refuses nothing
    shown = capsys.readouterr().out
    assert shown.count(json.dumps(handler.answer, indent=2)) == 1
    pairs = [given for given in handler.inputs if given.get("mode") == "fast"]
    assert len(pairs) == len(demo["pairs"])
    assert (
        shown.index(demo["pairs"][0]["front"])
        < shown.index("what a client gets")
        < shown.index(demo["pairs"][1]["front"])
    )


def test_the_answer_can_be_piped_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "test_runpod_local.py", *OWN, "--json", "--mode", "fast", "--include", "details"],
        cwd=TOP,
        env={**os.environ, **own(tmp_path), "POSTURE_LANDMARKERS": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    details = json.loads(done.stdout)["data"]["details"]
    assert (details["mode"], details["front_view"]["quality"]["looks"]) == ("fast", 1)


def test_it_says_in_words_that_the_models_cannot_be_had(handler: FakeHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch() -> None:
        raise files.ModelError("the model is nowhere")

    monkeypatch.setattr(files, "fetch", fetch)
    with pytest.raises(SystemExit, match=r"^the model is nowhere$"):
        script.main(OWN)
    assert handler.inputs == []
