"""How receivers are: since when they fail, and when that disables their endpoint."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.outbound.endpoints.lab import DAY, NOW, Room, event, names, run, yaml

from hookyard.clock import rfc3339
from hookyard.model import Delivery
from hookyard.outbound.endpoints.health import EndpointStore
from hookyard.store.contract import Together
from hookyard.store.sqlite import SqliteStore

HOUR = 3_600_000


async def fail(room: Room, *at: int, name: str = "crm", error: str = "http_500") -> None:
    for moment in at:
        room.clock.advance(NOW + moment - room.clock.now())
        room.endpoints.failed(name, room.clock.now(), error)
        await room.settled()


def test_the_first_failure_and_the_first_success_are_written_and_nothing_between() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm")
        written = len(room.writer.written)
        await fail(room, 1, 2, 3, 4)
        assert len(room.writer.written) == written + 1
        assert (await room.rows())["crm"].failing_since == NOW + 1
        for _ in range(5):
            room.endpoints.succeeded("crm", NOW + 5)
        await room.settled()
        assert len(room.writer.written) == written + 2
        assert (await room.rows())["crm"].failing_since is None

    run(scenario)


def test_one_that_only_failed_for_the_time_is_disabled_and_operators_are_told() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", disable_after="1d")
        await room.create("ops", events=["endpoint.*"])
        room.writer.written.clear()
        await fail(room, 0, HOUR, 11 * HOUR)
        assert room.manager.find("crm").live
        await fail(room, 24 * HOUR, error="timeout")
        entry = room.manager.find("crm")
        assert (entry.live, entry.row.disabled_at, entry.row.disabled_reason) == (False, NOW + DAY, "failing")
        assert (await room.rows())["crm"].disabled_reason == "failing"
        kind, told = (await room.told())[-1]
        assert kind == "endpoint.disabled"
        assert told == {
            "endpoint": "crm",
            "reason": "failing",
            "failing_since": rfc3339(NOW),
            "last_error": "timeout",
        }
        last = room.writer.written[-1]
        assert isinstance(last, Together)
        assert [type(op).__name__ for op in last.ops] == ["MarkEndpoint", "AppendEvents"]
        assert [(one.event, one.endpoint) for one in room.places.taken][-1] == ("endpoint.disabled", "ops")

    run(scenario)


@pytest.mark.parametrize(
    ("moments", "live"),
    [
        ((0, 7 * DAY), True),
        ((0, 1, 2, 3, 4, 5), True),
        ((0, 1, 2, DAY - 1), True),
        ((0, 1, DAY), False),
        ((0, 7 * DAY, 14 * DAY), False),
    ],
)
def test_it_takes_the_time_and_three_failures(moments: tuple[int, ...], live: bool) -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", disable_after="1d")
        await fail(room, *moments)
        assert room.manager.find("crm").live is live

    run(scenario)


def test_a_success_between_begins_anew() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", disable_after="1d")
        await fail(room, 0, 1, 2)
        room.endpoints.succeeded("crm", room.clock.now())
        await fail(room, DAY, DAY + 1, 2 * DAY - 1)
        assert room.manager.find("crm").live
        await fail(room, 2 * DAY)
        assert not room.manager.find("crm").live

    run(scenario)


def test_with_0s_it_is_never_disabled() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", disable_after="0s")
        await fail(room, *range(0, 400 * DAY, 20 * DAY))
        assert room.manager.find("crm").live
        assert (await room.rows())["crm"].failing_since == NOW

    run(scenario)


def test_that_one_is_failing_is_told_once_when_half_the_time_has_passed() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", of="acme", disable_after="1d")
        await fail(room, 0, 1, 2, 12 * HOUR - 1)
        assert [kind for kind, _ in await room.told()] == ["endpoint.created"]
        await fail(room, 12 * HOUR, 13 * HOUR, 14 * HOUR)
        told = await room.told()
        assert [kind for kind, _ in told] == ["endpoint.created", "endpoint.failing"]
        assert told[-1][1] == {
            "endpoint": "crm",
            "tenant": "acme",
            "failing_since": rfc3339(NOW),
            "last_error": "http_500",
            "disabled_at": rfc3339(NOW + DAY),
        }

    run(scenario)


@pytest.mark.parametrize(("before", "times"), [((0, 1, 2), 1), ((0, 1, 2, 12 * HOUR), 1)])
def test_that_one_is_failing_is_told_once_whether_half_the_time_passes_before_a_restart_or_across_it(
    before: tuple[int, ...], times: int
) -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", disable_after="1d")
        await fail(room, *before)
        later = await Room(store=room.store, now=NOW + 13 * HOUR).start()
        for hour in (13, 14, 15, 16):
            await fail(later, hour * HOUR)
        kinds = [kind for kind, _ in await later.told()]
        assert kinds.count("endpoint.failing") == times
        assert later.manager.find("crm").live

    run(scenario)


@pytest.mark.parametrize("reason", ["gone", "receiver"])
def test_a_receiver_that_wants_no_more_is_heeded_at_once_and_once(reason: str) -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", events=["*"])
        (delivery,) = room.outbox.announce("a.b", {}, NOW)[1]
        for _ in range(3):
            room.endpoints.disable("crm", "gone" if reason == "gone" else "receiver", NOW, "gone")
        assert not room.manager.find("crm").live
        assert getattr(room.endpoints.destination(delivery), "error", None) == "endpoint_disabled"
        assert room.endpoints.listeners("order.paid", "shop", "pay") == ()
        await room.settled()
        assert [kind for kind, _ in await room.told()].count("endpoint.disabled") == 1
        await room.manager.enable("crm", tenant="", audit=room.audit("crm"))
        assert room.endpoints.listeners("order.paid", "shop", "pay") == ("crm",)

    run(scenario)


def test_a_delivery_that_arrived_is_no_error_of_the_receiver_that_wants_no_more() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm")
        room.endpoints.disable("crm", "receiver", NOW, "")
        await room.settled()
        (fact,) = [fact for kind, fact in await room.told() if kind == "endpoint.disabled"]
        assert fact == {"endpoint": "crm", "reason": "receiver"}

    run(scenario)


def test_to_enable_it_forgets_what_it_failed() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", disable_after="1d")
        await fail(room, 0, 1, DAY)
        await room.manager.enable("crm", tenant="", audit=room.audit("crm"))
        assert room.manager.find("crm").row.failing_since is None
        await fail(room, DAY + 1, DAY + 2, DAY + 3)
        assert room.manager.find("crm").live
        assert (await room.rows())["crm"].failing_since == NOW + DAY + 1

    run(scenario)


def test_what_the_store_does_not_take_is_written_when_it_does_as_it_is_by_then() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", disable_after="1d")
        await room.create("ops", events=["endpoint.*"])
        reserved = room.places.reserved
        room.writer.unavailable = True
        await fail(room, 0, 1, DAY)
        assert not room.manager.find("crm").live, "in memory it holds at once"
        assert (await room.rows())["crm"].disabled_at is None
        assert room.places.reserved == reserved
        room.writer.unavailable = False
        for _ in range(20):
            room.clock.advance(10_000)
            await room.settled()
        row = (await room.rows())["crm"]
        assert (row.disabled_reason, row.failing_since) == ("failing", NOW)
        assert [kind for kind, _ in await room.told()][-1] == "endpoint.disabled"

    run(scenario)


def test_an_end_does_not_wait_for_a_store_that_takes_nothing() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm")
        room.writer.unavailable = True
        await fail(room, 0)
        await asyncio.wait_for(room.health.drain(), 5)

    run(scenario)


def test_an_endpoint_goes_on_failing_over_a_restart() -> None:
    async def scenario() -> None:
        room = Room(yaml(crm=", disable_after: 1d"))
        await room.start()
        await fail(room, 0, 1, 2, HOUR)
        later = Room(yaml(crm=", disable_after: 1d"), store=room.store, now=NOW + DAY - 1)
        await later.start()
        assert later.manager.find("crm").row.failing_since == NOW
        # How many there were is counted among the attempts that are stored: here there are none.
        await fail(later, DAY, DAY + 1)
        assert not later.manager.find("crm").live
        last = Room(yaml(crm=", disable_after: 1d"), store=room.store, now=NOW + 2 * DAY)
        await last.start()
        assert last.manager.find("crm").row.disabled_reason == "failing"
        assert names(last.outbox.announce("job.x", {}, NOW)[1]) == []

    run(scenario)


def test_a_breaker_that_turns_is_told_with_its_endpoint_and_not_to_it() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", events=["*"])
        await room.create("ops", events=["breaker.*"])
        await room.settled()
        room.places.taken.clear()
        room.endpoints.breaker("crm", "opened", 10, NOW, NOW + 30_000)
        await room.settled()
        room.endpoints.breaker("crm", "half_open", 10, NOW)
        room.endpoints.breaker("crm", "closed", 0, NOW)
        await room.settled()
        told = [one for one in await room.told() if one[0].startswith("breaker.")]
        assert told == [
            (
                "breaker.opened",
                {"endpoint": "crm", "state": "open", "failures": 10, "until": rfc3339(NOW + 30_000)},
            ),
            ("breaker.half_open", {"endpoint": "crm", "state": "half_open", "failures": 10}),
            ("breaker.closed", {"endpoint": "crm", "state": "closed", "failures": 0}),
        ]
        assert [one.endpoint for one in room.places.taken] == ["ops"] * 3

    run(scenario)


def test_how_an_endpoint_is_survives_in_sqlite(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = await SqliteStore.open(tmp_path / "hookyard.db")
        room = Room()
        await room.create("crm", of="acme", events=["order.*"], headers={"x-a": "1"})
        (row,) = (await room.rows()).values()
        (put,) = room.writer.written
        store.apply([put])
        found: EndpointStore = store
        assert await found.endpoints() == (row,)
        room.endpoints.disable("crm", "gone", NOW, "gone")
        await room.settled()
        store.apply(room.writer.written[1:])
        assert await found.endpoints() == (room.manager.find("crm").row,)
        await store.aclose()
        store.close()

    run(scenario)


def test_an_event_that_was_planned_goes_nowhere_else_when_its_endpoint_is_another_tenants_now() -> None:
    async def scenario() -> None:
        room = Room()
        await room.create("crm", of="acme", events=["*"])
        content = event(tenant="acme", payload=1)
        names_of = room.endpoints.listeners(content.type, content.plugin, content.command, "acme")
        assert names_of == ("crm",)
        delivery = room.outbox.again("crm", content, NOW)
        assert isinstance(delivery, Delivery)
        await room.manager.delete("crm", tenant="acme", audit=room.audit("crm"))
        await room.create("crm", of="bolt", events=["*"])
        assert getattr(room.endpoints.destination(delivery), "error", None) == "endpoint_removed"

    run(scenario)
