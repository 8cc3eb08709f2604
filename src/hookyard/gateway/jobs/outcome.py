"""What is answered when a job is not changed."""

from msgspec import Struct

from hookyard.dispatch.dead_letters import Inputless
from hookyard.errors import Refused
from hookyard.gateway.dispatching import Cancelled, Forgotten, Retried
from hookyard.model import JobStatus
from hookyard.store.contract import AlreadyTerminal, Doomed, Exhausted, StillActive, Undelivered


class ChangedJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a job stands after it was changed."""

    job_id: str
    status: JobStatus
    cancel_requested: bool = False
    """Whether it still runs and was asked to end."""


def uncancelled(outcome: Cancelled, job_id: str) -> Refused:
    """Why a job was not cancelled."""
    if isinstance(outcome, AlreadyTerminal):
        told = {"job_id": job_id, "job_status": outcome.status}
        return Refused("already_terminal", f"The job has ended as {outcome.status}.", extra=told)
    return gone()


def unretried(outcome: Retried, job_id: str) -> Refused:
    """Why a job was not queued again."""
    match outcome:
        case StillActive(status):
            return _active(job_id, status)
        case Exhausted("succeeded"):
            told = {"job_id": job_id, "job_status": "succeeded"}
            return Refused("already_succeeded", "It is run again with force only.", extra=told)
        case Exhausted(status, attempt, most):
            told = {"job_id": job_id, "job_status": status}
            detail = f"{attempt} of {most} attempts are used up; with force it gets as many again as its command has."
            return Refused("attempts_exhausted", detail, extra=told)
        case Inputless():
            detail = "No input could be made of its event: `hookyard hooks replay` makes a job of that anew."
            return Refused("invalid_event", detail, extra={"job_id": job_id, "job_status": "failed"})
        case Doomed():
            told = {"job_id": job_id}
            return Refused(
                "dependency_failed", "A job that had to succeed first did not: run that one again first.", extra=told
            )
        case _:
            return gone()


def undeleted(outcome: Forgotten | None, job_id: str) -> Refused:
    """Why a job was not forgotten."""
    match outcome:
        case StillActive(status):
            return _active(job_id, status)
        case Undelivered():
            return Refused("undelivered", extra={"job_id": job_id})
        case _:
            return gone()


def gone() -> Refused:
    """There is no such job, or no longer."""
    return Refused("not_found", "There is no such job.")


def _active(job_id: str, status: JobStatus) -> Refused:
    return Refused("job_active", f"The job is {status}.", extra={"job_id": job_id, "job_status": status})
