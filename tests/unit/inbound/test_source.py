"""What a verified request is: an event, a delivery, a route or none."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.inbound.lab import COMMANDS, NOW, SECRET, generic, github, received_by, shared, source_of

from hookyard.config.model import (
    Config,
    HandshakeSettings,
    PluginScheme,
    PresetScheme,
    RouteSettings,
    SecretSettings,
    Server,
    SourceSettings,
)
from hookyard.config.values import Duration, Secret
from hookyard.errors import Refused
from hookyard.inbound import own
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.source import Source
from hookyard.inbound.sources import Sources, SourcesError
from hookyard.inbound.verifier import BadSignature
from hookyard.networks import Networks


def test_a_ping_is_recognised_and_has_no_route() -> None:
    source = source_of()
    received = received_by(source, github(b"{}", event="ping"), b"{}")
    assert received.ping
    assert source.routes_for(received) == ()


def test_a_real_ping_is_recognised() -> None:
    body = shared("payloads/github/ping.json")
    assert received_by(source_of(), github(body, event="ping"), body).ping


def test_the_first_route_that_takes_the_event_is_taken() -> None:
    source = source_of(
        routes=(
            RouteSettings(on="issues", run="hello/nothing"),
            RouteSettings(on=("push", "create"), run="hello/greet", priority=7),
            RouteSettings(on="*", run="hello/nothing"),
        )
    )

    def taken(event: str) -> tuple[str, int]:
        (found,) = source.routes_for(received_by(source, github(b"{}", event=event), b"{}"))
        return found.command, found.priority

    assert taken("push") == ("hello/greet", 7)
    assert taken("create") == ("hello/greet", 7)
    assert taken("issues") == ("hello/nothing", 0)
    assert taken("star") == ("hello/nothing", 0)


def test_an_event_without_a_route_is_ignored() -> None:
    source = source_of(routes=(RouteSettings(on="push", run="hello/greet"),))
    received = received_by(source, github(b"{}", event="star"), b"{}")
    assert source.routes_for(received) == ()
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
        received_by(source_of(), headers, b"{}")
    assert caught.value.code == "invalid_request"


def test_without_a_delivery_header_the_bodys_digest_takes_its_place() -> None:
    body = b'{"a": 1}'
    headers = {b"x-signature": hmac.digest(SECRET.encode(), body, "sha256").hex().encode()}
    received = received_by(source_of(scheme=generic()), headers, body)
    assert received.delivery == hashlib.sha256(body).hexdigest()
    assert received.digest == hashlib.sha256(body).digest()


def test_a_generic_source_reads_its_own_event_and_delivery_headers() -> None:
    headers = {
        b"x-signature": hmac.digest(SECRET.encode(), b"{}", "sha256").hex().encode(),
        b"x-topic": b"orders/create",
        b"x-id": b"42",
    }
    scheme = generic(event={"header": "X-Topic"}, delivery={"header": "X-Id"})
    received = received_by(source_of(scheme=scheme), headers, b"{}")
    assert (received.event, received.delivery) == ("orders/create", "42")


# --- forms ------------------------------------------------------------------------------------------------------


def form(body: bytes) -> dict[bytes, bytes]:
    """GitHub's headers for a body sent as a form."""
    return github(body) | {b"content-type": b"application/x-www-form-urlencoded"}


def test_a_form_is_signed_as_it_came_and_its_payload_is_the_body() -> None:
    payload = shared("payloads/github/push.json").decode()
    body = urlencode({"payload": payload}).encode()
    received = received_by(source_of(), form(body), body)
    assert json.loads(received.body) == json.loads(payload)
    assert received.digest == hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    "body",
    [
        b"",
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
        received_by(source_of(), form(body), body)
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
        received = received_by(source_of(), headers, body)
    except Refused as error:
        outcome = error.code
    else:
        outcome = f"{received.event} {received.delivery}"
    assert outcome.isascii()
    assert outcome.isprintable()


# --- secrets, networks, masquerade --------------------------------------------------------------------------------


def source(**settings: object) -> Source:
    """One source of GitHub's, with these settings besides."""
    given: Any = {"scheme": "github", "secrets": (Secret(SECRET),), "routes": (RouteSettings(run="hello/greet"),)}
    return Sources.build(Config(sources={"hub": SourceSettings(**(given | settings))}), COMMANDS).by_name["hub"]


def problems(**settings: object) -> tuple[tuple[str, str], ...]:
    """What is wrong with such a source."""
    given: Any = {"scheme": "github", "secrets": (Secret(SECRET),), "routes": (RouteSettings(run="hello/greet"),)}
    config = Config(sources={"hub": SourceSettings(**(given | settings))})
    with pytest.raises(SourcesError) as caught:
        Sources.build(config, COMMANDS, hooks={own.plugin.name: own.plugin.hooks.keys()})
    return caught.value.problems


ROTATION = (SecretSettings(value=Secret("new")), SecretSettings(value=Secret("old"), until="2023-11-14T22:13:21Z"))


def test_a_secret_is_good_until_its_time_and_is_not_even_tried_after() -> None:
    found = source(secrets=ROTATION)
    signed = InboundRequest(headers=github(b"{}", secret="old"), body=b"{}", now=NOW)
    assert found.verify(signed).number == 1
    with pytest.raises(BadSignature) as caught:
        found.verify(replace(signed, now=NOW + 1000))
    assert caught.value.step == "mismatch"
    assert found.verify(InboundRequest(headers=github(b"{}", secret="new"), body=b"{}", now=NOW + 1000)).number == 0


def test_a_source_all_of_whose_secrets_have_expired_lets_nobody_in_and_says_so_in_the_log() -> None:
    found = source(secrets=ROTATION[1:])
    with pytest.raises(BadSignature) as caught:
        found.verify(InboundRequest(headers=github(b"{}", secret="old"), body=b"{}", now=NOW + 1000))
    assert caught.value.step == "no_secret"


@pytest.mark.parametrize("header", [b"x-gitea-event", b"x-forgejo-event", b"x-gogs-event"])
def test_a_host_that_sends_githubs_headers_too_is_not_taken_for_github(header: bytes) -> None:
    headers = github(b"{}") | {header: b"push"}
    with pytest.raises(BadSignature) as caught:
        source().verify(InboundRequest(headers=headers, body=b"{}", now=NOW))
    assert (caught.value.step, caught.value.why) == ("masquerade", header.decode())


@pytest.mark.parametrize(
    ("settings", "path", "sentence"),
    [
        ({"secrets": ()}, "secrets", "there is none; without the secret that was entered at the sender"),
        ({"scheme": "aws-sns", "secrets": ()}, "scheme.topics", "is missing"),
        ({"secrets": (SecretSettings(value=Secret("x"), until="soon"),)}, "secrets[0].until", "is no time"),
        ({"allow": ("192.0.2.0/24", "192.0.2.1/24")}, "allow[1]", "is no network such as 10.1.0.0/16"),
        ({"scheme": PresetScheme(preset="github", prefix="svix")}, "scheme.prefix", "has no use with github"),
        ({"scheme": PresetScheme(preset="github", tolerance=Duration(1))}, "scheme.tolerance", "has no use"),
        (
            {"scheme": PresetScheme(preset="stripe", tolerance=Duration(60_000)), "dedupe_window": Duration(119_999)},
            "dedupe_window",
            "must be at least 120 s, twice the tolerance",
        ),
        ({"scheme": "slack", "dedupe_window": Duration(599_999)}, "dedupe_window", "must be at least 600 s"),
        (
            {
                "scheme": "standard-webhooks",
                "secrets": (Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),),
                "dedupe_window": Duration(1),
            },
            "dedupe_window",
            "must be at least 600 s",
        ),
        (
            {"scheme": PresetScheme(preset="websub", header="X-Word")},
            "scheme.header",
            "has no use with websub",
        ),
        ({"dedupe_window": Duration(0)}, "dedupe_window", "must be at least 60 s, or what a sender tries again"),
        (
            {"scheme": PresetScheme(preset="paddle", tolerance=Duration(1_000)), "dedupe_window": Duration(59_999)},
            "dedupe_window",
            "must be at least 60 s, or what a sender tries again would be new",
        ),
        (
            {
                "scheme": PluginScheme(plugin="hookyard"),
                "secrets": (Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),),
                "dedupe_window": Duration(599_999),
            },
            "dedupe_window",
            "must be at least 600 s, twice the tolerance",
        ),
        ({"scheme": "twilio"}, "url", "this sender signs the URL"),
        (
            {"handshake": HandshakeSettings(verify_token=Secret("w"))},
            "handshake.verify_token",
            "has no use with github",
        ),
        (
            {"scheme": "websub", "handshake": HandshakeSettings(rate=5)},
            "handshake.rate",
            "has no use with websub",
        ),
        (
            {"scheme": generic(), "handshake": HandshakeSettings(origins=("*",))},
            "handshake.origins",
            "has no use with a template",
        ),
    ],
)
def test_settings_that_would_open_a_door_or_close_it_for_good_stop_the_start(
    settings: dict[str, object], path: str, sentence: str
) -> None:
    (found,) = problems(**settings)
    assert found[0] == f"sources.hub.{path}"
    assert sentence in found[1]


def test_the_url_that_senders_sign_is_the_configurations_word() -> None:
    given: Any = {"secrets": (Secret(SECRET),), "routes": (RouteSettings(run="hello/greet"),)}
    sources = {
        "one": SourceSettings(scheme="github", **given),
        "two": SourceSettings(scheme="github", url="https://other.example.com/x", **given),
    }
    config = Config(server=Server(public_url="https://hooks.example.com/"), sources=sources)
    built = Sources.build(config, COMMANDS).by_name
    assert built["one"].url == "https://hooks.example.com/hooks/one"
    assert built["two"].url == "https://other.example.com/x"


@pytest.mark.parametrize(
    ("peer", "there"),
    [("192.0.2.7", True), ("::ffff:192.0.2.7", True), ("192.0.3.7", False), ("2001:db8::1%eth0", True), ("", False)],
)
def test_networks_hold_addresses_however_they_are_written(peer: str, there: bool) -> None:
    assert (peer in Networks(["192.0.2.0/24", "2001:db8::/32"])) is there
