"""What ends a request that nobody answers: its time, its caller, and the sender."""

import asyncio
import select
import socket
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any

import pytest

from hookyard.egress.guard import Target
from hookyard.outbound.http import HttpSender
from hookyard.outbound.sender import Answer, Channel, SendError
from hookyard.testing.receiver import Handler, Received, Receiver, ok, receiving, saying, silent, talking

Run = Callable[[Coroutine[Any, Any, None]], None]
Sending = Callable[..., AbstractAsyncContextManager[HttpSender]]


def channel(key: str = "one", timeout: float = 5, connect_timeout: float = 2) -> Channel:
    return Channel(key=key, timeout=timeout, connect_timeout=connect_timeout)


ONE, SHORT = channel(), channel(timeout=1.5)


async def slow_head(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.01)


async def slow_body(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 202 OK\r\nretry-after: 3\r\ncontent-length: 10000\r\n\r\n")
    for _ in range(10_000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


@contextmanager
def unreachable() -> Generator[int]:
    """A port of 127.0.0.1 that takes no connection and refuses none: its queue is full."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname(), timeout=30):
            ready, _, _ = select.select([full], [], [], 30)
            assert ready, "one connection waits, which is as many as may"
            yield full.getsockname()[1]


@pytest.mark.parametrize("handler", [silent, slow_head, saying(b"HTTP/1.1 100 Go\r\n\r\n", hang_up=False)])
def test_a_receiver_without_a_whole_head_costs_no_more_than_the_timeout(
    handler: Handler, run: Run, sending: Sending
) -> None:
    async def scenario() -> None:
        async with receiving(handler) as receiver, sending() as sender, asyncio.timeout(30):
            with pytest.raises(SendError, match=r"^timeout$"):
                await sender.send(receiver.target(), {}, b"{}", SHORT)
            await receiver.until(lambda: receiver.open == 0)
            assert len(receiver.requests) == 1

    run(scenario())


def test_a_head_is_an_answer_when_its_body_drips_for_longer_than_the_timeout(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(slow_body) as receiver, sending() as sender, asyncio.timeout(30):
            answer = await sender.send(receiver.target(), {}, b"{}", SHORT)
            assert (answer.status, answer.retry_after, set(answer.body)) == (202, "3", {ord("x")})
            await receiver.until(lambda: receiver.open == 0)

    run(scenario())


def test_a_head_is_an_answer_when_no_body_follows_at_all(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        headed = saying(b"HTTP/1.1 200 OK\r\n\r\n", hang_up=False)
        async with receiving(headed) as receiver, sending() as sender:
            assert await sender.send(receiver.target(), {}, b"{}", SHORT) == Answer(status=200)

    run(scenario())


def test_a_receiver_that_does_not_read_costs_no_more_than_the_timeout(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            port: int = deaf.getsockname()[1]
            target = Target(f"http://a.invalid:{port}/", "http", "a.invalid", port, ("127.0.0.1",))
            async with sending() as sender, asyncio.timeout(30):
                with pytest.raises(SendError, match=r"^timeout$"):
                    await sender.send(target, {}, b"x" * 30_000_000, SHORT)

    run(scenario())


def test_of_many_requests_each_has_its_own_time(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(silent) as receiver, sending() as sender, asyncio.timeout(30):
            ended: list[float] = []

            async def post(seconds: float) -> None:
                with pytest.raises(SendError, match=r"^timeout$"):
                    await sender.send(receiver.target(), {}, b"{}", channel(timeout=seconds))
                ended.append(seconds)

            await asyncio.gather(*(post(seconds) for seconds in (2.4, 0.8, 1.6, 0.05)))
            assert ended == [0.05, 0.8, 1.6, 2.4]

    run(scenario())


def test_a_quick_request_is_not_cut_short_by_the_time_of_an_earlier_one(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            loop = asyncio.get_running_loop()
            until = loop.time() + 2.3
            while loop.time() < until:
                assert (await sender.send(receiver.target(), {}, b"{}", channel(timeout=2))).status == 200
            assert receiver.connections == 1

    run(scenario())


def test_an_address_that_takes_no_connection_is_left_for_the_next_one(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        with unreachable() as port:
            async with sending() as sender, asyncio.timeout(30):
                one = Target(f"http://a.invalid:{port}/", "http", "a.invalid", port, ("127.0.0.1",))
                with pytest.raises(SendError, match=r"^connect_timeout$"):
                    await sender.send(one, {}, b"{}", channel(connect_timeout=0.1))
                with pytest.raises(SendError, match=r"^timeout$"):
                    await sender.send(one, {}, b"{}", channel(timeout=0.1))
                async with talking(quick, "127.0.0.2", port):
                    two = Target(one.url, "http", one.host, port, ("127.0.0.1", "127.0.0.2"))
                    assert (await sender.send(two, {}, b"{}", channel(connect_timeout=1.5))).status == 204
                    await sender.forget("one")

    async def quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(b"HTTP/1.1 204 X\r\n\r\n")
        await reader.read()

    run(scenario())


def test_many_addresses_that_take_no_connection_cost_no_more_than_the_timeout(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        with unreachable() as port:
            async with sending() as sender, asyncio.timeout(30):
                target = Target(f"http://a.invalid:{port}/", "http", "a.invalid", port, ("127.0.0.1",) * 1000)
                with pytest.raises(SendError, match=r"^timeout$"):
                    await sender.send(target, {}, b"{}", channel(timeout=0.3, connect_timeout=0.1))

    run(scenario())


def test_a_caller_that_is_cancelled_closes_its_connection_and_no_other(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await sender.send(receiver.target(), {}, b"{}", channel("other"))
            receiver.handler = silent
            under_way = [asyncio.ensure_future(sender.send(receiver.target(), {}, b"{}", ONE)) for _ in range(3)]
            await receiver.until(lambda: len(receiver.requests) == 4)
            under_way[0].cancel()
            await receiver.until(lambda: receiver.open == 3)
            assert [task.done() for task in under_way] == [True, False, False]
            for task in under_way[1:]:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await receiver.until(lambda: receiver.open == 1)
            receiver.handler = ok
            await sender.send(receiver.target(), {}, b"{}", ONE)

    run(scenario())


def test_a_caller_that_is_cancelled_on_a_kept_connection_closes_it(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await sender.send(receiver.target(), {}, b"{}", ONE)
            receiver.handler = silent
            task = asyncio.ensure_future(sender.send(receiver.target(), {}, b"{}", ONE))
            await receiver.until(lambda: len(receiver.requests) == 2)
            task.cancel()
            await receiver.until(lambda: receiver.open == 0)
            with pytest.raises(asyncio.CancelledError):
                await task
            assert receiver.connections == 1

    run(scenario())


def test_a_caller_that_is_cancelled_while_it_connects_leaves_nothing(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        with unreachable() as port:
            async with sending() as sender:
                target = Target(f"http://a.invalid:{port}/", "http", "a.invalid", port, ("127.0.0.1",))
                task = asyncio.ensure_future(sender.send(target, {}, b"{}", ONE))
                for _ in range(5):
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

    run(scenario())


def test_a_closed_sender_fails_what_is_under_way_and_all_that_comes_later(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        with unreachable() as port:
            async with receiving() as receiver, sending() as sender:
                await sender.send(receiver.target(), {}, b"{}", channel("idle"))
                receiver.handler = silent
                nowhere = Target(f"http://a.invalid:{port}/", "http", "a.invalid", port, ("127.0.0.1",))
                under_way = [
                    asyncio.ensure_future(sender.send(receiver.target(), {}, b"{}", ONE)),
                    asyncio.ensure_future(sender.send(nowhere, {}, b"{}", channel("two"))),
                ]
                await receiver.until(lambda: len(receiver.requests) == 2)
                await asyncio.gather(sender.aclose(), sender.aclose())
                for task in under_way:
                    with pytest.raises(SendError, match=r"^connection$"):
                        await task
                await receiver.until(lambda: receiver.open == 0)
                for key in ("one", "new"):
                    with pytest.raises(SendError, match=r"^connection$"):
                        await sender.send(receiver.target(), {}, b"{}", channel(key))
                await sender.aclose()

    run(scenario())
