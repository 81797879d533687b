"""Hosts that speak https on the loopback interface, as well or as badly as a test wants, and certificates for them.

    with Host(script) as host:
        host.port, host.asked

A script is given the path that was asked for and yields what is sent: bytes, or an event that is waited for; what
follows PLAIN is sent past the encryption, as somebody in between could do it.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Script: TypeAlias = Callable[[str], Iterable[bytes | threading.Event]]

NAME = "bucket.store.example"
PLAIN = b"PLAIN"
_NOW = datetime.now(timezone.utc)
_DAY = timedelta(days=1)


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """What a host sends. `length`: that it says, where it lies."""
    said = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*said, "", ""]).encode() + body


class Authority:
    """Signs certificates, and is trusted by nobody who does not have it in `trusted`."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self._signed(self._name, self._key, [constraints], days=1)

    @property
    def pem(self) -> str:
        """Its own certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def trusted(self) -> ssl.SSLContext:
        """A client's trust in this authority alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.pem)
        return context

    def server(self, name: str = NAME, days: int = 1) -> ssl.SSLContext:
        """A server with a certificate for a host's name, which is good for so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._signed(subject, key, [x509.SubjectAlternativeName([x509.DNSName(name)])], days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:  # Python loads none from memory
            file = Path(folder, "server.pem")
            file.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
                + certificate.public_bytes(serialization.Encoding.PEM)
            )
            context.load_cert_chain(file)
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extensions: Sequence[x509.ExtensionType],
        days: int,
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=self._name,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=_NOW - 30 * _DAY,
            not_valid_after=_NOW + days * _DAY,
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256())


class Host:
    """A server on a port of its own. Use it in a `with` statement.

    `asked`: the requests that it has read, whole. `connections`: how many it has taken.
    """

    def __init__(self, script: Script, context: ssl.SSLContext | None) -> None:
        """`context`: None for a host that takes connections and never speaks."""
        self.asked: list[str] = []
        self.connections = 0
        self.closed = threading.Event()
        self._script, self._context = script, context
        self._server = _Server(("127.0.0.1", 0), partial(_Connection, self._serve))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _serve(self, connection: socket.socket) -> None:
        self.connections += 1
        if self._context is None:
            self.closed.wait()
            return
        with self._context.wrap_socket(connection, server_side=True) as speaking:
            read = b""
            while b"\r\n\r\n" not in read:
                more = speaking.recv(65536)
                if not more:
                    return
                read += more
            self.asked.append(read.decode("ascii"))
            sending = speaking.sendall
            for sent in self._script(self.asked[-1].split()[1]):
                if sent is PLAIN:
                    sending = partial(socket.socket.sendall, speaking)
                elif isinstance(sent, threading.Event):
                    while not (sent.wait(0.02) or self.closed.is_set()):
                        pass
                else:
                    sending(sent)

    def __enter__(self) -> "Host":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


class _Connection(BaseRequestHandler):
    def __init__(self, serve: Callable[[socket.socket], None], *connection: Any) -> None:
        self._serve = serve
        super().__init__(*connection)

    def handle(self) -> None:
        """Speaks, until one of the two has enough of it."""
        with suppress(OSError):
            self._serve(self.request)


def always(*pieces: bytes | threading.Event) -> Script:
    """A script that answers everything with the same."""

    def script(_path: str) -> Iterator[bytes | threading.Event]:
        yield from pieces

    return script
