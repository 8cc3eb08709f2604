"""Commands to run, and what was logged meanwhile."""

import threading
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from hookyard import Context, JobInfo, Plugin, SyncContext
from hookyard.context import CancelFlag
from hookyard.host.registry import Command
from hookyard.runners import Runner
from hookyard.testing.run import FakeCall


class In(Struct):
    text: str = "x"


class Out(Struct):
    text: str


AsyncBody = Callable[[In, Context], Coroutine[Any, Any, Out]]
SyncBody = Callable[[In, SyncContext], Out]


def bind(function: AsyncBody | SyncBody) -> Command:
    """A function as the command `lab/<its name>`."""
    plugin = Plugin("lab")
    declare: Any = plugin.command
    declare(function)
    (spec,) = plugin.commands.values()
    return Command(spec=spec, config=None, lane=spec.key, lane_limit=64, timeout=60_000, max_attempts=4)


def info_of(command: Command) -> JobInfo:
    return JobInfo(id=f"job-{command.spec.name}", plugin="lab", command=command.spec.name)


def start(
    runner: Runner, function: AsyncBody | SyncBody, *, timeout: int = 30_000, cancel: CancelFlag | None = None
) -> Coroutine[Any, Any, bytes]:
    """One attempt; the timeout is in milliseconds."""
    command = bind(function)
    return runner.run(FakeCall(command, In(), info_of(command), timeout, cancel=cancel or CancelFlag()))


class Recorder:
    """Stands in for a module's logger; `happened` can be waited for from any thread."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self._changed = threading.Condition()

    def _record(self, event: str, **values: object) -> None:
        with self._changed:
            self.lines.append((event, values))
            self._changed.notify_all()

    debug = info = warning = error = exception = _record

    def bind(self, **_values: object) -> "Recorder":
        return self

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.lines]

    def happened(self, event: str, seconds: float = 20) -> dict[str, Any]:
        """The values of the first such line; waits for it."""
        with self._changed:
            if not self._changed.wait_for(lambda: event in self.events, seconds):
                msg = f"{event} was not logged, but {self.events}"
                raise AssertionError(msg)
            return next(values for name, values in self.lines if name == event)
