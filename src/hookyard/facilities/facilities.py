"""What the house has to offer to a running command, gathered once for all attempts."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from typing import Any

from hookyard import log
from hookyard.clock import Clock
from hookyard.config.model import Config
from hookyard.dispatch.contents import forget
from hookyard.facilities.blobs import Objects
from hookyard.facilities.contract import Attempt, Jobs
from hookyard.facilities.http import Clients
from hookyard.facilities.port import HostPort
from hookyard.facilities.redact import Redactor
from hookyard.facilities.results import Results
from hookyard.facilities.secrets import ResolveSecret, Vault
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.model import Job, Progress
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Store

_log = log.get("facilities")


class Facilities:
    """Opens the host's side of each attempt. Made and used on one event loop.

    Args:
        config: the plugins' settings.
        registry: the commands that may be called, and the secrets that plugins declare.
        objects: where the content of artifacts is kept.
        resolve_secret: asked for the secrets that the configuration does not have.
    """

    jobs: Jobs
    """Where called jobs go."""

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
        resolve_secret: ResolveSecret | None = None,
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
        self._results = Results(store, writer, objects, clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self.use(registry, config)

    def bind(self, jobs: Jobs) -> None:
        """Say where called jobs go, before the first attempt."""
        self.jobs = jobs

    def use(self, registry: Registry, config: Config) -> None:
        """Go on with these plugins and settings; what runs keeps what it has."""
        self._registry = registry
        self.largest_artifact = int(config.artifacts.max_size)
        self.most_artifacts = config.artifacts.max_per_job
        self.vault.use(registry, config)
        self.clients.use(config)

    def open(self, attempt: Attempt) -> HostPort:
        """The host's side of an attempt."""
        return HostPort(self, attempt)

    def clean(self, plugin: str, text: str) -> str:
        """A text without the plugin's secrets."""
        found = self.redactor(plugin)
        return text if found is None else found.text(text)

    def redactor(self, plugin: str) -> Redactor | None:
        """What keeps a plugin's secrets out of sight, if it has any."""
        return self.vault.redactors.get(plugin)

    def progressed(self, job: Job, progress: Progress) -> None:
        """How far a job is has been stored."""
        self.jobs.progressed(job, progress)

    async def keep_result(self, job: Job, token: int, body: bytes) -> str | None:
        """See :class:`hookyard.dispatch.ports.Ports`, as the next two."""
        return await self._results.keep(job, token, body)

    async def result(self, job: Job) -> bytes | None:
        """The result of a job that is kept as an artifact."""
        return await self._results.read(job)

    async def forget(self, locations: Mapping[str, int]) -> None:
        """Forget the content of artifacts."""
        await forget(self.objects, locations)

    def find(self, key: str) -> Command | None:
        """A command that can be called."""
        return self._registry.commands.get(key)

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that no attempt waits for."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def aclose(self) -> None:
        """Finish what goes on in the background, and close all connections."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.clients.aclose()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("facilities.background_failed", error=type(error).__name__, why=str(error))
