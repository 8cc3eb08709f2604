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
    there = {"", *config.endpoints, *(row.name for row in found.endpoints)}
    for receiver in found.receivers:
        if receiver.name in there:
            yield from _failing(receiver, unwell)
            yield from _waiting(receiver, unwell, now)
        elif receiver.oldest is not None:
            yield Finding(
                "warning",
                "endpoint.gone",
                f"there is no endpoint {receiver.name} any more{has_not_got(receiver)}",
                "Nothing can be sent to it.",
                "Name it again, or wait for their end.",
            )
    for receiver in found.receivers:
        if receiver.name in there:
            yield from _dead(receiver, unwell)


def has_not_got(receiver: Receiver) -> str:
    """How much waits, as the end of a sentence; empty when nothing does."""
    if receiver.oldest is None:
        return ""
    count, since = receiver.pending + receiver.held, rfc3339(receiver.oldest)
    if count == 1:
        return f"; 1 delivery waits{' for an earlier one of its order' if receiver.held else ''}, since {since}"
    held = f" ({receiver.held} of them for an earlier one of their order)" if receiver.held else ""
    return f"; {count} deliveries wait{held}, the oldest since {since}"


def _failing(receiver: Receiver, unwell: Mapping[str, Unwell]) -> Iterator[Finding]:
    name = receiver.name
    if receiver.failing and name not in unwell:
        count, have, _ = _counted(receiver.failing)
        see = f"See what it answers: hookyard endpoints stats {name}. " if name else ""
        yield Finding(
            "warning",
            "endpoint.failing",
            f"{count} to {_name(name)} {have} failed several times" + (receiver.error and f": {receiver.error}"),
            "Its receiver does not learn of what happened.",
            f"{see}Bring the receiver back" + (", or disable the endpoint." if name else "."),
        )


def _waiting(receiver: Receiver, unwell: Mapping[str, Unwell], now: int) -> Iterator[Finding]:
    name = receiver.name
    if receiver.due_since is not None:
        if unwell.get(name) != "stopped":
            count, _, are = _counted(receiver.due)
            one = "" if receiver.due == 1 else " one of them"
            yield Finding(
                "warning",
                "endpoint.backlog",
                f"{count} to {_name(name)} {are} due,{one} since {rfc3339(receiver.due_since)}",
                "More is to be told than its receiver takes, or nobody sends it.",
                f"Start the server; see how it is: hookyard endpoints stats {name}".rstrip(),
            )
    elif name not in unwell and receiver.oldest is not None and now - receiver.oldest > _OLD:
        yield Finding(
            "warning",
            "endpoint.backlog",
            f"{_name(name)} {'is' if name else 'are'} behind{has_not_got(receiver)}",
            "They wait for another attempt, for the first of their order, or for what its rate allows.",
            f"See what with: hookyard endpoints stats {name}; and hookyard deliveries list --endpoint {name} "
            "--status open"
            if name
            else "See what of: hookyard deliveries list --status open",
        )


def _counted(count: int) -> tuple[str, str, str]:
    """How many, with `has` or `have`, and `is` or `are`."""
    return ("1 delivery", "has", "is") if count == 1 else (f"{count} deliveries", "have", "are")


def _dead(receiver: Receiver, unwell: Mapping[str, Unwell]) -> Iterator[Finding]:
    name = receiver.name
    if not receiver.dead:
        return
    count, _, are = _counted(receiver.dead)
    made = "was" if are == "is" else "were"
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
