"""From a client's base64 text to bytes."""

import re

import pybase64

from posture.errors import Finding, ImageError

# RunPod's gateway takes 20 MB for a whole request, so that no longer text can arrive by it.
MAX_ENCODED_LENGTH = 20_000_000

_DATA_URL = re.compile(r"data:[^,;]*(;[^,;]*)*;base64,", re.ASCII | re.IGNORECASE)
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
# Between the lines of a text. A space is none: programs write none within base64, but forms make one of every +.
_BREAKS = b"\t\r\n\f\v"


def decode(text: str) -> bytes:
    """The bytes that a client's base64 text stands for.

    It may use the standard or the URL-safe alphabet, with or without padding, line breaks and a `data:` prefix; spaces
    may stand around it, if it is padded.
    Raises ImageError: image_too_large, invalid_base64.
    """
    if len(text) > MAX_ENCODED_LENGTH:
        raise ImageError(
            Finding(
                "image_too_large",
                f"its base64 text has {len(text):,} characters; at most {MAX_ENCODED_LENGTH:,} are taken.",
                "Send a smaller picture: 1080x1440 pixels as JPEG are enough.",
            )
        )
    prefix = _DATA_URL.match(text.lstrip(), 0, 200)
    text = text.lstrip()[prefix.end() :] if prefix else text
    try:
        decoded = _bytes_of(text)
    except ValueError as error:
        raise _not_base64(has_spaces=" " in text) from error
    if not decoded:
        raise _not_base64()
    return decoded


def _bytes_of(text: str) -> bytes:
    """What base64 text stands for. Raises ValueError if it is not that.

    It may be in either alphabet, with or without padding and line breaks; nearly all is written in the first way tried.
    """
    try:
        return pybase64.b64decode(text.strip(), validate=True)
    except ValueError:
        signs = text.strip().encode("ascii").translate(None, _BREAKS)
    digits = signs.rstrip(b"=")
    padding = b"=" * (-len(digits) % 4)
    if signs[len(digits) :] not in (padding, padding if " " in text else b""):
        raise ValueError("wrong padding")
    if any(sign in digits for sign in (b"-", b"_")) and any(sign in digits for sign in (b"+", b"/")):
        raise ValueError("two alphabets in one text")
    return pybase64.b64decode(digits.translate(_TO_STANDARD) + padding, validate=True)


def _not_base64(*, has_spaces: bool = False) -> ImageError:
    if has_spaces:
        return ImageError(
            Finding(
                "invalid_base64",
                "it has spaces: base64 has none, but forms make one of every +.",
                "Send the text as JSON; where it goes through a form or an address, write %2B for every +.",
            )
        )
    return ImageError(
        Finding(
            "invalid_base64",
            "it is not valid base64 text.",
            "Send the bytes of a JPEG or PNG file encoded as base64, whole and unchanged.",
        )
    )
