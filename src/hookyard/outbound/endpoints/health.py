"""How receivers are: since when one fails, when it is disabled for that, and what is told of it.

An endpoint is disabled as `failing` by the failure with which all three are true: the last attempt that did not fail,
or its making, lies behind a first failure; that one is `disable_after` ago; and it is at least the third. An endpoint
that is sent one event in a week is so not disabled by one bad moment, however short `disable_after` is.

Only changes are written: the first failure after a success, and the first success after a failure. Nobody waits for
that; one write of an endpoint is under way at a time, and says how it is by then.
"""

import asyncio
from contextlib import suppress
from typing import Final, Protocol

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from hookyard import log
from hookyard.clock import Clock, rfc3339
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.model import Backlog, DisabledReason, Endpoint, EndpointAttempt, Event
from hookyard.outbound.courier import Writer
from hookyard.outbound.endpoints.endpoints import Endpoints
from hookyard.outbound.endpoints.telling import Announcement, Telling
from hookyard.outbound.events.house import BreakerTurned, EndpointDisabled, EndpointFailing
from hookyard.store.contract import INTERRUPTED, EventQuery, MarkEndpoint

_log = log.get("outbound")
FEWEST: Final = 3
"""Failures without which none is disabled."""
_FIRST_WAIT: Final = 100
_LONGEST_WAIT: Final = 10_000
_MOST_TOLD: Final = 1_000


class EndpointStore(Protocol):
    """Of the store what is needed here."""

    async def endpoints(self) -> tuple[Endpoint, ...]:
        """All that are known."""
        ...

    async def endpoint_attempts(self, endpoint: str, *, limit: int = 1000) -> tuple[EndpointAttempt, ...]:
        """The tries of the newest deliveries."""
        ...

    async def backlog(self, endpoint: str, *, epoch: int | None = None) -> Backlog:
        """How many of its deliveries are open."""
        ...

    async def events(self, query: EventQuery) -> tuple[Event, ...]:
        """A page of events, newest first."""
        ...


class _Failing(Struct):
    """Of `endpoint.failing` what says which streak it tells of."""

    endpoint: str
    failing_since: str


async def _told_of(store: EndpointStore) -> dict[str, str]:
    """For each endpoint of which it was told that it fails, since when it did, the last time."""
    found: dict[str, str] = {}
    with suppress(StoreUnavailable):
        for event in await store.events(EventQuery(type="endpoint.failing", limit=_MOST_TOLD)):
            failing = msgspec.json.decode(event.payload, type=_Failing)
            found.setdefault(failing.endpoint, failing.failing_since)
    return found


class _Streak(Struct):
    """Failures without a success between."""

    since: int
    count: int = 0
    told: bool = False
    """Whether it was told that half the time has passed."""


class EndpointHealth:
    """Keeps the book of it.

    Args:
        endpoints: whose rows are kept up to date, at once.
        telling: makes what is written.
        writer: takes it.
        announce: publishes what needs no transaction with anything else.
    """

    def __init__(self, endpoints: Endpoints, telling: Telling, writer: Writer, clock: Clock) -> None:
        self._endpoints = endpoints
        self._telling = telling
        self._writer = writer
        self._clock = clock
        self._streaks: dict[str, _Streak] = {}
        self._due: dict[str, list[Announcement]] = {}
        """What is to be told, of those of which a write is under way or needed."""
        self._writes: set[asyncio.Task[None]] = set()
        self._ends = asyncio.Event()

    async def load(self, store: EndpointStore) -> None:
        """Go on with the streaks that the store knows, at the start.

        Whether it was told that an endpoint fails is looked up among the newest events that told that of any. With very
        many of them, or when they cannot be read, it is told once more.
        """
        told: dict[str, str] | None = None
        for entry in list(self._endpoints):
            since = entry.row.failing_since
            if since is None:
                continue
            after = 0 if entry.settings is None else entry.settings.disable_after
            if told is None and self._clock.now() - since >= after / 2:
                told = await _told_of(store)
            with suppress(StoreUnavailable):
                found = await store.endpoint_attempts(entry.row.name, limit=FEWEST)
                failed = [one for one in found if one.error not in {None, INTERRUPTED}]
                count = sum(one.started_at + one.duration >= since for one in failed)
                known = told is not None and told.get(entry.row.name) == rfc3339(since)
                self._streaks[entry.row.name] = _Streak(since, max(1, count), known)

    # --- told by the courier ---

    def succeeded(self, name: str, now: int) -> None:
        """An attempt arrived."""
        del now
        if self._streaks.pop(name, None) is not None:
            self._mark(name, failing_since=None)

    def failed(self, name: str, now: int, error: str) -> None:
        """An attempt failed."""
        entry = self._endpoints.get(name)
        if entry is None or entry.settings is None or not entry.live:
            return
        streak = self._streaks.get(name)
        if streak is None:
            streak = self._streaks[name] = _Streak(now)
            self._mark(name, failing_since=now)
        streak.count += 1
        after = int(entry.settings.disable_after)
        if not after or streak.count < FEWEST:
            return
        if now - streak.since >= after:
            self.disable(name, "failing", now, error)
        elif not streak.told and 2 * (now - streak.since) >= after:
            streak.told = True
            fact = EndpointFailing(
                endpoint=name,
                tenant=entry.row.tenant,
                failing_since=rfc3339(streak.since),
                last_error=error,
                disabled_at=rfc3339(streak.since + after),
            )
            self._write(name, Announcement("endpoint.failing", fact))

    def disable(self, name: str, reason: DisabledReason, now: int, error: str) -> None:
        """Send nothing more to it, and say so; nothing happens to one that is disabled."""
        entry = self._endpoints.get(name)
        if entry is None or entry.row.disabled_at is not None:
            return
        self._streaks.pop(name, None)
        row = entry.row
        self._endpoints.mark(replace(row, disabled_at=now, disabled_reason=reason))
        _log.warning("endpoint.disabled", endpoint=name, reason=reason, error=error)
        fact = EndpointDisabled(
            endpoint=name,
            tenant=row.tenant,
            reason=reason,
            failing_since=None if row.failing_since is None else rfc3339(row.failing_since),
            last_error=error or None,
        )
        self._write(name, Announcement("endpoint.disabled", fact))

    def breaker(self, name: str, state: str, failures: int, now: int, until: int | None) -> None:
        """Tell that a breaker is in another state."""
        entry = self._endpoints.get(name)
        if entry is None:
            return
        del now
        fact = BreakerTurned(
            endpoint=name,
            tenant=entry.row.tenant,
            state="open" if state == "opened" else "half_open" if state == "half_open" else "closed",
            failures=failures,
            until=UNSET if until is None else rfc3339(until),
        )
        self._write(name, Announcement(f"breaker.{state}", fact))

    # --- told by whoever changes endpoints ---

    def forget(self, name: str) -> None:
        """Begin anew: it is another one now, or gone."""
        self._streaks.pop(name, None)

    # --- writing ---

    async def drain(self) -> None:
        """Wait for what is being written, and give up on what a store that takes nothing holds up."""
        self._ends.set()
        if self._writes:
            await asyncio.wait(self._writes)

    def _mark(self, name: str, *, failing_since: int | None) -> None:
        entry = self._endpoints.get(name)
        if entry is not None and entry.row.failing_since != failing_since:
            self._endpoints.mark(replace(entry.row, failing_since=failing_since))
            self._write(name)

    def _write(self, name: str, *announcements: Announcement) -> None:
        due = self._due.get(name)
        if due is not None:
            due += announcements
            return
        self._due[name] = list(announcements)
        task = asyncio.ensure_future(self._flush(name))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _flush(self, name: str) -> None:
        """Write how an endpoint is, again and again until nothing about it has changed meanwhile."""
        written: object = None
        wait = _FIRST_WAIT
        try:
            while (entry := self._endpoints.get(name)) is not None:
                announcements, row = self._due[name], entry.row
                if row == written and not announcements:
                    break
                self._due[name] = []
                if await self._try(name, announcements):
                    written, wait = row, _FIRST_WAIT
                    continue
                self._due[name] = announcements + self._due[name]
                if await self._clock.wait(self._ends, self._clock.now() + wait):
                    _log.error(
                        "endpoint.unsaved",
                        endpoint=name,
                        untold=[announcement.kind for announcement in self._due[name]],
                    )
                    break
                wait = min(2 * wait, _LONGEST_WAIT)
        finally:
            del self._due[name]

    async def _try(self, name: str, announcements: list[Announcement]) -> bool:
        """Whether it is done with: written, or impossible."""
        entry, now = self._endpoints.get(name), self._clock.now()
        if entry is None:
            return True
        row = entry.row
        mark = MarkEndpoint(
            now=now,
            name=name,
            failing_since=row.failing_since,
            disabled_at=row.disabled_at,
            disabled_reason=row.disabled_reason,
        )
        change = self._telling.change(now, announcements, mark)
        try:
            await self._writer.submit(change.op)
        except StoreUnavailable:
            change.dropped()
            return False
        except StoreError as error:
            change.dropped()
            _log.error("endpoint.unsaved", endpoint=name, detail=str(error))
            return True
        except BaseException:
            change.dropped()
            raise
        change.committed()
        return True
