"""The plugin's clients for outgoing calls, made in its own process when they are first asked for."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    # An interpreter of the plugin's own need not have an HTTP client.
    import httpx


class HttpClients:
    """One client for the event loop and one for threads.

    Args:
        settings: a `hookyard.egress.clients.ClientSettings` in MessagePack.
    """

    def __init__(self, settings: bytes) -> None:
        self._settings = settings
        self._async: httpx.AsyncClient | None = None
        self._blocking: httpx.Client | None = None

    def http(self) -> "httpx.AsyncClient":
        """The client for the event loop.

        Raises:
            ModuleNotFoundError: this interpreter has no httpx.
        """
        if self._async is None:
            from hookyard.egress.clients import ClientSettings, async_client  # on first use: it loads httpx

            self._async = async_client(msgspec.msgpack.decode(self._settings, type=ClientSettings))
        return self._async

    def http_blocking(self) -> "httpx.Client":
        """The same for threads."""
        if self._blocking is None:
            from hookyard.egress.clients import ClientSettings, blocking_client  # as above

            self._blocking = blocking_client(msgspec.msgpack.decode(self._settings, type=ClientSettings))
        return self._blocking
