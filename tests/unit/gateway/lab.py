"""What the gateway tests share: a whole gateway over a store in memory, called as an ASGI server would."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import pytest
from litestar.types import HTTPRequestEvent, HTTPScope, Message
from msgspec import Meta, Struct
from tests.unit.gateway.fake_dispatcher import FakeDispatcher

from hookyard import Context, Plugin
from hookyard.artifacts import ArtifactStore
from hookyard.auth import Tokens, digest
from hookyard.config.model import (
    ArtifactSettings,
    Config,
    JobSettings,
    OutboundSettings,
    RouteSettings,
    Server,
    SignatureSettings,
    SourceSettings,
    TemplateScheme,
    TokenSettings,
)
from hookyard.config.values import Duration, Secret, Size
from hookyard.credentials import TokenBook
from hookyard.gateway import Gateway, GatewayDeps, Readiness
from hookyard.gateway.documents import Fetch, no_fetches
from hookyard.gateway.handshake import Visit, no_visits
from hookyard.gateway.limits import Limits
from hookyard.host.changes import Changes
from hookyard.host.hooks import Hooks
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.inbound.sources import Sources
from hookyard.store.contract import Op, Result
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock

CAP = 4096
SECRET = "hush"
SHARED = Path(__file__).parents[4] / "shared"
CI, READER, LOOKER, ADMIN, NOBODY = "t-ci", "t-reader", "t-looker", "t-admin", "t-nobody"
OPS, RESULTS, ACME = "t-ops", "t-results", "t-acme"
JSON = (b"content-type", b"application/json")
Headers = Sequence[tuple[bytes, bytes]]
T = TypeVar("T")


class Greet(Struct):
    """Whom to greet."""

    name: str
    times: Annotated[int, Meta(ge=1)] = 1


class Greeting(Struct):
    """A greeting."""

    text: str


class Anything(Struct):
    """Nothing is needed."""

    note: str = ""


plugin = Plugin("hello")


@plugin.command(priority=3)
async def greet(data: Greet, ctx: Context) -> Greeting:
    """Say hello."""
    del ctx
    return Greeting(data.name)


@plugin.command(read_only=True)
async def look(data: Anything, ctx: Context) -> Anything:
    """Look and touch nothing."""
    del ctx
    return data


def commands_of(plugin: Plugin[None]) -> dict[str, Command]:
    """The plugin's commands as the gateway knows them."""
    return {spec.key: Command(spec, None, spec.key, 64, 1000, 4) for spec in plugin.commands.values()}


COMMANDS = commands_of(plugin)


@dataclass
class Reply:
    """A whole response."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    body: bytes = b""
    unread: int = 0
    """How many pieces of the request's body were not asked for before it was answered."""

    def __getitem__(self, name: str) -> str:
        """The one header of this name."""
        [value] = [value for key, value in self.headers if key == name.encode()]
        return value.decode()

    def __contains__(self, name: str) -> bool:
        """Whether there is such a header."""
        return any(key == name.encode() for key, _ in self.headers)

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def code(self) -> str:
        """The code of a problem."""
        assert self["content-type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert self.json["request_id"] == self["x-request-id"]
        return str(self.json["code"])


@dataclass
class House:
    """A gateway and what stands behind it."""

    app: Gateway
    dispatcher: FakeDispatcher
    store: MemoryStore
    clock: FakeClock
    readiness: Readiness
    artifacts: ArtifactStore
    peer: str = "192.0.2.1"
    """Who calls."""

    def call(
        self,
        method: str,
        path: str,
        headers: Headers = (),
        body: bytes | Iterable[bytes] = b"",
        *,
        query: bytes = b"",
    ) -> Reply:
        """One request; a body in pieces comes chunked unless a length is given."""
        return run(self.acall(method, path, headers, body, query=query))

    async def acall(
        self,
        method: str,
        path: str,
        headers: Headers = (),
        body: bytes | Iterable[bytes] = b"",
        *,
        query: bytes = b"",
    ) -> Reply:
        """The same, on a loop that runs already."""
        pieces = [body] if isinstance(body, bytes) else list(body)
        named = list(headers)
        if isinstance(body, bytes) and body and not any(name == b"content-length" for name, _ in named):
            named.append((b"content-length", b"%d" % len(body)))
        reply = Reply()

        async def receive() -> HTTPRequestEvent:
            await asyncio.sleep(0)
            piece = pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

        async def send(message: Message) -> None:
            await asyncio.sleep(0)
            if message["type"] == "http.response.start":
                assert not reply.status, "a second response"
                reply.status, reply.headers = message["status"], list(message["headers"])
                reply.unread = len(pieces)
            elif message["type"] == "http.response.body":
                reply.body += message["body"]

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "headers": [(b"host", b"localhost"), *named],
            "client": (self.peer, 1234),
            "server": ("localhost", 80),
        }
        await self.app(cast("HTTPScope", scope), receive, send)
        return reply

    def trigger(
        self, body: object = b"", *headers: tuple[bytes, bytes], to: str = "hello/greet", token: str = CI
    ) -> Reply:
        """An ordinary trigger."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", f"/trigger/{to}", [JSON, bearer(token), *headers], raw)

    def get(self, path: str, token: str | None = READER, *, query: bytes = b"") -> Reply:
        """An ordinary read."""
        return self.call("GET", path, [] if token is None else [bearer(token)], query=query)


def bearer(token: str = CI) -> tuple[bytes, bytes]:
    """The header that says who calls."""
    return (b"authorization", b"Bearer " + token.encode())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop of its own."""
    return asyncio.run(work)


def config_of(*, tokens: bool = True, callbacks: bool = True) -> Config:
    """The configuration all tests use."""
    scopes = {
        CI: ("trigger:hello/*",),
        READER: ("jobs:read",),
        LOOKER: ("trigger:ro",),
        ADMIN: ("admin",),
        NOBODY: (),
        OPS: ("jobs:*",),
        RESULTS: ("results:read",),
        ACME: ("jobs:*", "trigger:hello/*"),
    }
    return Config(
        server=Server(max_body=Size(CAP), max_wait=Duration(30_000)),
        jobs=JobSettings(idempotency_window=Duration(3_600_000)),
        tokens=tuple(
            TokenSettings(name=token[2:], sha256=digest(token), scopes=granted, tenant="acme" if token == ACME else "")
            for token, granted in scopes.items()
            if tokens
        ),
        outbound=OutboundSettings(callback_secrets=(Secret("whsec_x"),) if callbacks else ()),
        sources={
            "hub": SourceSettings(
                scheme="github",
                secrets=(Secret(SECRET),),
                routes=(
                    RouteSettings(on="push", run="hello/greet", with_={"name": "$.who"}, priority=5),
                    RouteSettings(on="star", run="hello/greet"),
                ),
                dedupe_window=Duration(3_600_000),
            ),
            "plain": SourceSettings(
                scheme=TemplateScheme(signature=SignatureSettings(header="X-Signature")),
                secrets=(Secret(SECRET),),
                routes=(RouteSettings(run="hello/look"),),
            ),
        },
    )


def house_of(
    config: Config | None = None,
    *,
    lean: bool = True,
    commands: Mapping[str, Command] | None = None,
    inactive: Collection[str] = (),
    hooks: Hooks | None = None,
    registry: Registry | None = None,
    reload: Callable[[], Awaitable[Changes]] | None = None,
    visit: Visit = no_visits,
    fetch: Fetch = no_fetches,
    store: MemoryStore | None = None,
) -> House:
    """Build a gateway; with other commands than the usual ones it has no sources, unless given."""
    config = config or (config_of() if commands is None else Config())
    commands = COMMANDS if commands is None else commands
    clock, store, readiness = FakeClock(), store or MemoryStore(), Readiness()
    hooks = hooks or Hooks()
    readiness.state = "ready"
    dispatcher = FakeDispatcher(store, clock)
    artifacts = ArtifactStore.open(ArtifactSettings(path="memory"), Path())
    tokens = Tokens(config.tokens, clock)

    async def write(op: Op) -> Result:
        return store.apply([op])[0]

    deps = GatewayDeps(
        config=config,
        registry=registry or Registry(commands=commands),
        dispatcher=dispatcher,
        store=store,
        artifacts=artifacts,
        sources=Sources.build(config, commands, inactive, _implemented(hooks)),
        write=write,
        tokens=tokens,
        book=TokenBook(tokens, store, write, clock),
        ids=IdSource(clock),
        clock=clock,
        readiness=readiness,
        limits=Limits(config.limits, clock.now),
        hooks=hooks,
        reload=reload,
        visit=visit,
        fetch=fetch,
        check_callback=lambda url: None if url.startswith("https://") else "The URL must be https.",
    )
    return House(Gateway(deps, lean=lean), dispatcher, store, clock, readiness, artifacts)


def _implemented(hooks: Hooks) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for record in hooks.records():
        found.setdefault(record.plugin, set()).add(record.hook)
    return found


def shared(name: str) -> bytes:
    """A file of the shared folder; the test is skipped where there is none."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not beside the repository")
    return path.read_bytes()
