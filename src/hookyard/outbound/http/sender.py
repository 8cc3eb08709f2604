"""Sends deliveries over connections of its own making.

A connection belongs to one channel and one address, and no other channel's request ever goes over it. It is kept for
the next request for a minute, and the one used last is used first, so that a channel keeps no more than it needs.

A kept connection may be closed by its receiver in the very moment in which a request is written to it. When it ends
before a byte of an answer came, or with a 408 (RFC 9110, section 15.5.9), the request is sent once more, on a new
connection and within the same time: nearly always the receiver never read it (RFC 9112, section 9.3.1), and where it
did, it is a repeat under the same id, which receivers have to expect in any case. RFC 9110, section 9.2.2, asks for
such knowledge before a POST is repeated.
A request on a new connection is never repeated here.

There is no task and no timer for a request beyond its caller's task and its channel's timer.
"""

import asyncio
import errno
import resource
import ssl
from collections.abc import Mapping
from typing import Final

from hookyard.egress.guard import Target
from hookyard.outbound.http.connection import Connection
from hookyard.outbound.http.pool import Pool
from hookyard.outbound.http.request import request
from hookyard.outbound.http.tls import Contexts
from hookyard.outbound.sender import Answer, Channel, SendError

_NOT_CONNECTED: Final = frozenset({"connect", "connect_timeout"})
_FULL: Final = frozenset({errno.EMFILE, errno.ENFILE})
_MOST_IDLE: Final = 2_048
_SHARE: Final = 4
_FAREWELL: Final = 1.0
"""Seconds for which a receiver may take its leave of a TLS connection that is closed."""


class HttpSender:
    """Sends POST requests to receivers. Used on one event loop.

    Args:
        most_idle: the most connections that are kept open while nothing is sent over them, over all channels; the one
            that was unused for longest is closed first. With `outbound.concurrency` it bounds the open files, whatever
            the number of endpoints. Left out: a quarter of the files that the process may open, at most 2,048.
        lifetime: seconds for which an unused connection is kept.
    """

    def __init__(self, *, most_idle: int | None = None, lifetime: float = 60.0) -> None:
        self._most_idle = _allowed() if most_idle is None else most_idle
        self._lifetime = lifetime
        self._contexts = Contexts()
        self._pools: dict[str, Pool] = {}
        self._shelf: dict[Connection, Pool] = {}
        self._open: dict[Connection, Pool] = {}
        self._connecting: set[asyncio.Timeout] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False
        self._empty: asyncio.Future[None] | None = None

    async def send(self, target: Target, headers: Mapping[str, str], body: bytes, channel: Channel) -> Answer:
        """POST to one of the target's addresses; the first that can be connected to, or is connected to already.

        Raises:
            SendError: as its class says.
        """
        pool = self._pools.get(channel.key)
        if pool is None or pool.target is not target or pool.channel is not channel:
            pool = self._pool(pool, target, channel)
        try:
            data = request(pool.start, headers, body)
        except SendError:
            self._tidy(pool)
            raise
        deadline = asyncio.get_running_loop().time() + channel.timeout
        connection = pool.take()
        if connection is None:
            connection = await self._connect(pool, target, channel, deadline)
        else:
            try:
                pool.watch(connection, deadline)
                answer = await connection.post(data)
                if not connection.stale:
                    return answer
            except SendError:
                if not connection.stale or self._closed:
                    raise
            except asyncio.CancelledError:
                connection.abort()
                raise
            connection = await self._connect(pool, target, channel, deadline)
        try:
            pool.watch(connection, deadline)
            return await connection.post(data)
        except asyncio.CancelledError:
            connection.abort()
            raise

    async def forget(self, key: str) -> None:
        """Close the idle connections of a channel, and those in use as soon as they are answered."""
        pool = self._pools.pop(key, None)
        if pool is not None:
            pool.close()

    async def aclose(self) -> None:
        """Close everything and wait until it is; requests under way fail as `connection`, and so do later ones."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        now = asyncio.get_running_loop().time()
        for patience in self._connecting:
            patience.reschedule(now)
        for connection in list(self._open):
            connection.fail("connection")
        if self._open:
            if self._empty is None:
                self._empty = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._empty)

    def _pool(self, pool: Pool | None, target: Target, channel: Channel) -> Pool:
        self._must_be_open()
        if pool is not None and pool.fits(target, channel.identity):
            pool.turn(target, channel)
            return pool
        made = Pool(target, channel, self, asyncio.get_running_loop())
        if pool is not None:
            pool.close()
        self._pools[channel.key] = made
        return made

    # Connecting.

    async def _connect(self, pool: Pool, target: Target, channel: Channel, deadline: float) -> Connection:
        pool.users += 1
        if not pool.closed and self._pools.setdefault(channel.key, pool) is not pool:
            pool.close()  # the one it was sent over was the last of its pool, and there is another by now
        try:
            word = "connect"
            for address in target.addresses:
                try:
                    return await self._reach(pool, target, address, channel, deadline)
                except SendError as error:
                    word = str(error)
                    if word not in _NOT_CONNECTED:
                        raise
            raise SendError(word)
        finally:
            self._leave(pool)

    async def _reach(self, pool: Pool, target: Target, address: str, channel: Channel, deadline: float) -> Connection:
        loop = asyncio.get_running_loop()
        until = min(deadline, loop.time() + channel.connect_timeout)
        try:
            async with asyncio.timeout_at(until) as patience:
                self._connecting.add(patience)
                try:
                    return await self._dial(pool, target, address, channel)
                finally:
                    self._connecting.discard(patience)
        except TimeoutError:
            word = "connection" if self._closed else "timeout" if until >= deadline else "connect_timeout"
        except ssl.SSLError:
            word = "tls"
        except (ConnectionResetError, ConnectionAbortedError):
            word = "connect" if target.scheme == "http" else "tls"  # in the middle of the handshake
        except OSError as error:
            if error.errno in _FULL:
                self._make_room()
            word = "connect"
        except ValueError:  # a name that TLS cannot ask for
            word = "unusable_url"
        raise SendError(word)

    async def _dial(self, pool: Pool, target: Target, address: str, channel: Channel) -> Connection:
        loop = asyncio.get_running_loop()
        self._must_be_open()
        connection = Connection(pool, address, loop)
        if target.scheme != "https":
            await loop.create_connection(lambda: connection, address, target.port)
        else:
            await loop.create_connection(
                lambda: connection,
                address,
                target.port,
                ssl=await self._contexts.get(channel.identity),
                server_hostname=target.host,
                ssl_handshake_timeout=channel.connect_timeout + 1,  # ours is the one that ends it
                ssl_shutdown_timeout=_FAREWELL,
            )
        if not connection.lost:
            pool.users += 1
            self._open[connection] = pool
            if self._closed:
                connection.fail("connection")
        return connection

    def _must_be_open(self) -> None:
        if self._closed:
            msg = "connection"
            raise SendError(msg)

    def _leave(self, pool: Pool) -> None:
        pool.users -= 1
        self._tidy(pool)

    def _tidy(self, pool: Pool) -> None:
        if not pool.users:
            pool.drop()
            if self._pools.get(pool.channel.key) is pool:
                del self._pools[pool.channel.key]

    # What pools tell: all idle connections stand on one shelf, the one that came last at its end.

    def put(self, connection: Connection, pool: Pool) -> None:
        """One more is idle: close the one that has been for longest if there are too many."""
        self._shelf[connection] = pool
        if len(self._shelf) > self._most_idle:
            oldest, owner = next(iter(self._shelf.items()))
            owner.shed(oldest)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(self._lifetime / 4, self._sweep_idle)

    def take(self, connection: Connection) -> None:
        """One is not idle any more."""
        self._shelf.pop(connection, None)

    def closed(self, connection: Connection, pool: Pool) -> None:
        """One is gone."""
        if self._open.pop(connection, None) is None:
            return
        self._leave(pool)
        if not self._open and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def _sweep_idle(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        before = loop.time() - self._lifetime
        for connection, pool in list(self._shelf.items()):
            if connection.idle_since > before:
                break
            pool.shed(connection)
        if self._shelf:
            self._sweep = loop.call_later(self._lifetime / 4, self._sweep_idle)

    def _make_room(self) -> None:
        """The process may open no more files: idle connections are the ones that it can do without."""
        for connection, pool in list(self._shelf.items()):
            pool.shed(connection)


def _allowed() -> int:
    """Connections that may be idle."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_IDLE if files == resource.RLIM_INFINITY else min(_MOST_IDLE, files // _SHARE)
