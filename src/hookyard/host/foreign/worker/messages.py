"""What the server and a worker process say to each other: MessagePack, one tagged array a message."""

from typing import Final, get_args

import msgspec
from msgspec import Raw, Struct

from hookyard.command import CommandOptions
from hookyard.context.job import JobInfo
from hookyard.context.messages import (
    CallCommand,
    CallDone,
    CloseArtifact,
    DropArtifact,
    EmitNote,
    GetSecret,
    GetState,
    ListState,
    LogNote,
    OpenArtifact,
    ProgressNote,
    PutState,
    ReadArtifact,
    StateNote,
    WriteArtifact,
)
from hookyard.host.foreign.worker.failures import Failure
from hookyard.model import ErrorInfo, JobStatus
from hookyard.process.spec import Limits

PROTOCOL: Final = 2
"""Raised with every change of these messages: an interpreter of its own may have another Hookyard."""

AnyNote = LogNote | ProgressNote | EmitNote | StateNote
AnyAsk = (
    GetState
    | ListState
    | PutState
    | GetSecret
    | OpenArtifact
    | WriteArtifact
    | CloseArtifact
    | DropArtifact
    | ReadArtifact
    | CallCommand
)


class Target(Struct, frozen=True, kw_only=True):
    """What to import: the part of a :class:`hookyard.host.candidate.Candidate` that says it; paths as text."""

    name: str
    origin: str
    file: str | None
    folder: str | None
    home: str | None
    root: str | None
    module: str
    attribute: str


class CommandManifest(Struct, frozen=True, kw_only=True):
    """One command as its own process describes it."""

    name: str
    is_async: bool
    description: str
    options: CommandOptions
    input: bytes
    """A JSON Schema."""
    output: bytes
    """A JSON Schema."""


class Manifest(Struct, frozen=True, kw_only=True):
    """A plugin as its own process describes it."""

    name: str
    version: str | None
    api: int
    config: bytes | None
    """The JSON Schema of its configuration; None when it takes none."""
    secrets: tuple[str, ...]
    hooks: tuple[str, ...]
    commands: tuple[CommandManifest, ...]
    events: dict[str, bytes]
    """The JSON Schemas of the data of the events that it declares, by type."""


# --- to the worker ------------------------------------------------------------------------------------------------


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """What the process is for; the first message, and sent once."""

    protocol: int
    target: Target
    limits: Limits
    describe: bool
    """Only say what the plugin is; it needs no configuration for that."""
    config: bytes
    """The plugin's section of the configuration, in MessagePack."""
    http: bytes
    """How `ctx.http` is made: a `ClientSettings` of `hookyard.egress`, in MessagePack."""
    sources: dict[str, bytes] | None
    """What the plugin's source files held when it was loaded, by path: that is run. None: whatever they hold now."""


class Run(Struct, frozen=True, array_like=True, tag="run"):
    """Run a command, as soon as the token of this number is there and what came before is through."""

    number: int
    command: str
    args: bytes
    """JSON."""
    info: JobInfo
    timeout: int
    """Milliseconds, from when it begins."""


class Cancel(Struct, frozen=True, array_like=True, tag="cancel"):
    """Ask a command that runs to stop."""

    number: int


class Answer(Struct, frozen=True, array_like=True, tag="answer"):
    """The answer to an :class:`Asked`."""

    number: int
    question: int
    value: Raw
    """Of the question's own type; see :func:`pack_answer`."""
    error: Failure | None = None


class Go(Struct, frozen=True, array_like=True, tag="go"):
    """What a command wrote to its standard output and error has been read: the next may begin."""

    number: int


class Bye(Struct, frozen=True, array_like=True, tag="bye"):
    """End."""


ToWorker = Hello | Run | Cancel | Answer | Go | Bye


# --- from the worker ----------------------------------------------------------------------------------------------


class Ready(Struct, frozen=True, array_like=True, tag="ready"):
    """The plugin is imported."""

    manifest: Manifest | None = None


class Unloadable(Struct, frozen=True, array_like=True, tag="unloadable"):
    """The plugin cannot be imported or configured; the process ends."""

    reason: str


class Result(Struct, array_like=True, tag="result"):
    """A command's answer, checked."""

    number: int
    body: bytes
    """JSON."""
    wrote: bool = False
    """There is something in its standard output or error that nobody has read; the process waits for Go."""


class Failed(Struct, array_like=True, tag="failed"):
    """What a command raised."""

    number: int
    error: Failure
    wrote: bool = False


class Told(Struct, frozen=True, array_like=True, tag="told"):
    """A note of the command that runs."""

    number: int
    note: AnyNote


class Asked(Struct, frozen=True, array_like=True, tag="asked"):
    """A question of the command that runs."""

    number: int
    question: int
    ask: AnyAsk


FromWorker = Ready | Unloadable | Result | Failed | Told | Asked


encode: Final = msgspec.msgpack.Encoder(enc_hook=repr).encode
"""Any message; what a log line holds may be anything at all, and is written as Python shows it."""
to_worker: Final = msgspec.msgpack.Decoder(ToWorker).decode
from_worker: Final = msgspec.msgpack.Decoder(FromWorker).decode
NOTHING: Final = Raw(msgspec.msgpack.encode(None))


# --- answers ------------------------------------------------------------------------------------------------------


class _CallDone(Struct, frozen=True, array_like=True):
    """A :class:`CallDone` whose result is JSON and must not be taken for MessagePack."""

    job_id: str
    status: JobStatus
    result: bytes
    error: ErrorInfo | None


def _answers() -> dict[type[object], "msgspec.msgpack.Decoder[object]"]:
    """How the answer to each kind of question is decoded; its type stands in the brackets of its base."""
    kinds: tuple[type[object], ...] = get_args(AnyAsk)
    return {kind: msgspec.msgpack.Decoder(_CallDone if kind is CallCommand else _answer_type(kind)) for kind in kinds}


def _answer_type(kind: type[object]) -> type[object]:
    (base,) = kind.__orig_bases__  # type: ignore[attr-defined]
    found: type[object] = get_args(base)[0]
    return found


_DECODERS: Final = _answers()


def pack_answer(value: object) -> Raw:
    """The answer to a question as it goes over the wire."""
    if isinstance(value, CallDone):
        value = _CallDone(value.job_id, value.status, bytes(value.result), value.error)
    return Raw(encode(value))


def unpack_answer(question: AnyAsk, value: Raw) -> object:
    """The answer to a question, of the type that the question names."""
    found = _DECODERS[type(question)].decode(value)
    if isinstance(found, _CallDone):
        return CallDone(job_id=found.job_id, status=found.status, result=Raw(found.result), error=found.error)
    return found
