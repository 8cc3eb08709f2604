"""What deliveries cost: claims beside long queues, orders, lists, walks and what people do with very many."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, cast

import pytest
from msgspec.structs import replace
from tests.unit.store.watched import Watched, connection_of, steps

from hookyard import ids
from hookyard.model import Backlog, Delivery
from hookyard.store.contract import (
    RESUMED,
    AbandonDelivery,
    AddMissed,
    AppendEvents,
    ClaimDeliveries,
    DeliveryFilter,
    DeliveryQuery,
    EndedQuery,
    Op,
    PurgeDeliveries,
    RecoverDeliveries,
    ResendDelivery,
    ResumeCallbacks,
    ResumeDeliveries,
    matches_type,
)
from hookyard.store.sqlite import SqliteStore, statements
from hookyard.store.sqlite.lists import ENDED_LOOKS, LOOKS
from hookyard.testing.store_orders import add, ordered
from hookyard.testing.store_probe import Probe

START = 1_600_000_000_000
FEW, MANY = 300, 100_000
Purged = Literal["pending", "held", "delivered", "failed"]
PURGED: tuple[tuple[Purged, ...], ...] = (("failed",), ("delivered",), ("pending", "held", "delivered", "failed"))
FILL = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO delivery (
  key, tail, request_id, event, endpoint, tenant, order_key, status, attempt, round_start, next_at, created_at,
  completed_at, last_error, epoch, put_off, body)
SELECT (?2 + i) << 12 | ?3, i, 'r', 'job.succeeded', ?4, CASE i % 2 WHEN 0 THEN 'acme' ELSE '' END,
  CASE WHEN ?5 = 'held' THEN 'o' || (i % 10) END, ?5, 1, 0, CASE WHEN ?5 = 'pending' THEN ?2 + i END, ?2 + i,
  CASE WHEN ?5 IN ('failed', 'delivered') THEN ?2 + i END, CASE WHEN ?5 = 'failed' THEN 'http_503' END, 0,
  ?5 = 'pending', x'7b7d'
FROM n
"""
JOBS = """
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO job_log (
  key, tail, plugin, command, lane, status, priority, attempt, max_attempts, run_at, submitted_at, started_at,
  completed_at, principal, request_id, tags, result, args)
SELECT (?2 + i) << 12, i, 'a', 'x', 'a/x', 'succeeded', 0, 1, 1, ?2 + i, ?2 + i, ?2 + i, ?2 + i + 1, 't', 'r', '[]',
  x'7b7d', x'7b7d'
FROM n
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Probe]:
    async def open_store(folder: Path) -> SqliteStore:
        return await SqliteStore.open(folder / "hookyard.db")

    with asyncio.Runner() as runner:
        probe = Probe(runner, open_store, tmp_path)
        yield probe
        probe.close()


def fill(store: Probe, count: int, status: str, *, endpoint: str | None = "ops", place: int = 0) -> None:
    """So many rows more with a status; `place` tells the ids of several calls apart."""
    connection_of(store).execute(FILL, (count, START, place, endpoint, status))


def reads(store: Probe, question: Callable[[], object]) -> int:
    """How many virtual machine steps a question takes, in tens."""
    count = 0

    def progress() -> bool:
        nonlocal count
        count += 1
        return False

    def watch(connection: Watched, handler: Callable[[], bool] | None) -> None:
        connection.set_progress_handler(handler, 10, id="test")

    async def each(handler: Callable[[], bool] | None) -> None:
        assert isinstance(store.store, SqliteStore)
        for connection in store.store.reader.connections:
            await connection.async_run(watch, cast("Watched", connection), handler)

    for _ in range(2):  # each connection reads the schema at its first question
        question()
    store.runner.run(each(progress))
    question()
    store.runner.run(each(None))
    return count


def plan(store: Probe, file: str, name: str) -> list[str]:
    """How a statement is done."""
    return explained(store, statements.load(file, columns_of="queries")[name].text)


def explained(store: Probe, text: str) -> list[str]:
    """How this is done."""
    numbered = re.findall(r"\?(\d+)", text)
    values = [None] * (max(map(int, numbered)) if numbered else text.count("?"))
    connection = connection_of(store)  # the one that writes, which does not know what those that read do
    connection.create_scalar_function("matches_type", matches_type, 2, deterministic=True)
    return [str(row[3]) for row in connection.execute("EXPLAIN QUERY PLAN " + text, values).fetchall()]


def page_asked(store: Probe, query: DeliveryQuery) -> str:
    """The statement that is executed for a page of deliveries."""
    seen: list[str] = []

    def trace(_: object, sql: str, __: object) -> bool:
        seen.append(sql)
        return True

    def watch(connection: Watched, handler: Callable[[object, str, object], bool] | None) -> None:
        connection.exec_trace = handler

    async def each(handler: Callable[[object, str, object], bool] | None) -> None:
        assert isinstance(store.store, SqliteStore)
        for connection in store.store.reader.connections:
            await connection.async_run(watch, cast("Watched", connection), handler)

    store.runner.run(each(trace))
    store.runner.run(store.store.find_deliveries(query))
    store.runner.run(each(None))
    (page,) = (sql for sql in seen if "AS seen" in sql)
    return page


def first_look(steps: list[str]) -> str:
    """What a statement begins with that is done so."""
    return next(step for step in steps if step.startswith(("SEARCH", "SCAN")))


def executed(store: Probe, *ops: Op) -> list[str]:
    """The first words of the statements that a batch is made of."""
    seen: list[str] = []

    def trace(_: object, sql: str, __: object) -> bool:
        seen.append(" ".join(sql.split()[:3]))
        return True

    connection = connection_of(store)
    connection.exec_trace = trace
    store.all(*ops)
    connection.exec_trace = None
    return seen


def test_a_claim_costs_the_same_beside_a_hundred_thousand_that_wait_and_as_many_that_are_held(store: Probe) -> None:
    def claim() -> ClaimDeliveries:
        return ClaimDeliveries(now=store.now, limit=20, lease=store.lease())

    fill(store, FEW, "pending")
    alone = steps(store, claim())
    fill(store, MANY, "pending", place=1)
    fill(store, MANY, "held", place=2)
    assert steps(store, claim()) <= alone * 1.3 + 5
    found = plan(store, "deliver", "pick_deliveries")
    assert any("delivery_pending (next_at<?)" in step for step in found)
    assert any("delivery_sending (lease_expires_at<?)" in step for step in found)
    assert not any(step.startswith("SCAN delivery") for step in found)


def test_without_orders_nobody_looks_for_them(store: Probe) -> None:
    plain = add(store, *(store.delivery() for _ in range(3)))
    store.claim_deliveries()
    ends = [store.settle_op(replace(one, attempt=1)) for one in plain]
    assert len(executed(store, *ends[:1])) == 4
    assert executed(store, AbandonDelivery(now=store.now, delivery_id=plain[0].id))[1:-1] == ["SELECT status FROM"]
    add(store, ordered(store))
    assert len(executed(store, *ends[1:])) == 5, "once there are some, one statement asks"
    more = [store.delivery() for _ in range(9)]
    batch = AppendEvents(now=store.now, events=(), deliveries=tuple(more))
    assert [text.split()[0] for text in executed(store, batch)] == ["BEGIN", "INSERT", "COMMIT"]


def test_orders_that_were_left_open_are_known_after_a_restart(store: Probe) -> None:
    first, second = add(store, ordered(store), ordered(store))
    store.reopen()
    store.claim_deliveries()
    assert len(executed(store, store.settle_op(replace(first, attempt=1)))) == 6
    assert [one.id for one in store.claim_deliveries()] == [second.id]


def test_an_order_costs_the_same_however_many_are_held_in_it(store: Probe) -> None:
    def round_of(order: str) -> int:
        (first,) = add(store, ordered(store, order))
        adding = steps(store, AppendEvents(now=store.now, events=(), deliveries=(ordered(store, order),)))
        (sending,) = store.claim_deliveries(1)
        assert sending.id == first.id
        return adding + steps(store, store.settle_op(sending))

    alone = round_of("alone")
    add(store, ordered(store, "o1"))
    fill(store, MANY, "held")
    store.claim_deliveries(5)
    (held,) = add(store, ordered(store, "o1"))
    assert (store.find_delivery(held.id) or held).status == "held"
    assert round_of("new") <= alone * 1.3 + 10
    for name in ("open_orders", "promote"):
        assert any("delivery_ordered (endpoint=? AND order_key=?)" in step for step in plan(store, "orders", name)), (
            name
        )


def test_the_turn_of_the_next_costs_the_same_however_many_are_held_behind_it(store: Probe) -> None:
    def turn(sending: Delivery) -> int:
        return steps(store, store.settle_op(sending))

    add(store, ordered(store, "few"), ordered(store, "few"))
    (sending,) = store.claim_deliveries(1)
    few = turn(sending)
    store.claim_deliveries(1)
    first = replace(ordered(store, "o1"), id=ids.join(START << 12, 1))
    add(store, first)
    fill(store, MANY, "held")
    (sending,) = store.claim_deliveries(1)
    assert sending.id == first.id
    assert turn(sending) <= few * 1.3 + 5
    assert len(store.claim_deliveries()) == 1


@pytest.mark.parametrize("statuses", PURGED)
def test_what_people_do_with_very_many_is_done_in_short_parts(store: Probe, statuses: tuple[Purged, ...]) -> None:
    def parts() -> list[Op]:
        return [
            RecoverDeliveries(now=store.now, endpoint="ops", since=0, limit=100),
            RecoverDeliveries(now=START, endpoint="ops", waiting=True, limit=100),
            RecoverDeliveries(now=START, endpoint="ops", failed=False, waiting=True, limit=100),
            ResumeDeliveries(now=START, endpoint="ops", limit=100),
            PurgeDeliveries(
                now=store.now, endpoint="ops", statuses=statuses, only=DeliveryFilter(event="no.such"), limit=100
            ),
            PurgeDeliveries(
                now=store.now, endpoint="ops", statuses=statuses, only=DeliveryFilter(error="no_such"), limit=100
            ),
            PurgeDeliveries(now=store.now, endpoint="ops", statuses=statuses, limit=100),
            ResendDelivery(now=store.now, delivery_id=ids.join((START + 250) << 12 | 1, 250)),
            AbandonDelivery(now=store.now, delivery_id=ids.join((START + 250) << 12 | 1, 250)),
            AddMissed(now=store.now, deliveries=tuple(_missed(store) for _ in range(100))),
        ]

    for place, status in enumerate(("failed", "pending", "delivered")):
        fill(store, FEW, status, place=place)
    few = [steps(store, op) for op in parts()]
    for place, status in enumerate(("failed", "pending", "delivered", "held")):
        fill(store, MANY // 4, status, place=10 + place)
        fill(store, MANY // 4, status, place=20 + place, endpoint="else")
    many = [steps(store, op) for op in parts()]
    assert all(now <= before * 1.4 + 30 for now, before in zip(many, few, strict=True)), (many, few)


def test_what_is_put_off_for_callback_urls_is_looked_through_in_short_parts(store: Probe) -> None:
    def part(after: int) -> int:
        place = ids.join((START + after) << 12 | 1, after)
        op = ResumeCallbacks(now=START, origin="https://a.example", after=place, limit=100)
        return steps(store, op)

    fill(store, 2 * RESUMED, "pending", endpoint=None, place=1)
    fill(store, 2 * RESUMED, "delivered", endpoint=None, place=2)
    fill(store, 2 * RESUMED, "pending", place=3)
    few = [part(0), part(RESUMED)]
    fill(store, MANY, "delivered", endpoint=None, place=4)
    fill(store, MANY, "pending", place=5)
    fill(store, MANY, "pending", endpoint=None, place=6)
    many = [part(0), part(RESUMED)]
    assert all(now <= before * 1.1 + 30 for now, before in zip(many, few, strict=True)), (many, few)
    (line,) = [each for each in plan(store, "recovery", "put_off") if "delivery" in each]
    assert "USING INDEX delivery_put_off (endpoint=? AND key>?)" in line


def _missed(store: Probe) -> Delivery:
    return replace(store.delivery(), event_id=store.new_id())


UNSETTLED = "delivery_unsettled (endpoint=? AND status=? AND key"
OF_TENANT = "delivery_unsettled_of_tenant (tenant=? AND status=? AND key"
QUERIES = {
    "all": (DeliveryQuery(), "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    "job": (DeliveryQuery(job_id=ids.join(1 << 60, 1), tenant="acme"), "delivery_of_job (job_key=? AND rowid"),
    "endpoint": (DeliveryQuery(endpoint="ops"), "delivery_of_endpoint (endpoint=? AND key"),
    "endpoint of a tenant": (DeliveryQuery(endpoint="ops", tenant="acme"), "delivery_of_endpoint (endpoint=? AND key"),
    "callbacks": (DeliveryQuery(callback=True), "delivery_of_endpoint (endpoint=? AND key"),
    "callbacks of a tenant": (DeliveryQuery(callback=True, tenant="acme"), "delivery_of_tenant (tenant=? AND key"),
    "sending": (DeliveryQuery(status="sending"), "delivery_sending"),
    "failed": (DeliveryQuery(status="failed"), "delivery_failed (key>? AND key<?)"),
    "failed of an endpoint": (DeliveryQuery(endpoint="ops", status="failed"), UNSETTLED),
    "failed of a tenant": (DeliveryQuery(tenant="acme", status="failed"), OF_TENANT),
    "failed to callbacks": (DeliveryQuery(status="failed", callback=True), UNSETTLED),
    "failed of a tenant to callbacks": (DeliveryQuery(tenant="acme", status="failed", callback=True), OF_TENANT),
    "pending": (DeliveryQuery(status="pending"), "delivery_waiting (status=? AND key"),
    "held": (DeliveryQuery(status="held"), "delivery_waiting (status=? AND key"),
    "pending of a tenant": (DeliveryQuery(status="pending", tenant="acme"), OF_TENANT),
    "held of a tenant": (DeliveryQuery(status="held", tenant="acme"), OF_TENANT),
    "delivered of a tenant": (DeliveryQuery(status="delivered", tenant="acme"), "delivery_of_tenant (tenant=? AND key"),
    "pending to callbacks": (DeliveryQuery(status="pending", callback=True), UNSETTLED),
    "pending of an endpoint": (DeliveryQuery(endpoint="ops", status="pending"), UNSETTLED),
    "held of an endpoint": (DeliveryQuery(endpoint="ops", status="held"), UNSETTLED),
    "tenant": (DeliveryQuery(tenant="acme"), "delivery_of_tenant (tenant=? AND key"),
    "error": (DeliveryQuery(status="failed", error="http_503"), "delivery_failed (key>? AND key<?)"),
    "span": (
        DeliveryQuery(created_since=START + 5, created_until=START + 200),
        "INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ),
    "nothing of a glob": (DeliveryQuery(event="none.*"), "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    "a glob of what failed": (DeliveryQuery(status="failed", event="order.*"), "delivery_failed (key>? AND key<?)"),
    "nothing of a glob of an endpoint": (
        DeliveryQuery(endpoint="ops", event="none.*"),
        "delivery_of_endpoint (endpoint=? AND key",
    ),
    "nothing of a glob of a tenant": (
        DeliveryQuery(tenant="acme", event="none.*"),
        "delivery_of_tenant (tenant=? AND key",
    ),
    "nothing": (DeliveryQuery(event="none"), "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    "nothing of an endpoint": (
        DeliveryQuery(endpoint="ops", event="none"),
        "delivery_of_endpoint (endpoint=? AND key",
    ),
}


def test_a_page_of_deliveries_costs_the_same_however_many_there_are(store: Probe) -> None:
    def page_of(query: DeliveryQuery) -> int:
        return reads(store, lambda: store.runner.run(store.store.find_deliveries(query)))

    def pages() -> dict[str, int]:
        return {name: page_of(query) for name, (query, _) in QUERIES.items()}

    kinds = (("failed", "ops"), ("pending", "ops"), ("held", "ops"), ("delivered", None))
    for place, (status, endpoint) in enumerate(kinds):
        fill(store, 2 * LOOKS, status, endpoint=endpoint, place=place)
    few = pages()
    for place, (status, endpoint) in enumerate(kinds):
        fill(store, MANY // 2, status, endpoint=endpoint, place=10 + place)
    many = pages()
    assert {name: (many[name], few[name]) for name in many if many[name] > few[name] * 1.3 + 10} == {}
    for event in ("none", "none.*"):
        missing = store.runner.run(store.store.find_deliveries(DeliveryQuery(event=event)))
        assert missing.deliveries == ()
        assert missing.next is not None


@pytest.mark.parametrize("status", ["pending", "held", "failed", "delivered"])
def test_a_list_of_what_is_for_callback_urls_looks_at_nothing_that_is_for_endpoints(
    store: Probe, status: Literal["pending", "held", "failed", "delivered"]
) -> None:
    fill(store, 3, status, endpoint=None)
    fill(store, 3 * LOOKS, status, place=1)
    found = store.runner.run(store.store.find_deliveries(DeliveryQuery(callback=True, status=status)))
    assert (len(found.deliveries), found.next) == (3, None)


@pytest.mark.parametrize("name", QUERIES)
def test_a_list_of_deliveries_looks_at_the_rows_of_its_index_first(store: Probe, name: str) -> None:
    query, index = QUERIES[name]
    steps = explained(store, page_asked(store, query))
    assert index in first_look(steps), steps
    # Only what is being sent now is put in order, by nobody else's index.
    assert not any("TEMP B-TREE" in step for step in steps) or name == "sending", steps


def test_the_two_questions_of_a_list_look_at_the_same_rows_and_each_list_has_a_query_here(store: Probe) -> None:
    lists = statements.load("delivery_lists", columns_of="queries")
    pages = {name.removeprefix("page_") for name in lists if name.startswith("page_")}
    assert set(lists) == {f"{kind}_{way}" for kind in ("page", "reach") for way in pages}

    for way in pages:
        page, reach = (first_look(plan(store, "delivery_lists", f"{kind}_{way}")) for kind in ("page", "reach"))
        assert page == reach
    asked = {page_asked(store, query) for query, _ in QUERIES.values()}
    assert asked == {lists[f"page_{way}"].text for way in pages}


Waits = Literal["pending", "held", "failed"]


@pytest.mark.parametrize("callback", [False, True])
@pytest.mark.parametrize("status", ["pending", "held", "failed"])
def test_a_list_of_a_tenant_looks_at_nothing_that_is_of_others(store: Probe, status: Waits, callback: bool) -> None:
    endpoint = None if callback else "ops"
    query = DeliveryQuery(tenant="acme", status=status, callback=callback)
    fill(store, 6, status, endpoint=endpoint)
    few = reads(store, lambda: store.runner.run(store.store.find_deliveries(query)))
    connection_of(store).execute(FILL.replace("'acme'", "'zeta'"), (4 * LOOKS, START, 1, endpoint, status))
    found = store.runner.run(store.store.find_deliveries(query))
    assert (len(found.deliveries), found.next) == (3, None)
    assert reads(store, lambda: store.runner.run(store.store.find_deliveries(query))) <= few * 1.3 + 10


def test_the_walk_through_what_ended_looks_at_so_many_jobs_at_once_and_comes_to_the_end(store: Probe) -> None:
    count = 2 * ENDED_LOOKS + 500
    connection_of(store).execute(JOBS, (count, START))
    last = EndedQuery(since=START + count - 1, until=START + count + 9)

    def ask(query: EndedQuery) -> object:
        return store.runner.run(store.store.ended(query))

    assert reads(store, lambda: ask(last)) <= ENDED_LOOKS * 4
    query, pages, found = last, 0, 0
    while True:
        page = store.runner.run(store.store.ended(query))
        pages, found = pages + 1, found + len(page.jobs)
        if page.next is None:
            break
        query = replace(query, after=page.next)
    assert (pages, found) == (3, 3)
    assert reads(store, lambda: ask(replace(last, until=START + 100, after=page.next))) <= 400
    (search,) = (step for step in plan(store, "ended", "reach_of_history") if "job_log" in step)
    assert "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in search


def test_an_endpoints_backlog_and_its_tries_are_found_beside_many_others(store: Probe) -> None:
    def costs() -> tuple[int, int]:
        ask = store.store
        return (
            reads(store, lambda: store.runner.run(ask.backlog("ops"))),
            reads(store, lambda: store.runner.run(ask.endpoint_attempts("ops", limit=50))),
        )

    for place, status in enumerate(("failed", "pending", "held")):
        fill(store, FEW, status, place=place)
    few = costs()
    for place, status in enumerate(("failed", "pending", "held", "delivered")):
        fill(store, MANY // 4, status, place=10 + place, endpoint="else")
    fill(store, MANY // 4, "delivered", place=20)
    many = costs()
    assert all(now <= before * 1.3 + 10 for now, before in zip(many, few, strict=True)), (many, few)
    expected = Backlog(pending=FEW, held=FEW, sending=0, failed=FEW, oldest=START + 1)
    assert store.runner.run(store.store.backlog("ops")) == expected
