"""The part of the store contract about deliveries that are sent one after the other."""

import pytest
from msgspec.structs import replace

from hookyard.model import Delivery, DeliveryStatus
from hookyard.store.contract import (
    AbandonDelivery,
    AddMissed,
    AppendEvents,
    Cancel,
    ClaimDeliveries,
    DeleteJob,
    DeliveriesClaimed,
    DeliveriesMoved,
    Done,
    Failed,
    PruneJobs,
    PurgeDeliveries,
    ReclaimDeliveries,
    ReleaseDelivery,
    ResendDelivery,
    Stale,
    Undelivered,
)
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase


def ordered(store: Probe, key: str | None = "o", *, endpoint: str | None = "ops") -> Delivery:
    """A new delivery in an order."""
    return replace(store.delivery(), order_key=key, endpoint=endpoint, body=b"{}")


def add(store: Probe, *deliveries: Delivery) -> tuple[Delivery, ...]:
    """Keep them, in one operation."""
    store.do(AppendEvents(now=store.now, events=(), deliveries=deliveries), Done)
    return deliveries


def chain(store: Probe, count: int = 3) -> tuple[Delivery, ...]:
    """So many of one order."""
    return add(store, *(ordered(store) for _ in range(count)))


def statuses(store: Probe, *deliveries: Delivery) -> list[str]:
    """What became of them; `gone` of those that are not there."""
    found = [store.find_delivery(one.id) for one in deliveries]
    return ["gone" if one is None else one.status for one in found]


class OrderContract(StoreCase):
    """What every operation on deliveries promises of orders."""

    def test_of_one_order_only_the_first_is_due_and_the_others_are_held(self, store: Probe) -> None:
        first, second, third = chain(store)
        other, free = add(store, ordered(store, "p"), ordered(store, None))
        elsewhere, nowhere = add(store, ordered(store, endpoint="else"), ordered(store, endpoint=None))
        assert statuses(store, first, second, third) == ["pending", "held", "held"]
        held = store.find_delivery(second.id)
        assert held == replace(second, status="held")
        assert held is not None
        assert held.next_at is None
        claimed = store.claim_deliveries()
        assert {one.id for one in claimed} == {one.id for one in (first, other, free, elsewhere, nowhere)}
        claim = ClaimDeliveries(now=store.now, limit=5, lease=store.lease())
        assert store.all(claim) == [DeliveriesClaimed((), None)], "what is held is not due"

    @pytest.mark.parametrize("status", ["delivered", "failed"])
    def test_when_the_first_ends_the_next_is_due_at_that_time(self, store: Probe, status: DeliveryStatus) -> None:
        deliveries = chain(store)
        for at, delivery in enumerate(deliveries):
            store.clock.advance(1000)
            (sending,) = store.claim_deliveries()
            assert sending.id == delivery.id
            expected = ["delivered" if at < 2 else status] * at + ["sending"] + ["held"] * (2 - at)
            assert statuses(store, *deliveries)[at:] == expected[at:]
            assert store.all(store.settle_op(sending, status=status)) == [Done()]
            if at < 2:
                following = store.find_delivery(deliveries[at + 1].id)
                assert following is not None
                assert (following.status, following.next_at, following.attempt) == ("pending", store.now, 0)
        assert statuses(store, *deliveries) == [status] * 3

    def test_one_that_is_tried_again_keeps_the_others_waiting(self, store: Probe) -> None:
        first, second = chain(store, 2)
        (sending,) = store.claim_deliveries()
        store.all(store.settle_op(sending, status="pending", next_at=store.now + 5000))
        assert statuses(store, first, second) == ["pending", "held"]
        assert store.claim_deliveries() == ()
        store.clock.advance(5000)
        (again,) = store.claim_deliveries()
        assert store.all(ReleaseDelivery(now=store.now, delivery_id=again.id, token=TOKEN)) == [Done()]
        assert statuses(store, first, second) == ["pending", "held"], "nor does giving it back let them pass"
        store.claim_deliveries()
        assert store.all(ReclaimDeliveries(now=store.now)) == [Done()]
        assert statuses(store, first, second) == ["pending", "held"], "nor the end of the process that sent it"

    def test_one_that_is_passed_comes_back_in_no_order_and_the_next_ones_turn_comes(self, store: Probe) -> None:
        first, second, third = chain(store)
        (sending,) = store.claim_deliveries()
        op = replace(store.settle_op(sending, status="pending", next_at=store.now + 5000), pass_on=True)
        assert store.all(op) == [Done()]
        assert statuses(store, first, second, third) == ["pending", "pending", "held"]
        passed = store.find_delivery(first.id)
        assert passed is not None
        assert (passed.order_key, passed.next_at) == (None, store.now + 5000)
        store.clock.advance(5000)
        assert [one.id for one in store.claim_deliveries()] == [second.id, first.id]
        store.all(replace(store.settle_op(replace(first, attempt=2)), pass_on=True))
        assert statuses(store, second, third) == ["sending", "held"], "its end is nobody's turn"

    def test_several_ends_in_one_batch_are_each_the_turn_of_one(self, store: Probe) -> None:
        keys = [f"o{at}" for at in range(70)]
        firsts = add(store, *(ordered(store, key) for key in keys))
        seconds = add(store, *(ordered(store, key) for key in keys))
        thirds = add(store, *(ordered(store, key) for key in keys))
        claimed = store.claim_deliveries(100)
        assert [one.id for one in claimed] == [one.id for one in firsts]
        ends = [
            replace(store.settle_op(one, status=("delivered", "failed", "pending")[at % 3]), pass_on=at % 2 == 0)
            for at, one in enumerate(claimed)
        ]
        assert store.all(*ends) == [Done()] * 70
        kept = [at % 3 == 2 and at % 2 == 1 for at in range(70)]
        assert statuses(store, *seconds) == ["held" if one else "pending" for one in kept]
        assert statuses(store, *thirds) == ["held"] * 70

    def test_deliveries_of_one_batch_keep_their_order_whichever_jobs_they_are_of(self, store: Probe) -> None:
        jobs = [store.running() for _ in range(5)]
        deliveries = [replace(store.delivery(job), order_key="o") for job in jobs]
        store.all(*(store.finish_op(job, deliveries=(one,)) for job, one in zip(jobs, deliveries, strict=True)))
        queued = store.enqueue()
        last = replace(store.delivery(queued), order_key="o")
        store.do(Cancel(now=store.now, job_id=queued.id, deliveries=(last,)), Done)
        sent: list[str] = []
        while claimed := store.claim_deliveries():
            (sending,) = claimed
            sent.append(sending.id)
            store.all(store.settle_op(sending))
        assert sent == [one.id for one in (*deliveries, last)]

    def test_one_with_a_smaller_id_that_comes_later_does_not_overtake_what_is_due(self, store: Probe) -> None:
        early, late = ordered(store), ordered(store)
        last = ordered(store)
        add(store, late)
        add(store, last)
        add(store, early)
        assert statuses(store, early, late, last) == ["held", "pending", "held"]
        (sending,) = store.claim_deliveries()
        store.all(store.settle_op(sending))
        assert statuses(store, early, late, last) == ["pending", "delivered", "held"]

    def test_one_may_be_added_as_being_sent_when_it_is_the_first(self, store: Probe) -> None:
        leased = {"status": "sending", "attempt": 1, "lease_token": 9, "lease_expires_at": store.now + 1000}
        first, second = (replace(ordered(store), **leased) for _ in range(2))
        assert store.find_delivery(first.id) is None
        add(store, first, second)
        assert store.find_delivery(first.id) == first
        held = replace(second, status="held", attempt=0, lease_token=None, lease_expires_at=None)
        assert store.find_delivery(second.id) == held
        assert store.all(store.settle_op(second, 9), store.settle_op(first, 9)) == [Stale(), Done()]
        assert statuses(store, first, second) == ["delivered", "pending"]

    def test_one_that_comes_as_held_with_nothing_before_it_is_due(self, store: Probe) -> None:
        free, first = (replace(ordered(store, key), status="held") for key in (None, "o"))
        add(store, free, first)
        assert [one.id for one in store.claim_deliveries()] == [free.id, first.id]

    def test_to_hold_a_delivery_is_no_end_of_an_attempt(self, store: Probe) -> None:
        first, second = chain(store, 2)
        (sending,) = store.claim_deliveries()
        store.do(store.settle_op(sending, status="held"), Failed)
        store.do(store.settle_op(sending, 3, status="held"), Stale)
        assert statuses(store, first, second) == ["sending", "held"]

    def test_a_held_delivery_that_is_sent_again_leaves_its_order(self, store: Probe) -> None:
        first, second, third = chain(store)
        assert store.all(ResendDelivery(now=store.now, delivery_id=second.id)) == [Done()]
        assert statuses(store, first, second, third) == ["pending", "pending", "held"]
        assert len(store.claim_deliveries()) == 2
        store.all(store.settle_op(replace(second, attempt=1)))
        assert statuses(store, first, second, third) == ["sending", "delivered", "held"]
        store.all(store.settle_op(replace(first, attempt=1)))
        assert statuses(store, first, second, third) == ["delivered", "delivered", "pending"]
        store.all(ResendDelivery(now=store.now, delivery_id=first.id))
        assert statuses(store, first, third) == ["pending", "pending"], "one that has ended is in no order any more"

    def test_giving_up_the_first_is_the_turn_of_the_next_and_giving_up_a_held_one_is_nobodys(
        self, store: Probe
    ) -> None:
        first, second, third = chain(store)
        assert store.all(AbandonDelivery(now=store.now, delivery_id=second.id)) == [Done()]
        assert statuses(store, first, second, third) == ["pending", "failed", "held"]
        store.clock.advance(7)
        assert store.all(AbandonDelivery(now=store.now, delivery_id=first.id)) == [Done()]
        assert statuses(store, first, second, third) == ["failed", "failed", "pending"]
        assert (store.find_delivery(third.id) or third).next_at == store.now

    def test_deleting_the_first_is_the_turn_of_the_next(self, store: Probe) -> None:
        first, second, third = chain(store)
        purge = PurgeDeliveries(now=store.now + 3, endpoint="ops", statuses=("pending",))
        assert store.all(purge) == [DeliveriesMoved(1, None)]
        assert statuses(store, first, second, third) == ["gone", "pending", "held"]
        assert (store.find_delivery(second.id) or second).next_at == store.now + 3
        assert store.all(replace(purge, statuses=("held",))) == [DeliveriesMoved(1, None)]
        assert statuses(store, second, third) == ["pending", "gone"]

    def test_what_was_missed_stands_behind_what_is_open(self, store: Probe) -> None:
        (first,) = chain(store, 1)
        missed = ordered(store)
        assert store.all(AddMissed(now=store.now, deliveries=(missed,))) == [DeliveriesMoved(1, None)]
        assert statuses(store, first, missed) == ["pending", "held"]

    def test_a_job_of_which_a_delivery_is_held_is_not_forgotten(self, store: Probe) -> None:
        (first,) = chain(store, 1)
        job = store.running()
        store.all(store.finish_op(job, deliveries=(replace(store.delivery(job), order_key="o"),)))
        assert store.all(DeleteJob(now=store.now, job_id=job.id)) == [Undelivered()]
        store.all(PruneJobs(now=store.now, before={"succeeded": store.now + 1}))
        assert statuses(store, first, *store.deliveries(job)) == ["pending", "held"]

    def test_orders_are_the_same_after_a_restart(self, store: Probe) -> None:
        first, second = chain(store, 2)
        if self.keeps:
            store.reopen()
        (sending,) = store.claim_deliveries()
        assert sending.id == first.id
        store.all(store.settle_op(sending))
        assert statuses(store, first, second) == ["delivered", "pending"]
