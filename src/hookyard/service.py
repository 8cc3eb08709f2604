"""The whole house in one process: every room built from one configuration, started and stopped in order."""

import gc
from typing import Self

from hookyard import ids, log
from hookyard.artifacts import ArtifactStore
from hookyard.assembly import Assembly, assemble
from hookyard.auth import Tokens
from hookyard.clock import Clock, SystemClock
from hookyard.config import Loaded
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.errors import ConfigError
from hookyard.facilities import Facilities
from hookyard.gateway import GatewayDeps, Health, build
from hookyard.host.hooks import Hooks
from hookyard.outbound import Outbound
from hookyard.plugin import Plugin
from hookyard.runners import Runners
from hookyard.store.coalescer import Coalescer
from hookyard.store.sqlite import SqliteStore

_log = log.get("service")
_WRONG = {"failed", "blocked", "incompatible"}


class Service:
    """A running Hookyard, without the server in front of it.

    Use :meth:`open`; then `app` answers once :meth:`start` has returned.
    """

    def __init__(
        self, loaded: Loaded, assembly: Assembly, store: SqliteStore, clock: Clock, make_id: ids.IdSource
    ) -> None:
        config = loaded.config
        self.config = config
        self._assembly = assembly
        self._store = store
        self._health = Health()
        self._writer = Coalescer(store, queue=config.store.queue, batch=config.store.batch)
        self._hooks = Hooks(
            (active.plugin, active.config) for active in assembly.registry.active if isinstance(active.plugin, Plugin)
        )
        self._outbound = Outbound(config, self._writer, make_id, clock, ended=self._hooks.delivery_ended)
        self._runners = Runners(self._hooks)
        self._facilities = Facilities(
            config,
            assembly.registry,
            store=store,
            writer=self._writer,
            objects=ArtifactStore.open(config.artifacts, loaded.base),
            clock=clock,
            ids=make_id,
            resolve_secret=self._hooks.resolve_secret,
        )
        self._dispatcher = Dispatcher(
            store=store,
            writer=self._writer,
            registry=assembly.registry,
            runners=self._runners,
            settings=config.jobs,
            clock=clock,
            outbox=self._outbound.outbox,
            ports=self._facilities,
            ended=self._hooks.job_ended,
            started=self._hooks.job_started,
        )
        self._facilities.bind(self._dispatcher)
        self.app = build(
            GatewayDeps(
                config=config,
                registry=assembly.registry,
                dispatcher=self._dispatcher,
                store=store,
                sources=assembly.sources,
                tokens=Tokens(config.tokens),
                ids=make_id,
                clock=clock,
                health=self._health,
                check_callback=self._outbound.check_callback,
                hooks=self._hooks,
            )
        )

    @classmethod
    async def open(cls, loaded: Loaded, *, clock: Clock | None = None) -> Self:
        """Open the store and build every room.

        Raises:
            ConfigError: the configuration does not fit the plugins, or one of the rooms.
            StoreError: the store cannot be opened.
        """
        assembly = assemble(loaded)
        if assembly.problems:
            raise ConfigError(assembly.problems)
        clock = clock or SystemClock()
        settings = loaded.config.store
        store = await SqliteStore.open(loaded.base / settings.path, synchronous=settings.synchronous)
        try:
            last = await store.last_id()
            make_id = ids.IdSource(clock, after=0 if last is None else ids.key(last))
            return cls(loaded, assembly, store, clock, make_id)
        except BaseException:
            await store.aclose()
            store.close()
            raise

    async def start(self) -> None:
        """Start every room, the receiving end last; then say ready."""
        await self._writer.start()
        await self._hooks.startup()
        self._runners.start()
        await self._outbound.start()
        await self._dispatcher.start()
        for plugin in self._assembly.registry.plugins:
            report = _log.warning if plugin.state in _WRONG else _log.info
            report("plugin.listed", plugin=plugin.name, state=plugin.state, reason=plugin.reason)
        for route in self._assembly.degraded:
            _log.warning("route.unavailable", route=route.path, line=route.line, reason=route.message)
        # What start-up built lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        self._health.state = "ready"

    def begin_drain(self) -> None:
        """Take nothing new from now on, and say so."""
        self._health.state = "draining"
        self._dispatcher.stop_accepting()

    def release_jobs(self) -> None:
        """Do not wait for running jobs any longer: stop them, and give them back to the queue."""
        self._dispatcher.release_all()

    async def stop(self) -> None:
        """Finish or give back what runs, send what is being sent, and close the store."""
        self.begin_drain()
        await self._dispatcher.drain()
        await self._facilities.aclose()
        await self._outbound.drain()
        await self._runners.aclose()
        await self._hooks.shutdown()
        await self._writer.aclose()
        await self._store.aclose()
        gc.unfreeze()
