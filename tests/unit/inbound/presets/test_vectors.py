"""Signatures that others made: those that are published, and those in the shared folder where it is there."""

import json
from pathlib import Path
from typing import Any

import pytest

from hookyard.config.model import SignatureSettings, TemplateScheme
from hookyard.config.model.schemes import Mac
from hookyard.inbound.presets import load, names
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import BadSignature, Key, Verifier

EVERYBODY = "It's a Secret to Everybody"
SLACK_BODY = (
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    "&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
    ".803a0bc887a14d10d2c447fce8b6703c"
)
SENDGRID_BODY = (
    '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":'
    '"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-'
    '756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",'
    '"timestamp":1600112492}]\r\n'
)
SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc"
    "6wEA3F+g=="
)
SENDGRID_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
PUBLISHED: dict[str, tuple[str, str, dict[str, str], int]] = {
    # docs.github.com, "Validating webhook deliveries"
    "github": (
        EVERYBODY,
        "Hello, World!",
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        0,
    ),
    # support.atlassian.com, "Manage webhooks"
    "bitbucket": (
        EVERYBODY,
        "Hello World!",
        {"x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
        0,
    ),
    # docs.slack.dev, "Verifying requests from Slack"
    "slack": (
        "8f742231b10e8888abcd99yyyzzz85a5",
        SLACK_BODY,
        {
            "x-slack-request-timestamp": "1531420618",
            "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        },
        1531420618,
    ),
    # made by another implementation; Shopify publishes none
    "shopify": (
        "shop-secret",
        '{"id":1}',
        {"x-shopify-hmac-sha256": "plW8VGqq0nDMIEhDqaNNW99asdUCy7EIqLZVcQwtAZ0="},
        0,
    ),
    # the tests of SendGrid's own library for Python
    "sendgrid": (
        SENDGRID_KEY,
        SENDGRID_BODY,
        {
            "x-twilio-email-event-webhook-timestamp": "1600112502",
            "x-twilio-email-event-webhook-signature": SENDGRID_SIGNATURE,
        },
        1600112502,
    ),
}
SHARED = Path(__file__).parents[5] / "shared" / "vectors" / "signatures.json"
HEADERS = {"github/sha256": "x-hub-signature-256", "stripe/v1": "stripe-signature"}
HEADERS["shopify/base64"] = "x-shopify-hmac-sha256"
OF_CLASSES = {"standard-webhooks/v1", "standard-webhooks/v1a", "twilio/sha1-base64", "rfc9421/hmac-sha256"}
"""Whose presets are no templates; their own tests have them."""


def check(verifier: Verifier, request: InboundRequest, secret: str) -> None:
    """The vector is good, and no byte of its body may be another."""
    key = Key(material=verifier.load(secret))
    assert verifier.verify(request, [key]) is key
    spoilt = InboundRequest(headers=request.headers, body=request.body[:-1] + b"?", now=request.now)
    with pytest.raises(BadSignature) as caught:
        verifier.verify(spoilt, [key])
    assert caught.value.step == "mismatch"


def verifier_of(name: str) -> Verifier:
    template = load(name).template
    assert template is not None
    return compile_template(template)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_signature_is_found_good(name: str) -> None:
    secret, body, headers, seconds = PUBLISHED[name]
    wire = {key.encode(): value.encode() for key, value in headers.items()}
    check(verifier_of(name), InboundRequest(headers=wire, body=body.encode(), now=seconds * 1000), secret)


def shared() -> list[Any]:
    if not SHARED.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason="the folder with the shared vectors is not here"))]
    every = json.loads(SHARED.read_text(encoding="utf-8"))
    return [pytest.param(one, id=one["scheme"]) for one in every if one["scheme"] not in OF_CLASSES]


@pytest.mark.parametrize("vector", shared())
def test_a_shared_signature_is_found_good(vector: dict[str, str]) -> None:
    family, _, kind = vector["scheme"].partition("/")
    if family == "generic":
        mac: Mac = "hmac-sha1" if kind.startswith("sha1") else "hmac-sha256"
        header = "x-signature"
        verifier: Verifier = compile_template(TemplateScheme(signature=SignatureSettings(header=header), mac=mac))
    else:
        header, verifier = HEADERS[vector["scheme"]], verifier_of(family)
    request = InboundRequest(
        headers={header.encode(): vector["signature"].encode()},
        body=vector["body"].encode(),
        now=int(vector.get("timestamp", "0")) * 1000,
    )
    check(verifier, request, vector["secret"])


def test_stripes_older_signature_is_never_looked_at() -> None:
    """Its `v0` is of a key for tests, and would be a way down."""
    template = load("stripe").template
    assert template is not None
    verifier = compile_template(template)
    signed = verifier.sign(InboundRequest(headers={}, body=b"{}", now=0), "whsec_a")
    text = signed.headers[b"stripe-signature"].replace(b"v1=", b"v0=")
    with pytest.raises(BadSignature):
        verifier.verify(
            InboundRequest(headers={b"stripe-signature": text}, body=b"{}", now=0),
            [Key(material=verifier.load("whsec_a"))],
        )


def test_who_says_that_there_are_vectors_has_one() -> None:
    said = {name for name in names() if load(name).sure == "vectors" and load(name).template is not None}
    assert said == PUBLISHED.keys() | {"stripe"}
