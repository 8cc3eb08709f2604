"""The document as a whole."""

from functools import cache
from importlib.metadata import version
from typing import Final

import msgspec

from hookyard.gateway.deps import GatewayDeps
from hookyard.gateway.openapi import (
    audit,
    changes,
    deliveries,
    endpoints,
    event_types,
    events,
    health,
    jobs,
    lanes,
    plugins,
    schedules,
    sources,
    stream,
    tokens,
    work,
)
from hookyard.gateway.openapi.entry import entry
from hookyard.gateway.openapi.parts import Group, Known, Object, Problem
from hookyard.gateway.openapi.webhooks import webhooks
from hookyard.schema import components

GROUPS: Final[tuple[Group, ...]] = (
    plugins.GROUP,
    lanes.GROUP,
    jobs.GROUP,
    changes.GROUP,
    stream.GROUP,
    events.GROUP,
    event_types.GROUP,
    health.GROUP,
    tokens.GROUP,
    audit.GROUP,
    schedules.GROUP,
    sources.GROUP,
    endpoints.GROUP,
    deliveries.GROUP,
    work.GROUP,
)
"""All groups but the ways in, which follow from the configuration."""


def document(deps: GatewayDeps) -> bytes:
    """Write the document, as JSON."""
    commands = sorted(deps.registry.commands.values(), key=lambda command: command.key)
    described, types = components(command.spec for command in commands)
    sent, sent_types = webhooks(deps.registry.events)
    groups = (entry(deps, described), *GROUPS)
    kinds = dict.fromkeys([Problem, *(kind for group in groups for kind in group.kinds)])
    queries = dict.fromkeys(kind for group in groups for kind in group.queries)
    known = _known(tuple(kinds), tuple(queries))
    paths: Object = {}
    for group in groups:
        for path, operations in group.paths(known).items():
            paths.setdefault(path, {}).update(operations)
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
            "webhooks": sent,
            "components": {
                "schemas": known.components | types | sent_types,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                },
            },
        }
    )


@cache
def _known(kinds: tuple[type, ...], queries: tuple[type, ...]) -> Known:
    """The schemas of Hookyard's own bodies: the same at every reload, and most of the work."""
    return Known(kinds, queries)
