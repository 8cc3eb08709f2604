"""HTTP clients that reach nobody: for tests, which mock what is called."""
# ruff: noqa: ARG002  the signatures are the library's

from collections.abc import Iterable

import httpcore
import httpx

from hookyard.egress.clients import SocketOption

_WHY = "a test reaches nobody; mock the call, for example with respx"


class _AsyncNowhere(httpcore.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is the library's
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError(f"{host}:{port}: {_WHY}")


class _Nowhere(httpcore.NetworkBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        raise httpcore.ConnectError(f"{host}:{port}: {_WHY}")


class _AsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(network_backend=_AsyncNowhere())


class _Transport(httpx.HTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.ConnectionPool(network_backend=_Nowhere())


def unreachable_client() -> httpx.AsyncClient:
    """A client whose every call fails to connect, where nothing answers in place of the network."""
    return httpx.AsyncClient(transport=_AsyncTransport(), trust_env=False)


def unreachable_blocking_client() -> httpx.Client:
    """The same for threads."""
    return httpx.Client(transport=_Transport(), trust_env=False)
