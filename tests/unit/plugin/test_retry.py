import pytest

from hookyard import Retry


def test_the_longest_wait_grows_by_the_factor_up_to_the_cap() -> None:
    retry = Retry(base=2, factor=3, cap=30, jitter=False)
    assert [retry.delay(attempt, 0.5) for attempt in (1, 2, 3, 4, 5)] == [2, 6, 18, 30, 30]


@pytest.mark.parametrize(("draw", "seconds"), [(0.0, 0.0), (0.25, 1.0), (0.75, 3.0)])
def test_full_jitter_draws_from_nothing_to_the_longest_wait(draw: float, seconds: float) -> None:
    assert Retry(base=1, factor=2).delay(3, draw) == seconds


def test_the_hundred_thousandth_attempt_waits_as_long_as_the_cap() -> None:
    assert Retry(jitter=False).delay(100_000, 0.0) == 300.0


def test_there_are_four_attempts_by_default() -> None:
    assert Retry().attempts == 4


@pytest.mark.parametrize(
    ("draw", "seconds"), [(0.0, [30, 60, 120]), (0.5, [33.75, 67.5, 135]), (0.999, [37.5, 75, 150])]
)
def test_a_spread_draws_up_to_its_share_on_top_of_the_wait(draw: float, seconds: list[float]) -> None:
    retry = Retry(base=30, cap=3600, jitter=False, spread=0.25)
    assert [retry.delay(attempt, draw) for attempt in (1, 2, 3)] == pytest.approx(seconds, rel=1e-3)
