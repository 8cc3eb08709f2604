"""How deliveries are asked for and shown."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec.structs import asdict

from hookyard.clock import rfc3339
from hookyard.gateway.jobs.bodies import BulkProblem
from hookyard.gateway.moment import Moment
from hookyard.gateway.views import DeliveryAttemptView
from hookyard.model import Delivery, DeliveryAttempt, DeliveryStatus
from hookyard.outbound.sender import KEPT

Text = Annotated[str, Meta(min_length=1, max_length=200)]
OPEN: tuple[DeliveryStatus, ...] = ("pending", "held", "sending")
"""What has not ended."""


class DeliveryListQuery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `GET /api/v1/deliveries` can be asked; what is left out does not matter."""

    endpoint: Text | None = None
    callback: bool = False
    """Only those to callback URLs; not together with `endpoint`."""
    status: Literal["pending", "held", "sending", "delivered", "failed", "open"] | None = None
    """`open` is `pending`, `held` or `sending`; `failed` are the dead letters."""
    event: Text | None = None
    """Of this event, or with globs, such as `order.*`, of those that it takes: what `recover` and `purge` take."""
    job_id: str | None = None
    tenant: Text | None = None
    error: Text | None = None
    """The word of the last error, such as `http_503`."""
    since: Moment | None = None
    """Made then or later: RFC 3339 with an offset, or milliseconds since 1970 UTC."""
    until: Moment | None = None
    """Made before."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    """The `next` of an earlier page."""


class DeliveryRow(Struct, frozen=True, kw_only=True):
    """One event for one endpoint."""

    id: str
    """Also the `webhook-id` it is sent under."""
    event: str
    endpoint: str | None
    """The endpoint's name; null for a callback URL."""
    url: str | None
    """The callback URL: to whoever may not read jobs, only its scheme and host."""
    job_id: str | None
    """The job that it tells of, or that emitted its event; null for events of Hookyard's own."""
    event_id: str | None
    """The event that a command or Hookyard emitted; null when it tells of a job."""
    tenant: str
    status: DeliveryStatus
    """`held` waits for an earlier one of its order."""
    attempt: int
    """How many attempts there were, or which one is under way."""
    created_at: str
    next_at: str | None
    completed_at: str | None
    last_status: int | None
    last_error: str | None


class OneDelivery(DeliveryRow, frozen=True, kw_only=True):
    """One event for one endpoint, with what is sent."""

    order_key: str | UnsetType = UNSET
    """What it shares with those that are sent one after the other; only to whoever may read jobs."""
    body: Raw | UnsetType = UNSET
    """The event as it is stored; only to whoever may read jobs."""


class DeliveryPage(Struct, frozen=True):
    """Deliveries, newest first. A page may be short, or empty, and still have a `next`."""

    deliveries: list[DeliveryRow]
    next: str | None
    """The cursor of the next page; null on the last."""


class AttemptRow(DeliveryAttemptView, frozen=True, kw_only=True):
    """One try at a delivery."""

    truncated: bool
    """Whether more of the answer's body may have come than is kept."""


class DeliveryAttempts(Struct, frozen=True):
    """The tries at a delivery, oldest first."""

    attempts: list[AttemptRow]


class Resend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries are sent again."""

    ids: Annotated[list[Text], Meta(min_length=1, max_length=100)]
    """One that is there twice is sent once."""


class ResentOne(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one of them: how it stands now, or a problem."""

    id: str
    status: DeliveryStatus | UnsetType = UNSET
    problem: BulkProblem | UnsetType = UNSET


class Resent(Struct, frozen=True, kw_only=True):
    """What became of all of them."""

    accepted: int
    refused: int
    results: list[ResentOne]
    """In the order in which the ids came."""


def facts_of(delivery: Delivery) -> dict[str, object]:
    """What the audit log says of one that somebody acts on."""
    return {"event": delivery.event, "endpoint": delivery.endpoint, "job_id": delivery.job_id or None}


def row_of(delivery: Delivery, *, whole: bool) -> DeliveryRow:
    """Show one in a list; `whole` to whoever may read jobs."""
    return DeliveryRow(
        id=delivery.id,
        event=delivery.event,
        endpoint=delivery.endpoint,
        url=delivery.url if whole or delivery.url is None else host_of(delivery.url),
        job_id=delivery.job_id or None,
        event_id=delivery.event_id,
        tenant=delivery.tenant,
        status=delivery.status,
        attempt=delivery.attempt,
        created_at=rfc3339(delivery.created_at),
        next_at=_time(delivery.next_at),
        completed_at=_time(delivery.completed_at),
        last_status=delivery.last_status,
        last_error=delivery.last_error,
    )


def one_of(delivery: Delivery, *, whole: bool) -> OneDelivery:
    """Show one; `whole` to whoever may read jobs."""
    return OneDelivery(
        **asdict(row_of(delivery, whole=whole)),
        order_key=delivery.order_key or UNSET if whole else UNSET,
        body=Raw(delivery.body) if whole and delivery.body else UNSET,
    )


def attempt_of(attempt: DeliveryAttempt) -> AttemptRow:
    """Show one try; bytes of the answer that are no UTF-8 are replaced."""
    response = attempt.response
    return AttemptRow(
        number=attempt.number,
        started_at=rfc3339(attempt.started_at),
        duration_ms=attempt.duration,
        status=attempt.status,
        error=attempt.error,
        response=None if response is None else response.decode(errors="replace"),
        truncated=response is not None and len(response) >= KEPT,
    )


def host_of(url: str) -> str:
    """The scheme and the host of a URL: the rest may hold a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _time(millis: int | None) -> str | None:
    return None if millis is None else rfc3339(millis)
