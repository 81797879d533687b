from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posture.errors import Finding, ImageError
from posture.wire.address import MAX_LENGTH, Address, host, is_address, read
from posture.wire.request import parse

STORE = "bucket.s3.eu-central-1.amazonaws.com"
HOSTS = frozenset({(STORE, 443), ("photos.example.org", 8443)})
PRESIGNED = f"https://{STORE}/a%20b/front.jpg?X-Amz-Signature={'0f' * 32}&X-Amz-Security-Token={'IQ%2B/' * 400}"


def refusal(text: str, hosts: frozenset[tuple[str, int]] = HOSTS) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read(text, hosts)
    assert caught.value.code == "url_not_allowed"
    told = str(caught.value) + caught.value.advice
    assert "amazonaws" not in told
    assert "example" not in told
    return caught.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://{STORE}/front.jpg", (STORE, 443, "/front.jpg")),
        (f" https://{STORE}:443/front.jpg\n", (STORE, 443, "/front.jpg")),
        (f"HTTPS://{STORE.upper()}/Front.JPG", (STORE, 443, "/Front.JPG")),
        (f"https://{STORE}", (STORE, 443, "/")),
        (f"https://{STORE}?id=1", (STORE, 443, "/?id=1")),
        ("https://photos.example.org:8443/../%2e//a?b=https://evil.example/@x:1",
         ("photos.example.org", 8443, "/../%2e//a?b=https://evil.example/@x:1")),
        (PRESIGNED, (STORE, 443, PRESIGNED.partition(STORE)[2])),
    ],
)  # fmt: skip
def test_an_https_address_of_a_host_that_is_allowed_is_taken_as_it_is(
    text: str, expected: tuple[str, int, str]
) -> None:
    found = read(text, HOSTS)
    assert (found.host, found.port, found.target) == expected
    assert repr(found) == "Address()"


# What may look to one reader like a host that is allowed and lead another reader elsewhere, or is no https.
HOSTILE = [
    f"http://{STORE}/", f"ftp://{STORE}/", "file:///etc/passwd", f"s3://{STORE}/x", f"blob:https://{STORE}/x",
    "javascript:alert(1)", "gopher://127.0.0.1:11211/_", "https:", "https:/", "https://", "https:///", "https:///etc",
    f"https:/{STORE}/", f"https:{STORE}/", f"https:\\\\{STORE}\\x", f"https:///{STORE}/",
    f"https://{STORE}@evil.example/", f"https://evil.example@{STORE}/", f"https://user:pass@{STORE}/",
    f"https://@{STORE}/", f"https://{STORE}:443@evil.example/", f"https://{STORE}%40evil.example/",
    f"https://evil.example/@{STORE}/", f"https://evil.example/?{STORE}", f"https://evil.example#{STORE}",
    f"https://evil.example\\@{STORE}/", f"https://{STORE}\\@evil.example/", f"https://{STORE}\\.evil.example/",
    f"https://{STORE}\\/x", f"https://{STORE}#x", f"https://{STORE}/x#@evil.example",
    f"https://{STORE}./x", f"https://.{STORE}/x", f"https://{STORE}.evil.example/", f"https://evil-{STORE}/",
    f"https://a.{STORE}/", "https://amazonaws.com/", "https://s3.eu-central-1.amazonaws.com/bucket/x",
    f"https://{STORE}:80/", f"https://{STORE}:8443/", f"https://{STORE}:/", f"https://{STORE}:0443/",
    f"https://{STORE}:443443/", f"https://{STORE}:0/", f"https://{STORE}:-1/", f"https://{STORE}:+443/",
    f"https://{STORE}:\uff14\uff14\uff13/", f"https://{STORE}: 443/", "https://photos.example.org/",
    f"https://{STORE}\n.evil.example/", f"https://{STORE}/x\ny", f"https://{STORE}/x\r\nHost: evil.example",
    f"https://\n{STORE}/", f"ht\ntps://{STORE}/", f"https://{STORE}/a b", f"https://{STORE}/x\ty", f"https://{STORE} /",
    f"https://{STORE}/\0", f"https://{STORE}\0.evil.example/", f"https://{STORE}/\x7f", f"https://{STORE}/\ud800",
    "https://bucket\u3002s3.eu-central-1.amazonaws.com/", "https://bucket\uff0es3.eu-central-1.amazonaws.com/",
    "https://bucket\uff61s3.eu-central-1.amazonaws.com/", f"https://{STORE}\u2044x", f"https://{STORE}\uff0fx",
    "https://\uff42ucket.s3.eu-central-1.amazonaws.com/", "https://buc\u212aet.s3.eu-central-1.amazonaws.com/",
    "https://xn--bcket-kva.example/", "https://b\xfccket.example/", "https://buc\u017fet.example/",
    "https://photo\u017f.example.org:8443/", f"https://{STORE}/\xfc",
    "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://017700000001/", "https://127.1/",
    "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/", "https://169.254.169.254/latest",
    "https://localhost/", "https://0/", f"https://[{STORE}]/", f"https://{STORE}%2f@evil.example/",
    f"https://{STORE}%00/", f"https://{STORE};x/", f"https://{STORE}&x", f"//{STORE}:443/x:",
    f"https://{STORE}/{'x' * MAX_LENGTH}", f"view-source:https://{STORE}/",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_every_other_address_is_refused_and_not_repeated(text: str) -> None:
    refusal(text)


def test_the_longest_address_is_taken() -> None:
    begin = f"https://{STORE}/"
    assert len(read(begin + "x" * (MAX_LENGTH - len(begin)), HOSTS).target) == MAX_LENGTH - len(begin) + 1
    assert f"at most {MAX_LENGTH:,} ASCII characters" in refusal(begin + "x" * MAX_LENGTH).advice


@given(st.text("htps:/@.#?\\[]%\n\u3002aA1-", max_size=30))
@example("@evil.example")
def test_nothing_that_is_written_into_an_address_leads_to_another_host(written: str) -> None:
    for at in (0, 8, 8 + len(STORE)):
        text = f"https://{STORE}/"
        with suppress(ImageError):
            found = read(text[:at] + written + text[at:], HOSTS)
            assert (found.host, found.port) == (STORE, 443)
            assert found.target.startswith("/")


@pytest.mark.parametrize("text", [PRESIGNED, f"http://{STORE}/", "https://evil.example/"])
def test_where_none_is_allowed_it_says_so_and_asks_for_the_picture(text: str) -> None:
    error = refusal(text, frozenset())
    assert str(error) == "Image validation failed: it is an address, and this worker fetches no photos."
    assert error.advice == "Send the picture itself as base64 text."


@pytest.mark.parametrize(
    "text", ["/9j/4AAQSkZJRg==", "//8=", "data:image/jpeg;base64,/9j/", "DATA:,x", "C:\\a", "https"]
)
def test_what_may_be_base64_or_the_beginning_of_it_is_no_address(text: str) -> None:
    assert not is_address(text)
    assert is_address(f" \nhttps://{STORE}/{text}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (STORE, (STORE, 443)),
        ("Photos.Example.org:8443", ("photos.example.org", 8443)),
        ("xn--bcket-kva.example", ("xn--bcket-kva.example", 443)),
        ("a.bc:65535", ("a.bc", 65535)),
        ("account.r2.cloudflarestorage.com:443", ("account.r2.cloudflarestorage.com", 443)),
    ],
)
def test_a_host_is_named_exactly(text: str, expected: tuple[str, int]) -> None:
    assert host(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "*.amazonaws.com", "https://a.example", "a.example/", "a.example/b", "a.example.", ".a.example",
        "a..example", "-a.example", "a-.example", "a_b.example", "localhost", "127.0.0.1", "0x7f.1", "a.0x7f", "[::1]",
        "a.example:0", "a.example:65536", "a.example:", "a.example:443:443", "u@a.example", "b\xfccket.example",
        "a\u3002example", "a.example b.example", f"{'a' * 64}.example", f"{'a.' * 130}example", "a.example\n",
    ],
)  # fmt: skip
def test_a_host_that_is_not_named_exactly_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no exact name"):
        host(text)


def test_in_a_request_an_address_stands_beside_base64_in_either_spelling() -> None:
    for names in (("front", "side"), ("front_image", "side_image")):
        one, other = names
        mixed = parse({"input": {one: PRESIGNED, other: "c2lkZQ=="}}, hosts=HOSTS)
        assert mixed.photos == {"side": b"side"}
        assert mixed.characters == {"side": 8}
        assert mixed.addresses == {"front": Address(STORE, 443, PRESIGNED.partition(STORE)[2])}
        both = parse({"input": dict.fromkeys(names, PRESIGNED)}, hosts=HOSTS)
        assert (len(both.photos), len(both.characters)) == (0, 0)
        assert both.addresses.keys() == {"front", "side"}
        assert "amazonaws" not in repr(both)


def test_an_address_that_is_not_allowed_is_a_finding_in_its_photos_place() -> None:
    for hosts in ((), HOSTS):
        request = parse({"front": "https://evil.example/", "side": "c2lkZQ=="}, hosts=hosts)
        found = request.photos["front"]
        assert isinstance(found, Finding)
        assert (found.code, request.addresses) == ("url_not_allowed", {})
