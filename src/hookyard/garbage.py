"""When Python looks for circles: less often in a server, and soon after a reload has left some behind.

A forgotten module is a circle, which Python frees in its own time only.
"""

import asyncio
import ctypes
import gc
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

_AFTER: Final = 0.2
"""Seconds: by then whoever carried out the reload holds nothing of the old load any more."""

_OFTEN: Final = (10_000, 20, 20)
"""When the collector looks for circles. What a batch of requests makes is gone by the next one without it; Python's own
700 have it look through them many times meanwhile."""


@contextmanager
def seldom() -> Generator[None]:
    """Look seldom, for as long as this process serves, and never at what start-up built: that lives until the end."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_OFTEN)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


class Garbage:
    """Collects soon, once for all that asked meanwhile.

    The event loop stands still for as long as that takes, so it is for reloads and for nothing that jobs do. What
    start-up built is frozen and not looked at: of the plugins loaded then some may stay until the end.
    """

    def __init__(self) -> None:
        self._waiting: asyncio.TimerHandle | None = None

    def collect_soon(self) -> None:
        """Something was forgotten."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(_AFTER, self._collect)

    def end(self) -> None:
        """Collect no more."""
        if self._waiting is not None:
            self._waiting.cancel()

    def _collect(self) -> None:
        self._waiting = None
        gc.collect()
        _give_back()


def _give_back() -> None:
    """Return freed memory to the machine, where the C library can: glibc keeps what lies below anything in use.

    Which it is after many modules have come and gone is chance, and may be hundreds of MiB.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
