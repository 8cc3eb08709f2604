"""The part of the store contract about deliveries that people send again, give up and delete, and what was missed."""

from typing import Final, Literal

import pytest
from msgspec.structs import replace

from hookyard import ids
from hookyard.model import Delivery
from hookyard.store.contract import (
    AbandonDelivery,
    AddMissed,
    AppendEvents,
    DeliveriesMoved,
    DeliveryFilter,
    Done,
    Failed,
    NotFound,
    PurgeDeliveries,
    RecoverDeliveries,
    ResendDelivery,
    Stale,
)
from hookyard.testing.store_orders import add, ordered, statuses
from hookyard.testing.store_probe import TOKEN, Probe, StoreCase


def failed(store: Probe, count: int = 1, *, endpoint: str = "ops") -> tuple[Delivery, ...]:
    """So many that failed for good, a second apart."""
    found: list[Delivery] = []
    for _ in range(count):
        store.clock.advance(1000)
        add(store, replace(store.delivery(), endpoint=endpoint))
        (sending,) = store.claim_deliveries()
        store.all(store.settle_op(sending, status="failed", answer=500))
        found.append(store.find_delivery(sending.id) or sending)
    return tuple(found)


def walked(store: Probe, op: RecoverDeliveries | PurgeDeliveries) -> list[tuple[int, str | None]]:
    """What each page of a walk did, and where it ended."""
    found: list[tuple[int, str | None]] = []
    after = op.after
    while True:
        page = store.do(replace(op, after=after), DeliveriesMoved)
        found.append((page.count, page.next))
        if (after := page.next) is None:
            return found


ASSORTED: Final = (
    ("order.*", None, 3),
    ("order.paid", None, 3),
    ("order", None, 0),
    ("ORDER.*", None, 0),
    (None, "http_503", 2),
    (None, "http_*", 0),
    ("order.*", "http_503", 1),
)
"""An event and an error, and how many there are of them of what :func:`assorted` adds."""
SOME: Final = DeliveryFilter(event="order.*", error="http_503")


def assorted(store: Probe, endpoint: str | None) -> tuple[list[Delivery], Delivery]:
    """Three of a tenant that failed, of two events with two errors, and one that waits for its time."""
    to = replace(store.delivery(), endpoint=endpoint, url=None if endpoint else "https://a.example/", tenant="acme")
    kinds = (("job.failed", "http_503"), ("order.paid", "http_503"), ("order.paid", "timeout"))
    dead = [
        replace(to, id=store.new_id(), event=event, status="failed", last_error=error, completed_at=store.now)
        for event, error in kinds
    ]
    waits = replace(to, id=store.new_id(), event="order.paid", next_at=store.now + 90_000)
    add(store, *(replace(one, next_at=None) for one in dead), waits)
    return dead, waits


class RecoveryContract(StoreCase):
    """What people and the courier ask of deliveries that are not being sent."""

    @pytest.mark.parametrize("status", ["delivered", "failed"])
    def test_one_that_has_ended_is_sent_again_under_its_id_and_its_schedule_begins_anew(
        self, store: Probe, status: str
    ) -> None:
        delivery = store.sending()
        store.all(store.settle_op(delivery, status="failed" if status == "failed" else "delivered"))
        store.clock.advance(9)
        assert store.all(ResendDelivery(now=store.now, delivery_id=delivery.id)) == [Done()]
        (again,) = store.claim_deliveries(token=2)
        assert (again.id, again.body, again.attempt, again.round_start) == (delivery.id, delivery.body, 2, 1)
        assert (again.completed_at, again.next_at) == (None, store.now)
        assert store.all(store.settle_op(again, 2)) == [Done()]
        assert [tried.number for tried in store.tries(delivery)] == [1, 2]

    def test_one_that_waits_for_its_time_is_due_at_once(self, store: Probe) -> None:
        delivery = store.sending()
        store.all(store.settle_op(delivery, status="pending", next_at=store.now + 50_000))
        assert store.all(ResendDelivery(now=store.now, delivery_id=delivery.id)) == [Done()]
        (again,) = store.claim_deliveries()
        assert (again.attempt, again.round_start) == (2, 0)

    def test_what_is_being_sent_is_left_alone_and_what_is_not_there_is_not_found(self, store: Probe) -> None:
        delivery = store.sending()
        for kind in (ResendDelivery, AbandonDelivery):
            results = store.all(*(kind(now=store.now, delivery_id=one) for one in (delivery.id, store.new_id(), "x")))
            assert results == [Stale(), NotFound(), NotFound()]
        assert store.find_delivery(delivery.id) == delivery

    def test_one_that_waits_is_given_up(self, store: Probe) -> None:
        delivery = store.sending()
        store.all(store.settle_op(delivery, status="pending", answer=503))
        store.clock.advance(5)
        op = AbandonDelivery(now=store.now, delivery_id=delivery.id)
        assert store.all(op, op) == [Done(), Stale()]
        ended = store.find_delivery(delivery.id)
        assert ended == replace(
            delivery,
            status="failed",
            next_at=None,
            lease_token=None,
            lease_expires_at=None,
            last_status=503,
            last_error="abandoned",
            completed_at=store.now,
        )
        assert store.claim_deliveries() == ()

    def test_what_failed_for_one_endpoint_is_sent_again_in_parts(self, store: Probe) -> None:
        first, second, third = failed(store, 3)
        (other,) = failed(store, endpoint="else")
        add(store, replace(store.delivery(), next_at=store.now + 90_000))
        op = RecoverDeliveries(now=store.now + 7, endpoint="ops", since=0, limit=2)
        assert store.all(op) == [DeliveriesMoved(2, second.id)]
        assert statuses(store, first, second, third, other) == ["pending", "pending", "failed", "failed"]
        assert store.all(replace(op, after=second.id)) == [DeliveriesMoved(1, None)]
        assert store.all(op) == [DeliveriesMoved(0, None)]
        again = store.find_delivery(first.id)
        assert again == replace(first, status="pending", next_at=op.now, completed_at=None, round_start=1)
        assert store.all(replace(op, limit=0, endpoint="else")) == [DeliveriesMoved(0, None)]

    def test_only_what_was_made_in_that_time_is_sent_again_and_nothing_that_is_never(self, store: Probe) -> None:
        deliveries = failed(store, 4)
        op = RecoverDeliveries(
            now=store.now, endpoint="ops", since=deliveries[1].created_at, until=deliveries[3].created_at
        )
        (waiting,) = add(store, replace(store.delivery(), id=ids.join(ids.key(deliveries[2].id) + 1, 7)))
        store.all(AbandonDelivery(now=store.now, delivery_id=waiting.id))
        large = replace(waiting, id=ids.join(ids.key(deliveries[2].id) + 2, 7), status="failed", last_error="too_large")
        add(store, replace(large, next_at=None, completed_at=store.now))
        assert store.all(replace(op, limit=2)) == [DeliveriesMoved(2, deliveries[2].id)]
        assert store.all(replace(op, limit=3, after=deliveries[2].id)) == [DeliveriesMoved(0, None)]
        assert statuses(store, *deliveries) == ["failed", "pending", "pending", "failed"]
        assert statuses(store, waiting, large) == ["failed", "failed"]
        for since in (0, 1 << 50, -1 << 50):
            assert store.all(replace(op, since=since, until=-1)) == [DeliveriesMoved(0, None)]

    @pytest.mark.parametrize("endpoint", ["ops", None])
    @pytest.mark.parametrize("tenant", [None, "acme"])
    def test_only_what_is_of_an_event_or_an_error_is_sent_again_and_the_pages_are_the_same(
        self, store: Probe, endpoint: str | None, tenant: str | None
    ) -> None:
        dead, _ = assorted(store, endpoint)
        op = RecoverDeliveries(now=store.now, endpoint=endpoint, tenant=tenant, waiting=True, dry_run=True)
        for event, error, count in ASSORTED:
            found = store.all(replace(op, only=DeliveryFilter(event=event, error=error)))
            assert found == [DeliveriesMoved(count, None)], (event, error)
        paged = replace(op, only=SOME, limit=1)
        pages = store.all(paged, replace(paged, after=dead[0].id), replace(paged, after=dead[1].id))
        one = DeliveriesMoved(1, dead[1].id)
        # Of a tenant more rows are looked at for a page than are sent again.
        looked = [DeliveriesMoved(0, dead[0].id), one, DeliveriesMoved(0, dead[2].id)]
        assert pages == (looked if tenant is None else [one, one, DeliveriesMoved(0, None)])
        assert store.all(replace(op, only=SOME, dry_run=False)) == [DeliveriesMoved(1, None)]
        assert statuses(store, *dead) == ["failed", "pending", "failed"]

    @pytest.mark.parametrize("endpoint", ["ops", None])
    @pytest.mark.parametrize("tenant", [None, "acme"])
    @pytest.mark.parametrize("also", [(), ("delivered",)])
    def test_only_what_is_of_an_event_or_an_error_is_deleted_and_the_pages_are_the_same(
        self, store: Probe, endpoint: str | None, tenant: str | None, also: tuple[Literal["delivered"], ...]
    ) -> None:
        dead, waits = assorted(store, endpoint)
        op = PurgeDeliveries(
            now=store.now, endpoint=endpoint, tenant=tenant, statuses=("pending", "failed", *also), dry_run=True
        )
        for event, error, count in ASSORTED:
            found = store.all(replace(op, only=DeliveryFilter(event=event, error=error)))
            assert found == [DeliveriesMoved(count, None)], (event, error)
        some = replace(op, only=SOME, dry_run=False)
        if tenant is None:
            pages = [(0, dead[0].id), (1, dead[1].id), (0, dead[2].id), (0, waits.id), (0, None)]
        else:  # of a tenant more rows are looked at for a page
            pages = [(1, dead[1].id), (0, None)]
        assert walked(store, replace(some, limit=1)) == pages
        assert store.tries(dead[1]) == ()
        assert statuses(store, *dead, waits) == ["failed", "gone", "failed", "pending"]
        assert store.all(replace(some, only=DeliveryFilter(event="order.*"))) == [DeliveriesMoved(2, None)]
        assert statuses(store, *dead, waits) == ["failed", "gone", "gone", "gone"]

    def test_what_is_held_has_its_turn_when_what_was_before_it_is_deleted_for_its_event(self, store: Probe) -> None:
        first, second = (replace(ordered(store, "o"), event=event) for event in ("order.paid", "order.sent"))
        add(store, first, second)
        paid = DeliveryFilter(event="order.paid")
        op = PurgeDeliveries(now=store.now, endpoint="ops", statuses=("pending", "held"), only=paid)
        assert store.all(op, op) == [DeliveriesMoved(1, None), DeliveriesMoved(0, None)]
        assert statuses(store, first, second) == ["gone", "pending"]

    def test_what_waits_for_its_time_is_due_at_once_with_what_failed_or_alone(self, store: Probe) -> None:
        (dead,) = failed(store)
        retried, later, due = add(store, store.delivery(), store.delivery(), store.delivery())
        for one in store.claim_deliveries():
            at = {retried.id: store.now + 90_000, later.id: store.now + 30_000}.get(one.id, store.now + 3)
            store.all(store.settle_op(one, status="pending", answer=503, next_at=at))
        store.clock.advance(5)
        before = {one.id: store.find_delivery(one.id) for one in (retried, later, due)}
        op = RecoverDeliveries(now=store.now, endpoint="ops", failed=False, waiting=True, limit=1)
        assert store.all(replace(op, endpoint="else"), replace(op, waiting=False)) == [DeliveriesMoved(0, None)] * 2
        assert store.all(op) == [DeliveriesMoved(1, retried.id)]
        sooner = store.find_delivery(retried.id)
        expected = before[retried.id]
        assert expected is not None
        assert (sooner, expected.round_start, expected.attempt) == (replace(expected, next_at=store.now), 0, 1)
        assert store.all(replace(op, after=due.id)) == [DeliveriesMoved(0, None)]
        assert store.all(replace(op, failed=True, limit=9)) == [DeliveriesMoved(2, None)], "one that is due stays so"
        assert store.find_delivery(due.id) == before[due.id]
        assert [one.id for one in store.claim_deliveries()] == [due.id, dead.id, retried.id, later.id]

    def test_what_is_held_or_being_sent_waits_on_when_the_rest_is_brought_forward(self, store: Probe) -> None:
        first, second = add(store, ordered(store, "o"), ordered(store, "o"))
        (sending,) = store.claim_deliveries()
        op = RecoverDeliveries(now=store.now, endpoint="ops", waiting=True)
        assert store.all(op) == [DeliveriesMoved(0, None)]
        store.all(store.settle_op(sending, status="pending", next_at=store.now + 90_000))
        assert store.all(op) == [DeliveriesMoved(1, None)]
        assert statuses(store, first, second) == ["pending", "held"]
        (again,) = store.claim_deliveries()
        assert (again.id, again.order_key, again.attempt) == (first.id, "o", 2)

    def test_deliveries_are_deleted_by_status_in_parts_with_their_attempts(self, store: Probe) -> None:
        first, second = failed(store, 2)
        waiting, sending = add(store, store.delivery(), store.delivery())
        store.all(AbandonDelivery(now=store.now, delivery_id=waiting.id))
        (done,) = store.claim_deliveries()
        assert done.id == sending.id
        store.all(store.settle_op(done))
        waiting, sending = add(store, replace(store.delivery(), next_at=store.now + 9000), store.delivery())
        store.claim_deliveries()
        everything = PurgeDeliveries(
            now=store.now, endpoint="ops", statuses=("pending", "held", "delivered", "failed"), limit=2
        )
        assert store.all(replace(everything, statuses=("failed",), limit=1)) == [DeliveriesMoved(1, first.id)]
        assert (store.find_delivery(first.id), store.tries(first)) == (None, ())
        assert store.all(replace(everything, until=second.created_at)) == [DeliveriesMoved(0, None)]
        assert store.all(replace(everything, statuses=(), until=None)) == [DeliveriesMoved(0, None)]
        seen: list[str] = []
        op: PurgeDeliveries | None = everything
        while op is not None:
            result = store.do(op, DeliveriesMoved)
            seen.append(result.next or "")
            op = None if result.next is None else replace(op, after=result.next)
        assert len(seen) == 3
        assert statuses(store, second, done, waiting, sending) == ["gone", "gone", "gone", "sending"]

    @pytest.mark.parametrize(
        "op",
        [
            RecoverDeliveries(now=0, endpoint="ops", waiting=True, limit=3),
            PurgeDeliveries(now=0, endpoint="ops", statuses=("pending", "failed"), limit=3),
            PurgeDeliveries(now=0, endpoint="ops", statuses=("pending", "delivered"), limit=3),
        ],
    )
    def test_what_would_be_sent_again_or_deleted_is_counted_in_the_same_parts(
        self, store: Probe, op: RecoverDeliveries | PurgeDeliveries
    ) -> None:
        deliveries = (*failed(store, 3), *add(store, replace(store.delivery(), next_at=store.now + 90_000)))
        before = [store.find_delivery(one.id) for one in deliveries]
        op = replace(op, now=store.now)
        counting = replace(op, dry_run=True)
        first = store.do(counting, DeliveriesMoved)
        assert first.next == deliveries[2].id
        rest = store.do(replace(counting, after=first.next), DeliveriesMoved)
        assert (rest.count, rest.next) == (1, None)
        assert [store.find_delivery(one.id) for one in deliveries] == before
        assert store.all(op, replace(op, after=first.next)) == [first, rest]
        assert [store.find_delivery(one.id) for one in deliveries] != before

    def test_what_is_of_another_tenant_under_the_same_name_is_let_alone(self, store: Probe) -> None:
        ours, theirs = (replace(store.delivery(), tenant=tenant, next_at=None) for tenant in ("acme", "zeta"))
        ours, theirs = (replace(one, status="failed", completed_at=store.now) for one in (ours, theirs))
        add(store, ours, theirs)
        recover = RecoverDeliveries(now=store.now, endpoint="ops", since=0, limit=2, tenant="acme")
        assert store.all(recover) == [DeliveriesMoved(1, None)]
        assert statuses(store, ours, theirs) == ["pending", "failed"]
        purge = PurgeDeliveries(now=store.now, endpoint="ops", statuses=("pending", "failed"), tenant="else")
        assert store.all(purge, replace(purge, statuses=("delivered", "failed"))) == 2 * [DeliveriesMoved(0, None)]
        assert statuses(store, ours, theirs) == ["pending", "failed"]
        assert store.all(replace(purge, tenant="zeta")) == [DeliveriesMoved(1, None)]
        assert (store.find_delivery(theirs.id), statuses(store, ours)) == (None, ["pending"])

    def test_those_to_callback_urls_are_sent_again_and_deleted_by_their_origin(self, store: Probe) -> None:
        (endpoints,) = failed(store)
        urls = ("https://a.example/1", "https://A.example:443/2?x=1", "https://a.example:8443/", "https://b.example/")
        to = [replace(store.delivery(), endpoint=None, url=url, tenant="acme") for url in urls]
        to = [replace(one, status="failed", last_error="http_503", completed_at=store.now) for one in to]
        waiting = replace(store.delivery(), endpoint=None, url=urls[0], next_at=store.now + 90_000, put_off=True)
        add(store, *to, waiting)
        recover = RecoverDeliveries(now=store.now, endpoint=None, waiting=True, origin="https://a.example", limit=3)
        assert store.all(replace(recover, dry_run=True)) == [DeliveriesMoved(2, to[2].id)]
        assert store.all(replace(recover, tenant="zeta", limit=9)) == [DeliveriesMoved(0, None)]
        assert store.all(recover, replace(recover, after=to[2].id)) == [
            DeliveriesMoved(2, to[2].id),
            DeliveriesMoved(1, None),
        ]
        assert statuses(store, *to, endpoints) == ["pending", "pending", "failed", "failed", "failed"]
        assert {one.id for one in store.claim_deliveries()} == {to[0].id, to[1].id, waiting.id}
        purge = PurgeDeliveries(now=store.now, endpoint=None, statuses=("failed",), origin="https://a.example:8443")
        assert store.all(purge) == [DeliveriesMoved(1, None)]
        purge = replace(purge, statuses=("failed", "delivered"), origin="https://b.example:8443")
        assert store.all(purge, replace(purge, tenant="zeta", origin=None)) == [DeliveriesMoved(0, None)] * 2
        assert store.all(replace(purge, origin=None)) == [DeliveriesMoved(1, None)]
        assert statuses(store, *to, endpoints) == ["sending", "sending", "gone", "gone", "failed"]

    def test_pages_of_a_tenant_tell_nothing_of_what_others_have_for_callback_urls(self, store: Probe) -> None:
        to = replace(store.delivery(), endpoint=None, url="https://a.example/", next_at=None)
        to = replace(to, status="failed", completed_at=store.now)
        ours = tuple(replace(to, id=store.new_id(), tenant="acme") for _ in range(2))
        told = replace(store.delivery(), tenant="acme", next_at=None, status="failed", completed_at=store.now)
        add(store, ours[0], *(replace(to, id=store.new_id(), tenant="zeta") for _ in range(5)), ours[1], told)
        dry = RecoverDeliveries(now=store.now, endpoint=None, limit=1, tenant="acme", dry_run=True)
        pages = [replace(dry, after=one) for one in (None, ours[0].id, ours[1].id, told.id)]
        assert store.all(*pages) == [
            DeliveriesMoved(1, ours[0].id),
            DeliveriesMoved(1, ours[1].id),
            DeliveriesMoved(0, None),
            DeliveriesMoved(0, None),
        ]
        assert store.all(replace(dry, limit=9, dry_run=False)) == [DeliveriesMoved(2, None)]
        purge = PurgeDeliveries(now=store.now, endpoint=None, statuses=("failed", "delivered"), tenant="acme")
        assert store.all(purge, replace(purge, statuses=("pending",), limit=2)) == [
            DeliveriesMoved(0, None),
            DeliveriesMoved(2, ours[1].id),
        ]
        assert statuses(store, *ours, told) == ["gone", "gone", "failed"]

    def test_pages_of_an_endpoint_tell_nothing_of_the_tenant_who_had_its_name_before(self, store: Probe) -> None:
        to = replace(store.delivery(), status="failed", next_at=None, completed_at=store.now)
        theirs = [replace(to, id=store.new_id(), tenant="zeta") for _ in range(3)]
        ours = [replace(to, id=store.new_id(), tenant="acme") for _ in range(2)]
        between = [replace(to, id=store.new_id(), tenant="zeta") for _ in range(30)]
        other = [replace(to, id=store.new_id(), tenant="acme", endpoint="else") for _ in range(25)]
        last = replace(to, id=store.new_id(), tenant="acme")
        add(store, *theirs, *ours, *between, *other, last, replace(to, id=store.new_id(), tenant="zeta"))
        purge = PurgeDeliveries(
            now=store.now, endpoint="ops", statuses=("failed",), limit=1, tenant="acme", dry_run=True
        )
        for also in ((), ("delivered",), ("held", "pending")):
            pages = walked(store, replace(purge, statuses=("failed", *also)))
            assert pages == [(1, ours[0].id), (1, ours[1].id), (0, other[19].id), (1, last.id), (0, None)]
        recover = RecoverDeliveries(now=store.now, endpoint="ops", limit=2, tenant="acme")
        assert walked(store, recover) == [(2, ours[1].id), (1, None)]
        assert {*statuses(store, *theirs, *between, *other)} == {"failed"}
        assert statuses(store, *ours, last) == ["pending"] * 3
        purge = replace(purge, statuses=("pending",), limit=9, dry_run=False)
        assert store.all(purge) == [DeliveriesMoved(3, None)]
        assert statuses(store, *ours, last, theirs[0]) == ["gone", "gone", "gone", "failed"]

    def test_another_endpoints_are_never_deleted(self, store: Probe) -> None:
        (one,), (other,) = failed(store), failed(store, endpoint="else")
        callback = replace(store.delivery(), endpoint=None, url="https://example.com")
        add(store, callback)
        op = PurgeDeliveries(now=store.now, endpoint="ops", statuses=("pending", "held", "delivered", "failed"))
        assert store.all(op) == [DeliveriesMoved(1, None)]
        assert statuses(store, one, other, callback) == ["gone", "failed", "pending"]

    def test_what_an_endpoint_was_told_already_is_not_added_again(self, store: Probe) -> None:
        job, event_id = store.running(), store.new_id()
        told = store.delivery(job)
        store.all(store.finish_op(job, deliveries=(told,)))
        (emitted,) = add(store, replace(store.delivery(), event="order.placed", event_id=event_id))
        same = [replace(one, id=store.new_id()) for one in (told, emitted)]
        missed = [
            replace(told, id=store.new_id(), endpoint="new"),
            replace(told, id=store.new_id(), event="job.started"),
            replace(told, id=store.new_id(), event_id=store.new_id()),
            replace(emitted, id=store.new_id(), endpoint="new"),
            replace(emitted, id=store.new_id(), endpoint=None, url="https://example.com"),
            replace(emitted, id=store.new_id(), event_id=None),
            replace(emitted, id=store.new_id(), event_id=None),
        ]
        twice = [replace(one, id=store.new_id()) for one in missed[:5]]
        op = AddMissed(now=store.now, deliveries=(*same, *missed, *twice))
        assert store.all(op) == [DeliveriesMoved(7, None)]
        assert statuses(store, *same, *missed) == ["gone"] * 2 + ["pending"] * 7
        assert store.find_delivery(missed[3].id) == replace(missed[3], next_at=missed[3].created_at)
        again = tuple(replace(one, id=store.new_id()) for one in missed[:5])
        assert store.all(AddMissed(now=store.now, deliveries=again)) == [DeliveriesMoved(0, None)]

    def test_what_was_missed_is_counted_without_keeping_any(self, store: Probe) -> None:
        (told,) = add(store, replace(store.delivery(), event_id=store.new_id()))
        new = replace(store.delivery(), event_id=store.new_id())
        twice = (replace(told, id=store.new_id()), new, replace(new, id=store.new_id()))
        op = AddMissed(now=store.now, deliveries=twice, dry_run=True)
        assert store.all(op, op) == [DeliveriesMoved(1, None)] * 2
        assert statuses(store, *twice) == ["gone"] * 3
        assert store.all(replace(op, dry_run=False)) == [DeliveriesMoved(1, None)]

    def test_many_that_were_missed_are_added_in_one_operation(self, store: Probe) -> None:
        events = [store.new_id() for _ in range(150)]
        told = [replace(store.delivery(), event_id=one) for one in events[::2]]
        add(store, *told)
        missed = tuple(replace(store.delivery(), event_id=one) for one in events)
        assert store.all(AddMissed(now=store.now, deliveries=missed)) == [DeliveriesMoved(75, None)]
        assert store.all(AddMissed(now=store.now, deliveries=())) == [DeliveriesMoved(0, None)]

    def test_what_was_missed_fails_alone_and_whole_when_an_id_is_in_use(self, store: Probe) -> None:
        (there,) = add(store, store.delivery())
        good = replace(store.delivery(), event_id=store.new_id())
        bad = (good, replace(there, event_id=store.new_id()))
        fine = AppendEvents(now=store.now, events=(), deliveries=(store.delivery(),))
        results = store.all(fine, AddMissed(now=store.now, deliveries=bad))
        assert [type(one) for one in results] == [Done, Failed]
        assert store.find_delivery(good.id) is None
        store.do(AddMissed(now=store.now, deliveries=(replace(good, event_id="x"),)), Failed)

    def test_a_lease_ends_with_its_delivery(self, store: Probe) -> None:
        (delivery,) = add(store, store.delivery())
        (sending,) = store.claim_deliveries()
        store.clock.advance(60_000)
        assert store.all(ResendDelivery(now=store.now, delivery_id=delivery.id)) == [Stale()], "a claim takes it anew"
        (again,) = store.claim_deliveries(token=TOKEN + 1)
        assert store.all(store.settle_op(sending), store.settle_op(again, TOKEN + 1)) == [Stale(), Done()]
