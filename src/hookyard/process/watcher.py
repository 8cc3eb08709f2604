"""Readiness of the many descriptors of child processes, as one reader of the event loop.

Telling uvloop of a descriptor costs some 15 µs, and each call of a program has three: an epoll of our own takes one of
them in less than one, and is itself the only one that the loop watches.
"""

import asyncio
import select
from collections.abc import Callable
from weakref import WeakKeyDictionary


class Watcher:
    """Calls back when descriptors can be read; there is one for each event loop while it has something to watch."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], None]] = {}
        loop.add_reader(self._epoll.fileno(), self._turn)

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> "Watcher":
        """The one of this loop."""
        found = _WATCHERS.get(loop)
        if found is None:
            found = _WATCHERS[loop] = cls(loop)
        return found

    def add(self, fd: int, callback: Callable[[], None]) -> None:
        """Call back, on the loop, as long as there is something to read or the other end is closed.

        Raises:
            OSError: the system has no room for it.
        """
        self._epoll.register(fd, select.EPOLLIN)
        self._callbacks[fd] = callback

    def remove(self, fd: int) -> None:
        """Forget a descriptor, if it is known; to be said before it is closed."""
        if self._callbacks.pop(fd, None) is not None:
            self._epoll.unregister(fd)
        if not self._callbacks and not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
            _WATCHERS.pop(self._loop, None)

    def _turn(self) -> None:
        for fd, _ in self._epoll.poll(0):
            callback = self._callbacks.get(fd)  # an earlier callback of this turn may have removed it
            if callback is not None:
                callback()


_WATCHERS: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()
