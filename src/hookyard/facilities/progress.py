"""How far an attempt is: of all that is said within a quarter of a second, the latest is stored."""

import asyncio
from collections.abc import Callable

from hookyard.clock import Clock
from hookyard.context.messages import ProgressNote
from hookyard.errors import StoreUnavailable
from hookyard.facilities.contract import Attempt
from hookyard.model import Job, Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Done, PutProgress, Result


class ProgressKeeper:
    """Stores what one attempt says; on the event loop only. At most one operation is under way, which is lazy.

    Args:
        attempt: what says it.
        stored: called with the job and what is stored of its progress.
    """

    __slots__ = ("_attempt", "_clock", "_next", "_stored", "_under_way", "_writer")

    def __init__(
        self, attempt: Attempt, writer: Coalescer, clock: Clock, stored: Callable[[Job, Progress], None]
    ) -> None:
        self._attempt = attempt
        self._writer = writer
        self._clock = clock
        self._stored = stored
        self._next: Progress | None = None
        self._under_way: asyncio.Future[Result] | None = None

    def put(self, note: ProgressNote) -> None:
        """Store this, or what comes after it."""
        self._next = Progress(note.done, note.total, note.message, self._clock.now())
        if self._under_way is None:
            self._write()

    def end(self) -> None:
        """Nothing more comes: store the latest with the end of the attempt."""
        self._write()

    def _write(self) -> None:
        said, self._next = self._next, None
        if said is None:
            return
        job = self._attempt.job
        op = PutProgress(now=said.at, job_id=job.id, token=self._attempt.token, progress=said)
        try:
            self._under_way = self._writer.submit_lazy(op)
        except StoreUnavailable:  # the next one may fare better
            return
        self._under_way.add_done_callback(lambda done: self._written(done, job, said))

    def _written(self, done: "asyncio.Future[Result]", job: Job, said: Progress) -> None:
        if not done.cancelled() and done.exception() is None and isinstance(done.result(), Done):
            self._stored(job, said)
        if self._under_way is done:
            self._under_way = None
            self._write()
