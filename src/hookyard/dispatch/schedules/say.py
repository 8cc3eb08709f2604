"""What schedules have to say, as events of the house."""

from collections.abc import Awaitable, Callable, Mapping

from hookyard import log
from hookyard.clock import Clock
from hookyard.dispatch.outbox import Outbox
from hookyard.errors import StoreError, StoreUnavailable
from hookyard.store.coalescer import Coalescer
from hookyard.store.contract import AppendEvents, Done

_log = log.get("schedules")

Announce = Callable[[str, Mapping[str, object]], Awaitable[None]]
"""Publishes an event of the house: its type and its data."""


async def quiet(kind: str, data: Mapping[str, object]) -> None:
    """Publish nothing."""
    del kind, data


def announcer(outbox: Outbox, writer: Coalescer, clock: Clock) -> Announce:
    """What publishes events by the outbox. One that cannot be written is lost: the schedule's own row has the facts."""

    async def announce(kind: str, data: Mapping[str, object]) -> None:
        now = clock.now()
        event, deliveries = outbox.announce(kind, data, now)
        written = False
        try:
            result = await writer.submit(AppendEvents(now=now, events=(event,), deliveries=deliveries))
            written = isinstance(result, Done)
        except (StoreUnavailable, StoreError) as error:
            _log.warning("event.lost", type=kind, why=str(error))
        finally:
            (outbox.committed if written else outbox.dropped)(deliveries)

    return announce
