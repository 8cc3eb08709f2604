"""Hookyard takes what Hookyard sends: the presets of inbound webhooks verify what endpoints are sent."""

import pytest
from msgspec.structs import replace
from tests.unit.outbound.signing.lab import BODY, ID, KEY, NOW, PUBLIC, SECRET, URL, form, rendered

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature, Key, Verifier
from hookyard.inbound.verifiers.rfc9421 import MessageSignatures
from hookyard.inbound.verifiers.standard_webhooks import StandardWebhooks
from hookyard.outbound.form import Rendered
from hookyard.outbound.signing import public_key

SHARED = "base64:" + SECRET.removeprefix("whsec_")
"""How the preset `rfc9421` writes a shared secret that is bytes."""


def arrived(sent: Rendered) -> InboundRequest:
    url, _, query = URL.partition("?")
    headers = {name.encode(): value.encode() for name, value in sent.headers.items()}
    return InboundRequest(headers=headers, body=sent.body, now=NOW * 1000, url=url, query=query.encode())


def verified(verifier: Verifier, secret: str, request: InboundRequest) -> bool:
    try:
        verifier.verify(request, [Key(material=verifier.load(secret))])
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize("secret", [SECRET, PUBLIC])
def test_the_preset_of_standard_webhooks_takes_either_signature(secret: str) -> None:
    request = arrived(rendered(form(SECRET, KEY)))
    assert verified(StandardWebhooks(), secret, request)
    assert not verified(StandardWebhooks(), secret, replace(request, body=BODY + b" "))


@pytest.mark.parametrize("secret", [SHARED, public_key(KEY).pem])
@pytest.mark.parametrize("signature", ["standard", "plain"])
def test_the_preset_of_rfc9421_takes_either_signature_and_knows_the_url(secret: str, signature: str) -> None:
    made = form(SECRET, KEY, signature="plain" if signature == "plain" else "standard", http=True, url=URL)
    request = arrived(rendered(made))
    assert verified(MessageSignatures(), secret, request)
    assert not verified(MessageSignatures(), secret, replace(request, body=BODY + b" "))
    assert not verified(MessageSignatures(), secret, replace(request, query=b"a=2"))
    assert not verified(MessageSignatures(), secret, replace(request, url="https://example.org/hooks"))


def test_the_id_and_the_event_of_the_plain_form_are_covered_by_the_signature_beside_it() -> None:
    request = arrived(rendered(form(signature="plain", http=True, url=URL)))
    for name in (b"x-webhook-delivery", b"x-webhook-event"):
        assert not verified(MessageSignatures(), SHARED, replace(request, headers={**request.headers, name: b"other"}))
    assert request.headers[b"x-webhook-delivery"] == ID.encode()
