"""The connections of one channel: kept for the next request, last in first out, and watched while one is under way."""

import asyncio
import math
from typing import Protocol

from hookyard.egress.guard import Target
from hookyard.outbound.http.connection import Connection
from hookyard.outbound.http.request import opening
from hookyard.outbound.sender import Channel, Identity


class Shelf(Protocol):
    """Where all channels' idle connections are counted."""

    def put(self, connection: Connection, pool: "Pool") -> None:
        """One more is idle."""
        ...

    def take(self, connection: Connection) -> None:
        """One is not idle any more."""
        ...

    def closed(self, connection: Connection, pool: "Pool") -> None:
        """One is gone for good."""
        ...


class Pool:
    """The connections of one channel to one scheme, host and port.

    A request has no timer of its own. The pool has one, set for the request that is due first; it is left alone when
    that one is answered, as nearly all are, and finds nothing due when it fires.
    """

    __slots__ = (
        "_busy",
        "_idle",
        "_loop",
        "_most",
        "_shelf",
        "_timer",
        "channel",
        "closed",
        "start",
        "target",
        "users",
    )

    def __init__(self, target: Target, channel: Channel, shelf: Shelf, loop: asyncio.AbstractEventLoop) -> None:
        self._shelf = shelf
        self._loop = loop
        self._most = channel.idle
        self._idle: list[Connection] = []
        self._busy: dict[Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.users = 0
        """Connections, and callers who are about to make one."""
        self.closed = False
        """Whether nothing is kept any more."""
        self.target = target
        self.channel = channel
        self.start = opening(target)

    def fits(self, target: Target, identity: Identity | None) -> bool:
        """Whether connections made here lead where a request wants to go, and are trusted as it wants."""
        ours = self.target
        return (
            ours.host == target.host
            and ours.port == target.port
            and ours.scheme == target.scheme
            and self.channel.identity == identity
        )

    def turn(self, target: Target, channel: Channel) -> None:
        """Go on with another target of the same place: another path, or addresses that were looked up anew."""
        if self.target is not target:
            self.start = opening(target)
            self.target = target
            for connection in [c for c in self._idle if c.address not in target.addresses]:
                self.shed(connection)
        self.channel = channel
        self._most = channel.idle

    def take(self) -> Connection | None:
        """The idle connection that was used last; None if there is none."""
        while self._idle:
            connection = self._idle.pop()
            self._shelf.take(connection)
            if connection.usable:
                return connection
            connection.close()
        return None

    def watch(self, connection: Connection, deadline: float) -> None:
        """A request is under way until its deadline, in the loop's time."""
        self._busy[connection] = deadline
        if self._timer is None or deadline < self._timer.when():
            self._arm(deadline)

    def idle(self, connection: Connection) -> None:
        """Keep a connection, or close it if it is of no more use here."""
        if self.closed or len(self._idle) >= self._most or connection.address not in self.target.addresses:
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        self._shelf.put(connection, self)

    def over(self, connection: Connection) -> None:
        """Its request is over: nobody waits for it any more."""
        self._busy.pop(connection, None)

    def gone(self, connection: Connection) -> None:
        """A connection is closed, or about to be, by the receiver."""
        if connection in self._idle:
            self._idle.remove(connection)
            self._shelf.take(connection)
        if connection.lost:
            self._shelf.closed(connection, self)

    def shed(self, connection: Connection) -> None:
        """Close an idle connection."""
        self._idle.remove(connection)
        self._shelf.take(connection)
        connection.close()

    def close(self) -> None:
        """Close what is idle, and what is busy when it is answered."""
        self.closed = True
        for connection in list(self._idle):
            self.shed(connection)

    def drop(self) -> None:
        """Nothing is left here: let go of the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._due)

    def _due(self) -> None:
        self._timer = None
        now, soonest = self._loop.time(), math.inf
        for connection, deadline in list(self._busy.items()):
            if deadline <= now:
                connection.overdue()
            else:
                soonest = min(soonest, deadline)
        if soonest < math.inf:
            self._arm(soonest)
