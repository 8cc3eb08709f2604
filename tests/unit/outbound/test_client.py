import asyncio
import ssl
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
import uvloop

from hookyard.egress.guard import Target
from hookyard.outbound.client import Answer, ReqwestSender, SendError, readable
from hookyard.testing.receiver import Handler, Received, Receiver, answering, receiving, silent


def aimed(
    receiver: Receiver, host: str = "receiver.invalid", address: str = "127.0.0.1", scheme: str = "http"
) -> Target:
    # No resolver knows a name under .invalid (RFC 6761): only the address that is handed over leads there.
    return Target(receiver.url(host, scheme), scheme, host, receiver.port, (address,))


@asynccontextmanager
async def sending(seconds: float = 5, roots: bytes | None = None, hosts: int = 512) -> AsyncGenerator[ReqwestSender]:
    sender = ReqwestSender(timeout=seconds, connect_timeout=2, roots=roots, hosts=hosts)
    try:
        yield sender
    finally:
        await sender.aclose()


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def test_it_posts_these_headers_and_bytes_to_the_address_it_is_given() -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            answer = await sender.send(aimed(receiver), {"webhook-id": "msg_1", "user-agent": "H/1"}, b"\x00body")
            assert answer == Answer(200, b"ok", None)
            (request,) = receiver.requests
            assert request.line == "POST /hook HTTP/1.1"
            assert request.body == b"\x00body"
            assert request.headers == {
                "webhook-id": "msg_1",
                "user-agent": "H/1",
                "accept": "*/*",
                "host": f"receiver.invalid:{receiver.port}",
                "content-length": "5",
            }

    run(scenario())


def test_the_port_of_the_url_is_the_port_connected_to() -> None:
    async def scenario() -> None:
        async with receiving() as receiver, receiving() as other, sending() as sender:
            await sender.send(aimed(receiver), {}, b"{}")
            await sender.send(aimed(other), {}, b"{}")
            assert (len(receiver.requests), len(other.requests)) == (1, 1)

    run(scenario())


def test_a_name_that_moved_is_called_at_its_new_address() -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            with pytest.raises(SendError, match="connect"):
                await sender.send(aimed(receiver, address="127.0.0.2"), {}, b"{}")
            assert (await sender.send(aimed(receiver, address="127.0.0.1"), {}, b"{}")).status == 200

    run(scenario())


def test_the_next_address_is_tried_when_the_first_refuses_the_connection() -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            target = aimed(receiver)
            both = Target(target.url, target.scheme, target.host, target.port, ("127.0.0.2", "127.0.0.1"))
            assert (await sender.send(both, {}, b"{}")).status == 200

    run(scenario())


def test_connections_are_kept_and_used_again() -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending() as sender:
            for _ in range(20):
                await sender.send(aimed(receiver), {}, b"{}")
            assert (receiver.connections, len(receiver.requests)) == (1, 20)

    run(scenario())


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_sixty_four_requests_at_once_all_get_their_own_answer(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
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
            answers = await asyncio.gather(*(sender.send(aimed(receiver), h, b"{}") for h in headers))
            assert [answer.body for answer in answers] == [b"%d" % number for number in range(everybody)]

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scenario())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    async def scenario() -> None:
        async with receiving() as forbidden, receiving() as receiver, sending() as sender:
            receiver.handler = answering(status, location=forbidden.url())
            assert (await sender.send(aimed(receiver), {}, b"{}")).status == status
            assert forbidden.connections == 0

    run(scenario())


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_a_proxy_in_the_environment_is_not_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        async with receiving() as proxy, receiving() as receiver:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            async with sending() as sender:
                await sender.send(aimed(receiver), {}, b"{}")
            assert (proxy.connections, len(receiver.requests)) == (0, 1)

    run(scenario())


def test_of_a_long_answer_the_first_kilobyte_is_read() -> None:
    async def long(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 X\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000)

    async def scenario() -> None:
        async with receiving(long) as receiver, sending() as sender:
            answer = await sender.send(aimed(receiver), {}, b"{}")
            assert (answer.status, answer.body) == (500, b"x" * 1024)

    run(scenario())


def test_an_answer_without_end_is_cut_off_and_its_connection_dropped() -> None:
    async def scenario() -> None:
        dropped = asyncio.Event()

        async def endless(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            try:
                while True:
                    writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                    await writer.drain()
            finally:
                dropped.set()

        async with receiving(endless) as receiver, sending() as sender:
            answer = await sender.send(aimed(receiver), {}, b"{}")
            assert (answer.status, len(answer.body)) == (200, 1024)
            async with asyncio.timeout(5):
                await dropped.wait()

    run(scenario())


def test_a_compressed_answer_is_not_unpacked() -> None:
    async def packed(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nbomb")

    async def scenario() -> None:
        async with receiving(packed) as receiver, sending() as sender:
            assert (await sender.send(aimed(receiver), {}, b"{}")).body == b"bomb"

    run(scenario())


async def slow_head(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.01)


async def slow_body(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
    for _ in range(10_000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("handler", [silent, slow_head, slow_body])
def test_a_slow_receiver_costs_no_more_than_the_timeout(handler: Handler) -> None:
    async def scenario() -> None:
        async with receiving(handler) as receiver, sending(seconds=0.2) as sender, asyncio.timeout(5):
            with pytest.raises(SendError, match=r"^timeout$"):
                await sender.send(aimed(receiver), {}, b"{}")

    run(scenario())


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 2_000_000])
def test_an_answer_that_is_no_http_is_an_error(said: bytes) -> None:
    async def rubbish(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    async def scenario() -> None:
        async with receiving(rubbish) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^connection$"):
                await sender.send(aimed(receiver), {}, b"{}")

    run(scenario())


def test_retry_after_comes_along_as_it_was_written() -> None:
    async def scenario() -> None:
        later = answering(503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")
        async with receiving(later) as receiver, sending() as sender:
            answer = await sender.send(aimed(receiver), {}, b"{}")
            assert answer == Answer(503, b"", "Fri, 31 Dec 1999 23:59:59 GMT")

    run(scenario())


def certified(*names: str) -> tuple[ssl.SSLContext, bytes]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # trustme also takes pyOpenSSL's contexts, of which the checker knows nothing.
    authority.issue_cert(*names).configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context, authority.cert_pem.bytes()


def test_a_certificate_is_checked_against_the_name_and_not_the_address() -> None:
    async def scenario() -> None:
        context, root = certified("receiver.invalid")
        async with receiving(tls=context) as receiver, sending(roots=root) as sender:
            assert (await sender.send(aimed(receiver, scheme="https"), {}, b"{}")).status == 200

    run(scenario())


@pytest.mark.parametrize("names", [("other.invalid",), ("127.0.0.1",), ("*.receiver.invalid",)])
def test_a_certificate_for_another_name_is_refused(names: tuple[str, ...]) -> None:
    async def scenario() -> None:
        context, root = certified(*names)
        async with receiving(tls=context) as receiver, sending(roots=root) as sender:
            with pytest.raises(SendError, match=r"^tls$"):
                await sender.send(aimed(receiver, scheme="https"), {}, b"{}")
            assert receiver.requests == []

    run(scenario())


def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    async def scenario() -> None:
        context, _ = certified("receiver.invalid")
        async with receiving(tls=context) as receiver, sending() as sender:
            with pytest.raises(SendError, match=r"^tls$"):
                await sender.send(aimed(receiver, scheme="https"), {}, b"{}")

    run(scenario())


def test_a_closed_sender_fails_what_is_under_way_and_all_that_comes_later() -> None:
    async def scenario() -> None:
        async with receiving(silent) as receiver, sending() as sender:
            under_way = asyncio.create_task(sender.send(aimed(receiver), {}, b"{}"))
            await receiver.until(lambda: receiver.requests)
            await sender.aclose()
            with pytest.raises(SendError, match=r"^connection$"):
                await under_way
            with pytest.raises(SendError, match=r"^connection$"):
                await sender.send(aimed(receiver), {}, b"{}")

    run(scenario())


def test_a_program_that_ends_in_the_middle_of_a_request_ends_cleanly() -> None:
    script = """
import asyncio
import socket
import threading

from hookyard.outbound.client import ReqwestSender
from hookyard.egress.guard import Target

async def main():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    sender = ReqwestSender(timeout=60, connect_timeout=5)
    target = Target(f"http://x.invalid:{port}/", "http", "x.invalid", port, ("127.0.0.1",))
    task = asyncio.ensure_future(sender.send(target, {}, b""))
    connection, _ = await asyncio.to_thread(server.accept)
    assert not task.done()
    assert not [thread for thread in threading.enumerate() if "reqwest" in thread.name]
    return connection, server

for still_open in asyncio.run(main()):
    still_open.close()
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", script],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_number_of_hosts_kept_connected_is_bounded() -> None:
    async def scenario() -> None:
        async with receiving() as receiver, sending(hosts=2) as sender:
            for number in range(5):
                await sender.send(aimed(receiver, f"receiver{number}.invalid"), {}, b"{}")
            await receiver.until(lambda: receiver.open <= 2)
            assert receiver.connections == 5

    run(scenario())


def test_a_name_the_client_cannot_read_is_an_unusable_url() -> None:
    async def scenario() -> None:
        async with sending() as sender:
            with pytest.raises(SendError, match=r"^unusable_url$"):
                await sender.send(Target("https://xn--a/", "https", "xn--a", 443, ("127.0.0.1",)), {}, b"{}")

    assert not readable("https://xn--a/")
    assert readable("https://example.com/")
    run(scenario())
