"""The questions that senders sign, by the presets as they are: verified and read, then answered."""

import json
from dataclasses import dataclass

import pytest
from msgspec import structs
from tests.unit.inbound.handshakes.lab import echo, parsed

from hookyard.config.model import PresetName, PresetScheme, SignatureSettings, TemplateScheme, TimestampSettings
from hookyard.inbound.handshake import Reply, Terms
from hookyard.inbound.handshakes.x import X
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.scheme import scheme_of
from hookyard.inbound.template import compile_template
from hookyard.inbound.verifier import BadSignature, Key, Located, Timed

TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
VISIT = f"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=23364"
SNS = {
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "23364",
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe.",
    "SubscribeURL": VISIT,
    "Timestamp": "2026-01-01T00:00:00.000Z",
    "SignatureVersion": "2",
}
GRID = {
    "id": "2d1781af",
    "topic": "/subscriptions/1",
    "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
    "data": {"validationCode": "512d38b6"},
}
NOW = 1_767_225_600_000  # the time in the message of SNS


@dataclass
class Case:
    """A question and its answer."""

    preset: PresetName | PresetScheme
    body: object
    reply: Reply | dict[str, object]
    headers: dict[bytes, bytes]


CASES = {
    "slack": Case("slack", {"type": "url_verification", "token": "x", "challenge": "c"}, echo("c"), {}),
    "discord interactions": Case(
        "discord", {"id": "1", "application_id": "2", "type": 1, "version": 1}, {"type": 1}, {}
    ),
    "discord events": Case("discord", {"version": 1, "application_id": "2", "type": 0}, Reply(status=204), {}),
    "twitch": Case(
        "twitch",
        {"challenge": "c", "subscription": {"id": "1", "type": "channel.follow"}},
        echo("c"),
        {
            b"twitch-eventsub-message-type": b"webhook_callback_verification",
            b"twitch-eventsub-message-id": b"84c1e79a",
        },
    ),
    "event grid": Case(
        "azure-event-grid",
        [GRID],
        {"validationResponse": "512d38b6"},
        {b"aeg-event-type": b"SubscriptionValidation"},
    ),
    "sns": Case(
        PresetScheme(preset="aws-sns", topics=(TOPIC,)),
        SNS | {"Type": "SubscriptionConfirmation"},
        Reply(visit=VISIT),
        {b"x-amz-sns-message-type": b"SubscriptionConfirmation", b"content-type": b"text/plain; charset=UTF-8"},
    ),
    "sns, the end": Case(
        PresetScheme(preset="aws-sns", topics=(TOPIC,)),
        SNS | {"Type": "UnsubscribeConfirmation"},
        Reply(),
        {b"x-amz-sns-message-type": b"UnsubscribeConfirmation", b"content-type": b"text/plain; charset=UTF-8"},
    ),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def signed(case: Case) -> tuple[InboundRequest, Key]:
    verifier = scheme_of(case.preset).verifier
    pair = verifier.pair()
    headers = {b"content-type": b"application/json", **case.headers}
    request = InboundRequest(headers=headers, body=json.dumps(case.body).encode(), now=NOW)
    return verifier.sign(request, pair.signing), Key(material=verifier.load(pair.verifying))


@cases
def test_a_question_that_is_signed_is_verified_read_and_answered(case: Case) -> None:
    scheme = scheme_of(case.preset)
    request, key = signed(case)
    assert scheme.verifier.verify(request, [key]) is key
    received = scheme.reader.read(request, source="s", keep_headers=False)
    assert not received.ping
    [handshake] = scheme.handshakes
    reply = handshake.after(request, received.event, received.tree, key, Terms())
    if isinstance(case.reply, dict):
        assert parsed(reply) == case.reply
    else:
        assert reply == case.reply


@cases
def test_the_same_question_without_a_good_signature_comes_to_no_handshake(case: Case) -> None:
    verifier = scheme_of(case.preset).verifier
    request, key = signed(case)
    _, other = signed(case)
    unsigned = structs.replace(request, headers=case.headers, query=b"", body=json.dumps(case.body).encode())
    for forged, keys in ((unsigned, [key]), (request, [other])):
        with pytest.raises(BadSignature):
            verifier.verify(forged, keys)


def test_zoom_is_answered_with_the_key_that_signed() -> None:
    scheme = scheme_of("zoom")
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}, "event_ts": 1}
    request, key = signed(Case("zoom", body, {}, {}))
    decoy = Key(material=scheme.verifier.load("another-secret"), number=0)
    used = scheme.verifier.verify(request, [decoy, key])
    received = scheme.reader.read(request, source="s", keep_headers=False)
    [handshake] = scheme.handshakes
    answers = [parsed(handshake.after(request, received.event, received.tree, each, Terms())) for each in (used, decoy)]
    assert used is key
    assert answers[0] != answers[1]


def test_a_guarded_verifier_can_do_what_it_could_before() -> None:
    template = TemplateScheme(
        signature=SignatureSettings(header="X-Signature"),
        content="{url}{timestamp}{body}",
        timestamp=TimestampSettings(header="X-Time"),
    )
    verifier = compile_template(template)
    guarded = X().guard(verifier)
    assert isinstance(guarded, Timed)
    assert isinstance(guarded, Located)
    assert (guarded.tolerance, guarded.needs_url) == (verifier.tolerance, True)
    key = Key(material=guarded.load("a secret"))
    token, event = (
        InboundRequest(headers={}, body=body, now=NOW, url="https://x.example/hooks/x") for body in (b"token", b"{}")
    )
    assert guarded.verify(guarded.sign(event, "a secret"), [key]) is key
    assert verifier.verify(verifier.sign(token, "a secret"), [key]) is key
    with pytest.raises(BadSignature):
        guarded.verify(guarded.sign(token, "a secret"), [key])
