"""Keeps house: forgets what is over, as long after its end as is configured."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import Final

from hookyard import log
from hookyard.artifacts import ArtifactStore
from hookyard.clock import Clock
from hookyard.config.model import Keep, RetentionSettings
from hookyard.dispatch import contents
from hookyard.dispatch.pace import Pace
from hookyard.errors import ArtifactError, StoreError, StoreUnavailable
from hookyard.model import TerminalStatus
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Forgettable, JobsPruned, Op, Prune, Pruned, PruneJobs, Result, Store
from hookyard.store.spans import made_at

_SWEEP_EVERY: Final = 86_400_000
_SHORTEST: Final = 1000
"""Milliseconds between two rounds, at least."""
_AGAIN: Final = 60_000
"""Milliseconds after which a round that was cut short is begun again."""
_log = log.get("keeper")


class Keeper:
    """Prunes in small steps, with rests between them.

    A step is never done together with what others asked for a while ago, and is as large as :class:`Pace` allows, so
    that nobody waits for it longer than 50 ms.

    Args:
        timer: seconds, for how long a step takes.
    """

    def __init__(
        self,
        *,
        store: Store,
        writer: Coalescer,
        objects: ArtifactStore,
        settings: RetentionSettings,
        clock: Clock,
        timer: Callable[[], float] = perf_counter,
    ) -> None:
        self._store = store
        self._writer = writer
        self._objects = objects
        self._settings = settings
        self._clock = clock
        self._timer = timer
        self._paces: dict[str, Pace] = {}
        self._swept: int | None = None
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with a first round at once."""
        self._task = asyncio.create_task(self._run(), name="hookyard-keeper")

    def use(self, settings: RetentionSettings) -> None:
        """Go by these settings from now on."""
        if settings != self._settings:
            self._settings = settings
            self._woken.set()

    async def stop(self) -> None:
        """Finish the step under way and stop."""
        self._stopping.set()
        self._woken.set()
        if self._task is not None:
            await self._task

    async def round(self) -> Counter[str]:
        """Forget all that is due now; returns how much of what.

        Raises:
            StoreUnavailable, StoreError: the store cannot do it now.
        """
        now, settings = self._clock.now(), self._settings
        told = Counter[str]()
        if due := _ends(settings, now):
            await self._forget_jobs(due, told)
        kinds: tuple[tuple[Forgettable, Keep], ...] = (
            ("events", settings.events),
            ("deliveries", settings.events),
            ("audit", settings.audit),
            ("workers", settings.workers),
            ("tokens", _names(settings)),
        )
        for what, keep in kinds:
            if keep != "forever":
                await self._forget(what, now - keep, told)
        if self._swept is None or now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            told["orphans"] += await contents.sweep(self._store, self._objects)
        if told["contents"]:
            # The sizes of what went are not known here.
            self._objects.quota.set(await self._store.artifact_bytes())
        return +told

    async def _forget_jobs(self, due: dict[TerminalStatus, int], told: Counter[str]) -> None:
        """Walk through the jobs that were made long enough ago to be due."""
        until, after = max(due.values()), None
        pace = self._paces.setdefault("jobs", Pace())
        while not self._stopping.is_set():
            op = PruneJobs(now=self._clock.now(), after=after, before=due, limit=pace.jobs, rows=pace.rows)
            done = await self._step(op, pace)
            if not isinstance(done, JobsPruned):
                return
            told["jobs"] += done.count
            told["contents"] += await contents.forget(self._objects, dict.fromkeys(done.locations, 0))
            after = done.next
            if after is None or made_at(after) >= until:
                return

    async def _forget(self, what: Forgettable, before: int, told: Counter[str]) -> None:
        pace = self._paces.setdefault(what, Pace())
        while not self._stopping.is_set():
            limit = pace.rows
            done = await self._step(Prune(now=self._clock.now(), what=what, before=before, limit=limit), pace)
            count = done.count if isinstance(done, Pruned) else 0
            told[what] += count
            if count < limit:
                return

    async def _step(self, op: Op, pace: Pace) -> Result:
        """Do one step, and leave the store to others for a while.

        Not on the writer's lazy side: what rides along there is committed together with what others wait for, and how
        long it took could not be told from how long it waited.
        """
        began = self._timer()
        done = await self._writer.submit(op)
        seconds = self._timer() - began
        pace.took(seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pace.rest(seconds)):
                await self._stopping.wait()
        return done

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            rest = max(self._settings.every, _SHORTEST)
            try:
                told = await self.round()
            except (StoreUnavailable, StoreError, ArtifactError) as error:
                _log.warning("keeper.refused", why=str(error))
                rest = min(rest, _AGAIN)
            else:
                if told:
                    _log.info("keeper.forgot", **told)
            # Whoever stops it while it is at it is heard here.
            if self._stopping.is_set():
                return
            await self._clock.wait(self._woken, self._clock.now() + rest)


def _ends(settings: RetentionSettings, now: int) -> dict[TerminalStatus, int]:
    """By status the time before which a job must have ended to be forgotten."""
    keeps: dict[TerminalStatus, Keep] = {
        "succeeded": settings.succeeded,
        "failed": settings.failed,
        "timed_out": settings.timed_out,
        "cancelled": settings.cancelled,
    }
    return {status: now - keep for status, keep in keeps.items() if keep != "forever"}


def _names(settings: RetentionSettings) -> Keep:
    """How long a token is kept that is over: who gets its name after that finds no jobs of it."""
    longest = settings.tokens
    for keep in (settings.succeeded, settings.failed, settings.timed_out, settings.cancelled):
        if keep == "forever" or longest == "forever":
            return "forever"
        longest = max(longest, keep)
    return longest
