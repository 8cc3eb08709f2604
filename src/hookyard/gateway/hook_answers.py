"""What a sender is told of the jobs that its event has become, or became when it came before."""

from typing import Any

from hookyard.command import CommandSpec
from hookyard.errors import Refused
from hookyard.gateway.accept import LOCATION
from hookyard.gateway.answer import Answer, value_answer
from hookyard.model import ErrorInfo, Job
from hookyard.store.contract import Enqueued


def job_entry(spec: CommandSpec, stored: Enqueued, letter: ErrorInfo | None) -> dict[str, Any]:
    """Show a job that was just stored.

    Args:
        spec: of its command.
        stored: what became of it.
        letter: why it cannot run, if it is a dead letter.
    """
    told = {"job_id": stored.job_id, "status": "queued", "plugin": spec.plugin, "command": spec.name}
    return _more(told, stored, letter)


def known_entry(job: Job | None, stored: Enqueued, letter: ErrorInfo | None) -> dict[str, Any]:
    """Show the job that a delivery stands for which came before: its own command, and how it stands now.

    Args:
        job: the job; None: it is forgotten, and only its id is left.
        stored: the answer of the store.
        letter: why it cannot run, if it still is a dead letter of which nothing has run.
    """
    told: dict[str, Any] = {"job_id": stored.job_id, "status": "forgotten"}
    if job is not None:
        told |= {"status": job.status, "plugin": job.plugin, "command": job.command}
    return _more(told, stored, letter)


def entry_answer(entry: dict[str, Any]) -> Answer:
    """A job alone, with where it is."""
    location = [] if entry["status"] == "forgotten" else [(b"location", LOCATION + entry["job_id"].encode())]
    return value_answer(entry, 202, location)


def refusal(letter: ErrorInfo, **extra: object) -> Refused:
    """Why an event cannot run, as it is told to who sent it."""
    path = None if letter.details is None else str(letter.details["path"])
    return Refused(letter.code, letter.message, path=path, extra=extra)


def _more(told: dict[str, Any], stored: Enqueued, letter: ErrorInfo | None) -> dict[str, Any]:
    if letter is not None:
        told |= {"status": "failed", "code": letter.code, "detail": letter.message}
        told |= letter.details or {}
    if stored.duplicate:
        told["duplicate"] = True
    if stored.coalesced:
        told["coalesced"] = True
    return told
