"""What is to be done about the fire times that have passed.

============  ======================================================================================================
`catch_up`    of several fire times that have passed
============  ======================================================================================================
``skip``      the last one is acted on if it is not late by more than :data:`LATE`; the others are missed
``one``       the last one is acted on, however late it is; the others are missed
``all``       each is acted on, the oldest first; of more than `most` the oldest are missed
============  ======================================================================================================
"""

from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct

from hookyard.timetable.rule import Rule

CatchUp = Literal["skip", "one", "all"]
LATE: Final = 30_000
"""Milliseconds: what is later was missed, to whom being late matters."""


class Step(Struct, frozen=True):
    """One thing to do: act on a fire time, or pass over it and those after it up to `next_at`."""

    fire_at: int
    next_at: int | None
    act: bool


def plan(rule: Rule, name: str, next_at: int, now: int, *, catch_up: CatchUp, most: int) -> list[Step]:
    """What is to be done at `now` of a schedule whose next fire time is `next_at`; nothing when it is not due.

    Its cost grows with `most`, and not with how many fire times have passed.
    """
    if rule.due(name, next_at) > now:
        return []
    kept = _latest(rule, next_at, now, most if catch_up == "all" else 1, lambda at: rule.due(name, at) <= now)
    if catch_up == "skip" and now - rule.due(name, kept[-1]) > LATE:
        return [Step(next_at, rule.after(kept[-1]), act=False)]
    steps = [] if kept[0] == next_at else [Step(next_at, kept[0], act=False)]
    following = [*kept[1:], rule.after(kept[-1])]
    return steps + [Step(at, then, act=True) for at, then in zip(kept, following, strict=True)]


def _latest(rule: Rule, first: int, now: int, count: int, is_due: Callable[[int], bool]) -> list[int]:
    """The last fire times from `first` to `now`, in order; at least `first` itself."""
    found: list[int] = []
    at: int | None = _last(rule, first, now)
    while at is not None and len(found) < count:
        if found or at == first or is_due(at):  # jitter may put off the very last ones
            found.append(at)
        at = None if at <= first else _last(rule, first, at - 1)
    return found[::-1]


def _last(rule: Rule, first: int, until: int) -> int:
    """The last fire time not after `until`; `first`, which is not after it either, is one."""
    # The fire time after x never goes back as x grows: double the step back until it is in time, then halve.
    low, high, step = until, until, 1000
    while (low := max(until - step, first - 1)) >= first and not _in_time(rule, low, until):
        high, step = low, step * 2
    if low < first:
        low = first - 1
    found = first if low < first else (rule.after(low) or first)
    while high - low > 1:
        middle = (low + high) // 2
        later = rule.after(middle)
        if later is not None and later <= until:
            low, found = max(middle, later - 1), later
        else:
            high = middle
    return found


def _in_time(rule: Rule, at: int, until: int) -> bool:
    found = rule.after(at)
    return found is not None and found <= until
