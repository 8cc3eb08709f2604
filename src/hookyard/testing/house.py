"""All rooms of a server over a store in memory, on one event loop: what stands behind a test's host.

They are put together as :class:`hookyard.service.Service` does it, but for three things: nothing is sent to anybody,
time stands still until somebody waits for it, and what commands raise and say is kept for the test to see.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from hookyard.artifacts import ArtifactStore
from hookyard.auth import Principal, Tokens
from hookyard.config.model import Config
from hookyard.context.messages import ProgressNote
from hookyard.credentials import TokenBook
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.errors import Refused
from hookyard.gateway import Gateway, GatewayDeps, Readiness, Tables, build
from hookyard.gateway.accept import CommandWay
from hookyard.gateway.limits import Limits
from hookyard.host.hooks import Hooks
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.inbound import own
from hookyard.inbound.sources import Sources
from hookyard.model import TERMINAL, Job
from hookyard.outbound import Outbound
from hookyard.plugin import Plugin
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Enqueued, JobQuery, Op, Result
from hookyard.testing.clock import FakeClock
from hookyard.testing.look import MOST
from hookyard.testing.watched import LoopStore, WatchedFacilities, WatchedRunners


class House:
    """Made and used on one event loop.

    Attributes:
        errors: what the last attempt of a job raised, by the job's id.
        progress: everything that commands said of their progress, in the order told.
    """

    def __init__(self, config: Config, registry: Registry, clock: FakeClock) -> None:
        self._switch = sys.getswitchinterval()
        self._changed = asyncio.Event()
        self._clock = clock
        self.errors: dict[str, Exception] = {}
        self.progress: list[ProgressNote] = []
        self.store = LoopStore(asyncio.get_running_loop(), self._changed.set)
        self._writer = Coalescer(self.store, queue=config.store.queue, batch=config.store.batch)
        ids = IdSource(clock)
        self._hooks = Hooks(_with_hooks(registry), own=[(own.plugin, None)])
        self._outbound = Outbound(config, self._writer, ids, clock)
        self._runners = WatchedRunners(self._hooks, self.errors)
        self.objects = ArtifactStore.open(config.artifacts, Path())
        self._facilities = WatchedFacilities(
            config,
            registry,
            store=self.store,
            writer=self._writer,
            objects=self.objects,
            clock=clock,
            ids=ids,
            resolve_secret=self._hooks.resolve_secret,
        )
        self._facilities.watch(config, self.progress)
        self._dispatcher = Dispatcher(
            store=self.store,
            writer=self._writer,
            registry=registry,
            runners=self._runners,
            settings=config.jobs,
            clock=clock,
            outbox=self._outbound.outbox,
            ports=self._facilities,
            draw=lambda: 0.0,
            ids=ids,
            ended=self._hooks.job_ended,
            started=self._hooks.job_started,
            published=self._hooks.event_emitted,
        )
        self._facilities.bind(self._dispatcher)
        tokens = Tokens(config.tokens, clock)
        self._deps = GatewayDeps(
            config=config,
            registry=registry,
            dispatcher=self._dispatcher,
            store=self.store,
            artifacts=self.objects,
            sources=Sources({}),
            write=self._writer.submit,
            tokens=tokens,
            book=TokenBook(tokens, self.store, self._writer.submit, clock),
            ids=ids,
            clock=clock,
            readiness=_ready(),
            limits=Limits(config.limits, clock.now),
            check_callback=self._outbound.check_callback,
            hooks=self._hooks,
        )
        self._gateway: Gateway | None = None

    @classmethod
    async def open(cls, config: Config, registry: Registry, clock: FakeClock) -> "House":
        """Build and start every room."""
        house = cls(config, registry, clock)
        await house._writer.start()
        await house._hooks.startup()
        await house._dispatcher.start()
        return house

    async def use(self, config: Config, registry: Registry) -> None:
        """Go on with other plugins and sources, as after a reload.

        Raises:
            SourcesError: the sources do not fit the plugins.
        """
        hooks = {each.plugin.name: each.plugin.hooks.keys() for each in registry.active}
        hooks[own.plugin.name] = own.plugin.hooks.keys()
        sources = Sources.build(config, registry.commands, (), hooks)
        self._deps = replace(self._deps, config=config, registry=registry, sources=sources)
        change = await self._hooks.change(_with_hooks(registry))
        self._facilities.use(registry, config)
        self._facilities.watch(config, self.progress)
        self._dispatcher.use(registry)
        self._runners.keep(registry.commands.values())
        if self._gateway is not None:
            self._gateway.use(Tables.build(self._deps))
        await self._hooks.retire(change.gone)

    @property
    def gateway(self) -> Gateway:
        """The ASGI application, built when it is first asked for."""
        if self._gateway is None:
            self._gateway = build(self._deps)
        return self._gateway

    async def submit(self, command: Command, body: bytes, caller: str, key: str | None) -> str:
        """Store a job as a trigger does.

        Args:
            command: what to run.
            body: of the trigger: the input and how to run it.
            caller: the principal.
            key: the `Idempotency-Key`.

        Returns:
            Its id.

        Raises:
            Refused: the gateway would refuse it.
        """
        way = CommandWay(self._deps, command)
        stored, _ = await way.trigger(body, Principal(caller, ("admin",)), key, None)
        assert isinstance(stored, Enqueued)  # noqa: S101  everything else was refused
        return stored.job_id

    async def ended(self, job_id: str, patience: float) -> Job | None:
        """The job once it has ended, or None when that takes longer than so many seconds of real time.

        What it, or a job it called for, has to wait for by the clock, is skipped.
        """
        try:
            async with asyncio.timeout(patience):
                while True:
                    self._changed.clear()
                    job = await self.store.job(job_id)
                    if job is None:
                        raise Refused("not_found", f"There is no job {job_id}.")
                    if job.status in TERMINAL:
                        return job
                    await self._skip(job_id)
                    await self._changed.wait()
        except TimeoutError:
            return None

    async def _skip(self, job_id: str) -> None:
        """Move the clock to when the next of these jobs is due, unless one is due already."""
        family = {job_id}
        waits: list[int] = []
        for job in await self.all_jobs():  # children come after their parents
            if job.id in family or job.parent in family:
                family.add(job.id)
                if job.status == "queued":
                    waits.append(job.run_at - self._clock.now())
        if waits and min(waits) > 0:
            self._clock.advance(min(waits))

    async def all_jobs(self) -> list[Job]:
        """Every job, the oldest first."""
        found = [await self.store.job(job.id) for job in (await self.store.jobs(JobQuery(limit=MOST))).jobs]
        return [job for job in reversed(found) if job is not None]

    async def change(self, op: Op) -> Result:
        """Have the store do something."""
        return await self._writer.submit(op)

    async def cancel(self, job_id: str) -> None:
        """Cancel a job."""
        await self._dispatcher.cancel(job_id)

    async def aclose(self) -> None:
        """Stop what still runs, and end every room."""
        await self._dispatcher.drain()
        await self._facilities.aclose()
        await self._outbound.drain()
        await self._runners.aclose()
        await self._hooks.shutdown()
        await self._writer.aclose()
        sys.setswitchinterval(self._switch)


def _ready() -> Readiness:
    readiness = Readiness()
    readiness.state = "ready"
    return readiness


def _with_hooks(registry: Registry) -> list[tuple[Plugin[Any], object]]:
    return [(each.plugin, each.config) for each in registry.active if isinstance(each.plugin, Plugin)]
