"""How schedules tell of themselves."""

from collections.abc import Mapping
from typing import Protocol

from hookyard.model import Delivery, Event


class Prepared(Protocol):
    """An event that goes into a transaction of the caller's; :meth:`committed` or :meth:`dropped` must follow."""

    @property
    def events(self) -> tuple[Event, ...]:
        """What is to be kept."""
        ...

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """What is to be sent of it."""
        ...

    def committed(self) -> None:
        """It is on disk."""
        ...

    def dropped(self) -> None:
        """It was not written."""
        ...


class Tells(Protocol):
    """Publishes events of the house: their type, their data and the tenant that they are about."""

    def soon(self, kind: str, data: Mapping[str, object], tenant: str = "", /) -> None:
        """Store one in a transaction of its own, and wait for nothing."""
        ...

    def prepare(self, kind: str, data: Mapping[str, object], tenant: str = "", /) -> Prepared | None:
        """One for the caller's transaction; None when nobody is to know of it."""
        ...


class Quiet:
    """Publishes nothing."""

    def soon(self, kind: str, data: Mapping[str, object], tenant: str = "", /) -> None:
        """Say nothing."""

    def prepare(self, kind: str, data: Mapping[str, object], tenant: str = "", /) -> Prepared | None:
        """Say nothing."""
