"""A delivery goes to the endpoint that it was made for, and never to another one that has its name by now."""

import asyncio

from msgspec.structs import replace
from tests.unit.outbound.courier.lab import House, ScriptedSender, endpoint, idle, run

from hookyard.config.model import Config, EndpointSettings, OutboundSettings
from hookyard.config.values import Duration
from hookyard.model import AuditEntry
from hookyard.outbound.endpoints.bodies import NewEndpoint
from hookyard.outbound.sender import Answer

HOUR = 3_600_000


def audit(house: House) -> AuditEntry:
    return AuditEntry(id=house.ids(), at=house.clock.now(), principal="token:t", action="endpoint.change", target="x")


async def make(house: House, host: str) -> None:
    asked = NewEndpoint(
        url=f"https://{host}.example/",
        breaker="off",
        schedule=tuple(Duration(wait) for wait in (0, HOUR, HOUR)),
    )
    await house.outbound.manager.create("x", asked, principal="t", tenant="", audit=audit(house))


async def delete(house: House) -> None:
    await house.outbound.manager.delete("x", tenant="", audit=audit(house))


def test_what_waits_for_an_endpoint_that_is_deleted_ends_and_its_successor_gets_none_of_it() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda target: Answer(status=503 if target.host == "old.example" else 200))
        async with House(Config(), sender=sender) as house:
            await make(house, "old")
            for _ in range(3):
                house.end_job()
            await house.pass_time(100)
            assert await house.statuses() == {"pending": 3}
            old, began = len(sender.sent), house.clock.now()
            await delete(house)
            await make(house, "new")
            house.end_job()
            await house.until(lambda found: found["failed"] == 3 and found["delivered"] == 1)
            assert house.clock.now() == began, "nothing waits for its time"
            assert {one.last_error for one in await house.deliveries()} == {"endpoint_removed", None}
            await house.pass_time(3 * HOUR)
            assert sender.hosts()[old:] == ["new.example"]

    run(scenario())


def test_what_waits_in_memory_while_an_endpoint_is_made_anew_is_not_sent_to_that() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        gate = sender.gates["old.example"] = asyncio.Event()
        async with House(Config(), sender=sender) as house:
            await make(house, "old")
            for _ in range(20):
                house.end_job()
            await idle()
            under_way = len(sender.sent)
            assert under_way < 20
            await delete(house)
            await make(house, "new")
            gate.set()
            await house.until(lambda found: found["failed"] == 20 - under_way and found["delivered"] == under_way)
            assert set(sender.hosts()) == {"old.example"}

    run(scenario())


def test_what_the_receiver_of_a_deleted_one_asks_for_is_not_asked_of_its_successor() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: Answer(status=410))
        gate = sender.gates["old.example"] = asyncio.Event()
        async with House(Config(), sender=sender) as house:
            await make(house, "old")
            house.end_job()
            await idle()
            await delete(house)
            await make(house, "new")
            gate.set()
            await house.until(lambda found: found["failed"] == 1)
            await idle()
            assert house.outbound.manager.find("x").live

    run(scenario())


def of(tenant: str = "", host: str = "one") -> Config:
    settings: EndpointSettings = replace(endpoint(f"https://{host}.example/"), tenant=tenant, breaker="off")
    settings = replace(settings, schedule=tuple(Duration(wait) for wait in (0, HOUR, HOUR)))
    return Config(endpoints={"main": settings}, outbound=OutboundSettings())


def test_one_of_the_configuration_that_comes_back_goes_on_unless_it_is_somebody_elses_then() -> None:
    async def scenario() -> None:
        answers = {"one.example": Answer(status=503)}
        sender = ScriptedSender(lambda target: answers.get(target.host, Answer(status=200)))
        async with House(of(), sender=sender) as house:
            house.end_job()
            await house.pass_time(100)
            for config in (Config(), of(host="moved")):
                house.outbound.use(config)
                await house.outbound.save()
            await house.pass_time(HOUR)
            assert await house.statuses() == {"delivered": 1}
            house.outbound.use(of())
            house.end_job()
            await house.pass_time(100)
            house.outbound.use(of("acme", host="theirs"))
            await house.outbound.save()
            await house.pass_time(HOUR)
            assert await house.statuses() == {"delivered": 1, "failed": 1}
            assert "theirs.example" not in sender.hosts()

    run(scenario())


def test_a_test_event_of_one_made_over_http_arrives() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        async with House(Config(), sender=sender) as house:
            await make(house, "new")
            recovery = house.outbound.recovery(house.store)
            made = await recovery.test("x", event=None, tenant="", audit=audit(house))
            await house.pass_time(100)
            found = await house.store.delivery(made.id)
            assert found is not None
            assert found.status == "delivered"

    run(scenario())
