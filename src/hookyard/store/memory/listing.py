"""Which jobs a list shows."""

from collections.abc import Iterable

from msgspec.structs import replace

from hookyard.model import Job
from hookyard.store.contract import JobQuery, JobsFound
from hookyard.store.rules import is_dead
from hookyard.store.spans import in_span
from hookyard.store.stored_error import mentions


def page(jobs: Iterable[Job], query: JobQuery) -> JobsFound:
    """A page of these jobs."""
    newest = sorted(jobs, key=lambda job: job.id, reverse=True)
    found = [
        replace(job, args=b"", result=None)
        for job in newest
        if _is_asked_for(job, query) and (query.before is None or job.id < query.before)
    ]
    shown = tuple(found[: query.limit])
    return JobsFound(shown, shown[-1].id if shown and len(found) > len(shown) else None)


def _is_asked_for(job: Job, query: JobQuery) -> bool:
    return (
        query.status in {None, job.status}
        and query.reason in {None, job.reason}
        and (not query.dead or is_dead(job))
        and query.plugin in {None, job.plugin}
        and query.command in {None, job.command}
        and query.lane in {None, job.lane}
        and query.principal in {None, job.principal}
        and query.source in {None, job.source}
        and (query.tag is None or query.tag in job.tags)
        and query.tenant in {None, job.tenant}
        and query.parent in {None, job.parent}
        and in_span(job.id, query.created_since, query.created_until)
        and _ended_in(job.completed_at, query.finished_since, query.finished_until)
        and (query.error is None or (job.last_error is not None and mentions(job.last_error, query.error.casefold())))
    )


def _ended_in(at: int | None, since: int | None, until: int | None) -> bool:
    if since is None and until is None:
        return True
    return at is not None and (since is None or at >= since) and (until is None or at < until)
