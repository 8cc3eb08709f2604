"""Who wants to hear of whatever happens to a job, for as long as they look."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final


class Watch:
    """One look at one job; what happens between two questions is told once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def changed(self) -> None:
        """Return when something about the job may have changed since the last return, or since the look began."""
        await self._event.wait()
        self._event.clear()

    def tell(self) -> None:
        """Something may have changed."""
        self._event.set()


class Watchers:
    """Who looks at which job; event loop thread only."""

    def __init__(self) -> None:
        self.watches: Final[dict[str, list[Watch]]] = {}
        """By job; most often nobody looks, so that nothing need be told here."""

    @contextmanager
    def watch(self, job_id: str) -> Generator[Watch]:
        """Look at a job, whether it exists or not."""
        watch = Watch()
        self.watches.setdefault(job_id, []).append(watch)
        try:
            yield watch
        finally:
            watches = self.watches[job_id]
            watches.remove(watch)
            if not watches:
                del self.watches[job_id]

    def tell(self, job_id: str) -> None:
        """Something about this job may have changed."""
        for watch in self.watches.get(job_id, ()):
            watch.tell()

    def tell_all(self) -> None:
        """The server drains: whoever looks should look once more, and go."""
        for watches in self.watches.values():
            for watch in watches:
                watch.tell()
