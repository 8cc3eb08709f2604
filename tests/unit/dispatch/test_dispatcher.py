"""The life of a job, from accepted to its end."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from tests.unit.dispatch.lab import lab, new_job, run

from hookyard.errors import StoreUnavailable
from hookyard.ids import IdSource
from hookyard.model import Job
from hookyard.store.contract import (
    Cancel,
    CancelRequested,
    Claim,
    Dedupe,
    Enqueue,
    Enqueued,
    Failed,
    Lease,
    Mismatch,
    Op,
    Prune,
    Pruned,
    Result,
)
from hookyard.store.memory import MemoryStore
from hookyard.testing import FakeClock


def test_a_job_that_succeeds_has_its_result_and_its_delivery() -> None:
    async def story() -> None:
        async with lab() as it:
            job = await it.run("succeed", "a")
            assert (job.status, job.result, job.attempt) == ("succeeded", b'{"said":"a"}', 1)
            assert [delivery.event for delivery in it.outbox.written] == ["job.succeeded"]
            assert await it.store.job(job.id) == job

    run(story)


def test_an_error_is_tried_again_after_its_back_off_until_the_attempts_are_used_up() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job("raise")
            await it.accept(job)
            for attempt, wait in ((1, 5_000), (2, 10_000)):  # half of base * 2 ** (attempt - 1): the draw is 0.5
                found = await it.until(waits_after(attempt), job.id)
                assert found.run_at == it.clock.now() + wait
                it.clock.advance(wait)
            ended = await it.ended(job.id)
            assert (ended.status, ended.reason, ended.attempt) == ("failed", "attempts_exhausted", 3)
            assert ended.last_error is not None
            assert "secret" not in ended.last_error.message
            outcomes = [attempt.outcome for attempt in await it.store.attempts(job.id)]
            assert outcomes == ["failed", "failed", "failed"]

    run(story)


def test_a_refusal_is_final() -> None:
    async def story() -> None:
        async with lab() as it:
            job = await it.run("refuse")
            assert (job.status, job.reason, job.attempt) == ("failed", "not_retryable", 1)

    run(story)


def test_an_error_that_says_too_much_is_kept_without_it() -> None:
    async def story() -> None:
        async with lab() as it:
            job = await it.run("much", "a")
            [attempt] = await it.store.attempts(job.id)
            for error in (job.last_error, attempt.error):
                assert error is not None
                assert (len(error.code), error.details) == (200, {"dropped": "too large"})
                assert (len(error.message), error.message[-23:]) == (8192, "x... (1048576 characters)"[-23:])

    run(story)


@pytest.mark.parametrize("do", ["unmade", "never"])
def test_an_error_that_is_not_what_its_class_says_fails_its_attempt_at_once(do: str) -> None:
    async def story() -> None:
        async with lab() as it:
            job = await it.run(do, max_attempts=1)
            assert (job.status, job.reason) == ("failed", "attempts_exhausted")
            assert job.last_error is not None
            assert job.last_error.code == "plugin_error"

    run(story)


def test_retry_later_uses_no_attempt() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job("later", max_attempts=1)
            await it.accept(job)
            for _ in range(3):
                found = await it.until(lambda job: job.status == "queued" and job.reason == "retry_later", job.id)
                assert found.attempt == 0
                it.clock.advance(60_000)
                await it.until(due_after(found.run_at), job.id)

    run(story)


def test_stored_input_that_no_longer_fits_ends_its_job_at_once() -> None:
    async def story() -> None:
        async with lab() as it:
            job = await it.run(args=b'{"name": 7}')
            assert (job.status, job.reason) == ("failed", "invalid_input")

    run(story)


def test_a_job_for_later_waits_for_its_time() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job("succeed", "a", run_at=it.clock.now() + 3_600_000)
            await it.accept(job)
            it.clock.advance(3_599_999)
            await it.run("succeed", "b")
            assert it.ran == ["b"]
            it.clock.advance(1)
            assert (await it.ended(job.id)).status == "succeeded"

    run(story)


def test_a_lane_runs_no_more_than_its_limit_and_then_priority_first_and_the_older_first() -> None:
    async def story() -> None:
        async with lab(limit=1) as it:
            first = it.job("wait", "first")
            await it.accept(first)
            jobs = [
                it.job("succeed", name, priority=priority)
                for name, priority in (("low", 0), ("high", 5), ("low too", 0), ("high too", 5))
            ]
            for job in jobs:
                await it.accept(job)
            it.gates["first"].set()
            for job in jobs:
                await it.ended(job.id)
            assert it.ran == ["first", "high", "high too", "low", "low too"]
            assert it.most == 1

    run(story)


def test_many_jobs_at_once_all_end_within_the_limit() -> None:
    async def story() -> None:
        async with lab(limit=3) as it:
            jobs = [it.job("succeed", str(n)) for n in range(200)]
            await asyncio.gather(*(it.accept(job) for job in jobs))
            for job in jobs:
                assert (await it.ended(job.id)).status == "succeeded"
            assert sorted(it.ran, key=int) == [str(n) for n in range(200)]
            assert it.most <= 3

    run(story)


def test_the_same_key_is_the_same_job_and_another_body_is_told_apart() -> None:
    async def story() -> None:
        async with lab() as it:
            expires = it.clock.now() + 1000
            same = Dedupe("scope", "key", b"digest", expires)
            first, second = it.job(name="a"), it.job(name="a")
            results = await asyncio.gather(it.accept(first, same), it.accept(second, same))
            assert list(results) == [Enqueued(first.id), Enqueued(first.id, duplicate=True)]
            assert await it.accept(it.job(), Dedupe("scope", "key", b"other", expires)) == Mismatch(first.id)
            await it.ended(first.id)
            assert it.ran == ["a"]

    run(story)


def test_a_duplicate_takes_no_slot() -> None:
    async def story() -> None:
        async with lab(limit=1) as it:
            same = Dedupe("scope", "key", b"digest", it.clock.now() + 1000)
            first = it.job(name="a")
            assert await it.accept(first, same) == Enqueued(first.id)
            await it.ended(first.id)
            for _ in range(3):
                await it.accept(it.job(name="b"), same)
            await it.run(name="c")
            assert it.ran == ["a", "c"]

    run(story)


@pytest.mark.parametrize("do", ["flag", "wait"])
def test_a_cancelled_running_job_is_told_by_the_heartbeat_and_cancel_wins(do: str) -> None:
    async def story() -> None:
        async with lab(lease=150) as it:
            job = it.job(do)
            await it.accept(job)
            assert await it.writer.submit(Cancel(now=it.clock.now(), job_id=job.id)) == CancelRequested()
            it.clock.advance(100)  # the lease is old enough to be extended, and that tells
            ended = await it.ended(job.id)
            assert (ended.status, ended.reason) == ("cancelled", "cancelled_by_user")

    run(story)


def test_a_drain_gives_what_runs_back_without_counting_its_attempt() -> None:
    async def story() -> None:
        store, clock = MemoryStore(), FakeClock()
        async with lab(store=store, clock=clock) as it:
            jobs = [it.job("wait", str(n)) for n in range(3)]
            for job in jobs:
                await it.accept(job)
        for job in jobs:
            found = await store.job(job.id)
            assert found is not None
            assert (found.status, found.attempt, found.reason) == ("queued", 0, "released")

    run(story)


def test_a_drained_dispatcher_takes_nothing_and_lets_nobody_wait() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job("wait", "a")
            await it.accept(job)
            waiting = asyncio.create_task(it.dispatcher.wait(job.id, 60))
            await asyncio.sleep(0)
            it.dispatcher.stop_accepting()
            assert await waiting is None
            with pytest.raises(StoreUnavailable) as refused:
                await it.accept(it.job())
            assert refused.value.code == "draining"

    run(story)


def test_what_a_dead_process_left_running_is_run_again_and_its_attempt_counts() -> None:
    async def story() -> None:
        store, clock = MemoryStore(), FakeClock()
        job = await abandoned(store, clock)
        async with lab(store=store, clock=clock) as it:
            ended = await it.ended(job.id)
            assert (ended.status, ended.attempt) == ("succeeded", 2)
            assert [attempt.outcome for attempt in await store.attempts(job.id)] == ["lost", "succeeded"]

    run(story)


def test_a_job_whose_workers_died_too_often_ends_and_says_so() -> None:
    async def story() -> None:
        store, clock = MemoryStore(), FakeClock()
        job = await abandoned(store, clock, max_attempts=1)
        async with lab(store=store, clock=clock) as it:
            found = await store.job(job.id)
            assert found is not None
            assert (found.status, found.reason) == ("failed", "worker_lost")
            assert [delivery.event for delivery in it.outbox.written] == ["job.failed"]

    run(story)


def test_a_clock_that_jumps_ahead_costs_no_running_job_its_lease() -> None:
    async def story() -> None:
        async with lab(lease=1_000) as it:
            job = it.job("wait", "a")
            await it.accept(job)
            it.clock.advance(86_400_000)
            await it.run("succeed", "b")
            it.gates["a"].set()
            ended = await it.ended(job.id)
            assert (ended.status, ended.attempt) == ("succeeded", 1)

    run(story)


def test_a_caller_that_goes_away_leaves_the_lane_whole() -> None:
    async def story() -> None:
        async with lab(limit=1, lease=1_000) as it:
            gone = asyncio.create_task(it.accept(it.job("succeed", "gone")))
            await asyncio.sleep(0)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            await it.run("succeed", "next")
            assert "next" in it.ran

    run(story)


def test_large_bodies_that_had_to_wait_all_run() -> None:
    async def story() -> None:
        async with lab(limit=8) as it:
            later = it.clock.now() + 1_000
            name = "x" * (5 << 20)
            jobs = [it.job("succeed", name, run_at=later) for _ in range(8)]
            for job in jobs:
                await it.accept(job)
            it.clock.advance(1_000)
            for job in jobs:
                assert (await it.ended(job.id)).status == "succeeded"

    run(story)


def test_expired_keys_are_forgotten_however_many_there_are() -> None:
    async def story() -> None:
        async with lab(lease=2_000) as it:
            expires = it.clock.now() + 100
            keys = [Dedupe("s", str(number), b"d", expires) for number in range(2_500)]
            far = it.clock.now() + 10**9
            await asyncio.gather(
                *(it.writer.submit(Enqueue(now=it.clock.now(), job=it.job(run_at=far), dedupe=key)) for key in keys)
            )
            left: Result = Pruned(1)
            asked = 0
            while left != Pruned(0):
                it.clock.advance(1_000)
                await it.run("succeed")
                left = await it.writer.submit_lazy(Prune(now=it.clock.now(), limit=1))
                asked += 1
            assert asked < 50  # each took one; the janitor took the rest

    run(story)


def test_a_store_that_contradicts_one_claim_does_not_stop_the_next() -> None:
    async def story() -> None:
        async with lab(store=Contradicting()) as it:
            store = it.store
            assert isinstance(store, Contradicting)
            store.claims_to_fail = 2
            job = it.job("succeed", "a", run_at=it.clock.now() + 1_000)
            await it.accept(job)
            for _ in range(4):
                it.clock.advance(1_000)
                await it.run("succeed", "b")
            assert (await it.ended(job.id)).status == "succeeded"

    run(story)


def test_waiting_for_a_job_that_cannot_be_read_now_is_no_refusal_of_it() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job("succeed", "a", run_at=it.clock.now() + 60_000)
            await it.accept(job)
            it.store.job = unreadable  # type: ignore[method-assign]
            assert await it.dispatcher.wait(job.id, 5) is None

    run(story)


async def unreadable(job_id: str) -> Job | None:
    """What a reader past its deadline does."""
    raise StoreUnavailable(f"cannot read {job_id}")


class Contradicting(MemoryStore):
    """Fails some claims, as a store does that cannot make sense of a row."""

    claims_to_fail = 0

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        results = super().apply([op for op in ops if not self._fails(op)])
        return [Failed("no sense") if self._fails(op) and self._count() else results.pop(0) for op in ops]

    def _fails(self, op: Op) -> bool:
        return isinstance(op, Claim) and self.claims_to_fail > 0

    def _count(self) -> bool:
        self.claims_to_fail -= 1
        return True


def waits_after(attempt: int) -> Callable[[Job], bool]:
    """It is queued again after this attempt."""
    return lambda job: job.status == "queued" and job.attempt == attempt


def due_after(time: int) -> Callable[[Job], bool]:
    """It was put off once more."""
    return lambda job: job.run_at > time


async def abandoned(store: MemoryStore, clock: FakeClock, max_attempts: int = 3) -> Job:
    """A job that a process took and never ended."""
    job = new_job(IdSource(clock), clock, "succeed", "a", max_attempts=max_attempts)
    store.apply([Enqueue(now=clock.now(), job=job, lease=Lease(7, "local", clock.now() + 30_000))])
    return job
