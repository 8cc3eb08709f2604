"""Every error Hookyard raises, and the one table that says what each means outside.

.. code-block:: text

    HookyardError
    ├── CommandError          a command says: this call failed, and callers may read why
    ├── RetryLater            a command says: not now, and this attempt does not count
    ├── Cancelled             raised inside a command by `raise_if_cancelled`
    ├── InvalidOutput         a command answered with something else than it declares
    ├── AttemptTimedOut       an attempt took longer than it may
    ├── CommandCrashed        a command raised what programs do not catch: SystemExit and its like
    ├── PluginFailed          a plugin's process broke its protocol, or died
    ├── ContextError          what a command asked of its context is refused
    │   ├── StateConflict     the key holds another version than was expected
    │   ├── SecretUnavailable the plugin does not declare this secret, or nobody has it
    │   ├── ArtifactError     an artifact cannot be written or read
    │   │   └── ArtifactGone  its content is not there any more
    │   ├── EgressDenied      an outgoing call goes where the plugin may not
    │   └── CallError         a called command is not there, refused, or did not succeed
    ├── DeclarationError      a plugin, command or hook is declared wrongly
    ├── SchemaError           a JSON Schema is outside the subset that types are made of
    ├── PluginLoadError       a plugin could not be loaded; it is listed with this reason
    ├── ConfigError           the configuration has problems, all of them listed
    ├── Refused               a caller's request is refused: carries a code of the table
    │   └── StoreUnavailable  the store cannot take it now: full queue, full disk, closing
    ├── CannotListen          the server's address cannot be bound
    └── StoreError            the store cannot be opened or used at all
        ├── StoreLocked       another process serves this file
        └── StoreTooNew       the file was written by a newer Hookyard

Every error has a `code`. A :class:`Refused` becomes an RFC 9457 problem at the gateway, and whatever ends the command
line becomes its exit code, both by :data:`CODES`.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from hookyard.model import YEAR


class Code(Struct, frozen=True):
    """What an error code means outside: at HTTP, at the command line, to a retrying caller."""

    status: int
    """HTTP status."""
    title: str
    """One short sentence, the same for every error of this code (RFC 9457, `title`)."""
    retryable: bool = False
    """Whether the same call may succeed later, unchanged."""
    exit_code: int = 70
    """Exit code of the command line, after BSD's sysexits.h."""


CODES: Mapping[str, Code] = MappingProxyType(
    {
        "invalid_request": Code(400, "The request is not understood.", exit_code=64),
        "invalid_json": Code(400, "The body is not valid JSON.", exit_code=65),
        "invalid_input": Code(400, "The body does not have the type that is asked for.", exit_code=65),
        "unauthenticated": Code(401, "No valid credential came with the request.", exit_code=77),
        "invalid_signature": Code(401, "The request is not signed as it must be.", exit_code=77),
        "forbidden": Code(403, "The credential does not allow this.", exit_code=77),
        "not_found": Code(404, "There is no such thing.", exit_code=69),
        "method_not_allowed": Code(405, "The method is not allowed here.", exit_code=64),
        "idempotency_mismatch": Code(409, "The idempotency key was used for another body.", exit_code=65),
        "rate_limited": Code(429, "Too many requests.", retryable=True, exit_code=75),
        "lane_full": Code(503, "As many jobs are queued in the lane as may be.", retryable=True, exit_code=75),
        "invalid_output": Code(400, "The result is not of the type that the command declares.", exit_code=65),
        "stale_lease": Code(409, "The lease is no longer held.", exit_code=75),
        "job_active": Code(409, "The job has not ended.", exit_code=75),
        "attempts_exhausted": Code(409, "The attempts of the job are used up.", exit_code=65),
        "already_succeeded": Code(409, "The job has succeeded.", exit_code=65),
        "already_terminal": Code(409, "It has ended.", exit_code=65),
        "undelivered": Code(409, "Something of the job is still to be delivered.", exit_code=75),
        "delivery_active": Code(409, "The delivery is being sent at this moment.", retryable=True, exit_code=75),
        "endpoint_disabled": Code(409, "The endpoint gets nothing now.", exit_code=65),
        "dependency_failed": Code(409, "A job that had to succeed first did not.", exit_code=65),
        "token_ended": Code(409, "The token is over, or was replaced.", exit_code=65),
        "exists": Code(409, "There is one of this name already.", exit_code=65),
        "configured": Code(409, "The configuration has this: it is changed there.", exit_code=65),
        "reload_refused": Code(422, "The configuration has problems, and nothing was changed.", exit_code=78),
        "reloading": Code(503, "An earlier reload is still under way.", retryable=True, exit_code=75),
        "request_timeout": Code(408, "The body came too slowly.", retryable=True, exit_code=75),
        "invalid_event": Code(422, "The event is not what the command takes.", exit_code=65),
        "too_large": Code(413, "The body is larger than allowed.", exit_code=65),
        "range_not_satisfiable": Code(416, "There is no such part of it.", exit_code=65),
        "header_too_large": Code(431, "The head of the request is larger than allowed.", exit_code=65),
        "unsupported_media_type": Code(415, "The body's media type is not supported.", exit_code=65),
        "internal": Code(500, "Something failed inside Hookyard.", retryable=True, exit_code=70),
        "busy": Code(503, "The queue is full.", retryable=True, exit_code=75),
        "sender_unreachable": Code(502, "The sender does not answer what it was asked.", retryable=True, exit_code=69),
        "store_unavailable": Code(503, "The store cannot take this now.", retryable=True, exit_code=75),
        "plugin_unavailable": Code(503, "The plugin does not run now.", retryable=True, exit_code=75),
        "starting": Code(503, "The server is not ready yet.", retryable=True, exit_code=75),
        "draining": Code(503, "The server is shutting down.", retryable=True, exit_code=75),
        # What ends an attempt; callers read it of the job, or of a called command.
        "plugin_failed": Code(500, "The plugin's process failed.", retryable=True, exit_code=70),
        "context_error": Code(500, "What the command asked of its context was refused.", retryable=True, exit_code=70),
        "state_conflict": Code(409, "The state was changed by somebody else.", retryable=True, exit_code=75),
        "secret_unavailable": Code(500, "A secret is not declared, or nobody has it.", exit_code=78),
        "artifact_error": Code(500, "An artifact cannot be written or read.", retryable=True, exit_code=74),
        "egress_denied": Code(500, "The plugin may not call this.", exit_code=77),
        "call_error": Code(500, "A called command did not succeed.", retryable=True, exit_code=70),
        # These keep a server from starting, so that no caller reads them.
        "config": Code(500, "The configuration is wrong.", exit_code=78),
        "cannot_listen": Code(500, "The address cannot be bound.", exit_code=69),
        "store_error": Code(500, "The store cannot be used.", exit_code=74),
        "store_locked": Code(500, "Another process serves this store.", retryable=True, exit_code=75),
    }
)


_MEMBER: Final = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*?)`", re.DOTALL)
_PLACE: Final = re.compile(r"(?P<problem>.*) - at (?P<key>`key` in )?`(?P<path>\$.*)`", re.DOTALL)


def place_of(error: Exception) -> tuple[str, str]:
    """Take a `msgspec.ValidationError` apart, which has no members: its message ends with the JSON path.

    Returns:
        What is wrong, and the JSON path of it, such as `$.items[0].name`; `$` is the whole. Of a key of an object it is
        the path of the object.
    """
    found = _PLACE.fullmatch(str(error))
    if found is None:
        return str(error), "$"
    return f"{found['problem']} (a key)" if found["key"] else found["problem"], found["path"]


def member_place_of(error: Exception) -> tuple[str, str]:
    """The same, but of a member that is missing or unknown it is the path of that member: `$.url` rather than `$`."""
    problem, path = place_of(error)
    member = _MEMBER.match(problem)
    return problem, path if member is None else f"{path}.{member['name']}"


class HookyardError(Exception):
    """The root of every error here."""

    code: str = "internal"
    """A key of :data:`CODES`; of a :class:`CommandError` the command's own word."""


class CommandError(HookyardError):
    """Raised by a command: this call failed. Callers see the message, the code and the details as they are.

    Args:
        message: one sentence for the caller.
        code: a word that a program can act on.
        retryable: whether another attempt may succeed; False ends the job at once.
        details: anything JSON can hold.

    Raises:
        TypeError: the message or the code is no text.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "command_error",
        retryable: bool = True,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        texts: dict[str, object] = {"message": message, "code": code}  # a plugin need not be type-checked
        for name, value in texts.items():
            if not isinstance(value, str):
                msg = f"CommandError: {name} must be text, not {type(value).__name__}"
                raise TypeError(msg)
        super().__init__(message)
        self.message = message
        self.code = code
        self.retryable = retryable
        self.details = details


class RetryLater(HookyardError):  # noqa: N818  it is an answer, not a fault
    """Raised by a command: try again after so many seconds. The attempt is not counted.

    Args:
        after: seconds until the next attempt, from zero to a year.
        message: why, for the log.

    Raises:
        ValueError: `after` is none of these: negative, longer, or no number.
    """

    def __init__(self, after: float, message: str = "") -> None:
        if not 0 <= after <= YEAR:
            msg = f"RetryLater(after={after!r}): after must be from 0 seconds to a year"
            raise ValueError(msg)
        super().__init__(message or f"retry after {after:g} s")
        self.after = after


class Cancelled(HookyardError):  # noqa: N818  it is a request carried out, not a fault
    """Raised inside a command by `raise_if_cancelled`: somebody cancelled the job, or its time is up."""


class InvalidOutput(HookyardError):  # noqa: N818  the name of the job's reason
    """A command answered with something else than it declares.

    Args:
        command: its key, `plugin/command`.
        problem: what is wrong with the answer, without the answer itself.
        path: the JSON path of the wrong part, such as `$.items[0].name`.
    """

    def __init__(self, command: str, problem: str, path: str = "$") -> None:
        super().__init__(f"{command} answered with something else than it declares: {problem} at {path}")
        self.command = command
        self.problem = problem
        self.path = path


class AttemptTimedOut(HookyardError):  # noqa: N818  a fact about an attempt
    """An attempt took longer than it may; `timeout` is how long that is, in milliseconds."""

    def __init__(self, command: str, timeout: int) -> None:
        super().__init__(f"{command} took longer than {timeout / 1000:g} s")
        self.command = command
        self.timeout = timeout


class CommandCrashed(HookyardError):  # noqa: N818  a fact about an attempt
    """A command raised what `except Exception` does not catch; contained here, its cause attached."""

    def __init__(self, command: str, cause: BaseException) -> None:
        super().__init__(f"{command} raised {type(cause).__name__}: {cause}")
        self.command = command
        self.__cause__ = cause


class PluginFailed(HookyardError):  # noqa: N818  a fact about an attempt
    """A plugin's process could not be started, died, or answered against its protocol; shown to callers as it is.

    Args:
        command: its key, `plugin/command`.
        problem: what happened, in a sentence that names the place.
        code: a word that a program can act on, such as `protocol_error`, `no_output`, `exited`.
        retryable: whether another attempt may go better.
    """

    def __init__(self, command: str, problem: str, *, code: str = "plugin_failed", retryable: bool = True) -> None:
        super().__init__(f"{command}: {problem}")
        self.command = command
        self.problem = problem
        self.code = code
        self.retryable = retryable


class ContextError(HookyardError):
    """What a command asked of its context is refused. Uncaught, it fails the attempt.

    Args:
        message: one sentence.
        retryable: whether another attempt may get further. What is refused for what it is, such as an event of a name
            that is none, never does: the job ends at once.
    """

    code = "context_error"
    retryable = True

    def __init__(self, message: str = "", *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class StateConflict(ContextError):  # noqa: N818  the field's word
    """The key holds another version than was expected; `version` is that one, 0 for none at all."""

    code = "state_conflict"

    def __init__(self, key: str, version: int) -> None:
        super().__init__(f"the state {key!r} has version {version}")
        self.key = key
        self.version = version


class SecretUnavailable(ContextError):  # noqa: N818  likewise
    """The plugin does not declare this secret, or neither the configuration nor a hook has it."""

    code = "secret_unavailable"


class ArtifactError(ContextError):
    """An artifact cannot be written or read; the message says why."""

    code = "artifact_error"


class ArtifactGone(ArtifactError):  # noqa: N818  likewise
    """The content of an artifact is not there any more; asked again, it is not either."""


class EgressDenied(ContextError):  # noqa: N818  likewise
    """An outgoing call goes where the plugin may not; the message says why."""

    code = "egress_denied"


TOO_DEEP: Final = "call_depth"
"""The code of a call that would stand too deep; such a one is never tried again."""
_NEVER: Final = frozenset({TOO_DEEP, "not_found", "invalid_input"})


class CallError(ContextError):
    """A called command is not there, was refused, or did not succeed.

    Args:
        message: one sentence.
        code: of the child's error, or `not_found`, `invalid_input`, `call_depth`, `cancelled`.
        job_id: the child job, if there is one.
        retryable: whether another attempt of the caller may get further, if this error is what ends it. A child that
            failed for good has had its own attempts. None: by the code.
    """

    def __init__(
        self, message: str, *, code: str = "call_error", job_id: str | None = None, retryable: bool | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.job_id = job_id
        self.retryable = code not in _NEVER if retryable is None else retryable


class DeclarationError(HookyardError):
    """A plugin, command or hook is declared wrongly; the message quotes the definition."""

    code = "config"


class PluginLoadError(HookyardError):
    """A plugin could not be loaded; the reason is listed beside its name."""

    code = "config"


class SchemaError(HookyardError):
    """A JSON Schema is outside the subset that types are made of.

    Args:
        path: the place in the schema, as a JSON pointer; empty is the whole.
        reason: what is wrong there.
    """

    code = "config"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path or 'the schema'}: {reason}")
        self.path = path
        self.reason = reason


class Problem(Struct, frozen=True):
    """One thing wrong in a configuration file."""

    file: str
    line: int
    """Counted from 1; 0 when it concerns the whole file."""
    path: str
    """The key path, such as `sources.github.secrets[0]`."""
    message: str

    def __str__(self) -> str:
        """`file:line: path: message`, the form editors can jump to."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ConfigError(HookyardError):
    """The configuration has problems; `problems` holds all of them."""

    code = "config"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Refused(HookyardError):  # noqa: N818  the request is at fault
    """A caller's request is refused.

    Args:
        code: a key of :data:`CODES`.
        detail: one sentence for the caller about this occurrence; nothing internal.
        path: for a decode error the JSON path, such as `$.payload.name`.
        retry_after: seconds after which trying again makes sense.
        extra: further members of the problem document.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        path: str | None = None,
        retry_after: int | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or CODES[code].title)
        self.code = code
        self.detail = detail or CODES[code].title
        self.path = path
        self.retry_after = retry_after
        self.extra = extra or {}


class StoreUnavailable(Refused):
    """The store cannot take this now; nothing of it was done."""

    def __init__(self, detail: str, *, code: str = "store_unavailable", retry_after: int = 1) -> None:
        super().__init__(code, detail, retry_after=retry_after)


class CannotListen(HookyardError):  # noqa: N818  the sentence it makes
    """The server's address cannot be bound."""

    code = "cannot_listen"


class StoreError(HookyardError):
    """The store cannot be opened or used."""

    code = "store_error"


class StoreLocked(StoreError):  # noqa: N818  a state, as its callers read it
    """Another process serves this file; embedded means one serving process."""

    code = "store_locked"


class StoreTooNew(StoreError):  # noqa: N818  likewise
    """The file was written by a newer Hookyard than this one."""
