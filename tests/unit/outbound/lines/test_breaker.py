"""The breaker of a line."""

from hypothesis import given
from hypothesis import strategies as st

from hookyard.config.model import EndpointBreaker
from hookyard.config.values import Duration
from hookyard.outbound.lines.breaker import NEVER, LineBreaker

NOW = 1_700_000_000_000
RULES = EndpointBreaker(failures=3, cooldown=Duration(1_000), longest=Duration(5_000))


def opened(now: int = NOW) -> LineBreaker:
    circuit = LineBreaker()
    circuit.use(RULES)
    for _ in range(3):
        circuit.ended(False, circuit.epoch, now)
    assert circuit.state == "open"
    return circuit


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    circuit = LineBreaker()
    circuit.use(RULES)
    told = [circuit.ended(alive, circuit.epoch, NOW) for alive in (False, False, True, False, False, None, False)]
    assert told == [False, False, False, False, False, False, True]
    assert (circuit.state, circuit.failures, circuit.until) == ("open", 3, NOW + 1_000)
    assert circuit.ready_at(NOW) == NOW + 1_000


def test_without_settings_it_never_opens() -> None:
    circuit = LineBreaker()
    assert not any(circuit.ended(False, circuit.epoch, NOW) for _ in range(100))


def test_one_probe_goes_when_the_cooldown_is_over_and_closes_it() -> None:
    circuit = opened()
    assert circuit.ready_at(NOW + 1_000) == NOW + 1_000
    assert circuit.started(NOW + 1_000)
    assert (circuit.state, circuit.ready_at(NOW + 99_000)) == ("half_open", NEVER)
    assert circuit.ended(True, circuit.epoch, NOW + 1_010)
    assert (circuit.state, circuit.failures, circuit.ready_at(NOW)) == ("closed", 0, NOW)


def test_a_probe_that_fails_doubles_the_cooldown_up_to_the_longest() -> None:
    circuit, now, waits = opened(), NOW, list[int]()
    for _ in range(5):
        now = circuit.until
        circuit.started(now)
        assert circuit.ended(False, circuit.epoch, now)
        waits.append(circuit.until - now)
    assert waits == [2_000, 4_000, 5_000, 5_000, 5_000]
    assert circuit.failures == 8
    circuit.started(circuit.until)
    circuit.ended(True, circuit.epoch, now)
    for _ in range(3):
        circuit.ended(False, circuit.epoch, now)
    assert circuit.until == now + 1_000, "it begins anew"


def test_who_says_that_the_receiver_is_mended_has_the_probe_sent_at_once() -> None:
    circuit = opened()
    assert circuit.probe(NOW + 10)
    assert circuit.ready_at(NOW + 10) == NOW + 10
    assert not circuit.probe(NOW + 20), "its time has come"
    assert circuit.started(NOW + 20)
    assert not circuit.probe(NOW + 30), "the probe is under way"
    assert circuit.ended(True, circuit.epoch, NOW + 40)
    assert not circuit.probe(NOW + 50), "it is closed"
    assert (circuit.state, circuit.ready_at(NOW + 50)) == ("closed", NOW + 50)


def test_a_probe_that_was_asked_for_too_early_makes_the_cooldown_no_longer() -> None:
    circuit, now = opened(), NOW
    for _ in range(4):
        now += 10
        assert circuit.probe(now)
        circuit.started(now)
        assert circuit.ended(False, circuit.epoch, now)
        assert circuit.until == now + 1_000
    now = circuit.until
    circuit.started(now)
    assert circuit.ended(False, circuit.epoch, now)
    assert circuit.until == now + 2_000, "one that nobody asked for does"


def test_what_was_sent_before_it_opened_neither_closes_nor_opens_it() -> None:
    circuit = LineBreaker()
    circuit.use(RULES)
    before = circuit.epoch
    for _ in range(3):
        circuit.ended(False, before, NOW)
    states = list[str]()
    assert not circuit.ended(True, before, NOW)
    states.append(circuit.state)
    circuit.started(circuit.until)
    assert not circuit.ended(True, before, NOW)
    assert not circuit.ended(False, before, NOW)
    states.append(circuit.state)
    circuit.ended(True, circuit.epoch, NOW)
    assert not any(circuit.ended(False, before, NOW) for _ in range(9))
    states.append(circuit.state)
    assert states == ["open", "half_open", "closed"]


def test_a_probe_that_shows_nothing_leaves_it_to_the_next() -> None:
    circuit = opened()
    circuit.started(circuit.until)
    at = circuit.until + 7
    assert not circuit.ended(None, circuit.epoch, at)
    assert (circuit.state, circuit.ready_at(at), circuit.failures) == ("open", at, 3)


def test_a_clock_that_goes_back_makes_it_wait_for_one_cooldown_more_at_most() -> None:
    circuit = opened()
    assert circuit.ready_at(NOW - 3_600_000) == NOW - 3_600_000 + 1_000


def test_switching_it_off_closes_it() -> None:
    circuit = opened()
    circuit.use(None)
    assert (circuit.state, circuit.ready_at(NOW)) == ("closed", NOW)


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.integers(0, 3_000), st.booleans()), max_size=60))
def test_never_two_probes_at_once_and_always_a_time_to_go_on(steps: list[tuple[bool | None, int, bool]]) -> None:
    circuit = LineBreaker()
    circuit.use(RULES)
    now, under_way = NOW, list[tuple[int, bool]]()
    for alive, passed, mended in steps:
        now += passed
        if mended:
            circuit.probe(now)
            assert circuit.state != "open" or circuit.ready_at(now) == now
        if circuit.ready_at(now) <= now:
            under_way.append((circuit.epoch, circuit.started(now)))
            under_way[-1] = (circuit.epoch, under_way[-1][1])
        assert sum(probe and epoch == circuit.epoch for epoch, probe in under_way) <= 1
        if under_way:
            epoch, _ = under_way.pop(0)
            circuit.ended(alive, epoch, now)
        if circuit.state == "half_open":
            assert any(probe and epoch == circuit.epoch for epoch, probe in under_way)
        else:
            assert circuit.ready_at(now) <= now + 5_000
