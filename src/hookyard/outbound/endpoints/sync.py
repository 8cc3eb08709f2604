"""The endpoints of the configuration as rows of the store, so that what became of them is known after a restart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from hookyard.config.endpoints.spec import decode_spec, encode_spec
from hookyard.config.model import EndpointRules, EndpointSettings, SecretSettings, TlsSettings
from hookyard.config.schedules.rule import parse_instant
from hookyard.config.values import Secret
from hookyard.model import Endpoint
from hookyard.outbound.endpoints.private import KeptSecret, Private
from hookyard.store.contract import DeleteEndpoint, Op, PutEndpoint
from hookyard.timetable import RuleError

CONFIG: Final = "config"
"""The principal that makes them."""


def synced(
    wanted: Mapping[str, EndpointSettings], rows: Sequence[Endpoint], now: int
) -> tuple[dict[str, Endpoint], list[Op]]:
    """All rows there shall be, by name, and what has to be written for that.

    One whose settings are the same stays as it is; one that is gone from the configuration is forgotten. One that was
    made over HTTP stays too where the configuration has its name: nothing but a delete takes away secrets that
    nobody could bring back. See :func:`clashes`.
    """
    known = {row.name: row for row in rows if row.origin == "http" or row.name in wanted}
    ops: list[Op] = [DeleteEndpoint(now=now, name=row.name) for row in rows if row.name not in known]
    for name, settings in wanted.items():
        before = known.get(name)
        if before is not None and before.origin == "http":
            continue
        row = known[name] = _wanted(name, settings, before, now)
        if row is not before:
            ops.append(PutEndpoint(now=now, endpoint=row))
    return {name: known[name] for name in sorted(known)}, ops


def clashes(wanted: Mapping[str, EndpointSettings], rows: Iterable[Endpoint]) -> Iterator[Endpoint]:
    """Those that were made over HTTP and have a name that the configuration wants."""
    return (row for row in rows if row.origin == "http" and row.name in wanted)


def _wanted(name: str, settings: EndpointSettings, row: Endpoint | None, now: int) -> Endpoint:
    spec = encode_spec(settings)
    if row is not None and row.spec == spec and row.tenant == settings.tenant:
        return row
    new = Endpoint(
        name=name,
        tenant=settings.tenant,
        origin="config",
        spec=spec,
        epoch=epoch_of(settings.tenant),
        created_at=now,
        created_by=CONFIG,
        updated_at=now,
    )
    if row is None:
        return new
    return with_marks(replace(new, created_at=row.created_at), row, settings)


def epoch_of(tenant: str) -> int:
    """The epoch of all endpoints of the configuration that are this tenant's.

    One that is taken out and put back later is the same if its owner is.
    """
    if not tenant:
        return 0
    return int.from_bytes(sha256(tenant.encode()).digest()[:7]) + 1


def with_marks(new: Endpoint, old: Endpoint, rules: EndpointRules) -> Endpoint:
    """The row of an endpoint that was changed, with what of its past still says something.

    Behind another URL there is another receiver, and whoever changes `enabled` has decided anew; but what somebody
    disabled by hand stays so when only the URL changes.
    """
    try:
        before: EndpointRules | None = decode_spec(old.spec)
    except ValueError:  # msgspec's errors are
        before = None
    if before is None or before.enabled != rules.enabled:
        return replace(new, disabled_at=None, disabled_reason=None, failing_since=None)
    if before.url != rules.url:
        kept = old.disabled_reason == "user"
        return replace(
            new,
            disabled_at=old.disabled_at if kept else None,
            disabled_reason=old.disabled_reason if kept else None,
            failing_since=None,
        )
    return replace(
        new,
        disabled_at=old.disabled_at,
        disabled_reason=old.disabled_reason,
        failing_since=old.failing_since,
    )


def is_off(row: Endpoint) -> bool:
    """Whether an endpoint gets nothing by what is stored of it."""
    try:
        return row.disabled_at is not None or not decode_spec(row.spec).enabled
    except ValueError:  # msgspec's errors are
        return True


def private_of(settings: EndpointSettings, faults: list[tuple[str, str]] | None = None) -> Private:
    """What the configuration has that is never shown.

    Args:
        settings: an endpoint's.
        faults: where to report what is wrong with the ends of secrets, as (key path, message); such a one has none.
    """
    tls = settings.tls or TlsSettings()
    found: list[tuple[str, str]] = [] if faults is None else faults
    return Private(
        secrets=tuple(_secret(one, index, found) for index, one in enumerate(settings.secrets)),
        headers={name: value.reveal() for name, value in settings.headers.items()},
        ca=_text(tls.ca),
        cert=_text(tls.cert),
        key=_text(tls.key),
    )


def _secret(one: Secret | SecretSettings, index: int, faults: list[tuple[str, str]]) -> KeptSecret:
    if isinstance(one, Secret):
        return KeptSecret(value=one.reveal())
    until = None
    if one.until is not None:
        try:
            until = parse_instant(one.until, f"secrets[{index}].until")
        except RuleError as error:
            faults.append((error.path, error.problem))
    return KeptSecret(value=one.value.reveal(), until=until)


def _text(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
