"""The paths of jobs and of what they tell, in the OpenAPI document."""

from collections.abc import Mapping

from hookyard.gateway.openapi_parts import Object, filters, json_body, read

_ONE: Object = {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
_NAME: Object = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 200}}


def job_paths(queries: Mapping[str, Object], known: Mapping[str, Object]) -> Object:
    """Document them; `queries` are what the lists are asked with."""

    def shown(summary: str, name: str, parameters: list[Object], *codes: str) -> Object:
        return read(summary, json_body(summary, known[name]), parameters, known, *codes)

    content: Object = {
        "description": "The content, under the media type that the command gave it.",
        "headers": {
            "ETag": {"description": "The SHA-256 of the content.", "schema": {"type": "string"}},
            "Content-Disposition": {"description": "An attachment of its name.", "schema": {"type": "string"}},
        },
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
    artifact = read("What a job made", content, [_ONE, _NAME], known, "not_found")
    artifact["get"]["responses"]["304"] = {"description": "`If-None-Match` names what it is."}
    return {
        "/job/{job_id}": shown("How a job stands", "short", [_ONE], "not_found"),
        "/api/v1/jobs": shown("Jobs, newest first", "page", filters(queries["jobs"])),
        "/api/v1/jobs/{job_id}": shown("All of a job", "full", [_ONE], "not_found"),
        "/api/v1/jobs/{job_id}/log": shown("A job's log", "log", [_ONE, *filters(queries["log"])], "not_found"),
        "/api/v1/jobs/{job_id}/artifacts": shown("What a job made, by name", "artifacts", [_ONE], "not_found"),
        "/api/v1/jobs/{job_id}/artifacts/{name}": artifact,
        "/api/v1/events": shown("Events, newest first", "events", filters(queries["events"])),
    }
