"""`GET /api/v1/audit`: who changed what."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hookyard.auth import AUDIT_READ
from hookyard.clock import rfc3339
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.moment import Moment, millis
from hookyard.gateway.paging import AUDIT, query_of
from hookyard.model import AuditEntry
from hookyard.store.contract import AuditQuery

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class AuditListQuery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `GET /api/v1/audit` can be asked; what is left out does not matter."""

    principal: Text | None = None
    """Who, such as `token:ci`."""
    action: Text | None = None
    """What was done: all of it, such as `token.create`, or its noun, such as `token`."""
    target: Text | None = None
    """To what: an id, a name, a lane."""
    since: Moment | None = None
    """Then or later: RFC 3339 with an offset, or milliseconds since 1970 UTC."""
    until: Moment | None = None
    """Before."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class AuditView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of state by a principal."""

    id: str
    at: str
    principal: str
    action: str
    target: str
    tenant: str | UnsetType = UNSET
    """Of the principal, where it has one."""
    peer: str | UnsetType = UNSET
    """The address that the request came from."""
    request_id: str
    details: Raw
    """What else belongs to it: an object."""


class AuditPage(Struct, frozen=True):
    """Changes, newest first. A page may be short, or empty, and still have a `next`."""

    entries: list[AuditView]
    next: str | None
    """The cursor of the next page; null on the last."""


class Audit:
    """The route."""

    def __init__(self, deps: GatewayDeps) -> None:
        self._deps = deps

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return it."""
        return [get("/api/v1/audit")(self.page)]

    async def page(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """List changes, newest first."""
        principal = allowed(request, self._deps, AUDIT_READ)
        asked = query_of(request, AuditListQuery)
        found = await self._deps.store.audit(
            AuditQuery(
                principal=asked.principal,
                action=asked.action,
                target=asked.target,
                tenant=principal.tenant or None,
                since=millis(asked.since),
                until=millis(asked.until),
                before=AUDIT.row(asked.cursor),
                limit=asked.limit,
            )
        )
        more = None if found.next is None else AUDIT.after(found.next)
        return value_answer(AuditPage([_view(each) for each in found.entries], more))


def _view(change: AuditEntry) -> AuditView:
    return AuditView(
        id=change.id,
        at=rfc3339(change.at),
        principal=change.principal,
        action=change.action,
        target=change.target,
        tenant=change.tenant or UNSET,
        peer=change.peer or UNSET,
        request_id=change.request_id,
        details=Raw(change.details),
    )
