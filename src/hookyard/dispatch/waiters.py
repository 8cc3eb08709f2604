"""Callers that wait for a job to end."""

import asyncio

from hookyard.model import Job


class Waiters:
    """Who waits for which job; event loop thread only."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[Job | None]]] = {}

    def add(self, job_id: str) -> "asyncio.Future[Job | None]":
        """A future that resolves to the job once terminal, or to None when waiting is over for all."""
        future: asyncio.Future[Job | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(job_id, []).append(future)
        return future

    def remove(self, job_id: str, future: "asyncio.Future[Job | None]") -> None:
        """This caller waits no longer."""
        waiting = self._waiting.get(job_id)
        if waiting is None:
            return
        waiting.remove(future)
        if not waiting:
            del self._waiting[job_id]

    def ended(self, job: Job) -> None:
        """Tell everybody who waits for this job."""
        for future in self._waiting.pop(job.id, ()):
            if not future.done():
                future.set_result(job)

    def release_all(self) -> None:
        """Send everybody home without an answer: the server drains."""
        for waiting in self._waiting.values():
            for future in waiting:
                if not future.done():
                    future.set_result(None)
        self._waiting.clear()
