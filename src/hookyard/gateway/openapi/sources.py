"""The paths of sources and of what came in by them, in the OpenAPI document."""

from typing import Final

from hookyard.gateway.openapi.jobs import ONE_JOB
from hookyard.gateway.openapi.parts import WRITE, Group, Known, Object, in_path, json_body, operation, shown
from hookyard.gateway.sources.views import ForgetAsk, Forgot, InboundView, ReplayAnswer, SourceList, SourceView


def _paths(known: Known) -> Object:
    name = in_path("name", {"type": "string", "minLength": 1})
    forget = operation(
        "post",
        "Forget a delivery id",
        known,
        tag="sources",
        answers={"200": json_body("How many keys were forgotten.", known[Forgot])},
        codes=(*WRITE, "not_found"),
        parameters=[name],
        body=ForgetAsk,
        description="When the sender sends the delivery again, it is taken as if it came for the first time.",
    )
    replay = operation(
        "post",
        "Replay a webhook",
        known,
        tag="jobs",
        answers={"202": json_body("The jobs that were made.", known[ReplayAnswer])},
        codes=(*WRITE, "not_found", "exists", "invalid_event", "lane_full", "plugin_unavailable"),
        parameters=[ONE_JOB],
        description="Makes jobs anew of the event that the job came of, by the routes that the source has now.",
    )
    return {
        "/api/v1/sources": shown("Sources of inbound webhooks", SourceList, known, tag="sources"),
        "/api/v1/sources/{name}": shown("A source", SourceView, known, "not_found", tag="sources", parameters=[name]),
        "/api/v1/sources/{name}/forget": forget,
        "/api/v1/jobs/{job_id}/inbound": shown(
            "What a sender sent that a job came of", InboundView, known, "not_found", tag="jobs", parameters=[ONE_JOB]
        ),
        "/api/v1/jobs/{job_id}/replay": replay,
    }


GROUP: Final = Group(
    kinds=(SourceList, SourceView, ForgetAsk, Forgot, InboundView, ReplayAnswer),
    paths=_paths,
)
