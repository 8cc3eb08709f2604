"""What an event of each type looks like: samples that `test` sends and the reference page shows.

A sample's job is :data:`SAMPLE_JOB`, which no job ever has, and the job's tags are `sample`: whoever gets one can tell.
"""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Raw, Struct

from hookyard.clock import rfc3339
from hookyard.outbound.events import house, jobs
from hookyard.outbound.message import Failure, ProgressData

SAMPLE_JOB: Final = "00000000-0000-7000-8000-000000000000"
SAMPLE_EVENT: Final = "00000000-0000-7000-8000-000000000001"
SAMPLE_DELIVERY: Final = "00000000-0000-7000-8000-000000000002"
_SECOND: Final = 1000
_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR


def _job(now: int, **more: object) -> dict[str, object]:
    told: dict[str, object] = {
        "job_id": SAMPLE_JOB,
        "plugin": "hello",
        "command": "greet",
        "attempt": 1,
        "tags": ("sample",),
        "submitted_at": rfc3339(now - 2 * _SECOND),
        "started_at": rfc3339(now - _SECOND),
    }
    return told | more


def _ended(now: int, **more: object) -> dict[str, object]:
    return _job(now, completed_at=rfc3339(now), **more)


def _queued(now: int) -> Struct:
    told = _job(now, status="queued", attempt=0, submitted_at=rfc3339(now))
    del told["started_at"]
    return jobs.JobQueued(**told)  # type: ignore[arg-type]  # checked by the test of samples


def _of_job(
    kind: Callable[..., Struct], of: Callable[..., dict[str, object]], **more: object
) -> Callable[[int], Struct]:
    return lambda now: kind(**of(now, **more))


def _breaker(state: str, **more: int) -> Callable[[int], Struct]:
    def made(now: int) -> Struct:
        until = {"until": rfc3339(now + more["after"])} if more else {}
        return house.BreakerTurned(command="hello/greet", lane="hello/greet", failures=5, state=state, **until)  # type: ignore[arg-type]  # as above

    return made


def _endpoint(now: int) -> Struct:  # noqa: ARG001  it says nothing of time
    return house.EndpointChanged(endpoint="audit", by="token:admin")


def _passed(reason: str | None) -> Callable[[int], Struct]:
    return lambda now: house.SchedulePassed(
        schedule="nightly", fire_time=rfc3339(now), next_fire_time=rfc3339(now + _DAY), reason=reason
    )


def _stopped(*, goes_on: bool) -> Callable[[int], Struct]:
    return lambda now: house.ScheduleStopped(
        schedule="nightly", next_fire_time=rfc3339(now + _DAY) if goes_on else None, by="token:admin"
    )


_ERROR: Final = Failure("no_such_person", "There is nobody of that name.")
SAMPLES: Final[Mapping[str, Callable[[int], Struct]]] = {
    "job.queued": _queued,
    "job.started": _of_job(jobs.JobStarted, _job, status="running"),
    "job.progress": _of_job(jobs.JobProgressed, _job, status="running", progress=ProgressData(3, 10, "greeting")),
    "job.succeeded": _of_job(jobs.JobSucceeded, _ended, status="succeeded", result=Raw(b'{"text":"Hello, Ada!"}')),
    "job.failed": _of_job(jobs.JobFailed, _ended, status="failed", reason="not_retryable", error=_ERROR),
    "job.timed_out": _of_job(
        jobs.JobTimedOut,
        _ended,
        status="timed_out",
        reason="deadline",
        error=Failure("timed_out", "The attempt took longer than 30 s."),
    ),
    "job.cancelled": _of_job(
        jobs.JobCancelled,
        _ended,
        status="cancelled",
        reason="cancelled_by_user",
        error=Failure("cancelled", "The job was cancelled."),
    ),
    "endpoint.created": _endpoint,
    "endpoint.updated": _endpoint,
    "endpoint.deleted": _endpoint,
    "endpoint.enabled": _endpoint,
    "endpoint.disabled": lambda now: house.EndpointDisabled(
        endpoint="audit", reason="failing", failing_since=rfc3339(now - 5 * _DAY), last_error="http_503"
    ),
    "endpoint.rotated": lambda now: house.EndpointRotated(
        endpoint="audit", by="token:admin", kind="v1", until=rfc3339(now + _DAY)
    ),
    "endpoint.failing": lambda now: house.EndpointFailing(
        endpoint="audit",
        failing_since=rfc3339(now - 60 * _HOUR),
        last_error="timeout",
        disabled_at=rfc3339(now + 60 * _HOUR),
    ),
    "delivery.failed": lambda now: house.DeliveryFailed(
        delivery_id=SAMPLE_DELIVERY,
        endpoint="audit",
        event="job.succeeded",
        job_id=SAMPLE_JOB,
        attempts=10,
        last_status=400,
        last_error="http_400",
        created_at=rfc3339(now - 75 * _HOUR),
        failed_at=rfc3339(now),
        failed=1,
    ),
    "breaker.opened": _breaker("open", after=30 * _SECOND),
    "breaker.half_open": _breaker("half_open"),
    "breaker.closed": _breaker("closed"),
    "schedule.fired": lambda now: house.ScheduleFired(
        schedule="nightly", fire_time=rfc3339(now), next_fire_time=rfc3339(now + _DAY), job_id=SAMPLE_JOB
    ),
    "schedule.missed": _passed(None),
    "schedule.skipped": _passed(f"the job {SAMPLE_JOB} is still active"),
    "schedule.refused": _passed("There is no command 'hello/greet'."),
    "schedule.paused": _stopped(goes_on=False),
    "schedule.resumed": _stopped(goes_on=True),
}
"""The `data` of a job's event or the `payload` of one of Hookyard's own, by type, at a time in milliseconds."""
