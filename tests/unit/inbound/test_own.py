"""Hookyard's own provider: Standard Webhooks, signed by the independent `standardwebhooks` package."""

import asyncio
import datetime as dt
import json

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook

from hookyard import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.config.model import Config, PluginScheme, RouteSettings, SourceSettings
from hookyard.config.values import Secret
from hookyard.host.hooks import Hooks
from hookyard.inbound import own
from hookyard.inbound.sources import Sources, SourcesError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "A" * 32
NOW = 1_700_000_000
BODY = b'{"type":"job.succeeded","timestamp":"x","data":{"name":"Ada"}}'


def signed(body: bytes = BODY, secret: str = SECRET, at: int = NOW) -> WebhookRequest:
    time = dt.datetime.fromtimestamp(at, dt.UTC)
    signature = Webhook(secret).sign("msg_1", time, body.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}
    return WebhookRequest(source="s", headers=headers, body=body, secrets=(OTHER, SECRET), received_at=NOW * 1000)


def ask(request: WebhookRequest) -> WebhookVerdict | None:
    return asyncio.run(Hooks(own=[(own.plugin, None)]).verify_webhook("hookyard", request))


def test_what_one_of_the_secrets_signed_is_genuine_with_its_event_and_its_id() -> None:
    assert ask(signed()) == WebhookVerdict(ok=True, event="job.succeeded", delivery_id="msg_1")
    assert ask(signed(b"[]")) == WebhookVerdict(ok=True, event="webhook", delivery_id="msg_1")
    assert ask(signed(b'{"type": "a\\nb"}')) == WebhookVerdict(ok=True, event="webhook", delivery_id="msg_1")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (replace(signed(), body=BODY + b" "), "mismatch"),
        (signed(secret="whsec_" + "B" * 32), "mismatch"),
        (signed(at=NOW - 301), "timestamp_range"),
        (signed(at=NOW + 301), "timestamp_range"),
        (replace(signed(), headers={}), "missing"),
        (replace(signed(), headers=dict(signed().headers) | {"webhook-timestamp": "now"}), "timestamp_malformed"),
        (replace(signed(), headers=dict(signed().headers) | {"webhook-id": "other"}), "mismatch"),
        (replace(signed(), headers=dict(signed().headers) | {"webhook-signature": "v1,!!"}), "malformed"),
        (replace(signed(), headers=dict(signed().headers) | {"webhook-signature": ""}), "missing"),
        (replace(signed(), repeated=frozenset({"webhook-signature"})), "repeated"),
    ],
)
def test_anything_else_is_not(request_: WebhookRequest, reason: str) -> None:
    assert ask(request_) == WebhookVerdict(ok=False, reason=reason)


@pytest.mark.parametrize(("body", "expected"), [(BODY, b'{"name":"Ada"}'), (b"{}", b"null"), (b"{oops", b"{oops")])
def test_the_data_of_the_event_is_the_input(body: bytes, expected: bytes) -> None:
    event = InboundEvent(source="s", event="e", delivery_id="d", command="hello/greet", body=body)
    assert asyncio.run(Hooks(own=[(own.plugin, None)]).map_input("hookyard", event)) == expected


def test_a_secret_that_is_none_is_a_problem_at_start() -> None:
    source = SourceSettings(
        scheme=PluginScheme(plugin="hookyard"),
        secrets=(Secret(SECRET), Secret(json.dumps("guess"))),
        routes=(RouteSettings(run="gone/x"),),
    )
    with pytest.raises(SourcesError) as caught:
        Sources.build(Config(sources={"s": source}), {}, {"gone"}, {"hookyard": own.plugin.hooks.keys()})
    assert caught.value.problems == (("sources.s.secrets[1]", "a Standard Webhooks secret is not base64 after whsec_"),)
