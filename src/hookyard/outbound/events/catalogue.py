"""Every event that Hookyard itself tells, with what it says: the one table behind the route, the page and the tests."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from hookyard.clock import rfc3339
from hookyard.model import HOUSE
from hookyard.outbound.events import house, jobs
from hookyard.outbound.events.samples import SAMPLE_EVENT, SAMPLES
from hookyard.outbound.message import QUIET, EmittedData, Event
from hookyard.schema import DRAFT, Schema, of_type

Group: TypeAlias = Literal["job", "endpoint", "delivery", "breaker", "schedule", "plugin"]
Data: TypeAlias = type[Struct]


class EventType(Struct, frozen=True, kw_only=True):
    """A kind of event."""

    type: str
    group: Group
    description: str
    quiet: bool = False
    """Whether it is told only to endpoints that name it: no glob finds it."""
    data: Data | None
    """What its `data` is; of one that was emitted, by a command or by Hookyard, what the `payload` in that is. None:
    nobody has said."""

    @property
    def emitted(self) -> bool:
        """Whether its data stands as `payload` beside the event's id and who emitted it."""
        return self.group != "job"


def _type(name: str, data: Data, description: str) -> EventType:
    group: Any = name.partition(".")[0]
    return EventType(type=name, group=group, description=description, quiet=name in QUIET, data=data)


EVENT_TYPES: Final = (
    _type("job.queued", jobs.JobQueued, "A job is stored and waits for its turn."),
    _type("job.started", jobs.JobStarted, "An attempt begins."),
    _type("job.progress", jobs.JobProgressed, "A command said how far it is; at most once a second for each job."),
    _type("job.succeeded", jobs.JobSucceeded, "A job ended well."),
    _type("job.failed", jobs.JobFailed, "A job failed for good."),
    _type("job.timed_out", jobs.JobTimedOut, "The last attempt of a job took longer than it may."),
    _type("job.cancelled", jobs.JobCancelled, "A job was cancelled."),
    _type("endpoint.created", house.EndpointChanged, "An endpoint was made."),
    _type("endpoint.updated", house.EndpointChanged, "The settings of an endpoint were changed."),
    _type("endpoint.deleted", house.EndpointChanged, "An endpoint was deleted."),
    _type("endpoint.enabled", house.EndpointChanged, "An endpoint that was disabled gets events again."),
    _type("endpoint.disabled", house.EndpointDisabled, "An endpoint gets nothing any more, and why."),
    _type("endpoint.rotated", house.EndpointRotated, "An endpoint has a new secret, and the old ones an end."),
    _type(
        "endpoint.failing",
        house.EndpointFailing,
        "Every attempt has failed for half the time after which an endpoint is disabled. Told once.",
    ),
    _type(
        "delivery.failed",
        house.DeliveryFailed,
        "A delivery failed for good; then at most once a minute for each endpoint, with how many there were.",
    ),
    _type("breaker.opened", house.BreakerTurned, "So many failures in a row that nothing is tried for a while."),
    _type("breaker.half_open", house.BreakerTurned, "One try shows whether it goes on."),
    _type("breaker.closed", house.BreakerTurned, "It goes on."),
    _type("schedule.fired", house.ScheduleFired, "A schedule made a job."),
    _type("schedule.missed", house.SchedulePassed, "A fire time passed while nobody could act on it."),
    _type("schedule.skipped", house.SchedulePassed, "The job of an earlier fire time is still active."),
    _type("schedule.refused", house.SchedulePassed, "A schedule's job could not be made."),
    _type("schedule.paused", house.ScheduleStopped, "A schedule was paused."),
    _type("schedule.resumed", house.ScheduleStopped, "A schedule goes on."),
)
"""In the order of the reference page."""
BY_NAME: Final[Mapping[str, EventType]] = {each.type: each for each in EVENT_TYPES}


class _OfJob(EmittedData, frozen=True, kw_only=True):
    """What stands around the payload of an event that a command emitted."""

    event_id: jobs.JobId
    plugin: Annotated[str, Meta(description="Whose command emitted it; `hookyard` for one of Hookyard's own.")]
    command: Annotated[str, Meta(description="Which; of one of Hookyard's own the first word of its type.")]


def schema(event_type: EventType) -> Schema:
    """The JSON Schema (draft 2020-12) of the whole body.

    Members that it does not name may come: a later Hookyard says more, never less.
    """
    told: Schema = {} if event_type.data is None else of_type(event_type.data)
    types: dict[str, Any] = told.pop("$defs", {})
    return {"$schema": DRAFT, **body(event_type, told), "$defs": types}


def body(event_type: EventType, told: Schema) -> Schema:
    """The same where the types that its data refers to stand elsewhere.

    Args:
        event_type: the type.
        told: the schema of its data.
    """
    data: Schema = told
    if event_type.emitted:
        around = of_type(_OfJob)["$defs"][_OfJob.__name__]
        members = {**around["properties"], "payload": told}
        required = list(around["required"])
        if event_type.group != "plugin":
            members["plugin"] = {"const": HOUSE}
            members["command"] = {"const": event_type.group}
            del members["job_id"]
        else:
            required.append("job_id")
        data = {"type": "object", "properties": members, "required": required}
    return {
        "title": event_type.type,
        "description": event_type.description,
        "type": "object",
        "properties": {
            "type": {"const": event_type.type},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": data,
        },
        "required": ["type", "timestamp", "data"],
    }


def sample(event_type: EventType, now: int) -> bytes:
    """A body of this type as it would be sent at this time, one of :data:`EVENT_TYPES`."""
    data: Struct = SAMPLES[event_type.type](now)
    if event_type.emitted:
        payload = Raw(msgspec.json.encode(data))
        data = EmittedData(event_id=SAMPLE_EVENT, plugin=HOUSE, command=event_type.group, payload=payload)
    return msgspec.json.encode(Event(event_type.type, rfc3339(now), data))
