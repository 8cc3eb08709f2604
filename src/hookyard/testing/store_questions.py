"""The part of the store contract about questions, and about what is there after opening again."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread
from typing import cast

import pytest

from hookyard.model import ErrorInfo, JobStatus
from hookyard.store.contract import Cancel, Done, Enqueue, Enqueued, JobQuery
from hookyard.store.stored_error import UNREADABLE
from hookyard.testing.store_probe import Probe, StoreCase, without_bodies


@contextmanager
def switching_often() -> Generator[None]:
    """Let threads take turns at every chance."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class QueryContract(StoreCase):
    """What the questions promise."""

    def test_what_is_not_there_is_not_found(self, store: Probe) -> None:
        unknown = store.job()
        for job_id in (unknown.id, "nonsense", ""):
            assert store.find(job_id) is None
        assert (store.attempts(unknown), store.deliveries(unknown)) == ((), ())
        assert store.tries(store.delivery()) == ()
        assert store.last_id() is None
        assert store.jobs(JobQuery()) == ()

    def test_jobs_are_listed_newest_first_without_their_bodies(self, store: Probe) -> None:
        jobs = [store.running() for _ in range(3)]
        store.all(store.finish_op(jobs[1]))
        listed = store.jobs(JobQuery())
        assert [job.id for job in listed] == [job.id for job in reversed(jobs)]
        assert {(job.args, job.result) for job in listed} == {(b"", None)}
        assert [job.status for job in listed] == ["running", "succeeded", "running"]

    def test_pages_of_jobs_join_without_gap_or_overlap(self, store: Probe) -> None:
        jobs = [store.job() for _ in range(25)]
        store.all(*(Enqueue(now=store.now, job=job) for job in jobs))
        seen: list[str] = []
        before: str | None = None
        while page := store.jobs(JobQuery(before=before, limit=7)):
            assert len(page) <= 7
            seen += [job.id for job in page]
            before = seen[-1]
            store.enqueue()  # newer jobs do not move the pages
        assert seen == [job.id for job in reversed(jobs)]

    @pytest.mark.parametrize("status", ["queued", "running", "succeeded", "failed", "timed_out", "cancelled"])
    def test_jobs_are_listed_by_status_plugin_and_command(self, store: Probe, status: JobStatus) -> None:
        lanes = ("a/x", "a/y", "b/x")
        for lane in lanes * 2:
            store.running(store.job(lane=lane))
            for end in ("succeeded", "failed", "timed_out"):
                store.all(store.finish_op(store.running(store.job(lane=lane)), status=end))
            store.enqueue(store.job(lane=lane))
            store.enqueue(store.job(lane=lane, delay=1000))
            store.all(Cancel(now=store.now, job_id=store.enqueue(store.job(lane=lane)).id))
        everything = store.jobs(JobQuery(limit=1000))
        for plugin in (None, "a", "none"):
            for command in (None, "x"):
                expected = [
                    job
                    for job in everything
                    if job.status == status and plugin in {None, job.plugin} and command in {None, job.command}
                ]
                query = JobQuery(status=status, plugin=plugin, command=command)
                assert list(store.jobs(query)) == expected
                if len(expected) > 1:
                    query = JobQuery(
                        status=status,
                        plugin=plugin,
                        command=command,
                        before=expected[0].id,
                        limit=1,
                    )
                    assert list(store.jobs(query)) == expected[1:2]

    def test_lost_jobs_are_those_whose_lease_has_ended(self, store: Probe) -> None:
        later = store.enqueue(lease=store.lease(1, seconds=20))
        sooner = store.enqueue(lease=store.lease(2, seconds=10, worker="w2"))
        tied = store.enqueue(lease=store.lease(3, seconds=10))
        later, sooner, tied = map(without_bodies, (later, sooner, tied))
        store.enqueue()
        store.all(store.finish_op(store.running()))
        assert store.lost() == ()
        store.clock.advance(9999)
        assert store.lost() == ()
        store.clock.advance(1)
        assert store.lost() == (sooner, tied)
        store.clock.advance(60_000)
        assert store.lost() == (sooner, tied, later)
        assert store.lost(limit=2) == (sooner, tied)

    def test_all_running_jobs_of_a_worker_are_found_whatever_their_lease(self, store: Probe) -> None:
        later = store.enqueue(lease=store.lease(1, seconds=20))
        sooner = store.enqueue(lease=store.lease(2, seconds=10))
        store.enqueue(lease=store.lease(3, worker="w2"))
        later, sooner = map(without_bodies, (later, sooner))
        assert store.lost(worker="w1") == (sooner, later)
        assert store.lost(worker="w1", limit=1) == (sooner,)
        assert store.lost(worker="w3") == ()

    def test_the_running_jobs_of_all_workers_of_a_kind_are_told_at_once(self, store: Probe) -> None:
        later = store.enqueue(lease=store.lease(1, seconds=20, worker="w:a/1"))
        sooner, tied = (store.enqueue(lease=store.lease(number, seconds=10, worker="w:a/1")) for number in (2, 3))
        over = store.enqueue(lease=store.lease(4, seconds=0, worker="w:b"))
        store.enqueue(lease=store.lease(5, worker="w"))
        store.enqueue(lease=store.lease(6, worker="x:a/1"))
        store.enqueue()
        ended = store.enqueue(lease=store.lease(7, worker="w:c"))
        store.all(store.finish_op(ended, 7))
        assert store.held("w:") == {"w:a/1": (sooner.id, tied.id, later.id), "w:b": (over.id,)}
        assert store.held("w:", limit=2) == {"w:a/1": (sooner.id, tied.id), "w:b": (over.id,)}
        assert store.held("y") == {}

    def test_an_error_that_cannot_be_read_any_more_keeps_no_job_from_running_and_ending(self, store: Probe) -> None:
        job = store.running()
        odd = ErrorInfo(code=cast("str", 7), message="it broke")
        store.all(store.release_op(job, error=odd))
        assert store.see(job).last_error == UNREADABLE
        assert [attempt.error for attempt in store.attempts(job)] == [UNREADABLE]
        assert [one.last_error for one in store.jobs(JobQuery())] == [UNREADABLE]
        (again,) = store.claim(token=2)
        assert again.last_error == UNREADABLE
        store.clock.advance(60_000)
        assert [(one.id, one.last_error) for one in store.lost()] == [(job.id, UNREADABLE)]
        assert store.all(store.finish_op(again, 2)) == [Done()]

    def test_the_last_id_is_the_largest_of_jobs_and_deliveries(self, store: Probe) -> None:
        job = store.running()
        assert store.last_id() == job.id
        delivery = store.delivery(job)
        store.all(store.finish_op(job, deliveries=(delivery,)))
        assert store.last_id() == delivery.id
        newest = store.enqueue()
        assert store.last_id() == newest.id

    def test_a_question_sees_all_of_a_batch_or_nothing_of_it(self, store: Probe) -> None:
        batches = [[Enqueue(now=store.now, job=store.job()) for _ in range(20)] for _ in range(20)]
        seen: list[int] = []

        async def watch(writing: Thread) -> None:
            writing.start()
            while writing.is_alive():
                seen.append(sum(one.queued for one in await store.store.depths()))

        with switching_often():
            writing = Thread(target=lambda: [store.store.apply(ops) for ops in batches])
            store.runner.run(watch(writing))
            writing.join()
        assert [count % 20 for count in seen] == [0] * len(seen)
        assert [queued for queued, _ in store.depths().values()] == [400]

    def test_a_store_that_is_open_is_ready(self, store: Probe) -> None:
        store.ready()


class DurabilityContract(StoreCase):
    """What is committed is there after closing and opening again (I1)."""

    def test_everything_is_there_after_opening_again(self, store: Probe) -> None:
        if not self.keeps:
            pytest.skip("this store keeps nothing")
        queued, later = store.enqueue(), store.enqueue(store.job(delay=1000))
        once = store.enqueue(dedupe=store.once())
        running, ended = store.running(), store.running()
        delivery = store.delivery(ended)
        store.all(store.finish_op(ended, deliveries=(delivery,)))
        (sending,) = store.claim_deliveries()
        before = [store.see(job) for job in (queued, later, once, running, ended)]
        attempts = store.attempts(ended)
        store.reopen()
        assert [store.see(job) for job in (queued, later, once, running, ended)] == before
        assert store.attempts(ended) == attempts
        assert store.deliveries(ended) == (sending,)
        again = store.job()
        result = store.all(Enqueue(now=store.now, job=again, dedupe=store.once()))
        assert result == [Enqueued(once.id, duplicate=True)]
        store.clock.advance(1000)
        assert [job.id for job in store.claim(9)] == [queued.id, later.id, once.id]
        store.all(store.settle_op(sending))
        store.all(store.finish_op(running))
        store.reopen()
        assert [tried.status for tried in store.tries(sending)] == [200]
        assert store.see(running).status == "succeeded"
