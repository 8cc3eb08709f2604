"""What the store refused: told to whoever asks, and to the log in a few lines, from any thread."""

import threading
from collections.abc import Callable
from typing import Final

from hookyard.bound import Bound
from hookyard.errors import StoreUnavailable
from hookyard.log import get
from hookyard.store.contract import Op, PutState, Together

SAID_EVERY: Final = 5_000
"""Milliseconds between two lines about it, and between two tries of the one who writes."""
_NOBODY: Final = ""
"""The plugin whose state is written: there is none of this name."""
_SIZE: Final = 64 * 1024
"""Bytes that must fit: a call or two fit into what a log has left where nothing larger does."""

log = get("store")


class Refusals:
    """The last refusal of a whole batch, until something of some size was taken.

    A full disk still takes what is little, so that a batch that was taken says nothing: whoever wants to know writes
    :func:`something`, and says so by :meth:`over`.

    Args:
        now: the time in milliseconds.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._bound = Bound(now, most=1, within=SAID_EVERY)
        self._tried = now()
        self._count = 0
        self.last: StoreUnavailable | None = None
        """Why the store took nothing of a batch, such as a full disk; None when it takes writes."""

    def note(self, error: StoreUnavailable) -> None:
        """The store took nothing of a batch."""
        with self._lock:
            self.last = error
            self._tried = self._now()
            self._count += 1
            unsaid = self._bound.take()
        if unsaid is not None:
            log.error("store.unavailable", error=cause_of(error), **({"unsaid": unsaid} if unsaid else {}))

    def over(self, before: StoreUnavailable) -> bool:
        """Something of some size was taken since this refusal.

        Returns:
            Whether it was the last one; else another batch was refused meanwhile, and nothing is over.
        """
        with self._lock:
            if self.last is not before:
                return False
            self.last = None
            count, self._count = self._count, 0
        log.info("store.available", refused=count)
        return True

    def is_time_to_try(self) -> bool:
        """Whether nothing was refused or tried for a while; the next answer is for the next while."""
        now = self._now()
        with self._lock:
            if 0 <= now - self._tried < SAID_EVERY:
                return False
            self._tried = now
        return True


def something(now: int) -> Op:
    """A write of some size that leaves nothing behind but the number of its version."""
    value = b'"' + b"0" * _SIZE + b'"'
    parts = tuple(PutState(now=now, plugin=_NOBODY, key="probe", value=one) for one in (value, None))
    return Together(now=now, ops=parts)


def cause_of(error: StoreUnavailable) -> str:
    """What lies beneath an error that callers may see, for the log."""
    cause = error.__cause__
    return error.detail if cause is None else f"{type(cause).__name__}: {cause}"
