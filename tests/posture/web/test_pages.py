"""What the page asks of the server: its files, comparisons, reports; and what it is refused."""

import asyncio
from typing import Any

import httpx
import pytest

from posture.web.endpoint import Endpoint
from posture.web.passed import Passed
from posture.wire.job import LARGEST_RUNSYNC
from testing.builders import FakeLog
from tests.posture.web.asking import GOOD, asking

KEY = "a key of at least 16"
PATHS = ["/", "/page/main.js", "/page/page.css", "/page/de.json", "/page/measures.json", "/page/photos/front.svg"]


def ask(method: str, path: str, *, key: str | None = None, log: FakeLog | None = None, **how: Any) -> httpx.Response:
    """One answer of an application of its own."""

    async def one() -> httpx.Response:
        async with asking(key=key, log=log) as client:
            return await client.request(method, f"http://127.0.0.1:8000{path}", **how)

    return asyncio.run(one())


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """Of the worker, with details."""
    told = ask("POST", "/v2/local/runsync", json={"input": {**GOOD["input"], "include": ["details", "measures"]}})
    output: dict[str, Any] = told.json()["output"]
    return output


def edited(answer: dict[str, Any], **reading: Any) -> dict[str, Any]:
    """The answer with another reading of the shoulders."""
    details = answer["data"]["details"]
    angles = details["front_view"]["angles"]
    shoulders = {**angles["shoulder_tilt"], **reading}
    front = {**details["front_view"], "angles": {**angles, "shoulder_tilt": shoulders}}
    return {**answer, "data": {**answer["data"], "details": {**details, "front_view": front}}}


@pytest.mark.parametrize("path", PATHS)
def test_files_need_no_key_and_say_what_a_browser_may_do_with_them(path: str) -> None:
    told = ask("GET", path, key=KEY)
    assert told.status_code == 200
    policy = dict(part.split(" ", 1) for part in told.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy.get("script-src", "")
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert told.headers["Referrer-Policy"] == "no-referrer"
    assert told.headers["Cache-Control"] == "no-store"
    assert "camera=(self)" in told.headers["Permissions-Policy"]


def test_only_the_drawings_and_the_empty_sheet_have_a_style_of_their_own_and_none_a_script() -> None:
    for path, style in (("/", "'self'"), ("/page/paper.html", "'unsafe-inline'"), (PATHS[-1], "'unsafe-inline'")):
        policy = ask("GET", path).headers["Content-Security-Policy"]
        assert f"style-src {style};" in policy
        assert ("script-src" in policy) == (path == "/")


def test_the_page_is_told_whether_photos_go_elsewhere() -> None:
    async def told(endpoint: Endpoint | None) -> bool:
        async with asking(endpoint) as client:
            passes_on: bool = (await client.get("http://127.0.0.1:8000/page/settings.json")).json()["passes_on"]
            return passes_on

    assert asyncio.run(told(None)) is False
    assert asyncio.run(told(Passed("http://127.0.0.1:1/v2", "ab12", "a-key"))) is True


@pytest.mark.parametrize("path", ["/page/compare", "/page/report", "/v2/local/runsync"])
def test_what_is_posted_needs_the_key(path: str, answer: dict[str, Any]) -> None:
    visits = {"visits": [{"label": "", "answer": answer}]}
    assert ask("POST", path, key=KEY, json=visits).status_code == 401
    assert ask("POST", path, json=visits, headers={"Origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/page", "/page/", "/page/pages.py", "/page/../guard.py", "/page/%2e%2e/guard.py", "/page/photos/"]
)
def test_nothing_else_is_sent(path: str) -> None:
    assert ask("GET", path).status_code == 404


def test_visits_are_compared_in_words(answer: dict[str, Any]) -> None:
    later = edited(answer, value=1.0)
    visits = [{"label": "March", "answer": answer}, {"label": "June", "answer": later}]
    told = ask("POST", "/page/compare", json={"visits": visits, "language": "de"}).json()
    assert [visit["label"] for visit in told["visits"]] == ["March", "June"]
    assert told["visits"][1]["told"] == "verändert seit dem ersten Termin: Schulterneigung"
    assert told["visits"][1]["by_view"]["front"][0].startswith("Kameraneigung bei beiden Terminen unbekannt")
    rows = {(row["view"], row["name"]): row["visits"] for row in told["rows"]}
    first, then = rows["front", "shoulder_tilt"]
    assert first["sentence"] == "linke Schulter um 5,7 Grad höher"
    assert first["difference"] is None
    assert (then["difference"], then["exceeds"]) == (-4.71, True)
    assert then["limit"] == pytest.approx(2**0.5 * first["uncertainty"], abs=0.006)
    assert rows["front", "pelvic_tilt"][1]["exceeds"] is False


def test_what_was_moved_by_hand_is_not_judged_and_may_have_no_uncertainty(answer: dict[str, Any]) -> None:
    later = edited(answer, value=1.0, edited=True, uncertainty=None, trust=None, sentence=None)
    visits = [{"label": "March", "answer": answer}, {"label": "June", "answer": later}]
    told = ask("POST", "/page/compare", json={"visits": visits}).json()
    (then,) = (row["visits"][1] for row in told["rows"] if (row["view"], row["name"]) == ("front", "shoulder_tilt"))
    assert (then["edited"], then["exceeds"], then["limit"], then["sentence"]) == (True, None, None, None)
    assert then["remarks"] == ["points moved by hand"]
    assert told["visits"][1]["told"] == "no change since the first visit that can be told; not every value was judged"
    page = ask("POST", "/page/report", json={"visits": visits})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "points moved by hand" in page.text
    wrong = edited(answer, uncertainty=None)  # of the model's own there is one
    refused = ask("POST", "/page/compare", json={"visits": [{"label": "June", "answer": wrong}]})
    assert refused.status_code == 400


@pytest.mark.parametrize("path", ["/page/compare", "/page/report"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"visits": []}',
        b'{"visits": [{"label": "secret"}]}',
        b'{"visits": [{"label": "secret", "answer": []}]}',
        b'{"visits": [{"label": "secret", "answer": {}}], "language": "xx"}',
        b'{"visits": [' + b'{"label": "secret", "answer": {}},' * 50 + b'{"label": "", "answer": {}}]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_body_that_cannot_be_used_is_refused_without_a_word_of_it(path: str, body: bytes) -> None:
    log = FakeLog()
    told = ask("POST", path, log=log, content=body, headers={"Content-Type": "application/json"})
    assert told.status_code == 400
    assert told.json() == {"error": "Send `visits`, each with `label` and `answer`."}
    assert "secret" not in str(log.lines)


def test_bodies_are_bounded_and_are_json() -> None:
    too_large = b" " * (LARGEST_RUNSYNC + 1)
    assert (
        ask("POST", "/page/report", content=too_large, headers={"Content-Type": "application/json"}).status_code == 413
    )
    assert ask("POST", "/page/report", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
