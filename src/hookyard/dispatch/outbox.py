"""What the dispatcher asks of whoever sends webhooks."""

from collections.abc import Collection, Mapping
from typing import Protocol

from hookyard.model import Delivery, Event, Job


class Outbox(Protocol):
    """Plans the deliveries of a job's end; the dispatcher writes them in the transaction that ends it (I6)."""

    def plan(self, job: Job, now: int, events: tuple[Event, ...] = ()) -> tuple[Delivery, ...]:
        """The deliveries for a job that is about to be stored as this one, which is terminal, and for its events.

        Those that come back as `sending` are leased, and hold a place in the courier until one of the two below.
        """
        ...

    def announce(
        self, kind: str, data: Mapping[str, object], now: int, *, tenant: str = ""
    ) -> tuple[Event, tuple[Delivery, ...]]:
        """An event of Hookyard's own, and its deliveries; they are to be written together.

        `tenant` is that of what it is about.

        Those that come back as `sending` hold a place, as above.
        """
        ...

    @property
    def listeners(self) -> Collection[str]:
        """What of that which is told to those only who name it any endpoint may want to know; always the same object.

        Of jobs under way, of which callback URLs may want to know as well, and of schedules that fire.
        """
        ...

    def notes(self, event: str, job: Job) -> bool:
        """Whether anybody wants to know that."""
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
