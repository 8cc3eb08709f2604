"""What a verified request is: an event, a delivery, a route or none."""

import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inbound.lab import NOW, SECRET, generic, github, shared, source_of

from hookyard.config.model import RouteSettings
from hookyard.errors import Refused


def test_a_ping_is_recognised_and_has_no_route() -> None:
    received = source_of().receive(github(b"{}", event="ping"), b"{}", NOW)
    assert received.ping
    assert received.route is None


def test_a_real_ping_is_recognised() -> None:
    body = shared("payloads/github/ping.json")
    assert source_of().receive(github(body, event="ping"), body, NOW).ping


def test_the_first_route_that_takes_the_event_is_taken() -> None:
    source = source_of(
        routes=(
            RouteSettings(on="issues", run="hello/nothing"),
            RouteSettings(on=("push", "create"), run="hello/greet", priority=7),
            RouteSettings(on="*", run="hello/nothing"),
        )
    )

    def taken(event: str) -> tuple[str, int] | None:
        found = source.receive(github(b"{}", event=event), b"{}", NOW).route
        return None if found is None else (found.command, found.priority)

    assert taken("push") == ("hello/greet", 7)
    assert taken("create") == ("hello/greet", 7)
    assert taken("issues") == ("hello/nothing", 0)
    assert taken("star") == ("hello/nothing", 0)


def test_an_event_without_a_route_is_ignored() -> None:
    source = source_of(routes=(RouteSettings(on="push", run="hello/greet"),))
    received = source.receive(github(b"{}", event="star"), b"{}", NOW)
    assert received.route is None
    assert not received.ping


@pytest.mark.parametrize("name", [b"x-github-event", b"x-github-delivery"])
@pytest.mark.parametrize("value", [None, b"", b"push, push", b"\xff", b"a\nb", b" push", b"x" * 256])
def test_a_signed_request_without_a_proper_event_or_delivery_is_not_understood(
    name: bytes, value: bytes | None
) -> None:
    headers = github(b"{}")
    del headers[name]
    if value is not None:
        headers[name] = value
    with pytest.raises(Refused) as caught:
        source_of().receive(headers, b"{}", NOW)
    assert caught.value.code == "invalid_request"


def test_without_a_delivery_header_the_bodys_digest_takes_its_place() -> None:
    body = b'{"a": 1}'
    headers = {b"x-signature": hmac.digest(SECRET.encode(), body, "sha256").hex().encode()}
    received = source_of(scheme=generic()).receive(headers, body, NOW)
    assert received.delivery_id == hashlib.sha256(body).hexdigest()
    assert received.digest == hashlib.sha256(body).digest()


def test_a_generic_source_reads_its_own_event_and_delivery_headers() -> None:
    headers = {
        b"x-signature": hmac.digest(SECRET.encode(), b"{}", "sha256").hex().encode(),
        b"x-topic": b"orders/create",
        b"x-id": b"42",
    }
    scheme = generic(event_header="X-Topic", delivery_header="X-Id")
    received = source_of(scheme=scheme).receive(headers, b"{}", NOW)
    assert (received.event, received.delivery_id) == ("orders/create", "42")


# --- forms ------------------------------------------------------------------------------------------------------


def form(body: bytes) -> dict[bytes, bytes]:
    """GitHub's headers for a body sent as a form."""
    return github(body) | {b"content-type": b"application/x-www-form-urlencoded"}


def test_a_form_is_signed_as_it_came_and_its_payload_is_the_body() -> None:
    payload = shared("payloads/github/push.json").decode()
    body = urlencode({"payload": payload}).encode()
    received = source_of().receive(form(body), body, NOW)
    assert json.loads(received.body) == json.loads(payload)
    assert received.digest == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"other=1",
        b"payload",
        b"payload=1&payload=2",
        b"payload=%ff",
        b"\xff=1",
        b"&" * 100,
        b"payload=%zz&payload=1",
    ],
)
def test_a_form_without_one_payload_is_not_understood(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        source_of().receive(form(body), body, NOW)
    assert caught.value.code == "invalid_request"


@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from([b"application/json", b"application/x-www-form-urlencoded", b"\xff"]),
    event=st.binary(max_size=20),
    delivery=st.binary(max_size=20),
)
def test_whatever_is_signed_is_received_or_refused_and_nothing_else(
    body: bytes, kind: bytes, event: bytes, delivery: bytes
) -> None:
    headers = github(body) | {b"content-type": kind, b"x-github-event": event, b"x-github-delivery": delivery}
    try:
        received = source_of().receive(headers, body, NOW)
    except Refused as error:
        outcome = error.code
    else:
        outcome = f"{received.event} {received.delivery_id}"
    assert outcome.isascii()
    assert outcome.isprintable()
