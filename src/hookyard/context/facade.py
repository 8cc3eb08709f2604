"""What a running command is handed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic

from hookyard.context.cancel import CancelFlag
from hookyard.context.job import JobInfo
from hookyard.context.logger import Logger
from hookyard.errors import Cancelled

if TYPE_CHECKING:
    # Type checkers know the default of PEP 696 today; at run time it needs Python 3.13.
    from typing_extensions import TypeVar

    C_co = TypeVar("C_co", covariant=True, default=object)
else:
    from typing import TypeVar

    C_co = TypeVar("C_co", covariant=True)


class _JobContext(Generic[C_co]):
    """What both kinds of command have in common.

    Args:
        config: the plugin's own configuration, decoded and checked at start.
        job: the job and the attempt.
        cancel: set when the command should stop.
        make_log: makes the job's logger, when the command first asks for it.
    """

    __slots__ = ("_cancel", "_log", "_make_log", "config", "job")

    config: C_co
    """The plugin's configuration: the Struct that `Plugin(config=...)` names."""
    job: JobInfo
    """What this call is."""

    def __init__(self, config: C_co, job: JobInfo, cancel: CancelFlag, make_log: Callable[[JobInfo], Logger]) -> None:
        self.config = config
        self.job = job
        self._cancel = cancel
        self._make_log = make_log
        self._log: Logger | None = None

    @property
    def log(self) -> Logger:
        """A logger whose lines carry the job's and the request's id."""
        if self._log is None:
            self._log = self._make_log(self.job)
        return self._log

    @property
    def cancelled(self) -> bool:
        """Whether the command should stop: its time is up, or the job was cancelled."""
        return self._cancel.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise :class:`hookyard.Cancelled` when the command should stop; call it between steps."""
        if self._cancel.is_set():
            msg = "the job was cancelled or its time is up"
            raise Cancelled(msg)


class Context(_JobContext[C_co]):
    """Handed to an `async def` command; `Context[Config]` where `ctx.config` is used."""

    __slots__ = ()


class SyncContext(_JobContext[C_co]):
    """Handed to a `def` command, which runs in a thread; `SyncContext[Config]` where `ctx.config` is used."""

    __slots__ = ()
