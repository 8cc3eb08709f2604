"""The host's side of an attempt, at the other end of a channel."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, cast

from hookyard.context.events import NO_EVENTS, EventSpec
from hookyard.context.logger import shortened
from hookyard.context.messages import Ask, LogNote, Note
from hookyard.errors import Cancelled
from hookyard.host.foreign.worker.failures import to_error
from hookyard.host.foreign.worker.messages import Answer, AnyAsk, AnyNote, Asked, Told, encode, unpack_answer
from hookyard.process.channel import Channel, ChannelError
from hookyard.worker.http import HttpClients

if TYPE_CHECKING:
    # Made on first use only, as everywhere.
    import httpx

A = TypeVar("A")

MOST_UNSENT: Final = 8 << 20
"""Bytes that may wait for a server that is slow to take them; notes beyond are dropped and counted."""
MOST_POSTED: Final = 10_000
"""Notes of threads that may wait for the event loop; likewise."""


class Sender(Protocol):
    """The way to the server. Only for the event loop's thread."""

    channel: Channel

    def send_soon(self, message: bytes) -> None:
        """Send a message with the others of this turn of the loop."""
        ...


class _Pending:
    """One question that waits for its answer, on the loop or in a thread."""

    __slots__ = ("_future", "question")

    def __init__(self, question: AnyAsk, future: "asyncio.Future[object] | concurrent.futures.Future[object]") -> None:
        self.question = question
        self._future = future

    def answer(self, value: object) -> None:
        if not self._future.done():
            self._future.set_result(value)

    def refuse(self, error: Exception) -> None:
        if not self._future.done():
            self._future.set_exception(error)


class ChannelPort:
    """See :class:`hookyard.context.port.Port`.

    Args:
        number: of the command that runs.
        sender: the way to the server.
        loop: the event loop, on whose thread this is made.
        clients: the plugin's HTTP clients.
        declared: what the plugin declares of the events that it emits.
    """

    def __init__(
        self,
        number: int,
        sender: Sender,
        loop: asyncio.AbstractEventLoop,
        clients: HttpClients,
        declared: Mapping[str, EventSpec] = NO_EVENTS,
    ) -> None:
        self.declared = declared
        self._number = number
        self._sender = sender
        self._loop = loop
        self._clients = clients
        self._asked = 0
        self._pending: dict[int, _Pending] = {}
        self._posted = 0
        self._taken = 0
        self._dropped = 0
        self._stopped = False
        self._over = False

    def tell(self, note: Note) -> None:
        """Send a note on its way, from any thread."""
        if _on(self._loop):
            self._tell(note)
        elif self._posted - self._taken > MOST_POSTED:
            self._dropped += 1
        else:
            self._posted += 1
            self._loop.call_soon_threadsafe(self._tell_posted, note)

    async def ask(self, question: Ask[A]) -> A:
        """Ask the server, and wait."""
        future: asyncio.Future[object] = self._loop.create_future()
        asked = cast("AnyAsk", question)
        self._ask(asked, _Pending(asked, future))
        return cast("A", await future)

    def ask_blocking(self, question: Ask[A]) -> A:
        """Ask the server from a thread."""
        if _on(self._loop):
            msg = "the event loop would wait for itself: an async def command awaits its context"
            raise RuntimeError(msg)
        future: concurrent.futures.Future[object] = concurrent.futures.Future()
        asked = cast("AnyAsk", question)
        self._loop.call_soon_threadsafe(self._ask, asked, _Pending(asked, future))
        return cast("A", future.result())

    def http(self) -> "httpx.AsyncClient":
        """The plugin's client for outgoing calls."""
        return self._clients.http()

    def http_blocking(self) -> "httpx.Client":
        """The same for threads."""
        return self._clients.http_blocking()

    def answered(self, answer: Answer, command: str) -> None:
        """Hand an answer to whoever asked."""
        pending = self._pending.pop(answer.question, None)
        if pending is None:
            return
        if answer.error is not None:
            pending.refuse(to_error(answer.error, command))
        else:
            pending.answer(unpack_answer(pending.question, answer.value))

    def close(self) -> None:
        """The command is to stop: nothing is answered any more."""
        self._stopped = True
        pending, self._pending = self._pending, {}
        for one in pending.values():
            one.refuse(Cancelled("the attempt is over"))

    def end(self) -> None:
        """The command is through."""
        if self._dropped:
            self._sent(LogNote(level="warning", event="notes.dropped", values={"count": self._dropped}))
        self._over = True
        self.close()

    def _ask(self, question: AnyAsk, pending: _Pending) -> None:
        if self._stopped:
            pending.refuse(Cancelled("the attempt is over"))
            return
        self._asked += 1
        self._pending[self._asked] = pending
        try:
            self._sender.send_soon(encode(Asked(self._number, self._asked, question)))
        except (ChannelError, UnicodeError) as error:  # too long, or half a surrogate pair in a name
            del self._pending[self._asked]
            pending.refuse(ValueError(str(error)))

    def _tell_posted(self, note: Note) -> None:
        self._taken += 1
        self._tell(note)

    def _tell(self, note: Note) -> None:
        if self._over:
            return
        channel = self._sender.channel
        if channel.unsent > MOST_UNSENT:
            channel.flush()
        if channel.unsent > MOST_UNSENT:
            self._dropped += 1
            return
        if not (self._sent(note) or (isinstance(note, LogNote) and self._sent(_plain(note)))):
            self._dropped += 1

    def _sent(self, note: Note) -> bool:
        try:
            self._sender.send_soon(encode(Told(self._number, cast("AnyNote", note))))
        except Exception:  # noqa: BLE001  whatever its values do when they are written: telling never fails
            return False
        return True


def _plain(note: LogNote) -> LogNote:
    """A line that can be written whatever is in it."""
    values: dict[str, object] = {}
    for name, value in note.values.items():
        try:
            values[ascii(name)[1:-1]] = shortened(ascii(value), 1000)
        except Exception as error:  # noqa: BLE001  a value's own __repr__ is the plugin's code
            values[ascii(name)[1:-1]] = f"({type(error).__name__})"
    return LogNote(note.level, ascii(note.event)[1:-1], values)


def _on(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether this is the loop's own thread; a worker has one loop, in its main thread."""
    return threading.get_ident() == threading.main_thread().ident and loop.is_running()
