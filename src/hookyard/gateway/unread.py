"""What is left of a body that is too large: read and thrown away for a moment, so that the caller sees the answer.

A connection that is closed while bytes of the caller are unread is reset, and the reset overtakes the answer: a caller
that sends first and listens then would never learn that its body is too large, and send it again.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from litestar.types import HTTPResponseBodyEvent, Message, Receive, ReceiveMessage, Send

MOST: Final = 64 << 20
"""Bytes that are thrown away at most."""
SECONDS: Final = 2.0
"""How long that may take."""
_TOO_LARGE: Final = 413


class Unread:
    """The body of one request, as far as nobody has read it.

    Args:
        receive: of the request.
        headers: of the request; a caller that asks first (`Expect`) has nothing under way.
    """

    __slots__ = ("_left", "_receive", "_too_large")

    def __init__(self, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        self._receive = receive
        self._left = b"expect" not in headers
        self._too_large = False

    async def receive(self) -> ReceiveMessage:
        """Read on."""
        message = await self._receive()
        if message["type"] != "http.request" or not message["more_body"]:
            self._left = False
        return message

    async def send(self, message: Message, send: Send) -> None:
        """Send a part of the answer; one that says that the body is too large is at its end when the rest is gone."""
        if message["type"] == "http.response.start":
            self._too_large = message["status"] == _TOO_LARGE
        elif self._too_large and self._left and message["type"] == "http.response.body" and not message["more_body"]:
            await send({**message, "more_body": True})
            await self._throw_away()
            message = HTTPResponseBodyEvent(type="http.response.body", body=b"", more_body=False)
        await send(message)

    async def _throw_away(self) -> None:
        size = 0
        try:
            async with asyncio.timeout(SECONDS):
                while self._left and size < MOST:
                    message = await self.receive()
                    size += len(message["body"]) if message["type"] == "http.request" else 0
        except TimeoutError:
            return
