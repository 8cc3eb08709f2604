"""The paths of jobs that are read, in the OpenAPI document."""

from hookyard.gateway.artifacts import ArtifactList
from hookyard.gateway.jobs.log import LogPage, LogQuery
from hookyard.gateway.jobs.page import ListQuery
from hookyard.gateway.jobs.parts import AttemptList, ChildList, DeliveryList, ItemPage, ItemQuery
from hookyard.gateway.jobs.tree import JobTree
from hookyard.gateway.openapi import downloads
from hookyard.gateway.openapi.downloads import download_answers
from hookyard.gateway.openapi.parts import READ, Group, Known, Object, in_path, json_body, operation, shown
from hookyard.gateway.views import FullJob, JobPage, ShortJob

ONE_JOB: Object = in_path("job_id", {"type": "string", "format": "uuid"})
_NAME: Object = in_path("name", {"type": "string", "maxLength": 200})


def _artifact(known: Known) -> Object:
    return operation(
        "get",
        "What a job made",
        known,
        tag="jobs",
        answers=download_answers(),
        codes=(*READ, "not_found", *downloads.CODES),
        parameters=[ONE_JOB, _NAME, *downloads.PARAMETERS],
    )


def _result(known: Known) -> Object:
    return operation(
        "get",
        "The result itself",
        known,
        tag="jobs",
        answers={**download_answers(), "200": json_body("What the command answered.", {})},
        codes=(*READ, "not_found", "job_active", *downloads.CODES),
        parameters=[ONE_JOB, *downloads.PARAMETERS],
    )


def _paths(known: Known) -> Object:
    def one(summary: str, kind: type, query: type | None = None) -> Object:
        asked = [] if query is None else known.parameters(query)
        return shown(summary, kind, known, "not_found", tag="jobs", parameters=[ONE_JOB, *asked])

    return {
        "/job/{job_id}": one("How a job stands", ShortJob),
        "/api/v1/jobs": shown("Jobs, newest first", JobPage, known, tag="jobs", parameters=known.parameters(ListQuery)),
        "/api/v1/jobs/{job_id}": one("All of a job", FullJob),
        "/api/v1/jobs/{job_id}/attempts": one("The ended attempts of a job", AttemptList),
        "/api/v1/jobs/{job_id}/children": one("The jobs that a job called for", ChildList),
        "/api/v1/jobs/{job_id}/deliveries": one("The webhooks about a job", DeliveryList),
        "/api/v1/jobs/{job_id}/items": one("Partial results, by name", ItemPage, ItemQuery),
        "/api/v1/jobs/{job_id}/tree": one("A job between its ancestors and descendants", JobTree),
        "/api/v1/jobs/{job_id}/result": _result(known),
        "/api/v1/jobs/{job_id}/log": one("A job's log", LogPage, LogQuery),
        "/api/v1/jobs/{job_id}/artifacts": one("What a job made, by name", ArtifactList),
        "/api/v1/jobs/{job_id}/artifacts/{name}": _artifact(known),
    }


GROUP = Group(
    kinds=(
        *(ShortJob, FullJob, JobPage, LogPage, ArtifactList),
        *(AttemptList, ChildList, DeliveryList, ItemPage, JobTree),
    ),
    queries=(ListQuery, LogQuery, ItemQuery),
    paths=_paths,
)
