"""What a verified request is: its event, its delivery id, and the JSON in its body."""

import json
import tracemalloc
from hashlib import sha256
from urllib.parse import quote_plus, urlencode

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hookyard.config.model import Place, ReadingSettings, SignatureSettings, TemplateScheme
from hookyard.errors import CODES, Refused
from hookyard.inbound.reading import Reading
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifier import BadSignature

FORM = b"application/x-www-form-urlencoded"
HEADERS = ReadingSettings(
    event=Place(header="X-Event"), delivery=Place(header="X-Id"), pings=("ping", "hello"), form="payload"
)
IN_BODY = ReadingSettings(event=Place(json="$.type"), delivery=Place(json="$.id"))
USUAL = {b"x-event": b"push", b"x-id": b"d-1"}


def request(body: bytes, kind: bytes | None = None, headers: dict[bytes, bytes] | None = None) -> InboundRequest:
    """A request with a content type."""
    named = dict(USUAL if headers is None else headers)
    if kind is not None:
        named[b"content-type"] = kind
    return InboundRequest(headers=named, body=body, now=0)


def read(asked: InboundRequest, kind: ReadingSettings = HEADERS, *, keep: bool = False) -> Received:
    """What it is."""
    return Reading(kind).read(asked, source="hub", keep_headers=keep)


def refusal(asked: InboundRequest, kind: ReadingSettings = HEADERS) -> Refused:
    """Why it is refused."""
    with pytest.raises(Refused) as caught:
        read(asked, kind)
    return caught.value


# --- event and delivery -----------------------------------------------------------------------------------------


def test_event_and_delivery_come_from_where_the_scheme_says() -> None:
    received = read(request(b"{}"))
    assert (received.source, received.event, received.delivery, received.ping) == ("hub", "push", "d-1", False)
    received = read(request(b'{"type": "order.created", "id": 7}'), IN_BODY)
    assert (received.event, received.delivery) == ("order.created", "7")


def test_without_a_place_for_the_delivery_the_digest_of_the_raw_body_takes_its_place() -> None:
    body = b'{"a": 1}'
    received = read(request(body), ReadingSettings())
    assert (received.event, received.delivery) == ("webhook", sha256(body).hexdigest())
    assert received.digest == sha256(body).digest()


@pytest.mark.parametrize("event", ["ping", "hello"])
def test_a_ping_is_known_by_its_event(event: str) -> None:
    assert read(request(b"{}", headers=USUAL | {b"x-event": event.encode()})).ping


@pytest.mark.parametrize("name", ["x-event", "x-id"])
@pytest.mark.parametrize("value", [None, b"", b"\xff", b"a\nb", b" push", b"x" * 256])
def test_without_a_proper_header_for_event_or_delivery_it_is_not_understood(name: str, value: bytes | None) -> None:
    headers = {key: given for key, given in USUAL.items() if key != name.encode()}
    if value is not None:
        headers[name.encode()] = value
    error = refusal(request(b"{}", headers=headers))
    assert error.code == "invalid_request"
    assert name in error.detail


def test_a_header_that_says_what_it_is_and_came_twice_is_no_signature() -> None:
    asked = request(b"{}", headers=USUAL | {b"x-id": b"d-1, d-2"})
    asked = msgspec.structs.replace(asked, repeated=frozenset([b"x-id"]))
    with pytest.raises(BadSignature) as caught:
        read(asked)
    assert caught.value.step == "repeated"


def test_a_body_may_be_without_event_and_delivery() -> None:
    body = b'{"challenge": "c"}'
    received = read(request(body), IN_BODY)
    assert (received.event, received.delivery) == ("webhook", sha256(body).hexdigest())


@pytest.mark.parametrize("body", [b'{"type": "a\\nb"}', b'{"id": "a b"}', b'{"id": ""}'])
def test_what_stands_in_the_body_and_is_malformed_is_not_understood(body: bytes) -> None:
    assert refusal(request(body), IN_BODY).code == "invalid_request"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"type": "\xff"}', b"[" * 100_000])
def test_a_body_that_is_needed_and_no_json_is_refused(body: bytes) -> None:
    assert refusal(request(body), IN_BODY).code == "invalid_json"


def test_a_body_is_decoded_once() -> None:
    received = read(request(b'{"type": "a"}'), IN_BODY)
    assert received.tree is received.tree
    assert received.tree == {"type": "a"}


# --- what a body is written in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [None, b"", b"application/json", b"Application/JSON ; Charset=UTF-8", b'application/json; charset="utf-8"',
     b"text/plain", b"text/plain; charset=us-ascii", b"application/vnd.github+json", b"application/octet-stream",
     b"application/cloudevents+json; charset=utf-8", b"text/json", b"application/json;"],
)  # fmt: skip
def test_json_under_any_of_its_names_is_the_body_byte_for_byte(kind: bytes | None) -> None:
    body = '{ "a": "é" }'.encode()
    assert read(request(body, kind)).body is body


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("ISO-8859-1", "latin-1"), ("latin1", "latin-1"), ("windows-1252", "cp1252"), ("utf-16", "utf-16"),
     ("UTF-16LE", "utf-16-le"), ("utf-16be", "utf-16-be"), ("utf-16", "utf-16-be"), ("utf-16", "utf-16-le")],
)  # fmt: skip
def test_a_body_of_another_charset_is_read_as_utf8_and_known_by_its_raw_bytes(charset: str, codec: str) -> None:
    body = '{"a": "é"}'.encode(codec)
    received = read(request(body, f"application/json; charset={charset}".encode()))
    assert received.body == '{"a": "é"}'.encode()
    assert received.digest == sha256(body).digest()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_the_mark_at_the_beginning_of_a_body_is_no_part_of_its_json(codec: str) -> None:
    kind = b"application/json; charset=utf-16" if codec == "utf-16" else b"application/json"
    assert read(request("{}".encode(codec), kind)).body == b"{}"


@pytest.mark.parametrize(
    ("kind", "body"),
    [(b"application/json; charset=utf-16", b'{"a": "\xd8'), (b"application/json; charset=windows-1252", b'"\x81"'),
     (b"application/json; charset=utf-16le", b"\x00\xd8")],
)  # fmt: skip
def test_a_body_that_is_not_of_its_charset_is_refused(kind: bytes, body: bytes) -> None:
    assert refusal(request(body, kind)).code == "invalid_json"


@pytest.mark.parametrize(
    ("kind", "says"),
    [(b"application/xml", "send JSON"), (b"text/xml; charset=utf-8", "XML"), (b"application/soap+xml", "send JSON"),
     (b"multipart/form-data; boundary=x", "multipart/form-data"), (b"image/png", "must be JSON"), (b"\xff", "must be"),
     (b"application/json, application/json", "must be JSON"), (b"application/json; charset=utf-7", "'utf-7'"),
     (b"application/json; charset=", "charset"), (FORM + b"; charset=ebcdic", "iso-8859-1, utf-16"),
     (b"x" * 5000, "must be JSON")],
)  # fmt: skip
def test_what_is_not_read_is_refused_with_what_to_do_about_it(kind: bytes, says: str) -> None:
    error = refusal(request(b"<x/>", kind))
    assert (error.code, CODES[error.code].status) == ("unsupported_media_type", 415)
    assert says in error.detail
    assert len(error.detail) < 300


@pytest.mark.parametrize(("encoding", "refused"), [(b"gzip", True), (b"identity", False), (b"br, gzip", True)])
def test_a_compressed_body_is_refused(encoding: bytes, refused: bool) -> None:
    asked = request(b"{}", headers=USUAL | {b"content-encoding": encoding})
    if refused:
        assert "compress" in refusal(asked).detail
    else:
        assert read(asked).body == b"{}"


# --- forms ------------------------------------------------------------------------------------------------------


def test_the_field_of_a_form_holds_the_json_and_the_raw_form_is_what_it_is_known_by() -> None:
    payload = '{"who": "Adä & Bö", "n": [1, 2.50]}'
    body = urlencode({"payload": payload, "other": "1"}).encode()
    received = read(request(body, FORM))
    assert received.body == payload.encode()
    assert received.digest == sha256(body).digest()


@pytest.mark.parametrize("settings", [HEADERS, msgspec.structs.replace(HEADERS, form=None)])
def test_a_form_without_such_a_field_is_the_object_of_its_fields(settings: ReadingSettings) -> None:
    received = read(request(b"command=%2Fdeploy&text=now+please&tag=a&tag=b&tag=&empty=", FORM + b"; x=y"), settings)
    expected = {"command": "/deploy", "text": "now please", "tag": ["a", "b", ""], "empty": ""}
    assert json.loads(received.body) == received.tree == expected


def test_event_and_delivery_may_stand_in_a_field() -> None:
    received = read(request(b"type=sms.sent&id=7", FORM), IN_BODY)
    assert (received.event, received.delivery) == ("sms.sent", "7")
    inside = msgspec.structs.replace(IN_BODY, form="payload")
    assert read(request(urlencode({"payload": '{"type": "x"}'}).encode(), FORM), inside).event == "x"


def test_a_form_may_be_of_another_charset() -> None:
    received = read(request(b"name=%e9&n\xe9=1", FORM + b"; charset=iso-8859-1"))
    assert received.tree == {"name": "é", "né": "1"}


@pytest.mark.parametrize(
    "body",
    [b"", b"payload", b"payload=1&payload=2", b"payload=%ff", b"\xff=1", b"&" * 5, b"a=1&" * 2000, b"a=1&b",
     b"a=%", b"a=%4", b"a=%zz", b"%=1", b"a=b=c"],
)  # fmt: skip
def test_a_malformed_form_is_not_understood(body: bytes) -> None:
    assert refusal(request(body, FORM)).code == "invalid_request"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # As GitHub and Gitea, Slack, and Twilio write them.
        (b"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%2C%22n%22%3A+1%7D", {"ref": "refs/heads/main", "n": 1}),
        (b"payload=%7b%22ref%22%3a%22a%20b%22%7d", {"ref": "a b"}),
        (
            b"command=%2Fweather&text=94070+now&response_url=https://hooks.slack.com/commands/1234/5678&user_name=~a.b*",
            {"command": "/weather", "text": "94070 now", "user_name": "~a.b*",
             "response_url": "https://hooks.slack.com/commands/1234/5678"},
        ),
        (
            b"ToCountry=US&Body=1%20%2B%201%20%3D%202+%F0%9F%98%80&From=%2B15551234567&To=%2b1555&MediaUrl0=&NumMedia=0",
            {"ToCountry": "US", "Body": "1 + 1 = 2 \U0001f600", "From": "+15551234567", "To": "+1555", "MediaUrl0": "",
             "NumMedia": "0"},
        ),
    ],
)  # fmt: skip
def test_forms_are_read_as_their_senders_write_them(body: bytes, expected: object) -> None:
    assert read(request(body, FORM)).tree == expected


def test_json_that_is_called_a_form_is_refused_with_what_to_do_about_it() -> None:
    assert "application/json" in refusal(request(b'{"who": "Ada"}', FORM)).detail


@settings(max_examples=30, deadline=None)
@given(text=st.text(alphabet="%aé&=+{\U0001f600", min_size=1, max_size=9), shift=st.integers(0, 5))
@example("é", 1)
def test_a_field_is_what_was_put_into_it_however_long(text: str, shift: int) -> None:
    value = "x" * shift + text * (70_000 // len(quote_plus(text)))
    body = urlencode({"payload": value}).encode()
    assert read(request(body, FORM)).body == value.encode()


def test_a_large_form_takes_no_more_than_a_few_times_its_size() -> None:
    body = b"payload=" + b"%7B%22" * 200_000
    asked = request(body, FORM)
    tracemalloc.start()
    try:
        read(asked)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 4 * len(body)


# --- headers ----------------------------------------------------------------------------------------------------


def test_headers_are_kept_where_a_route_looks_at_them_but_for_credentials_and_signatures() -> None:
    secret = [b"authorization", b"cookie", b"x-hub-signature-256", b"x-gitlab-token", b"x-shopify-hmac-sha256",
              b"x-api-key", b"proxy-authorization", b"x-mine"]  # fmt: skip
    headers = USUAL | dict.fromkeys(secret, b"swordfish") | {b"user-agent": b"caf\xe9"}
    settings = TemplateScheme(signature=SignatureSettings(header="X-Mine"), event=Place(header="X-Event"))
    received = read(request(b"{}", headers=headers), settings, keep=True)
    assert received.headers == {"x-event": "push", "x-id": "d-1", "user-agent": "café"}
    assert not read(request(b"{}", headers=headers), settings).headers
    assert "swordfish" not in repr(received)


# --- whatever comes ---------------------------------------------------------------------------------------------

KINDS = st.one_of(
    st.none(),
    st.binary(max_size=30),
    st.sampled_from([FORM, b"application/json", b"text/plain", b"application/json; charset=utf-16", FORM + b";charset="
                     b"windows-1252", b"application/xml", b"multipart/form-data"]),
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> InboundRequest:
    """Anything."""
    text = st.text(max_size=60).map(lambda value: urlencode({"payload": value}).encode())
    headers = {b"x-event": draw(st.binary(max_size=20)), b"x-id": draw(st.binary(max_size=20))}
    encoding = draw(st.one_of(st.none(), st.none(), st.binary(max_size=10)))
    if encoding is not None:
        headers[b"content-encoding"] = encoding
    return request(draw(st.one_of(st.binary(max_size=200), text)), draw(KINDS), headers)


@given(asked=requests(), form=st.sampled_from([HEADERS, IN_BODY, ReadingSettings()]))
def test_whatever_comes_is_read_or_refused_and_nothing_else(asked: InboundRequest, form: ReadingSettings) -> None:
    try:
        received = read(asked, form, keep=True)
    except Refused as error:
        found, status = None, CODES[error.code].status
    else:
        found, status = received, 200
    assert status in (200, 400, 415)
    if found is not None:
        assert f"{found.event}{found.delivery}".isascii()
        assert f"{found.event}{found.delivery}".isprintable()
        assert found.digest == sha256(asked.body).digest()
