"""An HTTP/1.1 client for load: keep-alive connections, one request at a time on each.

Without a rate every connection sends as soon as it was answered. With one, requests are due at fixed times
whether or not the server keeps up, and a latency counts from when its request was due: a server that stalls
is charged for all it kept waiting.
"""

import argparse
import asyncio
import gc
import json
import sys
import time
from collections import deque
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop


class Tally:
    """What all connections saw, and what is still to be sent."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.refused = 0
        self.errors = 0
        self.due: deque[float] = deque()
        self.idle: list[Connection] = []
        self.stopping = False
        self.paced = False


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, request: bytes, tally: Tally) -> None:
        self._request = request
        self._tally = tally
        self._since = 0.0
        self._busy = False
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, since: float) -> None:
        """Send one request that counts from `since`."""
        assert self._transport is not None
        self._since = since
        self._busy = True
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        tally, now = self._tally, time.perf_counter()
        tally.latencies.append(now - self._since)
        if self._parser.get_status_code() >= 300:
            tally.refused += 1
        self._busy = False
        if tally.stopping:
            return
        if not tally.paced:
            self.send(now)
        elif tally.due:
            self.send(tally.due.popleft())
        else:
            tally.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's signature
        if self._busy or not self._tally.stopping:
            self._tally.errors += 1

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def timetable(tally: Tally, rate: float, seconds: float) -> float:
    """Send `rate` requests a second for `seconds`; returns how late the client was at worst, in seconds."""
    started, sent, total, late = time.perf_counter(), 0, int(rate * seconds), 0.0
    while sent < total:
        now = time.perf_counter()
        while sent < total and (due := started + sent / rate) <= now:
            late = max(late, now - due)
            sent += 1
            if tally.idle:
                tally.idle.pop().send(due)
            else:
                tally.due.append(due)
        await asyncio.sleep(0.0005)
    return late


async def run(options: argparse.Namespace, body: bytes) -> dict[str, float]:
    url = urlsplit(options.url)
    head = [f"POST {url.path or '/'} HTTP/1.1", f"Host: {url.netloc}", "Content-Type: application/json"]
    head += [*options.header, f"Content-Length: {len(body)}", "", ""]
    request = "\r\n".join(head).encode() + body
    tally, loop = Tally(), asyncio.get_running_loop()
    connections: list[Connection] = []
    for _ in range(options.connections):
        _, protocol = await loop.create_connection(lambda: Connection(request, tally), url.hostname, url.port)
        connections.append(protocol)
    gc.collect()
    gc.freeze()
    gc.disable()
    started, late = time.perf_counter(), 0.0
    if options.rate is None:
        for connection in connections:
            connection.send(time.perf_counter())
        await asyncio.sleep(options.seconds)
    else:
        tally.paced = True
        tally.idle.extend(connections)
        late = await timetable(tally, options.rate, options.seconds)
        for _ in range(1000):
            if tally.errors or len(tally.idle) == len(connections):
                break
            await asyncio.sleep(0.01)
        tally.errors += len(connections) - len(tally.idle)
    elapsed, requests = time.perf_counter() - started, len(tally.latencies)
    tally.stopping = True
    for connection in connections:
        connection._busy = False  # noqa: SLF001  what is cut off now is neither counted nor an error
        connection.close()
    ranked = sorted(tally.latencies) or [0.0]
    return {
        "requests": requests,
        "seconds": elapsed,
        "errors": tally.errors,
        "refused": tally.refused,
        "p50_ms": ranked[len(ranked) // 2] * 1000,
        "p99_ms": ranked[int(len(ranked) * 0.99)] * 1000,
        "late_ms": late * 1000,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Post standard input to a URL, many times.")
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float, help="requests a second on a fixed timetable")
    parser.add_argument("--header", action="append", default=[])
    options = parser.parse_args()
    body = sys.stdin.buffer.read()
    print("RESULT", json.dumps(uvloop.run(run(options, body))))


if __name__ == "__main__":
    main()
