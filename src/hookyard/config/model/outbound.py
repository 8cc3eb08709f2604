"""Outgoing webhooks."""

from typing import Annotated, Literal

from msgspec import Meta

from hookyard.config.model.parts import HOUR, MINUTE, Envelope, Positive, ReceivingPort, Section
from hookyard.config.values import Duration, Secret, Size


class OutboundSettings(Section, frozen=True, kw_only=True):
    """How webhooks are sent, and where they may go. What an endpoint says of the same is what holds for it."""

    callback_secrets: tuple[Secret, ...] = ()
    """Standard Webhooks secrets for `callback_url`; while empty, a trigger that has one is refused."""
    allow_http: bool = False
    """Whether plain http is allowed, for receivers inside one's own network."""
    allow_ports: tuple[ReceivingPort, ...] | Literal["any"] = (443,)
    """TCP ports that may be called."""
    allow_networks: tuple[str, ...] = ()
    """CIDRs that may be called although they are not public, such as `10.1.0.0/16`."""
    timeout: Duration = Duration(15_000)
    """How long one attempt may take in all."""
    connect_timeout: Duration = Duration(5_000)
    """How long connecting may take."""
    schedule: Annotated[tuple[Duration, ...], Meta(min_length=1)] = (
        Duration(0),
        Duration(5_000),
        Duration(5 * MINUTE),
        Duration(30 * MINUTE),
        Duration(2 * HOUR),
        Duration(5 * HOUR),
        Duration(10 * HOUR),
        Duration(14 * HOUR),
        Duration(20 * HOUR),
        Duration(24 * HOUR),
    )
    """The wait before each attempt; as many attempts as entries."""
    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.2
    """The share of a wait by which it is drawn longer or shorter, at random."""
    max_retry_after: Duration = Duration(24 * HOUR)
    """The longest `Retry-After` of a receiver that is honoured."""
    envelope: Envelope = "standard"
    """What bodies look like to endpoints that do not say it; what is for a `callback_url` is always `standard`."""
    max_body: Size = Size(1 << 20)
    """The largest body that is sent. An event of a job that would be larger is sent without its result, and says so;
    any other is stored as failed."""
    concurrency: Positive = 256
    """Requests under way at once, over all endpoints. A quarter of them is kept for receivers that answer quickly."""
    concurrency_per_endpoint: Positive = 32
    """Requests under way at once to one endpoint, so that a slow one does not hold up the rest."""
