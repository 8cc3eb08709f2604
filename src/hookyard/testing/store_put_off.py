"""The part of the store contract about what is put off in the store because its line has no place for it."""

from msgspec.structs import replace

from hookyard.store.contract import (
    RESUMED,
    DeliveriesMoved,
    Done,
    ReleaseDelivery,
    ResendDelivery,
    ResumeCallbacks,
    ResumeDeliveries,
)
from hookyard.testing.store_orders import add
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase


class PutOffContract(StoreCase):
    """What was put off comes forward; see :class:`hookyard.store.contract.ResumeDeliveries`."""

    def test_what_was_put_off_is_due_at_once_and_what_waits_for_its_own_time_waits_on(self, store: Probe) -> None:
        later = store.now + 90_000
        planned, retried, given_back, at_once = add(
            store,
            replace(store.delivery(), next_at=later, put_off=True),
            *(store.delivery(), store.delivery(), store.delivery()),
        )
        (elsewhere,) = add(store, replace(store.delivery(), endpoint="else", next_at=later, put_off=True))
        for one in store.claim_deliveries():
            if one.id == retried.id:
                store.all(store.settle_op(one, status="pending", answer=503, next_at=later))
            else:
                at = later if one.id == given_back.id else None
                store.all(ReleaseDelivery(now=store.now, delivery_id=one.id, token=TOKEN, next_at=at))
        put_off = {one.id for one in (planned, given_back, elsewhere)}
        for one in (planned, retried, given_back, at_once, elsewhere):
            found = store.find_delivery(one.id)
            assert found is not None
            assert found.put_off is (one.id in put_off)
        store.clock.advance(5)
        op = ResumeDeliveries(now=store.now, endpoint="ops", limit=1)
        assert store.all(replace(op, limit=0), op, op, op) == [DeliveriesMoved(count, None) for count in (0, 1, 1, 0)]
        for one in (planned, given_back):
            found = store.find_delivery(one.id)
            assert found is not None
            assert (found.put_off, found.next_at, found.attempt) == (False, store.now, 0)
        claimed = store.claim_deliveries()
        assert {one.id for one in claimed} == {planned.id, given_back.id, at_once.id}
        for one in claimed:  # how an attempt went is a time of its own
            store.all(store.settle_op(one, status="pending", answer=503, next_at=later))
        assert store.all(replace(op, limit=9)) == [DeliveriesMoved(0, None)]

    def test_what_was_put_off_for_callback_urls_is_due_at_once_by_their_origin(self, store: Probe) -> None:
        later = store.now + 90_000
        to = replace(store.delivery(), endpoint=None, next_at=later, put_off=True)
        urls = ("https://a.example/1", "https://b.example/", "https://A.example.:0443/2", "https://a.example:8443/")
        ours, other, also, elsewhere = (replace(to, id=store.new_id(), url=url) for url in urls)
        planned = replace(to, id=store.new_id(), url=urls[0], put_off=False)
        last = replace(to, id=store.new_id(), url=urls[0])
        named = replace(store.delivery(), next_at=later, put_off=True)
        add(store, ours, other, also, elsewhere, planned, last, named)
        store.clock.advance(5)
        op = ResumeCallbacks(now=store.now, origin="https://a.example", limit=2)
        nothing = [replace(op, origin="https://c.example"), replace(op, limit=0), replace(op, after=last.id)]
        assert store.all(*nothing) == [DeliveriesMoved(0, None)] * 3
        assert store.all(op) == [DeliveriesMoved(2, also.id)]
        assert store.all(replace(op, after=also.id)) == [DeliveriesMoved(1, None)]
        assert store.all(op) == [DeliveriesMoved(0, None)]
        found = [store.find_delivery(one.id) for one in (ours, also, last)]
        assert [one and (one.put_off, one.next_at) for one in found] == [(False, store.now)] * 3
        left = (other, elsewhere, planned, named)
        assert [store.find_delivery(one.id) for one in left] == list(left)

    def test_so_many_are_looked_at_of_what_was_put_off_for_callback_urls(self, store: Probe) -> None:
        to = replace(store.delivery(), endpoint=None, url="https://a.example/", next_at=store.now + 9, put_off=True)
        every = [replace(to, id=store.new_id()) for _ in range(RESUMED + 3)]
        last = replace(to, id=store.new_id(), url="https://b.example/")
        add(store, *every, last)
        op = ResumeCallbacks(now=store.now, origin="https://b.example", limit=5)
        assert store.all(op) == [DeliveriesMoved(0, every[RESUMED - 1].id)]
        assert store.all(replace(op, after=every[RESUMED - 1].id)) == [DeliveriesMoved(1, None)]
        op = replace(op, origin="https://a.example", limit=RESUMED)
        assert store.all(op) == [DeliveriesMoved(RESUMED, every[RESUMED - 1].id)]

    def test_what_was_put_off_and_is_sent_again_by_hand_is_put_off_no_longer(self, store: Probe) -> None:
        (one,) = add(store, replace(store.delivery(), next_at=store.now + 90_000, put_off=True))
        assert store.all(ResendDelivery(now=store.now, delivery_id=one.id)) == [Done()]
        assert store.all(ResumeDeliveries(now=store.now, endpoint="ops", limit=9)) == [DeliveriesMoved(0, None)]
