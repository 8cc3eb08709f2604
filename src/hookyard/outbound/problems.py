"""Everything that is wrong with the endpoints and the outbound settings of a configuration."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from hookyard.clock import SystemClock
from hookyard.config.model import Config, OutboundSettings
from hookyard.config.values import Secret
from hookyard.egress.guard import EgressError, Guard
from hookyard.egress.rules import Rules
from hookyard.networks import network_problem
from hookyard.outbound.client import readable
from hookyard.outbound.message import EVENTS
from hookyard.webhook_secret import SecretError, secret_key


def url_problem(guard: Guard, url: str) -> str | None:
    """Why this URL can never be sent to, or None if it may be."""
    try:
        checked = guard.check(url)
    except EgressError as error:
        return f"the URL {error}"
    return None if readable(checked.text) else "the URL has a host that is no valid xn-- name"


def problems(config: Config) -> Iterator[tuple[str, str]]:
    """Pairs of key path and message."""
    settings = config.outbound
    yield from _networks(settings)
    yield from _secrets("outbound.callback_secrets", settings.callback_secrets)
    usable = tuple(network for network in settings.allow_networks if network_problem(network) is None)
    guard = Guard(
        Rules(allow_http=settings.allow_http, allow_ports=settings.allow_ports, allow_networks=usable),
        SystemClock(),
    )
    for name, endpoint in config.endpoints.items():
        if why := url_problem(guard, endpoint.url):
            yield f"endpoints.{name}.url", why
        yield from _secrets(f"endpoints.{name}.secrets", endpoint.secrets)
        for index, pattern in enumerate(endpoint.events):
            # Plugins make up their own events; of ours all are known.
            if pattern.startswith("job.") and not any(fnmatchcase(event, pattern) for event in EVENTS.values()):
                yield f"endpoints.{name}.events[{index}]", f"matches no event: {', '.join(EVENTS.values())}"


def _networks(settings: OutboundSettings) -> Iterator[tuple[str, str]]:
    for index, network in enumerate(settings.allow_networks):
        if why := network_problem(network):
            yield f"outbound.allow_networks[{index}]", why


def _secrets(path: str, secrets: Iterable[Secret]) -> Iterator[tuple[str, str]]:
    for index, secret in enumerate(secrets):
        try:
            secret_key(secret.reveal())
        except SecretError as error:
            yield f"{path}[{index}]", f"a Standard Webhooks secret {error}"
