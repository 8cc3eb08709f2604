"""The paths of external workers, in the OpenAPI document."""

from hookyard.gateway.artifacts import ArtifactView
from hookyard.gateway.openapi.parts import (
    WRITE,
    Group,
    Known,
    Object,
    header,
    in_path,
    json_body,
    operation,
    shown,
)
from hookyard.gateway.work.bodies import ClaimRequest, CompleteRequest, ExtendRequest, FailRequest, ReleaseRequest
from hookyard.gateway.work.views import ExtendView, WorkEnd, WorkerList, WorkJobs

_HELD = (*WRITE, "not_found", "stale_lease")
_TAG = "work"


def _paths(known: Known) -> Object:
    def call(summary: str, body: type, answer: type, *codes: str) -> Object:
        answers = {"200": json_body(summary, known[answer])}
        return operation("post", summary, known, tag=_TAG, answers=answers, codes=codes, body=body)

    artifact = operation(
        "put",
        "Keep an artifact of a held job",
        known,
        tag=_TAG,
        answers={"201": json_body("It is kept.", known[ArtifactView])},
        codes=(*_HELD, "invalid_input", "too_large"),
        parameters=[
            in_path("job_id", {"type": "string", "format": "uuid"}),
            in_path("name", {"type": "string", "maxLength": 200}),
            {**header("X-Hookyard-Lease", "The lease that holds the job."), "required": True},
        ],
    )
    artifact["put"]["requestBody"] = {
        "required": True,
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
    return {
        "/api/v1/work/claim": call("Claim jobs", ClaimRequest, WorkJobs, *WRITE, "not_found", "draining"),
        "/api/v1/work/extend": call("Go on with a job", ExtendRequest, ExtendView, *_HELD, "plugin_unavailable"),
        "/api/v1/work/complete": call(
            "End a job with its result", CompleteRequest, WorkEnd, *_HELD, "plugin_unavailable", "invalid_output"
        ),
        "/api/v1/work/fail": call("End an attempt without one", FailRequest, WorkEnd, *_HELD, "plugin_unavailable"),
        "/api/v1/work/release": call("Give a job back", ReleaseRequest, WorkEnd, *_HELD),
        "/api/v1/work/{job_id}/artifacts/{name}": artifact,
        "/api/v1/workers": shown("The workers known", WorkerList, known, tag=_TAG),
    }


GROUP = Group(
    kinds=(
        *(ClaimRequest, ExtendRequest, CompleteRequest, FailRequest, ReleaseRequest),
        *(WorkJobs, ExtendView, WorkEnd, WorkerList, ArtifactView),
    ),
    paths=_paths,
)
