"""A lease that ends while its delivery is under way here: the courier takes over the new one; nothing is sent twice."""

import asyncio

import pytest
from msgspec.structs import replace
from tests.unit.outbound.courier.lab import House, ScriptedSender, endpoint, one, run

from hookyard.config.model import Config, OrderSettings
from hookyard.store.contract import ClaimDeliveries

HOUR = 3_600_000


@pytest.mark.parametrize("steps", [1, 3])
def test_what_is_under_way_when_the_clock_is_set_forward_is_not_sent_again(steps: int) -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        gate = sender.gates["example.com"] = asyncio.Event()
        async with House(one(), sender=sender) as house:
            for _ in range(3):
                house.end_job()
            await house.pass_time(1)
            for _ in range(steps):
                await house.pass_time(HOUR)
            assert any(isinstance(op, ClaimDeliveries) for op in house.writer.ops)
            assert (len(sender.sent), sender.active["example.com"]) == (3, 3)
            gate.set()
            await house.until(lambda found: found["delivered"] == 3)
            delivery = (await house.deliveries())[0]
            attempts = await house.store.delivery_attempts(delivery.id)
            assert [tried.error for tried in attempts] == ["interrupted"] * steps + [None]
            assert [tried.number for tried in attempts] == list(range(1, steps + 2))
            await house.pass_time(HOUR)
            assert len(sender.sent) == 3

    run(scenario())


def test_an_order_goes_on_after_the_clock_was_set_forward() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        gate = sender.gates["example.com"] = asyncio.Event()
        config = Config(endpoints={"main": replace(endpoint(), order=OrderSettings(by="endpoint"))})
        async with House(config, sender=sender) as house:
            for _ in range(3):
                house.end_job()
            await house.pass_time(1)
            await house.pass_time(HOUR)
            assert len(sender.sent) == 1
            gate.set()
            await house.until(lambda found: found["delivered"] == 3)
            assert len(sender.sent) == 3

    run(scenario())
