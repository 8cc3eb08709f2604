"""The life of a job as a list of events, made of its stored rows alone.

Because it is made of rows, it is the same after a restart of the server, and a reader that says how far it has come
gets exactly the rest. Where a reader stands is a :class:`Place`; every event has one, and they only ever grow:

=============  ======================================  ==================================================
event          place                                   from
=============  ======================================  ==================================================
``queued``     attempt 0                               the job
``started``    attempt n, phase 1, when it began       the attempt, or the job while it runs
``retry``      attempt n, phase 1, the same, and 1     the job, when attempt n was taken back uncounted
``retry``      attempt n, phase 2                      the attempt, when it is not what ended the job
``finished``   attempt n, phase 3, when it ended       the job
=============  ======================================  ==================================================

Of progress a job keeps the last word only. It stands where its attempt began, and is told when it is another than the
one that was told last.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import encode

from hookyard.clock import rfc3339
from hookyard.gateway.views import ShortJob, short_view
from hookyard.model import TERMINAL, Attempt, AttemptOutcome, ErrorInfo, Job, Progress, Reason

_STARTED: Final = 1
_RETRY: Final = 2
_FINISHED: Final = 3
_UNCOUNTED: Final = frozenset({"retry_later", "released"})


class Place(Struct, frozen=True, order=True):
    """How far into the life of a job."""

    attempt: int = 0
    phase: int = 0
    mark: int = 0
    """Which of several beginnings or ends of the same attempt, by its time."""
    step: int = 0

    @property
    def closes(self) -> bool:
        """Whether an attempt is over here, so that all its lines come before."""
        return self.phase >= _RETRY or self.step > 0


class Queued(Struct, frozen=True, kw_only=True):
    """The job is on disk."""

    job_id: str
    plugin: str
    command: str
    at: str
    run_at: str
    """Not to be started before."""


class Started(Struct, frozen=True, kw_only=True):
    """An attempt began."""

    attempt: int
    at: str


class Retried(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt is over, and another is to follow."""

    attempt: int
    outcome: AttemptOutcome
    at: str | UnsetType = UNSET
    run_at: str | UnsetType = UNSET
    """When it is tried again, as long as it waits for that."""
    reason: Reason | UnsetType = UNSET
    error: ErrorInfo | UnsetType = UNSET


class Moment(Struct, frozen=True):
    """One event of a life."""

    place: Place
    event: str
    data: Queued | Started | Retried | ShortJob


def life(job: Job, attempts: Sequence[Attempt]) -> Iterator[Moment]:
    """The life of a job so far; `attempts` are those that have ended, oldest first."""
    queued = Queued(
        job_id=job.id,
        plugin=job.plugin,
        command=job.command,
        at=rfc3339(job.submitted_at),
        run_at=rfc3339(job.run_at if not attempts and job.started_at is None else job.submitted_at),
    )
    yield Moment(Place(), "queued", queued)
    for attempt in attempts:
        yield _started(attempt.number, attempt.started_at)
        if not _has_ended(job, attempt):
            yield _retried(job, attempt)
    if job.started_at is not None and job.status == "running":
        yield _started(job.attempt, job.started_at)
    elif job.started_at is not None and job.status == "queued" and job.reason in _UNCOUNTED:
        number = job.attempt + 1  # which it had until it was taken back
        yield _started(number, job.started_at)
        back = Retried(attempt=number, outcome="released", run_at=rfc3339(job.run_at), reason=job.reason)
        yield Moment(Place(number, _STARTED, job.started_at, 1), "retry", back)
    if job.status in TERMINAL:
        yield Moment(Place(job.attempt, _FINISHED, job.completed_at or 0), "finished", short_view(job))


def place_of(progress: Progress, moments: Sequence[Moment]) -> Place:
    """Where a progress belongs: to the last attempt that had begun when it was said."""
    starts = [moment.place for moment in moments if moment.event == "started"]
    begun = [place for place in starts if place.mark <= progress.at]
    return (begun or starts or [Place()])[-1]


def stamp(progress: Progress) -> tuple[int, int]:
    """What tells two words of progress apart, also of one millisecond."""
    return progress.at, crc32(encode(progress))


def _started(number: int, at: int) -> Moment:
    return Moment(Place(number, _STARTED, at), "started", Started(attempt=number, at=rfc3339(at)))


def _retried(job: Job, attempt: Attempt) -> Moment:
    waits = job.status == "queued" and job.attempt == attempt.number
    data = Retried(
        attempt=attempt.number,
        outcome=attempt.outcome,
        at=rfc3339(attempt.ended_at),
        run_at=rfc3339(job.run_at) if waits else UNSET,
        reason=job.reason if waits and job.reason is not None else UNSET,
        error=UNSET if attempt.error is None else attempt.error,
    )
    return Moment(Place(attempt.number, _RETRY), "retry", data)


def _has_ended(job: Job, attempt: Attempt) -> bool:
    """Whether the job ended with this attempt."""
    return job.status in TERMINAL and job.attempt == attempt.number and job.completed_at == attempt.ended_at
