"""What is planned for endpoints with filters and orders, and what is too large for any."""

import json

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.unit.outbound.endpoints.lab import NOW, Room, event, names, run, yaml

from hookyard.model import Delivery, ErrorInfo, Job
from hookyard.store.contract import AppendEvents

JOB = Job(
    id="018bcfe5-687b-7000-8000-000000000000",
    plugin="shop",
    command="pay",
    lane="shop/pay",
    args=b"{}",
    submitted_at=NOW,
    run_at=NOW,
    started_at=NOW,
    completed_at=NOW,
    status="succeeded",
    attempt=1,
    result=b'{"amount": 7, "customer": "c1"}',
)


def planned(more: str, job: Job = JOB, outbound: str = "") -> tuple[Delivery, ...]:
    return Room(yaml(a=more) + outbound).outbox.plan(job, NOW)


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("data.result.amount > 5", True),
        ("data.result.amount > 7", False),
        ("type == 'job.succeeded' && data.plugin == 'shop'", True),
        ("type.startsWith('order.')", False),
        ("has(data.result.discount) && data.result.discount > 1", False),
        ("data.result.discount > 1", False),
        ("data.result.amount", False),
        ("data.result.customer > 5", False),
    ],
)
def test_an_endpoint_is_told_what_its_filter_lets_through(condition: str, wanted: bool) -> None:
    async def scenario() -> None:
        assert bool(planned(f', if: "{condition}"')) is wanted

    run(scenario)


def test_a_filter_that_fails_is_logged_the_1st_the_10th_and_the_100th_time() -> None:
    async def scenario() -> None:
        room = Room(yaml(a=", if: data.result.discount > 1"))
        for _ in range(100):
            assert room.outbox.plan(JOB, NOW) == ()

    with capture_logs() as lines:
        run(scenario)
    assert [line["failures"] for line in lines] == [1, 10, 100]
    assert {line["event"] for line in lines} == {"endpoint.condition_failed"}
    assert lines[0]["endpoint"] == "a"
    assert "has(...)" in lines[0]["problem"]


def test_a_filter_that_would_read_too_much_is_not_met() -> None:
    async def scenario() -> None:
        job = replace(JOB, result=json.dumps({"l": [0] * 60_000, "ok": True}).encode())
        assert planned(', if: "size(data.result.l) > 5"', job) == ()
        assert len(planned(', if: "data.result.ok"', job)) == 1

    run(scenario)


def test_filters_do_not_matter_to_those_that_have_none_and_the_order_of_names_stays() -> None:
    async def scenario() -> None:
        room = Room(yaml(a="", b=", if: 'false'", c=", if: 'true'", d=""))
        assert names(room.outbox.plan(JOB, NOW)) == ["a", "c", "d"]

    run(scenario)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("endpoint", ""),
        ("job", JOB.id),
        ("command", "shop/pay"),
        ("$.data.result.customer", "c1"),
        ("$.data.result.amount", "7"),
        ("$.data.result.nothing", None),
        ("$.data.result", None),
        ("$.type", "job.succeeded"),
    ],
)
def test_what_is_in_an_order_has_its_key_and_waits_in_the_store_for_its_turn(by: str, key: str | None) -> None:
    async def scenario() -> None:
        (delivery,) = planned(f", order: {{by: '{by}'}}")
        assert delivery.order_key == key
        assert delivery.status == ("sending" if key is None else "pending")
        assert delivery.attempt == (1 if key is None else 0)
        assert delivery.next_at == NOW

    run(scenario)


def test_a_key_that_is_long_is_kept_by_its_digest() -> None:
    async def scenario() -> None:
        job = replace(JOB, result=json.dumps({"customer": "x" * 1000}).encode())
        (delivery,) = planned(", order: {by: '$.data.result.customer'}", job)
        assert delivery.order_key is not None
        assert delivery.order_key.startswith("sha256:")
        assert len(delivery.order_key) == 71

    run(scenario)


def test_what_is_told_in_an_order_is_looked_for_once_it_is_on_disk() -> None:
    async def scenario() -> None:
        room = Room(yaml(a=", order: {}"))
        deliveries = room.outbox.plan(JOB, NOW)
        assert room.places.reserved == 0
        room.outbox.committed(deliveries)
        assert (room.places.taken, room.places.expected) == ([], [NOW])

    run(scenario)


def test_a_job_whose_event_is_too_large_is_told_without_its_result() -> None:
    async def scenario() -> None:
        job = replace(JOB, result=b'"' + b"x" * 5000 + b'"')
        (delivery,) = planned("", job, "outbound: {max_body: 4KiB}\n")
        assert delivery.status == "sending"
        data = json.loads(delivery.body)["data"]
        assert data["result_omitted"] is True
        assert "result" not in data
        (whole,) = planned("", job)
        assert "result_omitted" not in json.loads(whole.body)["data"]

    run(scenario)


def test_what_is_too_large_all_the_same_is_stored_as_failed_and_says_what_it_is_of() -> None:
    async def scenario() -> None:
        room = Room(yaml(a=", events: ['*'], order: {}") + "outbound: {max_body: 4KiB}\n")
        delivery = room.outbox.again("a", event(payload="x" * 5000, job_id=""), NOW)
        assert delivery is not None
        assert (delivery.status, delivery.last_error, delivery.completed_at) == ("failed", "too_large", NOW)
        assert (delivery.next_at, delivery.order_key) == (None, None)
        data = json.loads(delivery.body)["data"]
        assert (data["payload"], data["payload_omitted"], data["plugin"]) == (None, True, "shop")
        error = ErrorInfo("x", "y" * 9000, details={"z": "z" * 9000})
        (failed,) = room.outbox.plan(replace(JOB, status="failed", result=None, last_error=error), NOW)
        assert (failed.status, failed.last_error) == ("failed", "too_large")
        room.store.apply([AppendEvents(now=NOW, events=(), deliveries=(delivery,))])
        assert await room.store.delivery(delivery.id) == delivery
        room.outbox.committed((delivery, failed))
        room.outbox.dropped((delivery, failed))
        assert (room.places.reserved, room.places.taken, room.places.expected) == (0, [], [])

    run(scenario)


@pytest.mark.parametrize(("least", "dead"), [(4000, True), (6000, False)])
def test_what_is_left_out_as_too_large_is_looked_at_by_filters_all_the_same(least: int, *, dead: bool) -> None:
    async def scenario() -> None:
        wants = f", events: ['*'], if: 'size(data.payload) > {least}'"
        room = Room(yaml(a=wants, b=", order: {by: '$.data.result.who'}") + "outbound: {max_body: 4KiB}\n")
        with capture_logs() as lines:
            delivery = room.outbox.again("a", event(payload="x" * 5000, job_id=""), NOW)
        assert lines == []
        assert (delivery is not None and delivery.last_error == "too_large") is dead
        job = replace(JOB, result=json.dumps({"who": "c1", "text": "x" * 5000}).encode())
        (told,) = room.outbox.plan(job, NOW)
        assert (told.endpoint, told.order_key, len(told.body) < 4096) == ("b", "c1", True)

    run(scenario)


def test_a_delivery_knows_its_tenant_its_event_and_its_request() -> None:
    async def scenario() -> None:
        room = Room(yaml(a=", events: ['*']"))
        told = replace(event(tenant="acme"), request_id="r1")
        first, second = room.outbox.plan(replace(JOB, tenant="acme", request_id="r1"), NOW, (told,))
        assert (first.tenant, first.event_id, first.job_id, first.request_id) == ("acme", told.id, JOB.id, "r1")
        assert (second.tenant, second.event_id, second.job_id, second.request_id) == ("acme", None, JOB.id, "r1")

    run(scenario)


def test_an_event_about_an_endpoint_never_goes_to_that_one() -> None:
    async def scenario() -> None:
        room = Room(yaml(a=", events: ['*']", b=", events: ['endpoint.*']", t=", events: ['*'], tenant: acme"))
        told, deliveries = room.outbox.announce("endpoint.failing", {"endpoint": "a"}, NOW)
        assert names(deliveries) == ["b"]
        assert names(room.outbox.announce("endpoint.failing", {"endpoint": "x"}, NOW, tenant="acme")[1]) == [
            "a",
            "b",
            "t",
        ]
        assert room.outbox.again("a", told, NOW) is None
        assert room.outbox.again("b", told, NOW) is not None

    run(scenario)


def test_what_is_planned_again_is_as_old_as_what_it_tells_of_and_has_an_id_of_its_own() -> None:
    async def scenario() -> None:
        room = Room(yaml(a="", off=", enabled: false", other=", commands: ['x/*']"))
        (once,) = room.outbox.plan(JOB, NOW)
        again = room.outbox.again("a", JOB, NOW + 99_000)
        assert again is not None
        assert (again.status, again.body, again.created_at, again.next_at) == (
            "pending",
            once.body,
            NOW + 99_000,
            NOW + 99_000,
        )
        assert again.id != once.id
        assert room.outbox.again("off", JOB, NOW) is None
        assert room.outbox.again("other", JOB, NOW) is None
        assert room.outbox.again("nobody", JOB, NOW) is None
        assert room.outbox.again("a", replace(JOB, status="running"), NOW) is None

    run(scenario)
