"""Writing down how an attempt ended, however long the store takes to accept it."""

import asyncio
from collections.abc import Callable, Collection

from msgspec import Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.bounds import bounded
from hookyard.dispatch.chains import Chains
from hookyard.dispatch.lanes import Lanes
from hookyard.dispatch.outbox import Outbox
from hookyard.dispatch.ports import Ports
from hookyard.dispatch.verdict import CANCELLED, Again, Ended
from hookyard.errors import StoreUnavailable
from hookyard.model import Delivery, Event, Job, StateChange
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import CancelPending, Done, Enqueue, Finish, Op, Release, Result

_log = log.get("dispatch")
_SLOWEST_RETRY = 5.0


class Left(Struct, frozen=True):
    """What an attempt leaves behind besides its answer."""

    events: tuple[Event, ...] = ()
    state: tuple[StateChange, ...] = ()


NOTHING = Left()


class Settler:
    """Turns a verdict into a fenced operation and sees it through.

    Args:
        hurry: set when the process must end; from then on a store that refuses is not asked again.
        published: called with every event that is on disk.
        lanes: told how the attempts of those that it watches end.
    """

    def __init__(
        self,
        writer: Coalescer,
        outbox: Outbox,
        clock: Clock,
        hurry: asyncio.Event,
        *,
        ports: Ports,
        chains: Chains,
        moved: Callable[[Collection[str], bool], None],
        published: Callable[[Event], None] | None = None,
        lanes: Lanes | None = None,
    ) -> None:
        self._lanes = lanes
        self._writer = writer
        self._outbox = outbox
        self._clock = clock
        self._hurry = hurry
        self._ports = ports
        self._chains = chains
        self._moved = moved
        self._published = published

    async def kept(self, job: Job, token: int, result: bytes) -> Ended:
        """A success whose result is too large to be kept with the job: it is an artifact before the job ends.

        Raises:
            ArtifactError: it cannot be kept.
            StoreUnavailable: likewise.
        """
        name = await self._ports.keep_result(job, token, result)
        return Ended("succeeded", "succeeded", result=result, result_artifact=name)

    async def settle(
        self, job: Job, token: int, end: Ended | Again, *, left: Left = NOTHING, if_expired: bool = False
    ) -> Job | None:
        """Store the end of an attempt.

        Args:
            left: published if the job ends with it, and forgotten if it is tried again; its state is kept only
                when the job succeeded.

        Returns:
            The job as it is stored now, or None when this lease was no longer the job's: nothing was written.

        Raises:
            StoreUnavailable: only in a hurry; the lease then ends by itself and another attempt follows.
        """
        if end.error is not None and (error := bounded(end.error)) is not end.error:
            end = replace(end, error=error)  # only now: whoever looks for secrets in it sees it whole
        if isinstance(end, Again):
            after = await self._release(job, token, end, if_expired=if_expired)
            if isinstance(after, Ended):  # somebody cancelled the job, and cancel wins over retry (I9)
                end = after
                after = await self._finish(job, token, end, left, if_expired=if_expired)
        else:
            after = await self._finish(job, token, end, left, if_expired=if_expired)
        if after is not None and self._lanes is not None and job.lane in self._lanes.watched:
            self._lanes.ended(job, end.outcome)
        return after

    async def _finish(self, job: Job, token: int, end: Ended, left: Left, *, if_expired: bool) -> Job | None:
        now = self._clock.now()
        done = replace(
            job,
            status=end.status,
            reason=end.reason,
            result=end.result if end.result_artifact is None else None,
            result_artifact=end.result_artifact,
            last_error=end.error,
            completed_at=now,
            lease_token=None,
            lease_expires_at=None,
            worker=None,
        )
        follow: tuple[Enqueue, ...] = ()
        if job.options is not None or self._chains.declared:
            follow = await self._chains.after(done, end.result, now)
        deliveries = self._outbox.plan(done, now, left.events)
        op = Finish(
            now=now,
            job_id=job.id,
            token=token,
            status=end.status,
            outcome=end.outcome,
            reason=end.reason,
            result=done.result,
            result_artifact=end.result_artifact,
            follow=follow,
            error=end.error,
            deliveries=deliveries,
            events=left.events,
            state=left.state if end.status == "succeeded" else (),
            if_expired=if_expired,
        )
        result: Result | None = None
        try:
            result = await self._write(op, job)
        finally:
            self._tell(deliveries, written=isinstance(result, Done))
        if not isinstance(result, Done):
            _log.warning("job.stale", job_id=job.id, request_id=job.request_id, attempt=job.attempt)
            return None
        if result.lanes or result.doomed or follow:
            self._moved((*result.lanes, *(each.job.lane for each in follow)), result.doomed)
        if self._published is not None:
            for event in left.events:
                self._published(event)
        log.change(
            f"job.{end.status}",
            "info" if end.status == "succeeded" else "warning",
            job_id=job.id,
            request_id=job.request_id,
            command=f"{job.plugin}/{job.command}",
            reason=end.reason,
            attempt=job.attempt,
            ms=now - (job.started_at or now),
        )
        return done

    def _tell(self, deliveries: tuple[Delivery, ...], *, written: bool) -> None:
        if not deliveries:
            return
        if written:
            self._outbox.committed(deliveries)
        else:
            self._outbox.dropped(deliveries)

    async def _release(self, job: Job, token: int, end: Again, *, if_expired: bool) -> Job | Ended | None:
        now = self._clock.now()
        run_at = now + end.after
        op = Release(
            now=now,
            job_id=job.id,
            token=token,
            run_at=run_at,
            outcome=end.outcome,
            reason=end.reason,
            uncount=end.uncount,
            error=end.error,
            if_expired=if_expired,
        )
        result = await self._write(op, job)
        if isinstance(result, CancelPending):
            return CANCELLED
        if not isinstance(result, Done):
            _log.warning("job.stale", job_id=job.id, request_id=job.request_id, attempt=job.attempt)
            return None
        if result.lanes:
            self._moved(result.lanes, result.doomed)
        log.change(
            "job.queued",
            job_id=job.id,
            request_id=job.request_id,
            command=f"{job.plugin}/{job.command}",
            reason=end.reason,
            attempt=job.attempt,
            again_in_ms=end.after,
            error=None if end.error is None else end.error.code,
        )
        return replace(
            job, status="queued", reason=end.reason, run_at=run_at, lease_token=None, lease_expires_at=None, worker=None
        )

    async def _write(self, op: Op, job: Job) -> Result:
        """Ask until the store takes it: the work is done, and only a full disk or a full queue is in the way."""
        pause = 0.05
        while True:
            try:
                return await self._writer.submit(op)
            except StoreUnavailable as error:
                if self._hurry.is_set():
                    raise
                _log.warning(
                    "job.store_refused", job_id=job.id, request_id=job.request_id, why=error.detail, again_in_s=pause
                )
            try:
                async with asyncio.timeout(pause):
                    await self._hurry.wait()
            except TimeoutError:
                pause = min(pause * 2, _SLOWEST_RETRY)
