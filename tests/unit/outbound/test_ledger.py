"""What goes wrong with one outcome is told of that one, and the others are told what became of them."""

import asyncio

from structlog.testing import capture_logs

from hookyard.errors import StoreError
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.outbound.ledger import Ledger
from hookyard.outbound.policy import DELIVERED
from hookyard.store.coalescer import Waiter
from hookyard.store.contract import Done, FinishDelivery, Op, Result
from hookyard.testing import FakeClock

NOW = 1_700_000_000_000


class Held:
    """Keeps who waits."""

    def __init__(self) -> None:
        self.waiters: list[Waiter] = []

    def submit(self, op: Op) -> asyncio.Future[Result]:
        raise AssertionError(f"nobody waits for it: {op}")

    def submit_for(self, op: Op, waiter: Waiter) -> None:
        assert isinstance(op, FinishDelivery)
        self.waiters.append(waiter)


def delivery(name: str) -> Delivery:
    return Delivery(
        id=name,
        job_id=None,
        request_id="r",
        event="x",
        endpoint="one",
        url=None,
        body=b"{}",
        created_at=NOW,
        status="sending",
        attempt=1,
        lease_token=7,
        lease_expires_at=NOW + 60_000,
    )


def attempt(name: str) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=name, number=1, started_at=NOW, duration=1, status=204, error=None, response=None
    )


def test_a_listener_that_raises_and_an_outcome_that_is_refused_hold_up_no_other() -> None:
    async def scenario() -> None:
        writer, heard = Held(), list[str]()

        def ended(one: Delivery, _end: FinishDelivery) -> None:
            heard.append(one.id)
            if one.id == "first":
                raise RuntimeError("a listener")

        settled = list[int]()
        ledger = Ledger(
            writer=writer,
            clock=FakeClock(NOW),
            due=lambda _at: None,
            settled=lambda: settled.append(ledger.open),
            ended=ended,
        )
        for name in ("first", "second", "third"):
            ledger.finish(delivery(name), DELIVERED, attempt(name))
        assert ledger.open == 3
        with capture_logs() as lines:
            writer.waiters[0].set_result(Done())
            writer.waiters[1].set_exception(StoreError("it is none"))
            writer.waiters[2].set_result(Done())
        assert heard == ["first", "third"]
        assert settled == [2, 1, 0]
        assert [(line["event"], line["delivery_id"]) for line in lines] == [
            ("delivery.untold", "first"),
            ("delivery.unsaved", "second"),
        ]

    asyncio.run(scenario())
