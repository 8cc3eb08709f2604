"""What is told of a job or an event, made once for all who are told; never larger than what is sent at most.

Of a job's end the result is left out where the body would be too large, which the body says. What is too large all the
same is not sent: its delivery is stored as failed, `too_large`, with a body that says no more than what it is of.
"""

from typing import Final

from msgspec.structs import replace

from hookyard.model import ErrorInfo, Event, Job
from hookyard.outbound.endpoints.told import Told
from hookyard.outbound.message import EVENTS, body, event_body, notice_body

TOO_LARGE: Final = "too_large"
_MOST_LOOKED_AT: Final = 4 << 20
"""Bytes of what filters and orders look at: to decode it holds up the loop."""
_MOST_TOLD: Final = 1000
"""Characters of an error's message, where hardly anything is said."""


class Contents:
    """Makes them.

    Args:
        most: bytes of a body.
    """

    def __init__(self, most: int) -> None:
        self._most = most

    def of_end(self, job: Job, now: int) -> Told:
        """That a job has ended."""
        event, content = EVENTS[job.status], body(job, now)
        if len(content) <= self._most:
            return _of_job(job, event, content)
        whole, content = _to_look_at(content), body(job, now, omitted=True)
        if len(content) <= self._most:
            return _of_job(job, event, content, whole)
        return _of_job(job, event, body(_less(job), now, omitted=True), whole, too_large=True)

    def of_notice(self, job: Job, event: str, now: int) -> Told:
        """What there is to say of a job that has not ended."""
        content = notice_body(job, event, now)
        if len(content) <= self._most:
            return _of_job(job, event, content)
        return _of_job(job, event, notice_body(_less(job), event, now), _to_look_at(content), too_large=True)

    def of_event(self, event: Event) -> Told:
        """That a command, or Hookyard itself, emitted an event."""
        content = event_body(event)
        too_large = len(content) > self._most
        return Told(
            event=event.type,
            body=event_body(event, omitted=True) if too_large else content,
            plugin=event.plugin,
            command=event.command,
            tenant=event.tenant,
            job_id=event.job_id or None,
            request_id=event.request_id,
            event_id=event.id,
            too_large=too_large,
            whole=_to_look_at(content) if too_large else None,
        )


def _to_look_at(content: bytes) -> bytes | None:
    return content if len(content) <= _MOST_LOOKED_AT else None


def _of_job(job: Job, event: str, content: bytes, whole: bytes | None = None, *, too_large: bool = False) -> Told:
    return Told(
        event=event,
        body=content,
        plugin=job.plugin,
        command=job.command,
        tenant=job.tenant,
        job_id=job.id,
        request_id=job.request_id,
        too_large=too_large,
        whole=whole,
    )


def _less(job: Job) -> Job:
    error = job.last_error
    if error is not None:
        error = ErrorInfo(error.code, error.message[:_MOST_TOLD], retryable=error.retryable)
    return replace(job, tags=(), progress=None, last_error=error)
