"""One connection to a receiver: one request at a time, and the reading of its answer.

| what comes | what it is |
|---|---|
| a whole answer | the answer; the connection is kept unless it says otherwise or more came than the answer |
| 1xx | skipped, except 101: nobody asked for another protocol |
| a head, and a body that goes beyond 64 KiB | the answer, at once; the connection is closed |
| a head, and a body that is not over when the time is | the answer: a 2xx is no reason to send again |
| no whole head when the time is over | `timeout` |
| a head beyond 32 KiB or 100 fields, or what is no HTTP | `connection` |
| the end, before a body whose length was said is complete | `connection` |
| the end, after a head that said no length (HTTP/1.0 does so) | the answer |
"""

import asyncio
import ssl
from typing import Final, Protocol, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from hookyard.outbound.sender import KEPT, Answer, SendError
from hookyard.writes import writes_of

HEAD_MOST: Final = 32 * 1024
"""Bytes of a head, those of 1xx before it too."""
FIELDS_MOST: Final = 100
READ_MOST: Final = 64 * 1024
"""Bytes that are read of an answer, to keep its connection."""
_REQUEST_TIMEOUT: Final = 408
_NOTED: Final = frozenset(map(len, ("content-length", "transfer-encoding", "retry-after", "webhook-delivery")))
"""How long the names of the fields are that matter: most need not even be compared."""


class Home(Protocol):
    """Where a connection belongs."""

    def idle(self, connection: "Connection") -> None:
        """It may take another request."""
        ...

    def over(self, connection: "Connection") -> None:
        """Its request is over."""
        ...

    def gone(self, connection: "Connection") -> None:
        """It is closed."""
        ...


class _TooMuchError(Exception):
    """More than anyone asked for; the parser stops at it."""


class Connection(asyncio.Protocol):
    """A connection; made by the loop, once it is there.

    Args:
        home: told of what becomes of it.
        address: where it leads.
    """

    __slots__ = (
        *("_body", "_complete", "_fields", "_framed", "_home", "_loop", "_parser", "_retry_after", "_seen", "_size"),
        *("_spoiled", "_status", "_transport", "_waiter", "_wish", "_writes", "address", "idle_since", "lost", "stale"),
    )

    def __init__(self, home: Home, address: str, loop: asyncio.AbstractEventLoop) -> None:
        self._home = home
        self._loop = loop
        self._writes = writes_of(loop)
        self.address = address
        self.idle_since = 0.0
        self.lost = False
        self.stale = False
        """Whether the receiver took its leave, most likely before it knew of the request: no byte of an answer came, or
        the 408 that some say before they close what was idle for too long."""
        self._transport: asyncio.Transport | None = None
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._waiter: asyncio.Future[Answer] | None = None
        self._begin()

    def _begin(self) -> None:
        self._seen = 0
        self._fields = 0
        self._status = 0
        self._framed = False
        self._complete = False
        self._spoiled = False
        self._body = b""
        self._size = 0
        self._retry_after: bytes | None = None
        self._wish: bytes | None = None

    # What its owner does.

    def post(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a request; the future gets its answer or a SendError. Whoever gives up waiting has to :meth:`abort`."""
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        if self.lost or self._transport is None:
            self.stale = True
            self._home.over(self)
            waiter.set_exception(SendError("connection"))
            return waiter
        self._waiter = waiter
        self._writes.put(self._transport, request)
        return waiter

    @property
    def usable(self) -> bool:
        """Whether a request may be sent, as far as is known."""
        return not self.lost and self._transport is not None and not self._transport.is_closing()

    def overdue(self) -> None:
        """The time for the request is over."""
        if self._status:
            self._answer(keep=False)
        else:
            self.fail("timeout")

    def fail(self, word: str) -> None:
        """Let the request fail, if there is one, and close."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            self._home.over(self)
            if not waiter.done():
                waiter.set_exception(SendError(word))
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._waiter = None
        self._home.over(self)
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close, with a word to the receiver where TLS has one."""
        if self._transport is not None:
            self._transport.close()

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there, TLS too."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        parser = self._parser
        if self._waiter is None or parser is None:
            self.abort()  # nothing was asked
            return
        try:
            self._feed(parser, data)
        except (HttpParserError, HttpParserUpgrade):
            # What comes after an answer does not make it worse.
            self._spoiled = True
            if not self._complete:
                self.fail("connection")
                return
        if self._complete:
            self._answer(keep=not self._spoiled)
        elif self._headed():
            if self._seen > READ_MOST:
                self._answer(keep=False)
        elif self._seen > HEAD_MOST:
            self.fail("connection")

    def _feed(self, parser: HttpResponseParser, data: bytes) -> None:
        room = HEAD_MOST - self._seen
        self._seen += len(data)
        if self._status or len(data) <= room:
            parser.feed_data(data)
        else:  # the parser would gather a field of any length before it shows it
            parser.feed_data(data[:room])
            if self._headed():
                parser.feed_data(data[room:])

    def _headed(self) -> bool:
        return self._status != 0

    def eof_received(self) -> bool | None:
        """The receiver says no more: the loop closes, and :meth:`connection_lost` says so."""
        if self._waiter is None:
            self._home.gone(self)
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by whomever."""
        self.lost = True
        self.stale = self._waiter is not None and not self._seen
        if self._waiter is not None:
            if self._status and not self._framed and exc is None:
                self._answer(keep=False)
            else:
                # A receiver says in an alert, after the handshake is over for us, that it wants another certificate.
                self.fail("tls" if isinstance(exc, ssl.SSLError) and self.stale else "connection")
        self._parser = None  # it knows us as we know it
        self._home.gone(self)

    # What the parser tells.

    def on_message_begin(self) -> None:
        """An answer begins; one that nobody asked for is read no further."""
        if self._complete:
            raise _TooMuchError

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or one after the body, which is of no interest."""
        self._fields += 1
        if self._fields > FIELDS_MOST:
            raise _TooMuchError
        if len(name) in _NOTED and not self._status:
            self._note(name.lower(), value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        parser = self._parser
        if parser is None:
            return
        status = parser.get_status_code()
        if status == 101:  # noqa: PLR2004  switching protocols, which nobody asked for
            raise _TooMuchError
        if status >= 200:  # noqa: PLR2004  those below announce an answer
            self._status = status
            self._spoiled = not parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        room = KEPT - self._size
        if room > 0:
            self._body += body[:room]
            self._size = len(self._body)

    def on_message_complete(self) -> None:
        """An answer is complete."""
        if self._status:
            self._complete = True
        else:  # a 1xx, whose fields are its own
            self._framed = False
            self._retry_after = self._wish = None

    def _answer(self, *, keep: bool) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(
                Answer(
                    status=self._status,
                    body=self._body,
                    retry_after=_text(self._retry_after),
                    wish=_text(self._wish),
                )
            )
        self._home.over(self)
        transport = self._transport
        if transport is None:
            return
        # A receiver that answers before it has read the whole request may never read the rest.
        if keep and not transport.is_closing() and not transport.get_write_buffer_size():
            self._begin()
            self._home.idle(self)
        else:
            self.stale = self._status == _REQUEST_TIMEOUT
            transport.abort()

    def _note(self, name: bytes, value: bytes) -> None:
        if name == b"content-length":
            self._framed = True
        elif name == b"transfer-encoding":
            self._framed = value.lower().rstrip().endswith(b"chunked")
        elif name == b"retry-after":
            self._retry_after = value
        elif name == b"webhook-delivery":
            self._wish = value


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
