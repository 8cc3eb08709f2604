"""What recovering asks of the other rooms."""

from typing import Protocol

from hookyard.config.model import EndpointRules
from hookyard.model import Delivery, Endpoint, Event, Job


class Known(Protocol):
    """An endpoint as it is known in memory."""

    @property
    def row(self) -> Endpoint:
        """As it is stored."""
        ...

    @property
    def settings(self) -> EndpointRules | None:
        """What may be shown of it; None when its row cannot be read."""
        ...

    @property
    def problem(self) -> str | None:
        """Why it gets nothing at all."""
        ...

    @property
    def live(self) -> bool:
        """Whether it gets what happens."""
        ...


class Finds(Protocol):
    """Knows the endpoints."""

    def find(self, name: str, tenant: str = "") -> Known:
        """One endpoint; of this tenant, unless that is empty.

        Raises:
            Refused: there is none.
        """
        ...


class Plans(Protocol):
    """Plans what an endpoint would be told today."""

    def again(self, endpoint: str, told: Job | Event, now: int) -> Delivery | None:
        """The delivery of a job's end or of an event for this one endpoint, `pending`; None when it is not wanted.

        Its id is new; what its body says is as old as what it tells of.
        """
        ...
