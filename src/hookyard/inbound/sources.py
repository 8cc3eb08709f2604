"""The sources of a configuration, checked against the commands they name."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from hookyard.config.model import Config, RouteSettings, SourceSettings
from hookyard.errors import HookyardError
from hookyard.host.registry import Command
from hookyard.inbound.check import Found, compile_mapping
from hookyard.inbound.scheme import scheme_of
from hookyard.inbound.source import Route, Source


class SourcesError(HookyardError):
    """The sources of the configuration have problems, all of them in `problems`."""

    code = "config"

    def __init__(self, problems: Sequence[Found]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = tuple(problems)


class Sources:
    """The sources by name."""

    def __init__(self, by_name: Mapping[str, Source]) -> None:
        self.by_name = by_name

    @classmethod
    def build(cls, config: Config, commands: Mapping[str, Command], inactive: Collection[str] = ()) -> "Sources":
        """Compile every source.

        Args:
            config: the configuration.
            commands: those that can run, by `plugin/command`.
            inactive: plugins that were found and do not run: what commands they have is not known, so a route
                may name any of them. :func:`inactive_routes` says which do.

        Raises:
            SourcesError: with every problem there is, each with its key path.

        """
        problems: list[Found] = []
        built = {
            name: _source(name, settings, commands, inactive, problems) for name, settings in config.sources.items()
        }
        if problems:
            raise SourcesError(problems)
        return cls(built)


def inactive_routes(config: Config, inactive: Mapping[str, str]) -> Iterator[Found]:
    """Every route whose plugin was found and does not run, so that its events are answered 503.

    Args:
        config: the configuration.
        inactive: the state of each such plugin, by name.
    """
    for name, source in config.sources.items():
        for at, route in enumerate(source.routes):
            plugin = _plugin_of(route)
            if plugin in inactive:
                yield f"sources.{name}.routes[{at}].run", f"the plugin {plugin} is {inactive[plugin]}"


def _source(
    name: str,
    settings: SourceSettings,
    commands: Mapping[str, Command],
    inactive: Collection[str],
    problems: list[Found],
) -> Source:
    where = f"sources.{name}"
    return Source(
        name=name,
        principal=f"source:{name}",
        scheme=scheme_of(settings.scheme),
        secrets=tuple(secret.reveal().encode() for secret in settings.secrets),
        routes=tuple(
            _route(route, commands, inactive, f"{where}.routes[{at}]", problems)
            for at, route in enumerate(settings.routes)
        ),
        window=settings.dedupe_window,
    )


def _plugin_of(route: RouteSettings) -> str:
    return route.run.partition("/")[0]


def _route(
    settings: RouteSettings,
    commands: Mapping[str, Command],
    inactive: Collection[str],
    where: str,
    problems: list[Found],
) -> Route:
    command = commands.get(settings.run)
    if command is None and _plugin_of(settings) not in inactive:
        problems.append((f"{where}.run", f"there is no command {settings.run!r}"))
    mapping = None
    if settings.with_ is not None and command is not None:
        mapping = compile_mapping(settings.with_, command.spec.input_type, f"{where}.with", problems)
    events = (settings.on,) if isinstance(settings.on, str) else settings.on
    if not events or not all(events):
        problems.append((f"{where}.on", "an event has no name; write '*' for any"))
    return Route(frozenset(events), settings.run, settings.priority, mapping)
