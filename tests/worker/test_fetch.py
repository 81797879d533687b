"""Photos by address, from hosts that behave and hosts that do not; the whole worker with them: test_fetching.py."""

import asyncio
import gzip
import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import certifi
import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.errors import Finding
from posture.wire.address import Address
from posture.worker import fetch
from posture.worker.fetch import MAX_BYTES, Fetcher, is_public
from posture.worker.settings import VARIABLES
from testing.https import NAME, PLAIN, Authority, Host, Script, always, answer

PUBLIC = "93.184.215.14"
PHOTO = bytes(range(256)) * 40
TARGET = "/folder/front%20photo.jpg?X-Signature=abc%2Bdef&token=secret"
FRONT = {"front": Address(NAME, 443, TARGET)}
PATIENT = 100.0  # seconds: nothing in a test takes so long
IMPATIENT = 0.3
AUTHORITY = Authority()
GOOD = AUTHORITY.server()


@dataclass
class World:
    """What is beyond the fetcher: a resolver whose answers come one after another, and hosts at ports of the loopback.

    `resolved`, `connected`: what it was asked for.
    """

    port: int = 0
    answers: list[list[str]] = field(default_factory=lambda: [[PUBLIC]])
    silent: tuple[str, ...] = ()
    resolved: list[tuple[str, int]] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    async def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def connect(self, address: str, port: int) -> httpcore.AsyncNetworkStream:
        self.connected.append((address, port))
        if address in self.silent:
            raise httpcore.ConnectError
        return await fetch.connect("127.0.0.1", self.port)

    def fetcher(
        self, seconds: float = PATIENT, room: int = fetch.ROOM, trusted: ssl.SSLContext | None = None
    ) -> Fetcher:
        return Fetcher(room, self.resolve, self.connect, trusted or AUTHORITY.trusted(), seconds)


async def photos(fetcher: Fetcher, addresses: Mapping[str, Address] = FRONT) -> dict[str, bytes | Finding]:
    async with fetcher.photos(addresses) as found:
        return dict(found)


def fetched(
    script: Script, context: ssl.SSLContext | None = GOOD, world: World | None = None, seconds: float = PATIENT
) -> tuple[bytes | Finding, Host]:
    """What becomes of a photo at a host, and the host."""
    world = world or World()
    with Host(script, context) as host:
        world.port = host.port
        found = asyncio.run(photos(world.fetcher(seconds)))["front"]
    return found, host


def refusal(*asked: Any, **more: Any) -> Finding:
    """Why there is no photo, with nothing of the address, nor of what the host says."""
    found, _ = fetched(*asked, **more)
    assert isinstance(found, Finding)
    assert (found.code, found.view) == ("fetch_failed", None)
    for secret in ("bucket", "store", "example", "folder", "secret", "abc", PUBLIC, "words of the host"):
        assert secret not in found.problem + found.advice
    return found


def test_the_bytes_of_the_file_are_the_photo_and_no_more_is_sent_than_it_takes() -> None:
    world = World()
    found, host = fetched(always(answer(PHOTO, "Set-Cookie: a=b")), world=world)
    assert found == PHOTO
    [asked] = host.asked
    request, *headers = asked.split("\r\n")[:-2]
    assert request == f"GET {TARGET} HTTP/1.1"
    assert headers == [
        f"Host: {NAME}",
        "Accept: image/jpeg, image/png, */*",
        "Accept-Encoding: identity",
        "Connection: close",
        "User-Agent: posture-measurement",
    ]
    assert (world.resolved, world.connected) == ([(NAME, 443)], [(PUBLIC, 443)])


def test_the_host_is_asked_for_by_its_name_and_not_by_the_number_that_is_connected_to() -> None:
    context, names = AUTHORITY.server(), list[str | None]()
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    assert fetched(always(answer(PHOTO)), context)[0] == PHOTO
    assert names == [NAME]


def test_another_port_is_named_to_the_host() -> None:
    world = World()
    with Host(always(answer(PHOTO)), GOOD) as host:
        world.port = host.port
        asyncio.run(photos(world.fetcher(), {"side": Address(NAME, 8443, "/")}))
    assert f"\r\nHost: {NAME}:8443\r\n" in host.asked[0]
    assert world.connected == [(PUBLIC, 8443)]


@pytest.mark.parametrize(
    "sent",
    [
        answer(PHOTO, "Content-Encoding: identity", "Content-Type: text/html"),
        b"HTTP/1.1 200 OK\r\n\r\n" + PHOTO,  # to the connection's end
        b"HTTP/1.0 200 OK\r\n\r\n" + PHOTO,
        b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2800\r\n" + PHOTO + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(PHOTO),
        answer(PHOTO + b"and more than was said", length=len(PHOTO)),
    ],
)
def test_a_file_is_taken_however_its_length_is_told(sent: bytes) -> None:
    assert fetched(always(sent))[0] == PHOTO


def test_both_photos_are_asked_for_at_once() -> None:
    both = threading.Barrier(2)

    def script(path: str) -> Iterator[bytes]:
        both.wait(60)  # neither is answered before the other is asked for
        yield answer(path.encode())

    world = World()
    with Host(script, GOOD) as host:
        world.port = host.port
        addresses = {view: Address(NAME, 443, f"/{view}") for view in ("front", "side")}
        assert asyncio.run(photos(world.fetcher(), addresses)) == {"front": b"/front", "side": b"/side"}


def test_one_photo_that_cannot_be_had_does_not_take_the_other_along() -> None:
    def script(path: str) -> Iterator[bytes]:
        yield answer(PHOTO, status="200 OK" if path == "/side" else "403 Forbidden")

    world = World()
    with Host(script, GOOD) as host:
        world.port = host.port
        addresses = {view: Address(NAME, 443, f"/{view}") for view in ("front", "side")}
        found = asyncio.run(photos(world.fetcher(), addresses))
    assert isinstance(found["front"], Finding)
    assert found["side"] == PHOTO


ENDLESS = b"HTTP/1.1 200 OK\r\n"
BODY = b"words of the host " * 1000


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent", "300 x", "304 x"]
)
@pytest.mark.parametrize(
    "to", [f"https://{NAME}{TARGET}", "https://evil.example/", "http://169.254.169.254/", "/other"]
)
def test_no_redirect_is_followed(status: str, to: str) -> None:
    world = World()
    found = refusal(always(answer(BODY * (status != "304 x"), f"Location: {to}", status=status)), world=world)
    assert found.problem == "its host sends on to another address, which is not followed."
    assert len(world.resolved) == len(world.connected) == 1


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("400 Bad Request", "may have expired"),
        ("401 Unauthorized", "may have expired"),
        ("403 words of the host", "may have expired"),
        ("404 Not Found", "may have expired"),
        ("410 Gone", "may have expired"),
        ("429 Too Many", "Send the job again"),
        ("500 Internal Server Error", "Send the job again"),
        ("503 Slow Down", "Send the job again"),
        ("201 Created", "Send the job again"),
        ("206 Partial Content", "Send the job again"),
        ("999 x", "Send the job again"),
    ],
)
def test_another_status_is_told_and_not_what_comes_with_it(status: str, advice: str) -> None:
    found = refusal(always(answer(BODY, status=status)))
    assert found.problem == f"its host answered with status {status[:3]}."
    assert advice in found.advice
    assert "base64" in found.advice


TOO_LARGE = "its file has more than 15,000,000 bytes."
BROKE_OFF = "its host broke off, or answered with what is no HTTP."


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (answer(gzip.compress(bytes(10**8)), "Content-Encoding: gzip"), "its host sends it compressed."),
        (answer(BODY, "content-encoding: BR"), "its host sends it compressed."),
        (answer(BODY, "Content-Encoding: identity, gzip"), "its host sends it compressed."),
        (answer(BODY, length=MAX_BYTES + 1), TOO_LARGE),
        (answer(BODY, length=10**19), TOO_LARGE),
        (answer(b""), "its file is empty."),
        (answer(BODY, length=len(BODY) + 1), BROKE_OFF),
        (answer(BODY, length=-1), BROKE_OFF),
        (answer(BODY, f"Content-Length: {len(BODY) + 1}"), BROKE_OFF),
        (answer(BODY, length=10**30), BROKE_OFF),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwords", BROKE_OFF),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nwords of the host", BROKE_OFF),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", BROKE_OFF),
        (b"HTTP/1.1 200 OK\r\n", BROKE_OFF),
        (b"", BROKE_OFF),
        (b"words of the host\r\n\r\n", BROKE_OFF),
        (b"HTTP/2 200\r\n\r\n", BROKE_OFF),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 10, BROKE_OFF),
        (answer(BODY, f"X: {'x' * 200_000}"), BROKE_OFF),
        (answer(BODY, *["X: words of the host"] * 10_000), BROKE_OFF),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", BROKE_OFF),
    ],
)
def test_what_is_no_answer_with_a_file_is_refused(sent: bytes, problem: str) -> None:
    assert refusal(always(sent)).problem == problem


@pytest.mark.parametrize("begin", [(), (answer(BODY, length=len(BODY) + 1),)], ids=["no head", "half of a body"])
def test_what_comes_past_the_encryption_ends_it(begin: tuple[bytes, ...]) -> None:
    found = refusal(always(*begin, PLAIN, answer(BODY)))
    assert found.problem == "the connection to its host broke off."


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n",
    ],
)
def test_a_body_without_an_end_is_read_to_the_limit_and_no_further(head: bytes) -> None:
    piece, sent = bytes(1_000_000), [0]
    chunked = b"chunked" in head

    def script(_path: str) -> Iterator[bytes]:
        yield head
        while True:
            yield b"f4240\r\n" + piece + b"\r\n" if chunked else piece
            sent[0] += len(piece)

    assert refusal(script).problem == TOO_LARGE
    assert sent[0] < 2 * MAX_BYTES  # what the system's own buffers hold beyond the limit is less


def test_a_head_without_an_end_is_read_to_a_limit() -> None:
    sent = [0]

    def script(_path: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"X: " + b"x" * 997 + b"\r\n"
            sent[0] += 1000

    assert refusal(script).problem == BROKE_OFF
    assert sent[0] < 20_000_000


def test_a_body_in_tiny_pieces_is_read_to_a_limit() -> None:
    sent = [0]

    def script(_path: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"1\r\nx\r\n" * 10_000
            sent[0] += 10_000

    assert refusal(script).problem == "its host sends it in too many pieces."
    assert sent[0] < MAX_BYTES / 2


def test_both_limits_of_time_end_within_the_shortest_time_for_a_job_that_is_offered() -> None:
    [least] = [row.numbers[0] for row in VARIABLES if row.name == "POSTURE_JOB_TIMEOUT" and row.numbers]
    assert least > 2 * fetch.SECONDS


def drip(*begin: bytes, piece: bytes) -> Script:
    def script(_path: str) -> Iterator[bytes]:
        yield from begin
        pause = threading.Event()
        while not pause.wait(0.01):
            yield piece

    return script


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"


@pytest.mark.parametrize(
    "script",
    [
        always(threading.Event()),
        always(HEAD, threading.Event()),
        always(b"HTTP/1.1 2", threading.Event()),
        drip(b"HTTP/1.1 200 OK\r\n", piece=b"X: x\r\n"),
        drip(piece=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        drip(HEAD, piece=b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", piece=b"1\r\nx\r\n"),
    ],
    ids=["silent", "silent after the head", "silent in the head", "headers", "hints", "body", "chunks"],
)
def test_a_slow_host_has_an_end_whatever_drips_from_it(script: Script) -> None:
    assert refusal(script, seconds=IMPATIENT).problem == "it took too long."


def test_a_host_that_takes_the_connection_and_never_speaks_has_an_end() -> None:
    assert refusal(always(), None, seconds=IMPATIENT).problem == "it took too long."


NO_CERTIFICATE = "no secure connection to its host could be made: its certificate may not be good for it."


@pytest.mark.parametrize(
    "context",
    [
        Authority().server(),
        AUTHORITY.server("other.store.example"),
        AUTHORITY.server(f"*.{NAME}"),
        AUTHORITY.server("store.example"),
        AUTHORITY.server(days=-1),
    ],
    ids=["another authority", "another name", "below it", "above it", "expired"],
)
def test_a_certificate_that_is_not_good_for_the_host_ends_it_before_anything_is_asked(context: ssl.SSLContext) -> None:
    with Host(always(answer(PHOTO)), context) as host:
        world = World(host.port)
        found = asyncio.run(photos(world.fetcher()))["front"]
        assert isinstance(found, Finding)
        assert found.problem == NO_CERTIFICATE
        assert (host.connections, host.asked) == (1, [])


def test_a_certificate_for_all_buckets_of_a_store_is_good_for_one() -> None:
    assert fetched(always(answer(PHOTO)), AUTHORITY.server("*.store.example"))[0] == PHOTO


def test_plain_http_is_no_https() -> None:
    class Plain(ssl.SSLContext):
        def wrap_socket(self, sock: Any, **_: Any) -> Any:  # type: ignore[override]
            return sock

    assert refusal(always(answer(PHOTO)), Plain(ssl.PROTOCOL_TLS_SERVER), seconds=IMPATIENT).problem in (
        NO_CERTIFICATE,
        "it took too long.",
    )


def test_nothing_in_the_environment_adds_an_authority_or_a_proxy(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("trust")
    (folder / "ca.pem").write_text(AUTHORITY.pem)
    world, proxy = World(), Host(always(answer(PHOTO)), GOOD)
    with Host(always(answer(PHOTO)), GOOD) as host, proxy:
        world.port = host.port
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(folder / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_DIR", str(folder))
        monkeypatch.setenv("SSLKEYLOGFILE", str(folder / "keys"))
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        found = asyncio.run(photos(world.fetcher(trusted=fetch.trust())))["front"]
        assert isinstance(found, Finding)
        assert found.problem == NO_CERTIFICATE
        assert asyncio.run(photos(world.fetcher()))["front"] == PHOTO
    assert (host.connections, proxy.connections) == (2, 0)
    assert not (folder / "keys").exists()


def test_the_trust_is_in_certifis_authorities_and_checks_names() -> None:
    trusted, whole = fetch.trust(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    whole.load_verify_locations(certifi.where())
    assert trusted.cert_store_stats() == whole.cert_store_stats()
    assert trusted.cert_store_stats()["x509_ca"] > 100
    assert (trusted.check_hostname, trusted.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert trusted.minimum_version >= ssl.TLSVersion.TLSv1_2


# Addresses of every kind that is not of the public internet, and how they may be written.
NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",  # noqa: S104
    "127.0.0.1", "127.1.2.3", "127.255.255.254", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "168.63.129.16",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.215.14", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b::93.184.215.14", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
    "2002:5db8:d70e::1", "3fff::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0",
    "febf::1", "fec0::1", "ff02::1", "ff0e::1", "ffff::1", "4000::1", "1000::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_never_connected_to(address: str) -> None:
    world = World(answers=[[address]])
    found = asyncio.run(photos(world.fetcher()))["front"]
    assert isinstance(found, Finding)
    assert found.problem == "its host could not be reached."
    assert world.connected == []


@pytest.mark.parametrize(
    "address",
    [
        PUBLIC,
        "1.1.1.1",
        "100.63.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "2606:4700::1111",
        "2a00:1450::1",
        "2001:4860::8888",
    ],
)
def test_a_public_address_is_connected_to(address: str) -> None:
    world = World(answers=[[address]], silent=(address,))
    asyncio.run(photos(world.fetcher()))
    assert world.connected == [(address, 443)]


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_python_does_not_call_global_is_not_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.is_multicast or not address.is_global:
        assert not is_public(str(address))


def test_of_several_answers_the_public_ones_are_tried_in_turn_and_no_other() -> None:
    answers = ["127.0.0.1", "8.8.8.8", "::1", PUBLIC, "10.0.0.1", "1.1.1.1"]
    world = World(answers=[answers], silent=("8.8.8.8",))
    assert fetched(always(answer(PHOTO)), world=world)[0] == PHOTO
    assert [address for address, _ in world.connected] == ["8.8.8.8", PUBLIC]


def test_a_host_with_many_addresses_is_tried_at_few() -> None:
    many = [f"93.184.215.{number}" for number in range(100)]
    world = World(answers=[many], silent=tuple(many))
    assert refusal(always(), world=world).problem == "its host could not be reached."
    assert [address for address, _ in world.connected] == many[:3]


def test_a_resolver_that_answers_otherwise_the_next_time_is_not_asked_a_next_time() -> None:
    world = World(answers=[[PUBLIC], ["127.0.0.1"]])
    assert fetched(always(answer(PHOTO)), world=world)[0] == PHOTO
    assert (world.resolved, world.connected) == ([(NAME, 443)], [(PUBLIC, 443)])
    assert refusal(always(answer(PHOTO)), world=world).problem == "its host could not be reached."
    assert world.connected == [(PUBLIC, 443)]


async def nowhere(*_: object) -> Any:
    raise OSError(-2, f"no such name: {NAME}")


async def never(*_: object) -> Any:
    await asyncio.Event().wait()


async def broken(*_: object) -> Any:
    raise RuntimeError(f"the sprocket of https://{NAME}{TARGET} is loose")


@pytest.mark.parametrize(
    ("resolve", "problem"), [(nowhere, "its host could not be reached."), (never, "it took too long.")]
)
def test_a_name_that_leads_nowhere_is_told(resolve: fetch.Resolve, problem: str) -> None:
    fetcher = Fetcher(fetch.ROOM, resolve, World().connect, AUTHORITY.trusted(), IMPATIENT)
    found = asyncio.run(photos(fetcher))["front"]
    assert isinstance(found, Finding)
    assert found.problem == problem


def test_a_connection_that_is_refused_or_never_made_is_told() -> None:
    with Host(always(), None) as host:
        world = World(host.port)
    assert refusal_of(world.fetcher()) == "its host could not be reached."  # the port is closed
    hanging = Fetcher(fetch.ROOM, World().resolve, never, AUTHORITY.trusted(), IMPATIENT)
    assert refusal_of(hanging) == "it took too long."


def refusal_of(fetcher: Fetcher) -> str:
    found = asyncio.run(photos(fetcher))["front"]
    assert isinstance(found, Finding)
    return found.problem


def test_a_defect_is_raised_without_the_address() -> None:
    fetcher = Fetcher(fetch.ROOM, broken, World().connect, AUTHORITY.trusted())
    with pytest.raises(RuntimeError) as caught:
        asyncio.run(photos(fetcher))
    assert str(caught.value) == "RuntimeError where a photo is fetched"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert caught.traceback[-1].name == "broken"


def test_the_systems_resolver_is_asked_in_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def getaddrinfo(host: str, port: int, *_: object) -> list[Any]:
        threads.append(threading.current_thread().name)
        assert (host, port) == (NAME, 443)
        return [(2, 1, 6, "", (PUBLIC, 443)), (10, 1, 6, "", ("::1", 443, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert asyncio.run(fetch.Resolver()(NAME, 443)) == [PUBLIC, "::1"]
    assert threads[0].startswith("resolver")


def test_nothing_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpcore", "httpcore.connection", "httpcore.http11"):
        assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL)
    assert fetched(always(answer(PHOTO)))[0] == PHOTO
    refusal(always(answer(BODY, status="403 Forbidden")))
    refusal(always(answer(PHOTO)), Authority().server())
    assert [record for record in caplog.records if record.name != "asyncio"] == []
    assert NAME not in caplog.text


def test_photos_hold_room_until_they_are_measured_and_a_host_that_says_nothing_holds_none() -> None:
    silence, length = threading.Event(), 1000

    def script(path: str) -> Iterator[bytes | threading.Event]:
        if path == "/silent":
            yield silence
        yield answer(bytes(length))

    async def run(world: World) -> tuple[int, int]:
        fetcher = world.fetcher(room=2 * length)
        held, most, done, measured = [0], [0], [0], asyncio.Event()

        async def job(path: str) -> None:
            addresses = {view: Address(NAME, 443, path) for view in ("front", "side")}
            async with fetcher.photos(addresses) as found:
                held[0] += sum(len(photo) for photo in found.values() if isinstance(photo, bytes))
                most[0] = max(most[0], held[0])
                await asyncio.sleep(0)
                held[0] -= 2 * length
                done[0] += 1
            if done[0] == 8:
                measured.set()

        silent = [asyncio.create_task(job("/silent")) for _ in range(8)]
        prompt = [asyncio.create_task(job("/prompt")) for _ in range(8)]
        await measured.wait()
        assert not any(task.done() for task in silent)
        silence.set()
        await asyncio.gather(*silent, *prompt)
        return most[0], done[0]

    with Host(script, GOOD) as host:
        assert asyncio.run(run(World(host.port))) == (2 * length, 16)


def test_room_is_taken_in_turn_and_given_back_by_what_is_cancelled() -> None:
    async def run() -> list[str]:
        room, order, may_end = fetch.Room(10), list[str](), asyncio.Event()

        async def hold(name: str, size: int) -> None:
            async with room.taken(size):
                order.append(name)
                await may_end.wait()

        first = asyncio.create_task(hold("first", 6))
        await asyncio.sleep(0)
        large, small = asyncio.create_task(hold("large", 10)), asyncio.create_task(hold("small", 1))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await until(lambda: "large" in order)
        large.cancel()
        may_end.set()
        await asyncio.gather(large, small, return_exceptions=True)
        async with room.taken(10):
            order.append("all")
        return order

    assert asyncio.run(asyncio.wait_for(run(), 60)) == ["first", "large", "small", "all"]


@pytest.mark.parametrize("begin", [(), (HEAD,)], ids=["before the answer", "within it"])
def test_a_job_that_is_cancelled_hangs_up_and_gives_its_room_back(begin: tuple[bytes, ...]) -> None:
    hung_up, asked = threading.Event(), threading.Event()

    def script(_path: str) -> Iterator[bytes]:
        yield from begin
        asked.set()
        try:
            while True:
                yield b"x" if begin else b""
                threading.Event().wait(0.01)
                if not begin and hung_up.is_set():
                    return
        finally:
            hung_up.set()

    async def run(world: World) -> None:
        fetcher = world.fetcher(room=10_000_000)
        task = asyncio.create_task(photos(fetcher))
        await until(asked.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if begin:
            await until(hung_up.is_set)
        hung_up.set()
        assert fetcher.room.free == 10_000_000

    with Host(script, GOOD) as host:
        asyncio.run(run(World(host.port)))


async def until(condition: Callable[[], bool]) -> None:
    """Comes back when a thread has made it so."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
