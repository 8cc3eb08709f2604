"""Whether the object store of artifacts answers, without asking it at every look."""

import asyncio
from typing import Final, Literal

from hookyard.artifacts import ArtifactStore
from hookyard.clock import Clock

_EVERY: Final = 30_000
"""Milliseconds for which an answer is good."""
_PATIENCE: Final = 1.0
"""Seconds that a look waits for an answer; a bucket that is away keeps its client trying for longer."""
ArtifactState = Literal["ok", "unavailable"]


class ArtifactHealth:
    """Asks in the background, and knows the last answer."""

    def __init__(self, artifacts: ArtifactStore, clock: Clock) -> None:
        self._artifacts = artifacts
        self._clock = clock
        self._asked = 0
        self._asking: asyncio.Task[None] | None = None
        self._state: ArtifactState = "unavailable"

    async def state(self) -> ArtifactState:
        """What it said last; asked anew when that was a while ago."""
        asking, now = self._asking, self._clock.now()
        if asking is None or asking.cancelled() or (asking.done() and not 0 <= now - self._asked < _EVERY):
            self._asked = now
            asking = self._asking = asyncio.create_task(self._ask())
        if not asking.done():
            await asyncio.wait({asking}, timeout=_PATIENCE)
        return self._state

    async def _ask(self) -> None:
        self._state = "ok" if await self._artifacts.probe() is None else "unavailable"
