"""A whole house with commands of external workers, called without a socket, its clock in the test's hand."""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
from litestar.types import HTTPScope, Message

from hookyard.auth import digest
from hookyard.config import load_file
from hookyard.service import Service
from hookyard.testing import FakeClock

T = TypeVar("T")
PATIENCE = 60
ADMIN, WORKER, OTHER, TENANT = "t-admin", "t-worker", "t-other", "t-tenant"
SCOPES: dict[str, dict[str, Any]] = {
    ADMIN: {"scopes": ["admin"]},
    WORKER: {"scopes": ["work:render/*"]},
    OTHER: {"scopes": ["work:other/*", "jobs:read"]},
    TENANT: {"scopes": ["work:*", "trigger:*/*", "jobs:read"], "tenant": "acme"},
}
IMAGE = {
    "input": {
        "type": "object",
        "properties": {"prompt": {"type": "string"}, "model": {"type": "string"}},
        "required": ["prompt"],
    },
    "output": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
    "affinity": "payload.model",
    "timeout": "10m",
    "retry": {"attempts": 3, "base": "10s", "jitter": False},
}
CONFIG: dict[str, Any] = {
    "plugins": {
        "render": {"commands": {"image": IMAGE, "video": {"concurrency": 2}}},
        "other": {"commands": {"thing": {}}},
    },
}
DONE = {"url": "https://example.org/1.png"}


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it, bounded in time."""

    async def bounded() -> T:
        async with asyncio.timeout(PATIENCE):
            return await work

    return asyncio.run(bounded())


class Yard:
    """A running house."""

    def __init__(self, service: Service, clock: FakeClock, client: httpx.AsyncClient) -> None:
        self.service = service
        self.clock = clock
        self.client = client

    async def post(self, path: str, body: object = None, token: str = ADMIN) -> httpx.Response:
        """One call."""
        return await self.client.post(path, json=body, headers={"authorization": f"Bearer {token}"})

    async def get(self, path: str, token: str = ADMIN) -> Any:  # noqa: ANN401  any JSON
        """One look, which succeeds."""
        answer = await self.client.get(path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def trigger(self, command: str = "render/image", token: str = ADMIN, **body: Any) -> str:  # noqa: ANN401
        """A job; its id."""
        body.setdefault("payload", {"prompt": "a cat"})
        answer = await self.post(f"/trigger/{command}", body, token)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    async def ask(self, token: str = WORKER, /, **body: Any) -> httpx.Response:  # noqa: ANN401
        """A claim."""
        return await self.post("/api/v1/work/claim", {"worker": "w1", "lanes": ["render/*"], **body}, token)

    async def claim(self, token: str = WORKER, /, **body: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """A claim that succeeds: its jobs."""
        answer = await self.ask(token, **body)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["jobs"]
        return found

    async def call(self, what: str, job: dict[str, Any], token: str = WORKER, /, **body: Any) -> httpx.Response:  # noqa: ANN401
        """Something said of a job that was claimed."""
        return await self.post(f"/api/v1/work/{what}", {"job_id": job["job_id"], "lease": job["lease"], **body}, token)

    async def job(self, job_id: str) -> dict[str, Any]:
        """All of a job."""
        return dict(await self.get(f"/api/v1/jobs/{job_id}"))

    async def until(self, job_id: str, status: str) -> dict[str, Any]:
        """The job once it has this status."""
        while True:
            found = await self.job(job_id)
            if found["status"] == status:
                return found
            await asyncio.sleep(0.01)

    async def waiting(self, count: int) -> None:
        """Return when so many workers wait."""
        while self.service.work.waiting != count:  # noqa: ASYNC110  nothing but its own queue knows
            await asyncio.sleep(0.001)


@asynccontextmanager
async def yard(
    base: Path, config: dict[str, Any] | None = None, clock: FakeClock | None = None
) -> AsyncGenerator[Yard]:
    """A house that runs, and is stopped at the end."""
    whole = {
        "tokens": [{"name": token[2:], "sha256": digest(token), **granted} for token, granted in SCOPES.items()],
        "jobs": {"lease": "30s", "timeout": "1m"},
        **(CONFIG if config is None else config),
    }
    (base / "hookyard.yaml").write_text(json.dumps(whole))
    clock = clock or FakeClock()
    service = await Service.open(load_file(base / "hookyard.yaml", {}), clock=clock)
    await service.start()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(cast("Any", service.app)), base_url="http://yard"
    ) as client:
        try:
            yield Yard(service, clock, client)
        finally:
            await service.stop()


async def claim_and_leave(yard: Yard, leave: asyncio.Event, **body: Any) -> list[Message]:  # noqa: ANN401
    """A claim whose caller goes away when `leave` is set; what was sent to it."""
    content = json.dumps({"worker": "gone", "lanes": ["render/*"], "wait": 30, **body}).encode()
    sent: list[Message] = []
    pieces = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Any:  # noqa: ANN401  an ASGI event
        if pieces:
            return pieces.pop()
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/api/v1/work/claim",
        "raw_path": b"/api/v1/work/claim",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {WORKER}".encode()), (b"content-type", b"application/json")],
        "client": ("192.0.2.1", 1234),
        "server": ("localhost", 80),
    }
    await yard.service.app(cast("HTTPScope", scope), receive, send)
    return sent
