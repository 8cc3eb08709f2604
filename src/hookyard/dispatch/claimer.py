"""Claims due jobs from the store whenever their lanes have room."""

import asyncio
from collections import Counter
from collections.abc import Callable

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.attempts import Attempts
from hookyard.dispatch.lanes import Lanes
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.host.registry import Registry
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Claim, Claimed, Lease

_log = log.get("dispatch")
_SAFETY_POLL = 5_000
_AFTER_REFUSAL = 500


def _unheard(*_: object) -> None:
    """Nobody wants to know."""


class Claimer:
    """One loop: claim for every lane that has room and something waiting, else sleep until one may have.

    Args:
        lease: makes the lease of the next claim.

    Attributes:
        external: told of jobs in lanes of external workers, as :meth:`expect` is.
        woken: told whenever lanes may have room that had none.
    """

    def __init__(
        self,
        *,
        writer: Coalescer,
        registry: Registry,
        lanes: Lanes,
        attempts: Attempts,
        clock: Clock,
        lease: Callable[[], Lease],
    ) -> None:
        self._writer = writer
        self._registry = registry
        self._lanes = lanes
        self._attempts = attempts
        self._clock = clock
        self._lease = lease
        self.external: Callable[[str, int], None] = _unheard
        self.woken: Callable[[], None] = _unheard
        self._wake = asyncio.Event()
        self._stopping = False
        self._due: int | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to claim."""
        self._task = asyncio.create_task(self._claim_for_ever(), name="hookyard-claimer")

    async def stop(self) -> None:
        """Claim nothing more; what a claim under way brings is still started."""
        self._stopping = True
        self.wake()
        if self._task is not None:
            await self._task

    def use(self, registry: Registry) -> None:
        """Claim for the lanes of this registry from now on."""
        self._registry = registry
        self.wake()

    def wake(self) -> None:
        """A lane has room again."""
        self._wake.set()
        self.woken()

    def expect(self, lane: str, run_at: int) -> None:
        """The store holds a job of this lane that is due at `run_at`."""
        if lane not in self._registry.lanes:
            return
        if self._lanes[lane].rule.external:
            self.external(lane, run_at)
            return
        if run_at <= self._clock.now():
            self._lanes[lane].waiting = True
            self._wake.set()
        elif self._due is None or run_at < self._due:
            self._due = run_at
            self._wake.set()

    async def _claim_for_ever(self) -> None:
        while not self._stopping:
            self._wake.clear()
            if self._due is not None and self._due <= self._clock.now():
                # Which lane it was is not kept: the next claims ask them all, and learn what is due after this.
                self._due = None
                self._lanes.all_waiting()
            lease = self._lease()
            asks = self._lanes.asks()
            if asks:
                await self._claim(Claim(now=self._clock.now(), lanes=asks, lease=lease))
                continue
            poll = self._clock.now() + _SAFETY_POLL
            times = (poll, self._due, self._lanes.elapse())
            if not await self._clock.wait(self._wake, min(at for at in times if at is not None)):
                # Time alone has made room: a rate has a token again, or a breaker is to half open.
                self._lanes.elapse()
                if self._clock.now() >= poll:
                    self._lanes.all_waiting()

    async def _claim(self, claim: Claim) -> None:
        asked = self._registry
        try:
            result = await self._writer.submit(claim)
        except (StoreUnavailable, StoreError) as error:
            self._lanes.refused(claim.lanes)
            _log.warning("claim.refused", why=str(error))
            await self._clock.wait(self._wake, self._clock.now() + _AFTER_REFUSAL)
            return
        assert isinstance(result, Claimed)  # noqa: S101  the contract's answer to a Claim
        self._lanes.answered(claim.lanes, Counter(job.lane for job in result.jobs), more=result.more)
        if result.next_due is not None and (self._due is None or result.next_due < self._due):
            self._due = result.next_due
        for job in result.jobs:
            key = f"{job.plugin}/{job.command}"
            command = self._registry.commands.get(key) or asked.commands.get(key)
            if command is None:  # of a lane that several commands share, one of which is gone
                self._attempts.put_off(job, claim.lease)
                continue
            self._attempts.start(job, command, claim.lease, number=job.attempt, since=claim.now)
