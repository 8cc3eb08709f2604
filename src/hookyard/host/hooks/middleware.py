"""Wrapping the running of a command: every middleware runs beside it, in a task or thread of its own.

So the command keeps the task it was given, whatever a middleware does, and no middleware can change what comes of it.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Any, Final

from hookyard.context import JobInfo
from hookyard.hookspecs import Ran
from hookyard.host.hooks.calling import Caller
from hookyard.host.hooks.table import Implementation

MOST_TRAILING: Final = 64
"""How many calls of one middleware may be past their command without having ended, before it is left out."""


class Middlewares:
    """Runs commands within the middlewares. Used on one event loop.

    Args:
        caller: how one of them is called.
        seconds: how long one may take, before and after the command together.
    """

    def __init__(self, caller: Caller, seconds: float) -> None:
        self._caller = caller
        self._seconds = seconds
        self._leaving: set[asyncio.Task[None]] = set()

    async def around(
        self, those: Sequence[Implementation], job: JobInfo, run: Callable[[], Coroutine[Any, Any, bytes]]
    ) -> bytes:
        """Run a command within these, the first one outermost; what it answers or raises is what comes out."""
        entered: list[_Turn] = []
        begun = monotonic()
        try:
            for each in those:
                turn = await self._enter(each, job)
                if turn is not None:
                    entered.append(turn)
            begun = monotonic()
            result = await run()
        except GeneratorExit:  # the task itself is thrown away
            raise
        except BaseException as error:
            self._leave(entered, Ran(ok=False, error=type(error).__name__, ms=round((monotonic() - begun) * 1000)))
            raise
        self._leave(entered, Ran(ok=True, ms=round((monotonic() - begun) * 1000)))
        return result

    async def quiet(self, seconds: float) -> None:
        """Wait for those that are past their command, but not longer."""
        if self._leaving:
            await asyncio.wait(set(self._leaving), timeout=seconds)

    async def _enter(self, each: Implementation, job: JobInfo) -> "_Turn | None":
        """Begin a middleware and wait until it lets the command run; None when it is left out."""
        recorder = self._caller.recorder
        refused = self._caller.refusal(each)
        if refused is None and each.trailing >= MOST_TRAILING:
            refused = f"{each.trailing} of its calls have not ended; it is left out"
        if refused is not None:
            recorder.skip(each.record, refused)
            return None
        turn = _Turn(each)
        values: Mapping[str, object] = {
            "job": job,
            "proceed": turn.proceed if each.spec.is_async else turn.proceed_blocking,
        }
        turn.task = asyncio.ensure_future(self._caller.run(each, values))
        try:
            waits: set[asyncio.Future[Any]] = {turn.task, turn.reached}
            await asyncio.wait(waits, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            turn.close()
            self._caller.give_up(each, turn.task)
            raise
        turn.spent = monotonic() - turn.begun
        if not turn.close():
            return turn
        if not turn.task.done():
            self._caller.give_up(each, turn.task)
            why = f"took longer than {self._seconds:g} s before it called proceed; the command runs without it"
            recorder.took(each.record, turn.spent, why, outcome="timeout")
        elif turn.task.cancelled() or turn.task.exception() is not None:
            self._caller.ended(each, turn.task, turn.spent)
        else:
            why = "ended without having called proceed; the command runs without it"
            recorder.took(each.record, turn.spent, why, outcome="no_proceed")
        return None

    def _leave(self, entered: "list[_Turn]", ran: Ran) -> None:
        """Let those that wait in `proceed` go on, the innermost first; nobody waits for them."""
        if not entered:
            return
        for turn in entered:
            turn.each.trailing += 1
        task = asyncio.get_running_loop().create_task(self._unwind(entered, ran))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _unwind(self, entered: "list[_Turn]", ran: Ran) -> None:
        for turn in reversed(entered):
            resumed = monotonic()
            turn.ran.set_result(ran)
            left = max(0.0, self._seconds - turn.spent)
            await asyncio.wait({turn.task}, timeout=left)
            spent = turn.spent + monotonic() - resumed
            if turn.task.done():
                self._caller.ended(turn.each, turn.task, spent)
            else:
                self._caller.give_up(turn.each, turn.task)
                why = f"took longer than {self._seconds:g} s, the command's own time aside"
                self._caller.recorder.took(turn.each.record, spent, why, outcome="timeout")
            turn.each.trailing -= 1


class _Turn:
    """One middleware around one command.

    Attributes:
        reached: done when the middleware lets the command run.
        ran: done when the command has.
        spent: seconds it took before.
    """

    task: asyncio.Future[object]

    def __init__(self, each: Implementation) -> None:
        self.each = each
        self.begun = monotonic()
        self.spent = 0.0
        self._loop = asyncio.get_running_loop()
        self.reached: asyncio.Future[None] = self._loop.create_future()
        self.ran: Future[Ran] = Future()
        self._lock = threading.Lock()
        self._state = "before"

    def close(self) -> bool:
        """Let it proceed no more; False when it has."""
        with self._lock:
            if self._state == "before":
                self._state = "left out"
            return self._state == "left out"

    async def proceed(self) -> Ran:
        """What an `async def` awaits."""
        self._begin()
        self._reach()
        # Shielded: who stops waiting for it must not take it away from the command.
        return await asyncio.shield(asyncio.wrap_future(self.ran))

    def proceed_blocking(self) -> Ran:
        """What a `def` calls."""
        self._begin()
        self._loop.call_soon_threadsafe(self._reach)
        return self.ran.result()

    def _begin(self) -> None:
        with self._lock:
            state, self._state = self._state, "proceeding" if self._state == "before" else self._state
        if state == "proceeding":
            msg = "proceed is called once, and it was called again"
            raise RuntimeError(msg)
        if state == "left out":
            msg = "its time was up before it called proceed: the command runs without it"
            raise RuntimeError(msg)

    def _reach(self) -> None:
        if not self.reached.done():
            self.reached.set_result(None)
