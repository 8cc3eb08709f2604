"""What the tests of routes share: commands, and one event."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from hookyard import Context, Plugin
from hookyard.config.model import RouteSettings
from hookyard.host.registry import Command
from hookyard.inbound.preset import Host
from hookyard.inbound.received import Received
from hookyard.inbound.routes import Known, Route, compile_routes

SHARED = Path(__file__).parents[5] / "shared"


class Author(Struct):
    name: str
    email: str | None = None


class Input(Struct):
    name: str
    count: int = 0
    tags: list[str] = []
    author: Author | None = None
    labels: dict[str, str] = {}
    short: Annotated[str, Meta(max_length=3)] = ""
    flag: bool = False
    ratio: float = 0.0
    anything: object = None


class Nothing(Struct):
    pass


def command(name: str, takes: type[Struct]) -> Command:
    """A command of the plugin `hello`."""
    plugin = Plugin("hello")

    async def run(data: object, ctx: Context) -> None: ...

    run.__annotations__ |= {"data": takes}
    declare: Any = plugin.command(name=name)
    declare(run)
    return Command(plugin.commands[name], None, f"hello/{name}", 64, 1000, 4)


COMMANDS = {f"hello/{name}": command(name, takes) for name, takes in (("greet", Input), ("nothing", Nothing))}


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


def shared(name: str) -> bytes:
    """A file of the shared folder; the test is skipped where there is none."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not beside the repository")
    return path.read_bytes()
