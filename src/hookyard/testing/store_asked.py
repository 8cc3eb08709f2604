"""The part of the store contract about what jobs can be asked for: to be unique, to wait, to keep to a limit."""

import pytest
from msgspec.structs import replace

from hookyard.model import ErrorInfo, Follow, Job, JobOptions, Retry, TerminalStatus
from hookyard.store.contract import (
    Cancel,
    Claimed,
    DeleteJob,
    Done,
    Doomed,
    Enqueue,
    Enqueued,
    Failed,
    LaneFull,
    Mismatch,
    Occupied,
    RetryJob,
    Unique,
    Unmet,
)
from hookyard.testing.store_probe import LANE, TOKEN, Probe, StoreCase, without_bodies

SKIP, REPLACE, COALESCE = Unique("skip"), Unique("replace"), Unique("coalesce", latest=10_000)


def unique(store: Probe, key: str = "u") -> Job:
    """A job with a unique key."""
    return replace(store.job(), unique_key=key)


def keyed(store: Probe, limit: int = 1, *, key: str = "repo", priority: int = 0, delay: int = 0) -> Job:
    """A job with a concurrency key."""
    return replace(store.job(priority=priority, delay=delay), concurrency_key=key, concurrency_limit=limit)


def after(store: Probe, *jobs: Job, delay: int = 0) -> Job:
    """A job that waits for others."""
    return replace(store.job(delay=delay), options=JobOptions(after=tuple(job.id for job in jobs)))


def ids(jobs: tuple[Job, ...]) -> list[str]:
    """Which they are."""
    return [job.id for job in jobs]


def end(store: Probe, job: Job, status: TerminalStatus = "succeeded") -> Done:
    """End a running job."""
    return store.do(store.finish_op(job, status=status, outcome=status), Done)


class AskedContract(StoreCase):
    """What is kept of what few jobs have."""

    def test_what_few_jobs_have_comes_back_wherever_they_are_read(self, store: Probe) -> None:
        job = replace(
            store.job(),
            tenant="acme",
            affinity="llama",
            unique_key="u",
            concurrency_key="k",
            concurrency_limit=2,
            options=JobOptions(
                retry=Retry(base=2.5, on=("late",)),
                callback_events=("started", "finished"),
                on_success=(Follow(run="a/next", tags=("t",)),),
                on_failure=(Follow(run="a/alarm", priority=3),),
            ),
            tags=("x", "y", "x"),
        )
        assert store.enqueue(job) == job
        (claimed,) = store.claim()
        assert claimed == store.see(job)
        assert (claimed.options, claimed.tenant, claimed.concurrency_limit) == (job.options, "acme", 2)
        assert store.lost(worker="w1") == (without_bodies(claimed),)
        store.all(store.finish_op(claimed, result_artifact="result"))
        assert store.see(job).result_artifact == "result"


class UniqueContract(StoreCase):
    """What Enqueue promises of unique keys."""

    def test_skip_answers_with_the_oldest_active_one(self, store: Probe) -> None:
        first = store.enqueue(unique(store))
        other = store.job()
        asks = (unique(store), unique(store, "other"), replace(other, unique_key=None))
        results = store.all(*(Enqueue(now=store.now, job=job, unique=SKIP) for job in asks))
        assert results == [Enqueued(first.id, duplicate=True), Enqueued(asks[1].id), Enqueued(other.id)]
        (running, *_) = store.claim()
        again = Enqueue(now=store.now, job=unique(store), unique=SKIP)
        assert store.all(again) == [Enqueued(first.id, duplicate=True)]
        assert end(store, running) == Done()
        assert store.all(again) == [Enqueued(again.job.id)]

    def test_skip_sees_the_jobs_of_its_own_batch(self, store: Probe) -> None:
        jobs = [unique(store, "ab"[at % 2]) for at in range(150)]
        results = store.all(*(Enqueue(now=store.now, job=job, unique=SKIP) for job in jobs))
        expected = [Enqueued(jobs[at % 2].id, duplicate=at > 1) for at in range(150)]
        assert results == expected

    def test_replace_names_the_queued_ones_and_minds_no_running_one(self, store: Probe) -> None:
        store.running(unique(store))
        queued = [store.enqueue(unique(store)) for _ in range(2)]
        op = Enqueue(now=store.now, job=unique(store), unique=REPLACE)
        assert store.all(op) == [Occupied((queued[0].id, queued[1].id))]
        assert store.find(op.job.id) is None
        store.all(*(Cancel(now=store.now, job_id=job.id, reason="replaced") for job in queued))
        assert store.see(queued[0]).reason == "replaced"
        assert store.all(op) == [Enqueued(op.job.id)]

    def test_one_that_cannot_be_stored_is_told_so_before_any_is_cancelled_for_it(self, store: Probe) -> None:
        queued = store.enqueue(unique(store))
        nowhere = store.job().id
        job = replace(unique(store), options=JobOptions(after=(nowhere,)))
        assert store.all(Enqueue(now=store.now, job=job, unique=REPLACE)) == [Unmet(nowhere, None)]
        assert store.see(queued) == queued

    def test_coalesce_gives_its_input_to_the_oldest_queued_one_that_never_ran(self, store: Probe) -> None:
        ran = store.running(unique(store))
        store.all(store.release_op(ran))
        old = store.enqueue(replace(unique(store), run_at=store.now + 5000))
        store.clock.advance(3000)
        new = replace(unique(store), args=b'"new"', run_at=store.now + 5000, priority=7, request_id="req-2")
        op = Enqueue(now=store.now, job=new, unique=COALESCE)
        assert store.all(op) == [Enqueued(old.id, coalesced=True)]
        expected = replace(old, args=b'"new"', run_at=new.run_at, priority=7, request_id="req-2")
        assert store.see(old) == expected
        assert store.find(new.id) is None
        store.clock.advance(4000)
        store.all(replace_now(op, store.now, store.now + 5000))
        assert store.see(old).run_at == old.submitted_at + 10_000, "not put off for ever"

    def test_coalescing_makes_a_job_due_or_puts_it_off(self, store: Probe) -> None:
        old = store.enqueue(unique(store))
        later = Enqueue(now=store.now, job=replace(unique(store), run_at=store.now + 500), unique=COALESCE)
        assert store.all(later) == [Enqueued(old.id, coalesced=True)]
        assert store.all(store.claim_op()) == [Claimed((), store.now + 500)]
        store.all(Enqueue(now=store.now, job=unique(store), unique=COALESCE))
        assert ids(store.claim()) == [old.id]

    def test_an_idempotency_key_stands_for_whatever_job_the_call_was_answered_with(self, store: Probe) -> None:
        first = store.enqueue(unique(store))
        for at, policy in enumerate((SKIP, COALESCE)):
            once = store.once(f"k{at}")
            results = store.all(Enqueue(now=store.now, job=unique(store), unique=policy, dedupe=once))
            assert results == [Enqueued(first.id, duplicate=policy is SKIP, coalesced=policy is COALESCE)]
        store.all(Cancel(now=store.now, job_id=first.id))
        asks = [Enqueue(now=store.now, job=unique(store), unique=SKIP, dedupe=store.once(f"k{at}")) for at in range(2)]
        assert store.all(*asks) == [Enqueued(first.id, duplicate=True)] * 2
        assert store.all(replace(asks[0], dedupe=store.once("k0", digest=b"x"))) == [Mismatch(first.id)]


class CapContract(StoreCase):
    """What Enqueue promises of a lane that is full."""

    def test_a_full_lane_takes_no_more_until_something_leaves_its_queue(self, store: Probe) -> None:
        store.running()  # what runs does not wait
        ops = [Enqueue(now=store.now, job=store.job(delay=at * 1000), cap=3) for at in range(4)]
        assert store.all(*ops)[2:] == [Enqueued(ops[2].job.id), LaneFull(3)]
        assert store.all(replace(ops[3], cap=4), replace(ops[3], job=store.job(), lease=store.lease())) == [
            Enqueued(ops[3].job.id),
            Enqueued(store.last_id() or ""),
        ]
        other = Enqueue(now=store.now, job=store.job(lane="other/lane"), cap=1)
        again = replace(ops[3], job=store.job())
        assert store.all(other, again) == [Enqueued(other.job.id), LaneFull(4)]
        store.all(Cancel(now=store.now, job_id=ops[2].job.id))
        assert store.all(again) == [LaneFull(3)]
        (claimed,) = store.claim()
        assert store.all(again) == [Enqueued(again.job.id)]
        store.all(store.release_op(claimed))
        assert store.all(replace(again, job=store.job())) == [LaneFull(4)]

    def test_depths_are_told_by_lane_also_after_what_failed(self, store: Probe) -> None:
        assert store.depths() == {}
        first = store.enqueue()
        store.enqueue(store.job(delay=5000))
        store.running(store.job(lane="other/lane"))
        results = store.all(Enqueue(now=store.now, job=first), Enqueue(now=store.now, job=store.job()))
        assert [type(one) for one in results] == [Failed, Enqueued]
        assert store.depths() == {LANE: (3, 0), "other/lane": (0, 1)}
        (job,) = store.claim()
        assert store.depths() == {LANE: (2, 1), "other/lane": (0, 1)}
        store.all(store.finish_op(job, status="failed"))
        store.all(RetryJob(now=store.now, job_id=job.id, run_at=store.now))
        assert store.depths() == {LANE: (3, 0), "other/lane": (0, 1)}
        if self.keeps:
            store.reopen()
            assert store.depths() == {LANE: (3, 0), "other/lane": (0, 1)}


class KeyContract(StoreCase):
    """What concurrency keys promise (I10), and that what waits for their room gets it."""

    def test_of_a_key_only_so_many_run_at_once_and_others_pass(self, store: Probe) -> None:
        jobs = [store.enqueue(keyed(store)) for _ in range(3)]
        other, plain = store.enqueue(keyed(store, key="other")), store.enqueue()
        assert ids(store.claim(9)) == [jobs[0].id, other.id, plain.id]
        assert store.claim(9) == ()
        assert end(store, store.see(jobs[0])) == Done((LANE,))
        assert ids(store.claim(9)) == [jobs[1].id]

    def test_keys_of_other_lanes_are_others(self, store: Probe) -> None:
        one = store.enqueue(keyed(store))
        two = store.enqueue(replace(keyed(store), lane="other/lane"))
        assert ids(store.claim(9, lanes=(LANE, "other/lane"))) == [one.id, two.id]

    def test_priority_goes_first_within_a_key(self, store: Probe) -> None:
        jobs = [store.enqueue(keyed(store, priority=at)) for at in (0, 1, 5, 3)]
        order: list[str] = []
        for _ in jobs:
            (job,) = store.claim(9)
            order.append(job.id)
            end(store, job)
        assert order == [jobs[at].id for at in (2, 3, 1, 0)]

    def test_each_job_minds_its_own_limit(self, store: Probe) -> None:
        one, two, three = (store.enqueue(keyed(store, limit)) for limit in (1, 3, 3))
        four = store.enqueue(keyed(store, 1))
        assert ids(store.claim(9)) == [one.id, two.id, three.id]
        assert end(store, store.see(one)) == Done()
        assert end(store, store.see(two)) == Done()
        assert store.claim(9) == ()
        assert end(store, store.see(three)) == Done((LANE,))
        assert ids(store.claim(9)) == [four.id]

    @pytest.mark.parametrize("way", ["finish", "fail", "release", "kill", "cancel"])
    def test_whatever_ends_the_holder_lets_the_next_one_run(self, store: Probe, way: str) -> None:
        first, *rest = [store.enqueue(keyed(store)) for _ in range(3)]
        if way != "cancel":
            (first,) = store.claim()
        ops = {
            "finish": store.finish_op(first),
            "fail": store.finish_op(first, status="failed", outcome="failed"),
            "release": store.release_op(first, delay=60_000),
            "kill": Cancel(now=store.now, job_id=first.id, kill=True, reason="killed"),
            "cancel": Cancel(now=store.now, job_id=first.id),
        }
        assert store.all(ops[way]) == [Done((LANE,) if way != "cancel" else ())]
        if self.keeps:
            store.reopen()
        assert ids(store.claim(9)) == [rest[0].id]

    def test_what_becomes_due_later_or_is_tried_again_keeps_to_the_limit(self, store: Probe) -> None:
        later = [store.enqueue(keyed(store, delay=1000)) for _ in range(3)]
        failed = store.enqueue(keyed(store))
        (running,) = store.claim(9)
        assert running.id == failed.id
        end(store, running, "failed")
        store.clock.advance(1000)
        store.do(RetryJob(now=store.now, job_id=failed.id, run_at=store.now), Done)
        assert [job.id for _ in range(4) for job in self._one_of(store)] == [*ids(tuple(later)), failed.id]

    @staticmethod
    def _one_of(store: Probe) -> tuple[Job, ...]:
        claimed = store.claim(9)
        for job in claimed:
            end(store, job)
        return claimed

    def test_a_key_needs_a_limit_and_its_job_no_lease(self, store: Probe) -> None:
        job = keyed(store)
        for bad in (replace(job, concurrency_limit=None), replace(job, concurrency_limit=0)):
            store.do(Enqueue(now=store.now, job=bad), Failed)
        store.do(Enqueue(now=store.now, job=job, lease=store.lease()), Failed)
        assert store.find(job.id) is None


class AfterContract(StoreCase):
    """What waiting for other jobs promises."""

    def test_a_job_waits_until_all_that_it_comes_after_have_succeeded(self, store: Probe) -> None:
        one, two, done = store.running(), store.running(), store.running()
        end(store, done)
        job = store.enqueue(after(store, one, two, done, one))
        assert store.all(store.claim_op()) == [Claimed((), None)]
        assert end(store, one) == Done()
        assert store.claim() == ()
        assert end(store, two) == Done((LANE,))
        assert ids(store.claim()) == [job.id]

    def test_it_also_waits_for_its_time_and_its_key(self, store: Probe) -> None:
        one = store.running()
        later = store.enqueue(after(store, one, delay=5000))
        same = [store.enqueue(replace(keyed(store), options=after(store, one).options)) for _ in range(2)]
        assert end(store, one) == Done((LANE,))
        claimed = store.do(store.claim_op(9), Claimed)
        assert (ids(claimed.jobs), claimed.next_due) == ([same[0].id], later.run_at)

    @pytest.mark.parametrize("status", ["failed", "timed_out", "cancelled"])
    def test_one_that_ends_otherwise_dooms_those_that_wait(self, store: Probe, status: TerminalStatus) -> None:
        one = store.running()
        first, second = store.enqueue(after(store, one)), store.enqueue(after(store, one, store.enqueue()))
        assert store.doomed() == ()
        assert end(store, one, status) == Done(doomed=True)
        assert store.doomed() == (without_bodies(first), without_bodies(second))
        assert store.doomed(limit=1) == (without_bodies(first),)
        if self.keeps:
            store.reopen()
        error = ErrorInfo("dependency_failed", "no")
        ops = [Cancel(now=store.now, job_id=job.id, reason="dependency_failed", error=error) for job in (first, second)]
        assert store.all(*ops) == [Done(), Done()]
        assert store.doomed() == ()
        assert (store.see(first).reason, store.see(first).last_error) == ("dependency_failed", error)

    def test_a_cancelled_one_dooms_those_that_wait_too(self, store: Probe) -> None:
        queued, running = store.enqueue(), store.running()
        jobs = [store.enqueue(after(store, one)) for one in (queued, running)]
        last = store.enqueue(after(store, jobs[1]))
        ops = [Cancel(now=store.now, job_id=one.id, kill=True) for one in (queued, running, jobs[1])]
        assert store.all(*ops) == [Done(doomed=True)] * 3
        assert ids(store.doomed()) == [jobs[0].id, last.id]

    def test_trying_it_again_saves_those_that_wait(self, store: Probe) -> None:
        one = store.running()
        job = store.enqueue(after(store, one))
        end(store, one, "failed")
        retry = RetryJob(now=store.now, job_id=one.id, run_at=store.now)
        assert store.all(retry) == [Done()]
        assert store.doomed() == ()
        (again,) = store.claim()
        assert end(store, again) == Done((LANE,))
        assert ids(store.claim()) == [job.id]

    def test_a_job_that_waits_in_vain_is_tried_again_only_after_what_it_waits_for(self, store: Probe) -> None:
        one = store.running()
        job = store.enqueue(after(store, one))
        end(store, one, "failed")
        store.all(Cancel(now=store.now, job_id=job.id))
        before = store.see(job)
        retries = [RetryJob(now=store.now, job_id=each.id, run_at=store.now) for each in (job, one)]
        assert store.all(retries[0], replace(retries[0], force=True)) == [Doomed(), Doomed()]
        assert store.see(job) == before
        assert store.doomed() == ()
        assert store.all(retries[1], retries[0]) == [Done(), Done()]
        (again,) = store.claim()
        assert end(store, again) == Done((LANE,))
        assert ids(store.claim()) == [job.id]

    def test_a_job_is_not_tried_again_when_what_it_waits_for_is_forgotten(self, store: Probe) -> None:
        one = store.running()
        job = store.enqueue(after(store, one))
        end(store, one, "failed")
        store.all(Cancel(now=store.now, job_id=job.id), DeleteJob(now=store.now, job_id=one.id))
        assert store.find(one.id) is None
        assert store.all(RetryJob(now=store.now, job_id=job.id, run_at=store.now)) == [Doomed()]

    def test_what_cannot_be_met_is_told_before_anything_is_stored(self, store: Probe) -> None:
        failed, fine, unknown = store.running(), store.running(), store.job()
        end(store, failed, "failed")
        ops = [Enqueue(now=store.now, job=after(store, *jobs)) for jobs in ((fine, failed), (unknown,), (fine,))]
        malformed = replace(store.job(), options=JobOptions(after=("nonsense",)))
        results = store.all(*ops, Enqueue(now=store.now, job=malformed, cap=0))
        expected = [Unmet(failed.id, "failed"), Unmet(unknown.id, None), Enqueued(ops[2].job.id)]
        assert results == [*expected, Unmet("nonsense", None)]
        assert [store.find(op.job.id) is None for op in ops] == [True, True, False]

    def test_a_job_may_come_after_one_of_its_own_batch(self, store: Probe) -> None:
        first = store.job()
        second, third = after(store, first), after(store, first)
        assert store.all(*(Enqueue(now=store.now, job=job) for job in (first, second, third)))
        assert ids(store.claim(9)) == [first.id]
        assert end(store, store.see(first)) == Done((LANE,))
        assert ids(store.claim(9)) == [second.id, third.id]

    def test_a_job_that_has_to_wait_comes_without_a_lease(self, store: Probe) -> None:
        one = store.running()
        store.do(Enqueue(now=store.now, job=after(store, one), lease=store.lease(TOKEN + 1)), Failed)


def replace_now(op: Enqueue, now: int, run_at: int) -> Enqueue:
    """The same, asked for later."""
    return replace(op, now=now, job=replace(op.job, run_at=run_at))
