"""An HTTP server for webhooks: takes each whole and answers as it is told. For `hookyard listen` and the demo."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import uvicorn
from msgspec import Struct

from hookyard.errors import CannotListen

LARGEST: Final = 32 << 20
"""Bytes of a body that are taken; what is longer is read no further."""
_GRACE: Final = 1
"""Seconds that answers under way have when it is stopped."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Incoming(Struct, frozen=True):
    """One request."""

    method: str
    target: str
    """The path, with the query."""
    headers: tuple[tuple[str, str], ...]
    """As they came, names in lower case; the same name may come twice."""
    body: bytes
    whole: bool
    """False: the body is longer than :data:`LARGEST`, and only its beginning is here."""


class Reply(Struct, frozen=True):
    """What is answered."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


class Receiver:
    """A server that hands every request to a function, and answers what that says.

    Args:
        take: called with each request, many at once.
        host: the address to listen at.
        port: 0 takes a free one.

    Raises:
        CannotListen: the address cannot be bound.
    """

    def __init__(self, take: Callable[[Incoming], Awaitable[Reply]], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._take = take
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family)
        except OSError as error:
            msg = f"cannot listen at {host}:{port}: {(error.strerror or 'error').lower()}"
            raise CannotListen(msg) from error
        shown = f"[{host}]" if ":" in host else host
        self.base: Final = f"http://{shown}:{self._listener.getsockname()[1]}"
        """Where it receives, without a path."""
        self._server = _Quiet(
            uvicorn.Config(
                self._answer,
                interface="asgi3",
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to receive: a connection that is made from now on is taken."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]))

    async def stop(self) -> None:
        """Stop receiving; returns when it is over."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        self._listener.close()

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        body, whole = await _body(receive)
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1")
        incoming = Incoming(
            scope["method"],
            f"{path}?{query}" if query else path,
            tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
            body,
            whole,
        )
        reply = await self._take(incoming)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        if not whole:
            headers.append((b"connection", b"close"))
        if reply.status not in {204, 304}:
            headers.append((b"content-length", b"0"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= LARGEST:
        message = await receive()
        part: bytes = message.get("body", b"")
        parts.append(part)
        size += len(part)
        more = message.get("more_body", False)
    return b"".join(parts)[:LARGEST], size <= LARGEST


class _Quiet(uvicorn.Server):
    """uvicorn that leaves the signals to the command."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none."""
        yield
