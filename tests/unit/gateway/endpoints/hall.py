"""A whole service with a receiver on loopback, called over HTTP without a network."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from hookyard.auth import digest
from hookyard.config import load_file
from hookyard.service import Service
from hookyard.testing import FakeClock
from hookyard.testing.receiver import Handler, Receiver, ok, receiving

PLUGIN = '''
from msgspec import Struct
from hookyard import CommandError, Context, Plugin, Retry

plugin = Plugin("hello")


class Greet(Struct):
    name: str = "Ada"


class Greeting(Struct):
    text: str


@plugin.command
async def greet(data: Greet, ctx: Context) -> Greeting:
    """Say hello."""
    return Greeting(text=data.name)


@plugin.command
async def emit(data: Greet, ctx: Context) -> Greeting:
    """Tell something."""
    ctx.emit("greeting.said", {"to": data.name})
    return Greeting(text=data.name)
'''
ADMIN, MAKER, WRITER, READER, LOOKER, NOBODY = "admin", "maker", "writer", "reader", "looker", "nobody"
ACME, ZETA, BOSS = "acme", "zeta", "boss"
SCOPES: Mapping[str, tuple[list[str], str]] = {
    ADMIN: (["admin"], ""),
    MAKER: (["endpoints:*", "jobs:read"], ""),
    WRITER: (["endpoints:write"], ""),
    READER: (["endpoints:read"], ""),
    LOOKER: (["endpoints:read", "jobs:read"], ""),
    NOBODY: (["trigger:*/*", "jobs:*"], ""),
    ACME: (["endpoints:*", "jobs:*", "trigger:*/*"], "acme"),
    ZETA: (["endpoints:*", "jobs:*", "trigger:*/*"], "zeta"),
    BOSS: (["admin"], "acme"),
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BEGIN = 1_777_593_600_000  # 2026-05-01T00:00:00Z
FIXED = "fixed"
"""The endpoint of the configuration; it listens to nothing that happens here."""


class Hall:
    """What :func:`hall` gives."""

    def __init__(self, service: Service, clock: FakeClock, receiver: Receiver) -> None:
        self.service, self.clock, self.receiver = service, clock, receiver
        app: Any = service.app  # httpx types what ASGI leaves to dictionaries
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    async def __call__(
        self, method: str, path: str, body: object = None, token: str | None = ADMIN, **headers: str
    ) -> httpx.Response:
        """One request; a body of bytes goes as it is."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {"content-type": "application/json"} | headers
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        whole = path if path.startswith("/keys") else f"/api/v1{path}"
        return await self._client.request(method, whole, content=content, headers=given)

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()

    def body(self, **more: object) -> dict[str, Any]:
        """An endpoint at the receiver, told how jobs end."""
        return {"url": self.receiver.url(), **more}

    async def make(self, name: str, token: str = ADMIN, **more: object) -> dict[str, Any]:
        """Make an endpoint."""
        answer = await self("POST", "/endpoints", self.body(name=name, **more), token)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def run(self, command: str = "hello/greet", token: str = ADMIN, **more: object) -> str:
        """Run a job to its end; its id."""
        plugin, _, name = command.partition("/")
        body = {"plugin": plugin, "command": name, **more}
        answer = await self("POST", "/jobs", body, token, prefer="wait=30")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["job_id"])

    async def deliveries(self, query: str = "", token: str = ADMIN) -> list[dict[str, Any]]:
        """The first page of deliveries, newest first."""
        answer = await self("GET", f"/deliveries?{query}", None, token)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["deliveries"]
        return found

    async def settled(self, query: str, count: int, *statuses: str) -> list[dict[str, Any]]:
        """Wait until there are so many deliveries, and each has had its attempts; return them."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            found[:] = await self.deliveries(query)
            return len(found) == count and all(one["status"] in (statuses or ("delivered",)) for one in found)

        await self.until(there)
        return found

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Ask over and over, as anybody would."""
        async with asyncio.timeout(60):
            while not await condition():  # noqa: ASYNC110  it asks over HTTP, as anybody would
                await asyncio.sleep(0.005)


@asynccontextmanager
async def hall(folder: Path, handler: Handler = ok, **more: object) -> AsyncGenerator[Hall]:
    """Serve, with `more` of the configuration."""
    plugins = folder / "plugins"
    plugins.mkdir(mode=0o755, exist_ok=True)
    (plugins / "hello.py").write_text(PLUGIN)
    (plugins / "hello.py").chmod(0o644)
    async with receiving(handler) as receiver:
        config = {
            "plugin_dirs": ["plugins"],
            "tokens": [
                {"name": name, "sha256": digest(name), "scopes": scopes, "tenant": tenant}
                for name, (scopes, tenant) in SCOPES.items()
            ],
            "outbound": {
                "allow_http": True,
                "allow_ports": "any",
                "allow_networks": ["127.0.0.0/8"],
                "callback_secrets": [SECRET],
                "jitter": 0,
                "schedule": ["0s", "1m", "1h"],
            },
            "endpoints": {FIXED: {"url": receiver.url(), "secrets": [SECRET], "events": ["order.placed"]}},
            **more,
        }
        file = folder / "hookyard.yaml"
        file.write_text(json.dumps(config))
        clock = FakeClock(BEGIN)
        service = await Service.open(load_file(file), clock=clock)
        await service.start()
        called = Hall(service, clock, receiver)
        try:
            yield called
        finally:
            await called.aclose()
            await service.stop()


def in_hall(folder: Path, work: Callable[[Hall], Awaitable[None]], handler: Handler = ok, **more: object) -> None:
    """Do this with a service."""

    async def run() -> None:
        async with hall(folder, handler, **more) as called:
            await work(called)

    asyncio.run(run())


def refused(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and path of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    return answer.status_code, problem["code"], problem.get("path")
