"""What every operation and every result is."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

CLAIM_BYTES: Final = 16 * 1024 * 1024
"""What one claim brings of bodies at most, so that a queue of large ones fits into memory and into one row."""


def fitting(sizes: Sequence[int]) -> int:
    """How many of the bodies of these sizes, in bytes, one claim brings: at least one, if there is one."""
    total = 0
    for at, size in enumerate(sizes):
        if total and total + size > CLAIM_BYTES:
            return at
        total += size
    return len(sizes)


class Op(Struct, frozen=True, kw_only=True, tag=True):
    """One thing to change. `now` is the time at which it counts as done."""

    now: int


class Result(Struct, frozen=True, tag=True):
    """What became of one operation."""


class Done(Result, frozen=True):
    """It was done."""

    lanes: tuple[str, ...] = ()
    """Lanes in which other jobs wait no longer, sorted: for this one, be they due now or later, or for the room that
    its key had."""
    doomed: bool = False
    """Whether jobs wait for one that has ended without success: see :meth:`Store.doomed`."""


class NotFound(Result, frozen=True):
    """There is no such row."""


class Stale(Result, frozen=True):
    """The lease token is not, or no longer, the one the row holds; nothing changed."""


class Failed(Result, frozen=True):
    """The operation contradicts what is stored (an id in use, an attempt too many); nothing of it was done.

    It is the caller's fault, never the store's state: the coalescer raises it as a StoreError, to that caller only.
    """

    detail: str
    """For the log."""


class Together(Op, frozen=True, kw_only=True):
    """Apply these in the order given, in one transaction with nothing between -> Several.

    Each succeeds or fails on its own, as in a batch. It is not nested.
    """

    ops: tuple[Op, ...]


class Several(Result, frozen=True):
    """What became of each."""

    results: tuple[Result, ...]
