"""What the doctor finds about endpoints: who gets nothing, who is not reached, what piles up, secrets that are over."""

from collections.abc import Iterator
from typing import Final

import msgspec

from hookyard.cli.doctor.encryption import examine_encryption
from hookyard.cli.doctor.finding import Finding
from hookyard.clock import rfc3339
from hookyard.config.model import Config, SecretSettings
from hookyard.config.schedules.rule import parse_instant
from hookyard.model import Endpoint
from hookyard.outbound.endpoints.keyring import Keyring, LockedError
from hookyard.outbound.endpoints.private import decode_private
from hookyard.outbound.endpoints.sync import clashes
from hookyard.store.sqlite.inspect import Insight
from hookyard.timetable import RuleError

_REASONS: Final = {
    "user": "somebody disabled it",
    "gone": "its receiver answered 410",
    "failing": "every attempt failed for too long",
    "receiver": "its receiver asked for it",
}


def examine_endpoints(found: Insight, config: Config, now: int) -> Iterator[Finding]:
    """Judge the endpoints of a store, and those of the configuration."""
    rows = {row.name: row for row in found.endpoints}
    for row in clashes(config.endpoints, found.endpoints):
        yield Finding(
            "error",
            "endpoint.name_taken",
            f"the endpoint {row.name} of the configuration is not used: {row.created_by} has made one by HTTP",
            "What the configuration says of it has no effect, and a reload is refused.",
            f"Give that of the configuration another name; or hookyard endpoints delete {row.name}, and reload.",
        )
    for row in rows.values():
        if row.disabled_at is not None:
            why = _REASONS.get(row.disabled_reason or "", "it is not known why")
            since = rfc3339(row.disabled_at)
            yield Finding(
                "warning",
                "endpoint.disabled",
                f"the endpoint {row.name} is disabled since {since}: {why}",
                "Its receiver does not learn of what happens.",
                f"hookyard endpoints enable {row.name}; then hookyard endpoints recover {row.name} --since 7d for what "
                f"had failed, and hookyard endpoints replay {row.name} --since {since} for what it was not told. "
                "Or delete it, when nobody needs it.",
            )
    yield from _unreached(found, config, rows)
    for one in found.overdue:
        if one.lane not in rows or rows[one.lane].disabled_at is None:
            yield Finding(
                "warning",
                "endpoint.backlog",
                f"{one.count} deliveries to {_name(one.lane)} are due, one of them since {rfc3339(one.since)}",
                "More is to be told than its receiver takes, or nobody sends it.",
                f"Start the server; see how it is: hookyard endpoints stats {one.lane}".rstrip(),
            )
    yield from _secrets(config, rows, now)
    yield from examine_encryption(found.endpoints, config)


def _unreached(found: Insight, config: Config, rows: dict[str, Endpoint]) -> Iterator[Finding]:
    told: set[str] = set()
    for one in found.undelivered:
        told.add(one.name)
        what = f"{one.count} deliveries to {_name(one.name)} have failed several times" + (one.why and f": {one.why}")
        if one.name and one.name not in config.endpoints and one.name not in rows:
            yield Finding(
                "warning",
                "endpoint.gone",
                what,
                "There is no such endpoint any more, so that nothing can be sent.",
                "Name it again, or wait for their end.",
            )
            continue
        since = rows[one.name].failing_since if one.name in rows else None
        yield _failing(one.name, what if since is None else f"{what}; nothing arrives since {rfc3339(since)}")
    for row in rows.values():
        if row.failing_since is not None and row.disabled_at is None and row.name not in told:
            yield _failing(row.name, f"nothing arrives at the endpoint {row.name} since {rfc3339(row.failing_since)}")


def _failing(name: str, what: str) -> Finding:
    see = f"See what it answers: hookyard endpoints stats {name}. " if name else ""
    return Finding(
        "warning",
        "endpoint.failing",
        what,
        "Its receiver does not learn of what happened.",
        f"{see}Bring the receiver back, or disable the endpoint.",
    )


def _secrets(config: Config, rows: dict[str, Endpoint], now: int) -> Iterator[Finding]:
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


def _name(name: str) -> str:
    return f"the endpoint {name}" if name else "callback URLs"
