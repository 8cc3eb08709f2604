"""One command under way in a worker."""

import asyncio
import time
from typing import Protocol

from msgspec import DecodeError, Struct
from msgspec.structs import force_setattr

from hookyard.command import CommandSpec
from hookyard.context import CancelFlag, Context, SyncContext
from hookyard.context.events import NO_EVENTS
from hookyard.errors import Cancelled, CommandCrashed, CommandError, PluginFailed
from hookyard.host.foreign.worker.failures import to_failure
from hookyard.host.foreign.worker.messages import Answer, Failed, Result, Run
from hookyard.host.threads import DaemonThreads
from hookyard.worker.http import HttpClients
from hookyard.worker.port import ChannelPort, Sender


class Around(Sender, Protocol):
    """What a job needs of the process it runs in."""

    loop: asyncio.AbstractEventLoop
    threads: DaemonThreads
    http: HttpClients
    config: object

    def finish(self, number: int, message: Result | Failed) -> None:
        """Report how a command ended, and begin the next one."""
        ...


class Job:
    """One command under way. All but a `def` command itself happens on the event loop."""

    __slots__ = ("_around", "_cancel", "_declared", "_port", "_run", "_task", "number")

    def __init__(self, around: Around, run: Run) -> None:
        self.number = run.number
        self._around = around
        self._run = run
        self._cancel = CancelFlag()
        self._declared = NO_EVENTS
        self._port: ChannelPort | None = None
        self._task: asyncio.Task[None] | None = None
        # Its time begins now, however long ago it was sent; nobody else has this value.
        force_setattr(run.info, "deadline", int(time.time() * 1000) + run.timeout)

    def begin(self, spec: CommandSpec | None) -> None:
        """Start the command."""
        if spec is None:
            error = PluginFailed("", f"the plugin has no command {self._run.command!r} any more: it has changed")
            self._end(Failed(self.number, to_failure(error)))
            return
        self._declared = spec.events
        if spec.is_async:
            self._task = self._around.loop.create_task(self._on_loop(spec))
        else:
            self._around.threads.submit(lambda: self._in_thread(spec))

    def stop(self) -> None:
        """Ask the command to stop, by its flag and, where it awaits something, by cancelling that."""
        self._cancel.set()
        if self._port is not None:
            self._port.close()
        if self._task is not None:
            self._task.cancel()

    def answered(self, answer: Answer) -> None:
        """Hand an answer to whoever asked."""
        if self._port is not None:
            self._port.answered(answer, f"{self._run.info.plugin}/{self._run.command}")

    def port(self) -> ChannelPort:
        """The host's side of this attempt."""
        if self._port is None:
            self._port = ChannelPort(self.number, self._around, self._around.loop, self._around.http, self._declared)
        return self._port

    async def _on_loop(self, spec: CommandSpec) -> None:
        message: Result | Failed
        try:
            data = _decode(spec, self._run.args)
            ctx = Context(self._around.config, self._run.info, self._cancel, self.port)
            message = Result(self.number, spec.encode(await spec.function(data, ctx)))
        except GeneratorExit:  # the loop itself is taken away
            raise
        except BaseException as error:  # noqa: BLE001  it is the server that judges
            message = self._failed(spec, error)
        self._end(message)

    def _in_thread(self, spec: CommandSpec) -> None:
        message: Result | Failed
        try:
            data = _decode(spec, self._run.args)
            ctx = SyncContext(self._around.config, self._run.info, self._cancel, self.port)
            message = Result(self.number, spec.encode(spec.function(data, ctx)))
        except BaseException as error:  # noqa: BLE001  as above
            message = self._failed(spec, error)
        self._around.loop.call_soon_threadsafe(self._end, message)

    def _failed(self, spec: CommandSpec, error: BaseException) -> Failed:
        if isinstance(error, asyncio.CancelledError) and self._cancel.is_set():
            error = Cancelled("the command was asked to stop")
        elif not isinstance(error, Exception) or isinstance(error, StopIteration | StopAsyncIteration):
            error = CommandCrashed(spec.key, error)
        return Failed(self.number, to_failure(error))

    def _end(self, message: Result | Failed) -> None:
        if self._port is not None:
            self._port.end()
        self._around.finish(self.number, message)


def _decode(spec: CommandSpec, args: bytes) -> Struct:
    try:
        return spec.decode(args)
    except DecodeError as error:
        # The server checked it against the schema; the real type may know more, such as its own __post_init__.
        msg = f"The input does not fit the command: {error}"
        raise CommandError(msg, code="invalid_input", retryable=False) from error
