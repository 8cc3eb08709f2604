"""What the types alone cannot say about a configuration, and what needs no plugin to be known."""

import re
from collections.abc import Iterator
from typing import Final

from hookyard.config.model import Config

SCOPE_NAMES: Final = ("admin", "jobs:read", "trigger:ro")
"""The scopes that stand for themselves; the other kind is `trigger:<plugin>/<command>`, with globs."""

_TRIGGER: Final = re.compile(r"trigger:[A-Za-z0-9_.*?\[\]!-]+(/[A-Za-z0-9_.*?\[\]!-]+)?")
_LANE: Final = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")
_SECOND: Final = 1000


def findings(config: Config) -> Iterator[tuple[str, str]]:
    """Every problem, as a key path and a message."""
    yield from _tokens(config)
    yield from _lanes(config)
    yield from _durations(config)


def _tokens(config: Config) -> Iterator[tuple[str, str]]:
    names: dict[str, int] = {}
    digests: dict[str, int] = {}
    for index, token in enumerate(config.tokens):
        at = f"tokens[{index}]"
        if (first := names.setdefault(token.name, index)) != index:
            yield f"{at}.name", f"tokens[{first}] has this name already; logs could not tell them apart"
        if (first := digests.setdefault(token.sha256.lower(), index)) != index:
            yield f"{at}.sha256", f"tokens[{first}] is the same token; give each caller one of its own"
        for number, scope in enumerate(token.scopes):
            if scope not in SCOPE_NAMES and not _TRIGGER.fullmatch(scope):
                known = ", ".join(SCOPE_NAMES)
                yield f"{at}.scopes[{number}]", f"expected {known} or trigger:<plugin>/<command> with globs"


def _lanes(config: Config) -> Iterator[tuple[str, str]]:
    for lane in config.lanes:
        if not _LANE.fullmatch(lane):
            yield f"lanes.{lane}", "expected the name of a lane: plugin/command, or what the command calls it"


def _durations(config: Config) -> Iterator[tuple[str, str]]:
    outbound = config.outbound
    for path, value, least in (
        ("jobs.timeout", config.jobs.timeout, 1),
        ("jobs.lease", config.jobs.lease, _SECOND),
        ("outbound.timeout", outbound.timeout, 1),
        ("outbound.connect_timeout", outbound.connect_timeout, 1),
    ):
        if value < least:
            yield path, f"expected at least {least} ms"
    if outbound.connect_timeout > outbound.timeout:
        yield (
            "outbound.connect_timeout",
            f"longer than outbound.timeout ({outbound.timeout.text}), of which it is a part",
        )
    if config.server.max_body < 1:
        yield "server.max_body", "expected at least 1 byte"
