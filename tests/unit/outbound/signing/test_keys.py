import base64

import pytest
from tests.unit.outbound.signing.lab import KEY, KID, PUBLIC, SECRET, form

from hookyard.outbound.signing import (
    PublicKey,
    SecretError,
    SigningSecret,
    check_secret,
    new_key,
    new_secret,
    public_key,
)
from hookyard.webhook_secret import Seed, seed_of


def test_new_ones_are_good_and_never_the_same() -> None:
    for make, prefix in ((new_secret, "whsec_"), (new_key, "whsk_")):
        first, second = make(), make()
        assert first != second
        assert first.startswith(prefix)
        assert len(base64.b64decode(first.removeprefix(prefix))) == 32
        check_secret(first)


def test_a_public_key_has_the_thumbprint_and_the_jwk_that_are_published() -> None:
    public = public_key(KEY)
    assert (public.text, public.kid) == (PUBLIC, KID)
    assert public.jwk() == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "kid": KID,
        "alg": "EdDSA",
        "use": "sig",
    }
    assert PublicKey.of(public.text) == public


def test_a_public_key_in_pem_is_read_by_others() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public = public_key(KEY)
    read = load_pem_public_key(public.pem.encode())
    assert isinstance(read, Ed25519PublicKey)
    assert read.public_bytes_raw() == public.raw


def test_a_private_key_may_have_its_public_key_behind_it_as_other_libraries_write_it() -> None:
    both = "whsk_" + base64.b64encode(seed_of(KEY).raw + public_key(KEY).raw).decode()
    assert seed_of(both) == seed_of(KEY)
    check_secret(both)
    assert public_key(both) == public_key(KEY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be base64 of 24 to 64"),
        ("whsec_", "must be base64 of 24 to 64"),
        ("whsec_not base64 at all, is it?", "is not base64"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "is not base64"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), "and is of 23"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "and is of 65"),
        ("whsec_ünïcode", "is not base64"),
        ("whsk_", "is not base64 of 32 bytes"),
        ("whsk_" + base64.b64encode(bytes(31)).decode(), "is not base64 of 32 bytes"),
        ("whsk_" + base64.b64encode(bytes(33)).decode(), "is not base64 of 32 bytes"),
        (KEY[:-2] + "B=", "is not base64 of 32 bytes"),  # bits that base64 leaves open
        (KEY + "=", "is not base64 of 32 bytes"),
        ("whsk_" + base64.b64encode(bytes(64)).decode(), "is of two pairs"),
        (PUBLIC, "is a public key"),
    ],
)
def test_what_signs_nothing_is_refused_without_quoting_it(text: str, why: str) -> None:
    with pytest.raises(SecretError, match=why) as raised:
        check_secret(text)
    assert len(text) < 7 or text.partition("_")[2] not in str(raised.value)
    with pytest.raises(SecretError):
        form(text)


@pytest.mark.parametrize("size", [24, 64])
def test_shared_secrets_of_the_allowed_sizes_are_taken(size: int) -> None:
    check_secret("whsec_" + base64.b64encode(bytes(size)).decode())


@pytest.mark.parametrize("text", ["", "whpk_", PUBLIC[5:], PUBLIC[:-2], KEY, SECRET])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(SecretError):
        PublicKey.of(text)


def test_secrets_do_not_show_when_they_are_printed() -> None:
    shown = f"{SigningSecret(SECRET, 5)!r} {seed_of(KEY)!r} {Seed(b'x' * 32)}"
    assert SECRET[6:] not in shown
    assert "xxxx" not in shown
    assert shown == "SigningSecret(until=5) Seed() Seed()"
