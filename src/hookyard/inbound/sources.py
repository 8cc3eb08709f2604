"""The sources of a configuration, checked against the commands they name."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from hookyard.config.model import Config, PluginScheme, RouteSettings, SourceSettings
from hookyard.errors import HookyardError
from hookyard.host.registry import Command
from hookyard.inbound import own
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
    def build(
        cls,
        config: Config,
        commands: Mapping[str, Command],
        inactive: Collection[str] = (),
        hooks: Mapping[str, Collection[str]] | None = None,
    ) -> "Sources":
        """Compile every source.

        Args:
            config: the configuration.
            commands: those that can run, by `plugin/command`.
            inactive: plugins that were found and do not run: what commands they have is not known, so a route
                may name any of them. :func:`inactive_routes` says which do.
            hooks: the names of the hooks that each active plugin implements.

        Raises:
            SourcesError: with every problem there is, each with its key path.

        """
        problems: list[Found] = []
        there = _Plugins(commands, inactive, hooks or {})
        built = {name: _source(name, settings, there, problems) for name, settings in config.sources.items()}
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
        if isinstance(source.scheme, PluginScheme) and source.scheme.plugin in inactive:
            plugin = source.scheme.plugin
            yield f"sources.{name}.scheme.plugin", f"the plugin {plugin} is {inactive[plugin]}"
        for at, route in enumerate(source.routes):
            plugin = _plugin_of(route)
            if plugin in inactive:
                yield f"sources.{name}.routes[{at}].run", f"the plugin {plugin} is {inactive[plugin]}"
            if route.map is not None and route.map in inactive:
                yield f"sources.{name}.routes[{at}].map", f"the plugin {route.map} is {inactive[route.map]}"


class _Plugins(Struct, frozen=True):
    """What is there to be named."""

    commands: Mapping[str, Command]
    inactive: Collection[str]
    hooks: Mapping[str, Collection[str]]

    def check_hook(self, plugin: str, hook: str, where: str, problems: list[Found]) -> None:
        """Report a plugin that is nowhere, or that does not implement a hook; of an inactive one that is not known."""
        if plugin in self.inactive:
            return
        if plugin not in self.hooks:
            problems.append((where, f"there is no plugin {plugin!r}"))
        elif hook not in self.hooks[plugin]:
            problems.append((where, f"the plugin {plugin} does not implement the hook {hook}"))


def _source(name: str, settings: SourceSettings, there: _Plugins, problems: list[Found]) -> Source:
    where = f"sources.{name}"
    verifier = settings.scheme.plugin if isinstance(settings.scheme, PluginScheme) else None
    if verifier is not None:
        there.check_hook(verifier, "verify_webhook", f"{where}.scheme.plugin", problems)
    if verifier == own.plugin.name:
        found = [own.secret_problem(secret.reveal()) for secret in settings.secrets]
        problems.extend((f"{where}.secrets[{at}]", why) for at, why in enumerate(found) if why is not None)
    return Source(
        name=name,
        principal=f"source:{name}",
        scheme=None if isinstance(settings.scheme, PluginScheme) else scheme_of(settings.scheme),
        verifier=verifier,
        secrets=tuple(secret.reveal().encode() for secret in settings.secrets),
        routes=tuple(
            _route(route, there, f"{where}.routes[{at}]", problems) for at, route in enumerate(settings.routes)
        ),
        window=settings.dedupe_window,
    )


def _plugin_of(route: RouteSettings) -> str:
    return route.run.partition("/")[0]


def _route(settings: RouteSettings, there: _Plugins, where: str, problems: list[Found]) -> Route:
    command = there.commands.get(settings.run)
    if command is None and _plugin_of(settings) not in there.inactive:
        problems.append((f"{where}.run", f"there is no command {settings.run!r}"))
    mapping = None
    if settings.with_ is not None and command is not None:
        mapping = compile_mapping(settings.with_, command.spec.input_type, f"{where}.with", problems)
    if settings.map is not None:
        there.check_hook(settings.map, "map_input", f"{where}.map", problems)
        if settings.with_ is not None:
            problems.append((f"{where}.map", "there is a with too; the input is made by one of them"))
    events = (settings.on,) if isinstance(settings.on, str) else settings.on
    if not events or not all(events):
        problems.append((f"{where}.on", "an event has no name; write '*' for any"))
    return Route(frozenset(events), settings.run, settings.priority, mapping, settings.map)
