"""A subscriber: receives webhooks on loopback and verifies them as any receiver should."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from typing import Any

import msgspec
import uvicorn
from msgspec import Struct

from hookyard.client import VerificationError, verify

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Received(Struct, frozen=True):
    """One verified webhook."""

    webhook_id: str
    type: str
    job_id: str
    body: dict[str, Any]


class Receiver:
    """An HTTP server that answers 204 to a webhook whose signature is right, and 401 to any other."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._secret = ""
        self._arrived: dict[str, Received] = {}
        self._news = asyncio.Condition()
        self._server = _Quiet(
            uvicorn.Config(
                self._answer, interface="asgi3", loop="uvloop", http="httptools", lifespan="off", log_config=None
            )
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it receives."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/webhooks"

    async def start(self, secret: str) -> None:
        """Begin to receive what is signed with this secret."""
        self._secret = secret
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]))

    async def stop(self) -> None:
        """Stop receiving."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._listener.close()

    async def of_job(self, job_id: str) -> Received:
        """The verified webhook about this job, as soon as it is here."""
        async with self._news:
            await self._news.wait_for(lambda: job_id in self._arrived)
            return self._arrived[job_id]

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        body = b""
        more = scope["type"] == "http"
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        status = 204
        try:
            verify(headers, body, [self._secret])
        except VerificationError:
            status = 401
        else:
            await self._keep(headers["webhook-id"], body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _keep(self, webhook_id: str, body: bytes) -> None:
        event = msgspec.json.decode(body, type=dict[str, Any])
        job_id = event["data"]["job_id"]
        async with self._news:
            self._arrived[job_id] = Received(webhook_id, event["type"], job_id, event)
            self._news.notify_all()


class _Quiet(uvicorn.Server):
    """uvicorn that leaves the signals to the demo's gateway."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield
