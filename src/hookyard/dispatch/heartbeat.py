"""Lease extension, in a thread of its own.

A plugin that blocks the event loop must not lose its lease, nor anybody else's: the thread reads the table of running
jobs and hands its operations to the writer thread, and neither needs the loop.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from typing import Protocol

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Extend, Extended, Result, Stale

_log = log.get("dispatch")


class Leased(Protocol):
    """What the heartbeat needs to know of a running job."""

    @property
    def token(self) -> int:
        """The lease's token."""
        ...

    @property
    def since(self) -> int:
        """When the attempt began."""
        ...


class Heartbeat:
    """Extends the leases of all running jobs.

    Args:
        running: the live table of running jobs by id; only read here.
        lease: milliseconds a lease lasts; extended every third of that.
        lost, cancelled: called with a job id, from this thread, when its lease turns out to be somebody else's, or
            when its cancellation was asked for.
    """

    def __init__(
        self,
        running: Mapping[str, Leased],
        writer: Coalescer,
        clock: Clock,
        *,
        lease: int,
        lost: Callable[[str], object],
        cancelled: Callable[[str], object],
    ) -> None:
        self._running = running
        self._writer = writer
        self._clock = clock
        self._lease = lease
        self._lost = lost
        self._cancelled = cancelled
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="hookyard-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating; returns when the thread has ended."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._lease / 3000):
            try:
                self.extend()
            except Exception:  # noqa: BLE001  logged whole; the loop goes on
                # The thread must live: without it every lease would end.
                _log.exception("heartbeat.failed")

    def extend(self) -> None:
        """Extend every lease that is a third of its length old."""
        now = self._clock.now()
        # list() of a dict's items is one step under the interpreter's lock; the loop may change the dict after it.
        old = [
            (job_id, job.token) for job_id, job in list(self._running.items()) if now - job.since >= self._lease // 3
        ]
        asked = [
            (job_id, self._writer.submit_threadsafe(
                Extend(now=now, job_id=job_id, token=token, expires_at=now + self._lease)
            ))
            for job_id, token in old
        ]  # fmt: skip
        # One patience for all of them: with a disk that hangs, each would wait for as long.
        done, late = wait([future for _, future in asked], timeout=self._lease / 3000)
        if late:
            _log.warning("heartbeat.late", jobs=len(late))
        for job_id, future in asked:
            if future in done:
                try:
                    self._answer(job_id, future.result())
                except (StoreUnavailable, StoreError) as error:
                    _log.warning("heartbeat.refused", job_id=job_id, why=str(error))

    def _answer(self, job_id: str, result: Result) -> None:
        if isinstance(result, Stale):
            self._lost(job_id)
        elif isinstance(result, Extended) and result.cancel_requested:
            self._cancelled(job_id)
