import asyncio
import json
from collections.abc import Callable

import pytest

from hookyard.clock import rfc3339
from hookyard.config.model import Config, EndpointSettings, OutboundSettings
from hookyard.config.values import Duration, Secret, Size
from hookyard.ids import IdSource
from hookyard.model import Delivery, ErrorInfo, Event, Job
from hookyard.outbound import Outbound
from hookyard.store.coalescer import Waiter
from hookyard.store.contract import Op, Result
from hookyard.testing import FakeClock

NOW = 1_700_000_000_123
SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
JOB = Job(
    id="018bcfe5-687b-7000-8000-000000000000",
    plugin="github",
    command="summarise",
    lane="github/summarise",
    args=b"{}",
    submitted_at=NOW - 2_000,
    run_at=NOW - 2_000,
    started_at=NOW - 1_000,
    completed_at=NOW,
    status="succeeded",
    attempt=1,
    result=b'{"n": 1.50,  "text":"\xc3\xa4"}',
)


class NoWriter:
    def submit(self, op: Op) -> asyncio.Future[Result]:
        raise AssertionError(f"nothing is written by planning: {op}")

    def submit_for(self, op: Op, waiter: Waiter) -> None:
        self.submit(op)


def endpoint(url: str = "https://example.com/hook", **filters: tuple[str, ...]) -> EndpointSettings:
    events, commands = filters.get("events", ("job.*",)), filters.get("commands", ("*/*",))
    return EndpointSettings(url=url, secrets=(SECRET,), events=events, commands=commands)


def plan(config: Config, job: Job = JOB, events: tuple[Event, ...] = ()) -> tuple[Delivery, ...]:
    async def scenario() -> tuple[Delivery, ...]:
        clock = FakeClock(NOW)
        return Outbound(config, NoWriter(), IdSource(clock), clock).outbox.plan(job, NOW, events)

    return asyncio.run(scenario())


def changed(change: Callable[[dict[str, object]], None]) -> Job:
    fields = {name: getattr(JOB, name) for name in Job.__struct_fields__}
    change(fields)
    return Job(**fields)


def test_a_job_nobody_listens_to_calls_for_nothing() -> None:
    assert plan(Config()) == ()


def test_every_listener_gets_the_same_bytes_under_an_id_of_its_own() -> None:
    first, second = plan(Config(endpoints={"a": endpoint(), "b": endpoint()}))
    assert (first.endpoint, second.endpoint) == ("a", "b")
    assert first.body is second.body
    assert first.id < second.id
    assert first.job_id == JOB.id
    assert first.event == "job.succeeded"


def test_the_body_says_what_became_of_the_job_and_holds_its_result_byte_for_byte() -> None:
    (delivery,) = plan(Config(endpoints={"a": endpoint()}))
    assert b'"result":{"n": 1.50,  "text":"\xc3\xa4"}' in delivery.body
    assert json.loads(delivery.body) == {
        "type": "job.succeeded",
        "timestamp": rfc3339(NOW),
        "data": {
            "job_id": JOB.id,
            "status": "succeeded",
            "plugin": "github",
            "command": "summarise",
            "attempt": 1,
            "result": {"n": 1.5, "text": "\N{LATIN SMALL LETTER A WITH DIAERESIS}"},
            "submitted_at": rfc3339(NOW - 2_000),
            "started_at": rfc3339(NOW - 1_000),
            "completed_at": rfc3339(NOW),
        },
    }


def test_the_body_of_a_failed_job_has_its_reason_its_error_and_its_tags() -> None:
    def fail(fields: dict[str, object]) -> None:
        error = ErrorInfo("no_repo", "No such repository.", retryable=True, details={"repo": "x"})
        fields |= {"status": "failed", "reason": "attempts_exhausted", "result": None, "last_error": error}
        fields |= {"tags": ("nightly",), "attempt": 4}

    (delivery,) = plan(Config(endpoints={"a": endpoint()}), changed(fail))
    data = json.loads(delivery.body)["data"]
    assert data["reason"] == "attempts_exhausted"
    assert data["error"] == {"code": "no_repo", "message": "No such repository.", "details": {"repo": "x"}}
    assert data["tags"] == ["nightly"]
    assert "result" not in data


def test_a_job_that_succeeded_in_the_end_does_not_show_its_earlier_error() -> None:
    job = changed(lambda fields: fields.update(last_error=ErrorInfo("x", "y")))
    (delivery,) = plan(Config(endpoints={"a": endpoint()}), job)
    assert "error" not in json.loads(delivery.body)["data"]


def test_a_job_cancelled_before_its_first_attempt_has_no_start() -> None:
    job = changed(
        lambda fields: fields.update(status="cancelled", attempt=0, started_at=None, completed_at=None, result=None)
    )
    (delivery,) = plan(Config(endpoints={"a": endpoint()}), job)
    event = json.loads(delivery.body)
    assert (event["type"], event["timestamp"]) == ("job.cancelled", rfc3339(NOW))
    assert event["data"]["attempt"] == 0
    assert "started_at" not in event["data"]


@pytest.mark.parametrize(
    ("status", "events", "listens"),
    [
        ("succeeded", ("job.*",), True),
        ("failed", ("job.*",), True),
        ("timed_out", ("job.*",), True),
        ("cancelled", ("job.*",), True),
        ("failed", ("job.succeeded",), False),
        ("failed", ("job.succeeded", "job.failed"), True),
        ("timed_out", ("job.failed",), False),
    ],
)
def test_an_endpoint_gets_the_events_it_names(status: str, events: tuple[str, ...], listens: bool) -> None:
    job = changed(lambda fields: fields.update(status=status))
    assert bool(plan(Config(endpoints={"a": endpoint(events=events)}), job)) is listens


@pytest.mark.parametrize(
    ("commands", "listens"),
    [
        (("github/*",), True),
        (("*/summarise",), True),
        (("hello/*",), False),
        (("hello/*", "github/s*"), True),
        ((), False),
    ],
)
def test_an_endpoint_gets_the_commands_it_names(commands: tuple[str, ...], listens: bool) -> None:
    assert bool(plan(Config(endpoints={"a": endpoint(commands=commands)}))) is listens


def test_a_disabled_endpoint_gets_nothing_new() -> None:
    off = EndpointSettings(url="https://example.com/", secrets=(SECRET,), enabled=False)
    assert plan(Config(endpoints={"a": off})) == ()


@pytest.mark.parametrize("status", ["succeeded", "failed", "timed_out", "cancelled"])
def test_a_callback_url_is_an_endpoint_for_every_end_of_its_job(status: str) -> None:
    job = changed(lambda fields: fields.update(status=status, callback_url="https://caller.example/done"))
    config = Config(outbound=OutboundSettings(callback_secrets=(SECRET,)))
    (delivery,) = plan(config, job)
    assert (delivery.endpoint, delivery.url) == (None, "https://caller.example/done")


def test_a_delivery_comes_back_leased_when_there_is_room() -> None:
    (delivery,) = plan(Config(endpoints={"a": endpoint()}))
    assert (delivery.status, delivery.attempt) == ("sending", 1)
    assert delivery.lease_token is not None
    assert (delivery.lease_expires_at or 0) > NOW + 20_000


def test_a_delivery_whose_schedule_begins_with_a_wait_is_left_to_the_store() -> None:
    settings = OutboundSettings(schedule=(Duration(10_000),), jitter=0)
    (delivery,) = plan(Config(endpoints={"a": endpoint()}, outbound=settings))
    assert (delivery.status, delivery.attempt, delivery.next_at) == ("pending", 0, NOW + 10_000)
    assert delivery.lease_token is None


def test_what_finds_no_place_in_memory_waits_in_the_store_and_a_dropped_plan_frees_its_place() -> None:
    async def scenario() -> None:
        clock = FakeClock(NOW)
        outbox = Outbound(Config(endpoints={"a": endpoint()}), NoWriter(), IdSource(clock), clock).outbox
        plans = [outbox.plan(JOB, NOW) for _ in range(257)]
        assert {delivery.status for (delivery,) in plans[:256]} == {"sending"}
        assert plans[256][0].status == "pending"
        outbox.dropped(plans[0])
        assert outbox.plan(JOB, NOW)[0].status == "sending"
        outbox.dropped(plans[256])
        assert outbox.plan(JOB, NOW)[0].status == "pending"

    asyncio.run(scenario())


def test_bodies_in_memory_are_bounded_by_their_bytes_too() -> None:
    large = changed(lambda fields: fields.update(result=b'"' + b"x" * (20 << 20) + b'"'))

    async def scenario() -> list[str]:
        clock = FakeClock(NOW)
        config = Config(endpoints={"a": endpoint()}, outbound=OutboundSettings(max_body=Size(1 << 30)))
        outbox = Outbound(config, NoWriter(), IdSource(clock), clock).outbox
        return [outbox.plan(large, NOW)[0].status for _ in range(4)]

    found = asyncio.run(scenario())
    assert (found[0], found[-1]) == ("sending", "pending")


EVENT = Event(
    id="018bcfe5-687b-7000-9000-000000000000",
    type="order.paid",
    plugin="github",
    command="summarise",
    job_id=JOB.id,
    payload=b'{"amount": 1.50}',
    created_at=NOW - 500,
)


def test_an_emitted_event_goes_to_who_wants_it_before_the_end_of_the_job() -> None:
    endpoints = {
        "all": endpoint(events=("*",)),
        "orders": endpoint(events=("order.*",)),
        "jobs": endpoint(),
        "others": endpoint(events=("order.*",), commands=("other/*",)),
    }
    planned = plan(Config(endpoints=endpoints), events=(EVENT,))
    assert [(delivery.event, delivery.endpoint) for delivery in planned] == [
        ("order.paid", "all"),
        ("order.paid", "orders"),
        ("job.succeeded", "all"),
        ("job.succeeded", "jobs"),
    ]
    assert b'"payload":{"amount": 1.50}' in planned[0].body
    assert json.loads(planned[0].body) == {
        "type": "order.paid",
        "timestamp": rfc3339(NOW - 500),
        "data": {
            "event_id": EVENT.id,
            "plugin": "github",
            "command": "summarise",
            "job_id": JOB.id,
            "payload": {"amount": 1.5},
        },
    }


def test_a_callback_url_is_told_of_the_end_of_its_job_only() -> None:
    job = changed(lambda fields: fields.update(callback_url="https://example.com/callback"))
    config = Config(outbound=OutboundSettings(callback_secrets=(SECRET,)))
    assert [delivery.event for delivery in plan(config, job, (EVENT,))] == ["job.succeeded"]


def test_event_types_without_end_are_forgotten_and_found_again() -> None:
    config = Config(endpoints={"a": endpoint(events=("e.*",))})
    events = tuple(
        Event(id=str(n), type=f"e.n{n}", plugin="p", command="c", job_id=JOB.id, payload=b"1", created_at=NOW)
        for n in range(5000)
    )
    assert len(plan(config, events=events)) == 5000
