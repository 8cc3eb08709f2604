"""Requests whose body is an event's own data and nothing round it."""

import base64
import json
import time
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from standardwebhooks import Webhook
from tests.unit.outbound.signing.lab import ID, KEY, NOW, OTHER, PUBLIC, SECRET, URL, body_of, form, rendered
from tests.unit.outbound.signing.test_node import answers, needs_node, question

from hookyard.client import VerificationError, Verified, verify
from hookyard.client.verify import Form
from hookyard.config.model import Envelope
from hookyard.model import Event
from hookyard.outbound.events.catalogue import EVENT_TYPES, EventType, sample
from hookyard.outbound.form import Rendered
from hookyard.outbound.message import event_body
from hookyard.outbound.signing.payload import bare

FORMS: tuple[Form, ...] = ("standard", "plain", "http")
ENVELOPES: tuple[Envelope, ...] = ("standard", "cloudevents", "payload")
SAID: tuple[bytes, ...] = (
    b'{"number":7}',
    b"{}",
    b'[1,[2],{"a":3}]',
    b"[]",
    b'"text"',
    b'""',
    b'"say \\": hi"',
    b'"\\"@method\\": POST"',
    b"7",
    b"-1.5e-3",
    b"1e400",
    b"123456789012345678901234567890",
    b"1.123456789",
    b"null",
    b"true",
    b"false",
    '{"größe":"\N{SNOWMAN} 𝄞","\\u2028":"\\ud834\\udd1e"}'.encode(),
    b'{ "b" : 1.10,\n"a":1e400, "a":[ ] }',
    b'{"type":"another","timestamp":"t","data":{"job_id":"x","payload":1}}',
    b'{"payload":{"payload":null},"job_id":"x"}',
    b'"' + b"x" * 1_000_000 + b'"',
    b"[" * 500 + b"]" * 500,
)
"""What commands may emit: JSON of each type."""


def emitted(said: bytes, event: str = "order.placed") -> bytes:
    """The body as it is stored of what a command emitted."""
    return event_body(
        Event(
            id="019b7c9e-0000-7000-8000-0000000000e1",
            type=event,
            plugin="shop",
            command="buy",
            job_id="019b7c9e-0000-7000-8000-000000000001",
            payload=said,
            created_at=NOW * 1000,
        )
    )


def sent(
    said: bytes, *, by: Form = "standard", envelope: Envelope = "payload", event: str = "order.placed"
) -> Rendered:
    signature: Literal["standard", "plain"] = "plain" if by == "plain" else "standard"
    made = form(SECRET, KEY, signature=signature, http=by == "http", url=URL, envelope=envelope)
    return rendered(made, event=event, body=emitted(said, event))


@pytest.mark.parametrize("said", SAID, ids=lambda said: said[:20].decode(errors="replace"))
@pytest.mark.parametrize("by", FORMS)
def test_the_body_is_what_the_command_emitted_byte_for_byte_and_verifies_in_each_form(by: Form, said: bytes) -> None:
    made = sent(said, by=by)
    assert made.body == said
    assert made.headers["content-type"] == "application/json"
    for key in (SECRET,) if by == "plain" else (SECRET, PUBLIC):
        found = verify(made.headers, made.body, key, form=by, now=NOW, url=URL)
        assert (found.form, found.id) == (by, None if by == "plain" else ID)


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("by", FORMS)
def test_each_envelope_verifies_in_each_form_and_no_longer_when_it_was_changed(by: Form, envelope: Envelope) -> None:
    made = sent(b'{"number":7}', by=by, envelope=envelope)
    assert isinstance(verify(made.headers, made.body, SECRET, form=by, now=NOW, url=URL), Verified)
    with pytest.raises(VerificationError) as refused:
        verify(made.headers, made.body.replace(b"7", b"8"), SECRET, form=by, now=NOW, url=URL)
    assert refused.value.step == ("content_digest" if by == "http" else "mismatch")


@needs_node
@pytest.mark.parametrize("said", [b'{"number":7}', '"größe"'.encode(), b"7", b'[1,{"a":[]}]'])
@pytest.mark.parametrize("by", FORMS)
def test_node_takes_what_the_command_emitted_in_each_form_and_nothing_else(by: Form, said: bytes) -> None:
    made = sent(said, by=by)
    assert base64.b64decode(json.loads(question(by, made))["body"]) == said
    enveloped = msgspec.structs.replace(made, body=emitted(said))
    assert answers(
        [
            question(by, made, secret=SECRET),
            question(by, made, secret=OTHER),
            question(by, made, secret=SECRET, changed=b" "),
            question(by, enveloped, secret=SECRET),
        ]
    ) == [True, False, False, False]


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("said", [b'{"number":7}', b"[1]", b'"text"', b"7", b"null", '"größe"'.encode()])
def test_the_reference_library_takes_each_envelope(envelope: Envelope, said: bytes) -> None:
    made = form(SECRET, KEY, envelope=envelope).render(ID, "a.b", emitted(said), int(time.time()) * 1000)
    read = Webhook(SECRET).verify(made.body, made.headers)
    if envelope == "payload":
        assert read == json.loads(said)
    else:
        assert read["data"]["payload"] == json.loads(said)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["payload", "job_id", "data"]), inner),
    max_leaves=10,
)


@given(data=JSON, spaced=st.booleans(), by=st.sampled_from(FORMS))
def test_whatever_is_emitted_arrives_as_the_same_json_and_verifies(data: object, spaced: bool, by: Form) -> None:
    said = json.dumps(data, indent=1).encode() if spaced else msgspec.json.encode(data)
    made = sent(said, by=by)
    assert made.body == said
    assert json.loads(made.body) == data
    verify(made.headers, made.body, SECRET, form=by, now=NOW, url=URL)


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.type)
def test_of_an_event_of_hookyards_own_the_body_is_the_data(kind: EventType) -> None:
    stored = sample(kind, NOW * 1000)
    made = rendered(form(envelope="payload"), event=kind.type, body=stored)
    assert made.body == bytes(msgspec.json.decode(stored, type=dict[str, Raw])["data"])
    assert made.headers["x-webhook-event"] == kind.type


@pytest.mark.parametrize("data", [None, 7, "text", [], [{"payload": 1}], {}, {"job_id": 7, "payload": 1}])
def test_data_of_another_shape_is_the_body_as_it_is(data: object) -> None:
    assert bare(body_of(data)) == json.dumps(data).encode()


def test_the_standard_form_says_the_type_in_a_header_that_it_does_not_have_otherwise() -> None:
    assert sent(b"7").headers.keys() - sent(b"7", envelope="standard").headers.keys() == {"x-webhook-event"}
    assert "x-webhook-event" not in sent(b"7", envelope="cloudevents").headers
    assert sent(b"7", event="größe.neu").headers["x-webhook-event"] == "gr%C3%B6%C3%9Fe.neu"
    assert sent(b"7", by="plain").headers == sent(b"7", by="plain", envelope="standard").headers | {
        "x-webhook-signature": sent(b"7", by="plain").headers["x-webhook-signature"]
    }


def test_only_the_signature_of_rfc_9421_covers_that_header() -> None:
    made = sent(b"7", by="http")
    assert '"x-webhook-event"' in made.headers["signature-input"]
    changed = {**made.headers, "x-webhook-event": "order.cancelled"}
    assert verify(changed, made.body, SECRET, form="standard", now=NOW).form == "standard"
    with pytest.raises(VerificationError) as refused:
        verify(changed, made.body, SECRET, form="http", now=NOW, url=URL)
    assert refused.value.step == "mismatch"


@pytest.mark.parametrize("begins", [b'"@method": POST\n', b"msg_1.1767323045.", b'"content-digest": sha'])
def test_what_begins_as_another_forms_signed_content_is_still_refused_in_the_plain_form(begins: bytes) -> None:
    made = rendered(form(signature="plain"), body=begins)
    with pytest.raises(VerificationError) as refused:
        verify(made.headers, made.body, SECRET, form="plain")
    assert refused.value.step == "form"


def test_the_same_attempt_is_the_same_bytes() -> None:
    made = form(envelope="payload")
    assert rendered(made) == rendered(made)
