"""Deliveries of a store, one or those in any of several statuses, as one caller sees them."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from hookyard import ids
from hookyard.auth import Principal
from hookyard.errors import Refused
from hookyard.gateway.deps import GatewayDeps
from hookyard.model import Delivery, DeliveryStatus
from hookyard.outbound.endpoints import Manager
from hookyard.outbound.recovery import Recovery
from hookyard.store.contract import DeliveriesFound, DeliveryQuery, Store


async def find(store: Store, query: DeliveryQuery, statuses: Sequence[DeliveryStatus]) -> DeliveriesFound:
    """A page of deliveries, newest first, of those in one of these statuses; in any when there is none.

    Each status is asked for on its own, since each has an index of its own. One that goes from one status to another
    meanwhile may be left out.
    """
    if len(statuses) < 2:  # noqa: PLR2004  nothing to put together
        return await store.find_deliveries(replace(query, status=statuses[0] if statuses else None))
    pages = [await store.find_deliveries(replace(query, status=status)) for status in statuses]
    # Down to here, and no further, all of them have been looked through.
    end = max((page.next for page in pages if page.next is not None), default=None)
    by_id = {each.id: each for page in pages for each in page.deliveries if end is None or each.id >= end}
    found = sorted(by_id.values(), key=lambda each: each.id, reverse=True)
    if len(found) > query.limit:
        found = found[: query.limit]
        end = found[-1].id
    return DeliveriesFound(tuple(found), end)


async def find_one(deps: GatewayDeps, principal: Principal, text: str) -> Delivery:
    """The delivery of this id.

    Raises:
        Refused: that is no id, or there is none that this caller sees.
    """
    delivery_id = ids.parse(text)
    if delivery_id is None:
        raise Refused("invalid_request", "That is not a delivery id.")
    found = await deps.store.delivery(delivery_id)
    if found is None or not visible(principal, deps.endpoints)(found):
        raise Refused("not_found", "There is no such delivery.")
    return found


def recovery_of(deps: GatewayDeps) -> Recovery:
    """What sends deliveries again.

    Raises:
        Refused: nothing is sent from here.
    """
    if deps.recovery is None:
        raise Refused("not_found", "Nothing is sent from here.")
    return deps.recovery


def visible(principal: Principal, endpoints: Manager | None) -> Callable[[Delivery], bool]:
    """Whether a delivery is there for this caller: of its tenant, and for an endpoint of its tenant or a callback.

    What an operator's endpoint is told of a tenant's jobs is the operator's, to be seen and to be sent again.
    """

    def sees(delivery: Delivery) -> bool:
        if not principal.tenant:
            return True
        if delivery.tenant != principal.tenant:
            return False
        return delivery.endpoint is None or may_list(principal, endpoints, delivery.endpoint)

    return sees


def may_list(principal: Principal, endpoints: Manager | None, name: str) -> bool:
    """Whether there may be deliveries for this endpoint that this caller sees.

    For one that is not there for it nothing is looked for: how the pages are cut would tell how much others have.
    """
    if not principal.tenant:
        return True
    if endpoints is None:
        return False
    try:
        endpoints.find(name, principal.tenant)
    except Refused:
        return False
    return True
