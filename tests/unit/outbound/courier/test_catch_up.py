"""What was put off for a receiver is sent when it is well again, as fast as it takes it; rates hold over restarts."""

import asyncio
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace
from tests.unit.outbound.courier.lab import LOOPBACK, OK, House, ScriptedSender, endpoint, idle, run

from hookyard.config.model import Config, EndpointBreaker, EndpointSettings, OutboundSettings
from hookyard.config.values import Duration, Rate
from hookyard.egress.guard import Target
from hookyard.outbound.courier import catch_up
from hookyard.outbound.sender import Answer, SendError
from hookyard.store import rules
from hookyard.store.contract import ClaimDeliveries, ReleaseDelivery, ResumeCallbacks, ResumeDeliveries
from hookyard.store.memory import MemoryStore, recovery

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


def test_what_was_put_off_for_callback_urls_is_sent_within_seconds_once_they_answer() -> None:
    async def scenario() -> None:
        sender, count = ScriptedSender(), 600
        gates = [asyncio.Event(), asyncio.Event()]
        sender.gates |= {"a.example": gates[0], "b.example": gates[1]}
        async with House(Config(outbound=LOOPBACK), sender=sender) as house:
            for host in ("a", "b"):
                house.end_job(callback_url=f"https://{host}.example/first")
            await house.pass_time(12_000)
            for number in range(count):
                for host in ("a", "b"):
                    house.end_job(callback_url=f"https://{host}.example/hooks/{number}")
            await house.pass_time(1_000)
            assert (await house.statuses())["pending"] > count
            gates[1].set()
            for _ in range(100):
                await house.pass_time(100)
            arrived = [one for one in await house.deliveries() if one.status == "delivered"]
            assert {urlsplit(one.url or "").hostname for one in arrived} == {"b.example"}
            assert len(arrived) == count + 1, "within ten seconds; it was five minutes"
            assert sender.hosts().count("b.example") == count + 1
            assert counted(house, ResumeCallbacks) <= count / 20
            house.end_job(callback_url="https://b.example/more")  # another look, as something may have been on its way
            await house.pass_time(100)
            house.writer.ops.clear()
            house.end_job(callback_url="https://b.example/last")
            house.end_job(callback_url="https://c.example/")
            await house.pass_time(100)
            assert sender.hosts()[-2:] == ["b.example", "c.example"]
            assert counted(house, ResumeCallbacks) == 0, "nobody asks for what is not there"
            gates[0].set()
            await drained(house, 100, 100)

    run(scenario())


def test_those_of_one_host_are_found_behind_many_of_another_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up, "PAGES", 1)
    for room in (rules, recovery):
        monkeypatch.setattr(room, "RESUMED", 10)

    async def scenario() -> None:
        sender = ScriptedSender()
        gates = [asyncio.Event(), asyncio.Event()]
        sender.gates |= {"a.example": gates[0], "b.example": gates[1]}
        async with House(Config(outbound=LOOPBACK), sender=sender) as house:
            for host in ("a", "b"):
                house.end_job(callback_url=f"https://{host}.example/first")
            await house.pass_time(12_000)
            for host, count in (("a", 600), ("b", 300)):
                for number in range(count):
                    house.end_job(callback_url=f"https://{host}.example/hooks/{number}")
            await house.pass_time(1_000)
            house.writer.ops.clear()
            gates[1].set()
            for _ in range(20):
                await house.pass_time(100)
            assert sender.hosts().count("b.example") < 300, "those of the other are before them"
            looks = counted(house, ResumeCallbacks)
            for _ in range(60):
                house.end_job(callback_url="https://b.example/more")
                await house.pass_time(100)
            assert sender.hosts().count("b.example") == 1 + 300 + 60, "each look goes on where the one before has ended"
            assert counted(house, ResumeCallbacks) - looks <= 60 + 8, "and looks at so many only"
            gates[0].set()
            await drained(house, 100, 100)

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
