"""What an attempt's end means for its job: done, another attempt, or the end without success.

Pure functions of the error, the job and the command; the random draw comes in from outside.
"""

import msgspec
from msgspec import DecodeError, Struct

from hookyard import log
from hookyard.errors import CallError, Cancelled, CommandError, ContextError, InvalidOutput, PluginFailed, RetryLater
from hookyard.host.registry import Command
from hookyard.model import AttemptOutcome, ErrorInfo, Job, Reason, TerminalStatus
from hookyard.runners import AttemptTimedOut

_log = log.get("dispatch")


class Ended(Struct, frozen=True):
    """The job is over."""

    status: TerminalStatus
    outcome: AttemptOutcome
    reason: Reason | None = None
    result: bytes | None = None
    error: ErrorInfo | None = None


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


def judge(error: BaseException, job: Job, command: Command, draw: float) -> Ended | Again:
    """What becomes of a job whose attempt raised `error`; `draw` in [0, 1) places the retry."""
    if isinstance(error, RetryLater):
        return Again(after=round(error.after * 1000), outcome="released", reason="retry_later", uncount=True)
    if isinstance(error, InvalidOutput):
        return _failed("invalid_output", ErrorInfo(code="invalid_output", message=str(error)))
    if isinstance(error, InvalidInput):
        return _failed("invalid_input", ErrorInfo(code="invalid_input", message=str(error)))
    if isinstance(error, AttemptTimedOut):
        info = ErrorInfo(code="timed_out", message=str(error), retryable=True)
        return _again_or("timed_out", "deadline", info, job, command, draw)
    info = _info(error, job)
    if not info.retryable:
        return _failed("not_retryable", info)
    return _again_or("failed", "plugin_error", info, job, command, draw)


def _info(error: BaseException, job: Job) -> ErrorInfo:
    """What callers are told of an error, and whether another attempt may go better."""
    match error:
        case CommandError():
            return _as_it_can_be_kept(error, job)
        case PluginFailed():
            return ErrorInfo(code=_text(error.code), message=_text(error), retryable=error.retryable)
        case ContextError():
            # What calls and is called would multiply with every level that tries again.
            again = bool(error.retryable) if isinstance(error, CallError) else True
            return ErrorInfo(code=_text(error.code), message=_text(error), retryable=again)
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
            details = msgspec.json.decode(msgspec.json.encode(dict(error.details)), type=dict[str, object])
        except Exception as reason:  # noqa: BLE001  whatever its objects do when they are encoded
            _log.warning("command.details_dropped", job_id=job.id, request_id=job.request_id, why=type(reason).__name__)
    return ErrorInfo(
        code=_text(error.code), message=_text(error.message), retryable=bool(error.retryable), details=details
    )


def _text(value: object) -> str:
    """Text that can be written as UTF-8, whatever the operating system once made of a file's name."""
    return str(value).encode(errors="replace").decode()


def lost(job: Job) -> Ended | Again:
    """What becomes of a job whose worker died; its attempt counts (I4)."""
    info = ErrorInfo(code="worker_lost", message=f"The worker was lost in attempt {job.attempt}.", retryable=True)
    if job.attempt >= job.max_attempts:
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
    if job.attempt >= job.max_attempts:
        last: Reason = reason if status == "timed_out" else "attempts_exhausted"
        return Ended(status=status, outcome=outcome, reason=last, error=info)
    delay = command.spec.options.retry.delay(job.attempt, draw)
    return Again(after=round(delay * 1000), outcome=outcome, reason=reason, error=info)
