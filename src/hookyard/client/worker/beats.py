"""Heartbeats, in a thread of their own: a handler that blocks the event loop loses no lease."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import httpx
import msgspec

from hookyard.client.worker.job import WorkerJob
from hookyard.client.worker.wire import STALE, UNWELCOME, ExtendAnswer, Unreachable, WorkRefused, body_of, encoded

_SOONEST: Final = 0.2
"""Seconds between two heartbeats of one job, however much there is to tell."""
_TOO_LARGE: Final = 413
_log = logging.getLogger("hookyard.worker")


class Beats:
    """Extends the leases of the jobs that are held.

    Args:
        http: this thread's own client.
        lease: seconds; extended every third of that.
        cancelled: called with a job, from this thread, when somebody wants it cancelled.
        lost: the same, when it is no longer this worker's.
    """

    def __init__(
        self,
        http: httpx.Client,
        lease: float,
        cancelled: Callable[[WorkerJob], object],
        lost: Callable[[WorkerJob], object],
    ) -> None:
        self._http = http
        self._lease = lease
        self._cancelled = cancelled
        self._lost = lost
        self._held: dict[WorkerJob, float] = {}
        """When each is to be extended next."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._beat, name="hookyard-worker-beats", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; returns when the thread has ended."""
        self._over = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """A job has something to tell."""
        self._wake.set()

    def add(self, job: WorkerJob) -> None:
        """Keep this one alive."""
        with self._lock:
            self._held[job] = time.monotonic() + self._lease / 3
        self._wake.set()

    def remove(self, job: WorkerJob) -> None:
        """It has ended."""
        with self._lock:
            self._held.pop(job, None)

    def tell_now(self, job: WorkerJob) -> None:
        """Tell what there is to tell of a job that is about to end. Blocks."""
        with job.telling:  # what is under way has arrived, or is to be told again
            while job.has_news and self._extend(job):
                pass

    def _beat(self) -> None:
        last: dict[WorkerJob, float] = {}
        while not self._over:
            now = time.monotonic()
            with self._lock:
                due = dict(self._held)
            last = {job: at for job, at in last.items() if job in due}
            waits = [1.0]
            for job, at in due.items():
                soonest = last.get(job, 0.0) + _SOONEST
                ready = min(at, soonest) if job.has_news else at
                if ready <= now:
                    last[job] = time.monotonic()
                    extended = self._extend_one(job)
                    with self._lock:
                        if job in self._held:
                            # One that failed is tried again well before the lease ends.
                            self._held[job] = last[job] + (self._lease / 3 if extended else min(1.0, self._lease / 10))
                    waits.append(_SOONEST)
                else:
                    waits.append(ready - now)
            self._wake.wait(max(0.02, min(waits)))
            self._wake.clear()

    def _extend_one(self, job: WorkerJob) -> bool:
        if not job.telling.acquire(blocking=False):  # it is about to end, and says so elsewhere
            return True
        try:
            return self._extend(job)
        except Exception:  # noqa: BLE001  it is in the log
            # An answer that is none, or what nobody thought of: the other jobs live by this thread too.
            _log.exception("heartbeat of job %s", job.id)
            return False
        finally:
            job.telling.release()

    def _extend(self, job: WorkerJob) -> bool:
        """Whether the lease is extended; what is told with it is told again in parts when it is refused."""
        parts, extended = [job.take()], False
        while parts:
            part = parts.pop(0)
            try:
                self._send(job, part)
            except (httpx.TransportError, Unreachable) as error:
                return self._later(job, error, part, *parts)
            except WorkRefused as error:
                if error.status in STALE:
                    self.remove(job)
                    self._lost(job)
                    return False
                if error.status in UNWELCOME or not part:
                    return self._later(job, error, part, *parts)
                halves = _halves(part) if _is_about_what_is_told(error) else ()
                if not halves:
                    _log.warning("heartbeat of job %s: %s; not told: %.200s", job.id, error, msgspec.json.encode(part))
                parts[:0] = halves
                if not parts and not extended:
                    parts.append({})  # the lease goes on without it
            else:
                extended = True
        return True

    def _send(self, job: WorkerJob, told: dict[str, Any]) -> None:
        path, body, headers = encoded("extend", {"job_id": job.id, "lease": job.lease, "for": self._lease, **told})
        answer = body_of(self._http.post(path, content=body, headers=headers))
        if msgspec.json.decode(answer, type=ExtendAnswer).cancel_requested:
            self._cancelled(job)

    @staticmethod
    def _later(job: WorkerJob, error: Exception, *parts: dict[str, Any]) -> bool:
        _log.warning("heartbeat of job %s: %s", job.id, str(error) or type(error).__name__)
        for part in reversed(parts):
            job.untake(part)
        return False


def _is_about_what_is_told(error: WorkRefused) -> bool:
    return error.status == _TOO_LARGE or error.path.startswith(("$.progress", "$.items", "$.lines"))


def _halves(told: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The first and the second half, in the order of telling; nothing when it is a single thing."""
    things = [("progress", told["progress"])] if "progress" in told else []
    things += [(name, each) for name in ("items", "lines") for each in told.get(name, ())]
    if len(things) <= 1:
        return ()
    middle = len(things) // 2
    return tuple(_together(part) for part in (things[:middle], things[middle:]))


def _together(things: list[tuple[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, each in things:
        if name == "progress":
            told[name] = each
        else:
            told.setdefault(name, []).append(each)
    return told
