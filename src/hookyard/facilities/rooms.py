"""What the house has to offer to a running command, gathered once for all attempts."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import Config
from hookyard.facilities.blobs import Objects
from hookyard.facilities.contract import Jobs
from hookyard.facilities.http import Clients
from hookyard.facilities.secrets import ResolveSecret, Vault
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Store

_log = log.get("facilities")


class Rooms:
    """See :class:`hookyard.facilities.Facilities`, which says what the arguments are."""

    jobs: Jobs
    """Set before the first attempt."""

    def __init__(
        self,
        config: Config,
        registry: Registry,
        *,
        store: Store,
        writer: Coalescer,
        objects: Objects,
        clock: Clock,
        ids: IdSource,
        resolve_secret: ResolveSecret | None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.store = store
        self.writer = writer
        self.objects = objects
        self.clock = clock
        self.ids = ids
        self.clients = Clients(config)
        self.vault = Vault(resolve_secret)
        self.largest_artifact = int(config.artifacts.max_size)
        self._registry = registry
        self._tasks: set[asyncio.Task[None]] = set()
        self.use(registry, config)

    def use(self, registry: Registry, config: Config) -> None:
        """Go on with these plugins and their settings."""
        self._registry = registry
        self.largest_artifact = int(config.artifacts.max_size)
        self.vault.use(registry, config)
        self.clients.use(config)

    def find(self, key: str) -> Command | None:
        """A command that can be called."""
        return self._registry.commands.get(key)

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that no attempt waits for."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def aclose(self) -> None:
        """Wait for what is being done, and close the clients."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.clients.aclose()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("facilities.background_failed", error=type(error).__name__, why=str(error))
