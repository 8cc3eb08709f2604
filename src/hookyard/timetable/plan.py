"""What is to be done about the fire times that have passed.

============  ======================================================================================================
`catch_up`    of several fire times that have passed
============  ======================================================================================================
``skip``      the last one is acted on if it is not late by more than :data:`LATE`; the others are missed
``one``       the last one is acted on, however late it is; the others are missed
``all``       each is acted on, the oldest first; of more than `most` the oldest are missed
============  ======================================================================================================
"""

from typing import Final, Literal

from msgspec import Struct

from hookyard.timetable.rule import Rule

CatchUp = Literal["skip", "one", "all"]
LATE: Final = 30_000
"""Milliseconds: what is later was missed, to whom being late matters."""

_STEP: Final = 1000
"""Milliseconds: fire times lie at least so far from each other."""
_CHUNK: Final = 64


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
    kept = _passed(rule, next_at, now, most if catch_up == "all" else 1)
    while kept[-1] != next_at and rule.due(name, kept[-1]) > now:
        put_off = kept.pop()  # by its jitter
        kept = kept or [_last(rule, next_at, put_off - 1)]
    if catch_up == "skip" and now - rule.due(name, kept[-1]) > LATE:
        return [Step(next_at, rule.after(kept[-1]), act=False)]
    steps = [] if kept[0] == next_at else [Step(next_at, kept[0], act=False)]
    following = [*kept[1:], rule.after(kept[-1])]
    return steps + [Step(at, then, act=True) for at, then in zip(kept, following, strict=True)]


def _passed(rule: Rule, first: int, now: int, count: int) -> list[int]:
    """The last fire times from `first` to `now`, in order, at most so many; at least one."""
    found = _between(rule, first, now, count)
    if len(found) <= count:
        return found
    found = [_last(rule, first, now)]
    step = _STEP
    while len(found) < count:
        # Back by a step that finds some and not too many; what was dense may be sparse further back.
        before = found[0]
        low = max(first, before - step)
        some = _between(rule, low, before - 1, _CHUNK, starts=low == first)
        if len(some) > _CHUNK and step > _STEP:
            step //= 2
            continue
        if len(some) > _CHUNK:  # single times may lie as close as they like
            some = _between(rule, low, before - 1, _STEP, starts=low == first)
        if not some:
            some = [_last(rule, first, before - 1)]
        if len(some) < _CHUNK // 4:
            step *= 2
        found = some + found
    return found[-count:]


def _between(rule: Rule, low: int, until: int, count: int, *, starts: bool = True) -> list[int]:
    """The fire times from `low` to `until`, one more than `count` at most; `low` itself is one when it `starts`."""
    found: list[int] = []
    at = low if starts else rule.after(low - 1)
    while at is not None and at <= until and len(found) <= count:
        found.append(at)
        at = rule.after(at)
    return found


def _last(rule: Rule, first: int, until: int) -> int:
    """The last fire time not after `until`; `first`, which is not after it either, is one."""
    # The fire time after x never goes back as x grows: double the step back until it is in time, then halve.
    low, high, step = until - _STEP, until, _STEP
    while low >= first and not _in_time(rule, low, until):
        step *= 2
        low, high = until - step, low
    found = first
    low = max(low, first - 1)
    if low >= first:
        found = rule.after(low) or first
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
