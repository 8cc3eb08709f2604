"""How far an attempt is: of all that is said within a quarter of a second, the latest is stored."""

import asyncio

from hookyard.clock import Clock
from hookyard.context.messages import ProgressNote
from hookyard.errors import StoreUnavailable
from hookyard.model import Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import PutProgress, Result


class ProgressKeeper:
    """Stores what one attempt says; on the event loop only. At most one operation is under way, which is lazy."""

    __slots__ = ("_clock", "_job_id", "_next", "_token", "_under_way", "_writer")

    def __init__(self, job_id: str, token: int, writer: Coalescer, clock: Clock) -> None:
        self._job_id = job_id
        self._token = token
        self._writer = writer
        self._clock = clock
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
        op = PutProgress(now=said.at, job_id=self._job_id, token=self._token, progress=said)
        try:
            self._under_way = self._writer.submit_lazy(op)
        except StoreUnavailable:  # the next one may fare better
            return
        self._under_way.add_done_callback(self._written)

    def _written(self, done: "asyncio.Future[Result]") -> None:
        if self._under_way is done:
            self._under_way = None
            self._write()
