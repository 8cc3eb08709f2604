"""Who is told of what is quiet, and of Hookyard's own events: by name, tenant, filter and order."""

from msgspec.structs import replace
from tests.unit.outbound.recovery.lab import Lab, lab, run

from hookyard.config.model import OrderSettings
from hookyard.model import Delivery, Job, Progress


def notice(it: Lab, job: Job, event: str) -> list[Delivery]:
    """What is planned of a job under way; as the dispatcher asks for it."""
    return list(it.out.outbox.notice(job, event, it.clock.now())) if it.out.outbox.notes(event, job) else []


def names(deliveries: list[Delivery]) -> list[str | None]:
    return [each.endpoint for each in deliveries]


def announced(it: Lab, kind: str, tenant: str = "", **data: object) -> list[str | None]:
    return names(list(it.out.outbox.announce(kind, data, it.clock.now(), tenant=tenant)[1]))


def test_what_is_quiet_goes_by_name_tenant_and_filter_and_has_its_order() -> None:
    async def story() -> None:
        async with lab("memory") as it:
            quiet = ("job.queued", "job.started", "job.progress")
            await it.endpoint("all", events=("*",))
            await it.endpoint("acme", events=quiet, tenant="acme")
            await it.endpoint("zeta", events=quiet, tenant="zeta")
            await it.endpoint("late", events=quiet, if_="has(data.progress) && data.progress.done > 5.0")
            await it.endpoint("ordered", events=quiet, order=OrderSettings(by="job"))
            job = await it.begin(tenant="acme")
            started = notice(it, job, "job.started")
            assert names(started) == ["acme", "ordered"]
            assert [(each.tenant, each.order_key, each.job_id) for each in started] == [
                ("acme", None, job.id),
                ("acme", job.id, job.id),
            ]
            assert started[1].status == "pending"
            far = replace(job, progress=Progress(7, 10, "", it.clock.now()))
            assert names(notice(it, far, "job.progress")) == ["acme", "late", "ordered"]
            it.out.outbox.dropped(tuple(started))

    run(story())


def test_nobody_is_told_of_what_is_quiet_unless_somebody_names_it() -> None:
    async def story() -> None:
        async with lab("memory") as it:
            await it.endpoint(events=("*", "job.*", "schedule.*"))
            assert set(it.out.outbox.listeners) == set()
            assert announced(it, "schedule.fired", schedule="a") == []
            await it.endpoint("b", events=("schedule.fired",))
            assert set(it.out.outbox.listeners) == {"schedule.fired"}
            assert announced(it, "schedule.fired", schedule="a") == ["b"]

    run(story())


def test_an_event_of_the_house_is_told_within_its_tenant_and_never_to_whom_it_is_about() -> None:
    async def story() -> None:
        async with lab("memory") as it:
            for name, tenant in (("ops", ""), ("acme", "acme"), ("mine", "acme"), ("zeta", "zeta")):
                await it.endpoint(name, events=("endpoint.*", "breaker.*"), tenant=tenant)
            assert announced(it, "endpoint.disabled", "acme", endpoint="mine", reason="gone") == ["ops", "acme"]
            assert announced(it, "endpoint.disabled", endpoint="ops", reason="gone") == []
            assert announced(it, "breaker.opened", command="a/b") == ["ops"]

    run(story())
