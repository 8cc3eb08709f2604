"""Twilio: the vectors of its helper libraries, and what a stranger could make of a request."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.inbound.verifiers.lab import HEADERS, NOW, keys, request, step, vectors

from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifiers.twilio import Twilio
from hookyard.webhook_secret import SecretError

SECRET = "12345"
URL = "https://mycompany.com/myapp.php"
QUERY = "foo=1&bar=2"
FORM = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "To": "+18005551212",
    "From": "+14158675309",
    "Caller": "+14158675309",
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
JSON = b'{"property": "value", "boolean": true}'
DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="
VERIFIER = Twilio()
KEYS = keys(VERIFIER, SECRET)


def form(
    fields: dict[str, str] | None = None, signature: str = SIGNATURE, *, url: str = URL, query: str = QUERY
) -> InboundRequest:
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    return request(headers, urlencode(FORM if fields is None else fields).encode(), url=url, query=query)


def other(body: bytes = JSON, signature: str = JSON_SIGNATURE, digest: str = DIGEST) -> InboundRequest:
    headers = {"x-twilio-signature": signature, "content-type": "application/json"}
    return request(headers, body, url=URL, query=f"{QUERY}&bodySHA256={digest}")


def test_the_vectors_of_its_libraries_are_good() -> None:
    assert step(VERIFIER, form(), KEYS) is None
    assert step(VERIFIER, other(), KEYS) is None


def test_the_shared_vectors_are_good() -> None:
    for one in vectors("twilio/sha1-base64"):
        url, _, query = one["url"].partition("?")
        made = form(one["params"], one["signature"], url=url, query=query)
        assert step(VERIFIER, made, keys(VERIFIER, one["secret"])) is None


@pytest.mark.parametrize(
    ("spoilt", "expected"),
    [
        (form({**FORM, "Digits": "1235"}), "mismatch"),
        (form({**FORM, "More": ""}), "mismatch"),
        (form({}), "mismatch"),
        (form(query="foo=1&bar=3"), "mismatch"),
        (form(query="bar=2&foo=1"), "mismatch"),
        (form(query=""), "mismatch"),
        (form(url="https://mycompany.com/other"), "mismatch"),
        (form(url="http://mycompany.com/myapp.php"), "mismatch"),
        (form(signature=SIGNATURE.lower()), "mismatch"),
        (form(signature=SIGNATURE[:-2]), "malformed"),
        (form(signature="not base64"), "malformed"),
        (form(signature=""), "missing"),
        (other(JSON + b" "), "content_digest"),
        (other(b""), "content_digest"),
        (other(digest="0" * 64), "mismatch"),
        (other(digest="0"), "malformed"),
        (replace(other(), query=QUERY.encode()), "missing"),  # no digest: nothing covers the body
        (replace(other(), query=other().query + b"&bodySHA256=" + b"0" * 64), "repeated"),
        (replace(form(), repeated=frozenset({b"x-twilio-signature"})), "repeated"),
        (replace(form(), repeated=frozenset({b"content-type"})), "repeated"),
        (replace(form(), body=b"\xff=1"), "malformed"),
        (replace(form(), body=b"a=%ff"), "malformed"),
        (replace(form(), body=b"a=1&" * 1001), "malformed"),
    ],
)
def test_whatever_was_changed_is_refused(spoilt: InboundRequest, expected: str) -> None:
    assert step(VERIFIER, spoilt, KEYS) == expected


def test_a_signature_of_one_body_is_not_good_for_a_form_with_another() -> None:
    """The digest in the query counts whatever the content type says."""
    as_form = {**other().headers, b"content-type": b"application/x-www-form-urlencoded"}
    assert step(VERIFIER, replace(other(), headers=as_form), KEYS) is None
    assert step(VERIFIER, replace(other(), headers=as_form, body=b"Digits=9"), KEYS) == "content_digest"


def test_the_port_may_be_part_of_the_url_or_not() -> None:
    signed = VERIFIER.sign(form(url="https://mycompany.com:443/myapp.php"), SECRET)
    assert step(VERIFIER, replace(signed, url=URL), KEYS) is None
    assert step(VERIFIER, replace(form(), url="https://mycompany.com:443/myapp.php"), KEYS) is None
    assert step(VERIFIER, replace(form(), url="https://mycompany.com:8443/myapp.php"), KEYS) is None
    assert step(VERIFIER, replace(form(), url="https://mycompany.com.evil.example/myapp.php"), KEYS) == "mismatch"


def test_values_are_signed_decoded_and_in_order_and_the_same_field_once() -> None:
    body = b"B=2&A=%C3%A9&B=1&B=1&A="
    headers = {"content-type": "application/x-www-form-urlencoded"}
    signed = VERIFIER.sign(request(headers, body, url=URL), SECRET)
    plain = VERIFIER.sign(request({}, b"", url=URL + "AA\u00e9B1B2"), SECRET)
    assert signed.headers[b"x-twilio-signature"] == plain.headers[b"x-twilio-signature"]


def test_any_of_several_tokens_may_have_signed() -> None:
    assert VERIFIER.verify(form(), keys(VERIFIER, "old", SECRET)).number == 1
    assert step(VERIFIER, form(), keys(VERIFIER, "old")) == "mismatch"
    assert step(VERIFIER, form(), []) == "no_secret"
    with pytest.raises(SecretError, match="is empty"):
        VERIFIER.load("")


@given(signature=HEADERS, body=st.binary(max_size=60), query=st.binary(max_size=60), kind=HEADERS)
def test_nothing_that_is_sent_raises_anything_else(signature: bytes, body: bytes, query: bytes, kind: bytes) -> None:
    for content in (kind, b"application/x-www-form-urlencoded"):
        headers = {b"x-twilio-signature": signature, b"content-type": content}
        assert step(VERIFIER, InboundRequest(headers=headers, body=body, query=query, now=NOW, url=URL), KEYS)
        headers[b"x-twilio-signature"] = SIGNATURE.encode()
        assert step(VERIFIER, InboundRequest(headers=headers, body=body, query=query, now=NOW, url=URL), KEYS)
