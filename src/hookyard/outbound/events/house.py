"""What Hookyard's own events say: their `payload`, by type."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from hookyard.model import DisabledReason
from hookyard.outbound.events.jobs import JobId, Time

Name = Annotated[str, Meta(description="Its name.")]
By = Annotated[str, Meta(description="The principal who did it.")]
Tenant = Annotated[str, Meta(description="Whose it is; empty for one of nobody in particular.")]


class EndpointFact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something about an endpoint."""

    endpoint: Name
    tenant: Tenant = ""


class EndpointChanged(EndpointFact, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody made, changed or deleted an endpoint, or enabled it again."""

    by: By


class EndpointRotated(EndpointFact, frozen=True, kw_only=True, omit_defaults=True):
    """An endpoint has a new secret."""

    by: By
    kind: Annotated[Literal["v1", "v1a"], Meta(description="What it signs.")]
    until: Annotated[Time, Meta(description="When those before it stop signing.")]


class EndpointDisabled(EndpointFact, frozen=True, kw_only=True, omit_defaults=True):
    """An endpoint gets nothing any more."""

    reason: Annotated[
        DisabledReason,
        Meta(
            description=(
                "`user`: somebody said so; `gone`: its receiver answered 410; `failing`: every attempt failed for "
                "`disable_after`; `receiver`: it asked for that with `webhook-delivery: disable`."
            )
        ),
    ]
    by: By | UnsetType = UNSET
    failing_since: Annotated[
        Time | None, Meta(description="When the first attempt failed after the last that did not.")
    ] = None
    last_error: Annotated[str | None, Meta(description="What the last attempt ended with, in one word.")] = None


class EndpointFailing(EndpointFact, frozen=True, kw_only=True, omit_defaults=True):
    """Every attempt at an endpoint has failed for half the time after which it is disabled."""

    failing_since: Time
    last_error: Annotated[str, Meta(description="What the last attempt ended with, in one word.")]
    disabled_at: Annotated[Time | UnsetType, Meta(description="When it will be disabled, if this goes on.")] = UNSET


class DeliveryFailed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A delivery failed for good: it is a dead letter, sent again only when somebody says so."""

    delivery_id: Annotated[JobId, Meta(description="Which: `hookyard deliveries show` has all of it.")]
    endpoint: Annotated[str | UnsetType, Meta(description="To which endpoint; not there for a callback URL.")] = UNSET
    callback_origin: Annotated[
        str | UnsetType, Meta(description="The scheme, the host and the port of the callback URL, and no more of it.")
    ] = UNSET
    tenant: Tenant = ""
    event: Annotated[str, Meta(description="The type of the event that did not arrive.")]
    job_id: Annotated[JobId | UnsetType, Meta(description="The job that it tells of, or was emitted by.")] = UNSET
    event_id: Annotated[JobId | UnsetType, Meta(description="The event, when it is no job's own.")] = UNSET
    attempts: Annotated[int, Meta(ge=0, description="How many there have been; 0 when it could not be sent at all.")]
    last_status: Annotated[int | None, Meta(description="What the last attempt was answered, if it was.")] = None
    last_error: Annotated[str, Meta(description="What the last attempt ended with, in one word.")]
    created_at: Annotated[Time, Meta(description="When the delivery was made.")]
    failed_at: Annotated[Time, Meta(description="When it failed for good.")]
    failed: Annotated[
        int,
        Meta(
            ge=1,
            description=(
                "How many deliveries to this endpoint, or to callback URLs of this tenant, failed for good since it "
                "was told last, this one among them. It is told at most once a minute of each."
            ),
        ),
    ]


class BreakerTurned(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The breaker of a command or of an endpoint is in another state."""

    command: Annotated[str | UnsetType, Meta(description="Whose breaker it is: `plugin/command`.")] = UNSET
    lane: Annotated[str | UnsetType, Meta(description="In which lane the command runs.")] = UNSET
    endpoint: Annotated[str | UnsetType, Meta(description="Whose breaker it is, when it is an endpoint's.")] = UNSET
    tenant: Tenant = ""
    state: Literal["open", "half_open", "closed"]
    failures: Annotated[int, Meta(ge=0, description="How many in a row there have been.")]
    until: Annotated[Time | UnsetType, Meta(description="Of one that opened: when it tries again.")] = UNSET


class ScheduleFact(Struct, frozen=True, kw_only=True):
    """Something about a schedule."""

    schedule: Name
    next_fire_time: Annotated[Time | None, Meta(description="When it fires next; null when it does not.")]


class ScheduleFired(ScheduleFact, frozen=True, kw_only=True):
    """A schedule made a job."""

    fire_time: Time
    job_id: JobId


class SchedulePassed(ScheduleFact, frozen=True, kw_only=True):
    """A schedule made no job at its fire time."""

    fire_time: Time
    reason: Annotated[str | None, Meta(description="A sentence; null where there is nothing more to say.")]


class ScheduleStopped(ScheduleFact, frozen=True, kw_only=True):
    """Somebody paused a schedule, or let it go on."""

    by: By
