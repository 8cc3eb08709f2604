"""How a handler ended, in the words of the gateway."""

import asyncio
import logging
from typing import Any, Final

import msgspec

from hookyard.client.worker.job import WorkerJob
from hookyard.errors import Cancelled, CommandError, RetryLater

_LONGEST_MESSAGE: Final = 8192
"""Characters that the gateway takes."""
_TOO_LARGE: Final = 413
_log = logging.getLogger("hookyard.worker")
End = tuple[str, dict[str, Any]]
"""What to call, and what to say there."""


def end_of(error: BaseException, job: WorkerJob, worker: str) -> End:
    """What a job comes to whose handler raised this; whatever it is costs only its own job.

    Args:
        worker: the name of the one whose log has the rest.
    """
    match error:
        case asyncio.CancelledError() | Cancelled():
            if job.cancelled:
                return "release", {}
            # Nobody asked it to stop. Given back uncounted, it would come again at once and for ever.
            _log.error("job %s of %s was cancelled by its own doing", job.id, job.key, exc_info=error)
            return "fail", failure("cancelled", "The command was cancelled by its own doing.", retryable=True)
        case RetryLater():
            return "release", {"after": error.after}
        case CommandError():
            try:
                details = None if error.details is None else msgspec.to_builtins(dict(error.details), str_keys=True)
                return "fail", failure(error.code, error.message, retryable=bool(error.retryable), details=details)
            except Exception as odd:  # noqa: BLE001  what an error has and does is the handler's
                _log.warning("job %s: what its error has is not JSON: %s", job.id, odd)
        case _:
            pass
    _log.error("job %s of %s failed", job.id, job.key, exc_info=error)
    said = f"The command failed; the log of the worker {worker} has the whole error under job {job.id}."
    return "fail", failure("worker_error", said, retryable=True)


def instead(path: str, body: dict[str, Any], status: int, code: str, said: str) -> dict[str, Any]:
    """The failure to tell when the gateway refuses the end that was told: what it said of it, and why.

    Args:
        path: of the call that it refuses.
        body: of that call.
        status: that it answered.
        code: of its problem; empty when it has none.
        said: what it said.
    """
    told: dict[str, Any] | None = body["error"] if path == "fail" else None
    if status == _TOO_LARGE:
        if told is not None:  # it is the details; without them it is what it was
            return {"error": {**told, "details": {"dropped": "too large"}}}
        return failure("too_large", said, retryable=False)
    return failure(code or "invalid_output", said, retryable=told is not None and told["retryable"])


def failure(code: object, message: object, *, retryable: bool, details: object = None) -> dict[str, Any]:
    """The body of a `fail`."""
    error = {"code": _text(code), "message": _text(message)[:_LONGEST_MESSAGE], "retryable": retryable}
    return {"error": {**error, "details": details}}


def _text(value: object) -> str:
    """Text that can be written as UTF-8."""
    return str(value).encode(errors="replace").decode()
