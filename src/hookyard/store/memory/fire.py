"""Fire times of schedules, and their pauses, with what tells of them."""

from copy import copy, deepcopy

from hookyard.store.contract import (
    AppendEvents,
    Failed,
    Fired,
    FireSchedule,
    Occupied,
    Otherwise,
    PauseSchedule,
    Result,
)
from hookyard.store.memory.data import Data
from hookyard.store.memory.enqueue import enqueue
from hookyard.store.memory.tell import append_events
from hookyard.store.rules import as_expected, as_told, fired


def pause_schedule(data: Data, op: PauseSchedule) -> Result:
    """Stop or go on."""
    if op.name in data.kept.schedules and isinstance(problem := _tell(data, op), Failed):
        return problem
    return data.kept.pause_schedule(op)


def fire_schedule(data: Data, op: FireSchedule) -> Result:
    """Act on a fire time."""
    if op.job is not None and op.expected is not None and data.kept.is_due(op):
        foreseen = enqueue(_beside(data), op.job)
        if not (isinstance(foreseen, (Occupied, Failed)) or as_expected(op.expected, foreseen)):
            return Otherwise(foreseen)
    if not (op.events or op.deliveries):
        return _fire(data, op)
    # Whether they are told is known afterwards only, and one that cannot be told undoes all: so what may be such a one
    # is tried first.
    doubtful = data.unusable_deliveries(op.deliveries) or data.told.unusable(op.events)
    tried = deepcopy(data) if doubtful else data
    result = _fire(tried, op)
    if isinstance(result, Fired) and as_told(op, fired(op.outcome, result.enqueued)[1]):
        if isinstance(problem := _tell(tried, op), Failed):
            return problem
        if doubtful:
            _fire(data, op)
            _tell(data, op)
        return result
    return _fire(data, op) if doubtful else result


def _fire(data: Data, op: FireSchedule) -> Result:
    return data.kept.fire_schedule(op, lambda job: enqueue(data, job))


def _tell(data: Data, op: FireSchedule | PauseSchedule) -> Result:
    return append_events(data, AppendEvents(now=op.now, events=op.events, deliveries=op.deliveries))


def _beside(data: Data) -> Data:
    """The same rows, to which a job can be added without being there: what is added changes no row, it is a new one."""
    beside = copy(data)
    beside.jobs, beside.attempts, beside.waits = dict(data.jobs), dict(data.attempts), dict(data.waits)
    beside.deliveries, beside.tries = dict(data.deliveries), dict(data.tries)
    beside.keys, beside.inbound = dict(data.keys), dict(data.inbound)
    beside.places, beside.due = set(data.places), set(data.due)
    return beside
