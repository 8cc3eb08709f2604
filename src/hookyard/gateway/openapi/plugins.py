"""The paths of plugins, in the OpenAPI document."""

from msgspec import Struct

from hookyard.gateway.openapi.parts import READ, Group, Known, Object, in_path, json_body, operation, shown
from hookyard.host.changes import Changes
from hookyard.host.views import FullPlugin, PluginList


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


def _paths(known: Known) -> Object:
    refused: Object = {
        "description": "The configuration or a plugin has problems, and nothing was changed.",
        "content": {"application/problem+json": {"schema": known[ReloadProblem]}},
    }
    name = in_path("name", {"type": "string"})
    return {
        "/api/v1/plugins": shown("Plugins, with their states", PluginList, known, tag="plugins"),
        "/api/v1/plugins/{name}": shown(
            "All of a plugin", FullPlugin, known, "not_found", tag="plugins", parameters=[name]
        ),
        "/api/v1/reload": operation(
            "post",
            "Read the configuration and the plugins again",
            known,
            tag="plugins",
            answers={"200": json_body("What has changed", known[Changes]), "422": refused},
            codes=(*READ, "not_found", "reloading", "starting", "draining"),
        ),
    }


GROUP = Group(kinds=(PluginList, FullPlugin, Changes, ReloadProblem), paths=_paths)
