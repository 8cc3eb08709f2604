"""The path of a job's events, in the OpenAPI document."""

from typing import Literal

from msgspec import Struct

from hookyard.gateway.jobs.events import EventsQuery
from hookyard.gateway.openapi.jobs import ONE_JOB
from hookyard.gateway.openapi.parts import READ, Group, Known, Object, header, operation


class StreamEvent(Struct, kw_only=True):
    """One of the events, as the fields of its message."""

    id: str
    """Where the reader stands now: what `Last-Event-ID` gives back."""
    event: Literal["queued", "started", "progress", "log", "item", "retry", "finished"]
    data: str
    """JSON: of `finished` the short form of the job, of `log` a line of its log, of `item` a partial result, of
    `progress` how far it is."""


def _paths(known: Known) -> Object:
    answers: Object = {
        "200": {
            "description": "`queued`, `started`, `progress`, `log`, `item`, `retry` and `finished`, as they happen.",
            "content": {"text/event-stream": {"schema": known[StreamEvent]}},
        },
        "204": {"description": "`Last-Event-ID` is the last there is: do not come back."},
    }
    resumed = header("Last-Event-ID", "The `id` of the last event that was read: go on behind it.")
    return {
        "/api/v1/jobs/{job_id}/events": operation(
            "get",
            "The life of a job, as it happens",
            known,
            tag="jobs",
            answers=answers,
            codes=(*READ, "not_found"),
            parameters=[ONE_JOB, *known.parameters(EventsQuery), resumed],
        )
    }


GROUP = Group(kinds=(StreamEvent,), queries=(EventsQuery,), paths=_paths)
