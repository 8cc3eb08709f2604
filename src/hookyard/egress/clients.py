"""HTTP clients for plugins, which cannot get around the guard.

Every request, each hop of a followed redirect among them, is judged by its URL before it is sent. The names it
goes to are looked up here, every address of the answer is judged, and one of those is connected to: a name that
changes its answer in between gains nothing. No proxy of the environment is asked. A test that mocks the client
(respx does so above the connection) still has its URLs judged, and asks no resolver.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from ipaddress import ip_address
from typing import Final

import httpcore
import httpx
from msgspec import Struct

from hookyard.egress.resolver import ResolveError, Resolver, system_resolver
from hookyard.egress.rules import EgressError, Judge, Rules
from hookyard.egress.trust import usual_trust
from hookyard.errors import EgressDenied
from hookyard.networks import Address

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
BlockingResolver = Callable[[str, int], tuple[Address, ...]]
"""From a host and a port to its addresses, best first. Raises ResolveError."""

CONNECTIONS: Final = 100
"""The most connections of one plugin's client."""
_KEPT: Final = 20


class ClientSettings(Struct, frozen=True, kw_only=True):
    """All a client is built from: values only, so that a worker's process builds the same one."""

    rules: Rules = Rules()
    timeout: float = 30.0
    """Seconds for connecting, for each read and for each write, where a call does not say otherwise."""
    agent: str = "Hookyard"
    """The `user-agent` of every request."""


def async_client(
    settings: ClientSettings, *, resolver: Resolver | None = None, trust: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """A guarded client for the event loop.

    Args:
        resolver: from names to addresses; the machine's own if left out.
        trust: whose certificates are taken; those of the usual authorities if left out.

    Raises:
        ValueError: the rules' networks have what is no CIDR.
    """
    judge = Judge(settings.rules)
    backend = _AsyncBackend(judge, resolver or system_resolver(settings.rules.resolve_timeout))
    transport = _AsyncTransport(judge, backend, trust or _usual_trust())
    return httpx.AsyncClient(
        transport=transport, timeout=settings.timeout, trust_env=False, headers={"user-agent": settings.agent}
    )


def blocking_client(
    settings: ClientSettings, *, resolver: BlockingResolver | None = None, trust: ssl.SSLContext | None = None
) -> httpx.Client:
    """The same for threads."""
    judge = Judge(settings.rules)
    transport = _BlockingTransport(judge, _BlockingBackend(judge, resolver or _look_up), trust or _usual_trust())
    return httpx.Client(
        transport=transport, timeout=settings.timeout, trust_env=False, headers={"user-agent": settings.agent}
    )


@cache
def _usual_trust() -> ssl.SSLContext:
    # Reading the authorities' certificates takes a while: once for all plugins.
    return usual_trust()


def _judge_request(judge: Judge, request: httpx.Request) -> None:
    try:
        judge.check(str(request.url.copy_with(fragment=None)))
    except EgressError as error:
        raise _denied(request.url.host, error) from None


def _denied(host: str, error: EgressError) -> EgressDenied:
    return EgressDenied(f"the plugin may not call {host[:253]!r}: the URL {error}")


class _AsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(self, judge: Judge, backend: "_AsyncBackend", trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._judge = judge
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust,
            max_connections=CONNECTIONS,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=5.0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _judge_request(self._judge, request)
        return await super().handle_async_request(request)


class _BlockingTransport(httpx.HTTPTransport):
    def __init__(self, judge: Judge, backend: "_BlockingBackend", trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._judge = judge
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            max_connections=CONNECTIONS,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=5.0,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _judge_request(self._judge, request)
        return super().handle_request(request)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were judged."""

    def __init__(self, judge: Judge, resolver: Resolver) -> None:
        self._judge = judge
        self._resolve = resolver
        # The library has a stand-in of another type where anyio is missing; httpx brings it.
        self._inner: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()  # pyright: ignore[reportAttributeAccessIssue]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = _literal(host)
        try:
            addresses = self._judge.addresses(found or await self._resolve(host, port))
        except (EgressError, ResolveError) as error:
            raise _unreachable(host, error) from None
        for address in addresses[:-1]:
            try:
                return _Opened(await self._inner.connect_tcp(address, port, timeout, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return _Opened(await self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class _Opened(httpcore.AsyncNetworkStream):
    """A connection that is closed also when whoever wants it goes away during the handshake.

    The library only closes one whose handshake fails.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  as above
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  as above
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as above
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _BlockingBackend(httpcore.NetworkBackend):
    """Connects to addresses that were judged."""

    def __init__(self, judge: Judge, resolver: BlockingResolver) -> None:
        self._judge = judge
        self._resolve = resolver
        self._inner: httpcore.NetworkBackend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        found = _literal(host)
        try:
            addresses = self._judge.addresses(found or self._resolve(host, port))
        except (EgressError, ResolveError) as error:
            raise _unreachable(host, error) from None
        for address in addresses[:-1]:
            try:
                return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def _unreachable(host: str, error: EgressError | ResolveError) -> Exception:
    if isinstance(error, EgressError):
        return _denied(host, error)
    return httpcore.ConnectError(f"{host}: {error}")


def _literal(host: str) -> Sequence[Address]:
    try:
        return (ip_address(host),)
    except ValueError:
        return ()


def _look_up(host: str, port: int) -> tuple[Address, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        msg = error.strerror if isinstance(error, OSError) and error.strerror else "not a resolvable name"
        raise ResolveError(msg) from None
    return tuple(dict.fromkeys(ip_address(str(sockaddr[0])) for *_, sockaddr in found))
