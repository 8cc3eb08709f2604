"""Who may wait in memory, who is next, and when the rest should come again."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hookyard.clock import Clock
from hookyard.config.model import EndpointBreaker
from hookyard.config.values import Rate
from hookyard.egress.guard import Guard
from hookyard.egress.rules import Rules
from hookyard.model import Delivery
from hookyard.outbound.destination import Destination
from hookyard.outbound.form import Rendered
from hookyard.outbound.lines import Line, Lines, Start
from hookyard.outbound.lines.table import BACKLOG, FARTHEST, KEPT, KEPT_SHARE, MEMORY, PATIENCE, RATED, SHARE
from hookyard.outbound.policy import Policy
from hookyard.outbound.sender import Channel
from hookyard.testing import FakeClock

NOW = 1_700_000_000_000


class Plain:
    """A form that signs nothing."""

    def render(self, identifier: str, event: str, body: bytes, now: int) -> Rendered:
        return Rendered({"webhook-id": identifier, "event": event, "at": str(now)}, body)


def destination(
    name: str, *, concurrency: int = 32, rate: Rate | None = None, clock: Clock | None = None, breaker: bool = False
) -> Destination:
    return Destination(
        endpoint=name,
        url="https://example.com/",
        form=Plain(),
        channel=Channel(key=name, timeout=15, connect_timeout=5),
        guard=Guard(Rules(), clock or FakeClock()),
        policy=Policy((0, 1000), 0, 1000, lambda: 0.5),
        concurrency=concurrency,
        rate=rate,
        breaker=EndpointBreaker(failures=1) if breaker else None,
    )


def lines_of(most: int) -> Lines:
    return Lines(most, lambda: None)


def delivery(number: int, size: int = 10) -> Delivery:
    return Delivery(
        id=f"{number:08}", job_id=None, event="e", endpoint="x", url=None, body=b"x" * size, created_at=NOW, attempt=1,
        lease_expires_at=NOW + 70_000,
    )  # fmt: skip


def line_in(lines: Lines, name: str, waiting: int = 0, *, proven: bool = False, **settings: object) -> Line:
    line = lines.line(name)
    base = destination(name)
    line.use(msgspec.structs.replace(base, **settings), NOW)
    if proven:
        line.answered, line.window = True, line.concurrency
    for number in range(waiting):
        lines.put(line, delivery(number))
    return line


def started(lines: Lines, now: int = NOW) -> list[str]:
    found: list[str] = []
    while (start := lines.next(now)) is not None:
        found.append(start.line.key)
    return found


def end(lines: Lines, line: Line, now: int, *, took: int = 1, answered: bool = True) -> None:
    line.ended(now, took, answered=answered, hung=not answered)
    lines.done(line)


# --- who may wait in memory ---


def test_a_body_larger_than_all_the_memory_for_them_goes_alone() -> None:
    lines = lines_of(64)
    assert lines.reserve(lines.line("big"), MEMORY + 1, NOW)
    assert not lines.reserve(lines.line("small"), 1, NOW)


def test_one_receiver_does_not_get_all_the_memory() -> None:
    lines = lines_of(64)
    line = lines.line("a")
    assert lines.reserve(line, SHARE - 1, NOW)
    assert not lines.has_place(line, 2, NOW)
    assert lines.has_place(lines.line("b"), SHARE, NOW)


def test_receivers_that_hang_cannot_fill_the_memory_that_is_kept_for_quick_ones() -> None:
    lines = lines_of(64)
    for number in range(20):
        line = line_in(lines, f"hangs{number}")
        line.active = 1
        for size in (SHARE // 2, 100_000, 1_000, 1):
            while lines.reserve(line, size, NOW):
                pass
    assert lines.bytes <= MEMORY - KEPT
    quick = line_in(lines, "quick", proven=True)
    assert all(lines.reserve(quick, KEPT_SHARE // 4, NOW) for _ in range(4))
    assert not lines.has_place(quick, 1, NOW)
    fresh = line_in(lines, "fresh")
    assert lines.reserve(fresh, 100, NOW)
    assert not lines.has_place(fresh, 1, NOW)
    hung = line_in(lines, "hung")
    hung.hung = True
    assert not lines.has_place(hung, 1, NOW)


def test_a_place_that_is_given_up_is_free_again() -> None:
    lines = lines_of(64)
    line = lines.line("a")
    for _ in range(BACKLOG):
        assert lines.reserve(line, 10, NOW)
    assert not lines.reserve(line, 10, NOW)
    lines.unreserve(line, 10)
    assert lines.reserve(line, 10, NOW)
    assert lines.bytes == 10 * BACKLOG


def test_no_more_wait_for_a_limited_receiver_than_it_can_take_soon() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", rate=Rate(1, 1_000))
    kept = 0
    while lines.has_place(line, 10, NOW):
        lines.put(line, delivery(kept))
        kept += 1
    assert kept == PATIENCE // 1_000 + 1


def test_those_that_waited_too_long_are_taken_out() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", waiting=5)
    assert lines.take_expiring(NOW + 60_000) == []
    assert [one.id for _, one in lines.take_expiring(NOW + 70_001)] == [f"{number:08}" for number in range(5)]
    assert (lines.bytes, line.bytes, lines.room(10, NOW)) == (0, 0, 10)


# --- turns ---


def test_turns_behind_a_limited_receiver_are_as_far_apart_as_its_requests() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", rate=Rate(10, 1_000))
    turns = [lines.turn(line, NOW) for _ in range(10_000)]
    per_second = [sum(NOW + s * 1000 <= at < NOW + (s + 1) * 1000 for at in turns) for s in range(1_002)]
    assert max(per_second[2:]) <= 11
    assert sum(per_second) == 10_000
    assert max(turns) <= NOW + 1_000_000 + 1_000


def test_a_new_delivery_does_not_take_the_turn_of_one_that_was_put_off() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", rate=Rate(10, 1_000))
    assert lines.reserve(line, 10, NOW)
    lines.unreserve(line, 10)
    for _ in range(100):
        lines.turn(line, NOW)
    assert not lines.reserve(line, 10, NOW)
    assert lines.has_place(line, 10, NOW), "those put off come in"
    assert lines.reserve(line, 10, NOW + 11_000)


@given(
    count=st.integers(1, 3_000),
    age=st.integers(0, 10**9),
    took=st.integers(0, 20_000),
    rate=st.none() | st.builds(Rate, st.integers(1, 50), st.integers(1, 60_000)),
    paused=st.integers(0, 100_000),
)
def test_a_turn_is_never_in_the_past_nor_farther_than_it_may_be(
    count: int, age: int, took: int, rate: Rate | None, paused: int
) -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", rate=rate)
    line.duration = took
    if paused:
        line.pause(NOW + paused, NOW, NOW)
    opens = NOW + paused
    for _ in range(count):
        at = lines.turn(line, NOW, age)
        assert max(opens, NOW + 1) <= at or at == opens
        assert at <= opens + max(RATED, FARTHEST, age // 4) + 1_000


def test_more_than_can_be_told_a_turn_are_spread_and_not_heaped_at_the_end() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a")
    line.duration, line.window = 15_000, 1
    turns = [lines.turn(line, NOW) for _ in range(10_000)]
    tenths = [sum(NOW + t * FARTHEST // 10 <= at < NOW + (t + 1) * FARTHEST // 10 for at in turns) for t in range(11)]
    assert max(tenths) <= 2_500


# --- who is next ---


def test_a_new_receiver_gets_a_few_at_once_and_more_with_every_answer() -> None:
    lines = lines_of(256)
    line = line_in(lines, "a", 200)
    assert len(started(lines)) == 4
    for _ in range(4):
        end(lines, line, NOW)
    assert len(started(lines)) == 8
    while line.window < 32:
        end(lines, line, NOW)
        started(lines)
    assert line.active == 32


def test_a_receiver_that_hangs_shrinks_to_one_request_until_it_answers() -> None:
    lines = lines_of(256)
    line = line_in(lines, "a", 200, proven=True)
    assert len(started(lines)) == 32
    for _ in range(32):
        end(lines, line, NOW + 15_000, took=15_000, answered=False)
    assert len(started(lines, NOW + 15_000)) == 1
    end(lines, line, NOW + 15_001)
    assert len(started(lines, NOW + 15_001)) == 2


def test_however_many_are_greedy_places_stay_free() -> None:
    for greedy in (1, 2, 10, 100):
        lines = lines_of(256)
        for number in range(greedy):
            line_in(lines, f"{number}", 40, proven=True)
        begun = started(lines)
        assert lines.active == len(begun) <= 256 - 8
        line_in(lines, "late", 1)
        assert started(lines) == ["late"]


def test_the_last_places_are_for_those_that_answer_quickly() -> None:
    lines = lines_of(64)
    for number in range(100):
        line_in(lines, f"slow{number}", 10).hung = True
    quick = line_in(lines, "quick", 100, proven=True)
    begun = started(lines)
    assert begun.count("quick") >= 3
    assert len(begun) - begun.count("quick") <= 48
    while quick.active:  # whatever quick ends leaves nothing to the slow
        end(lines, quick, NOW)
        begun += started(lines)
    assert begun.count("quick") == 100
    assert len(begun) - begun.count("quick") == 48


def test_slow_receivers_get_their_turn_when_places_are_free_again() -> None:
    lines = lines_of(8)
    slow = [line_in(lines, f"slow{number}", 2) for number in range(20)]
    for line in slow:
        line.hung = True
    assert len(started(lines)) == 6
    served = set[str]()
    for _ in range(40):
        busy = next((line for line in slow if line.active), None)
        if busy is None:
            break
        end(lines, busy, NOW)
        busy.hung = True
        served.update(started(lines))
    assert lines.active == 0
    assert all(not line.waiting for line in slow)


def test_a_rate_lets_its_burst_go_and_then_says_when() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", 30, proven=True, rate=Rate(10, 1_000))
    assert len(started(lines)) == 10
    assert lines.due == NOW + 100
    assert started(lines, NOW + 99) == []
    for _ in range(10):
        end(lines, line, NOW + 99)
    assert started(lines, NOW + 99) == []
    assert len(started(lines, NOW + 350)) == 3


def test_half_open_means_one_request() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", 30, proven=True, breaker=EndpointBreaker(failures=1))
    line.circuit.ended(False, line.circuit.epoch, NOW)
    line.regate(NOW)
    assert started(lines) == []
    at = line.circuit.until
    start = lines.next(at)
    assert isinstance(start, Start)
    assert start.probe
    assert started(lines, at + 99_999) == []
    line.circuit.ended(True, start.epoch, at)
    line.regate(at)
    end(lines, line, at)
    assert len(started(lines, at)) == 29


def test_a_line_that_is_forgotten_goes_on_at_once() -> None:
    lines = lines_of(64)
    line = line_in(lines, "a", 3, breaker=EndpointBreaker(failures=1))
    line.circuit.ended(False, line.circuit.epoch, NOW)
    line.regate(NOW)
    assert started(lines) == []
    line.forget(NOW)
    lines.wake(line)
    assert started(lines) == ["a"] * 3


def test_receivers_of_callbacks_are_forgotten_and_endpoints_are_not() -> None:
    lines = lines_of(64)
    line_in(lines, "endpoint")
    line_in(lines, "@host:443", endpoint=None)
    troubled = line_in(lines, "@bad:443", endpoint=None)
    troubled.hung, troubled.moved_at = True, NOW
    lines.prune(NOW)
    assert [key for key in ("endpoint", "@host:443", "@bad:443") if lines.find(key)] == ["endpoint", "@bad:443"]
    lines.prune(NOW + 600_000)
    assert lines.find("@bad:443") is None


def test_a_pause_lasts_no_longer_when_the_clock_goes_back() -> None:
    line = Line("a")
    line.use(destination("a"), NOW)
    line.pause(NOW + 2_000, NOW - 1, NOW)
    assert (line.opens_at(NOW), line.flows(NOW)) == (NOW + 2_000, False)
    back = NOW - 7_200_000
    assert line.opens_at(back) == back + 2_000
    assert line.ready_at(back + 1_500) >= back + 2_000
    assert line.state(back + 2_000).paused_until is None
    assert line.flows(back + 2_000)


def test_those_that_wait_for_a_time_are_asked_anew_when_the_clock_has_gone_back() -> None:
    lines = Lines(32, lambda: None)
    line = lines.line("a")
    line.use(destination("a"), NOW)
    lines.put(line, delivery(1))
    line.pause(NOW + 2_000, NOW - 1, NOW)
    assert lines.next(NOW) is None
    back = NOW - 7_200_000
    assert lines.next(back + 60_000) is None
    lines.look_again()
    assert lines.next(back + 61_000) is None, "it pauses from now on for as long as was asked"
    assert lines.next(back + 63_000) is not None


def test_a_rate_begins_with_what_was_used_up_of_it() -> None:
    line = Line("a")
    line.recall(destination("a", rate=Rate(5, 60_000)), [NOW - 70_000, NOW - 1_000, NOW - 500, NOW + 9_000], NOW)
    assert line.bucket is not None
    assert line.bucket.tokens(NOW) == 2
    line.recall(destination("a"), [NOW], NOW)
    assert line.bucket is None
