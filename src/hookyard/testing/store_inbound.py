"""The part of the store contract about what senders sent, jobs that cannot run, and forgetting keys."""

import pytest
from msgspec.structs import replace

from hookyard.model import Delivery, ErrorInfo, Inbound, Job, JobOptions
from hookyard.store.contract import (
    Claimed,
    Dead,
    Deleted,
    DeleteJob,
    Done,
    Enqueue,
    Enqueued,
    Failed,
    ForgetKeys,
    JobQuery,
    JobsPruned,
    KeyedJob,
    Mismatch,
    Pruned,
    Result,
    RetryJob,
    Undelivered,
    Unique,
    Unmet,
)
from hookyard.testing.store_forget import walk_op
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase

SENT = Inbound(source="github", event="push", delivery="d1")
WHY = ErrorInfo("invalid_event", "Expected `str`", details={"path": "$.ref"})


def sent_with(store: Probe, job: Job) -> Inbound | None:
    """What a job came of."""
    return store.runner.run(store.store.inbound(job.id))


def keyed(store: Probe, key: str, scope: str = "token:test") -> list[tuple[str, str]]:
    """The live keys that are this one or begin with it, and the job of each."""
    found = store.runner.run(store.store.keyed(scope, key, store.now))
    return [(one.key, one.job_id) for one in found]


def dead_op(store: Probe, job: Job | None = None, *deliveries: Delivery, sent: Inbound | None = None) -> Enqueue:
    """A job that cannot run."""
    return Enqueue(now=store.now, job=job or store.job(), dead=Dead(WHY, deliveries), inbound=sent)


class InboundContract(StoreCase):
    """What is promised of what senders sent."""

    @pytest.mark.parametrize("leased", [True, False])
    def test_what_a_job_came_of_is_kept_as_it_came(self, store: Probe, *, leased: bool) -> None:
        sent = [
            SENT,
            replace(SENT, headers={}, body=b""),
            replace(SENT, headers={"x-event": "\u00fcn\u00ef", "a": ""}, body=b'{"ref":"\xc3\xbc"}'),
            Inbound(source="", event="", delivery=""),
        ]
        jobs = [store.job() for _ in sent]
        lease = store.lease() if leased else None
        ops = [Enqueue(now=store.now, job=job, inbound=one, lease=lease) for job, one in zip(jobs, sent, strict=True)]
        assert store.all(*ops) == [Enqueued(job.id) for job in jobs]
        assert [sent_with(store, job) for job in jobs] == sent
        assert (sent_with(store, store.enqueue()), sent_with(store, store.job())) == (None, None)
        assert store.runner.run(store.store.inbound("nonsense")) is None
        if self.keeps:
            store.reopen()
            assert [sent_with(store, job) for job in jobs] == sent

    def test_it_comes_with_a_job_of_any_kind(self, store: Probe) -> None:
        jobs = [
            replace(store.job(), tags=("nightly",)),
            replace(store.job(), tenant="t1"),
            replace(store.job(), concurrency_key="k", concurrency_limit=1),
            replace(store.job(), unique_key="u"),
            replace(store.job(), options=JobOptions(after=(store.enqueue().id,))),
        ]
        store.all(*(Enqueue(now=store.now, job=job, inbound=SENT, cap=100) for job in jobs))
        assert [sent_with(store, job) for job in jobs] == [SENT] * len(jobs)

    def test_a_duplicate_keeps_what_the_first_came_of(self, store: Probe) -> None:
        first, second, other = store.job(), store.job(), store.job()
        later = replace(SENT, event="later")
        results = store.all(
            Enqueue(now=store.now, job=first, dedupe=store.once(), inbound=SENT),
            Enqueue(now=store.now, job=second, dedupe=store.once(), inbound=later),
            Enqueue(now=store.now, job=other, dedupe=store.once("k2"), inbound=later),
        )
        assert results == [Enqueued(first.id), Enqueued(first.id, duplicate=True), Enqueued(other.id)]
        assert [sent_with(store, job) for job in (first, second, other)] == [SENT, None, later]

    def test_many_deliveries_in_one_batch_are_told_apart_by_their_keys(self, store: Probe) -> None:
        jobs = [store.job() for _ in range(200)]
        ops = [
            Enqueue(
                now=store.now,
                job=job,
                dedupe=store.once(f"d{at // 2}", digest=bytes([at % 7 == 1])),
                inbound=replace(SENT, delivery=f"d{at}"),
                lease=store.lease() if at % 3 else None,
            )
            for at, job in enumerate(jobs)
        ]
        results = store.all(*ops)
        expected: list[Result] = [Enqueued(job.id) for job in jobs]
        for at in range(1, 200, 2):
            first = jobs[at - 1].id
            same = (at % 7 == 1) == ((at - 1) % 7 == 1)
            expected[at] = Enqueued(first, duplicate=True) if same else Mismatch(first)
        assert results == expected
        kept = [sent_with(store, job) for job in jobs]
        assert [one is None for one in kept] == [at % 2 == 1 for at in range(200)]
        assert [one.delivery for one in kept if one is not None] == [f"d{at}" for at in range(0, 200, 2)]
        assert sum(store.depths()["hello/greet"]) == 100

    def test_a_job_whose_id_is_in_use_leaves_what_is_there_as_it_came(self, store: Probe) -> None:
        job, before, behind = store.job(), store.job(), store.job()
        store.all(Enqueue(now=store.now, job=job, inbound=SENT))
        again = Enqueue(now=store.now, job=job, dedupe=store.once(), inbound=replace(SENT, event="other"))
        ops = [Enqueue(now=store.now, job=one, inbound=SENT, dedupe=store.once(one.id)) for one in (before, behind)]
        assert [type(one) for one in store.all(ops[0], again, ops[1])] == [Enqueued, Failed, Enqueued]
        assert [sent_with(store, one) for one in (job, before, behind)] == [SENT] * 3
        assert keyed(store, "k1") == [], "what was not stored holds no key"

    def test_a_job_that_takes_a_later_ones_input_takes_what_that_came_of_too(self, store: Probe) -> None:
        def asked(sent: Inbound | None, args: bytes) -> Enqueue:
            job = replace(store.job(delay=1000), unique_key="u", args=args)
            return Enqueue(now=store.now, job=job, inbound=sent, unique=Unique("coalesce"))

        first = asked(SENT, b"1")
        later = replace(SENT, event="later")
        assert store.all(first, asked(later, b"2")) == [
            Enqueued(first.job.id),
            Enqueued(first.job.id, coalesced=True),
        ]
        assert sent_with(store, first.job) == later
        store.all(asked(SENT, b"3"), asked(None, b"4"))
        assert (store.see(first.job).args, sent_with(store, first.job)) == (b"4", None)

    def test_it_goes_with_its_job(self, store: Probe) -> None:
        jobs = [store.job() for _ in range(4)]
        store.all(*(Enqueue(now=store.now, job=job, inbound=SENT, lease=store.lease()) for job in jobs))
        store.all(*(store.finish_op(job) for job in jobs[:3]))
        store.clock.advance(1)
        assert sent_with(store, jobs[0]) == SENT, "the end of a job changes nothing of it"
        assert store.all(DeleteJob(now=store.now, job_id=jobs[0].id)) == [Deleted(())]
        assert store.all(walk_op(store, rows=1)) == [JobsPruned(2, 3, None, ())]
        assert [sent_with(store, job) for job in jobs] == [None, None, None, SENT]


class DeadContract(StoreCase):
    """What is promised of jobs that cannot run."""

    def test_a_job_that_cannot_run_has_failed_from_the_first(self, store: Probe) -> None:
        job = replace(store.job(), tags=("t",), tenant="t1", source="github")
        delivery = store.delivery(job)
        assert store.all(dead_op(store, job, delivery, sent=SENT)) == [Enqueued(job.id)]
        expected = replace(job, status="failed", reason="invalid_input", last_error=WHY, completed_at=store.now)
        assert store.see(job) == expected
        assert (store.attempts(job), sent_with(store, job)) == ((), SENT)
        assert [one.id for one in store.deliveries(job)] == [delivery.id], "I6: with its end"
        assert [one.id for one in store.claim_deliveries()] == [delivery.id]
        assert (store.depths(), store.claim(), store.lost()) == ({}, (), ())
        for query in (JobQuery(dead=True), JobQuery(status="failed"), JobQuery(tag="t"), JobQuery(error="invalid_ev")):
            assert [one.id for one in store.jobs(query)] == [job.id]
        if self.keeps:
            store.reopen()
            assert store.see(job) == expected
            assert store.depths() == {}

    def test_one_that_runs_and_cannot_take_its_input_is_a_dead_letter_too(self, store: Probe) -> None:
        job = store.running()
        store.all(store.finish_op(job, status="failed", outcome="failed", reason="invalid_input"))
        assert [one.id for one in store.jobs(JobQuery(dead=True))] == [job.id]

    def test_it_is_tried_again_with_its_input(self, store: Probe) -> None:
        job = store.job(max_attempts=2)
        store.all(dead_op(store, job, sent=SENT))
        store.do(RetryJob(now=store.now, job_id=job.id, run_at=store.now), Done)
        again = store.see(job)
        assert (again.status, again.reason, again.last_error, again.completed_at) == ("queued", None, None, None)
        assert store.depths() == {job.lane: (1, 0)}
        assert store.jobs(JobQuery(dead=True)) == ()
        (claimed,) = store.claim()
        assert (claimed.args, claimed.attempt, claimed.max_attempts) == (job.args, 1, 2)
        store.all(store.finish_op(claimed))
        assert (store.see(job).status, sent_with(store, job)) == ("succeeded", SENT)

    def test_of_all_that_can_stand_against_a_job_only_its_key_is_asked(self, store: Probe) -> None:
        store.all(Enqueue(now=store.now, job=replace(store.job(), unique_key="u"), unique=Unique("skip")))
        failed = store.job()
        store.all(dead_op(store, failed))
        common = {"concurrency_key": "k", "concurrency_limit": 1, "unique_key": "u"}
        for policy in (Unique("skip"), Unique("replace"), Unique("coalesce")):
            job = replace(store.job(), **common, options=JobOptions(after=(failed.id,)))
            op = replace(dead_op(store, job), unique=policy, cap=1)
            assert store.all(op) == [Enqueued(job.id)]
            assert store.see(job).status == "failed"
        first, second, third = (replace(dead_op(store), dedupe=store.once(digest=one)) for one in (b"a", b"a", b"b"))
        assert store.all(first, second, third) == [
            Enqueued(first.job.id),
            Enqueued(first.job.id, duplicate=True),
            Mismatch(first.job.id),
        ]

    def test_nothing_is_unique_against_it_and_nothing_waits_for_it(self, store: Probe) -> None:
        dead = replace(store.job(), unique_key="u")
        other = replace(store.job(), unique_key="u")
        after = replace(store.job(), options=JobOptions(after=(dead.id,)))
        results = store.all(
            dead_op(store, dead),
            Enqueue(now=store.now, job=other, unique=Unique("skip")),
            Enqueue(now=store.now, job=after),
        )
        assert results == [Enqueued(dead.id), Enqueued(other.id), Unmet(dead.id, "failed")]

    def test_what_contradicts_what_is_stored_fails_alone_and_whole(self, store: Probe) -> None:
        taken = store.running()
        used = store.delivery(taken)
        store.all(store.finish_op(taken, deliveries=(used,)))
        jobs = [store.job() for _ in range(5)]
        ops = [
            dead_op(store, jobs[0], sent=SENT),
            dead_op(store, jobs[1], store.delivery(jobs[1]), used, sent=SENT),
            replace(dead_op(store, jobs[2], sent=SENT), lease=store.lease()),
            dead_op(store, replace(jobs[3], id=taken.id), sent=SENT),
            dead_op(store, replace(jobs[4], concurrency_key="k"), sent=SENT),
        ]
        assert [type(one) for one in store.all(*ops)] == [Enqueued, *[Failed] * 4]
        assert [store.find(job.id) is not None for job in jobs] == [True, False, False, False, False]
        assert [sent_with(store, job) is not None for job in jobs] == [True, False, False, False, False]
        assert (store.deliveries(jobs[1]), sent_with(store, taken)) == ((), None)
        assert store.see(taken).status == "succeeded"

    def test_between_others_of_a_batch_it_changes_nothing_for_them(self, store: Probe) -> None:
        before, dead, behind = store.job(), store.job(), store.job()
        op = store.claim_op(5)
        results = store.all(
            Enqueue(now=store.now, job=before, inbound=SENT),
            dead_op(store, dead),
            Enqueue(now=store.now, job=behind, dedupe=store.once()),
            op,
        )
        assert isinstance(results[-1], Claimed)
        assert [one.id for one in results[-1].jobs] == [before.id, behind.id]

    def test_it_is_forgotten_by_when_it_was_made_once_all_is_delivered(self, store: Probe) -> None:
        owed, told = store.job(), store.job()
        store.all(dead_op(store, owed, store.delivery(owed)), dead_op(store, told, sent=SENT))
        store.clock.advance(1)
        assert store.all(DeleteJob(now=store.now, job_id=owed.id)) == [Undelivered()]
        assert store.all(walk_op(store, before={"failed": store.now})) == [JobsPruned(1, 2, None, ())]
        assert (store.find(told.id), sent_with(store, told)) == (None, None), "I11"
        (delivery,) = store.claim_deliveries()
        store.all(store.settle_op(delivery))
        assert store.all(DeleteJob(now=store.now, job_id=owed.id)) == [Deleted(())]


class ForgetKeysContract(StoreCase):
    """What is promised of forgetting idempotency keys, and of asking for them."""

    def test_a_key_stands_for_its_job_and_so_do_those_below_it(self, store: Probe) -> None:
        names = ("d1", "d1\na/x", "d1\na/x\n2", "d1\n", "d1x", "d", "d1\x0bx", "D1\na/x")
        jobs = {name: store.enqueue(dedupe=store.once(name)).id for name in names}
        other = replace(store.once("d1"), scope="other")
        elsewhere = store.enqueue(dedupe=other)
        below = sorted(["d1", "d1\n", "d1\na/x", "d1\na/x\n2"])
        assert keyed(store, "d1") == [(name, jobs[name]) for name in below]
        assert keyed(store, "d1\na/x") == [(name, jobs[name]) for name in ("d1\na/x", "d1\na/x\n2")]
        assert (keyed(store, "d2"), keyed(store, "d1", "other")) == ([], [("d1", elsewhere.id)])
        one = KeyedJob("d", jobs["d"], store.now + 60_000, b"digest")
        assert store.runner.run(store.store.keyed("token:test", "d", store.now)) == (one,)
        assert store.all(ForgetKeys(now=store.now, scope="token:test", key="d1")) == [Pruned(4)]
        assert (keyed(store, "d1"), keyed(store, "d1", "other")) == ([], [("d1", elsewhere.id)])
        for name in ("d1x", "d", "d1\x0bx", "D1\na/x"):
            assert keyed(store, name) == [(name, jobs[name])]
        assert store.all(ForgetKeys(now=store.now, scope="token:test", key="d1")) == [Pruned(0)]

    def test_what_comes_next_under_a_forgotten_key_is_a_job_of_its_own(self, store: Probe) -> None:
        first = store.enqueue(dedupe=store.once())
        again = Enqueue(now=store.now, job=store.job(), dedupe=store.once(digest=b"other"))
        assert store.all(again) == [Mismatch(first.id)]
        results = store.all(ForgetKeys(now=store.now, scope="token:test", key="k1"), again)
        assert results == [Pruned(1), Enqueued(again.job.id)]
        assert store.see(first) == first, "the job it stood for stays"
        assert keyed(store, "k1") == [("k1", again.job.id)]

    def test_a_key_that_is_over_stands_for_nothing(self, store: Probe) -> None:
        store.enqueue(dedupe=store.once(seconds=1))
        store.clock.advance(999)
        assert len(keyed(store, "k1")) == 1
        store.clock.advance(1)
        assert keyed(store, "k1") == []

    def test_a_key_names_its_job_also_when_that_is_gone(self, store: Probe) -> None:
        job = store.running()
        store.all(store.finish_op(job))
        gone = store.enqueue(lease=store.lease(TOKEN + 1), dedupe=store.once())
        store.all(store.finish_op(gone, TOKEN + 1), DeleteJob(now=store.now, job_id=gone.id))
        assert keyed(store, "k1") == [("k1", gone.id)]
