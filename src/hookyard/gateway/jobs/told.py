"""What was told of a job: the events that its command emitted, and who was sent a webhook."""

from typing import Final

from hookyard.auth import Principal
from hookyard.gateway.deliveries.finding import visible
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.views import DeliveryView, EmittedView, delivery_view
from hookyard.model import Job
from hookyard.store.contract import EventQuery

_MOST: Final = 200


async def events_of(deps: GatewayDeps, job: Job) -> list[EmittedView]:
    """What the command of a job emitted, oldest first; of more than 200 the last."""
    found = await deps.store.events(EventQuery(job_id=job.id, limit=_MOST))
    return [EmittedView(id=event.id, type=event.type) for event in reversed(found)]


async def deliveries_of(deps: GatewayDeps, job: Job, principal: Principal) -> list[DeliveryView]:
    """The webhooks about a job, oldest first, each with its tries.

    Those to an operator's endpoint are the operator's, here as in the list of deliveries.
    """
    sees = visible(principal, deps.endpoints)
    return [
        delivery_view(delivery, await deps.store.delivery_attempts(delivery.id))
        for delivery in await deps.store.deliveries(job.id)
        if sees(delivery)
    ]
