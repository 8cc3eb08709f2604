"""The part of the store contract about what commands log, say of their progress, emit, make and call for."""

import itertools

import pytest
from msgspec.structs import replace

from hookyard.model import Artifact, Event, Job, LogLevel, LogLine, Progress
from hookyard.store.contract import (
    AppendEvents,
    AppendLog,
    Done,
    Enqueue,
    EventQuery,
    Failed,
    JobQuery,
    PutArtifact,
    PutProgress,
    Stale,
)
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase, without_bodies


def line(job: Job, event: str, *, level: LogLevel = "info") -> LogLine:
    """A line that a job logs."""
    return LogLine(job_id=job.id, attempt=1, at=job.submitted_at, level=level, event=event, values=b'{"n":1}')


def lines_of(store: Probe, job: Job | str, *, after: int = 0, limit: int = 200) -> list[tuple[int, str]]:
    """A job's log, short."""
    job_id = job if isinstance(job, str) else job.id
    found = store.runner.run(store.store.log_lines(job_id, after=after, limit=limit))
    return [(one.number, one.event) for one in found]


def progress_op(store: Probe, job: Job, done: float, token: int = TOKEN) -> PutProgress:
    """How far a job is."""
    return PutProgress(now=store.now, job_id=job.id, token=token, progress=Progress(done, 10, "of ten", store.now))


def artifact(job: Job, name: str, *, size: int = 3) -> Artifact:
    """An artifact whose content is stored already."""
    return Artifact(
        job_id=job.id,
        name=name,
        media_type="text/plain",
        size=size,
        sha256="ab" * 32,
        location=f"{job.id}/{name}",
        created_at=job.submitted_at,
    )


def event(store: Probe, job: Job, kind: str = "thing.happened", *, plugin: str | None = None) -> Event:
    """An event that a job emits."""
    return Event(
        id=store.new_id(),
        type=kind,
        plugin=plugin or job.plugin,
        command=job.command,
        job_id=job.id,
        tenant=job.tenant,
        request_id=job.request_id,
        payload=b'{"a": 1}',
        dedupe_key="once",
        created_at=store.now,
    )


def events(store: Probe, query: EventQuery | None = None) -> list[Event]:
    """A page of events."""
    return list(store.runner.run(store.store.events(query or EventQuery())))


class ProgressContract(StoreCase):
    """What PutProgress promises."""

    def test_progress_is_shown_wherever_the_job_is_and_stays_when_it_ends(self, store: Probe) -> None:
        parent = store.enqueue()
        job = store.running(replace(store.job(), parent=parent.id))
        assert job.progress is None
        store.do(progress_op(store, job, 3), Done)
        store.do(progress_op(store, job, 4.5), Done)
        expected = Progress(4.5, 10, "of ten", store.now)
        assert store.see(job) == replace(job, progress=expected)
        assert store.jobs(JobQuery(limit=1))[0].progress == expected
        assert store.runner.run(store.store.children(parent.id))[0].progress == expected
        store.clock.advance(60_000)
        assert store.lost()[0].progress == expected
        store.all(store.release_op(job))
        (again,) = [one for one in store.claim(5, token=2) if one.id == job.id]
        assert again.progress == expected
        store.all(store.finish_op(again, 2))
        assert store.see(job).progress == expected

    def test_progress_under_an_old_lease_is_stale(self, store: Probe) -> None:
        job, gone, unknown = store.running(), store.running(), store.job()
        store.all(store.finish_op(gone))
        results = store.all(
            progress_op(store, job, 1),
            progress_op(store, job, 2, TOKEN + 1),
            progress_op(store, gone, 3),
            progress_op(store, unknown, 4),
            progress_op(store, replace(job, id="nonsense"), 5),
        )
        assert results == [Done(), Stale(), Stale(), Stale(), Stale()]
        assert [store.see(one).progress for one in (job, gone)] == [Progress(1, 10, "of ten", store.now), None]

    def test_the_last_of_several_in_a_batch_counts(self, store: Probe) -> None:
        jobs = [store.running() for _ in range(40)]
        ops = [progress_op(store, job, done) for done in range(3) for job in jobs]
        assert store.all(*ops) == [Done()] * 120
        assert {(one.progress or Progress(0)).done for one in map(store.see, jobs)} == {2}

    def test_progress_that_json_cannot_hold_harms_nothing(self, store: Probe) -> None:
        job = store.running()
        store.do(progress_op(store, job, float("nan")), Done)
        assert store.see(job).progress is None
        assert store.jobs(JobQuery()) == (without_bodies(job),)


class LogContract(StoreCase):
    """What AppendLog promises."""

    def test_lines_are_numbered_within_their_job_across_operations_and_batches(self, store: Probe) -> None:
        one, two = store.running(), store.running()
        store.all(
            AppendLog(now=store.now, lines=(line(one, "a"), line(two, "x"), line(one, "b"))),
            AppendLog(now=store.now, lines=()),
            AppendLog(now=store.now, lines=(line(two, "y"), line(one, "c"))),
        )
        store.all(store.finish_op(one))
        store.do(AppendLog(now=store.now, lines=(line(one, "late"),)), Done)
        assert lines_of(store, one) == [(1, "a"), (2, "b"), (3, "c"), (4, "late")]
        assert lines_of(store, two) == [(1, "x"), (2, "y")]
        (first, *_) = store.runner.run(store.store.log_lines(one.id))
        assert first == replace(line(one, "a"), number=1)

    def test_many_lines_are_read_in_pages(self, store: Probe) -> None:
        job = store.running()
        store.do(AppendLog(now=store.now, lines=tuple(line(job, f"e{at}") for at in range(1, 301))), Done)
        assert len(lines_of(store, job)) == 200
        assert lines_of(store, job, after=200) == [(at, f"e{at}") for at in range(201, 301)]
        assert lines_of(store, job, after=298, limit=1) == [(299, "e299")]
        assert lines_of(store, job, after=300) == []

    def test_a_line_of_a_job_that_is_not_there_is_dropped(self, store: Probe) -> None:
        job, unknown = store.running(), store.job()
        odd = replace(line(job, "odd"), job_id="nonsense")
        assert store.all(AppendLog(now=store.now, lines=(line(unknown, "x"), odd, line(job, "a")))) == [Done()]
        assert lines_of(store, job) == [(1, "a")]
        assert lines_of(store, unknown) == lines_of(store, "nonsense") == []


class EventContract(StoreCase):
    """What Finish promises of events."""

    def test_events_come_with_the_end_of_their_job_or_not_at_all(self, store: Probe) -> None:
        job, other = store.running(), store.running()
        one, two = event(store, job), event(store, job, "else")
        assert store.all(store.finish_op(job, TOKEN + 1, events=(one,))) == [Stale()]
        assert events(store) == []
        results = store.all(
            store.finish_op(job, events=(one, two)),
            store.finish_op(other, TOKEN + 1, events=(event(store, other),)),
        )
        assert results == [Done(), Stale()]
        assert events(store) == [two, one]
        assert store.last_id() is not None
        assert (store.last_id() or "") >= two.id

    def test_an_event_whose_id_is_in_use_fails_its_job_alone(self, store: Probe) -> None:
        jobs = [store.running() for _ in range(3)]
        known = event(store, jobs[0])
        store.all(store.finish_op(jobs[0], events=(known,)))
        again, bad = replace(known, job_id=jobs[1].id), replace(known, id="nonsense")
        fresh = event(store, jobs[2])
        results = store.all(
            store.finish_op(jobs[1], events=(again,)),
            store.finish_op(jobs[1], events=(bad,)),
            store.finish_op(jobs[1], events=(fresh, fresh)),
            store.finish_op(jobs[2], events=(fresh,)),
        )
        assert [type(result) for result in results] == [Failed, Failed, Failed, Done]
        assert store.see(jobs[1]) == jobs[1]
        assert events(store) == [fresh, known]

    def test_events_of_no_job_come_with_their_deliveries_in_one_or_not_at_all(self, store: Probe) -> None:
        job = store.running()
        told = [replace(event(store, job, kind), job_id="", plugin="hookyard") for kind in ("b.opened", "b.closed")]
        sent = replace(store.delivery(job), job_id=None, event="b.opened")
        op = AppendEvents(now=store.now, events=(told[0],), deliveries=(sent,))
        assert store.all(op, AppendEvents(now=store.now, events=(told[1],))) == [Done(), Done()]
        assert events(store) == [told[1], told[0]]
        assert events(store, EventQuery(job_id=job.id)) == []
        assert [delivery.id for delivery in store.claim_deliveries()] == [sent.id]
        other = replace(store.delivery(job), job_id=None)
        fresh = replace(told[0], id=store.new_id())
        refused = store.all(
            AppendEvents(now=store.now, events=(told[0],), deliveries=(other,)),
            AppendEvents(now=store.now, events=(fresh,), deliveries=(sent,)),
            AppendEvents(now=store.now, events=(fresh,), deliveries=(other,)),
        )
        assert [type(result) for result in refused] == [Failed, Failed, Done]
        assert events(store) == [fresh, told[1], told[0]]

    def test_what_tells_of_a_deliverys_end_comes_with_it_or_not_at_all(self, store: Probe) -> None:
        job = store.running()
        both = (store.delivery(job), store.delivery(job))
        store.all(store.finish_op(job, deliveries=both))
        first, second = store.claim_deliveries()
        told = replace(event(store, job, "delivery.failed"), job_id="", plugin="hookyard")
        sent = replace(store.delivery(job), job_id=None, event="delivery.failed")
        ends = replace(store.settle_op(first, status="failed", answer=400), events=(told,), deliveries=(sent,))
        fresh, other = replace(told, id=store.new_id()), replace(sent, id=store.new_id())
        late = replace(store.settle_op(first, 99), events=(fresh,), deliveries=(other,))
        assert store.all(late, ends) == [Stale(), Done()]
        assert (events(store), [one.id for one in store.claim_deliveries()]) == ([told], [sent.id])
        again = replace(store.settle_op(second, status="failed", answer=400), events=(told,), deliveries=(other,))
        (refused,) = store.all(again)
        assert isinstance(refused, Failed)
        assert [one.status for one in store.deliveries(job)] == ["failed", "sending"]
        assert (events(store), store.claim_deliveries()) == ([told], ())

    def test_the_last_id_is_that_of_an_event_when_it_is_the_largest(self, store: Probe) -> None:
        job = store.running()
        newest = event(store, job)
        store.all(store.finish_op(job, events=(newest,)))
        assert store.last_id() == newest.id

    def test_events_are_listed_newest_first_by_job_type_plugin_and_tenant_in_pages(self, store: Probe) -> None:
        made: list[Event] = []
        lanes = (("a/x", ""), ("b/x", "acme"), ("a/y", "acme"), ("a/x", "other"))
        jobs = [store.running(replace(store.job(lane=lane), tenant=tenant)) for lane, tenant in lanes]
        for job in jobs:
            mine = tuple(event(store, job, kind) for kind in ("one", "two", "one"))
            store.all(store.finish_op(job, events=mine))
            made += mine
        made.reverse()
        asked = itertools.product(
            (None, jobs[0].id, jobs[1].id, "nonsense", store.job().id),
            (None, "one", "none"),
            (None, "a", "none"),
            (None, "", "acme", "none"),
            (None, made[3].id),
        )
        for job_id, kind, plugin, tenant, before in asked:
            query = EventQuery(job_id=job_id, type=kind, plugin=plugin, tenant=tenant, before=before)
            expected = [
                one
                for one in made
                if job_id in {None, one.job_id}
                and kind in {None, one.type}
                and plugin in {None, one.plugin}
                and tenant in {None, one.tenant}
                and (before is None or one.id < before)
            ]
            assert events(store, query) == expected
            assert events(store, replace(query, limit=2)) == expected[:2]


class ArtifactContract(StoreCase):
    """What PutArtifact promises."""

    def test_artifacts_are_listed_by_name_and_one_of_the_same_name_is_replaced(self, store: Probe) -> None:
        job = store.running()
        ops = [artifact(job, "b"), artifact(job, "a"), artifact(job, "b", size=4)]
        assert store.all(*(PutArtifact(now=store.now, token=TOKEN, artifact=one) for one in ops)) == [Done()] * 3
        found = store.runner.run(store.store.artifacts(job.id))
        assert found == (ops[1], ops[2])
        store.all(store.finish_op(job))
        assert store.runner.run(store.store.artifacts(job.id)) == found

    def test_an_artifact_under_an_old_lease_is_stale(self, store: Probe) -> None:
        job, gone, unknown = store.running(), store.running(), store.job()
        store.all(store.finish_op(gone))
        ops = [(job, TOKEN), (job, TOKEN + 1), (gone, TOKEN), (unknown, TOKEN)]
        results = store.all(
            *(
                PutArtifact(now=store.now, token=token, artifact=artifact(one, f"n{at}"))
                for at, (one, token) in enumerate(ops)
            )
        )
        assert results == [Done(), Stale(), Stale(), Stale()]
        assert [one.name for one in store.runner.run(store.store.artifacts(job.id))] == ["n0"]
        for job_id in (gone.id, unknown.id, "nonsense"):
            assert store.runner.run(store.store.artifacts(job_id)) == ()


class ChildrenContract(StoreCase):
    """What the question for a job's children promises."""

    def test_the_children_of_a_job_are_listed_oldest_first_without_their_bodies(self, store: Probe) -> None:
        parent, other = store.enqueue(), store.enqueue()
        children = [replace(store.job(), parent=parent.id) for _ in range(5)]
        store.all(*(Enqueue(now=store.now, job=job) for job in reversed(children)))
        store.enqueue(replace(store.job(), parent=other.id))
        found = store.runner.run(store.store.children(parent.id))
        assert found == tuple(without_bodies(store.see(job)) for job in children)
        assert store.runner.run(store.store.children(parent.id, limit=2)) == found[:2]
        assert {job.parent for job in found} == {parent.id}
        assert store.see(parent).parent is None
        for job_id in (store.job().id, "nonsense"):
            assert store.runner.run(store.store.children(job_id)) == ()

    @pytest.mark.parametrize("leased", [False, True])
    def test_a_claimed_child_knows_its_parent(self, store: Probe, *, leased: bool) -> None:
        parent = store.enqueue(store.job(lane="a/x"))
        child = replace(store.job(lane="b/x"), parent=parent.id)
        found = store.running(child) if leased else store.enqueue(child)
        assert found.parent == parent.id
        if not leased:
            assert [job.parent for job in store.claim(lanes=("b/x",))] == [parent.id]
