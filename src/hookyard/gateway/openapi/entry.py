"""The two ways in, in the OpenAPI document: one path for every command that can run and every source."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.envelope import Envelope
from hookyard.gateway.openapi.parts import SECURITY, Group, Known, Object, header, json_body, problems
from hookyard.gateway.views import ShortJob
from hookyard.host.registry import Command
from hookyard.inbound.source import Source
from hookyard.schema import CommandSchema

_ENTRY: Final = (
    "invalid_request",
    "invalid_json",
    "invalid_input",
    "too_large",
    "idempotency_mismatch",
    "internal",
    "busy",
    "lane_full",
    "request_timeout",
)
TRIGGER: Final = ("unauthenticated", "forbidden", "unsupported_media_type", "dependency_failed", *_ENTRY)
"""What a trigger can be refused with."""
_HOOK: Final = ("invalid_signature", "plugin_unavailable", "unsupported_media_type", "invalid_event", *_ENTRY)


class AcceptedJob(Struct, kw_only=True):
    """A stored job."""

    job_id: str
    status: str
    plugin: str
    command: str
    duplicate: bool | UnsetType = UNSET
    """True when another request had stored it before: the idempotency key or the unique key stands for it."""
    coalesced: bool | UnsetType = UNSET
    """True when a job that waited took this one's input."""


class EventJob(Struct, kw_only=True):
    """The job that an event became, or became when it came before."""

    job_id: str
    status: str
    """`failed` when it is kept as a dead letter; of a duplicate how the job stands, or `forgotten`."""
    plugin: str | UnsetType = UNSET
    """Of the job itself, also of a duplicate; left out when that is forgotten, as is the command."""
    command: str | UnsetType = UNSET
    duplicate: bool | UnsetType = UNSET
    """True when the delivery had come before."""
    coalesced: bool | UnsetType = UNSET
    """True when a job that waited took this one's input."""
    code: str | UnsetType = UNSET
    """Of a dead letter: `invalid_event`, or `plugin_unavailable` when the plugin that maps failed."""
    detail: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    """Where in the event it is not what the command takes, or the key of the route that could not be worked out."""


class EventJobs(Struct, kw_only=True):
    """The jobs of an event that every route was asked about."""

    jobs: list[EventJob]
    duplicate: bool | UnsetType = UNSET
    """True when all of them were there already."""


class Taken(Struct, kw_only=True):
    """An event that makes no job."""

    status: str
    """`ok` for a ping, `ignored` when no route takes the event."""
    event: str


def entry(deps: GatewayDeps, described: Mapping[str, CommandSchema]) -> Group:
    """The group; `described` has the types of every command, by key."""
    commands = sorted(deps.registry.commands.values(), key=lambda command: command.key)
    sources = sorted(deps.sources.by_name.items())

    def paths(known: Known) -> Object:
        triggers = {
            f"/trigger/{command.key}": {"post": _trigger(command, described[command.key], known)}
            for command in commands
        }
        return triggers | {f"/hooks/{name}": {"post": _hook(source, known)} for name, source in sources}

    # What no source answers is no component.
    events = {EventJobs if source.take == "all" else EventJob: None for _, source in sources}
    return Group(kinds=(AcceptedJob, *events, Taken, ShortJob), queries=(Envelope,), paths=paths)


def asking() -> list[Object]:
    """The headers that go with a new job."""
    return [
        header("Prefer", "`wait=N` holds the answer up to N seconds for the result (RFC 7240)."),
        header("Idempotency-Key", "The same key and body make one job."),
        header("X-Request-Id", "Returned, logged and kept with the job; made if left out."),
    ]


def _trigger(command: Command, schema: CommandSchema, known: Known) -> Object:
    spec, envelope = command.spec, known.whole(Envelope)
    needed = any(field.required for field in msgspec.structs.fields(spec.input_type))
    body: Object = {**envelope, "title": f"{spec.key}: request"}
    body["properties"] = {**envelope["properties"], "payload": schema.input}
    body["required"] = ["payload"] if needed else []
    finished: Object = {"allOf": [known[ShortJob], {"properties": {"result": schema.output}}]}
    return {
        "operationId": f"trigger {spec.key}",
        "tags": [spec.plugin],
        "summary": spec.summary,
        "description": spec.description,
        "deprecated": spec.options.deprecated,
        "x-idempotent": spec.options.idempotent,
        "x-read-only": spec.options.read_only,
        "security": SECURITY,
        "parameters": asking(),
        "requestBody": {"required": needed, "content": {"application/json": {"schema": body}}},
        "responses": {
            "200": json_body("The job has ended; only after `Prefer: wait`.", finished),
            "202": json_body("The job is on disk.", known[AcceptedJob], {"Location": {"schema": {"type": "string"}}}),
            **problems(TRIGGER, known),
        },
    }


def _hook(source: Source, known: Known) -> Object:
    description = f"The plugin {source.plugin} verifies it."
    if source.scheme is not None:
        preset = source.scheme.preset
        description = f"Verified as {'the template says' if preset is None else preset.title + ' signs'}."
    return {
        "operationId": f"hook {source.name}",
        "tags": ["inbound"],
        "summary": f"Inbound webhooks of {source.name}",
        "description": description,
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
        "responses": {
            "200": json_body("A ping, or an event that no route takes.", known[Taken]),
            "202": json_body("It is on disk.", known[EventJobs if source.take == "all" else EventJob]),
            **problems(_HOOK, known),
        },
    }
