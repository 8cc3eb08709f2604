"""What a dispatcher starts and does not start: limits per plugin, rates, caps, pauses and breakers, on every store."""

from pathlib import Path

import pytest
from tests.unit.dispatch.lane_lab import LaneLab, Rule, StoreKind, lane_lab, run

from hookyard import Breaker
from hookyard.config.values import Rate
from hookyard.errors import StoreUnavailable
from hookyard.host.lane_rules import LaneRule
from hookyard.model import AuditEntry, Event, Pause
from hookyard.store.contract import AuditQuery, EventQuery
from hookyard.testing import FakeClock

STORES = pytest.mark.parametrize("kind", ["memory", "sqlite"])
ROOMY = Rule(limit=8)


@STORES
def test_a_plugin_s_limit_holds_over_all_its_lanes_and_none_of_them_starves(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": ROOMY, "b": ROOMY}, {"lab": LaneRule(limit=2)}) as it:
            await it.give("a", 10)
            await it.give("b", 3)
            for _ in range(11):
                await it.until(lambda: len(it.running) == 2)
                it.open(it.running[0])
                done = len(it.began)
                await it.until(lambda done=done: len(it.began) > done)  # type: ignore[misc]
            assert it.most[""] == 2
            assert {name for name in it.began if name.startswith("b")} == {"b10", "b11", "b12"}
            assert it.began.index("b12") < 9, "the lane with the shorter queue had its turns"

    run(story)


@STORES
def test_a_lane_s_own_limit_and_its_plugin_s_hold_together_also_when_a_reload_changes_them(kind: StoreKind) -> None:
    async def story() -> None:
        rules = {"a": Rule(limit=2), "b": Rule(limit=8)}
        async with lane_lab(kind, rules, {"lab": LaneRule(limit=5)}) as it:
            await it.give("a", 6)
            await it.give("b", 12)
            await it.until(lambda: len(it.running) == 5)
            await it.settled()
            assert (it.most["a"], it.most[""]) == (2, 5)

            it.use(rules, {"lab": LaneRule(limit=2)})
            for name in it.running[:3]:
                it.open(name)
            await it.until(lambda: len(it.running) == 2)
            await it.settled()
            assert len(it.began) == 5, "those that ran were more than the lower limit"
            it.most.clear()
            it.open(it.running[0])
            await it.until(lambda: len(it.began) == 6)
            assert it.most[""] == 2, "one ended and one began, under the lower limit"

            it.most.clear()
            it.use(rules, {"lab": LaneRule(limit=7)})
            await it.until(lambda: len(it.running) == 7)
            await it.settled()
            assert it.most[""] == 7
            assert it.most.get("a", 0) <= 2

    run(story)


@STORES
def test_a_rate_bounds_how_many_attempts_start_and_the_claimer_wakes_for_the_next_token(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": Rule(limit=50, rate=Rate(3, 60_000))}) as it:
            await it.give("a", 8, "succeed")
            await it.until(lambda: len(it.began) == 3)
            await it.settled()
            assert len(it.began) == 3
            for number in range(4, 9):
                it.clock.advance(19_999)
                await it.settled()
                assert len(it.began) == number - 1
                it.clock.advance(1)
                await it.until(lambda number=number: len(it.began) == number)  # type: ignore[misc]

    run(story)


@STORES
def test_an_attempt_that_is_a_retry_takes_a_token_too(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": Rule(rate=Rate(2, 60_000)), "b": ROOMY}) as it:
            await it.give("a", 1, "raise")
            await it.until(lambda: len(it.began) == 1)
            await it.settled()
            it.clock.advance(5_000)
            await it.until(lambda: len(it.began) == 2)
            (job,) = [lane for lane in await it.dispatcher.lanes.states() if lane.name == "lab/a"]
            assert job.rate == Rate(2, 60_000)
            await it.give("a", 1, "succeed")
            await it.settled()
            assert len(it.began) == 2, "two attempts of one job have taken both"

    run(story)


@STORES
def test_a_duplicate_takes_no_token(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": Rule(rate=Rate(2, 60_000))}) as it:
            await it.settled()
            await it.give("a", 1, "succeed")
            await it.again("a")
            await it.again("a")
            await it.until(lambda: it.began == ["a0", "again"])
            it.clock.advance(30_000)
            await it.settled()
            await it.again("a")
            await it.give("a", 1, "succeed")
            await it.until(lambda: len(it.began) == 3)

    run(story)


@STORES
def test_a_lane_that_is_full_refuses_what_would_have_to_wait_and_takes_it_when_there_is_room(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": Rule(limit=1, max_queued=2)}) as it:
            await it.settled()
            await it.give("a", 3)
            await it.until(lambda: len(it.running) == 1)
            with pytest.raises(AssertionError, match="LaneFull"):
                await it.give("a", 1)
            it.open(it.running[0])
            await it.until(lambda: len(it.began) == 2)
            await it.give("a", 1)

    run(story)


@STORES
@pytest.mark.parametrize("name", ["lab/a", "lab", "*"])
def test_what_is_paused_starts_nothing_while_what_runs_goes_on_and_what_comes_in_waits(
    kind: StoreKind, name: str
) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": Rule(limit=2), "b": Rule(limit=2)}) as it:
            await it.settled()
            (first,) = await it.give("a")
            await it.until(lambda: it.began == ["a0"])
            pause = await it.dispatcher.lanes.pause(name, by="token:t", reason="smoke")
            assert (pause.lane, pause.by, pause.reason, pause.since) == (name, "token:t", "smoke", it.clock.now())
            waits = await it.give("a", 3)
            await it.give("b")
            if name == "lab/a":
                await it.until(lambda: "b4" in it.running)
            await it.settled()
            assert it.running == (["a0", "b4"] if name == "lab/a" else ["a0"])
            it.open("a0")
            await it.until(lambda: "a0" not in it.running)
            await it.settled()
            assert await it.status(first) == "succeeded"
            assert [await it.status(job) for job in waits] == ["queued"] * 3

            assert await it.dispatcher.lanes.resume(name)
            await it.until(lambda: len(it.running) == 3)
            assert it.dispatcher.lanes.pauses == ()

    run(story)


@STORES
def test_pausing_twice_gives_the_first_pause_and_resuming_twice_says_that_there_was_none(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": ROOMY}) as it:
            lanes = it.dispatcher.lanes
            first = await lanes.pause("lab/a", by="token:t", audit=audit(it, "lane.pause"))
            it.clock.advance(5)
            assert await lanes.pause("lab/a", by="token:other", audit=audit(it, "lane.pause")) == first
            assert await lanes.resume("lab/a", audit=audit(it, "lane.resume"))
            assert not await lanes.resume("lab/a", audit=audit(it, "lane.resume"))
            found = await it.store.audit(AuditQuery())
            assert [entry.action for entry in found.entries] == ["lane.resume", "lane.pause"]

    run(story)


def audit(it: LaneLab, action: str) -> AuditEntry:
    return AuditEntry(id=it.ids(), at=it.clock.now(), principal="token:t", action=action, target="lab/a")


@STORES
def test_a_wider_pause_holds_a_lane_that_was_resumed_by_its_own_name(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": ROOMY}) as it:
            lanes = it.dispatcher.lanes
            await lanes.pause("*", by="token:t")
            await lanes.pause("lab/a", by="token:t")
            await lanes.resume("lab/a")
            await it.give("a")
            await it.settled()
            assert it.running == []
            (state,) = await lanes.states()
            assert state.pause is not None
            assert (state.pause.lane, state.queued, state.running) == ("*", 1, 0)

    run(story)


@STORES
def test_a_name_that_nothing_has_cannot_be_paused_or_resumed(kind: StoreKind) -> None:
    async def story() -> None:
        async with lane_lab(kind, {"a": ROOMY}) as it:
            for name in ("lab/nothing", "nothing", "", "lab/", "**"):
                with pytest.raises(LookupError):
                    await it.dispatcher.lanes.pause(name, by="token:t")
                with pytest.raises(LookupError):
                    await it.dispatcher.lanes.resume(name)
            assert await it.store.pauses() == ()

    run(story)


def test_a_pause_outlives_a_restart_and_a_lane_that_is_gone(tmp_path: Path) -> None:
    async def story() -> None:
        path, clock = tmp_path / "lab.db", FakeClock()
        async with lane_lab("sqlite", {"a": ROOMY, "b": ROOMY}, path=path, clock=clock) as it:
            await it.dispatcher.lanes.pause("lab/a", by="token:t", reason="smoke")
            (waiting,) = await it.give("a")
        async with lane_lab("sqlite", {"b": ROOMY}, path=path, clock=clock) as it:
            assert [pause.lane for pause in it.dispatcher.lanes.pauses] == ["lab/a"]
            it.use({"a": ROOMY, "b": ROOMY})
            await it.settled()
            assert (it.running, await it.status(waiting)) == ([], "queued")
            it.use({"b": ROOMY})
            assert await it.dispatcher.lanes.resume("lab/a"), "also while the lane is gone"
            it.use({"a": ROOMY, "b": ROOMY})
            await it.until(lambda: it.began == ["a0"])

    run(story)


@STORES
def test_a_breaker_opens_holds_the_lane_half_opens_and_closes_and_says_so(kind: StoreKind) -> None:
    told: list[Event] = []

    async def story() -> None:
        rule = Rule(limit=1, breaker=Breaker(failures=2, cooldown=30, probes=1))
        async with lane_lab(kind, {"a": rule, "b": ROOMY}, published=told.append) as it:
            await it.give("a", 2, "fail")
            (waits, fails, last) = [*await it.give("a", 1, "succeed"), *await it.give("a", 2, "succeed")]
            await it.until(lambda: bool(told))
            await it.settled()
            assert len(it.began) == 2
            assert [await it.status(job) for job in (waits, fails, last)] == ["queued"] * 3
            (state,) = [lane for lane in await it.dispatcher.lanes.states() if lane.name == "lab/a"]
            (breaker,) = state.breakers
            assert (breaker.command, breaker.state, breaker.failures) == ("lab/a", "open", 2)
            assert breaker.until == it.clock.now() + 30_000
            await it.give("b")
            await it.until(lambda: len(it.running) == 1)  # other lanes do not mind

            it.clock.advance(29_999)
            await it.settled()
            assert len(it.began) == 3
            it.clock.advance(1)
            await it.until(lambda: len(told) == 3)
            await it.until(lambda: len(it.began) == 6)
            assert [event.type for event in told] == ["breaker.opened", "breaker.half_open", "breaker.closed"]
            assert await it.events() == [event.type for event in told]
            assert {(event.plugin, event.command, event.job_id) for event in told} == {("hookyard", "breaker", "")}
            assert b'"command":"lab/a"' in told[0].payload

    run(story)


@STORES
def test_a_probe_that_fails_opens_the_breaker_for_as_long_again(kind: StoreKind) -> None:
    async def story() -> None:
        rule = Rule(limit=4, breaker=Breaker(failures=1, cooldown=10))
        async with lane_lab(kind, {"a": rule}) as it:
            await it.give("a", 1, "fail")
            await it.until(lambda: len(it.outbox.announced) == 1)
            await it.give("a", 4, "fail")
            for round_ in range(1, 4):
                it.clock.advance(10_000)
                await it.until(lambda round_=round_: len(it.outbox.announced) == 1 + 2 * round_)  # type: ignore[misc]
                await it.settled()
                assert len(it.began) == 1 + round_, "one probe each time"
            kinds = [kind for kind, _ in it.outbox.announced]
            assert kinds == ["breaker.opened", *["breaker.half_open", "breaker.opened"] * 3]

    run(story)


def test_a_pause_that_cannot_be_stored_has_no_effect() -> None:
    async def story() -> None:
        async with lane_lab("memory", {"a": ROOMY}) as it:
            await it.settled()
            await it.writer.aclose()
            with pytest.raises(StoreUnavailable):
                await it.dispatcher.lanes.pause("lab/a", by="token:t")
            assert it.dispatcher.lanes.pauses == ()

    run(story)


def test_pauses_are_kept_as_they_were_made() -> None:
    async def story() -> None:
        async with lane_lab("memory", {"a": ROOMY}) as it:
            await it.dispatcher.lanes.pause("lab", by="token:t", reason="because")
            assert await it.store.pauses() == (Pause(lane="lab", since=it.clock.now(), by="token:t", reason="because"),)

    run(story)


def test_an_event_of_the_house_is_of_the_tenant_that_it_is_about() -> None:
    async def story() -> None:
        async with lane_lab("memory", {"a": ROOMY}) as it:
            house = it.dispatcher.house
            mine = await house.announce("schedule.missed", {"schedule": "a"}, "acme")
            await house.announce("breaker.opened", {})
            assert mine.tenant == "acme"
            assert await it.store.events(EventQuery(tenant="acme")) == (mine,)
            assert len(await it.store.events(EventQuery())) == 2

    run(story)
