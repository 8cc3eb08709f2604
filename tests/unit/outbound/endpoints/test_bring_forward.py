"""What waits for an endpoint is sent when it is enabled, whoever enables it, in short transactions nobody waits for."""

import asyncio

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.unit.outbound.courier.lab import OK, House, ScriptedSender, endpoint, idle, run

from hookyard.config.model import Config, EndpointSettings, OutboundSettings
from hookyard.config.values import Duration
from hookyard.egress.guard import Target
from hookyard.model import AuditEntry
from hookyard.outbound.endpoints.bodies import NewEndpoint
from hookyard.outbound.sender import Answer, SendError
from hookyard.store.contract import FinishDelivery, RecoverDeliveries

HOUR = 3_600_000
BUSY = Answer(status=500)


def config(*, enabled: bool = True) -> Config:
    """One endpoint, sent to once an hour."""
    schedule = tuple(Duration(wait) for wait in (0, HOUR, HOUR, HOUR))
    return Config(endpoints={"main": replace(_main(), schedule=schedule, enabled=enabled)}, outbound=OutboundSettings())


def _main() -> EndpointSettings:
    return replace(endpoint(), disable_after=Duration(0), breaker="off")


class Receiver:
    """Fails until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.sender = ScriptedSender(self.answer)

    def answer(self, _: Target) -> Answer | SendError:
        return OK if self.mended else BUSY


def audit(house: House, action: str) -> AuditEntry:
    return AuditEntry(id=house.ids(), at=house.clock.now(), principal="token:t", action=action, target="main")


async def disable(house: House) -> None:
    await house.outbound.manager.disable("main", tenant="", audit=audit(house, "endpoint.disable"))


async def enable(house: House) -> None:
    await house.outbound.manager.enable("main", tenant="", audit=audit(house, "endpoint.enable"))
    await idle()


def steps(house: House) -> list[RecoverDeliveries]:
    return [op for op in house.writer.ops if isinstance(op, RecoverDeliveries)]


async def fail(house: House, count: int = 3) -> None:
    """So many deliveries that wait an hour for their next attempt."""
    for _ in range(count):
        house.end_job()
    async with asyncio.timeout(10):
        while sum(isinstance(op, FinishDelivery) for op in house.writer.ops) < count:
            await house.pass_time(100)
    await idle()
    assert (await house.statuses())["pending"] == count


def test_what_waits_for_its_schedule_is_sent_when_its_endpoint_is_enabled() -> None:
    async def story() -> None:
        receiver = Receiver()
        async with House(config(), sender=receiver.sender) as house:
            await fail(house)
            await disable(house)
            receiver.mended = True
            began = house.clock.now()
            await enable(house)
            await house.until(lambda found: found["delivered"] == 3)
            assert house.clock.now() == began
            assert {one.attempt for one in await house.deliveries()} == {2}

    run(story())


def test_what_was_put_off_while_it_was_disabled_is_sent_when_it_is_enabled() -> None:
    async def story() -> None:
        receiver = Receiver()
        async with House(config(), sender=receiver.sender) as house:
            await fail(house)
            await disable(house)
            receiver.mended = True
            await house.pass_time(HOUR)
            later = {one.next_at or 0 for one in await house.deliveries()}
            assert min(later) > house.clock.now()
            await enable(house)
            await house.until(lambda found: found["delivered"] == 3)

    run(story())


def test_a_reload_that_enables_one_brings_forward_what_waits_for_it() -> None:
    async def story() -> None:
        receiver = Receiver()
        async with House(config(), sender=receiver.sender) as house:
            await fail(house)
            house.outbound.use(config(enabled=False))
            await house.outbound.save()
            receiver.mended = True
            house.outbound.use(config())
            await house.outbound.save()
            await house.until(lambda found: found["delivered"] == 3)

    run(story())


def test_a_start_with_one_that_is_enabled_now_brings_forward_what_waits_for_it() -> None:
    async def story() -> None:
        receiver = Receiver()
        async with House(config(), sender=receiver.sender) as house:
            await fail(house)
            house.outbound.use(config(enabled=False))
            await house.outbound.save()
        again = House(config(), sender=ScriptedSender(), clock=house.clock, store=house.store)
        again.jobs = house.jobs
        await again.outbound.start(again.store)
        try:
            await again.until(lambda found: found["delivered"] == 3)
        finally:
            await again.outbound.drain()

    run(story())


def test_a_patch_that_enables_one_brings_forward_what_waits_for_it_and_no_other_patch_does() -> None:
    async def story() -> None:
        async with House(Config(), sender=ScriptedSender()) as house:
            manager = house.outbound.manager
            asked = NewEndpoint(url="https://example.com/hook", enabled=False)
            await manager.create("main", asked, principal="t", tenant="", audit=audit(house, "endpoint.create"))
            await manager.change("main", {"description": "x"}, tenant="", audit=audit(house, "endpoint.change"))
            await idle()
            assert steps(house) == []
            await manager.change("main", {"enabled": True}, tenant="", audit=audit(house, "endpoint.change"))
            await manager.change("main", {"description": "y"}, tenant="", audit=audit(house, "endpoint.change"))
            await idle()
            assert [(op.endpoint, op.failed, op.waiting) for op in steps(house)] == [("main", False, True)]

    run(story())


def test_many_are_brought_forward_in_short_transactions_and_what_is_disabled_again_is_left() -> None:
    async def story() -> None:
        receiver = Receiver()
        async with House(config(), sender=receiver.sender) as house:
            await fail(house, 450)
            await disable(house)
            await enable(house)
            first, *rest = steps(house)
            assert (first.after, first.limit, len(rest)) == (None, 200, 2)
            assert all(op.after is not None for op in rest)
            await disable(house)
            before = len(steps(house))
            await house.outbound.manager.enable("main", tenant="", audit=audit(house, "endpoint.enable"))
            await disable(house)
            await idle()
            assert len(steps(house)) - before <= 1

    run(story())


@pytest.mark.parametrize("how", ["full", "broken"])
def test_a_store_that_takes_nothing_is_asked_again_and_the_log_says_so(
    how: str,
) -> None:
    async def story() -> None:
        receiver = Receiver()
        async with House(config(), sender=receiver.sender) as house:
            await fail(house)
            await disable(house)
            receiver.mended = True
            with capture_logs() as lines:
                await house.outbound.manager.enable("main", tenant="", audit=audit(house, "endpoint.enable"))
                setattr(house.writer, how, True)
                await idle()
                assert len(steps(house)) == 1
            assert "endpoint.bring_forward_failed" in [line["event"] for line in lines]
            setattr(house.writer, how, False)
            await house.pass_time(1_000)
            assert len(steps(house)) == 2
            await house.until(lambda found: found["delivered"] == 3)

    run(story())


def test_a_drain_does_not_wait_for_a_store_that_takes_nothing() -> None:
    async def story() -> None:
        receiver = Receiver()
        async with House(config(), sender=receiver.sender) as house:
            await fail(house)
            await disable(house)
            await house.outbound.manager.enable("main", tenant="", audit=audit(house, "endpoint.enable"))
            house.writer.full = True
            await idle()
            house.writer.full = False
        assert len(steps(house)) == 1

    run(story())
