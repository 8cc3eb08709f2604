import base64
import hmac
import json
import time
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from tests.unit.outbound.signing.lab import (
    BODY,
    ID,
    KEY,
    NOW,
    OTHER,
    PUBLIC,
    SECRET,
    V1,
    V1_OTHER,
    V1A,
    form,
    rendered,
)

from hookyard.client import verify
from hookyard.outbound.form import Rendered
from hookyard.outbound.signing import SigningSecret, new_key, new_secret
from hookyard.webhook_secret import PublicKey, SecretError, secret_key


class Vector(TypedDict):
    secret: str
    id: str
    timestamp: str
    body: str
    signature: str


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
SHARED = Path(__file__).resolve().parents[5] / "shared" / "vectors" / "signatures.json"


def sign(vector: Vector) -> str:
    made = form(vector["secret"]).render(vector["id"], "x", vector["body"].encode(), int(vector["timestamp"]) * 1000)
    assert made.headers["webhook-timestamp"] == vector["timestamp"]
    return made.headers["webhook-signature"]


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["id"])
def test_a_published_vector_is_signed_as_published(vector: Vector) -> None:
    assert sign(vector) == vector["signature"]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared vectors are not beside this checkout")
@pytest.mark.parametrize("version", ["v1", "v1a"])
def test_every_shared_vector_is_signed_as_published(version: str) -> None:
    vectors = [v for v in json.loads(SHARED.read_text()) if v["scheme"] == f"standard-webhooks/{version}"]
    assert vectors
    assert [sign(v) for v in vectors] == [v["signature"] for v in vectors]


@given(key=st.binary(min_size=24, max_size=64), body=st.binary(max_size=4096))
def test_a_signature_is_the_hmac_of_id_timestamp_and_body(key: bytes, body: bytes) -> None:
    made = form("whsec_" + base64.b64encode(key).decode()).render("id", "x", body, 1999)
    expected = base64.b64encode(hmac.digest(key, b"id.1." + body, "sha256")).decode()
    assert made.headers["webhook-signature"] == f"v1,{expected}"
    assert made.body == body


def test_the_usual_request_has_these_headers_and_no_others() -> None:
    assert rendered(form()) == Rendered(
        {
            "webhook-id": ID,
            "webhook-timestamp": str(NOW),
            "webhook-signature": V1,
            "content-type": "application/json",
            "user-agent": "Hookyard/1",
        },
        BODY,
    )


def test_both_kinds_of_keys_sign_at_once_shared_secrets_first() -> None:
    made = rendered(form(KEY, SECRET, OTHER))
    assert made.headers["webhook-signature"] == f"{V1} {V1_OTHER} {V1A}"
    assert rendered(form(KEY)).headers["webhook-signature"] == V1A


def test_the_newest_signs_first_and_none_after_its_time() -> None:
    secrets = [SigningSecret(OTHER, (NOW + 10) * 1000), SigningSecret(SECRET), SigningSecret(KEY, (NOW + 20) * 1000)]
    made = form(*secrets)

    def signed(seconds: int) -> list[str]:
        headers = rendered(made, now=seconds * 1000).headers
        return [entry.partition(",")[0] for entry in headers["webhook-signature"].split(" ")]

    assert rendered(made).headers["webhook-signature"] == f"{V1} {V1_OTHER} {V1A}"
    assert signed(NOW + 9) == ["v1", "v1", "v1a"]
    assert signed(NOW + 10) == ["v1", "v1a"]
    assert signed(NOW + 20) == ["v1"]


def test_a_secret_that_ends_signs_as_one_that_does_not_and_then_nothing_is_made() -> None:
    made = form(SigningSecret(SECRET, (NOW + 1) * 1000))
    assert rendered(made) == rendered(form())
    with pytest.raises(SecretError, match="nothing is sent that nobody signs"):
        rendered(made, now=(NOW + 1) * 1000)


def test_every_secret_of_a_rotation_signs_and_the_reference_library_takes_each() -> None:
    now = int(time.time())
    made = form(OTHER, SECRET, KEY).render("msg_1", "x", b"{}", now * 1000)
    for secret in (SECRET, OTHER):
        Webhook(secret).verify("{}", made.headers)


def test_the_key_pairs_signature_is_by_the_public_key() -> None:
    signature = base64.b64decode(V1A.removeprefix("v1a,"))
    assert PublicKey.of(PUBLIC).signed(signature, f"{ID}.{NOW}.".encode() + BODY)
    assert not PublicKey.of(PUBLIC).signed(signature, f"{ID}.{NOW}.".encode() + BODY + b" ")


def test_headers_of_the_endpoint_are_sent_besides_and_may_name_another_agent() -> None:
    own = {"Authorization": "Bearer x", "User-Agent": "me"}
    for made in (form(headers=own), form(SECRET, OTHER, headers=own)):
        headers = rendered(made).headers
        assert (headers["authorization"], headers["user-agent"]) == ("Bearer x", "me")
        assert {"Authorization", "User-Agent"}.isdisjoint(headers)
        assert headers["webhook-signature"].startswith(V1)


def test_the_same_attempt_is_the_same_bytes_and_another_has_its_own_time() -> None:
    made = form(SECRET, KEY)
    assert rendered(made) == rendered(made)
    later = rendered(made, now=(NOW + 1) * 1000)
    assert later.headers["webhook-timestamp"] == str(NOW + 1)
    assert later.headers["webhook-id"] == ID
    assert later.headers["webhook-signature"] != rendered(made).headers["webhook-signature"]


@pytest.mark.parametrize("http", [False, True])
def test_of_very_many_secrets_the_newest_sign_and_a_strict_receiver_still_takes_it(http: bool) -> None:
    ends = [SigningSecret(new(), (NOW + 10 + number) * 1000) for new in (new_secret, new_key) for number in range(20)]
    made = rendered(form(*ends, SECRET, KEY, http=http))
    entries = made.headers["webhook-signature"].split(" ")
    assert [entry.partition(",")[0] for entry in entries] == ["v1"] * 8 + ["v1a"] * 8
    for key in (SECRET, PUBLIC):
        assert verify(made.headers, BODY, key, form="http" if http else "standard", now=NOW).number == 0


def test_the_prefix_and_the_padding_of_a_secret_may_be_left_out() -> None:
    key = bytes(range(25))
    padded = base64.b64encode(key).decode()
    assert padded.endswith("==")
    for text in (padded, padded.rstrip("="), "whsec_" + padded, "whsec_" + padded.rstrip("=")):
        assert secret_key(text) == key
