"""`GET /api/v1/events`: what plugins emitted."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hookyard import ids
from hookyard.auth import JOBS_READ
from hookyard.clock import rfc3339
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.paging import EVENTS, page_of, query_of
from hookyard.model import Event
from hookyard.store.contract import EventQuery


class EventListQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What `GET /api/v1/events` can be asked."""

    type: str | None = None
    plugin: str | None = None
    job_id: str | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class EventView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named fact that a plugin emitted, or, as the plugin `hookyard`, Hookyard itself."""

    id: str
    type: str
    plugin: str
    command: str
    job_id: str | UnsetType = UNSET
    """Left out of one of Hookyard's own."""
    request_id: str
    created_at: str
    dedupe_key: str | UnsetType = UNSET
    payload: Raw


class EventPage(Struct, frozen=True):
    """Events, newest first; for a caller with a tenant, of that tenant only."""

    events: list[EventView]
    next: str | None
    """The cursor of the next page; null on the last."""


class Events:
    """The route; who may read jobs may read their events."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps
        self._store = deps.store

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the route."""
        return [get("/api/v1/events")(self.events)]

    async def events(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List what plugins emitted, newest first."""
        principal = allowed(request, self._deps, JOBS_READ)
        query = query_of(request, EventListQuery)
        job_id = None if query.job_id is None else ids.parse(query.job_id)
        if job_id is None and query.job_id is not None:
            raise Refused("invalid_request", "That is not a job id.")
        found = await self._store.events(
            EventQuery(
                type=query.type,
                plugin=query.plugin,
                job_id=job_id,
                tenant=principal.tenant or None,
                before=EVENTS.row(query.cursor),
                limit=query.limit + 1,
            )
        )
        shown, more = page_of(found, query.limit, lambda event: EVENTS.after(event.id))
        return value_answer(EventPage([_view(event) for event in shown], more))


def _view(event: Event) -> EventView:
    """Show an event."""
    return EventView(
        id=event.id,
        type=event.type,
        plugin=event.plugin,
        command=event.command,
        job_id=event.job_id or UNSET,
        request_id=event.request_id,
        created_at=rfc3339(event.created_at),
        dedupe_key=UNSET if event.dedupe_key is None else event.dedupe_key,
        payload=Raw(event.payload),
    )
