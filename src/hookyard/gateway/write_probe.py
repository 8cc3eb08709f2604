"""Whether the store takes writes again, once it has refused one."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Final, Protocol

from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.store.contract import Op, PutState, Result, Together

_EVERY: Final = 1_000
"""Milliseconds between two tries, however often it is asked."""
_PATIENCE: Final = 2.0
_NOBODY: Final = ""
"""The plugin whose state is written: there is none of this name."""
_SIZE: Final = 64 * 1024
"""Bytes that must fit: a call or two fit into what a log has left where nothing larger does."""


class Writer(Protocol):
    """What takes operations, and notes when the store took none; the coalescer does."""

    refusal: StoreUnavailable | None
    """Why the store took nothing of a batch."""

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
        if self._writer.refusal is not None:
            await self._try_again()
        refusal = self._writer.refusal
        if refusal is not None:
            raise StoreUnavailable(refusal.detail, code=refusal.code, retry_after=refusal.retry_after or 1)

    async def _try_again(self) -> None:
        before, now = self._writer.refusal, self._clock.now()
        if self._tried is not None and 0 <= now - self._tried < _EVERY:
            return
        self._tried = now
        with suppress(StoreUnavailable, StoreError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._writer.submit(_something(now))
            if self._writer.refusal is before:  # else another batch was refused meanwhile
                self._writer.refusal = None


def _something(now: int) -> Op:
    """A write that leaves nothing behind but the number of its version."""
    value = b'"' + b"0" * _SIZE + b'"'
    parts = tuple(PutState(now=now, plugin=_NOBODY, key="probe", value=one) for one in (value, None))
    return Together(now=now, ops=parts)
