"""The HTTP clients of all plugins: one each, made when it is first asked for, closed with the server."""

from importlib.metadata import version
from typing import TYPE_CHECKING

from hookyard.config.model import Config, PluginSettings

if TYPE_CHECKING:
    # A server whose plugins call nobody never loads the library.
    import httpx

    from hookyard.egress.clients import ClientSettings


class Clients:
    """Guarded clients by plugin."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._async: dict[str, httpx.AsyncClient] = {}
        self._blocking: dict[str, httpx.Client] = {}
        self._old: list[httpx.AsyncClient] = []
        self._old_blocking: list[httpx.Client] = []

    def use(self, config: Config) -> None:
        """From now on what this configuration says; running jobs keep what they have."""
        self._old += self._async.values()
        self._old_blocking += self._blocking.values()
        self._config = config
        self._async = {}
        self._blocking = {}

    def settings(self, plugin: str) -> "ClientSettings":
        """What a plugin's client is built from, as values that may cross a process."""
        from hookyard.egress.clients import ClientSettings
        from hookyard.egress.rules import plugin_rules

        http = self._config.plugins.get(plugin, PluginSettings()).http
        rules = plugin_rules(self._config.outbound, http)
        return ClientSettings(
            rules=rules, timeout=http.timeout.seconds, agent=f"Hookyard/{version('hookyard')} ({plugin})"
        )

    def client(self, plugin: str) -> "httpx.AsyncClient":
        """The plugin's client for the event loop."""
        found = self._async.get(plugin)
        if found is None:
            from hookyard.egress.clients import async_client

            found = self._async[plugin] = async_client(self.settings(plugin))
        return found

    def blocking(self, plugin: str) -> "httpx.Client":
        """The plugin's client for threads."""
        found = self._blocking.get(plugin)
        if found is None:
            from hookyard.egress.clients import blocking_client

            # Two threads may both make one; the first stays.
            found = self._blocking.setdefault(plugin, blocking_client(self.settings(plugin)))
        return found

    async def aclose(self) -> None:
        """Close all connections."""
        self.use(self._config)
        for client in self._old:
            await client.aclose()
        for blocking in self._old_blocking:
            blocking.close()
        self._old.clear()
        self._old_blocking.clear()
