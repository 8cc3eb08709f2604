"""How a line is slowed down and comes back."""

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hookyard.outbound.lines.throttle import SLACK, SLOWEST, Throttle

NOW = 1_700_000_000_000
MINUTES_3 = 180_000


def busy(throttle: Throttle, per_second: int, until: int = NOW) -> Throttle:
    """After two seconds of so many requests."""
    for millis in range(2_000):
        for _ in range(per_second * (millis + 1) // 1000 - per_second * millis // 1000):
            throttle.started(until - 2_000 + millis)
    return throttle


def rates(throttle: Throttle, moments: Iterable[int]) -> list[float | None]:
    found: list[float | None] = []
    for now in moments:
        throttle.succeeded(now, now)
        found.append(throttle.rate)
    return found


def test_a_line_that_nobody_complained_of_is_not_held_back() -> None:
    throttle = busy(Throttle(), 500)
    assert (throttle.rate, throttle.ready_at(NOW)) == (None, NOW)


def test_the_first_complaint_halves_what_was_really_sent() -> None:
    throttle = busy(Throttle(), 400)
    assert throttle.lower(NOW - 5, NOW, NOW, None)
    assert throttle.rate is not None
    assert 195 <= throttle.rate <= 205


def test_complaints_about_what_had_left_before_count_once() -> None:
    throttle = busy(Throttle(), 400)
    throttle.lower(NOW - 5, NOW, NOW, None)
    rate = throttle.rate
    assert not throttle.lower(NOW - 3, NOW + 1, NOW, None)
    assert not throttle.lower(NOW, NOW + 50, NOW, None)
    assert throttle.rate == rate
    assert throttle.lower(NOW + 1, NOW + 51, NOW, None)
    assert throttle.rate != rate


def test_a_line_that_did_less_than_it_might_is_halved_from_what_it_did() -> None:
    throttle = busy(Throttle(), 400)
    throttle.lower(NOW - 5, NOW, NOW, None)
    busy(throttle, 10, NOW + 10_000)
    throttle.lower(NOW + 9_999, NOW + 10_000, NOW + 10_000, None)
    assert throttle.rate is not None
    assert 4 <= throttle.rate <= 6


def test_it_never_gets_slower_than_one_in_ten_seconds() -> None:
    throttle = Throttle()
    for number in range(50):
        throttle.lower(NOW + number * 10, NOW + number * 10 + 1, NOW, None)
    assert throttle.rate == SLOWEST
    throttle.started(NOW + 1_000)
    assert throttle.ready_at(NOW + 1_000) == NOW + 11_000 - SLACK


def test_requests_of_a_slowed_line_leave_evenly() -> None:
    throttle = busy(Throttle(), 20)
    throttle.lower(NOW - 5, NOW, NOW, None)
    left: list[int] = []
    now = NOW
    while len(left) < 11:
        if throttle.ready_at(now) <= now:
            throttle.started(now)
            left.append(now)
        now += 1
    gaps = [after - before for before, after in pairwise(left[1:])]
    assert all(95 <= gap <= 105 for gap in gaps)


def test_ten_seconds_of_successes_bring_back_what_it_did_and_the_time_of_the_pause_is_none_of_them() -> None:
    throttle = busy(Throttle(), 400)
    throttle.lower(NOW - 5, NOW, NOW + 30_000, None)
    half = throttle.rate or 0
    moments = range(NOW + 30_000, NOW + 40_001, 100)
    found = [rate or 0 for rate in rates(throttle, moments)]
    assert found == sorted(found)
    assert found[0] == half
    assert abs(found[50] - 1.5 * half) < 1
    assert abs(found[100] - 2 * half) < 1


def test_it_is_free_again_within_three_minutes_of_successes() -> None:
    for per_second in (1, 30, 1_000, 10_000):
        throttle = busy(Throttle(), per_second)
        for number in range(40):  # down to the slowest there is
            throttle.lower(NOW + number * 10, NOW + number * 10 + 1, NOW, None)
        found = rates(throttle, range(NOW + 10_000, NOW + 10_000 + MINUTES_3, 10_000))
        assert found[-1] is None
        assert throttle.ready_at(NOW + MINUTES_3) == NOW + MINUTES_3


def test_a_success_of_what_had_left_before_it_was_slowed_down_says_nothing() -> None:
    throttle = busy(Throttle(), 400)
    throttle.lower(NOW - 5, NOW, NOW, None)
    rate = throttle.rate
    throttle.succeeded(NOW - 1, NOW + 9_000)
    assert throttle.rate == rate


def test_without_successes_nothing_rises() -> None:
    throttle = busy(Throttle(), 400)
    throttle.lower(NOW - 5, NOW, NOW, None)
    rate = throttle.rate
    busy(throttle, 1, NOW + 500_000)
    assert throttle.rate == rate


def test_a_clock_that_goes_back_holds_a_line_up_for_no_longer_than_a_request_takes() -> None:
    throttle = busy(Throttle(), 20)
    throttle.lower(NOW - 5, NOW, NOW, None)
    throttle.started(NOW + 1)
    assert throttle.ready_at(NOW - 3_600_000) <= NOW - 3_600_000 + 100
    throttle.succeeded(NOW - 3_500_000, NOW - 3_500_000)
    assert throttle.rate is not None


@given(
    st.integers(1, 3_000),
    st.none() | st.floats(0.01, 2_000),
    st.lists(st.tuples(st.integers(0, 20_000), st.sampled_from(["complaint", "success", "sent"])), max_size=80),
)
def test_whatever_happens_it_is_within_its_bounds(
    per_second: int, most: float | None, events: list[tuple[int, str]]
) -> None:
    throttle = busy(Throttle(), per_second)
    now = NOW
    for passed, event in events:
        now += passed
        if event == "sent":
            throttle.started(now)
        elif event == "success":
            throttle.succeeded(now, now)
        else:
            throttle.lower(now, now, now, most)
        if throttle.rate is not None and most is not None:
            assert min(SLOWEST, most) <= throttle.rate <= most
        assert throttle.ready_at(now) - now <= 1000 / (throttle.rate or 1) + 1
