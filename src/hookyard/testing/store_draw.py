"""Drawing operations for the state machine: plain numbers become operations on what is there by now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from hypothesis import strategies as st
from msgspec.structs import replace

from hookyard import ids
from hookyard.model import (
    Artifact,
    AttemptOutcome,
    AuditEntry,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    ErrorInfo,
    Event,
    Inbound,
    Job,
    JobOptions,
    LogLine,
    Progress,
    StateChange,
    TerminalStatus,
)
from hookyard.store.contract import (
    AppendAudit,
    AppendLog,
    Cancel,
    Claim,
    ClaimDeliveries,
    ClaimWork,
    Dead,
    Dedupe,
    DeleteJob,
    Enqueue,
    Extend,
    Finish,
    FinishDelivery,
    ForgetKeys,
    LaneAsk,
    Lease,
    Op,
    Prune,
    PutArtifact,
    PutProgress,
    PutState,
    ReclaimDeliveries,
    Release,
    ReleaseDelivery,
    RetryJob,
    Together,
    Unique,
)

UNIQUES = (None, None, Unique("skip"), Unique("replace"), Unique("coalesce", latest=100))
KEYS = ("", "k", "k/1", "k/2")
ONCE = ("k0", "k1", "k0\na/x", "k0x")
"""Idempotency keys."""
NO_INPUT = ErrorInfo("invalid_event", "it does not fit", details={"path": "$.n"})
VALUES = (b"1", b"[2]", None, b"{}")
LANES = ("a/x", "a/y", "b/x")
ENDS: tuple[tuple[TerminalStatus, AttemptOutcome], ...] = (
    ("succeeded", "succeeded"),
    ("failed", "failed"),
    ("timed_out", "timed_out"),
    ("cancelled", "cancelled"),
    ("failed", "lost"),
)
SETTLED: tuple[DeliveryStatus, ...] = ("delivered", "pending", "failed", "pending", "delivered", "sending", "held")
ERRORS = (None, ErrorInfo("boom", "it broke"), ErrorInfo("late", 'too "late"', retryable=True, details={"n": [1]}))


class Asked(TypedDict, total=False):
    """What few jobs are made with."""

    concurrency_key: str
    concurrency_limit: int
    unique_key: str
    affinity: str
    tenant: str
    options: JobOptions


@dataclass(frozen=True)
class Drawn:
    """One operation as numbers: its kind, what it is about, and some choices."""

    kind: int
    subject: int
    a: int
    b: int
    c: int


@dataclass
class World:
    """What operations can be about."""

    now: int = 1_700_000_000_000
    jobs: list[str] = field(default_factory=list[str])
    deliveries: list[str] = field(default_factory=list[str])
    events: list[str] = field(default_factory=list[str])
    tokens: list[int] = field(default_factory=lambda: [1])
    count: int = 0

    def new_id(self) -> str:
        """A new id, the same ones in every replay."""
        self.count += 1
        return ids.join((1_700_000_000_000 << 12) + self.count, self.count * 7919)

    def new_lease(self, seconds: int) -> Lease:
        """A lease with a token of its own."""
        self.tokens.append(self.tokens[-1] + 1)
        return Lease(token=self.tokens[-1], worker=f"w{seconds % 2}", expires_at=self.now + seconds * 1000)

    def pick(self, known: Sequence[str], number: int) -> str:
        """One of the newer ids, or, one time in sixteen, an unknown one."""
        recent = known[-12:]
        if not recent or number % 16 == 15:
            return self.new_id()
        return recent[number % len(recent)]


TokenOf = Callable[[str], int | None]
"""The token that a row holds now."""


class Dresser:
    """Turns drawn numbers into an operation."""

    def __init__(self, world: World, token_of_job: TokenOf, token_of_delivery: TokenOf) -> None:
        self._world = world
        self._token_of_job = token_of_job
        self._token_of_delivery = token_of_delivery
        self._kinds: tuple[Callable[[Drawn], Op], ...] = (
            *(self.enqueue, self.enqueue, self.enqueue, self.claim, self.claim, self.extend, self.finish, self.finish),
            *(self.release, self.release, self.cancel, self.claim_deliveries, self.finish_delivery),
            *(self.finish_delivery, self.release_delivery, self.reclaim_deliveries, self.prune),
            *(self.put_progress, self.append_log, self.put_state, self.put_state, self.put_artifact),
            *(self.claim_work, self.claim_work, self.claim, self.finish, self.retry_job, self.retry_job),
            *(self.together, self.together, self.delete_job, self.enqueue, self.cancel, self.forget_keys),
        )

    def dress(self, drawn: Drawn) -> Op:
        """The operation."""
        return self._kinds[drawn.kind % len(self._kinds)](drawn)

    def enqueue(self, d: Drawn) -> Enqueue:
        world = self._world
        again = d.subject == 40 and world.jobs  # now and then an id that is in use
        job_id = world.jobs[-1] if again else world.new_id()
        world.jobs.append(job_id)
        lane = LANES[d.a % 3]
        job = Job(
            id=job_id,
            plugin=lane[0],
            command=lane[2],
            lane=lane,
            args=b'{"n":%d}' % d.b,
            submitted_at=world.now,
            run_at=world.now + (0, 0, 0, 7, 150)[d.b % 5],
            priority=d.c % 3 - 1,
            max_attempts=d.a % 4 if d.subject == 41 else 1 + d.b % 3,
            tags=("t",) * (d.c % 2),
            parent=world.jobs[d.c % len(world.jobs)] if d.subject % 5 == 2 else None,
            **self._asked(d),
        )
        dedupe = None
        if d.subject % 3 == 0:
            ends = world.now + (0, 20, 300)[d.c % 3]
            key = ONCE[d.a % 2 + d.b % 3 // 2 * 2]
            also = (key.partition("\n")[0],) if "\n" in key and d.c % 4 else ()
            dedupe = Dedupe("s", key, digest=bytes([d.b % 5 // 4]), expires_at=ends, also=also, take=d.c % 7 == 6)
        lease = world.new_lease(d.a % 3) if d.subject % 4 == 1 else None
        unique = UNIQUES[d.c % 5]
        cap = 1 + d.b % 4 if d.a % 6 == 5 else None
        inbound, dead = self._sent(d), self._dead(d, job_id)
        return Enqueue(
            now=world.now,
            job=job,
            dedupe=dedupe,
            lease=lease,
            unique=unique,
            cap=cap,
            inbound=inbound,
            dead=dead,
        )

    def _sent(self, d: Drawn) -> Inbound | None:
        """What some came of."""
        if d.a % 3 == 0:
            return None
        headers = {"x-event": f"e{d.b}"} if d.b % 3 == 0 else None
        return Inbound(
            source="s", event=f"e{d.c % 3}", delivery=f"d{d.c}", headers=headers, body=(None, b'{"n":1}')[d.b % 2]
        )

    def _dead(self, d: Drawn, job_id: str) -> Dead | None:
        """Why a few cannot run."""
        return Dead(NO_INPUT, self._deliveries(d, job_id)) if d.subject % 9 in {3, 7} else None

    def _asked(self, d: Drawn) -> Asked:
        """What few jobs have."""
        asked = Asked()
        if d.subject % 6 in {2, 3, 4}:
            asked["concurrency_key"] = f"c{d.c % 2}"
            asked["concurrency_limit"] = (1, 1, 2, 1, 3, 2, 0)[d.b % 7]
        if d.subject % 7 in {1, 2}:
            asked["unique_key"] = f"u{d.b % 2}"
        if d.a % 5 in {2, 3}:
            asked["affinity"] = f"m{d.a % 2}"
        if d.c % 4 == 3:
            asked["tenant"] = f"t{d.b % 2}"
        if d.subject % 8 == 5:
            after = [self._world.pick(self._world.jobs, d.b + at * 5) for at in range(1 + d.c % 2)]
            asked["options"] = JobOptions(after=tuple(after))
        return asked

    def claim(self, d: Drawn) -> Claim:
        asks = tuple(LaneAsk(LANES[(d.a + at) % 3], (d.b + at) % 4) for at in range(d.c % 4))
        return Claim(now=self._world.now, lanes=asks, lease=self._world.new_lease(d.subject % 3))

    def claim_work(self, d: Drawn) -> ClaimWork:
        asks = tuple(LaneAsk(LANES[(d.a + at) % 3], (d.b + at) % 6) for at in range(d.c % 4))
        return ClaimWork(
            now=self._world.now,
            lanes=asks,
            limit=d.subject % 5,
            affinities=((), ("m0",), ("m1", "m0"), ("", "m1"))[d.b % 4],
            tenant=("", "", "t1")[d.a % 3],
            lease=self._world.new_lease(d.subject % 3),
        )

    def retry_job(self, d: Drawn) -> RetryJob:
        return RetryJob(
            now=self._world.now,
            job_id=self._world.pick(self._world.jobs, d.subject),
            run_at=self._world.now + (0, 0, 7)[d.a % 3],
            force=d.b % 3 == 0,
            attempts=(1, 2, 0)[d.c % 3],
        )

    def delete_job(self, d: Drawn) -> DeleteJob:
        return DeleteJob(now=self._world.now, job_id=self._world.pick(self._world.jobs, d.subject))

    def forget_keys(self, d: Drawn) -> ForgetKeys:
        return ForgetKeys(now=self._world.now, scope="st"[d.b % 7 // 6], key=(*ONCE, "k")[d.a % 5])

    def together(self, d: Drawn) -> Together:
        kinds = (self.cancel, self.enqueue, self.finish, self.retry_job, self.claim)
        ops: list[Op] = []
        for at in range(d.a % 4):
            ops.append(kinds[(d.b + at) % 5](Drawn(d.kind, d.subject + at, d.a, d.b + at, d.c)))
            if (d.c + at) % 2:
                ops.append(AppendAudit(now=self._world.now, entry=self._entry(d)))
        return Together(now=self._world.now, ops=tuple(ops))

    def _entry(self, d: Drawn) -> AuditEntry:
        world = self._world
        return AuditEntry(id=world.new_id(), at=world.now, principal="token:a", action="job.do", target=f"x{d.a}")

    def extend(self, d: Drawn) -> Extend:
        job_id, token = self._leased_job(d)
        return Extend(now=self._world.now, job_id=job_id, token=token, expires_at=self._world.now + d.a * 100)

    def finish(self, d: Drawn) -> Finish:
        job_id, token = self._leased_job(d)
        status, outcome = ENDS[d.a % 5]
        return Finish(
            now=self._world.now,
            job_id=job_id,
            token=token,
            status=status,
            outcome=outcome,
            reason="worker_lost" if outcome == "lost" else None,
            result=b"1" if status == "succeeded" else None,
            error=ERRORS[d.b % 3],
            deliveries=self._deliveries(d, job_id),
            events=self._events(d, job_id),
            state=tuple(_change(d, at) for at in range(d.a % 3)),
            result_artifact="result" if d.b % 4 == 3 else None,
            follow=tuple(self._follower(Drawn(d.kind, d.a + at, d.b, d.c, d.subject)) for at in range(d.c % 7 // 5)),
            if_expired=outcome == "lost",
        )

    def _follower(self, d: Drawn) -> Enqueue:
        """One that can run: whether it was stored is not told, and so neither whether its deliveries are owed."""
        return replace(self.enqueue(d), dead=None)

    def release(self, d: Drawn) -> Release:
        job_id, token = self._leased_job(d)
        return Release(
            now=self._world.now,
            job_id=job_id,
            token=token,
            run_at=self._world.now + (0, 7, 150)[d.a % 3],
            outcome="released" if d.b % 3 == 0 else "failed",
            reason="released" if d.b % 3 == 0 else "plugin_error",
            uncount=d.b % 3 == 0,
            error=ERRORS[d.c % 3],
            if_expired=d.c % 4 == 0,
        )

    def cancel(self, d: Drawn) -> Cancel:
        job_id = self._mostly_leased(self._world.jobs, self._token_of_job, d.subject)
        return Cancel(
            now=self._world.now,
            job_id=job_id,
            reason=("cancelled_by_user", "killed", "replaced")[d.a % 3],
            error=ERRORS[d.c % 3],
            kill=d.a % 3 == 1,
            only_queued=d.b % 4 == 3,
            deliveries=self._deliveries(d, job_id),
        )

    def claim_deliveries(self, d: Drawn) -> ClaimDeliveries:
        return ClaimDeliveries(now=self._world.now, limit=d.a % 5, lease=self._world.new_lease(d.b % 2))

    def finish_delivery(self, d: Drawn) -> FinishDelivery:
        delivery_id, token = self._leased_delivery(d)
        tried = DeliveryAttempt(
            delivery_id=delivery_id,
            number=1 + d.b % 3,
            started_at=self._world.now,
            duration=d.c,
            status=(200, 500, None)[d.c % 3],
            error="refused" if d.c % 3 == 2 else None,
            response=b"ok",
        )
        return FinishDelivery(
            now=self._world.now,
            delivery_id=delivery_id,
            token=token,
            status=SETTLED[d.a % 7],
            attempt=tried,
            next_at=(None, self._world.now, self._world.now + 150)[d.c % 3],
            pass_on=d.b % 4 == 0,
        )

    def release_delivery(self, d: Drawn) -> ReleaseDelivery:
        delivery_id, token = self._leased_delivery(d)
        next_at = (None, self._world.now + 7)[d.a % 2]
        return ReleaseDelivery(now=self._world.now, delivery_id=delivery_id, token=token, next_at=next_at)

    def reclaim_deliveries(self, d: Drawn) -> ReclaimDeliveries:
        del d  # there is nothing to choose
        return ReclaimDeliveries(now=self._world.now)

    def put_progress(self, d: Drawn) -> PutProgress:
        job_id, token = self._leased_job(d)
        progress = Progress(d.a / 2, None if d.b % 2 else 40, "on it" * (d.b % 3), self._world.now)
        return PutProgress(now=self._world.now, job_id=job_id, token=token, progress=progress)

    def append_log(self, d: Drawn) -> AppendLog:
        world = self._world
        job_ids = [world.pick(world.jobs, d.subject + at * d.a) for at in range(d.b % 4)]
        lines = (LogLine(job_id=one, attempt=1, at=world.now, level="info", event=f"e{d.c}") for one in job_ids)
        return AppendLog(now=world.now, lines=tuple(lines))

    def put_state(self, d: Drawn) -> PutState:
        change = _change(d, 0)
        expected = (None, 0, 1, 2, d.subject % 8)[d.c % 5]
        return PutState(
            now=self._world.now, plugin=change.plugin, key=change.key, value=change.value, expected=expected
        )

    def put_artifact(self, d: Drawn) -> PutArtifact:
        job_id, token = self._leased_job(d)
        made = Artifact(
            job_id=job_id,
            name=f"n{d.a % 3}",
            media_type="text/plain",
            size=d.b,
            sha256="00",
            location=f"l{d.c}",
            created_at=self._world.now,
        )
        return PutArtifact(now=self._world.now, token=token, artifact=made)

    def prune(self, d: Drawn) -> Prune:
        return Prune(now=self._world.now, limit=1 + d.a % 2)

    def _leased_job(self, d: Drawn) -> tuple[str, int]:
        job_id = self._mostly_leased(self._world.jobs, self._token_of_job, d.subject)
        return job_id, self._token(self._token_of_job(job_id), d.c)

    def _leased_delivery(self, d: Drawn) -> tuple[str, int]:
        delivery_id = self._mostly_leased(self._world.deliveries, self._token_of_delivery, d.subject)
        return delivery_id, self._token(self._token_of_delivery(delivery_id), d.a + d.b)

    def _mostly_leased(self, known: Sequence[str], token_of: TokenOf, number: int) -> str:
        leased = [row for row in known[-12:] if token_of(row) is not None]
        return self._world.pick(leased if leased and number % 3 else known, number)

    def _token(self, held: int | None, number: int) -> int:
        """Mostly the token that the row holds now; else one that the batch has just given out, or an old one."""
        if held is not None and number % 5:
            return held
        tokens = self._world.tokens
        return tokens[-1 - number % min(4, len(tokens))]

    def _events(self, d: Drawn, job_id: str) -> tuple[Event, ...]:
        return tuple(self._event(d, job_id, at) for at in range(d.c % 3))

    def _event(self, d: Drawn, job_id: str, at: int) -> Event:
        world = self._world
        again = d.subject == 43 and world.events  # now and then an id that is in use
        event_id = world.events[-1] if again else world.new_id()
        world.events.append(event_id)
        return Event(
            id=event_id,
            type=f"t{(d.a + at) % 2}",
            plugin="ab"[d.b % 2],
            command="x",
            job_id=job_id,
            tenant=("", "", "t1")[d.b % 3],
            request_id=f"r{d.c % 3}",
            payload=b"{}",
            dedupe_key=None if d.a % 2 else "once",
            created_at=world.now,
        )

    def _deliveries(self, d: Drawn, job_id: str) -> tuple[Delivery, ...]:
        return tuple(self._delivery(d, job_id, at) for at in range(d.b % 3))

    def _delivery(self, d: Drawn, job_id: str, at: int) -> Delivery:
        world = self._world
        again = d.subject == 42 and world.deliveries
        delivery_id = world.deliveries[-1] if again else world.new_id()
        world.deliveries.append(delivery_id)
        leased = (d.a + at) % 3 == 0
        lease = world.new_lease(1)
        return Delivery(
            id=delivery_id,
            job_id=job_id,
            request_id=f"r{d.c % 3}",
            event="job.ended",
            endpoint="ops",
            url=None,
            body=b"{}",
            created_at=world.now,
            status="sending" if leased else "pending",
            attempt=1 if leased else 0,
            next_at=None if d.c % 2 else world.now + d.c,
            tenant=("", "t1")[d.c % 2],
            order_key=(None, None, "o0", "o1")[(d.a + d.c) % 4],
            lease_token=lease.token if leased else None,
            lease_expires_at=lease.expires_at if leased else None,
        )


def _change(d: Drawn, at: int) -> StateChange:
    return StateChange(plugin="ab"[d.b % 2], key=KEYS[(d.a + at) % 4], value=VALUES[(d.c + at) % 4])


def operations(most: int = 8) -> st.SearchStrategy[list[Drawn]]:
    """Batches of up to so many operations."""
    number = st.integers(0, 47)
    return st.lists(st.builds(Drawn, number, number, number, number, number), min_size=1, max_size=most)
