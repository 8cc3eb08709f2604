"""The sources of a configuration, checked against the commands they name."""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence

from msgspec import Struct

from hookyard.config.model import (
    MINUTE,
    Config,
    PluginScheme,
    PresetScheme,
    RouteSettings,
    SourceSettings,
)
from hookyard.errors import HookyardError
from hookyard.host.registry import Command
from hookyard.inbound import own, presets
from hookyard.inbound.preset import Preset
from hookyard.inbound.problem import Found, SchemeError
from hookyard.inbound.routes import Known, compile_routes
from hookyard.inbound.scheme import Scheme, scheme_of
from hookyard.inbound.secrets import SourceSecret, keys_of, secrets_of
from hookyard.inbound.source import Source
from hookyard.inbound.terms import terms_of, useless_terms
from hookyard.inbound.verifier import Key, Located, Timed
from hookyard.networks import Networks, network_problem


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
        inactive: Container[str] = (),
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
        public = (config.server.public_url or "").rstrip("/")
        built = {name: _source(name, settings, there, public, problems) for name, settings in config.sources.items()}
        if problems:
            raise SourcesError(problems)
        return cls({name: source for name, source in built.items() if source is not None})


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
    inactive: Container[str]
    hooks: Mapping[str, Collection[str]]

    def check_hook(self, plugin: str, hook: str, where: str, problems: list[Found]) -> None:
        """Report a plugin that is nowhere, or that does not implement a hook; of an inactive one that is not known."""
        if plugin in self.inactive:
            return
        if plugin not in self.hooks:
            problems.append((where, f"there is no plugin {plugin!r}"))
        elif hook not in self.hooks[plugin]:
            problems.append((where, f"the plugin {plugin} does not implement the hook {hook}"))


def _source(name: str, settings: SourceSettings, there: _Plugins, public: str, problems: list[Found]) -> Source | None:
    where = f"sources.{name}"
    secrets = secrets_of(settings.secrets, f"{where}.secrets", problems)
    scheme, plugin = None, None
    keys: tuple[Key, ...] = ()
    if isinstance(settings.scheme, PluginScheme):
        plugin = settings.scheme.plugin
        there.check_hook(plugin, "verify_webhook", f"{where}.scheme.plugin", problems)
        if plugin == own.plugin.name:
            found = [own.secret_problem(secret.text) for secret in secrets]
            problems.extend((f"{where}.secrets[{at}]", why) for at, why in enumerate(found) if why is not None)
    else:
        try:
            scheme = scheme_of(settings.scheme)
        except SchemeError as error:
            problems.extend((_below(f"{where}.scheme", key), sentence) for key, sentence in error.problems)
        else:
            useless: list[tuple[int, str]] = []
            keys = keys_of(secrets, scheme.verifier, useless)
            problems.extend((f"{where}.secrets[{number}]", why) for number, why in useless)
    sender = _sender(settings)
    preset = None if sender is None else presets.load(sender)
    _check_secrets(secrets, preset, where, problems)
    problems += useless_terms(settings, f"{where}.handshake")
    url = settings.url or (f"{public}/hooks/{name}" if public else "")
    if scheme is not None and not url and isinstance(scheme.verifier, Located) and scheme.verifier.needs_url:
        problems.append((f"{where}.url", "this sender signs the URL, so it must be here, or server.public_url be set"))
    pings = frozenset[str]() if scheme is None else scheme.reader.pings
    known = Known(host=None if preset is None else preset.host, sender=sender, pings=pings)
    routes = compile_routes(settings.routes, there, known, where=f"{where}.routes", problems=problems)
    if scheme is None and plugin is None:
        return None
    return Source(
        name=name,
        principal=f"source:{name}",
        scheme=scheme,
        plugin=plugin,
        keys=keys,
        secrets=secrets,
        expiring=any(secret.until is not None for secret in secrets),
        routes=routes,
        take=settings.take,
        window=_window(settings, scheme, f"{where}.dedupe_window", problems),
        networks=_networks(settings.allow, f"{where}.allow", problems),
        rate=settings.rate,
        terms=terms_of(settings),
        invalid_status=settings.invalid_status,
        url=url,
        keeps_headers=any(route.looks_at_headers for route in routes),
    )


def _sender(settings: SourceSettings) -> str | None:
    """The preset that is named, also where its settings are wrong."""
    scheme = settings.scheme
    name = scheme.preset if isinstance(scheme, PresetScheme) else scheme
    return name if isinstance(name, str) else None


def _check_secrets(secrets: Sequence[SourceSecret], preset: Preset | None, where: str, problems: list[Found]) -> None:
    """Nobody gets in without a secret, but where the scheme has none."""
    if not secrets and (preset is None or preset.needs_secrets):
        what = "the secret" if preset is None else preset.secret
        problems.append((f"{where}.secrets", f"there is none; without {what} nobody could be let in"))


def _window(settings: SourceSettings, scheme: Scheme | None, where: str, problems: list[Found]) -> int:
    """How long a delivery id is kept; a request must not outlive it, or it could be sent again and count as new."""
    verifier: object = None if scheme is None else scheme.verifier
    tolerance = verifier.tolerance if isinstance(verifier, Timed) else None
    if isinstance(settings.scheme, PluginScheme) and settings.scheme.plugin == own.plugin.name:
        tolerance = own.TOLERANCE
    if tolerance is not None and settings.dedupe_window < 2 * tolerance:
        least = f"must be at least {2 * tolerance / 1000:g} s, twice the tolerance"
        problems.append((where, f"{least}, or a request could be sent again and be new"))
    elif settings.dedupe_window < MINUTE:
        problems.append((where, "must be at least 60 s, or what a sender tries again would be new"))
    return settings.dedupe_window


def _networks(allow: Sequence[str], where: str, problems: list[Found]) -> Networks | None:
    found = [network_problem(text) for text in allow]
    problems.extend((f"{where}[{at}]", why) for at, why in enumerate(found) if why is not None)
    good = [text for text, why in zip(allow, found, strict=True) if why is None]
    return Networks(good) if allow else None


def _below(place: str, key: str) -> str:
    return f"{place}.{key}" if key else place


def _plugin_of(route: RouteSettings) -> str:
    return route.run.partition("/")[0]
