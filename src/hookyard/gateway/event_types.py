"""`/api/v1/event-types`: what endpoints can be told of, and what each event says."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import UNSET, Raw

from hookyard.auth import JOBS_READ, Principal
from hookyard.errors import Refused
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import authenticate
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.event_type_views import EventTypeRow, EventTypes, OneEventType, OneEventTypeQuery
from hookyard.gateway.paging import query_of, require_no_query
from hookyard.gateway.tables import Live
from hookyard.model import Event
from hookyard.outbound.events import BY_NAME, KnownType, known_types, sample_of, schema
from hookyard.store.contract import EventQuery

_LOOKED_AT: Final = 200
"""Events, the newest, whose types are listed though nobody declares them."""


class EventTypeRoutes:
    """The routes, for whoever has a valid credential; what nobody declares is shown to those who may read jobs."""

    def __init__(self, deps: GatewayDeps, live: Live) -> None:
        self._deps = deps
        self._live = live

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [
            get("/api/v1/event-types")(self.page),
            get("/api/v1/event-types/{event_type:str}")(self.one),
        ]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List all types."""
        principal = authenticate(request, self._deps.tokens)
        require_no_query(request)
        known = await self._known(principal)
        return value_answer(EventTypes([EventTypeRow(**_row(each)) for each in known]))

    async def one(self, request: Request[Any, Any, Any], event_type: FromPath[str]) -> ASGIApp:
        """Show one type."""
        principal = authenticate(request, self._deps.tokens)
        asked = query_of(request, OneEventTypeQuery)
        known = await self._known(principal, event_type)
        found = next(
            (one for one in known if one.event_type.type == event_type and asked.plugin in {None, one.plugin}), None
        )
        if found is None:
            raise Refused("not_found", "There is no such type of event.")
        kind = found.event_type
        shown = sample_of(found, self._deps.clock.now())
        return value_answer(
            OneEventType(**_row(found), schema_=schema(kind), sample=UNSET if shown is None else Raw(shown))
        )

    async def _known(self, principal: Principal, event_type: str | None = None) -> list[KnownType]:
        told: Sequence[Event] = ()
        if principal.may(JOBS_READ) and event_type not in BY_NAME:
            told = await self._deps.store.events(
                EventQuery(type=event_type, tenant=principal.tenant or None, limit=_LOOKED_AT)
            )
        return list(known_types(self._live.tables.registry.events, told))


def _row(known: KnownType) -> dict[str, Any]:
    kind = known.event_type
    return {
        "type": kind.type,
        "group": kind.group,
        "plugin": known.plugin,
        "description": kind.description,
        "quiet": kind.quiet,
        "declared": known.declared,
    }
