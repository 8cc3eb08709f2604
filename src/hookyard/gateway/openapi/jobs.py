"""The paths of jobs and of what they tell, in the OpenAPI document."""

from hookyard.gateway.artifacts import ArtifactList
from hookyard.gateway.joblog import LogPage, LogQuery
from hookyard.gateway.jobs import ListQuery
from hookyard.gateway.openapi.parts import READ, Group, Known, Object, in_path, operation, shown
from hookyard.gateway.views import FullJob, JobPage, ShortJob

_ONE: Object = in_path("job_id", {"type": "string", "format": "uuid"})
_NAME: Object = in_path("name", {"type": "string", "maxLength": 200})


def _artifact(known: Known) -> Object:
    content: Object = {
        "description": "The content, under the media type that the command gave it.",
        "headers": {
            "ETag": {"description": "The SHA-256 of the content.", "schema": {"type": "string"}},
            "Content-Disposition": {"description": "An attachment of its name.", "schema": {"type": "string"}},
        },
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
    return operation(
        "get",
        "What a job made",
        known,
        tag="jobs",
        answers={"200": content, "304": {"description": "`If-None-Match` names what it is."}},
        codes=(*READ, "not_found"),
        parameters=[_ONE, _NAME],
    )


def _paths(known: Known) -> Object:
    def one(summary: str, kind: type, query: type | None = None) -> Object:
        asked = [] if query is None else known.parameters(query)
        return shown(summary, kind, known, "not_found", tag="jobs", parameters=[_ONE, *asked])

    return {
        "/job/{job_id}": one("How a job stands", ShortJob),
        "/api/v1/jobs": shown("Jobs, newest first", JobPage, known, tag="jobs", parameters=known.parameters(ListQuery)),
        "/api/v1/jobs/{job_id}": one("All of a job", FullJob),
        "/api/v1/jobs/{job_id}/log": one("A job's log", LogPage, LogQuery),
        "/api/v1/jobs/{job_id}/artifacts": one("What a job made, by name", ArtifactList),
        "/api/v1/jobs/{job_id}/artifacts/{name}": _artifact(known),
    }


GROUP = Group(
    kinds=(ShortJob, FullJob, JobPage, LogPage, ArtifactList),
    queries=(ListQuery, LogQuery),
    paths=_paths,
)
