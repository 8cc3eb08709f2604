"""Whether the store takes writes again, once it has refused one."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final, Protocol

from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.store.contract import Op, Result
from hookyard.store.refusals import something

_EVERY: Final = 1_000
"""Milliseconds between two tries, however often it is asked."""
_PATIENCE: Final = 2.0


class Writer(Protocol):
    """What takes operations, and notes when the store took none; the coalescer does."""

    @property
    def refusal(self) -> StoreUnavailable | None:
        """Why the store took nothing of a batch."""
        ...

    def refusal_over(self, before: StoreUnavailable, /) -> bool:
        """Something of some size was taken since this refusal; returns whether there was no other meanwhile."""
        ...

    def submit(self, op: Op, /) -> Awaitable[Result]:
        """Have an operation applied. Raises StoreUnavailable, StoreError."""
        ...


class WriteProbe:
    """Tells of a refusal until something was written; where nothing was refused nothing is written.

    Where nobody calls, because this said that nothing can be taken, nothing is written that would show that it can:
    while there is a refusal it therefore tries by itself, when it is asked.
    """

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock
        self._tried: int | None = None

    async def check(self) -> None:
        """Return when the store takes writes, as far as that is known.

        Raises:
            StoreUnavailable: it refused one, and takes none yet.
        """
        if (refusal := self._writer.refusal) is not None:
            await self._try_again(refusal)
        if (refusal := self._writer.refusal) is not None:
            raise StoreUnavailable(refusal.detail, code=refusal.code, retry_after=refusal.retry_after or 1)

    async def _try_again(self, before: StoreUnavailable) -> None:
        now = self._clock.now()
        if self._tried is not None and 0 <= now - self._tried < _EVERY:
            return
        self._tried = now
        with suppress(StoreUnavailable, StoreError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._writer.submit(something(now))
            self._writer.refusal_over(before)
