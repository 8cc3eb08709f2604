"""Routes that never run are told, and no others."""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import msgspec
import pytest
from tests.unit.inbound.lab import Nothing, command
from tests.unit.inbound.routes.test_route import TYPED

from hookyard.config.model import Config, PresetName, SourceSettings, TemplateScheme
from hookyard.config.model.inbound import RouteSettings
from hookyard.config.scalars import parse_value
from hookyard.config.values import Secret
from hookyard.inbound.problem import Found
from hookyard.inbound.sources import Sources
from hookyard.inbound.unreached import unreached_routes

TEMPLATE = {"signature": {"header": "X-Sig"}}


def told(scheme: object, *routes: Mapping[str, object], take: Literal["first", "all"] = "first") -> list[Found]:
    if isinstance(scheme, dict):
        scheme = msgspec.convert(scheme, TemplateScheme, dec_hook=parse_value)
    made = [msgspec.convert({"run": "typed/anything", "with": {}, **route}, RouteSettings) for route in routes]
    source = SourceSettings(
        scheme=cast("PresetName", scheme), secrets=(Secret("a long secret"),), routes=tuple(made), take=take
    )
    config = Config(sources={"hub": source})
    return list(unreached_routes(config, Sources.build(config, COMMANDS).by_name))


def typed(name: str, **members: object) -> Mapping[str, object]:
    return {"run": f"typed/{name}", "with": None, **members}


COMMANDS = {**TYPED.commands, "typed/anything": command("anything", Nothing)}


@pytest.mark.parametrize(
    "routes",
    [
        ({}, {"on": "push"}),
        ({"on": "push"}, {"on": "push"}),
        ({"on": ["p*", "ping"]}, {"on": ["push", "ping"], "if": "event.a == 1"}),
        ({"on": "*"}, {}),
        (typed("push"), {"on": "push"}),
        ({"on": ["push", "star"]}, typed("github_push")),
    ],
)
def test_a_route_after_one_that_takes_all_of_its_events_is_told(routes: Sequence[Mapping[str, object]]) -> None:
    [(path, why)] = told("github", *routes)
    assert path == "sources.hub.routes[1]"
    assert why.startswith("never runs: routes[0] takes all of its events before it")
    assert told("github", *routes, take="all") == []


@pytest.mark.parametrize(
    "routes",
    [
        ({"if": "event.a == 1"}, {"on": "push"}),
        ({"on": "push"}, {}),
        ({"on": "push"}, {"on": ["push", "star"]}),
        ({"on": "p*"}, {"on": "pu*"}),
        (typed("push"), typed("pull_request"), {}),
        (typed("github_push"), {"on": ["push", "issues"]}),
        ({}, {"on": "ping"}),
        ({"on": ["push", "p*"]}, {"on": ["push", "ping"]}),
    ],
)
def test_a_route_that_is_left_something_is_not(routes: Sequence[Mapping[str, object]]) -> None:
    assert told("github", *routes) == []


@pytest.mark.parametrize(
    ("scheme", "event"),
    [
        (TEMPLATE, "webhook"),
        (TEMPLATE | {"event": {"constant": "sale"}}, "sale"),
        ("docker-hub", "push"),
    ],
)
def test_an_event_that_its_sender_never_sends_is_told(scheme: object, event: str) -> None:
    assert told(scheme, {"on": event}) == []
    assert told(scheme, {"on": f"{event[:2]}*"}) == []
    [(path, why)] = told(scheme, {"on": "another"}, {})
    assert (path, why) == ("sources.hub.routes[0].on", f"never runs: every request here is the event {event!r}")


def test_of_senders_that_name_their_events_any_name_may_come() -> None:
    assert told(TEMPLATE | {"event": {"json": "$.type"}}, {"on": "x"}) == []
    assert told("stripe", {"on": "x"}) == []
