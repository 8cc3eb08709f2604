import base64
import hmac
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from hookyard.client import SecretError, VerificationError, verify

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW = 1_700_000_000
BODY = b'{"type":"job.succeeded"}'


def signed(*secrets: str, at: int | str = NOW, body: bytes = BODY, identifier: str = "msg_1") -> dict[str, str]:
    content = f"{identifier}.{at}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets or (OLD,)]
    signatures = ["v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys]
    return {"webhook-id": identifier, "webhook-timestamp": str(at), "webhook-signature": " ".join(signatures)}


def refused(headers: dict[str, str], body: bytes = BODY, now: float = NOW) -> str:
    with pytest.raises(VerificationError) as raised:
        verify(headers, body, [OLD], now=now)
    return str(raised.value)


def test_what_the_signer_signs_is_verified() -> None:
    verify(signed(), BODY, OLD, now=NOW)


def test_what_the_reference_library_signs_is_verified() -> None:
    now = int(time.time())
    signature = Webhook(OLD).sign("msg_1", datetime.fromtimestamp(now, UTC), BODY.decode())
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(now), "Webhook-Signature": signature}
    verify(headers, BODY, OLD)


def test_what_is_verified_here_is_verified_by_the_reference_library() -> None:
    headers = signed(at=int(time.time()))
    verify(headers, BODY, OLD)
    Webhook(OLD).verify(BODY, headers)


def test_either_secret_of_a_rotation_may_have_signed() -> None:
    verify(signed(OLD), BODY, [NEW, OLD], now=NOW)
    verify(signed(NEW), BODY, [NEW, OLD], now=NOW)
    verify(signed(NEW, OLD), BODY, OLD, now=NOW)


def test_a_body_that_is_not_utf8_is_verified_as_bytes() -> None:
    body = b"\xff\x00\xfe"
    verify(signed(body=body), body, OLD, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_empty_header_is_named(name: str, value: str | None) -> None:
    headers = signed()
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    assert name in refused(headers)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "1e9",
        "1_700_000_000",
        "1700000000.0",
        "+1700000000",
        " 1700000000",
        "-1",
        "\N{ARABIC-INDIC DIGIT ONE}" * 10,
        "1700000000\n",
    ],
)
def test_a_timestamp_is_ascii_digits_even_when_it_is_signed(text: str) -> None:
    assert "not a number" in refused(signed(at=text))


def test_a_timestamp_is_signed_as_it_was_written() -> None:
    verify(signed(at=f"00{NOW}"), BODY, OLD, now=NOW)


@pytest.mark.parametrize("off", [-301, 301])
def test_a_timestamp_beyond_the_tolerance_is_refused(off: int) -> None:
    way = "too old" if off < 0 else "too new"
    assert refused(signed(at=NOW + off)) == f"webhook-timestamp is {way}, by 301 s with 300 s allowed"


@pytest.mark.parametrize("off", [-300, 300])
def test_a_timestamp_at_the_edge_of_the_tolerance_is_taken(off: int) -> None:
    verify(signed(at=NOW + off), BODY, OLD, now=NOW)


def test_the_tolerance_can_be_set() -> None:
    verify(signed(at=NOW - 3000), BODY, OLD, now=NOW, tolerance=3600)
    assert "too old" in refused(signed(), now=float("nan"))


def test_changed_body_id_or_timestamp_is_refused() -> None:
    assert "no v1 signature" in refused(signed(), body=BODY + b" ")
    assert "no v1 signature" in refused(signed() | {"webhook-id": "msg_2"})
    assert "no v1 signature" in refused(signed() | {"webhook-timestamp": str(NOW + 1)})


@pytest.mark.parametrize(
    "noise",
    ["v2,AAAA", "v1a,AAAA", "nonsense", "v1", "v1,", "v1,%%%", "v1,ü", ",", "v1,AAAA,BBBB", "  "],
)
def test_other_entries_are_passed_over(noise: str) -> None:
    headers = signed()
    verify(headers | {"webhook-signature": f"{noise} {headers['webhook-signature']}"}, BODY, OLD, now=NOW)
    assert refused(headers | {"webhook-signature": noise})


def test_the_right_digest_under_another_version_does_not_count() -> None:
    headers = signed()
    assert refused(headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")})


def test_half_a_digest_does_not_count() -> None:
    headers = signed()
    digest = base64.b64decode(headers["webhook-signature"].removeprefix("v1,"))
    half = "v1," + base64.b64encode(digest[:16]).decode()
    assert refused(headers | {"webhook-signature": half})


def test_only_the_first_entries_of_an_endless_header_are_looked_at() -> None:
    headers = signed()
    flood = " ".join(["v1,AAAA"] * 32)
    assert refused(headers | {"webhook-signature": f"{flood} {headers['webhook-signature']}"})


def test_a_receiver_without_a_usable_secret_is_told_so() -> None:
    with pytest.raises(SecretError):
        verify(signed(), BODY, "whsec_c2hvcnQ=", now=NOW)
    with pytest.raises(ValueError, match="at least one"):
        verify(signed(), BODY, [], now=NOW)


@given(
    st.fixed_dictionaries(
        {
            "webhook-id": st.text(),
            "webhook-timestamp": st.text() | st.just(str(NOW)),
            "webhook-signature": st.text() | st.from_regex(r"(v1,[A-Za-z0-9+/=]* ?)*", fullmatch=True),
        }
    )
)
def test_no_header_raises_anything_but_the_documented_error(headers: dict[str, str]) -> None:
    with pytest.raises(VerificationError):
        verify(headers, BODY, OLD, now=NOW)
