"""Where the key may go, and that neither it nor a value of the environment is printed, however it comes back."""

import base64
import html
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import api
from deploy.secrets import Discreet, hide
from testing import TOP
from testing.runpod_api import KEY, Answer, Json, RunPod, problem, serving
from tests.deploy.operator import IMAGE, Operator, write


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: f"{key} may not do this",
    "as a header": lambda key: f"Authorization: Bearer {key}",
    "in other letters": str.lower,
    "in an address": lambda key: f"/v2?api_key={quote(key, safe='')}&x=1",
    "in a form": lambda key: f"key={quote_plus(key)}",
    "all in per cent": lambda key: "".join(f"%{byte:02X}" for byte in key.encode()),
    "in JSON": lambda key: json.dumps({"key": key}),
    "in HTML": lambda key: f"<b>{html.escape(key)}</b>",
    "in hexadecimal": lambda key: key.encode().hex(),
    "in base64": in_base64,
    "in base64 behind one character": lambda key: in_base64(f":{key}"),
    "in base64 behind two": lambda key: in_base64(f"a:{key}"),
    "in base64 as a header": lambda key: in_base64(f"Bearer {key}"),
    "in base64 of JSON": lambda key: in_base64(json.dumps({"key": key, "more": 1})),
    "in base64 for addresses": lambda key: base64.urlsafe_b64encode(f"user:{key}".encode()).decode(),
}
forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


@forms
def test_a_secret_is_hidden_in_every_form(form: Callable[[str], str]) -> None:
    awkward = 'rpa_+/?&"<>~\\Q42'
    written = form(awkward)
    shown = hide(f"before {written} after", awkward, "[key]")
    assert "[key]" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert written not in shown


@given(before=st.binary(), secret=st.text(st.characters(codec="ascii"), min_size=6), after=st.binary())
def test_in_base64_it_is_found_wherever_it_stands(before: bytes, secret: str, after: bytes) -> None:
    assert hide(base64.b64encode(before + secret.encode() + after).decode(), secret, "[key]") == "[key]"


def test_where_no_secret_stands_nothing_changes() -> None:
    text = "HTTP 403 Forbidden: cnBhXzAxMjM0NTY3ODk= may not"
    assert hide(text, KEY, "[key]") == text
    assert hide(text, "", "[key]") == text


@forms
@pytest.mark.parametrize("place", ["title", "detail", "errors", "error", "reason"])
def test_a_key_that_runpod_repeats_in_an_error_is_not_shown(
    runpod: RunPod, operator: Operator, form: Callable[[str], str], place: str
) -> None:
    told = form(KEY)
    raw = f"HTTP/1.1 403 {told}\r\nContent-Length: 0\r\n\r\n".encode() if place == "reason" else None
    body = {"title": "Forbidden", "status": 403, "detail": "no", place: [told] if place == "errors" else told}
    if place == "error":
        del body["title"]
    runpod.script("listEndpoints", Answer(403, body, raw=raw))
    outcome = operator.run("status")
    runpod.faults.clear()  # the document does not know every such answer
    assert outcome.status == 1
    assert "HTTP 403 " in outcome.err
    assert "[key]" in outcome.err
    assert told not in outcome.err


@forms
def test_a_key_that_comes_back_as_a_setting_or_an_output_is_not_shown(
    runpod: RunPod, operator: Operator, endpoint: Json, form: Callable[[str], str]
) -> None:
    told = form(KEY)
    endpoint["image"] = told
    outcome = operator.run("status")
    assert "image     " in outcome.out
    assert told not in outcome.out
    runpod.output = {"status": "FAILED", "error": told}
    outcome = operator.run("call")
    assert "Job job-1 is FAILED: " in outcome.err
    assert told not in outcome.err


def test_a_key_in_what_is_no_http_is_not_shown(runpod: RunPod, operator: Operator) -> None:
    runpod.script("listEndpoints", *[Answer(0, raw=f"SSH-2.0 {KEY}\r\n".encode())] * 9)
    outcome = operator.run("status")
    assert outcome.status == 1
    assert "no connection: " in outcome.err
    assert "[key]" in outcome.err


@forms
def test_a_value_of_the_environment_that_runpod_repeats_is_not_shown(
    runpod: RunPod, operator: Operator, tmp_path: Path, form: Callable[[str], str]
) -> None:
    told = form("hunter2")
    runpod.script("createEndpoint", problem(422, "Unprocessable", "invalid", errors=[f"env.TOKEN: {told} is wrong"]))
    outcome = operator.run("deploy", "--config", write(tmp_path, env={"TOKEN": "hunter2", "LEVEL": "4"}))
    assert outcome.status == 1
    assert "HTTP 422 Unprocessable: invalid\n  env.TOKEN: " in outcome.err
    assert "[TOKEN]" in outcome.err
    assert told not in outcome.err


def test_what_steers_a_terminal_is_not_passed_on(runpod: RunPod, operator: Operator) -> None:
    runpod.script("listEndpoints", problem(403, "Forbidden", "\x1b[2J\u202e\ud800\r\x07 gone"))
    assert operator.run("status").err.endswith("Forbidden: ?[2J???? gone\n")


def test_what_an_output_has_no_characters_for_is_no_error() -> None:
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print(f"caf\u00e9 {KEY} \ud800", file=Discreet(output, KEY), flush=True)
    assert output.buffer.getvalue() == b"caf? [key] ?\n"


def test_debug_output_of_the_libraries_does_not_show_the_key(tmp_path: Path) -> None:
    program = (
        "import http.client, logging; logging.basicConfig(level=logging.DEBUG); from deploy.__main__ import main; "
        f"main(['deploy', '--image', {IMAGE!r}])"
    )
    with serving(RunPod()) as environment:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=TOP,
            env={**environment, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert "DEBUG:urllib3" in done.stderr
    assert "is created" in done.stdout
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_is_on_this_machine_is_asked_without_a_proxy(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    runpod.output = {"output": {"data": {}}}
    with serving(RunPod()) as elsewhere:
        monkeypatch.setenv(variable, elsewhere["RUNPOD_API_URL"])
        for name in ("RUNPOD_API_URL", "RUNPOD_ENDPOINT_BASE_URL"):
            monkeypatch.setenv(name, os.environ[name].replace("127.0.0.1", host))
        assert operator.deploy().status == 0
        assert "8 not as expected" in operator.run("call").out
    assert list(runpod.endpoints) == ["endpoint1"]
    assert len(runpod.jobs) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(runpod: RunPod, operator: Operator, status: int) -> None:
    other = RunPod()
    with serving(other) as elsewhere:
        location = f"{elsewhere['RUNPOD_API_URL']}/v2/serverless"
        runpod.script("listEndpoints", Answer(status, headers={"Location": location}))
        outcome = operator.run("status")
    assert (outcome.status, other.received) == (1, [])
    assert f"HTTP {status}" in outcome.err


@pytest.mark.parametrize("variable", ["RUNPOD_API_URL", "RUNPOD_ENDPOINT_BASE_URL"])
@pytest.mark.parametrize(
    "address",
    [
        "http://api.runpod.io",
        "ftp://127.0.0.1",
        "api.runpod.io",
        "http://127.0.0.1.org",
        "http://127.0.0.1@api.runpod.io",
        "http://0x7f.1",
        "http://[::ffff:8.8.8.8]",
        "https://",
        "https://[::1",
        "https://a b",
        "https://api.\nrunpod.io",
        "https://user:hunter2@api.runpod.io",
        "https://api.runpod.io?key=hunter2",
        "https://api.runpod.io#hunter2",
    ],
)
def test_an_address_that_could_give_the_key_away_is_refused_and_not_shown(
    runpod: RunPod, operator: Operator, monkeypatch: pytest.MonkeyPatch, variable: str, address: str
) -> None:
    monkeypatch.setenv(variable, address)
    outcome = operator.run("status")
    assert (outcome.status, runpod.received) == (1, [])
    assert "the key is sent by https only" in outcome.err
    assert "hunter2" not in outcome.err


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/", "http://[::1]:8000/v2", "https://api.runpod.ai/v2"])
def test_an_address_that_keeps_the_key_is_taken(address: str) -> None:
    client = api.Client(address, KEY)
    assert client.shown(api.Request("GET", "/x")) == f"GET {address.rstrip('/')}/x"


def test_an_empty_variable_is_one_that_is_not_set(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNPOD_API_KEY", "RUNPOD_API_URL", "RUNPOD_ENDPOINT_BASE_URL"):
        monkeypatch.setenv(name, "")
    outcome = operator.deploy(IMAGE, "--dry-run")
    assert outcome.status == 0
    assert f"POST {api.API_URL}/v2/serverless\n" in outcome.out
