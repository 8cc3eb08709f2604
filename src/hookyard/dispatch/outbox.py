"""What the dispatcher asks of whoever sends webhooks."""

from collections.abc import Mapping
from typing import Protocol

from hookyard.model import Delivery, Event, Job


class Outbox(Protocol):
    """Plans the deliveries of a job's end; the dispatcher writes them in the transaction that ends it (I6)."""

    def plan(self, job: Job, now: int, events: tuple[Event, ...] = ()) -> tuple[Delivery, ...]:
        """The deliveries for a job that is about to be stored as this one, which is terminal, and for its events.

        Those that come back as `sending` are leased, and hold a place in the courier until one of the two below.
        """
        ...

    def announce(self, kind: str, data: Mapping[str, object], now: int) -> tuple[Event, tuple[Delivery, ...]]:
        """An event of Hookyard's own, and its deliveries; they are to be written together.

        Those that come back as `sending` hold a place, as above.
        """
        ...

    def notes(self, event: str, job: Job) -> bool:
        """Whether anybody wants to know that a job is queued, has started or goes on; asked for every job."""
        ...

    def notice(self, job: Job, event: str, now: int) -> tuple[Delivery, ...]:
        """The deliveries that say so, as :meth:`plan` gives them."""
        ...

    def committed(self, deliveries: tuple[Delivery, ...]) -> None:
        """They are on disk: send them."""
        ...

    def dropped(self, deliveries: tuple[Delivery, ...]) -> None:
        """They were not written; free their places."""
        ...
