"""The one seam to an HTTP client: hand it a checked target, headers and a body, get back the answer.

Everything above talks to :class:`~hookyard.outbound.sender.Sender`; only :class:`ReqwestSender` knows the library.
It was chosen by `bench/outgoing.py`: a Rust client on a thread of its own, which leaves the interpreter free while
requests are under way. What it must not do is switched off here: it follows no redirect, asks no proxy, decompresses
nothing, and connects only to the addresses it is given.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import BuilderError, PyreqwestError, RequestError, RequestTimeoutError
from pyreqwest.http import Url as ClientUrl

from hookyard.egress.guard import Target
from hookyard.outbound.sender import KEPT, Answer, Channel, SendError

_NOT_CONNECTED: Final = frozenset({"connect", "connect_timeout"})


def readable(url: str) -> bool:
    """Whether the client can read this URL at all; it also checks the spelling of `xn--` names."""
    return ClientUrl.is_valid(url)


class _Pool:
    """The keep-alive connections to one address of one host."""

    __slots__ = ("busy", "client")

    def __init__(self, client: Client) -> None:
        self.client = client
        self.busy = 0


class ReqwestSender:
    """Sends by pyreqwest, with one client, and so one pool of connections, for each host, port and address.

    A request whose caller was cancelled, or that :meth:`aclose` failed, runs on in the library until its timeout.

    Args:
        timeout: seconds for one request in all.
        connect_timeout: seconds for connecting to one address.
        idle: the most connections kept open to one address.
        hosts: the most addresses to which connections are kept.
        roots: PEM certificates to trust besides the machine's own.
        lifetime: seconds for which an unused connection is kept.
    """

    def __init__(
        self,
        *,
        timeout: float,
        connect_timeout: float,
        idle: int = 32,
        hosts: int = 512,
        roots: bytes | None = None,
        lifetime: float = 60,
    ) -> None:
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._idle = idle
        self._hosts = hosts
        self._roots = roots
        self._lifetime = lifetime
        self._pools: dict[tuple[str, int, str], _Pool] = {}
        self._closed = False

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes, channel: Channel) -> Answer:
        """POST to the first of the target's addresses that can be connected to."""
        del channel
        if len(target.addresses) == 1:
            return await self._post(target, target.addresses[0], headers, body)
        try:
            async with asyncio.timeout(self._timeout):
                for address in target.addresses[:-1]:
                    try:
                        return await self._post(target, address, headers, body)
                    except SendError as error:
                        if str(error) not in _NOT_CONNECTED:
                            raise
                return await self._post(target, target.addresses[-1], headers, body)
        except TimeoutError:
            raise SendError("timeout") from None

    async def forget(self, key: str) -> None:
        """Do nothing: connections belong to addresses here."""

    async def aclose(self) -> None:
        """Close every client; requests still under way fail, and so do later ones."""
        self._closed = True
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.client.close()

    async def _post(self, target: Target, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        key = (target.host, target.port, address)
        pool = self._pools.get(key) or await self._open(key)
        pool.busy += 1
        try:
            request = pool.client.post(target.url).headers(headers).body_bytes(body).build_streamed()
            async with request as answer:
                first = await answer.body_reader.read(KEPT)
                return Answer(
                    status=answer.status,
                    body=bytes(first or b""),
                    retry_after=answer.get_header("retry-after"),
                    wish=answer.get_header("webhook-delivery"),
                )
        except PyreqwestError as error:
            raise SendError(_word(error)) from None
        except ValueError:  # what the client's own reading of a URL raises
            raise SendError("unusable_url") from None
        finally:
            pool.busy -= 1

    async def _open(self, key: tuple[str, int, str]) -> _Pool:
        if self._closed:
            raise SendError("connection")
        host, port, address = key
        builder = (
            ClientBuilder()
            .resolve(host, address, port)
            .no_proxy()
            .follow_redirects(False)
            .referer(False)
            .gzip(False)
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .http1_lower_case_headers()
            .timeout(timedelta(seconds=self._timeout))
            .connect_timeout(timedelta(seconds=self._connect_timeout))
            .pool_max_idle_per_host(self._idle)
            .pool_idle_timeout(timedelta(seconds=self._lifetime))
        )
        if self._roots is not None:
            builder = builder.add_root_certificate_pem(self._roots)
        # Registered before anything is awaited, so that two callers never open two pools to one address.
        pool = self._pools[key] = _Pool(builder.build())
        pool.busy += 1
        try:
            await self._evict()
        finally:
            pool.busy -= 1
        return pool

    async def _evict(self) -> None:
        """Close the oldest unused pool, if there are too many."""
        if len(self._pools) > self._hosts:
            key = next((key for key, pool in self._pools.items() if not pool.busy), None)
            if key is not None:
                await self._pools.pop(key).client.close()


def _word(error: PyreqwestError) -> str:
    if isinstance(error, BuilderError):
        return "unusable_request"
    causes = error.details["causes"] or () if isinstance(error, RequestError) else ()
    connecting = any(cause["message"] == "client error (Connect)" for cause in causes)
    if isinstance(error, RequestTimeoutError):
        return "connect_timeout" if connecting else "timeout"
    if connecting:
        return "connect" if any(cause["message"] == "tcp connect error" for cause in causes) else "tls"
    return "connection"
