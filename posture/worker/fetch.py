"""Fetches photos from addresses of hosts that the operator allows, and from nobody else.

The name of a host is resolved once. Of the answers those are kept that are of the public internet, and the connection
is made to one of these, by its number; the certificate is held against the name. So no answer of a name server leads
elsewhere, be it another one at each question.

httpcore is what httpx sends with. Of itself it follows no redirects, unpacks nothing, keeps no cookies and heeds no
variable of the environment; and it lets others make its connections. As it takes a tenth of a second, this module is
imported where a photo is fetched, and not before.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import TypeAlias, TypeVar

import certifi
import httpcore

from posture.errors import Finding, ImageError, PostureError
from posture.wire.address import HTTPS_PORT, Address
from posture.wire.base64_text import MAX_ENCODED_LENGTH

_Got = TypeVar("_Got")
Resolve: TypeAlias = Callable[[str, int], Awaitable[Iterable[str]]]
Connect: TypeAlias = Callable[[str, int], Awaitable[httpcore.AsyncNetworkStream]]

# Of one photo: what its base64 text may hold.
MAX_BYTES = MAX_ENCODED_LENGTH // 4 * 3
# Of one photo: hosts send 4,000 bytes and more at once, and each piece takes the loop some 0.05 ms.
_MOST_PIECES = 20_000
# Seconds until an answer begins, and again until it is there. Object stores begin within tenths of a second, and
# MAX_BYTES take 9 s at 13 Mbit/s. Both together are less than the least POSTURE_JOB_TIMEOUT that the Hub offers.
SECONDS = 9.0
# Of these, for one try to connect; and tries, where a host has many addresses.
_TRY = 3.0
_TRIES = 3
# For each landmarker: bytes of photos that have been asked for and not been measured yet. They are two of the largest
# jobs, one that is measured and one that comes, or some three hundred with photos of 1080x1440 pixels.
ROOM = 4 * MAX_BYTES
# Names resolved at once. The loop's own threads may all be waiting for a landmarker.
_RESOLVERS = 8

_HEADERS = (
    ("Accept", "image/jpeg, image/png, */*"),
    ("Accept-Encoding", "identity"),
    ("Connection", "close"),
    ("User-Agent", "posture-measurement"),
)
_OR_BASE64 = "or send the picture itself as base64 text."
_AGAIN = f"Send the job again, {_OR_BASE64}"
# Of a link that has expired, whose signature is not whole, or that names no file.
_LINK_IS_BAD = {
    HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE,
}  # fmt: skip
_ANOTHER_LINK = f"Send a new link, as this one may have expired or been cut, {_OR_BASE64}"

# Of IPv6 IANA has given out 2000::/3 alone: what is elsewhere is local, multicast, reserved, or an IPv4 address.
_IPV6 = ip_network("2000::/3")
# What is not of the public internet, by IANA's registries of special-purpose addresses (IPv4 and IPv6, RFC 6890).
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32",  # Azure's own services, at an address that is public by its number
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ),
    )
)  # fmt: skip

# At DEBUG it would log hosts and headers.
logging.getLogger("httpcore").setLevel(logging.CRITICAL + 1)


class UnreachableError(httpcore.ConnectError):
    """None of a host's addresses is of the public internet and takes a connection."""


# Why there is no photo, by what was raised; the first that fits.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (UnreachableError, "its host could not be reached."),
    (httpcore.ConnectError, "no secure connection to its host could be made: its certificate may not be good for it."),
    (httpcore.RemoteProtocolError, "its host broke off, or answered with what is no HTTP."),
    (httpcore.NetworkError, "the connection to its host broke off."),
    (ssl.SSLError, "the connection to its host broke off."),  # after the handshake httpcore lets these by
    (asyncio.TimeoutError, "it took too long."),
)


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet, and not private, local, shared, multicast or translated."""
    ip = ip_address(address)
    return (ip.version == 4 or ip in _IPV6) and not any(ip in block for block in _SPECIAL)


def trust() -> ssl.SSLContext:
    """Certificates and names are checked, against certifi's authorities.

    Those of `ssl.create_default_context` are what SSL_CERT_FILE says, and SSLKEYLOGFILE would have it write keys.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    return context


class Resolver:
    """The system's, in threads of its own: those of the loop may all be waiting for a landmarker."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, "resolver")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a host, in the order in which to try them. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM)
        return [str(address[0]) for *_, address in found]


async def connect(address: str, port: int) -> httpcore.AsyncNetworkStream:
    """A connection to an IP address. Raises httpcore's ConnectError, ConnectTimeout."""
    return await httpcore.AnyIOBackend().connect_tcp(address, port, _TRY)


class Room:
    """So many bytes, of which jobs take what they need, first come first served, and give it back. `free`: the rest."""

    def __init__(self, size: int) -> None:
        self.free = size
        self._turn = asyncio.Lock()
        self._given_back = asyncio.Event()

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        """Waits until there is room, and holds it."""
        async with self._turn:
            while self.free < size:
                self._given_back.clear()
                await self._given_back.wait()
            self.free -= size
        try:
            yield
        finally:
            self.free += size
            self._given_back.set()


class Fetcher:
    """Fetches photos. `room`: for their bytes, of all jobs together.

    What stands for the world may be given: `resolve`, whose answers are checked; `connect`, which is called for
    addresses that have been; `trusted`, the authorities; `seconds` until an answer begins, and again until it is there.
    """

    def __init__(
        self,
        room: int,
        resolve: Resolve | None = None,
        connect: Connect = connect,
        trusted: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.room = Room(room)
        self._resolve = resolve or Resolver()
        self._connect = connect
        self._trusted = trusted or trust()
        self._seconds = seconds

    @asynccontextmanager
    async def photos(self, addresses: Mapping[str, Address]) -> AsyncIterator[Mapping[str, bytes | Finding]]:
        """The photos at these addresses, all asked for at once, by the same names: bytes, or why there are none.

        While it lasts their bytes count as held. How much that will be is known before any is read, so that of jobs
        that wait for room none holds what another waits for, and a host that says nothing holds no room.
        """
        async with AsyncExitStack() as held:
            async with (
                aclosing(_Network(self._resolve, self._connect)) as network,
                httpcore.AsyncConnectionPool(self._trusted, network_backend=network) as pool,
            ):
                begun = await asyncio.gather(*(self._got(_begun(pool, address)) for address in addresses.values()))
                size = sum(_length(answer) for answer in begun if isinstance(answer, httpcore.Response))
                await held.enter_async_context(self.room.taken(size))
                photos = await asyncio.gather(*(self._got(_body(answer)) for answer in begun))
            yield dict(zip(addresses, photos, strict=True))

    async def _got(self, coming: Awaitable[_Got]) -> _Got | Finding:
        """What comes in time, or why it does not. Of an address nothing is in what is raised."""
        try:
            return await asyncio.wait_for(coming, self._seconds)
        except PostureError as error:
            return error.problems[0]
        except Exception as error:  # noqa: BLE001  raised again, without what it says
            for kind, problem in _REASONS:
                if isinstance(error, kind):
                    return _failed(problem).problems[0]
            defect = RuntimeError(f"{type(error).__name__} where a photo is fetched")
            raise defect.with_traceback(error.__traceback__) from None


class _Network(httpcore.AsyncNetworkBackend):
    """Connects to hosts at their public addresses alone.

    It is closed, as httpcore 1.0.9 leaves a connection open where it is cancelled before that is secure.
    """

    def __init__(self, resolve: Resolve, connect: Connect) -> None:
        self._resolve = resolve
        self._connect = connect
        self._open: list[httpcore.AsyncNetworkStream] = []

    async def aclose(self) -> None:
        """Closes all connections."""
        for stream in self._open:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  httpcore's own signature
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first public address that takes one. Raises UnreachableError."""
        for address in await self._public(host, port):
            try:
                stream = await self._connect(address, port)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            self._open.append(stream)
            return stream
        raise UnreachableError

    async def _public(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError):  # there is no such host, or no such name
            return ()
        return [address for address in dict.fromkeys(found) if is_public(address)][:_TRIES]


async def _begun(pool: httpcore.AsyncConnectionPool, address: Address) -> httpcore.Response:
    """The beginning of an answer that may be a photo. Raises ImageError for another, and what httpcore raises."""
    url = httpcore.URL(scheme=b"https", host=address.host, port=address.port, target=address.target)
    answer = await pool.handle_async_request(
        httpcore.Request("GET", url, headers=[("Host", _host(address)), *_HEADERS])
    )
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise _failed(
            "its host sends on to another address, which is not followed.",
            f"Send the address of the file itself, {_OR_BASE64}",
        )
    if answer.status != HTTPStatus.OK:
        advice = _ANOTHER_LINK if answer.status in _LINK_IS_BAD else _AGAIN
        raise _failed(f"its host answered with status {answer.status}.", advice)
    if _header(answer, b"content-encoding").lower() not in (b"", b"identity"):
        raise _failed("its host sends it compressed.", f"Store the file as it is, {_OR_BASE64}")
    if _length(answer) > MAX_BYTES:
        raise _too_large()
    return answer


async def _body(answer: httpcore.Response | Finding) -> bytes | Finding:
    """The rest of it. Raises ImageError when that is too much or nothing, and what httpcore raises."""
    if isinstance(answer, Finding):
        return answer
    body, pieces, most = bytearray(), 0, _length(answer)
    async for piece in answer.aiter_stream():
        body += piece
        pieces += 1
        if len(body) > most:
            raise _too_large()
        if pieces > _MOST_PIECES:
            raise _failed("its host sends it in too many pieces.")
    if not body:
        raise _failed("its file is empty.")
    return bytes(body)


def _length(answer: httpcore.Response) -> int:
    """How many bytes an answer has; MAX_BYTES where it does not say."""
    return int(_header(answer, b"content-length") or MAX_BYTES)


def _header(answer: httpcore.Response, name: bytes) -> bytes:
    return b", ".join(value for key, value in answer.headers if key.lower() == name)


def _host(address: Address) -> str:
    return address.host if address.port == HTTPS_PORT else f"{address.host}:{address.port}"


def _too_large() -> ImageError:
    return _failed(
        f"its file has more than {MAX_BYTES:,} bytes.", "Send a smaller picture: 1080x1440 pixels as JPEG are enough."
    )


def _failed(problem: str, advice: str = _AGAIN) -> ImageError:
    return ImageError(Finding("fetch_failed", problem, advice))
