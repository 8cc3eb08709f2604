"""Notices when the event loop does not turn, and says who holds it.

A thread of its own asks the loop for a sign of life twice a second. It does nothing about a stall: the runner
charges the time to its job, and heartbeats come from another thread. It makes the culprit seen.
"""

import asyncio
import sys
import threading
import traceback
from time import monotonic
from typing import Final, Protocol

from hookyard import log
from hookyard.context import JobInfo

LIMIT: Final = 1.0
INTERVAL: Final = 0.5

_log = log.get("watchdog")


class Watched(Protocol):
    """Who knows what runs on the loop."""

    @property
    def current(self) -> JobInfo | None:
        """The job whose step is under way."""
        ...


class Watchdog:
    """Watches one event loop.

    Args:
        runners: asked for the job whose step is under way.
        limit: seconds without a turn from which on the loop counts as stalled.
        interval: seconds between two looks.
    """

    def __init__(self, runners: Watched, *, limit: float = LIMIT, interval: float = INTERVAL) -> None:
        self._runners = runners
        self._limit = limit
        self._interval = interval
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Watch the running loop, whose thread is the caller's."""
        loop, ident = asyncio.get_running_loop(), threading.get_ident()
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, args=(loop, ident), name="hookyard-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, and wait until that is so."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self, loop: asyncio.AbstractEventLoop, ident: int) -> None:
        while not self._stop.wait(self._interval):
            turned = threading.Event()
            asked = monotonic()
            try:
                loop.call_soon_threadsafe(turned.set)
            except RuntimeError:  # the loop is closed
                return
            if self._waits(turned, self._limit):
                continue
            self._report(ident)
            if self._waits(turned, None):
                _log.info("loop.turns_again", ms=round((monotonic() - asked) * 1000))

    def _waits(self, turned: threading.Event, seconds: float | None) -> bool:
        """Wait for a sign of life; True when it came, or when nobody wants to know any more."""
        until = None if seconds is None else monotonic() + seconds
        while not self._stop.is_set():
            left = self._interval if until is None else min(self._interval, until - monotonic())
            if turned.wait(max(left, 0.0)):
                return True
            if until is not None and monotonic() >= until:
                return False
        return True

    def _report(self, ident: int) -> None:
        info = self._runners.current
        frame = sys._current_frames().get(ident)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  documented
        _log.warning(
            "loop.stalled",
            job_id=None if info is None else info.id,
            command=None if info is None else f"{info.plugin}/{info.command}",
            seconds=self._limit,
            stack="" if frame is None else "".join(traceback.format_stack(frame)),
        )
