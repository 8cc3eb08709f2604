"""What goes back: prepared bytes, and RFC 9457 problems."""

from collections.abc import Callable, Mapping
from typing import Final, cast

import msgspec
from litestar.types import HTTPScope, Receive, Scope, Send

from hookyard.errors import CODES, Refused

Headers = list[tuple[bytes, bytes]]

WHOLE: Final = "hookyard.whole"
"""The extension of ASGI by which our own server takes a whole answer to a POST: its member `answer` is one of these:"""
Whole = Callable[[int, Headers, bytes], bool]
"""Called with status, headers and body; False: nothing is done, the answer is to be sent as usual."""
_Extensions = Mapping[str, Mapping[str, Mapping[str, Whole]] | None]
_ACCEPTED: Final = 202
JSON_TYPE: Final = (b"content-type", b"application/json")
_PROBLEM_TYPE: Final = (b"content-type", b"application/problem+json")
_CHALLENGES: Final[Mapping[str, bytes]] = {
    # A 401 must name a scheme (RFC 9110, section 15.5.2).
    "unauthenticated": b'Bearer realm="hookyard"',
    "invalid_signature": b'Signature realm="hookyard"',
}
_UNREAD: Final = frozenset({"too_large", "request_timeout"})
"""What is left of the body is not worth reading: the connection is closed."""
_LONGEST_DETAIL: Final = 500
_encode: Final = msgspec.json.Encoder().encode


class Answer:
    """A whole response; also the ASGI application that sends it."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: Headers) -> None:
        self.status = status
        self.body = body
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        await self.send(send)

    async def give(self, scope: HTTPScope, send: Send) -> None:
        """Send it to a POST; that something is accepted goes out at once where the server can.

        In two messages it would be two writes to the socket, and two packets.
        """
        if self.status == _ACCEPTED:
            extensions = cast("_Extensions", scope).get("extensions")
            if extensions and WHOLE in extensions and extensions[WHOLE]["answer"](_ACCEPTED, self.headers, self.body):
                return
        await self.send(send)

    async def send(self, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def json_answer(body: bytes, status: int = 200, headers: Headers | None = None) -> Answer:
    """Wrap JSON bytes."""
    return Answer(status, body, _fields(JSON_TYPE, body) + (headers or []))


def value_answer(value: object, status: int = 200, headers: Headers | None = None) -> Answer:
    """Encode a value as JSON and wrap it."""
    return json_answer(_encode(value), status, headers)


def problem(error: Refused, request_id: str) -> Answer:
    """Make the problem document of a refusal: the code's row of `hookyard.errors.CODES`, and this occurrence."""
    code = CODES[error.code]
    document: dict[str, object] = {
        "type": f"urn:hookyard:problem:{error.code}",
        "title": code.title,
        "status": code.status,
        "detail": error.detail[:_LONGEST_DETAIL],
        "code": error.code,
        "retryable": code.retryable,
        "request_id": request_id,
    }
    if error.path is not None:
        document["path"] = error.path[:_LONGEST_DETAIL]
    body = _encode(document | dict(error.extra))
    headers = _fields(_PROBLEM_TYPE, body)
    if error.code in _CHALLENGES:
        headers.append((b"www-authenticate", _CHALLENGES[error.code]))
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % error.retry_after))
    if error.code in _UNREAD:
        headers.append((b"connection", b"close"))
    return Answer(code.status, body, headers)


def _fields(content_type: tuple[bytes, bytes], body: bytes) -> Headers:
    return [content_type, (b"content-length", b"%d" % len(body))]
