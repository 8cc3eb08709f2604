"""How much memory bodies may take at once, so that no number of them can use up all there is."""

import asyncio
from collections import Counter, deque
from typing import Final

from hookyard.errors import Refused
from hookyard.gateway.limits import address

PATIENCE: Final = 10.0
"""Seconds for which a body waits for room, by not being read."""
_RETRY_AFTER: Final = 5


class Memory:
    """Bytes that bodies share: first come, first served, but to one address at most half of them.

    A body that is larger than what it may have is let in when there is no other.

    Args:
        size: how many.
        patience: seconds for which a body waits.
    """

    def __init__(self, size: int, patience: float = PATIENCE) -> None:
        self._size = size
        self._patience = patience
        self._by_address: Counter[str] = Counter()
        self._waiting: deque[tuple[asyncio.Future[None], str, int]] = deque()
        self.held = 0
        """How many are taken."""

    async def take(self, who: str, size: int) -> None:
        """Take some, once there is room.

        Raises:
            Refused: there is none for a while (`busy`).
        """
        if not self._waiting and self._fits(who, size):
            self._give(who, size)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (turn, who, size)
        self._waiting.append(entry)
        self._call()
        try:
            async with asyncio.timeout(self._patience):
                await asyncio.shield(turn)
        except TimeoutError:
            if not turn.done():
                detail = "The bodies that are on their way take up all the memory there is for them."
                raise Refused("busy", detail, retry_after=_RETRY_AFTER) from None
        except BaseException:
            if turn.done():
                self.free(who, size)
            raise
        finally:
            if not turn.done():
                self._waiting.remove(entry)
                turn.cancel()
                self._call()

    def free(self, who: str, size: int) -> None:
        """Give them back."""
        self.held -= size
        self._by_address[who] -= size
        if not self._by_address[who]:
            del self._by_address[who]
        if self._waiting:
            self._call()

    def _fits(self, who: str, size: int) -> bool:
        return (not self.held or self.held + size <= self._size) and self._may(who, size)

    def _may(self, who: str, size: int) -> bool:
        theirs = self._by_address.get(who, 0)
        return not theirs or theirs + size <= self._size // 2

    def _give(self, who: str, size: int) -> None:
        self.held += size
        self._by_address[who] += size

    def _call(self) -> None:
        """Let those in who wait, in their order; only an address that has its half does not hold up the others."""
        left: deque[tuple[asyncio.Future[None], str, int]] = deque()
        while self._waiting:
            entry = turn, who, size = self._waiting.popleft()
            if self._fits(who, size):
                self._give(who, size)
                turn.set_result(None)
                continue
            left.append(entry)
            if self._may(who, size):
                break
        left.extend(self._waiting)
        self._waiting = left


class Hold:
    """What the body of one request has of the memory: nothing as long as it is small.

    Args:
        small: for bodies up to :data:`LARGE`.
        large: for larger ones.
        peer: the address that the request comes from.
    """

    __slots__ = ("_large", "_peer", "_small", "_taken", "room")

    def __init__(self, small: Memory, large: Memory, peer: str | None) -> None:
        self._small, self._large = small, large
        self._peer = peer
        self._taken: tuple[Memory, str, int] | None = None
        self.room = UNCOUNTED
        """How many bytes may be read with what is taken."""

    async def grow(self, size: int, most: int) -> None:
        """Make room for `size` bytes, and for what will follow at once, so that no two bodies wait for each other.

        Args:
            size: so many have come.
            most: so many will in the end; without a length, so many may.

        Raises:
            Refused: there is none for a while (`busy`).
        """
        memory, wanted = (self._small, min(most, LARGE)) if size <= LARGE else (self._large, most)
        who = address(self._peer)
        await memory.take(who, wanted)
        self.free()
        self._taken, self.room = (memory, who, wanted), wanted

    def free(self) -> None:
        """Give back what was taken."""
        if self._taken is not None:
            memory, who, size = self._taken
            self._taken, self.room = None, UNCOUNTED
            memory.free(who, size)


UNCOUNTED: Final = 64 << 10
"""Bytes of a body that are not counted: as many the server keeps of every connection anyhow."""
LARGE: Final = 1 << 20
"""Bytes up to which bodies share a memory of their own, which larger ones cannot use up."""
