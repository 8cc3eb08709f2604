"""How schedules are asked for and shown."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from hookyard.clock import rfc3339
from hookyard.config.schedules.spec import spec_of
from hookyard.dispatch.schedules import Entry
from hookyard.model import FireOutcome

Count = Annotated[int, Meta(ge=0, le=100)]


class NextQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What one schedule can be asked."""

    next: Count = 5
    """How many fire times are shown."""


class ScheduleQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/schedules` can be asked."""

    next: Count = 1
    """How many fire times of each are shown."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class PreviewQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What a preview can be asked."""

    next: Count = 5
    """How many fire times are shown."""
    since: str | None = None
    """After which time: RFC 3339 with an offset; now when left out."""


class ScheduleView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A schedule."""

    name: str
    """Its jobs have the principal `schedule:NAME`."""
    origin: str
    """`config`, which is changed in the configuration only, or `http`."""
    run: str
    """The command, as `plugin/command`."""
    rule: dict[str, object]
    """All that was said of it; what is left out has its default."""
    enabled: bool
    paused: bool
    next: list[str]
    """The next fire times, RFC 3339 in UTC; none when it is paused, disabled or over, or waits for something else."""
    due_at: str | UnsetType = UNSET
    """When the first of them is acted on, the jitter included."""
    last_fire_time: str | UnsetType = UNSET
    """The last fire time that was acted on, whatever came of it."""
    last_outcome: FireOutcome | UnsetType = UNSET
    """`queued` made a job, `skipped` did not because an earlier one was still active, `missed` came too late, and
    `refused` could not."""
    last_job_id: str | UnsetType = UNSET
    """The last job it made."""
    fired: int
    """How many jobs it has made."""
    tenant: str | UnsetType = UNSET
    created_at: str
    created_by: str
    """The principal that made it; `config` for the configuration."""
    problem: str | UnsetType = UNSET
    """Why it cannot make jobs now."""


class SchedulePage(Struct, frozen=True):
    """Schedules, by name."""

    schedules: list[ScheduleView]
    next: str | None
    """The cursor of the next page; null when there is none."""


class ScheduleRun(Struct, frozen=True):
    """A job that a schedule made because somebody asked for it."""

    job_id: str
    duplicate: bool
    """Whether it is an earlier one, which is still active."""


class Preview(Struct, frozen=True):
    """When a rule fires."""

    next: list[str]
    """Fire times, RFC 3339 in UTC."""
    due: list[str]
    """When each of them is acted on, the jitter included."""


def view_of(entry: Entry, problem: str | None, count: int) -> ScheduleView:
    """Show one with its next fire times, at most so many."""
    row, settings = entry.row, entry.settings
    due = entry.due
    return ScheduleView(
        name=row.name,
        origin=row.origin,
        run="" if settings is None else settings.run,
        rule={} if settings is None else spec_of(settings),
        enabled=settings is not None and settings.enabled,
        paused=row.paused,
        next=_next(entry, count),
        due_at=UNSET if due is None else rfc3339(due),
        last_fire_time=UNSET if row.last_at is None else rfc3339(row.last_at),
        last_outcome=row.last_outcome or UNSET,
        last_job_id=row.last_job or UNSET,
        fired=row.fired,
        tenant=row.tenant or UNSET,
        created_at=rfc3339(row.created_at),
        created_by=row.created_by,
        problem=problem or UNSET,
    )


def _next(entry: Entry, count: int) -> list[str]:
    first = entry.row.next_at
    if first is None or not entry.live or not count:
        return []
    return [rfc3339(at) for at in (first, *entry.rule.next(first, count - 1))]
