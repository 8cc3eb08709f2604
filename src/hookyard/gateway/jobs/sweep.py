"""`POST /api/v1/jobs/cancel` and `/retry`: the same done to every job that a filter finds."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from hookyard.auth import JOBS_READ, JOBS_WRITE, Principal
from hookyard.errors import Refused
from hookyard.gateway.answer import Answer, value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import allowed, entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.outcome import uncancelled, unretried
from hookyard.gateway.jobs.page import JobFilter
from hookyard.gateway.paging import JOBS
from hookyard.store.contract import CancelRequested, Done

_NO_FILTER: Final = JobFilter()
_AT_ONCE: Final = 100
"""So many changes share a transaction; the next ones wait, so that one request does not fill the queue."""
_PAGES: Final = 20
"""How many pages of the history are looked through for one request."""
_Change = Callable[[str], Awaitable[Refused | None]]


class CancelMany(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which jobs to cancel, newest first."""

    filter: JobFilter = _NO_FILTER
    all: bool = False
    """Must be said when the filter is empty."""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    """How many of the jobs that the filter finds to look at."""
    cursor: str | None = None
    """The `next` of an earlier answer."""
    dry_run: bool = False
    """Only say which jobs these are."""


class RetryMany(CancelMany, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which jobs to queue again, newest first."""

    force: bool = False
    """Also those that succeeded, and those whose attempts are used up, which get as many again as their command has."""


class Swept(Struct, frozen=True, kw_only=True):
    """What became of the jobs that a filter found."""

    matched: int
    """How many were found."""
    changed: int
    job_ids: list[str]
    """Of those that were changed; of those that were found, in a dry run."""
    refused: dict[str, int]
    """How many were left as they are, by the code that one alone would have been refused with."""
    next: str | None
    """The cursor to go on with; null when all are done."""
    dry_run: bool


class Sweeps:
    """The routes."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            post("/api/v1/jobs/cancel", status_code=200)(self.cancel),
            post("/api/v1/jobs/retry", status_code=200)(self.retry),
        ]

    async def cancel(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Cancel every job that a filter finds."""
        principal = self._caller(request)
        asked = await body_of(request, self._deps, CancelMany)

        async def change(job_id: str) -> Refused | None:
            audit = entry(request, principal, self._deps, "job.cancel", job_id, {"bulk": True})
            outcome = await self._deps.dispatcher.cancel(job_id, audit=audit)
            return None if isinstance(outcome, (Done, CancelRequested)) else uncancelled(outcome, job_id)

        return await self._sweep(asked, principal, change)

    async def retry(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Queue every job again that a filter finds."""
        principal = self._caller(request)
        asked = await body_of(request, self._deps, RetryMany)

        async def change(job_id: str) -> Refused | None:
            told = {"bulk": True, "force": asked.force}
            audit = entry(request, principal, self._deps, "job.retry", job_id, told)
            outcome = await self._deps.dispatcher.retry(job_id, force=asked.force, audit=audit)
            return None if isinstance(outcome, Done) else unretried(outcome, job_id)

        return await self._sweep(asked, principal, change)

    def _caller(self, request: Request[Any, Any, Any]) -> Principal:
        # The answer lists jobs, so that who may not read them may not do this either.
        allowed(request, self._deps, JOBS_READ)
        return allowed(request, self._deps, JOBS_WRITE)

    async def _sweep(self, asked: CancelMany, principal: Principal, change: _Change) -> Answer:
        if asked.filter == _NO_FILTER and not asked.all:
            raise Refused(
                "invalid_input", "An empty filter finds every job: say all if that is meant.", path="$.filter"
            )
        found, cursor = await self._find(asked, principal)
        changed: list[str] = []
        refused: Counter[str] = Counter()
        for at in range(0, 0 if asked.dry_run else len(found), _AT_ONCE):
            part = found[at : at + _AT_ONCE]
            for job_id, refusal in zip(part, await asyncio.gather(*map(change, part)), strict=True):
                if refusal is None:
                    changed.append(job_id)
                else:
                    refused[refusal.code] += 1
        swept = Swept(
            matched=len(found),
            changed=len(changed),
            job_ids=found if asked.dry_run else changed,
            refused=dict(refused),
            next=None if cursor is None else JOBS.after(cursor),
            dry_run=asked.dry_run,
        )
        return value_answer(swept)

    async def _find(self, asked: CancelMany, principal: Principal) -> tuple[list[str], str | None]:
        """The jobs to look at, and the id to go on before."""
        found: list[str] = []
        before = JOBS.row(asked.cursor)
        for _ in range(_PAGES):
            room = min(asked.limit - len(found), 200)
            page = await self._deps.store.jobs(asked.filter.query(principal, before, room))
            found += [job.id for job in page.jobs]
            before = page.next
            if before is None or len(found) == asked.limit:
                break
        return found, before
