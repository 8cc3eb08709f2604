"""What is done about deliveries that there are: sent again, given up, recovered, purged; and samples."""

import json
from typing import Literal

import jsonschema
import pytest
from tests.unit.outbound.recovery.lab import HOUR, KINDS, Kind, Lab, lab, run

from hookyard.config.model import OrderSettings
from hookyard.errors import Refused
from hookyard.ids import IdSource
from hookyard.model import DeliveryStatus
from hookyard.outbound.events import BY_NAME, schema
from hookyard.outbound.recovery import Stretch
from hookyard.store.contract import AuditQuery, ClaimDeliveries, Lease
from hookyard.testing import FakeClock


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


async def statuses(it: Lab, name: str = "a") -> list[DeliveryStatus]:
    return [each.status for each in await it.deliveries(name)]


async def resend(it: Lab, delivery_id: str, tenant: str = "") -> str:
    audit = it.audit("delivery.resend", delivery_id)
    return (await it.recovery.resend(delivery_id, tenant=tenant, audit=audit)).status


async def abandon(it: Lab, delivery_id: str, tenant: str = "") -> str:
    audit = it.audit("delivery.abandon", delivery_id)
    return (await it.recovery.abandon(delivery_id, tenant=tenant, audit=audit)).last_error or ""


async def recover(it: Lab, since: int, *, until: int | None = None, limit: int = 500) -> int:
    """All calls."""
    count, after = 0, None
    while True:
        audit = it.audit("endpoint.recover")
        stretch = Stretch(since=since, until=until, after=after, limit=limit)
        done = await it.recovery.recover("a", stretch, audit=audit)
        count, after = count + done.count, done.next
        if after is None:
            return count


async def purge(it: Lab, *wanted: Literal["pending", "held", "delivered", "failed"], until: int | None = None) -> int:
    count, after = 0, None
    while True:
        audit = it.audit("endpoint.purge")
        stretch = Stretch(since=0, until=until, after=after, limit=2)
        done = await it.recovery.purge("a", stretch, statuses=wanted, audit=audit)
        count, after = count + done.count, done.next
        if after is None:
            return count


def test_one_is_sent_again_under_its_id_with_its_schedule_anew(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.job()
            (sent,) = await it.settle("delivered")
            it.clock.advance(HOUR)
            assert await resend(it, sent.id) == "pending"
            (again,) = await it.deliveries()
            assert (again.id, again.next_at, again.attempt, again.round_start) == (sent.id, it.clock.now(), 1, 1)
            assert it.expected == [it.clock.now()]
            (entry,) = (await it.store.audit(AuditQuery(action="delivery.resend"))).entries
            assert entry.target == sent.id

    run(story())


def test_one_that_is_being_sent_or_is_not_there_is_not_sent_again(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.job()
            now = it.clock.now()
            await it.writer.submit(ClaimDeliveries(now=now, limit=10, lease=Lease(7, "local", now + HOUR)))
            (sending,) = await it.deliveries()
            for act in (resend, abandon):
                with pytest.raises(Refused) as caught:
                    await act(it, sending.id)
                assert caught.value.code == "delivery_active"
                with pytest.raises(Refused) as caught:
                    await act(it, IdSource(FakeClock())())
                assert caught.value.code == "not_found"

    run(story())


def test_what_is_for_an_endpoint_that_gets_nothing_is_not_sent_again(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.job()
            (failed,) = await it.settle("failed")
            await it.disable()
            with pytest.raises(Refused) as caught:
                await resend(it, failed.id)
            assert caught.value.code == "endpoint_disabled"
            with pytest.raises(Refused) as caught:
                await recover(it, it.began)
            assert caught.value.code == "endpoint_disabled"
            assert await statuses(it) == ["failed"]

    run(story())


def test_a_tenant_reaches_its_own_deliveries_only(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.job(tenant="acme")
            (failed,) = await it.settle("failed")
            for act in (resend, abandon):
                with pytest.raises(Refused) as caught:
                    await act(it, failed.id, "other")
                assert caught.value.code == "not_found"
            assert await resend(it, failed.id, "acme") == "pending"

    run(story())


def test_one_that_waits_is_given_up_and_one_that_ended_is_not(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.job()
            (waiting,) = await it.deliveries()
            assert await abandon(it, waiting.id) == "abandoned"
            with pytest.raises(Refused) as caught:
                await abandon(it, waiting.id)
            assert caught.value.code == "already_terminal"

    run(story())


def test_all_that_failed_since_a_time_is_recovered_but_what_was_given_up(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.job()
            await it.settle("failed")
            it.clock.advance(HOUR)
            since = it.clock.now()
            for _ in range(7):
                await it.job()
            await it.settle("failed")
            await it.job()
            await it.settle("delivered")
            await it.job()
            *_, last = await it.deliveries()
            await abandon(it, last.id)
            assert await recover(it, since, limit=3) == 7
            assert await statuses(it) == ["failed", *["pending"] * 7, "delivered", "failed"]
            assert await recover(it, since) == 0

    run(story())


def test_what_was_too_large_is_not_sent_again_without_what_it_would_say(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint(events=("order.*",))
            await it.house("order.placed", {"note": "x" * (1 << 20)})
            (large,) = await it.deliveries()
            assert (large.status, large.last_error) == ("failed", "too_large")
            assert await recover(it, it.began) == 0
            with pytest.raises(Refused) as caught:
                await resend(it, large.id)
            assert caught.value.code == "already_terminal"
            assert await statuses(it) == ["failed"]

    run(story())


def test_a_purge_takes_the_statuses_that_it_is_told_and_nothing_else(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.endpoint("b")
            for _ in range(5):
                await it.job()
            await it.settle("failed")
            await it.job()
            await it.settle("delivered")
            await it.job()
            assert await purge(it, "failed", until=it.began) == 0
            assert await purge(it, "failed") == 5
            assert await statuses(it) == ["delivered", "pending"]
            assert len(await it.deliveries("b")) == 7
            await it.manager.delete("a", tenant="", audit=it.audit("endpoint.delete"))
            assert await purge(it, "delivered", "pending", "held") == 2

    run(story())


@pytest.mark.parametrize(
    ("events", "asked", "sent"),
    [
        (("job.*",), None, "job.succeeded"),
        (("job.failed", "breaker.*"), None, "job.failed"),
        (("job.*",), "schedule.fired", "schedule.fired"),
        (("schedule.fired",), None, "schedule.fired"),
        (("order.*",), None, "job.succeeded"),
    ],
)
def test_a_sample_is_of_the_type_asked_for_or_of_one_that_the_endpoint_hears(
    events: tuple[str, ...], asked: str | None, sent: str
) -> None:
    async def story() -> None:
        async with lab("memory") as it:
            await it.endpoint(events=events, tenant="acme")
            made = await it.recovery.test("a", event=asked, tenant="acme", audit=it.audit("endpoint.test"))
            (delivery,) = await it.deliveries()
            assert (delivery.id, delivery.event, delivery.tenant, delivery.status) == (made.id, sent, "acme", "pending")
            assert it.out.manager.find("a").destination is not None
            jsonschema.validate(json.loads(await it.body(delivery)), schema(BY_NAME[sent]))
            assert it.expected == [it.clock.now()]

    run(story())


def test_a_sample_waits_for_no_order_and_there_is_none_of_what_is_unknown(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint(order=OrderSettings())
            await it.job()
            made = await it.recovery.test("a", event=None, tenant="", audit=it.audit("endpoint.test"))
            assert (made.order_key, made.status) == (None, "pending")
            with pytest.raises(Refused) as caught:
                await it.recovery.test("a", event="order.placed", tenant="", audit=it.audit("endpoint.test"))
            assert (caught.value.code, caught.value.detail) == (
                "invalid_input",
                "There is no sample of 'order.placed', only of Hookyard's own events and of what plugins declare.",
            )
            with pytest.raises(Refused) as caught:
                await it.recovery.test("a", event=None, tenant="acme", audit=it.audit("endpoint.test"))
            assert caught.value.code == "not_found"

    run(story())
