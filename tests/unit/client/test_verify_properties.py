"""Whatever is signed verifies, and whatever is changed on its way does not."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.examples import examples

from hookyard.client import VerificationError, Verified, verify
from hookyard.client.verify import Form
from hookyard.outbound.signing import SigningSecret, form_of, public_key

NOW = 1_767_323_045
URL = "https://example.com/hooks?a=1"
FORMS: tuple[Form, ...] = ("standard", "plain", "http")
SIGNED = {
    "standard": ("webhook-id", "webhook-timestamp", "webhook-signature"),
    "plain": ("x-webhook-signature",),
    "http": ("webhook-id", "content-type", "content-digest", "signature-input", "signature"),
}
"""The headers that count in each form."""
HEADER = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
VALUES = st.recursive(st.none() | st.integers(-9, 9) | st.text(max_size=9), st.lists, max_leaves=4)
BODIES = st.dictionaries(st.text(max_size=9), VALUES).map(
    lambda data: json.dumps({"type": "a.b", "timestamp": "t", "data": data}).encode()
)


@dataclass(frozen=True)
class Sent:
    """A request, as it was sent, and who may verify it."""

    form: Form
    headers: dict[str, str]
    body: bytes
    verifying: tuple[str, ...]
    """What a receiver may hold: each of these verifies on its own."""

    def verified(self, headers: dict[str, str], body: bytes, keys: Sequence[str], now: float = NOW) -> Verified | None:
        try:
            return verify(headers, body, keys, form=self.form, now=now, url=URL)
        except VerificationError:
            return None


# All of one length: to HMAC a key is the same with zeros after it.
shared = st.binary(min_size=32, max_size=32).map(lambda raw: "whsec_" + base64.b64encode(raw).decode())
private = st.binary(min_size=32, max_size=32).map(lambda raw: "whsk_" + base64.b64encode(raw).decode())


@st.composite
def requests(draw: st.DrawFn, form: Form | None = None, most: int = 3) -> Sent:
    """Requests of a form or of any, of any envelope and set of keys."""
    chosen: Form = form if form is not None else draw(st.sampled_from(FORMS))
    secrets = draw(st.lists(shared, min_size=1 if chosen == "plain" else 0, max_size=most, unique=True))
    pairs = draw(
        st.lists(private, min_size=0 if secrets else 1, max_size=0 if secrets and most == 1 else most, unique=True)
    )
    made = form_of(
        signature="plain" if chosen == "plain" else "standard",
        http_signature=chosen == "http",
        envelope=draw(st.sampled_from(("standard", "cloudevents", "payload"))),
        secrets=[SigningSecret(one) for one in draw(st.permutations([*secrets, *pairs]))],
        headers={},
        agent="Hookyard",
        source="/yard",
        url=URL,
    )
    rendered = made.render(draw(st.uuids()).hex, draw(HEADER), draw(BODIES), NOW * 1000 + draw(st.integers(0, 999)))
    publics = () if chosen == "plain" else tuple(public_key(pair).text for pair in pairs)
    return Sent(chosen, rendered.headers, rendered.body, (*secrets, *publics))


@given(sent=requests(), off=st.integers(-300, 300))
def test_whatever_is_signed_verifies_with_each_key_within_the_tolerance(sent: Sent, off: int) -> None:
    for key in sent.verifying:
        found = sent.verified(sent.headers, sent.body, [key], NOW + off)
        assert found is not None
        assert (found.form, found.number) == (sent.form, 0)
    pairs = [(name.title(), value) for name, value in sent.headers.items()]
    assert verify(pairs, sent.body, sent.verifying, form=sent.form, now=NOW, url=URL).form == sent.form


@given(sent=requests(), data=st.data())
def test_a_body_with_one_bit_changed_does_not_verify(sent: Sent, data: st.DataObject) -> None:
    changed = bytearray(sent.body)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert sent.verified(sent.headers, bytes(changed), sent.verifying) is None
    cut = data.draw(st.integers(0, len(sent.body) - 1))
    assert sent.verified(sent.headers, sent.body[:cut], sent.verifying) is None
    assert sent.verified(sent.headers, sent.body + data.draw(st.binary(min_size=1)), sent.verifying) is None


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_a_header_that_counts_with_one_character_changed_does_not_verify(form: Form, data: st.DataObject) -> None:
    # One key: of several signatures one that is changed leaves the others good.
    sent = data.draw(requests(form, most=1))
    name = data.draw(st.sampled_from(SIGNED[form]))
    value = sent.headers[name]
    at = data.draw(st.integers(0, len(value) - 1))
    other = data.draw(st.characters(min_codepoint=1, max_codepoint=255))
    assume(other != value[at])
    changed = value[:at] + other + value[at + 1 :]
    # Blanks at the end of a header are no part of it (RFC 9110, 5.5), and RFC 9421 takes them away; see below.
    assume(changed.strip(" \t") != value)
    found = sent.verified({**sent.headers, name: changed}, sent.body, sent.verifying)
    assert found is None


@given(sent=requests(), data=st.data())
def test_without_a_header_that_counts_it_does_not_verify(sent: Sent, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(SIGNED[sent.form]))
    without = {each: value for each, value in sent.headers.items() if each != name}
    assert sent.verified(without, sent.body, sent.verifying) is None
    assert sent.verified({**sent.headers, name: ""}, sent.body, sent.verifying) is None


@given(sent=requests(), other=shared, pair=private)
def test_another_secret_or_key_does_not_verify(sent: Sent, other: str, pair: str) -> None:
    public = public_key(pair).text
    assume(other not in sent.verifying and public not in sent.verifying)
    assert sent.verified(sent.headers, sent.body, [other, public]) is None


@given(sent=requests(), off=st.integers(301, 10**9), ahead=st.booleans())
def test_another_time_does_not_verify_where_the_time_is_signed(sent: Sent, off: int, ahead: bool) -> None:
    assume(sent.form != "plain")
    assert sent.verified(sent.headers, sent.body, sent.verifying, NOW + (off if ahead else -off)) is None


@settings(max_examples=examples(80))
@given(
    form=st.sampled_from(FORMS),
    names=st.sets(
        st.sampled_from(sorted({name for names in SIGNED.values() for name in names} | {"x-webhook-delivery"}))
    ),
    data=st.data(),
)
def test_headers_of_any_kind_raise_the_one_error(form: Form, names: set[str], data: st.DataObject) -> None:
    looks = st.text() | st.sampled_from(
        [
            "v1,AAAA",
            "sig1=:AAAA:",
            'sig1=("@method" "content-digest")',
            f'a=();created={NOW};x="\\""',
            str(NOW),
            "sha256=",
        ]
    )
    headers = {name: data.draw(looks) for name in sorted(names)}
    secret = "whsec_" + base64.b64encode(bytes(24)).decode()
    with pytest.raises(VerificationError):
        verify(headers, b"{}", secret, form=form, now=NOW, url=URL)
    with pytest.raises(VerificationError):
        verify(headers, b"{}", secret, now=NOW)
