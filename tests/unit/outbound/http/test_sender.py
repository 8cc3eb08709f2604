"""What is sent, where to, and over which connections."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from hookyard.outbound.http import HttpSender
from hookyard.outbound.sender import Answer, Channel, SendError
from hookyard.testing.receiver import Received, Receiver, answering, receiving, saying, talking

Run = Callable[[Coroutine[Any, Any, None]], None]
Sending = Callable[..., AbstractAsyncContextManager[HttpSender]]


def channel(key: str = "one", timeout: float = 5, connect_timeout: float = 2, idle: int = 32) -> Channel:
    return Channel(key=key, timeout=timeout, connect_timeout=connect_timeout, idle=idle)


ONE = channel()


def test_it_posts_these_headers_and_bytes_to_the_address_it_is_given(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            target = receiver.target(path="/hook/a%20b?x=1")
            answer = await sender.send(target, {"webhook-id": "msg_1", "user-agent": "H/1"}, b"\x00body", ONE)
            assert answer == Answer(status=200, body=b"ok")
            (request,) = receiver.requests
            assert request.line == "POST /hook/a%20b?x=1 HTTP/1.1"
            assert request.body == b"\x00body"
            assert request.headers == {
                "webhook-id": "msg_1",
                "user-agent": "H/1",
                "accept": "*/*",
                "accept-encoding": "identity",
                "host": f"receiver.invalid:{receiver.port}",
                "content-length": "5",
            }

    run(scenario())


def test_a_body_of_a_megabyte_and_an_empty_one_arrive_whole(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            bodies = [bytes(range(256)) * 4096, b""]
            for body in bodies:
                await sender.send(receiver.target(), {}, body, ONE)
            assert [request.body for request in receiver.requests] == bodies

    run(scenario())


def test_the_address_that_is_given_is_connected_to_and_no_resolver_is_asked(
    run: Run, sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolver(*_args: object, **_kwargs: object) -> None:
        raise AssertionError

    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            monkeypatch.setattr(socket, "getaddrinfo", resolver)
            monkeypatch.setattr(asyncio.get_running_loop().__class__, "getaddrinfo", resolver, raising=False)
            assert (await sender.send(receiver.target(), {}, b"{}", ONE)).status == 200
            monkeypatch.undo()

    run(scenario())


def test_the_next_address_is_tried_when_the_first_refuses_the_connection(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            both = receiver.target("receiver.invalid", "127.0.0.2", "127.0.0.1")
            assert (await sender.send(both, {}, b"{}", ONE)).status == 200
            with pytest.raises(SendError, match=r"^connect$"):
                await sender.send(receiver.target("receiver.invalid", "127.0.0.2", "127.0.0.3"), {}, b"{}", ONE)

    run(scenario())


def test_an_address_of_ipv6_is_connected_to_and_named_in_brackets(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        heads: list[bytes] = []

        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 204 X\r\n\r\n")
            await reader.read()

        async with talking(hear, "::1") as receiver, sending() as sender:
            target = receiver.target("::1", "::1", path="/")
            assert (await sender.send(target, {}, b"", ONE)).status == 204
            assert f"host: [::1]:{receiver.port}\r\n".encode() in heads[0]

    run(scenario())


def test_connections_are_kept_and_used_again_the_last_one_first(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            gate = asyncio.Event()

            async def together(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
                await gate.wait()
                writer.write(b"HTTP/1.1 204 X\r\n\r\n")

            receiver.handler = together
            posts = [asyncio.ensure_future(sender.send(receiver.target(), {}, b"{}", ONE)) for _ in range(3)]
            await receiver.until(lambda: len(receiver.requests) == 3)
            gate.set()
            await asyncio.gather(*posts)
            for _ in range(20):
                await sender.send(receiver.target(), {}, b"{}", ONE)
            assert receiver.connections == 3
            assert len({request.connection for request in receiver.requests[3:]}) == 1

    run(scenario())


def test_connections_of_different_channels_are_never_shared(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            for _ in range(3):
                for key in ("one", "two"):
                    await sender.send(receiver.target(), {"x": key}, b"{}", channel(key))
            used = {(request.headers["x"], request.connection) for request in receiver.requests}
            assert used == {("one", 1), ("two", 2)}

    run(scenario())


def test_a_kept_connection_is_not_used_for_another_place(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, receiving() as other, sending() as sender:
            await sender.send(receiver.target(), {}, b"{}", ONE)
            await sender.send(other.target(), {}, b"{}", ONE)
            await sender.send(receiver.target("else.invalid"), {}, b"{}", ONE)
            assert (receiver.connections, other.connections) == (2, 1)
            assert receiver.requests[-1].headers["host"] == f"else.invalid:{receiver.port}"

    run(scenario())


def test_a_name_that_moved_is_called_at_its_new_address(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            await sender.send(receiver.target(), {}, b"{}", ONE)
            with pytest.raises(SendError, match=r"^connect$"):
                await sender.send(receiver.target("receiver.invalid", "127.0.0.2"), {}, b"{}", ONE)
            await receiver.until(lambda: receiver.open == 0)
            await sender.send(receiver.target(path="/other"), {}, b"{}", ONE)
            await sender.send(receiver.target(path="/third"), {}, b"{}", ONE)
            assert (receiver.connections, receiver.requests[-1].line) == (2, "POST /third HTTP/1.1")

    run(scenario())


def test_sixty_four_requests_at_once_all_get_their_own_answer(run: Run, sending: Sending) -> None:
    everybody = 64

    async def scenario() -> None:
        gate = asyncio.Event()

        async def together(receiver: Receiver, request: Received, writer: asyncio.StreamWriter) -> None:
            if len(receiver.requests) == everybody:
                gate.set()
            await gate.wait()
            number = request.headers["webhook-id"].encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(number), number))

        async with receiving(together) as receiver, sending() as sender:
            headers = [{"webhook-id": str(number)} for number in range(everybody)]
            answers = await asyncio.gather(*(sender.send(receiver.target(), h, b"{}", ONE) for h in headers))
            assert [answer.body for answer in answers] == [b"%d" % number for number in range(everybody)]

    run(scenario())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int, run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with receiving() as forbidden, receiving() as receiver, sending() as sender:
            receiver.handler = answering(status, location=forbidden.url())
            assert (await sender.send(receiver.target(), {}, b"{}", ONE)).status == status
            assert forbidden.connections == 0

    run(scenario())


def test_no_proxy_of_the_environment_is_asked(run: Run, sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with receiving() as proxy, receiving() as receiver:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
                monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("NO_PROXY", "")
            async with sending() as sender:
                await sender.send(receiver.target(), {}, b"{}", ONE)
            assert (proxy.connections, len(receiver.requests)) == (0, 1)

    run(scenario())


def test_what_the_receiver_wishes_comes_along_as_it_was_written(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        later = answering(503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT", WEBHOOK_Delivery="disable", x="y")
        async with receiving(later) as receiver, sending() as sender:
            answer = await sender.send(receiver.target(), {}, b"{}", ONE)
            assert answer == Answer(status=503, retry_after="Fri, 31 Dec 1999 23:59:59 GMT", wish="disable")
            receiver.handler = answering(500)
            assert await sender.send(receiver.target(), {}, b"{}", ONE) == Answer(status=500)

    run(scenario())


def test_a_program_that_ends_in_the_middle_of_a_request_ends_cleanly() -> None:
    script = """
import asyncio
import socket

from hookyard.egress.guard import Target
from hookyard.outbound.http import HttpSender
from hookyard.outbound.sender import Channel

async def main():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    sender = HttpSender()
    target = Target(f"http://x.invalid:{port}/", "http", "x.invalid", port, ("127.0.0.1",))
    channel = Channel(key="x", timeout=60, connect_timeout=5)
    task = asyncio.ensure_future(sender.send(target, {}, b"", channel))
    connection, _ = await asyncio.to_thread(server.accept)
    assert not task.done()
    return connection, server

for still_open in asyncio.run(main()):
    still_open.close()
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_an_answer_that_says_close_is_the_last_on_its_connection(run: Run, sending: Sending) -> None:
    async def scenario() -> None:
        async with sending() as sender, receiving() as receiver:
            for answer in (
                b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
                b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
            ):
                receiver.handler = saying(answer, hang_up=False)
                assert (await sender.send(receiver.target(), {}, b"{}", ONE)).body == b"ok"
                await receiver.until(lambda: receiver.open == 0)
            assert receiver.connections == 2

    run(scenario())
