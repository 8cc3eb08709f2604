"""What recovering asks of the other rooms."""

from typing import Protocol

from hookyard.model import Delivery, Event, Job
from hookyard.outbound.endpoints import Entry


class Finds(Protocol):
    """Knows the endpoints."""

    def find(self, name: str, tenant: str = "") -> Entry:
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
