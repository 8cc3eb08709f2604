"""Lanes: slots are never given out twice, and nothing that comes in overtakes what waits."""

from hypothesis import given
from hypothesis import strategies as st

from hookyard.dispatch.lanes import Lanes
from hookyard.host.lane_rules import LaneRule
from hookyard.model import Job, LaneDepth, Pause
from hookyard.store.contract import LaneAsk
from hookyard.testing import FakeClock


def table(limits: dict[str, int], plugins: dict[str, int] | None = None, clock: FakeClock | None = None) -> Lanes:
    """Lanes with limits and nothing else."""
    return Lanes(
        {name: LaneRule(limit=limit) for name, limit in limits.items()},
        {name: LaneRule(limit=limit) for name, limit in (plugins or {}).items()},
        clock or FakeClock(),
    )


def fresh(limit: int = 2) -> Lanes:
    """A lane that the first claim found empty."""
    return emptied(table({"a": limit}))


def emptied(lanes: Lanes) -> Lanes:
    """The lanes once claims found nothing in any of them."""
    while asks := lanes.asks():
        lanes.answered(asks, {})
    return lanes


def test_a_job_that_comes_in_takes_a_slot_while_there_is_room() -> None:
    lane = fresh(2)["a"]
    assert [lane.take(), lane.take(), lane.take()] == [True, True, False]


def test_before_the_first_claim_nothing_starts_at_once_because_older_jobs_may_wait() -> None:
    assert not table({"a": 2})["a"].take()


def test_a_job_does_not_overtake_one_that_waits_or_is_about_to() -> None:
    lane = fresh()["a"]
    lane.arriving += 1
    assert not lane.take()
    lane.arriving -= 1
    lane.waiting = True
    assert not lane.take()


def test_a_claim_reserves_every_free_slot_until_it_is_answered() -> None:
    lanes = table({"a": 3})
    asks = lanes.asks()
    assert [(ask.lane, ask.limit) for ask in asks] == [("a", 3)]
    assert lanes.asks() == ()
    lanes.answered(asks, {"a": 1})
    assert lanes["a"].running == 1
    assert lanes["a"].take()


def test_a_lane_that_filled_its_claim_is_asked_again_once_a_slot_is_free() -> None:
    lanes = table({"a": 1})
    lanes.answered(lanes.asks(), {"a": 1})
    assert lanes.asks() == ()
    assert lanes["a"].free()
    assert len(lanes.asks()) == 1


def test_what_arrives_during_a_claim_is_not_forgotten() -> None:
    lanes = table({"a": 1})
    asks = lanes.asks()
    lanes["a"].waiting = True
    lanes.answered(asks, {})
    assert len(lanes.asks()) == 1


def test_a_claim_asks_for_a_bounded_number_of_lanes_and_the_next_for_the_others() -> None:
    lanes = table({f"lane{n}": 1 for n in range(150)})
    asked: list[str] = []
    while asks := lanes.asks():
        assert len(asks) <= 64
        lanes.answered(asks, {})
        asked += [ask.lane for ask in asks]
    assert sorted(asked) == sorted(f"lane{n}" for n in range(150))


def test_lanes_that_always_have_more_keep_none_of_the_others_from_being_asked() -> None:
    lanes = table({f"lane{n}": 1 for n in range(100)})
    asked: set[str] = set()
    for _ in range(2):
        asks = lanes.asks()
        lanes.answered(asks, {ask.lane: 1 for ask in asks})
        for ask in asks:
            lanes[ask.lane].free()
        asked |= {ask.lane for ask in asks}
    assert len(asked) == 100


def test_a_claim_that_left_jobs_out_for_their_size_is_asked_again() -> None:
    lanes = table({"a": 4})
    lanes.answered(lanes.asks(), {"a": 1}, more=True)
    assert [ask.limit for ask in lanes.asks()] == [3]


def test_a_refused_claim_is_as_if_it_had_never_been_asked() -> None:
    lanes = table({"a": 2})
    lanes.refused(lanes.asks())
    assert lanes["a"].running == 0
    assert len(lanes.asks()) == 1


def test_the_lanes_of_a_plugin_share_its_limit_and_take_turns() -> None:
    lanes = table({"p/a": 8, "p/b": 8, "p/c": 8, "q/a": 8}, {"p": 4})
    first = {ask.lane: ask.limit for ask in lanes.asks()}
    assert sum(limit for lane, limit in first.items() if lane.startswith("p/")) == 4
    assert set(first) == {"p/a", "p/b", "p/c", "q/a"}
    lanes.answered(tuple(_asks(first)), first)
    turns: list[str] = []
    for _ in range(6):
        lanes["p/a"].free()
        (ask,) = [ask for ask in lanes.asks() if ask.lane.startswith("p/")]
        turns.append(ask.lane)
        lanes.answered((ask,), {ask.lane: 1})
        lanes[ask.lane].running -= 1  # give back what was just filled, so that the next slot is again of lane a
        lanes["p/a"].running += 1
    assert sorted(turns[:3]) == sorted(turns[3:]) == ["p/a", "p/b", "p/c"]


def _asks(limits: dict[str, int]) -> list[LaneAsk]:
    return [LaneAsk(lane, limit) for lane, limit in limits.items()]


def test_a_job_that_comes_in_does_not_overtake_one_of_another_lane_that_waits_for_room_of_the_plugin() -> None:
    lanes = table({"p/a": 8, "p/b": 8}, {"p": 1})
    emptied(lanes)
    assert lanes["p/a"].take()
    assert not lanes["p/b"].take()
    lanes["p/b"].waiting = True
    assert lanes["p/a"].free(), "the other lane of the plugin waits for this room"
    assert not lanes["p/a"].take()
    assert [ask.lane for ask in lanes.asks()] == ["p/b"]


def test_a_lane_of_the_plugin_that_stands_still_keeps_none_of_the_others_from_starting() -> None:
    lanes = table({"p/a": 8, "p/b": 8}, {"p": 2})
    emptied(lanes)
    lanes.pause([Pause(lane="p/b", since=0, by="token:t")])
    lanes["p/b"].waiting = True
    assert lanes["p/a"].take()


def test_a_plugin_limit_that_a_reload_takes_away_or_lowers_holds_at_once_for_what_starts() -> None:
    lanes = table({"p/a": 8, "p/b": 8}, {"p": 4})
    emptied(lanes)
    assert all(lanes[f"p/{lane}"].take() for lane in "aabb")
    rules = {"p/a": LaneRule(limit=8), "p/b": LaneRule(limit=8)}
    lanes.use(rules, {"p": LaneRule(limit=2)})
    assert lanes.asks() == ()
    for _ in range(2):
        lanes["p/a"].free()
    assert lanes.asks() == ()
    lanes["p/b"].free()
    assert sum(ask.limit for ask in lanes.asks()) == 1
    lanes.use(rules, {})
    assert sum(ask.limit for ask in lanes.asks()) == 14


def test_external_lanes_are_never_asked_for_and_their_room_counts_what_workers_hold() -> None:
    rules = {"x/e": LaneRule(limit=5, external=True), "x/i": LaneRule(limit=5)}
    lanes = Lanes(rules, {"x": LaneRule(limit=6)}, FakeClock())
    assert [ask.lane for ask in lanes.asks()] == ["x/i"]
    lanes.refused((LaneAsk("x/i", 5),))
    lanes.count([LaneDepth("x/e", queued=9, running=2)])
    assert not lanes["x/e"].take()
    assert lanes.room("x/e") == 3
    lanes.took("x/e", 3)
    assert lanes.room("x/e") == 0
    assert lanes.room("x/i") == 1
    lanes.ended(Job(id="1", plugin="x", command="e", lane="x/e", args=b"", submitted_at=0, run_at=0), "succeeded")
    assert lanes.room("x/e") == 1
    lanes.took("x/e", -1)
    assert lanes.room("x/e") == 2
    assert lanes.room("nothing") == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "claim", "answer", "refuse", "free", "arrive", "tick", "pause", "resume", "use"]),
        st.integers(0, 2),
    ),
    max_size=80,
)


@given(st.lists(st.integers(1, 4), min_size=3, max_size=3), st.none() | st.integers(1, 5), STEPS)
def test_no_limit_is_ever_exceeded_and_no_slot_is_lost(  # noqa: C901  one walk over everything that can happen
    limits: list[int], whole: int | None, steps: list[tuple[str, int]]
) -> None:
    clock = FakeClock()
    names = ["p/0", "p/1", "p/2"]
    plugins = {} if whole is None else {"p": LaneRule(limit=whole)}

    def rules(each: list[int]) -> dict[str, LaneRule]:
        return {name: LaneRule(limit=limit) for name, limit in zip(names, each, strict=True)}

    lanes = Lanes(rules(limits), plugins, clock)
    held = dict.fromkeys(names, 0)
    asks: tuple[LaneAsk, ...] = ()
    for step, which in steps:
        name = names[which]
        before = {each: lanes[each].running for each in names}
        if step == "take" and lanes[name].take():
            held[name] += 1
        elif step == "claim" and not asks:
            asks = lanes.asks()
        elif step == "answer" and asks:
            taken = {ask.lane: ask.limit // 2 for ask in asks}
            for lane, got in taken.items():
                held[lane] += got
            lanes.answered(asks, taken)
            asks = ()
        elif step == "refuse" and asks:
            lanes.refused(asks)
            asks = ()
        elif step == "free" and held[name]:
            held[name] -= 1
            lanes[name].free()
        elif step == "arrive":
            lanes[name].waiting = True
        elif step == "pause":
            lanes.pause([Pause(lane=name, since=0, by="t")])
        elif step == "resume":
            lanes.resume(name)
        elif step == "use":
            limits = [limits[1], limits[2], limits[0]]
            lanes.use(rules(limits), plugins)
        reserved = {ask.lane: ask.limit for ask in asks}
        after = sum(held.values()) + sum(reserved.values())
        for at, each in enumerate(names):
            assert lanes[each].running == held[each] + reserved.get(each, 0)
            # A lane whose limit was lowered may hold more than that, but takes nothing new.
            assert lanes[each].running <= max(limits[at], before[each]), "nothing starts above a limit"
        assert whole is None or after <= whole
