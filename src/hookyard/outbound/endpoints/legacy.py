"""The endpoints as the outbox and the courier look them up: prepared once, no work left for a delivery."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from hookyard.config.model import Config, EndpointSettings
from hookyard.outbound.message import QUIET
from hookyard.outbound.signing import Signer

_MOST_KEPT: Final = 4096


class Route(Struct, frozen=True):
    """Where a delivery can be sent."""

    url: str
    signer: Signer


class Endpoint:
    """Where a delivery goes and how it is signed.

    Args:
        settings: checked before: its secrets are secrets.
    """

    __slots__ = ("enabled", "gone", "route")

    def __init__(self, settings: EndpointSettings) -> None:
        self.route: Final = Route(settings.url, Signer(secret.reveal() for secret in settings.secrets))
        self.enabled: Final = settings.enabled
        self.gone = False
        """Its receiver answered 410: nothing more is sent to it until a restart."""


class Endpoints:
    """All endpoints of a configuration, and who listens to what."""

    def __init__(self, config: Config) -> None:
        self._settings: Mapping[str, EndpointSettings] = config.endpoints
        self._endpoints = {name: Endpoint(settings) for name, settings in config.endpoints.items()}
        secrets = config.outbound.callback_secrets
        self.callback_signer = Signer(secret.reveal() for secret in secrets) if secrets else None
        """How deliveries to a `callback_url` are signed; None when none can be."""
        self._listeners: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self.quiet: Final = _asked_for(config)
        """Of what is told of jobs under way, that which some endpoint wants."""

    def use(self, config: Config) -> None:
        """Go on with these endpoints; one whose settings are the same stays as it is, gone or not."""
        same = {name for name, settings in config.endpoints.items() if self._settings.get(name) == settings}
        self._endpoints = {
            name: self._endpoints[name] if name in same else Endpoint(settings)
            for name, settings in config.endpoints.items()
        }
        self._settings = config.endpoints
        self._listeners.clear()
        self.quiet.clear()
        self.quiet.update(_asked_for(config))

    def get(self, name: str) -> Endpoint | None:
        """The endpoint of this name, or None if the configuration has it no more."""
        return self._endpoints.get(name)

    def listeners(self, event: str, plugin: str, command: str) -> tuple[str, ...]:
        """The names of the endpoints that want to know of this event of a job of this command."""
        key = (event, plugin, command)
        found = self._listeners.get(key)
        if found is None:
            if len(self._listeners) >= _MOST_KEPT:  # a plugin may make up event types without end
                self._listeners.clear()
            found = self._listeners[key] = self._find(event, f"{plugin}/{command}")
        return found

    def disable(self, name: str) -> bool:
        """Send nothing more to an endpoint that is gone, and plan nothing for it; False if it was so already."""
        endpoint = self._endpoints.get(name)
        if endpoint is None or endpoint.gone:
            return False
        endpoint.gone = True
        self._listeners.clear()
        return True

    def _find(self, event: str, command: str) -> tuple[str, ...]:
        return tuple(
            name
            for name, settings in self._settings.items()
            if settings.enabled
            and not self._endpoints[name].gone
            and any(_matches(event, pattern) for pattern in settings.events)
            and any(fnmatchcase(command, pattern) for pattern in settings.commands)
        )


def _matches(event: str, pattern: str) -> bool:
    return event == pattern if event in QUIET else fnmatchcase(event, pattern)


def _asked_for(config: Config) -> set[str]:
    return {*QUIET} & {name for settings in config.endpoints.values() for name in settings.events}
