"""What verified requests are whose event or delivery id does not always stand in the same place."""

from hashlib import sha256

import msgspec
import pytest
from tests.unit.inbound.verifiers.lab import request

from hookyard.config.model import PresetName, PresetScheme
from hookyard.inbound import presets, verifiers
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.verifiers.readers import MIXED

BODY = b'{"a": 1}'
DIGEST = sha256(BODY).hexdigest()


def read(name: PresetName, given: InboundRequest, prefix: str | None = None) -> Received:
    preset = presets.load(name)
    reader = verifiers.reader(preset.verifier or "", PresetScheme(preset=name, prefix=prefix), preset.reading)
    return reader.read(given, source="s", keep_headers=False)


def described(name: PresetName, given: InboundRequest, prefix: str | None = None) -> tuple[str, str]:
    received = read(name, given, prefix)
    assert received.digest == sha256(given.body).digest()
    return received.event, received.delivery


def test_gitlabs_signed_id_goes_before_the_other_and_without_either_the_body_stands_for_itself() -> None:
    event = {"X-Gitlab-Event": "Push Hook"}
    both = event | {"webhook-id": "w", "Idempotency-Key": "k"}
    assert described("gitlab", request(both, BODY)) == ("Push Hook", "w")
    assert described("gitlab", request(event | {"Idempotency-Key": "k"}, BODY)) == ("Push Hook", "k")
    random = event | {"X-Gitlab-Webhook-UUID": "r", "X-Gitlab-Event-UUID": "e"}
    assert described("gitlab", request(random, BODY)) == ("Push Hook", DIGEST)


def test_twilios_token_is_the_delivery_where_it_is_there() -> None:
    assert described("twilio", request({"I-Twilio-Idempotency-Token": "t"}, BODY)) == ("webhook", "t")
    assert described("twilio", request({}, BODY)) == ("webhook", DIGEST)


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b'{"type": "user.created"}', "user.created"),
        (b"{}", "webhook"),
        (b'{"type": 5}', "webhook"),
        (b'{"type": "a\\nb"}', "webhook"),
        (b"[]", "webhook"),
        (b'{"type": null}', "webhook"),
    ],
)
def test_the_type_of_a_standard_webhook_is_its_event(body: bytes, event: str) -> None:
    assert described("standard-webhooks", request({"webhook-id": "m"}, body)) == (event, "m")
    assert described("standard-webhooks", request({"svix-id": "m"}, body), "svix") == (event, "m")


def graph(*items: dict[str, str]) -> InboundRequest:
    return request({}, msgspec.json.encode({"value": items}))


@pytest.mark.parametrize(
    ("made", "event"),
    [
        (graph({"changeType": "created"}), "created"),
        (graph({"changeType": "created"}, {"changeType": "created"}), "created"),
        (graph({"changeType": "created"}, {"changeType": "deleted"}), MIXED),
        (graph({"lifecycleEvent": "reauthorizationRequired"}), "reauthorizationRequired"),
        (graph({}), "webhook"),
    ],
)
def test_graphs_event_is_what_all_notifications_tell_of(made: InboundRequest, event: str) -> None:
    assert described("microsoft-graph", made)[0] == event


def grid(*items: dict[str, str]) -> InboundRequest:
    return request({}, msgspec.json.encode(items))


def test_event_grids_event_is_the_type_and_its_delivery_the_id_of_the_only_event() -> None:
    one, two = {"id": "1", "eventType": "Blob.Created"}, {"id": "2", "eventType": "Blob.Deleted"}
    assert described("azure-event-grid", grid(one)) == ("Blob.Created", "1")
    assert described("azure-event-grid", grid(one, one))[0] == "Blob.Created"
    event, delivery = described("azure-event-grid", grid(one, two))
    assert (event, delivery) == (MIXED, sha256(grid(one, two).body).hexdigest())
    assert described("azure-event-grid", grid({"eventType": "a", "id": "two words"}))[0] == "a"
    assert described("azure-event-grid", request({}, BODY)) == ("webhook", DIGEST)


def test_amazons_event_is_in_the_header_and_its_id_in_the_signed_body() -> None:
    headers = {"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": "other", "content-type": "text/plain"}
    body = b'{"MessageId": "m-1", "Type": "Notification"}'
    assert described("aws-sns", request(headers, body)) == ("Notification", "m-1")
