import base64
import textwrap
from collections.abc import Callable

import pytest

from posture.errors import ImageError
from posture.wire.base64_text import MAX_ENCODED_LENGTH, decode
from testing.builders import picture
from testing.pictures import file_bytes


def refusal(text: str) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode(text)
    return caught.value


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text,
        lambda text: text.rstrip("="),
        lambda text: "\r\n".join(textwrap.wrap(text, 76)),
        lambda text: f"  {text}\n",
        lambda text: f"data:image/png;base64,{text}",
        lambda text: f"data:image/png;charset=utf-8;base64,{text}",
        lambda text: f"data:;base64,{text}",
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
    ],
)
def test_base64_is_taken_in_every_common_spelling(written: Callable[[str], str]) -> None:
    data = file_bytes(picture()) + b"\xfb\xef\xff\xfe"  # a tail that needs +, / and padding
    text = base64.b64encode(data).decode()
    assert {"+", "/", "="} <= set(text)
    assert decode(written(text)) == data


@pytest.mark.parametrize(
    "text",
    [
        "not base64!",
        "AAAA=AAA",
        "QUJD=",
        "QUI====",
        "QUJDR",
        "QUJD\N{SNOWMAN}",
        "+/-_",
        "data:image/png;base64,",
        "data:image/png,QUJD",
        "QUJD\0",
    ],
)
def test_what_is_not_base64_is_refused(text: str) -> None:
    error = refusal(text)
    assert error.code == "invalid_base64"
    assert str(error) == "Image validation failed: it is not valid base64 text."


def test_the_length_of_the_text_is_limited_before_it_is_decoded() -> None:
    assert refusal("A" * (MAX_ENCODED_LENGTH + 1)).code == "image_too_large"
    assert refusal("!" * (MAX_ENCODED_LENGTH + 1)).code == "image_too_large"
    assert decode("A" * MAX_ENCODED_LENGTH) == bytes(MAX_ENCODED_LENGTH // 4 * 3)
