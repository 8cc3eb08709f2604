"""Errors as values, so that they may cross from one process to another and be the same class there."""

import builtins
import traceback
from typing import Final

import msgspec
from msgspec import Struct

from hookyard.errors import (
    ArtifactError,
    CallError,
    Cancelled,
    CommandCrashed,
    CommandError,
    ContextError,
    EgressDenied,
    InvalidOutput,
    PluginFailed,
    RetryLater,
    SecretUnavailable,
    StateConflict,
)

_LONGEST: Final = 16_384
_PLAIN: Final = {kind.__name__: kind for kind in (SecretUnavailable, ArtifactError, EgressDenied, ContextError)}


class Failure(Struct, frozen=True, omit_defaults=True):
    """An error. Which fields say something depends on its kind, the name of its class."""

    kind: str
    message: str
    code: str = ""
    retryable: bool = True
    details: bytes | None = None
    """JSON."""
    after: float = 0.0
    path: str = "$"
    version: int = 0
    job_id: str | None = None
    trace: str = ""
    """Where it was raised, as Python prints it."""


class CommandRaised(Exception):  # noqa: N818  a fact about an attempt
    """What a command raised in its own process, of a class that this one does not know."""


def to_failure(error: BaseException) -> Failure:
    """An error as a value. Never fails, whatever the error's own methods and attributes are."""
    try:
        return _failure(error, type(error).__name__)
    except Exception:  # noqa: BLE001  such as a class of the plugin's own that does not call the __init__ of its base
        return Failure(kind="CommandRaised", message=f"{type(error).__name__}: {_text(error)}", trace=_trace(error))


def _failure(error: BaseException, kind: str) -> Failure:
    match error:
        case CommandError():
            return Failure(
                kind="CommandError",
                message=_text(error.message),
                code=_text(error.code),
                retryable=bool(error.retryable),
                details=_json(error.details),
            )
        case RetryLater():
            return Failure(kind="RetryLater", message=_text(error), after=float(error.after))
        case Cancelled():
            return Failure(kind="Cancelled", message=_text(error))
        case InvalidOutput():
            return Failure(kind="InvalidOutput", message=_text(error.problem), path=_text(error.path))
        case StateConflict():
            return Failure(kind="StateConflict", message=_text(error.key), version=int(error.version))
        case CallError():
            job_id = None if error.job_id is None else _text(error.job_id)
            again = bool(error.retryable)
            return Failure("CallError", _text(error), code=_text(error.code), retryable=again, job_id=job_id)
        case PluginFailed():
            return Failure(kind="PluginFailed", message=_text(error.problem))
        case SecretUnavailable() | ArtifactError() | EgressDenied():
            return Failure(kind=kind if kind in _PLAIN else "ContextError", message=_text(error), trace=_trace(error))
        case ContextError() if kind == ContextError.__name__:
            return Failure(kind, _text(error), retryable=bool(error.retryable), trace=_trace(error))
        case CommandCrashed():
            cause = error.__cause__ or error
            message = f"{type(cause).__name__}: {_text(cause)}"[:_LONGEST]
            return Failure(kind="CommandCrashed", message=message, trace=_trace(cause))
        case _:
            return Failure(kind=kind, message=_text(error), trace=_trace(error))


def to_error(failure: Failure, command: str) -> Exception:
    """The error of a value: the same class where that is known here, with the place it was raised as a note.

    Never fails: what the class does not take, such as a time that is no number, makes it a :class:`CommandRaised`.

    Args:
        failure: what the other process said.
        command: the key of the command that runs.
    """
    try:
        return _error(failure, command)
    except Exception:  # noqa: BLE001  the value came from another process, and who waits for it must be told something
        return _noted(CommandRaised(f"{failure.kind}: {failure.message}"), failure.trace)


def _error(failure: Failure, command: str) -> Exception:
    message = failure.message
    match failure.kind:
        case "CommandError":
            details = None if failure.details is None else msgspec.json.decode(failure.details)
            return CommandError(message, code=failure.code, retryable=failure.retryable, details=details)
        case "RetryLater":
            return RetryLater(failure.after, message)
        case "Cancelled":
            return Cancelled(message)
        case "InvalidOutput":
            return InvalidOutput(command, message, failure.path)
        case "StateConflict":
            return StateConflict(message, failure.version)
        case "CallError":
            return CallError(message, code=failure.code, job_id=failure.job_id, retryable=failure.retryable)
        case "PluginFailed":
            return PluginFailed(command, message)
        case "ContextError":
            return _noted(ContextError(message, retryable=failure.retryable), failure.trace)
        case "CommandCrashed":
            return _noted(CommandCrashed(command, CommandRaised(message)), failure.trace)
        case _:
            return _noted(_other(failure), failure.trace)


def _other(failure: Failure) -> Exception:
    if failure.kind == CommandRaised.__name__:
        return CommandRaised(failure.message)
    kind: object = _PLAIN.get(failure.kind) or getattr(builtins, failure.kind, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and kind not in {StopIteration, StopAsyncIteration}:
        try:
            return kind(failure.message)
        except TypeError:  # such as UnicodeDecodeError, which wants more than a message
            pass
    return CommandRaised(f"{failure.kind}: {failure.message}" if failure.message else failure.kind)


def _noted(error: Exception, trace: str) -> Exception:
    if trace:
        error.add_note(trace)
    return error


def _text(value: object) -> str:
    try:
        return str(value).encode(errors="replace").decode()[:_LONGEST]
    except Exception as error:  # noqa: BLE001  an error's own __str__ is the plugin's code
        return f"(its text cannot be made: {type(error).__name__})"


def _json(details: object) -> bytes | None:
    if details is None:
        return None
    try:
        return msgspec.json.encode(dict(details) if not isinstance(details, dict) else details)  # type: ignore[call-overload]
    except Exception as error:  # noqa: BLE001  whatever its objects do when they are encoded
        return msgspec.json.encode({"dropped": f"the details are not JSON: {type(error).__name__}"})


def _trace(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))[-_LONGEST:].encode(errors="replace").decode()
    except Exception:  # noqa: BLE001  as in _text
        return ""
