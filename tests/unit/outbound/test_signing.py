import base64
import hashlib
import json
import time
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from hookyard.outbound.signing import Signer
from hookyard.webhook_secret import SecretError, secret_key


class Vector(TypedDict):
    secret: str
    id: str
    timestamp: str
    body: str
    signature: str


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLISHED: list[Vector] = [
    {
        "secret": SECRET,
        "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "timestamp": "1614265330",
        "body": '{"test": 2432232314}',
        "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    {
        # From Svix' server tests.
        "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "id": "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        "timestamp": "1649367553",
        "body": '{"email":"test@example.com","username":"test_user"}',
        "signature": "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    },
]
SHARED = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "signatures.json"


def sign(vector: Vector) -> str:
    return Signer([vector["secret"]]).sign(vector["id"], vector["timestamp"], vector["body"].encode())


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["id"])
def test_a_published_vector_is_signed_as_published(vector: Vector) -> None:
    assert sign(vector) == vector["signature"]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not beside this checkout")
def test_every_shared_v1_vector_is_signed_as_published() -> None:
    vectors = [v for v in json.loads(SHARED.read_text()) if v["scheme"] == "standard-webhooks/v1"]
    assert vectors
    assert [sign(v) for v in vectors] == [v["signature"] for v in vectors]


@given(key=st.binary(min_size=24, max_size=64), body=st.binary(max_size=4096))
def test_a_signature_is_the_hmac_of_id_timestamp_and_body(key: bytes, body: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    signature = Signer([secret]).sign("id", 1, body)
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")) + b"id.1." + body).digest()
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")) + inner).digest()
    assert signature == "v1," + base64.b64encode(outer).decode()


def test_every_secret_of_a_rotation_signs_and_the_reference_library_takes_each() -> None:
    old, new = SECRET, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    now = int(time.time())
    signature = Signer([old, new]).sign("msg_1", now, b"{}")
    assert len(signature.split(" ")) == 2
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}
    for secret in (old, new):
        Webhook(secret).verify("{}", headers)


def test_the_prefix_and_the_padding_of_a_secret_may_be_left_out() -> None:
    key = bytes(range(25))
    padded = base64.b64encode(key).decode()
    assert padded.endswith("==")
    for text in (padded, padded.rstrip("="), "whsec_" + padded, "whsec_" + padded.rstrip("=")):
        assert secret_key(text) == key


@pytest.mark.parametrize("size", [24, 64])
def test_keys_of_the_allowed_sizes_are_taken(size: int) -> None:
    assert len(secret_key("whsec_" + base64.b64encode(bytes(size)).decode())) == size


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_not base64 at all, is it?",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_ünïcode",
    ],
)
def test_a_secret_that_is_none_is_refused_without_quoting_it(secret: str) -> None:
    with pytest.raises(SecretError) as raised:
        Signer([secret])
    assert len(secret) < 7 or secret.removeprefix("whsec_") not in str(raised.value)


def test_a_signer_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Signer([])
