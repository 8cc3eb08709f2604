"""How receivers are treated: their rates, what they ask for, and what they get while they fail."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from tests.unit.outbound.courier.lab import OK, House, ScriptedSender, endpoint, hosts, idle, run

from hookyard.config.model import Config, EndpointBreaker, EndpointSettings, OrderSettings, OutboundSettings
from hookyard.config.values import Duration, Rate
from hookyard.egress.guard import Target
from hookyard.outbound.sender import Answer, SendError
from hookyard.store.contract import ClaimDeliveries, FinishDelivery, ReleaseDelivery

BAD = Answer(status=500, body=b"")
REFUSED = SendError("connect")


def only(settings: EndpointSettings, **outbound: object) -> Config:
    return Config(endpoints={"main": settings}, outbound=replace(OutboundSettings(), **outbound))


def waits(*millis: int) -> tuple[Duration, ...]:
    return tuple(Duration(wait) for wait in millis)


def counted(house: House, kind: type[object]) -> int:
    return sum(isinstance(op, kind) for op in house.writer.ops)


# --- rates ---


def test_no_more_is_sent_than_an_endpoints_rate_and_all_of_it_with_few_operations() -> None:
    async def scenario() -> None:
        sender, count = ScriptedSender(), 1_500
        config = only(replace(endpoint(), rate=Rate(10, 1_000)))
        async with House(config, sender=sender) as house:
            for _ in range(count):
                house.end_job()
            house.writer.ops.clear()
            sent: list[int] = []
            while len(sender.sent) < count and len(sent) < 1_000:
                before = len(sender.sent)
                for _ in range(2):
                    await house.pass_time(100)
                sent.append(len(sender.sent) - before)
            assert max(sum(sent[at : at + 25]) for at in range(5, len(sent))) <= 60, "50 in five seconds, and one burst"
            assert len(sender.sent) == count
            assert 700 <= len(sent) <= 800, "ten a second, all the time"
            assert await house.statuses() == {"delivered": count}
            # Of what was put off, each was claimed when it was its turn, and not over and over.
            assert counted(house, ReleaseDelivery) <= 0.1 * count
            assert counted(house, ClaimDeliveries) <= 0.5 * count
            assert counted(house, FinishDelivery) == count

    run(scenario())


def test_a_backlog_for_a_limited_endpoint_is_put_off_a_few_times_and_holds_up_nobody() -> None:
    async def scenario() -> None:
        count = 1_000
        before = House(Config(endpoints=hosts(slow="a", fast="b")), sender=ScriptedSender())
        for _ in range(count):
            before.end_job(command="a", tell=False)
        for _ in range(100):
            before.end_job(command="b", tell=False)
        sender = ScriptedSender()
        endpoints = hosts(slow="a", fast="b")
        endpoints["slow"] = replace(endpoints["slow"], rate=Rate(4, 1_000))
        async with House(Config(endpoints=endpoints), sender=sender, store=before.store, clock=before.clock) as house:
            house.jobs = before.jobs
            for _ in range(20):
                await house.pass_time(10)
            assert sender.hosts().count("fast.example") == 100
            for _ in range(1_100):
                await house.pass_time(250)
            assert await house.statuses() == {"delivered": count + 100}
            assert counted(house, ReleaseDelivery) <= 3 * count

    run(scenario())


# --- throttling ---


def test_a_receiver_that_says_slow_down_gets_less_and_then_more_again() -> None:
    async def scenario() -> None:
        said: list[int] = []

        def script(_: Target) -> Answer:
            if len(sender.sent) == 200:
                said.append(1)
                return Answer(status=429, retry_after="1")
            return OK

        sender = ScriptedSender(script)
        async with House(only(endpoint()), sender=sender) as house:
            for _ in range(200):
                house.end_job()
            await idle()
            assert said == [1]
            state = house.outbound.state("main")
            assert state.paused_until == house.clock.now() + 1_000
            assert state.rate == pytest.approx(100)
            per_second: list[int] = []
            for _ in range(40):
                before = len(sender.sent)
                for _ in range(10):
                    for _ in range(30):
                        house.end_job()
                    await house.pass_time(100)
                per_second.append(len(sender.sent) - before)
            assert per_second[0] <= 12, "it paused for all but the last tenth of it"
            assert 90 <= per_second[2] <= 130
            assert per_second[-1] > 2 * per_second[2]

    run(scenario())


# --- the breaker ---


def test_an_endpoint_that_only_fails_is_left_alone_and_one_probe_shows_when_it_is_back() -> None:
    async def scenario() -> None:
        up = False
        sender = ScriptedSender(lambda _: OK if up else REFUSED)
        rules = EndpointBreaker(failures=5, cooldown=Duration(30_000), longest=Duration(60_000))
        config = only(replace(endpoint(), breaker=rules, schedule=waits(0, *[100] * 50)))
        async with House(config, sender=sender) as house:
            for _ in range(20):
                house.end_job()
            await idle()
            begun = len(sender.sent)
            assert 5 <= begun <= 8, "those under way when it opened"
            state = house.outbound.state("main")
            assert (state.breaker, state.breaker_until) == ("open", house.clock.now() + 30_000)
            for _ in range(299):
                await house.pass_time(100)
            assert len(sender.sent) == begun
            attempts = [delivery.attempt for delivery in await house.deliveries()]
            assert sum(attempts) == begun, "waiting uses no attempt up"
            for _ in range(20):
                await house.pass_time(100)
            assert len(sender.sent) == begun + 1, "one probe"
            for _ in range(300):
                await house.pass_time(100)
            assert len(sender.sent) == begun + 1, "and then twice as long"
            up = True
            for _ in range(900):
                await house.pass_time(100)
            assert await house.statuses() == {"delivered": 20}
            assert house.outbound.state("main").breaker == "closed"

    run(scenario())


@pytest.mark.parametrize("answer", [Answer(status=404), Answer(status=400)])
def test_events_that_a_receiver_does_not_like_do_not_stop_the_others(answer: Answer) -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: answer)
        config = only(replace(endpoint(), breaker=EndpointBreaker(failures=2), schedule=waits(0)))
        async with House(config, sender=sender) as house:
            for _ in range(50):
                house.end_job()
            await idle()
            assert len(sender.sent) == 50

    run(scenario())


def test_a_breaker_that_is_off_never_opens() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: REFUSED)
        async with House(only(replace(endpoint(), breaker="off", schedule=waits(0))), sender=sender) as house:
            for _ in range(100):
                house.end_job()
            await idle()
            assert len(sender.sent) == 100

    run(scenario())


# --- orders ---


def ordered(sender: ScriptedSender, head: OrderSettings, *schedule: int) -> House:
    config = only(replace(endpoint(), order=head, schedule=waits(*schedule), breaker="off"))
    return House(config, sender=sender)


def numbers(sender: ScriptedSender) -> list[int]:
    """Which delivery each request was, by the order of the jobs."""
    ids = {headers["webhook-id"] for _, headers, _ in sender.sent}
    places = {identifier: place for place, identifier in enumerate(sorted(ids))}
    return [places[headers["webhook-id"]] for _, headers, _ in sender.sent]


def test_an_order_is_sent_one_after_the_other() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        async with ordered(sender, OrderSettings(), 0, 100) as house:
            for _ in range(30):
                house.end_job()
            await house.until(lambda found: found["delivered"] == 30)
        assert numbers(sender) == list(range(30))
        assert sender.most[""] == 1

    run(scenario())


def test_the_others_wait_while_the_first_of_an_order_fails() -> None:
    async def scenario() -> None:
        answers: Iterator[Answer | SendError] = iter([BAD, BAD, REFUSED])
        sender = ScriptedSender(lambda _: next(answers, OK))
        async with ordered(sender, OrderSettings(), 0, 1_000, 1_000, 1_000) as house:
            for _ in range(3):
                house.end_job()
            for _ in range(50):
                await house.pass_time(100)
            assert await house.statuses() == {"delivered": 3}
        assert numbers(sender) == [0, 0, 0, 0, 1, 2]

    run(scenario())


def test_the_others_pass_the_first_of_an_order_after_so_many_failures() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: BAD if len(sender.sent) in {1, 2, 5} else OK)
        async with ordered(sender, OrderSettings(head="pass", attempts=2), 0, 1_000, 1_000, 1_000, 1_000) as house:
            for _ in range(3):
                house.end_job()
            for _ in range(15):
                await house.pass_time(100)
            assert numbers(sender) == [0, 0, 1, 2]
            for _ in range(50):
                await house.pass_time(100)
            assert await house.statuses() == {"delivered": 3}
            assert [op.pass_on for op in house.writer.ops if isinstance(op, FinishDelivery)].count(True) == 1

    run(scenario())


# --- what a receiver asks for ---


def test_a_receiver_that_asks_not_to_be_sent_a_delivery_again_is_not() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: Answer(status=422, wish="abort"))
        async with House(only(endpoint()), sender=sender) as house:
            house.end_job()
            await house.until(lambda found: found["failed"] == 1)
            delivery, (attempt,) = await house.only()
            assert (delivery.last_error, attempt.error, attempt.status) == ("aborted", "aborted", 422)
            house.end_job()
            await house.until(lambda found: found["failed"] == 2)

    run(scenario())


def test_a_receiver_that_asks_for_nothing_more_gets_nothing_more() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: Answer(status=200, wish="disable"))
        async with House(only(endpoint()), sender=sender) as house:
            house.end_job()
            await house.until(lambda found: found["delivered"] == 1)
            house.end_job()
            await idle()
            assert len(sender.sent) == 1

    run(scenario())


# --- many receivers ---


def test_two_hanging_endpoints_do_not_take_all_the_places() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        for name in ("x", "y"):
            sender.gates[f"{name}.example"] = asyncio.Event()
        settings = OutboundSettings(concurrency=64, concurrency_per_endpoint=32)
        async with House(Config(endpoints=hosts(x="a", y="a", z="b"), outbound=settings), sender=sender) as house:
            for _ in range(300):
                house.end_job(command="a")
            await idle()
            assert sender.active["x.example"] + sender.active["y.example"] <= 48
            for _ in range(200):
                house.end_job(command="b")
            await idle()
            assert sender.hosts().count("z.example") == 200
            for gate in sender.gates.values():
                gate.set()

    run(scenario())


def test_when_ten_in_a_hundred_hang_the_others_wait_for_nothing() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        config = Config(endpoints=hosts(**{f"e{n}": "*" for n in range(90)}, **{f"h{n}": "*" for n in range(10)}))
        for number in range(10):
            sender.gates[f"h{number}.example"] = asyncio.Event()
        async with House(config, sender=sender) as house:
            for round_ in range(1, 31):
                house.end_job()
                await house.pass_time(0)
                found = Counter(host for host in sender.hosts() if host.startswith("e"))
                assert set(found.values()) == {round_}
                await house.pass_time(200)
            for gate in sender.gates.values():
                gate.set()

    run(scenario())
