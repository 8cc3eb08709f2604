"""What may be shown of an endpoint, as JSON."""

import msgspec
import pytest

from hookyard.config import loads
from hookyard.config.endpoints.spec import decode_spec, encode_spec, rules_of, spec_of
from hookyard.config.model import EndpointRules, TlsSettings
from hookyard.config.plain import plain_of
from hookyard.config.values import Secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ALL = f"""
endpoints:
  a:
    url: https://a.example/
    description: text
    metadata: {{team: a}}
    secrets: [{SECRET}]
    events: ["order.*"]
    commands: ["shop/*"]
    if: data.x > 1
    signature: plain
    http_signature: true
    envelope: cloudevents
    headers: {{X-A: hunter2}}
    tls: {{ca: hunter2}}
    tenant: acme
    allow_networks: [10.0.0.0/8]
    schedule: [0s, 1h30m]
    jitter: 0.5
    timeout: 2500ms
    connect_timeout: 1s
    max_retry_after: 1d
    concurrency: 3
    rate: 10/1s
    order: {{by: $.data.x, head: pass, attempts: 2}}
    breaker: {{failures: 2, cooldown: 1m, longest: 1h}}
    disable_after: 0s
    enabled: false
"""


def test_what_is_written_is_read_back_to_the_same_and_holds_nothing_private() -> None:
    settings = loads(ALL, environ={}).endpoints["a"]
    spec = encode_spec(settings)
    assert decode_spec(spec) == rules_of(settings)
    assert b"hunter2" not in spec
    assert SECRET.encode() not in spec
    assert msgspec.json.decode(spec) == {
        "url": "https://a.example/",
        "description": "text",
        "metadata": {"team": "a"},
        "events": ["order.*"],
        "commands": ["shop/*"],
        "if": "data.x > 1",
        "signature": "plain",
        "http_signature": True,
        "envelope": "cloudevents",
        "schedule": ["0s", "1h30m"],
        "jitter": 0.5,
        "timeout": "2s500ms",
        "connect_timeout": "1s",
        "max_retry_after": "1d",
        "concurrency": 3,
        "rate": "10/1s",
        "order": {"by": "$.data.x", "head": "pass", "attempts": 2},
        "breaker": {"failures": 2, "cooldown": "1m", "longest": "1h"},
        "disable_after": "0s",
        "enabled": False,
    }


def test_what_has_its_default_is_not_written() -> None:
    assert spec_of(EndpointRules(url="https://a.example/")) == {"url": "https://a.example/"}
    assert spec_of(EndpointRules(url="https://a.example/", breaker="off"))["breaker"] == "off"


@pytest.mark.parametrize("spec", [b"", b"{}", b'{"url": "x", "secrets": []}', b'{"url": "x", "timeout": "soon"}'])
def test_what_is_no_endpoint_is_not_read(spec: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_spec(spec)


def test_a_secret_is_never_written_down() -> None:
    with pytest.raises(TypeError, match="secret"):
        plain_of(TlsSettings(key=Secret("hunter2")))
