"""What a sender wants to be asked is asked through the guard, once, and not for ever."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
import trustme

from hookyard.config.model import OutboundSettings
from hookyard.egress.fetch import LARGEST
from hookyard.egress.rules import Rules
from hookyard.egress.visitor import Visitor, visitor_rules
from hookyard.networks import Address

LOOPBACK = Rules(allow_ports="any", allow_networks=("127.0.0.0/8",))


async def to_loopback(host: str, port: int) -> tuple[Address, ...]:
    del host, port
    return (ip_address("127.0.0.1"),)


class Site:
    """A server with a certificate; `asked` has the paths that it was asked for."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        self.base = f"https://sender.test:{port}"
        self.trust = trust
        self.asked: list[str] = []
        self.broken = False
        self.came, self.open = threading.Event(), threading.Event()
        self.open.set()

    def visitor(self, rules: Rules = LOOPBACK, patience: float = 5.0) -> Visitor:
        return Visitor(rules, resolver=to_loopback, trust=self.trust, patience=patience)


@contextmanager
def site() -> Generator[Site]:
    authority = trustme.CA()
    server_side, trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("sender.test").configure_cert(server_side)  # pyright: ignore[reportUnknownMemberType]  pyOpenSSL
    authority.configure_trust(trust)  # pyright: ignore[reportUnknownMemberType]  as above

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            found.came.set()
            found.open.wait(10)
            self.send_response(302 if self.path == "/away" else 500 if found.broken else 200)
            if self.path == "/away":
                self.send_header("location", f"{found.base}/there")
            self.end_headers()
            if not found.broken:
                self.wfile.write(b"x" * (LARGEST + 1) if self.path == "/huge" else b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class has it so
            """Nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: callers hang up here."""

    server = Server(("127.0.0.1", 0), Handler)
    found = Site(int(server.server_address[1]), trust)
    server.socket = server_side.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        found.open.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_is_at_a_url_is_had() -> None:
    with site() as there:
        assert asyncio.run(there.visitor().get(f"{there.base}/cert.pem")) == b"ok"


def test_a_url_is_visited_once_however_often_and_however_many_at_once_come_with_it() -> None:
    async def run() -> None:
        visitor = there.visitor()
        there.open.clear()
        first = [asyncio.create_task(visitor.visit(f"{there.base}/?Token=1")) for _ in range(20)]
        await asyncio.to_thread(there.came.wait, 10)
        there.open.set()
        await asyncio.gather(*first)
        await visitor.visit(f"{there.base}/?Token=1")
        await visitor.visit(f"{there.base}/?Token=2")

    with site() as there:
        asyncio.run(run())
        assert there.asked == ["/?Token=1", "/?Token=2"]


def test_a_visit_that_failed_can_be_made_again() -> None:
    async def run() -> None:
        visitor = there.visitor()
        there.broken = True
        with pytest.raises(OSError, match="it answered 500"):
            await visitor.visit(f"{there.base}/")
        there.broken = False
        await visitor.visit(f"{there.base}/")

    with site() as there:
        asyncio.run(run())
        assert there.asked == ["/", "/"]


def test_a_caller_that_goes_away_does_not_take_the_visit_from_the_others() -> None:
    async def run() -> None:
        visitor = there.visitor()
        there.open.clear()
        gone, stays = (asyncio.create_task(visitor.visit(f"{there.base}/")) for _ in range(2))
        await asyncio.to_thread(there.came.wait, 10)
        gone.cancel()
        there.open.set()
        await stays

    with site() as there:
        asyncio.run(run())
        assert there.asked == ["/"]


def test_a_visit_counts_also_when_all_who_asked_for_it_went_away() -> None:
    async def run() -> None:
        visitor = there.visitor()
        there.open.clear()
        gone = asyncio.create_task(visitor.visit(f"{there.base}/"))
        await asyncio.to_thread(there.came.wait, 10)
        gone.cancel()
        meanwhile = asyncio.create_task(visitor.get(f"{there.base}/"))
        there.open.set()
        assert await meanwhile == b"ok"
        await visitor.visit(f"{there.base}/")

    with site() as there:
        asyncio.run(run())
        assert there.asked == ["/"]


def test_who_only_looks_at_a_url_has_not_visited_it() -> None:
    async def run() -> None:
        visitor = there.visitor()
        await visitor.get(f"{there.base}/")
        await visitor.visit(f"{there.base}/")
        await visitor.visit(f"{there.base}/")

    with site() as there:
        asyncio.run(run())
        assert there.asked == ["/", "/"]


def test_a_redirect_is_a_failure_and_is_not_followed() -> None:
    with site() as there:
        with pytest.raises(OSError, match="it answered 302"):
            asyncio.run(there.visitor().visit(f"{there.base}/away"))
        assert there.asked == ["/away"]


def test_an_answer_is_read_up_to_a_cap() -> None:
    with site() as there, pytest.raises(OSError, match="larger than"):
        asyncio.run(there.visitor().get(f"{there.base}/huge"))


def test_who_never_answers_is_not_waited_for_longer_than_the_patience() -> None:
    with site() as there:
        there.open.clear()
        with pytest.raises(OSError, match=r"longer than 0\.2 s"):
            asyncio.run(there.visitor(patience=0.2).visit(f"{there.base}/"))


def test_who_never_shakes_hands_keeps_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        visitor = Visitor(LOOPBACK, resolver=to_loopback, patience=0.2)
        with pytest.raises(OSError, match=r"longer than 0\.2 s|Timeout"):
            asyncio.run(visitor.visit(f"https://sender.test:{server.getsockname()[1]}/"))
        server.settimeout(0)
        with suppress(BlockingIOError):  # it was too slow even to connect
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                while connection.recv(65536):
                    """What it said before it hung up."""


def test_visits_that_are_under_way_end_with_the_server_and_too_many_at_once_are_refused() -> None:
    async def run() -> None:
        visitor = there.visitor()
        there.open.clear()
        under_way = [asyncio.create_task(visitor.visit(f"{there.base}/{n}")) for n in range(16)]
        await asyncio.sleep(0)
        with pytest.raises(OSError, match="16 others"):
            await visitor.visit(f"{there.base}/17")
        await visitor.aclose()
        ends = await asyncio.gather(*under_way, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)

    with site() as there:
        asyncio.run(run())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://sender.test/", "is not https"),
        ("https://sender.test:8443/", "has port 8443"),
        ("https://me:word@sender.test/", "user name"),
        ("https://169.254.169.254/", "link-local"),
        ("https://sender.test/", "loopback"),
    ],
)
@pytest.mark.parametrize("way", [Visitor.visit, Visitor.get])
def test_a_place_that_may_not_be_called_is_never_asked(
    url: str, why: str, way: Callable[[Visitor, str], Awaitable[object]]
) -> None:
    async def run() -> None:
        visitor = Visitor(visitor_rules(OutboundSettings(allow_http=True, allow_ports="any")), resolver=to_loopback)
        await way(visitor, url)

    with pytest.raises(OSError, match=f"may not call.*{why}"):
        asyncio.run(run())
