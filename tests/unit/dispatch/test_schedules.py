"""Schedules: one job for each fire time, whatever the clock does and however often the server is restarted."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.dispatch.clockwork import ALL, COMMAND, Clockwork, Note, clockwork, rule

from hookyard.clock import rfc3339
from hookyard.config.model import ScheduleSettings
from hookyard.config.schedules.rule import rule_of
from hookyard.errors import Refused
from hookyard.host.registry import Registry
from hookyard.ids import IdSource
from hookyard.model import Job
from hookyard.store.contract import AuditQuery, DeleteSchedule, Enqueue, JobQuery, Op, Result
from hookyard.store.memory import MemoryStore
from hookyard.store.sqlite import SqliteStore
from hookyard.testing import FakeClock

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def at(text: str) -> FakeClock:
    return FakeClock(int(datetime.fromisoformat(text).timestamp() * 1000))


class CountingClock(FakeClock):
    """Counts how often it is looked at."""

    asked = 0

    def now(self) -> int:
        self.asked += 1
        return super().now()


@pytest.mark.parametrize(
    ("cron", "zone", "begin", "hours", "expected"),
    [
        ("30 2 * * *", "America/New_York", "2026-03-08T00:00-05:00", 40, ["2026-03-08T07:00", "2026-03-09T06:30"]),
        ("30 1 * * *", "America/New_York", "2026-11-01T00:00-04:00", 40, ["2026-11-01T05:30", "2026-11-02T06:30"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00+02:00", 40, ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("0 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00+10:30", 30, ["2026-10-03T15:30", "2026-10-04T15:00"]),
        ("0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00-03:00", 40, ["2018-11-04T03:00", "2018-11-05T02:00"]),
        ("15 9 * * *", "Asia/Kathmandu", "2026-05-01T00:00+05:45", 40, ["2026-05-01T03:30", "2026-05-02T03:30"]),
        ("0 */12 * * *", "UTC", "2026-05-01T00:30+00:00", 24, ["2026-05-01T12:00", "2026-05-02T00:00"]),
    ],
)
def test_each_fire_time_makes_one_job_through_changes_of_the_clocks(
    cron: str, zone: str, begin: str, hours: int, expected: list[str]
) -> None:
    async def run() -> list[str]:
        async with clockwork(MemoryStore(), at(begin), a=rule(cron=cron, timezone=zone)) as lab:
            for _ in range(2 * hours):
                await lab.move(HOUR // 2)
            return await lab.fired()

    assert [text[:16] for text in asyncio.run(run())] == expected


def test_a_job_says_what_made_it_and_for_which_time() -> None:
    schedule = rule(
        every="1m",
        priority=7,
        tags=["nightly"],
        timeout="5s",
        max_attempts=2,
        **{"with": {"at": "$fire_time", "name": "$schedule"}},
    )

    async def run() -> Job:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), a=schedule) as lab:
            await lab.move(MINUTE)
            (job,) = await lab.jobs()
            assert lab.expected == ["lab/work"]
            assert (lab.entry().row.last_job, lab.entry().row.fired) == (job.id, 1)
            found = await lab.store.job(job.id)
            assert found is not None
            return found

    job = asyncio.run(run())
    assert (job.principal, job.request_id, job.priority, job.timeout, job.max_attempts) == (
        *("schedule:a", job.id, 7, 5_000),
        2,
    )
    assert job.tags == ("nightly", "fire:2026-05-01T00:01:00.000Z")
    assert msgspec.json.decode(job.args) == {"at": "2026-05-01T00:01:00.000Z", "name": "a"}


def test_a_clock_that_goes_back_repeats_nothing() -> None:
    async def run() -> list[str]:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), a=rule(every="1m")) as lab:
            await lab.move(3 * MINUTE)
            await lab.move(-2 * MINUTE)
            await lab.move(MINUTE)
            assert len(await lab.fired()) == 1
            await lab.move(2 * MINUTE)
            return await lab.fired()

    assert [text[11:16] for text in asyncio.run(run())] == ["00:03", "00:04"]


def test_a_fire_time_that_makes_a_job_is_announced_with_that_job() -> None:
    async def run() -> None:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), a=rule(every="1m")) as lab:
            await lab.move(MINUTE)
            await lab.move(MINUTE)
            assert [told["job_id"] for told in lab.announced_fired] == [job.id for job in await lab.jobs()]
            assert lab.announced_fired[0] == {
                "schedule": "a",
                "fire_time": "2026-05-01T00:01:00.000Z",
                "next_fire_time": "2026-05-01T00:02:00.000Z",
                "job_id": (await lab.jobs())[0].id,
                "tenant": "",
            }
            assert lab.events == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [("skip", ["00:11"]), ("one", ["00:10", "00:11"]), ("all", ["00:08", "00:09", "00:10", "00:11"])],
)
def test_what_passed_while_the_server_was_down_is_caught_up_with(catch_up: str, expected: list[str]) -> None:
    schedule = rule(every="1m", catch_up=catch_up, catch_up_max=3)

    async def run() -> list[str]:
        store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")
        async with clockwork(store, clock, a=schedule):
            pass
        clock.advance(10 * MINUTE + 40 * SECOND)
        async with clockwork(store, clock, a=schedule) as lab:
            row = lab.entry().row
            assert row.last_outcome == ("missed" if catch_up == "skip" else "queued")
            assert [kind for kind, _ in lab.events] == ["schedule.missed"]
            await lab.move(20 * SECOND)
            return await lab.fired()

    assert [text[11:16] for text in asyncio.run(run())] == expected


Walk = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-90, 240)),
        st.tuples(st.sampled_from(["restart", "crash"]), st.integers(-90, 400)),
    ),
    max_size=10,
)


@settings(max_examples=25, deadline=None)
@given(
    walk=Walk,
    schedule=st.sampled_from(
        [
            rule(every="7s", catch_up="all", catch_up_max=1000),
            rule(cron="*/13 * * * * *", catch_up="all", catch_up_max=1000),
            rule(cron="*/2 * * * *", timezone="Europe/Berlin", catch_up="all", catch_up_max=1000),
        ]
    ),
)
def test_over_any_walk_of_the_clock_each_fire_time_is_acted_on_once_and_in_order_and_none_is_lost(
    walk: list[tuple[str, int]], schedule: ScheduleSettings
) -> None:
    async def run() -> tuple[list[str], int, int]:
        store, clock = MemoryStore(), at("2026-10-25T00:58+00:00")  # two minutes before Berlin's clocks go back
        begin = latest = clock.now()
        steps = iter(walk)
        fired: list[str] = []
        running = True
        while running:
            running = False
            async with clockwork(store, clock, a=schedule) as lab:
                latest = max(latest, clock.now())
                for kind, seconds in steps:
                    if kind == "move":
                        await lab.move(seconds * SECOND)
                        latest = max(latest, clock.now())
                        continue
                    clock.advance(seconds * SECOND)
                    if kind == "restart":
                        await lab.scheduler.stop()
                        clock.advance(seconds * SECOND)
                    running = True  # a crash: whatever had begun stands, and all else is forgotten
                    break
                else:
                    await lab.rest()
                fired = await lab.fired()
        return fired, begin, latest

    fired, begin, latest = asyncio.run(run())
    times = rule_of(schedule)
    expected: list[str] = []
    following = times.after(begin)
    while following is not None and following <= latest:
        expected.append(rfc3339(following))
        following = times.after(following)
    assert fired[: len(expected)] == expected
    assert fired == sorted(set(fired))


def test_two_schedulers_over_one_store_act_once() -> None:
    """As two servers would, once they can share a store: the fire time is a fence."""

    async def run() -> list[str]:
        store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")
        schedule = rule(every="1m")
        async with clockwork(store, clock, a=schedule) as one, clockwork(store, clock, a=schedule) as two:
            for _ in range(5):
                clock.advance(MINUTE)
                await one.rest()
                await two.rest()
            return await one.fired()

    assert [text[11:16] for text in asyncio.run(run())] == ["00:01", "00:02", "00:03", "00:04", "00:05"]


def test_while_an_earlier_job_is_active_skip_makes_none_and_says_so() -> None:
    async def run() -> None:
        schedule = rule(every="1m", if_running="skip")
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), a=schedule) as lab:
            await lab.move(MINUTE)
            await lab.move(MINUTE)
            assert len(await lab.jobs()) == 1
            assert lab.entry().row.last_outcome == "skipped"
            assert [kind for kind, _ in lab.events] == ["schedule.skipped"]
            await lab.finish()
            await lab.move(MINUTE)
            assert len(await lab.jobs()) == 2
            assert lab.entry().row.fired == 2

    asyncio.run(run())


def test_cancel_makes_room_for_the_next_and_queue_lets_it_wait() -> None:
    async def run(policy: str) -> list[str]:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), a=rule(every="1m", if_running=policy)) as lab:
            for _ in range(3):
                await lab.move(MINUTE)
            return [job.status for job in await lab.jobs()]

    assert asyncio.run(run("cancel")) == ["cancelled", "cancelled", "queued"]
    assert asyncio.run(run("queue")) == ["queued", "queued", "queued"]


class Witness(MemoryStore):
    """Says after each transaction how many jobs are active."""

    def __init__(self) -> None:
        super().__init__()
        self.active: list[int] = []

    def apply(self, ops: Sequence[Op]) -> list[Result]:
        results = super().apply(ops)
        self.active.append(sum(job.status in {"queued", "running"} for job in self._data.jobs.values()))
        return results


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_server_that_dies_at_any_moment_leaves_the_older_job_or_the_newer_one(*, by_hand: bool) -> None:
    async def run() -> tuple[list[int], list[str]]:
        store = Witness()
        async with clockwork(store, at("2026-05-01T00:00+00:00"), a=rule(every="1m", if_running="cancel")) as lab:
            await lab.move(MINUTE)
            store.active.clear()
            if by_hand:
                await lab.manage.run("a", tenant="", request_id="", audit=lab.audit("schedule.run"))
            else:
                await lab.move(MINUTE)
            return store.active, [job.status for job in await lab.jobs()]

    active, statuses = asyncio.run(run())
    assert statuses == ["cancelled", "queued"]
    assert set(active) == {1}


def test_a_running_job_is_asked_to_end_once_its_successor_is_stored_which_waits_for_it() -> None:
    async def run() -> None:
        async with clockwork(
            MemoryStore(), at("2026-05-01T00:00+00:00"), a=rule(every="1m", if_running="cancel")
        ) as lab:
            await lab.move(MINUTE)
            first = await lab.claim()
            await lab.move(MINUTE)
            older, newer = await lab.jobs()
            assert (older.id, older.status, older.cancel_requested) == (first.id, "running", True)
            assert (newer.status, newer.concurrency_key, newer.concurrency_limit) == (
                "queued",
                older.concurrency_key,
                1,
            )
            assert older.concurrency_key is not None

    asyncio.run(run())


def test_cancel_leaves_the_jobs_alone_that_a_schedule_of_another_tenant_made_under_the_same_name() -> None:
    settings = rule(at="2030-01-01T00:00Z", if_running="cancel")

    async def run() -> list[tuple[str, str]]:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00")) as lab:
            for tenant in ("acme", "other", "other"):
                await lab.manage.put("a", settings, principal="token:me", tenant=tenant, audit=lab.audit())
                await lab.manage.run("a", tenant=tenant, request_id="", audit=lab.audit("schedule.run"))
                await lab.manage.delete("a", tenant=tenant, audit=lab.audit("schedule.delete"))
            return [(job.tenant, job.status) for job in await lab.jobs()]

    assert asyncio.run(run()) == [("acme", "queued"), ("other", "cancelled"), ("other", "queued")]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("step", [0, -HOUR])
def test_what_follows_itself_goes_on_though_the_clock_stood_still_or_went_back(step: int, restarted: bool) -> None:
    schedule = rule(after={"schedule": "a", "on": "ended"})
    store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")

    async def run() -> None:
        async with clockwork(store, clock, a=schedule) as lab:
            (job,) = await lab.jobs()
            clock.advance(step)
            await lab.cancel(job.id)  # which the scheduler is not told of
        async with clockwork(store, clock, a=schedule) as lab:
            # Not before the last fire time is over for this clock too: a clock that goes back repeats nothing.
            await lab.move(-step + 1000)
            assert len(await lab.jobs()) == 2

    async def heard() -> None:
        async with clockwork(store, clock, a=schedule) as lab:
            clock.advance(step)
            await lab.finish()
            await lab.move(-step + 1000)
            assert len(await lab.jobs()) == 2

    asyncio.run(run() if restarted else heard())


async def _memory(_: Path) -> MemoryStore:
    return MemoryStore()


async def _sqlite(folder: Path) -> SqliteStore:
    return await SqliteStore.open(folder / "h.db")


async def told(lab: Clockwork, note: Note) -> tuple[str, dict[str, object]] | None:
    """What is on disk of what was prepared: only the operation that acts on a fire time can have written it."""
    kept = await lab.store.delivery(note.deliveries[0].id)
    assert note.ends == [kept is not None]
    return None if kept is None else (kept.event, msgspec.json.decode(kept.body))


STORES: tuple[Callable[[Path], Awaitable[MemoryStore | SqliteStore]], ...] = (_memory, _sqlite)


@pytest.mark.parametrize("opened", STORES)
@pytest.mark.parametrize("policy", ["skip", "queue", "full", "cancel"])
def test_what_tells_of_a_fire_time_is_in_the_transaction_that_acts_on_it(
    tmp_path: Path, opened: Callable[[Path], Awaitable[MemoryStore | SqliteStore]], policy: str
) -> None:
    async def run() -> None:
        store, clock = await opened(tmp_path), at("2026-05-01T00:00+00:00")
        full = policy == "full"
        commands = Registry(commands={"lab/work": dataclasses.replace(COMMAND, max_queued=1)}) if full else ALL
        schedule = rule(every="1m", if_running="queue" if full else policy)
        async with clockwork(store, clock, commands, a=schedule) as lab:
            if full:  # another job is in the place of the only one that may be queued
                await lab.manage.put(
                    "b", rule(at="2030-01-01T00:00Z"), principal="token:me", tenant="", audit=lab.audit()
                )
                await lab.manage.run("b", tenant="", request_id="", audit=lab.audit("schedule.run"))
            await lab.move(MINUTE)
            first = await told(lab, lab.notes[0])
            await lab.move(MINUTE)
            made = await lab.jobs()
            last = await told(lab, lab.notes[-1])
            assert last is not None
            kind, said = last
            assert said["fire_time"] == "2026-05-01T00:02:00.000Z"
            if full:
                assert (first, kind, said["reason"]) == (None, "schedule.refused", "LaneFull")
                assert [await told(lab, note) is not None for note in lab.notes] == [False, True] * 2
                assert len(made) == 1
            elif policy == "skip":
                assert first is not None
                assert (first[0], first[1]["job_id"]) == ("schedule.fired", made[0].id)
                assert [await told(lab, note) is not None for note in lab.notes] == [True, False, True]
                assert (kind, said["reason"]) == ("schedule.skipped", f"the job {made[0].id} is still active")
                assert len(made) == 1
            else:
                assert (kind, said["job_id"]) == ("schedule.fired", made[1].id)
                assert [await told(lab, note) is not None for note in lab.notes] == [True, True]
            outcome = {"skip": "skipped", "full": "refused"}.get(policy, "queued")
            (row,) = [one for one in await store.schedules() if one.name == "a"]
            assert (row, row.last_outcome) == (lab.entry().row, outcome)
        if isinstance(store, SqliteStore):
            store = await opened(tmp_path)
        async with clockwork(store, clock, Registry(), a=schedule) as lab:
            await lab.move(MINUTE)
            (note,) = lab.notes
            refused = await told(lab, note)
            assert refused is not None
            assert refused[0] == "schedule.refused"
            assert "lab/work" in str(refused[1]["reason"])

    asyncio.run(run())


def test_what_tells_of_a_fire_time_that_the_store_did_not_take_is_dropped() -> None:
    async def run() -> None:
        store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")
        async with clockwork(store, clock, a=rule(every="1m")) as lab:
            await lab.writer.submit(DeleteSchedule(now=clock.now(), name="a"))
            await lab.move(MINUTE)
            (note,) = lab.notes
            assert note.ends == [False]
            assert (await lab.jobs(), lab.announced_fired) == ([], [])

    asyncio.run(run())


def test_a_schedule_whose_command_is_gone_is_refused_each_time_and_holds_up_no_other() -> None:
    async def run() -> None:
        store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")
        schedules = {"a": rule(every="1m"), "b": rule(every="1m")}
        async with clockwork(store, clock, **schedules):
            pass
        async with clockwork(store, clock, Registry(), **schedules) as lab:
            await lab.move(MINUTE)
            assert [lab.entry(name).row.last_outcome for name in ("a", "b")] == ["refused", "refused"]
            assert lab.manage.missing(lab.entry()) == "There is no command 'lab/work'."
            assert {kind for kind, _ in lab.events} == {"schedule.refused"}
        async with clockwork(store, clock, **schedules) as lab:
            await lab.move(MINUTE)
            assert lab.entry().row.last_outcome == "queued"
            assert lab.manage.missing(lab.entry()) is None

    asyncio.run(run())


def test_what_the_configuration_no_longer_has_is_deleted_and_what_changed_begins_again() -> None:
    async def run() -> None:
        store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")
        async with clockwork(store, clock, a=rule(every="1m"), b=rule(every="1m")) as lab:
            await lab.put("mine", every="1h")
            await lab.move(MINUTE)
            await lab.manage.pause("a", tenant="", audit=lab.audit("schedule.pause"))
        clock.advance(HOUR)
        async with clockwork(store, clock, a=rule(every="5m"), mine=rule(every="2h")) as lab:
            names = [entry.row.name for entry in lab.manage.entries()]
            assert names == ["a", "mine"]
            changed, taken = lab.entry("a").row, lab.entry("mine").row
            assert (changed.paused, changed.next_at, changed.fired) == (True, None, 1)
            assert taken.origin == "config"

    asyncio.run(run())


def test_one_of_the_configuration_is_not_changed_elsewhere_but_paused_and_run() -> None:
    async def run() -> None:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), a=rule(every="1m")) as lab:
            for change in (
                lab.put("a", every="1h"),
                lab.manage.delete("a", tenant="", audit=lab.audit("schedule.delete")),
            ):
                with pytest.raises(Refused) as caught:
                    await change
                assert caught.value.code == "exists"
            await lab.manage.pause("a", tenant="", audit=lab.audit("schedule.pause"))
            await lab.move(10 * MINUTE)
            assert await lab.jobs() == []
            ran = await lab.manage.run("a", tenant="", request_id="", audit=lab.audit("schedule.run"))
            assert [job.id for job in await lab.jobs()] == [ran.job_id]
            entry = await lab.manage.resume("a", tenant="", audit=lab.audit("schedule.resume"))
            # What passed meanwhile was not wanted.
            assert entry.row.next_at == lab.clock.now() + MINUTE
            assert [kind for kind, _ in lab.events] == ["schedule.paused", "schedule.resumed"]

    asyncio.run(run())


def test_a_change_and_its_audit_entry_are_one() -> None:
    async def run() -> list[str]:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00")) as lab:
            await lab.put("a", every="1m")
            await lab.manage.pause("a", tenant="", audit=lab.audit("schedule.pause"))
            await lab.manage.delete("a", tenant="", audit=lab.audit("schedule.delete"))
            with pytest.raises(Refused):
                await lab.manage.delete("a", tenant="", audit=lab.audit("schedule.delete"))
            found = await lab.store.audit(AuditQuery())
            return [entry.action for entry in reversed(found.entries)]

    assert asyncio.run(run()) == ["schedule.put", "schedule.pause", "schedule.delete"]


def test_one_that_comes_after_another_fires_so_long_after_each_success() -> None:
    async def run() -> list[tuple[str, str]]:
        schedules = {"a": rule(every="1h"), "b": rule(after={"schedule": "a", "delay": "10m"})}
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), **schedules) as lab:
            await lab.move(HOUR)
            await lab.move(MINUTE)
            await lab.finish("failed")  # which is not meant
            await lab.move(59 * MINUTE)
            await lab.finish()
            await lab.move(9 * MINUTE)
            assert len(await lab.jobs()) == 2
            await lab.move(MINUTE)
            return [(job.principal, tag[16:]) for job in await lab.jobs() for tag in job.tags]

    assert asyncio.run(run()) == [
        ("schedule:a", "01:00:00.000Z"),
        ("schedule:a", "02:00:00.000Z"),
        ("schedule:b", "02:10:00.000Z"),
    ]


def test_an_end_while_the_server_was_down_is_found_when_it_is_back() -> None:
    async def run() -> list[str]:
        store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")
        first = {"a": rule(every="1h")}
        both = first | {"b": rule(after={"command": "lab/work", "on": "ended", "delay": "10m"})}
        async with clockwork(store, clock, **both) as lab:
            await lab.move(HOUR)
        async with clockwork(store, clock, **both) as lab:
            heard = lab.scheduler.ended
            lab.scheduler.ended = lambda job: None  # type: ignore[method-assign]
            await lab.finish("failed")
            lab.scheduler.ended = heard  # type: ignore[method-assign]
        clock.advance(5 * MINUTE)
        async with clockwork(store, clock, **both) as lab:
            await lab.move(5 * MINUTE)
            assert lab.entry("b").row.fired == 1
        async with clockwork(store, clock, **both) as lab:
            await lab.move(5 * MINUTE)
            return [job.principal for job in await lab.jobs()]

    assert asyncio.run(run()) == ["schedule:a", "schedule:b"]


@pytest.mark.parametrize("after", [{"command": "lab/work"}, {"schedule": "a"}])
def test_an_end_is_found_behind_thousands_of_newer_jobs(tmp_path: Path, after: dict[str, str]) -> None:
    schedules = {"a": rule(every="1h"), "b": rule(after=after)}

    async def run() -> list[str]:
        file, clock = tmp_path / "jobs.db", at("2026-05-01T00:00+00:00")
        # Who writes closes the store behind him.
        async with clockwork(await SqliteStore.open(file), clock, **schedules) as lab:
            await lab.move(HOUR)
            heard = lab.scheduler.ended
            lab.scheduler.ended = lambda job: None  # type: ignore[method-assign]
            await lab.finish()
            lab.scheduler.ended = heard  # type: ignore[method-assign]
            clock.advance(SECOND)  # not so long that it looks back by itself
            ids = IdSource(clock)
            newer = [Enqueue(now=clock.now(), job=other_job(ids(), clock.now())) for _ in range(2500)]
            await asyncio.gather(*map(lab.writer.submit, newer))
        clock.advance(MINUTE)
        store = await SqliteStore.open(file)
        async with clockwork(store, clock, **schedules) as lab:
            await lab.rest()
            newest = (await store.jobs(JobQuery(lane="lab/work"))).jobs
            return [job.principal for job in newest]

    assert asyncio.run(run()) == ["schedule:b"]


def other_job(job_id: str, now: int) -> Job:
    return Job(id=job_id, plugin="other", command="x", lane="other/x", args=b"{}", submitted_at=now, run_at=now)


def test_one_that_follows_itself_pauses_between_the_end_and_the_next_start() -> None:
    async def run() -> list[str]:
        schedules = {"a": rule(after={"schedule": "a", "on": "ended", "delay": "10m"})}
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00"), **schedules) as lab:
            assert len(await lab.jobs()) == 1
            await lab.move(HOUR)
            await lab.finish()
            await lab.move(10 * MINUTE)
            await lab.finish("failed")
            await lab.move(10 * MINUTE)
            return [text[11:16] for text in await lab.fired()]

    assert asyncio.run(run()) == ["00:00", "01:10", "01:20"]


def test_one_that_comes_after_the_start_fires_once_for_each_start() -> None:
    async def run() -> list[str]:
        store, clock = MemoryStore(), at("2026-05-01T00:00+00:00")
        schedules = {"a": rule(after={"server": "started", "delay": "30s"})}
        fired: list[str] = []
        for _ in range(2):
            async with clockwork(store, clock, **schedules) as lab:
                await lab.move(MINUTE)
                await lab.move(MINUTE)
                fired = [text[11:19] for text in await lab.fired()]
        return fired

    assert asyncio.run(run()) == ["00:00:30", "00:02:30"]


def test_a_schedule_that_was_deleted_beside_the_server_is_forgotten() -> None:
    async def run() -> None:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00")) as lab:
            await lab.put("a", every="1m")
            await lab.writer.submit(DeleteSchedule(now=0, name="a"))
            await lab.move(MINUTE)
            assert (await lab.jobs(), lab.manage.entries()) == ([], [])

    asyncio.run(run())


def test_thousands_of_schedules_wait_without_being_looked_at() -> None:
    async def run() -> None:
        count = 3_000
        schedules = {f"s{n}": rule(cron=f"{n % 60} {n // 60 % 24} 1 1 *") for n in range(count)}
        clock = CountingClock(1_777_593_600_000)
        async with clockwork(MemoryStore(), clock, **schedules) as lab:
            before = clock.asked
            await lab.move(MINUTE)
            for _ in range(20):  # that time has passed wakes it some turns later
                await asyncio.sleep(0)
            assert clock.asked - before < 50

    asyncio.run(run())


def test_names_are_not_shown_to_other_tenants() -> None:
    async def run(lab: Clockwork) -> None:
        await lab.manage.put("a", rule(every="1m"), principal="token:x", tenant="x", audit=lab.audit())
        assert [entry.row.name for entry in lab.manage.entries("x")] == ["a"]
        assert lab.manage.entries("y") == []
        with pytest.raises(Refused) as caught:
            lab.manage.find("a", "y")
        assert caught.value.code == "not_found"
        await lab.move(MINUTE)
        assert [job.tenant for job in await lab.jobs()] == ["x"]

    async def whole() -> None:
        async with clockwork(MemoryStore(), at("2026-05-01T00:00+00:00")) as lab:
            await run(lab)

    asyncio.run(whole())
