"""What every route of endpoints begins with."""

from typing import Any

from litestar import Request
from msgspec import UnsetType

from hookyard.auth import ADMIN, ENDPOINTS_WRITE, JOBS_READ, Principal
from hookyard.errors import Refused
from hookyard.gateway.caller import allowed
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.endpoints.views import EndpointView, view_of
from hookyard.gateway.endpoints.warning import Commands, Declared, warning_of
from hookyard.gateway.paging import require_no_query
from hookyard.outbound.endpoints import Entry, Manager
from hookyard.outbound.recovery import Recovery
from hookyard.store.contract import DeliveryQuery


class EndpointAccess:
    """Finds the endpoint that a request names, for those who may, and shows it.

    The order is the same for every route: who is calling (401), whether it may do this at all (403), a query that is
    not understood (400), and whether there is such an endpoint for this caller (404).

    Args:
        deps: what is asked.
        declared: the events that a filter may mean; only for what shows endpoints.
        commands: the commands that one may mean, likewise.
    """

    def __init__(self, deps: GatewayDeps, declared: Declared = tuple, commands: Commands = tuple) -> None:
        self._deps = deps
        self._declared = declared
        self._commands = commands

    @property
    def endpoints(self) -> Manager:
        """Those that keep endpoints.

        Raises:
            Refused: nobody does.
        """
        if self._deps.endpoints is None:
            raise Refused("not_found", "There are no endpoints here.")
        return self._deps.endpoints

    @property
    def recovery(self) -> Recovery:
        """Those that send again.

        Raises:
            Refused: nobody does.
        """
        if self._deps.recovery is None:
            raise Refused("not_found", "Nothing is sent from here.")
        return self._deps.recovery

    def writable(self, request: Request[Any, Any, Any], name: str) -> tuple[Principal, Entry]:
        """Return who asks, and the endpoint.

        Raises:
            Refused: see the class.
        """
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        return principal, self.endpoints.find(name, principal.tenant)

    def purger(self, request: Request[Any, Any, Any], name: str) -> Principal:
        """Return who asks; of one without a tenant the endpoint need not be there any more.

        Raises:
            Refused: see the class.
        """
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        require_no_query(request)
        if principal.tenant:
            self.endpoints.find(name, principal.tenant)
        return principal

    async def require_left(self, name: str) -> None:
        """Refuse a name of which there is nothing.

        Raises:
            Refused: no endpoint has it, nor has any delivery.
        """
        try:
            self.endpoints.find(name)
        except Refused:
            left = await self._deps.store.find_deliveries(DeliveryQuery(endpoint=name, limit=1))
            if not left.deliveries:
                raise

    def settable(self, request: Request[Any, Any, Any]) -> Principal:
        """Return who asks, when it may say where events go: an endpoint is told the results of jobs.

        Raises:
            Refused: see the class.
        """
        principal = allowed(request, self._deps, ENDPOINTS_WRITE)
        if not principal.may(JOBS_READ):
            raise Refused("forbidden", "An endpoint is told the results of jobs: that needs the scope jobs:read too.")
        require_no_query(request)
        return principal

    def view(self, entry: Entry) -> EndpointView:
        """Show it."""
        base = self._deps.config.server.public_url or ""
        dead, warning = self.dead_letter_at(entry.row.name), self.warning(entry)
        return view_of(entry, self._deps.clock.now(), base, dead_letter_at=dead, warning=warning)

    def warning(self, entry: Entry) -> str | UnsetType:
        """What is to be mended, though it is sent to."""
        return warning_of(entry, self._declared, self._commands)

    async def look_for_dead(self) -> None:
        """See which dead letters are still there, before endpoints are shown."""
        if self._deps.recent_dead is not None:
            await self._deps.recent_dead.names()

    def is_failing(self, entry: Entry) -> bool:
        """Whether its last attempt failed, or it has dead letters of the last day."""
        return entry.row.failing_since is not None or self.dead_letter_at(entry.row.name) is not None

    def dead_letter_at(self, name: str) -> int | None:
        """When its last dead letter of the last day came to be."""
        return None if self._deps.recent_dead is None else self._deps.recent_dead.at(name)


def tenant_of(principal: Principal, asked: object) -> str:
    """Whose a new endpoint is: its maker's, unless an admin without a tenant says otherwise.

    Args:
        principal: the maker.
        asked: a tenant, or what stands for none.

    Raises:
        Refused: it is another one, and the maker may not.
    """
    if not isinstance(asked, str) or asked == principal.tenant:
        return principal.tenant
    if principal.tenant or not principal.may(ADMIN):
        raise Refused("forbidden", "Only an admin without a tenant may make an endpoint of another.", path="$.tenant")
    return asked
