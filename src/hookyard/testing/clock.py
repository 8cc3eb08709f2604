"""A clock that tests hold in their hand."""

import asyncio


class FakeClock:
    """Stands still until :meth:`advance` is called; the same promises as any :class:`hookyard.clock.Clock`."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self._now = now
        self._sleepers: list[tuple[int, asyncio.Event]] = []

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return self._now

    def advance(self, millis: int) -> None:
        """Let time pass, or with a negative number step the clock back; wake whoever waited for that time."""
        self._now += millis
        for until, woken in self._sleepers:
            if until <= self._now:
                woken.set()

    async def wait(self, event: asyncio.Event, until: int | None) -> bool:
        """Return True when `event` is set, or False at the time `until` (None: never)."""
        woken = asyncio.Event()
        if until is not None:
            if until <= self._now:
                return event.is_set()
            self._sleepers.append((until, woken))
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(woken.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[1] is not woken]
        return event.is_set()
