"""The part of the store contract about leases and how they end."""

import pytest
from msgspec.structs import replace

from hookyard.model import Attempt, AttemptOutcome, ErrorInfo, Job, TerminalStatus
from hookyard.store.contract import (
    AlreadyTerminal,
    Cancel,
    CancelPending,
    CancelRequested,
    Claimed,
    Done,
    Enqueue,
    Enqueued,
    Extend,
    Extended,
    Failed,
    NotFound,
    Stale,
    StillActive,
)
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase, without_bodies

ERROR = ErrorInfo(code="boom", message="it broke", retryable=True, details={"at": [1, {"deep": None}]})


class ExtendContract(StoreCase):
    """What Extend promises."""

    def test_an_extend_moves_the_leases_end_and_nothing_else(self, store: Probe) -> None:
        job = store.running()
        until = store.now + 90_000
        assert store.all(Extend(now=store.now, job_id=job.id, token=TOKEN, expires_at=until)) == [Extended(False)]
        assert store.see(job) == replace(job, lease_expires_at=until)

    def test_an_extend_with_an_old_token_is_stale(self, store: Probe) -> None:
        job = store.running()
        gone, unknown = store.running(), store.job()
        store.all(store.finish_op(gone))
        results = store.all(
            Extend(now=store.now, job_id=job.id, token=TOKEN, expires_at=store.now + 1),
            Extend(now=store.now, job_id=gone.id, token=TOKEN, expires_at=store.now + 1),
            Extend(now=store.now, job_id=unknown.id, token=TOKEN, expires_at=store.now + 1),
            Extend(now=store.now, job_id="nonsense", token=TOKEN, expires_at=store.now + 1),
            Extend(now=store.now, job_id=job.id, token=TOKEN + 1, expires_at=store.now + 2),
        )
        assert results == [Extended(False), Stale(), Stale(), Stale(), Stale()]
        assert store.see(job).lease_expires_at == store.now + 1

    def test_an_extend_tells_that_cancellation_was_asked_for(self, store: Probe) -> None:
        one, two = store.running(), store.running()
        store.all(Cancel(now=store.now, job_id=one.id))
        results = store.all(
            *(Extend(now=store.now, job_id=job.id, token=TOKEN, expires_at=store.now + 1) for job in (one, two))
        )
        assert results == [Extended(True), Extended(False)]

    def test_a_lease_that_ended_but_was_given_to_nobody_comes_alive_again(self, store: Probe) -> None:
        job = store.running()
        store.clock.advance(60_000)
        assert store.lost() == (without_bodies(job),)
        until = store.now + 30_000
        assert store.all(Extend(now=store.now, job_id=job.id, token=TOKEN, expires_at=until)) == [Extended(False)]
        assert store.lost() == ()

    def test_the_last_of_several_extends_in_a_batch_counts(self, store: Probe) -> None:
        job = store.running()
        ops = [Extend(now=store.now, job_id=job.id, token=TOKEN, expires_at=store.now + at) for at in (5, 9, 7)]
        assert store.all(*ops) == [Extended(False)] * 3
        assert store.see(job).lease_expires_at == store.now + 7


class FinishContract(StoreCase):
    """What Finish promises."""

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [("succeeded", "succeeded"), ("failed", "failed"), ("timed_out", "timed_out"), ("cancelled", "cancelled")],
    )
    def test_a_finish_ends_the_job_with_its_attempt(
        self, store: Probe, status: TerminalStatus, outcome: AttemptOutcome
    ) -> None:
        job = store.running()
        store.clock.advance(250)
        op = store.finish_op(job, status=status, outcome=outcome, reason="deadline", error=ERROR)
        assert store.all(op) == [Done()]
        assert store.see(job) == replace(
            job,
            status=status,
            reason="deadline",
            result=op.result,
            last_error=ERROR,
            completed_at=store.now,
            lease_token=None,
            lease_expires_at=None,
            worker=None,
        )
        attempt = Attempt(job_id=job.id, number=1, outcome=outcome, worker="w1", started_at=store.now - 250,
                          ended_at=store.now, error=ERROR)  # fmt: skip
        assert store.attempts(job) == (attempt,)

    def test_status_result_and_deliveries_appear_together_or_not_at_all(self, store: Probe) -> None:
        job, other = store.running(), store.running()
        taken = store.delivery(other)
        first, second = store.delivery(job), store.delivery(job, delay=5000)
        store.all(store.finish_op(other, deliveries=(taken,)))
        store.do(store.finish_op(job, deliveries=(first, taken)), Failed)
        assert store.see(job) == job
        assert store.deliveries(job) == ()
        assert store.attempts(job) == ()
        store.do(store.finish_op(job, deliveries=(first, second)), Done)
        assert store.see(job).status == "succeeded"
        assert store.see(job).result == b'{"text":"Hello, Ada!"}'
        assert store.deliveries(job) == (replace(first, next_at=first.created_at), second)

    def test_a_finish_that_fails_leaves_its_neighbours_alone(self, store: Probe) -> None:
        jobs = [store.running() for _ in range(5)]
        taken = store.delivery(jobs[0])
        results = store.all(*(store.finish_op(job, deliveries=(taken,)) for job in jobs[:2]),
                            *(store.finish_op(job, deliveries=(store.delivery(job),)) for job in jobs[2:]))  # fmt: skip
        assert [type(result) for result in results] == [Done, Failed, Done, Done, Done]
        assert [store.see(job).status for job in jobs] == ["succeeded", "running", *["succeeded"] * 3]
        assert [len(store.deliveries(job)) for job in jobs] == [1, 0, 1, 1, 1]

    def test_a_second_finish_with_the_same_token_is_stale(self, store: Probe) -> None:
        job = store.running()
        results = store.all(store.finish_op(job), store.finish_op(job, status="failed", outcome="failed"))
        assert results == [Done(), Stale()]
        assert store.all(store.finish_op(job, status="failed", outcome="failed")) == [Stale()]
        assert store.see(job).status == "succeeded"
        assert len(store.attempts(job)) == 1

    def test_a_finish_with_an_old_token_changes_nothing(self, store: Probe) -> None:
        job = store.running()
        store.all(store.release_op(job, outcome="lost", reason="worker_lost"))
        (again,) = store.claim(token=2)
        lost = store.finish_op(job, deliveries=(store.delivery(job),))
        assert store.all(lost) == [Stale()]
        assert store.see(job) == again
        assert store.deliveries(job) == ()
        assert [attempt.outcome for attempt in store.attempts(job)] == ["lost"]

    def test_of_a_batch_with_old_tokens_only_those_are_stale(self, store: Probe) -> None:
        jobs = [store.running() for _ in range(100)]
        tokens = [TOKEN + number % 3 for number in range(100)]
        ops = [
            store.finish_op(job, token, deliveries=(store.delivery(job),))
            for job, token in zip(jobs, tokens, strict=True)
        ]
        assert store.all(*ops) == [Done() if token == TOKEN else Stale() for token in tokens]
        for job, token in zip(jobs, tokens, strict=True):
            assert store.see(job).status == ("succeeded" if token == TOKEN else "running")
            assert len(store.deliveries(job)) == len(store.attempts(job)) == (token == TOKEN)

    def test_a_finish_of_an_unknown_or_queued_job_is_stale(self, store: Probe) -> None:
        queued = store.enqueue()
        unknown = replace(store.job(), id=queued.id[:-4] + "0000")  # the same key, another tail
        nonsense = replace(store.job(), id="nonsense")
        assert store.all(*(store.finish_op(job) for job in (queued, unknown, nonsense))) == [Stale()] * 3
        assert store.see(queued) == queued

    def test_an_id_with_the_same_key_but_another_tail_is_another_id(self, store: Probe) -> None:
        job = store.running()
        twin = replace(job, id=job.id[:-4] + ("0000" if job.id[-4:] != "0000" else "1111"))
        assert store.find(twin.id) is None
        assert (store.attempts(twin), store.deliveries(twin)) == ((), ())
        assert store.all(store.finish_op(twin), store.finish_op(job)) == [Stale(), Done()]

    def test_the_janitor_ends_only_leases_that_have_ended(self, store: Probe) -> None:
        job = store.running()
        lost = store.finish_op(job, status="failed", outcome="lost", reason="worker_lost", if_expired=True)
        assert store.all(lost) == [Stale()]
        store.clock.advance(30_000)
        lost = store.finish_op(job, status="failed", outcome="lost", reason="worker_lost", if_expired=True)
        assert store.all(lost) == [Done()]
        assert store.see(job).reason == "worker_lost"


class ReleaseContract(StoreCase):
    """What Release promises."""

    def test_a_release_puts_the_job_back_with_its_attempt_counted(self, store: Probe) -> None:
        job = store.running()
        store.clock.advance(40)
        op = store.release_op(job, delay=2000, error=ERROR)
        assert store.all(op) == [Done()]
        assert store.see(job) == replace(
            job,
            status="queued",
            reason="plugin_error",
            run_at=store.now + 2000,
            last_error=ERROR,
            lease_token=None,
            lease_expires_at=None,
            worker=None,
        )
        assert [(one.number, one.outcome, one.error) for one in store.attempts(job)] == [(1, "failed", ERROR)]
        assert store.all(store.claim_op()) == [Claimed((), store.now + 2000)]
        store.clock.advance(2000)
        assert [again.attempt for again in store.claim(token=2)] == [2]

    def test_a_release_may_take_its_attempt_back(self, store: Probe) -> None:
        job = store.running()
        store.all(store.release_op(job, error=ERROR))
        store.claim(token=2)
        op = store.release_op(job, 2, outcome="released", reason="released", uncount=True)
        assert store.all(op) == [Done()]
        assert (store.see(job).attempt, store.see(job).last_error) == (1, ERROR)
        assert [attempt.number for attempt in store.attempts(job)] == [1]
        assert [again.attempt for again in store.claim(token=3)] == [2]

    def test_attempts_never_exceed_what_is_allowed(self, store: Probe) -> None:
        job = store.running(store.job(max_attempts=2), token=1)
        assert store.all(store.release_op(job, 1)) == [Done()]
        (last,) = store.claim(token=2)
        store.do(store.release_op(job, 2), Failed)
        assert store.see(job) == last
        assert store.all(store.release_op(job, 2, uncount=True)) == [Done()]
        assert [again.attempt for again in store.claim(token=3)] == [2]
        end = store.finish_op(job, 3, status="failed", outcome="lost", reason="worker_lost")
        assert store.all(end) == [Done()]
        assert (store.see(job).status, store.see(job).attempt) == ("failed", 2)

    def test_a_release_with_an_old_token_is_stale(self, store: Probe) -> None:
        job = store.running()
        results = store.all(store.release_op(job, TOKEN + 1), store.release_op(job), store.release_op(job))
        assert results == [Stale(), Done(), Stale()]
        assert len(store.attempts(job)) == 1

    def test_the_janitor_releases_only_leases_that_have_ended(self, store: Probe) -> None:
        job = store.running()
        op = store.release_op(job, outcome="lost", reason="worker_lost", if_expired=True)
        assert store.all(op) == [Stale()]
        store.clock.advance(30_000)
        op = store.release_op(job, outcome="lost", reason="worker_lost", if_expired=True)
        assert store.all(op) == [Done()]
        assert store.see(job).status == "queued"

    def test_a_batch_of_releases_may_end_differently(self, store: Probe) -> None:
        good, cancelled, spent, stale = (store.running(store.job(max_attempts=limit)) for limit in (4, 4, 1, 4))
        store.all(Cancel(now=store.now, job_id=cancelled.id))
        ops = [store.release_op(job, TOKEN + (job is stale)) for job in (good, cancelled, spent, stale)]
        results = store.all(*ops)
        assert [type(result) for result in results] == [Done, CancelPending, Failed, Stale]
        statuses = [store.see(job).status for job in (good, cancelled, spent, stale)]
        assert statuses == ["queued", "running", "running", "running"]


class CancelContract(StoreCase):
    """What Cancel promises."""

    def test_a_queued_job_is_cancelled_at_once_with_its_deliveries(self, store: Probe) -> None:
        for job in (store.enqueue(), store.enqueue(store.job(delay=1000))):
            delivery = store.delivery(job, delay=0)
            assert store.all(Cancel(now=store.now, job_id=job.id, deliveries=(delivery,))) == [Done()]
            ended = replace(job, status="cancelled", reason="cancelled_by_user", completed_at=store.now)
            assert store.see(job) == ended
            assert store.deliveries(job) == (delivery,)
        store.clock.advance(1000)
        assert store.all(store.claim_op(5)) == [Claimed((), None)]

    def test_cancelling_a_running_job_is_noted(self, store: Probe) -> None:
        job = store.running()
        delivery = store.delivery(job)
        op = Cancel(now=store.now, job_id=job.id, deliveries=(delivery,))
        assert store.all(op, op) == [CancelRequested(), CancelRequested()]
        assert store.see(job) == replace(job, cancel_requested=True)
        assert store.deliveries(job) == ()

    def test_a_job_that_has_begun_is_left_alone_where_only_a_queued_one_is_to_be_cancelled(self, store: Probe) -> None:
        queued, running, ended = store.enqueue(), store.running(), store.running()
        store.all(store.finish_op(ended))

        def cancel(job: Job, *, kill: bool = False) -> Cancel:
            deliveries = (store.delivery(job),)
            return Cancel(
                now=store.now,
                job_id=job.id,
                reason="replaced",
                kill=kill,
                only_queued=True,
                deliveries=deliveries,
            )

        results = store.all(cancel(queued), cancel(running), cancel(running, kill=True), cancel(ended))
        assert results == [Done(), StillActive("running"), StillActive("running"), AlreadyTerminal("succeeded")]
        assert (store.see(queued).status, store.see(queued).reason) == ("cancelled", "replaced")
        assert store.see(running) == running
        assert store.deliveries(running) == ()
        store.do(store.finish_op(running), Done)
        assert store.see(running).status == "succeeded"

    def test_cancel_wins_over_retry(self, store: Probe) -> None:
        job = store.running()
        results = store.all(Cancel(now=store.now, job_id=job.id), store.release_op(job))
        assert results == [CancelRequested(), CancelPending()]
        assert store.see(job).status == "running"
        assert store.attempts(job) == ()
        uncounted = store.release_op(job, outcome="released", reason="released", uncount=True)
        assert store.all(uncounted) == [CancelPending()]
        end = store.finish_op(job, status="cancelled", outcome="cancelled", reason="cancelled_by_user")
        assert store.all(end) == [Done()]

    @pytest.mark.parametrize("status", ["succeeded", "failed", "timed_out", "cancelled"])
    def test_an_ended_job_stays_as_it_ended(self, store: Probe, status: TerminalStatus) -> None:
        job = store.running()
        store.all(store.finish_op(job, status=status))
        ended = store.see(job)
        op = Cancel(now=store.now, job_id=job.id, deliveries=(store.delivery(job),))
        assert store.all(op) == [AlreadyTerminal(status)]
        assert store.see(job) == ended
        assert store.deliveries(job) == ()

    def test_an_unknown_job_is_not_found(self, store: Probe) -> None:
        unknown = Cancel(now=store.now, job_id=store.new_id())
        assert store.all(unknown, Cancel(now=store.now, job_id="nonsense")) == [NotFound(), NotFound()]

    def test_a_cancel_whose_delivery_is_in_use_fails_and_the_job_stays_queued(self, store: Probe) -> None:
        done, queued = store.running(), store.enqueue()
        taken = store.delivery(done)
        store.all(store.finish_op(done, deliveries=(taken,)))
        store.do(Cancel(now=store.now, job_id=queued.id, deliveries=(taken,)), Failed)
        assert store.see(queued) == queued


class BatchContract(StoreCase):
    """What holds for batches of mixed operations."""

    def test_an_empty_batch_has_no_results(self, store: Probe) -> None:
        assert store.all() == []

    def test_later_operations_of_a_batch_see_what_earlier_ones_did(self, store: Probe) -> None:
        job = store.job()
        results = store.all(
            Enqueue(now=store.now, job=job),
            store.claim_op(token=1),
            store.release_op(job, 1),
            store.claim_op(token=2),
            store.finish_op(job, 1),
            store.finish_op(job, 2, deliveries=(store.delivery(job),)),
            Cancel(now=store.now, job_id=job.id),
        )
        kinds = [Enqueued, Claimed, Done, Claimed, Stale, Done, AlreadyTerminal]
        assert [type(result) for result in results] == kinds
        assert [attempt.number for attempt in store.attempts(job)] == [1, 2]

    def test_results_keep_the_order_of_the_operations(self, store: Probe) -> None:
        old = [store.running() for _ in range(40)]
        new = [store.job() for _ in range(40)]
        ops = [
            op
            for ended, job in zip(old, new, strict=True)
            for op in (store.finish_op(ended), Enqueue(now=store.now, job=job, lease=store.lease()))
        ]
        results = store.all(*ops)
        assert results[::2] == [Done()] * 40
        assert results[1::2] == [Enqueued(job.id) for job in new]
