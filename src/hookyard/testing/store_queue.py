"""The part of the store contract about getting jobs in and out of the queue."""

import pytest
from msgspec.structs import replace

from hookyard.model import ErrorInfo
from hookyard.store.contract import (
    CLAIM_BYTES,
    Claim,
    Claimed,
    Enqueue,
    Enqueued,
    Failed,
    LaneAsk,
    Mismatch,
    Prune,
    Pruned,
)
from hookyard.testing.store_probe import LANE, TOKEN, Probe, StoreCase, with_lease


class EnqueueContract(StoreCase):
    """What Enqueue and Prune promise."""

    def test_a_job_is_stored_with_everything_it_came_with(self, store: Probe) -> None:
        job = replace(
            store.job(priority=3, max_attempts=9),
            timeout=1500,
            source="github",
            callback_url="https://receiver.example/x",
            tags=("nightly", 'with "quotes"', "ünï"),
            args=b'{"name": "\xc3\x9cn\xc3\xaf\\u0000"}',
        )
        assert store.all(Enqueue(now=store.now, job=job)) == [Enqueued(job.id)]
        assert store.find(job.id) == job

    def test_a_job_enqueued_with_a_lease_runs_its_first_attempt_at_once(self, store: Probe) -> None:
        job, lease = store.job(), store.lease()
        assert store.all(Enqueue(now=store.now, job=job, lease=lease)) == [Enqueued(job.id)]
        assert store.see(job) == with_lease(job, TOKEN, now=store.now, until=lease.expires_at)
        assert store.claim() == ()

    def test_what_describes_a_jobs_life_is_set_by_the_store(self, store: Probe) -> None:
        job = store.job()
        lived = replace(job, status="failed", reason="deadline", attempt=3, result=b"1", last_error=ErrorInfo("a", "b"))
        store.all(Enqueue(now=store.now, job=replace(lived, worker="w9", completed_at=1, cancel_requested=True)))
        assert store.find(job.id) == job

    def test_a_job_whose_id_is_in_use_fails_alone(self, store: Probe) -> None:
        taken = store.enqueue()
        before, after = store.job(), store.job()
        again = replace(store.job(), id=taken.id, args=b"null")
        results = store.all(*(Enqueue(now=store.now, job=job) for job in (before, again, after)))
        assert [type(result) for result in results] == [Enqueued, Failed, Enqueued]
        assert store.find(taken.id) == taken
        assert store.find(before.id) == before
        assert store.find(after.id) == after

    def test_a_job_that_may_not_be_tried_once_fails(self, store: Probe) -> None:
        job = store.job(max_attempts=0)
        store.do(Enqueue(now=store.now, job=job), Failed)
        store.do(Enqueue(now=store.now, job=job, lease=store.lease()), Failed)
        assert store.find(job.id) is None

    def test_a_job_under_what_is_no_id_fails(self, store: Probe) -> None:
        store.do(Enqueue(now=store.now, job=replace(store.job(), id="nonsense")), Failed)

    def test_the_same_key_and_body_answers_with_the_first_job(self, store: Probe) -> None:
        first = store.enqueue(dedupe=store.once())
        second = store.job()
        result = store.all(Enqueue(now=store.now, job=second, dedupe=store.once()))
        assert result == [Enqueued(first.id, duplicate=True)]
        assert store.find(second.id) is None

    def test_the_same_key_with_another_body_is_a_mismatch(self, store: Probe) -> None:
        first = store.enqueue(dedupe=store.once())
        second = store.job()
        result = store.all(Enqueue(now=store.now, job=second, dedupe=store.once(digest=b"other")))
        assert result == [Mismatch(first.id)]
        assert store.find(second.id) is None

    def test_a_key_stands_for_its_job_after_that_has_ended(self, store: Probe) -> None:
        first = store.enqueue(dedupe=store.once(), lease=store.lease())
        store.all(store.finish_op(first))
        result = store.all(Enqueue(now=store.now, job=store.job(), dedupe=store.once()))
        assert result == [Enqueued(first.id, duplicate=True)]

    def test_keys_of_other_scopes_and_other_keys_do_not_meet(self, store: Probe) -> None:
        store.enqueue(dedupe=store.once("a"))
        store.enqueue(dedupe=store.once("b", digest=b"other"))
        store.enqueue(dedupe=replace(store.once("a", digest=b"other"), scope="source:github"))
        assert len(store.claim(10)) == 3

    def test_an_expired_key_is_free_for_another_job(self, store: Probe) -> None:
        store.enqueue(dedupe=store.once(seconds=60))
        store.clock.advance(60_000)
        second = store.enqueue(dedupe=store.once(digest=b"other"))
        result = store.all(Enqueue(now=store.now, job=store.job(), dedupe=store.once(digest=b"other")))
        assert result == [Enqueued(second.id, duplicate=True)]

    def test_many_identical_calls_in_one_batch_make_one_job(self, store: Probe) -> None:
        jobs = [store.job() for _ in range(150)]
        results = store.all(*(Enqueue(now=store.now, job=job, dedupe=store.once()) for job in jobs))
        assert results == [Enqueued(jobs[0].id), *[Enqueued(jobs[0].id, duplicate=True)] * 149]
        assert [job.id for job in store.claim(200)] == [jobs[0].id]

    def test_keys_that_expire_within_a_batch_are_seen_as_they_are_at_each_operation(self, store: Probe) -> None:
        one, two, three = (store.job() for _ in range(3))
        short, long = store.once(seconds=1), store.once(digest=b"other", seconds=90)
        later = store.now + 1000
        results = store.all(
            Enqueue(now=store.now, job=one, dedupe=short),
            Enqueue(now=later, job=two, dedupe=long),
            Enqueue(now=later, job=three, dedupe=short),
        )
        assert results == [Enqueued(one.id), Enqueued(two.id), Mismatch(two.id)]

    def test_a_key_is_not_kept_for_a_job_that_was_not_stored(self, store: Probe) -> None:
        taken = store.enqueue()
        store.do(Enqueue(now=store.now, job=taken, dedupe=store.once()), Failed)
        other = store.job()
        assert store.all(Enqueue(now=store.now, job=other, dedupe=store.once())) == [Enqueued(other.id)]

    def test_pruning_forgets_expired_keys_a_few_at_a_time_and_no_others(self, store: Probe) -> None:
        for number in range(5):
            store.enqueue(dedupe=store.once(f"old-{number}", seconds=number))
        kept = store.enqueue(dedupe=store.once("new", seconds=600))
        store.clock.advance(10_000)
        pruned = store.all(*[Prune(now=store.now, limit=3)] * 3)
        assert pruned == [Pruned(3), Pruned(2), Pruned(0)]
        result = store.all(Enqueue(now=store.now, job=store.job(), dedupe=store.once("new")))
        assert result == [Enqueued(kept.id, duplicate=True)]
        store.clock.advance(-10_000)
        for number in range(5):  # even by a clock that went back they are unknown
            job = store.job()
            assert store.all(Enqueue(now=store.now, job=job, dedupe=store.once(f"old-{number}"))) == [Enqueued(job.id)]


class ClaimContract(StoreCase):
    """What Claim promises."""

    def test_a_claim_leases_a_due_job(self, store: Probe) -> None:
        job = store.enqueue()
        store.clock.advance(5)
        op = store.claim_op()
        leased = with_lease(job, TOKEN, now=store.now, until=op.lease.expires_at)
        assert store.all(op) == [Claimed((leased,), None)]
        assert store.see(job) == leased

    def test_a_claim_brings_the_whole_job(self, store: Probe) -> None:
        job = replace(store.job(), args=bytes(range(256)) * 40, tags=("a", "b"), timeout=5, source="s")
        store.enqueue(job)
        (claimed,) = store.claim()
        assert claimed == store.see(job)
        assert claimed.args == job.args

    def test_a_job_has_one_live_lease_at_most(self, store: Probe) -> None:
        store.enqueue()
        first, second = store.all(store.claim_op(token=1), store.claim_op(token=2))
        assert isinstance(first, Claimed)
        assert len(first.jobs) == 1
        assert second == Claimed((), None)

    def test_higher_priority_goes_first_and_then_the_older_job(self, store: Probe) -> None:
        jobs = [store.enqueue(store.job(priority=priority)) for priority in (0, 5, -2, 5, 0)]
        order = [jobs[at].id for at in (1, 3, 0, 4, 2)]
        assert [job.id for job in store.claim(2)] == order[:2]
        assert [job.id for job in store.claim(9)] == order[2:]

    def test_each_lane_gives_as_many_as_asked_in_the_order_asked(self, store: Probe) -> None:
        in_lane = {lane: [store.enqueue(store.job(lane=lane)).id for _ in range(3)] for lane in ("a/x", "b/y", "c/z")}
        op = Claim(now=store.now, lanes=(LaneAsk("c/z", 2), LaneAsk("a/x", 1)), lease=store.lease())
        claimed = store.do(op, Claimed)
        assert [job.id for job in claimed.jobs] == [*in_lane["c/z"][:2], in_lane["a/x"][0]]

    @pytest.mark.parametrize("limit", [0, -1])
    def test_a_lane_asked_for_nothing_gives_nothing(self, store: Probe, limit: int) -> None:
        store.enqueue()
        assert store.claim(limit) == ()
        assert store.do(Claim(now=store.now, lanes=(), lease=store.lease()), Claimed) == Claimed((), None)

    def test_a_lane_asked_for_twice_gives_the_sum(self, store: Probe) -> None:
        jobs = [store.enqueue().id for _ in range(5)]
        asks = (LaneAsk(LANE, 1), LaneAsk("none/such", 4), LaneAsk(LANE, 2))
        claimed = store.do(Claim(now=store.now, lanes=asks, lease=store.lease()), Claimed)
        assert [job.id for job in claimed.jobs] == jobs[:3]

    def test_a_job_is_not_given_before_its_time(self, store: Probe) -> None:
        later = store.enqueue(store.job(delay=5000, priority=9))
        sooner = store.enqueue(store.job(delay=3000))
        store.enqueue(store.job(lane="other/lane", delay=1))
        assert store.all(store.claim_op()) == [Claimed((), sooner.run_at)]
        store.clock.advance(3000)
        claimed = store.do(store.claim_op(5), Claimed)
        assert [job.id for job in claimed.jobs] == [sooner.id]
        assert claimed.next_due == later.run_at
        store.clock.advance(2000)
        assert store.do(store.claim_op(), Claimed).next_due is None

    def test_a_job_that_has_become_due_keeps_its_priority_and_age(self, store: Probe) -> None:
        delayed = store.enqueue(store.job(delay=1000))
        plain = store.enqueue()
        urgent = store.enqueue(store.job(delay=1000, priority=1))
        store.clock.advance(1000)
        assert [job.id for job in store.claim(3)] == [urgent.id, delayed.id, plain.id]

    def test_a_clock_that_goes_back_does_not_hold_up_what_was_due(self, store: Probe) -> None:
        at_once, delayed = store.enqueue(), store.enqueue(store.job(delay=1000))
        store.clock.advance(1000)
        assert store.claim(0) == ()
        store.clock.advance(-3_600_000)
        future = store.enqueue(store.job(delay=10))
        claimed = store.do(store.claim_op(9), Claimed)
        assert [job.id for job in claimed.jobs] == [at_once.id, delayed.id]
        assert claimed.next_due == future.run_at

    def test_more_jobs_than_one_statement_holds_are_claimed_at_once(self, store: Probe) -> None:
        jobs = [store.job() for _ in range(150)]
        store.all(*(Enqueue(now=store.now, job=job) for job in jobs))
        assert [job.id for job in store.claim(149)] == [job.id for job in jobs[:149]]
        assert [job.id for job in store.claim(149)] == [jobs[149].id]

    def test_a_claim_brings_only_so_many_bytes_and_says_that_there_is_more(self, store: Probe) -> None:
        size = CLAIM_BYTES // 2
        jobs = [replace(store.job(lane=lane), args=b"7" * size) for lane in ("a/x", "a/x", "b/y", "b/y")]
        odd = replace(store.job(lane="b/y"), args=b"8")
        store.all(*(Enqueue(now=store.now, job=job) for job in (*jobs, odd)))
        lanes = ("b/y", "a/x")
        first = store.do(store.claim_op(9, lanes=lanes), Claimed)
        assert [job.id for job in first.jobs] == [jobs[2].id, jobs[3].id]
        assert {job.args for job in first.jobs} == {b"7" * size}
        assert first.more
        second = store.do(store.claim_op(9, lanes=lanes), Claimed)
        assert ([job.id for job in second.jobs], second.more) == ([odd.id, jobs[0].id], True)
        assert store.see(jobs[1].id).status == "queued"
        third = store.do(store.claim_op(9, lanes=lanes), Claimed)
        assert ([job.id for job in third.jobs], third.more) == ([jobs[1].id], False)

    def test_a_job_larger_than_a_claim_comes_alone(self, store: Probe) -> None:
        large = store.enqueue(replace(store.job(), args=b"7" * (CLAIM_BYTES + 1)))
        small = store.enqueue()
        first = store.do(store.claim_op(2), Claimed)
        assert ([job.id for job in first.jobs], first.more) == ([large.id], True)
        second = store.do(store.claim_op(2), Claimed)
        assert ([job.id for job in second.jobs], second.more) == ([small.id], False)

    def test_a_claim_that_got_as_many_as_it_asked_for_says_nothing_of_more(self, store: Probe) -> None:
        store.enqueue()
        store.enqueue()
        assert not store.do(store.claim_op(1), Claimed).more

    def test_a_retried_job_shows_no_old_reason_while_it_runs(self, store: Probe) -> None:
        job = store.running()
        store.all(store.release_op(job, error=ErrorInfo("boom", "it broke")))
        assert store.see(job).reason == "plugin_error"
        (again,) = store.claim(token=2)
        assert (again.reason, again.attempt) == (None, 2)
        assert again.last_error == ErrorInfo("boom", "it broke")
