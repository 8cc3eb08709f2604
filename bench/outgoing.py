"""Which HTTP client sends webhooks fastest: signed POSTs to a loopback receiver in a process of its own.

Every candidate sends the same body with the same headers, freshly signed, over keep-alive connections, 32 and
64 at once. Candidates take turns, several times; the table shows medians and the ratio to `httpx.AsyncClient`. The
last one is no client: it shows what a connection and the parser alone would do.
Bounded: about a minute. Run `python bench/outgoing.py`, with `--seconds` and `--repeats` to change that, `--json
FILE` to keep it.
"""

import argparse
import asyncio
import hmac
import json
import multiprocessing
import os
import platform
import statistics
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, cast

import aiohttp
import aiohttp.abc
import httpcore
import httpx
import uvloop
from httptools import HttpResponseParser
from pyreqwest.client import ClientBuilder

from hookyard.egress.guard import Target
from hookyard.outbound.http import HttpSender
from hookyard.outbound.sender import Channel

HOST = "receiver.test"  # no resolver knows it: a candidate that reaches it was really pinned
KEY = b"a key of twenty-four b."
BODY = b'{"type":"job.succeeded","timestamp":"2026-01-01T00:00:00.000Z","data":{"job_id":"%s","result":%s}}' % (
    b"019b8c00-0000-7000-8000-000000000000",
    b'{"text":"' + b"x" * 300 + b'"}',
)
Send = Callable[[dict[str, str]], Awaitable[int]]
Candidate = Callable[[int, int], AbstractAsyncContextManager[Send]]


class Receiver(asyncio.Protocol):
    """The least an HTTP/1.1 receiver can do: find the end of each request and say 200."""

    ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    def __init__(self) -> None:
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            at = head.index(b"content-length:") + 15
            whole = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
            if len(self.buffer) < whole:
                return
            del self.buffer[:whole]
            self.transport.write(self.ANSWER)


def receive(pipe: Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    uvloop.run(main())


@asynccontextmanager
async def by_httpx(port: int, at_once: int) -> AsyncIterator[Send]:
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    # httpx has no resolver to pin with; the address in the URL and the name in the header is its way.
    async with httpx.AsyncClient(limits=limits, trust_env=False, follow_redirects=False) as client:

        async def send(headers: dict[str, str]) -> int:
            answer = await client.post(f"http://127.0.0.1:{port}/hook", content=BODY, headers={"host": HOST, **headers})
            return answer.status_code

        yield send


@asynccontextmanager
async def by_httpcore(port: int, at_once: int) -> AsyncIterator[Send]:
    url = f"http://127.0.0.1:{port}/hook"
    async with httpcore.AsyncConnectionPool(max_connections=at_once, max_keepalive_connections=at_once) as pool:

        async def send(headers: dict[str, str]) -> int:
            answer = await pool.request("POST", url, content=BODY, headers={"host": HOST, **headers})
            return answer.status

        yield send


class Pinned(aiohttp.abc.AbstractResolver):
    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: int = 0,  # noqa: ARG002  the interface's
    ) -> list[aiohttp.abc.ResolveResult]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None: ...


@asynccontextmanager
async def by_aiohttp(port: int, at_once: int) -> AsyncIterator[Send]:
    connector = aiohttp.TCPConnector(limit=at_once, resolver=Pinned())
    url = f"http://{HOST}:{port}/hook"
    async with aiohttp.ClientSession(connector=connector) as session:

        async def send(headers: dict[str, str]) -> int:
            async with session.post(url, data=BODY, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(1024)
                return answer.status

        yield send


def by_pyreqwest(capped: bool) -> Candidate:
    @asynccontextmanager
    async def candidate(port: int, at_once: int) -> AsyncIterator[Send]:
        builder = ClientBuilder().resolve(HOST, "127.0.0.1", port).no_proxy().follow_redirects(False)
        builder = builder.timeout(timedelta(seconds=15)).pool_max_idle_per_host(at_once)
        url = f"http://{HOST}:{port}/hook"
        async with builder.build() as client:

            async def whole(headers: dict[str, str]) -> int:
                return (await client.post(url).headers(headers).body_bytes(BODY).build().send()).status

            async def first(headers: dict[str, str]) -> int:
                async with client.post(url).headers(headers).body_bytes(BODY).build_streamed() as answer:
                    await answer.body_reader.read(1024)
                    return answer.status

            yield first if capped else whole

    return candidate


class Bare(asyncio.Protocol):
    """A connection that does the least: no deadline, no limit, no check of anything."""

    def __init__(self) -> None:
        self.parser = HttpResponseParser(self)
        self.waiter: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self.waiter is not None:
            self.waiter.set_result(self.parser.get_status_code())


@asynccontextmanager
async def by_httptools(port: int, at_once: int) -> AsyncIterator[Send]:
    loop = asyncio.get_running_loop()
    pool = [(await loop.create_connection(Bare, "127.0.0.1", port))[1] for _ in range(at_once)]
    every = list(pool)
    start = f"POST /hook HTTP/1.1\r\nhost: {HOST}:{port}\r\ncontent-length: {len(BODY)}\r\n"

    async def send(headers: dict[str, str]) -> int:
        connection = pool.pop()
        waiter = connection.waiter = loop.create_future()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.transport.write(f"{start}{lines}\r\n".encode() + BODY)
        status = await waiter
        pool.append(connection)
        return status

    try:
        yield send
    finally:
        for connection in every:
            connection.transport.close()


@asynccontextmanager
async def by_hookyard(port: int, at_once: int) -> AsyncIterator[Send]:
    target = Target(f"http://{HOST}:{port}/hook", "http", HOST, port, ("127.0.0.1",))
    channel = Channel(key="bench", timeout=15, connect_timeout=5, idle=at_once)
    sender = HttpSender()

    async def send(headers: dict[str, str]) -> int:
        return (await sender.send(target, headers, BODY, channel)).status

    try:
        yield send
    finally:
        await sender.aclose()


CANDIDATES: dict[str, Candidate] = {
    "httpx.AsyncClient": by_httpx,
    "httpcore pool": by_httpcore,
    "aiohttp": by_aiohttp,
    "pyreqwest, whole answer": by_pyreqwest(capped=False),
    "pyreqwest, answer capped": by_pyreqwest(capped=True),
    "hookyard's sender": by_hookyard,
    "httptools and nothing else": by_httptools,
}


def sign(identifier: str, now: int) -> str:
    content = b"%s.%d.%s" % (identifier.encode(), now, BODY)
    return f"v1,{b64encode(hmac.digest(KEY, content, 'sha256')).decode()}"


class Run(NamedTuple):
    per_second: float
    cpu: float
    """Microseconds of this process for one request, the library's own threads too."""


async def measure(candidate: Candidate, port: int, at_once: int, seconds: float) -> Run:
    sent = 0

    async def worker(send: Send, until: float) -> None:
        nonlocal sent
        while time.perf_counter() < until:
            sent += 1
            identifier, now = f"msg_{sent}", int(time.time())
            status = await send(
                {
                    "webhook-id": identifier,
                    "webhook-timestamp": str(now),
                    "webhook-signature": sign(identifier, now),
                    "content-type": "application/json",
                    "user-agent": "Hookyard/bench",
                }
            )
            assert status == 200, status

    async with candidate(port, at_once) as send:
        await worker(send, time.perf_counter() + 0.05)
        sent, start, busy = 0, time.perf_counter(), time.process_time()
        await asyncio.gather(*(worker(send, start + seconds) for _ in range(at_once)))
        return Run(sent / (time.perf_counter() - start), (time.process_time() - busy) / sent * 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    receiver = context.Process(target=receive, args=(theirs,), daemon=True)
    receiver.start()
    port: int = ours.recv()
    runs: dict[tuple[str, int], list[Run]] = {}
    for _ in range(options.repeats):
        for at_once in (32, 64):
            for name, candidate in CANDIDATES.items():
                run = uvloop.run(measure(candidate, port, at_once, options.seconds))
                runs.setdefault((name, at_once), []).append(run)
    ours.send(None)
    receiver.join(5)
    report(runs, options.json)


def ratio(ours: list[Run], theirs: list[Run]) -> float:
    return statistics.median(our.per_second / their.per_second for our, their in zip(ours, theirs, strict=True))


def report(runs: dict[tuple[str, int], list[Run]], path: str | None) -> None:
    libraries = ("httpx", "httpcore", "aiohttp", "pyreqwest", "httptools", "uvloop")
    about = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        **{name: version(name) for name in libraries},
    }
    rows = [
        {
            "client": name,
            "at_once": at_once,
            "per_second": round(statistics.median(run.per_second for run in found)),
            "lowest": round(min(run.per_second for run in found)),
            "highest": round(max(run.per_second for run in found)),
            "ratio": round(ratio(found, runs["httpx.AsyncClient", at_once]), 1),
            "cpu": round(statistics.median(run.cpu for run in found), 1),
        }
        for (name, at_once), found in runs.items()
    ]
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    print("\n| client | at once | requests/s | lowest to highest | x httpx | µs of CPU |\n|---|--:|--:|--:|--:|--:|")
    for row in rows:
        print("| {client} | {at_once} | {per_second} | {lowest} to {highest} | {ratio} | {cpu} |".format(**row))
    if path:
        Path(path).write_text(json.dumps({"about": about, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
