"""A webhook receiver on loopback: a real server that answers as a test says, and keeps what it got."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from msgspec import Struct

from hookyard.egress.guard import Target


class Received(Struct, frozen=True):
    """One request."""

    line: str
    """Such as `POST /hook?x=1 HTTP/1.1`."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    connection: int = 0
    """On which of the receiver's connections it came, from 1."""


Handler = Callable[["Receiver", Received, asyncio.StreamWriter], Awaitable[None]]
"""Writes the answer, or does not."""


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Has a whole connection to itself."""


async def ok(_receiver: "Receiver", _request: Received, writer: asyncio.StreamWriter) -> None:
    """Answer 200."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


async def silent(receiver: "Receiver", _request: Received, _writer: asyncio.StreamWriter) -> None:
    """Answer nothing until the sender hangs up."""
    await receiver.hung_up()


def saying(said: bytes, *, hang_up: bool = True) -> Handler:
    """A handler that says these very bytes, whatever they are, and hangs up unless told otherwise."""

    async def handler(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        if hang_up:
            writer.close()

    return handler


def answering(status: int, body: bytes = b"", **headers: str) -> Handler:
    """A handler that always gives this answer; `_` in a header's name stands for `-`."""
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    answer = f"HTTP/1.1 {status} X\r\n{fields}content-length: {len(body)}\r\n\r\n".encode() + body

    async def handler(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return handler


class Receiver:
    """What :func:`receiving` gives: change `handler` at any time, read `requests`, wait with :meth:`until`."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[Received] = []
        self.connections = 0
        """How many there have been."""
        self.open = 0
        """How many there are."""
        self.port = 0
        self._changed = asyncio.Condition()
        self._readers: dict[asyncio.Task[None] | None, asyncio.StreamReader] = {}

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Where it listens, by this name."""
        return f"{scheme}://{host}:{self.port}/hook"

    def target(
        self, host: str = "receiver.invalid", *addresses: str, scheme: str = "http", path: str = "/hook"
    ) -> Target:
        """It as a guard would hand it out: at 127.0.0.1 if no addresses are given.

        No resolver knows a name under `.invalid` (RFC 6761), so only the addresses lead here.
        """
        shown = f"[{host}]" if ":" in host else host
        url = f"{scheme}://{shown}:{self.port}{path}"
        return Target(url, scheme, host, self.port, addresses or ("127.0.0.1",))

    async def until(self, what: Callable[[], object], seconds: float = 30) -> None:
        """Return when `what()` is true, which is looked at whenever something came or went."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: bool(what()))

    async def hung_up(self) -> None:
        """For handlers: return when this connection's sender has closed it."""
        await self._readers[asyncio.current_task()].read()

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._readers[task] = reader
        task.add_done_callback(self._readers.pop)

    async def aclose(self) -> None:
        """Hang up on everybody."""
        tasks = [task for task in self._readers if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def talk(self, talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Leave one connection to `talk`, and hang up after it."""
        self.connections += 1
        task = asyncio.current_task()
        self._readers[task] = reader
        try:
            await talk(reader, writer)
            writer.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()
            self._readers.pop(task, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self.open += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                line, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
                headers = {name.lower(): value for name, _, value in (f.partition(": ") for f in fields)}
                body = await reader.readexactly(int(headers["content-length"]))
                request = Received(line, headers, body, number)
                self.requests.append(request)
                await self._tell()
                await self.handler(self, request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            writer.transport.abort()  # a sender that does not read would otherwise keep the socket open
            raise
        finally:
            self.open -= 1
            writer.close()
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def receiving(
    handler: Handler = ok, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncGenerator[Receiver]:
    """A receiver that listens for as long as the block lasts.

    Args:
        handler: what it answers.
        tls: with which it speaks https.
        host: where it listens.
        port: ... and on which port; 0 is a free one.
    """
    receiver = Receiver(handler)
    server = await asyncio.start_server(receiver.connected, host, port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.aclose()
        await server.wait_closed()


@asynccontextmanager
async def talking(
    talk: Talk, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Receiver]:
    """A server that knows nothing of HTTP and leaves each connection to `talk`."""
    receiver = Receiver(ok)
    server = await asyncio.start_server(partial(receiver.talk, talk), host, port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await receiver.aclose()
        await server.wait_closed()
