"""Collecting what a reload leaves behind: a forgotten module is a circle, which Python frees in its own time only."""

import asyncio
import ctypes
import gc
from contextlib import suppress
from typing import Final

_AFTER: Final = 0.2
"""Seconds: by then whoever carried out the reload holds nothing of the old load any more."""


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
