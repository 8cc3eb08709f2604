"""Writes down what became of deliveries, also while the store takes nothing for a while.

Nobody waits for these writes: the next request goes out while the last one's outcome is on its way to the disk.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.outbound.attempt import named
from hookyard.outbound.policy import Verdict
from hookyard.store.coalescer import Waiter
from hookyard.store.contract import Done, FinishDelivery, Op, ReleaseDelivery, Result

_log = log.get("outbound")
_FIRST_WAIT: Final = 50
_LONGEST_WAIT: Final = 2_000
_NAMES: Final = {"delivered": "delivery.succeeded", "pending": "delivery.retry", "failed": "delivery.failed"}


class Writer(Protocol):
    """Of a :class:`hookyard.store.coalescer.Coalescer` what is needed here."""

    def submit(self, op: Op) -> asyncio.Future[Result]:
        """Have an operation applied; the future resolves after COMMIT. Raises StoreUnavailable when full."""
        ...


class OutcomeWriter(Writer, Protocol):
    """What takes outcomes besides, of which there are many."""

    def submit_for(self, op: Op, waiter: Waiter) -> None:
        """Have an operation applied; the waiter is told after COMMIT. Raises StoreUnavailable when full."""
        ...


class Ledger:
    """Stores outcomes and says how many are on their way.

    Args:
        due: told when a delivery comes back, with the time.
        settled: told when one is stored, or given up.
        ended: told of every delivery that arrived or failed for good, with what is stored of it.
    """

    def __init__(
        self,
        *,
        writer: OutcomeWriter,
        clock: Clock,
        due: Callable[[int], None],
        settled: Callable[[], None],
        ended: Callable[[Delivery, FinishDelivery], None] | None = None,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._due = due
        self._settled = settled
        self._ended = ended
        self._hurry = asyncio.Event()
        self._retries: set[asyncio.Task[None]] = set()
        self.open = 0
        """Outcomes that are not stored yet."""

    def finish(self, delivery: Delivery, verdict: Verdict, attempt: DeliveryAttempt, *, pass_on: bool = False) -> None:
        """Store how an attempt went.

        Args:
            delivery: as it was leased.
            verdict: what becomes of it.
            attempt: the record of the attempt.
            pass_on: whether the next of its order goes ahead of it.
        """
        op = FinishDelivery(
            now=self._clock.now(),
            delivery_id=delivery.id,
            token=delivery.lease_token or 0,
            status=verdict.status,
            attempt=attempt,
            next_at=verdict.next_at,
            pass_on=pass_on,
        )
        self._write(delivery, op)

    def release(self, delivery: Delivery, next_at: int | None = None) -> None:
        """Give a delivery back unsent, due again at that time or at once."""
        op = ReleaseDelivery(
            now=self._clock.now(), delivery_id=delivery.id, token=delivery.lease_token or 0, next_at=next_at
        )
        self._write(delivery, op)

    def hurry(self) -> None:
        """Give up on what a store that takes nothing still holds up; the leases end by themselves."""
        self._hurry.set()

    def _write(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery) -> None:
        self.open += 1
        try:
            self._writer.submit_for(op, _Written(delivery, op, self.stored, self.refused))
        except StoreUnavailable:
            self._retry_later(delivery, op)

    def stored(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery, result: Result) -> None:
        """What was to be written is on disk, or came too late."""
        self.open -= 1
        try:
            self._tell(delivery, op, result)
        except Exception:  # noqa: BLE001  others wait to be told after this one
            _log.exception("delivery.untold", **named(delivery))
        self._settled()

    def refused(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery, error: Exception) -> None:
        """It is not on disk."""
        if isinstance(error, StoreUnavailable):
            self._retry_later(delivery, op)
            return
        self.open -= 1
        _log.error("delivery.unsaved", **named(delivery), detail=str(error))
        self._settled()

    def _tell(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery, result: Result) -> None:
        if not isinstance(result, Done):
            _log.warning("delivery.stale", **named(delivery))
            return
        if isinstance(op, ReleaseDelivery):
            self._due(op.now if op.next_at is None else op.next_at)
            return
        if op.status == "pending":
            self._due(op.now if op.next_at is None else op.next_at)
        elif self._ended is not None:
            self._ended(delivery, op)
        if delivery.order_key is not None and (op.status != "pending" or op.pass_on):
            self._due(op.now)  # the turn of the next of its order
        log.change(
            _NAMES[op.status],
            "info" if op.status == "delivered" else "warning",
            delivery_id=delivery.id,
            job_id=delivery.job_id,
            request_id=delivery.request_id,
            endpoint=delivery.endpoint or "callback",
            attempt=op.attempt.number,
            status=op.attempt.status,
            error=op.attempt.error,
            ms=op.attempt.duration,
        )

    def _retry_later(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery) -> None:
        task = asyncio.ensure_future(self._retry(delivery, op))
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

    async def _retry(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery) -> None:
        wait, ends = _FIRST_WAIT, delivery.lease_expires_at or 0
        detail = "the lease ended before the store took it"
        while (now := self._clock.now()) < ends and not self._hurry.is_set():
            await self._clock.wait(self._hurry, now + wait)
            wait = min(2 * wait, _LONGEST_WAIT)
            try:
                result = await self._writer.submit(op)
            except StoreUnavailable as error:
                detail = str(error)
            except StoreError as error:
                detail = str(error)
                break
            else:
                self._tell(delivery, op, result)
                break
        else:
            # It stays leased until the lease ends, and is then sent again under the same id.
            _log.error("delivery.unsaved", **named(delivery), detail=detail)
        self.open -= 1
        self._settled()


class _Written:
    """Waits for one write. One in place of a future, its callback and the turn of the loop in which that is called."""

    __slots__ = ("_delivery", "_op", "_refused", "_stored")

    def __init__(
        self,
        delivery: Delivery,
        op: FinishDelivery | ReleaseDelivery,
        stored: Callable[[Delivery, FinishDelivery | ReleaseDelivery, Result], None],
        refused: Callable[[Delivery, FinishDelivery | ReleaseDelivery, Exception], None],
    ) -> None:
        self._delivery = delivery
        self._op = op
        self._stored = stored
        self._refused = refused

    def done(self) -> bool:
        """Nobody gives up waiting here."""
        return False

    def set_result(self, result: Result, /) -> None:
        """It is committed."""
        self._stored(self._delivery, self._op, result)

    def set_exception(self, exception: Exception, /) -> None:
        """It was not."""
        self._refused(self._delivery, self._op, exception)
