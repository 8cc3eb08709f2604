"""What goes wrong with one outcome is told of that one, and the others are told what became of them."""

import asyncio

from msgspec.structs import replace
from structlog.testing import capture_logs

from hookyard.errors import StoreError
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.outbound.courier.ledger import Ledger
from hookyard.outbound.policy import DELIVERED
from hookyard.store.coalescer import Waiter
from hookyard.store.contract import Done, FinishDelivery, Op, Result, Stale
from hookyard.testing import FakeClock

NOW = 1_700_000_000_000


class Held:
    """Keeps who waits."""

    def __init__(self) -> None:
        self.waiters: list[Waiter] = []
        self.ops: list[FinishDelivery] = []

    def submit(self, op: Op) -> asyncio.Future[Result]:
        raise AssertionError(f"nobody waits for it: {op}")

    def submit_for(self, op: Op, waiter: Waiter) -> None:
        assert isinstance(op, FinishDelivery)
        self.ops.append(op)
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


def _ledger(writer: Held, returned: list[Delivery]) -> Ledger:
    return Ledger(
        writer=writer,
        clock=FakeClock(NOW),
        due=lambda _at: None,
        settled=lambda: None,
        returned=returned.append,
    )


def test_an_outcome_that_our_own_second_claim_has_overtaken_is_written_under_that_lease() -> None:
    async def scenario() -> None:
        writer, returned = Held(), list[Delivery]()
        ledger, first = _ledger(writer, returned), delivery("one")
        ledger.hold(first)
        ledger.finish(first, DELIVERED, attempt("one"))
        again = replace(first, attempt=2, lease_token=8)
        assert ledger.renew(again)
        assert ledger.held(first) is again
        writer.waiters[0].set_result(Stale())
        assert [(op.token, op.attempt.number) for op in writer.ops] == [(7, 1), (8, 2)]
        assert ledger.open == 1
        writer.waiters[1].set_result(Done())
        assert (ledger.open, returned, ledger.renew(again)) == (0, [], False)

    asyncio.run(scenario())


def test_an_outcome_that_ends_after_the_second_claim_is_written_under_that_lease_at_once() -> None:
    async def scenario() -> None:
        writer = Held()
        ledger, first = _ledger(writer, []), delivery("one")
        ledger.hold(first)
        ledger.renew(replace(first, attempt=2, lease_token=8))
        ledger.finish(first, DELIVERED, attempt("one"))
        assert [(op.token, op.attempt.number) for op in writer.ops] == [(8, 2)]

    asyncio.run(scenario())


def test_what_was_claimed_before_we_heard_that_it_was_given_back_is_taken_then() -> None:
    async def scenario() -> None:
        writer, returned = Held(), list[Delivery]()
        ledger, first = _ledger(writer, returned), delivery("one")
        ledger.hold(first)
        ledger.finish(first, replace(DELIVERED, status="pending", next_at=NOW), attempt("one"))
        again = replace(first, attempt=2, lease_token=8)
        assert ledger.renew(again)
        writer.waiters[0].set_result(Done())
        assert (returned, ledger.open, len(writer.ops)) == ([again], 0, 1)

    asyncio.run(scenario())


def test_of_what_was_given_up_a_stranger_is_left_alone() -> None:
    async def scenario() -> None:
        writer, returned = Held(), list[Delivery]()
        ledger, first = _ledger(writer, returned), delivery("one")
        ledger.hold(first)
        ledger.finish(first, DELIVERED, attempt("one"))
        writer.waiters[0].set_result(Stale())
        assert (returned, ledger.open, len(writer.ops)) == ([], 0, 1)
        assert not ledger.renew(replace(first, lease_token=8))

    asyncio.run(scenario())
