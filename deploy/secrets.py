"""Keeps what nobody may read out of what is printed: secrets, in every form in which they may come back."""

import base64
import html
import io
import json
import re
from functools import lru_cache
from typing import TextIO
from urllib.parse import quote, quote_plus

# In a shorter secret the few characters that base64 makes of it are found in other words too.
_SHORTEST_IN_BASE64 = 6
_WORD = re.compile(r"[A-Za-z0-9+/_=-]+")


def hide(text: str, secret: str, mark: str) -> str:
    """The text with `mark` wherever the secret stands in it: as it is, or as addresses, JSON, HTML and base64 write it.

    In base64 it is found too where it is a part of what was encoded, as in `Bearer KEY`; the whole word then goes.
    """
    if not secret:
        return text
    written, encoded = _patterns(secret)
    text = _WORD.sub(lambda word: mark if encoded.search(word[0]) else word[0], text)
    return written.sub(lambda _found: mark, text)


@lru_cache
def _patterns(secret: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds the secret as it may be written, and in base64."""
    raw = secret.encode()
    forms = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        html.escape(secret),
        raw.hex(),
    }
    forms.add("".join(f"%{byte:02x}" for byte in raw))
    encoded = {part for form in forms for part in _in_base64(form.encode()) if len(raw) >= _SHORTEST_IN_BASE64}
    return _any(forms), _any(encoded) if encoded else re.compile(r"(?!)")


def _any(forms: set[str]) -> re.Pattern[str]:
    # Of two that begin alike the longer one goes first. Hexadecimal digits may be small or large, names of hosts too.
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)


def _in_base64(raw: bytes) -> set[str]:
    """The characters that stand for nothing but `raw`, by how many bytes of its first group stand before it."""
    forms = set[str]()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        inner = encoded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


class Discreet(io.TextIOBase):
    """A stream that passes on what is written to it, without the key, and without what would steer a terminal or that
    it cannot write.
    """

    def __init__(self, stream: TextIO, key: str) -> None:
        self._stream = stream
        self._key = key

    def write(self, text: str) -> int:
        """Writes a text; a key that lies across two of them is not found."""
        readable = "".join(character if character == "\n" or character.isprintable() else "?" for character in text)
        encoding = self._stream.encoding or "utf-8"  # what it has no characters for would be an error
        hidden = hide(readable, self._key, "[key]").encode(encoding, "replace").decode(encoding)
        return self._stream.write(hidden)

    def flush(self) -> None:
        """What a program expects of its output."""
        self._stream.flush()
