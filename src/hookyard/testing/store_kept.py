"""The part of the store contract about tokens, the audit log, lanes, workers and schedules."""

import pytest
from msgspec.structs import replace

from hookyard.model import EVERY_LANE, AuditEntry, FireOutcome, Pause, Schedule, Token, TokenUse, WorkerRecord
from hookyard.store.contract import (
    AppendAudit,
    AuditQuery,
    DeleteSchedule,
    Done,
    Enqueue,
    Enqueued,
    Failed,
    Fired,
    FireSchedule,
    LaneFull,
    Mismatch,
    NotEmpty,
    NotFound,
    Otherwise,
    PauseLane,
    PauseSchedule,
    PutSchedule,
    PutToken,
    PutWorker,
    Result,
    ResumeLane,
    Stale,
    TouchTokens,
    Unique,
)
from hookyard.testing.store_orders import add
from hookyard.testing.store_probe import Probe, StoreCase
from hookyard.testing.store_told import event, events


def token(store: Probe, name: str = "ci", digest: bytes = b"d1") -> Token:
    """A new token."""
    return Token(
        id=store.new_id(),
        name=name,
        digest=digest,
        scopes=("jobs:read", "!trigger:pay/*"),
        created_at=store.now,
        created_by="token:admin",
    )


def entry(store: Probe, action: str = "token.create", *, target: str = "t1", principal: str = "token:ci") -> AuditEntry:
    """A new entry of the audit log."""
    return AuditEntry(
        id=store.new_id(),
        at=store.now,
        principal=principal,
        action=action,
        target=target,
        tenant="acme",
        peer="127.0.0.1",
        request_id="req-1",
        details=b'{"scopes":["admin"]}',
    )


def worker(store: Probe, name: str = "gpu-1", principal: str = "token:gpu") -> WorkerRecord:
    """A worker that calls in now."""
    return WorkerRecord(
        name=name,
        principal=principal,
        lanes=("a/x", "a/y"),
        affinity=("large",),
        first_contact=store.now,
        last_contact=store.now,
        claimed=3,
    )


def schedule(store: Probe, name: str = "nightly", *, next_at: int | None = None) -> Schedule:
    """A schedule that is due now, or at another time."""
    return Schedule(
        name=name,
        origin="http",
        spec=b'{"every":"1h"}',
        created_at=store.now,
        created_by="token:ci",
        next_at=store.now if next_at is None else next_at,
    )


class TokenContract(StoreCase):
    """What tokens promise."""

    def test_tokens_are_kept_as_they_are_oldest_first(self, store: Probe) -> None:
        first = replace(token(store), tenant="acme", expires_at=store.now + 5)
        second = token(store, "cd", b"d2")
        assert store.all(PutToken(now=store.now, token=second), PutToken(now=store.now, token=first)) == [Done()] * 2
        assert store.runner.run(store.store.tokens()) == (first, second)
        store.reopen()
        assert store.runner.run(store.store.tokens()) == ((first, second) if self.keeps else ())

    def test_a_token_put_again_is_changed_but_not_its_use(self, store: Probe) -> None:
        one = token(store)
        store.do(PutToken(now=store.now, token=replace(one, uses=99, last_used_at=1)), Done)
        assert store.runner.run(store.store.tokens()) == (one,)
        store.do(TouchTokens(now=store.now, uses=(TokenUse(one.id, store.now, 2),)), Done)
        revoked = replace(one, revoked_at=store.now, replaced_by=store.new_id(), scopes=())
        store.do(PutToken(now=store.now, token=revoked), Done)
        assert store.runner.run(store.store.tokens()) == (replace(revoked, uses=2, last_used_at=store.now),)

    def test_no_two_tokens_have_one_digest(self, store: Probe) -> None:
        one, other = token(store), token(store, "cd", b"d2")
        results = store.all(
            PutToken(now=store.now, token=one),
            PutToken(now=store.now, token=replace(other, digest=one.digest)),
            PutToken(now=store.now, token=other),
            PutToken(now=store.now, token=replace(other, digest=one.digest)),
        )
        assert [type(result) for result in results] == [Done, Failed, Done, Failed]
        assert store.runner.run(store.store.tokens()) == (one, other)

    def test_a_token_whose_id_is_in_use_or_none_is_refused(self, store: Probe) -> None:
        one = token(store)
        store.do(PutToken(now=store.now, token=one), Done)
        for other in (one.id[:-1] + ("0" if one.id[-1] != "0" else "1"), "nonsense"):
            store.do(PutToken(now=store.now, token=replace(one, id=other, digest=b"d2")), Failed)
        assert store.runner.run(store.store.tokens()) == (one,)

    def test_the_first_token_is_made_only_once(self, store: Probe) -> None:
        one, other = token(store), token(store, "cd", b"d2")
        results = store.all(
            PutToken(now=store.now, token=one, only_first=True),
            PutToken(now=store.now, token=other, only_first=True),
        )
        assert results == [Done(), NotEmpty()]
        assert store.runner.run(store.store.tokens()) == (one,)

    def test_uses_add_up_and_the_last_time_never_goes_back(self, store: Probe) -> None:
        one = token(store)
        store.do(PutToken(now=store.now, token=one), Done)
        uses = (TokenUse(one.id, store.now, 2), TokenUse(store.new_id(), 1, 1), TokenUse(one.id, store.now - 5, 3))
        assert store.all(TouchTokens(now=store.now, uses=uses), TouchTokens(now=store.now, uses=())) == [Done()] * 2
        assert store.runner.run(store.store.tokens()) == (replace(one, uses=5, last_used_at=store.now),)

    def test_ids_of_tokens_and_entries_are_in_use(self, store: Probe) -> None:
        one = token(store)
        store.do(PutToken(now=store.now, token=one), Done)
        assert store.last_id() == one.id
        noted = entry(store)
        store.do(AppendAudit(now=store.now, entry=noted), Done)
        assert store.last_id() == noted.id


class AuditContract(StoreCase):
    """What the audit log promises."""

    def test_entries_come_back_newest_first_in_pages(self, store: Probe) -> None:
        entries = [entry(store) for _ in range(5)]
        store.all(*(AppendAudit(now=store.now, entry=one) for one in entries))
        page = store.audit(AuditQuery(limit=3))
        assert (list(page.entries), page.next) == (entries[:1:-1], entries[2].id)
        rest = store.audit(AuditQuery(limit=3, before=page.next))
        assert (list(rest.entries), rest.next) == (entries[1::-1], None)

    def test_an_entry_is_written_once(self, store: Probe) -> None:
        one = entry(store)
        results = store.all(*(AppendAudit(now=store.now, entry=each) for each in (one, one, replace(one, id="x"))))
        assert [type(result) for result in results] == [Done, Failed, Failed]
        assert store.audit(AuditQuery()).entries == (one,)

    def test_entries_are_found_by_who_what_and_when(self, store: Probe) -> None:
        actions = ("token.create", "token.revoke", "lane.pause", "tokens.odd", "token")
        entries = [
            entry(store, action, target=target, principal=principal)
            for action in actions
            for target in ("t1", "t2")
            for principal in ("token:ci", "token:cd")
        ]
        late = replace(entry(store), id="")
        store.clock.advance(1000)
        entries.append(replace(late, id=store.new_id(), tenant=""))
        store.all(*(AppendAudit(now=store.now, entry=one) for one in entries))
        newest = entries[::-1]

        def found(query: AuditQuery) -> list[AuditEntry]:
            return list(store.audit(query).entries)

        assert found(AuditQuery(action="token.create")) == [one for one in newest if one.action == "token.create"]
        nouns = {"token", "token.create", "token.revoke"}
        assert found(AuditQuery(action="token")) == [one for one in newest if one.action in nouns]
        assert found(AuditQuery(target="t2")) == [one for one in newest if one.target == "t2"]
        assert found(AuditQuery(principal="token:cd")) == [one for one in newest if one.principal == "token:cd"]
        assert found(AuditQuery(tenant="acme")) == newest[1:]
        assert found(AuditQuery(since=store.now)) == newest[:1]
        assert found(AuditQuery(until=store.now)) == newest[1:]
        assert found(AuditQuery(target="t1", principal="token:ci", action="lane.pause")) == [
            one for one in newest if (one.target, one.principal, one.action) == ("t1", "token:ci", "lane.pause")
        ]
        assert found(AuditQuery(action="_oken")) == []


class LaneContract(StoreCase):
    """What pauses and workers promise."""

    def test_a_lane_is_paused_once_and_resumed_once(self, store: Probe) -> None:
        pauses = [
            Pause(lane=lane, since=store.now, by="token:ci", reason="too hot") for lane in (EVERY_LANE, "a/x", "b/x")
        ]
        store.all(*(PauseLane(now=store.now, pause=pause) for pause in reversed(pauses)))
        again = PauseLane(now=store.now, pause=replace(pauses[1], by="token:cd"))
        assert store.all(again) == [Stale()]
        assert store.runner.run(store.store.pauses()) == tuple(pauses)
        resume = ResumeLane(now=store.now, lane="a/x")
        assert store.all(resume, resume) == [Done(), NotFound()]
        assert store.runner.run(store.store.pauses()) == (pauses[0], pauses[2])

    def test_a_worker_is_known_by_name_and_principal_and_keeps_its_first_contact(self, store: Probe) -> None:
        first, other = worker(store), worker(store, principal="token:cd")
        store.all(PutWorker(now=store.now, worker=first), PutWorker(now=store.now, worker=other))
        store.clock.advance(10)
        again = replace(worker(store), lanes=("b/x",), affinity=(), claimed=9, completed=8, failed=1, tenant="acme")
        store.do(PutWorker(now=store.now, worker=again), Done)
        known = store.runner.run(store.store.workers())
        assert known == (replace(again, first_contact=first.first_contact), other)


class ScheduleContract(StoreCase):
    """What schedules promise (I7)."""

    def test_schedules_are_kept_whole_by_name(self, store: Probe) -> None:
        full = replace(
            schedule(store, "b"),
            tenant="acme",
            origin="config",
            paused=True,
            last_at=5,
            last_outcome="missed",
            last_job=store.new_id(),
            fired=7,
        )
        bare = replace(schedule(store, "a"), next_at=None)
        store.all(PutSchedule(now=store.now, schedule=full), PutSchedule(now=store.now, schedule=bare))
        assert store.schedules() == (bare, full)
        changed = replace(bare, spec=b"{}", fired=1)
        store.do(PutSchedule(now=store.now, schedule=changed), Done)
        assert store.schedules() == (changed, full)

    def test_a_deleted_schedule_is_gone_and_its_jobs_stay(self, store: Probe) -> None:
        job = store.job()
        store.do(PutSchedule(now=store.now, schedule=schedule(store)), Done)
        op = Enqueue(now=store.now, job=job)
        store.do(
            FireSchedule(now=store.now, name="nightly", fire_at=store.now, next_at=None, outcome="queued", job=op),
            Fired,
        )
        delete = DeleteSchedule(now=store.now, name="nightly")
        assert store.all(delete, delete) == [Done(), NotFound()]
        assert store.schedules() == ()
        assert store.see(job).status == "queued"

    def test_a_paused_schedule_does_not_fire(self, store: Probe) -> None:
        one = schedule(store)
        store.do(PutSchedule(now=store.now, schedule=one), Done)
        pause = PauseSchedule(now=store.now, name="nightly", paused=True, next_at=None)
        assert store.all(pause, replace(pause, name="other")) == [Done(), NotFound()]
        assert store.schedules() == (replace(one, paused=True, next_at=None),)
        resume = PauseSchedule(now=store.now, name="nightly", paused=True, next_at=store.now)
        fire = FireSchedule(now=store.now, name="nightly", fire_at=store.now, next_at=None, outcome="missed")
        assert store.all(resume, fire) == [Done(), Stale()]
        assert store.all(replace(resume, paused=False), fire) == [Done(), Fired(None)]

    def test_what_tells_of_a_pause_is_kept_with_it_and_of_no_schedule_that_is_gone(self, store: Probe) -> None:
        one = schedule(store)
        store.do(PutSchedule(now=store.now, schedule=one), Done)
        told = (store.delivery(), store.delivery())
        facts = tuple(replace(event(store, store.job(), "schedule.paused"), job_id="") for _ in told)
        pause = PauseSchedule(
            now=store.now, name="nightly", paused=True, next_at=None, events=facts[:1], deliveries=told[:1]
        )
        gone = replace(pause, name="other", events=facts[1:], deliveries=told[1:])
        assert store.all(pause, gone) == [Done(), NotFound()]
        assert [store.find_delivery(each.id) is not None for each in told] == [True, False]
        assert [each.id for each in events(store)] == [facts[0].id]

    def test_what_cannot_be_told_of_a_pause_undoes_it(self, store: Probe) -> None:
        (there,) = add(store, store.delivery())
        one = schedule(store)
        store.do(PutSchedule(now=store.now, schedule=one), Done)
        pause = PauseSchedule(now=store.now, name="nightly", paused=True, next_at=None, deliveries=(there,))
        store.do(pause, Failed)
        assert store.schedules() == (one,)
        store.do(replace(pause, name="other"), NotFound)

    def test_a_fire_time_makes_one_job_whoever_acts_on_it(self, store: Probe) -> None:
        one, jobs, due = schedule(store), [store.job(), store.job()], store.now
        store.do(PutSchedule(now=due, schedule=one), Done)
        fires = [
            FireSchedule(
                now=due,
                name="nightly",
                fire_at=due,
                next_at=due + 5,
                outcome="queued",
                job=Enqueue(now=due, job=job),
            )
            for job in jobs
        ]
        assert store.all(*fires) == [Fired(Enqueued(jobs[0].id)), Stale()]
        assert store.find(jobs[1].id) is None
        fired = replace(one, next_at=due + 5, last_at=due, last_outcome="queued", last_job=jobs[0].id, fired=1)
        assert store.schedules() == (fired,)
        assert store.all(replace(fires[0], name="other")) == [Stale()]

    @pytest.mark.parametrize("outcome", ["skipped", "missed"])
    def test_a_fire_time_without_a_job_is_past_too(self, store: Probe, outcome: FireOutcome) -> None:
        one, due = schedule(store), store.now
        store.do(PutSchedule(now=due, schedule=one), Done)
        fire = FireSchedule(now=due, name="nightly", fire_at=due, next_at=None, outcome=outcome)
        assert store.all(fire, fire) == [Fired(None), Stale()]
        assert store.schedules() == (replace(one, next_at=None, last_at=due, last_outcome=outcome),)

    def test_a_job_that_is_not_stored_is_told_as_skipped_or_refused_and_not_counted(self, store: Probe) -> None:
        earlier = store.enqueue(dedupe=store.once())
        one, due = schedule(store), store.now
        store.do(PutSchedule(now=due, schedule=one), Done)

        def fire(at: int, op: Enqueue) -> FireSchedule:
            return FireSchedule(now=due, name="nightly", fire_at=at, next_at=at + 1, outcome="queued", job=op)

        stands = Enqueue(now=due, job=store.job(), dedupe=store.once())
        other = Enqueue(now=due, job=store.job(), dedupe=store.once(digest=b"other"))
        assert store.all(fire(due, stands)) == [Fired(Enqueued(earlier.id, duplicate=True))]
        assert store.schedules() == (replace(one, next_at=due + 1, last_at=due, last_outcome="skipped"),)
        assert store.all(fire(due + 1, other)) == [Fired(Mismatch(earlier.id))]
        assert store.schedules() == (replace(one, next_at=due + 2, last_at=due + 1, last_outcome="refused"),)

    def test_what_tells_of_a_fire_time_is_kept_with_it_and_only_when_it_came_out_so(self, store: Probe) -> None:
        earlier = store.enqueue(dedupe=store.once())
        one, due = schedule(store), store.now
        store.do(PutSchedule(now=due, schedule=one), Done)
        job = Enqueue(now=due, job=store.job())
        stands = Enqueue(now=due, job=store.job(), dedupe=store.once())
        told = [store.delivery() for _ in range(4)]
        facts = [replace(event(store, job.job, "schedule.told"), job_id="") for _ in told]

        def fire(at: int, enqueue: Enqueue | None, number: int) -> FireSchedule:
            return FireSchedule(
                now=due,
                name="nightly",
                fire_at=at,
                next_at=at + 1,
                outcome="missed" if enqueue is None else "queued",
                job=enqueue,
                events=(facts[number],),
                deliveries=(told[number],),
            )

        assert store.all(fire(due, job, 0), fire(due, None, 1)) == [Fired(Enqueued(job.job.id)), Stale()]
        assert store.all(fire(due + 1, stands, 2)) == [Fired(Enqueued(earlier.id, duplicate=True))]
        assert store.all(fire(due + 2, None, 3)) == [Fired(None)]
        kept = [store.find_delivery(each.id) for each in told]
        assert [each is not None for each in kept] == [True, False, False, True]
        assert {each.id for each in events(store)} == {facts[0].id, facts[3].id}

    @pytest.mark.parametrize("policy", ["skip", "coalesce", "full"])
    def test_a_fire_time_of_whose_job_something_else_would_become_than_expected_changes_nothing(
        self, store: Probe, policy: str
    ) -> None:
        unique = Unique(policy="skip" if policy == "skip" else "coalesce")
        earlier = store.enqueue(replace(store.job(), unique_key="u"))
        one, due = schedule(store), store.now
        store.do(PutSchedule(now=due, schedule=one), Done)
        full = policy == "full"
        job = replace(store.job(), args=b'{"new":1}', unique_key=None if full else "u")
        asked = Enqueue(now=due, job=job, unique=None if full else unique, cap=1 if full else None)
        fire = FireSchedule(
            now=due,
            name="nightly",
            fire_at=due,
            next_at=due + 1,
            outcome="queued",
            job=asked,
            expected=Enqueued(job.id),
            events=(replace(event(store, job, "schedule.told"), job_id=""),),
            deliveries=(store.delivery(),),
        )
        instead: Result = {
            "skip": Enqueued(earlier.id, duplicate=True),
            "coalesce": Enqueued(earlier.id, coalesced=True),
            "full": LaneFull(1),
        }[policy]
        beside = Enqueue(now=due, job=store.job(lane="other"))
        assert store.all(fire, beside) == [Otherwise(instead), Enqueued(beside.job.id)]
        assert (store.schedules(), store.see(earlier), store.find(job.id)) == ((one,), earlier, None)
        assert (store.find_delivery(fire.deliveries[0].id), events(store)) == (None, [])
        again = replace(fire, expected=LaneFull(9) if full else instead)
        assert store.all(again, again) == [Fired(instead), Stale()]
        assert store.schedules()[0].last_outcome == {"skip": "skipped", "coalesce": "queued", "full": "refused"}[policy]
        assert store.see(earlier).args == (job.args if policy == "coalesce" else earlier.args)
        assert store.find_delivery(fire.deliveries[0].id) is not None
        assert [each.id for each in events(store)] == [fire.events[0].id]

    def test_what_cannot_be_told_of_a_fire_time_undoes_all_of_it(self, store: Probe) -> None:
        (there,) = add(store, store.delivery())
        one, due, job = schedule(store), store.now, store.job()
        store.do(PutSchedule(now=due, schedule=one), Done)
        fire = FireSchedule(
            now=due, name="nightly", fire_at=due, next_at=None, outcome="queued", job=Enqueue(now=due, job=job)
        )
        for delivery in (there, replace(store.delivery(), job_id=store.new_id())):
            store.do(replace(fire, deliveries=(delivery,)), Failed)
            assert (store.schedules(), store.find(job.id)) == ((one,), None)
        fire = replace(fire, deliveries=(store.delivery(job),))
        assert store.all(fire) == [Fired(Enqueued(job.id))]
        assert len(store.deliveries(job)) == 1

    def test_a_fire_time_whose_job_cannot_be_stored_at_all_changes_nothing(self, store: Probe) -> None:
        there = store.enqueue()
        one, due = schedule(store), store.now
        store.do(PutSchedule(now=due, schedule=one), Done)
        for job in (there, replace(store.job(), concurrency_key="k")):
            fire = FireSchedule(
                now=due,
                name="nightly",
                fire_at=due,
                next_at=None,
                outcome="queued",
                job=Enqueue(now=due, job=job),
            )
            store.do(fire, Failed)
            assert store.schedules() == (one,)
