"""The order in which a webhook is taken in, each stage recorded; who fails at one gets to none behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gateway.hook_lab import PUSH, config_with, github, hook, signed
from tests.unit.gateway.lab import CAP, JSON, Headers, House, Reply, house_of

from hookyard import Plugin
from hookyard.config.model import LimitSettings, PluginScheme, RouteSettings, SourceSettings
from hookyard.config.values import Rate, Secret
from hookyard.gateway.bodies import Bodies
from hookyard.gateway.limits import Limiter, Limits
from hookyard.hookspecs import InboundEvent, WebhookRequest, WebhookVerdict
from hookyard.host.hooks import Hooks
from hookyard.inbound.handshakes.slack import Slack
from hookyard.inbound.reading import Reading
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.routes.route import Route
from hookyard.inbound.scheme import scheme_of
from hookyard.inbound.source import Source
from hookyard.networks import Networks

SECRET = "s" * 32
STAGES = ["peer limit", "body", "networks", "verify", "rate", "read", "handshake", "filter", "map", "store"]
SIGNER = scheme_of("slack").verifier
BODY = b'{"type": "event_callback", "event_id": "Ev1", "name": "Ada"}'
SLACK = SourceSettings(
    scheme="slack",
    secrets=(Secret(SECRET),),
    allow=("192.0.2.0/24",),
    rate=Rate(2, 60_000),
    routes=(RouteSettings(on="event_*", run="hello/greet", with_={"name": "$.name"}),),
)


def _always(*_: object) -> bool:
    return True


def _not_empty(networks: Networks, _peer: object) -> bool:
    """Whether they are a source's: proxies are a list of networks too, and there are none here."""
    return bool(networks)


def _of_hub(on: object, what: object) -> bool:
    """Whether a source is verified that is there, and counted for it."""
    return (on.name if isinstance(on, Source) else what) == "hub"


@pytest.fixture(params=[True, False], ids=["lean", "ordinary"])
def lean(request: pytest.FixtureRequest) -> bool:
    """Whether there is the lean path."""
    return bool(request.param)


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages that requests come to, as they do."""
    seen: list[str] = []

    def record(where: type, name: str, stage: str, when: Callable[..., bool] = _always) -> None:
        inner = getattr(where, name)

        def recording(*arguments: object, **named: object) -> Any:  # noqa: ANN401  what the method returns
            if when(*arguments):
                seen.append(stage)
            return inner(*arguments, **named)

        monkeypatch.setattr(where, name, recording)

    record(Limits, "admit", "peer limit")
    record(Bodies, "read", "body")
    record(Networks, "__contains__", "networks", _not_empty)
    record(Source, "verify", "verify", _of_hub)
    record(Limiter, "take", "rate", _of_hub)
    record(Reading, "read", "read")
    record(Slack, "after", "handshake")
    record(Route, "takes", "filter")
    record(Route, "args", "map")
    record(house_of().dispatcher.__class__, "accept_many", "store")
    return seen


def built(lean: bool, source: SourceSettings = SLACK) -> House:
    """A gateway with a source that goes through every stage."""
    return house_of(config_with({"hub": source}, limits=LimitSettings(peer=Rate(3, 60_000))), lean=lean)


def come(house: House, body: bytes = BODY, *, secret: str = SECRET, source: str = "hub", more: Headers = ()) -> Reply:
    """One request, as Slack signs it."""
    asked = InboundRequest(headers=dict([JSON, *more]), body=body, now=house.clock.now())
    return house.call("POST", f"/hooks/{source}", [*SIGNER.sign(asked, secret).headers.items()], body)


def upto(stage: str) -> list[str]:
    """The stages until this one."""
    return STAGES[: STAGES.index(stage) + 1]


def test_a_good_request_goes_through_every_stage_in_their_order(stages: list[str], lean: bool) -> None:
    assert come(built(lean)).status == 202
    assert stages == STAGES


def test_an_address_that_comes_too_often_is_not_even_looked_at(stages: list[str], lean: bool) -> None:
    house = built(lean)
    for _ in range(3):
        come(house, secret="guess" * 8)
    stages.clear()
    assert come(house).status == 429
    assert stages == ["peer limit"]


@pytest.mark.parametrize("source", ["hub", "nowhere"])
def test_a_body_that_is_too_large_is_not_read(stages: list[str], lean: bool, source: str) -> None:
    reply = come(built(lean), b"x" * (CAP + 1), source=source)
    assert (reply.status, reply.unread) == (413, 1)
    assert stages == ["peer limit"]


def test_of_a_source_that_is_not_there_the_body_is_read_and_nothing_more(stages: list[str], lean: bool) -> None:
    assert come(built(lean), source="nowhere").status == 401
    assert stages == upto("body")


def test_an_address_that_may_not_send_is_not_verified(stages: list[str], lean: bool) -> None:
    assert come(built(lean, replace(SLACK, allow=("198.51.100.0/24",)))).status == 401
    assert stages == upto("networks")


@pytest.mark.parametrize("body", [BODY, b'{"type": "url_verification", "challenge": "c"}', b"<x/>", b""])
def test_who_did_not_sign_uses_up_nothing_and_no_plugin_or_route_hears_of_it(
    stages: list[str], lean: bool, body: bytes
) -> None:
    house = built(lean)
    assert come(house, body, secret="guess" * 8).status == 401
    assert stages == upto("verify")
    assert not house.dispatcher.jobs


def test_too_many_verified_requests_are_not_read(stages: list[str], lean: bool) -> None:
    house = built(lean)
    for _ in range(2):
        come(house)
    stages.clear()
    assert come(house).status == 429
    assert stages == upto("rate")


@pytest.mark.parametrize(("body", "kind", "status"), [(b"<x/>", b"text/xml", 415), (b"{", b"application/json", 400)])
def test_what_cannot_be_read_is_no_event(stages: list[str], lean: bool, body: bytes, kind: bytes, status: int) -> None:
    assert come(built(lean), body, more=[(b"content-type", kind)]).status == status
    assert stages == upto("read")


def test_a_handshake_that_is_signed_is_answered_before_any_route_sees_it(stages: list[str], lean: bool) -> None:
    reply = come(built(lean), b'{"type": "url_verification", "challenge": "c"}')
    assert (reply.status, reply.body) == (200, b"c")
    assert stages == upto("handshake")


def test_an_event_that_no_route_takes_is_stored_nowhere(stages: list[str], lean: bool) -> None:
    assert come(built(lean), b'{"type": "other"}').json == {"status": "ignored", "event": "other"}
    assert stages == upto("filter")


def test_an_event_that_does_not_fit_is_kept_after_all_that(stages: list[str], lean: bool) -> None:
    assert come(built(lean), b'{"type": "event_callback"}').status == 422
    assert stages == STAGES


def test_a_plugin_that_makes_the_input_is_asked_only_about_events_that_are_verified(lean: bool) -> None:
    asked: list[str] = []

    async def verify_webhook(request: WebhookRequest) -> WebhookVerdict:
        asked.append("verify")
        return WebhookVerdict(ok=request.headers.get("x-pass") == "good", event="push")

    async def map_input(event: InboundEvent) -> dict[str, str]:
        asked.append(f"map {event.event}")
        return {"name": "Ada"}

    guard = Plugin("guard")
    for function in (verify_webhook, map_input):
        guard.hook(function)
    route = RouteSettings(run="hello/greet", map="guard")
    sources = {
        "own": SourceSettings(scheme=PluginScheme(plugin="guard"), secrets=(Secret("x"),), routes=(route,)),
        "hub": github((route,)),
    }
    house = house_of(config_with(sources), lean=lean, hooks=Hooks([(guard, None)]))
    assert hook(house, PUSH, [JSON], "own").status == 401
    assert hook(house, PUSH, signed(PUSH, secret="guess")).status == 401
    assert asked == ["verify"]
    assert hook(house, PUSH, [JSON, (b"x-pass", b"good")], "own").status == 202
    assert hook(house, PUSH, signed(PUSH)).status == 202
    assert asked == ["verify", "verify", "map push", "map push"]
