"""Walking again through what happened: jobs that ended and events that were kept, merged by their ids.

Ids are in the order of creation, so one id is the place in both walks, and all there is to remember between two calls.
Jobs are walked through in the order in which they were made, their events in that in which they were told; within a
page both are put in the order in which they happened.
"""

from typing import Final

from msgspec import Struct

from hookyard import ids
from hookyard.model import Event, Job
from hookyard.store.contract import EndedQuery, EventQuery, Store

PAGE: Final = 100
"""How many jobs, and how many events, are read at once: their results and payloads are in memory together."""
READS: Final = 20
"""How many pages one call reads at most: they may be empty where the store looks through much to find little."""
_EARLIER: Final = 1000
"""Milliseconds before `since` at which the walk through events begins: an id is made a moment before its event."""
_LATER: Final = 3_600_000
"""Milliseconds after `until` at which it ends: ids go on when the clock goes back."""


class Replayed(Struct, frozen=True):
    """How far one call of a replay came."""

    planned: int
    """Deliveries that were made; what the endpoint has already is none."""
    looked_at: int
    """Jobs that ended and events, wanted or not; of an endpoint of a tenant only those of that one, so that nobody is
    told how much others do. The limit of a call counts all of them."""
    next: str | None
    """What to go on after; None at the end."""


class Page(Struct, frozen=True):
    """What happened, in its order."""

    told: tuple[Job | Event, ...]
    next: str | None
    """The id down to which everything was looked at; None: there is no more."""


async def read_page(store: Store, *, since: int, until: int, after: str | None) -> Page:
    """What happened in `since <= time < until`, of what comes after an id.

    Args:
        store: has the jobs and the events.
        since: milliseconds, as `until`.
        until: the end.
        after: the `next` of the page before.
    """
    jobs = await store.ended(EndedQuery(since=since, until=until, after=after, limit=PAGE))
    begin = ids.last_before(since - _EARLIER)
    events = await store.events(EventQuery(after=begin if after is None else max(after, begin), limit=PAGE))
    last = events[-1].id if len(events) == PAGE and events[-1].id < ids.last_before(until + _LATER) else None
    # Each walk has been looked through down to its own place: both of them to the nearer one.
    end = min((place for place in (jobs.next, last) if place is not None), default=None)
    found: list[tuple[int, int, str, Job | Event]] = [
        *((job.completed_at, 1, job.id, job) for job in jobs.jobs if job.completed_at is not None),
        *((event.created_at, 0, event.id, event) for event in events if since <= event.created_at < until),
    ]
    # What a command emitted comes before the end of its job. No two have the same id.
    told = [each for _, _, place, each in sorted(found, key=lambda one: one[:3]) if end is None or place <= end]
    return Page(tuple(told), end)
