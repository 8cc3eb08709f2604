"""Calling one implementation: awaited, timed, bounded, and by itself."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from traceback import extract_tb
from typing import Final

from hookyard.host.hooks.answers import WrongAnswer, checked
from hookyard.host.hooks.records import HookResult, Recorder
from hookyard.host.hooks.table import Implementation
from hookyard.host.threads import DaemonThreads

MOST_STUCK: Final = 16
"""How many given-up calls of one implementation may be around before it is not called any more."""
_SECRETIVE: Final = frozenset({"authenticate", "verify_webhook", "map_input", "resolve_secret"})
"""Hooks that hold secrets or bodies: what they raise is told by its type and place only."""


class Caller:
    """Calls implementations."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self._threads = DaemonThreads("hookyard-hook")

    def close(self) -> None:
        """End the threads that have nothing to do; a stuck one is left to itself."""
        self._threads.close()

    async def call(self, each: Implementation, values: Mapping[str, object], seconds: float) -> HookResult:
        """Call it, and wait so many seconds for its answer. Raises nothing but the caller's own cancellation."""
        begun = monotonic()
        if (refused := self.refusal(each)) is not None:
            return self.recorder.skip(each.record, refused)
        # A task of its own: what it does to its task, it does to itself.
        task = asyncio.ensure_future(self.run(each, values))
        try:
            await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            self.give_up(each, task)
            raise
        if not task.done():
            self.give_up(each, task)
            why = f"took longer than {seconds:g} s"
            return self.recorder.took(each.record, monotonic() - begun, why, outcome="timeout")
        return self.ended(each, task, monotonic() - begun)

    def refusal(self, each: Implementation) -> str | None:
        """Why it is not called now, if so."""
        return None if each.stuck < MOST_STUCK else f"{each.stuck} of its calls never came back; it is not called"

    def ended(self, each: Implementation, task: asyncio.Future[object], seconds: float) -> HookResult:
        """Write down a call that has come back."""
        if task.cancelled():
            why = "CancelledError: it cancelled itself"
            return self.recorder.took(each.record, seconds, why, outcome="raised")
        error = task.exception()
        if error is not None:
            why, raised = _told(each, error)
            return self.recorder.took(each.record, seconds, why, outcome="raised", raised=raised)
        try:
            value = checked(each.spec.name, task.result())
        except WrongAnswer as wrong:
            why = f"its answer is wrong: {wrong}"
            return self.recorder.took(each.record, seconds, why, outcome="wrong_type")
        return self.recorder.took(each.record, seconds, value=value)

    def give_up(self, each: Implementation, task: asyncio.Future[object]) -> None:
        """Wait no longer for a call; it is counted until it ends."""
        if task.done():
            _forget(task)
            return
        each.stuck += 1
        task.cancel()
        task.add_done_callback(_forget)
        if each.spec.is_async:  # a thread says itself when it is through
            task.add_done_callback(lambda _: _freed(each))

    async def run(self, each: Implementation, values: Mapping[str, object]) -> object:
        """The bare call, unbounded; whoever gives it up must do so by :meth:`give_up`."""
        arguments = each.arguments(values)
        try:
            if each.spec.is_async:
                return await each.spec.function(**arguments)
            return await self._from_thread(each, arguments)
        except (Exception, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # SystemExit in a task would end the event loop
            raise _Crashed(error) from error

    async def _from_thread(self, each: Implementation, arguments: Mapping[str, object]) -> object:
        answer = self._in_thread(each, arguments)
        try:
            return await answer
        except asyncio.CancelledError:
            if not answer.cancelled():  # it came back in the moment in which it was given up
                _freed(each)
            raise

    def _in_thread(self, each: Implementation, arguments: Mapping[str, object]) -> asyncio.Future[object]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[object] = loop.create_future()

        def finish(value: object, error: Exception | None) -> None:
            if answer.cancelled():
                _freed(each)
            elif error is None:
                answer.set_result(value)
            else:
                answer.set_exception(error)

        def call() -> None:
            value: object = None
            error: Exception | None = None
            try:
                value = each.spec.function(**arguments)
            except (StopIteration, StopAsyncIteration) as raised:  # neither passes through a future
                error = _Crashed(raised)
            except Exception as raised:  # noqa: BLE001  handed on as it is
                error = raised
            except BaseException as raised:  # noqa: BLE001  SystemExit ends a hook, not the server
                error = _Crashed(raised)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(finish, value, error)

        self._threads.submit(call)
        return answer


class _Crashed(Exception):  # noqa: N818  never leaves this module but as text
    def __init__(self, cause: BaseException) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.cause = cause


def _told(each: Implementation, error: BaseException) -> tuple[str, BaseException | None]:
    """What an exception is recorded as; and itself, if the log should have all of it.

    It should where that can hold no secret, and not again for one of the same type from the same place.
    """
    cause = error.cause if isinstance(error, _Crashed) else error
    frames = extract_tb(cause.__traceback__)
    where = type(cause).__name__ + (f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "")
    if each.spec.name in _SECRETIVE:
        return where, None
    again, each.raised = each.raised == where, where
    return f"{type(cause).__name__}: {cause}", None if again else error


def _freed(each: Implementation) -> None:
    each.stuck -= 1


def _forget(task: asyncio.Future[object]) -> None:
    if not task.cancelled():
        task.exception()
