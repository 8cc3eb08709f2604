"""CloudEvents in their three modes: what commands see, and by what they are known."""

from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.inbound.verifiers.lab import request

from hookyard.config.model import ReadingSettings
from hookyard.errors import Refused
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifiers.cloud_reading import BATCH, EMPTY, CloudEventReading, percent_decoded

READING = CloudEventReading(ReadingSettings())
EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "A234-1234-1234", "source": "/mycontext", "type": "com.example.someevent",
}  # fmt: skip
ATTRIBUTES = {f"ce-{name}": value for name, value in EVENT.items()}


def read(given: InboundRequest) -> Received:
    return READING.read(given, source="s", keep_headers=False)


def structured(event: object, kind: str = "application/cloudevents+json; charset=utf-8") -> InboundRequest:
    return request({"content-type": kind}, msgspec.json.encode(event))


def batch(*events: object) -> InboundRequest:
    return structured(list(events), "application/cloudevents-batch+json")


def binary(headers: dict[str, str] | None = None, body: bytes = b"", kind: str = "application/json") -> InboundRequest:
    return request({**ATTRIBUTES, **({"content-type": kind} if kind else {}), **(headers or {})}, body)


def refused(made: InboundRequest) -> str:
    with pytest.raises(Refused) as caught:
        read(made)
    return caught.value.code


def test_a_structured_event_is_seen_as_it_came() -> None:
    made = structured(EVENT | {"data": {"a": 1}, "more": 5})
    received = read(made)
    assert (received.event, received.body) == ("com.example.someevent", made.body)


def test_a_binary_event_is_seen_as_a_structured_one() -> None:
    received = read(binary({"ce-subject": "x", "ce-time": "2026-01-01T00:00:00Z"}, b'{"a": 1}'))
    assert received.event == "com.example.someevent"
    assert received.tree == EVENT | {
        "subject": "x", "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "data": {"a": 1},
    }  # fmt: skip


def test_the_same_event_is_the_same_delivery_in_every_mode() -> None:
    one, two = read(structured(EVENT)).delivery, read(binary()).delivery
    assert one == two
    assert one.startswith("A234-1234-1234@")
    for name, value in (("id", "B"), ("source", "/other")):
        assert read(structured(EVENT | {name: value})).delivery != one
    assert read(structured(EVENT | {"type": "other", "data": 1})).delivery == one


@pytest.mark.parametrize("name", ["two words", "\u20ac", "x" * 201, "a@b"])
def test_whatever_the_id_is_the_delivery_is_printable(name: str) -> None:
    delivery = read(structured(EVENT | {"id": name})).delivery
    assert delivery.isascii()
    assert delivery.isprintable()
    assert " " not in delivery
    assert len(delivery) <= 255
    assert read(structured(EVENT | {"id": name + "x"})).delivery != delivery


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json", b'{"a": 1}', {"data": {"a": 1}}),
        ("application/vnd.x+json", b"[1]", {"data": [1]}),
        ("", b"[1]", {"data": [1]}),
        ("text/plain", b"Hello", {"data": "Hello"}),
        ("text/plain", b"\xff", {"data_base64": "/w=="}),
        ("application/octet-stream", b"\x00\x01", {"data_base64": "AAE="}),
        ("image/png", b"\x89P", {"data_base64": "iVA="}),
        ("application/json", b"", {}),
        ("image/png", b"", {}),
    ],
)
def test_data_that_is_no_json_is_a_text_or_in_base64(kind: str, body: bytes, expected: dict[str, object]) -> None:
    with_type = {"datacontenttype": kind} if kind else {}
    received = read(binary({}, body, kind))
    assert received.tree == EVENT | with_type | expected
    assert received.digest == sha256(body).digest()


def test_a_batch_is_one_event_whose_body_is_the_list() -> None:
    other = EVENT | {"id": "2"}
    received = read(batch(EVENT, other))
    assert received.event == BATCH
    assert received.tree == [EVENT, other]
    assert received.delivery == read(batch(EVENT | {"data": 1}, other)).delivery
    assert received.delivery != read(batch(other, EVENT)).delivery
    assert not received.ping
    empty = read(batch())
    assert (empty.ping, empty.event) == (True, EMPTY)


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
def test_what_every_event_must_have_is_asked_for(missing: str) -> None:
    rest = {name: value for name, value in EVENT.items() if name != missing}
    assert refused(structured(rest)) == "invalid_request"
    assert refused(structured(EVENT | {missing: ""})) == "invalid_request"
    assert refused(structured(EVENT | {missing: 5})) == "invalid_request"
    assert refused(batch(EVENT, rest)) == "invalid_request"
    made = binary()
    headers = {name: value for name, value in made.headers.items() if name != f"ce-{missing}".encode()}
    assert refused(replace(made, headers=headers)) == "invalid_request"


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (structured(EVENT | {"specversion": "0.3"}), "invalid_request"),
        (structured(EVENT | {"type": "a\nb"}), "invalid_request"),
        (structured([EVENT]), "invalid_request"),
        (batch(EVENT, 5), "invalid_request"),
        (structured(EVENT, "application/cloudevents-batch+json"), "invalid_request"),
        (request({"content-type": "application/json"}, b"{}"), "invalid_request"),
        (request({"content-type": "application/cloudevents+json"}, b"{"), "invalid_json"),
        (request({"content-type": "application/cloudevents+json"}, b""), "invalid_json"),
        (binary({}, b"{"), "invalid_json"),
        (binary({}, b'1, "id": "another", "type": "another"'), "invalid_json"),
        (binary({}, b"1}"), "invalid_json"),
        (binary({}, b" "), "invalid_json"),
        (request({"content-type": "application/cloudevents+xml"}, b"<e/>"), "unsupported_media_type"),
        (binary({}, b"<e/>", "application/xml"), "unsupported_media_type"),
        (binary({"content-encoding": "gzip"}, b"x"), "unsupported_media_type"),
        (binary({"content-encoding": "gzip"}, b"x", "image/png"), "unsupported_media_type"),
        (binary({"ce-subject": "%C0%AF"}), "invalid_request"),
        (binary({"ce-subject": "%zz"}), "invalid_request"),
        (replace(binary(), repeated=frozenset({b"ce-id"})), "invalid_request"),
    ],
)
def test_what_is_no_event_is_refused(made: InboundRequest, code: str) -> None:
    assert refused(made) == code


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro \u20ac \U0001f600"),
        (b"plain", "plain"),
        (b"", ""),
        (b"100%25", "100%"),
        (b"%2525", "%25"),  # once, and not again
        (b'"quoted \\"text\\""', 'quoted "text"'),
        (b'"%22"', '"'),
        (b'"', '"'),
    ],
)
def test_headers_are_decoded(header: bytes, expected: str) -> None:
    assert percent_decoded(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        b"%C0%A0", b"%C1%BF", b"%E0%80%AF", b"%F0%80%80%AF",  # overlong
        b"%ED%A0%80", b"%F4%90%80%80", b"%FF", b"%E2%82", b"%80",
        b"%", b"%2", b"%zz", b"100%", b"\xe2\x82\xac", b"a\nb", b"a\x7f",
    ],
)  # fmt: skip
def test_what_is_no_utf_8_is_refused(header: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  of which the error of the codec is one
        percent_decoded(header)


@given(st.text())
def test_whatever_is_encoded_is_decoded(text: str) -> None:
    assert percent_decoded("".join(f"%{byte:02X}" for byte in text.encode()).encode()) == text


@given(
    headers=st.dictionaries(st.sampled_from([b"ce-id", b"ce-x", b"ce-type", b"content-type"]), st.binary(max_size=20)),
    body=st.binary(max_size=60),
    kind=st.sampled_from([b"application/cloudevents+json", b"application/cloudevents-batch+json", b"text/plain", b""]),
)
def test_nothing_that_is_sent_raises_anything_else(headers: dict[bytes, bytes], body: bytes, kind: bytes) -> None:
    made = replace(binary({}, body), headers={**binary().headers, b"content-type": kind, **headers})
    try:
        received = read(made)
    except Refused:
        return
    assert received.event
    msgspec.json.decode(received.body)


def test_a_sender_who_writes_an_attribute_makes_a_whole_event() -> None:
    made = request({}, b'{"a": 1}')
    for place, value in ((READING.event, "com.example.pushed"), (READING.delivery, "d-1")):
        assert place is not None
        made = place.put(made, value)
    received = read(made)
    assert received.event == "com.example.pushed"
    assert received.delivery.startswith("d-1@")
