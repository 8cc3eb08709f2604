"""Schedules."""

from hookyard.model import Delivery, Event, FireOutcome, Schedule
from hookyard.store.contract.base import Op, Result
from hookyard.store.contract.jobs import Enqueue


class PutSchedule(Op, frozen=True, kw_only=True):
    """Keep a schedule by its name, whatever was there -> Done."""

    schedule: Schedule


class DeleteSchedule(Op, frozen=True, kw_only=True):
    """Forget a schedule -> Done | NotFound. The jobs it made stay."""

    name: str


class PauseSchedule(Op, frozen=True, kw_only=True):
    """Stop or go on -> Done | NotFound | Failed.

    Failed when what tells of it cannot be stored: then nothing changes.
    """

    name: str
    paused: bool
    next_at: int | None
    """The next fire time from now on."""
    events: tuple[Event, ...] = ()
    """What tells of it, kept in the one transaction with it; nothing of it unless this is Done."""
    deliveries: tuple[Delivery, ...] = ()
    """Of the same."""


class FireSchedule(Op, frozen=True, kw_only=True):
    """Act on one fire time -> Fired | Otherwise | Stale | Occupied | Failed.

    Stale when the schedule is gone or paused, or its `next_at` is not `fire_at` any more: so that a fire time makes
    one job, whoever else acts on it (I7). When its job is :class:`Occupied` nothing changes, the schedule neither:
    cancel those jobs, and act on the fire time again. Nor does anything when its job, or what tells of it, is something
    that cannot be stored at all: Failed.
    """

    name: str
    fire_at: int
    next_at: int | None
    outcome: FireOutcome
    """When the job is not stored, `skipped` is kept instead if another one stands for it, `refused` otherwise."""
    job: Enqueue | None = None
    expected: Result | None = None
    """What is to become of the job: if something else would, nothing changes, and what that is is told by
    :class:`Otherwise`. None: whatever becomes of it."""
    events: tuple[Event, ...] = ()
    """What tells that it came out as expected, kept if it did. With a job of which nothing is expected, only when the
    fire time made that one, and not when another stands for it or took its input in
    (:func:`hookyard.store.rules.fired`)."""
    deliveries: tuple[Delivery, ...] = ()
    """Of the same, kept together with it."""


class Otherwise(Result, frozen=True):
    """Something else than expected would become of the job of a fire time, and nothing was changed.

    Act on the fire time again, expecting that.
    """

    enqueued: Result


class Fired(Result, frozen=True):
    """The fire time is past; `enqueued` is what became of its job, if it has one."""

    enqueued: Result | None
