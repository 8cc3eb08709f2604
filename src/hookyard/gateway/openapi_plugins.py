"""The paths of plugins, in the OpenAPI document."""

from collections.abc import Mapping

from msgspec import Struct

from hookyard.gateway.openapi_parts import READ, SECURITY, Object, json_body, problems, read

_NAME: Object = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}


class ConfigurationProblem(Struct, kw_only=True):
    """One thing that is wrong."""

    file: str
    line: int
    """Counted from 1; 0 when it concerns the whole file."""
    path: str
    """The key path, such as `plugins.reports`."""
    message: str


class ReloadProblem(Struct, kw_only=True):
    """Why a reload changed nothing (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str
    problems: list[ConfigurationProblem]
    """All that is wrong."""


def plugin_paths(known: Mapping[str, Object]) -> Object:
    """Document them."""
    listed = json_body("Every plugin that was found", known["plugins"])
    shown = json_body("All of a plugin", known["plugin"])
    paths: Object = {
        "/api/v1/plugins": read("Plugins, with their states", listed, [], known),
        "/api/v1/plugins/{name}": read("All of a plugin", shown, [_NAME], known, "not_found"),
    }
    for path in paths.values():
        path["get"]["tags"] = ["plugins"]
    refused: Object = {
        "description": "The configuration or a plugin has problems, and nothing was changed.",
        "content": {"application/problem+json": {"schema": known["reload_problem"]}},
    }
    return paths | {
        "/api/v1/reload": {
            "post": {
                "operationId": "reload",
                "tags": ["plugins"],
                "summary": "Read the configuration and the plugins again",
                "security": SECURITY,
                "responses": {
                    "200": json_body("What has changed", known["changes"]),
                    "422": refused,
                    **problems((*READ, "reloading", "starting", "draining"), known),
                },
            }
        }
    }
