"""What belongs to one job: attempts, children, deliveries, items."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct
from msgspec.json import decode

from hookyard.gateway.answer import value_answer
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.jobs.access import JobAccess
from hookyard.gateway.jobs.items import ItemView, item_view
from hookyard.gateway.jobs.told import deliveries_of
from hookyard.gateway.paging import page_of, query_of
from hookyard.gateway.views import AttemptView, DeliveryView, JobRow, attempt_view, row_view
from hookyard.model import LogLine

_LINES: Final = 1000
"""How many lines of a log are looked at for what came on stderr."""


class AttemptWithOutput(AttemptView, frozen=True, kw_only=True):
    """One ended run, with what its process wrote to stderr."""

    stderr: list[str]
    """Lines among the first 1000 of the job's log; all of them are in the log."""


class AttemptList(Struct, frozen=True):
    """The ended attempts of a job, oldest first."""

    attempts: list[AttemptWithOutput]


class ChildList(Struct, frozen=True):
    """The jobs that a job's command called for, or that follow it in a chain, oldest first; the first 200."""

    jobs: list[JobRow]


class DeliveryList(Struct, frozen=True):
    """The webhooks about a job, oldest first, each with its tries."""

    deliveries: list[DeliveryView]


class ItemPage(Struct, frozen=True):
    """Partial results, by name."""

    items: list[ItemView]
    next: str | None
    """What to give as `after` for the next page; null when there is none."""


class ItemQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/jobs/{id}/items` can be asked."""

    after: Annotated[str, Meta(max_length=200)] = ""
    """Only items with a name greater than this."""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class Parts:
    """The routes; who may read a job may read these."""

    def __init__(self, deps: GatewayDeps, access: JobAccess) -> None:
        self._deps = deps
        self._store = deps.store
        self._access = access

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/api/v1/jobs/{job_id:str}/attempts")(self.attempts),
            get("/api/v1/jobs/{job_id:str}/children")(self.children),
            get("/api/v1/jobs/{job_id:str}/deliveries")(self.deliveries),
            get("/api/v1/jobs/{job_id:str}/items")(self.items),
        ]

    async def attempts(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """List the ended attempts of a job, each with its error and what its process wrote to stderr."""
        job = await self._access.readable(request, job_id)
        found = [attempt_view(attempt) for attempt in await self._store.attempts(job.id)]
        written = _stderr(await self._store.log_lines(job.id, limit=_LINES)) if found else {}
        return value_answer(AttemptList([_with_output(view, written.get(view.number, [])) for view in found]))

    async def children(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """List the jobs that a job's command called for."""
        job = await self._access.readable(request, job_id)
        found = await self._store.children(job.id)
        return value_answer(ChildList([row_view(self._access.explained(child)) for child in found]))

    async def deliveries(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """List the webhooks about a job, each with its tries."""
        principal, job = await self._access.read_by(request, job_id)
        return value_answer(DeliveryList(await deliveries_of(self._deps, job, principal)))

    async def items(self, request: Request[Any, Any, Any], job_id: FromPath[str]) -> ASGIApp:
        """List the partial results of a job, by name."""
        job = await self._access.readable(request, job_id, query=True)
        asked = query_of(request, ItemQuery)
        found = await self._store.items(job.id, after=asked.after, limit=asked.limit + 1)
        shown, more = page_of(found, asked.limit, lambda item: item.name)
        return value_answer(ItemPage([item_view(item) for item in shown], more))


def _with_output(view: AttemptView, lines: list[str]) -> AttemptWithOutput:
    return AttemptWithOutput(**{name: getattr(view, name) for name in view.__struct_fields__}, stderr=lines)


def _stderr(lines: Iterable[LogLine]) -> dict[int, list[str]]:
    """What processes wrote to stderr, by attempt: the runners keep it as lines of the log of this name."""
    found: dict[int, list[str]] = {}
    for line in lines:
        if line.event == "stderr":
            found.setdefault(line.attempt, []).append(str(decode(line.values, type=dict[str, object]).get("line", "")))
    return found
