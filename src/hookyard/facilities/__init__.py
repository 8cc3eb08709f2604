"""What a running command finds behind its context, from the log to the calls of other commands."""

from hookyard.clock import Clock
from hookyard.config.model import Config
from hookyard.facilities.blobs import Objects
from hookyard.facilities.contract import Attempt, Jobs
from hookyard.facilities.port import HostPort
from hookyard.facilities.redact import Redactor
from hookyard.facilities.rooms import Rooms
from hookyard.facilities.secrets import ResolveSecret
from hookyard.host.registry import Registry
from hookyard.ids import IdSource
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import Store

__all__ = ["Facilities", "HostPort", "Redactor"]


class Facilities:
    """Opens the host's side of each attempt. Made and used on one event loop.

    Args:
        config: the plugins' settings.
        registry: the commands that may be called, and the secrets that plugins declare.
        objects: where the content of artifacts is kept.
        resolve_secret: asked for the secrets that the configuration does not have.
    """

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
        self._rooms = Rooms(
            config,
            registry,
            store=store,
            writer=writer,
            objects=objects,
            clock=clock,
            ids=ids,
            resolve_secret=resolve_secret,
        )

    def bind(self, jobs: Jobs) -> None:
        """Say where called jobs go, before the first attempt."""
        self._rooms.jobs = jobs

    def use(self, registry: Registry, config: Config) -> None:
        """Go on with these plugins and settings; what runs keeps what it has."""
        self._rooms.use(registry, config)

    def open(self, attempt: Attempt) -> HostPort:
        """The host's side of an attempt."""
        return HostPort(self._rooms, attempt)

    def redactor(self, plugin: str) -> Redactor | None:
        """What keeps a plugin's secrets out of sight, if it has any."""
        return self._rooms.vault.redactors.get(plugin)

    async def aclose(self) -> None:
        """Finish what goes on in the background, and close all connections."""
        await self._rooms.aclose()
