"""The paths of jobs that are made and changed, in the OpenAPI document."""

from typing import Final

from hookyard.gateway.jobs.bodies import BulkAnswer, BulkRequest, JobRequest
from hookyard.gateway.jobs.change import RetryOne
from hookyard.gateway.jobs.outcome import ChangedJob
from hookyard.gateway.jobs.sweep import CancelMany, RetryMany, Swept
from hookyard.gateway.openapi.entry import AcceptedJob, asking
from hookyard.gateway.openapi.jobs import ONE_JOB
from hookyard.gateway.openapi.parts import WRITE, Group, Known, Object, json_body, operation
from hookyard.gateway.views import ShortJob

_MADE: Final = (*WRITE, "not_found", "idempotency_mismatch", "dependency_failed", "lane_full")
_CHANGED: Final = (*WRITE, "not_found")


def _made(known: Known) -> Object:
    answers: Object = {
        "200": json_body("The job has ended; only after `Prefer: wait`.", known[ShortJob]),
        "202": json_body("The job is on disk.", known[AcceptedJob], {"Location": {"schema": {"type": "string"}}}),
    }
    single = operation(
        "post",
        "Make a job",
        known,
        tag="jobs",
        answers=answers,
        codes=_MADE,
        parameters=asking(),
        body=JobRequest,
    )
    bulk = operation(
        "post",
        "Make many jobs",
        known,
        tag="jobs",
        answers={"200": json_body("What became of each.", known[BulkAnswer])},
        codes=WRITE,
        body=BulkRequest,
        description="One transaction; what is wrong with one keeps no other from being made.",
    )
    return {"/api/v1/jobs": single, "/api/v1/jobs/bulk": bulk}


def _swept(summary: str, body: type, known: Known) -> Object:
    answers: Object = {"200": json_body("What became of them.", known[Swept])}
    return operation("post", summary, known, tag="jobs", answers=answers, codes=WRITE, body=body)


def _paths(known: Known) -> Object:
    def change(summary: str, *codes: str, body: type | None = None) -> Object:
        answers: Object = {"200": json_body("How the job stands now.", known[ChangedJob])}
        return operation(
            "post",
            summary,
            known,
            tag="jobs",
            answers=answers,
            codes=(*_CHANGED, *codes),
            parameters=[ONE_JOB],
            body=body,
            required=False,
        )

    deleted = operation(
        "delete",
        "Forget an ended job",
        known,
        tag="jobs",
        answers={"204": {"description": "It is forgotten."}},
        codes=(*_CHANGED, "job_active", "undelivered"),
        parameters=[ONE_JOB],
    )
    refusals = ("job_active", "attempts_exhausted", "already_succeeded", "dependency_failed", "invalid_event")
    again = change("Queue an ended job again", *refusals, body=RetryOne)
    return _made(known) | {
        "/api/v1/jobs/cancel": _swept("Cancel the jobs that a filter finds", CancelMany, known),
        "/api/v1/jobs/retry": _swept("Queue the jobs again that a filter finds", RetryMany, known),
        "/api/v1/jobs/{job_id}": deleted,
        "/api/v1/jobs/{job_id}/cancel": change("Cancel a job", "already_terminal"),
        "/api/v1/jobs/{job_id}/kill": change("Cancel a job, and end it if it runs", "already_terminal"),
        "/api/v1/jobs/{job_id}/retry": again,
    }


GROUP = Group(
    kinds=(
        *(AcceptedJob, ShortJob, JobRequest, BulkRequest, BulkAnswer),
        *(ChangedJob, RetryOne, CancelMany, RetryMany, Swept),
    ),
    paths=_paths,
)
