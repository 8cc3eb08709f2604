"""The HTTP/1.1 protocol of the server: uvicorn's, with bounds on what comes before a request can be looked at."""

import asyncio
from http import HTTPStatus
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hookyard.errors import CODES

LARGEST_HEAD: Final = 64 << 10
"""Bytes of request line and header fields that are waited for; a larger head is answered 431 (RFC 6585)."""
HEAD_SECONDS: Final = 20.0
"""How long a head may take to arrive."""


class BoundedProtocol(HttpToolsProtocol):
    """Holds the head of a request to a size and a time; the gateway holds its body."""

    _head = True
    _head_bytes = 0
    _begun = 0.0

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
