"""The path of a job's events, in the OpenAPI document."""

from hookyard.gateway.jobs.events import EventsQuery
from hookyard.gateway.openapi.jobs import ONE_JOB
from hookyard.gateway.openapi.parts import READ, Group, Known, Object, header, operation


def _paths(known: Known) -> Object:
    answers: Object = {
        "200": {
            "description": "`queued`, `started`, `progress`, `log`, `retry` and `finished`, as they happen.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
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
            codes=(*READ, "not_found", "rate_limited"),
            parameters=[ONE_JOB, *known.parameters(EventsQuery), resumed],
        )
    }


GROUP = Group(queries=(EventsQuery,), paths=_paths)
