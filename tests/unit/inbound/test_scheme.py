"""Signatures: only what was signed with one of the secrets, over the very bytes, gets through."""

import hashlib
import hmac
from base64 import b64encode
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inbound.lab import NOW, SECRET, generic, github, shared, source_of, vector

from hookyard.config.model import HmacScheme
from hookyard.inbound import BadSignature

SIGNATURE = b"x-hub-signature-256"


def step_of(
    headers: dict[bytes, bytes],
    body: bytes,
    scheme: Literal["github"] | HmacScheme = "github",
    secrets: tuple[str, ...] = (SECRET,),
) -> str | None:
    """The step at which a source refuses, or None when it does not."""
    try:
        source_of(scheme=scheme, secrets=secrets).receive(headers, body, NOW)
    except BadSignature as error:
        return error.step
    return None


def test_the_vector_of_githubs_documentation_is_accepted() -> None:
    headers = github(b"Hello, World!")
    headers[SIGNATURE] = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert step_of(headers, b"Hello, World!") is None


def test_the_published_github_vector_is_accepted() -> None:
    found = vector("github/sha256")
    body = found["body"].encode()
    headers = github(body) | {SIGNATURE: found["signature"].encode()}
    assert step_of(headers, body, secrets=(found["secret"],)) is None


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("generic/sha1-hex", {"algorithm": "sha1"}),
        ("generic/sha256-hex", {}),
        ("shopify/base64", {"encoding": "base64"}),
    ],
)
def test_the_published_generic_vectors_are_accepted(name: str, settings: dict[str, str]) -> None:
    found = vector(name)
    headers = {b"x-signature": found["signature"].encode()}
    source = source_of(scheme=generic(**settings), secrets=(found["secret"],))
    assert source.receive(headers, found["body"].encode(), NOW).event == "webhook"
    with pytest.raises(BadSignature):
        source.receive(headers, found["body"].encode() + b" ", NOW)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_every_algorithm_and_encoding_is_verified(algorithm: str, encoding: str) -> None:
    digest = hmac.digest(SECRET.encode(), b"{}", algorithm)
    text = digest.hex().encode() if encoding == "hex" else b64encode(digest)
    scheme = generic(algorithm=algorithm, encoding=encoding, prefix="v0=")
    assert step_of({b"x-signature": b"v0=" + text}, b"{}", scheme=scheme) is None
    assert step_of({b"x-signature": text}, b"{}", scheme=scheme) == "malformed"


def test_hex_in_capitals_is_the_same_signature() -> None:
    headers = github(b"{}")
    headers[SIGNATURE] = b"sha256=" + headers[SIGNATURE][7:].upper()
    assert step_of(headers, b"{}") is None


def test_every_secret_of_a_rotation_is_accepted_and_no_other() -> None:
    for secret, step in (("old", None), ("new", None), ("other", "mismatch")):
        assert step_of(github(b"{}", secret=secret), b"{}", secrets=("old", "new")) == step


def test_a_body_that_differs_by_one_bit_is_refused() -> None:
    assert step_of(github(b'{"a":1}'), b'{"a":0}') == "mismatch"


def test_the_sha1_header_beside_it_is_never_looked_at() -> None:
    headers = github(b"{}")
    del headers[SIGNATURE]
    headers[b"x-hub-signature"] = b"sha1=" + hmac.digest(SECRET.encode(), b"{}", "sha1").hex().encode()
    assert step_of(headers, b"{}") == "missing"


GOOD = hmac.digest(SECRET.encode(), b"{}", "sha256")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"sha256=",
        b"sha256",
        GOOD.hex().encode(),
        b"sha1=" + GOOD.hex().encode(),
        b"SHA256=" + GOOD.hex().encode(),
        b"sha256=" + GOOD.hex().encode()[:-1],
        b"sha256=" + GOOD.hex().encode()[:-2],
        b"sha256=" + GOOD.hex().encode() + b"00",
        b"sha256= " + GOOD.hex().encode(),
        b"sha256=" + GOOD.hex().encode() + b" ",
        b"sha256=" + GOOD.hex().encode()[:-2] + b" \t",
        b"sha256=" + b"g" * 64,
        b"sha256=" + b"\xff" * 64,
        b"sha256=" + "\u0660".encode() * 32,
        b"sha256=" + GOOD.hex().encode() + b", sha256=" + GOOD.hex().encode(),
        b"sha256=" + b64encode(GOOD),
    ],
)
def test_a_signature_of_another_form_is_malformed(text: bytes) -> None:
    assert step_of(github(b"{}") | {SIGNATURE: text}, b"{}") == "malformed"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b64encode(GOOD).rstrip(b"="),
        b64encode(GOOD) + b"=",
        b64encode(GOOD)[:-4] + b"\n" + b64encode(GOOD)[-4:],
        b64encode(GOOD) + b" ",
        b64encode(GOOD)[:-2] + b"V=",
        b64encode(GOOD[:-1]),
        b"\xff" * 44,
        b"=" * 44,
    ],
)
def test_base64_of_another_form_is_malformed(text: bytes) -> None:
    assert step_of({b"x-signature": text}, b"{}", scheme=generic(encoding="base64")) == "malformed"


@given(
    text=st.binary(max_size=100), encoding=st.sampled_from(["hex", "base64"]), prefix=st.sampled_from(["", "sha256="])
)
def test_no_other_header_value_is_a_signature(text: bytes, encoding: str, prefix: str) -> None:
    scheme = generic(encoding=encoding, prefix=prefix)
    for value in (text, prefix.encode() + text):
        assert step_of({b"x-signature": value}, b"{}", scheme=scheme) in ("malformed", "mismatch")


@given(body=st.binary(max_size=200), flip=st.integers(min_value=0, max_value=255))
def test_a_signature_with_any_bit_flipped_is_refused(body: bytes, flip: int) -> None:
    digest = bytearray(hmac.digest(SECRET.encode(), body, "sha256"))
    assert step_of({b"x-signature": digest.hex().encode()}, body, scheme=generic()) is None
    digest[flip // 8] ^= 1 << flip % 8
    assert step_of({b"x-signature": digest.hex().encode()}, body, scheme=generic()) == "mismatch"


# --- timestamps -------------------------------------------------------------------------------------------------

TIMED = generic(timestamp_header="X-Time", tolerance=300_000)


def timed(stamp: bytes, body: bytes = b"{}") -> dict[bytes, bytes]:
    """Headers whose timestamp is signed as it is written."""
    digest = hmac.digest(SECRET.encode(), stamp + b"." + body, hashlib.sha256)
    return {b"x-signature": digest.hex().encode(), b"x-time": stamp}


@pytest.mark.parametrize("offset", [-300, -1, 0, 1, 300])
def test_a_time_within_the_tolerance_is_accepted(offset: int) -> None:
    assert step_of(timed(b"%d" % (NOW // 1000 + offset)), b"{}", scheme=TIMED) is None


@pytest.mark.parametrize("offset", [-86_400, -301, 301, 86_400])
def test_a_time_outside_the_tolerance_is_refused_on_both_sides(offset: int) -> None:
    assert step_of(timed(b"%d" % (NOW // 1000 + offset)), b"{}", scheme=TIMED) == "timestamp_range"


@pytest.mark.parametrize(
    "stamp",
    [b"", b"hello", b"1e9", b"1_700_000_000", b"+1700000000", b"-1", b" 1700000000", b"1700000000.0", b"1700000000 ",
     b"1700000000, 1700000000", b"0x6553f100", b"1" * 13, "\u0661".encode(), b"1700000000\n"],
)  # fmt: skip
def test_a_time_that_is_not_plain_digits_is_refused_although_it_is_signed(stamp: bytes) -> None:
    assert step_of(timed(stamp), b"{}", scheme=TIMED) == "timestamp_malformed"


def test_the_headers_own_text_is_what_is_signed_leading_zeros_and_all() -> None:
    stamp = b"00" + b"%d" % (NOW // 1000)
    assert step_of(timed(stamp), b"{}", scheme=TIMED) is None
    assert step_of(timed(stamp) | {b"x-time": stamp[2:]}, b"{}", scheme=TIMED) == "mismatch"


def test_a_request_without_its_time_is_refused() -> None:
    headers = timed(b"%d" % (NOW // 1000))
    del headers[b"x-time"]
    assert step_of(headers, b"{}", scheme=TIMED) == "timestamp_missing"


def test_a_signature_over_the_body_alone_is_no_signature_where_a_time_is_demanded() -> None:
    headers = {b"x-signature": GOOD.hex().encode(), b"x-time": b"%d" % (NOW // 1000)}
    assert step_of(headers, b"{}", scheme=TIMED) == "mismatch"


def test_a_refusal_says_nothing_about_why() -> None:
    refusals: set[str] = set()
    for headers in ({}, {b"x-signature": b"x"}, {b"x-signature": b"00" * 32}):
        with pytest.raises(BadSignature) as caught:
            source_of(scheme=generic()).receive(headers, b"{}", NOW)
        refusals.add(f"{caught.value.code} {caught.value.detail} {caught.value.extra}")
    assert refusals == {"invalid_signature The request is not signed as it must be. {}"}


def test_a_real_push_is_verified_over_its_raw_bytes() -> None:
    body = shared("payloads/github/push.json")
    received = source_of().receive(github(body), body, NOW)
    assert (received.event, received.delivery_id, received.body) == ("push", "d-1", body)
