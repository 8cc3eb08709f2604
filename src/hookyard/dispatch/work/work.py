"""Jobs for external workers: claimed, kept alive, completed, failed or given back, each step fenced by its lease.

Every end goes through :class:`~hookyard.dispatch.settle.Settler`, so that deliveries, chains, large results and dead
letters are what they are for jobs that run here. The leases are on disk and nowhere else: a restart changes nothing
for a worker that holds one.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final

from msgspec import DecodeError
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.lanes import Lanes
from hookyard.dispatch.ports import AttemptPort, Leased
from hookyard.dispatch.settle import Settler
from hookyard.dispatch.verdict import CANCELLED, MISSING, RELEASED, Again, Ended, InvalidInput, Limits, judge
from hookyard.dispatch.work.ask import HOLDER, Counts, Extension, Given, HeldAttempt, WorkAsk
from hookyard.dispatch.work.contacts import Contacts, Worker
from hookyard.dispatch.work.doors import Doors
from hookyard.dispatch.work.lease import new_token
from hookyard.dispatch.work.turns import Answer, Turns
from hookyard.errors import ArtifactError, AttemptTimedOut, CommandError, Refused, StoreError, StoreUnavailable
from hookyard.host.foreign.external.launch import ExternalLaunch
from hookyard.host.registry import Command, Registry
from hookyard.model import Job, Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import (
    Claimed,
    ClaimWork,
    Extend,
    Extended,
    ItemsPut,
    Lease,
    Op,
    PutItems,
    PutProgress,
    Result,
    Several,
    Store,
    Together,
)

_log = log.get("work")
_STALE: Final = "The lease is not, or no longer, the one that the job is held by."
_LATE: Final = "The attempt took longer than it may, and was ended."


class Work:
    """What workers do with jobs.

    Args:
        lease: milliseconds that a worker may stay silent where neither it nor the command says.
        open_port: opens what the house offers to an attempt: its log, and its artifacts.
        settled: called with every job as it is stored after an end: queued again, or terminal.
        started: called with every job as it is stored when it is given out.
        progressed: called with a job and how far it is, once that is stored.
        changed: called with the id of a job of which something else may have changed.
        limits: by what ends are judged, with a new random number each time.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        registry: Registry,
        lanes: Lanes,
        settler: Settler,
        open_port: Callable[[Leased], AttemptPort],
        clock: Clock,
        lease: int,
        settled: Callable[[Job], None],
        started: Callable[[Job], None],
        progressed: Callable[[Job, Progress], None],
        changed: Callable[[str], None],
        limits: Callable[[], Limits],
    ) -> None:
        self._store = store
        self._writer = writer
        self._registry = registry
        self._settler = settler
        self._open_port = open_port
        self._clock = clock
        self._lease = lease
        self._settled = settled
        self._started = started
        self._progressed = progressed
        self._changed = changed
        self._limits = limits
        self._returning: set[asyncio.Task[None]] = set()
        self._lanes = lanes
        self._doors = Doors(lanes, clock)
        self._turns = Turns(self._claim, self._doors, self.give_back, clock, self._recount)
        self._contacts = Contacts(store, writer, clock)

    # --- the life of this room ---

    async def start(self) -> None:
        """Begin to give out jobs."""
        await self._contacts.load()
        self._turns.start()

    def close(self) -> None:
        """Give out nothing more, and send home who waits; what workers tell is still taken."""
        self._turns.close()

    async def stop(self) -> None:
        """Close, and finish what is under way."""
        await self._turns.stop()
        if self._returning:
            await asyncio.wait(self._returning)
        self._contacts.flush()

    def use(self, registry: Registry) -> None:
        """Go on with these commands."""
        self._registry = registry
        self._turns.wake()

    def wake(self) -> None:
        """Lanes may have room that had none."""
        self._turns.wake()

    def expect(self, lane: str, run_at: int) -> None:
        """The store holds a job of this lane that is due then."""
        if run_at <= self._clock.now():
            self._doors.stir((lane,))
            self._turns.wake()
        else:
            self._turns.expect(run_at)

    def recount(self) -> None:
        """Jobs have ended otherwise than by their workers or their leases: see how many are held."""
        self._turns.recount()

    async def _recount(self) -> None:
        try:
            self._lanes.count(await self._store.depths())
        except StoreUnavailable as error:
            _log.warning("work.uncounted", why=error.detail)

    @property
    def waiting(self) -> int:
        """How many workers wait for jobs."""
        return self._turns.waiting

    @property
    def lanes(self) -> tuple[str, ...]:
        """Those of which workers can claim."""
        commands = self._registry.commands.values()
        return tuple(sorted({each.lane for each in commands if each.spec.options.isolation == "external"}))

    async def workers(self) -> list[Worker]:
        """The workers known, the one with the last contact first."""
        return await self._contacts.all()

    # --- giving out ---

    async def claim(self, ask: WorkAsk, wait: int) -> tuple[Given, ...]:
        """Lease jobs for a worker; wait so many milliseconds for some. Without any the answer is empty.

        Raises:
            StoreUnavailable: the store cannot take it now.
        """
        self._contacts.asked(ask)
        given = await self._turns.wait(ask, self._clock.now() + wait)
        if given:
            self._contacts.told(ask.holder, claimed=len(given))
        return given

    async def _claim(self, ask: WorkAsk, lanes: tuple[str, ...]) -> Answer:
        now = self._clock.now()
        asks, reserved = self._doors.reserve(lanes, ask.count)
        if not asks:  # others of the same moment have taken the room
            return Answer((), more=True)
        lease = Lease(new_token(), ask.holder, now + (ask.lease or self._lease))
        op = ClaimWork(now=now, lanes=asks, limit=ask.count, affinities=ask.affinity, tenant=ask.tenant, lease=lease)
        jobs: tuple[Job, ...] = ()
        try:
            claimed = await self._writer.submit(op)
            assert isinstance(claimed, Claimed)  # noqa: S101  the contract's answer to a ClaimWork
            jobs = claimed.jobs
        finally:
            self._doors.correct(reserved, Counter(job.lane for job in jobs))
        given = await asyncio.gather(*(self._give(job, lease, ask, now) for job in jobs))
        return Answer(tuple(one for one in given if one is not None), claimed.next_due, more=claimed.more)

    async def _give(self, job: Job, lease: Lease, ask: WorkAsk, now: int) -> Given | None:
        command = self._registry.commands.get(f"{job.plugin}/{job.command}")
        if command is None:
            await self._end(job, lease.token, MISSING)
            return None
        try:
            command.spec.decode(job.args)
        except DecodeError as error:  # the schema has changed since it was accepted
            await self._end(job, lease.token, judge(InvalidInput(error), job, command, self._limits()))
            return None
        deadline = deadline_of(job, command)
        ends = min(now + (ask.lease or self._lease_of(command)), deadline)
        if ends != lease.expires_at:
            op = Extend(now=now, job_id=job.id, token=lease.token, expires_at=ends)
            if not isinstance(await self._writer.submit(op), Extended):
                return None
        log.change(
            "job.running",
            job_id=job.id,
            request_id=job.request_id,
            command=command.key,
            attempt=job.attempt,
            principal=job.principal,
            worker=lease.worker,
        )
        self._started(job)
        return Given(job, command, lease.token, ends, deadline)

    def give_back(self, given: tuple[Given, ...]) -> None:
        """Return jobs uncounted that a worker did not take, since it is gone."""
        for each in given:
            _log.info("job.untaken", job_id=each.job.id, request_id=each.job.request_id, worker=each.job.worker)
            self._background(self._end(each.job, each.token, RELEASED))

    def _background(self, work: Coroutine[Any, Any, Job | None]) -> None:
        async def done() -> None:
            try:
                await work
            except (StoreUnavailable, StoreError) as error:  # the lease ends by itself
                _log.warning("job.unsettled", why=str(error))

        task = asyncio.create_task(done())
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    # --- while it is held ---

    async def extend(self, job: Job, token: int, told: Extension) -> Counts:
        """Move a lease's end, and keep what is told with it: all of it or nothing.

        Raises:
            Refused: `stale_lease`; nothing changed.
            StoreUnavailable: the store cannot take it now.
        """
        command = self._command(job)
        deadline = await self._in_time(job, token, command)
        now = self._clock.now()
        ends = min(now + (told.longer or self._lease_of(command)), deadline)
        ops: list[Op] = [
            Extend(now=now, job_id=job.id, token=token, expires_at=ends),
            PutItems(now=now, job_id=job.id, token=token, items=told.items),
        ]
        if told.progress is not None:
            ops.append(PutProgress(now=now, job_id=job.id, token=token, progress=told.progress))
        extended, items, *_ = await self._together(ops, now)
        if not isinstance(extended, Extended) or not isinstance(items, ItemsPut):
            raise Refused("stale_lease", _STALE)
        self._contacts.told(job.worker or "")
        progress = told.progress or job.progress
        if told.progress is None and told.items:
            progress = Progress(items.done + items.failed, None if progress is None else progress.total, at=now)
            self._writer.submit_lazy(PutProgress(now=now, job_id=job.id, token=token, progress=progress))
        if told.lines:
            port = self.port(job, token)
            for line in told.lines:
                port.tell(line)
            port.close()
        if progress is not None and progress is not job.progress:
            self._progressed(job, progress)
        elif told.lines or told.items:
            self._changed(job.id)
        total = None if progress is None else progress.total
        return Counts(ends, extended.cancel_requested, deadline, items.done, items.failed, total)

    async def _together(self, ops: list[Op], now: int) -> tuple[Result, ...]:
        several = await self._writer.submit(Together(now=now, ops=tuple(ops)))
        assert isinstance(several, Several)  # noqa: S101  the contract's answer to a Together
        return several.results

    def port(self, job: Job, token: int) -> AttemptPort:
        """What the house offers to a job that is held; to be closed.

        Raises:
            Refused: `plugin_unavailable` while the command is not there.
        """
        return self._open_port(HeldAttempt(job, self._command(job), token))

    # --- its end ---

    async def complete(self, job: Job, token: int, result: bytes) -> Job:
        """End a job with its answer, as JSON.

        Raises:
            Refused: `stale_lease`, or `plugin_unavailable` while the command is not there; nothing changed.
            InvalidOutput: the answer is of another type than the command declares; the lease goes on.
            StoreUnavailable: a large answer cannot be kept now; likewise.
        """
        command = self._command(job)
        command.spec.check(result)
        await self._in_time(job, token, command)
        ended = await self._finish(job, token, await self._success(job, token, result, command.max_result))
        self._contacts.told(job.worker or "", completed=1)
        return ended

    async def fail(self, job: Job, token: int, error: CommandError, after: int | None) -> Job:
        """End an attempt without an answer: the job is tried again, or failed for good, as its retry policy has it.

        Args:
            job: held by `token`.
            token: the lease.
            error: what went wrong.
            after: milliseconds until the next attempt, if there is one, instead of what the policy says.

        Raises:
            Refused: `stale_lease`, or `plugin_unavailable` while the command is not there; nothing changed.
        """
        command = self._command(job)
        await self._in_time(job, token, command)
        end = CANCELLED if job.cancel_requested else judge(error, job, command, self._limits())
        if after is not None and isinstance(end, Again):
            end = replace(end, after=after)
        ended = await self._finish(job, token, end)
        self._contacts.told(job.worker or "", failed=1)
        return ended

    async def release(self, job: Job, token: int, after: int) -> Job:
        """Give a job back, its attempt not counted; it is due again after so many milliseconds.

        Raises:
            Refused: `stale_lease`; nothing changed.
        """
        end = RELEASED if not after else Again(after, "released", "retry_later", uncount=True)
        ended = await self._finish(job, token, end)
        self._contacts.told(job.worker or "")
        return ended

    def overdue(self, job: Job) -> Ended | Again | None:
        """What becomes of a job whose lease has ended because its time was up; None when its worker is gone before."""
        command = self._registry.commands.get(f"{job.plugin}/{job.command}")
        if not is_external(job) or command is None or self._clock.now() < deadline_of(job, command):
            return None
        return self._timed_out(job, command)

    async def _in_time(self, job: Job, token: int, command: Command) -> int:
        """When the attempt's time is up; one whose time is up already ends here."""
        deadline = deadline_of(job, command)
        if self._clock.now() < deadline:
            return deadline
        await self._finish(job, token, CANCELLED if job.cancel_requested else self._timed_out(job, command))
        raise Refused("stale_lease", _LATE)

    def _timed_out(self, job: Job, command: Command) -> Ended | Again:
        error = AttemptTimedOut(command.key, _timeout_of(job, command))
        return judge(error, job, command, self._limits())

    async def _success(self, job: Job, token: int, result: bytes, bound: int) -> Ended:
        if len(result) <= bound:
            return Ended("succeeded", "succeeded", result=result)
        try:
            return await self._settler.kept(job, token, result)
        except ArtifactError as error:
            now = await self._store.job(job.id)
            if now is None or now.lease_token != token:
                raise Refused("stale_lease", _STALE) from error
            detail = "The result is too large to be kept with the job, and no artifact now; the job is still held."
            raise StoreUnavailable(detail, retry_after=5) from error

    async def _finish(self, job: Job, token: int, end: Ended | Again) -> Job:
        after = await self._end(job, token, end)
        if after is None:
            raise Refused("stale_lease", _STALE)
        return after

    async def _end(self, job: Job, token: int, end: Ended | Again) -> Job | None:
        after = await self._settler.settle(job, token, end)
        if after is not None:
            self._settled(after)
            self._turns.wake()  # its lane has room
        return after

    def _command(self, job: Job) -> Command:
        command = self._registry.commands.get(f"{job.plugin}/{job.command}")
        if command is None:
            detail = f"The command {job.plugin}/{job.command} is not there now."
            raise Refused("plugin_unavailable", detail, retry_after=5)
        return command

    def _lease_of(self, command: Command) -> int:
        launch = command.launch
        own = launch.leases.get(command.spec.name) if isinstance(launch, ExternalLaunch) else None
        return own or self._lease


def held(job: Job, token: int | None) -> Job:
    """The job, when an external worker holds it by this lease.

    Raises:
        Refused: `stale_lease`.
    """
    if not is_external(job) or token is None or job.lease_token != token:
        raise Refused("stale_lease", _STALE)
    return job


def is_external(job: Job) -> bool:
    """Whether an external worker holds it."""
    return job.status == "running" and (job.worker or "").startswith(HOLDER)


def deadline_of(job: Job, command: Command) -> int:
    """When the time of the attempt under way is up."""
    return (job.started_at or 0) + _timeout_of(job, command)


def _timeout_of(job: Job, command: Command) -> int:
    return command.timeout if job.timeout is None else job.timeout
