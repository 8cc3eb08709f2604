"""How many connections are kept, for how long, and what a kept one that is no more costs."""

import asyncio
import errno
import resource
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from hookyard.outbound.http import HttpSender
from hookyard.outbound.sender import Channel, SendError
from hookyard.testing.receiver import Received, Receiver, answering, ok, receiving, saying, silent

Run = Callable[[Coroutine[Any, Any, None]], None]
Sending = Callable[..., AbstractAsyncContextManager[HttpSender]]


def channel(key: str = "one", timeout: float = 5, idle: int = 32) -> Channel:
    return Channel(key=key, timeout=timeout, connect_timeout=2, idle=idle)


ONE = channel()


async def at_once(receiver: Receiver, sender: HttpSender, number: int, to: Channel = ONE) -> None:
    """Have so many requests under way together, and answered."""
    gate, before = asyncio.Event(), len(receiver.requests)

    async def together(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(b"HTTP/1.1 204 X\r\n\r\n")

    receiver.handler = together
    posts = [asyncio.ensure_future(sender.send(receiver.target(), {}, b"{}", to)) for _ in range(number)]
    await receiver.until(lambda: len(receiver.requests) == before + number)
    gate.set()
    await asyncio.gather(*posts)
    receiver.handler = ok


def files_allowed(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def getrlimit(asked: int) -> tuple[int, int]:
        assert asked == resource.RLIMIT_NOFILE
        return number, resource.RLIM_INFINITY

    monkeypatch.setattr(resource, "getrlimit", getrlimit)


def test_a_channel_keeps_no_more_than_its_idle_ones(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await at_once(receiver, sender, 6, channel(idle=2))
            await receiver.until(lambda: receiver.open == 2)

    run(scenario())


def test_of_all_channels_the_connection_unused_for_longest_is_closed_first(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending(most_idle=3) as sender:
            for key in ("a", "b", "a", "c", "d", "e"):
                await sender.send(receiver.target(), {"x": key}, b"{}", channel(key))
            await receiver.until(lambda: receiver.open == 3)
            for key in ("c", "d", "e"):
                await sender.send(receiver.target(), {"x": key}, b"{}", channel(key))
            assert receiver.connections == 5
            await sender.send(receiver.target(), {}, b"{}", channel("a"))
            assert receiver.connections == 6

    run(scenario())


def test_of_the_files_that_may_be_open_a_quarter_is_kept_for_what_is_idle(
    run: Run, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    files_allowed(monkeypatch, 20)

    async def scenario() -> None:
        async with receiving() as receiver, sending(most_idle=None) as sender:
            for number in range(8):
                await sender.send(receiver.target(), {}, b"{}", channel(f"endpoint{number}"))
            await receiver.until(lambda: receiver.open == 5)

    run(scenario())


def test_many_receivers_are_connected_to_once_where_enough_files_may_be_open(
    run: Run, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Said and not set: the receiver of this test is in the same process, and needs as many.
    files_allowed(monkeypatch, resource.RLIM_INFINITY)

    async def scenario() -> None:
        async with receiving(answering(204)) as receiver, sending(most_idle=None) as sender:
            for _ in range(2):
                for number in range(300):
                    await sender.send(receiver.target(), {}, b"{}", channel(f"endpoint{number}"))
            assert receiver.connections == 300

    run(scenario())


def test_an_unused_connection_is_closed_when_its_time_is_over(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending(lifetime=0.05) as sender:
            await at_once(receiver, sender, 3)
            await receiver.until(lambda: receiver.open == 0)
            await sender.send(receiver.target(), {}, b"{}", ONE)
            await receiver.until(lambda: receiver.open == 0)
            assert receiver.connections == 4

    run(scenario())


def test_a_channel_that_is_forgotten_keeps_nothing_and_finishes_what_is_under_way(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        gate = asyncio.Event()

        async def slow(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            await gate.wait()
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")

        async with receiving() as receiver, sending() as sender:
            await at_once(receiver, sender, 3)
            await sender.send(receiver.target(), {}, b"{}", channel("other"))
            receiver.handler = slow
            under_way = asyncio.ensure_future(sender.send(receiver.target(), {}, b"{}", ONE))
            await receiver.until(lambda: len(receiver.requests) == 5)
            await sender.forget("one")
            await sender.forget("unheard of")
            await receiver.until(lambda: receiver.open == 2)
            gate.set()
            assert (await under_way).status == 204
            await receiver.until(lambda: receiver.open == 1)
            await sender.send(receiver.target(), {}, b"{}", ONE)
            assert receiver.connections == 5

    run(scenario())


def test_a_connection_closed_while_it_was_idle_costs_nothing(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async def once(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")
            writer.close()

        async with receiving(once) as receiver, sending() as sender:
            for _ in range(5):
                assert (await sender.send(receiver.target(), {}, b"{}", ONE)).status == 204
            assert [request.connection for request in receiver.requests] == [1, 2, 3, 4, 5]

    run(scenario())


async def mute(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
    writer.close()


def test_a_kept_connection_that_ends_before_an_answer_is_replaced_once(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await at_once(receiver, sender, 3)

            async def first_only(receiver: Receiver, request: Received, writer: asyncio.StreamWriter) -> None:
                await (mute if request.connection <= 3 else ok)(receiver, request, writer)

            receiver.handler = first_only
            assert (await sender.send(receiver.target(), {"webhook-id": "1"}, b"{}", ONE)).status == 200
            assert [request.connection > 3 for request in receiver.requests[3:]] == [False, True]
            assert receiver.requests[-1].headers == receiver.requests[-2].headers

    run(scenario())


def test_what_ends_again_on_the_new_connection_has_failed(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await at_once(receiver, sender, 3)
            receiver.handler = mute
            with pytest.raises(SendError, match=r"^connection$"):
                await sender.send(receiver.target(), {}, b"{}", ONE)
            assert len(receiver.requests) == 3 + 2

    run(scenario())


def test_a_kept_connection_that_ends_with_a_request_timeout_is_replaced_once(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        leave = saying(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        async with receiving() as receiver, sending() as sender:
            await at_once(receiver, sender, 2)

            async def first_only(receiver: Receiver, request: Received, writer: asyncio.StreamWriter) -> None:
                await (leave if request.connection <= 2 else ok)(receiver, request, writer)

            receiver.handler = first_only
            assert (await sender.send(receiver.target(), {}, b"{}", ONE)).status == 200
            assert len(receiver.requests) == 2 + 2
            receiver.handler = leave
            assert (await sender.send(receiver.target(), {}, b"{}", ONE)).status == 408
            assert len(receiver.requests) == 4 + 2

    run(scenario())


def test_a_request_that_took_too_long_on_a_kept_connection_is_not_sent_again(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await at_once(receiver, sender, 2)
            receiver.handler = silent
            with pytest.raises(SendError, match=r"^timeout$"):
                await sender.send(receiver.target(), {}, b"{}", channel(timeout=0.7))
            await receiver.until(lambda: receiver.open == 1)
            assert len(receiver.requests) == 3

    run(scenario())


def test_idle_connections_make_room_when_no_more_files_may_be_opened(sending: Sending) -> None:
    async def full(*_args: object, **_settings: object) -> None:
        raise OSError(errno.EMFILE, "too many open files")

    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await at_once(receiver, sender, 3)
            loop = asyncio.get_running_loop()
            usual, loop.create_connection = loop.create_connection, full  # type: ignore[method-assign,assignment]
            with pytest.raises(SendError, match=r"^connect$"):
                await sender.send(receiver.target(), {}, b"{}", channel("other"))
            loop.create_connection = usual  # type: ignore[method-assign]
            await receiver.until(lambda: receiver.open == 0)
            assert (await sender.send(receiver.target(), {}, b"{}", channel("other"))).status == 200

    asyncio.run(scenario())


def test_a_new_connection_that_ends_before_an_answer_is_not_replaced(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(mute) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^connection$"):
                await sender.send(receiver.target(), {}, b"{}", ONE)
            assert len(receiver.requests) == 1

    run(scenario())


@pytest.mark.parametrize("said", [b"H", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"])
def test_a_kept_connection_that_ends_within_an_answer_is_not_replaced(said: bytes, run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async def begun(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            writer.close()

        async with receiving() as receiver, sending() as sender:
            await sender.send(receiver.target(), {}, b"{}", ONE)
            receiver.handler = begun
            with pytest.raises(SendError, match=r"^connection$"):
                await sender.send(receiver.target(), {}, b"{}", ONE)
            assert len(receiver.requests) == 2

    run(scenario())


def test_a_kept_connection_that_says_something_unasked_is_not_used_again(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async def twice(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 500 OK\r\ncontent-length: 1\r\n\r\nb")

        async with receiving(twice) as receiver, sending() as sender:
            for _ in range(3):
                assert (await sender.send(receiver.target(), {}, b"{}", ONE)).body == b"a"
            assert [request.connection for request in receiver.requests] == [1, 2, 3]

    run(scenario())


def test_a_thousand_receivers_need_no_more_than_the_idle_ones_and_those_under_way(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving(answering(204)) as receiver, sending(most_idle=16) as sender:
            places = asyncio.Semaphore(8)
            most = 0

            async def post(number: int) -> None:
                nonlocal most
                async with places:
                    await sender.send(receiver.target(), {}, b"{}", channel(f"endpoint{number}"))
                    most = max(most, receiver.open)

            await asyncio.gather(*(post(number) for number in range(1000)))
            assert receiver.connections == 1000
            await receiver.until(lambda: receiver.open == 16)
            # Those that were just closed here may not be seen to be so there.
            assert most <= 16 + 8 * 3

    run(scenario())
