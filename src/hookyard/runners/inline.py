"""Commands on the event loop: `async def`, in the caller's own task.

Every step of a coroutine is timed. A step that blocks the loop is charged to its own job, and the jobs beside
it get that time back: a plugin that blocks costs only its own job.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Generator
from time import monotonic
from types import coroutine
from typing import Any, Final

from hookyard import log
from hookyard.context import CancelFlag, Context, JobInfo
from hookyard.errors import AttemptTimedOut, CommandCrashed
from hookyard.host.registry import Command
from hookyard.runners.contract import Call

STALL: Final = 0.1
GRACE: Final = 1.0
_CLOSES: Final = 8
_KILLS: Final = 3
"""How often its task is cancelled from outside before a command that goes on is ended where it stands."""

_log = log.get("runner")
_UNENDING: Final[list[Coroutine[Any, Any, Any]]] = []


class InlineRunner:
    """Runs `async def` commands.

    Args:
        grace: seconds a command has to clean up after its time is up, before it is ended where it stands.
        stall: seconds from which on a step counts as having blocked the loop.

    Attributes:
        current: the job whose step is under way now, for the watchdog.
        stalled: seconds for which steps have blocked the loop, over all jobs.
    """

    def __init__(self, *, grace: float = GRACE, stall: float = STALL) -> None:
        self.current: JobInfo | None = None
        self.stalled = 0.0
        self.grace = grace
        self.stall = stall

    async def run(self, call: Call) -> bytes:
        """See :class:`hookyard.runners.contract.Runner`."""
        command, info, cancel = call.command, call.info, call.cancel
        attempt = _Attempt(self, command, info, cancel, call.timeout / 1000)
        body = command.spec.function(call.data, Context(command.config, info, cancel, call.port))
        try:
            result: bytes = await attempt.drive(body)
        except GeneratorExit:  # the task itself is thrown away
            raise
        except BaseException as error:
            attempt.settle(error)
            raise
        attempt.settle(None)
        return result

    async def aclose(self) -> None:
        """Nothing is held: a command lives in its caller's task."""

    def end(self, body: Coroutine[Any, Any, Any]) -> None:
        """End a coroutine where it stands: it is never resumed again."""
        for _ in range(_CLOSES):
            try:
                body.close()
            except RuntimeError:  # it wants to await something on its way out
                continue
            except BaseException as error:  # noqa: BLE001  its clean-up failed, and that ended it too
                _log.warning("command.cleanup_raised", error=type(error).__name__)
            return
        # Kept, because Python would ask it once more, aloud, when it is collected.
        _UNENDING.append(body)


class _Attempt:
    """One command's coroutine under way, with its clock."""

    __slots__ = (
        "allowed", "base", "begun", "cancel", "command", "info", "late", "own_stalls", "runner",
        "stalled_before", "task", "timeout", "timer",
    )  # fmt: skip

    task: asyncio.Task[Any]

    def __init__(
        self, runner: InlineRunner, command: Command, info: JobInfo, cancel: CancelFlag, timeout: float
    ) -> None:
        self.runner = runner
        self.command = command
        self.info = info
        self.cancel = cancel
        self.timeout = self.allowed = timeout
        self.late = 0  # 1: its time is up, and it is cancelled; 2: so is its grace
        self.own_stalls = 0.0
        self.stalled_before = runner.stalled
        self.timer: asyncio.TimerHandle | None = None
        task = asyncio.current_task()
        if task is None:
            msg = "a command runs inside a task"
            raise RuntimeError(msg)
        self.task = task
        self.base = task.cancelling()
        self.begun = monotonic()

    @coroutine
    def drive(self, body: Coroutine[Any, Any, Any]) -> Generator[Any, Any, bytes]:
        """Step through the coroutine as `await` would, and look at the clock around every step."""
        thrown: BaseException | None = None
        try:
            while True:
                before = monotonic()
                self.runner.current = self.info
                try:
                    waits_for = body.send(None) if thrown is None else body.throw(thrown)
                except StopIteration as stop:
                    return self.command.spec.encode(stop.value)
                except (Exception, asyncio.CancelledError):
                    raise
                except BaseException as error:
                    raise CommandCrashed(self.command.key, error) from error
                finally:
                    self.runner.current = None
                    if (seconds := monotonic() - before) > self.runner.stall:
                        self._blocked(seconds)
                if self.timer is None:
                    self.timer = self.task.get_loop().call_later(self.timeout, self._expire)
                thrown = None
                try:
                    yield waits_for
                except GeneratorExit:
                    with contextlib.suppress(RuntimeError):
                        body.close()
                    raise
                except BaseException as error:  # noqa: BLE001  handed on to whom it is meant for
                    thrown = error
                if thrown is not None or self.late > 1:
                    self._end_if_it_must(body, thrown)
        finally:
            if self.timer is not None:
                self.timer.cancel()

    def _end_if_it_must(self, body: Coroutine[Any, Any, Any], thrown: BaseException | None) -> None:
        """End the command where it stands, when somebody killed it, or when its grace is over too."""
        if thrown is not None and self.task.cancelling() - self.base - self.late >= _KILLS:
            _log.warning("command.killed", job_id=self.info.id, command=self.command.key)
            self.runner.end(body)
            raise thrown
        if self.late > 1:
            _log.error("command.ended", job_id=self.info.id, command=self.command.key)
            self.runner.end(body)
            raise AttemptTimedOut(self.command.key, round(self.timeout * 1000))

    def settle(self, error: BaseException | None) -> None:
        """Say what the end means where it is not what it looks like.

        Raises:
            AttemptTimedOut: the time was up, whatever came of it afterwards.
            CommandCrashed: it cancelled itself, and nobody else did.
        """
        for _ in range(self.late):
            self.task.uncancel()
        cancelled = isinstance(error, asyncio.CancelledError)
        if cancelled and self.task.cancelling() > self.base:
            return
        # A command that blocked the loop kept its own timer from firing.
        if self.late or (self.own_stalls and self._elapsed() > self.timeout):
            if error is None:
                _log.info("command.late_answer", job_id=self.info.id, command=self.command.key)
            raise AttemptTimedOut(self.command.key, round(self.timeout * 1000)) from error
        if error is not None and cancelled:
            raise CommandCrashed(self.command.key, error) from error

    def _elapsed(self) -> float:
        """Seconds this attempt has had, without those in which another one blocked the loop."""
        others = self.runner.stalled - self.stalled_before - self.own_stalls
        return monotonic() - self.begun - others

    def _expire(self) -> None:
        remaining = self.allowed - self._elapsed()
        if remaining <= 0:
            self.cancel.set()
            self.late += 1
            self.task.cancel()
            self.allowed += self.runner.grace
            remaining = self.runner.grace
        if self.late <= 1:
            self.timer = self.task.get_loop().call_later(max(remaining, 0.001), self._expire)

    def _blocked(self, seconds: float) -> None:
        self.runner.stalled += seconds
        self.own_stalls += seconds
        _log.warning("command.blocked_loop", job_id=self.info.id, command=self.command.key, ms=round(seconds * 1000))
