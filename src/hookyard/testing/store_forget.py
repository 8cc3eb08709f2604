"""The part of the store contract about forgetting (I11)."""

from collections.abc import Mapping
from typing import cast

import pytest
from msgspec.structs import replace

from hookyard.model import Inbound, Job, JobOptions, TerminalStatus
from hookyard.store.contract import (
    ROW_BYTES,
    AppendAudit,
    AppendLog,
    AuditQuery,
    Cancel,
    Deleted,
    DeleteJob,
    Done,
    Enqueue,
    Enqueued,
    EventQuery,
    Forgettable,
    JobQuery,
    JobsPruned,
    NotEmpty,
    NotFound,
    Prune,
    Pruned,
    PruneJobs,
    PutArtifact,
    PutToken,
    PutWorker,
    StillActive,
    Undelivered,
)
from hookyard.testing.store_items import item, items_op
from hookyard.testing.store_kept import entry, token, worker
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase
from hookyard.testing.store_told import artifact, event, line, lines_of, progress_op

ENDS: tuple[TerminalStatus, ...] = ("succeeded", "failed", "timed_out", "cancelled")


def ended(store: Probe, status: TerminalStatus = "succeeded") -> Job:
    """A job that has ended."""
    job = store.running()
    store.all(store.finish_op(job, status=status))
    return store.see(job)


def full(store: Probe) -> Job:
    """A job that has ended and has one of everything, delivered."""
    job = store.running(replace(store.job(), tags=("nightly",)))
    store.all(
        progress_op(store, job, 1),
        AppendLog(now=store.now, lines=(line(job, "a"), line(job, "b"))),
        items_op(store, job, item(store, job, "x"), item(store, job, "y")),
        *(PutArtifact(now=store.now, token=TOKEN, artifact=artifact(job, name)) for name in ("b", "a")),
        store.finish_op(job, deliveries=(store.delivery(job),), events=(event(store, job),)),
    )
    store.all(*(store.settle_op(one) for one in store.claim_deliveries()))
    return store.see(job)


def walk_op(
    store: Probe,
    after: str | None = None,
    *,
    before: Mapping[TerminalStatus, int] | None = None,
    limit: int = 200,
    rows: int = 2000,
) -> PruneJobs:
    """A walk through the history that forgets whatever has ended, unless it is told what to forget."""
    given = dict.fromkeys(ENDS, store.now + 1) if before is None else before
    return PruneJobs(now=store.now, after=after, before=given, limit=limit, rows=rows)


class DeleteContract(StoreCase):
    """What deleting a job promises."""

    def test_a_deleted_job_takes_along_what_belongs_to_it_but_its_events(self, store: Probe) -> None:
        job, other = full(store), full(store)
        (delivery,) = store.deliveries(job)
        locations = tuple(one.location for one in store.artifacts(job))
        assert store.all(DeleteJob(now=store.now, job_id=job.id)) == [Deleted(locations)]
        assert store.find(job.id) is None
        assert (store.attempts(job), store.deliveries(job), store.tries(delivery)) == ((), (), ())
        assert (lines_of(store, job), store.items(job), store.artifacts(job)) == ([], (), ())
        assert [one.id for one in store.jobs(JobQuery(tag="nightly"))] == [other.id]
        assert [one.job_id for one in store.runner.run(store.store.events(EventQuery()))] == [other.id, job.id]
        assert store.see(other) == other
        assert len(lines_of(store, other)) == len(store.items(other)) == len(store.artifacts(other)) == 2
        assert store.all(DeleteJob(now=store.now, job_id=job.id)) == [NotFound()]

    def test_a_job_that_has_not_ended_is_not_deleted(self, store: Probe) -> None:
        jobs = [store.enqueue(), store.running(), store.enqueue(store.job(delay=1000))]
        results = store.all(*(DeleteJob(now=store.now, job_id=job.id) for job in jobs))
        assert results == [StillActive("queued"), StillActive("running"), StillActive("queued")]
        assert [store.see(job) for job in jobs] == jobs

    @pytest.mark.parametrize("sending", [False, True])
    def test_a_job_with_something_to_deliver_is_not_deleted(self, store: Probe, *, sending: bool) -> None:
        job = store.running()
        store.all(store.finish_op(job, deliveries=(store.delivery(job),)))
        (claimed,) = store.claim_deliveries() if sending else store.deliveries(job)
        assert store.all(DeleteJob(now=store.now, job_id=job.id)) == [Undelivered()]
        assert store.all(walk_op(store)) == [JobsPruned(0, 1, None, ())]
        if not sending:
            (claimed,) = store.claim_deliveries()
        store.all(store.settle_op(claimed, status="failed"))
        assert store.all(DeleteJob(now=store.now, job_id=job.id)) == [Deleted(())]

    def test_a_deleted_job_s_key_still_stands_for_it(self, store: Probe) -> None:
        job = store.enqueue(dedupe=store.once())
        store.all(Cancel(now=store.now, job_id=job.id), DeleteJob(now=store.now, job_id=job.id))
        again = Enqueue(now=store.now, job=store.job(), dedupe=store.once())
        assert store.all(again) == [Enqueued(job.id, duplicate=True)]

    def test_what_is_not_there_is_not_deleted(self, store: Probe) -> None:
        results = store.all(*(DeleteJob(now=store.now, job_id=one) for one in (store.new_id(), "nonsense")))
        assert results == [NotFound()] * 2


class PruneJobsContract(StoreCase):
    """What walking the history promises."""

    def test_jobs_go_by_status_and_by_when_they_ended(self, store: Probe) -> None:
        old = [ended(store, status) for status in ENDS]
        store.clock.advance(1000)
        new = [ended(store, status) for status in ENDS]
        before = {"succeeded": store.now, "failed": store.now, "cancelled": store.now - 1000}
        given = cast("Mapping[TerminalStatus, int]", before)
        assert store.all(walk_op(store, before=given)) == [JobsPruned(2, 8, None, ())]
        assert [store.find(job.id) is None for job in old] == [True, True, False, False]
        assert [store.see(job) for job in new] == new

    def test_what_lives_stays(self, store: Probe) -> None:
        jobs = [store.enqueue(), store.running(), store.enqueue(store.job(delay=1000))]
        assert store.all(walk_op(store)) == [JobsPruned(0, 3, None, ())]
        assert [store.see(job) for job in jobs] == jobs

    def test_a_job_that_another_waits_for_stays_until_that_one_is_cancelled(self, store: Probe) -> None:
        first = store.running()
        waiting = replace(store.job(), options=JobOptions(after=(first.id,)))
        store.all(Enqueue(now=store.now, job=waiting), store.finish_op(first, status="failed"))
        assert store.all(walk_op(store)) == [JobsPruned(0, 2, None, ())]
        store.all(Cancel(now=store.now, job_id=waiting.id, reason="dependency_failed"))
        assert store.all(walk_op(store)) == [JobsPruned(2, 2, None, ())]

    def test_the_walk_goes_on_where_it_stopped(self, store: Probe) -> None:
        jobs = [ended(store) if at % 2 else store.enqueue() for at in range(10)]
        after, steps = None, list[JobsPruned]()
        while not steps or steps[-1].next is not None:
            steps.append(store.do(walk_op(store, after, limit=4), JobsPruned))
            after = steps[-1].next
        assert [(step.count, step.seen) for step in steps] == [(2, 4), (2, 4), (1, 2)]
        assert [step.next for step in steps] == [jobs[3].id, jobs[7].id, None]
        assert [store.find(job.id) is None for job in jobs] == [False, True] * 5
        assert store.all(walk_op(store, jobs[-1].id)) == [JobsPruned(0, 0, None, ())]

    def test_where_the_content_of_their_artifacts_is_comes_back(self, store: Probe) -> None:
        jobs = [full(store) for _ in range(3)]
        locations = tuple(one.location for job in jobs for one in store.artifacts(job))
        assert store.all(walk_op(store)) == [JobsPruned(3, 3, None, locations)]

    def test_a_job_that_has_told_much_goes_a_little_at_a_time(self, store: Probe) -> None:
        small, big, last = full(store), store.running(), full(store)
        store.all(AppendLog(now=store.now, lines=tuple(line(big, f"{at}") for at in range(10))))
        store.all(
            items_op(store, big, *(item(store, big, f"{at}", "failed" if at % 2 else "done") for at in range(10)))
        )
        store.all(store.finish_op(big))
        first = store.do(walk_op(store, rows=9), JobsPruned)
        assert (first.count, first.seen) == (1, 1)
        assert store.find(small.id) is None
        assert lines_of(store, big) == [(at + 1, f"{at}") for at in range(5, 10)]
        assert len(store.items(big)) == 10
        second = store.do(walk_op(store, first.next, rows=9), JobsPruned)
        assert (second.count, second.seen, second.next) == (0, 0, first.next)
        assert lines_of(store, big) == []
        assert [one.name for one in store.items(big)] == ["4", "5", "6", "7", "8", "9"]
        third = store.do(walk_op(store, second.next, rows=9), JobsPruned)
        assert (third.count, third.seen) == (1, 1)
        assert (store.find(big.id), store.items(big)) == (None, ())
        assert store.see(last) == last
        assert store.do(walk_op(store, third.next, rows=9), JobsPruned).count == 1

    def test_jobs_that_told_a_little_share_the_rows(self, store: Probe) -> None:
        for _ in range(5):
            full(store)  # four rows each
        counts, after = list[int](), None
        for _ in range(3):
            result = store.do(walk_op(store, after, rows=8), JobsPruned)
            counts.append(result.count)
            after = result.next
        assert counts == [2, 2, 1]
        assert store.jobs(JobQuery()) == ()

    def test_long_bodies_count_for_the_jobs_behind_them(self, store: Probe) -> None:
        long, short = b"x" * (3 * ROW_BYTES), b"x" * (ROW_BYTES - 1)
        bodies = ((long, None), (b"1", long), (long, long), (b"1", short), (b"1", short), (b"1", None))
        for args, body in bodies:
            sent = None if body is None else Inbound(source="s", event="e", delivery="d", body=body)
            job = replace(store.job(), args=args)
            store.all(Enqueue(now=store.now, job=job, inbound=sent, lease=store.lease()), store.finish_op(job))
        counts, after = list[int](), None
        for _ in range(3):
            result = store.do(walk_op(store, after, rows=4), JobsPruned)
            counts.append(result.count)
            after = result.next
        assert counts == [2, 1, 3], "the one that has more than all may comes alone"
        assert (store.jobs(JobQuery()), after) == ((), None)


class PruneContract(StoreCase):
    """What forgetting other rows promises."""

    @pytest.mark.parametrize("what", ["events", "audit", "workers", "deliveries", "tokens"])
    def test_without_a_time_nothing_is_forgotten(self, store: Probe, what: Forgettable) -> None:
        job = store.running()
        store.all(
            store.finish_op(job, events=(event(store, job),), deliveries=(store.delivery(),)),
            AppendAudit(now=store.now, entry=entry(store)),
            PutWorker(now=store.now, worker=worker(store)),
            PutToken(now=store.now, token=replace(token(store), revoked_at=store.now)),
            PutToken(now=store.now, token=token(store, "next", b"d2")),
        )
        store.all(*(store.settle_op(one) for one in store.claim_deliveries()))
        store.clock.advance(10_000)
        assert store.all(Prune(now=store.now, what=what)) == [Pruned(0)]
        assert store.all(Prune(now=store.now, what=what, before=store.now)) == [Pruned(1)]
        assert store.all(Prune(now=store.now, what=what, before=store.now)) == [Pruned(0)]

    def test_the_oldest_events_go_first(self, store: Probe) -> None:
        job = store.running()
        made = [event(store, job) for _ in range(3)]
        store.clock.advance(1)
        made.append(event(store, job))
        store.all(store.finish_op(job, events=tuple(made)))
        prune = Prune(now=store.now, what="events", before=store.now, limit=2)
        assert store.all(prune, prune, prune) == [Pruned(2), Pruned(1), Pruned(0)]
        assert store.runner.run(store.store.events(EventQuery())) == (made[3],)
        assert store.last_id() == made[3].id

    def test_the_oldest_entries_go_first(self, store: Probe) -> None:
        entries = [entry(store) for _ in range(3)]
        store.clock.advance(1)
        entries.append(entry(store))
        store.all(*(AppendAudit(now=store.now, entry=one) for one in entries))
        prune = Prune(now=store.now, what="audit", before=store.now, limit=2)
        assert store.all(prune, prune) == [Pruned(2), Pruned(1)]
        assert store.audit(AuditQuery()).entries == (entries[3],)

    def test_workers_that_no_longer_call_are_forgotten(self, store: Probe) -> None:
        store.do(PutWorker(now=store.now, worker=worker(store, "gone")), Done)
        store.clock.advance(1)
        kept = worker(store, "here")
        store.do(PutWorker(now=store.now, worker=kept), Done)
        assert store.all(Prune(now=store.now, what="workers", before=store.now)) == [Pruned(1)]
        assert store.runner.run(store.store.workers()) == (kept,)

    def test_deliveries_of_no_job_are_forgotten_once_they_have_ended(self, store: Probe) -> None:
        job = store.running()
        alone, later = store.delivery(), store.delivery()
        store.all(store.finish_op(job, deliveries=(store.delivery(job), alone, later)))
        for one in store.claim_deliveries():
            again = one.id == later.id
            op = store.settle_op(
                one, status="pending" if again else "delivered", next_at=store.now + 9 if again else None
            )
            store.all(op)
        store.clock.advance(1)
        prune = Prune(now=store.now, what="deliveries", before=store.now)
        assert store.all(prune, prune) == [Pruned(1), Pruned(0)]
        assert store.tries(alone) == ()
        assert len(store.tries(later)) == 1
        assert [one.status for one in store.deliveries(job)] == ["delivered"]

    def test_tokens_go_once_they_have_long_been_over_and_the_newest_stays(self, store: Probe) -> None:
        ends = ((store.now + 5, None), (None, store.now + 3), (store.now + 2, store.now + 9), (None, None))
        tokens = [
            replace(token(store, f"t{at}", b"%d" % at), expires_at=expires, revoked_at=revoked)
            for at, (expires, revoked) in enumerate((*ends, (store.now, store.now), (store.now, None)))
        ]
        store.all(*(PutToken(now=store.now, token=one) for one in tokens))
        left = [{1, 3, 0, 5}, {3, 0, 5}, {3, 5}, {3, 5}]
        prune = Prune(now=store.now, what="tokens", before=store.now + 2)
        assert store.all(prune, replace(prune, before=store.now + 6, limit=1)) == [Pruned(1), Pruned(1)]
        assert names(store) == left[0]
        for count, kept in ((1, left[1]), (1, left[2]), (0, left[3])):
            assert store.all(replace(prune, before=store.now + 99, limit=1)) == [Pruned(count)]
            assert names(store) == kept
        again = PutToken(now=store.now, token=token(store, "first"), only_first=True)
        assert store.all(again) == [NotEmpty()]


def names(store: Probe) -> set[int]:
    """The numbers of the tokens that are kept."""
    return {int(one.name[1:]) for one in store.runner.run(store.store.tokens())}
