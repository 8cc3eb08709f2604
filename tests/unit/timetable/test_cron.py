"""Cron expressions over wall clocks that are put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookyard.timetable import LATEST, Cron, Rule, RuleError, Zone

NEW_YORK, BERLIN, LORD_HOWE = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"
SAO_PAULO, KATHMANDU, APIA = "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"


def millis(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def texts(times: list[int]) -> list[str]:
    return [datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in times]


def fires(cron: str, zone: str, after: str, count: int) -> list[str]:
    return texts(Rule(calendar=Cron(cron, Zone(zone))).next(millis(after), count))


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # Forward, one hour: 02:30 does not come, and is run when 03:00 comes instead, once.
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00Z", ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
        ("30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
        ("0 2,3 * * *", NEW_YORK, "2026-03-07T12:00Z", ["2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"]),
        ("15,45 2 * * *", BERLIN, "2026-03-28T12:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"]),
        # Six fields with fixed times are no different.
        ("5 30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:05Z"]),
        # Back, one hour: 01:30 comes twice, and is run the first time.
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00Z", ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
        ("30 2 * * *", BERLIN, "2026-10-24T12:00Z", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
        # From between the two.
        ("30 1 * * *", NEW_YORK, "2026-11-01T05:45Z", ["2026-11-02T06:30:00Z"]),
        ("30 1 * * *", NEW_YORK, "2026-11-01T06:15Z", ["2026-11-02T06:30:00Z"]),
        # What follows the time that passes goes on as before, on both days.
        (
            "*/30 * * * *",
            NEW_YORK,
            "2026-11-01T05:00Z",
            ["2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z", "2026-11-01T07:00:00Z"],
        ),
        (
            "*/30 * * * *",
            BERLIN,
            "2026-03-29T00:00Z",
            ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"],
        ),
        ("0 * * * *", NEW_YORK, "2026-03-08T06:00Z", ["2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"]),
        # Half an hour: 02:00 to 02:30 does not come, 01:30 to 02:00 comes twice.
        ("10 2 * * *", LORD_HOWE, "2026-10-03T12:00Z", ["2026-10-03T15:30:00Z", "2026-10-04T15:10:00Z"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-04T12:00Z", ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
        (
            "*/15 1 * * *",
            LORD_HOWE,
            "2026-04-04T14:15Z",
            [
                "2026-04-04T14:30:00Z",
                "2026-04-04T14:45:00Z",
                "2026-04-04T15:00:00Z",
                "2026-04-04T15:15:00Z",
                "2026-04-05T14:30:00Z",
            ],
        ),
        ("*/30 2 * * *", LORD_HOWE, "2026-04-04T13:00Z", ["2026-04-04T15:30:00Z", "2026-04-04T16:00:00Z"]),
        # The clocks went forward at midnight, so that a day began at 01:00.
        ("0 0 * * *", SAO_PAULO, "2018-11-03T12:00Z", ["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"]),
        # And back at midnight: 23:30 came twice.
        ("30 23 * * *", SAO_PAULO, "2018-02-17T12:00Z", ["2018-02-18T01:30:00Z", "2018-02-19T02:30:00Z"]),
        # A whole day was left out.
        ("0 12 * * *", APIA, "2011-12-29T12:00Z", ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z"]),
        # An offset of a quarter of an hour, and no changes at all.
        ("0 9 * * *", KATHMANDU, "2026-05-01T00:00Z", ["2026-05-01T03:15:00Z", "2026-05-02T03:15:00Z"]),
        ("0 9 * * 1-5", "UTC", "2026-05-01T09:00Z", ["2026-05-04T09:00:00Z"]),
        # Leap days, also over a year that has none although it can be divided by four.
        ("0 0 29 2 *", "UTC", "2027-01-01T00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]),
        ("0 0 29 2 *", "UTC", "2096-03-01T00:00Z", ["2104-02-29T00:00:00Z"]),
        ("0 0 L * *", "UTC", "2028-02-01T00:00Z", ["2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z"]),
        # A day of the month and a weekday: either, unless one of them begins with a star.
        ("0 0 13 * FRI", "UTC", "2026-02-01T00:00Z", ["2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z"]),
        ("@daily", BERLIN, "2026-06-01T00:00Z", ["2026-06-01T22:00:00Z"]),
        ("* * * * * *", "UTC", "2026-06-01T00:00:00.500Z", ["2026-06-01T00:00:01Z", "2026-06-01T00:00:02Z"]),
    ],
)
def test_each_wall_time_has_its_instants(cron: str, zone: str, after: str, expected: list[str]) -> None:
    assert fires(cron, zone, after, len(expected)) == expected


@pytest.mark.parametrize("text", ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 2 *"])
def test_what_never_comes_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        Cron(text, Zone("UTC"))


@pytest.mark.parametrize(
    "text", ["", "* * * *", "61 * * * *", "@reboot", "* * * * FRITZ", "a b c d e", "* * * * * * *"]
)
def test_what_is_no_expression_is_refused_with_what_it_is(text: str) -> None:
    with pytest.raises(RuleError, match=r"cron: ") as caught:
        Cron(text, Zone("UTC"))
    assert caught.value.path == "cron"


def test_an_expression_that_would_be_read_for_minutes_is_refused() -> None:
    with pytest.raises(RuleError, match="expected at most 1000 characters, found 140009"):
        Cron("0-59/1," * 20_000 + "1 * * * *", Zone("UTC"))


def test_an_unknown_zone_is_refused() -> None:
    for name in ("Mars/Olympus", "../etc/passwd", "", "Europe"):
        with pytest.raises(RuleError, match="timezone"):
            Zone(name)


def test_after_the_year_9999_there_is_nothing() -> None:
    yearly = Cron("0 0 1 1 *", Zone("UTC"))
    assert yearly.after(millis("9998-06-01T00:00Z")) == millis("9999-01-01T00:00Z")
    for zone in ("UTC", NEW_YORK, KATHMANDU):
        rule = Rule(calendar=Cron("* * * * *", Zone(zone)))
        assert rule.after(LATEST) is None
        assert rule.after(LATEST - 600_000) is not None or zone == KATHMANDU  # its clocks are in the next year by then


CHANGES = [
    (NEW_YORK, "2026-03-08T07:00Z"),
    (NEW_YORK, "2026-11-01T06:00Z"),
    (BERLIN, "2026-03-29T01:00Z"),
    (BERLIN, "2026-10-25T01:00Z"),
    (LORD_HOWE, "2026-10-03T15:30Z"),
    (LORD_HOWE, "2026-04-04T15:00Z"),
    (SAO_PAULO, "2018-11-04T03:00Z"),
    (SAO_PAULO, "2018-02-18T02:00Z"),
    (KATHMANDU, "1985-12-31T18:30Z"),
]
FIELDS = st.tuples(
    st.sampled_from(["*", "*/5", "*/7", "*/20"]), st.sampled_from(["*", "0", "1", "2", "1,2", "*/2", "2-3"])
)


@settings(max_examples=60, deadline=None)
@given(change=st.sampled_from(CHANGES), fields=FIELDS, offset=st.integers(-200, 100))
def test_what_follows_passing_time_fires_at_exactly_the_minutes_whose_wall_time_matches(
    change: tuple[str, str], fields: tuple[str, str], offset: int
) -> None:
    zone, at = change
    minute, hour = fields
    begin = datetime.fromisoformat(at) + timedelta(minutes=offset)
    step = 1 if minute == "*" else int(minute[2:])
    hours = {"*": range(24), "*/2": range(0, 24, 2), "2-3": range(2, 4)}.get(
        hour, [int(part) for part in hour.split(",")] if hour[0] != "*" and "-" not in hour else ()
    )
    span = [begin + timedelta(minutes=n) for n in range(1, 301)]
    local = [(moment, moment.astimezone(ZoneInfo(zone))) for moment in span]
    expected = [moment for moment, wall in local if wall.minute % step == 0 and wall.hour in hours]
    calendar, found = Cron(f"{minute} {hour} * * *", Zone(zone)), list[datetime]()
    following = calendar.after(int(begin.timestamp() * 1000))
    while following is not None and following <= int(span[-1].timestamp() * 1000):
        found.append(datetime.fromtimestamp(following / 1000, UTC))
        following = calendar.after(following)
    assert found == expected


@settings(max_examples=60, deadline=None)
@given(change=st.sampled_from(CHANGES), minute=st.integers(0, 59), hour=st.integers(0, 23), days=st.integers(1, 3))
def test_a_fixed_time_comes_once_a_day_and_in_order(change: tuple[str, str], minute: int, hour: int, days: int) -> None:
    zone, at = change
    begin = datetime.fromisoformat(at) - timedelta(days=days)
    times = Rule(calendar=Cron(f"{minute} {hour} * * *", Zone(zone))).next(int(begin.timestamp() * 1000), 8)
    walls = [datetime.fromtimestamp(at / 1000, ZoneInfo(zone)) for at in times]
    assert times == sorted(set(times))
    dates = [wall.date() for wall in walls]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(dates))
