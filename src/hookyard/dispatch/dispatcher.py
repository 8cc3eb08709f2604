"""The dispatcher: stores what comes in, starts what is due, writes down how it ended.

It waits on the store and on time, never on another room. A job that comes in while its lane has room is stored as
already leased and starts from memory; everything else is claimed from the store in batches.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AbstractContextManager
from typing import Any

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import JobSettings
from hookyard.dispatch.attempts import Attempts
from hookyard.dispatch.chains import Chains
from hookyard.dispatch.changes import REPLACED, Changes
from hookyard.dispatch.claimer import Claimer
from hookyard.dispatch.heartbeat import Heartbeat
from hookyard.dispatch.house import House
from hookyard.dispatch.intake import Intake
from hookyard.dispatch.janitor import Janitor
from hookyard.dispatch.lanes import LaneControl, Lanes
from hookyard.dispatch.notices import Notices
from hookyard.dispatch.outbox import Outbox
from hookyard.dispatch.ports import NoPorts, Ports
from hookyard.dispatch.settle import Settler
from hookyard.dispatch.verdict import CANCELLED, Ended, Limits
from hookyard.dispatch.waiters import Waiters
from hookyard.dispatch.watching import Watch, Watchers
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import TERMINAL, AuditEntry, ErrorInfo, Event, Job, Progress, Reason
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import AlreadyTerminal, CancelRequested, Done, Lease, NotFound, Store

_log = log.get("dispatch")
_TOKEN_BITS = 62
_LAST_WORDS = 5.0
_FOLLOWED = 5.0


class Dispatcher:
    """Runs the jobs of one process. Made and used on one event loop.

    Args:
        outbox: plans the webhooks of a job's end.
        ids: where the ids of the jobs come from that follow others.
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
        ids: IdSource | None = None,
        ended: Callable[[Job], None] | None = None,
        started: Callable[[Job], None] | None = None,
        published: Callable[[Event], None] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._worker = worker
        self._ended = ended
        self._began = started
        self._draining = False
        self._registry = registry
        self._ports = ports = ports or NoPorts()
        self._waiters = Waiters()
        self._followers = Waiters()
        self._watchers = Watchers()
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()
        self._lanes = Lanes(registry.lane_rules, registry.plugin_lanes, clock)
        self._chains = Chains(registry, store, ids or IdSource(clock))
        self._notices = Notices(writer, outbox, clock)
        self.house = House(writer, outbox, clock, published)
        self.settler = Settler(
            writer,
            outbox,
            clock,
            self._hurry,
            ports=ports,
            chains=self._chains,
            moved=self._moved,
            published=published,
            lanes=self._lanes,
        )
        self._attempts = Attempts(
            runners=runners,
            settler=self.settler,
            ports=ports,
            limits=lambda: Limits(draw(), clock.now(), settings.retry_later_max_age),
            freed=self._freed,
            settled=self.settled,
            started=self._started,
        )
        self._claimer = Claimer(
            writer=writer, registry=registry, lanes=self._lanes, attempts=self._attempts, clock=clock, lease=self._lease
        )
        self.lanes = LaneControl(
            store=store, writer=writer, lanes=self._lanes, clock=clock, house=self.house, wake=self._claimer.wake
        )
        self._lanes.turned = self.lanes.turned
        self._changes = Changes(
            store=store,
            writer=writer,
            clock=clock,
            outbox=outbox,
            attempts=self._attempts,
            ports=ports,
            again=self._again,
            settled=self.settled,
            moved=self._moved,
        )
        self._intake = Intake(
            writer=writer,
            clock=clock,
            lanes=self._lanes,
            attempts=self._attempts,
            claimer=self._claimer,
            lease=self._lease,
            freed=self._freed,
            replace=self._replace,
            stored=self._notices.queued,
        )
        self.accept = self._intake.accept
        """Stores a :class:`NewJob`; see :meth:`Intake.accept`."""
        self.accept_many = self._intake.accept_many
        self.kill = self._changes.kill
        self.retry = self._changes.retry
        self.delete = self._changes.delete
        self.submit = self._changes.submit
        """Applies an operation with its entry of the audit log; see :meth:`Changes.submit`."""
        self.expect = self._claimer.expect
        """Says that the store holds a job of a lane that is due then, which another room has stored."""
        self._janitor = Janitor(
            store=store,
            writer=writer,
            settler=self.settler,
            clock=clock,
            lease=settings.lease,
            alive=self._attempts.running,
            settled=self.settled,
            find=self._find,
            doomed=self._changes.sweep_doomed,
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
        self._registry = registry
        self._chains.use(registry)
        self._lanes.use(registry.lane_rules, registry.plugin_lanes)
        self._claimer.use(registry)

    @property
    def commands_running(self) -> tuple[Command, ...]:
        """The command of every attempt under way, as the attempt began with it."""
        return tuple(running.command for running in self._attempts.running.values())

    def stop_accepting(self) -> None:
        """From now on nothing new is taken or started, and nobody waits for a result any longer."""
        self._draining = True
        self._intake.close()
        self._waiters.release_all()
        self._watchers.tell_all()

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
        await self._notices.drain()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.house.idle()

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

    async def cancel(
        self,
        job_id: str,
        *,
        reason: Reason = "cancelled_by_user",
        error: ErrorInfo | None = None,
        audit: AuditEntry | None = None,
    ) -> Done | CancelRequested | AlreadyTerminal | NotFound:
        """Cancel a job: a queued one ends at once, a running one is asked to. One that has ended stays as it is.

        Args:
            job_id: which.
            reason: why, in one word.
            error: the same in a sentence.
            audit: who does it.

        Raises:
            StoreUnavailable: the store cannot take it now.
        """
        end = CANCELLED
        if reason != CANCELLED.reason or error is not None:
            end = Ended("cancelled", "cancelled", reason=reason, error=error or CANCELLED.error)
        return await self._changes.cancel(job_id, end, audit=audit)

    def watch(self, job_id: str) -> AbstractContextManager[Watch]:
        """Look at a job for as long as the context is open; what it gives says when to ask the store again."""
        return self._watchers.watch(job_id)

    async def with_result(self, job: Job) -> Job:
        """The job with its result, also when that is kept as an artifact.

        Raises:
            ArtifactError: it cannot be read.
        """
        return job if job.result_artifact is None else replace(job, result=await self._ports.result(job))

    def progressed(self, job: Job, progress: Progress) -> None:
        """A running job's command said how far it is, and that is stored."""
        self._watchers.tell(job.id)
        self._notices.progress(job, progress)

    def _lease(self) -> Lease:
        return Lease(random.getrandbits(_TOKEN_BITS), self._worker, self._clock.now() + self._settings.lease)

    def _freed(self, name: str) -> None:
        if self._lanes[name].free():
            self._claimer.wake()

    def settled(self, job: Job) -> None:
        """A job is stored as queued again, or as ended: tell everybody."""
        self._watchers.tell(job.id)
        self._notices.ended(job.id)
        if job.status == "queued":
            self._claimer.expect(job.lane, job.run_at)
            return
        self._waiters.ended(job)
        self._followers.ended(job)
        if self._ended is not None:
            self._ended(job)

    def _started(self, job: Job) -> None:
        self._watchers.tell(job.id)
        self._notices.started(job)
        if self._began is not None:
            self._began(job)

    def _moved(self, lanes: Collection[str], doomed: bool) -> None:
        now = self._clock.now()
        for lane in lanes:
            self._claimer.expect(lane, now)
        if doomed:
            self._background(self._sweep_doomed())

    async def _sweep_doomed(self) -> None:
        try:
            await self._changes.sweep_doomed()
        except (StoreUnavailable, StoreError) as error:  # the janitor comes by
            _log.warning("doomed.refused", why=str(error))

    async def _replace(self, job_ids: Sequence[str]) -> None:
        for job_id in job_ids:
            await self._changes.cancel(job_id, REPLACED)

    def _find(self, key: str) -> Command | None:
        return self._registry.commands.get(key)

    def _again(self, job: Job) -> int:
        command = self._find(f"{job.plugin}/{job.command}")
        return 1 if command is None else command.max_attempts

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
