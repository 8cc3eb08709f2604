"""Rates: how many attempts may start in how much time."""

from hypothesis import given
from hypothesis import strategies as st

from hookyard.config.values import Rate
from hookyard.dispatch.lanes import Bucket, Lanes
from hookyard.host.lane_rules import LaneRule
from hookyard.testing import FakeClock

TEN_A_SECOND = Rate(10, 1000)


def emptied(lanes: Lanes) -> Lanes:
    """The lanes once claims found nothing in any of them."""
    while asks := lanes.asks():
        lanes.answered(asks, {})
    return lanes


def test_a_bucket_begins_full_and_gets_its_tokens_back_at_a_steady_rate() -> None:
    bucket = Bucket(TEN_A_SECOND, None, 0)
    assert bucket.tokens(0) == 10
    bucket.take(10)
    assert [bucket.tokens(at) for at in (99, 100, 350, 99_999)] == [0, 1, 3, 10]


def test_a_burst_bounds_how_many_start_at_once_and_not_how_many_in_the_long_run() -> None:
    bucket = Bucket(TEN_A_SECOND, 2, 0)
    started = 0
    for now in range(0, 10_001, 10):
        found = bucket.tokens(now)
        assert found <= 2
        bucket.take(found)
        started += found
    assert started == 2 + 100


def test_the_next_token_is_there_when_it_is_said_to_be_and_not_before() -> None:
    bucket = Bucket(Rate(3, 1000), None, 0)
    bucket.take(3)
    at = bucket.next_at(0)
    assert (bucket.tokens(at - 1), bucket.tokens(at)) == (0, 1)


def test_a_clock_that_goes_back_gives_no_token_and_takes_none() -> None:
    bucket = Bucket(TEN_A_SECOND, None, 5_000)
    bucket.take(8)
    assert [bucket.tokens(at) for at in (5_000, 1_000, 1_100)] == [2, 2, 3]


def test_a_new_rate_begins_with_the_share_that_the_old_one_had_left() -> None:
    old = Bucket(TEN_A_SECOND, None, 0)
    old.take(5)
    assert old.renewed(Rate(100, 1000), None, 0).tokens(0) == 50
    assert old.renewed(TEN_A_SECOND, None, 0) is old


@given(
    st.integers(1, 20), st.integers(1, 5_000), st.none() | st.integers(1, 30),
    st.lists(st.tuples(st.integers(-50, 3_000), st.integers(0, 5)), max_size=60),
)  # fmt: skip
def test_in_no_stretch_of_time_do_more_start_than_the_rate_and_one_burst(
    count: int, per: int, burst: int | None, steps: list[tuple[int, int]]
) -> None:
    bucket = Bucket(Rate(count, per), burst, 0)
    now, passed, started = 0, 0, 0
    for step, wanted in steps:
        now += step
        passed += max(0, step)
        got = min(wanted, bucket.tokens(now))
        bucket.take(got)
        started += got
        assert started * per <= passed * count + bucket.burst * per


def test_a_lane_with_a_rate_lets_jobs_that_come_in_start_while_it_has_tokens() -> None:
    clock = FakeClock()
    lanes = emptied(Lanes({"a": LaneRule(limit=9, rate=Rate(2, 1000))}, {}, clock))
    lane = lanes["a"]
    assert [lane.take(), lane.take(), lane.take()] == [True, True, False]
    lane.free()
    assert not lane.take(), "an attempt that ended has used its token all the same"
    clock.advance(500)
    assert lane.take()


def test_a_claim_asks_for_as_many_as_there_are_tokens_and_gives_back_what_it_did_not_use() -> None:
    clock = FakeClock()
    lanes = Lanes({"a": LaneRule(limit=9, rate=Rate(4, 1000))}, {}, clock)
    (ask,) = lanes.asks()
    assert ask.limit == 4
    lanes.answered((ask,), {"a": 1})
    assert [lanes["a"].take() for _ in range(4)] == [True, True, True, False]


def test_what_waits_for_a_token_says_when_to_look_again() -> None:
    clock = FakeClock()
    lanes = Lanes({"a": LaneRule(limit=9, rate=Rate(1, 60_000)), "b": LaneRule(limit=1)}, {}, clock)
    lanes.answered(lanes.asks(), {"a": 1})
    assert lanes.elapse() == clock.now() + 60_000
    lanes["a"].waiting = False
    assert lanes.elapse() is None, "nothing waits"


def test_the_rate_of_a_plugin_is_of_all_its_lanes_together_and_each_gets_its_turn() -> None:
    clock = FakeClock()
    rules = {"p/a": LaneRule(limit=9), "p/b": LaneRule(limit=9)}
    lanes = Lanes(rules, {"p": LaneRule(limit=None, rate=Rate(1, 1000))}, clock)
    turns: list[str] = []
    for _ in range(6):
        (ask,) = lanes.asks()
        lanes.answered((ask,), {ask.lane: 1})
        assert lanes.asks() == ()
        assert lanes.elapse() == clock.now() + 1000
        turns.append(ask.lane)
        clock.advance(1000)
    assert sorted(turns) == ["p/a"] * 3 + ["p/b"] * 3


def test_a_reload_with_a_new_rate_fills_no_bucket_anew() -> None:
    clock = FakeClock()
    lanes = emptied(Lanes({"a": LaneRule(limit=9, rate=Rate(2, 1000))}, {}, clock))
    assert [lanes["a"].take() for _ in range(3)] == [True, True, False]
    lanes.use({"a": LaneRule(limit=9, rate=Rate(4, 1000))}, {})
    assert lanes.asks() == ()
    clock.advance(250)
    assert [ask.limit for ask in lanes.asks()] == [1]
    lanes.use({"a": LaneRule(limit=9)}, {})
    assert [ask.limit for ask in lanes.asks()] == [6]
