"""A plugin's HTTP client cannot get around the guard, and respx works on it."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import httpx
import pytest
import respx
import trustme

from hookyard.config.model import OutboundSettings, PluginHttp
from hookyard.egress.clients import ClientSettings, async_client, blocking_client
from hookyard.egress.resolver import ResolveError
from hookyard.egress.rules import Rules, plugin_rules
from hookyard.errors import EgressDenied
from hookyard.networks import Address

LOOPBACK = Rules(allow_http=True, allow_ports="any", allow_networks=("127.0.0.0/8",))
Fetch = Callable[..., httpx.Response]


class Names:
    """A resolver for both kinds of client; `asked` is what it was asked."""

    def __init__(self, answer: str | None = "127.0.0.1") -> None:
        self.answer = answer
        self.asked: list[str] = []

    def blocking(self, host: str, _port: int) -> tuple[Address, ...]:
        self.asked.append(host)
        if self.answer is None:
            raise ResolveError("no such name")
        return tuple(ip_address(text) for text in self.answer.split())

    async def __call__(self, host: str, port: int) -> tuple[Address, ...]:
        return self.blocking(host, port)


def fetch_async(
    url: str, rules: Rules, names: Names, *, follow: bool = False, trust: ssl.SSLContext | None = None
) -> httpx.Response:
    async def run() -> httpx.Response:
        async with async_client(ClientSettings(rules=rules, timeout=5), resolver=names, trust=trust) as client:
            return await client.get(url, follow_redirects=follow)

    return asyncio.run(run())


def fetch_blocking(
    url: str, rules: Rules, names: Names, *, follow: bool = False, trust: ssl.SSLContext | None = None
) -> httpx.Response:
    with blocking_client(ClientSettings(rules=rules, timeout=5), resolver=names.blocking, trust=trust) as client:
        return client.get(url, follow_redirects=follow)


both = pytest.mark.parametrize("fetch", [fetch_async, fetch_blocking])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        target = self.path.partition("?to=")[2]
        self.send_response(302 if target else 200)
        if target:
            self.send_header("location", target)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class has it so
        """Nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Generator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@both
def test_a_call_goes_to_the_address_that_was_judged(fetch: Fetch) -> None:
    names = Names()
    with serving() as port:
        assert fetch(f"http://service.test:{port}/", LOOPBACK, names).text == "ok"
    assert names.asked == ["service.test"]


@both
def test_the_next_address_is_tried_when_one_cannot_be_connected_to(fetch: Fetch) -> None:
    with serving() as port:
        assert fetch(f"http://service.test:{port}/", LOOPBACK, Names("127.0.0.2 127.0.0.1")).text == "ok"


@both
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "is not https"),
        ("https://example.com:8443/", "has port 8443"),
        ("https://127.0.0.1/", "loopback"),
        ("https://[::1]/", "loopback"),
        ("https://[::ffff:169.254.169.254]/", "link-local"),
        ("https://user:pass@example.com/", "user name"),
        ("https://2130706433/", "not written in full"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused_before_anything_is_asked(fetch: Fetch, url: str, why: str) -> None:
    names = Names()
    with pytest.raises(EgressDenied, match=why):
        fetch(url, Rules(), names)
    assert names.asked == []


@both
@pytest.mark.parametrize("answer", ["10.0.0.1", "93.184.216.34 127.0.0.1", "fd00::1"])
def test_a_name_with_a_denied_address_is_refused(fetch: Fetch, answer: str) -> None:
    with pytest.raises(EgressDenied, match=r"'rebind\.test'.*may not be called"):
        fetch("https://rebind.test/", Rules(), Names(answer))


@both
def test_a_name_without_an_address_is_a_connection_error(fetch: Fetch) -> None:
    with pytest.raises(httpx.ConnectError, match="no such name"):
        fetch("https://nowhere.test/", Rules(), Names(None))


@both
def test_every_hop_of_a_redirect_is_judged(fetch: Fetch) -> None:
    rules = Rules(allow_http=True, allow_ports="any", allow_networks=("127.0.0.1/32",))
    with serving() as port:
        url = f"http://service.test:{port}/?to="
        assert fetch(url + f"http://other.test:{port}/", rules, Names(), follow=True).text == "ok"
        assert fetch(url + "http://169.254.169.254/", rules, Names()).status_code == 302
        with pytest.raises(EgressDenied, match="link-local"):
            fetch(url + "http://169.254.169.254/", rules, Names(), follow=True)


@both
def test_a_plugin_may_be_held_to_some_hosts(fetch: Fetch) -> None:
    rules = Rules(allow_http=True, allow_ports="any", allow_networks=("127.0.0.0/8",), allow_hosts=("*.Good.test",))
    with serving() as port:
        assert fetch(f"http://api.good.test:{port}/#part", rules, Names()).text == "ok"
        with pytest.raises(EgressDenied, match="not among the allowed ones"):
            fetch(f"http://evil.test:{port}/", rules, Names())


@both
def test_proxies_of_the_environment_are_not_asked(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serving() as port:
        assert fetch(f"http://service.test:{port}/", LOOPBACK, Names()).text == "ok"


@both
def test_certificates_are_checked_against_the_name_that_was_called(fetch: Fetch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("service.test").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]  pyOpenSSL
    trust = ssl.create_default_context()
    authority.configure_trust(trust)  # pyright: ignore[reportUnknownMemberType]  as above
    with serving(context) as port:
        assert fetch(f"https://service.test:{port}/", LOOPBACK, Names(), trust=trust).text == "ok"
        with pytest.raises(httpx.ConnectError, match=r"CERTIFICATE|certificate"):
            fetch(f"https://other.test:{port}/", LOOPBACK, Names(), trust=trust)


@both
def test_respx_answers_in_place_of_the_network_and_the_urls_are_still_judged(fetch: Fetch) -> None:
    names = Names()
    with respx.mock() as router:
        router.get("https://api.example.com/x").respond(json={"a": 1})
        assert fetch("https://api.example.com/x", Rules(), names).json() == {"a": 1}
        with pytest.raises(EgressDenied):
            fetch("http://api.example.com/x", Rules(), names)
    assert names.asked == []


def test_a_plugin_may_go_where_webhooks_may_and_where_its_section_says() -> None:
    outbound = OutboundSettings(allow_networks=("10.0.0.0/8",))
    rules = plugin_rules(outbound, PluginHttp(allow_http=True, allow_networks=("127.0.0.1/32",), allow_hosts=("a",)))
    assert rules == Rules(
        allow_http=True, allow_ports=(80, 443), allow_networks=("10.0.0.0/8", "127.0.0.1/32"), allow_hosts=("a",)
    )
    assert plugin_rules(OutboundSettings(allow_ports="any"), PluginHttp()).allow_ports == "any"
