"""How all endpoints are together, in numbers: for monitoring, and for the log when a server starts."""

from collections.abc import Callable, Collection, Container
from typing import Protocol

from msgspec import Struct

from hookyard import log
from hookyard.clock import rfc3339
from hookyard.errors import StoreUnavailable
from hookyard.model import Backlog
from hookyard.outbound.endpoints import Entry
from hookyard.outbound.lines import LineState

_log = log.get("outbound")


class EndpointCounts(Struct, frozen=True, kw_only=True):
    """How many endpoints of outgoing webhooks are how. Each is one of `live`, `off`, `disabled` and `faulty`."""

    live: int
    off: int
    """By their settings."""
    disabled: int
    """By somebody, by their receiver, or because every attempt failed for too long."""
    faulty: int
    """Sound when they were made, but not under the settings of now: nothing is sent to them."""
    failing: int
    """Of the live ones those whose last attempt failed."""
    failing_since: str | None
    """When the first attempt failed of the one that fails for the longest time."""
    breakers_open: int
    """Of the live ones those to which nothing is sent at this moment but a probe."""
    dead_letters: int
    """Of the live ones those that have one of the last day, until it is sent again or purged."""
    to_mend: int
    """Of the live ones those whose filter fails, or of which the configuration has another of the same name."""


class _Backlogs(Protocol):
    """Of the store what is needed here."""

    async def backlog(self, endpoint: str, *, epoch: int | None = None) -> Backlog:
        """How many of its deliveries are open."""
        ...


def overview(
    entries: Collection[Entry], state: Callable[[str], LineState], dead: Container[str] = ()
) -> EndpointCounts:
    """Count them; nothing but memory is looked at.

    Args:
        entries: all of them.
        state: how the requests to one go.
        dead: the names of those that have dead letters of the last day.
    """
    off = [each for each in entries if each.settings is not None and not each.settings.enabled]
    on = [each for each in entries if each.settings is None or each.settings.enabled]
    disabled = [each for each in on if each.row.disabled_at is not None]
    faulty = [each for each in on if each.row.disabled_at is None and each.problem is not None]
    live = [each for each in entries if each.live]
    failing = [each.row.failing_since for each in live if each.row.failing_since is not None]
    return EndpointCounts(
        live=len(live),
        off=len(off),
        disabled=len(disabled),
        faulty=len(faulty),
        failing=len(failing),
        failing_since=rfc3339(min(failing)) if failing else None,
        breakers_open=sum(state(each.row.name).breaker != "closed" for each in live),
        dead_letters=sum(each.row.name in dead for each in live),
        to_mend=sum(_to_mend(each) for each in live),
    )


def _to_mend(entry: Entry) -> bool:
    return entry.name_taken or (entry.condition is not None and entry.condition.trouble is not None)


async def log_overview(found: EndpointCounts, entries: Collection[Entry], store: _Backlogs) -> None:
    """Write one line on how they are at the start, with how much waits for them; none where there are none."""
    if not entries:
        return
    try:
        backlogs = [await store.backlog(each.row.name, epoch=each.row.epoch) for each in entries]
    except StoreUnavailable:  # the store has said why; a part of them would be taken for all
        waiting, oldest = None, None
    else:
        waiting = sum(each.pending + each.held + each.sending for each in backlogs)
        oldest = min((each.oldest for each in backlogs if each.oldest is not None), default=None)
    say = _log.warning if found.faulty else _log.info
    say(
        "endpoints.listed",
        live=found.live,
        off=found.off,
        disabled=found.disabled,
        faulty=found.faulty,
        failing=found.failing,
        dead_letters=found.dead_letters,
        waiting=waiting,
        oldest=None if oldest is None else rfc3339(oldest),
    )
