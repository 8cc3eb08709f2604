"""Calling other commands as child jobs: what both kinds of context do around the one question."""

import re
from typing import Final, TypeVar

from hookyard.context.messages import CallCommand, CallDone
from hookyard.context.values import from_json, to_json
from hookyard.errors import CallError

T = TypeVar("T")

_COMMAND: Final = re.compile(r"[^/\s]+/[^/\s]+")


def question(command: str, data: object, number: int, *, wait: bool) -> CallCommand:
    """What the host is asked.

    Raises:
        CallError: `command` is not of the form `plugin/command`.
        ContextError: the data is not JSON.
    """
    if _COMMAND.fullmatch(command) is None:
        msg = f"{command!r} names no command; that is plugin/command"
        raise CallError(msg, code="not_found")
    args = to_json(f"the input of {command}", {} if data is None else data)
    return CallCommand(command, args, wait, number)


def result(command: str, done: CallDone, kind: type[T]) -> T:
    """What the child answered.

    Raises:
        CallError: it did not succeed.
        ContextError: its answer is of another type.
    """
    if done.status == "succeeded":
        return from_json(f"the answer of {command}", done.result, kind)
    # It was tried as often as it may be: were the caller tried again for it, attempts would multiply at every level.
    why, code, again = "", "call_error", done.status not in {"failed", "timed_out"}
    if done.error is not None:
        why, code = f": {done.error.message}", done.error.code
    elif done.status == "cancelled":
        code = "cancelled"
    raise CallError(f"{command} {done.status}{why}", code=code, job_id=done.job_id, retryable=again)
