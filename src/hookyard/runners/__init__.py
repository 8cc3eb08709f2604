"""Where commands run: on the event loop or in threads, behind one door."""

from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, Protocol, runtime_checkable

from hookyard.context import CancelFlag, JobInfo
from hookyard.host.hooks import Hooks
from hookyard.host.registry import Command
from hookyard.runners.contract import AttemptTimedOut, Call, Runner
from hookyard.runners.ductile import DuctileRunner
from hookyard.runners.exec import ExecRunner
from hookyard.runners.inline import InlineRunner
from hookyard.runners.thread import ThreadRunner
from hookyard.runners.watchdog import Watchdog
from hookyard.runners.worker import WorkerRunner

__all__ = ["AttemptTimedOut", "Call", "CancelFlag", "InlineRunner", "Runner", "Runners", "ThreadRunner", "Watchdog"]


@runtime_checkable
class Keeper(Protocol):
    """A runner that holds processes."""

    def keep(self, launches: Collection[object]) -> None:
        """Retire what serves none of these launches."""
        ...


class Runners:
    """Picks the runner that a command's isolation names.

    Args:
        hooks: whose middlewares wrap every attempt.
        clean: takes the secrets of a plugin, which is named first, out of a text for the server's log.
    """

    def __init__(self, hooks: Hooks | None = None, clean: Callable[[str, str], str] | None = None) -> None:
        self._hooks = hooks
        self.inline = InlineRunner()
        self.thread = ThreadRunner()
        self._watchdog = Watchdog(self)
        self._by_isolation: dict[str, Runner] = {
            "inline": self.inline,
            "thread": self.thread,
            "worker": WorkerRunner(clean),
            "exec": ExecRunner(),
            "ductile": DuctileRunner(),
        }

    def start(self) -> None:
        """Watch the running event loop for commands that block it; running commands works without."""
        self._watchdog.start()

    @property
    def current(self) -> JobInfo | None:
        """The job whose step holds the event loop now."""
        return self.inline.current

    def run(self, call: Call) -> Coroutine[Any, Any, bytes]:
        """See :meth:`hookyard.runners.contract.Runner.run`."""
        runner = self._by_isolation[call.command.spec.options.isolation]
        if self._hooks is not None and self._hooks.has_run_middleware:
            return self._hooks.around(call.info, lambda: runner.run(call))
        return runner.run(call)

    def keep(self, commands: Iterable[Command]) -> None:
        """A new registry is in place: the processes of what it does not have any more end with their running jobs."""
        launches = [command.launch for command in commands if command.launch is not None]
        for runner in self._by_isolation.values():
            if isinstance(runner, Keeper):
                runner.keep(launches)

    async def aclose(self) -> None:
        """Stop watching, and free what the runners hold."""
        self._watchdog.stop()
        for runner in self._by_isolation.values():
            await runner.aclose()
