"""Ending jobs, with all that comes with the end."""

from collections.abc import Container, Sequence

from hookyard.store.contract import Done, Enqueue, Finish, Result, Stale
from hookyard.store.sqlite import statements
from hookyard.store.sqlite.codec import error_text, numbers
from hookyard.store.sqlite.codec_told import new_event
from hookyard.store.sqlite.driver import Value
from hookyard.store.sqlite.write import waiting
from hookyard.store.sqlite.write.db import FOREVER, Db
from hookyard.store.sqlite.write.enqueue import enqueue
from hookyard.store.sqlite.write.orders import add_deliveries
from hookyard.store.sqlite.write.settle import held
from hookyard.store.sqlite.write.state import change_state
from hookyard.store.sqlite.write.waiting import Concerned

_SQL = statements.load("settle")
_END_ATTEMPT, _FINISH, _RESULT_ARTIFACT = _SQL["end_attempt"], _SQL["finish"], _SQL["result_artifact"]
_ADD_EVENTS = statements.load("events")["add_events"]

_DONE, _STALE = Done(), Stale()


def finish(db: Db, ops: Sequence[Finish]) -> list[Result]:
    """End these jobs, with their attempts and all that comes with the end."""
    known = waiting.concerned(db, [numbers(op.job_id)[0] for op in ops]) if db.keyed or db.after else {}
    if not known:
        for op in ops:
            if op.follow:
                break
        else:
            return _finish(db, ops)
    results: list[Result] = []
    while ops:
        size = _apart(ops, known)
        part, ops = ops[:size], ops[size:]
        for op, result in zip(part, _finish(db, part), strict=True):
            results.append(_told(db, op, known) if isinstance(result, Done) else result)
        if part[-1].follow and isinstance(results[-1], Done):
            _follow(db, part[-1].follow)
            # These may wait for the others.
            known = waiting.concerned(db, [numbers(op.job_id)[0] for op in ops]) if ops else {}
    return results


def _apart(ops: Sequence[Finish], known: Concerned) -> int:
    """How many of these, from the first on, can end together: one of each key, and one that others follow."""
    seen: set[tuple[str, str]] = set()
    for at, op in enumerate(ops):
        lane, concurrency_key, _ = known.get(numbers(op.job_id)[0], ("", None, False))
        if concurrency_key is not None:
            if (lane, concurrency_key) in seen:
                return at
            seen.add((lane, concurrency_key))
        if op.follow:
            return at + 1
    return len(ops)


def _told(db: Db, op: Finish, known: Concerned) -> Result:
    """What the end of a job changes for others."""
    job = numbers(op.job_id)
    if job[0] not in known:
        return _DONE
    return waiting.ended(db, job, known[job[0]], succeeded=op.status == "succeeded", now=op.now)


def _follow(db: Db, jobs: Sequence[Enqueue]) -> None:
    """Store the jobs that come with an end; what becomes of them changes nothing about that."""
    for job in jobs:
        if db.careful:
            db.alone(job, lambda ops: enqueue(db, ops))
        else:
            enqueue(db, (job,))


def _finish(db: Db, ops: Sequence[Finish]) -> list[Result]:
    attempts: list[Value] = []
    jobs: list[Value] = []
    for op in ops:
        key, tail = numbers(op.job_id)
        now = op.now
        error = None if op.error is None else error_text(op.error)
        attempts += (key, tail, op.token, now if op.if_expired else FOREVER, op.outcome, now, error)
        jobs += (key, op.status, op.reason, op.result, error, now)
    ended = db.change(_END_ATTEMPT, attempts, len(ops))
    if ended < len(ops):
        return _finish_some(db, ops, held(db, ops).keys())
    db.change(_FINISH, jobs, len(ops))
    _add(db, ops)
    return [_DONE] * len(ops)


def _add(db: Db, ops: Sequence[Finish]) -> None:
    """Write what comes with the ends of these jobs; most have nothing."""
    for op in ops:
        if op.deliveries or op.events or op.state or op.result_artifact is not None:
            break
    else:
        return
    add_deliveries(db, [one for op in ops for one in op.deliveries])
    db.change_many(_ADD_EVENTS, [new_event(one) for op in ops for one in op.events])
    change_state(db, [change for op in ops for change in op.state])
    for op in ops:
        if op.result_artifact is not None:
            db.change(_RESULT_ARTIFACT, (op.result_artifact, numbers(op.job_id)[0]))


def _finish_some(db: Db, ops: Sequence[Finish], still: Container[int]) -> list[Result]:
    """The rest of :func:`finish` when not all leases were still held; the attempts are written already."""
    results: list[Result] = []
    jobs: list[tuple[Value, ...]] = []
    ended: list[Finish] = []
    for op in ops:
        key, _ = numbers(op.job_id)
        results.append(_DONE if key in still else _STALE)
        if key in still:
            jobs.append((key, op.status, op.reason, op.result, error_text(op.error), op.now))
            ended.append(op)
    db.change_many(_FINISH, jobs)
    _add(db, ended)
    return results
