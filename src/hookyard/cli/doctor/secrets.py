"""What the doctor finds about the secrets of endpoints: those that are over."""

from collections.abc import Iterator

import msgspec

from hookyard.cli.doctor.finding import Finding
from hookyard.config.model import Config, SecretSettings
from hookyard.config.schedules.rule import parse_instant
from hookyard.model import Endpoint
from hookyard.outbound.endpoints.keyring import Keyring, LockedError
from hookyard.outbound.endpoints.private import decode_private
from hookyard.timetable import RuleError


def examine_secrets(config: Config, rows: dict[str, Endpoint], now: int) -> Iterator[Finding]:
    """Secrets that sign no more: they say that a rotation was never brought to its end."""
    over = {name: _over_of_config(config, name, now) for name in config.endpoints}
    keyring = Keyring(key.reveal() for key in config.encryption.keys)
    over |= {row.name: _over_of_store(row, keyring, now) for row in rows.values() if row.origin == "http"}
    for name, count in over.items():
        if count:
            secrets = "1 secret is" if count == 1 else f"{count} secrets are"
            yield Finding(
                "info",
                "endpoint.secret_over",
                f"of the endpoint {name} {secrets} past `until`",
                "It signs no more; a receiver that still verifies with it takes nothing.",
                "Take it out of the configuration, once the receiver has the new one."
                if name in config.endpoints
                else f"Nothing, once the receiver has the new one: hookyard endpoints test {name} --wait",
            )


def _over_of_config(config: Config, name: str, now: int) -> int:
    return sum(
        isinstance(secret, SecretSettings) and secret.until is not None and _at(secret.until, now) <= now
        for secret in config.endpoints[name].secrets
    )


def _over_of_store(row: Endpoint, keyring: Keyring, now: int) -> int:
    try:
        secrets = decode_private(row, keyring).secrets
    except (msgspec.DecodeError, LockedError):
        return 0
    return sum(secret.until is not None and secret.until <= now for secret in secrets)


def _at(text: str, now: int) -> int:
    try:
        return parse_instant(text, "until")
    except RuleError:  # told of with the configuration
        return now + 1
