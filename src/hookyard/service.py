"""The whole house in one process: every room built from one configuration, started and stopped in order."""

import gc
from pathlib import Path
from typing import Self

from hookyard import ids, log
from hookyard.auth.tokens import Tokens
from hookyard.clock import Clock, SystemClock
from hookyard.config.model import Config
from hookyard.dispatch.dispatcher import Dispatcher
from hookyard.gateway import GatewayDeps, build
from hookyard.gateway.health import Health
from hookyard.host.load import load
from hookyard.host.registry import Registry
from hookyard.inbound import Sources
from hookyard.outbound import Outbound
from hookyard.runners import Runners, Watchdog
from hookyard.store.coalescer import Coalescer
from hookyard.store.sqlite import SqliteStore

_log = log.get("service")


class Service:
    """A running Hookyard, without the server in front of it.

    Use :meth:`open`; then `app` answers once :meth:`start` has returned.
    """

    def __init__(self, config: Config, base: Path, store: SqliteStore, clock: Clock, last_id: str | None) -> None:
        self.config = config
        self.health = Health()
        self._store = store
        self._writer = Coalescer(store, queue=config.store.queue, batch=config.store.batch)
        make_id = ids.IdSource(clock, after=0 if last_id is None else ids.key(last_id))
        self.registry: Registry = load(config, base)
        sources = Sources.build(config, self.registry.commands)
        self._outbound = Outbound(config, self._writer, make_id, clock)
        self._runners = Runners(clock)
        self._watchdog = Watchdog(self._runners)
        self._dispatcher = Dispatcher(
            store=store,
            writer=self._writer,
            registry=self.registry,
            runners=self._runners,
            settings=config.jobs,
            clock=clock,
            outbox=self._outbound.outbox,
            ended=self.registry.hooks.job_ended,
        )
        self.app = build(
            GatewayDeps(
                config=config,
                registry=self.registry,
                dispatcher=self._dispatcher,
                store=store,
                sources=sources,
                tokens=Tokens(config.tokens),
                ids=make_id,
                clock=clock,
                health=self.health,
                check_callback=self._outbound.check_callback,
            )
        )

    @classmethod
    async def open(cls, config: Config, base: Path, *, clock: Clock | None = None) -> Self:
        """Open the store and build every room.

        Args:
            base: the folder that relative paths in the configuration start from.

        Raises:
            ConfigError: the configuration does not fit the plugins.
            StoreError: the store cannot be opened.
        """
        store = await SqliteStore.open(base / config.store.path, synchronous=config.store.synchronous)
        try:
            return cls(config, base, store, clock or SystemClock(), await store.last_id())
        except BaseException:
            await store.aclose()
            store.close()
            raise

    async def start(self) -> None:
        """Start every room, the receiving end last; then say ready."""
        await self._writer.start()
        await self.registry.hooks.startup()
        self._watchdog.start()
        await self._outbound.start()
        await self._dispatcher.start()
        for plugin in self.registry.plugins:
            report = _log.info if plugin.reason is None else _log.warning
            report("plugin.loaded", plugin=plugin.name, state=plugin.state, reason=plugin.reason)
        # What start-up built lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        self.health.state = "ready"

    def begin_drain(self) -> None:
        """Take nothing new from now on, and say so."""
        self.health.state = "draining"
        self._dispatcher.stop_accepting()

    async def stop(self) -> None:
        """Finish or give back what runs, send what is being sent, and close the store."""
        self.begin_drain()
        await self._dispatcher.drain()
        await self._outbound.drain()
        self._watchdog.stop()
        await self._runners.aclose()
        await self.registry.hooks.shutdown()
        await self._writer.aclose()
        await self._store.aclose()
        gc.unfreeze()
