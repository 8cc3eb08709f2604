"""An event loop in a thread of its own, so that what lives on it serves sync and async tests alike."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from hookyard.testing.clock import FakeClock

T = TypeVar("T")


class LoopThread:
    """Runs from when it is made until :meth:`close`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="hookyard-test-host", daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller is on it."""
        return threading.current_thread() is self._thread

    def begin(self, work: Coroutine[Any, Any, T]) -> "concurrent.futures.Future[T]":
        """Have something done on it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done on it, and wait for that."""
        if self.is_current:
            work.close()
            msg = "a command that the test's host runs cannot wait for that host; it has ctx.call"
            raise RuntimeError(msg)
        return self.begin(work).result()

    def close(self) -> None:
        """End what is left on it, and it."""
        self.call(_wind_up())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


class LoopClock(FakeClock):
    """A clock for what lives on such a loop; advanced from any thread."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.thread: LoopThread | None = None
        """None while nobody looks at the clock."""

    def advance(self, millis: int) -> None:
        """Let time pass, and wake whoever waited for that time."""
        if self.thread is None or self.thread.is_current:
            super().advance(millis)
        else:
            self.thread.call(self._advance(millis))

    async def _advance(self, millis: int) -> None:
        super().advance(millis)


async def _wind_up() -> None:
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
