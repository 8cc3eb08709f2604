"""A receiver of webhooks as lean as can be, so that what is measured is the sending: answers 204, counts.

`python -m bench.peers.receiver PORT`; `GET /count` answers how many were received. What is posted to a path that begins
with `/hang` is never answered.
"""

import asyncio
import sys
from typing import cast

import httptools
import uvloop

received = 0


class Receiver(asyncio.Protocol):
    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._hangs = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._hangs = url.startswith(b"/hang")

    def on_message_complete(self) -> None:
        global received  # noqa: PLW0603  one counter, one process
        assert self._transport is not None
        if self._parser.get_method() == b"GET":
            body = str(received).encode()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        elif not self._hangs:
            received += 1
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
