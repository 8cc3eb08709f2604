"""The coalescer, in front of the model."""

import asyncio
import concurrent.futures
import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, MutableMapping, Sequence
from statistics import median
from typing import Any

import pytest
from structlog.testing import capture_logs

from hookyard.errors import StoreError, StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import Job, Progress
from hookyard.store.coalescer import LAZY_SECONDS, SWITCH_SECONDS, Coalescer
from hookyard.store.contract import (
    Cancel,
    CancelPending,
    CancelRequested,
    Dedupe,
    Done,
    Enqueue,
    Enqueued,
    Extend,
    Extended,
    Finish,
    Lease,
    NotFound,
    Op,
    Prune,
    Pruned,
    PutProgress,
    Release,
    Result,
)
from hookyard.store.memory import MemoryStore
from hookyard.store.order import ORDER
from hookyard.store.refusals import SAID_EVERY
from hookyard.testing import FakeClock

CLOCK = FakeClock()
NOW = CLOCK.now()
new_id = IdSource(CLOCK)
TOKEN = 11


@pytest.fixture(autouse=True)
def as_python_has_it() -> Iterator[None]:
    """The switch interval is the whole process's."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield
    sys.setswitchinterval(before)


class Recorder(MemoryStore):
    """The model, telling what it was given, and held back or broken at will."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Op]] = []
        self.threads: set[int] = set()
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.failures: list[Exception] = []
        self.closed = False
        self.largest = 1_000_000
        """How long a batch may be that fits."""

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        self.batches.append(list(ops))
        self.threads.add(threading.get_ident())
        self.entered.set()
        assert self.open.wait(30)
        if self.failures:
            raise self.failures.pop()
        if len(str(ops)) > self.largest:
            raise StoreUnavailable("There is room for a little.")
        return super().apply(ops)

    def close(self) -> None:
        self.closed = True


Story = Callable[[Coalescer, Recorder], Coroutine[Any, Any, None]]


def tell(story: Story, *, queue: int = 100, batch: int = 64, clock: FakeClock | None = None) -> Recorder:
    store = Recorder()

    async def run() -> None:
        coalescer = Coalescer(store, queue=queue, batch=batch, clock=clock)
        await coalescer.start()
        try:
            await asyncio.wait_for(story(coalescer, store), 60)
        finally:
            store.open.set()
            await coalescer.aclose()

    asyncio.run(run())
    assert store.closed
    return store


def enqueue(*, lease: bool = False, dedupe: Dedupe | None = None) -> Enqueue:
    job = Job(id=new_id(), plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=NOW, run_at=NOW)
    return Enqueue(now=NOW, job=job, dedupe=dedupe, lease=Lease(TOKEN, "w", NOW + 1) if lease else None)


def finish(op: Enqueue) -> Finish:
    return Finish(now=NOW, job_id=op.job.id, token=TOKEN, status="succeeded", outcome="succeeded")


class Told:
    """Waits for an operation without a future."""

    def __init__(self) -> None:
        self.heard: list[Result | Exception] = []
        self.event = asyncio.Event()

    def done(self) -> bool:
        """It always wants to know."""
        return False

    def set_result(self, result: Result, /) -> None:
        """It is committed."""
        self.heard.append(result)
        self.event.set()

    def set_exception(self, exception: Exception, /) -> None:
        """It was not."""
        self.heard.append(exception)
        self.event.set()


async def until(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


async def hold(coalescer: Coalescer, store: Recorder) -> "asyncio.Future[Result]":
    """Have the writer busy with one operation until the store is opened."""
    store.open.clear()
    store.entered.clear()
    held = coalescer.submit(enqueue())
    await until(store.entered)
    return held


def test_a_waiter_is_told_as_a_future_is_of_results_and_of_errors() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        fine, twice, broken = Told(), Told(), Told()
        op = enqueue()
        future = coalescer.submit(enqueue())
        coalescer.submit_for(op, fine)
        await fine.event.wait()
        assert isinstance(future.result(), Enqueued)  # one batch, and the one that was first is told first
        assert fine.heard == [Enqueued(op.job.id)]
        assert [len(batch) for batch in store.batches] == [2]
        coalescer.submit_for(op, twice)
        await twice.event.wait()
        assert [type(one) for one in twice.heard] == [StoreError]
        store.failures = [StoreUnavailable("The disk is full.")]
        coalescer.submit_for(enqueue(), broken)
        await broken.event.wait()
        assert [type(one) for one in broken.heard] == [StoreUnavailable]

    tell(story)


def test_a_waiter_is_refused_and_not_told_where_a_caller_would_be() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        waiter = Told()
        held = await hold(coalescer, store)
        with pytest.raises(StoreUnavailable):
            coalescer.submit_for(enqueue(), waiter)
        store.open.set()
        await held
        await coalescer.aclose()
        with pytest.raises(StoreUnavailable):
            coalescer.submit_for(enqueue(), waiter)
        assert waiter.heard == []

    tell(story, queue=1)


def test_operations_of_one_turn_of_the_loop_are_one_batch() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        async def caller() -> Result:
            return await coalescer.submit(enqueue())

        results = await asyncio.gather(*(caller() for _ in range(30)))
        assert results == [Enqueued(op.job.id) for op in store.batches[0] if isinstance(op, Enqueue)]
        assert [len(batch) for batch in store.batches] == [30]

    store = tell(story)
    assert threading.get_ident() not in store.threads


def test_what_comes_in_while_the_writer_works_is_the_next_batch() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        held = await hold(coalescer, store)
        rest: list[asyncio.Future[Result]] = []
        for _ in range(5):
            rest.append(coalescer.submit(enqueue()))
            await asyncio.sleep(0)
        assert not held.done()
        assert not any(future.done() for future in rest)
        store.open.set()
        await asyncio.gather(held, *rest)
        assert [len(batch) for batch in store.batches] == [1, 5]

    tell(story)


def test_a_batch_holds_no_more_than_it_may() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        await asyncio.gather(*(coalescer.submit(enqueue()) for _ in range(20)))
        assert [len(batch) for batch in store.batches] == [8, 8, 4]

    tell(story, batch=8)


def test_the_loop_is_called_once_per_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        loop = asyncio.get_running_loop()
        calls: list[object] = []
        real = loop.call_soon_threadsafe

        def spy(callback: Callable[..., object], *args: object) -> asyncio.Handle:
            calls.append(callback)
            return real(callback, *args)

        monkeypatch.setattr(loop, "call_soon_threadsafe", spy)
        await asyncio.gather(*(coalescer.submit(enqueue()) for _ in range(50)))
        monkeypatch.undo()
        assert len(calls) == len(store.batches) == 1

    tell(story)


def test_operations_are_done_kind_by_kind_and_cancel_wins_over_retry() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        one, two = enqueue(lease=True), enqueue(lease=True)
        await asyncio.gather(coalescer.submit(one), coalescer.submit(two))
        job_id = one.job.id
        results = await asyncio.gather(
            coalescer.submit(
                Release(now=NOW, job_id=job_id, token=TOKEN, run_at=NOW, outcome="failed", reason="plugin_error")
            ),
            coalescer.submit(finish(two)),
            coalescer.submit(enqueue()),
            coalescer.submit(Extend(now=NOW, job_id=two.job.id, token=TOKEN, expires_at=NOW + 9)),
            coalescer.submit(Cancel(now=NOW, job_id=job_id)),
        )
        assert [type(result) for result in results] == [CancelPending, Done, Enqueued, Extended, CancelRequested]
        assert [type(op) for op in store.batches[-1]] == [Extend, Enqueue, Finish, Cancel, Release]

    tell(story)


def test_a_full_queue_refuses_new_jobs_and_still_takes_the_end_of_old_ones() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        running = [enqueue(lease=True) for _ in range(4)]
        await asyncio.gather(*(coalescer.submit(op) for op in running))
        held = await hold(coalescer, store)
        waiting = [coalescer.submit(enqueue()) for _ in range(3)]
        for submit in (coalescer.submit, coalescer.submit_lazy):
            with pytest.raises(StoreUnavailable) as refused:
                submit(enqueue())
            assert (refused.value.code, refused.value.retry_after) == ("busy", 1)
        ends = [coalescer.submit(finish(op)) for op in running]
        with pytest.raises(StoreUnavailable):  # but not any number of them
            coalescer.submit(finish(running[0]))
        store.open.set()
        await asyncio.gather(held, *waiting)
        assert await asyncio.gather(*ends) == [Done()] * 4
        assert isinstance(await coalescer.submit(enqueue()), Enqueued)

    tell(story, queue=4)


def test_a_full_queue_refuses_other_threads_too() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        held = await hold(coalescer, store)
        for _ in range(8):
            coalescer.submit_threadsafe(Prune(now=NOW))
        with pytest.raises(StoreUnavailable) as refused:
            coalescer.submit_threadsafe(Prune(now=NOW))
        assert refused.value.code == "busy"
        store.open.set()
        await held

    tell(story, queue=4)


def test_a_lazy_operation_rides_along_with_the_next_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookyard.store.coalescer.LAZY_SECONDS", 30)

    async def story(coalescer: Coalescer, store: Recorder) -> None:
        lazy = coalescer.submit_lazy(Prune(now=NOW))
        await asyncio.sleep(0)
        assert store.batches == []
        await coalescer.submit(enqueue())
        assert lazy.done()
        assert [[type(op) for op in batch] for batch in store.batches] == [[Enqueue, Prune]]

    tell(story)


def test_what_a_job_told_lazily_is_stored_before_its_end_also_when_batches_are_small() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        op = enqueue(lease=True)
        await coalescer.submit(op)
        progress = PutProgress(now=NOW, job_id=op.job.id, token=TOKEN, progress=Progress(1))
        told = coalescer.submit_lazy(progress)
        ended = coalescer.submit(finish(op))
        assert (await told, await ended) == (Done(), Done())
        found = await store.job(op.job.id)
        assert found is not None
        assert (found.status, found.progress) == ("succeeded", Progress(1))

    tell(story, batch=1)


def test_a_lazy_operation_alone_is_committed_within_its_time() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        start = time.monotonic()
        results = await asyncio.gather(*(coalescer.submit_lazy(Prune(now=NOW)) for _ in range(3)))
        assert results == [Pruned(0)] * 3
        assert time.monotonic() - start >= LAZY_SECONDS * 0.9
        assert [len(batch) for batch in store.batches] == [3]

    tell(story)


def test_another_thread_is_served_while_the_loop_is_blocked() -> None:
    async def story(coalescer: Coalescer, _: Recorder) -> None:
        op = enqueue(lease=True)
        await coalescer.submit(op)

        def heartbeat() -> Result:
            extend = Extend(now=NOW, job_id=op.job.id, token=TOKEN, expires_at=NOW + 9)
            return coalescer.submit_threadsafe(extend).result(30)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            beat = pool.submit(heartbeat)
            assert beat.result(30) == Extended(False)  # blocks this thread, and with it the event loop

    tell(story)


def test_operations_of_other_threads_may_fill_several_batches() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        held = await hold(coalescer, store)
        foreign = [coalescer.submit_threadsafe(enqueue()) for _ in range(12)]
        own = [coalescer.submit(enqueue()) for _ in range(12)]
        await asyncio.sleep(0)
        store.open.set()
        results = await asyncio.gather(held, *own, *(asyncio.wrap_future(future) for future in foreign))
        assert {type(result) for result in results} == {Enqueued}
        assert [len(batch) for batch in store.batches] == [1, 8, 8, 8]

    tell(story, batch=8)


def test_the_writer_gets_its_turn_beside_a_loop_that_always_has_something_to_do() -> None:
    assert sys.getswitchinterval() > SWITCH_SECONDS

    async def story(coalescer: Coalescer, _: Recorder) -> None:
        # What starves the writer is a matter of chance; what saves it is this.
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
        took: list[float] = []
        for _turn in range(20):
            begun = time.monotonic()
            future = coalescer.submit(enqueue())
            end = begun + 20
            while not future.done() and time.monotonic() < end:
                turn = time.monotonic() + 0.0005
                while time.monotonic() < turn:
                    pass
                await asyncio.sleep(0)
            assert future.done()
            took.append(time.monotonic() - begun)
        assert median(took) < 0.5

    tell(story)


def test_a_future_of_another_thread_may_be_cancelled() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        held = await hold(coalescer, store)
        future = coalescer.submit_threadsafe(Prune(now=NOW))
        assert future.cancel()
        after = coalescer.submit(enqueue())
        store.open.set()
        assert isinstance(await held, Enqueued)
        assert isinstance(await after, Enqueued)

    tell(story)


def test_a_store_that_is_unavailable_fails_its_batch_and_the_next_one_succeeds() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        store.failures = [StoreUnavailable("The disk is full.")]
        futures = [coalescer.submit(enqueue()) for _ in range(3)]
        other = coalescer.submit_threadsafe(Prune(now=NOW))
        outcomes = await asyncio.gather(*futures, asyncio.wrap_future(other), return_exceptions=True)
        failed = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailable)]
        assert len(failed) == len(store.batches[0])
        assert all(error.code == "store_unavailable" for error in failed)
        assert isinstance(await coalescer.submit(enqueue()), Enqueued)

    tell(story)


def test_an_unexpected_error_fails_its_batch_and_the_thread_lives_on() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        store.failures = [ZeroDivisionError("a bug")]
        futures = [coalescer.submit(enqueue()) for _ in range(3)]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StoreError] * 3
        assert isinstance(await coalescer.submit(enqueue()), Enqueued)

    tell(story)


def test_an_operation_that_fails_raises_for_its_caller_only() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        good = enqueue()
        first, second = coalescer.submit(good), coalescer.submit(good)
        assert await first == Enqueued(good.job.id)
        with pytest.raises(StoreError, match="in use"):
            await second
        assert [len(batch) for batch in store.batches] == [2]

    tell(story)


def test_a_caller_that_is_cancelled_does_not_disturb_its_neighbours() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        held = await hold(coalescer, store)

        async def caller() -> Result:
            return await coalescer.submit(enqueue())

        tasks = [asyncio.create_task(caller()) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0)
        store.open.set()
        assert isinstance(await held, Enqueued)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Enqueued, asyncio.CancelledError, Enqueued]
        assert len(store.batches[1]) == 3  # what was submitted is done all the same

    tell(story)


def test_many_identical_calls_at_once_make_one_job() -> None:
    async def story(coalescer: Coalescer, _: Recorder) -> None:
        dedupe = Dedupe(scope="s", key="k", digest=b"d", expires_at=NOW + 1000)
        results = await asyncio.gather(*(coalescer.submit(enqueue(dedupe=dedupe)) for _ in range(50)))
        assert len({result.job_id for result in results if isinstance(result, Enqueued)}) == 1
        assert [isinstance(result, Enqueued) and result.duplicate for result in results].count(False) == 1

    tell(story)


def test_closing_commits_what_waits() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        held = await hold(coalescer, store)
        normal, lazy = coalescer.submit(enqueue()), coalescer.submit_lazy(Prune(now=NOW))
        closing = asyncio.create_task(coalescer.aclose())
        await asyncio.sleep(0)
        store.open.set()
        await closing
        assert isinstance(await held, Enqueued)
        assert isinstance(await normal, Enqueued)
        assert await lazy == Pruned(0)
        assert store.closed

    tell(story)


def test_after_closing_everything_is_refused() -> None:
    async def story(coalescer: Coalescer, _: Recorder) -> None:
        await coalescer.aclose()
        await coalescer.aclose()
        for submit in (coalescer.submit, coalescer.submit_lazy, coalescer.submit_threadsafe):
            with pytest.raises(StoreUnavailable) as refused:
                submit(Prune(now=NOW))
            assert refused.value.code == "draining"

    tell(story)


def test_a_lazy_failure_that_nobody_reads_makes_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    gc.collect()  # what earlier tests left behind makes its noise now
    caplog.clear()

    async def story(coalescer: Coalescer, store: Recorder) -> None:
        store.failures = [StoreUnavailable("The disk is full.")]
        coalescer.submit_lazy(Prune(now=NOW))
        assert await coalescer.submit_lazy(Cancel(now=NOW, job_id=new_id())) == NotFound()

    with caplog.at_level(logging.ERROR, "asyncio"), pytest.raises(StoreUnavailable):
        tell(story)
    gc.collect()
    assert caplog.records == []


def test_every_operation_has_a_place_in_the_order() -> None:
    assert sorted(op.__name__ for op in ORDER) == sorted(op.__name__ for op in Op.__subclasses__())


FULL = StoreUnavailable("The disk is full.")


def lines_of(logs: Sequence[MutableMapping[str, Any]], event: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "event"} for line in logs if line["event"] == event]


async def refused_batches(coalescer: Coalescer, store: Recorder, count: int) -> None:
    for _ in range(count):
        store.failures = [FULL]
        with pytest.raises(StoreUnavailable):
            await coalescer.submit(enqueue())


def test_a_disk_that_is_full_writes_one_line_in_five_seconds_with_how_many_more_were_refused() -> None:
    clock = FakeClock()

    async def story(coalescer: Coalescer, store: Recorder) -> None:
        with capture_logs() as logs:
            await refused_batches(coalescer, store, 20)
            clock.advance(SAID_EVERY)
            await refused_batches(coalescer, store, 2)
        line = {"log_level": "error", "room": "store", "error": "The disk is full."}
        assert lines_of(logs, "store.unavailable") == [line, {**line, "unsaid": 19}]

    tell(story, clock=clock)


def test_a_refusal_is_over_once_a_larger_write_was_taken_of_itself_and_one_line_says_so() -> None:
    clock = FakeClock()

    async def story(coalescer: Coalescer, store: Recorder) -> None:
        await refused_batches(coalescer, store, 3)
        with capture_logs() as logs:
            await coalescer.submit(enqueue())  # a little fits onto a full disk as well
            refusals = [coalescer.refusal]
            clock.advance(SAID_EVERY)
            await coalescer.submit(enqueue())
            refusals.append(coalescer.refusal)
            clock.advance(SAID_EVERY)
            await coalescer.submit(enqueue())
        assert refusals == [FULL, None]
        assert lines_of(logs, "store.available") == [{"log_level": "info", "room": "store", "refused": 3}]
        assert await store.states("") == ()

    tell(story, clock=clock)


def test_a_disk_that_takes_only_a_little_is_not_called_well_and_its_callers_get_their_answers() -> None:
    clock = FakeClock()

    async def story(coalescer: Coalescer, store: Recorder) -> None:
        await refused_batches(coalescer, store, 1)
        clock.advance(SAID_EVERY)
        with capture_logs() as logs:
            store.largest = 1_000
            assert isinstance(await coalescer.submit(enqueue()), Enqueued)
            assert coalescer.refusal is not None
        assert lines_of(logs, "store.available") == []

    tell(story, clock=clock)


def test_a_refusal_that_another_came_after_is_not_over() -> None:
    async def story(coalescer: Coalescer, store: Recorder) -> None:
        await refused_batches(coalescer, store, 1)
        assert [coalescer.refusal_over(one) for one in (StoreUnavailable("an earlier one"), FULL)] == [False, True]
        assert coalescer.refusal is None

    tell(story)
