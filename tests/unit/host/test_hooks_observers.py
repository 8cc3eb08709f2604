"""Observers: told and not waited for, each with a line of its own."""

import asyncio

import pytest
from msgspec.structs import replace
from tests.unit.host.hooks_lab import JOB, Stuck, named, plugin, turns

from hookyard import DeliveryFinished, EventEmitted, JobFinished, JobStarted
from hookyard.host.hooks import Hooks
from hookyard.model import Delivery, DeliveryAttempt, Event
from hookyard.store.contract import FinishDelivery

DELIVERY = Delivery(
    id="d", job_id="1", request_id="r", event="job.succeeded", endpoint="chat", url=None, body=b"{}", created_at=1
)
LAST = DeliveryAttempt(delivery_id="d", number=3, started_at=1, duration=2, status=500, error="500", response=b"no")
END = FinishDelivery(now=5, delivery_id="d", token=1, status="failed", attempt=LAST)
EVENT = Event(id="e", type="built", plugin="lab", command="run", job_id="1", payload=b'{"n":1}', created_at=4)


def tell_all(hooks: Hooks) -> None:
    hooks.job_started(JOB)
    hooks.job_ended(JOB)
    hooks.delivery_ended(DELIVERY, END)
    hooks.event_emitted(EVENT)


@pytest.mark.parametrize("form", ["def", "async def"])
def test_every_observer_is_told_what_happened_without_waiting_and_shutdown_waits_for_it(form: str) -> None:
    seen: list[object] = []

    def observer(record: type[object]) -> object:
        def plain(event: object) -> None:
            seen.append(event)

        async def awaited(event: object) -> None:
            await asyncio.sleep(0.01)
            seen.append(event)

        made = plain if form == "def" else awaited
        made.__annotations__["event"] = record
        return made

    kinds = {
        "job_started": JobStarted,
        "job_finished": JobFinished,
        "delivery_finished": DeliveryFinished,
        "event_emitted": EventEmitted,
    }

    async def main() -> None:
        hooks = Hooks([plugin("a", *(named(name, observer(kind)) for name, kind in kinds.items()))])  # type: ignore[arg-type]
        assert hooks.has_job_started
        assert hooks.has_job_finished
        assert hooks.has_delivery_finished
        assert hooks.has_event_emitted
        tell_all(hooks)
        assert seen == []
        await hooks.shutdown()

    asyncio.run(main())
    told = {type(event): event for event in seen}
    assert told == {
        JobStarted: JobStarted(
            job_id="1",
            plugin="lab",
            command="run",
            attempt=2,
            max_attempts=4,
            submitted_at=1,
            started_at=2,
            principal="token:ci",
            request_id="r",
            tags=("a",),
        ),
        JobFinished: JobFinished(
            job_id="1",
            plugin="lab",
            command="run",
            status="succeeded",
            attempt=2,
            submitted_at=1,
            started_at=2,
            completed_at=3,
            principal="token:ci",
            request_id="r",
            tags=("a",),
        ),
        DeliveryFinished: DeliveryFinished(
            delivery_id="d",
            event="job.succeeded",
            status="failed",
            endpoint="chat",
            job_id="1",
            request_id="r",
            attempt=3,
            http_status=500,
            error="500",
        ),
        EventEmitted: EventEmitted(
            id="e", type="built", plugin="lab", command="run", job_id="1", payload=b'{"n":1}', created_at=4
        ),
    }


def test_one_that_hangs_holds_up_neither_the_teller_nor_the_other_observers() -> None:
    stuck = Stuck()
    seen: list[str] = []

    def hangs(event: JobFinished) -> None:
        stuck.wait()

    def hears(event: JobFinished) -> None:
        seen.append(event.job_id)

    async def main() -> None:
        both = [plugin("a", named("job_finished", hangs)), plugin("b", named("job_finished", hears))]
        hooks = Hooks(both, timeout=300)  # longer than anybody waits here
        for number in range(500):
            hooks.job_ended(replace(JOB, id=str(number)))
        await turns(lambda: len(seen) == 500)
        stuck.free()
        await hooks.shutdown()

    asyncio.run(main())
    assert sorted(seen, key=int) == [str(number) for number in range(500)]


def test_facts_are_told_in_their_order_to_one_that_takes_its_time() -> None:
    seen: list[str] = []

    async def job_finished(event: JobFinished) -> None:
        seen.append(event.job_id)
        await asyncio.sleep(0)

    async def main() -> None:
        hooks = Hooks([plugin("a", job_finished)])
        for number in range(200):
            hooks.job_ended(replace(JOB, id=str(number)))
        await hooks.shutdown()

    asyncio.run(main())
    assert seen == [str(number) for number in range(200)]


def test_what_an_observer_is_too_far_behind_for_is_dropped_and_counted() -> None:
    async def job_finished() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        hooks = Hooks([plugin("a", job_finished)], timeout=0.02)
        for _ in range(16 + 1000 + 5):
            hooks.job_ended(JOB)
        (record,) = hooks.records()
        assert record.dropped == 5
        await turns(lambda: record.failures >= 16)
        await hooks.shutdown()
        assert record.dropped == 5

    asyncio.run(main())


def test_shutdown_waits_for_observers_no_longer_than_one_may_take() -> None:
    told: list[bool] = []

    async def job_finished() -> None:
        await asyncio.sleep(0.3)
        told.append(True)

    async def main() -> float:
        hooks = Hooks([plugin("a", job_finished)], timeout=1)
        for _ in range(1000):  # twenty seconds of work, at sixteen at once
            hooks.job_ended(JOB)
        begun = asyncio.get_running_loop().time()
        await hooks.shutdown()
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(main()) < 10
    assert 16 <= len(told) < 500
