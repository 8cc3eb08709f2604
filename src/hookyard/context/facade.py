"""What a running command is handed."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic, TypeVar, overload

from hookyard.context import calls
from hookyard.context.artifacts import Artifacts, SyncArtifacts
from hookyard.context.cancel import CancelFlag
from hookyard.context.events import EventBudget
from hookyard.context.job import JobInfo
from hookyard.context.logger import JobLogger, Logger
from hookyard.context.messages import CallCommand, ProgressNote
from hookyard.context.port import Port
from hookyard.context.secrets import Secrets, SyncSecrets
from hookyard.context.state import State, SyncState
from hookyard.context.values import Encodable, fits_utf8
from hookyard.errors import Cancelled, ContextError

if TYPE_CHECKING:
    # Loaded by whoever calls somebody, and only then.
    import httpx

    # Type checkers know the default of PEP 696 today; at run time it needs Python 3.13.
    from typing_extensions import TypeVar as _TypeVar

    C_co = _TypeVar("C_co", covariant=True, default=object)
else:
    C_co = TypeVar("C_co", covariant=True)

T = TypeVar("T")
LONGEST_MESSAGE: Final = 500
"""Characters of a progress message."""


class JobContext(Generic[C_co]):
    """What both kinds of command have in common.

    Args:
        config: the plugin's own configuration, decoded and checked at start.
        job: the job and the attempt.
        cancel: set when the command should stop.
        open_port: gives the host's side, when the command first asks for something of it.
    """

    # `__dict__` holds what was made on first use, and is itself made then: most commands use little of all this.
    __slots__ = ("__dict__", "_cancel", "_open_port", "config", "job")

    config: C_co
    """The plugin's configuration: the Struct that `Plugin(config=...)` names."""
    job: JobInfo
    """What this call is."""

    def __init__(self, config: C_co, job: JobInfo, cancel: CancelFlag, open_port: Callable[[], Port]) -> None:
        self.config = config
        self.job = job
        self._cancel = cancel
        self._open_port = open_port

    @cached_property
    def _port(self) -> Port:
        return self._open_port()

    @cached_property
    def log(self) -> Logger:
        """A logger whose lines are kept with the job; in the server's log they carry its id and the request's."""
        return JobLogger(self._port.tell)

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Say how far the job is, in whatever it counts; cheap enough for every step of a loop.

        Args:
            total: what `done` will be at the end, when that is known.
            message: a few words for people.
        """
        self._port.tell(ProgressNote(float(done), None if total is None else float(total), _short(message)))

    def emit(self, type: str, data: Encodable = None, *, dedupe_key: str | None = None) -> None:
        """Publish an event with the commit that ends the job, whatever its end; dropped when the attempt is repeated.

        Args:
            type: dotted words such as `order.paid`; those that begin with `job.` are Hookyard's own.
            data: what to say of it, such as a Struct.
            dedupe_key: what makes two events the same one to those who act on them.

        Raises:
            ContextError: the type is none, the data is not JSON or not what the plugin declares for the type, or the
                attempt emitted too much. Uncaught, it ends the job: another attempt would say the same.
        """
        note, declared = self._events.note(type, data, dedupe_key), self._port.declared.get(type)
        if declared is not None and (why := declared.problem(note.payload)):
            raise ContextError(why, retryable=False)
        self._port.tell(note)

    @cached_property
    def _events(self) -> EventBudget:
        return EventBudget()

    @property
    def cancelled(self) -> bool:
        """Whether the command should stop: its time is up, or the job was cancelled."""
        return self._cancel.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise :class:`hookyard.Cancelled` when the command should stop; call it between steps."""
        if self._cancel.is_set():
            msg = "the job was cancelled or its time is up"
            raise Cancelled(msg)

    def _question(self, command: str, data: object, *, wait: bool) -> CallCommand:
        # Counted when it is asked: an attempt that does the same again gives its calls the same numbers.
        number = self.__dict__["_calls"] = self.__dict__.get("_calls", 0) + 1
        return calls.question(command, data, number, wait=wait)


class Context(JobContext[C_co]):
    """Handed to an `async def` command; `Context[Config]` where `ctx.config` is used."""

    __slots__ = ()

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets that the plugin declares: `await ctx.secrets.get("name")`."""
        return Secrets(self._port)

    @cached_property
    def state(self) -> State:
        """What the plugin keeps between jobs: typed values under keys, with compare-and-set."""
        return State(self._port)

    @cached_property
    def artifacts(self) -> Artifacts:
        """Named blobs of the job, streamed."""
        return Artifacts(self._port)

    @property
    def http(self) -> "httpx.AsyncClient":
        """The plugin's HTTP client, guarded: it reaches what the configuration allows. Never close it."""
        return self._port.http()

    @overload
    async def call(self, command: str, data: Encodable = None, *, type: type[T]) -> T: ...
    @overload
    async def call(self, command: str, data: Encodable = None) -> object: ...
    async def call(self, command: str, data: Encodable = None, *, type: type[object] = object) -> object:
        """Run another command as a child job and wait for its answer.

        When this job is tried again, a call that is made again in the same order with the same input gets the answer
        of the child that succeeded.

        Args:
            command: `plugin/command`.
            data: its input.
            type: what its answer is decoded into; left out, plain JSON types.

        Raises:
            CallError: there is no such command, its input is refused, or it did not succeed.
        """
        question = self._question(command, data, wait=True)
        return calls.result(command, await self._port.ask(question), type)

    async def spawn(self, command: str, data: Encodable = None) -> str:
        """Run another command as a child job without waiting for it; returns the child's id once it is stored.

        Raises:
            CallError: there is no such command, or its input is refused.
        """
        return (await self._port.ask(self._question(command, data, wait=False))).job_id


class SyncContext(JobContext[C_co]):
    """Handed to a `def` command, which runs in a thread; `SyncContext[Config]` where `ctx.config` is used."""

    __slots__ = ()

    @cached_property
    def secrets(self) -> SyncSecrets:
        """The secrets that the plugin declares: `ctx.secrets.get("name")`."""
        return SyncSecrets(self._port)

    @cached_property
    def state(self) -> SyncState:
        """What the plugin keeps between jobs: typed values under keys, with compare-and-set."""
        return SyncState(self._port)

    @cached_property
    def artifacts(self) -> SyncArtifacts:
        """Named blobs of the job, streamed."""
        return SyncArtifacts(self._port)

    @property
    def http(self) -> "httpx.Client":
        """The plugin's HTTP client, guarded: it reaches what the configuration allows. Never close it."""
        return self._port.http_blocking()

    @overload
    def call(self, command: str, data: Encodable = None, *, type: type[T]) -> T: ...
    @overload
    def call(self, command: str, data: Encodable = None) -> object: ...
    def call(self, command: str, data: Encodable = None, *, type: type[object] = object) -> object:
        """Run another command as a child job and wait for its answer; see :meth:`Context.call`.

        Raises:
            CallError: there is no such command, its input is refused, or it did not succeed.
        """
        question = self._question(command, data, wait=True)
        return calls.result(command, self._port.ask_blocking(question), type)

    def spawn(self, command: str, data: Encodable = None) -> str:
        """Run another command as a child job without waiting for it; returns the child's id once it is stored.

        Raises:
            CallError: there is no such command, or its input is refused.
        """
        return self._port.ask_blocking(self._question(command, data, wait=False)).job_id


def _short(message: str) -> str:
    return fits_utf8(str(message)[:LONGEST_MESSAGE])
