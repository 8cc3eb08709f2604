"""What the types alone cannot say about a configuration, and what needs no plugin to be known."""

from collections.abc import Iterator
from typing import Final

from hookyard.config.model import Config
from hookyard.config.schedules.rule import schedule_findings
from hookyard.networks import network_problem

_SHORTEST_LEASE: Final = 100
"""Milliseconds; heartbeats come several times within it."""


def findings(config: Config) -> Iterator[tuple[str, str]]:
    """Every problem, as a key path and a message."""
    yield from _tokens(config)
    yield from _proxies(config)
    yield from _durations(config)
    yield from schedule_findings(config.schedules)


def _tokens(config: Config) -> Iterator[tuple[str, str]]:
    names: dict[str, int] = {}
    digests: dict[str, int] = {}
    for index, token in enumerate(config.tokens):
        at = f"tokens[{index}]"
        if (first := names.setdefault(token.name, index)) != index:
            yield f"{at}.name", f"tokens[{first}] has this name already; logs could not tell them apart"
        if (first := digests.setdefault(token.sha256.lower(), index)) != index:
            yield f"{at}.sha256", f"tokens[{first}] is the same token; give each caller one of its own"


def _proxies(config: Config) -> Iterator[tuple[str, str]]:
    for index, network in enumerate(config.server.trusted_proxies):
        if why := network_problem(network):
            yield f"server.trusted_proxies[{index}]", why


def _durations(config: Config) -> Iterator[tuple[str, str]]:
    outbound = config.outbound
    for path, value, least in (
        ("jobs.timeout", config.jobs.timeout, 1),
        ("jobs.lease", config.jobs.lease, _SHORTEST_LEASE),
        ("outbound.timeout", outbound.timeout, 1),
        ("outbound.connect_timeout", outbound.connect_timeout, 1),
    ):
        if value < least:
            yield path, f"expected at least {least} ms"
    if outbound.connect_timeout > outbound.timeout:
        part, whole = outbound.connect_timeout.text, outbound.timeout.text
        yield "outbound.connect_timeout", f"{part} is longer than outbound.timeout, {whole}, which holds it"
    if config.server.max_body < 1:
        yield "server.max_body", "expected at least 1 byte"
