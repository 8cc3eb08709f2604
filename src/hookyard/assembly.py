"""From a configuration to the rooms it describes, with every problem any of them has with it.

A server starts only where `problems` is empty: wrong YAML does not serve. One broken plugin is another matter, since
it must not keep the others from running: what it leaves without effect is in `degraded`, which `hookyard check`
reports as well.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

from hookyard.auth import jwt
from hookyard.clock import SystemClock
from hookyard.config import Loaded
from hookyard.dispatch.schedules import degraded_schedules, schedule_problems
from hookyard.errors import Problem
from hookyard.host.load import load
from hookyard.host.registry import Registry
from hookyard.inbound import own
from hookyard.inbound.degraded import degraded_sources
from hookyard.inbound.sources import Sources, SourcesError, inactive_routes
from hookyard.inbound.unreached import unreached_routes
from hookyard.outbound import Outbound


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a configuration amounts to once its plugins are loaded."""

    registry: Registry
    sources: Sources
    """Empty when there are problems with them."""
    problems: tuple[Problem, ...]
    """What keeps a server from starting."""
    degraded: tuple[Problem, ...]
    """What does not: routes and schedules whose plugins do not run, routes that
    nothing reaches, sources whose secrets have expired."""


def assemble(loaded: Loaded, before: Registry | None = None, began: Callable[[str], None] | None = None) -> Assembly:
    """Load the plugins and compile the sources of a configuration.

    Args:
        loaded: the configuration.
        before: what runs now; what has not changed since is taken from there.
        began: called with the name of each plugin before it is imported or asked what it is.
    """
    registry = load(loaded.config, loaded.base, before, began)
    inactive = registry.inactive()
    found = list(registry.problems)
    try:
        hooks = {active.plugin.name: active.plugin.hooks.keys() for active in registry.active}
        hooks[own.plugin.name] = own.plugin.hooks.keys()
        sources = Sources.build(loaded.config, registry.commands, inactive, hooks)
    except SourcesError as error:
        sources = Sources({})
        found += error.problems
    found += schedule_problems(loaded.config, registry.commands, inactive)
    found += Outbound.problems(loaded.config)
    found += jwt.problems(loaded.config.jwt, loaded.base)
    degraded = [
        *inactive_routes(loaded.config, inactive),
        *degraded_sources(loaded.config, SystemClock().now()),
        *unreached_routes(loaded.config, sources.by_name),
        *degraded_schedules(loaded.config, inactive),
    ]
    return Assembly(registry, sources, _located(loaded, found), _located(loaded, degraded))


def apart_from_plugins(loaded: Loaded) -> Iterator[tuple[str, str]]:
    """What is wrong with a configuration whatever plugins there are; of one that could not be read whole as well."""
    yield from Outbound.problems(loaded.config)
    yield from jwt.problems(loaded.config.jwt, loaded.base)
    try:
        Sources.build(loaded.config, {}, _Any())
    except SourcesError as error:
        yield from error.problems


class _Any(Container[str]):
    """Stands for plugins of which nothing is known: any may be there."""

    def __contains__(self, name: object) -> bool:
        return True


def _located(loaded: Loaded, found: Iterable[tuple[str, str]]) -> tuple[Problem, ...]:
    problems = (loaded.problem(path, message) for path, message in found)
    return tuple(sorted(problems, key=lambda problem: problem.line))
