"""The breaker of a command: closed, open, half open, and never stuck."""

from collections.abc import Iterable
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from hookyard.dispatch.lanes import CircuitBreaker, Lanes
from hookyard.host.lane_rules import LaneRule
from hookyard.model import AttemptOutcome, Breaker, Job
from hookyard.testing import FakeClock

SETTINGS = Breaker(failures=3, cooldown=10.0, probes=2)


def outcomes(circuit: CircuitBreaker, *found: AttemptOutcome, began: int = 0, now: int = 0) -> list[bool]:
    return [circuit.ended(outcome, began, now) for outcome in found]


def opened(settings: Breaker = SETTINGS, now: int = 1_000) -> CircuitBreaker:
    circuit = CircuitBreaker("p/c", settings)
    for _ in range(settings.failures):
        circuit.ended("failed", 0, now)
    assert circuit.state == "open"
    return circuit


def test_it_opens_after_so_many_failures_in_a_row_and_time_outs_count() -> None:
    circuit = CircuitBreaker("p/c", SETTINGS)
    assert outcomes(circuit, "failed", "timed_out", "failed") == [False, False, True]
    assert (circuit.state, circuit.room(0)) == ("open", 0)


def test_a_success_begins_the_count_anew_and_what_says_nothing_of_the_command_does_not_count() -> None:
    circuit = CircuitBreaker("p/c", SETTINGS)
    outcomes(circuit, "failed", "failed", "succeeded", "failed", "failed")
    outcomes(circuit, "cancelled", "released", "lost")
    assert (circuit.state, circuit.failures) == ("closed", 2)
    assert outcomes(circuit, "failed") == [True]
    assert circuit.room(0) == 0


def test_it_half_opens_after_the_cooldown_and_lets_the_probes_through() -> None:
    circuit = opened()
    assert not circuit.elapse(10_999, 0)
    assert circuit.elapse(11_000, 0)
    assert [circuit.room(running) for running in range(4)] == [2, 1, 0, 0]


def test_it_closes_when_all_probes_succeed() -> None:
    circuit = opened()
    circuit.elapse(11_000, 0)
    assert not circuit.ended("succeeded", 11_000, 11_500)
    assert circuit.room(0) == 1
    assert circuit.ended("succeeded", 11_100, 11_600)
    assert (circuit.state, circuit.room(9), circuit.failures) == ("closed", None, 0)


def test_one_probe_that_fails_opens_it_again_for_as_long() -> None:
    circuit = opened()
    circuit.elapse(11_000, 0)
    assert circuit.ended("failed", 11_000, 12_000)
    assert (circuit.state, circuit.until) == ("open", 22_000)


def test_a_probe_that_was_cancelled_leaves_its_place_to_another() -> None:
    circuit = opened(Breaker(failures=1, cooldown=1, probes=1))
    circuit.elapse(9_000, 0)
    assert circuit.room(1) == 0
    assert not circuit.ended("cancelled", 9_000, 9_500)
    assert (circuit.state, circuit.room(0)) == ("half_open", 1)


def test_what_began_before_neither_closes_it_nor_opens_it_nor_takes_a_probe_s_place() -> None:
    circuit = opened()
    circuit.elapse(11_000, 3)
    assert circuit.room(3) == 2
    assert outcomes(circuit, "failed", "succeeded", began=900, now=11_500) == [False, False]
    assert circuit.state == "half_open"
    assert circuit.room(1 + 2) == 0, "one of the three still runs, and two probes"


def test_new_settings_hold_for_an_open_one_too() -> None:
    circuit = opened()
    circuit.use(Breaker(failures=3, cooldown=60.0, probes=2))
    assert not circuit.elapse(11_000, 0)
    assert circuit.elapse(61_000, 0)


Step = tuple[Literal["start", "end", "tick"], AttemptOutcome]


@given(
    st.builds(Breaker, failures=st.integers(1, 4), cooldown=st.floats(0.001, 5), probes=st.integers(1, 3)),
    st.lists(
        st.tuples(
            st.sampled_from(["start", "end", "tick"]),
            st.sampled_from(["succeeded", "failed", "timed_out", "cancelled", "released", "lost"]),
        ),
        max_size=120,
    ),
)
def test_its_states_follow_from_what_happened_and_it_is_never_stuck(settings: Breaker, steps: Iterable[Step]) -> None:
    clock = FakeClock()
    lanes = Lanes({"p/c": LaneRule(limit=6, breakers=(("p/c", settings),))}, {}, clock)
    turns: list[str] = []
    lanes.turned = lambda _, circuit: turns.append(circuit.state)
    lane, (circuit,) = lanes["p/c"], lanes["p/c"].circuits
    lane.waiting = False
    running: list[Job] = []
    row = probes_passed = 0
    half_open_since = 0
    for step, outcome in steps:
        clock.advance(1 if step != "tick" else 1_500)
        lanes.elapse()
        if circuit.state == "half_open" and turns[-1] == "half_open" and circuit.since == clock.now():
            half_open_since, probes_passed = clock.now(), 0
        if step == "start":
            before = circuit.state
            if lane.take():
                assert before != "open"
                running.append(_job(clock.now()))
        elif step == "end" and running:
            job, was, told = running.pop(0), circuit.state, len(turns)
            lanes.ended(job, outcome)
            lane.free()
            probe = was == "half_open" and (job.started_at or 0) >= half_open_since
            failed, counts = outcome in {"failed", "timed_out"}, was == "closed" or probe
            if counts and outcome == "succeeded":
                row, probes_passed = 0, probes_passed + probe
            elif counts and failed:
                row += 1
            opens = counts and failed and (probe or row >= settings.failures)
            closes = probe and outcome == "succeeded" and probes_passed == settings.probes
            assert circuit.state == ("open" if opens else "closed" if closes else was)
            assert len(turns) - told == (opens or closes)
        if circuit.state == "half_open":
            probing = sum((job.started_at or 0) >= half_open_since for job in running)
            assert probing <= settings.probes - probes_passed
            assert circuit.room(lane.running) == settings.probes - probes_passed - probing
    # Whatever happened: once nothing runs and time has passed, something may start.
    for job in running:
        lanes.ended(job, "released")
        lane.free()
    clock.advance(10_000)
    lanes.elapse()
    assert lane.take()


def _job(now: int) -> Job:
    return Job(id="1", plugin="p", command="c", lane="p/c", args=b"", submitted_at=now, run_at=now, started_at=now)


def test_an_open_breaker_holds_the_whole_lane_and_says_when_it_half_opens() -> None:
    clock = FakeClock()
    settings = Breaker(failures=1, cooldown=10)
    lanes = Lanes({"mail": LaneRule(limit=4, breakers=(("mail/send", settings),))}, {}, clock)
    lane = lanes["mail"]
    lanes.answered(lanes.asks(), {"mail": 2})
    sent = Job(id="1", plugin="mail", command="send", lane="mail", args=b"", submitted_at=0, run_at=0, started_at=0)
    lanes.ended(sent, "failed")
    lane.free()
    lane.waiting = True
    assert lanes.asks() == ()
    assert lanes.elapse() == clock.now() + 10_000
    clock.advance(10_000)
    lanes.elapse()
    assert [ask.limit for ask in lanes.asks()] == [1], "one probe beside the one that runs since before"


def test_a_clock_that_goes_back_while_it_is_open_makes_it_wait_for_one_cooldown_and_no_longer() -> None:
    clock = FakeClock(1_000_000)
    lanes = Lanes({"p/c": LaneRule(limit=2, breakers=(("p/c", Breaker(failures=1, cooldown=10)),))}, {}, clock)
    (circuit,) = lanes["p/c"].circuits
    lanes.ended(_job(clock.now()), "failed")
    clock.advance(-500_000)
    assert lanes.elapse() == clock.now() + 10_000
    assert circuit.since == clock.now()
    clock.advance(10_000)
    lanes.elapse()
    assert circuit.state == "half_open"


def test_a_clock_that_goes_back_while_it_is_half_open_leaves_the_probes_what_they_are() -> None:
    clock = FakeClock(1_000_000)
    lanes = Lanes({"p/c": LaneRule(limit=2, breakers=(("p/c", Breaker(failures=1, cooldown=10)),))}, {}, clock)
    (circuit,) = lanes["p/c"].circuits
    lanes.ended(_job(clock.now()), "failed")
    clock.advance(10_000)
    lanes.elapse()
    states = [circuit.state]
    clock.advance(-500_000)
    lanes.elapse()
    lanes.ended(_job(clock.now()), "succeeded")
    states.append(circuit.state)
    assert states == ["half_open", "closed"]


def test_a_closed_breaker_costs_a_lane_nothing() -> None:
    lanes = Lanes({"a": LaneRule(limit=3, breakers=(("a", Breaker()),))}, {}, FakeClock())
    assert lanes["a"].top == 3
    assert lanes.elapse() is None


def test_a_reload_keeps_what_was_counted_and_one_without_the_breaker_lets_the_lane_go_on() -> None:
    clock = FakeClock()
    rule = LaneRule(limit=4, breakers=(("p/c", Breaker(failures=2)),))
    lanes = Lanes({"p/c": rule}, {}, clock)
    lanes.ended(_job(clock.now()), "failed")
    lanes.use({"p/c": rule}, {})
    lanes.ended(_job(clock.now()), "failed")
    assert lanes.asks() == ()
    lanes.use({"p/c": LaneRule(limit=4)}, {})
    assert [ask.limit for ask in lanes.asks()] == [4]
