"""What the inbound tests share: one source, and requests signed for it or not quite."""

import hmac
import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from hookyard import Context, Plugin
from hookyard.config.model import Config, PresetName, PresetScheme, RouteSettings, SourceSettings, TemplateScheme
from hookyard.config.values import Secret
from hookyard.host.registry import Command
from hookyard.inbound.received import Received
from hookyard.inbound.request import InboundRequest
from hookyard.inbound.source import Source
from hookyard.inbound.sources import Sources

NOW = 1_700_000_000_000
SECRET = "It's a Secret to Everybody"
SHARED = Path(__file__).parents[4] / "shared"


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


def source_of(
    *,
    scheme: PresetName | PresetScheme | TemplateScheme = "github",
    secrets: tuple[str, ...] = (SECRET,),
    routes: tuple[RouteSettings, ...] | None = None,
) -> Source:
    """One source, named `hub`."""
    settings = SourceSettings(
        scheme=scheme,
        secrets=tuple(map(Secret, secrets)),
        routes=routes or (RouteSettings(run="hello/greet"),),
    )
    return Sources.build(Config(sources={"hub": settings}), COMMANDS).by_name["hub"]


def generic(**settings: object) -> TemplateScheme:
    """A template whose signature stands in the header `X-Signature`."""
    return msgspec.convert({"signature": {"header": "X-Signature"}} | settings, TemplateScheme, dec_hook=_as_it_is)


def received_by(source: Source, headers: dict[bytes, bytes], body: bytes, *, now: int = NOW) -> Received:
    """What a source makes of a request: verified, then read."""
    request = InboundRequest(headers=headers, body=body, now=now, url=source.url)
    source.verify(request)
    return source.read(request)


def _as_it_is(kind: type, value: int) -> object:
    return kind(value)


def route(with_: dict[str, Any] | None, run: str = "hello/greet") -> RouteSettings:
    """A route for every event."""
    return RouteSettings(run=run, with_=with_)


def github(body: bytes, *, secret: str = SECRET, event: str = "push", delivery: str = "d-1") -> dict[bytes, bytes]:
    """The headers GitHub sends with a body."""
    return {
        b"x-hub-signature-256": b"sha256=" + hmac.digest(secret.encode(), body, "sha256").hex().encode(),
        b"x-github-event": event.encode(),
        b"x-github-delivery": delivery.encode(),
    }


def shared(name: str) -> bytes:
    """A file of the shared folder; the test is skipped where there is none."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not beside the repository")
    return path.read_bytes()


def vector(scheme: str) -> dict[str, str]:
    """A published signature vector."""
    found: list[dict[str, str]] = json.loads(shared("vectors/signatures.json"))
    return next(entry for entry in found if entry["scheme"] == scheme)
