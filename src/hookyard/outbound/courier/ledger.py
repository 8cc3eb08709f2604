"""Writes down what became of deliveries, also while the store takes nothing for a while.

Nobody waits for these writes: the next request goes out while the last one's outcome is on its way to the disk.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.outbound.courier.attempt import named
from hookyard.outbound.policy import Verdict
from hookyard.store.coalescer import Waiter
from hookyard.store.contract import Done, FinishDelivery, Op, ReleaseDelivery, Result, Stale

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


class Dead(Protocol):
    """Tells of what fails for good."""

    def about_to_end(self, delivery: Delivery, op: FinishDelivery) -> FinishDelivery:
        """One is about to be stored as failed: the operation, with what tells of it."""
        ...

    def ended(self, delivery: Delivery, op: FinishDelivery) -> None:
        """It is stored."""
        ...

    def not_ended(self, delivery: Delivery, op: FinishDelivery) -> None:
        """It is not."""
        ...


class Ledger:
    """Stores outcomes and says how many are on their way.

    Args:
        due: told when a delivery comes back, with the time.
        returned: handed what was claimed again before it was known here that it had been given back.
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
        returned: Callable[[Delivery], None] | None = None,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._due = due
        self._returned = returned
        self._settled = settled
        self._ended = ended
        self.dead: Dead | None = None
        """Told of what fails for good; set once, before anything is sent."""
        self._hurry = asyncio.Event()
        self._retries: set[asyncio.Task[None]] = set()
        self._held: dict[str, Delivery] = {}
        """What is leased to us, as it was leased last, until its outcome is stored."""
        self.open = 0
        """Outcomes that are not stored yet."""

    def hold(self, delivery: Delivery) -> None:
        """A delivery is ours from now on; :meth:`finish` or :meth:`release` must follow."""
        self._held[delivery.id] = delivery

    def renew(self, delivery: Delivery) -> bool:
        """Take over the new lease of a delivery that is ours already; False when it is not.

        The lease that we had ended while it waited or was under way: the clock was set forward, or all of us stood
        still for longer than that. It is not to be sent once more.
        """
        if delivery.id not in self._held:
            return False
        self._held[delivery.id] = delivery
        return True

    def held(self, delivery: Delivery) -> Delivery:
        """A delivery as it was leased last."""
        return self._held.get(delivery.id, delivery)

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
        if op.status == "failed" and self.dead is not None:
            op = self.dead.about_to_end(delivery, op)
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
        self._submit(delivery, self._leased(op))

    def _leased(self, op: FinishDelivery | ReleaseDelivery) -> FinishDelivery | ReleaseDelivery:
        """The operation under the lease that its delivery has by now."""
        held = self._held.get(op.delivery_id)
        if held is None or held.lease_token == op.token:
            return op
        token = held.lease_token or 0
        if isinstance(op, ReleaseDelivery):
            return replace(op, token=token)
        return replace(op, token=token, attempt=replace(op.attempt, number=held.attempt))

    def _submit(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery) -> None:
        try:
            self._writer.submit_for(op, _Written(delivery, op, self.stored, self.refused))
        except StoreUnavailable:
            self._retry_later(delivery, op)

    def stored(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery, result: Result) -> None:
        """What was to be written is on disk, or came too late."""
        if self._overtaken(op, result):
            self._submit(delivery, self._leased(op))
            return
        try:
            self._tell(delivery, op, result)
        except Exception:  # noqa: BLE001  others wait to be told after this one
            _log.exception("delivery.untold", **named(delivery))
        self._end(op)

    def _overtaken(self, op: FinishDelivery | ReleaseDelivery, result: Result) -> bool:
        """Whether an outcome came too late only because we have claimed its delivery once more."""
        return isinstance(result, Stale) and self._leased(op) is not op

    def _end(self, op: FinishDelivery | ReleaseDelivery) -> None:
        """Its delivery is ours no longer, unless it was claimed once more after this was stored."""
        self.open -= 1
        held = self._held.pop(op.delivery_id, None)
        if held is not None and held.lease_token != op.token and self._returned is not None:
            self._returned(held)
        self._settled()

    def refused(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery, error: Exception) -> None:
        """It is not on disk."""
        if isinstance(error, StoreUnavailable):
            self._retry_later(delivery, op)
            return
        self._unsaved(delivery, op, str(error))
        self._end(op)

    def _unsaved(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery, detail: str) -> None:
        _log.error("delivery.unsaved", **named(delivery), detail=detail)
        self._not_ended(delivery, op)

    def _not_ended(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery) -> None:
        if self.dead is not None and isinstance(op, FinishDelivery):
            self.dead.not_ended(delivery, op)

    def _tell(self, delivery: Delivery, op: FinishDelivery | ReleaseDelivery, result: Result) -> None:
        if not isinstance(result, Done):
            _log.warning("delivery.stale", **named(delivery))
            self._not_ended(delivery, op)
            return
        if isinstance(op, ReleaseDelivery):
            self._due(op.now if op.next_at is None else op.next_at)
            return
        if op.status == "pending":
            self._due(op.now if op.next_at is None else op.next_at)
        elif self._ended is not None:
            self._ended(delivery, op)
        if op.status == "failed" and self.dead is not None:
            self.dead.ended(delivery, op)
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
        wait = _FIRST_WAIT
        detail = "the lease ended before the store took it"
        while (now := self._clock.now()) < (self.held(delivery).lease_expires_at or 0) and not self._hurry.is_set():
            await self._clock.wait(self._hurry, now + wait)
            wait = min(2 * wait, _LONGEST_WAIT)
            op = self._leased(op)
            try:
                result = await self._writer.submit(op)
            except StoreUnavailable as error:
                detail = str(error)
            except StoreError as error:
                self._unsaved(delivery, op, str(error))
                break
            else:
                if self._overtaken(op, result):
                    continue
                self._tell(delivery, op, result)
                break
        else:
            # It stays leased until the lease ends, and is then sent again under the same id.
            self._unsaved(delivery, op, detail)
        self._end(op)


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
