"""The HTTP/1.1 protocol of the server: uvicorn's, with bounds on what comes before a request can be looked at."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD: Final = 64 << 10
"""Bytes of request line and header fields that are waited for; a larger head is answered 431 (RFC 6585)."""
HEAD_SECONDS: Final = 20.0
"""How long a head may take to arrive."""

_ANSWER: Final = (
    b"HTTP/1.1 %b\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
)
_PROBLEM: Final = (
    b'{"type":"urn:hookyard:problem:%b","title":"%b","status":%b,"detail":"%b","code":"%b","retryable":false}'
)


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
                detail = b"The head of a request may have %d bytes." % LARGEST_HEAD
                self._refuse(b"431 Request Header Fields Too Large", b"header_too_large", b"431", detail)

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
        self._refuse(b"400 Bad Request", b"invalid_request", b"400", msg.encode("ascii", "replace"))

    def _refuse(self, line: bytes, code: bytes, status: bytes, detail: bytes) -> None:
        body = _PROBLEM % (code, b"The request is not understood.", status, detail, code)
        self.transport.write(_ANSWER % (line, len(body), body))
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
