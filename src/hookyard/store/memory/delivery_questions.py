"""The questions to the model about deliveries, endpoints and what ended."""

from msgspec.structs import replace

from hookyard.model import MOST_COUNTED, Backlog, Delivery, Endpoint, EndpointAttempt
from hookyard.store.contract import DeliveriesFound, DeliveryQuery, EndedQuery, JobsFound, matches_type
from hookyard.store.memory.kept_questions import KeptQuestions
from hookyard.store.memory.whole import whole
from hookyard.store.rules import is_open
from hookyard.store.spans import in_span


class DeliveryQuestions(KeptQuestions):
    """A part of :class:`hookyard.store.memory.MemoryStore`."""

    @whole
    async def delivery(self, delivery_id: str) -> Delivery | None:
        """See the contract, as all of these."""
        return self._data.deliveries.get(delivery_id)

    @whole
    async def find_deliveries(self, query: DeliveryQuery) -> DeliveriesFound:
        """See the contract."""
        newest = sorted(self._data.deliveries.values(), key=lambda one: one.id, reverse=True)
        found = [replace(one, body=b"") for one in newest if _is_asked_for(one, query)]
        shown = tuple(found[: max(query.limit, 1)])
        return DeliveriesFound(shown, shown[-1].id if len(found) > len(shown) else None)

    @whole
    async def endpoints(self) -> tuple[Endpoint, ...]:
        """See the contract."""
        return tuple(endpoint for _, endpoint in sorted(self._data.endpoints.items()))

    @whole
    async def endpoint_attempts(
        self, endpoint: str, *, epoch: int | None = None, limit: int = 1000
    ) -> tuple[EndpointAttempt, ...]:
        """See the contract."""
        limit = max(limit, 0)
        newest = sorted(
            (one for one in self._data.deliveries.values() if one.endpoint == endpoint),
            key=lambda one: one.id,
            reverse=True,
        )
        tries = [
            EndpointAttempt(
                delivery_id=one.id,
                event=one.event,
                number=tried.number,
                started_at=tried.started_at,
                duration=tried.duration,
                status=tried.status,
                error=tried.error,
            )
            for one in newest[:limit]
            if epoch in {None, one.epoch}
            for tried in reversed(self._data.tries.get(one.id, ()))
        ]
        return tuple(tries[: 2 * limit])

    @whole
    async def backlog(self, endpoint: str, *, epoch: int | None = None) -> Backlog:
        """See the contract."""
        own = [one for one in self._data.deliveries.values() if one.endpoint == endpoint and epoch in {None, one.epoch}]
        pending, held, sending, failed = (
            min(sum(one.status == status for one in own), MOST_COUNTED)
            for status in ("pending", "held", "sending", "failed")
        )
        oldest = min((one for one in own if is_open(one)), key=lambda one: one.id, default=None)
        return Backlog(
            pending=pending,
            held=held,
            sending=sending,
            failed=failed,
            oldest=None if oldest is None else oldest.created_at,
        )

    @whole
    async def ended(self, query: EndedQuery) -> JobsFound:
        """See the contract."""
        found = [
            replace(job, args=b"")
            for job in sorted(self._data.jobs.values(), key=lambda job: job.id)
            if job.completed_at is not None
            and query.since <= job.completed_at < query.until
            and in_span(job.id, None, query.until)
            and (query.after is None or job.id > query.after)
        ]
        shown = tuple(found[: max(query.limit, 1)])
        return JobsFound(shown, shown[-1].id if len(found) > len(shown) else None)


def _is_asked_for(one: Delivery, query: DeliveryQuery) -> bool:
    return (
        query.endpoint in {None, one.endpoint}
        and not (query.callback and one.endpoint is not None)
        and query.status in {None, one.status}
        and (query.event is None or matches_type(query.event, one.event))
        and query.job_id in {None, one.job_id}
        and query.tenant in {None, one.tenant}
        and query.error in {None, one.last_error}
        and in_span(one.id, query.created_since, query.created_until)
        and (query.before is None or one.id < query.before)
    )
