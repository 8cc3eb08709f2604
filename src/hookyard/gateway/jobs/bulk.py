"""`POST /api/v1/jobs/bulk`: many new jobs in one transaction, each with an answer of its own."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import UNSET

from hookyard.auth import Principal
from hookyard.dispatch.new_job import NewJob
from hookyard.errors import CODES, Refused
from hookyard.gateway.accept import unstored
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of, decoded
from hookyard.gateway.caller import Seen, authenticate, count_jobs, seen
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.dispatching import Stored
from hookyard.gateway.envelope import require_consistent
from hookyard.gateway.jobs.bodies import BulkAnswer, BulkBody, BulkItem, BulkProblem, BulkResult
from hookyard.gateway.jobs.create import way_of
from hookyard.gateway.tables import Live
from hookyard.store.contract import Enqueued


class Bulk:
    """The route."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._deps = deps
        self._live = live

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [post("/api/v1/jobs/bulk", status_code=200)(self.create)]

    async def create(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Make many jobs; what is wrong with one keeps no other from being made."""
        known = seen(request)
        principal = authenticate(request, self._deps.tokens)
        asked = await body_of(request, self._deps, BulkBody)
        count_jobs(request, principal, len(asked.jobs))
        results: dict[int, BulkResult] = {}
        news: dict[int, NewJob] = {}
        for at, item in enumerate(asked.jobs):
            try:
                news[at] = await self._make(bytes(item), principal, known, f"$.jobs[{at}]")
            except Refused as error:
                results[at] = BulkResult(index=at, problem=problem_of(error))
        if news:
            stored = await self._deps.dispatcher.accept_many(list(news.values()))
            results |= {at: _result(at, outcome) for at, outcome in zip(news, stored, strict=True)}
        refused = sum(result.problem is not UNSET for result in results.values())
        return value_answer(
            BulkAnswer(
                accepted=len(results) - refused, refused=refused, results=[results[at] for at in sorted(results)]
            )
        )

    async def _make(self, item: bytes, principal: Principal, known: Seen, base: str) -> NewJob:
        asked = decoded(item, BulkItem, base)
        require_consistent(asked, base)
        way = await way_of(self._deps, self._live, principal, asked, peer=known.peer, base=base)
        repeat = None if asked.idempotency_key is None else (asked.idempotency_key, item)
        return await way.make(asked.payload, asked, principal, repeat, known.given_id, base=base, peer=known.peer)


def _result(at: int, outcome: Stored) -> BulkResult:
    if isinstance(outcome, Enqueued):
        return BulkResult(index=at, job_id=outcome.job_id, duplicate=outcome.duplicate, coalesced=outcome.coalesced)
    return BulkResult(index=at, problem=problem_of(unstored(outcome)))


def problem_of(error: Refused) -> BulkProblem:
    """What an item of many is answered with that was refused."""
    code, job_id = CODES[error.code], error.extra.get("job_id")
    return BulkProblem(
        code=error.code,
        status=code.status,
        title=code.title,
        detail=error.detail,
        retryable=code.retryable,
        path=UNSET if error.path is None else error.path,
        job_id=job_id if isinstance(job_id, str) else UNSET,
    )
