"""Daemon threads for plugin code: as many as are busy, so that one that never returns starves nobody.

The standard library's executor will not do: its threads are joined at exit, and a stuck one takes a place for
ever.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Final, TypeVar, cast

T = TypeVar("T")

IDLE: Final = 10.0
"""Seconds after which a thread without work ends."""


class DaemonThreads:
    """Runs calls, each in a thread; how many at once is for the callers to bound.

    Args:
        name: what the threads are called.
        idle: seconds after which a thread without work ends.
    """

    def __init__(self, name: str, *, idle: float = IDLE) -> None:
        self._name = name
        self._idle_seconds = idle
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._closed = False

    def submit(self, call: Callable[[], None]) -> None:
        """Run `call`, which raises nothing, with the context variables of the caller."""
        bound = copy_context().run
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None:
            worker = _Worker(self, self._name, self._idle_seconds)
            worker.start()
        worker.inbox.put(lambda: bound(call))

    def close(self) -> None:
        """End the threads without work now, and the others when they are through."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.inbox.put(None)

    def rest(self, worker: "_Worker") -> bool:
        """Take a thread back that is free again; False when it is to end."""
        with self._lock:
            if not self._closed:
                self._idle.append(worker)
            return not self._closed

    def retire(self, worker: "_Worker") -> bool:
        """Let a thread go that had nothing to do; False when something was just handed to it."""
        with self._lock:
            if worker not in self._idle:
                return False
            self._idle.remove(worker)
            return True


class _Worker(threading.Thread):
    def __init__(self, pool: DaemonThreads, name: str, idle: float) -> None:
        super().__init__(name=name, daemon=True)
        self.inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._pool = pool
        self._idle_seconds = idle

    def run(self) -> None:
        while True:
            try:
                call = self.inbox.get(timeout=self._idle_seconds)
            except Empty:
                if self._pool.retire(self):
                    return
                continue
            if call is None:
                return
            call()
            del call  # it holds the job's data
            if not self._pool.rest(self):
                return


async def apart(name: str, call: Callable[[], T]) -> T:
    """Await `call` in a daemon thread of its own: one that never returns keeps no process from ending.

    Args:
        name: what the thread is called.
        call: must raise nothing but an Exception.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def finish(made: T | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(cast("T", made))
        else:
            answer.set_exception(error)

    def run() -> None:
        made: T | None = None
        error: Exception | None = None
        try:
            made = call()
        except Exception as raised:  # noqa: BLE001  handed on as it is
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(finish, made, error)

    threading.Thread(target=copy_context().run, args=(run,), name=name, daemon=True).start()
    return await answer
