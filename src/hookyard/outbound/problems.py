"""Everything that is wrong with the endpoints, their encryption and the outbound settings of a configuration."""

from collections.abc import Iterable, Iterator

from hookyard.clock import SystemClock
from hookyard.config.endpoints.spec import rules_of
from hookyard.config.model import Config, EndpointSettings, OutboundSettings
from hookyard.config.values import Secret
from hookyard.egress.guard import Guard
from hookyard.egress.rules import Rules
from hookyard.model import YEAR
from hookyard.networks import network_problem
from hookyard.outbound.endpoints.check import (
    Fault,
    private_faults,
    rule_faults,
    secret_problem,
    url_problem,
    wish_faults,
)
from hookyard.outbound.endpoints.keyring import key_problems
from hookyard.outbound.endpoints.sync import private_of
from hookyard.webhook_secret import PRIVATE

__all__ = ["problems", "url_problem"]


def problems(config: Config) -> Iterator[tuple[str, str]]:
    """Pairs of key path and message."""
    settings = config.outbound
    yield from _networks("outbound.", settings.allow_networks)
    yield from _secrets(settings.callback_secrets)
    for index, why in key_problems(key.reveal() for key in config.encryption.keys):
        yield f"encryption.keys[{index}]", why
    for index, wait in enumerate(settings.schedule):
        if wait > 1000 * YEAR:
            yield f"outbound.schedule[{index}]", f"{wait.text} is longer than a year"
    for name, endpoint in config.endpoints.items():
        for path, why in _faults(settings, endpoint):
            yield f"endpoints.{name}.{path}", why


def _faults(settings: OutboundSettings, endpoint: EndpointSettings) -> Iterator[Fault]:
    rules = rules_of(endpoint)
    yield from rule_faults(rules, _guard(settings, endpoint.allow_networks), operator=True)
    yield from wish_faults(rules, settings)
    faults: list[Fault] = []
    private = private_of(endpoint, faults)
    yield from faults
    yield from private_faults(rules, private)
    yield from _networks("", endpoint.allow_networks)


def _guard(settings: OutboundSettings, own: tuple[str, ...]) -> Guard:
    usable = [network for network in (*settings.allow_networks, *own) if network_problem(network) is None]
    rules = Rules(
        allow_http=settings.allow_http, allow_ports=settings.allow_ports, allow_networks=tuple(dict.fromkeys(usable))
    )
    return Guard(rules, SystemClock())


def _networks(where: str, networks: Iterable[str]) -> Iterator[Fault]:
    for index, network in enumerate(networks):
        if why := network_problem(network):
            yield f"{where}allow_networks[{index}]", why


def _secrets(secrets: Iterable[Secret]) -> Iterator[Fault]:
    for index, secret in enumerate(secrets):
        why = secret_problem(secret.reveal())
        if why is None and secret.reveal().startswith(PRIVATE):
            why = "it is a key pair: whoever gives a callback URL knows no public key; it takes a whsec_"
        if why is not None:
            yield f"outbound.callback_secrets[{index}]", why
