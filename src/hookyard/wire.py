"""The HTTP/1.1 protocol of the server: uvicorn's, with bounds on what comes before a request can be looked at."""

import asyncio
import re
from functools import partial
from http import HTTPStatus
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from hookyard.errors import CODES
from hookyard.gateway.answer import WHOLE, Headers

LARGEST_HEAD: Final = 64 << 10
"""Bytes of request line and header fields that are waited for; a larger head is answered 431 (RFC 6585)."""
HEAD_SECONDS: Final = 20.0
"""How long a head may take to arrive."""
_STATUS_LINES: Final = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""In no value of a header (RFC 9110, section 5.5)."""


class BoundedProtocol(HttpToolsProtocol):
    """Holds the head of a request to a size and a time; the gateway holds its body."""

    _head = True
    _head_bytes = 0
    _begun = 0.0
    _idle_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Watch a new connection: it begins with a head."""
        super().connection_made(transport)
        self._begun = self.loop.time()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on, unless this head has no end."""
        super().data_received(data)
        if self._head:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
                self._refuse("header_too_large", f"The head of a request may have {LARGEST_HEAD} bytes.")

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._head, self._head_bytes, self._begun = True, 0, self.loop.time()

    def on_headers_complete(self) -> None:
        """It is complete."""
        self._head = False
        super().on_headers_complete()
        # Bound to this cycle: the head of the next request may be here before this one is answered.
        self.scope["extensions"] = {WHOLE: {"answer": partial(self._answer, self.cycle)}}

    def on_response_complete(self) -> None:
        """A request is answered: the next one begins, or the connection is idle from now on.

        uvicorn makes a timer for every answer and cancels it with the next request. Here one timer looks, when it is
        over, how long the connection has been idle by then.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_in(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        """Something comes: the connection is not idle. The timer runs on."""
        self._idle_since = None

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, and nobody need look at it."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection when it has been idle for long."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return  # the end of what goes on there sets the timer again
        left = self.timeout_keep_alive - (self.loop.time() - self._idle_since)
        if left > 0:
            self._look_in(left)
        else:
            super().timeout_keep_alive_handler()

    def _look_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _answer(self, cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> bool:
        """Write a whole answer in one go, where `send` does in two; False: nothing is done, it is for `send`."""
        fields = [*cycle.default_headers, *headers]
        if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or cycle.access_log:
            return False
        if not cycle.keep_alive or _FORBIDDEN.search(b"".join([value for _, value in fields])):
            return False
        lines = [b"%b: %b\r\n" % field for field in fields]
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self.transport.write(b"".join((_STATUS_LINES[status], *lines, b"\r\n", body)))
        cycle.message_event.set()
        cycle.on_response()
        return True

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP like everything else that is refused."""
        self._refuse("invalid_request", msg)

    def _refuse(self, code: str, detail: str) -> None:
        """Answer with a problem (RFC 9457) and close: what follows cannot be told apart any more."""
        known = CODES[code]
        problem = {
            "type": f"urn:hookyard:problem:{code}",
            "title": known.title,
            "status": known.status,
            "detail": detail,
            "code": code,
            "retryable": known.retryable,
        }
        body = msgspec.json.encode(problem)
        status = HTTPStatus(known.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _watch(self) -> None:
        if self.transport.is_closing():
            return
        # Between requests uvicorn's own timer for idle connections runs; this one is for heads that never end.
        if self._head and self._waits_for_a_head() and self.loop.time() - self._begun > HEAD_SECONDS:
            self.transport.close()
            return
        self.loop.call_later(HEAD_SECONDS / 2, self._watch)

    def _waits_for_a_head(self) -> bool:
        # None until the first head is complete, whatever uvicorn's annotation says.
        return bool(getattr(self.cycle, "response_complete", True))
