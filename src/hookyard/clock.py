"""The one source of time, so that tests can hold it in their hand.

Times are integer milliseconds since 1970-01-01 UTC everywhere in Hookyard: in the store, in code and between rooms.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the rooms ask of time."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    async def wait(self, event: asyncio.Event, until: int | None) -> bool:
        """Return True when `event` is set, or False at the time `until` (None: never)."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    async def wait(self, event: asyncio.Event, until: int | None) -> bool:
        """Return True when `event` is set, or False at the time `until` (None: never)."""
        if event.is_set():
            return True
        seconds = None if until is None else max(0.0, (until - self.now()) / 1000)
        try:
            async with asyncio.timeout(seconds):
                return await event.wait()
        except TimeoutError:
            return False


def rfc3339(millis: int) -> str:
    """A time as text, in UTC with milliseconds (RFC 3339)."""
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis % 1000:03d}Z"
