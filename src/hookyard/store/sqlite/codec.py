"""Rows to Structs and back."""

from typing import cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hookyard import ids
from hookyard.model import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    ErrorInfo,
    Job,
    JobStatus,
    Reason,
)
from hookyard.store import stored_error, stored_options, stored_progress
from hookyard.store.contract import Enqueue
from hookyard.store.sqlite.driver import Value

JobRow = tuple[
    int,  # key
    int,  # tail
    str,  # plugin
    str,  # command
    str,  # lane
    int,  # submitted_at
    int,  # run_at
    int,  # priority
    int,  # max_attempts
    int | None,  # timeout
    str,  # principal
    str | None,  # source
    str,  # request_id
    str | None,  # callback_url
    str,  # tags
    JobStatus,
    Reason | None,
    int,  # attempt
    int,  # cancel_requested
    int | None,  # lease_token
    int | None,  # lease_expires_at
    str | None,  # worker
    int | None,  # started_at
    int | None,  # completed_at
    str | None,  # last_error
    str | None,  # parent
    str | None,  # progress
    str | None,  # what few jobs have, as a JSON array
    bytes | None,  # result
    bytes,  # args
]
"""A row of `job_log` as the statements select it."""

DeliveryRow = tuple[
    int,  # key
    int,  # tail
    int | None,  # job_key
    int | None,  # job_tail
    str,  # event
    str | None,  # endpoint
    str | None,  # url
    int,  # created_at
    DeliveryStatus,
    int,  # attempt
    int | None,  # next_at
    int | None,  # lease_token
    int | None,  # lease_expires_at
    int | None,  # last_status
    str | None,  # last_error
    int | None,  # completed_at
    str,  # request_id
    str,  # tenant
    int | None,  # event_key
    int | None,  # event_tail
    str | None,  # order_key
    int,  # round_start
    int,  # epoch
    int,  # put_off
    bytes,  # body
]
"""A row of `delivery` as the statements select it."""

_json = msgspec.json.Encoder()
_tags = msgspec.json.Decoder(tuple[str, ...])
_NOWHERE = (-1, -1)
_NO_NUMBERS = (None, None)
_TAIL = (1 << 62) - 1
_READY = 17  # the place of `ready` in the row of a new job


def numbers(identifier: str) -> tuple[int, int]:
    """Key and tail of an id, as :func:`hookyard.ids.key` and :func:`hookyard.ids.tail` have them, in one go.

    What is no id gets numbers that no row has.
    """
    try:
        whole = int(identifier.replace("-", ""), 16)
    except ValueError:
        return _NOWHERE
    if whole >> 128:
        return _NOWHERE
    return (whole >> 80) << 12 | (whole >> 64) & 0xFFF, whole & _TAIL


def new_numbers(identifier: str) -> tuple[int, int]:
    """The same for an id that is to be stored.

    Raises:
        ValueError: it is none.
    """
    if (found := numbers(identifier)) is _NOWHERE:
        msg = f"{identifier!r} is not an id"
        raise ValueError(msg)
    return found


def error_text(error: ErrorInfo | None) -> str | None:
    """An error as it is stored."""
    return None if error is None else stored_error.error_text(error)


def new_job(op: Enqueue) -> tuple[Value, ...]:
    """The values of a new row of `job_log`, in the order of the statement `enqueue`."""
    job, lease = op.job, op.lease
    key, tail = new_numbers(job.id)
    if lease is None:
        status, ready, attempt, started_at = "queued", int(job.run_at <= op.now), 0, None
        token = expires_at = worker = None
    else:
        status, ready, attempt, started_at = "running", None, 1, op.now
        token, expires_at, worker = lease.token, lease.expires_at, lease.worker
    return (
        key,
        tail,
        job.plugin,
        job.command,
        job.lane,
        job.priority,
        job.max_attempts,
        job.run_at,
        job.submitted_at,
        job.timeout,
        job.principal,
        job.source,
        job.request_id,
        job.callback_url,
        _json.encode(job.tags).decode() if job.tags else "[]",
        job.args,
        status,
        ready,
        attempt,
        started_at,
        token,
        expires_at,
        worker,
        job.parent,
    )


def is_plain(job: Job) -> bool:
    """Whether a new job uses none of the columns, and needs none of the looks, that few do."""
    return (
        job.options is None
        and job.unique_key is None
        and job.concurrency_key is None
        and not job.tags
        and not job.tenant
        and job.affinity is None
    )


def new_job_with_more(op: Enqueue, ready: int | None) -> tuple[Value, ...]:
    """The same for a job that :func:`is_plain` does not hold for, in the order of the statement `enqueue_more`."""
    job, row = op.job, new_job(op)
    options = None if job.options is None else stored_options.options_text(job.options)
    if options is None and (
        job.tenant or job.affinity is not None or job.unique_key is not None or job.concurrency_key is not None
    ):
        options = ""  # so that whoever reads a job looks at one column for all of these
    return (
        *row[:_READY],
        ready,
        *row[_READY + 1 :],
        job.tenant,
        job.affinity,
        job.unique_key,
        job.concurrency_key,
        None if job.concurrency_key is None else job.concurrency_limit,
        options,
    )


class More(Struct, frozen=True, array_like=True):
    """What few jobs have, as the statements select it."""

    tenant: str
    affinity: str | None
    unique_key: str | None
    concurrency_key: str | None
    concurrency_limit: int | None
    options: str | None
    result_artifact: str | None


more = msgspec.json.Decoder(More).decode


def job(row: JobRow) -> Job:
    """The job of a row."""
    plain = Job(
        id=ids.join(row[0], row[1]),
        plugin=row[2],
        command=row[3],
        lane=row[4],
        submitted_at=row[5],
        run_at=row[6],
        priority=row[7],
        max_attempts=row[8],
        timeout=row[9],
        principal=row[10],
        source=row[11],
        request_id=row[12],
        callback_url=row[13],
        tags=() if row[14] == "[]" else _tags.decode(row[14]),
        status=row[15],
        reason=row[16],
        attempt=row[17],
        cancel_requested=row[18] == 1,
        lease_token=row[19],
        lease_expires_at=row[20],
        worker=row[21],
        started_at=row[22],
        completed_at=row[23],
        last_error=None if row[24] is None else stored_error.error_of(row[24]),
        parent=row[25],
        progress=None if row[26] is None else stored_progress.progress_of(row[26]),
        result=row[28],
        args=row[29],
    )
    if row[27] is None:
        return plain
    has = more(row[27])
    return replace(
        plain,
        tenant=has.tenant,
        affinity=has.affinity,
        unique_key=has.unique_key,
        concurrency_key=has.concurrency_key,
        concurrency_limit=has.concurrency_limit,
        options=stored_options.options_of(has.options) if has.options else None,
        result_artifact=has.result_artifact,
    )


def attempt(job_id: str, row: tuple[Value, ...]) -> Attempt:
    """The ended attempt of a row of `attempt_log`."""
    number, outcome, worker, started_at, ended_at, error = cast(
        "tuple[int, AttemptOutcome, str, int, int, str | None]", row
    )
    return Attempt(
        job_id=job_id,
        number=number,
        outcome=outcome,
        worker=worker,
        started_at=started_at,
        ended_at=ended_at,
        error=None if error is None else stored_error.error_of(error),
    )


def new_delivery(delivery: Delivery) -> tuple[Value, ...]:
    """The values of a new row of `delivery`, in the order of the statement `add_deliveries`."""
    due = delivery.created_at if delivery.next_at is None and delivery.status == "pending" else delivery.next_at
    return (
        *new_numbers(delivery.id),
        *(_NO_NUMBERS if delivery.job_id is None else new_numbers(delivery.job_id)),
        delivery.event,
        delivery.endpoint,
        delivery.url,
        delivery.body,
        delivery.created_at,
        delivery.status,
        delivery.attempt,
        due,
        delivery.lease_token,
        delivery.lease_expires_at,
        delivery.last_status,
        delivery.last_error,
        delivery.completed_at,
        delivery.request_id,
        delivery.tenant,
        *(_NO_NUMBERS if delivery.event_id is None else new_numbers(delivery.event_id)),
        delivery.order_key,
        delivery.round_start,
        delivery.epoch,
        delivery.put_off,
    )


def delivery(row: DeliveryRow) -> Delivery:
    """The delivery of a row."""
    return Delivery(
        id=ids.join(row[0], row[1]),
        job_id=None if row[2] is None or row[3] is None else ids.join(row[2], row[3]),
        event=row[4],
        endpoint=row[5],
        url=row[6],
        created_at=row[7],
        status=row[8],
        attempt=row[9],
        next_at=row[10],
        lease_token=row[11],
        lease_expires_at=row[12],
        last_status=row[13],
        last_error=row[14],
        completed_at=row[15],
        request_id=row[16],
        tenant=row[17],
        event_id=None if row[18] is None or row[19] is None else ids.join(row[18], row[19]),
        order_key=row[20],
        round_start=row[21],
        epoch=row[22],
        put_off=row[23] == 1,
        body=row[24],
    )


def delivery_attempt(delivery_id: str, row: tuple[Value, ...]) -> DeliveryAttempt:
    """The try of a row of `delivery_attempt`."""
    number, started_at, duration, status, error, response = cast(
        "tuple[int, int, int, int | None, str | None, bytes | None]", row
    )
    return DeliveryAttempt(
        delivery_id=delivery_id,
        number=number,
        started_at=started_at,
        duration=duration,
        status=status,
        error=error,
        response=response,
    )
