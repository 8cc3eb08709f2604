"""Taking jobs in that something may stand against: keys used before, other jobs, a full lane."""

from collections.abc import Sequence
from typing import cast

from hookyard.model import TERMINAL, Job, TerminalStatus
from hookyard.store.contract import Dead, Enqueue, Enqueued, Failed, LaneFull, Occupied, Result, Unmet
from hookyard.store.rules import debounced
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import error_text, is_plain, new_job, new_job_with_more, numbers
from hookyard.store.sqlite.codec_inbound import new_inbound
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write import keyed
from hookyard.store.sqlite.write.actives import Active, Actives
from hookyard.store.sqlite.write.db import Db
from hookyard.store.sqlite.write.inbound import DROP, KEEP
from hookyard.store.sqlite.write.once import Once
from hookyard.store.sqlite.write.orders import add_deliveries

_SQL = statements.load("enqueue")
_ENQUEUE, _MORE, _TAG, _COALESCE = _SQL["enqueue"], _SQL["enqueue_more"], _SQL["tag"], _SQL["coalesce"]
_BURY = _SQL["bury"]
_WAITING = statements.load("waiting")
_STATUSES, _WAIT = _WAITING["statuses"], _WAITING["wait"]

_WITHOUT_LIMIT = Failed("a concurrency key without a limit")
_HELD, _WAITS = 2, 3  # what `ready` says

Number = tuple[int, int]
"""Key and tail of an id."""


class Intake:
    """Decides on one operation after the other, and stores what it takes with as few statements as it can."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._plain: list[tuple[Value, ...]] = []
        self._more: list[tuple[Value, ...]] = []
        self._tags: list[tuple[Value, ...]] = []
        self._waits: list[tuple[Value, ...]] = []
        self._inbound: list[tuple[Value, ...]] = []

    def take(self, ops: Sequence[Enqueue]) -> list[Result]:
        """Store these jobs, but for those that something stands against."""
        self._once = Once(self._db, [op.dedupe for op in ops if op.dedupe is not None])
        asked = [op.job.unique_key for op in ops if op.unique is not None and op.job.unique_key is not None]
        self._actives = Actives(self._db, asked)
        results = [self._one(op) for op in ops]
        self._flush()
        self._once.keep()
        return results

    def _one(self, op: Enqueue) -> Result:
        dedupe = op.dedupe
        if dedupe is not None and (answer := self._once.answer(dedupe, op)) is not None:
            return answer
        result = self._buried(op, op.dead) if op.dead is not None else self._instead(op) or self._taken(op)
        if dedupe is not None and isinstance(result, Enqueued):
            self._once.note(dedupe, op, result.job_id)
        return result

    # --- what is done instead ---

    def _instead(self, op: Enqueue) -> Result | None:
        """What is done instead of storing the job, because of its unique key."""
        if op.unique is None or op.job.unique_key is None:
            return None
        same = self._actives.of(op.job.unique_key)
        queued = [one for one in same if one.status == "queued"]
        if op.unique.policy == "skip":
            return Enqueued(same[0].job_id, duplicate=True) if same else None
        if op.unique.policy == "replace":
            return self._occupied(op.job, queued) if queued else None
        fresh = next((one for one in queued if one.started_at is None), None)
        return None if fresh is None else self._coalesce(fresh, op)

    def _occupied(self, job: Job, queued: Sequence[Active]) -> Occupied | Unmet:
        """The jobs to cancel for this one, unless it could not be stored after all."""
        waits = self._waits_of(job)
        return waits if isinstance(waits, Unmet) else Occupied(tuple(one.job_id for one in queued))

    def _coalesce(self, old: Active, op: Enqueue) -> Result:
        self._flush()  # it may be one of these
        job = op.job
        run_at = debounced(job.run_at, old.submitted_at, op.unique)
        values = (numbers(old.job_id)[0], job.args, run_at, job.priority, job.request_id, op.now)
        for lane, key in self._db.rows(_COALESCE, values):
            keyed.touch(self._db, str(lane), key)
        if op.inbound is None:
            self._db.change(DROP, numbers(old.job_id)[:1])
        else:
            self._inbound.append(new_inbound(numbers(old.job_id)[0], op.inbound))
        return Enqueued(old.job_id, coalesced=True)

    # --- what cannot run ---

    def _buried(self, op: Enqueue, dead: Dead) -> Result:
        """Store a job that has ended before it began."""
        if op.lease is not None:
            return Failed("a job that cannot run comes without a lease")
        if _without_limit(op.job):
            return _WITHOUT_LIMIT
        self._more.append(new_job_with_more(op, None))
        self._add_beside(op, ())
        self._flush()
        key, _ = numbers(op.job.id)
        self._db.change(_BURY, (key, op.now, error_text(dead.error)))
        add_deliveries(self._db, dead.deliveries)
        return Enqueued(op.job.id)

    # --- whether it is stored ---

    def _taken(self, op: Enqueue) -> Result:
        job = op.job
        waits = self._waits_of(job)
        if isinstance(waits, Unmet):
            return waits
        if op.cap is not None and op.lease is None and (queued := self._db.depths.queued(job.lane)) >= op.cap:
            return LaneFull(queued)
        if _without_limit(job):
            return _WITHOUT_LIMIT
        if op.lease is not None and (job.concurrency_key is not None or waits):
            return Failed("a job that may have to wait comes without a lease")
        self._add(op, waits)
        return Enqueued(job.id)

    def _waits_of(self, job: Job) -> tuple[Number, ...] | Unmet:
        if job.options is None or not job.options.after:
            return ()
        return self._unsucceeded(dict.fromkeys(job.options.after))

    def _unsucceeded(self, after: dict[str, None]) -> tuple[Number, ...] | Unmet:
        """Which of these jobs are still to succeed, or the first that cannot any more."""
        self._flush()  # they may be among these
        known = {job_id: numbers(job_id) for job_id in after}
        status: dict[int, str] = {}
        pairs = list(known.values())
        for start in range(0, len(pairs), statements.MOST):
            chunk = pairs[start : start + statements.MOST]
            rows = self._db.rows(_STATUSES, [value for pair in chunk for value in pair], len(chunk))
            status |= dict(cast("list[tuple[int, str]]", rows))
        for job_id, (key, _) in known.items():
            if status.get(key) in {None, *TERMINAL} - {"succeeded"}:
                return Unmet(job_id, cast("TerminalStatus | None", status.get(key)))
        return tuple(dict.fromkeys(pair for pair in pairs if status[pair[0]] != "succeeded"))

    def _add(self, op: Enqueue, waits: tuple[Number, ...]) -> None:
        job = op.job
        if is_plain(job):
            self._plain.append(new_job(op))
            if op.inbound is not None:
                self._inbound.append(new_inbound(numbers(job.id)[0], op.inbound))
        else:
            ready = None
            if op.lease is None:
                ready = _WAITS if waits else 0 if job.run_at > op.now else _HELD if job.concurrency_key else 1
            self._more.append(new_job_with_more(op, ready))
            self._add_beside(op, waits)
        if op.lease is None:
            self._db.depths.add(job.lane, 1)
        self._actives.add(op)

    def _add_beside(self, op: Enqueue, waits: tuple[Number, ...]) -> None:
        """What is kept of a job in other tables."""
        job = op.job
        key, _ = numbers(job.id)
        self._tags += [(tag, key) for tag in dict.fromkeys(job.tags)]
        self._waits += [(key, *other) for other in waits]
        self._db.after = self._db.after or bool(waits)
        keyed.touch(self._db, job.lane, job.concurrency_key)
        if op.inbound is not None:
            self._inbound.append(new_inbound(numbers(job.id)[0], op.inbound))

    def _flush(self) -> None:
        """Store what is decided."""
        self._db.change_many(_ENQUEUE, self._plain)
        self._db.change_many(_MORE, self._more)
        self._db.change_many(_TAG, self._tags)
        self._db.change_many(_WAIT, self._waits)
        self._db.change_many(KEEP, self._inbound)
        for rows in (self._plain, self._more, self._tags, self._waits, self._inbound):
            rows.clear()


def _without_limit(job: Job) -> bool:
    """Whether nothing says how many may run under the job's key."""
    return job.concurrency_key is not None and (job.concurrency_limit is None or job.concurrency_limit < 1)
