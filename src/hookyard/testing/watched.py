"""Parts of a server that a test looks into: what they do is the same, and what commands do with them is kept."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hookyard.config.model import Config, PluginSettings
from hookyard.context.messages import Note, ProgressNote
from hookyard.facilities import Facilities, HostPort
from hookyard.facilities.contract import Attempt
from hookyard.host.hooks import Hooks
from hookyard.runners import Call, Runners
from hookyard.store.contract import Op, Result
from hookyard.store.memory import MemoryStore

if TYPE_CHECKING:
    # Made on first use only, as in a server.
    import httpx


class LoopStore(MemoryStore):
    """Changes on the event loop only, where it is read too, and tells of every change."""

    def __init__(self, loop: asyncio.AbstractEventLoop, changed: Callable[[], None]) -> None:
        super().__init__()
        self._loop = loop
        self._tell = changed

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        """Called on the writer's thread."""
        return asyncio.run_coroutine_threadsafe(self._apply(ops), self._loop).result()

    async def _apply(self, ops: Sequence[Op]) -> list[Result]:
        results = super().apply(ops)
        self._tell()
        return results


class WatchedRunners(Runners):
    """Keeps what commands raise."""

    def __init__(self, hooks: Hooks, errors: dict[str, Exception]) -> None:
        super().__init__(hooks)
        self._errors = errors

    def run(self, call: Call) -> Coroutine[Any, Any, bytes]:
        """Run it, and watch."""
        return self._watched(super().run(call), call.info.id)

    async def _watched(self, run: Coroutine[Any, Any, bytes], job_id: str) -> bytes:
        try:
            return await run
        except Exception as error:
            self._errors[job_id] = error
            raise


class Shared:
    """What a host's ports share.

    Args:
        progress: where what commands say of it is kept.
        networked: the plugins that the test lets call out, by rules of its own; all others reach nobody.
    """

    def __init__(self, progress: list[ProgressNote], networked: frozenset[str]) -> None:
        self.progress = progress
        self.networked = networked

    @cached_property
    def client(self) -> "httpx.AsyncClient":
        """One that reaches nobody."""
        from hookyard.egress.unreachable import unreachable_client

        return unreachable_client()

    @cached_property
    def blocking(self) -> "httpx.Client":
        """The same for threads."""
        from hookyard.egress.unreachable import unreachable_blocking_client

        return unreachable_blocking_client()


class WatchedFacilities(Facilities):
    """Opens ports that are watched."""

    _watched: Shared

    def watch(self, config: Config, progress: list[ProgressNote]) -> None:
        """Keep progress there, from now on and by this configuration."""
        usual = PluginSettings().http
        networked = frozenset(name for name, settings in config.plugins.items() if settings.http != usual)
        self._watched = Shared(progress, networked)

    def open(self, attempt: Attempt) -> HostPort:
        """The host's side of an attempt."""
        return _Port(self, attempt, self._watched)


class _Port(HostPort):
    def __init__(self, facilities: Facilities, attempt: Attempt, watched: Shared) -> None:
        super().__init__(facilities, attempt)
        self._watched = watched
        self._name = attempt.job.plugin

    def tell(self, note: Note) -> None:
        """Take a note, and keep what it says of progress."""
        if isinstance(note, ProgressNote):
            self._watched.progress.append(note)
        super().tell(note)

    def http(self) -> "httpx.AsyncClient":
        """The plugin's client, which reaches nobody unless the test said where it may go."""
        return super().http() if self._name in self._watched.networked else self._watched.client

    def http_blocking(self) -> "httpx.Client":
        """The same for threads."""
        return super().http_blocking() if self._name in self._watched.networked else self._watched.blocking
