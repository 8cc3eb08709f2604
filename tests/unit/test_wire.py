"""The server's protocol beside uvicorn's own: the same bytes in one write, and one timer for a connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvicorn
from litestar.types import HTTPScope, Receive, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from hookyard.gateway.answer import JSON_TYPE, Answer, Headers
from hookyard.wire import BoundedProtocol

Application = Callable[[HTTPScope, Receive, Send], Awaitable[None]]
POST = b"POST /hooks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
DATE = (b"date", b"Sun, 22 Nov 2026 16:00:00 GMT")


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time is held by the test."""

    now = 1000.0

    def time(self) -> float:
        """The time that the test has it be."""
        return self.now

    def turn(self, seconds: float = 0.0) -> None:
        """Do all that is to be done, let time pass, and do what is to be done then."""
        for passed in (0.0, seconds):
            self.now += passed
            for _ in range(6):
                self.run_until_complete(asyncio.sleep(0))


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 6)})
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.writes.append(bytes(data))

    def pause_reading(self) -> None:
        """Nothing comes by itself."""

    def resume_reading(self) -> None:
        """Nothing comes by itself."""

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.closed

    def close(self) -> None:
        """Close it."""
        self.closed = True


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def answering(headers: Headers, status: int = 202, body: bytes = b'{"job_id":"1"}') -> Application:
    async def app(scope: HTTPScope, receive: Receive, send: Send) -> None:
        await receive()
        fields = [JSON_TYPE, (b"content-length", b"%d" % len(body)), *headers]
        await Answer(status, body, fields).give(scope, send)

    return app


def connected(kind: type[HttpToolsProtocol], app: Application, loop: Loop) -> tuple[HttpToolsProtocol, Wire]:
    config = uvicorn.Config(
        app,
        interface="asgi3",
        loop="none",
        http=kind,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
    )
    config.load()
    state = ServerState()
    state.default_headers = [DATE]
    protocol, wire = kind(config, state, {}, loop), Wire()
    protocol.connection_made(wire)
    return protocol, wire


def sent(kind: type[HttpToolsProtocol], app: Application, loop: Loop, request: bytes) -> tuple[list[bytes], bool]:
    protocol, wire = connected(kind, app, loop)
    protocol.data_received(request)
    loop.turn()
    written = wire.writes, wire.is_closing()
    wire.close()
    protocol.connection_lost(None)
    return written


@pytest.mark.parametrize(
    "request_",
    [
        POST,
        POST + POST,
        POST.replace(b"1.1", b"1.0"),
        POST.replace(b"Host: x", b"Host: x\r\nConnection: close"),
        POST.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"),
    ],
    ids=["kept", "pipelined", "old", "closed", "expected"],
)
@pytest.mark.parametrize("status", [202, 422])
def test_an_answer_is_written_as_uvicorn_writes_it(request_: bytes, status: int, loop: Loop) -> None:
    app = answering([(b"location", b"/api/v1/jobs/1"), (b"x-request-id", b"1")], status)
    theirs, they_closed = sent(HttpToolsProtocol, app, loop, request_)
    ours, we_closed = sent(BoundedProtocol, app, loop, request_)
    assert b"".join(ours) == b"".join(theirs)
    assert b"".join(ours).count(b"HTTP/1.1 %d " % status) == request_.count(b"POST")
    assert we_closed == they_closed


def test_what_is_accepted_is_answered_in_one_write(loop: Loop) -> None:
    written, _ = sent(BoundedProtocol, answering([]), loop, POST)
    assert len(written) == 1
    assert written[0].startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert written[0].endswith(b'\r\n\r\n{"job_id":"1"}')


def test_no_header_breaks_out_of_its_line(loop: Loop) -> None:
    evil = (b"x-request-id", b"1\r\nset-cookie: a=b")
    assert sent(BoundedProtocol, answering([evil]), loop, POST) == ([], True)


def test_a_caller_that_does_not_read_is_waited_for(loop: Loop) -> None:
    protocol, wire = connected(BoundedProtocol, answering([]), loop)
    protocol.pause_writing()
    protocol.data_received(POST)
    loop.turn()
    assert wire.writes == []
    protocol.resume_writing()
    loop.turn()
    assert b"".join(wire.writes).startswith(b"HTTP/1.1 202 ")
    wire.close()
    protocol.connection_lost(None)


def test_a_connection_is_closed_once_it_has_been_idle_for_long(loop: Loop) -> None:
    protocol, wire = connected(BoundedProtocol, answering([]), loop)
    for _ in range(4):
        protocol.data_received(POST)
        loop.turn(3)
        assert not wire.is_closing()
    loop.turn(1.9)
    assert not wire.is_closing()
    loop.turn(0.2)
    assert wire.is_closing()
    assert len(wire.writes) == 4
    protocol.connection_lost(None)


def test_a_connection_is_not_idle_while_a_request_is_answered(loop: Loop) -> None:
    finished = asyncio.Event()

    async def slow(scope: HTTPScope, receive: Receive, send: Send) -> None:
        await receive()
        if len(wire.writes) == 1:
            await finished.wait()
        await Answer(202, b"{}", [JSON_TYPE, (b"content-length", b"2")]).give(scope, send)

    protocol, wire = connected(BoundedProtocol, slow, loop)
    protocol.data_received(POST)
    loop.turn()
    protocol.data_received(POST)
    loop.turn(60)
    assert (len(wire.writes), wire.is_closing()) == (1, False)
    finished.set()
    loop.turn()
    assert (len(wire.writes), wire.is_closing()) == (2, False)
    loop.turn(4.9)
    assert not wire.is_closing()
    loop.turn(0.2)
    assert wire.is_closing()
    protocol.connection_lost(None)


def test_a_connection_that_is_lost_leaves_no_timer_for_its_idleness(loop: Loop) -> None:
    protocol, wire = connected(BoundedProtocol, answering([]), loop)
    protocol.data_received(POST)
    loop.turn()
    timer = protocol.timeout_keep_alive_task
    assert timer is not None
    wire.close()
    protocol.connection_lost(ConnectionResetError())
    assert timer.cancelled()
