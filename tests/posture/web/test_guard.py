"""Who may ask: no page from elsewhere, nobody without the key."""

import asyncio

import httpx
import pytest

from posture.web.guard import LOOPBACK
from testing.builders import FakeLog
from tests.posture.web.asking import asking, told

KEY = "a key of at least 16"
LAN = frozenset({*LOOPBACK, "192.168.1.5"})
ANY = frozenset({*LOOPBACK, "0.0.0.0"})  # noqa: S104  nothing is bound


def ask(  # noqa: PLR0913  each is of the request or of the server
    headers: dict[str, str] | list[tuple[str, str]],
    *,
    method: str = "GET",
    path: str = "/health",
    hosts: frozenset[str] = LOOPBACK,
    key: str | None = None,
    address: str = "http://127.0.0.1:8000",
    log: FakeLog | None = None,
) -> httpx.Response:
    """The answer to a request that came to `address`."""

    async def one() -> httpx.Response:
        async with asking(hosts=hosts, key=key, log=log) as client:
            client.base_url = httpx.URL(f"{address}/v2/local")
            return await client.request(method, path, headers=headers)

    return asyncio.run(one())


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"])
def test_it_answers_to_the_names_of_this_machine(host: str) -> None:
    assert ask({"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8000",
        "localhost.evil.example:8000",
        "127.0.0.1.evil.example:8000",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8001",
        "127.0.0.1:08000x",
        "127.0.0.1:8000:8000",
        "127.0.0.1:8000@evil.example",
        "evil.example@127.0.0.1:8000",
        "192.168.1.5:8000",
        "0.0.0.0:8000",
        "[::]:8000",
        "[::1:8000",
        "localhost:8000, evil.example",
        "",
        " ",
    ],
)
def test_a_page_that_has_led_a_name_of_its_own_here_is_refused(host: str) -> None:
    answer = ask({"Host": host})
    assert (answer.status_code, answer.json()) == (403, {"error": "This is not an address of this server."})


def test_a_request_with_two_hosts_is_refused() -> None:
    assert ask([("Host", "127.0.0.1:8000"), ("Host", "evil.example")]).status_code == 403


def test_it_answers_to_the_name_that_it_was_given_and_where_it_listens_everywhere_to_the_address_that_was_called() -> (
    None
):
    called = "http://192.168.1.5:8000"
    assert ask({}, hosts=LAN, address=called).status_code == 200
    assert ask({}, hosts=ANY, address=called).status_code == 200
    assert ask({}, hosts=LOOPBACK, address=called).status_code == 403
    assert ask({"Host": "192.168.1.6:8000"}, hosts=ANY, address=called).status_code == 403
    assert ask({"Host": "evil.example:8000"}, hosts=ANY, address=called).status_code == 403


@pytest.mark.parametrize(("scheme", "port", "status"), [("https", 443, 200), ("http", 80, 200), ("http", 443, 403)])
def test_without_a_port_the_schemes_own_is_meant(scheme: str, port: int, status: int) -> None:
    headers = [(b"host", b"127.0.0.1")]
    sent = asyncio.run(told([], scheme=scheme, server=("127.0.0.1", port), headers=headers))
    assert sent[0]["status"] == status


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://evil.example:8000",
        "http://localhost:3000",
        "https://127.0.0.1:8000",
        "http://localhost:8000",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000 http://evil.example",
        "null",
        "",
    ],
)
def test_a_page_of_another_origin_is_refused(method: str, origin: str) -> None:
    answer = ask({"Origin": origin}, method=method)
    assert (answer.status_code, answer.json()) == (403, {"error": "Pages from elsewhere may not use this server."})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_page_of_its_own_is_answered() -> None:
    assert ask({"Origin": "http://127.0.0.1:8000"}).status_code == 200
    assert ask({"Origin": "http://localhost:8000", "Host": "localhost:8000"}).status_code == 200


def test_what_a_browser_asks_first_is_allowed_nobody() -> None:
    first = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = ask({"Origin": "http://127.0.0.1:8000", **first}, method="OPTIONS", path="/runsync")
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("sent", [f"Bearer {KEY}", f"bearer {KEY}", KEY])
def test_the_key_is_taken_as_the_platform_takes_it(sent: str) -> None:
    assert ask({"Authorization": sent}, key=KEY).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [None, "", "Bearer", "Bearer ", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", f"Bearer Bearer {KEY}"],
)
@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/nothing"])
def test_without_the_key_nothing_is_answered(sent: str | None, path: str) -> None:
    answer = ask({} if sent is None else {"Authorization": sent}, key=KEY, path=path)
    assert (answer.status_code, answer.json()) == (401, {"error": "The key is missing or another."})
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_with_other_letters_is_another() -> None:
    assert ask([(b"Authorization", "Bearer ключ".encode())], key=KEY).status_code == 401  # type: ignore[list-item]


def test_without_a_key_of_its_own_it_takes_any() -> None:
    assert ask({"Authorization": "Bearer any"}).status_code == 200


def test_who_is_refused_leaves_a_line_and_no_job() -> None:
    log = FakeLog()
    assert ask({"Origin": "http://evil.example"}, method="POST", path="/run", log=log).status_code == 403
    [(level, job, line)] = log.lines
    assert (level, job) == ("info", None)
    assert line.startswith("POST /v2/local/run 403 ms=")


def test_a_websocket_is_closed() -> None:
    assert asyncio.run(told([], type="websocket", headers=[])) == [{"type": "websocket.close"}]
