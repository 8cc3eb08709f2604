"""The dispatcher: stores what comes in, starts what is due, writes down how it ended.

It waits on the store and on time, never on another room. A job that comes in while its lane has room is stored as
already leased and starts from memory; everything else is claimed from the store in batches.
"""

import asyncio
import random
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import JobSettings
from hookyard.dispatch.attempts import Attempts
from hookyard.dispatch.claimer import Claimer
from hookyard.dispatch.heartbeat import Heartbeat
from hookyard.dispatch.janitor import Janitor
from hookyard.dispatch.house import House
from hookyard.dispatch.lanes import LaneControl, Lanes
from hookyard.dispatch.outbox import Outbox
from hookyard.dispatch.ports import NoPorts, Ports
from hookyard.dispatch.settle import Settler
from hookyard.dispatch.verdict import CANCELLED
from hookyard.dispatch.waiters import Waiters
from hookyard.errors import StoreUnavailable
from hookyard.host.registry import Command, Registry
from hookyard.model import TERMINAL, Event, Job
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    Cancel,
    CancelRequested,
    Dedupe,
    Done,
    Enqueue,
    Enqueued,
    Lease,
    Mismatch,
    Store,
)

_log = log.get("dispatch")
_TOKEN_BITS = 62
_LAST_WORDS = 5.0
_FOLLOWED = 5.0


class Dispatcher:
    """Runs the jobs of one process. Made and used on one event loop.

    Args:
        outbox: plans the webhooks of a job's end.
        ports: opens what stands behind the commands' contexts; without it they have nothing to use.
        worker: the name under which this process holds leases.
        draw: random numbers in [0, 1) for the jitter of retries.
        ended: called with every job that reached its end here.
        started: called with every job of which an attempt begins here.
        published: called with every event that a command emitted, once it is on disk.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        registry: Registry,
        runners: Runners,
        settings: JobSettings,
        clock: Clock,
        outbox: Outbox,
        ports: Ports | None = None,
        worker: str = "local",
        draw: Callable[[], float] = random.random,
        ended: Callable[[Job], None] | None = None,
        started: Callable[[Job], None] | None = None,
        published: Callable[[Event], None] | None = None,
    ) -> None:
        self._store = store
        self._writer = writer
        self._settings = settings
        self._clock = clock
        self._worker = worker
        self._ended = ended
        self._draining = False
        self._outbox = outbox
        self._waiters = Waiters()
        self._followers = Waiters()
        self._hurry = asyncio.Event()
        self._lanes = Lanes(registry.lane_rules, registry.plugin_lanes, clock)
        self.house = House(writer, outbox, clock, published)
        settler = Settler(writer, outbox, clock, self._hurry, published, self._lanes)
        self._attempts = Attempts(
            runners=runners,
            settler=settler,
            ports=ports or NoPorts(),
            draw=draw,
            freed=self._freed,
            settled=self._settled,
            started=started,
        )
        self._claimer = Claimer(
            writer=writer, registry=registry, lanes=self._lanes, attempts=self._attempts, clock=clock, lease=self._lease
        )
        self.lanes = LaneControl(
            store=store, writer=writer, lanes=self._lanes, clock=clock, house=self.house, wake=self._claimer.wake
        )
        self._lanes.turned = self.lanes.turned
        self._janitor = Janitor(
            store=store,
            writer=writer,
            settler=settler,
            clock=clock,
            lease=settings.lease,
            alive=self._attempts.running,
            settled=self._settled,
        )
        loop = asyncio.get_running_loop()
        self._heartbeat = Heartbeat(
            self._attempts.running,
            writer,
            clock,
            lease=settings.lease,
            lost=lambda job_id: loop.call_soon_threadsafe(self._attempts.lost, job_id),
            cancelled=lambda job_id: loop.call_soon_threadsafe(self._attempts.cancel, job_id),
        )

    async def start(self) -> None:
        """Recover what an earlier process left running, then begin to claim."""
        await self.lanes.start()
        await self._janitor.recover(self._worker)
        self._heartbeat.start()
        self._janitor.start()
        self._claimer.start()

    def use(self, registry: Registry) -> None:
        """Go on with these commands and limits.

        What runs keeps the command it began with. Jobs of a command that is gone wait in the store, queued, until it
        is back.
        """
        self._lanes.use(registry.lane_rules, registry.plugin_lanes)
        self._claimer.use(registry)

    @property
    def commands_running(self) -> tuple[Command, ...]:
        """The command of every attempt under way, as the attempt began with it."""
        return tuple(running.command for running in self._attempts.running.values())

    def stop_accepting(self) -> None:
        """From now on nothing new is taken or started, and nobody waits for a result any longer."""
        self._draining = True
        self._waiters.release_all()

    def release_all(self) -> None:
        """Stop what runs and give it back to the queue; a drain under way then has nothing left to wait for."""
        self._attempts.release_all()

    async def drain(self) -> None:
        """Wait for the running jobs, then give the rest back to the queue without counting their attempt."""
        self.stop_accepting()
        await self._claimer.stop()
        await self._janitor.stop()
        if not await self._attempts.idle(0):
            _log.info("drain.waiting", jobs=len(self._attempts.running), for_ms=int(self._settings.drain))
        if not await self._attempts.idle(self._settings.drain.seconds):
            _log.warning("drain.releasing", jobs=len(self._attempts.running))
            self._attempts.release_all()
            if not await self._attempts.idle(_LAST_WORDS):
                self._hurry.set()  # a store that still refuses is left; the leases on disk tell the next process
                await self._attempts.idle(_LAST_WORDS)
        self._heartbeat.stop()
        await self.house.idle()

    async def accept(
        self, job: Job, command: Command, data: Struct | None, dedupe: Dedupe | None
    ) -> Enqueued | Mismatch:
        """Store a job and return once it is on disk; it may have started by then.

        Args:
            job: as new: queued, without attempt or lease.
            command: the command it names.
            data: its input, already decoded, so that a job that starts at once is not decoded again.
            dedupe: the key that must not make a second job.

        Raises:
            StoreUnavailable: the queue is full, the store cannot write, or the server drains; nothing was stored.
        """
        if self._draining:
            raise StoreUnavailable("The server is shutting down.", code="draining", retry_after=2)
        now = self._clock.now()
        if job.run_at > now or not self._lanes[job.lane].take():
            return await self._queue(job, dedupe, now)
        lease = self._lease()
        try:
            result = await self._writer.submit(Enqueue(now=now, job=job, dedupe=dedupe, lease=lease))
        except BaseException:
            # Refused, or this caller was cancelled: had it been stored all the same, its lease would end by itself.
            self._freed(job.lane)
            raise
        if isinstance(result, Enqueued) and not result.duplicate:
            self._attempts.start(job, command, lease, number=1, since=now, data=data)
        else:
            self._freed(job.lane)
        assert isinstance(result, (Enqueued, Mismatch))  # noqa: S101  the contract's answer to an Enqueue
        return result

    async def _queue(self, job: Job, dedupe: Dedupe | None, now: int) -> Enqueued | Mismatch:
        lane = self._lanes[job.lane]
        lane.arriving += 1  # until it is on disk nothing may overtake it by starting at once
        try:
            result = await self._writer.submit(Enqueue(now=now, job=job, dedupe=dedupe))
        finally:
            lane.arriving -= 1
            # Also when this caller was cancelled: a claim that finds nothing costs less than a job nobody looks for.
            self._claimer.expect(job.lane, job.run_at)
        assert isinstance(result, (Enqueued, Mismatch))  # noqa: S101  the contract's answer to an Enqueue
        if isinstance(result, Enqueued) and not result.duplicate:
            log.change(
                "job.queued",
                job_id=job.id,
                request_id=job.request_id,
                command=f"{job.plugin}/{job.command}",
                principal=job.principal,
                run_in_ms=max(0, job.run_at - now),
            )
        return result

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """The job once it is terminal, or None when it is not within `seconds`, or the server drains."""
        if self._draining:
            return None
        future = self._waiters.add(job_id)
        try:
            async with asyncio.timeout(seconds):
                if job_id not in self._attempts.running:
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

    async def cancel(self, job_id: str) -> None:
        """Cancel a job: a queued one ends at once, a running one is asked to. One that has ended stays as it is.

        Raises:
            StoreUnavailable: the store cannot take it now.
        """
        job = await self._store.job(job_id)
        if job is None or job.status in TERMINAL:
            return
        now = self._clock.now()
        ended = replace(
            job,
            status="cancelled",
            reason=CANCELLED.reason,
            last_error=CANCELLED.error,
            completed_at=now,
            lease_token=None,
            lease_expires_at=None,
            worker=None,
        )
        # Planned for the case that it is still queued; one that runs has its own when its holder ends it.
        deliveries = self._outbox.plan(ended, now)
        written = False
        try:
            result = await self._writer.submit(Cancel(now=now, job_id=job_id, deliveries=deliveries))
            written = isinstance(result, Done)
        finally:
            if deliveries:
                (self._outbox.committed if written else self._outbox.dropped)(deliveries)
        if written:
            self._settled(await self._store.job(job_id) or ended)
        elif isinstance(result, CancelRequested):
            self._attempts.cancel(job_id)

    def _lease(self) -> Lease:
        return Lease(random.getrandbits(_TOKEN_BITS), self._worker, self._clock.now() + self._settings.lease)

    def _freed(self, name: str) -> None:
        if self._lanes[name].free():
            self._claimer.wake()

    def _settled(self, job: Job) -> None:
        if job.status == "queued":
            self._claimer.expect(job.lane, job.run_at)
            return
        self._waiters.ended(job)
        self._followers.ended(job)
        if self._ended is not None:
            self._ended(job)
