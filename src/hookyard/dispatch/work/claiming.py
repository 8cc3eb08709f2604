"""Giving out jobs to workers that ask for them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import DecodeError

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.lanes import Lanes
from hookyard.dispatch.verdict import MISSING, RELEASED, InvalidInput
from hookyard.dispatch.work.ask import Given, WorkAsk
from hookyard.dispatch.work.claim_queue import Answer, ClaimQueue
from hookyard.dispatch.work.contacts import Contacts
from hookyard.dispatch.work.ending import Ending
from hookyard.dispatch.work.held import Commands, deadline_of
from hookyard.dispatch.work.lane_room import LaneRoom
from hookyard.dispatch.work.lease import new_token
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Job
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Claimed, ClaimWork, Extend, Extended, Lease, Store

_log = log.get("work")


class Claiming:
    """Leases jobs for workers.

    Args:
        started: called with every job as it is stored when it is given out.
        leased: called with the time at which its lease is to end.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        lanes: Lanes,
        commands: Commands,
        contacts: Contacts,
        ending: Ending,
        clock: Clock,
        started: Callable[[Job], None],
        leased: Callable[[int], object],
    ) -> None:
        self._store = store
        self._writer = writer
        self._lanes = lanes
        self._commands = commands
        self._contacts = contacts
        self._ending = ending
        self._clock = clock
        self._started = started
        self._leased = leased
        self._returning: set[asyncio.Task[None]] = set()
        self._room = LaneRoom(lanes, clock)
        self.queue = ClaimQueue(self._claim, self._room, self.give_back, clock, self._recount)
        """Those who wait."""

    async def stop(self) -> None:
        """Give out nothing more, and finish what is under way."""
        await self.queue.stop()
        if self._returning:
            await asyncio.wait(self._returning)

    def expect(self, lane: str, run_at: int) -> None:
        """The store holds a job of this lane that is due then."""
        if run_at <= self._clock.now():
            self._room.stir((lane,))
            self.queue.wake()
        else:
            self.queue.expect(run_at)

    async def claim(self, ask: WorkAsk, wait: int) -> tuple[Given, ...]:
        """Lease jobs for a worker; wait so many milliseconds for some. Without any the answer is empty.

        Raises:
            StoreUnavailable: the store cannot take it now.
        """
        self._contacts.asked(ask)
        given = await self.queue.wait(ask, self._clock.now() + wait)
        if given:
            self._contacts.told(ask.holder, claimed=len(given))
        return given

    def give_back(self, given: tuple[Given, ...]) -> None:
        """Return jobs uncounted that a worker did not take, since it is gone."""
        for each in given:
            _log.info("job.untaken", job_id=each.job.id, request_id=each.job.request_id, worker=each.job.worker)
            self._background(self._ending.end(each.job, each.token, RELEASED))

    async def _recount(self) -> None:
        try:
            self._lanes.count(await self._store.depths())
        except StoreUnavailable as error:
            _log.warning("work.uncounted", why=error.detail)

    async def _claim(self, ask: WorkAsk, lanes: tuple[str, ...]) -> Answer:
        now = self._clock.now()
        asks, reserved = self._room.reserve(lanes, ask.count)
        if not asks:  # others of the same moment have taken the room
            return Answer((), more=True)
        lease = Lease(new_token(), ask.holder, now + (ask.lease or self._commands.lease))
        op = ClaimWork(now=now, lanes=asks, limit=ask.count, affinities=ask.affinity, tenant=ask.tenant, lease=lease)
        jobs: tuple[Job, ...] = ()
        try:
            claimed = await self._writer.submit(op)
            assert isinstance(claimed, Claimed)  # noqa: S101  the contract's answer to a ClaimWork
            jobs = claimed.jobs
        finally:
            self._room.correct(reserved, Counter(job.lane for job in jobs))
        given = await asyncio.gather(*(self._give(job, lease, ask, now) for job in jobs))
        return Answer(tuple(one for one in given if one is not None), claimed.next_due, more=claimed.more)

    async def _give(self, job: Job, lease: Lease, ask: WorkAsk, now: int) -> Given | None:
        command = self._commands.find(job)
        if command is None:
            await self._ending.end(job, lease.token, MISSING)
            return None
        try:
            command.spec.decode(job.args)
        except DecodeError as error:  # the schema has changed since it was accepted
            await self._ending.end(job, lease.token, self._ending.judged(InvalidInput(error), job, command))
            return None
        deadline = deadline_of(job, command)
        ends = min(now + (ask.lease or self._commands.lease_of(command)), deadline)
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
        self._leased(ends)
        return Given(job, command, lease.token, ends, deadline)

    def _background(self, work: Coroutine[Any, Any, Job | None]) -> None:
        async def done() -> None:
            try:
                await work
            except (StoreUnavailable, StoreError) as error:  # the lease ends by itself
                _log.warning("job.unsettled", why=str(error))

        task = asyncio.create_task(done())
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)
