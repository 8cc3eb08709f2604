"""The paths of health, in the OpenAPI document."""

from hookyard.gateway.health import HealthView
from hookyard.gateway.openapi.parts import Group, Known, Object, json_body, problems, shown


def _paths(known: Known) -> Object:
    status: Object = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}

    def health(summary: str, *codes: str) -> Object:
        responses = {"200": json_body(summary, status), **problems(codes, known)}
        return {"get": {"operationId": summary, "tags": ["health"], "summary": summary, "responses": responses}}

    return {
        "/healthz": health("The process lives"),
        "/readyz": health("Work can be taken", "store_unavailable"),
        "/api/v1/health": shown("How the server and its plugins are", HealthView, known, tag="health"),
    }


GROUP = Group(kinds=(HealthView,), paths=_paths)
