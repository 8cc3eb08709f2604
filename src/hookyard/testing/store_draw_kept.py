"""Drawing operations for the second state machine: few jobs, few names, so that they meet often."""

from typing import Final

from hypothesis import strategies as st
from msgspec.structs import replace

from hookyard import ids
from hookyard.model import (
    Artifact,
    AuditEntry,
    Delivery,
    ErrorInfo,
    Event,
    Inbound,
    Item,
    Job,
    JobOptions,
    LogLine,
    Pause,
    Schedule,
    TerminalStatus,
    Token,
    TokenUse,
    WorkerRecord,
)
from hookyard.store.contract import (
    AppendAudit,
    AppendLog,
    Cancel,
    Dead,
    Dedupe,
    DeleteJob,
    DeleteSchedule,
    Enqueue,
    Enqueued,
    Finish,
    FireSchedule,
    ForgetKeys,
    Lease,
    Op,
    PauseLane,
    PauseSchedule,
    Prune,
    PruneJobs,
    PutArtifact,
    PutItems,
    PutSchedule,
    PutToken,
    PutWorker,
    ResumeLane,
    TouchTokens,
)

START: Final = 1_700_000_000_000
TOKEN: Final = 7
ENDS: Final[tuple[TerminalStatus, ...]] = ("succeeded", "failed", "timed_out", "cancelled")


def _ids(kind: int, count: int) -> tuple[str, ...]:
    return tuple(ids.join(START + at * 3 << 12 | kind, kind * 1000 + at) for at in range(count))


JOBS: Final = _ids(1, 5)
DELIVERIES: Final = _ids(2, 6)
EVENTS: Final = _ids(3, 5)
TOKENS: Final = _ids(4, 3)
ENTRIES: Final = _ids(5, 5)
NAMES: Final = ("a", "b", "c")

_any_job = st.sampled_from(JOBS)
_names = st.sampled_from(NAMES)
_times = st.integers(START - 5, START + 60)


def retimed(op: Op, now: int) -> Op:
    """An operation as it is done at that time."""
    if isinstance(op, FireSchedule) and op.job is not None:
        return replace(op, now=now, job=replace(op.job, now=now))
    return replace(op, now=now)


def kept_operations() -> st.SearchStrategy[Op]:
    """Any of them; the life of jobs more often, so that there is something to forget."""
    return st.one_of(_enqueue(), _enqueue(), _finish(), _finish(), _telling(), _telling(), _forgetting(), _kept())


def _enqueue() -> st.SearchStrategy[Enqueue]:
    def made(
        job_id: str, *, leased: bool, tagged: bool, after: tuple[str, ...], sent: str | None, keyed: tuple[str, int]
    ) -> Enqueue:
        job = Job(
            id=job_id,
            plugin="a",
            command="x",
            lane="a/x",
            args=b"{}",
            submitted_at=START,
            run_at=START,
            tags=("t",) if tagged else (),
            options=JobOptions(after=after) if after else None,
        )
        part, how = keyed
        dead = Dead(ErrorInfo("invalid_event", "it does not fit")) if how in {1, 2} else None
        lease = Lease(TOKEN, "w", START + 5) if leased and not after and dead is None else None
        inbound = None if sent is None else Inbound(source="s", event="e", delivery=sent)
        dedupe = None
        if sent is not None:
            also = (sent,) if part else ()
            dedupe = Dedupe("s", sent + part, b"1" if how == 3 else b"", START + 100, also=also, take=how == 4)
        return Enqueue(now=START, job=job, lease=lease, inbound=inbound, dedupe=dedupe, dead=dead)

    after = st.lists(_any_job, max_size=1).map(tuple)
    leased, sent = st.integers(0, 3).map(bool), st.one_of(st.none(), _names)
    keyed = st.tuples(st.sampled_from(["\na/x", "\na/y", "", ""]), st.integers(0, 7))
    return st.builds(made, _any_job, leased=leased, tagged=st.booleans(), after=after, sent=sent, keyed=keyed)


def _finish() -> st.SearchStrategy[Op]:
    def made(job_id: str, status: TerminalStatus, delivery: int, event: int) -> Finish:
        deliveries = (
            Delivery(
                id=DELIVERIES[delivery % len(DELIVERIES)],
                # One of them belongs to no job.
                job_id=None if delivery == 0 else job_id,
                event="e",
                endpoint="ops",
                url=None,
                body=b"{}",
                created_at=START,
            ),
        )
        events = (
            Event(
                id=EVENTS[event % len(EVENTS)],
                type="e",
                plugin="a",
                command="x",
                job_id=job_id,
                payload=b"1",
                created_at=START,
            ),
        )
        return Finish(
            now=START,
            job_id=job_id,
            token=TOKEN,
            status=status,
            outcome=status,
            deliveries=deliveries if delivery < len(DELIVERIES) else (),
            events=events if event < len(EVENTS) else (),
        )

    finish = st.builds(made, _any_job, st.sampled_from(ENDS), st.integers(0, 11), st.integers(0, 9))
    return st.one_of(finish, finish, st.builds(Cancel, now=st.just(START), job_id=_any_job))


def _telling() -> st.SearchStrategy[Op]:
    def items(job_id: str, names: list[str], *, failed: bool) -> PutItems:
        error = ErrorInfo("boom", "it broke") if failed else None
        told = tuple(
            Item(job_id=job_id, name=name, status="failed" if failed else "done", error=error, at=START)
            for name in names
        )
        return PutItems(now=START, job_id=job_id, token=TOKEN, items=told)

    def lines(job_id: str, count: int) -> AppendLog:
        one = LogLine(job_id=job_id, attempt=1, at=START, level="info", event="said")
        return AppendLog(now=START, lines=(one,) * count)

    def artifact(job_id: str, name: str, size: int) -> PutArtifact:
        made = Artifact(
            job_id=job_id,
            name=name,
            media_type="text/plain",
            size=size,
            sha256="00",
            location=f"{job_id}/{name}{size}",
            created_at=START,
        )
        return PutArtifact(now=START, token=TOKEN, artifact=made)

    return st.one_of(
        st.builds(items, _any_job, st.lists(_names, max_size=3), failed=st.booleans()),
        st.builds(lines, _any_job, st.integers(1, 4)),
        st.builds(artifact, _any_job, _names, st.integers(0, 3)),
    )


def _forgetting() -> st.SearchStrategy[Op]:
    ends = st.dictionaries(st.sampled_from(ENDS), _times, max_size=4)
    whole = st.just(dict.fromkeys(ENDS, START + 10**9))
    return st.one_of(
        st.builds(DeleteJob, now=st.just(START), job_id=_any_job),
        st.builds(ForgetKeys, now=st.just(START), scope=st.just("s"), key=_names),
        st.builds(
            PruneJobs,
            now=st.just(START),
            after=st.one_of(st.none(), _any_job),
            before=st.one_of(ends, whole),
            limit=st.integers(0, 4),
            rows=st.integers(0, 6),
        ),
        st.builds(
            Prune,
            now=st.just(START),
            what=st.sampled_from(["keys", "events", "deliveries", "audit", "workers", "tokens"]),
            before=st.one_of(st.none(), _times),
            limit=st.integers(0, 3),
        ),
    )


def _kept() -> st.SearchStrategy[Op]:
    at, some = st.just(START), st.integers(0, 2)
    token = st.builds(
        Token,
        id=st.sampled_from(TOKENS),
        name=_names,
        digest=st.sampled_from([b"1", b"2", b"3"]),
        scopes=st.lists(_names, max_size=2).map(tuple),
        created_at=at,
        created_by=_names,
        expires_at=st.one_of(st.none(), _times),
        revoked_at=st.one_of(st.none(), _times),
    )
    use = st.builds(TokenUse, st.sampled_from(TOKENS), _times, some)
    entry = st.builds(
        AuditEntry,
        id=st.sampled_from(ENTRIES),
        at=_times,
        principal=_names,
        action=st.sampled_from(["token.create", "token", "lane.pause"]),
        target=_names,
        tenant=_names,
    )
    worker = st.builds(
        WorkerRecord,
        name=_names,
        principal=_names,
        lanes=st.lists(_names, max_size=2).map(tuple),
        first_contact=_times,
        last_contact=_times,
        claimed=some,
    )
    return st.one_of(
        st.builds(PutToken, now=at, token=token, only_first=st.booleans()),
        st.builds(TouchTokens, now=at, uses=st.lists(use, max_size=3).map(tuple)),
        st.builds(AppendAudit, now=at, entry=entry),
        st.builds(PauseLane, now=at, pause=st.builds(Pause, lane=_names, since=_times, by=_names, reason=_names)),
        st.builds(ResumeLane, now=at, lane=_names),
        st.builds(PutWorker, now=at, worker=worker),
        _schedules(),
        _schedules(),
    )


def _schedules() -> st.SearchStrategy[Op]:
    at = st.just(START)
    schedule = st.builds(
        Schedule,
        name=_names,
        origin=st.sampled_from(["config", "http"]),
        spec=st.just(b"{}"),
        created_at=at,
        created_by=_names,
        paused=st.booleans(),
        next_at=st.sampled_from([None, START, START + 1]),
        fired=st.integers(0, 2),
    )
    due = st.sampled_from([START, START + 1])
    events, deliveries = _told_of_schedules()
    fire = st.builds(
        FireSchedule,
        now=at,
        name=_names,
        fire_at=due,
        next_at=due,
        outcome=st.sampled_from(["queued", "missed", "skipped"]),
        job=st.one_of(st.none(), _enqueue()),
        expected=st.one_of(st.none(), st.builds(Enqueued, _any_job, duplicate=st.booleans(), coalesced=st.booleans())),
        events=events,
        deliveries=deliveries,
    )
    pause = st.builds(
        PauseSchedule,
        now=at,
        name=_names,
        paused=st.booleans(),
        next_at=due,
        events=events,
        deliveries=deliveries,
    )
    put = st.builds(PutSchedule, now=at, schedule=schedule)
    return st.one_of(
        *(put, put, fire, fire, pause),
        st.builds(DeleteSchedule, now=at, name=_names),
    )


def _told_of_schedules() -> tuple[st.SearchStrategy[tuple[Event, ...]], st.SearchStrategy[tuple[Delivery, ...]]]:
    """What tells of something: at most one event, and at most one delivery."""
    at = st.just(START)
    event = st.builds(
        Event,
        id=st.sampled_from(EVENTS),
        type=st.just("schedule.fired"),
        plugin=st.just("hookyard"),
        command=st.just("schedule"),
        job_id=st.just(""),
        payload=st.just(b"{}"),
        created_at=at,
    )
    delivery = st.builds(
        Delivery,
        id=st.sampled_from(DELIVERIES),
        job_id=st.none(),
        event=st.just("schedule.fired"),
        endpoint=st.just("ops"),
        url=st.none(),
        body=st.just(b"{}"),
        created_at=at,
        order_key=st.sampled_from([None, "o"]),
    )
    return st.lists(event, max_size=1).map(tuple), st.lists(delivery, max_size=1).map(tuple)
