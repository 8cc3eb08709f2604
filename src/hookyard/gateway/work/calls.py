"""What a worker says of a job that it holds: it goes on, it is done, it failed, it is given back."""

from typing import Any

from litestar import Request, post
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Struct

from hookyard import ids
from hookyard.auth import Principal
from hookyard.context.messages import LogNote
from hookyard.dispatch.bounds import bounded
from hookyard.dispatch.work import Extension, Work, held, token_of
from hookyard.errors import CommandError, InvalidOutput, Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.body import body_of
from hookyard.gateway.caller import authenticate
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.work.bodies import (
    LARGEST_ITEM,
    CompleteRequest,
    ExtendRequest,
    FailRequest,
    HeldJob,
    ItemBody,
    ReleaseRequest,
)
from hookyard.gateway.work.views import end_view, extend_view
from hookyard.model import Item, Job, Progress


class Held(Struct, frozen=True):
    """A job that the caller holds."""

    job: Job
    token: int


async def held_job(deps: GatewayDeps, principal: Principal, job_id: str, lease: str) -> Held:
    """Return the job, when the caller may work on it and the lease is the one that holds it.

    Raises:
        Refused: no id, no such job for this caller, or `stale_lease`.
    """
    known = ids.parse(job_id)
    if known is None:
        raise Refused("invalid_input", "That is not a job id.", path="$.job_id")
    job = await deps.store.job(known)
    if job is None or not principal.sees(job.tenant) or not principal.may(f"work:{job.lane}"):
        raise Refused("not_found", "There is no such job.")
    token = token_of(lease)
    return Held(held(job, token), token or 0)


class WorkCalls:
    """The routes."""

    def __init__(self, deps: GatewayDeps, work: Work) -> None:
        self._deps = deps
        self._work = work

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return them."""
        return [
            post("/api/v1/work/extend", status_code=200)(self.extend),
            post("/api/v1/work/complete", status_code=200)(self.complete),
            post("/api/v1/work/fail", status_code=200)(self.fail),
            post("/api/v1/work/release", status_code=200)(self.release),
        ]

    async def extend(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Go on with a job."""
        principal = authenticate(request, self._deps.tokens)
        asked = await body_of(request, self._deps, ExtendRequest)
        held = await self._held(principal, asked)
        now = self._deps.clock.now()
        progress = asked.progress
        told = Extension(
            longer=None if asked.for_ is None else round(asked.for_ * 1000),
            progress=None if progress is None else Progress(progress.done, progress.total, progress.message, now),
            items=tuple(_item(held.job, item, place, now) for place, item in enumerate(asked.items)),
            lines=tuple(LogNote(line.level, line.event, line.values) for line in asked.lines),
        )
        return value_answer(extend_view(held.job, await self._work.extend(held.job, held.token, told)))

    async def complete(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """End a job with its result."""
        principal = authenticate(request, self._deps.tokens)
        asked = await body_of(request, self._deps, CompleteRequest)
        held = await self._held(principal, asked)
        try:
            ended = await self._work.complete(held.job, held.token, bytes(asked.result))
        except InvalidOutput as error:
            detail = f"{error.problem}; the job is still held"
            raise Refused("invalid_output", detail, path=f"$.result{error.path[1:]}") from error
        return value_answer(end_view(ended))

    async def fail(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """End an attempt that did not succeed."""
        principal = authenticate(request, self._deps.tokens)
        asked = await body_of(request, self._deps, FailRequest)
        held = await self._held(principal, asked)
        given = asked.error
        error = CommandError(given.message, code=given.code, retryable=given.retryable, details=given.details)
        after = None if asked.retry_after is None else round(asked.retry_after * 1000)
        return value_answer(end_view(await self._work.fail(held.job, held.token, error, after)))

    async def release(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Give a job back."""
        principal = authenticate(request, self._deps.tokens)
        asked = await body_of(request, self._deps, ReleaseRequest)
        held = await self._held(principal, asked)
        return value_answer(end_view(await self._work.release(held.job, held.token, round(asked.after * 1000))))

    async def _held(self, principal: Principal, asked: HeldJob) -> Held:
        return await held_job(self._deps, principal, asked.job_id, asked.lease)


def _item(job: Job, item: ItemBody, place: int, now: int) -> Item:
    data = bytes(item.data)
    if len(data) > LARGEST_ITEM:
        detail = f"The data of an item may have {LARGEST_ITEM} bytes; keep more as an artifact."
        raise Refused("too_large", detail, path=f"$.items[{place}].data", extra={"limit": LARGEST_ITEM})
    return Item(
        job_id=job.id,
        name=item.name,
        status=item.status,
        data=None if data == b"null" else data,
        error=None if item.error is None else bounded(item.error),
        at=now,
    )
