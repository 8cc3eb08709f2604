"""Many callers, one transaction: what stands between the rooms and the store's one writer.

Callers on the event loop submit operations; all of one turn of the loop are handed to the writer thread together, which
adds what else has come in, applies them in one transaction and hands the results back in one call. The thread needs
the interpreter's lock a handful of times per batch, however many operations it holds.
"""

import asyncio
import concurrent.futures
import sys
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, Protocol, TypeAlias, cast

from hookyard.clock import Clock, SystemClock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.log import get
from hookyard.store.contract import Enqueue, Failed, Op, Result, Store, Together
from hookyard.store.order import PLACE
from hookyard.store.refusals import Refusals, something

LAZY_SECONDS: Final = 0.25
"""How long an operation of low priority waits for others to ride along with."""


class Waiter(Protocol):
    """Is told what became of an operation; of a future what is needed of one, on the event loop."""

    def done(self) -> bool:
        """Whether nobody wants to know any more."""
        ...

    def set_result(self, result: Result, /) -> None:
        """It is committed. Raises nothing: others wait to be told after this one."""
        ...

    def set_exception(self, exception: Exception, /) -> None:
        """It was not; likewise."""
        ...


_LoopFuture: TypeAlias = asyncio.Future[Result] | Waiter
_ThreadFuture: TypeAlias = concurrent.futures.Future[Result]
_Entry: TypeAlias = tuple[Op, _LoopFuture | _ThreadFuture]

SWITCH_SECONDS: Final = 0.0003
"""How long the writer thread waits for the interpreter's lock before it asks for it.

Python's own 5 ms start anew whenever the event loop lets go of the lock for an instant, as it does in every turn. A
loop with turns shorter than the interval and always something to do thus keeps the lock for good: commits stood still
for seconds. With 0.3 ms it does not; with 0.1 ms the two threads trade places so often that accepting loses a tenth.
"""

log = get("store")


def _place(entry: _Entry) -> int:
    return PLACE[type(entry[0])]


class Coalescer:
    """Applies operations in batches on one thread.

    Args:
        store: what they are applied to; closed by :meth:`aclose`.
        queue: how many may wait. When as many do, new jobs are refused; what ends or moves jobs that were accepted
            is refused only at twice as many, so that a full queue can still empty itself.
        batch: the most operations in one transaction.
        clock: the time by which the log is kept short while the store refuses.
    """

    def __init__(self, store: Store, *, queue: int, batch: int, clock: Clock | None = None) -> None:
        self._store = store
        self._limit = queue
        self._batch = batch
        self._pending: list[_Entry] = []
        self._lazy: list[_Entry] = []
        self._lazy_timer: asyncio.TimerHandle | None = None
        self._open = 0
        """Operations of the event loop without a result yet."""
        self._handed: SimpleQueue[list[_Entry] | tuple[_Entry] | None] = SimpleQueue()
        """A list is one turn of the loop, a tuple is another thread's operation, None is the end."""
        self._mixed = False
        """Whether what the writer thread has gathered may hold other threads' operations."""
        self._closed = True
        self._clock: Clock = SystemClock() if clock is None else clock
        self._refusals = Refusals(self._clock.now)

    @property
    def refusal(self) -> StoreUnavailable | None:
        """Why the store took nothing of a batch, such as a full disk; None when it takes writes.

        Stays until something of some size was taken, since what is little may still be taken.
        """
        return self._refusals.last

    def refusal_over(self, before: StoreUnavailable) -> bool:
        """Something of some size was taken since this refusal; returns whether there was no other meanwhile."""
        return self._refusals.over(before)

    async def start(self) -> None:
        """Start the writer thread, bound to the running loop.

        It also lowers the interpreter's switch interval, for the whole process: see :data:`SWITCH_SECONDS`.
        """
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._closed = False
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))
        threading.Thread(target=self._write, name="hookyard-store", daemon=True).start()

    def submit(self, op: Op) -> "asyncio.Future[Result]":
        """Have an operation applied; from the loop's thread only.

        Returns:
            A future that has the result once it is committed, or StoreUnavailable, or StoreError when the operation
            contradicts what is stored.

        Raises:
            StoreUnavailable: the queue is full, or closed.
        """
        if self._open >= self._limit or self._closed:
            self._check(op)
        future: asyncio.Future[Result] = self._loop.create_future()
        if not self._pending:
            # At the end of this turn of the loop, when whoever was woken in it has had a say.
            self._loop.call_soon(self._flush)
        self._pending.append((op, future))
        self._open += 1
        return future

    def submit_for(self, op: Op, waiter: Waiter) -> None:
        """The same as :meth:`submit`, without a future: the waiter is told, in the turn in which futures get results.

        Raises:
            StoreUnavailable: the queue is full, or closed.
        """
        if self._open >= self._limit or self._closed:
            self._check(op)
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append((op, waiter))
        self._open += 1

    def submit_lazy(self, op: Op) -> "asyncio.Future[Result]":
        """The same for what may wait 250 ms to ride along with other operations; its outcome may go unread."""
        if self._open >= self._limit or self._closed:
            self._check(op)
        future: asyncio.Future[Result] = self._loop.create_future()
        future.add_done_callback(_mark_read)
        self._lazy.append((op, future))
        self._open += 1
        if self._lazy_timer is None:
            self._lazy_timer = self._loop.call_later(LAZY_SECONDS, self._flush)
        return future

    def submit_threadsafe(self, op: Op) -> "concurrent.futures.Future[Result]":
        """The same from any thread, and without the event loop, which may be blocked.

        Raises:
            StoreUnavailable: the queue is full, or closed.
        """
        if self._closed:
            raise _closing()
        if self._handed.qsize() >= 2 * self._limit:
            raise _busy()
        future: _ThreadFuture = concurrent.futures.Future()
        self._handed.put(((op, future),))
        return future

    async def aclose(self) -> None:
        """Commit what waits, stop the thread and close the store."""
        if not self._closed:
            self._flush()
            self._closed = True
            self._handed.put(None)
            await self._ended

    def _check(self, op: Op) -> None:
        if self._closed:
            raise _closing()
        if _brings_jobs(op) or self._open >= 2 * self._limit:
            raise _busy()

    def _flush(self) -> None:
        entries, self._pending = self._pending, []
        if self._lazy:
            # They came before: what a job told of itself must not be behind its end, in a later batch.
            entries = self._lazy + entries
            self._lazy = []
        if self._lazy_timer is not None:
            self._lazy_timer.cancel()
            self._lazy_timer = None
        if entries:
            self._handed.put(entries)

    # --- on the writer thread ---

    def _write(self) -> None:
        entries: list[_Entry] = []
        more = True
        while more or entries:
            if more:
                more = self._gather(entries)
            batch, entries = entries[: self._batch], entries[self._batch :]
            if batch:
                self._commit(batch)
            self._mixed = self._mixed and bool(entries)
        try:
            self._store.close()
        except Exception:
            log.exception("store.close_failed")
        self._on_loop(self._ended.set_result, None)

    def _gather(self, entries: list[_Entry]) -> bool:
        """Add what was handed over, waiting when there is nothing to do; False once the end was handed over."""
        try:
            while len(entries) < self._batch:
                handed = self._handed.get(block=not entries)
                if handed is None:
                    return False
                self._mixed = self._mixed or type(handed) is tuple
                entries += handed
        except Empty:
            pass
        return True

    def _commit(self, batch: list[_Entry]) -> None:
        if len({type(op) for op, _ in batch}) > 1:
            batch.sort(key=_place)
        results: Sequence[Result | Exception]
        try:
            results = self._store.apply([op for op, _ in batch])
        except StoreUnavailable as error:
            self._refusals.note(error)
            results = [error] * len(batch)
        except Exception as error:  # the thread must go on: everybody waits for it
            log.exception("store.batch_failed", operations=len(batch))
            results = [StoreError(f"the store failed: {error}")] * len(batch)
        else:
            if self._refusals.last is not None:
                self._try_again(self._refusals.last)
        if Failed in map(type, results):
            results = [StoreError(one.detail) if isinstance(one, Failed) else one for one in results]
        futures = [future for _, future in batch]
        if self._mixed:
            futures, results = _tell_threads(futures, results)
        if futures:
            self._on_loop(self._resolve, futures, results)

    def _try_again(self, before: StoreUnavailable) -> None:
        """After a batch that was taken: see now and then whether more than a little is."""
        if not self._refusals.is_time_to_try():
            return
        try:
            self._store.apply([something(self._clock.now())])
        except StoreUnavailable as error:
            self._refusals.note(error)
        except Exception:  # the batch is committed all the same, and its callers wait
            log.exception("store.try_failed")
        else:
            self._refusals.over(before)

    def _on_loop(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed: nobody waits any more
            log.warning("store.loop_closed")

    # --- on the loop again ---

    def _resolve(self, futures: Sequence[_LoopFuture], outcomes: Sequence[Result | Exception]) -> None:
        self._open -= len(futures)
        for future, outcome in zip(futures, outcomes, strict=True):
            if future.done():  # its caller was cancelled
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)


def _tell_threads(
    futures: Sequence[_LoopFuture | _ThreadFuture], outcomes: Sequence[Result | Exception]
) -> tuple[list[_LoopFuture | _ThreadFuture], list[Result | Exception]]:
    """Give other threads their results, from here, as the loop may be blocked; returns what is left for the loop."""
    rest: list[_LoopFuture | _ThreadFuture] = []
    left: list[Result | Exception] = []
    for future, outcome in zip(futures, outcomes, strict=True):
        if not isinstance(future, concurrent.futures.Future):
            rest.append(future)
            left.append(outcome)
            continue
        theirs = cast("_ThreadFuture", future)
        if theirs.set_running_or_notify_cancel():
            if isinstance(outcome, Exception):
                theirs.set_exception(outcome)
            else:
                theirs.set_result(outcome)
    return rest, left


def _brings_jobs(op: Op) -> bool:
    return type(op) is Enqueue or (isinstance(op, Together) and any(type(one) is Enqueue for one in op.ops))


def _mark_read(future: asyncio.Future[Result]) -> None:
    if not future.cancelled():
        future.exception()


def _busy() -> StoreUnavailable:
    return StoreUnavailable("The queue is full.", code="busy", retry_after=1)


def _closing() -> StoreUnavailable:
    return StoreUnavailable("The server is shutting down.", code="draining")
