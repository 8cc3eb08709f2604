"""Commands in persistent child processes, one pool of them for each load of a plugin."""

from collections.abc import Callable, Collection, Coroutine
from functools import partial
from typing import Any

from hookyard.errors import PluginFailed
from hookyard.host.foreign.worker.launch import WorkerLaunch
from hookyard.runners.contract import Call
from hookyard.runners.worker.pool import Pool

__all__ = ["WorkerRunner"]


class WorkerRunner:
    """Runs commands whose `launch` is a :class:`hookyard.host.foreign.worker.launch.WorkerLaunch`.

    Cancelling a command, and the end of its time: it is asked to stop, its group gets SIGTERM a second later if it has
    not, and SIGKILL after the plugin's `grace`. A command that stops when asked keeps its process.

    Args:
        clean: takes the secrets of a plugin, which is named first, out of a text for the server's log.
    """

    def __init__(self, clean: Callable[[str, str], str] | None = None) -> None:
        self._clean = clean or _as_it_is
        self._pools: dict[WorkerLaunch, Pool] = {}

    @property
    def pools(self) -> Collection[Pool]:
        """What there is now."""
        return self._pools.values()

    def run(self, call: Call) -> Coroutine[Any, Any, bytes]:
        """See :class:`hookyard.runners.contract.Runner`.

        Raises:
            PluginFailed: the process died, broke its protocol or could not be started.
            RetryLater: the last process could not be started, and it is too early for the next.
        """
        launch = call.command.launch
        pool = self._pools.get(launch)  # type: ignore[call-overload]
        return self._open(call) if pool is None else pool.run(call)

    def keep(self, launches: Collection[object]) -> None:
        """A new registry is in place: what it does not have any more ends with its running jobs."""
        kept = set(map(id, launches))
        for launch, pool in list(self._pools.items()):
            if id(launch) not in kept:
                pool.retire()

    async def aclose(self) -> None:
        """End all processes."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    async def _open(self, call: Call) -> bytes:
        launch = call.command.launch
        if not isinstance(launch, WorkerLaunch):
            msg = "nothing says how its worker is started"
            raise PluginFailed(call.command.key, msg, retryable=False)
        pool = self._pools.get(launch)
        if pool is None:
            pool = self._pools[launch] = Pool(launch, lambda: self._drop(launch), partial(self._clean, launch.plugin))
        return await pool.run(call)

    def _drop(self, launch: WorkerLaunch) -> None:
        self._pools.pop(launch, None)


def _as_it_is(_plugin: str, text: str) -> str:
    return text
