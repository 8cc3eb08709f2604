"""What the tests of routes share: commands, and one event."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
from msgspec import Struct
from tests.unit.inbound.lab import COMMANDS

from hookyard.config.model import RouteSettings
from hookyard.host.registry import Command
from hookyard.inbound.preset import Host
from hookyard.inbound.received import Received
from hookyard.inbound.routes import Known, Route, compile_routes


class There(Struct):
    """What can be named."""

    commands: Mapping[str, Command] = msgspec.field(default_factory=lambda: COMMANDS)
    inactive: Sequence[str] = ()

    def check_hook(self, plugin: str, hook: str, where: str, problems: list[tuple[str, str]]) -> None:
        if plugin != "mapper":
            problems.append((where, f"there is no plugin {plugin!r} with {hook}"))


def settings(**members: object) -> RouteSettings:
    """A route to `hello/greet`, as the configuration writes it."""
    return msgspec.convert({"run": "hello/greet"} | members, RouteSettings)


def compiled(*routes: RouteSettings, there: There | None = None, host: Host | None = None) -> tuple[Route, ...]:
    """Routes that have nothing wrong with them."""
    problems: list[tuple[str, str]] = []
    made = compile_routes(routes, there or There(), Known(host=host), where="sources.hub.routes", problems=problems)
    assert problems == []
    return made


def route(**members: object) -> Route:
    """One route that has nothing wrong with it."""
    return compiled(settings(**members))[0]


def problems(
    *routes: RouteSettings,
    there: There | None = None,
    host: Host | None = None,
    sender: str | None = None,
    pings: frozenset[str] = frozenset(),
) -> list[tuple[str, str]]:
    """All that is wrong with routes of the source `hub`."""
    found: list[tuple[str, str]] = []
    where = "sources.hub.routes"
    compile_routes(routes, there or There(), Known(host=host, sender=sender, pings=pings), where=where, problems=found)
    return found


def received(body: object = None, *, event: str = "push", headers: Mapping[str, str] | None = None) -> Received:
    """An event; bytes are a body as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Received(
        source="hub", event=event, delivery="d-1", digest=sha256(raw).digest(), body=raw, headers=headers or {}
    )
