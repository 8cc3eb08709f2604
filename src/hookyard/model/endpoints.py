"""Who is told of events."""

from typing import Literal

from msgspec import Struct

DisabledReason = Literal["user", "gone", "failing", "receiver"]
"""Why an endpoint gets nothing any more: somebody said so, its receiver answered 410, every attempt failed for too long
a time, or its receiver asked for it (`webhook-delivery: disable`)."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """A subscriber's URL and how it is: a row of `endpoint`."""

    name: str
    tenant: str = ""
    """Whose events it is told; empty: everybody's."""
    origin: Literal["config", "http"]
    """Whose it is: what the configuration says of one of its own is changed there only."""
    spec: bytes
    """What may be shown of it: `EndpointRules` as JSON, without what has its default."""
    private: bytes = b"{}"
    """What is never shown (secrets with their ends, values of headers, certificates and keys) as JSON, or encrypted;
    `{}` for one of the configuration, which has them there."""
    epoch: int = 0
    """What tells it from others that had its name. All of the configuration that have the same tenant have the same."""
    created_at: int
    created_by: str
    """The principal that made it."""
    updated_at: int
    disabled_at: int | None = None
    """Since when it gets nothing, though its settings say otherwise."""
    disabled_reason: DisabledReason | None = None
    failing_since: int | None = None
    """When the first attempt failed after the last that did not; None when the last one did not fail."""

    def __repr__(self) -> str:
        """Which it is; what it holds is not for a log."""
        return f"Endpoint(name={self.name!r}, origin={self.origin!r})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Likewise."""
        return [("name", self.name), ("origin", self.origin)]


class EndpointAttempt(Struct, frozen=True, kw_only=True):
    """One try at one of its deliveries, as its statistics count it."""

    delivery_id: str
    event: str
    number: int
    started_at: int
    duration: int
    """Milliseconds."""
    status: int | None
    error: str | None
    """One word; None when it was delivered."""


class Backlog(Struct, frozen=True, kw_only=True):
    """How many deliveries of an endpoint are open; each number is at most :data:`MOST_COUNTED`."""

    pending: int
    held: int
    sending: int
    failed: int
    """The dead letters, which are not open."""
    oldest: int | None
    """When the oldest open one was made, by the order of ids."""


MOST_COUNTED = 10_000
"""Counting goes no further: what is more is not worth the time."""
