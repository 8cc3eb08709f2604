"""What the gateway is built from, and what it asks of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from hookyard.artifacts import ArtifactStore
from hookyard.auth import Tokens
from hookyard.clock import Clock
from hookyard.config.model import Config
from hookyard.gateway.readiness import Readiness
from hookyard.gateway.tokenbook import TokenBook
from hookyard.host.changes import Changes
from hookyard.host.hooks import Hooks
from hookyard.host.registry import Command, Registry
from hookyard.ids import IdSource
from hookyard.inbound import Sources
from hookyard.model import Job
from hookyard.store.contract import Dedupe, Enqueued, Mismatch, Op, Result, Store


class Dispatcher(Protocol):
    """Takes jobs."""

    async def accept(
        self, job: Job, command: Command, data: Struct | None, dedupe: Dedupe | None
    ) -> Enqueued | Mismatch:
        """Store a job and return once it is on disk.

        Raises:
            StoreUnavailable: nothing was stored.
        """
        ...

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """Return the job once it is terminal, or None when it is not by then."""
        ...


@dataclass(frozen=True, kw_only=True)
class GatewayDeps:
    """Everything the gateway needs."""

    config: Config
    registry: Registry
    dispatcher: Dispatcher
    store: Store
    artifacts: ArtifactStore
    sources: Sources
    write: Callable[[Op], Awaitable[Result]]
    """Has an operation applied, and returns once it is on disk. Raises StoreUnavailable, StoreError."""
    tokens: Tokens
    book: TokenBook
    """The tokens of the store."""
    ids: IdSource
    clock: Clock
    readiness: Readiness
    check_callback: Callable[[str], str | None]
    """Say why a callback URL is refused, or None."""
    hooks: Hooks = field(default_factory=Hooks)
    reload: Callable[[], Awaitable[Changes]] | None = None
    """Read the configuration and the plugins again. Raises ConfigError when nothing was changed."""
