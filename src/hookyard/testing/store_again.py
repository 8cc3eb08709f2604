"""The part of the store contract about kills, retries, what follows, several operations together, external workers."""

import pytest
from msgspec.structs import replace

from hookyard.model import Attempt, AuditEntry, ErrorInfo, Job, JobOptions
from hookyard.store.contract import (
    CLAIM_BYTES,
    AlreadyTerminal,
    AppendAudit,
    AuditQuery,
    Cancel,
    Claimed,
    ClaimWork,
    Done,
    Enqueue,
    Enqueued,
    Exhausted,
    Extend,
    Failed,
    LaneAsk,
    NotFound,
    RetryJob,
    Several,
    Stale,
    StillActive,
    Together,
    Unique,
)
from hookyard.testing.store_asked import end, ids, keyed
from hookyard.testing.store_probe import LANE, TOKEN, Probe, StoreCase


def retry(store: Probe, job: Job, *, force: bool = False, attempts: int = 1, delay: int = 0) -> RetryJob:
    """A job tried again."""
    return RetryJob(now=store.now, job_id=job.id, run_at=store.now + delay, force=force, attempts=attempts)


def entry(store: Probe) -> AppendAudit:
    """An entry of the audit log."""
    one = AuditEntry(id=store.new_id(), at=store.now, principal="token:a", action="job.cancel", target="x")
    return AppendAudit(now=store.now, entry=one)


class KillContract(StoreCase):
    """What Cancel promises with `kill`."""

    def test_a_kill_ends_a_running_job_with_its_attempt_and_voids_its_lease(self, store: Probe) -> None:
        job = store.running()
        delivery = store.delivery(job)
        error = ErrorInfo("killed", "it was killed")
        op = Cancel(now=store.now + 5, job_id=job.id, kill=True, reason="killed", error=error, deliveries=(delivery,))
        assert store.all(op, store.finish_op(job), op) == [Done(), Stale(), AlreadyTerminal("cancelled")]
        seen = store.see(job)
        assert (seen.status, seen.reason, seen.last_error) == ("cancelled", "killed", error)
        assert (seen.lease_token, seen.worker, seen.completed_at) == (None, None, store.now + 5)
        assert store.attempts(job) == (
            Attempt(
                job_id=job.id,
                number=1,
                outcome="cancelled",
                worker="w1",
                started_at=store.now,
                ended_at=store.now + 5,
                error=error,
            ),
        )
        assert ids_of_deliveries(store, job) == [delivery.id]
        assert store.all(Extend(now=store.now, job_id=job.id, token=TOKEN, expires_at=store.now + 9)) == [Stale()]

    def test_a_kill_of_a_queued_job_is_a_cancellation(self, store: Probe) -> None:
        job = store.enqueue()
        store.do(Cancel(now=store.now, job_id=job.id, kill=True), Done)
        assert (store.see(job).status, store.attempts(job)) == ("cancelled", ())


def ids_of_deliveries(store: Probe, job: Job) -> list[str]:
    """The deliveries of a job."""
    return [one.id for one in store.deliveries(job)]


class RetryContract(StoreCase):
    """What RetryJob promises."""

    def test_a_job_that_failed_is_queued_again_with_its_history(self, store: Probe) -> None:
        job = store.running()
        store.all(store.finish_op(job, status="failed", outcome="failed", error=ErrorInfo("boom", "x")))
        store.clock.advance(5)
        assert store.all(retry(store, job)) == [Done()]
        seen = store.see(job)
        assert (seen.status, seen.reason, seen.last_error, seen.completed_at) == ("queued", None, None, None)
        assert (seen.attempt, seen.run_at) == (1, store.now)
        (again,) = store.claim(token=2)
        assert again.attempt == 2
        store.do(store.finish_op(again, 2), Done)
        assert [one.number for one in store.attempts(job)] == [1, 2]

    def test_only_what_has_ended_and_has_attempts_left_is_tried_again(self, store: Probe) -> None:
        queued, running = store.enqueue(), store.running()
        used = store.running(store.job(max_attempts=1))
        fine = store.running()
        store.all(store.finish_op(used, status="failed", outcome="failed"), store.finish_op(fine))
        results = store.all(*(retry(store, job) for job in (queued, running, used, fine, store.job())))
        assert results == [
            StillActive("queued"),
            StillActive("running"),
            Exhausted("failed", 1, 1),
            Exhausted("succeeded", 1, 4),
            NotFound(),
        ]
        assert store.see(used).status == "failed"

    def test_force_gives_more_attempts_to_a_job_that_has_none_left(self, store: Probe) -> None:
        used, fine = store.running(store.job(max_attempts=1)), store.running()
        store.all(store.finish_op(used, status="failed", outcome="failed"), store.finish_op(fine, result_artifact="r"))
        results = store.all(
            retry(store, used, force=True, attempts=0),
            retry(store, used, force=True, attempts=2, delay=9),
            retry(store, fine, force=True),
        )
        assert [type(one) for one in results] == [Failed, Done, Done]
        assert [store.see(job).max_attempts for job in (used, fine)] == [3, 4]
        seen = store.see(fine)
        assert (seen.result, seen.result_artifact, seen.status) == (None, None, "queued")
        assert store.do(store.claim_op(9, token=2), Claimed).next_due == store.now + 9

    def test_a_request_to_cancel_does_not_outlive_a_retry(self, store: Probe) -> None:
        job = store.running()
        store.all(Cancel(now=store.now, job_id=job.id))
        store.all(store.finish_op(job, status="cancelled", outcome="cancelled"))
        assert store.all(retry(store, job)) == [Done()]
        assert not store.see(job).cancel_requested
        (again,) = store.claim(token=2)
        assert store.all(store.release_op(again, 2)) == [Done()]


class FollowContract(StoreCase):
    """What Finish promises of jobs that follow."""

    def test_what_follows_is_stored_with_the_end_or_not_at_all(self, store: Probe) -> None:
        job = store.running()
        following = Enqueue(now=store.now, job=replace(store.job(lane="b/next"), parent=job.id, tags=("t",)))
        assert store.all(store.finish_op(job, TOKEN + 1, follow=(following,))) == [Stale()]
        assert store.find(following.job.id) is None
        assert store.all(store.finish_op(job, follow=(following,))) == [Done()]
        assert ids(store.claim(lanes=("b/next",))) == [following.job.id]

    def test_each_is_stored_as_its_own_enqueue_would_be_and_harms_no_end(self, store: Probe) -> None:
        jobs = [store.running() for _ in range(3)]
        full = Enqueue(now=store.now, job=store.job(), cap=0)
        taken = Enqueue(now=store.now, job=replace(store.job(), id=jobs[1].id))
        fine = Enqueue(now=store.now, job=replace(store.job(), options=JobOptions(after=(jobs[0].id, jobs[2].id))))
        results = store.all(
            store.finish_op(jobs[0], follow=(full, taken, fine)), store.finish_op(jobs[1]), store.finish_op(jobs[2])
        )
        assert results == [Done(), Done(), Done((LANE,))]
        assert store.find(full.job.id) is None
        assert ids(store.claim(9)) == [fine.job.id]

    def test_what_follows_a_job_may_have_its_key(self, store: Probe) -> None:
        store.enqueue(keyed(store))
        (job,) = store.claim()
        following = Enqueue(now=store.now, job=replace(keyed(store), unique_key="u"), unique=Unique("skip"))
        assert store.all(store.finish_op(job, follow=(following,))) == [Done()]
        assert ids(store.claim()) == [following.job.id]


class TogetherContract(StoreCase):
    """What Together promises."""

    def test_each_succeeds_or_fails_on_its_own(self, store: Probe) -> None:
        taken, job = store.enqueue(), store.job()
        op = Together(
            now=store.now,
            ops=(
                Enqueue(now=store.now, job=taken),
                Enqueue(now=store.now, job=job),
                Cancel(now=store.now, job_id=job.id),
                retry(store, job),
            ),
        )
        result = store.do(op, Several)
        assert [type(one) for one in result.results] == [Failed, Enqueued, Done, Done]
        assert store.see(job).status == "queued"
        assert store.all(Together(now=store.now, ops=())) == [Several(())]

    def test_what_changed_nothing_is_not_noted(self, store: Probe) -> None:
        job, entries = store.running(), [entry(store) for _ in range(4)]
        cancel = Cancel(now=store.now, job_id=job.id, kill=True)
        op = Together(now=store.now, ops=(entries[0], cancel, entries[1], cancel, entries[2], entries[3]))
        result = store.do(op, Several)
        assert result.results == (Done(), Done(), Done(), AlreadyTerminal("cancelled"), Stale(), Stale())
        noted = store.runner.run(store.store.audit(AuditQuery())).entries
        assert [one.id for one in noted] == [entries[1].entry.id, entries[0].entry.id]

    def test_many_jobs_at_once_are_one_operation(self, store: Probe) -> None:
        jobs = [store.job() for _ in range(150)]
        results = store.all(Together(now=store.now, ops=tuple(Enqueue(now=store.now, job=job) for job in jobs)))
        assert results == [Several(tuple(Enqueued(job.id) for job in jobs))]
        assert ids(store.claim(200)) == [job.id for job in jobs]


class WorkContract(StoreCase):
    """What ClaimWork promises."""

    def work(self, store: Probe, limit: int = 9, *, token: int = TOKEN, **lanes: int) -> ClaimWork:
        """A claim over lanes a/x and b/x; how many may run in each."""
        asks = tuple(LaneAsk(f"{name}/x", most) for name, most in lanes.items())
        return ClaimWork(now=store.now, lanes=asks or (LaneAsk("a/x", 99),), limit=limit, lease=store.lease(token))

    def put(self, store: Probe, lane: str = "a/x", **what: object) -> str:
        """A queued job."""
        job = store.job(lane=lane)
        for name, value in what.items():
            job = replace(job, **{name: value})
        return store.enqueue(job).id

    def test_what_the_worker_has_loaded_comes_first_then_priority_then_age_over_all_lanes(self, store: Probe) -> None:
        plain, high = self.put(store), self.put(store, "b/x", priority=5)
        affine = self.put(store, "b/x", affinity="m1", priority=-1)
        other = self.put(store, affinity="m9", priority=1)
        op = replace(self.work(store, a=9, b=9), affinities=("m0", "m1"))
        assert ids(store.do(op, Claimed).jobs) == [affine, high, other, plain]
        assert store.see(plain).attempt == 1

    def test_only_so_many_of_a_lane_run_at_once_whoever_holds_them(self, store: Probe) -> None:
        store.running(store.job(lane="a/x"), TOKEN + 1)
        jobs = [self.put(store) for _ in range(3)]
        extra = self.put(store, "b/x", priority=-1)
        assert ids(store.do(self.work(store, a=2, b=9), Claimed).jobs) == [jobs[0], extra]
        assert store.do(self.work(store, a=2, b=9), Claimed).jobs == ()

    def test_no_more_than_asked_for_and_not_before_their_time(self, store: Probe) -> None:
        jobs = [self.put(store) for _ in range(3)]
        later = self.put(store, run_at=store.now + 700)
        first = store.do(self.work(store, 2), Claimed)
        assert (ids(first.jobs), first.next_due) == (jobs[:2], store.now + 700)
        store.clock.advance(700)
        assert ids(store.do(self.work(store), Claimed).jobs) == [jobs[2], later]
        assert store.all(self.work(store, 0), ClaimWork(now=store.now, lanes=(), limit=9, lease=store.lease())) == [
            Claimed((), None),
            Claimed((), None),
        ]

    def test_keys_count_whatever_order_the_jobs_come_in(self, store: Probe) -> None:
        first = self.put(store, concurrency_key="k", concurrency_limit=1)
        affine = self.put(store, concurrency_key="k", concurrency_limit=1, affinity="m")
        assert ids(store.do(replace(self.work(store), affinities=("m",)), Claimed).jobs) == [affine]
        assert store.do(self.work(store), Claimed).jobs == ()
        assert end(store, store.see(affine)) == Done(("a/x",))
        assert ids(store.do(self.work(store), Claimed).jobs) == [first]

    def test_a_tenants_worker_is_given_its_own_jobs_only(self, store: Probe) -> None:
        self.put(store)
        theirs = self.put(store, tenant="other", affinity="m", concurrency_key="k", concurrency_limit=1)
        mine = self.put(store, tenant="mine")
        best = self.put(store, tenant="mine", affinity="m", concurrency_key="k", concurrency_limit=1)
        op = replace(self.work(store), tenant="mine", affinities=("m",))
        assert ids(store.do(op, Claimed).jobs) == [best, mine]
        end(store, store.see(best))
        assert theirs in ids(store.do(self.work(store), Claimed).jobs)

    def test_long_bodies_come_a_few_at_a_time(self, store: Probe) -> None:
        size = CLAIM_BYTES // 2 + 1
        jobs = [self.put(store, args=b"7" * size, concurrency_key="k", concurrency_limit=2) for _ in range(3)]
        first = store.do(self.work(store), Claimed)
        assert ([len(job.args) for job in first.jobs], first.more) == ([size], True)
        assert ids(store.do(self.work(store), Claimed).jobs) == [jobs[1]]

    @pytest.mark.parametrize("count", [70, 150])
    def test_many_jobs_come_in_one_claim(self, store: Probe, count: int) -> None:
        jobs = [self.put(store) for _ in range(count)]
        op = self.work(store, count, a=count)
        assert ids(store.do(op, Claimed).jobs) == jobs
