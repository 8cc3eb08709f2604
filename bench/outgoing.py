"""Which HTTP client sends webhooks fastest: signed POSTs to a loopback receiver in a process of its own.

Every candidate sends the same body with the same headers, freshly signed, over keep-alive connections, 32 and
64 at once. Candidates take turns, several times; the table shows medians and the ratio to `httpx.AsyncClient`.
Bounded: about a minute. Run `python bench/outgoing.py`, with `--seconds` and `--repeats` to change that, `--json
FILE` to keep it.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import aiohttp
import aiohttp.abc
import httpcore
import httpx
import uvloop
from pyreqwest.client import ClientBuilder

from hookyard.egress.guard import Target
from hookyard.outbound.client import ReqwestSender
from hookyard.outbound.signing import Signer

HOST = "receiver.test"  # no resolver knows it: a candidate that reaches it was really pinned
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
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


@asynccontextmanager
async def by_hookyard(port: int, at_once: int) -> AsyncIterator[Send]:
    target = Target(f"http://{HOST}:{port}/hook", "http", HOST, port, ("127.0.0.1",))
    sender = ReqwestSender(timeout=15, connect_timeout=5, idle=at_once)

    async def send(headers: dict[str, str]) -> int:
        return (await sender.send(target, headers, BODY)).status

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
}


async def measure(candidate: Candidate, port: int, at_once: int, seconds: float) -> float:
    """Requests a second."""
    signer = Signer([SECRET])
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
                    "webhook-signature": signer.sign(identifier, now, BODY),
                    "content-type": "application/json",
                    "user-agent": "Hookyard/bench",
                }
            )
            assert status == 200, status

    async with candidate(port, at_once) as send:
        await worker(send, time.perf_counter() + 0.05)
        sent, start = 0, time.perf_counter()
        await asyncio.gather(*(worker(send, start + seconds) for _ in range(at_once)))
        return sent / (time.perf_counter() - start)


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
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(options.repeats):
        for at_once in (32, 64):
            for name, candidate in CANDIDATES.items():
                rate = uvloop.run(measure(candidate, port, at_once, options.seconds))
                rates.setdefault((name, at_once), []).append(rate)
    ours.send(None)
    receiver.join(5)
    report(rates, options.json)


def report(rates: dict[tuple[str, int], list[float]], path: str | None) -> None:
    libraries = ("httpx", "httpcore", "aiohttp", "pyreqwest", "uvloop")
    about = {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        **{name: version(name) for name in libraries},
    }
    rows = [
        {
            "client": name,
            "at_once": at_once,
            "per_second": round(statistics.median(found)),
            "lowest": round(min(found)),
            "highest": round(max(found)),
            "ratio": round(statistics.median(found) / statistics.median(rates["httpx.AsyncClient", at_once]), 1),
        }
        for (name, at_once), found in rates.items()
    ]
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    print("\n| client | at once | requests/s | lowest to highest | x httpx |\n|---|--:|--:|--:|--:|")
    for row in rows:
        print("| {client} | {at_once} | {per_second} | {lowest} to {highest} | {ratio} |".format(**row))
    if path:
        Path(path).write_text(json.dumps({"about": about, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
