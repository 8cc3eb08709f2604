"""What was put off for a receiver is sent when it is well again, as fast as it takes it; rates hold over restarts."""

import asyncio

from msgspec.structs import replace
from tests.unit.outbound.courier.lab import OK, House, ScriptedSender, endpoint, idle, run

from hookyard.config.model import Config, EndpointBreaker, EndpointSettings, OutboundSettings
from hookyard.config.values import Duration, Rate
from hookyard.egress.guard import Target
from hookyard.outbound.sender import Answer, SendError
from hookyard.store.contract import ClaimDeliveries, ReleaseDelivery, ResumeDeliveries
from hookyard.store.memory import MemoryStore

BUSY = Answer(status=429, retry_after="1")
DOWN = SendError("connect")


def only(settings: EndpointSettings) -> Config:
    return Config(endpoints={"main": settings}, outbound=OutboundSettings())


class Receiver:
    """Answers as it is told to at the moment."""

    def __init__(self, answer: Answer | SendError) -> None:
        self.answer = answer
        self.sender = ScriptedSender(self._script)

    def _script(self, _: Target) -> Answer | SendError:
        return self.answer


def counted(house: House, kind: type[object]) -> int:
    return sum(isinstance(op, kind) for op in house.writer.ops)


async def drained(house: House, step: int, most: int) -> int:
    """Milliseconds until everything has arrived; fails after so many steps."""
    began = house.clock.now()
    for _ in range(most):
        if set(await house.statuses()) == {"delivered"}:
            break
        await house.pass_time(step)
    assert set(await house.statuses()) == {"delivered"}, await house.statuses()
    return house.clock.now() - began


def test_what_was_put_off_while_a_breaker_was_open_is_sent_within_seconds_of_its_end() -> None:
    async def scenario() -> None:
        receiver, count = Receiver(DOWN), 3_000
        breaker = EndpointBreaker(failures=3, cooldown=Duration(5_000), longest=Duration(5_000))
        schedule = tuple(Duration(wait) for wait in (0, 1_000, *[4_000] * 30))
        config = only(replace(endpoint(), breaker=breaker, schedule=schedule))
        async with House(config, sender=receiver.sender) as house:
            for _ in range(count):
                house.end_job()
            for _ in range(24):
                await house.pass_time(1_000)
            assert house.outbound.state("main").breaker == "open"
            tried, releases = len(receiver.sender.sent), counted(house, ReleaseDelivery)
            assert tried < 20
            receiver.answer = OK
            assert await drained(house, 100, 150) <= 10_000, "a cooldown, and what was tried waits for its schedule"
            assert len(receiver.sender.sent) == tried + count, "and nothing was sent twice"
            assert counted(house, ReleaseDelivery) - releases <= count / 10
            assert counted(house, ResumeDeliveries) <= count / 20
            house.writer.ops.clear()
            await house.pass_time(60_000)
            assert counted(house, ResumeDeliveries) == 0, "nobody asks for what is not there"

    run(scenario())


def test_what_was_put_off_while_a_receiver_hung_is_sent_within_seconds_once_it_answers() -> None:
    async def scenario() -> None:
        sender, count = ScriptedSender(), 1_000
        gate = sender.gates["example.com"] = asyncio.Event()
        async with House(only(replace(endpoint(), breaker="off")), sender=sender) as house:
            house.end_job()
            await house.pass_time(12_000)
            for _ in range(count):
                house.end_job()
            await house.pass_time(1_000)
            assert (await house.statuses())["pending"] > count / 2
            gate.set()
            assert await drained(house, 100, 100) <= 10_000, "it was five minutes"
            assert len(sender.sent) == count + 1
            assert counted(house, ResumeDeliveries) <= count / 20

    run(scenario())


def test_what_waits_for_its_own_time_is_not_sent_before_it() -> None:
    async def scenario() -> None:
        receiver = Receiver(Answer(status=500))
        schedule = tuple(Duration(wait) for wait in (0, 600_000))
        config = only(replace(endpoint(), breaker="off", schedule=schedule))
        async with House(config, sender=receiver.sender) as house:
            for _ in range(20):
                house.end_job()
            await house.pass_time(100)
            receiver.answer = OK
            for _ in range(20):
                house.end_job()
            await house.pass_time(10_000)
            assert await house.statuses() == {"delivered": 20, "pending": 20}

    run(scenario())


def test_after_a_throttle_all_is_sent_at_the_pace_that_rises_again() -> None:
    async def scenario() -> None:
        receiver, count = Receiver(BUSY), 240
        schedule = tuple(Duration(wait) for wait in (0, 200, 500, *[1_000] * 30))
        config = only(replace(endpoint(), breaker="off", schedule=schedule))
        async with House(config, sender=receiver.sender) as house:
            for _ in range(count):
                house.end_job()
            for _ in range(30):
                await house.pass_time(100)
            receiver.answer = OK
            assert await drained(house, 100, 1_500) <= 90_000, "it was ten times as long"
            assert counted(house, ClaimDeliveries) < count

    run(scenario())


async def restarted(store: MemoryStore, house: House, config: Config, receiver: Receiver) -> House:
    later = House(config, sender=receiver.sender, store=store, clock=house.clock)
    later.jobs = house.jobs
    await later.outbound.start(store)
    return later


def test_a_rate_holds_over_restarts() -> None:
    async def scenario() -> None:
        receiver = Receiver(OK)
        config = only(replace(endpoint(), rate=Rate(5, 60_000)))
        house = House(config, sender=receiver.sender)
        await house.outbound.start(house.store)
        for _ in range(4):
            for _ in range(6):
                house.end_job()
            await house.pass_time(500)
            await house.outbound.drain()
            sender = receiver.sender
            receiver = Receiver(OK)
            receiver.sender.sent = sender.sent
            house = await restarted(house.store, house, config, receiver)
            await house.pass_time(200)
        assert len(receiver.sender.sent) == 5
        await house.pass_time(24_000)
        await idle()
        assert 6 <= len(receiver.sender.sent) <= 7, "two more in the 26 seconds since"
        await house.outbound.drain()

    run(scenario())
