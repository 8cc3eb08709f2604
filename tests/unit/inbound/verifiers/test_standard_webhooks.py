"""Standard Webhooks: published vectors, every mistake that the libraries test for, and those that they let through."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from tests.unit.inbound.verifiers.lab import HEADERS, NOW, keys, request, step, vectors

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import Pair
from hookyard.inbound.verifiers.standard_webhooks import StandardWebhooks
from hookyard.webhook_secret import SecretError

ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
AT = 1614265330
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + b64encode(bytes(32)).decode()
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
PRIVATE = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
V1A = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
VERIFIER = StandardWebhooks()


def sent(
    signature: str = V1, *, delivery: str = ID, timestamp: str = str(AT), body: bytes = BODY, now: int = AT * 1000
) -> InboundRequest:
    headers = {"webhook-id": delivery, "webhook-timestamp": timestamp, "webhook-signature": signature}
    return request(headers, body, now=now)


def test_the_vector_of_the_libraries_is_good() -> None:
    assert step(VERIFIER, sent(), keys(VERIFIER, SECRET)) is None


def test_the_vector_of_a_key_pair_is_good_and_is_what_signing_makes() -> None:
    assert step(VERIFIER, sent(V1A), keys(VERIFIER, PUBLIC)) is None
    signed = VERIFIER.sign(request({"webhook-id": ID}, BODY, now=AT * 1000), PRIVATE)
    assert signed.headers[b"webhook-signature"].decode() == V1A


def test_the_shared_vectors_are_good() -> None:
    for one in vectors("standard-webhooks/v1") + vectors("standard-webhooks/v1a"):
        made = sent(one["signature"], delivery=one["id"], timestamp=one["timestamp"], body=one["body"].encode())
        assert step(VERIFIER, made, keys(VERIFIER, one.get("public", one["secret"]))) is None


def test_what_the_reference_library_signs_is_good_and_it_takes_what_is_signed_here() -> None:
    at = datetime.fromtimestamp(NOW // 1000, UTC)
    theirs = Webhook(SECRET).sign("msg_1", at, BODY.decode())
    made = sent(theirs, delivery="msg_1", timestamp=str(NOW // 1000), now=NOW)
    assert step(VERIFIER, made, keys(VERIFIER, SECRET)) is None
    ours = VERIFIER.sign(request({"webhook-id": "msg_1"}, BODY), SECRET)
    assert ours.headers[b"webhook-signature"].decode() == theirs


def test_any_signature_by_any_secret_will_do_and_other_versions_are_passed_over() -> None:
    everything = f"v2,noise v1 ,x v1,!!! v1,{'A' * 43}= v1a,short {V1A} {V1}"
    for secrets, number in (([OTHER, SECRET], 1), ([OTHER, PUBLIC], 1), ([SECRET, OTHER], 0)):
        assert VERIFIER.verify(sent(everything), keys(VERIFIER, *secrets)).number == number


def test_padding_of_secrets_and_signatures_may_be_left_out() -> None:
    secret = "whsec_" + b64encode(bytes(25)).decode().rstrip("=")
    signed = VERIFIER.sign(request({}, BODY), secret.removeprefix("whsec_"))
    signature = signed.headers[b"webhook-signature"].rstrip(b"=")
    bare = InboundRequest(headers={**signed.headers, b"webhook-signature": signature}, body=BODY, now=NOW)
    assert step(VERIFIER, bare, keys(VERIFIER, secret)) is None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (sent("v1,"), "malformed"),
        (sent("v1"), "malformed"),
        (sent("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="), "malformed"),  # not canonical
        (sent(V1.lower()), "malformed"),
        (sent(V1[3:]), "malformed"),
        (sent("v2," + V1[3:]), "malformed"),
        (sent("v1a," + V1[3:]), "malformed"),
        (sent("v1," + V1A[4:]), "malformed"),
        (sent(V1.replace("g0", "G0")), "mismatch"),
        (sent(V1A), "mismatch"),
        (sent(delivery="msg_other"), "mismatch"),
        (sent(delivery="msg.1"), "malformed"),
        (sent(delivery="msg 1"), "malformed"),
        (sent(timestamp=str(AT + 1)), "mismatch"),
        (sent(timestamp=f"0{AT}"), "mismatch"),  # the same number, but not the text that was signed
        (sent(timestamp="hello"), "timestamp_malformed"),
        (sent(timestamp=f"{AT}.0"), "timestamp_malformed"),
        (sent(timestamp=f" {AT}"), "timestamp_malformed"),
        (sent(timestamp=f"+{AT}"), "timestamp_malformed"),
        (sent(timestamp="1_614_265_330"), "timestamp_malformed"),
        (sent(timestamp="1e9"), "timestamp_malformed"),
        (sent(timestamp="\xb9\xb2"), "timestamp_malformed"),
        (sent(timestamp="-5"), "timestamp_malformed"),
        (sent(timestamp="9" * 13), "timestamp_malformed"),
        (sent(now=AT * 1000 + 300_001), "timestamp_range"),
        (sent(now=AT * 1000 - 300_001), "timestamp_range"),
        (sent(now=AT * 1000 + 300_000), None),
        (sent(now=AT * 1000 - 300_000), None),
        (sent(body=BODY[:-1]), "mismatch"),
        (sent(body=BODY + b"\n"), "mismatch"),
    ],
)
def test_it_is_as_strict_as_it_must_be(changed: InboundRequest, expected: str | None) -> None:
    assert step(VERIFIER, changed, keys(VERIFIER, SECRET)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("webhook-id", "missing"), ("webhook-timestamp", "timestamp_missing"), ("webhook-signature", "missing")],
)
def test_each_header_must_be_there_once(name: str, expected: str) -> None:
    given = sent()
    without = {key: value for key, value in given.headers.items() if key != name.encode()}
    found = keys(VERIFIER, SECRET)
    assert step(VERIFIER, InboundRequest(headers=without, body=BODY, now=given.now), found) == expected
    empty = {**given.headers, name.encode(): b""}
    assert step(VERIFIER, InboundRequest(headers=empty, body=BODY, now=given.now), found) == expected
    twice = InboundRequest(headers=given.headers, body=BODY, now=given.now, repeated=frozenset({name.encode()}))
    assert step(VERIFIER, twice, found) == "repeated"


def test_the_part_of_the_id_cannot_become_part_of_the_body() -> None:
    """`a.1.b` is what is signed for the id `a` and the body `b`, and also for the id `a.1` of an older time."""
    signed = VERIFIER.sign(request({"webhook-id": "a"}, b"x"), SECRET)
    at = signed.headers[b"webhook-timestamp"].decode()
    shifted = sent(signed.headers[b"webhook-signature"].decode(), delivery=f"a.{at}", timestamp=at, now=NOW)
    assert step(VERIFIER, shifted, keys(VERIFIER, SECRET)) == "malformed"


def test_signatures_beyond_the_sixteenth_are_not_looked_at() -> None:
    assert step(VERIFIER, sent(" ".join(["v2,x"] * 15 + [V1])), keys(VERIFIER, SECRET)) is None
    assert step(VERIFIER, sent(" ".join(["v2,x"] * 16 + [V1])), keys(VERIFIER, SECRET)) == "malformed"


def test_headers_may_have_any_prefix_and_the_tolerance_any_length() -> None:
    svix = StandardWebhooks("Svix", tolerance=1000)
    signed = svix.sign(request({}, BODY), SECRET)
    assert {b"svix-id", b"svix-timestamp", b"svix-signature"} == signed.headers.keys()
    assert step(svix, signed, keys(svix, SECRET)) is None
    late = InboundRequest(headers=signed.headers, body=BODY, now=NOW + 1001)
    assert step(svix, late, keys(svix, SECRET)) == "timestamp_range"
    assert step(VERIFIER, signed, keys(VERIFIER, SECRET)) == "missing"


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "24 to 64"),
        ("whsec_", "24 to 64"),
        ("whsec_AAAA", "24 to 64"),
        ("whsec_!!!", "not base64"),
        ("whpk_AAAA", "32 bytes"),
        ("whpk_", "32 bytes"),
        (PRIVATE, "private key"),
    ],
)
def test_what_can_be_no_secret_is_refused_and_not_quoted(secret: str, why: str) -> None:
    with pytest.raises(SecretError, match=why) as caught:
        VERIFIER.load(secret)
    assert secret[6:] == "" or secret[6:] not in str(caught.value)


def test_without_secrets_nothing_is_good() -> None:
    assert step(VERIFIER, sent(), []) == "no_secret"


def key_pair() -> Pair:
    """A random key pair, for signatures `v1a`."""
    private = Ed25519PrivateKey.generate()
    seed, public = private.private_bytes_raw(), private.public_key().public_bytes_raw()
    return Pair("whsk_" + b64encode(seed + public).decode(), "whpk_" + b64encode(public).decode())


def test_a_random_key_pair_signs_and_verifies() -> None:
    pair, other = key_pair(), key_pair()
    signed = VERIFIER.sign(request({}, b"\xff\x00"), pair.signing)
    assert step(VERIFIER, signed, keys(VERIFIER, pair.verifying)) is None
    assert step(VERIFIER, signed, keys(VERIFIER, other.verifying, SECRET)) == "mismatch"


@given(delivery=HEADERS, timestamp=HEADERS, signature=HEADERS, body=st.binary(max_size=50))
def test_nothing_that_is_sent_raises_anything_else(
    delivery: bytes, timestamp: bytes, signature: bytes, body: bytes
) -> None:
    headers = {b"webhook-id": delivery, b"webhook-timestamp": timestamp, b"webhook-signature": signature}
    found = keys(VERIFIER, SECRET, PUBLIC)
    assert step(VERIFIER, InboundRequest(headers=headers, body=body, now=NOW), found) is not None
    headers |= {b"webhook-id": b"a", b"webhook-timestamp": b"%d" % (NOW // 1000)}
    assert step(VERIFIER, InboundRequest(headers=headers, body=body, now=NOW), found) is not None
