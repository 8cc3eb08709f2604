"""What is written to sockets in one turn of the event loop is written in one go, at its end.

A write to a socket of this machine wakes whoever reads there. One by one, with the work for the next between them,
each write finds its reader asleep again; together, the first one wakes it and the others find it awake.
"""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

MOST: Final = 64
"""Writes that wait for each other at most."""


class Writes:
    """What is to be written on one event loop, in the order in which it came."""

    __slots__ = ("__weakref__", "_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.WriteTransport, bytes]] = []

    def put(self, transport: asyncio.WriteTransport, data: bytes) -> None:
        """Write this before anything that is scheduled from now on."""
        waiting = self._waiting
        if not waiting:
            self._loop.call_soon(self.flush)
        waiting.append((transport, data))
        if len(waiting) >= MOST:
            self.flush()

    def flush(self) -> None:
        """Write what waits, now: before a transport is written to, or closed, past this."""
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)


_of: WeakKeyDictionary[asyncio.AbstractEventLoop, Writes] = WeakKeyDictionary()


def writes_of(loop: asyncio.AbstractEventLoop) -> Writes:
    """The writes of a loop: the same ones for everybody on it."""
    found = _of.get(loop)
    if found is None:
        found = _of[loop] = Writes(loop)
    return found
