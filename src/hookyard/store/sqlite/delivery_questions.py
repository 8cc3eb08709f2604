"""The questions to the store about deliveries, endpoints and what ended, handed on to what reads."""

from hookyard.model import Backlog, Delivery, Endpoint, EndpointAttempt
from hookyard.store.contract import DeliveriesFound, DeliveryQuery, EndedQuery, JobsFound
from hookyard.store.sqlite.kept_questions import KeptQuestions


class DeliveryQuestions(KeptQuestions):
    """A part of :class:`hookyard.store.sqlite.SqliteStore`."""

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """See the contract, as all of these."""
        return await self.reader.delivery(delivery_id)

    async def find_deliveries(self, query: DeliveryQuery) -> DeliveriesFound:
        """See the contract."""
        return await self.reader.find_deliveries(query)

    async def endpoints(self) -> tuple[Endpoint, ...]:
        """See the contract."""
        return await self.reader.endpoints()

    async def endpoint_attempts(
        self, endpoint: str, *, epoch: int | None = None, limit: int = 1000
    ) -> tuple[EndpointAttempt, ...]:
        """See the contract."""
        return await self.reader.endpoint_attempts(endpoint, epoch=epoch, limit=limit)

    async def backlog(self, endpoint: str, *, epoch: int | None = None) -> Backlog:
        """See the contract."""
        return await self.reader.backlog(endpoint, epoch=epoch)

    async def ended(self, query: EndedQuery) -> JobsFound:
        """See the contract."""
        return await self.reader.ended(query)
