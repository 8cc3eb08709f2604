"""What the doctor finds about endpoints: who gets nothing, and why, and what waits for it."""

from collections.abc import Iterator
from typing import Final

from hookyard.cli.doctor.deliveries import Unwell, examine_deliveries, has_not_got
from hookyard.cli.doctor.encryption import examine_encryption
from hookyard.cli.doctor.finding import Finding
from hookyard.cli.doctor.secrets import examine_secrets
from hookyard.clock import SystemClock, rfc3339
from hookyard.config.endpoints.spec import decode_spec
from hookyard.config.model import Config
from hookyard.model import Endpoint
from hookyard.outbound.endpoints.keyring import Keyring
from hookyard.outbound.endpoints.making import Maker
from hookyard.outbound.endpoints.sync import clashes, is_off
from hookyard.store.sqlite.inspect import Insight, Receiver

_REASONS: Final = {
    "user": "somebody disabled it",
    "gone": "its receiver answered 410",
    "failing": "every attempt failed for too long",
    "receiver": "its receiver asked for it",
}


def examine_endpoints(found: Insight, config: Config, now: int) -> Iterator[Finding]:
    """Judge the endpoints of a store, and those of the configuration."""
    for row in clashes(config.endpoints, found.endpoints):
        yield Finding(
            "error",
            "endpoint.name_taken",
            f"the endpoint {row.name} of the configuration is not used: {row.created_by} has made one by HTTP",
            "What the configuration says of it has no effect, and a reload is refused.",
            f"Give that of the configuration another name; or hookyard endpoints delete {row.name}, and reload.",
        )
    receivers = {receiver.name: receiver for receiver in found.receivers}
    faults = dict(_faults(found.endpoints, config))
    unwell: dict[str, Unwell] = {}
    for row in found.endpoints:
        receiver = receivers[row.name]
        if row.disabled_at is not None:
            unwell[row.name] = "stopped"
            yield _disabled(row, row.disabled_at, receiver)
        elif row.name in faults:
            unwell[row.name] = "stopped"
            yield _faulty(row, faults[row.name], receiver)
        elif is_off(row):
            unwell[row.name] = "stopped"
            yield from _off(row, receiver)
        elif row.failing_since is not None:
            unwell[row.name] = "failing"
            yield _failing(row, row.failing_since, receiver, config)
    yield from examine_deliveries(found, config, unwell, now)
    yield from examine_secrets(config, {row.name: row for row in found.endpoints}, now)
    yield from examine_encryption(found.endpoints, config)


def _faults(rows: tuple[Endpoint, ...], config: Config) -> Iterator[tuple[str, str]]:
    """What keeps those that were made over HTTP from being used, by name; of the others a server would not start."""
    keyring = Keyring(key.reveal() for key in config.encryption.keys)
    clock = SystemClock()
    maker = Maker(
        config.outbound,
        clock=clock,
        resolver=None,
        draw=lambda: 0.0,
        agent="",
        source="hookyard",
        keyring=keyring,
        quiet=True,
    )
    for row in rows:
        if row.origin != "http":
            continue
        entry = maker.stored(row)
        on = entry.settings is None or entry.settings.enabled
        if entry.problem is not None and on and not entry.locked:  # locked: told with the keys
            yield row.name, entry.problem


def _disabled(row: Endpoint, at: int, receiver: Receiver) -> Finding:
    why, since = _REASONS.get(row.disabled_reason or "", "it is not known why"), rfc3339(at)
    return Finding(
        "warning",
        "endpoint.disabled",
        f"the endpoint {row.name} is disabled since {since}: {why}{has_not_got(receiver)}",
        "Its receiver does not learn of what happens.",
        f"hookyard endpoints enable {row.name}; then hookyard endpoints recover {row.name} --since 7d for what "
        f"had failed, and hookyard endpoints replay {row.name} --since {since} for what it was not told. "
        "Or delete it, when nobody needs it.",
    )


def _off(row: Endpoint, receiver: Receiver) -> Iterator[Finding]:
    if receiver.oldest is not None:
        yield Finding(
            "info",
            "endpoint.off",
            f"the endpoint {row.name} is switched off by its settings{has_not_got(receiver)}",
            "They are sent when it is switched on, however old they are by then.",
            f"Set its `enabled`; or, when nobody needs them: hookyard deliveries list --endpoint {row.name} "
            "--status open, and hookyard deliveries abandon ID",
        )


def _faulty(row: Endpoint, problem: str, receiver: Receiver) -> Finding:
    return Finding(
        "error",
        "endpoint.faulty",
        f"the endpoint {row.name} cannot be used: {problem.rstrip('.')}{has_not_got(receiver)}",
        "It was sound when it was made; the settings are others now. It is told of nothing new, and what is pending "
        "for it waits.",
        f"Allow it under `outbound`, and reload; or change it: hookyard endpoints change {row.name}. What happened "
        f"meanwhile: hookyard endpoints replay {row.name} --since TIME",
    )


def _failing(row: Endpoint, since: int, receiver: Receiver, config: Config) -> Finding:
    error = receiver.error and f": {receiver.error}"
    after = _disable_after(row, config)
    ends = f"; it is disabled at {rfc3339(since + after)} if that goes on" if after else "; it is never disabled"
    return Finding(
        "warning",
        "endpoint.failing",
        f"nothing arrives at the endpoint {row.name} since {rfc3339(since)}{error}{has_not_got(receiver)}{ends}",
        "Its receiver does not learn of what happened.",
        f"See what it answers: hookyard endpoints stats {row.name}. Bring the receiver back, then hookyard endpoints "
        f"test {row.name} --wait; or hookyard endpoints disable {row.name}, so that what waits is kept.",
    )


def _disable_after(row: Endpoint, config: Config) -> int:
    """Milliseconds; 0 is never."""
    if row.origin == "config" and row.name in config.endpoints:
        return int(config.endpoints[row.name].disable_after)
    try:
        return int(decode_spec(row.spec).disable_after)
    except ValueError:  # msgspec's errors are; it is faulty anyway
        return 0
