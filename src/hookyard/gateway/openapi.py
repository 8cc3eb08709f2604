"""The OpenAPI document: one path for every command that can run, with the types it really takes and gives."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hookyard.gateway.artifacts import ArtifactList
from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.envelope import Envelope
from hookyard.gateway.events import EventListQuery, EventPage
from hookyard.gateway.health import HealthView
from hookyard.gateway.joblog import LogPage, LogQuery
from hookyard.gateway.jobs import ListQuery
from hookyard.gateway.openapi_jobs import job_paths
from hookyard.gateway.openapi_parts import READ, SECURITY, Object, header, json_body, name_of, problems
from hookyard.gateway.openapi_plugins import ReloadProblem, plugin_paths
from hookyard.gateway.views import FullJob, JobPage, ShortJob
from hookyard.host.changes import Changes
from hookyard.host.registry import Command
from hookyard.host.views import FullPlugin, PluginList
from hookyard.inbound import Source
from hookyard.schema import CommandSchema, components
from hookyard.signature import type_hook

_ENTRY: Final = (
    "invalid_request",
    "invalid_json",
    "invalid_input",
    "too_large",
    "idempotency_mismatch",
    "internal",
    "busy",
)
_TRIGGER: Final = ("unauthenticated", "forbidden", "unsupported_media_type", *_ENTRY)


class Problem(Struct, kw_only=True):
    """Every error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """A word that a program can act on."""
    retryable: bool
    """Whether the same call may succeed later, unchanged."""
    request_id: str
    path: str | UnsetType = UNSET
    """The JSON path of what was wrong in the body."""
    job_id: str | UnsetType = UNSET
    """The job that an idempotency key stands for."""
    limit: int | UnsetType = UNSET
    """The largest body, in bytes."""


class AcceptedJob(Struct, kw_only=True):
    """A stored job."""

    job_id: str
    status: str
    plugin: str
    command: str
    duplicate: bool | UnsetType = UNSET
    """True when the same request had stored it before."""


class Taken(Struct, kw_only=True):
    """An event that makes no job."""

    status: str
    """`ok` for a ping, `ignored` when no route takes the event."""
    event: str


def document(deps: GatewayDeps) -> bytes:
    """Write the document, as JSON."""
    commands = sorted(deps.registry.commands.values(), key=lambda command: command.key)
    described, types = components(command.spec for command in commands)
    own: list[Any] = [
        *(Problem, AcceptedJob, Taken, ShortJob, FullJob, JobPage, HealthView, LogPage, ArtifactList, EventPage),
        *(PluginList, FullPlugin, Changes, ReloadProblem),
        *(ListQuery, LogQuery, EventListQuery, Envelope),
    ]
    schemas, own_types = msgspec.json.schema_components(
        own, schema_hook=type_hook, ref_template="#/components/schemas/{name}"
    )
    names = [
        *("problem", "accepted", "taken", "short", "full", "page", "health", "log", "artifacts", "events"),
        *("plugins", "plugin", "changes", "reload_problem"),
    ]
    known: dict[str, Object] = dict(zip(names, schemas, strict=False))
    *asked, envelope = (own_types.pop(name_of(schema)) for schema in schemas[len(names) :])
    paths: Object = {
        f"/trigger/{command.key}": {"post": _trigger(command, described[command.key], envelope, known)}
        for command in commands
    }
    paths |= {f"/hooks/{name}": {"post": _hook(source, known)} for name, source in sorted(deps.sources.by_name.items())}
    paths |= plugin_paths(known)
    paths |= job_paths(dict(zip(("jobs", "log", "events"), asked, strict=True)), known) | _plain_paths(known)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Hookyard",
                "version": version("hookyard"),
                "description": "Typed plugin commands behind a durable webhook gateway.",
            },
            "x-plugins": {each.name: each.version for each in deps.registry.plugins if each.state == "active"},
            "paths": paths,
            "components": {
                "schemas": own_types | types,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                },
            },
        }
    )


def _trigger(command: Command, schema: CommandSchema, envelope: Object, known: Mapping[str, Object]) -> Object:
    spec = command.spec
    needed = any(field.required for field in msgspec.structs.fields(spec.input_type))
    body: Object = {**envelope, "title": f"{spec.key}: request"}
    body["properties"] = {**envelope["properties"], "payload": schema.input}
    body["required"] = ["payload"] if needed else []
    finished: Object = {"allOf": [known["short"], {"properties": {"result": schema.output}}]}
    return {
        "operationId": f"trigger {spec.key}",
        "tags": [spec.plugin],
        "summary": spec.summary,
        "description": spec.description,
        "deprecated": spec.options.deprecated,
        "x-idempotent": spec.options.idempotent,
        "x-read-only": spec.options.read_only,
        "security": SECURITY,
        "parameters": [
            header("Prefer", "`wait=N` holds the answer up to N seconds for the result (RFC 7240)."),
            header("Idempotency-Key", "The same key and body make one job."),
            header("X-Request-Id", "Returned, logged and kept with the job; made if left out."),
        ],
        "requestBody": {"required": needed, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": json_body("The job has ended; only after `Prefer: wait`.", finished),
            "202": json_body("The job is on disk.", known["accepted"], {"Location": {"schema": {"type": "string"}}}),
            **problems(_TRIGGER, known),
        },
    }


def _hook(source: Source, known: Mapping[str, Object]) -> Object:
    signed: list[Object] = []
    description = f"The plugin {source.verifier} verifies it."
    if source.scheme is not None:
        signature = source.scheme.header.decode()
        description = f"The raw body is signed in `{signature}`."
        signed = [{**header(signature, "The signature of the raw body."), "required": True}]
    return {
        "operationId": f"hook {source.name}",
        "tags": ["inbound"],
        "summary": f"Inbound webhooks of {source.name}",
        "description": description,
        "parameters": signed,
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
        "responses": {
            "200": json_body("A ping, or an event that no route takes.", known["taken"]),
            "202": json_body("The job is on disk.", known["accepted"]),
            **problems(("invalid_signature", "plugin_unavailable", *_ENTRY), known),
        },
    }


def _plain_paths(known: Mapping[str, Object]) -> Object:
    status: Object = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}

    def health(summary: str, *codes: str) -> Object:
        responses = {"200": json_body(summary, status), **problems(codes, known)}
        return {"get": {"operationId": summary, "tags": ["health"], "summary": summary, "responses": responses}}

    return {
        "/healthz": health("The process lives"),
        "/readyz": health("Work can be taken", "store_unavailable"),
        "/api/v1/health": {
            "get": {
                "operationId": "How the server and its plugins are",
                "tags": ["health"],
                "summary": "How the server and its plugins are",
                "security": SECURITY,
                "responses": {"200": json_body("As it is.", known["health"]), **problems(READ, known)},
            }
        },
    }
