"""Rules as a whole: limits to parts of days, intervals, jitter, and where they begin and end."""

from datetime import UTC, date, datetime, time
from itertools import pairwise

import pytest

from hookyard.timetable import At, Cron, Every, Filter, Rule, RuleError, Window, Zone, parse_day, parse_time

HOUR, DAY = 3_600_000, 86_400_000


def millis(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def texts(times: list[int]) -> list[str]:
    return [datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ") for at in times]


def test_every_counts_the_time_that_passes_whatever_the_clocks_do() -> None:
    rule = Rule(calendar=Every(6 * HOUR))
    times = rule.next(millis("2026-03-29T00:00+01:00"), 5)  # the clocks go forward in Berlin
    assert [later - earlier for earlier, later in pairwise(times)] == [6 * HOUR] * 4
    assert times[0] % (6 * HOUR) == 0


def test_every_begins_at_its_anchor() -> None:
    rule = Rule(calendar=Every(1000, anchor=5_300), start=5_300)
    assert rule.next(0, 3) == [5_300, 6_300, 7_300]
    assert rule.after(5_299) == 5_300
    assert rule.after(5_300) == 6_300


def test_single_times_come_once_each() -> None:
    assert Rule(calendar=At((10, 20, 30))).next(10, 5) == [20, 30]


def test_nothing_lies_before_the_start_or_after_the_end() -> None:
    rule = Rule(calendar=Every(10), start=95, end=120)
    assert rule.next(0, 9) == [100, 110, 120]


def test_a_part_of_the_day_goes_by_the_wall_clock() -> None:
    limits = Filter(Zone("Europe/Berlin"), (Window(time(9), time(11)),))
    rule = Rule(calendar=Every(HOUR), filter=limits)
    assert texts(rule.next(millis("2026-03-28T00:00Z"), 4)) == [
        *("2026-03-28T08:00Z", "2026-03-28T09:00Z"),  # winter time
        *("2026-03-29T07:00Z", "2026-03-29T08:00Z"),  # summer time
    ]


def test_a_part_of_the_day_may_reach_over_midnight_and_belongs_to_the_day_it_begins_on() -> None:
    limits = Filter(Zone("UTC"), (Window(time(22), time(2), frozenset({4})),))  # Fridays
    rule = Rule(calendar=Every(HOUR), filter=limits)
    assert texts(rule.next(millis("2026-05-01T00:00Z"), 5)) == [
        *("2026-05-01T22:00Z", "2026-05-01T23:00Z", "2026-05-02T00:00Z", "2026-05-02T01:00Z"),
        "2026-05-08T22:00Z",
    ]


def test_days_can_be_left_out() -> None:
    limits = Filter(
        Zone("Europe/Berlin"),
        days=frozenset({5, 6}),
        dates=frozenset({date(2026, 12, 28)}),
        yearly=frozenset({(12, 25), (1, 1)}),
    )
    rule = Rule(calendar=Cron("0 8 * * *", Zone("Europe/Berlin")), filter=limits)
    found = [text[:10] for text in texts(rule.next(millis("2026-12-23T12:00Z"), 5))]
    assert found == ["2026-12-24", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-04"]


def test_a_window_at_a_change_of_the_clocks_neither_stops_nor_repeats() -> None:
    for zone, day in (
        ("Europe/Berlin", "2026-10-25"),
        ("Europe/Berlin", "2026-03-29"),
        ("Australia/Lord_Howe", "2026-04-05"),
    ):
        limits = Filter(Zone(zone), (Window(time(2, 30), time(3)),))
        times = Rule(calendar=Every(60_000), filter=limits).next(millis(f"{day}T00:00Z") - DAY, 400)
        assert times == sorted(set(times))
        assert len(times) == 400


def test_what_is_never_open_ends_instead_of_looking_for_ever() -> None:
    rule = Rule(calendar=Every(DAY), filter=Filter(Zone("UTC"), (Window(time(9), time(17)),)))
    assert rule.after(0) is None


UTC_ZONE = Zone("UTC")
NIGHT = Window(time(1), time(2))
ALL_DAYS = {(month, day) for month in range(1, 13) for day in range(1, 32)}


@pytest.mark.parametrize(
    ("expression", "limits", "steps"),
    [
        ("0 0 29 2 1#5", Filter(UTC_ZONE, (NIGHT,)), 0),
        ("0 12 * * *", Filter(UTC_ZONE, (NIGHT, Window(time(23), time(1)))), 0),
        ("* * 2-23 * * *", Filter(UTC_ZONE, (NIGHT,)), 0),
        ("0 0 29 2 1#5", Filter(UTC_ZONE, yearly=frozenset({(2, 29)})), 400 // 4 + 1),
        ("0 12 * * 1", Filter(UTC_ZONE, days=frozenset({0})), 500),
        ("0 12 * * *", Filter(UTC_ZONE, days=frozenset(range(7))), 500),
        ("0 1 * * 1-6", Filter(UTC_ZONE, (Window(time(1), time(2), frozenset({6})),)), 500),
        ("* * * * * *", Filter(UTC_ZONE, yearly=frozenset(ALL_DAYS)), 500),
    ],
    ids=[
        *("leap days at midnight", "noon", "not in the second hour", "no leap day", "no Monday", "no day"),
        *("Sundays only", "no day of the year"),
    ],
)
def test_what_never_comes_is_seen_in_so_many_steps(
    expression: str, limits: Filter, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    after = Cron.after

    def counted(cron: Cron, at: int) -> int | None:
        asked.append(at)
        return after(cron, at)

    monkeypatch.setattr(Cron, "after", counted)
    assert not Rule(calendar=Cron(expression, UTC_ZONE), filter=limits).comes()
    assert len(asked) <= steps


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        (Rule(calendar=Cron("0 0 29 2 *", UTC_ZONE), filter=Filter(UTC_ZONE, days=frozenset(range(6)))), "2032-02-29"),
        (
            Rule(
                calendar=Cron("0 1 * * *", UTC_ZONE),
                filter=Filter(
                    UTC_ZONE,
                    (Window(time(1), time(2), frozenset({0})), Window(time(3), time(4))),
                    yearly=frozenset(ALL_DAYS - {(2, 29)}),
                ),
                start=millis("2073-01-01T00:00Z"),
            ),
            "2112-02-29",  # 40 years after the one before: 2100 is no leap year
        ),
        (Rule(calendar=Every(86_340_000), filter=Filter(UTC_ZONE, (Window(time(23), time(23, 1)),))), "2029-04-05"),
        (
            Rule(
                calendar=Cron("0 1 * * *", UTC_ZONE),
                filter=Filter(UTC_ZONE, dates=frozenset(date.fromordinal(738_000 + day) for day in range(5000))),
                start=millis("2022-01-01T00:00Z"),
            ),
            date.fromordinal(743_000).isoformat(),
        ),
    ],
    ids=["leap Sunday", "leap Monday", "drift", "many days left out"],
)
def test_what_comes_seldom_is_found(rule: Rule, first: str) -> None:
    assert rule.comes()
    found = rule.after(millis("2026-11-22T00:00Z"))
    assert found is not None
    assert texts([found])[0][:10] == first


def test_jitter_is_drawn_once_for_each_name_and_time() -> None:
    rule = Rule(calendar=Every(HOUR), jitter=60_000)
    draws = {at: rule.due("a", at) - at for at in rule.next(0, 200)}
    assert all(0 <= draw <= 60_000 for draw in draws.values())
    assert len(set(draws.values())) > 150
    assert {at: rule.due("a", at) - at for at in draws} == draws
    assert {at: rule.due("b", at) - at for at in draws} != draws
    assert Rule(calendar=Every(HOUR)).due("a", 7) == 7


@pytest.mark.parametrize("text", ["8:30", "25:00", "08:30:00.5", "08:30Z", "noon", "", "08-30", "0830", "08:3\uff10"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        parse_time(text, "only_between.from")


def test_times_and_days_are_read() -> None:
    assert (parse_time("08:30", ""), parse_time("22:00:30", ""), parse_time("24:00", "")) == (
        time(8, 30),
        time(22, 0, 30),
        time(),
    )
    assert (parse_day("Sun", ""), parse_day("2027-01-06", ""), parse_day("02-29", "")) == (6, date(2027, 1, 6), (2, 29))
    for text in ("someday", "2027-13-01", "13-01", "2027-1-6", "1-6", ""):
        with pytest.raises(RuleError, match=r"not_on\[0\]"):
            parse_day(text, "not_on[0]")
