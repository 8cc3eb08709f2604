"""Who implements what. pluggy finds that out, and checks the parameters; it is immutable once it is built."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pluggy

from hookyard.context import HookContext
from hookyard.hookspecs import HOOKS, PROJECT, HookSpecs
from hookyard.host.hooks.lines import HookLog
from hookyard.host.hooks.records import HookRecord
from hookyard.plugin import HookSpec, Plugin


class Implementation:
    """One plugin's implementation of one hook, and how it does.

    Attributes:
        takes: the names of the parameters that it has.
        stuck: how many of its calls were given up and have not ended; each holds a thread or a task.
        trailing: how many of a middleware's calls are past their command and have not ended.
        raised: the type and place of what it raised last, where that is in the log.
    """

    __slots__ = ("context", "plugin", "raised", "record", "spec", "stuck", "takes", "trailing")

    def __init__(self, plugin: str, spec: HookSpec, takes: tuple[str, ...], context: HookContext[object]) -> None:
        self.plugin = plugin
        self.spec = spec
        self.takes = takes
        self.context = context
        self.record = HookRecord(plugin=plugin, hook=spec.name)
        self.stuck = 0
        self.trailing = 0
        self.raised: str | None = None

    def arguments(self, values: Mapping[str, object]) -> dict[str, object]:
        """Those of the values that it takes."""
        offered = {"ctx": self.context, **values}
        return {name: offered[name] for name in self.takes}


class Member:
    """One active plugin, with its configuration and its implementations by hook."""

    __slots__ = ("by_hook", "config", "plugin")

    def __init__(self, plugin: Plugin[Any], config: object, by_hook: Mapping[str, Implementation]) -> None:
        self.plugin = plugin
        self.config = config
        self.by_hook = by_hook

    def is_same(self, plugin: Plugin[Any], config: object) -> bool:
        """Whether this is that plugin, unchanged."""
        return self.plugin is plugin and (self.config is config or self.config == config)


class Table:
    """The implementations of every hook, in the order in which the plugins were loaded.

    Args:
        plugins: the active ones, with their configurations.
        lines: makes their loggers.
        old: the table before; a plugin that is the same there keeps its implementations, and their records.
    """

    def __init__(
        self, plugins: Iterable[tuple[Plugin[Any], object]], lines: HookLog, old: "Table | None" = None
    ) -> None:
        kept = () if old is None else old.members
        self.members: tuple[Member, ...] = tuple(
            next((member for member in kept if member.is_same(plugin, config)), None) or _member(plugin, config, lines)
            for plugin, config in plugins
        )
        self.by_hook: Mapping[str, tuple[Implementation, ...]] = {
            hook: tuple(member.by_hook[hook] for member in self.members if hook in member.by_hook) for hook in HOOKS
        }

    def of(self, plugin: str, hook: str) -> Implementation | None:
        """A plugin's implementation of a hook."""
        return next((each for each in self.by_hook[hook] if each.plugin == plugin), None)


def _member(plugin: Plugin[Any], config: object, lines: HookLog) -> Member:
    manager = _Manager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    functions = {spec.name: spec.function for spec in plugin.hooks.values()}
    manager.register(_Functions(functions), plugin.name)
    context = HookContext(plugin.name, config, lines.of(plugin.name))
    found: dict[str, Implementation] = {}
    for spec in plugin.hooks.values():
        implementations: list[pluggy.HookImpl] = getattr(manager.hook, spec.name).get_hookimpls()
        found[spec.name] = Implementation(plugin.name, spec, tuple(implementations[0].argnames), context)
    return Member(plugin, config, found)


class _Functions:
    """One plugin's hooks as pluggy wants them: attributes of an object."""

    def __init__(self, functions: Mapping[str, Callable[..., object]]) -> None:
        vars(self).update(functions)


class _Manager(pluggy.PluginManager):
    """pluggy without marks on the functions: what a plugin declared with `@plugin.hook` is what there is."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        if name not in vars(plugin):
            return None
        return {
            "wrapper": False,
            "hookwrapper": False,
            "optionalhook": False,
            "tryfirst": False,
            "trylast": False,
            "specname": None,
        }
