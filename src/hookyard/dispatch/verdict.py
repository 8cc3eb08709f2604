"""What an attempt's end means for its job: done, another attempt, or the end without success.

Pure functions of the error, the job and the command; the random draw comes in from outside.
"""

from typing import Final

import msgspec
from msgspec import DecodeError, Struct

from hookyard import log
from hookyard.dispatch.bounds import LARGEST_DETAILS, dropped
from hookyard.errors import Cancelled, CommandError, ContextError, InvalidOutput, PluginFailed, RetryLater
from hookyard.host.registry import Command
from hookyard.model import AttemptOutcome, ErrorInfo, Job, Reason, Retry, TerminalStatus
from hookyard.runners import AttemptTimedOut

_log = log.get("dispatch")
_DEFAULT: Final = Retry()


class Ended(Struct, frozen=True):
    """The job is over."""

    status: TerminalStatus
    outcome: AttemptOutcome
    reason: Reason | None = None
    result: bytes | None = None
    error: ErrorInfo | None = None
    result_artifact: str | None = None
    """The name of the artifact that holds the result, which is then not kept with the job."""


class Again(Struct, frozen=True):
    """The job goes back to the queue."""

    after: int
    """Milliseconds from now."""
    outcome: AttemptOutcome
    reason: Reason
    error: ErrorInfo | None = None
    uncount: bool = False


CANCELLED = Ended(
    status="cancelled",
    outcome="cancelled",
    reason="cancelled_by_user",
    error=ErrorInfo(code="cancelled", message="The job was cancelled."),
)
RELEASED = Again(after=0, outcome="released", reason="released", uncount=True)
MISSING = Again(after=60_000, outcome="released", reason="command_missing", uncount=True)
"""Nothing here can run the job now; it is looked at again every minute, since a reload may bring its command back."""


LATER: Final = "retry_later"
"""The code under which a job that asks to be run later keeps since when it does."""


class Limits(Struct, frozen=True):
    """What an end is judged by besides the job and its command."""

    draw: float = 0.0
    """A random number in [0, 1): places the retry."""
    now: int = 0
    later: int = 7 * 86_400_000
    """Milliseconds for which a job may go on asking to be run later without an attempt that counts."""


def judge(error: BaseException, job: Job, command: Command, limits: Limits) -> Ended | Again:
    """What becomes of a job whose attempt raised `error`."""
    if isinstance(error, RetryLater):
        return _later(error, job, limits)
    if isinstance(error, InvalidOutput):
        return _failed("invalid_output", ErrorInfo(code="invalid_output", message=str(error)))
    if isinstance(error, InvalidInput):
        return _failed("invalid_input", ErrorInfo(code="invalid_input", message=str(error)))
    if isinstance(error, AttemptTimedOut):
        info = ErrorInfo(code="timed_out", message=str(error), retryable=True)
        return _again_or("timed_out", "deadline", info, job, command, limits.draw)
    info = _info(error, job)
    if not info.retryable:
        return _failed("not_retryable", info)
    return _again_or("failed", "plugin_error", info, job, command, limits.draw)


def _later(error: RetryLater, job: Job, limits: Limits) -> Ended | Again:
    after = round(error.after * 1000)
    # Since when it goes on like this is kept with the error that each such release leaves behind.
    last = job.last_error
    since: object = last.details.get("since") if last is not None and last.code == LATER and last.details else None
    begun = since if isinstance(since, int) else limits.now
    if limits.now + after - begun > limits.later:
        message = f"It has asked to be run later for {(limits.now - begun) / 1000:g} s, and no longer may."
        info = ErrorInfo(code="deadline", message=message)
        return Ended(status="failed", outcome="failed", reason="deadline", error=info)
    info = ErrorInfo(code=LATER, message=_text(error), retryable=True, details={"since": begun})
    return Again(after=after, outcome="released", reason="retry_later", error=info, uncount=True)


def _info(error: BaseException, job: Job) -> ErrorInfo:
    """What callers are told of an error, and whether another attempt may go better."""
    match error:
        case CommandError():
            return _as_it_can_be_kept(error, job)
        case PluginFailed():
            return ErrorInfo(code=_text(error.code), message=_text(error), retryable=error.retryable)
        case ContextError():
            # What calls and is called would multiply with every level that tries again.
            return ErrorInfo(code=_text(error.code), message=_text(error), retryable=bool(error.retryable))
        case _:
            return ErrorInfo(
                code="cancelled" if isinstance(error, Cancelled) else "plugin_error",
                message=f"The command failed; the log has the whole error under job {job.id}.",
                retryable=True,
            )


def _as_it_can_be_kept(error: CommandError, job: Job) -> ErrorInfo:
    """What a plugin said, in types that every store and every reader can take: a plugin is not held to its hints."""
    details: dict[str, object] | None = None
    if error.details is not None:
        try:
            encoded = msgspec.json.encode(dict(error.details))
            fits = len(encoded) <= LARGEST_DETAILS  # else there is no need to look for secrets in all of it
            details = msgspec.json.decode(encoded, type=dict[str, object]) if fits else dropped()
        except Exception as reason:  # noqa: BLE001  whatever its objects do when they are encoded
            _log.warning("command.details_dropped", job_id=job.id, request_id=job.request_id, why=type(reason).__name__)
    return ErrorInfo(
        code=_text(error.code), message=_text(error.message), retryable=bool(error.retryable), details=details
    )


def _text(value: object) -> str:
    """Text that can be written as UTF-8, whatever the operating system once made of a file's name."""
    return str(value).encode(errors="replace").decode()


def policy(job: Job, command: Command | None) -> Retry:
    """How often a job is tried, and after which failures: as its caller asked, else as its command has it."""
    if job.options is not None and job.options.retry is not None:
        return job.options.retry
    return _DEFAULT if command is None else command.retry


def lost(job: Job, command: Command | None = None) -> Ended | Again:
    """What becomes of a job whose worker died; its attempt counts (I4)."""
    info = ErrorInfo(code="worker_lost", message=f"The worker was lost in attempt {job.attempt}.", retryable=True)
    if job.attempt >= job.max_attempts or not policy(job, command).takes(info.code):
        return Ended(status="failed", outcome="lost", reason="worker_lost", error=info)
    return Again(after=0, outcome="lost", reason="worker_lost", error=info)


class InvalidInput(Exception):  # noqa: N818  a verdict on stored data, kept inside this room
    """The stored args do not fit the command's input any more: the plugin changed since they were accepted."""

    def __init__(self, error: DecodeError) -> None:
        super().__init__(f"The stored input does not fit the command: {error}")


def _failed(reason: Reason, info: ErrorInfo) -> Ended:
    return Ended(status="failed", outcome="failed", reason=reason, error=info)


def _again_or(  # noqa: PLR0917  one private step, called in one order
    status: TerminalStatus, reason: Reason, info: ErrorInfo, job: Job, command: Command, draw: float
) -> Ended | Again:
    outcome: AttemptOutcome = "timed_out" if status == "timed_out" else "failed"
    retry = policy(job, command)
    taken = retry.takes(info.code)
    if job.attempt >= job.max_attempts or not taken:
        used_up: Reason = "attempts_exhausted" if taken else "not_retryable"
        last: Reason = reason if status == "timed_out" else used_up
        return Ended(status=status, outcome=outcome, reason=last, error=info)
    delay = retry.delay(job.attempt, draw)
    return Again(after=round(delay * 1000), outcome=outcome, reason=reason, error=info)
