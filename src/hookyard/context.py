"""What a running command, or a hook, is handed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, Protocol

from msgspec import Struct

from hookyard.errors import Cancelled

if TYPE_CHECKING:
    # Type checkers know the default of PEP 696 today; at run time it needs Python 3.13.
    from typing_extensions import TypeVar

    C_co = TypeVar("C_co", covariant=True, default=object)
else:
    from typing import TypeVar

    C_co = TypeVar("C_co", covariant=True)


class Logger(Protocol):
    """Structured logging: an event in dotted words, and what belongs to it as keyword arguments."""

    def debug(self, event: str, **values: object) -> object:
        """For the author of the plugin."""
        ...

    def info(self, event: str, **values: object) -> object:
        """Something happened as it should."""
        ...

    def warning(self, event: str, **values: object) -> object:
        """Something is odd, and the work goes on."""
        ...

    def error(self, event: str, **values: object) -> object:
        """Something failed."""
        ...

    def exception(self, event: str, **values: object) -> object:
        """Something failed, with the exception that is being handled."""
        ...


class JobInfo(Struct, frozen=True, kw_only=True):
    """The job and the attempt that a command runs for."""

    id: str
    plugin: str
    command: str
    attempt: int = 1
    """Counted from 1."""
    max_attempts: int = 1
    deadline: int | None = None
    """When this attempt's time is up, in milliseconds since 1970-01-01 UTC."""
    principal: str = ""
    """Who asked: `token:ci`, `source:github`."""
    source: str | None = None
    """The source the job came in by, if any."""
    request_id: str = ""
    tags: tuple[str, ...] = ()


class CancelFlag:
    """Raised by one side, looked at by the other; safe between threads, and cheaper than an Event."""

    __slots__ = ("_raised",)

    def __init__(self) -> None:
        self._raised = False

    def set(self) -> None:
        """Ask the command to stop."""
        self._raised = True

    def is_set(self) -> bool:
        """Whether that was asked."""
        return self._raised


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


class HookContext(Generic[C_co]):
    """Handed to a hook: which plugin it is, with its configuration and its logger."""

    __slots__ = ("config", "log", "plugin")

    config: C_co
    """The plugin's configuration."""
    plugin: str
    """The plugin's name."""
    log: Logger
    """A logger whose lines carry the plugin's name."""

    def __init__(self, plugin: str, config: C_co, log: Logger) -> None:
        self.plugin = plugin
        self.config = config
        self.log = log
