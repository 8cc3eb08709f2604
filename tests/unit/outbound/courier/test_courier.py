import asyncio
import io
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook
from structlog.testing import capture_logs
from tests.unit.outbound.courier.lab import (
    CALLBACK_SECRET,
    LOOPBACK,
    OK,
    SECRET,
    House,
    ScriptedSender,
    endpoint,
    hosts,
    idle,
    iterated,
    one,
    public,
    run,
)

from hookyard import log
from hookyard.clock import SystemClock
from hookyard.config.model import Config, OutboundSettings
from hookyard.config.values import Duration, Secret
from hookyard.egress.resolver import ResolveError
from hookyard.ids import IdSource
from hookyard.model import Job
from hookyard.networks import Address
from hookyard.outbound import Outbound
from hookyard.outbound.sender import Answer, SendError
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import ClaimDeliveries, Done, Enqueue, Finish, FinishDelivery, Lease, ReleaseDelivery
from hookyard.store.sqlite import SqliteStore
from hookyard.testing import FakeClock
from hookyard.testing.receiver import Received, Receiver, answering, ok, receiving, silent

# --- the way of one delivery ---


def test_a_jobs_end_arrives_signed_and_its_outcome_is_stored() -> None:
    async def scenario() -> None:
        async with receiving() as receiver:
            config = Config(endpoints={"main": endpoint(receiver.url())}, outbound=LOOPBACK)
            async with House(config, clock=SystemClock(), resolver=None) as house:
                job = house.end_job()
                await house.until(lambda found: found["delivered"] == 1)
                delivery, (attempt,) = await house.only()
            (request,) = receiver.requests
            Webhook(SECRET).verify(request.body, request.headers)
            assert json.loads(request.body)["data"]["job_id"] == job
            assert request.headers["webhook-id"] == delivery.id
            assert request.headers["content-type"] == "application/json"
            assert request.headers["user-agent"].startswith("Hookyard/")
            assert (delivery.last_status, delivery.last_error, delivery.next_at) == (200, None, None)
            assert (attempt.number, attempt.status, attempt.error, attempt.response) == (1, 200, None, b"ok")
            # It was leased as it was written: nothing had to be claimed for it.
            assert not [op for op in house.writer.ops[2:] if isinstance(op, ClaimDeliveries)]

    run(scenario())


def test_a_callback_url_is_sent_to_and_signed_with_the_callback_secret() -> None:
    async def scenario() -> None:
        async with (
            receiving() as receiver,
            House(Config(outbound=LOOPBACK), clock=SystemClock(), resolver=None) as house,
        ):
            house.end_job(callback_url=receiver.url())
            await house.until(lambda found: found["delivered"] == 1)
            (request,) = receiver.requests
            Webhook(CALLBACK_SECRET).verify(request.body, request.headers)

    run(scenario())


def test_it_works_through_the_real_coalescer_too() -> None:
    async def scenario() -> None:
        async with receiving() as receiver:
            clock = SystemClock()
            config = Config(endpoints={"main": endpoint(receiver.url())}, outbound=LOOPBACK)
            house = House(config, clock=clock, resolver=None)
            for _ in range(600):
                house.end_job(tell=False)
            left = await house.deliveries()
            assert Counter(delivery.status for delivery in left) == {"sending": 256, "pending": 344}
            writer = Coalescer(house.store, queue=1000, batch=64)
            await writer.start()
            later = Outbound(config, writer, IdSource(clock), clock)
            await later.start()
            await receiver.until(lambda: len(receiver.requests) == 600)
            await later.drain()
            await writer.aclose()
            assert await house.statuses() == {"delivered": 600}
            assert len({request.headers["webhook-id"] for request in receiver.requests}) == 600

    run(scenario())


def test_a_failed_attempt_comes_again_under_the_same_id_with_a_new_timestamp() -> None:
    async def scenario() -> None:
        answers = iterated([Answer(status=500, body=b"oops"), SendError("timeout"), OK])
        sender = ScriptedSender(lambda _: next(answers))
        async with House(one(), sender=sender) as house:
            house.end_job()
            await house.pass_time(5_000)
            delivery, _ = await house.only()
            assert (delivery.status, delivery.last_status, delivery.last_error) == ("pending", None, "timeout")
            assert delivery.next_at == house.clock.now() + 300_000
            await house.pass_time(299_999)
            assert len(sender.sent) == 2
            await house.pass_time(1)
            delivery, attempts = await house.only()
        assert delivery.status == "delivered"
        found = [(a.number, a.status, a.error, a.response) for a in attempts]
        assert found == [(1, 500, "http_500", b"oops"), (2, None, "timeout", None), (3, 200, None, b"ok")]
        assert {headers["webhook-id"] for _, headers, _ in sender.sent} == {delivery.id}
        assert len({headers["webhook-timestamp"] for _, headers, _ in sender.sent}) == 3
        assert len({headers["webhook-signature"] for _, headers, _ in sender.sent}) == 3
        assert len({body for *_, body in sender.sent}) == 1

    run(scenario())


def test_a_delivery_whose_schedule_is_used_up_has_failed() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: Answer(status=503, body=b""))
        async with House(one(schedule=(0, 1000)), sender=sender) as house:
            house.end_job()
            await house.pass_time(1_000)
            await house.pass_time(1_000_000)
            delivery, attempts = await house.only()
        assert (delivery.status, delivery.last_error, len(attempts), len(sender.sent)) == ("failed", "http_503", 2, 2)

    run(scenario())


def test_a_first_attempt_that_the_schedule_puts_off_is_made_when_it_is_due() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        async with House(one(schedule=(60_000,)), sender=sender) as house:
            house.end_job()
            await house.pass_time(59_999)
            assert sender.sent == []
            await house.pass_time(1)
            delivery, (attempt,) = await house.only()
            assert (delivery.status, attempt.number) == ("delivered", 1)

    run(scenario())


# --- endpoints that change ---


def test_a_410_ends_the_delivery_and_everything_else_for_its_endpoint() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda target: Answer(status=410, body=b"") if target.host == "gone.example" else OK)
        config = Config(endpoints={"gone": endpoint("https://gone.example/"), "other": endpoint()})
        async with House(config, sender=sender) as house:
            house.end_job()
            await house.until(lambda found: found["failed"] == 1 and found["delivered"] == 1)
            house.end_job()
            await house.until(lambda found: found["delivered"] == 2)
            failed = [d for d in await house.deliveries() if d.status == "failed"]
            assert [(d.endpoint, d.last_status, d.last_error) for d in failed] == [("gone", 410, "gone")]
        assert sender.hosts().count("gone.example") == 1

    run(scenario())


def test_what_waits_for_an_endpoint_that_is_gone_fails_unsent() -> None:
    async def scenario() -> None:
        sender = ScriptedSender(lambda _: Answer(status=410, body=b""))
        sender.gates["example.com"] = asyncio.Event()
        async with House(one(per_endpoint=1), sender=sender) as house:
            house.end_job()
            house.end_job()
            await idle()
            sender.gates["example.com"].set()
            await house.until(lambda found: found["failed"] == 2)
            first, second = await house.deliveries()
            assert (first.last_error, second.last_error) == ("gone", "endpoint_disabled")
            assert len(sender.sent) == 1

    run(scenario())


def test_a_delivery_for_an_endpoint_that_was_removed_fails_unsent() -> None:
    async def scenario() -> None:
        house = House(one(), sender=ScriptedSender())
        house.end_job(tell=False)
        sender = ScriptedSender()
        async with House(Config(), sender=sender, store=house.store) as later:
            later.jobs = house.jobs
            await later.pass_time(300_000)
            delivery, (first, attempt) = await later.only()
            assert (delivery.status, delivery.last_error) == ("failed", "endpoint_removed")
            assert (first.number, first.error) == (1, "interrupted")
            assert (attempt.number, attempt.status, attempt.duration) == (2, None, 0)
            assert sender.sent == []

    run(scenario())


@pytest.mark.parametrize("config", [Config(endpoints={"main": endpoint(enabled=False)}), Config()])
def test_what_cannot_be_sent_as_things_stand_waits_without_a_busy_loop(config: Config) -> None:
    async def scenario() -> None:
        before = Config(endpoints=config.endpoints and {"main": endpoint()}, outbound=LOOPBACK)
        house = House(before, sender=ScriptedSender())
        house.end_job(tell=False, callback_url=None if config.endpoints else "https://example.com/")
        sender = ScriptedSender()
        async with House(config, sender=sender, store=house.store) as later:
            later.jobs = house.jobs
            await later.pass_time(200_000)
            delivery, attempts = await later.only()
            assert (delivery.status, delivery.attempt) == ("pending", 1)
            assert [tried.error for tried in attempts] == ["interrupted"]  # the first try was planned
            released = [op for op in later.writer.ops if isinstance(op, ReleaseDelivery)]
            assert len(released) == 1
            assert delivery.next_at == later.clock.now() + 100_000
            assert len(later.writer.ops) < 10
            await later.pass_time(300_000)
            assert len([op for op in later.writer.ops if isinstance(op, ReleaseDelivery)]) == 2
        assert sender.sent == []
        async with House(before, sender=ScriptedSender(), store=house.store) as enabled:
            enabled.jobs = house.jobs
            await enabled.pass_time(1_000_000)
            assert await enabled.statuses() == {"delivered": 1}

    run(scenario())


# --- a process that dies, a store that fails ---


def test_deliveries_survive_a_restart() -> None:
    async def scenario() -> None:
        failing = ScriptedSender(lambda _: SendError("connect"))
        async with House(one(), sender=failing) as house:
            house.end_job()
            await house.until(lambda found: found["pending"] == 1)
        sender = ScriptedSender()
        async with House(one(), sender=sender, store=house.store) as later:
            later.jobs = house.jobs
            await later.pass_time(5_000)
            delivery, attempts = await later.only()
            assert (delivery.status, len(attempts)) == ("delivered", 2)
        assert failing.sent[0][1]["webhook-id"] == sender.sent[0][1]["webhook-id"] == delivery.id

    run(scenario())


def test_deliveries_survive_a_restart_on_disk(tmp_path: Path) -> None:
    async def life(config: Config, scenario: Callable[[Outbound, Coalescer, SqliteStore], Awaitable[None]]) -> None:
        store = await SqliteStore.open(tmp_path / "hookyard.db")
        writer = Coalescer(store, queue=100, batch=64)
        await writer.start()
        outbound = Outbound(config, writer, IdSource(SystemClock()), SystemClock(), draw=lambda: 0.5)
        await outbound.start()
        await scenario(outbound, writer, store)
        await outbound.drain()
        await writer.aclose()
        await store.aclose()

    async def scenario() -> None:
        async with receiving(answering(503)) as receiver:
            settings = replace(LOOPBACK, schedule=(Duration(0), Duration(10)))
            config = Config(endpoints={"main": endpoint(receiver.url())}, outbound=settings)
            slow = Config(
                endpoints=config.endpoints, outbound=replace(LOOPBACK, schedule=(Duration(0), Duration(1500)))
            )
            job_id = IdSource(SystemClock())()

            async def first(outbound: Outbound, writer: Coalescer, _store: SqliteStore) -> None:
                now = SystemClock().now()
                job = Job(
                    id=job_id, plugin="hello", command="greet", lane="l", args=b"{}", submitted_at=now, run_at=now
                )
                await writer.submit(Enqueue(now=now, job=job, lease=Lease(1, "local", now + 1000)))
                deliveries = outbound.outbox.plan(replace(job, status="succeeded", attempt=1), now)
                op = Finish(
                    now=now, job_id=job.id, token=1, status="succeeded", outcome="succeeded", deliveries=deliveries
                )
                assert await writer.submit(op) == Done()
                outbound.outbox.committed(deliveries)
                await receiver.until(lambda: receiver.requests)

            async def second(_outbound: Outbound, _writer: Coalescer, _store: SqliteStore) -> None:
                await receiver.until(lambda: len(receiver.requests) == 2)

            await life(slow, first)
            receiver.handler = ok
            await life(config, second)
            before, after = receiver.requests
            assert before.headers["webhook-id"] == after.headers["webhook-id"]
            assert before.body == after.body
            store = await SqliteStore.open(tmp_path / "hookyard.db")
            (delivery,) = await store.deliveries(job_id)
            attempts = await store.delivery_attempts(delivery.id)
            await store.aclose()
            store.close()
            assert (delivery.status, [attempt.status for attempt in attempts]) == ("delivered", [503, 200])

    run(scenario())


def test_what_a_courier_died_with_is_sent_again_under_the_same_id_at_the_next_start() -> None:
    async def scenario() -> None:
        dead = House(one(), sender=ScriptedSender())
        dead.end_job(tell=False)  # committed as `sending`, and then nothing
        (left,) = await dead.deliveries()
        sender = ScriptedSender()
        async with House(one(), sender=sender, store=dead.store) as later:
            later.jobs = dead.jobs
            await later.pass_time(1)
            delivery, attempts = await later.only()
            assert delivery.status == "delivered"
            assert [(tried.number, tried.error) for tried in attempts] == [(1, "interrupted"), (2, None)]
        assert sender.sent[0][1]["webhook-id"] == left.id

    run(scenario())


def test_what_is_due_in_the_store_is_found_without_being_told() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        async with House(one(), sender=sender) as house:
            await idle()
            later = House(one(schedule=(1,)), store=house.store, clock=house.clock)
            later.end_job(tell=False)
            await house.pass_time(4_000)
            assert sender.sent == []
            await house.pass_time(1_000)
            assert len(sender.sent) == 1

    run(scenario())


@pytest.mark.parametrize("kind", ["full", "broken"])
def test_an_outcome_the_store_cannot_take_is_stored_when_it_can_and_not_sent_again(kind: str) -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        async with House(one(), sender=sender) as house:
            await idle()
            setattr(house.writer, kind, True)
            house.end_job()
            await house.pass_time(50)
            await house.pass_time(100)
            assert await house.statuses() == {"sending": 1}
            assert len([op for op in house.writer.ops if isinstance(op, FinishDelivery)]) == 3
            setattr(house.writer, kind, False)
            await house.pass_time(200)
            assert await house.statuses() == {"delivered": 1}
        assert len(sender.sent) == 1

    run(scenario())


def test_an_outcome_nobody_takes_before_the_lease_ends_is_given_up_and_sent_again() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        async with House(one(), sender=sender) as house:
            await idle()
            house.writer.broken = True
            house.end_job()
            with capture_logs() as lines:
                for _ in range(50):
                    await house.pass_time(2_000)
            assert [line["event"] for line in lines].count("delivery.unsaved") == 1
            house.writer.broken = False
            await house.pass_time(5_000)
            assert await house.statuses() == {"delivered": 1}
        assert [headers["webhook-id"] for _, headers, _ in sender.sent] == [sender.sent[0][1]["webhook-id"]] * 2

    run(scenario())


# --- many at once ---


def test_a_receiver_that_hangs_holds_only_its_own_share() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        sender.gates["slow.example"] = asyncio.Event()
        settings = OutboundSettings(concurrency=8, concurrency_per_endpoint=4)
        async with House(Config(endpoints=hosts(slow="a", fast="b"), outbound=settings), sender=sender) as house:
            for _ in range(400):  # more than wait in memory
                house.end_job(command="a")
            for _ in range(300):
                house.end_job(command="b")
            await idle()
            for _ in range(200):
                await house.pass_time(100)
            assert sender.active["slow.example"] == 4
            assert sender.hosts().count("fast.example") == 300
            assert (await house.statuses())["delivered"] == 300
            # Those that find no place wait for a turn of their own and are not claimed over and over.
            assert len(house.writer.ops) < 3_000
            sender.gates["slow.example"].set()
            for _ in range(400):
                await house.pass_time(2_000)
            assert await house.statuses() == {"delivered": 700}
        assert Counter(headers["webhook-id"] for _, headers, _ in sender.sent).most_common(1)[0][1] == 1

    run(scenario())


def test_one_hanging_callback_receiver_does_not_hold_up_another() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        sender.gates["slow.example"] = asyncio.Event()
        settings = OutboundSettings(
            concurrency=8, concurrency_per_endpoint=4, callback_secrets=(Secret(CALLBACK_SECRET),)
        )
        async with House(Config(outbound=settings), sender=sender) as house:
            spellings = ["https://slow.example/a", "https://SLOW.example./b", "https://slow.example:443/c?d"]
            for number in range(60):
                house.end_job(callback_url=spellings[number % 3])
            house.end_job(callback_url="https://fast.example/")
            await idle()
            assert sender.active["slow.example"] == 4
            assert sender.hosts().count("fast.example") == 1
            sender.gates["slow.example"].set()

    run(scenario())


def test_no_more_requests_are_under_way_than_allowed() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        gates = [sender.gates.setdefault(f"{name}.example", asyncio.Event()) for name in "xyz"]
        config = Config(
            endpoints=hosts(x="*", y="*", z="*"), outbound=OutboundSettings(concurrency=7, concurrency_per_endpoint=3)
        )
        async with House(config, sender=sender) as house:
            for _ in range(20):
                house.end_job()
            await idle()
            assert sender.active == {"": 6, "x.example": 2, "y.example": 2, "z.example": 2}, (
                "one place stays free for others"
            )
            for gate in gates:
                gate.set()
            await house.until(lambda found: found["delivered"] == 60)
        assert sender.most[""] <= 7
        assert max(sender.most[f"{n}.example"] for n in "xyz") <= 3

    run(scenario())


def test_a_backlog_larger_than_memory_is_worked_off_from_the_store() -> None:
    async def scenario() -> None:
        house = House(one(schedule=(1,)), sender=ScriptedSender())
        for _ in range(1_000):
            house.end_job(tell=False)
        sender = ScriptedSender()
        async with House(one(), sender=sender, store=house.store, clock=house.clock) as later:
            later.jobs = house.jobs
            for _ in range(100):
                await later.pass_time(10)
            assert await later.statuses() == {"delivered": 1_000}
        assert len(sender.sent) == 1_000

    run(scenario())


@pytest.mark.parametrize("status", [429, 502, 504])
def test_a_receiver_that_is_overrun_gets_nothing_for_a_while_and_others_do(status: int) -> None:
    async def scenario() -> None:
        answers = iterated([Answer(status=status, body=b"", retry_after="30"), OK, OK, OK])
        sender = ScriptedSender(lambda target: next(answers) if target.host == "busy.example" else OK)
        settings = OutboundSettings(concurrency_per_endpoint=1)
        async with House(Config(endpoints=hosts(busy="a", other="b"), outbound=settings), sender=sender) as house:
            house.end_job(command="a")
            house.end_job(command="a")  # waits in memory behind the first
            await idle()
            house.end_job(command="a")  # comes while it pauses
            house.end_job(command="b")
            await idle()
            assert sender.hosts() == ["busy.example", "other.example"]
            await house.pass_time(29_999)
            assert len(sender.sent) == 2
            await house.pass_time(1)
            assert len(sender.sent) == 3, "it is sent less from then on"
            for _ in range(100):
                await house.pass_time(50)
            assert await house.statuses() == {"delivered": 4}
            attempts = [d.attempt for d in await house.deliveries()]
            assert attempts == [2, 1, 1, 1]

    run(scenario())


# --- the guard beneath ---


def test_a_name_that_leads_inside_fails_for_good_unsent() -> None:
    async def inside(_host: str, _port: int) -> tuple[Address, ...]:
        return (ip_address("169.254.169.254"),)

    async def scenario() -> None:
        sender = ScriptedSender()
        async with House(one(), sender=sender, resolver=inside) as house:
            house.end_job()
            await house.until(lambda found: found["failed"] == 1)
            delivery, (attempt,) = await house.only()
            assert (delivery.last_error, attempt.status) == ("egress_refused", None)
        assert sender.sent == []

    run(scenario())


def test_a_name_without_an_answer_is_tried_again() -> None:
    async def scenario() -> None:
        known = False

        async def sometimes(host: str, port: int) -> tuple[Address, ...]:
            if not known:
                raise ResolveError("no such name")
            return await public(host, port)

        sender = ScriptedSender()
        async with House(one(), sender=sender, resolver=sometimes) as house:
            house.end_job()
            await house.until(lambda found: found["pending"] == 1)
            assert (await house.only())[0].last_error == "dns"
            known = True
            await house.pass_time(5_000)
            assert await house.statuses() == {"delivered": 1}

    run(scenario())


def test_a_name_that_changes_its_answer_after_the_check_is_called_where_it_was_checked() -> None:
    async def scenario() -> None:
        async with receiving() as receiver:
            asked = 0

            async def rebinding(_host: str, _port: int) -> tuple[Address, ...]:
                nonlocal asked
                asked += 1
                return (ip_address("127.0.0.1" if asked == 1 else "10.0.0.1"),)

            config = Config(endpoints={"main": endpoint(receiver.url("rebind.invalid"))}, outbound=LOOPBACK)
            clock = FakeClock()
            async with House(config, resolver=rebinding, clock=clock) as house:
                house.end_job()
                await house.until(lambda found: found["delivered"] == 1)
                house.end_job()  # within the memory of the first answer: the same checked address
                await house.until(lambda found: found["delivered"] == 2)
                assert asked == 1
                clock.advance(30_000)
                house.end_job()  # asked anew, and the new answer is refused although a connection is open
                await house.until(lambda found: found["failed"] == 1)
            assert (receiver.connections, len(receiver.requests)) == (1, 2)

    run(scenario())


def test_a_redirect_to_a_forbidden_place_is_a_failed_attempt() -> None:
    async def scenario() -> None:
        async with receiving() as forbidden, receiving() as receiver:
            receiver.handler = answering(302, location=forbidden.url())
            config = Config(endpoints={"main": endpoint(receiver.url())}, outbound=LOOPBACK)
            async with House(config, clock=SystemClock(), resolver=None) as house:
                house.end_job()
                await house.until(lambda found: found["pending"] == 1)
                assert (await house.only())[0].last_error == "http_302"
            assert (receiver.connections, forbidden.connections) == (1, 0)

    run(scenario())


def test_an_answer_without_end_is_stored_up_to_its_first_four_kilobytes() -> None:
    async def endless(_receiver: Receiver, _request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()

    async def scenario() -> None:
        async with receiving(endless) as receiver:
            config = Config(endpoints={"main": endpoint(receiver.url())}, outbound=LOOPBACK)
            async with House(config, clock=SystemClock(), resolver=None) as house:
                house.end_job()
                await house.until(lambda found: found["delivered"] == 1)
                _, (attempt,) = await house.only()
                assert attempt.response == b"x" * 4096

    run(scenario())


# --- the end ---


def test_a_drain_waits_for_what_is_under_way_and_gives_back_the_rest_uncounted() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        gate = sender.gates["example.com"] = asyncio.Event()
        async with House(one(per_endpoint=1), sender=sender) as house:
            house.end_job()
            house.end_job()
            await idle()
            drain = asyncio.create_task(house.outbound.drain())
            await idle()
            assert not drain.done()
            assert await house.statuses() == {"sending": 1, "pending": 1}
            gate.set()
            await drain
            first, second = await house.deliveries()
            assert (first.status, first.attempt) == ("delivered", 1)
            assert (second.status, second.attempt, second.next_at) == ("pending", 0, house.clock.now())

    run(scenario())


def test_a_drain_hangs_up_on_receivers_that_stay_silent_and_gives_their_deliveries_back() -> None:
    async def scenario() -> None:
        async with receiving(silent) as receiver:
            config = Config(endpoints={"main": endpoint(receiver.url())}, outbound=LOOPBACK)
            async with House(config, resolver=None) as house:
                house.end_job()
                await receiver.until(lambda: receiver.requests)
                drain = asyncio.create_task(house.outbound.drain())
                await house.pass_time(14_999)
                assert not drain.done()
                await house.pass_time(1)
                await drain
                delivery, attempts = await house.only()
                assert (delivery.status, delivery.attempt, attempts) == ("pending", 0, ())

    run(scenario())


def test_what_is_committed_during_a_drain_is_given_back_and_what_is_planned_is_left_to_the_store() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        gate = sender.gates["example.com"] = asyncio.Event()
        async with House(one(), sender=sender) as house:
            house.end_job()
            await idle()
            house.end_job(tell=False)
            planned = (await house.deliveries())[1]
            drain = asyncio.create_task(house.outbound.drain())
            await idle()
            house.outbound.outbox.committed((planned,))
            house.end_job()
            await idle()
            assert await house.statuses() == {"sending": 1, "pending": 2}
            gate.set()
            await drain
            assert await house.statuses() == {"delivered": 1, "pending": 2}
            assert [d.attempt for d in await house.deliveries()] == [1, 0, 0]

    run(scenario())


def test_a_drain_ends_although_the_store_takes_nothing_any_more() -> None:
    async def scenario() -> None:
        sender = ScriptedSender()
        async with House(one(), sender=sender) as house:
            await idle()
            house.writer.broken = True
            house.end_job()
            await idle()
            drain = asyncio.create_task(house.outbound.drain())
            for _ in range(20):
                await house.pass_time(1_000)
            assert drain.done()

    run(scenario())


def test_a_drain_with_nothing_to_do_ends_at_once() -> None:
    async def scenario() -> None:
        async with House(one(), sender=ScriptedSender()):
            await idle()

    run(scenario())


# --- what is said ---


def test_logs_name_the_delivery_and_never_its_body_its_secret_or_its_query(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    lines = log._Lines(stream, log._for_programs)  # pyright: ignore[reportPrivateUsage]  # setup() is for a whole process
    monkeypatch.setattr(log, "_changes", {"info": lines, "warning": lines})

    async def scenario() -> None:
        answers = iterated(
            [SendError("timeout"), Answer(status=200, body=b"ANSWER"), Answer(status=410, body=b"ANSWER")]
        )
        sender = ScriptedSender(lambda _: next(answers))
        config = Config(endpoints={"main": endpoint("https://example.com/hook?token=hunter2")})
        with capture_logs() as others:
            async with House(config, sender=sender) as house:
                job = house.end_job()
                await house.pass_time(5_000)
                house.end_job()
                await house.until(lambda found: found["failed"] == 1)
                await idle()
        said = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert [(line["event"], line["status"]) for line in said] == [
            ("delivery.retry", None),
            ("delivery.succeeded", 200),
            ("delivery.failed", 410),
        ]
        assert said[0]["job_id"] == job
        assert said[0]["delivery_id"] == (await house.deliveries())[0].id
        assert said[0]["endpoint"] == "main"
        everything = stream.getvalue() + str(others)
        for secret in ("hunter2", "PAYLOAD", "ANSWER", SECRET, SECRET.removeprefix("whsec_")):
            assert secret not in everything

    run(scenario())
