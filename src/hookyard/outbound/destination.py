"""Where a delivery goes, and all the courier has to know of it."""

from typing import Protocol

from msgspec import Struct

from hookyard.config.model import EndpointBreaker
from hookyard.config.values import Rate
from hookyard.egress.guard import Guard
from hookyard.model import Delivery, DisabledReason
from hookyard.outbound.form import Form
from hookyard.outbound.policy import Policy, Verdict
from hookyard.outbound.sender import Channel


class Destination(Struct, frozen=True, kw_only=True):
    """One receiver, prepared: nothing is left to be made for a delivery. An endpoint that changes gets a new one."""

    endpoint: str | None
    """Its name; None for a callback URL."""
    url: str
    form: Form
    channel: Channel
    guard: Guard
    policy: Policy
    concurrency: int
    """Requests under way at once."""
    rate: Rate | None = None
    breaker: EndpointBreaker | None = None
    pass_after: int | None = None
    """After how many failures of the first of an order the others go ahead; None: they wait."""


class Destinations(Protocol):
    """Knows where deliveries go; told how receivers are. All of it without waiting."""

    def line_key(self, delivery: Delivery) -> str:
        """What a delivery's requests are counted under: its endpoint, or `@` and the origin of its callback URL."""
        ...

    def destination(self, delivery: Delivery) -> Destination | Verdict | None:
        """Where a delivery goes; a verdict if it never can, None if it cannot as things stand (disabled)."""
        ...

    def succeeded(self, name: str, now: int) -> None:
        """An attempt at an endpoint arrived."""
        ...

    def failed(self, name: str, now: int, error: str) -> None:
        """An attempt failed. An endpoint that has only failed for `disable_after` is disabled now."""
        ...

    def disable(self, name: str, reason: DisabledReason, now: int, error: str) -> None:
        """The receiver wants no more: it is written down and told (`endpoint.disabled`), and holds from now on."""
        ...

    def breaker(self, name: str, state: str, failures: int, now: int, until: int | None = None) -> None:
        """Tell that an endpoint's breaker is `opened`, `half_open` or `closed` now."""
        ...
