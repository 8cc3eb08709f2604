"""What is sent out."""

from msgspec import Struct

from hookyard.model.words import DeliveryStatus


class Delivery(Struct, frozen=True, kw_only=True):
    """One event for one endpoint: a row of `delivery`."""

    id: str
    """Also the `webhook-id` of every attempt."""
    job_id: str | None
    request_id: str = ""
    """Of the request that made the job, for the log."""
    event: str
    endpoint: str | None
    """The configured endpoint's name; None for a callback URL."""
    epoch: int = 0
    """Of its endpoint: another one of the same name has another, and is not sent this."""
    url: str | None
    """The callback URL; None when the endpoint's own is to be used."""
    tenant: str = ""
    """Of the job, or of the event."""
    event_id: str | None = None
    """The id of the event that a command or Hookyard emitted, which it tells; None when it tells of a job."""
    order_key: str | None = None
    """Those of one endpoint that have the same are sent one after the other, in the order of their ids; None: in no
    order."""
    body: bytes
    """What is sent, byte for byte, on every attempt."""
    created_at: int
    status: DeliveryStatus = "pending"
    attempt: int = 0
    round_start: int = 0
    """How many attempts had been made when it was last sent again by hand: the schedule begins anew after those."""
    next_at: int | None = None
    """When the next attempt is due; None once terminal."""
    put_off: bool = False
    """Whether one that is pending is due so late only because its receiver could not be sent to, or not so fast."""
    lease_token: int | None = None
    lease_expires_at: int | None = None
    last_status: int | None = None
    """HTTP status of the last answer; None when there was none."""
    last_error: str | None = None
    completed_at: int | None = None


class DeliveryAttempt(Struct, frozen=True, kw_only=True):
    """One try at a delivery: a row of `delivery_attempt`."""

    delivery_id: str
    number: int
    started_at: int
    duration: int
    """Milliseconds."""
    status: int | None
    """HTTP status; None when no answer came."""
    error: str | None
    response: bytes | None
    """The first bytes of the answer's body."""
