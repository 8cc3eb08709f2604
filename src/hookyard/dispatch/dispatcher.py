"""The dispatcher: stores what comes in, starts what is due, writes down how it ended.

It waits on the store and on time, never on another room. A job that comes in while its lane has room is stored as
already leased and starts from memory; everything else is claimed from the store in batches.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import JobSettings
from hookyard.dispatch.attempts import Attempts
from hookyard.dispatch.chains import Chains
from hookyard.dispatch.changes import Changes
from hookyard.dispatch.claimer import Claimer
from hookyard.dispatch.dead_letters import DeadLetters
from hookyard.dispatch.heartbeat import Heartbeat
from hookyard.dispatch.house_events import HouseEvents
from hookyard.dispatch.intake import Intake
from hookyard.dispatch.janitor import Janitor
from hookyard.dispatch.lanes import LaneControl, Lanes
from hookyard.dispatch.listening import Listening
from hookyard.dispatch.notices import Notices
from hookyard.dispatch.outbox import Outbox
from hookyard.dispatch.ports import NoPorts, Ports
from hookyard.dispatch.settle import Settler
from hookyard.dispatch.verdict import CANCELLED, Ended, Limits
from hookyard.dispatch.work import Work
from hookyard.errors import ArtifactError, StoreError, StoreUnavailable
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import AuditEntry, ErrorInfo, Event, Job, Progress, Reason
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import AlreadyTerminal, CancelRequested, Done, Lease, NotFound, Store

_log = log.get("dispatch")
_TOKEN_BITS = 62
_LAST_WORDS = 5.0


class Dispatcher:
    """Runs the jobs of one process. Made and used on one event loop.

    Attributes:
        accept, accept_many: store new jobs; see :class:`Intake`.
        expect: says that the store holds a job of a lane that is due then, which another room has stored.
        retry, delete: change a job; see :class:`Changes`.
        submit: has an operation applied with its entry of the audit log; see :class:`Changes`.
        follow, watch: for whoever waits for a job; see :class:`Listening`.
        settler: writes down how attempts end.
        lanes: pauses them, and says how they are.
        house: stores events of Hookyard's own.
        work: what external workers do with jobs.

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
        ids: IdSource,
        ports: Ports | None = None,
        worker: str = "local",
        draw: Callable[[], float] = random.random,
        ended: Callable[[Job], None] | None = None,
        started: Callable[[Job], None] | None = None,
        published: Callable[[Event], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._worker = worker
        self._draw = draw
        self._ended = ended
        self._began = started
        self._registry = registry
        self._ports = ports or NoPorts()
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()
        self._lanes = Lanes(registry.lane_rules, registry.plugin_lanes, clock)
        self._chains = Chains(registry, store, ids)
        self._notices = Notices(writer, outbox, clock)
        self.house = HouseEvents(writer, outbox, clock, published)
        self.settler = Settler(
            writer,
            outbox,
            clock,
            self._hurry,
            ports=self._ports,
            chains=self._chains,
            moved=self._moved,
            published=published,
            lanes=self._lanes,
        )
        self._attempts = Attempts(
            runners=runners,
            settler=self.settler,
            ports=self._ports,
            limits=self._limits,
            freed=self._freed,
            settled=self.settled,
            started=self._started,
        )
        self._listening = Listening(store, self._attempts.running)
        self._build_ways_in(store, writer, outbox)
        self._build_work(store, writer)
        self._build_watch(store, writer)

    def _build_ways_in(self, store: Store, writer: Coalescer, outbox: Outbox) -> None:
        """What takes jobs in, starts those that are due and changes those that are there."""
        clock, lanes, attempts = self._clock, self._lanes, self._attempts
        self._claimer = Claimer(
            writer=writer, registry=self._registry, lanes=lanes, attempts=attempts, clock=clock, lease=self._lease
        )
        self.lanes = LaneControl(
            store=store, writer=writer, lanes=lanes, clock=clock, house=self.house, wake=self._claimer.wake
        )
        lanes.turned = self.lanes.turned
        self._changes = Changes(
            store=store,
            writer=writer,
            clock=clock,
            outbox=outbox,
            attempts=attempts,
            ports=self._ports,
            again=self._again,
            settled=self.settled,
            moved=self._moved,
        )
        self._intake = Intake(
            writer=writer,
            clock=clock,
            lanes=lanes,
            attempts=attempts,
            claimer=self._claimer,
            lease=self._lease,
            freed=self._freed,
            replace=self._changes.supersede,
            stored=self._notices.queued,
            dead=DeadLetters(outbox, clock, self.settled),
            listeners=self._notices.listeners,
        )
        self.accept = self._intake.accept
        self.accept_many = self._intake.accept_many
        self.expect = self._claimer.expect
        self.retry = self._changes.retry
        self.supersede = self._changes.supersede
        self.delete = self._changes.delete
        self.follow = self._listening.follow
        self.watch = self._listening.watch

    def _build_work(self, store: Store, writer: Coalescer) -> None:
        """What external workers do with jobs."""
        self.work = Work(
            store=store,
            writer=writer,
            registry=self._registry,
            lanes=self._lanes,
            settler=self.settler,
            open_port=self._ports.open,
            clock=self._clock,
            lease=self._settings.lease,
            settled=self.settled,
            started=self._started,
            progressed=self.progressed,
            changed=self._listening.changed,
            limits=self._limits,
        )
        self._claimer.external, self._claimer.woken = self.work.expect, self.work.wake

    def _build_watch(self, store: Store, writer: Coalescer) -> None:
        """What looks after leases."""
        self._janitor = Janitor(
            store=store,
            writer=writer,
            settler=self.settler,
            clock=self._clock,
            lease=self._settings.lease,
            alive=self._attempts.running,
            settled=self.settled,
            find=self._find,
            doomed=self._changes.sweep_doomed,
            overdue=self.work.overdue,
        )
        self.work.leased = self._janitor.expect
        loop = asyncio.get_running_loop()
        self._heartbeat = Heartbeat(
            self._attempts.running,
            writer,
            self._clock,
            lease=self._settings.lease,
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
        await self.work.start()

    def use(self, registry: Registry) -> None:
        """Go on with these commands and limits.

        What runs keeps the command it began with. Jobs of a command that is gone wait in the store, queued, until it
        is back.
        """
        self._registry = registry
        self._chains.use(registry)
        self._lanes.use(registry.lane_rules, registry.plugin_lanes)
        self._claimer.use(registry)
        self.work.use(registry)

    @property
    def commands_running(self) -> tuple[Command, ...]:
        """The command of every attempt under way, as the attempt began with it."""
        return tuple(running.command for running in self._attempts.running.values())

    def stop_accepting(self) -> None:
        """From now on nothing new is taken or started, and nobody waits for a result any longer."""
        self._intake.close()
        self.work.close()
        self._listening.close()

    def release_all(self) -> None:
        """Stop what runs and give it back to the queue; a drain under way then has nothing left to wait for."""
        self._attempts.release_all()

    async def drain(self) -> None:
        """Wait for the running jobs, then give the rest back to the queue without counting their attempt."""
        self.stop_accepting()
        await self._claimer.stop()
        await self._janitor.stop()
        await self.work.stop()
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

    async def kill(
        self, job_id: str, *, audit: AuditEntry | None = None
    ) -> Done | CancelRequested | AlreadyTerminal | NotFound:
        """End a job at once, in the store first, then what runs here of it; an external worker's lease is void.

        Args:
            job_id: which.
            audit: who does it.

        Raises:
            StoreUnavailable: the store cannot take it now.
        """
        result = await self._changes.kill(job_id, audit=audit)
        self.work.recount()
        return result

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """The job with its result, once it is terminal; None when it is not within `seconds`, or the server drains."""
        job = await self._listening.wait(job_id, seconds)
        if job is None or job.result_artifact is None:
            return job
        try:
            return await self.with_result(job)
        except (ArtifactError, StoreUnavailable):  # the artifact's name stands for it
            return job

    async def with_result(self, job: Job) -> Job:
        """The job with its result, also when that is kept as an artifact.

        Raises:
            ArtifactError: it cannot be read.
        """
        return job if job.result_artifact is None else replace(job, result=await self._ports.result(job))

    def progressed(self, job: Job, progress: Progress) -> None:
        """A running job's command said how far it is, and that is stored."""
        self._listening.changed(job.id)
        self._notices.progress(job, progress)

    def _lease(self) -> Lease:
        return Lease(random.getrandbits(_TOKEN_BITS), self._worker, self._clock.now() + self._settings.lease)

    def _freed(self, name: str) -> None:
        if self._lanes[name].free():
            self._claimer.wake()

    def settled(self, job: Job) -> None:
        """A job is stored as queued again, or as ended: tell everybody."""
        if self._notices.said:
            self._notices.ended(job.id)
        if job.status == "queued":
            self._listening.changed(job.id)
            self._claimer.expect(job.lane, job.run_at)
            return
        self._listening.ended(job)
        if self._ended is not None:
            self._ended(job)

    def _started(self, job: Job) -> None:
        if self._listening.watches:
            self._listening.changed(job.id)
        if job.options is not None or self._notices.listeners:
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

    def _limits(self) -> Limits:
        return Limits(self._draw(), self._clock.now(), self._settings.retry_later_max_age)

    def _find(self, key: str) -> Command | None:
        return self._registry.commands.get(key)

    def _again(self, job: Job) -> int:
        command = self._find(f"{job.plugin}/{job.command}")
        return 1 if command is None else command.max_attempts

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
