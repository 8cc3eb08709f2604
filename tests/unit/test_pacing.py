"""How many may start in the worst stretch of time: what the pages say of `rate`."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookyard.config.values import Rate
from hookyard.pacing import Bucket

DOCS = Path(__file__).parents[2] / "docs"


def starts(rate: Rate, burst: int | None, until: int, asked: list[int] | None = None) -> list[int]:
    """When each of those starts that begin as soon as they may, once they are asked for; all at once if not said."""
    bucket = Bucket(rate, burst, 0)
    found: list[int] = []
    now = 0
    for at in asked if asked is not None else [0] * until:
        now = bucket.next_at(max(now, at))
        if now > until:
            break
        bucket.take(1)
        found.append(now)
    return found


def most_within(found: list[int], span: int) -> int:
    return max(sum(first <= at <= first + span for at in found) for first in found)


def test_ten_a_second_are_ten_at_once_after_a_rest_twenty_in_the_worst_second_and_one_every_100_ms_then() -> None:
    found = starts(Rate(10, 1000), None, 5000)
    assert found[:10] == [0] * 10
    assert {later - earlier for earlier, later in pairwise(found[9:])} == {100}
    assert [most_within(found, 1000 * n) for n in (1, 2, 3, 4)] == [20, 30, 40, 50]
    said = (
        "after a rest ten go at once, the worst second has twenty,\nand any `n` seconds have ten times `n` and ten more"
    )
    assert said in (DOCS / "reference" / "outgoing-webhooks.md").read_text()


@pytest.mark.parametrize("burst", [1, 10, 300])
def test_a_lane_of_a_hundred_a_minute_starts_a_hundred_and_its_burst_in_the_worst_minute(burst: int) -> None:
    found = starts(Rate(100, 60_000), burst, 600_000)
    assert most_within(found, 60_000) == 100 + burst
    assert "in the worst minute 100 and `burst` more" in (DOCS / "reference" / "configuration.md").read_text()


@given(st.integers(1, 20), st.integers(1, 2000), st.integers(1, 20), st.lists(st.integers(0, 300), max_size=80))
def test_however_they_are_asked_for_no_stretch_has_more(count: int, per: int, burst: int, gaps: list[int]) -> None:
    asked = [sum(gaps[: at + 1]) for at in range(len(gaps))]
    found = starts(Rate(count, per), burst, 10**9, asked)
    assert len(found) == len(asked)
    assert not found or most_within(found, per) <= count + burst
