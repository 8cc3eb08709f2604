"""Ids: UUIDv7, in order of creation, whatever the clock does."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hookyard import ids
from hookyard.testing import FakeClock


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    clock = FakeClock(1_700_000_000_123)
    made = ids.IdSource(clock)()
    assert ids.parse(made) == made
    assert ids.key(made) >> 12 == 1_700_000_000_123


@given(st.lists(st.integers(-5, 5), max_size=50), st.integers(1, 300))
def test_ids_are_strictly_increasing_whatever_the_clock_does(steps: list[int], burst: int) -> None:
    clock = FakeClock()
    make = ids.IdSource(clock)
    made = [make() for _ in range(burst)]
    for step in steps:
        clock.advance(step)
        made += [make() for _ in range(burst)]
    keys = [ids.key(each) for each in made]
    assert all(before < after for before, after in pairwise(keys))
    assert made == sorted(made)


def test_a_full_millisecond_borrows_from_the_next() -> None:
    make = ids.IdSource(FakeClock())
    made = [make() for _ in range(10_000)]
    first = ids.key(made[0])
    assert [ids.key(each) for each in made] == list(range(first, first + 10_000))


def test_ids_go_on_after_the_last_one_of_another_process_even_when_the_clock_went_back() -> None:
    clock = FakeClock()
    last = [ids.IdSource(clock)() for _ in range(100)][-1]
    clock.advance(-3_600_000)
    assert ids.IdSource(clock, after=ids.key(last))() > last


@given(st.integers(0, 2**60 - 1), st.integers(0, 2**62 - 1))
def test_an_id_is_its_key_and_its_tail(key: int, tail: int) -> None:
    made = ids.join(key, tail)
    assert (ids.key(made), ids.tail(made)) == (key, tail)
    assert ids.parse(made) == made


def test_two_ids_of_the_same_instant_differ_in_their_random_half() -> None:
    tails = {ids.tail(ids.IdSource(FakeClock())()) for _ in range(100)}
    assert len(tails) == 100


def test_the_last_id_before_a_time_is_between_those_of_before_and_those_of_then() -> None:
    clock = FakeClock(1_000)
    before = [ids.IdSource(clock)() for _ in range(20)]
    clock.advance(1)
    then = [ids.IdSource(clock)() for _ in range(20)]
    assert max(before) < ids.last_before(1_001) < min(then)
    assert ids.last_before(0) == ids.last_before(-1) < ids.last_before(1)


def test_what_is_no_uuid_of_version_7_is_no_id() -> None:
    for text in ("", "x", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "00000000-0000-4000-8000-000000000000"):
        assert ids.parse(text) is None
