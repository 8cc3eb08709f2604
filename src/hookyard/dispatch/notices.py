"""What is told of a job before its end: that it is queued, has started, how far it is.

Nothing waits for these. They are written with what else is written in the next quarter of a second, so that a crash
in that time loses them; a job's end comes with its own commit.
"""

import asyncio
from typing import Final

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.outbox import Outbox
from hookyard.errors import StoreUnavailable
from hookyard.model import Delivery, Job, Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import AppendEvents, Done, Result

_log = log.get("dispatch")
PROGRESS_EVERY: Final = 1000
"""Milliseconds between two notices of how far one job is."""


class Notices:
    """Writes deliveries of what is told of jobs under way; event loop only."""

    def __init__(self, writer: Coalescer, outbox: Outbox, clock: Clock) -> None:
        self._writer = writer
        self._outbox = outbox
        self._clock = clock
        self.listeners: Final = outbox.listeners
        """What anybody but callback URLs wants to know: most often nothing, so that nothing need be asked here."""
        self.said: Final[dict[str, int]] = {}
        """When the progress of a job was told last."""
        self._latest: dict[str, Job] = {}
        """What is to be told of a job's progress when its second is over."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()

    def queued(self, job: Job) -> None:
        """A job is stored."""
        if self._outbox.notes("job.queued", job):
            self._write(job, "job.queued")

    def started(self, job: Job) -> None:
        """An attempt begins; `job` is as it is stored during that."""
        if self._outbox.notes("job.started", job):
            self._write(job, "job.started")

    def progress(self, job: Job, progress: Progress) -> None:
        """A job's command said how far it is."""
        if not self._outbox.notes("job.progress", job):
            return
        job = replace(job, progress=progress)
        now = self._clock.now()
        due = self.said.get(job.id, now - PROGRESS_EVERY) + PROGRESS_EVERY
        if due <= now:
            self.said[job.id] = now
            self._write(job, "job.progress")
            return
        if job.id not in self._latest:
            task = asyncio.get_running_loop().create_task(self._later(job.id, due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._latest[job.id] = job

    def ended(self, job_id: str) -> None:
        """The attempt is over: what was not told yet is told by its end."""
        self.said.pop(job_id, None)
        self._latest.pop(job_id, None)

    async def drain(self) -> None:
        """Tell nothing more of what is still to come."""
        self._stop.set()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _later(self, job_id: str, due: int) -> None:
        await self._clock.wait(self._stop, due)
        job = self._latest.pop(job_id, None)
        if job is not None and not self._stop.is_set():
            self.said[job_id] = self._clock.now()
            self._write(job, "job.progress")

    def _write(self, job: Job, event: str) -> None:
        now = self._clock.now()
        deliveries = self._outbox.notice(job, event, now)
        if not deliveries:
            return
        try:
            future = self._writer.submit_lazy(AppendEvents(now=now, events=(), deliveries=deliveries))
        except StoreUnavailable:
            self._outbox.dropped(deliveries)
            return
        future.add_done_callback(lambda done: self._written(done, deliveries))

    def _written(self, done: "asyncio.Future[Result]", deliveries: tuple[Delivery, ...]) -> None:
        if not done.cancelled() and done.exception() is None and isinstance(done.result(), Done):
            self._outbox.committed(deliveries)
            return
        _log.warning("notice.not_written", job_id=deliveries[0].job_id, notice=deliveries[0].event)
        self._outbox.dropped(deliveries)
