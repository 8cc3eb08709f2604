"""A purge and a recovery cut off by kill -9: what they looked at is done whole or not at all, and they can go on."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import httpx
import pytest
from tests.e2e.lab import Receiver, Server, listen_to

from hookyard.clock import SystemClock
from hookyard.ids import IdSource
from hookyard.model import Delivery, DeliveryAttempt
from hookyard.store.contract import (
    AppendEvents,
    ClaimDeliveries,
    DeliveriesClaimed,
    DeliveryQuery,
    FinishDelivery,
    Lease,
    Store,
)
from hookyard.store.sqlite import SqliteStore

T = TypeVar("T")
COUNT = 600
PAGE = 20
HOUR = 3_600_000
CUTS = (3, 9)
"""After how many pages it is cut off, of thirty."""


def look(server: Server, question: Callable[[SqliteStore], Awaitable[T]]) -> T:
    """Look into the file of a server that has ended, or put something into it."""

    async def looked() -> T:
        store = await SqliteStore.open(server.folder / "hookyard.db", synchronous="full")
        try:
            return await question(store)
        finally:
            await store.aclose()
            store.close()

    return asyncio.run(looked())


def prepared(server: Server, receiver: Receiver, *, enabled: bool) -> None:
    """The endpoint is there, and the server is not."""
    listen_to(server, receiver.url)
    server.config["endpoints"]["receiver"] |= {"breaker": "off", "enabled": enabled, "order": {"by": "endpoint"}}
    server.config["tokens"][0]["scopes"] += ["endpoints:read", "endpoints:write"]
    server.start()
    server.kill()


async def made(store: SqliteStore, *, ordered: bool, events: Sequence[str] = ("job.succeeded",)) -> list[str]:
    """So many deliveries, in turn of each event: dead letters with an attempt each, or what waits in an order."""
    (endpoint,) = await store.endpoints()
    clock = SystemClock()
    make, now = IdSource(clock), clock.now()
    deliveries = [
        Delivery(
            id=make(),
            job_id=None,
            event=events[at % len(events)],
            endpoint="receiver",
            epoch=endpoint.epoch,
            url=None,
            body=json.dumps({"type": "job.succeeded", "timestamp": "", "data": {"job_id": f"j{at}"}}).encode(),
            order_key="" if ordered else None,
            created_at=now,
            next_at=now + HOUR if ordered else now,
        )
        for at in range(COUNT)
    ]
    store.apply([AppendEvents(now=now, events=(), deliveries=tuple(deliveries))])
    while not ordered:
        (claimed,) = store.apply([ClaimDeliveries(now=now, limit=100, lease=Lease(7, "test", now + HOUR))])
        assert isinstance(claimed, DeliveriesClaimed)
        if not claimed.deliveries:
            break
        store.apply([_failed(one, now) for one in claimed.deliveries])
    return [one.id for one in deliveries]


def _failed(one: Delivery, now: int) -> FinishDelivery:
    tried = DeliveryAttempt(
        delivery_id=one.id, number=1, started_at=now, duration=1, status=503, error="http_503", response=b""
    )
    return FinishDelivery(now=now, delivery_id=one.id, token=7, status="failed", attempt=tried)


def cut_off(server: Server, word: str, body: dict[str, Any], pages: int) -> int:
    """Ask page by page, and kill the server while a page after so many is under way; how many were changed for sure."""
    counts: list[int] = []
    enough = threading.Event()

    def ask() -> None:
        cursor: dict[str, Any] = {}
        try:
            for number in range(pages + 1):
                if number == pages:
                    enough.set()
                page = _page(server, word, {**body, **cursor})
                counts.append(page["count"])
                cursor = {"cursor": page["next"]}
        except httpx.TransportError:
            pass  # the last one: it may have been done, and nobody knows
        finally:
            enough.set()

    asking = threading.Thread(target=ask)
    asking.start()
    assert enough.wait(60)
    server.kill()
    asking.join(60)
    assert not asking.is_alive()
    assert len(counts) in {pages, pages + 1}
    return sum(counts)


def _page(server: Server, word: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = server.client.post(f"/api/v1/endpoints/receiver/{word}", json=body)
    page: dict[str, Any] = answer.raise_for_status().json()
    return page


def all_of_it(server: Server, word: str, body: dict[str, Any]) -> int:
    """The same call, to its end."""
    count, cursor = 0, dict[str, Any]()
    while True:
        page = _page(server, word, {**body, **cursor})
        count += int(page["count"])
        if page["next"] is None:
            return count
        cursor = {"cursor": page["next"]}


async def rows(store: Store, ids: Sequence[str]) -> list[Delivery | None]:
    return [await store.delivery(each) for each in ids]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("pages", CUTS)
def test_what_a_purge_that_was_cut_off_looked_at_is_gone_whole(server: Server, receiver: Receiver, pages: int) -> None:
    prepared(server, receiver, enabled=False)
    ids = look(server, lambda store: made(store, ordered=False))
    body = {"since": 0, "statuses": ["failed"], "limit": PAGE}
    server.start()
    sure = cut_off(server, "purge", body, pages)

    async def half(store: SqliteStore) -> int:
        found = await rows(store, ids)
        gone = sum(one is None for one in found)
        assert found[:gone] == [None] * gone, "the oldest first, and none left between"
        for delivery_id, one in zip(ids, found, strict=True):
            tries = await store.delivery_attempts(delivery_id)
            assert len(tries) == (0 if one is None else 1), "with its attempts"
        return gone

    gone = look(server, half)
    assert gone % PAGE == 0, "a page is gone whole or not at all"
    assert sure <= gone <= sure + PAGE
    server.start()
    assert all_of_it(server, "purge", body) == COUNT - gone
    assert server.client.get("/api/v1/deliveries").json()["deliveries"] == []


@pytest.mark.timeout(600)
def test_a_purge_of_one_event_that_was_cut_off_takes_no_other_and_can_go_on(server: Server, receiver: Receiver) -> None:
    prepared(server, receiver, enabled=False)
    ids = look(server, lambda store: made(store, ordered=False, events=("order.paid", "job.succeeded")))
    meant, others = ids[::2], ids[1::2]
    body = {"since": 0, "event": "order.*", "error": "http_503", "limit": PAGE}
    server.start()
    sure = cut_off(server, "purge", body, CUTS[0])

    async def half(store: SqliteStore) -> int:
        assert None not in await rows(store, others)
        found = await rows(store, meant)
        gone = sum(one is None for one in found)
        assert found[:gone] == [None] * gone, "the oldest first, and none left between"
        return gone

    gone = look(server, half)
    assert gone % (PAGE // 2) == 0, "a page looks at twice as many as it deletes"
    assert sure <= gone <= sure + PAGE // 2
    server.start()
    assert all_of_it(server, "purge", {**body, "event": "order.sent"}) == 0
    assert all_of_it(server, "purge", body) == len(meant) - gone
    assert all_of_it(server, "purge", {"since": 0}) == len(others)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("pages", CUTS)
def test_an_order_goes_on_after_a_purge_that_was_cut_off(server: Server, receiver: Receiver, pages: int) -> None:
    prepared(server, receiver, enabled=False)
    ids = look(server, lambda store: made(store, ordered=True))
    body = {"since": 0, "statuses": ["pending", "held"], "limit": PAGE}
    server.start()
    cut_off(server, "purge", body, pages)

    async def half(store: SqliteStore) -> None:
        there = [one for one in await rows(store, ids) if one is not None]
        assert 0 < len(there) < COUNT
        # One that was leased for a moment, by a courier that was about to find its endpoint disabled, was let alone.
        assert [one.status for one in there] in (
            ["pending", *["held"] * (len(there) - 1)],
            ["sending", *["held"] * (len(there) - 1)],
        )

    look(server, half)
    server.start()

    def ended() -> bool:
        all_of_it(server, "purge", body)
        found = server.client.get("/api/v1/deliveries", params={"endpoint": "receiver"}).json()["deliveries"]
        return not found

    assert server.until(ended)
    server.stop()
    server.config["endpoints"]["receiver"]["enabled"] = True
    server.start()
    told = {server.trigger("double", {"n": number}).json()["job_id"] for number in range(3)}
    receiver.wait_for(told)
    assert receiver.arrived.keys() == told


@pytest.mark.timeout(600)
@pytest.mark.parametrize("pages", CUTS)
def test_a_recovery_that_was_cut_off_is_ended_by_the_same_call(server: Server, receiver: Receiver, pages: int) -> None:
    prepared(server, receiver, enabled=True)
    ids = look(server, lambda store: made(store, ordered=False))
    body = {"since": 0, "limit": PAGE}
    server.start()
    cut_off(server, "recover", body, pages)

    async def half(store: SqliteStore) -> int:
        found = [one for one in await rows(store, ids) if one is not None]
        assert len(found) == COUNT, "none is lost"
        for one in found:
            assert (one.status == "failed") == (one.completed_at is not None and one.round_start == 0)
            assert len(await store.delivery_attempts(one.id)) == one.attempt - (one.status == "sending")
        return sum(one.status == "failed" for one in found)

    left = look(server, half)
    assert left % PAGE == 0, "a page is sent again whole or not at all"
    server.start()
    assert all_of_it(server, "recover", body) == left
    receiver.wait_for({f"j{at}" for at in range(COUNT)})
    assert {job_id: found for job_id, found in receiver.arrived.items() if len(found) != 1} == {}
    assert set().union(*receiver.arrived.values()) == set(ids)

    def delivered() -> bool:
        query = {"endpoint": "receiver", "status": "open"}
        return not server.client.get("/api/v1/deliveries", params=query).json()["deliveries"]

    assert server.until(delivered)
    server.kill()
    query = DeliveryQuery(endpoint="receiver", status="delivered", limit=COUNT + 1)
    assert len(look(server, lambda store: store.find_deliveries(query)).deliveries) == COUNT
