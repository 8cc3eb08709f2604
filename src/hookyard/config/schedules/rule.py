"""From what a schedule says to the rule of time that it means."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

from hookyard.config.model.schedules import AfterSettings, BetweenSettings, ScheduleSettings
from hookyard.timetable import (
    LATEST,
    At,
    Calendar,
    Cron,
    Every,
    Filter,
    Never,
    Rule,
    RuleError,
    Window,
    Zone,
    parse_day,
    parse_time,
)
from hookyard.timetable.windows import DAYS

_SHORTEST: Final = 1000
_LOOKED_AT: Final = 10
"""How many fire times a jitter is held against."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_PROBE: Final = 946_684_800_000
"""The beginning of the year 2000: from there on fire times are held against a jitter."""


def rule_of(settings: ScheduleSettings) -> Rule:
    """The rule.

    Raises:
        RuleError: it is wrong, or has no fire time ever; its path is the key.
    """
    zone = Zone(settings.timezone)
    start = None if settings.start is None else parse_instant(settings.start, "start")
    end = None if settings.end is None else parse_instant(settings.end, "end")
    if start is not None and end is not None and end < start:
        raise RuleError("end", "it lies before the start")
    calendar = _calendar(settings, zone, start)
    limits = _filter(settings, zone)
    if settings.jitter and settings.after is not None:
        raise RuleError("jitter", "what comes after something else has a delay instead")
    rule = Rule(calendar=calendar, filter=limits, start=start, end=end, jitter=settings.jitter)
    if settings.after is None and not rule.comes():
        raise RuleError(_key(settings), "with its other keys it never comes")
    if settings.jitter and settings.at is None:
        times = rule.next(_PROBE if start is None else start, _LOOKED_AT)
        if any(later - earlier < settings.jitter for earlier, later in pairwise(times)):
            raise RuleError("jitter", "it is longer than the time between two fire times")
    return rule


def parse_instant(text: str, path: str) -> int:
    """Read a time, in milliseconds UTC.

    Raises:
        RuleError: it is none, or has no offset.
    """
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            msg = f"{text!r} has no offset, such as Z or +02:00"
            raise RuleError(path, msg)
        at = (found - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        msg = f"{text!r} is no time such as 2027-01-06T08:30:00+01:00"
        raise RuleError(path, msg) from None
    if not 0 <= at <= LATEST:
        raise RuleError(path, "it lies outside of the years 1970 to 9999")
    return at


def _calendar(settings: ScheduleSettings, zone: Zone, start: int | None) -> Calendar:
    given = [key for key in ("cron", "every", "at", "after") if getattr(settings, key) is not None]
    if len(given) != 1:
        found = f"found {' and '.join(given)}" if given else "found none"
        raise RuleError(given[1] if given else "", f"expected exactly one of cron, every, at and after; {found}")
    if settings.cron is not None:
        return Cron(settings.cron, zone)
    if settings.every is not None:
        if settings.every < _SHORTEST:
            raise RuleError("every", "expected at least 1s")
        return Every(settings.every, start or 0)
    if settings.at is not None:
        return _times(settings.at)
    return _after(settings, settings.after or AfterSettings())


def _times(given: str | tuple[str, ...]) -> At:
    if isinstance(given, str):
        return At((parse_instant(given, "at"),))
    return At(tuple(sorted({parse_instant(text, f"at[{index}]") for index, text in enumerate(given)})))


def _after(settings: ScheduleSettings, after: AfterSettings) -> Never:
    given = [key for key in ("schedule", "command", "server") if getattr(after, key) is not None]
    if len(given) != 1:
        path = f"after.{given[1]}" if given else "after"
        raise RuleError(path, "expected exactly one of schedule, command and server")
    if settings.only_between or settings.not_on:
        raise RuleError("after", "only_between and not_on are for what comes by time")
    return Never()


def _filter(settings: ScheduleSettings, zone: Zone) -> Filter | None:
    many = isinstance(settings.only_between, tuple)
    given = settings.only_between if isinstance(settings.only_between, tuple) else (settings.only_between,)
    windows = tuple(
        _window(one, f"only_between[{index}]" if many else "only_between") for index, one in enumerate(given)
    )
    days = [parse_day(text, f"not_on[{index}]") for index, text in enumerate(settings.not_on)]
    if not windows and not days:
        return None
    return Filter(
        zone=zone,
        windows=windows,
        days=frozenset(day for day in days if isinstance(day, int)),
        dates=frozenset(day for day in days if isinstance(day, date)),
        yearly=frozenset(day for day in days if isinstance(day, tuple)),
    )


def _window(settings: BetweenSettings, path: str) -> Window:
    opens, closes = parse_time(settings.from_, f"{path}.from"), parse_time(settings.until, f"{path}.until")
    if opens == closes:
        raise RuleError(f"{path}.until", "it is the time at which it begins")
    return Window(opens, closes, frozenset(DAYS.index(day) for day in settings.days))


def _key(settings: ScheduleSettings) -> str:
    return next(key for key in ("cron", "every", "at") if getattr(settings, key) is not None)


def schedule_findings(schedules: Mapping[str, ScheduleSettings]) -> Iterator[tuple[str, str]]:
    """Every problem of the configuration's schedules, as a key path and a message."""
    for name, settings in schedules.items():
        where = f"schedules.{name}"
        try:
            rule_of(settings)
        except RuleError as error:
            yield f"{where}.{error.path}" if error.path else where, error.problem
        other = settings.after and settings.after.schedule
        if other and other not in schedules:
            yield f"{where}.after.schedule", f"the configuration has no schedule {other!r}"
        if settings.timeout is not None and settings.timeout < 1:
            yield f"{where}.timeout", "expected at least 1 ms"
