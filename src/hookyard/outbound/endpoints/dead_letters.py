"""`delivery.failed`: what ends for good is told, without a storm and without a circle.

The first of an endpoint is told in the transaction that ends it. For a minute after that the endpoint's others are
counted only, and when the minute is over and there were some, one event tells of the last of them and how many they
were; then the next minute begins. The callback URLs of a tenant count as one receiver in this: senders name them, as
many as they like. The minutes are in memory: a server that is stopped tells what it has counted, one that is killed
forgets the number, and the next one tells of the first again.

Nothing is told of a delivery that tells of a delivery, an endpoint or a breaker itself: two operators' endpoints that
are both away would keep each other in work. Neither of samples, which somebody sent by hand and waits for, nor of what
ended with its endpoint's removal, which was somebody's wish.
"""

import asyncio
from typing import Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock, rfc3339
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Delivery
from hookyard.outbound.courier import Writer
from hookyard.outbound.endpoints.endpoints import Endpoints
from hookyard.outbound.endpoints.recent_dead import RecentDead, is_sample
from hookyard.outbound.endpoints.telling import Announcement, Telling
from hookyard.outbound.events.house import DeliveryFailed
from hookyard.store.contract import FinishDelivery
from hookyard.store.origins import origin_of

_log = log.get("outbound")
KIND: Final = "delivery.failed"
QUIET_FOR: Final = 60_000
"""Milliseconds in which an endpoint's others are only counted."""
_OF_SENDING: Final = frozenset({"delivery", "endpoint", "breaker"})
"""The first words of events that tell of sending itself."""


class _Minute(Struct):
    """What is counted of one endpoint while it is not told of."""

    count: int = 0
    last: DeliveryFailed | None = None


class DeadLetters:
    """Tells of them; the courier's ledger and the outbox hand them over.

    Args:
        endpoints: who has which tenant.
        telling: makes what is written.
        writer: takes what is told at the end of a minute.
        recent: notes which endpoints have some.
        clock: where time comes from.
    """

    def __init__(
        self, endpoints: Endpoints, telling: Telling, writer: Writer, recent: RecentDead, clock: Clock
    ) -> None:
        self._endpoints = endpoints
        self._telling = telling
        self._writer = writer
        self._recent = recent
        self._clock = clock
        self._minutes: dict[str, _Minute] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ends = asyncio.Event()

    # --- what the ledger asks ---

    def about_to_end(self, delivery: Delivery, op: FinishDelivery) -> FinishDelivery:
        """One is about to be stored as failed: the operation, with what tells of it when it is told at once.

        :meth:`ended` or :meth:`not_ended` must follow.
        """
        key = self._key(delivery)
        if key is None or key in self._minutes:
            return op
        self._begin(key, _Minute())
        fact = self._fact(delivery, op.attempt.number, op.attempt.status, op.attempt.error, op.now)
        event, deliveries = self._telling.told(op.now, Announcement(KIND, fact))
        return replace(op, events=(event,), deliveries=deliveries)

    def ended(self, delivery: Delivery, op: FinishDelivery) -> None:
        """It is stored."""
        self._recent.note(delivery, op.now)
        if op.events:
            self._telling.stored(op.events[0], op.deliveries)
            return
        key = self._key(delivery)
        if key is not None:
            fact = self._fact(delivery, op.attempt.number, op.attempt.status, op.attempt.error, op.now)
            self._count(key, fact)

    def not_ended(self, delivery: Delivery, op: FinishDelivery) -> None:
        """It is not stored: nothing was told, and the next one is the first."""
        if not op.events:
            return
        self._telling.dropped(op.deliveries)
        key = self._key(delivery)
        minute = None if key is None else self._minutes.get(key)
        if key is not None and minute is not None and not minute.count:
            del self._minutes[key]
            self._tasks.pop(key).cancel()

    # --- what the outbox asks ---

    def unsendable(self, delivery: Delivery) -> None:
        """One is on disk that failed when it was made: it is told in a transaction of its own, at once if it is."""
        self._recent.note(delivery, delivery.completed_at or delivery.created_at)
        key = self._key(delivery)
        if key is not None:
            ended = delivery.completed_at or delivery.created_at
            self._count(key, self._fact(delivery, delivery.attempt, None, delivery.last_error, ended))

    async def drain(self) -> None:
        """Tell what was counted, and give up on what the store does not take."""
        self._ends.set()
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    # --- in all of them ---

    def _key(self, delivery: Delivery) -> str | None:
        """Under what it is counted; None when nothing is told of it."""
        if is_sample(delivery) or (delivery.job_id is None and delivery.event.partition(".")[0] in _OF_SENDING):
            return None
        if delivery.endpoint is None:
            return f"@{delivery.tenant}"
        entry = self._endpoints.get(delivery.endpoint)
        return delivery.endpoint if entry is not None and entry.row.epoch == delivery.epoch else None

    def _fact(
        self, delivery: Delivery, attempts: int, status: int | None, error: str | None, at: int
    ) -> DeliveryFailed:
        entry = None if delivery.endpoint is None else self._endpoints.get(delivery.endpoint)
        return DeliveryFailed(
            delivery_id=delivery.id,
            endpoint=UNSET if delivery.endpoint is None else delivery.endpoint,
            callback_origin=UNSET if delivery.url is None else origin_of(delivery.url),
            # An operators' endpoint gets what is of tenants, but how it fares is the operators' matter.
            tenant=delivery.tenant if entry is None else entry.row.tenant,
            event=delivery.event,
            job_id=delivery.job_id or UNSET,
            event_id=delivery.event_id or UNSET,
            attempts=attempts,
            last_status=status,
            last_error=error or "unknown",
            created_at=rfc3339(delivery.created_at),
            failed_at=rfc3339(at),
            failed=1,
        )

    def _count(self, key: str, fact: DeliveryFailed) -> None:
        minute = self._minutes.get(key)
        at_once = minute is None
        if minute is None:
            minute = _Minute()
        minute.count, minute.last = minute.count + 1, fact
        if at_once:
            self._begin(key, minute, at_once=True)

    def _begin(self, key: str, minute: _Minute, *, at_once: bool = False) -> None:
        self._minutes[key] = minute
        self._tasks[key] = task = asyncio.ensure_future(self._keep(minute, at_once=at_once))
        task.add_done_callback(lambda _: self._over(key, minute, task))

    def _over(self, key: str, minute: _Minute, task: asyncio.Task[None]) -> None:
        if self._minutes.get(key) is minute:
            del self._minutes[key]
        if self._tasks.get(key) is task:
            del self._tasks[key]

    async def _keep(self, minute: _Minute, *, at_once: bool) -> None:
        """Tell what has come together in each minute, until nothing has."""
        if at_once:
            await self._tell(minute)
        while True:
            ends = await self._clock.wait(self._ends, self._clock.now() + QUIET_FOR)
            if not minute.count:
                return
            told = await self._tell(minute)
            if ends and not told:
                return

    async def _tell(self, minute: _Minute) -> bool:
        """Whether it is on disk; what is not is counted further."""
        count, last = minute.count, minute.last
        if last is None:
            return True
        minute.count = 0
        change = self._telling.change(self._clock.now(), [Announcement(KIND, replace(last, failed=count))])
        try:
            await self._writer.submit(change.op)
        except (StoreError, StoreUnavailable) as error:
            change.dropped()
            minute.count += count
            _log.warning("delivery.not_told", delivery_id=last.delivery_id, failed=count, why=str(error))
            return False
        except BaseException:
            change.dropped()
            raise
        change.committed()
        return True
