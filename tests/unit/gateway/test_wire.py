"""What only a real server shows: the gateway behind uvicorn, spoken to byte by byte over loopback."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from tests.unit.gateway.lab import CAP, House, bearer, house_of, run

HELLO = b'{"payload":{"name":"Ada"}}'
Work = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Reply:
    """One response as it came over the wire."""

    def __init__(self, head: bytes, body: bytes) -> None:
        status, *fields = head.decode("latin-1").split("\r\n")
        self.status = int(status.split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
        self.body = body


def request(body: bytes, *headers: bytes, path: bytes = b"/trigger/hello/greet") -> bytes:
    """A trigger in bytes."""
    name, value = bearer()
    lines = [b"POST " + path + b" HTTP/1.1", b"Host: localhost", name + b": " + value]
    lines += [b"Content-Type: application/json", *headers]
    return b"\r\n".join([*lines, b"", body])


def sized(body: bytes) -> bytes:
    """The header with a body's length."""
    return b"Content-Length: %d" % len(body)


async def reply_from(reader: asyncio.StreamReader) -> Reply:
    """Read one response."""
    head = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
    reply = Reply(head, b"")
    reply.body = await reader.readexactly(int(reply.headers.get("content-length", "0")))
    return reply


@asynccontextmanager
async def served(house: House) -> AsyncGenerator[int]:
    """Serve on a free port of loopback; gives the port."""
    config = uvicorn.Config(
        house.app,
        port=0,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        server_header=False,
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield port
    finally:
        await server.shutdown()


def over_the_wire(work: Work) -> House:
    """Do something with a connection to a new gateway, within bounded time."""
    house = house_of()

    async def main() -> None:
        async with asyncio.timeout(20), served(house) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await work(reader, writer)
            finally:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

    run(main())
    return house


def test_a_trigger_is_answered_and_the_connection_kept() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            writer.write(request(HELLO, sized(HELLO)))
            reply = await reply_from(reader)
            assert reply.status == 202
            assert reply.headers["location"].startswith("/api/v1/jobs/")

    assert len(over_the_wire(work).dispatcher.jobs) == 2


def test_pipelined_requests_are_answered_in_order() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ids = [b"r%d" % number for number in range(20)]
        bad = b"{"
        for number, name in enumerate(ids):
            body = bad if number % 3 == 2 else HELLO
            writer.write(request(body, sized(body), b"X-Request-Id: " + name))
        replies = [await reply_from(reader) for _ in ids]
        assert [reply.headers["x-request-id"].encode() for reply in replies] == ids
        assert [reply.status for reply in replies] == [400 if number % 3 == 2 else 202 for number in range(20)]

    assert len(over_the_wire(work).dispatcher.jobs) == 14


def test_a_body_that_is_too_large_is_413_before_it_is_sent() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(b"", b"Content-Length: %d" % (CAP + 1), b"Expect: 100-continue"))
        reply = await reply_from(reader)  # and no 100 Continue before it
        assert reply.status == 413
        assert await reader.read() == b""  # the connection is closed

    assert not over_the_wire(work).dispatcher.jobs


def test_a_caller_that_sends_all_of_a_large_body_before_it_listens_sees_that_it_is_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closed with bytes unread, the connection is reset, and the answer lost."""
    monkeypatch.setattr("hookyard.gateway.unread.SECONDS", 15)  # a busy machine may need more than two

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b"x" * (27 << 20)
        writer.write(request(body, sized(body)))
        await writer.drain()
        assert (await reply_from(reader)).status == 413
        assert await reader.read() == b""

    assert not over_the_wire(work).dispatcher.jobs


def test_a_caller_that_is_told_and_sends_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.gateway.unread.SECONDS", 0.05)

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(b"", b"Content-Length: %d" % (CAP + 1)))
        assert (await reply_from(reader)).status == 413
        assert await reader.read() == b""

    assert not over_the_wire(work).dispatcher.jobs


def test_an_endless_chunked_body_is_413_and_cut_off() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(b"", b"Transfer-Encoding: chunked"))
        answered = asyncio.ensure_future(reply_from(reader))
        with suppress(ConnectionError):
            while not answered.done():
                writer.write(b"400\r\n" + b"x" * 0x400 + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0)
        assert (await answered).status == 413

    assert not over_the_wire(work).dispatcher.jobs


def test_a_chunked_body_is_taken_like_any_other() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chunks = b"5\r\n" + HELLO[:5] + b"\r\n" + b"%x\r\n" % len(HELLO[5:]) + HELLO[5:] + b"\r\n0\r\n\r\n"
        writer.write(request(chunks, b"Transfer-Encoding: chunked"))
        assert (await reply_from(reader)).status == 202

    assert over_the_wire(work).dispatcher.jobs[0].args == b'{"name":"Ada"}'


def test_a_body_that_trickles_in_is_one_body() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        whole = request(HELLO, sized(HELLO))
        for at in range(len(whole)):
            writer.write(whole[at : at + 1])
            await writer.drain()
        assert (await reply_from(reader)).status == 202

    assert over_the_wire(work).dispatcher.jobs[0].args == b'{"name":"Ada"}'


def test_a_caller_that_asks_first_is_told_to_continue() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(b"", sized(HELLO), b"Expect: 100-continue"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(HELLO)
        assert (await reply_from(reader)).status == 202

    assert len(over_the_wire(work).dispatcher.jobs) == 1


def test_a_caller_that_leaves_in_the_middle_of_its_body_makes_no_job() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request(HELLO[:5], sized(HELLO)))
        await writer.drain()
        writer.write_eof()
        await reader.read()

    assert not over_the_wire(work).dispatcher.jobs


def test_head_sends_the_length_and_no_body() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 15" in head
        assert (await reply_from(reader)).body == b'{"status":"ok"}'

    over_the_wire(work)
