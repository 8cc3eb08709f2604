"""Schedules that fire after something else: which end of a job arms which of them, and for when."""

from collections.abc import Iterable

from msgspec.structs import replace

from hookyard.config.model import AfterSettings
from hookyard.dispatch.schedules.entry import Entry
from hookyard.dispatch.schedules.fire import principal_of
from hookyard.model import TERMINAL, Job
from hookyard.store.contract import JobQuery, Store

_LOOKED_AT = 200
_PAGES = 50
"""How many pages of the history a look back goes through at most: with 2000 jobs each, the last hundred thousand."""
_SOON = 1000
"""Milliseconds that lie at least between two fire times: schedules that follow each other in a circle do not spin."""


def after_of(entry: Entry) -> AfterSettings | None:
    """What the schedule comes after; None when it comes by time, or does not fire."""
    return entry.settings.after if entry.settings is not None and entry.live else None


def waits_for(entry: Entry, job: Job) -> bool:
    """Whether the end of this job arms the schedule."""
    after = after_of(entry)
    if after is None or entry.row.next_at is not None or not _is_meant(after, job):
        return False
    return not entry.row.tenant or entry.row.tenant == job.tenant


def is_new(entry: Entry, job: Job) -> bool:
    """Whether the end of this job came after the last fire time for certain, whatever the clock said then.

    It did when that fire time made this job, which the schedule follows, or one that is older: ids grow, also when the
    clock goes back.
    """
    after, row = after_of(entry), entry.row
    if after is None or row.last_job is None:
        return False
    if after.schedule == row.name and job.id == row.last_job:
        return True
    return row.last_outcome == "queued" and job.id > row.last_job


def fire_time(entry: Entry, ended_at: int, *, new: bool = False) -> int | None:
    """The fire time that an end at this time makes; None when it is one that was acted on already, or too late.

    Args:
        entry: the schedule.
        ended_at: milliseconds.
        new: whether the end came after the last fire time for certain, whatever the clock says.
    """
    after = after_of(entry)
    if after is None:
        return None
    at = max(ended_at + after.delay, entry.rule.start or 0)
    if entry.row.last_at is not None:
        if at <= entry.row.last_at and not new:  # two ends within one millisecond, or a clock that went back
            return None
        at = max(at, entry.row.last_at + _SOON)
    return None if entry.rule.end is not None and at > entry.rule.end else at


def after_itself(entry: Entry, now: int) -> int | None:
    """When a schedule that follows itself goes on although its last fire time made no job."""
    after = after_of(entry)
    if after is None or after.schedule != entry.row.name or entry.row.next_at is not None:
        return None
    at = now + max(after.delay, _SOON)
    return None if entry.rule.end is not None and at > entry.rule.end else at


async def look_back(
    entry: Entry, store: Store, now: int, followed: Entry | None = None, *, far: bool = True
) -> int | None:
    """The fire time of a schedule that missed the end it waits for, because the server was down.

    Args:
        entry: the schedule.
        store: has the jobs.
        now: milliseconds.
        followed: the schedule that it comes after, if it is one.
        far: whether to look further than at the newest jobs.
    """
    after, row = after_of(entry), entry.row
    if after is None or row.next_at is not None or after.server is not None:
        return None
    if after.schedule == row.name and row.last_job is None:
        return after_itself(entry, now) if row.last_at is not None else max(now, entry.rule.start or 0)
    if after.schedule == row.name and row.last_job is not None:
        last = await store.job(row.last_job)
        if last is None:
            return after_itself(entry, now)  # it was deleted, and will never end
        if last.completed_at is not None and _is_meant(after, last):
            return fire_time(entry, last.completed_at, new=True)
    # A clock that shows less than the last fire time went back: what ended since then may seem to have ended before it.
    since = row.created_at if row.last_at is None else 0 if now < row.last_at else row.last_at - after.delay
    if followed is not None and followed.row.last_job is not None:
        # However many jobs were made since.
        last = await store.job(followed.row.last_job)
        if last is not None and last.completed_at is not None and waits_for(entry, last) and last.completed_at >= since:
            return fire_time(entry, last.completed_at, new=is_new(entry, last))
    query = JobQuery(
        principal=None if after.schedule is None else principal_of(after.schedule),
        plugin=None if after.command is None else after.command.partition("/")[0],
        command=None if after.command is None else after.command.partition("/")[2],
        tenant=row.tenant or None,
        finished_since=since,
        limit=_LOOKED_AT,
    )
    for _ in range(_PAGES if far else 1):
        page = await store.jobs(query)
        ends = _ends(after, page.jobs)
        if ends:
            times = (fire_time(entry, ended_at, new=is_new(entry, job)) for job, ended_at in ends)
            return max((at for at in times if at is not None), default=None)
        if page.next is None:
            break
        query = replace(query, before=page.next)
    return None


def _ends(after: AfterSettings, jobs: Iterable[Job]) -> list[tuple[Job, int]]:
    return [(job, job.completed_at) for job in jobs if job.completed_at is not None and _is_meant(after, job)]


def _is_meant(after: AfterSettings, job: Job) -> bool:
    if after.schedule is not None:
        if job.principal != principal_of(after.schedule):
            return False
    elif after.command != f"{job.plugin}/{job.command}":
        return False
    if after.on == "ended":
        return job.status in TERMINAL
    if after.on == "failed":
        return job.status in {"failed", "timed_out"}
    return job.status == "succeeded"
