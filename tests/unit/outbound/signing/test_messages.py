import pytest
from tests.unit.outbound.signing.lab import (
    COVERED,
    DIGEST,
    ED25519,
    HMAC,
    KEY,
    KID,
    NOW,
    OTHER,
    SECRET,
    URL,
    form,
    rendered,
)

from hookyard.outbound.signing import SecretError, SigningSecret


def test_a_key_pair_signs_by_ed25519_and_is_named_by_its_thumbprint() -> None:
    headers = rendered(form(KEY, http=True, url=URL)).headers
    assert headers["content-digest"] == DIGEST
    assert headers["signature-input"] == f'sig1={COVERED};keyid="{KID}";alg="ed25519"'
    assert headers["signature"] == f"sig1=:{ED25519}:"


def test_a_shared_secret_signs_by_hmac_and_has_no_name() -> None:
    headers = rendered(form(http=True, url=URL)).headers
    assert headers["signature-input"] == f'sig1={COVERED};alg="hmac-sha256"'
    assert headers["signature"] == f"sig1=:{HMAC}:"


def test_every_secret_has_a_label_while_it_is_good() -> None:
    made = form(SigningSecret(OTHER, (NOW + 1) * 1000), SECRET, KEY, http=True, url=URL)
    headers = rendered(made).headers
    assert headers["signature"].startswith(f"sig1=:{ED25519}:, sig2=:{HMAC}:, sig3=:")
    assert headers["signature-input"].count(COVERED) == 3
    assert "sig3" not in rendered(made, now=(NOW + 1) * 1000).headers["signature"]
    with pytest.raises(SecretError, match="nobody signs"):
        rendered(form(SigningSecret(SECRET, 0), http=True))


def test_it_stands_beside_the_standard_form_and_beside_the_plain_one() -> None:
    standard = rendered(form(http=True)).headers
    assert {"webhook-signature", "signature"} <= standard.keys()
    plain = rendered(form(http=True, signature="plain")).headers
    assert {"x-webhook-signature", "signature"} <= plain.keys()
    assert '"x-webhook-delivery" "x-webhook-event")' in plain["signature-input"]


def test_a_url_that_nobody_says_is_not_signed_and_one_that_is_said_in_canonical_form() -> None:
    assert "@target-uri" not in rendered(form(http=True)).headers["signature-input"]
    odd = rendered(form(http=True, url="HTTPS://Example.COM:443/hooks?a=1")).headers
    assert odd["signature"] == f"sig1=:{HMAC}:"


def test_what_is_digested_is_what_is_sent() -> None:
    assert rendered(form(http=True, envelope="cloudevents")).headers["content-digest"] != DIGEST
