"""Questions that senders sign: answered in kind, and only where they are ones."""

import hmac

import pytest
from tests.unit.inbound.handshakes.lab import KEY, SECRET, asked, echo, parsed, signed

from hookyard.errors import Refused
from hookyard.inbound.handshake import Reply
from hookyard.inbound.handshakes import BY_NAME
from hookyard.inbound.verifier import Key

SLACK = {
    "token": "Jhj5",
    "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    "type": "url_verification",
}
ZOOM = {
    "event": "endpoint.url_validation",
    "event_ts": 1654503849680,
    "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"},
}
POG = "pogchamp-kappa-360noscope-vohiyo"
TWITCH: dict[str, object] = {"challenge": POG, "subscription": {"type": "channel.follow"}}
TWITCH_TYPE = b"twitch-eventsub-message-type"
GRID_TYPE = {b"aeg-event-type": b"SubscriptionValidation"}
GRID = [
    {
        "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6", "validationUrl": "https://rp.test/validate"},
    }
]
QUIET_BODIES: list[object] = [
    None,
    [],
    {},
    "url_verification",
    1,
    {"type": ["url_verification"]},
    {"event": None},
    [[]],
    [{}, {}],
]


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("body", QUIET_BODIES)
def test_an_event_is_no_question(name: str, body: object) -> None:
    assert signed(name, body, headers={**GRID_TYPE, TWITCH_TYPE: b"notification"}) is None


def test_slack_has_its_challenge_said_back_as_plain_text() -> None:
    assert signed("slack", SLACK) == echo(SLACK["challenge"])


@pytest.mark.parametrize("challenge", [None, 1, "", "a b", "ä", "x" * 513, "a\nb", ["a"]])
@pytest.mark.parametrize(
    ("name", "body", "headers"),
    [("slack", SLACK, {}), ("twitch", TWITCH, {TWITCH_TYPE: b"webhook_callback_verification"})],
)
def test_a_challenge_of_another_form_is_refused_with_its_place(
    name: str, body: dict[str, object], headers: dict[bytes, bytes], challenge: object
) -> None:
    with pytest.raises(Refused) as caught:
        signed(name, body | {"challenge": challenge}, headers=headers)
    assert (caught.value.code, caught.value.path) == ("invalid_input", "$.challenge")


def test_twitch_has_its_challenge_said_back_as_plain_text() -> None:
    assert signed("twitch", TWITCH, headers={TWITCH_TYPE: b"webhook_callback_verification"}) == echo(POG)


@pytest.mark.parametrize("kind", [b"notification", b"revocation", b"webhook_callback_verification, notification"])
def test_twitch_only_asks_where_its_header_says_so_once(kind: bytes) -> None:
    assert signed("twitch", TWITCH, headers={TWITCH_TYPE: kind}) is None


def test_zoom_gets_its_token_and_the_hmac_by_the_key_that_signed_the_question() -> None:
    other = Key(material=b"other", number=1)
    for key, secret in ((KEY, SECRET), (other, b"other")):
        assert parsed(signed("zoom", ZOOM, key=key)) == {
            "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
            "encryptedToken": hmac.new(secret, b"qgg8vlvZRS6UYooatFL8Aw", "sha256").hexdigest(),
        }


@pytest.mark.parametrize("token", [None, 1, "", "v0:1654503849:{}", "a:b", "{}", "x" * 129, "ä", "a\n"])
def test_a_token_of_zoom_that_could_be_signed_as_something_else_is_refused(token: object) -> None:
    with pytest.raises(Refused) as caught:
        signed("zoom", ZOOM | {"payload": {"plainToken": token}})
    assert (caught.value.code, caught.value.path) == ("invalid_input", "$.payload.plainToken")


def test_event_grid_gets_its_code_and_nobody_visits_its_url() -> None:
    reply = signed("azure-event-grid", GRID, headers=GRID_TYPE)
    assert parsed(reply) == {"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}
    assert reply is not None
    assert reply.visit is None


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (GRID, {}),
        (GRID, {b"aeg-event-type": b"Notification"}),
        ([*GRID, *GRID], GRID_TYPE),
        ([GRID[0] | {"eventType": "Microsoft.Storage.BlobCreated"}], GRID_TYPE),
        (GRID[0], GRID_TYPE),
    ],
)
def test_event_grid_only_asks_by_one_event_of_that_type_under_that_header(
    body: object, headers: dict[bytes, bytes]
) -> None:
    assert signed("azure-event-grid", body, headers=headers) is None


def test_a_code_of_event_grid_that_is_missing_is_refused_with_its_place() -> None:
    with pytest.raises(Refused) as caught:
        signed("azure-event-grid", [GRID[0] | {"data": {}}], headers=GRID_TYPE)
    assert caught.value.path == "$[0].data.validationCode"


def test_discord_pings_by_type_1_of_interactions_and_type_0_of_events() -> None:
    assert parsed(signed("discord", {"id": "1", "type": 1, "version": 1})) == {"type": 1}
    assert signed("discord", {"version": 1, "application_id": "1", "type": 0}) == Reply(status=204)


@pytest.mark.parametrize(
    "body",
    [
        {"type": 2},
        {"type": True},
        {"type": False},
        {"type": 1.0},
        {"type": "1"},
        {"version": 1, "type": 1, "event": {"type": "APPLICATION_AUTHORIZED"}},
    ],
)
def test_what_is_no_ping_of_discord_is_an_event(body: object) -> None:
    assert signed("discord", body) is None


def test_questions_that_are_to_be_signed_are_never_answered_before_that() -> None:
    for name in ("slack", "zoom", "discord", "twitch", "aws-sns", "azure-event-grid"):
        for method in ("GET", "OPTIONS", "POST"):
            assert asked(name, {"challenge": "c", "hub.challenge": "c"}, method=method) is None
