"""A route: which events it takes, and what it makes of them for its command."""

from collections.abc import Container, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from hookyard.config.model import RouteSettings
from hookyard.host.registry import Command
from hookyard.inbound.problem import Found
from hookyard.inbound.received import Received
from hookyard.inbound.routes.check import compile_mapping, expressions_of
from hookyard.inbound.routes.condition import Condition, compile_condition
from hookyard.inbound.routes.mapping import Node, origin, render
from hookyard.inbound.routes.normal import Known, Typed, compile_typed
from hookyard.inbound.routes.on import Events, compile_events


class There(Protocol):
    """What a route may name."""

    @property
    def commands(self) -> Mapping[str, Command]:
        """Those that can run, by `plugin/command`."""
        ...

    @property
    def inactive(self) -> Container[str]:
        """Plugins that were found and do not run: what commands they have is not known."""
        ...

    def check_hook(self, plugin: str, hook: str, where: str, problems: list[Found]) -> None:
        """Report a plugin that does not implement a hook."""
        ...


class Route(Struct, frozen=True, kw_only=True):
    """Which command an event runs, and with what."""

    command: str
    """As `plugin/command`."""
    priority: int
    mapper: str | None
    """The plugin that makes the input; None: :meth:`args` does."""
    looks_at_headers: bool
    """Whether it is of any use to keep an event's headers."""
    events: Events
    condition: Condition | None
    settings: RouteSettings
    """As the configuration has it."""
    mapping: Node | None
    """None: the body is the input, or what `typed` makes of it."""
    typed: Typed | None
    """None: the command takes no type of ours, or there is a mapping."""

    def takes(self, received: Received) -> bool:
        """Whether this route takes the event: by its name, then by its type, then by the condition.

        Raises:
            Refused: there is a condition, and the event is no JSON (`invalid_json`).
        """
        return (
            self.events.take(received.event)
            and (self.typed is None or self.typed.takes(received))
            and (self.condition is None or self.condition.holds(received))
        )

    def args(self, received: Received) -> bytes:
        """Make the command's input, as JSON; without a mapping the body itself, byte for byte.

        Raises:
            Refused: the body is not JSON (`invalid_json`), or does not have what the input needs (`invalid_input`;
                `path` says where).
        """
        if self.mapping is not None:
            return render(self.mapping, received)
        return received.body if self.typed is None else self.typed.args(received)

    def place(self, path: str) -> str:
        """Where in the body, or in the configuration, what the input has at a path comes from."""
        return path if self.mapping is None else origin(self.mapping, path)


def compile_routes(
    settings: Sequence[RouteSettings], there: There, known: Known, *, where: str, problems: list[Found]
) -> tuple[Route, ...]:
    """Compile the routes of a source, and add all that is wrong with them to `problems`.

    Args:
        settings: as the configuration has them.
        there: what may be named.
        known: of who sends.
        where: the key path of the routes, such as `sources.hub.routes`.
        problems: where to report.

    """
    return tuple(_route(route, there, known, f"{where}[{at}]", problems) for at, route in enumerate(settings))


def _route(settings: RouteSettings, there: There, known: Known, where: str, problems: list[Found]) -> Route:
    command = there.commands.get(settings.run)
    if command is None and settings.run.partition("/")[0] not in there.inactive:
        problems.append((f"{where}.run", f"there is no command {settings.run!r}"))
    if settings.map is not None:
        there.check_hook(settings.map, "map_input", f"{where}.map", problems)
        if settings.with_ is not None:
            problems.append((f"{where}.map", "there is a with too; the input is made by one of them"))
    events = compile_events(settings.on, f"{where}.on", problems)
    condition = None if settings.if_ is None else compile_condition(settings.if_, f"{where}.if", problems)
    mapping, typed = None, None
    if command is not None and settings.with_ is not None:
        mapping = compile_mapping(settings.with_, command.spec.input_type, f"{where}.with", problems)
    elif command is not None and settings.map is None:
        typed = compile_typed(command.spec.input_type, known, events, where, problems)
    seen = mapping is not None and any(each.looks_at_headers for each in expressions_of(mapping))
    return Route(
        command=settings.run,
        priority=settings.priority,
        mapper=settings.map,
        looks_at_headers=seen or (condition is not None and condition.looks_at_headers),
        events=events,
        condition=condition,
        settings=settings,
        mapping=mapping,
        typed=typed,
    )
