"""Times of rows by their ids, which only grow: a span of time is a range of keys, and needs no index of its own."""

from hookyard import ids

COUNTER_BITS = 12
"""The bits of a key below the milliseconds: see :mod:`hookyard.ids`."""


def made_at(identifier: str) -> int:
    """The milliseconds that an id holds."""
    return ids.key(identifier) >> COUNTER_BITS


def first_key(millis: int) -> int:
    """The smallest key of that millisecond."""
    return millis << COUNTER_BITS


def in_span(identifier: str, since: int | None, until: int | None) -> bool:
    """Whether an id was made at `since` or later, and before `until`."""
    at = made_at(identifier)
    return (since is None or at >= since) and (until is None or at < until)


def just_before(identifier: str) -> str:
    """The id behind which this one comes next."""
    return ids.join(ids.key(identifier) - 1, 0)
