"""Jobs that cannot run: stored as failed, told of like every other failure, and run again when their time has come."""

import asyncio

import pytest
from tests.unit.dispatch.lab import lab, run

from hookyard import log
from hookyard.dispatch.dead_letters import NO_INPUT, Inputless
from hookyard.dispatch.new_job import make_job
from hookyard.errors import StoreUnavailable
from hookyard.model import ErrorInfo, Inbound
from hookyard.store.contract import Dedupe, Done, Enqueued, JobQuery, Mismatch, Op, Result
from hookyard.store.memory import MemoryStore

WHY = ErrorInfo(code="invalid_event", message="Expected `str`, got `int`", details={"path": "$.name"})
SENT = Inbound(source="github", event="push", delivery="d1", body=b'{"name":1}')


def once(key: str = "d1", digest: bytes = b"a") -> Dedupe:
    return Dedupe(scope="source:github", key=key, digest=digest, expires_at=2_000_000_000_000)


class Refusing(MemoryStore):
    """Takes nothing while it is told to."""

    refuses = False

    def apply(self, ops: list[Op]) -> list[Result]:  # type: ignore[override]
        if self.refuses:
            raise StoreUnavailable("The disk is full.")
        return super().apply(ops)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []

    def change(event: str, level: str = "info", **members: object) -> None:
        found.append({"event": event, "level": level, **members})

    monkeypatch.setattr(log, "change", change)
    return found


def test_a_job_that_cannot_run_is_a_dead_letter_at_once_and_everybody_is_told(lines: list[dict[str, object]]) -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job(name="a", source="github")
            with it.dispatcher.watch(job.id) as watch:
                assert await it.dispatcher.accept(it.new(job, inbound=SENT, dead=WHY)) == Enqueued(job.id)
                async with asyncio.timeout(30):
                    await watch.changed()
            kept = await it.store.job(job.id)
            assert kept is not None
            assert (kept.status, kept.reason, kept.attempt) == ("failed", "invalid_input", 0)
            assert (kept.last_error, kept.completed_at, kept.worker) == (WHY, it.clock.now(), None)
            assert await it.store.attempts(job.id) == ()
            assert it.over == [kept], "as observers see it, it is what is stored"
            assert [one.id for one in (await it.store.jobs(JobQuery(dead=True))).jobs] == [job.id]
            assert await it.store.inbound(job.id) == SENT
            assert it.outbox.written == list(await it.store.deliveries(job.id)), "with the job, in its transaction"
            assert [one.event for one in it.outbox.written] == ["job.failed"]
            assert it.ran == [], "it has not run"
            assert await it.dispatcher.wait(job.id, 5) == kept
            (line,) = [line for line in lines if line["job_id"] == job.id]
            assert (line["event"], line["level"], line["source"]) == ("job.dead_letter", "warning", "github")
            assert (line["reason"], line["error"]) == ("invalid_input", "invalid_event")

    run(story)


def test_it_is_run_again_with_what_came_once_its_plugin_takes_that() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job(name="late")
            await it.dispatcher.accept(it.new(job, dead=WHY))
            assert isinstance(await it.dispatcher.retry(job.id), Done), "without force: it has all its attempts"
            again = await it.ended(job.id)
            assert (again.status, again.attempt, again.last_error) == ("succeeded", 1, None)
            assert it.ran == ["late"]
            assert [one.id for one in (await it.store.jobs(JobQuery(dead=True))).jobs] == []

    run(story)


def test_when_its_input_still_does_not_fit_it_is_a_dead_letter_again() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job(args=b'{"name":1}')
            await it.dispatcher.accept(it.new(job, dead=WHY))
            await it.dispatcher.retry(job.id)
            again = await it.ended(job.id)
            assert (again.status, again.reason, again.attempt) == ("failed", "invalid_input", 1)
            assert [one.id for one in (await it.store.jobs(JobQuery(dead=True))).jobs] == [job.id]
            assert isinstance(await it.dispatcher.retry(job.id), Done)

    run(story)


def test_one_that_never_had_an_input_is_not_run_again_and_keeps_its_reason() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job(args=NO_INPUT, source="github")
            await it.dispatcher.accept(it.new(job, inbound=SENT, dead=WHY))
            before = await it.store.job(job.id)
            for force in (False, True):
                assert await it.dispatcher.retry(job.id, force=force) == Inputless()
            assert await it.store.job(job.id) == before
            assert it.ran == []

    run(story)


def test_the_same_delivery_makes_one_dead_letter_and_is_told_once() -> None:
    async def story() -> None:
        async with lab() as it:
            jobs = [it.job(name=str(at)) for at in range(8)]
            news = [it.new(job, dedupe=once(), inbound=SENT, dead=WHY) for job in jobs]
            found = await asyncio.gather(*map(it.dispatcher.accept, news))
            first = found[0]
            assert isinstance(first, Enqueued)
            assert [one for one in found[1:] if one != Enqueued(first.job_id, duplicate=True)] == []
            assert len(it.over) == len(it.outbox.written) == 1
            assert len(it.outbox.lost) == 7, "what was planned in vain holds no place"
            other = it.new(it.job(), dedupe=once(digest=b"b"), dead=WHY)
            assert await it.dispatcher.accept(other) == Mismatch(first.job_id)
            assert len(it.outbox.lost) == 8

    run(story)


def test_of_several_stored_together_each_goes_its_own_way() -> None:
    async def story() -> None:
        async with lab() as it:
            living, dead, twice = it.job(name="runs"), it.job(name="dead"), it.job(name="twice")
            news = [
                it.new(living, inbound=SENT),
                it.new(dead, dedupe=once(), inbound=SENT, dead=WHY),
                it.new(twice, dedupe=once(), inbound=SENT, dead=WHY),
            ]
            found = await it.dispatcher.accept_many(news)
            assert found == [Enqueued(living.id), Enqueued(dead.id), Enqueued(dead.id, duplicate=True)]
            assert (await it.ended(living.id)).status == "succeeded"
            assert it.ran == ["runs"]
            assert sorted(job.id for job in it.over) == sorted([living.id, dead.id])
            assert {one.job_id for one in it.outbox.written} == {living.id, dead.id}
            assert [one.job_id for one in it.outbox.lost] == [twice.id]
            assert await it.store.inbound(living.id) == await it.store.inbound(dead.id) == SENT

    run(story)


def test_a_store_that_refuses_leaves_nothing_of_it_and_nobody_is_told() -> None:
    async def story() -> None:
        store = Refusing()
        async with lab(store=store) as it:
            store.refuses = True
            job = it.job()
            with pytest.raises(StoreUnavailable):
                await it.dispatcher.accept(it.new(job, dead=WHY))
            with pytest.raises(StoreUnavailable):
                await it.dispatcher.accept_many([it.new(it.job(), dead=WHY), it.new(it.job())])
            store.refuses = False
            assert (it.over, it.outbox.written, len(it.outbox.lost)) == ([], [], 2)
            assert await it.store.job(job.id) is None

    run(story)


def test_what_is_wrong_is_kept_within_bounds() -> None:
    async def story() -> None:
        async with lab() as it:
            job = it.job()
            await it.dispatcher.accept(it.new(job, dead=ErrorInfo(code="invalid_event", message="x" * 1_000_000)))
            kept = await it.store.job(job.id)
            assert kept is not None
            assert kept.last_error is not None
            assert len(kept.last_error.message) < 10_000

    run(story)


def test_what_a_sender_sent_is_kept_with_jobs_that_start_at_once_and_with_those_that_wait() -> None:
    async def story() -> None:
        async with lab(limit=1) as it:
            now, later = it.job("wait", "now"), it.job(name="later")
            for job in (now, later):
                await it.dispatcher.accept(it.new(job, inbound=SENT))
                assert await it.store.inbound(job.id) == SENT
            it.gates["now"].set()
            await it.ended(later.id)

    run(story)


def test_a_job_is_made_with_what_was_sent_and_with_why_it_cannot_run() -> None:
    async def story() -> None:
        async with lab() as it:
            common = {"args": b"[]", "data": None, "job_id": it.ids(), "now": 1, "principal": "source:github"}
            new = make_job(it.command, **common, inbound=SENT, dead=WHY)  # type: ignore[arg-type]
            assert (new.inbound, new.dead, new.unique) == (SENT, WHY, None)
            plain = make_job(it.command, **common)  # type: ignore[arg-type]
            assert (plain.inbound, plain.dead) == (None, None)

    run(story)
