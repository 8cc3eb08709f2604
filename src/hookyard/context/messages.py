"""What passes between a running command and its host: values only, so that it may cross a thread or a process.

A :class:`Note` is told and never answered. An :class:`Ask` is answered with a value of the type that stands in its
brackets, or refused with an error of :mod:`hookyard.errors`.
"""

from typing import Generic, TypeVar

from msgspec import Raw, Struct

from hookyard.model import Artifact, ErrorInfo, JobStatus, LogLevel, StateEntry

A = TypeVar("A")


# --- notes --------------------------------------------------------------------------------------------------------


class Note(Struct, frozen=True, tag=True, tag_field="kind"):
    """Something the host should know."""


class LogNote(Note, frozen=True, tag=True):
    """A line for the job's log."""

    level: LogLevel
    event: str
    values: dict[str, object]


class ProgressNote(Note, frozen=True, tag=True):
    """How far the job is."""

    done: float
    total: float | None = None
    message: str = ""


class EmitNote(Note, frozen=True, tag=True):
    """An event, published with the commit that ends the job; dropped when the attempt is to be repeated."""

    type: str
    payload: bytes
    """JSON."""
    dedupe_key: str | None = None


class StateNote(Note, frozen=True, tag=True):
    """What to keep under a key, with the commit that ends the job as succeeded; dropped when it does not succeed."""

    key: str
    value: bytes | None
    """JSON; None deletes."""


# --- questions ----------------------------------------------------------------------------------------------------


class Ask(Struct, Generic[A], frozen=True, tag=True, tag_field="kind"):
    """Something the host is asked for, and does or answers."""


class GetState(Ask[StateEntry | None], frozen=True, tag=True):
    """What the plugin keeps under a key."""

    key: str


class ListState(Ask[tuple[StateEntry, ...]], frozen=True, tag=True):
    """What the plugin keeps under keys that begin so and come after `after`, in their order."""

    prefix: str = ""
    after: str = ""
    limit: int = 200


class PutState(Ask[int], frozen=True, tag=True):
    """Keep a value now, whatever becomes of the job; answered with its version. StateConflict is the refusal."""

    key: str
    value: bytes | None
    """JSON; None deletes."""
    expected: int | None = None
    """The version that the key must hold, 0 for none at all; None writes whatever is there."""


class GetSecret(Ask[str], frozen=True, tag=True):
    """A secret that the plugin declares. SecretUnavailable is the refusal."""

    name: str


class OpenArtifact(Ask[int], frozen=True, tag=True):
    """Begin an artifact; answered with a handle for the asks below. ArtifactError is the refusal of all of them."""

    name: str
    media_type: str


class WriteArtifact(Ask[None], frozen=True, tag=True):
    """Add to an artifact."""

    handle: int
    data: bytes


class CloseArtifact(Ask[Artifact], frozen=True, tag=True):
    """Complete an artifact: from now on it can be seen."""

    handle: int


class DropArtifact(Ask[None], frozen=True, tag=True):
    """Forget an artifact that is not complete."""

    handle: int


class ReadArtifact(Ask[bytes], frozen=True, tag=True):
    """A piece of an artifact of this job, or of another one by its id; empty after the end."""

    name: str
    offset: int
    size: int
    job_id: str | None = None


class CallDone(Struct, frozen=True):
    """What became of a called command."""

    job_id: str
    status: JobStatus
    result: Raw = Raw(b"null")
    """JSON, when it succeeded and was waited for."""
    error: ErrorInfo | None = None


class CallCommand(Ask[CallDone], frozen=True, tag=True):
    """Run another command as a child job. CallError is the refusal."""

    command: str
    """`plugin/command`."""
    args: bytes
    """JSON."""
    wait: bool = True
    """Whether the answer is the job's end, or only that it is stored."""
    number: int = 0
    """Which call of the attempt this is, counted from 1: a later attempt that makes it again gets the same job."""
