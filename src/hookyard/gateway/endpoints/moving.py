"""One page of sending again, or of deleting, what was for an endpoint or for callback URLs."""

from typing import Any, Literal

from litestar import Request
from litestar.types import ASGIApp
from msgspec import Struct, to_builtins

from hookyard.auth import Principal
from hookyard.gateway.answer import value_answer
from hookyard.gateway.caller import entry
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.bodies import Moved, Purge, Recover, stretch_of
from hookyard.gateway.paging import OLDEST_FIRST
from hookyard.outbound.recovery import Recovery, Stretch
from hookyard.store.contract import DeliveriesMoved, DeliveryFilter


class Whose(Struct, frozen=True, kw_only=True):
    """Which deliveries: those of an endpoint, or those to callback URLs."""

    kind: Literal["endpoint", "delivery"]
    """How the audit log calls what is done."""
    endpoint: str | None = None
    origin: str | None = None
    """Of callback URLs the scheme, host and port; None: of all."""

    @property
    def target(self) -> str:
        """How the audit log calls them."""
        return self.endpoint or self.origin or "*"


class Moving:
    """Does a page of it, and answers how far that came. Who may is known by then."""

    def __init__(self, deps: GatewayDeps, recovery: Recovery, principal: Principal) -> None:
        self._deps = deps
        self._recovery = recovery
        self._principal = principal

    async def recover(self, request: Request[Any, Any, Any], whose: Whose, asked: Recover) -> ASGIApp:
        """Send again what failed for good, and now what waits, if that is wanted too."""
        stretch = stretch_of(asked, OLDEST_FIRST)
        only = asked.only()
        facts = {**facts_of(stretch, only), "waiting": asked.waiting}
        audit = entry(request, self._principal, self._deps, f"{whose.kind}.recover", whose.target, facts)
        moved = await self._recovery.recover(
            whose.endpoint,
            stretch,
            audit=audit,
            only=only,
            waiting=asked.waiting,
            tenant=self._principal.tenant,
            origin=whose.origin,
        )
        return value_answer(_moved_of(moved, dry_run=asked.dry_run))

    async def purge(self, request: Request[Any, Any, Any], whose: Whose, asked: Purge) -> ASGIApp:
        """Delete those that are asked for."""
        stretch = stretch_of(asked, OLDEST_FIRST)
        statuses = tuple(dict.fromkeys(asked.statuses))
        only = asked.only()
        facts = {**facts_of(stretch, only), "statuses": statuses}
        audit = entry(request, self._principal, self._deps, f"{whose.kind}.purge", whose.target, facts)
        moved = await self._recovery.purge(
            whose.endpoint,
            stretch,
            statuses=statuses,
            audit=audit,
            only=only,
            tenant=self._principal.tenant,
            origin=whose.origin,
        )
        return value_answer(_moved_of(moved, dry_run=asked.dry_run))


def facts_of(stretch: Stretch, only: DeliveryFilter) -> dict[str, object]:
    """What the audit log says of a call; of the filter what was said."""
    return {
        "since": stretch.since,
        "until": stretch.until,
        "limit": stretch.limit,
        "first": stretch.after is None,
        **to_builtins(only),
    }


def _moved_of(moved: DeliveriesMoved, *, dry_run: bool) -> Moved:
    """How far a call came, and where to go on."""
    more = None if moved.next is None else OLDEST_FIRST.after(moved.next)
    return Moved(count=moved.count, next=more, dry_run=dry_run)
