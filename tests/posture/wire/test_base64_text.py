import base64
import textwrap
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        lambda text: "\n".join(textwrap.wrap(text, 64)) + "\n",
        lambda text: "\n\t".join(textwrap.wrap(text, 76)),
        lambda text: f"  {text}\n",
        lambda text: f"data:image/png;base64, {text} ",
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
        "not-base64!",
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


@pytest.mark.parametrize(
    "text",
    [
        "QUJ +QUI",  # one sign more or less would be base64
        "QUJDQ UJD",
        "QU  JDQUJ",
        "QUJDQUJ ",
        " UJDQUJD",
        "QUJD QUJD",
        "QU\r\n D QUJD",
        "data:image/png;base64,QUJD QUJD",
        "not base64!",
    ],
)
def test_spaces_within_base64_are_refused_as_such(text: str) -> None:
    error = refusal(text)
    assert error.code == "invalid_base64"
    assert "spaces" in str(error)
    assert "%2B" in error.advice


@given(st.text("A9+/", min_size=1, max_size=100), st.sampled_from([4, 64, 76]))
def test_base64_that_went_through_a_form_is_refused_wherever_its_plus_signs_stood(signs: str, width: int) -> None:
    text = f"/9j/{signs}+".ljust(4 * (len(signs) // 4 + 4), "9")
    for sent in (text, "\r\n".join(textwrap.wrap(text, width)), f"data:image/jpeg;base64,{text}"):
        assert decode(sent) == base64.b64decode(text)
        assert "spaces" in str(refusal(sent.replace("+", " ")))


def test_the_length_of_the_text_is_limited_before_it_is_decoded() -> None:
    assert refusal("A" * (MAX_ENCODED_LENGTH + 1)).code == "image_too_large"
    assert refusal("!" * (MAX_ENCODED_LENGTH + 1)).code == "image_too_large"
    assert decode("A" * MAX_ENCODED_LENGTH) == bytes(MAX_ENCODED_LENGTH // 4 * 3)
