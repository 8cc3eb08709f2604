"""What is done about fire times that have passed."""

from hypothesis import given
from hypothesis import strategies as st

from hookyard.timetable import At, CatchUp, Every, Never, Rule, Step, plan
from hookyard.timetable.plan import LATE

MINUTE = 60_000
MINUTELY = Rule(calendar=Every(MINUTE))


def steps(now: int, catch_up: CatchUp, *, most: int = 100, next_at: int = MINUTE) -> list[Step]:
    return plan(MINUTELY, "a", next_at, now, catch_up=catch_up, most=most)


def test_before_its_time_nothing_is_done() -> None:
    assert steps(MINUTE - 1, "all") == []


def test_in_time_it_is_acted_on_whatever_the_policy() -> None:
    for policy in ("skip", "one", "all"):
        assert steps(MINUTE + 5, policy) == [Step(MINUTE, 2 * MINUTE, act=True)]


def test_skip_passes_over_all_that_is_late() -> None:
    assert steps(10 * MINUTE + LATE + 1, "skip") == [Step(MINUTE, 11 * MINUTE, act=False)]


def test_skip_still_acts_on_the_last_one_when_that_is_in_time() -> None:
    assert steps(10 * MINUTE + LATE, "skip") == [
        Step(MINUTE, 10 * MINUTE, act=False),
        Step(10 * MINUTE, 11 * MINUTE, act=True),
    ]


def test_one_acts_on_the_last_one_however_late() -> None:
    assert steps(10 * MINUTE + 59_000, "one") == [
        Step(MINUTE, 10 * MINUTE, act=False),
        Step(10 * MINUTE, 11 * MINUTE, act=True),
    ]
    assert plan(Rule(calendar=At((5,))), "a", 5, 10**12, catch_up="one", most=1) == [Step(5, None, act=True)]


def test_all_acts_on_each_in_order() -> None:
    assert steps(3 * MINUTE, "all") == [
        Step(MINUTE, 2 * MINUTE, act=True),
        Step(2 * MINUTE, 3 * MINUTE, act=True),
        Step(3 * MINUTE, 4 * MINUTE, act=True),
    ]


def test_of_more_than_the_cap_the_oldest_are_passed_over_in_one_step() -> None:
    found = steps(1_000_000 * MINUTE, "all", most=3)
    assert [(step.fire_at // MINUTE, step.act) for step in found] == [
        (1, False),
        (999_998, True),
        (999_999, True),
        (1_000_000, True),
    ]


def test_a_fire_time_that_a_rule_was_given_by_something_else_is_acted_on() -> None:
    assert plan(Rule(calendar=Never()), "a", 77, 100, catch_up="one", most=1) == [Step(77, None, act=True)]


def test_a_fire_time_waits_for_its_jitter_and_the_one_before_does_not() -> None:
    rule = Rule(calendar=Every(MINUTE), jitter=MINUTE)
    at = next(at for at in rule.next(0, 100) if rule.due("a", at) - at > 10_000 and rule.due("a", at - MINUTE) <= at)
    assert plan(rule, "a", at, at + 5_000, catch_up="all", most=10) == []
    assert plan(rule, "a", at - MINUTE, at + 5_000, catch_up="all", most=10) == [Step(at - MINUTE, at, act=True)]
    due = rule.due("a", at)
    assert plan(rule, "a", at, due, catch_up="all", most=10)[0].fire_at == at


@given(
    times=st.lists(st.integers(0, 500_000), min_size=1, max_size=40, unique=True).map(sorted),
    now=st.integers(0, 600_000),
    catch_up=st.sampled_from(["skip", "one", "all"]),
    most=st.integers(1, 50),
)
def test_steps_lead_from_one_to_the_next_and_leave_nothing_that_is_due(
    times: list[int], now: int, catch_up: CatchUp, most: int
) -> None:
    rule = Rule(calendar=At(tuple(times)))
    found = plan(rule, "a", times[0], now, catch_up=catch_up, most=most)
    passed = [at for at in times if at <= now]
    if not passed:
        assert found == []
        return
    assert found[0].fire_at == times[0]
    assert [step.next_at for step in found[:-1]] == [step.fire_at for step in found[1:]]
    assert found[-1].next_at == next((at for at in times if at > now), None)
    acted = [step.fire_at for step in found if step.act]
    if catch_up == "all":
        assert acted == passed[-most:]
    elif catch_up == "one":
        assert acted == passed[-1:]
    else:
        assert acted == [at for at in passed[-1:] if now - at <= LATE]


@given(
    gaps=st.lists(st.one_of(st.integers(1, 30), st.integers(1_000, 5_000), st.integers(10**6, 10**8)), max_size=400),
    most=st.integers(1, 200),
)
def test_the_last_ones_are_found_however_dense_they_lie(gaps: list[int], most: int) -> None:
    times = [1_000_000]
    for gap in gaps:
        times.append(times[-1] + gap)
    found = plan(Rule(calendar=At(tuple(times))), "a", times[0], times[-1] + 5, catch_up="all", most=most)
    assert [step.fire_at for step in found if step.act] == times[-most:]


def test_a_night_off_of_something_done_each_second_costs_little_to_catch_up_with() -> None:
    asked = 0

    class Days:
        """Each second of the first hour of each day."""

        def after(self, at: int) -> int | None:
            nonlocal asked
            asked += 1
            day, rest = divmod(at + 1000, 24 * 60 * MINUTE)
            rest -= rest % 1000
            return day * 24 * 60 * MINUTE + rest if rest < 60 * MINUTE else (day + 1) * 24 * 60 * MINUTE

    day = 24 * 60 * MINUTE
    found = plan(Rule(calendar=Days()), "a", day, 400 * day - MINUTE, catch_up="all", most=100)
    assert [step.act for step in found] == [False] + [True] * 100
    assert found[-1].fire_at == 399 * day + 60 * MINUTE - 1000
    assert asked < 1_000


def test_a_long_jitter_puts_off_more_than_one() -> None:
    rule = Rule(calendar=Every(MINUTE), jitter=10 * MINUTE)
    for at in rule.next(0, 50):
        found = plan(rule, "a", MINUTE, at, catch_up="one", most=1)
        due = [one for one in rule.next(0, 60) if one <= at and rule.due("a", one) <= at]
        if rule.due("a", MINUTE) > at:
            assert found == []
        else:
            assert found[-1].act
            assert rule.due("a", found[-1].fire_at) <= at
            assert found[-1].fire_at == due[-1]
