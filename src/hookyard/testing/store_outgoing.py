"""The part of the store contract about deliveries."""

import pytest
from msgspec.structs import replace

from hookyard.model import DeliveryStatus
from hookyard.store.contract import (
    CLAIM_BYTES,
    ClaimDeliveries,
    DeliveriesClaimed,
    Done,
    Failed,
    ReclaimDeliveries,
    ReleaseDelivery,
    Stale,
)
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase


class DeliveryContract(StoreCase):
    """What the operations on deliveries promise."""

    def test_a_claim_leases_what_is_due_the_longest_due_first(self, store: Probe) -> None:
        job = store.running()
        late, soon, never = (store.delivery(job, delay=delay) for delay in (500, 200, 9000))
        at_once = store.delivery(job)
        store.all(store.finish_op(job, deliveries=(late, soon, never, at_once)))
        store.clock.advance(500)
        op = ClaimDeliveries(now=store.now, limit=10, lease=store.lease())
        claimed = store.do(op, DeliveriesClaimed)
        assert [one.id for one in claimed.deliveries] == [at_once.id, soon.id, late.id]
        assert claimed.next_due == never.next_at
        assert {one.request_id for one in claimed.deliveries} == {job.request_id}
        leased = replace(soon, status="sending", attempt=1, lease_token=TOKEN, lease_expires_at=op.lease.expires_at)
        assert claimed.deliveries[1] == leased
        assert store.deliveries(job)[1] == leased

    def test_a_claim_of_deliveries_keeps_to_its_limit(self, store: Probe) -> None:
        job = store.running()
        deliveries = tuple(store.delivery(job) for _ in range(150))
        store.all(store.finish_op(job, deliveries=deliveries))
        op = ClaimDeliveries(now=store.now, limit=100, lease=store.lease())
        claimed = store.do(op, DeliveriesClaimed)
        assert [one.id for one in claimed.deliveries] == [one.id for one in deliveries[:100]]
        assert claimed.next_due == store.now
        assert store.claim_deliveries(0) == ()
        assert len(store.claim_deliveries(100)) == 50

    def test_a_claim_of_deliveries_brings_only_so_many_bytes_and_the_rest_is_due(self, store: Probe) -> None:
        job = store.running()
        size = CLAIM_BYTES // 2
        deliveries = tuple(replace(store.delivery(job), body=b"7" * size) for _ in range(3))
        store.all(store.finish_op(job, deliveries=deliveries))
        first = store.do(ClaimDeliveries(now=store.now, limit=9, lease=store.lease(1)), DeliveriesClaimed)
        assert [(one.id, len(one.body)) for one in first.deliveries] == [(one.id, size) for one in deliveries[:2]]
        assert first.next_due == store.now
        # A dead courier's are due as well, though none of them is pending.
        second = store.do(ClaimDeliveries(now=store.now, limit=9, lease=store.lease(2)), DeliveriesClaimed)
        assert ([one.id for one in second.deliveries], second.next_due) == ([deliveries[2].id], None)
        store.clock.advance(30_000)
        third = store.do(ClaimDeliveries(now=store.now, limit=9, lease=store.lease(3)), DeliveriesClaimed)
        assert [one.id for one in third.deliveries] == [one.id for one in deliveries[:2]]
        assert third.next_due == store.now

    def test_a_delivery_larger_than_a_claim_comes_alone(self, store: Probe) -> None:
        job = store.running()
        large = replace(store.delivery(job), body=b"7" * (CLAIM_BYTES + 1))
        small = store.delivery(job)
        store.all(store.finish_op(job, deliveries=(large, small)))
        assert [one.id for one in store.claim_deliveries()] == [large.id]
        assert [one.id for one in store.claim_deliveries()] == [small.id]

    def test_a_delivery_whose_courier_died_is_sent_again_under_its_id(self, store: Probe) -> None:
        first = store.sending()
        assert store.claim_deliveries(token=2) == ()
        store.clock.advance(30_000)
        (again,) = store.claim_deliveries(token=2)
        assert (again.id, again.body, again.attempt, again.lease_token) == (first.id, first.body, 2, 2)
        assert store.all(store.settle_op(first)) == [Stale()]
        assert store.all(store.settle_op(again, 2)) == [Done()]

    def test_a_delivery_may_be_stored_as_already_being_sent(self, store: Probe) -> None:
        job = store.running()
        delivery = replace(
            store.delivery(job),
            status="sending",
            attempt=1,
            lease_token=9,
            lease_expires_at=store.now + 1000,
        )
        store.all(store.finish_op(job, deliveries=(delivery,)))
        assert store.deliveries(job) == (delivery,)
        assert store.claim_deliveries() == ()
        assert store.all(store.settle_op(delivery, 9)) == [Done()]

    def test_a_delivery_being_sent_without_a_lease_fails_with_its_job(self, store: Probe) -> None:
        job = store.running()
        delivery = replace(store.delivery(job), status="sending", attempt=1)
        store.do(store.finish_op(job, deliveries=(delivery,)), Failed)
        assert store.see(job) == job

    @pytest.mark.parametrize("status", ["delivered", "failed"])
    def test_a_delivery_ends_for_good(self, store: Probe, status: DeliveryStatus) -> None:
        delivery = store.sending()
        store.clock.advance(12)
        op = store.settle_op(delivery, status=status, next_at=store.now + 5)
        assert store.all(op) == [Done()]
        (ended,) = store.deliveries(store.see(delivery.job_id or ""))
        assert ended == replace(
            delivery,
            status=status,
            next_at=None,
            lease_token=None,
            lease_expires_at=None,
            last_status=200,
            completed_at=store.now,
        )
        assert store.tries(delivery) == (op.attempt,)
        store.clock.advance(86_400_000)
        assert store.claim_deliveries() == ()

    def test_a_delivery_that_is_tried_again_comes_back_at_its_time(self, store: Probe) -> None:
        delivery = store.sending()
        op = store.settle_op(delivery, status="pending", answer=None, next_at=store.now + 5000)
        assert store.all(op) == [Done()]
        (waiting,) = store.deliveries(store.see(delivery.job_id or ""))
        assert (waiting.status, waiting.next_at, waiting.completed_at) == ("pending", store.now + 5000, None)
        assert (waiting.last_status, waiting.last_error) == (None, "connection refused")
        claim = ClaimDeliveries(now=store.now, limit=5, lease=store.lease())
        assert store.all(claim) == [DeliveriesClaimed((), store.now + 5000)]
        store.clock.advance(5000)
        (again,) = store.claim_deliveries(token=2)
        assert again.attempt == 2
        store.all(store.settle_op(again, 2))
        assert [tried.number for tried in store.tries(delivery)] == [1, 2]

    def test_a_delivery_that_is_tried_again_without_a_time_is_due_at_once(self, store: Probe) -> None:
        delivery = store.sending()
        assert store.all(store.settle_op(delivery, status="pending")) == [Done()]
        assert [one.attempt for one in store.claim_deliveries()] == [2]

    def test_a_delivery_settled_with_an_old_token_is_stale(self, store: Probe) -> None:
        delivery = store.sending()
        unknown = replace(delivery, id=store.new_id())
        results = store.all(
            store.settle_op(delivery, TOKEN + 1),
            store.settle_op(unknown),
            store.settle_op(delivery),
            store.settle_op(delivery, status="failed"),
        )
        assert results == [Stale(), Stale(), Done(), Stale()]
        assert store.all(store.settle_op(delivery)) == [Stale()]
        assert len(store.tries(delivery)) == 1

    def test_a_settlement_that_settles_nothing_fails_alone(self, store: Probe) -> None:
        job = store.running()
        store.all(store.finish_op(job, deliveries=tuple(store.delivery(job) for _ in range(3))))
        one, two, three = store.claim_deliveries()
        results = store.all(store.settle_op(one), store.settle_op(two, status="sending"), store.settle_op(three))
        assert [type(result) for result in results] == [Done, Failed, Done]
        assert [one.status for one in store.deliveries(job)] == ["delivered", "sending", "delivered"]

    def test_an_attempt_is_stored_once(self, store: Probe) -> None:
        delivery = store.sending()
        store.all(store.settle_op(delivery, status="pending"))
        (again,) = store.claim_deliveries(token=2)
        store.do(store.settle_op(replace(again, attempt=1), 2), Failed)
        assert store.deliveries(store.see(delivery.job_id or "")) == (again,)

    def test_a_delivery_given_back_unsent_does_not_count(self, store: Probe) -> None:
        delivery = store.sending()
        other = replace(delivery, id=store.new_id())
        results = store.all(
            ReleaseDelivery(now=store.now, delivery_id=delivery.id, token=TOKEN + 1),
            ReleaseDelivery(now=store.now, delivery_id=other.id, token=TOKEN),
            ReleaseDelivery(now=store.now, delivery_id=delivery.id, token=TOKEN),
            ReleaseDelivery(now=store.now, delivery_id=delivery.id, token=TOKEN),
        )
        assert results == [Stale(), Stale(), Done(), Stale()]
        (back,) = store.deliveries(store.see(delivery.job_id or ""))
        assert (back.status, back.attempt, back.next_at, back.lease_token) == ("pending", 0, store.now, None)
        assert store.tries(delivery) == ()

    def test_a_delivery_given_back_may_wait(self, store: Probe) -> None:
        delivery = store.sending()
        until = store.now + 700
        op = ReleaseDelivery(now=store.now, delivery_id=delivery.id, token=TOKEN, next_at=until)
        assert store.all(op) == [Done()]
        claim = ClaimDeliveries(now=store.now, limit=5, lease=store.lease())
        assert store.all(claim) == [DeliveriesClaimed((), until)]

    def test_what_a_dead_process_was_sending_is_due_at_once_and_its_attempt_counts(self, store: Probe) -> None:
        delivery = store.sending()
        assert store.all(ReclaimDeliveries(now=store.now)) == [Done()]
        (again,) = store.claim_deliveries(token=TOKEN + 1)
        assert (again.id, again.attempt) == (delivery.id, delivery.attempt + 1)
        assert store.all(store.settle_op(delivery)) == [Stale()]

    def test_an_attempt_that_nobody_finished_is_noted_where_its_delivery_is_taken_over(self, store: Probe) -> None:
        first, second = store.sending(), store.sending()
        for one in (first, second):
            store.all(store.settle_op(one, status="pending"))
        claimed = store.claim_deliveries(token=2)
        store.clock.advance((claimed[0].lease_expires_at or 0) - store.now)
        again = store.claim_deliveries(1, token=3)
        assert [(one.id, one.attempt) for one in again] == [(first.id, 3)]
        assert store.all(store.settle_op(claimed[0], 2)) == [Stale()]
        store.clock.advance(7)
        assert store.all(ReclaimDeliveries(now=store.now)) == [Done()]
        left = (None, "interrupted", None, 0)
        found = [
            [
                (tried.number, tried.started_at, tried.status, tried.error, tried.response, tried.duration)
                for tried in tries
            ]
            for tries in (store.tries(first)[1:], store.tries(second)[1:])
        ]
        assert found == [
            [(2, store.now - 7, *left), (3, store.now, *left)],
            [(2, store.now, *left)],
        ]
        assert [one.attempt for one in store.claim_deliveries(token=4)] == [4, 3]

    def test_recovery_leaves_alone_what_waits_or_is_done(self, store: Probe) -> None:
        delivery = store.sending()
        store.all(store.settle_op(delivery))
        before = store.deliveries(store.see(delivery.job_id or ""))
        assert store.all(ReclaimDeliveries(now=store.now + 5)) == [Done()]
        assert store.deliveries(store.see(delivery.job_id or "")) == before

    def test_many_deliveries_settle_in_one_batch(self, store: Probe) -> None:
        job = store.running()
        store.all(store.finish_op(job, deliveries=tuple(store.delivery(job) for _ in range(100))))
        claimed = store.claim_deliveries(100)
        ops = [store.settle_op(one, TOKEN + (number % 4 == 0)) for number, one in enumerate(claimed)]
        assert store.all(*ops) == [Stale() if number % 4 == 0 else Done() for number in range(100)]
        assert [one.status == "sending" for one in store.deliveries(job)] == [n % 4 == 0 for n in range(100)]
