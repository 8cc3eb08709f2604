"""Reading the body of a request: up to a size, within a time, and with the memory there is for all of them."""

import asyncio
from collections.abc import Awaitable, Generator
from io import BytesIO
from typing import Any, Final, Generic, TypeVar

from litestar.types import Receive, ReceiveMessage

from hookyard.errors import Refused
from hookyard.gateway.memory import UNCOUNTED, Hold, Memory

T = TypeVar("T")
_MEMORY: Final = 256 << 20
_TIMEOUT: Final = 60_000
_PART: Final = 8
"""Of which one is for bodies up to a MiB."""


class Bodies:
    """Reads bodies.

    Args:
        memory: bytes that all of them together may take.
        timeout: milliseconds that one may take to arrive.
    """

    __slots__ = ("_large", "_seconds", "_small", "_timeout")

    def __init__(self, memory: int = _MEMORY, timeout: int = _TIMEOUT) -> None:
        self._small, self._large = Memory(memory // _PART), Memory(memory - memory // _PART)
        self._timeout = timeout
        self._seconds = timeout / 1000

    @property
    def held(self) -> int:
        """Bytes that are taken by bodies at this moment."""
        return self._small.held + self._large.held

    def hold(self, peer: str | None) -> Hold:
        """What a request's body takes; to be freed once the request is answered."""
        return Hold(self._small, self._large, peer)

    async def read(self, receive: Receive, cap: int, hold: Hold | None, length: int | None = None) -> bytes:
        """Read the body, up to `cap` bytes.

        Args:
            receive: of the request.
            cap: the most there may be.
            hold: what the body takes; None: too little to be counted, as its length says.
            length: as it is announced.

        Raises:
            Refused: it is longer (`too_large`), comes too slowly (`request_timeout`), finds no room (`busy`), or the
                caller went away.
        """
        # Most bodies came together with their head, and need no timer: it would cost more than reading them.
        steps = receive().__await__()
        try:
            pending = next(steps)
        except StopIteration as done:
            message: ReceiveMessage = done.value
            if message["type"] == "http.request" and not message["more_body"]:
                chunk = message["body"]
                if len(chunk) <= cap and len(chunk) <= UNCOUNTED:
                    return chunk
            first: Awaitable[ReceiveMessage] = _done(message)
        else:
            first = _Begun(steps, pending)
        try:
            async with asyncio.timeout(self._seconds):
                return await _rest(first, receive, cap, hold, cap if length is None else length)
        except TimeoutError:
            detail = f"The body may take {self._seconds:g} s to arrive."
            raise Refused("request_timeout", detail, extra={"limit_ms": self._timeout}) from None


async def _rest(first: Awaitable[ReceiveMessage], receive: Receive, cap: int, hold: Hold | None, most: int) -> bytes:
    whole, size = BytesIO(), 0  # whose value is its own buffer and no second copy
    message = await first
    while True:
        if message["type"] != "http.request":
            raise Refused("invalid_request", "The body ended early.")
        chunk = message["body"]
        size += len(chunk)
        if size > cap:
            raise Refused("too_large", f"The body may have {cap} bytes.", extra={"limit": cap})
        if size > UNCOUNTED:
            if hold is None:
                raise Refused("invalid_request", "The body is longer than Content-Length says.")
            if size > hold.room:
                await hold.grow(size, max(size, most))
        if not message["more_body"]:
            if not whole.tell():
                return chunk
            whole.write(chunk)
            return whole.getvalue()
        whole.write(chunk)
        message = await receive()


async def _done(message: ReceiveMessage) -> ReceiveMessage:
    return message


class _Begun(Generic[T]):
    """An awaitable that has taken its first step outside a task, and waits for `pending`."""

    __slots__ = ("_pending", "_steps")

    def __init__(self, steps: Generator[Any, Any, T], pending: object) -> None:
        self._steps = steps
        self._pending = pending

    def __await__(self) -> Generator[Any, Any, T]:
        """Go on."""
        try:
            yield self._pending
        except BaseException:
            self._steps.close()
            raise
        return (yield from self._steps)
