"""The part of the store contract about lists of deliveries, and walks through what ended and what was emitted."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hookyard import ids
from hookyard.model import Delivery, DeliveryStatus, Event, Job
from hookyard.store.contract import (
    AppendEvents,
    DeliveriesMoved,
    DeliveryFilter,
    DeliveryQuery,
    EndedQuery,
    Enqueue,
    EventQuery,
    JobsFound,
    Lease,
    Op,
    PurgeDeliveries,
    Store,
)
from hookyard.store.memory import MemoryStore
from hookyard.testing.store_lists import history
from hookyard.testing.store_probe import Probe, StoreCase
from hookyard.testing.store_told import event

NOW = 1_700_000_000_000
STATUSES: tuple[DeliveryStatus, ...] = ("pending", "held", "sending", "delivered", "failed")
ERRORS = (None, "http_503", "refused")
GLOBS = ("order.*", "*d", "[!j]*", "order.[^o]laced", "order.pla[c", "ORDER.*", "order.placed[", "?*")
"""Some of them would take something else, or nothing, by the rules of SQLite's GLOB."""
_JOBS = [ids.join(NOW - 9 << 12 | at, at) for at in range(4)]
_EVENTS = [ids.join(NOW - 8 << 12 | at, at) for at in range(5)]


def deliveries(count: int) -> list[Op]:
    """Deliveries of all kinds in all states, in a scattered order."""
    jobs: list[Op] = [
        Enqueue(
            now=NOW,
            job=Job(id=one, plugin="a", command="x", lane="a/x", args=b"{}", submitted_at=NOW, run_at=NOW),
            lease=Lease(1, "w", NOW + 9999),
        )
        for one in _JOBS
    ]
    made = tuple(_delivery(at, (at * 7919) % 10_007) for at in range(count))
    return [*jobs, AppendEvents(now=NOW, events=(), deliveries=made)]


def _delivery(at: int, draw: int) -> Delivery:
    status = STATUSES[draw % 5]
    over = status in {"delivered", "failed"}
    sending = status == "sending"
    return Delivery(
        id=ids.join(NOW + at // 3 << 12 | at % 3, draw),
        job_id=(None, *_JOBS)[draw // 5 % 5],
        event=("job.succeeded", "order.placed")[draw // 7 % 2],
        endpoint=(None, "ops", "else")[draw // 3 % 3],
        url="https://example.com" if draw // 3 % 3 == 0 else None,
        tenant=("", "acme", "other")[draw // 11 % 3],
        event_id=(None, *_EVENTS)[draw % 6],
        order_key=("o", "p")[draw % 2] if status == "held" else None,
        body=b"{}",
        created_at=NOW - draw % 100,
        status=status,
        attempt=draw % 4,
        lease_token=draw if sending else None,
        lease_expires_at=NOW + 99 if sending else None,
        last_error=ERRORS[draw // 13 % 3],
        completed_at=NOW + draw if over else None,
    )


def delivery_queries() -> st.SearchStrategy[DeliveryQuery]:
    """Any filters together."""

    def any_of(*choices: object) -> st.SearchStrategy[object]:
        return st.sampled_from((None, None, *choices))

    return st.builds(
        DeliveryQuery,
        endpoint=any_of("ops", "none"),
        callback=st.sampled_from((False, False, False, True)),
        status=any_of(*STATUSES),
        event=any_of("order.placed", "none", *GLOBS),
        job_id=any_of(_JOBS[1], None, "x"),
        tenant=any_of("acme", ""),
        error=any_of("refused", "none"),
        created_since=any_of(NOW + 5, NOW + 30),
        created_until=any_of(NOW + 20, NOW + 6),
        before=any_of(ids.join(NOW + 25 << 12, 5)),
        limit=st.integers(1, 30),
    )


class SentContract(StoreCase):
    """What lists of deliveries, `ended` and `EventQuery.after` promise."""

    def test_every_filter_of_deliveries_shows_what_the_model_shows_page_by_page(self, store: Probe) -> None:
        model, ops = MemoryStore(), deliveries(200)
        model.apply(ops)
        store.all(*ops)

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(query=delivery_queries())
        def compare(query: DeliveryQuery) -> None:
            expected = store.runner.run(_walk_deliveries(model, query))
            assert store.runner.run(_walk_deliveries(store.store, query)) == expected

        compare()

    @pytest.mark.parametrize("event", ["job.succeeded", *GLOBS])
    @pytest.mark.parametrize("tenant", [None, "acme"])
    def test_a_list_shows_of_an_event_what_would_be_deleted(self, store: Probe, tenant: str | None, event: str) -> None:
        store.all(*deliveries(60))
        shown: list[Delivery] = []
        for status in ("pending", "failed"):
            query = DeliveryQuery(endpoint="ops", status=status, tenant=tenant, event=event, limit=200)
            shown.extend(store.runner.run(store.store.find_deliveries(query)).deliveries)
        op = PurgeDeliveries(
            now=store.now,
            endpoint="ops",
            statuses=("pending", "failed"),
            tenant=tenant,
            only=DeliveryFilter(event=event),
            dry_run=True,
        )
        assert store.all(op) == [DeliveriesMoved(len(shown), None)]
        assert bool(shown) is any(fnmatchcase(kind, event) for kind in ("job.succeeded", "order.placed"))

    def test_a_list_of_deliveries_has_no_bodies_and_says_which_page_is_the_last(self, store: Probe) -> None:
        added = tuple(replace(store.delivery(), tenant="acme") for _ in range(3))
        store.all(AppendEvents(now=store.now, events=(), deliveries=added))
        page = store.runner.run(store.store.find_deliveries(DeliveryQuery(limit=2)))
        shown = [replace(one, body=b"", next_at=one.created_at) for one in added[::-1]]
        assert (list(page.deliveries), page.next) == (shown[:2], added[1].id)
        page = store.runner.run(store.store.find_deliveries(DeliveryQuery(limit=2, before=page.next)))
        assert (list(page.deliveries), page.next) == (shown[2:], None)
        assert store.find_delivery(added[0].id) == replace(added[0], next_at=added[0].created_at)
        assert store.find_delivery(store.new_id()) is None
        assert store.find_delivery("x") is None

    def test_what_a_delivery_tells_of_and_whose_it_is_comes_back(self, store: Probe) -> None:
        job = store.running()
        told = replace(
            store.delivery(job),
            tenant="acme",
            event_id=store.new_id(),
            order_key="customer 7",
            round_start=0,
            epoch=1 << 61,
        )
        store.all(store.finish_op(job, deliveries=(told,)))
        (claimed,) = store.claim_deliveries()
        assert (claimed.tenant, claimed.event_id, claimed.order_key) == ("acme", told.event_id, "customer 7")
        assert claimed.epoch == 1 << 61
        assert store.deliveries(job) == (claimed,)

    def test_jobs_that_ended_are_walked_through_in_the_order_of_ids(self, store: Probe) -> None:
        model, ops = MemoryStore(), history(150)
        model.apply(ops)
        store.all(*ops)
        starts = st.sampled_from([NOW, NOW + 10, NOW + 30, 0])

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(since=starts, until=st.sampled_from([NOW + 20, NOW + 45, NOW + 9999]), limit=st.integers(1, 40))
        def compare(since: int, until: int, limit: int) -> None:
            query = EndedQuery(since=since, until=until, limit=limit)
            expected = store.runner.run(_walk_ended(model, query))
            found = store.runner.run(_walk_ended(store.store, query))
            assert found == expected
            assert [job.id for job in found] == sorted(job.id for job in found)
            assert all(since <= (job.completed_at or 0) < until for job in found)

        compare()

    def test_a_job_that_ended_is_shown_with_its_result(self, store: Probe) -> None:
        first, running, second = store.running(), store.running(), store.running()
        store.all(store.finish_op(first), store.finish_op(second))
        query = EndedQuery(since=store.now, until=store.now + 1, limit=1)
        page = store.runner.run(store.store.ended(query))
        assert page == JobsFound((replace(store.see(first), args=b""),), first.id)
        assert page.jobs[0].result == b'{"text":"Hello, Ada!"}'
        page = store.runner.run(store.store.ended(replace(query, after=first.id)))
        assert page == JobsFound((replace(store.see(second), args=b""),), None)
        assert store.runner.run(store.store.ended(replace(query, since=store.now + 1))).jobs == ()
        assert store.see(running).completed_at is None

    def test_events_are_walked_through_from_the_oldest(self, store: Probe) -> None:
        one, two = store.running(), store.running(replace(store.job(), tenant="acme"))
        emitted = [event(store, (one, two)[at % 2], ("a.b", "c.d")[at % 3 % 2], plugin="pq"[at % 2]) for at in range(9)]
        store.all(AppendEvents(now=store.now, events=tuple(emitted)))

        def walk(query: EventQuery) -> list[Event]:
            found: list[Event] = []
            while page := store.runner.run(store.store.events(query)):
                found += page
                query = replace(query, after=page[-1].id)
            return found

        start = EventQuery(after=ids.join(0, 0), limit=2)
        assert walk(start) == emitted
        assert walk(replace(start, after=emitted[6].id)) == emitted[7:]
        for field, value in (("type", "a.b"), ("plugin", "p"), ("tenant", "acme"), ("job_id", one.id)):
            expected = [each for each in emitted if getattr(each, field) == value]
            assert 0 < len(expected) < 9
            assert walk(replace(start, **{field: value})) == expected


async def _walk_deliveries(store: Store, query: DeliveryQuery) -> Sequence[Delivery]:
    """All pages; each but the last may be short."""
    found: list[Delivery] = []
    for _ in range(1000):
        page = await store.find_deliveries(query)
        assert len(page.deliveries) <= query.limit
        found += page.deliveries
        if page.next is None:
            return found
        query = replace(query, before=page.next)
    msg = "the pages never end"
    raise AssertionError(msg)


async def _walk_ended(store: Store, query: EndedQuery) -> Sequence[Job]:
    found: list[Job] = []
    for _ in range(1000):
        page = await store.ended(query)
        assert len(page.jobs) <= query.limit
        found += page.jobs
        if page.next is None:
            return found
        query = replace(query, after=page.next)
    msg = "the pages never end"
    raise AssertionError(msg)
