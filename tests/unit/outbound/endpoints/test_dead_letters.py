"""What tells of a dead letter is written with its end, and not at all when that is not stored."""

import asyncio

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.outbound.courier.lab import House, ScriptedSender, endpoint, idle, run

from hookyard.config.model import Config, EndpointSettings
from hookyard.config.values import Duration
from hookyard.egress.guard import Target
from hookyard.model import Event
from hookyard.outbound.sender import Answer, SendError
from hookyard.store.contract import AppendEvents, Done, EventQuery, FinishDelivery, ReleaseDelivery, Together

MINUTE = 60_000


def at(host: str, *events: str) -> EndpointSettings:
    return replace(endpoint(f"https://{host}.example/"), events=events, schedule=(Duration(0),), breaker="off")


CONFIG = Config(endpoints={"crm": at("crm", "job.*"), "ops": at("ops", "delivery.failed")})


def refusing(target: Target) -> Answer | SendError:
    return Answer(status=400 if target.host.startswith("crm") else 204)


async def told(house: House) -> list[Event]:
    """Oldest first."""
    return list(reversed(await house.store.events(EventQuery(type="delivery.failed", limit=200))))


def counted(events: list[Event]) -> list[int]:
    return [msgspec.json.decode(each.payload)["failed"] for each in events]


def ends(house: House) -> list[FinishDelivery]:
    """What ended as failed."""
    return [op for op in house.writer.ops if isinstance(op, FinishDelivery) and op.status == "failed"]


def test_the_first_is_told_in_the_transaction_that_ends_it_and_the_others_add_nothing_to_theirs() -> None:
    async def story() -> None:
        sender = ScriptedSender(refusing)
        async with House(CONFIG, sender=sender) as house:
            for _ in range(100):
                house.end_job()
            await house.until(lambda seen: seen["failed"] == 100)
            await idle()
            assert [(len(op.events), len(op.deliveries)) for op in ends(house)] == [(1, 1)] + [(0, 0)] * 99
            assert [one.endpoint for one in ends(house)[0].deliveries] == ["ops"]
            assert counted(await told(house)) == [1]
            assert sender.hosts().count("ops.example") == 1
            await house.pass_time(MINUTE)
            assert counted(await told(house)) == [1, 99]
            await house.pass_time(60 * MINUTE)
            assert counted(await told(house)) == [1, 99]
            assert sender.hosts().count("ops.example") == 2

    run(story())


def test_while_the_store_takes_nothing_nothing_is_told_and_once_it_does_it_is_told_once() -> None:
    async def story() -> None:
        sender = ScriptedSender(refusing)
        async with House(CONFIG, sender=sender) as house:
            house.writer.broken = True
            house.end_job()
            await idle()
            assert (sender.hosts(), await told(house)) == (["crm.example"], [])
            house.writer.broken = False
            await house.pass_time(1_000)
            assert (await house.only())[0].status == "failed"
            assert counted(await told(house)) == [1]
            assert sender.hosts() == ["crm.example", "ops.example"]

    run(story())


def test_an_end_that_comes_too_late_tells_nothing_and_the_next_is_the_first() -> None:
    async def story() -> None:
        sender = ScriptedSender(refusing)
        sender.gates["crm.example"] = asyncio.Event()
        async with House(CONFIG, sender=sender) as house:
            house.end_job()
            await idle()
            (late,) = await house.deliveries()
            # Somebody else has given it back.
            later = house.clock.now() + 60 * MINUTE
            given = ReleaseDelivery(
                now=house.clock.now(), delivery_id=late.id, token=late.lease_token or 0, next_at=later
            )
            assert house.store.apply([given]) == [Done()]
            sender.gates["crm.example"].set()
            await house.pass_time(60 * MINUTE)
            assert (await house.only())[0].status == "failed"
            stale, stored = ends(house)
            assert [event.id for event in await told(house)] == [stored.events[0].id] != [stale.events[0].id]
            assert counted(await told(house)) == [1]
            assert sender.hosts().count("ops.example") == 1
            assert house.outbound.recent_dead.at("crm") == stored.now

    run(story())


def test_what_was_counted_waits_another_minute_when_the_store_takes_nothing() -> None:
    async def story() -> None:
        async with House(CONFIG, sender=ScriptedSender(refusing)) as house:
            for _ in range(3):
                house.end_job()
            await house.until(lambda seen: seen["failed"] == 3)
            await idle()
            house.writer.broken = True
            await house.pass_time(MINUTE)
            assert counted(await told(house)) == [1]
            house.writer.broken = False
            await house.pass_time(MINUTE)
            assert counted(await told(house)) == [1, 2]
            last = [op for op in house.writer.ops if isinstance(op, Together)][-1]
            assert [type(op) for op in last.ops] == [AppendEvents]

    run(story())


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (Answer(status=410), "gone", 410),
        (Answer(status=500, wish="abort"), "aborted", 500),
        (SendError("timeout"), "timeout", None),
        (Answer(status=301), "http_301", 301),
    ],
)
def test_whatever_ends_it_for_good_is_told(answer: Answer | SendError, error: str, status: int | None) -> None:
    async def story() -> None:
        sender = ScriptedSender(lambda target: answer if target.host.startswith("crm") else Answer(status=204))
        async with House(CONFIG, sender=sender) as house:
            house.end_job()
            await house.until(lambda seen: seen["failed"] == 1)
            (event,) = await told(house)
            fact = msgspec.json.decode(event.payload)
            assert (fact["endpoint"], fact["last_error"], fact.get("last_status")) == ("crm", error, status)

    run(story())
