"""Commands in threads: a plain `def` that may block.

A thread cannot be killed. When a command's time is up its flag is set, the job is over, and the thread is
left to itself; a late answer is dropped.
"""

import asyncio
import contextlib
from collections import Counter
from typing import Final

from hookyard import log
from hookyard.context import SyncContext
from hookyard.errors import AttemptTimedOut, CommandCrashed, RetryLater
from hookyard.host.threads import DaemonThreads
from hookyard.runners.contract import Call

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

    async def run(self, call: Call) -> bytes:
        """See :class:`hookyard.runners.contract.Runner`; RetryLater when too many threads are stuck."""
        command = call.command
        if self._stuck[command.key] >= self._max_stuck:
            _log.error("command.stuck", job_id=call.info.id, command=command.key, threads=self._stuck[command.key])
            raise RetryLater(_STUCK_RETRY, f"{self._max_stuck} threads of {command.key} never came back")
        loop = asyncio.get_running_loop()
        running = _InThread(self._stuck, call, loop)
        timer = loop.call_later(call.timeout / 1000, running.expire)
        self._threads.submit(running.run)
        try:
            return await running.answer
        finally:
            timer.cancel()
            running.leave()

    async def aclose(self) -> None:
        """End the idle threads; the busy ones are daemons, and do not keep the process."""
        self._threads.close()


class _InThread:
    """One command under way in its thread. All but `run` happens on the event loop."""

    __slots__ = ("_call", "_left", "_loop", "_over", "_stuck", "answer")

    def __init__(self, stuck: Counter[str], call: Call, loop: asyncio.AbstractEventLoop) -> None:
        self._stuck = stuck
        self._call = call
        self._loop = loop
        self._over = False
        self._left = False
        self.answer: asyncio.Future[bytes] = loop.create_future()

    def run(self) -> None:
        """Call the command; in the thread."""
        call = self._call
        command = call.command
        body = b""
        error: Exception | None = None
        try:
            context = SyncContext(command.config, call.info, call.cancel, call.port)
            body = command.spec.encode(command.spec.function(call.data, context))
        except (StopIteration, StopAsyncIteration) as raised:  # neither passes through a future
            error = CommandCrashed(command.key, raised)
        except Exception as raised:  # noqa: BLE001  handed on as it is
            error = raised
        except BaseException as raised:  # noqa: BLE001  SystemExit ends a plugin's thread, not the server
            error = CommandCrashed(command.key, raised)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._finish, body, error)

    def expire(self) -> None:
        """The time is up."""
        if not self.answer.done():
            self.answer.set_exception(AttemptTimedOut(self._call.command.key, self._call.timeout))

    def leave(self) -> None:
        """Nobody waits any more: a thread that is not through is asked to stop, and counted."""
        if not self._over:
            self._left = True
            self._call.cancel.set()
            self._stuck[self._call.command.key] += 1

    def _finish(self, body: bytes, error: Exception | None) -> None:
        self._over = True
        if self._left:
            self._stuck[self._call.command.key] -= 1
            what = "none" if error is None else type(error).__name__
            _log.info("command.late_answer", job_id=self._call.info.id, command=self._call.command.key, error=what)
        elif not self.answer.done():
            if error is None:
                self.answer.set_result(body)
            else:
                self.answer.set_exception(error)
