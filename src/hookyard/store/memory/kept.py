"""What the model holds beside jobs: tokens, the audit log, pauses, workers and schedules."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from hookyard import ids
from hookyard.model import AuditEntry, Pause, Schedule, Token, WorkerRecord
from hookyard.store.contract import (
    AppendAudit,
    AuditFound,
    AuditQuery,
    DeleteSchedule,
    Done,
    Enqueue,
    Failed,
    Fired,
    FireSchedule,
    NotEmpty,
    NotFound,
    Occupied,
    PauseLane,
    PauseSchedule,
    PutSchedule,
    PutToken,
    PutWorker,
    Result,
    ResumeLane,
    Stale,
    TouchTokens,
)
from hookyard.store.rules import fired
from hookyard.store.spans import in_span


class Kept:
    """Rows that belong to no job."""

    def __init__(self) -> None:
        self.tokens: dict[int, Token] = {}
        """By the key of their id: two ids with one key would be one row."""
        self.audit: dict[int, AuditEntry] = {}
        self.pauses: dict[str, Pause] = {}
        self.workers: dict[tuple[str, str], WorkerRecord] = {}
        """By principal and name."""
        self.schedules: dict[str, Schedule] = {}

    def ids(self) -> Iterable[str]:
        """The ids of all rows that have one."""
        return (row.id for rows in (self.tokens, self.audit) for row in rows.values())

    # --- access ---

    def put_token(self, op: PutToken) -> Result:
        """Keep a token."""
        if op.only_first and self.tokens:
            return NotEmpty()
        token = op.token
        if ids.parse(token.id) is None:
            return Failed("not an id")
        key = ids.key(token.id)
        if any(other.digest == token.digest for at, other in self.tokens.items() if at != key):
            return Failed("another token has this digest")
        known = self.tokens.get(key)
        if known is not None and known.id != token.id:
            return Failed("the id is in use")
        last, uses = (None, 0) if known is None else (known.last_used_at, known.uses)
        self.tokens[key] = replace(token, last_used_at=last, uses=uses)
        return Done()

    def touch_tokens(self, op: TouchTokens) -> Result:
        """Note that tokens were used."""
        by_id = {token.id: at for at, token in self.tokens.items()}
        for use in op.uses:
            if use.token_id in by_id:
                token = self.tokens[by_id[use.token_id]]
                last = use.at if token.last_used_at is None else max(use.at, token.last_used_at)
                self.tokens[by_id[use.token_id]] = replace(token, last_used_at=last, uses=token.uses + use.count)
        return Done()

    def append_audit(self, op: AppendAudit) -> Result:
        """Note a change."""
        if ids.parse(op.entry.id) is None:
            return Failed("not an id")
        key = ids.key(op.entry.id)
        if key in self.audit:
            return Failed("the id is in use")
        self.audit[key] = op.entry
        return Done()

    def audit_page(self, query: AuditQuery) -> AuditFound:
        """A page of the audit log."""
        found = [
            entry
            for _, entry in sorted(self.audit.items(), reverse=True)
            if query.principal in {None, entry.principal}
            and query.action in {None, entry.action, entry.action.partition(".")[0]}
            and query.target in {None, entry.target}
            and query.tenant in {None, entry.tenant}
            and in_span(entry.id, query.since, query.until)
            and (query.before is None or entry.id < query.before)
        ]
        page = tuple(found[: query.limit])
        return AuditFound(page, page[-1].id if page and len(found) > len(page) else None)

    # --- lanes ---

    def pause_lane(self, op: PauseLane) -> Result:
        """Note that a lane stands still."""
        if op.pause.lane in self.pauses:
            return Stale()
        self.pauses[op.pause.lane] = op.pause
        return Done()

    def resume_lane(self, op: ResumeLane) -> Result:
        """Forget that."""
        return Done() if self.pauses.pop(op.lane, None) is not None else NotFound()

    def put_worker(self, op: PutWorker) -> Result:
        """Keep what is known of a worker."""
        worker = op.worker
        known = self.workers.get((worker.principal, worker.name), worker)
        self.workers[worker.principal, worker.name] = replace(worker, first_contact=known.first_contact)
        return Done()

    # --- schedules ---

    def put_schedule(self, op: PutSchedule) -> Result:
        """Keep a schedule."""
        self.schedules[op.schedule.name] = op.schedule
        return Done()

    def delete_schedule(self, op: DeleteSchedule) -> Result:
        """Forget a schedule."""
        return Done() if self.schedules.pop(op.name, None) is not None else NotFound()

    def pause_schedule(self, op: PauseSchedule) -> Result:
        """Stop or go on."""
        schedule = self.schedules.get(op.name)
        if schedule is None:
            return NotFound()
        self.schedules[op.name] = replace(schedule, paused=op.paused, next_at=op.next_at)
        return Done()

    def is_due(self, op: FireSchedule) -> bool:
        """Whether a fire time is still to be acted on."""
        schedule = self.schedules.get(op.name)
        return schedule is not None and not schedule.paused and schedule.next_at == op.fire_at

    def fire_schedule(self, op: FireSchedule, enqueue: Callable[[Enqueue], Result]) -> Result:
        """Act on a fire time."""
        if not self.is_due(op):
            return Stale()
        schedule = self.schedules[op.name]
        enqueued = None if op.job is None else enqueue(op.job)
        if isinstance(enqueued, (Occupied, Failed)):
            return enqueued
        outcome, made = fired(op.outcome, enqueued)
        self.schedules[op.name] = replace(
            schedule,
            next_at=op.next_at,
            last_at=op.fire_at,
            last_outcome=outcome,
            last_job=schedule.last_job if made is None else made,
            fired=schedule.fired + (made is not None),
        )
        return Fired(enqueued)
