"""From a client's text to the address of a photo, if it is one that may be fetched."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from posture.errors import Finding, ImageError

# A name in small letters and a port.
Host: TypeAlias = tuple[str, int]

# Presigned links have 300 to 3,000 characters; nginx and Apache read no more than this of one.
MAX_LENGTH = 8192

HTTPS_PORT = 443
_MAX_PORT = 65535
_MAX_NAME = 253

# No base64 has a colon; what begins with `data:` is base64 text. A single letter is a drive of Windows.
_BEGINS = re.compile(r"\s*(?!data:)[a-z][a-z0-9+.-]{1,20}:", re.ASCII | re.IGNORECASE)
_PORT = r"(?::(?P<port>[1-9][0-9]{0,4}))?"
# All that is not of this shape is refused and nothing is mended, so that nobody can read another host out of it: no
# user name, no fragment, no backslash, nothing but ASCII.
_PLAIN = re.compile(rf"https://(?P<host>[a-z0-9.-]+){_PORT}(?P<target>[/?][!\"$-\[\]-~]*)?", re.ASCII | re.IGNORECASE)
# A name of several parts, of which the last is no number: that may be an IP address in one of its many spellings.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?P<host>(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]){_PORT}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """Where a photo can be had by https. `target`: path and query as they are sent. It does not show what it holds."""

    host: str = field(repr=False)
    port: int = field(repr=False)
    target: str = field(repr=False)


def host(text: str) -> Host:
    """A host as an operator names it: its exact name, perhaps with a port. Raises ValueError."""
    found = _HOST.fullmatch(text)
    if not found or len(found["host"]) > _MAX_NAME or _port(found) > _MAX_PORT:
        raise ValueError("no exact name of a host")
    return found["host"].lower(), _port(found)


def is_address(text: str) -> bool:
    """Whether a client's text is an address of any kind, and so no base64."""
    return _BEGINS.match(text) is not None


def read(text: str, hosts: Collection[Host]) -> Address:
    """The address that a text is. `hosts`: those that are allowed. Raises ImageError: url_not_allowed."""
    if not hosts:
        raise ImageError(
            Finding(
                "url_not_allowed",
                "it is an address, and this worker fetches no photos.",
                "Send the picture itself as base64 text.",
            )
        )
    text = text.strip()
    found = _PLAIN.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if not found:
        raise _not_allowed("its address is not one that is fetched.")
    name, target = found["host"].lower(), found["target"] or "/"
    if (name, _port(found)) not in hosts:
        raise _not_allowed("the operator of this worker does not allow the host, or the port, of its address.")
    return Address(name, _port(found), target if target.startswith("/") else f"/{target}")


def _port(found: re.Match[str]) -> int:
    return int(found["port"] or HTTPS_PORT)


def _not_allowed(problem: str) -> ImageError:
    return ImageError(
        Finding(
            "url_not_allowed",
            problem,
            f"Send an https:// address of a host that the operator allows, of at most {MAX_LENGTH:,} ASCII characters, "
            "without a user name, a fragment or another port; or send the picture itself as base64 text.",
        )
    )
