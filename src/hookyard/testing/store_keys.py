"""The part of the store contract about idempotency keys of dead letters, keys with parts, and keys that are taken."""

from msgspec.structs import replace

from hookyard.model import Job, JobOptions
from hookyard.store.contract import (
    Cancel,
    DeleteJob,
    Done,
    Enqueue,
    Enqueued,
    ForgetKeys,
    Mismatch,
    Pruned,
    Release,
    RetryJob,
    Together,
    Unique,
    Unmet,
)
from hookyard.testing.store_inbound import dead_op, keyed
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase


def part(store: Probe, name: str, *also: str, digest: bytes = b"x", take: bool = False, dead: bool = False) -> Enqueue:
    """A job that comes with a key that is a part of others."""
    dedupe = replace(store.once(name, digest=digest), also=also, take=take)
    op = dead_op(store) if dead else Enqueue(now=store.now, job=store.job())
    return replace(op, dedupe=dedupe)


def same(op: Enqueue) -> Enqueued:
    """The answer that this job stands for another."""
    return Enqueued(op.job.id, duplicate=True)


def new(op: Enqueue) -> Enqueued:
    """The answer that this job is stored."""
    return Enqueued(op.job.id)


class DeadKeysContract(StoreCase):
    """What is promised of the keys of jobs that cannot run."""

    def test_a_job_that_can_run_takes_the_key_of_one_that_could_not(self, store: Probe) -> None:
        dead, again = part(store, "k1", dead=True), part(store, "k1", dead=True)
        living, late, late_dead = part(store, "k1"), part(store, "k1"), part(store, "k1", dead=True)
        results = store.all(dead, again, living, late, late_dead)
        assert results == [new(dead), same(dead), new(living), same(living), same(living)]
        assert keyed(store, "k1") == [("k1", living.job.id)]
        assert (store.see(dead.job).status, store.see(living.job).status) == ("failed", "queued")
        if self.keeps:
            store.reopen()
            assert store.all(part(store, "k1"), part(store, "k1", dead=True)) == [same(living)] * 2

    def test_the_same_in_batches_of_their_own_and_with_leases(self, store: Probe) -> None:
        dead = part(store, "k1", dead=True)
        living = replace(part(store, "k1"), lease=store.lease())
        assert [store.all(dead), store.all(living)] == [[new(dead)], [new(living)]]
        assert store.all(part(store, "k1")) == [same(living)]
        assert store.see(living.job).status == "running"

    def test_another_body_is_a_mismatch_also_of_one_that_could_not_run(self, store: Probe) -> None:
        dead = part(store, "k1", dead=True)
        other, living = part(store, "k1", digest=b"y"), part(store, "k1")
        assert store.all(dead, other, living) == [new(dead), Mismatch(dead.job.id), new(living)]

    def test_once_it_is_tried_again_its_key_is_like_any_other(self, store: Probe) -> None:
        dead = part(store, "k1", dead=True)
        store.all(dead)
        store.do(RetryJob(now=store.now, job_id=dead.job.id, run_at=store.now), Done)
        assert store.all(part(store, "k1")) == [same(dead)], "it waits"
        (claimed,) = store.claim()
        assert store.all(part(store, "k1")) == [same(dead)], "it runs"
        store.all(
            Release(
                now=store.now,
                job_id=claimed.id,
                token=TOKEN,
                run_at=store.now,
                outcome="released",
                reason="retry_later",
                uncount=True,
            )
        )
        assert store.see(dead.job).attempt == 0
        assert store.all(part(store, "k1")) == [same(dead)], "it was given back"
        (claimed,) = store.claim()
        store.all(store.finish_op(claimed, status="failed", outcome="failed", reason="invalid_input"))
        assert store.all(part(store, "k1")) == [same(dead)], "it has run, in vain"

    def test_one_that_was_tried_again_and_cancelled_keeps_its_key_and_so_does_one_that_is_gone(
        self, store: Probe
    ) -> None:
        dead, gone = part(store, "k1", dead=True), part(store, "k2", dead=True)
        store.all(dead, gone)
        store.do(RetryJob(now=store.now, job_id=dead.job.id, run_at=store.now), Done)
        store.do(Cancel(now=store.now, job_id=dead.job.id), Done)
        store.all(DeleteJob(now=store.now, job_id=gone.job.id))
        assert store.all(part(store, "k1"), part(store, "k2")) == [same(dead), same(gone)]

    def test_a_failure_of_another_kind_keeps_its_key(self, store: Probe) -> None:
        job = store.enqueue(dedupe=store.once("k1", digest=b"x"))
        (claimed,) = store.claim()
        store.all(store.finish_op(claimed, status="failed", outcome="failed", reason="invalid_input"))
        assert store.all(part(store, "k1")) == [Enqueued(job.id, duplicate=True)]

    def test_what_stands_against_the_job_leaves_the_key_with_the_dead_letter(self, store: Probe) -> None:
        dead, failed = part(store, "k1", dead=True), dead_op(store)
        store.all(dead, failed)
        waits = replace(store.job(), options=JobOptions(after=(failed.job.id,)))
        assert store.all(replace(part(store, "k1"), job=waits)) == [Unmet(failed.job.id, "failed")]
        assert keyed(store, "k1") == [("k1", dead.job.id)]
        active = replace(store.job(), unique_key="u")
        skipping = replace(part(store, "k1"), job=replace(store.job(), unique_key="u"), unique=Unique("skip"))
        results = store.all(Enqueue(now=store.now, job=active), skipping)
        assert results == [Enqueued(active.id), Enqueued(active.id, duplicate=True)]
        assert keyed(store, "k1") == [("k1", active.id)], "what stands for the job stands for the key"

    def test_it_is_so_for_jobs_stored_together_too(self, store: Probe) -> None:
        dead, living, late = part(store, "k1", dead=True), part(store, "k1"), part(store, "k1")
        store.all(Together(now=store.now, ops=(dead, living)))
        assert store.all(late) == [same(living)]


class PartsContract(StoreCase):
    """What is promised of keys that are parts of others."""

    def test_the_first_part_takes_the_whole_and_every_part_has_a_job_of_its_own(self, store: Probe) -> None:
        first, second, later = part(store, "d\na", "d"), part(store, "d\nb", "d"), part(store, "d\nc", "d")
        assert store.all(first, second) == [new(first), new(second)]
        assert keyed(store, "d") == [("d", first.job.id), ("d\na", first.job.id), ("d\nb", second.job.id)]
        assert store.all(part(store, "d")) == [same(first)]
        assert store.all(later, part(store, "d\na", "d")) == [new(later), same(first)]
        assert store.all(ForgetKeys(now=store.now, scope="token:test", key="d")) == [Pruned(4)]

    def test_a_key_without_parts_answers_for_all_of_them(self, store: Probe) -> None:
        whole = part(store, "d")
        store.all(whole)
        assert store.all(part(store, "d\na", "d"), part(store, "d\nb", "d")) == [same(whole)] * 2
        assert store.all(part(store, "d\na", "d", digest=b"y")) == [Mismatch(whole.job.id)]
        apart = part(store, "d\na")
        assert store.all(apart) == [new(apart)], "one that is no part of it by its own account is not"
        more = part(store, "d\nb", "d")
        assert store.all(more) == [new(more)], "now it has parts"

    def test_parts_of_parts_are_known_by_either(self, store: Probe) -> None:
        one, other = part(store, "d\na\n1", "d", "d\na"), part(store, "d\na\n2", "d", "d\na")
        assert store.all(one, other) == [new(one), new(other)]
        assert store.all(part(store, "d\na", "d"), part(store, "d")) == [same(one)] * 2
        late = part(store, "e\na", "e")
        store.all(late)
        parts = part(store, "e\na\n1", "e", "e\na"), part(store, "e\na\n2", "e", "e\na")
        assert store.all(*parts) == [same(late)] * 2

    def test_parts_that_are_over_are_none(self, store: Probe) -> None:
        short = replace(part(store, "d\na"), dedupe=store.once("d\na", digest=b"x", seconds=1))
        whole = part(store, "d")
        store.all(short, whole)
        store.clock.advance(999)
        early = part(store, "d\nb", "d")
        assert store.all(early) == [new(early)]
        store.all(ForgetKeys(now=store.now, scope="token:test", key="d\nb"))
        store.clock.advance(1)
        assert store.all(part(store, "d\nb", "d")) == [same(whole)]

    def test_a_job_that_can_run_takes_the_whole_from_one_that_could_not(self, store: Probe) -> None:
        dead, living = part(store, "d\na", "d", dead=True), part(store, "d\nb", "d")
        assert store.all(dead, living) == [new(dead), new(living)]
        assert store.all(part(store, "d")) == [same(living)]
        mended = part(store, "d\na", "d")
        assert store.all(mended, part(store, "d")) == [new(mended), same(living)]

    def test_a_whole_that_could_not_run_is_no_reason_that_its_parts_do_not(self, store: Probe) -> None:
        dead = part(store, "d", dead=True)
        assert store.all(dead, part(store, "d\na", "d", dead=True)) == [new(dead), same(dead)]
        parts = part(store, "d\na", "d"), part(store, "d\nb", "d")
        assert store.all(*parts) == [new(one) for one in parts]
        assert keyed(store, "d")[0] == ("d", parts[0].job.id)

    def test_many_events_of_several_parts_in_one_batch_are_told_apart(self, store: Probe) -> None:
        ops = [part(store, f"d{at // 2}\n{at % 2}", f"d{at // 2}") for at in range(200)]
        assert store.all(*ops) == [new(op) for op in ops]
        wholes = [part(store, f"d{at}") for at in range(100)]
        assert store.all(*wholes) == [same(ops[at * 2]) for at in range(100)]
        again = [part(store, f"d{at // 2}\n{at % 2}", f"d{at // 2}") for at in range(200)]
        assert store.all(*again) == [same(op) for op in ops]

    def test_a_key_is_taken_whatever_it_stands_for_and_the_whole_only_when_nothing_has_it(self, store: Probe) -> None:
        first, second = part(store, "d\na", "d"), part(store, "d\nb", "d")
        taking = part(store, "d\na", "d", digest=b"y", take=True)
        assert store.all(first, second, taking) == [new(first), new(second), new(taking)]
        assert keyed(store, "d") == [("d", first.job.id), ("d\na", taking.job.id), ("d\nb", second.job.id)]
        assert store.all(part(store, "d\na", "d", digest=b"y")) == [same(taking)]
        alone = part(store, "e\na", "e", take=True)
        assert store.all(alone, part(store, "e")) == [new(alone), same(alone)]
        stored: Job = store.see(first.job)
        assert stored.status == "queued", "the job it stood for stays"
