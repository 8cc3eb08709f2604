"""Finds jobs whose worker died and gives them another attempt, or an end."""

import asyncio
from collections.abc import Awaitable, Callable, Container

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.settle import Settler
from hookyard.dispatch.verdict import CANCELLED, Again, Ended, lost
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.host.registry import Command
from hookyard.model import Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Prune, Pruned, Store

_log = log.get("janitor")
_PAGE = 100
_PRUNED_AT_ONCE = 1000


class Janitor:
    """Sweeps lost leases and forgets expired idempotency keys.

    Args:
        lease: milliseconds a lease lasts; swept every half of that, and when one ends that is to end before.
        alive: the jobs that run in this process: a clock that jumped ahead has not killed them.
        settled: called with every job as it is stored after the sweep.
        find: the command of a key, if it is here: for how often its jobs are tried.
        overdue: what becomes of a job with an external worker whose time was up; None of any other.
        doomed: cancels the jobs that wait in vain.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        settler: Settler,
        clock: Clock,
        lease: int,
        alive: Container[str],
        settled: Callable[[Job], None],
        find: Callable[[str], Command | None],
        overdue: Callable[[Job], Ended | Again | None] = lambda _: None,
        doomed: Callable[[], Awaitable[object]],
    ) -> None:
        self._store = store
        self._writer = writer
        self._settler = settler
        self._clock = clock
        self._lease = lease
        self._alive = alive
        self._settled = settled
        self._find = find
        self._overdue = overdue
        self._doomed = doomed
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._next = clock.now()
        """When to sweep next; nothing is expected before it has begun."""
        self._task: asyncio.Task[None] | None = None

    async def recover(self, worker: str) -> int:
        """Sweep all that an earlier process of this name left running, whatever its leases say; returns how many."""
        found = 0
        while jobs := await self._store.lost(self._clock.now(), worker=worker, limit=_PAGE):
            ended = sum([await self._end(job, if_expired=False) for job in jobs])
            found += ended
            if not ended:
                break  # what is left cannot be ended, and would be found for ever
        if found:
            _log.warning("janitor.recovered", jobs=found)
        return found

    async def sweep(self) -> int:
        """Sweep the leases that have ended; returns how many."""
        jobs = [job for job in await self._store.lost(self._clock.now(), limit=_PAGE) if job.id not in self._alive]
        return sum([await self._end(job, if_expired=True) for job in jobs])

    async def _end(self, job: Job, *, if_expired: bool) -> bool:
        """Whether this lease is over."""
        if job.lease_token is None:
            return False
        verdict = CANCELLED if job.cancel_requested else self._overdue(job) or self._lost(job)
        try:
            after = await self._settler.settle(job, job.lease_token, verdict, if_expired=if_expired)
        except StoreError:
            # What is stored contradicts itself; one such job must not keep the others from being recovered.
            _log.exception("janitor.stuck", job_id=job.id, request_id=job.request_id)
            return False
        if after is not None:
            self._settled(after)
        return True

    def _lost(self, job: Job) -> Ended | Again:
        return lost(job, self._find(f"{job.plugin}/{job.command}"))

    def expect(self, at: int) -> None:
        """A lease ends then that nobody in this process keeps alive: look at it when it has."""
        if at < self._next:
            self._next = at
            self._wake.set()

    def start(self) -> None:
        """Begin to sweep."""
        self._task = asyncio.create_task(self._sweep_for_ever(), name="hookyard-janitor")

    async def stop(self) -> None:
        """Finish the sweep under way and stop."""
        self._stop.set()
        self._wake.set()
        if self._task is not None:
            await self._task

    async def _prune(self) -> None:
        """Forget expired idempotency keys, a little at a time: each step is a commit that others share."""
        more = True
        while more and not self._stop.is_set():
            pruned = await self._writer.submit_lazy(Prune(now=self._clock.now(), limit=_PRUNED_AT_ONCE))
            more = isinstance(pruned, Pruned) and pruned.count == _PRUNED_AT_ONCE

    async def _sweep_for_ever(self) -> None:
        self._next = whole = self._clock.now() + self._lease // 2
        await self._try(self._look_ahead(whole))
        while True:
            self._wake.clear()
            if self._stop.is_set():
                return
            if await self._clock.wait(self._wake, self._next):
                continue
            now = self._clock.now()
            is_whole = now >= whole
            if is_whole:
                whole = now + self._lease // 2
            self._next = whole
            await self._try(self._sweep(whole, is_whole=is_whole))

    async def _sweep(self, next_one: int, *, is_whole: bool) -> None:
        await self.sweep()
        await self._look_ahead(next_one)
        if is_whole:
            await self._doomed()
            await self._prune()

    async def _look_ahead(self, until: int) -> None:
        """Expect the first lease that ends before the next sweep of all, as short ones of external workers do."""
        now = self._clock.now()
        for job in await self._store.lost(until, limit=_PAGE):
            at = job.lease_expires_at
            if at is not None and at > now and job.id not in self._alive:
                self.expect(at)

    @staticmethod
    async def _try(work: Awaitable[object]) -> None:
        try:
            await work
        except (StoreUnavailable, StoreError) as error:
            _log.warning("janitor.refused", why=str(error))
