"""From what is stored to what observers are told."""

from hookyard.hookspecs import DeliveryFinished, EventEmitted, JobFinished, JobStarted
from hookyard.model import Delivery, Event, Job
from hookyard.store.contract import FinishDelivery


def started(job: Job) -> JobStarted:
    """The beginning of an attempt."""
    return JobStarted(
        job_id=job.id,
        plugin=job.plugin,
        command=job.command,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        submitted_at=job.submitted_at,
        started_at=job.started_at,
        principal=job.principal,
        source=job.source,
        request_id=job.request_id,
        tags=job.tags,
        parent=job.parent,
    )


def finished(job: Job) -> JobFinished:
    """The end of a job.

    Raises:
        ValueError: it has not ended.
    """
    if job.status == "queued" or job.status == "running":  # noqa: PLR1714  checkers narrow this form
        msg = f"job {job.id} is {job.status}, which is not an end"
        raise ValueError(msg)
    return JobFinished(
        job_id=job.id,
        plugin=job.plugin,
        command=job.command,
        status=job.status,
        reason=job.reason,
        attempt=job.attempt,
        error=job.last_error,
        submitted_at=job.submitted_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        principal=job.principal,
        source=job.source,
        request_id=job.request_id,
        tags=job.tags,
    )


def delivered(delivery: Delivery, end: FinishDelivery) -> DeliveryFinished:
    """The end of a delivery.

    Raises:
        ValueError: it has not ended.
    """
    if end.status != "delivered" and end.status != "failed":  # noqa: PLR1714  as above
        msg = f"delivery {delivery.id} is to be tried again, which is not an end"
        raise ValueError(msg)
    return DeliveryFinished(
        delivery_id=delivery.id,
        event=delivery.event,
        status=end.status,
        endpoint=delivery.endpoint,
        job_id=delivery.job_id,
        request_id=delivery.request_id,
        attempt=end.attempt.number,
        http_status=end.attempt.status,
        error=end.attempt.error,
    )


def emitted(event: Event) -> EventEmitted:
    """An event that is published."""
    return EventEmitted(
        id=event.id,
        type=event.type,
        plugin=event.plugin,
        command=event.command,
        job_id=event.job_id,
        request_id=event.request_id,
        payload=event.payload,
        created_at=event.created_at,
    )
