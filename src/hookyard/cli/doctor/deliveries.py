"""What the doctor finds about deliveries: what piles up, what fails again and again, what has failed for good."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from hookyard.cli.doctor.finding import Finding
from hookyard.clock import rfc3339
from hookyard.config.model import Config
from hookyard.store.sqlite.inspect import Insight, Receiver

Unwell = Literal["stopped", "failing"]
"""What was already told of an endpoint: that it gets nothing, or that nothing arrives at it."""
_OLD: Final = 3_600_000
"""Milliseconds that a delivery may wait for a receiver that is well."""


def examine_deliveries(found: Insight, config: Config, unwell: Mapping[str, Unwell], now: int) -> Iterator[Finding]:
    """Judge what was not delivered.

    Args:
        found: what is in the store.
        config: what is served with it.
        unwell: endpoints of which it was told why they get nothing, and how much waits for them.
        now: the time.
    """
    names = {row.name for row in found.endpoints}
    for one in found.undelivered:
        what = f"{one.count} deliveries to {_name(one.name)} have failed several times" + (one.why and f": {one.why}")
        if one.name and one.name not in config.endpoints and one.name not in names:
            yield Finding(
                "warning",
                "endpoint.gone",
                what,
                "There is no such endpoint any more, so that nothing can be sent.",
                "Name it again, or wait for their end.",
            )
        elif one.name not in unwell:
            see = f"See what it answers: hookyard endpoints stats {one.name}. " if one.name else ""
            yield Finding(
                "warning",
                "endpoint.failing",
                what,
                "Its receiver does not learn of what happened.",
                f"{see}Bring the receiver back" + (", or disable the endpoint." if one.name else "."),
            )
    yield from _waiting(found, unwell, now)
    yield from _dead(found, unwell)


def has_not_got(receiver: Receiver) -> str:
    """How much waits, as the end of a sentence; empty when nothing does."""
    if receiver.oldest is None:
        return ""
    held = f" ({receiver.held} of them for an earlier one of their order)" if receiver.held else ""
    return f"; {receiver.pending + receiver.held} deliveries wait{held}, the oldest since {rfc3339(receiver.oldest)}"


def _waiting(found: Insight, unwell: Mapping[str, Unwell], now: int) -> Iterator[Finding]:
    told = set(unwell)
    for one in found.overdue:
        if unwell.get(one.lane) != "stopped":
            told.add(one.lane)
            yield Finding(
                "warning",
                "endpoint.backlog",
                f"{one.count} deliveries to {_name(one.lane)} are due, one of them since {rfc3339(one.since)}",
                "More is to be told than its receiver takes, or nobody sends it.",
                f"Start the server; see how it is: hookyard endpoints stats {one.lane}".rstrip(),
            )
    for receiver in found.receivers:
        if receiver.name not in told and receiver.oldest is not None and now - receiver.oldest > _OLD:
            yield Finding(
                "warning",
                "endpoint.backlog",
                f"{_name(receiver.name)} is behind{has_not_got(receiver)}"
                if receiver.name
                else f"callback URLs are behind{has_not_got(receiver)}",
                "They wait for another attempt, for the first of their order, or for what its rate allows.",
                f"See what with: hookyard endpoints stats {receiver.name}; and hookyard deliveries list --endpoint "
                f"{receiver.name} --status open"
                if receiver.name
                else "See what of: hookyard deliveries list --status open",
            )


def _dead(found: Insight, unwell: Mapping[str, Unwell]) -> Iterator[Finding]:
    for receiver in found.receivers:
        name = receiver.name
        if not receiver.dead:
            continue
        count = "1 delivery" if receiver.dead == 1 else f"{receiver.dead} deliveries"
        made = "was" if receiver.dead == 1 else "were"
        last = receiver.error and f"; the last error: {receiver.error}"
        again = f"endpoints recover {name}" if name else "deliveries recover --callback '*'"
        which = f"--endpoint {name} " if name else ""
        first = "Once that is over: " if name in unwell else ""
        yield Finding(
            "warning",
            "endpoint.dead",
            f"{count} to {_name(name)} that {made} made in the last week failed for good{last}",
            "They are dead letters: nobody tries them again.",
            f"See why: hookyard deliveries list {which}--dead. {first}hookyard {again} --since 7d",
        )


def _name(name: str) -> str:
    return f"the endpoint {name}" if name else "callback URLs"
