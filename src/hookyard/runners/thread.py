"""Commands in threads: a plain `def` that may block.

A thread cannot be killed. When a command's time is up its flag is set, the job is over, and the thread is
left to itself; a late answer is dropped.
"""

import asyncio
import contextlib
from collections import Counter
from typing import Final

from msgspec import Struct

from hookyard import log
from hookyard.context import CancelFlag, JobInfo, SyncContext
from hookyard.errors import AttemptTimedOut, CommandCrashed, RetryLater
from hookyard.host.registry import Command
from hookyard.host.threads import DaemonThreads
from hookyard.runners.contract import job_log

MAX_STUCK: Final = 32
_STUCK_RETRY: Final = 30.0

_log = log.get("runner")


class ThreadRunner:
    """Runs `def` commands, each in a thread; the lanes' limits bound how many at once.

    Args:
        max_stuck: how many threads of one command may be left behind before it gets no more of them.
    """

    def __init__(self, *, max_stuck: int = MAX_STUCK) -> None:
        self._threads = DaemonThreads("hookyard-command")
        self._max_stuck = max_stuck
        self._stuck: Counter[str] = Counter()

    async def run(
        self,
        command: Command,
        data: Struct,
        info: JobInfo,
        cancel: CancelFlag,
        timeout: int,  # noqa: ASYNC109  milliseconds, and how they are counted is what a runner is about
    ) -> bytes:
        """See :class:`hookyard.runners.contract.Runner`; RetryLater when too many threads are stuck."""
        if self._stuck[command.key] >= self._max_stuck:
            _log.error("command.stuck", job_id=info.id, command=command.key, threads=self._stuck[command.key])
            raise RetryLater(_STUCK_RETRY, f"{self._max_stuck} threads of {command.key} never came back")
        loop = asyncio.get_running_loop()
        call = _Call(self._stuck, command, data, info, cancel=cancel, loop=loop)
        timer = loop.call_later(timeout / 1000, call.expire, timeout)
        self._threads.submit(call.run)
        try:
            return await call.answer
        finally:
            timer.cancel()
            call.leave()

    async def aclose(self) -> None:
        """End the idle threads; the busy ones are daemons, and do not keep the process."""
        self._threads.close()


class _Call:
    """One command under way in its thread. All but `run` happens on the event loop."""

    __slots__ = ("_cancel", "_command", "_data", "_info", "_left", "_loop", "_over", "_stuck", "answer")

    def __init__(
        self,
        stuck: Counter[str],
        command: Command,
        data: Struct,
        info: JobInfo,
        *,
        cancel: CancelFlag,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._stuck = stuck
        self._command = command
        self._data = data
        self._info = info
        self._cancel = cancel
        self._loop = loop
        self._over = False
        self._left = False
        self.answer: asyncio.Future[bytes] = loop.create_future()

    def run(self) -> None:
        """Call the command; in the thread."""
        command = self._command
        body = b""
        error: Exception | None = None
        try:
            context = SyncContext(command.config, self._info, self._cancel, job_log)
            body = command.spec.encode(command.spec.function(self._data, context))
        except (StopIteration, StopAsyncIteration) as raised:  # neither passes through a future
            error = CommandCrashed(command.key, raised)
        except Exception as raised:  # noqa: BLE001  handed on as it is
            error = raised
        except BaseException as raised:  # noqa: BLE001  SystemExit ends a plugin's thread, not the server
            error = CommandCrashed(command.key, raised)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._finish, body, error)

    def expire(self, timeout: int) -> None:
        """The time is up."""
        if not self.answer.done():
            self.answer.set_exception(AttemptTimedOut(self._command.key, timeout))

    def leave(self) -> None:
        """Nobody waits any more: a thread that is not through is asked to stop, and counted."""
        if not self._over:
            self._left = True
            self._cancel.set()
            self._stuck[self._command.key] += 1

    def _finish(self, body: bytes, error: Exception | None) -> None:
        self._over = True
        if self._left:
            self._stuck[self._command.key] -= 1
            what = "none" if error is None else type(error).__name__
            _log.info("command.late_answer", job_id=self._info.id, command=self._command.key, error=what)
        elif not self.answer.done():
            if error is None:
                self.answer.set_result(body)
            else:
                self.answer.set_exception(error)
