"""Receivers that hang for real, on loopback."""

import asyncio
from collections.abc import Iterable
from functools import partial
from statistics import median
from time import monotonic

from msgspec.structs import replace
from tests.unit.outbound.courier.lab import LOOPBACK, House, endpoint, run

from hookyard.clock import SystemClock
from hookyard.config.model import Config
from hookyard.testing.receiver import Receiver, receiving, silent


def wanted(names: Iterable[str], url: str) -> Config:
    return Config(endpoints={name: endpoint(url) for name in names}, outbound=replace(LOOPBACK, concurrency=64))


def heard(receiver: Receiver, count: int) -> bool:
    return len(receiver.requests) == count


def test_ten_endpoints_that_hang_hold_up_none_of_thirty_that_answer() -> None:
    async def scenario() -> None:
        async with receiving(silent) as hanging, receiving() as answering:
            config = wanted((f"e{number}" for number in range(30)), answering.url())
            config.endpoints.update(wanted((f"h{number}" for number in range(10)), hanging.url()).endpoints)
            async with House(config, clock=SystemClock(), resolver=None) as house:
                took: list[float] = []
                for round_ in range(1, 11):
                    begun = monotonic()
                    house.end_job()
                    # Less than the 15 s after which one that hangs gives its place back.
                    await answering.until(partial(heard, answering, 30 * round_), seconds=12)
                    took.append(monotonic() - begun)
                assert median(took[5:]) < 3  # when those that hang would have all places
                assert 0 < len(hanging.requests) <= 48
                drain = asyncio.ensure_future(house.outbound.drain())
                await hanging.aclose()
                await drain

    run(scenario())
