"""Questions about deliveries and the endpoints that they are for; lists cost the same however long the history is."""

from typing import cast

from hookyard.model import MOST_COUNTED, Backlog, Delivery, Endpoint, EndpointAttempt
from hookyard.store.contract import DeliveriesFound, DeliveryQuery, is_glob
from hookyard.store.sqlite import codec, codec_kept, statements
from hookyard.store.sqlite.asking import Asking
from hookyard.store.sqlite.codec import DeliveryRow, numbers
from hookyard.store.sqlite.lists import Wanted, Way, between, id_before, page_of

_QUERIES, _ENDPOINTS = statements.load("queries"), statements.load("endpoints")
_LISTS = statements.load("delivery_lists", columns_of="queries")


class DeliveryReader(Asking):
    """Asks for deliveries, endpoints and how they do."""

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """One delivery."""
        rows = await self.rows(_QUERIES["delivery"], numbers(delivery_id))
        return codec.delivery(cast("DeliveryRow", rows[0])) if rows else None

    async def find_deliveries(self, query: DeliveryQuery) -> DeliveriesFound:
        """A page of deliveries."""
        span = between(query.before, query.created_since, query.created_until)
        job = (None, None) if query.job_id is None else numbers(query.job_id)
        globs = query.event is not None and is_glob(query.event)
        asked = (query.endpoint, query.callback, query.status, query.event, *job, query.tenant, query.error, globs)
        page = await self.ask(page_of, _LISTS, Wanted(_way(query, job[0]), span, max(query.limit, 1), asked))
        found = tuple(codec.delivery(row) for row in cast("list[DeliveryRow]", page.rows))
        return DeliveriesFound(found, id_before(page, found[-1].id if found else None))

    async def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints."""
        return tuple(map(codec_kept.endpoint, await self.rows(_ENDPOINTS["endpoints"], ())))

    async def endpoint_attempts(self, endpoint: str, *, epoch: int | None, limit: int) -> tuple[EndpointAttempt, ...]:
        """The tries of the newest deliveries of an endpoint."""
        rows = await self.rows(_ENDPOINTS["endpoint_attempts"], (endpoint, max(limit, 0), 2 * max(limit, 0), epoch))
        return tuple(map(codec_kept.endpoint_attempt, rows))

    async def backlog(self, endpoint: str, *, epoch: int | None) -> Backlog:
        """How many deliveries of an endpoint are open."""
        ((pending, held, sending, failed, oldest),) = cast(
            "list[tuple[int, int, int, int, int | None]]",
            await self.rows(_ENDPOINTS["backlog"], (endpoint, MOST_COUNTED, epoch)),
        )
        return Backlog(pending=pending, held=held, sending=sending, failed=failed, oldest=oldest)


def _way(query: DeliveryQuery, job_key: int | None) -> Way:
    """The index that should leave the fewest rows to look at.

    A tenant's are looked for among its own: how a page is cut that has looked at as many rows as it may would tell how
    much others have. What a job has, what is being sent, and what an endpoint has of one name, are not as many.
    """
    if job_key is not None:
        return Way("of_job", job_key)
    if query.status == "sending":
        return Way("sending")
    part = "" if query.status is None or query.status == "delivered" else f"_{query.status}"
    if query.endpoint is not None or (query.callback and not query.tenant):
        return Way(f"of_endpoint{part}", query.endpoint)
    if query.tenant:
        return Way(f"of_tenant{part}", query.tenant)
    if query.status == "failed":
        return Way("failed")
    if query.status in {"pending", "held"}:
        return Way("waiting", query.status)
    return Way("all")
