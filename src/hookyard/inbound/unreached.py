"""Routes that never run: told at check and at start, which go on."""

from collections.abc import Iterator, Mapping

from hookyard.config.model import Config, TemplateScheme
from hookyard.config.model.schemes import Place
from hookyard.inbound.problem import Found
from hookyard.inbound.routes import Route
from hookyard.inbound.source import Source

_ALONE = "webhook"
"""The event of a sender that names none."""


def unreached_routes(config: Config, sources: Mapping[str, Source]) -> Iterator[Found]:
    """Every route that no event can come to.

    Args:
        config: the configuration.
        sources: those that were made of it.
    """
    for name, source in sources.items():
        where = f"sources.{name}.routes"
        only = _only_event(source, config)
        for at, route in enumerate(source.routes):
            if only is not None and not route.events.take(only):
                yield f"{where}[{at}].on", f"never runs: every request here is the event {only!r}"
                continue
            before = _taken_before(route, source.routes[:at], _pings(route, source)) if source.take == "first" else None
            if before is not None:
                why = f"never runs: routes[{before}] takes all of its events before it"
                yield f"{where}[{at}]", f"{why}; put it first, or write take: all"


def _only_event(source: Source, config: Config) -> str | None:
    """The event that every request is; None where senders say which."""
    settings = config.sources[source.name].scheme
    template = settings if isinstance(settings, TemplateScheme) else None
    if template is None and source.scheme is not None and source.scheme.preset is not None:
        template = source.scheme.preset.template
    if template is None:
        return None
    if template.event is None:
        return _ALONE
    return template.event.constant if isinstance(template.event, Place) else None


def _pings(route: Route, source: Source) -> frozenset[str]:
    """The events that a route names and a glob does not take, since they are pings; to a plugin any may be one."""
    return route.events.names if source.scheme is None else route.events.names & source.scheme.reader.pings


def _taken_before(route: Route, earlier: tuple[Route, ...], pings: frozenset[str]) -> int | None:
    """The first of these that takes whatever this one would; None when it is left something, as far as is known."""
    names = _names(route)
    for at, other in enumerate(earlier):
        if other.condition is not None or not pings <= other.events.names:
            continue
        if other.events.any and other.typed is None:
            return at
        if names and all(_takes(other, name) for name in names):
            return at
    return None


def _names(route: Route) -> frozenset[str]:
    """The events that come to a route, where they are known by their names; else none."""
    if route.typed is not None:
        return route.events.among(route.typed.events)
    return frozenset() if route.events.any or route.events.globs is not None else route.events.names


def _takes(route: Route, event: str) -> bool:
    return route.events.take(event) and (route.typed is None or event in route.typed.events)
