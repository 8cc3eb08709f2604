"""The secrets of all plugins: who may have which, and where they come from."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from hookyard.config.model import Config
from hookyard.context.secrets import declares
from hookyard.errors import SecretUnavailable
from hookyard.facilities.redact import Redactor
from hookyard.host.registry import Registry

ResolveSecret: TypeAlias = Callable[[str, str], Awaitable[str | None]]
"""From a plugin and a name to the value that some other plugin has for it; None if nobody has."""


class Vault:
    """Gives secrets, and knows all it has given.

    Args:
        resolve: asked for what the configuration does not have.
    """

    def __init__(self, resolve: ResolveSecret | None = None) -> None:
        self._resolve = resolve
        self._declared: dict[str, frozenset[str]] = {}
        self._values: dict[tuple[str, str], str] = {}
        self.redactors: dict[str, Redactor] = {}
        """Of the plugins that have secrets."""

    def use(self, registry: Registry, config: Config) -> None:
        """From now on what these say; values that were in use stay out of sight."""
        self._declared = {each.plugin.name: frozenset(each.plugin.secrets) for each in registry.active}
        self._values = {
            (plugin, name): secret.reveal()
            for plugin, settings in config.plugins.items()
            for name, secret in settings.secrets.items()
        }
        for plugin, names in self._declared.items():
            if names:
                self.redactors.setdefault(plugin, Redactor())
        for (plugin, _), value in self._values.items():
            self.redactors.setdefault(plugin, Redactor()).add(value)

    async def get(self, plugin: str, name: str) -> str:
        """A secret that the plugin declares.

        Raises:
            SecretUnavailable: it declares none of this name, or nobody has it.
        """
        if not declares(self._declared.get(plugin, ()), name):
            msg = f"the plugin {plugin} does not declare the secret {name!r}"
            raise SecretUnavailable(msg)
        value = self._values.get((plugin, name))
        if value is None and self._resolve is not None:
            value = await self._resolve(plugin, name)
            if value is not None:
                self.redactors.setdefault(plugin, Redactor()).add(value)
        if value is None:
            msg = f"nobody has the secret {name!r} of the plugin {plugin}: set plugins.{plugin}.secrets.{name}"
            raise SecretUnavailable(msg)
        return value
