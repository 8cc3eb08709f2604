"""Replay: what an endpoint missed, once, in order, however it is broken off."""

import json

import pytest
from tests.unit.outbound.recovery.lab import HOUR, KINDS, SECOND, Kind, lab, run

from hookyard.clock import rfc3339
from hookyard.errors import Refused
from hookyard.outbound.recovery import replay
from hookyard.store.contract import AuditQuery, DeleteJob


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "PAGE", 3)


def test_what_happened_while_it_was_disabled_comes_once_and_in_order(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint(events=("*",))
            first = await it.job("order.placed")
            await it.disable()
            second = await it.job("order.placed", "order.paid")
            opened = await it.house("breaker.opened", {"command": "a/b", "state": "open", "failures": 5})
            third = await it.job()
            await it.enable()
            fourth = await it.job()
            before = await it.told()
            assert [job for event, job in before if event == "job.succeeded"] == [first.id, fourth.id]
            (done,) = await it.replay()
            new = (await it.told())[len(before) :]
            assert [event for event, _ in new] == [
                *("order.placed", "order.paid", "job.succeeded", "breaker.opened", "job.succeeded"),
            ]
            assert [job for event, job in new if event == "job.succeeded"] == [second.id, third.id]
            assert new[3] == ("breaker.opened", opened.id)
            assert done.planned == 5
            assert [call.planned for call in await it.replay()] == [0]

    run(story())


def test_a_body_is_as_old_as_what_it_tells_of_and_its_id_was_never_sent(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            job = await it.job(result=b'{"n": 1.50}')
            it.clock.advance(5 * HOUR)
            await it.endpoint()
            await it.replay()
            (delivery,) = await it.deliveries()
            assert (delivery.status, delivery.attempt, delivery.created_at) == ("pending", 0, it.clock.now())
            assert delivery.id > job.id
            body = await it.body(delivery)
            assert json.loads(body)["timestamp"] == rfc3339(job.completed_at or 0)
            assert b'"result":{"n": 1.50}' in body
            assert it.expected[-1] == it.clock.now()

    run(story())


def test_only_what_it_would_be_told_today_is_sent(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.job("order.placed", tenant="acme")
            await it.job("order.placed", tenant="other")
            await it.job(tenant="acme", command="sell")
            await it.job(tenant="acme", result=b'{"n": 5}')
            await it.endpoint(
                events=("job.succeeded",), commands=("shop/buy",), tenant="acme", if_="data.result.n == 5"
            )
            await it.replay()
            (only,) = await it.deliveries()
            assert (only.event, only.tenant) == ("job.succeeded", "acme")
            await it.change({"if": None, "events": ["order.*"]})
            await it.replay()
            assert [event for event, _ in await it.told()] == ["job.succeeded", "order.placed"]

    run(story())


def test_only_what_is_of_an_event_is_sent_and_the_rest_can_be_later(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.job("order.placed", "order.paid")
            await it.house("breaker.opened", {"command": "a/b", "state": "open", "failures": 5})
            await it.job()
            await it.endpoint(events=("*",))
            for event, planned in (("order", 0), ("ORDER.*", 0), ("order.*", 2), ("job.succeeded", 2), ("*.opened", 1)):
                (done,) = await it.replay(event=event, dry_run=True)
                assert (done.planned, done.looked_at) == (planned, 6), event
            before = len(await it.told())
            await it.replay(event="order.*")
            assert [event for event, _ in (await it.told())[before:]] == ["order.placed", "order.paid"]
            await it.replay(event="job.*")
            new = (await it.told())[before + 2 :]
            assert [event for event, _ in new] == ["job.succeeded"] * 2
            (rest,) = await it.replay()
            assert rest.planned == 1

    run(story())


def test_quiet_events_and_events_about_the_endpoint_itself_are_not_replayed(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint("a", events=("endpoint.*", "job.started", "schedule.fired"))
            await it.endpoint("b")
            await it.disable("b")
            told = await it.told("a")
            assert [event for event, _ in told] == ["endpoint.created", "endpoint.disabled"]
            await it.disable("a")
            await it.enable("b")
            await it.enable("a")
            await it.replay()
            new = (await it.told())[2:]
            assert [event for event, _ in new] == ["endpoint.enabled"]

    run(story())


def test_what_is_in_no_window_is_left_alone(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.job("order.placed")
            long = await it.begin()
            it.clock.advance(HOUR)
            since = it.clock.now()
            middle = await it.job("order.placed", took=2 * SECOND)
            late = await it.end(long, "order.late")
            until = it.clock.now() + 1
            it.clock.advance(HOUR)
            await it.job("order.placed")
            await it.endpoint(events=("job.*", "order.*"))
            await it.replay(since=since, until=until)
            told = await it.told()
            assert [event for event, _ in told] == ["order.placed", "job.succeeded", "order.late", "job.succeeded"]
            assert [told[1][1], told[3][1]] == [middle.id, late.id]

    run(story())


def test_what_a_forgotten_job_emitted_does_not_come_back(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint(events=("job.*", "order.*"))
            gone, kept = await it.job("order.placed"), await it.job("order.placed")
            await it.settle("delivered")
            await it.writer.submit(DeleteJob(now=it.clock.now(), job_id=gone.id))
            before = await it.told()
            assert len(before) == 2
            assert before[-1] == ("job.succeeded", kept.id)
            assert [call.planned for call in await it.replay()] == [0]

    run(story())


@pytest.mark.usefixtures("small_pages")
def test_a_tenant_is_not_told_how_much_others_do(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            for _ in range(4):
                await it.job("order.placed", tenant="acme")
                await it.job("order.placed", tenant="other")
                await it.job()
            await it.house("breaker.opened", {"command": "shop/buy", "failures": 5})
            await it.endpoint(tenant="acme", events=("job.*", "order.*"))
            await it.endpoint("all", events=("job.*", "order.*"))
            calls = await it.replay(limit=3)
            assert sum(call.planned for call in calls) == 8
            assert sum(call.looked_at for call in calls) == 8 + 1, "the making of the endpoint is its tenant's too"
            assert len(calls) > 2, "and a call is as short as any"
            assert sum(call.looked_at for call in await it.replay("all")) == 12 + 8 + 1 + 2

    run(story())


@pytest.mark.usefixtures("small_pages")
def test_a_call_is_bounded_and_its_cursor_goes_on_with_jobs_and_events(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            jobs = [await it.job("order.placed", "order.paid") for _ in range(20)]
            await it.endpoint(events=("job.*", "order.*"))
            calls = await it.replay(limit=5)
            assert len(calls) > 5
            assert sum(call.planned for call in calls) == 60
            # A page is read of each of both, and no more once so many were looked at.
            assert max(call.looked_at for call in calls) <= 5 + 2 * 3
            told = await it.told()
            assert [of for event, of in told if event == "job.succeeded"] == [job.id for job in jobs]
            events = [of or "" for event, of in told if event != "job.succeeded"]
            assert events == sorted(events)
            assert len(set(told)) == 60

    run(story())


@pytest.mark.usefixtures("small_pages")
def test_a_dry_run_counts_what_a_replay_would_make_and_leaves_no_trace(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            for _ in range(5):
                await it.job("order.placed")
            await it.endpoint(events=("job.succeeded", "order.*"))
            await it.job()
            before, expected = await it.told(), len(it.expected)
            counted = await it.replay(limit=3, dry_run=True)
            assert (sum(call.planned for call in counted), len(counted) > 2) == (10, True)
            assert (await it.told(), len(it.expected)) == (before, expected)
            assert (await it.store.audit(AuditQuery(action="endpoint.replay"))).entries == ()
            assert sum(call.planned for call in await it.replay(limit=3)) == 10

    run(story())


def test_an_endpoint_that_gets_nothing_is_told_nothing(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.disable()
            await it.job()
            with pytest.raises(Refused) as caught:
                await it.replay()
            assert (caught.value.code, caught.value.detail) == (
                "endpoint_disabled",
                "The endpoint is disabled: enable it first.",
            )
            with pytest.raises(Refused) as caught:
                await it.replay("b")
            assert caught.value.code == "not_found"

    run(story())


def test_the_audit_log_has_each_call_that_did_something_and_the_first(kind: Kind) -> None:
    async def story() -> None:
        async with lab(kind) as it:
            await it.endpoint()
            await it.replay()
            await it.replay()
            found = await it.store.audit(AuditQuery(action="endpoint.replay"))
            assert len(found.entries) == 2

    run(story())
