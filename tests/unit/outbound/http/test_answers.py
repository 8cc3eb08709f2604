"""What receivers say, well or badly, and what becomes of the connection."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from hookyard.outbound.http import HttpSender
from hookyard.outbound.sender import Answer, Channel, SendError
from hookyard.testing.receiver import Received, Receiver, receiving, saying, talking

Run = Callable[[Coroutine[Any, Any, None]], None]
Sending = Callable[..., AbstractAsyncContextManager[HttpSender]]

ONE = Channel(key="one", timeout=5, connect_timeout=2)
OK = b"HTTP/1.1 200 OK\r\n"
LONG = b"x" * 5000
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"

KEPT = {
    "a length": (OK + b"content-length: 2\r\n\r\nok", 200, b"ok"),
    "no body": (OK + b"content-length: 0\r\n\r\n", 200, b""),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "304": (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n", 304, b""),
    "no reason": (b"HTTP/1.1 202\r\ncontent-length: 2\r\n\r\nok", 202, b"ok"),
    "an unknown status": (b"HTTP/1.1 799 X\r\ncontent-length: 0\r\n\r\n", 799, b""),
    "chunks": (CHUNKED + b"2;a=b\r\nok\r\n3\r\n...\r\n0\r\nx: y\r\n\r\n", 200, b"ok..."),
    "more than is kept": (OK + b"content-length: 5000\r\n\r\n" + LONG, 200, LONG[:4096]),
    "a chunk that is more than is kept": (CHUNKED + b"1388\r\n" + LONG + b"\r\n0\r\n\r\n", 200, LONG[:4096]),
    "the most that is read": (OK + b"content-length: 65000\r\n\r\n" + LONG * 13, 200, LONG[:4096]),
    "1xx before it": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nretry-after: 9\r\n\r\nHTTP/1.1 204 X\r\n\r\n",
        204,
        b"",
    ),
    "a hundred fields": (OK + b"x: y\r\n" * 99 + b"content-length: 0\r\n\r\n", 200, b""),
    "HTTP/1.0 that keeps alive": (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", 200, b""),
    "an offer to upgrade": (OK + b"connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
}
CLOSED = {
    "close": (OK + b"connection: close\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, b"ok"),
    "more than the answer": (OK + b"content-length: 2\r\n\r\nok!", 200, b"ok"),
    "more than is read": (OK + b"content-length: 1000000\r\n\r\n" + b"x" * 1_000_000, 200, LONG[:4096]),
    "chunks without end": (CHUNKED + b"10000\r\n" + b"x" * 65536 + b"\r\n", 200, LONG[:4096]),
    "a chunk that is more than is read": (CHUNKED + b"fffffff\r\n" + b"x" * 99_999, 200, LONG[:4096]),
    "close, and more": (OK + b"connection: close\r\ncontent-length: 2\r\n\r\nokGET / HTTP/1.1\r\n", 200, b"ok"),
}
CUT = {
    "HTTP/1.0 until it ends": (b"HTTP/1.0 200 OK\r\n\r\nok", 200, b"ok"),
    "HTTP/1.1 until it ends": (OK + b"\r\nok", 200, b"ok"),
    "another coding, until it ends": (OK + b"transfer-encoding: gzip\r\n\r\nok", 200, b"ok"),
    "a whole answer": (OK + b"content-length: 2\r\n\r\nok", 200, b"ok"),
}
BROKEN = {
    "nothing": b"",
    "nonsense": b"nonsense\r\n\r\n",
    "half a status line": b"HTTP/1.1 20",
    "half a head": OK + b"content-le",
    "half a body": OK + b"content-length: 10\r\n\r\nhalf",
    "half of the chunks": CHUNKED + b"2\r\nok\r\n",
    "a chunk of no size": CHUNKED + b"zz\r\nok\r\n0\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n",
    "a binary frame of HTTP/2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
    "a request": b"POST / HTTP/1.1\r\nhost: x\r\n\r\n",
    "two lengths": OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\nok!",
    "a length and chunks": OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": OK + b"content-length: -1\r\n\r\n",
    "a length beyond all numbers": OK + b"content-length: 99999999999999999999999\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "a head without end": OK + b"x: " + b"y" * 2_000_000,
    "a head of more than 32 KiB": OK + b"x: " + b"y" * 33_000 + b"\r\ncontent-length: 0\r\n\r\n",
    "a name without end": OK + b"y" * 2_000_000,
    "a reason without end": b"HTTP/1.1 200 " + b"y" * 2_000_000,
    "more than a hundred fields": OK + b"x: y\r\n" * 100 + b"content-length: 0\r\n\r\n",
    "1xx without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000 + b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "1xx and no more": b"HTTP/1.1 100 Continue\r\n\r\n",
    "another protocol from here on": b"HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\nPRI",
    "101 without a word": b"HTTP/1.1 101 X\r\n\r\n",
    "a null in a value": OK + b"x: a\x00b\r\ncontent-length: 0\r\n\r\n",
}


def table(rows: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", list(rows.values()), ids=list(rows))


@table(KEPT)
def test_after_a_whole_answer_the_connection_is_used_again(
    row: tuple[bytes, int, bytes], run: Run, sending: Sending
) -> None:
    said, status, body = row

    async def scenario() -> None:
        async with receiving(saying(said, hang_up=False)) as receiver, sending() as sender:
            for _ in range(3):
                assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=status, body=body)
            assert receiver.connections == 1

    run(scenario())


@table(KEPT)
def test_an_answer_may_come_in_any_pieces(row: tuple[bytes, int, bytes], run: Run, sending: Sending) -> None:
    said, status, body = row

    async def slowly(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        for start in range(min(len(said), 300)):
            writer.write(said[start : start + 1])
            await writer.drain()
        writer.write(said[300:])

    async def scenario() -> None:
        async with receiving(slowly) as receiver, sending() as sender:
            for _ in range(2):
                assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=status, body=body)
            assert receiver.connections == 1

    run(scenario())


@table(CLOSED)
def test_the_answer_is_had_at_once_and_the_connection_closed(
    row: tuple[bytes, int, bytes], run: Run, sending: Sending
) -> None:
    said, status, body = row

    async def scenario() -> None:
        async with receiving(saying(said, hang_up=False)) as receiver, sending() as sender:
            assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=status, body=body)
            await receiver.until(lambda: receiver.open == 0)
            assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=status, body=body)
            assert receiver.connections == 2

    run(scenario())


@table(CUT)
def test_an_answer_may_end_with_its_connection(row: tuple[bytes, int, bytes], run: Run, sending: Sending) -> None:
    said, status, body = row

    async def scenario() -> None:
        async with receiving(saying(said)) as receiver, sending() as sender:
            for _ in range(2):
                assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=status, body=body)
            assert receiver.connections == 2

    run(scenario())


@table(BROKEN)
def test_what_is_no_whole_answer_is_none(row: bytes, run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(saying(row)) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^connection$"):
                await sender.send(receiver.target(), {}, b"{}", ONE)
            await receiver.until(lambda: receiver.open == 0)
            assert len(receiver.requests) == 1

    run(scenario())


def test_what_an_earlier_answer_said_is_not_told_of_the_next(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            receiver.handler = saying(
                b"HTTP/1.1 429 X\r\nretry-after: 7\r\nwebhook-delivery: abort\r\ncontent-length: 3\r\n\r\nabc",
                hang_up=False,
            )
            first = await sender.send(receiver.target(), {}, b"{}", ONE)
            assert first == Answer(status=429, body=b"abc", retry_after="7", wish="abort")
            receiver.handler = saying(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n", hang_up=False)
            assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=500)
            assert receiver.connections == 1

    run(scenario())


def test_a_field_after_the_body_is_not_one_of_the_head(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        trailed = saying(CHUNKED + b"0\r\nretry-after: 9\r\n\r\n", hang_up=False)
        async with receiving(trailed) as receiver, sending() as sender:
            assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=200)

    run(scenario())


def test_a_compressed_answer_is_not_unpacked(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        bomb = OK + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nbomb"
        async with receiving(saying(bomb, hang_up=False)) as receiver, sending() as sender:
            assert (await sender.send(receiver.target(), {}, b"{}", ONE)).body == b"bomb"

    run(scenario())


def test_an_answer_without_end_is_cut_off_and_its_connection_dropped(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        dropped = asyncio.Event()

        async def endless(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(CHUNKED)
            try:
                while True:
                    writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                    await writer.drain()
            finally:
                dropped.set()

        async with receiving(endless) as receiver, sending() as sender:
            answer = await sender.send(receiver.target(), {}, b"{}", ONE)
            assert (answer.status, answer.body) == (200, LONG[:4096])
            async with asyncio.timeout(30):
                await dropped.wait()

    run(scenario())


@pytest.mark.parametrize("hang_up", [True, False])
def test_a_receiver_may_answer_before_it_has_read_the_body(hang_up: bool, run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too large\r\ncontent-length: 2\r\n\r\nno")
            await writer.drain()
            try:
                while not hang_up and await reader.read(65536):
                    pass
            finally:
                writer.close()
                ended.set()

        async with talking(hasty) as receiver, sending() as sender:
            answer = await sender.send(receiver.target(), {}, b"x" * 30_000_000, ONE)
            assert answer == Answer(status=413, body=b"no")
            await ended.wait()

    run(scenario())


def test_a_receiver_that_speaks_first_is_none(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.invalid ESMTP\r\n")
            await reader.read()

        async with talking(greets) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^connection$"):
                await sender.send(receiver.target(), {}, b"{}", ONE)

    run(scenario())
