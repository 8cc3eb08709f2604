"""Who waits for a job: for its end, or for whatever happens to it."""

import asyncio
from collections.abc import Container
from contextlib import AbstractContextManager
from typing import Final

from hookyard.dispatch.waiters import Waiters
from hookyard.dispatch.watching import Watch, Watchers
from hookyard.errors import StoreUnavailable
from hookyard.model import TERMINAL, Job
from hookyard.store.contract import Store

_FOLLOWED: Final = 5.0
"""Seconds after which the store is asked again, should another process have ended the job."""


class Listening:
    """Told of everything that happens to jobs here.

    Args:
        running: the jobs that run here, which need not be looked for in the store.
    """

    def __init__(self, store: Store, running: Container[str]) -> None:
        self._store = store
        self._running = running
        self._waiters = Waiters()
        self._followers = Waiters()
        self._watchers = Watchers()
        self.watches: Final = self._watchers.watches
        self._closed = False

    def close(self) -> None:
        """Nobody waits for a result any longer; whoever looks should look once more, and go."""
        self._closed = True
        self._waiters.release_all()
        self._watchers.tell_all()

    def changed(self, job_id: str) -> None:
        """Something happened to a job that has not ended."""
        self._watchers.tell(job_id)

    def ended(self, job: Job) -> None:
        """A job is stored as ended."""
        if self.watches:
            self._watchers.tell(job.id)
        self._waiters.ended(job)
        self._followers.ended(job)

    def watch(self, job_id: str) -> AbstractContextManager[Watch]:
        """Look at a job for as long as the context is open; what it gives says when to ask the store again."""
        return self._watchers.watch(job_id)

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """The job once it is terminal, or None when it is not within `seconds`, or the server drains."""
        if self._closed:
            return None
        future = self._waiters.add(job_id)
        try:
            async with asyncio.timeout(seconds):
                if job_id not in self._running:
                    job = await self._store.job(job_id)
                    if job is None or job.status in TERMINAL:
                        return job
                return await future
        except (TimeoutError, StoreUnavailable):  # a store that cannot be read now makes no stored job refused
            return None
        finally:
            self._waiters.remove(job_id, future)

    async def follow(self, job_id: str) -> Job:
        """The job once it is terminal, however long that takes: for whoever waits inside this process.

        Raises:
            LookupError: there is no such job.
            StoreUnavailable: the store cannot be read.
        """
        future = self._followers.add(job_id)
        try:
            while not future.done():
                job = await self._store.job(job_id)
                if job is None:
                    raise LookupError(job_id)
                if job.status in TERMINAL:
                    return job
                # What ends it tells its followers; looked at again all the same, should another process do so.
                await asyncio.wait((future,), timeout=_FOLLOWED)
            found = future.result()
            assert found is not None  # noqa: S101  followers are never sent home
            return found
        finally:
            self._followers.remove(job_id, future)
