"""Rows to Structs and back: tokens, the audit log, pauses, workers, schedules and items."""

from typing import cast

import msgspec

from hookyard import ids
from hookyard.model import (
    AuditEntry,
    DisabledReason,
    Endpoint,
    EndpointAttempt,
    FireOutcome,
    Item,
    ItemStatus,
    Pause,
    Schedule,
    Token,
    WorkerRecord,
)
from hookyard.store import stored_error
from hookyard.store.sqlite.codec import error_text, new_numbers
from hookyard.store.sqlite.driver import Value

Row = tuple[Value, ...]

_json = msgspec.json.Encoder()
_texts = msgspec.json.Decoder(tuple[str, ...])


def new_token(one: Token) -> Row:
    """The values of a row of `token`, without its use."""
    return (
        *new_numbers(one.id),
        one.name,
        one.digest,
        _json.encode(one.scopes).decode(),
        one.tenant,
        one.created_at,
        one.created_by,
        one.expires_at,
        one.revoked_at,
        one.replaced_by,
    )


def token(row: Row) -> Token:
    """The token of a row."""
    key, tail, name, digest, scopes, tenant, created_at, created_by, expires_at, revoked_at, by, last, uses = cast(
        "tuple[int, int, str, bytes, str, str, int, str, int | None, int | None, str | None, int | None, int]", row
    )
    return Token(
        id=ids.join(key, tail),
        name=name,
        digest=digest,
        scopes=_texts.decode(scopes),
        tenant=tenant,
        created_at=created_at,
        created_by=created_by,
        expires_at=expires_at,
        revoked_at=revoked_at,
        replaced_by=by,
        last_used_at=last,
        uses=uses,
    )


def new_entry(one: AuditEntry) -> Row:
    """The values of a new row of `audit_log`."""
    return (
        *new_numbers(one.id),
        one.at,
        one.principal,
        one.action,
        one.target,
        one.tenant,
        one.peer,
        one.request_id,
        one.details.decode(),
    )


def entry(row: Row) -> AuditEntry:
    """The entry of a row."""
    key, tail, at, principal, action, target, tenant, peer, request_id, details = cast(
        "tuple[int, int, int, str, str, str, str, str | None, str, str]", row
    )
    return AuditEntry(
        id=ids.join(key, tail),
        at=at,
        principal=principal,
        action=action,
        target=target,
        tenant=tenant,
        peer=peer,
        request_id=request_id,
        details=details.encode(),
    )


def pause(row: Row) -> Pause:
    """The pause of a row."""
    lane, since, by, reason = cast("tuple[str, int, str, str]", row)
    return Pause(lane=lane, since=since, by=by, reason=reason)


def new_worker(one: WorkerRecord) -> Row:
    """The values of a row of `worker`."""
    return (
        one.name,
        one.principal,
        one.tenant,
        _json.encode(one.lanes).decode(),
        _json.encode(one.affinity).decode(),
        one.first_contact,
        one.last_contact,
        one.claimed,
        one.completed,
        one.failed,
    )


def worker(row: Row) -> WorkerRecord:
    """The worker of a row."""
    name, principal, tenant, lanes, affinity, first, last, claimed, completed, failed = cast(
        "tuple[str, str, str, str, str, int, int, int, int, int]", row
    )
    return WorkerRecord(
        name=name,
        principal=principal,
        tenant=tenant,
        lanes=_texts.decode(lanes),
        affinity=_texts.decode(affinity),
        first_contact=first,
        last_contact=last,
        claimed=claimed,
        completed=completed,
        failed=failed,
    )


def new_schedule(one: Schedule) -> Row:
    """The values of a row of `schedule`."""
    return (
        one.name,
        one.tenant,
        one.origin,
        one.spec,
        one.created_at,
        one.created_by,
        int(one.paused),
        one.next_at,
        one.last_at,
        one.last_outcome,
        one.last_job,
        one.fired,
    )


def schedule(row: Row) -> Schedule:
    """The schedule of a row."""
    name, tenant, origin, spec, created_at, created_by, paused, next_at, last_at, outcome, job, fired = cast(
        "tuple[str, str, str, bytes, int, str, int, int | None, int | None, FireOutcome | None, str | None, int]", row
    )
    return Schedule(
        name=name,
        tenant=tenant,
        origin="config" if origin == "config" else "http",
        spec=spec,
        created_at=created_at,
        created_by=created_by,
        paused=paused == 1,
        next_at=next_at,
        last_at=last_at,
        last_outcome=outcome,
        last_job=job,
        fired=fired,
    )


def new_endpoint(one: Endpoint) -> Row:
    """The values of a row of `endpoint`."""
    return (
        *(one.name, one.tenant, one.origin, one.spec, one.private, one.epoch),
        *(one.created_at, one.created_by, one.updated_at),
        *(one.disabled_at, one.disabled_reason, one.failing_since),
    )


def endpoint(row: Row) -> Endpoint:
    """The endpoint of a row."""
    name, tenant, origin, spec, private, epoch, created_at, created_by, updated_at, disabled_at, reason, failing = cast(
        "tuple[str, str, str, bytes, bytes, int, int, str, int, int | None, DisabledReason | None, int | None]", row
    )
    return Endpoint(
        name=name,
        tenant=tenant,
        origin="config" if origin == "config" else "http",
        spec=spec,
        private=private,
        epoch=epoch,
        created_at=created_at,
        created_by=created_by,
        updated_at=updated_at,
        disabled_at=disabled_at,
        disabled_reason=reason,
        failing_since=failing,
    )


def endpoint_attempt(row: Row) -> EndpointAttempt:
    """One try at a delivery of an endpoint."""
    key, tail, event, number, started_at, duration, status, error = cast(
        "tuple[int, int, str, int, int, int, int | None, str | None]", row
    )
    return EndpointAttempt(
        delivery_id=ids.join(key, tail),
        event=event,
        number=number,
        started_at=started_at,
        duration=duration,
        status=status,
        error=error,
    )


def new_item(key: int, number: int, one: Item) -> Row:
    """The values of a row of `job_item`."""
    return (key, one.name, number, one.status, one.at, error_text(one.error), one.data)


def item(job_id: str, row: Row) -> Item:
    """The partial result of a row."""
    name, number, status, data, error, at = cast("tuple[str, int, ItemStatus, bytes | None, str | None, int]", row)
    return Item(
        job_id=job_id,
        name=name,
        number=number,
        status=status,
        data=data,
        error=None if error is None else stored_error.error_of(error),
        at=at,
    )
