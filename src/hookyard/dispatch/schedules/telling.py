"""How schedules tell of themselves."""

from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

from hookyard.clock import rfc3339
from hookyard.model import Delivery, Event, FireOutcome, Schedule
from hookyard.store.contract import Enqueue, FireSchedule, Result
from hookyard.timetable import Step


class Prepared(Protocol):
    """An event that goes into a transaction of the caller's; :meth:`committed` or :meth:`dropped` must follow."""

    @property
    def events(self) -> tuple[Event, ...]:
        """What is to be kept."""
        ...

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """What is to be sent of it."""
        ...

    def committed(self) -> None:
        """It is on disk."""
        ...

    def dropped(self) -> None:
        """It was not written."""
        ...


class Tells(Protocol):
    """Publishes events of the house: their type, their data and the tenant that they are about."""

    def prepare(self, kind: str, data: Mapping[str, object], tenant: str = "", /) -> Prepared | None:
        """One for the caller's transaction; None when nobody is to know of it."""
        ...


class Quiet:
    """Publishes nothing."""

    def prepare(self, kind: str, data: Mapping[str, object], tenant: str = "", /) -> Prepared | None:
        """Say nothing."""


class Telling:
    """The event of a fire time, on its way into the transaction that acts on it.

    Use as a context: at its end the event is sent that was written, and any other dropped.

    Args:
        tells: publishes it.
        row: the schedule.
        step: its fire time.
    """

    def __init__(self, tells: Tells, row: Schedule, step: Step) -> None:
        self._tells = tells
        self._row = row
        self._step = step
        self._prepared: Prepared | None = None
        self._written = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def say(self, outcome: FireOutcome, *, job_id: str | None = None, why: str | None = None) -> None:
        """Tell this, and nothing that was to be told before.

        Args:
            outcome: what comes of the fire time.
            job_id: of the job that it makes, or whose input it is, when it is `queued`.
            why: there is none, otherwise.
        """
        self._end()
        said = facts(self._row.name, self._step.fire_at, self._step.next_at)
        said |= {"job_id": job_id} if outcome == "queued" else {"reason": why}
        kind = "fired" if outcome == "queued" else outcome
        self._prepared = self._tells.prepare(f"schedule.{kind}", said, self._row.tenant)

    def op(
        self, now: int, outcome: FireOutcome, job: Enqueue | None = None, expected: Result | None = None
    ) -> FireSchedule:
        """What acts on the fire time."""
        return FireSchedule(
            now=now,
            name=self._row.name,
            fire_at=self._step.fire_at,
            next_at=self._step.next_at,
            outcome=outcome,
            job=job,
            expected=expected,
            events=() if self._prepared is None else self._prepared.events,
            deliveries=() if self._prepared is None else self._prepared.deliveries,
        )

    def written(self) -> None:
        """It is on disk."""
        self._written = True

    def _end(self) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            (prepared.committed if self._written else prepared.dropped)()


def facts(name: str, fire_at: int | None, next_at: int | None) -> dict[str, object]:
    """What every event about a fire time says."""
    return {
        "schedule": name,
        "fire_time": None if fire_at is None else rfc3339(fire_at),
        "next_fire_time": None if next_at is None else rfc3339(next_at),
    }
