"""The reference page of outgoing events, written from the catalogue."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from hookyard.outbound.events.catalogue import EVENT_TYPES, EventType, Group, sample
from hookyard.schema import of_type

_MOMENT: Final = 1_767_323_045_678
"""When everything on the page happens."""
_INTRO: Final = """\
# Outgoing events

Every event that Hookyard tells [endpoints](outgoing-webhooks.md) of itself, what it says, and a sample, as
`POST /api/v1/endpoints/{name}/test` sends it. A body is always `{"type": ..., "timestamp": ..., "data": ...}`, where
`timestamp` is when it happened, also of one that is sent again or replayed days later. `GET /api/v1/event-types` lists
all of them, with those of plugins, and `GET /api/v1/event-types/{type}` has the JSON Schema of the whole body. A later
Hookyard may say more in them, and never less: take no offence at members that you do not know.

An endpoint's `events` name them, with globs: `job.*` is every end of a job. Its `commands` choose by the command that
they are of; those of Hookyard's own are of `hookyard/endpoint`, `hookyard/delivery`, `hookyard/breaker` and
`hookyard/schedule`.

Some are **quiet**: there is much of them, so no glob finds them, and an endpoint gets one only by naming it. They come
beside the transactions of what they tell of, so that a crash may lose one; they are not kept among the events
(`GET /api/v1/events`, the hook `event_emitted`), and so [not replayed](../how-to/recover-deliveries.md).

What is of a tenant - its jobs, their events, its endpoints and schedules - is told to endpoints of that tenant, and to
those without one. An event about an endpoint is never told to that endpoint itself. So whoever runs the server makes an
endpoint without a tenant that listens to `endpoint.*`, `delivery.failed` and `breaker.*`, best with another receiver
than all the others.

<!-- Written by `python -m hookyard.outbound.events`; a test holds it to the catalogue. -->
"""
_GROUPS: Final[Mapping[Group, tuple[str, str]]] = {
    "job": (
        "Jobs",
        "`data` is about the job. Of the last four every job has one in the end.",
    ),
    "endpoint": (
        "Endpoints",
        "In `data` are `event_id`, `plugin`, `command` (`endpoint`) and `payload`, written with what it tells of.",
    ),
    "delivery": (
        "Deliveries",
        """\
As those of endpoints, with `delivery` as `command`. What failed for good is a dead letter: its schedule is used up,
its receiver said `abort` or answered 410, no request may go where it leads, it was too large, or its endpoint was
disabled by its receiver. The first of an endpoint is told in the transaction that ends it (one that was too large,
right after the transaction that made it). For a minute after that the endpoint's others are only counted; when the
minute is over and there were any, one event tells of the last of them, with their number as `failed`, and the next
minute begins. So a thousand that fail at once are two events, and no more than one a minute comes of an endpoint,
however long it goes on. All callback URLs of a tenant together count as one endpoint. A server that stops tells at
once what it has counted; one that is killed forgets that number, not the dead letters (`hookyard deliveries list
--dead`), and tells of the next one as of a first.

Nothing is told of what was abandoned, purged or ended by the removal of its endpoint, since somebody wanted that, nor
of a sample; and never of a delivery of `delivery.failed`, `endpoint.*` or `breaker.*`, or endpoints of operators that
are away themselves would tell each other of it without end. That such an endpoint has dead letters, `hookyard
endpoints stats` says.""",
    ),
    "breaker": (
        "Breakers",
        "As those of endpoints, with `breaker` as `command`. One is of a command or of an endpoint.",
    ),
    "schedule": ("Schedules", "As those of endpoints, with `schedule` as `command`."),
}
_PLUGINS: Final = """\
## What plugins emit

`ctx.emit(type, data)` tells an event of the command's own: `data` has `event_id`, `plugin`, `command`, `job_id` and, as
`payload`, what the command said. It is written in the transaction that ends the job, whatever its end. A plugin
that [declares its events](plugins.md#events) has them in the list with their schemas.

```json
{"type": "order.placed", "timestamp": "2026-01-02T03:04:05.678Z",
 "data": {"event_id": "019b7c9e-0d4e-7000-8000-000000000001", "plugin": "shop", "command": "buy",
          "job_id": "019b7c9e-0d4e-7000-8000-000000000000", "payload": {"number": 7}}}
```
"""


def page() -> str:
    """All of it, as Markdown."""
    parts = [_INTRO, _table()]
    for group, (title, about) in _GROUPS.items():
        parts.append(f"## {title}\n\n{about}\n")
        parts += [_section(each) for each in EVENT_TYPES if each.group == group]
    return "\n".join([*parts, _PLUGINS])


def _table() -> str:
    rows = [f"| `{each.type}` | {'yes' if each.quiet else ''} | {each.description} |" for each in EVENT_TYPES]
    return "\n".join(["| type | quiet | when |", "|---|---|---|", *rows, ""])


def _section(event_type: EventType) -> str:
    body = msgspec.json.format(sample(event_type, _MOMENT), indent=2).decode()
    members = "\n".join(_members(event_type))
    head = "| in `payload` | what |" if event_type.emitted else "| in `data` | what |"
    return (
        f"### `{event_type.type}`\n\n{event_type.description}\n\n{head}\n|---|---|\n{members}\n\n```json\n{body}\n```\n"
    )


def _members(event_type: EventType) -> Iterator[str]:
    told = of_type(event_type.data)
    types: dict[str, Any] = told["$defs"]
    whole = types[told["$ref"].rpartition("/")[2]]
    for name, schema in whole["properties"].items():
        optional = "" if name in whole["required"] else "; may be left out"
        about = " ".join(str(schema.get("description", "")).split())
        about = f" {about}" if about else ""
        yield f"| `{name}` | {_kind(schema, types)}{optional}.{about} |"


def _kind(schema: Mapping[str, Any], types: Mapping[str, Any]) -> str:
    """What a value is, in a few words."""
    if "$ref" in schema:
        inner = types[schema["$ref"].rpartition("/")[2]]
        return "object of " + ", ".join(f"`{name}`" for name in inner["properties"])
    if "anyOf" in schema:
        return " or ".join(_kind(each, types) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if "type" not in schema:
        return "any JSON"
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'], types)}"
    words = {"date-time": "time", "uuid": "id"}
    plain = {"string": "text", "integer": "number", "boolean": "true or false", "null": "null"}
    return words.get(schema.get("format", ""), plain.get(schema["type"], "object"))
