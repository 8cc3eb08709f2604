"""The host's side of an attempt without a host: everything a context asks for, in memory."""

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from msgspec import Struct

from hookyard.context.events import NO_EVENTS, EventSpec
from hookyard.context.messages import (
    Ask,
    CallCommand,
    CallDone,
    CloseArtifact,
    DropArtifact,
    EmitNote,
    GetSecret,
    GetState,
    ListState,
    LogNote,
    Note,
    OpenArtifact,
    ProgressNote,
    PutState,
    ReadArtifact,
    StateNote,
    WriteArtifact,
)
from hookyard.errors import ArtifactError, CallError, SecretUnavailable, StateConflict
from hookyard.model import Artifact, StateEntry

if TYPE_CHECKING:
    # Made on first use only, as in a server.
    import httpx

A = TypeVar("A")
S = TypeVar("S", bound=Struct)

JOB_ID = "00000000-0000-7000-8000-000000000000"
"""The job that a fake runs, where the test does not say otherwise."""


class FakeArtifact(Struct, frozen=True):
    """A complete artifact."""

    media_type: str
    data: bytes


class FakePort:
    """A :class:`hookyard.context.port.Port` that keeps what it is told, for a test to look at.

    Args:
        secrets: what the plugin declares and has.
        call: answers a called command; without it every call is refused.
        job_id: the job whose artifacts `artifacts` are.
        declared: what the plugin declares of the events that it emits.

    Attributes:
        lines, progress, events, state_changes: the notes, in the order told.
        calls: the calls of other commands.
        state: what the plugin keeps now, by key; a test may put entries there.
        artifacts: the complete artifacts of this job, by name.
        other_artifacts: those of other jobs that may be read, by job id and name.
        told: how many notes came in all.
    """

    def __init__(
        self,
        *,
        secrets: Mapping[str, str] | None = None,
        call: Callable[[CallCommand], CallDone] | None = None,
        job_id: str = JOB_ID,
        declared: Mapping[str, EventSpec] = NO_EVENTS,
    ) -> None:
        self.declared = declared
        self.lines: list[LogNote] = []
        self.progress: list[ProgressNote] = []
        self.events: list[EmitNote] = []
        self.state_changes: list[StateNote] = []
        self.calls: list[CallCommand] = []
        self.state: dict[str, StateEntry] = {}
        self.artifacts: dict[str, FakeArtifact] = {}
        self.other_artifacts: dict[tuple[str, str], FakeArtifact] = {}
        self.told = 0
        self._secrets = dict(secrets or {})
        self._call = call
        self._job_id = job_id
        self._versions: dict[str, int] = {}
        self._open: dict[int, tuple[OpenArtifact, bytearray]] = {}
        self._handles = 0
        self._http: httpx.AsyncClient | None = None
        self._http_blocking: httpx.Client | None = None

    def tell(self, note: Note) -> None:
        """Keep a note."""
        self.told += 1
        match note:
            case LogNote():
                self.lines.append(note)
            case ProgressNote():
                self.progress.append(note)
            case EmitNote():
                self.events.append(note)
            case StateNote():
                self.state_changes.append(note)
            case _:
                msg = f"a note of an unknown kind: {note!r}"
                raise TypeError(msg)

    def emitted(self, type: str, data: type[S]) -> tuple[S, ...]:  # noqa: A002  as in `ctx.emit`
        """What events of a type said, in the order told.

        Args:
            type: as it was emitted, such as `order.placed`.
            data: the Struct that their data is read as.

        Raises:
            msgspec.ValidationError: one of them says something else.
        """
        return tuple(msgspec.json.decode(event.payload, type=data) for event in self.events if event.type == type)

    async def ask(self, question: Ask[A]) -> A:
        """Answer from memory."""
        return self.ask_blocking(question)

    def ask_blocking(self, question: Ask[A]) -> A:
        """Answer from memory."""
        return cast("A", self._answer(question))

    def http(self) -> "httpx.AsyncClient":
        """A client that reaches nobody, and that respx can mock."""
        if self._http is None:
            from hookyard.egress.unreachable import unreachable_client

            self._http = unreachable_client()
        return self._http

    def http_blocking(self) -> "httpx.Client":
        """The same for threads."""
        if self._http_blocking is None:
            from hookyard.egress.unreachable import unreachable_blocking_client

            self._http_blocking = unreachable_blocking_client()
        return self._http_blocking

    def _answer(self, question: Ask[Any]) -> object:
        match question:
            case GetState(key):
                return self.state.get(key)
            case ListState(prefix, after, limit):
                keys = sorted(key for key in self.state if key.startswith(prefix) and key > after)
                return tuple(self.state[key] for key in keys[:limit])
            case PutState():
                return self._put(question)
            case GetSecret(name):
                if name not in self._secrets:
                    msg = f"the secret {name!r} is not among those of the test: {', '.join(self._secrets) or 'none'}"
                    raise SecretUnavailable(msg)
                return self._secrets[name]
            case CallCommand():
                self.calls.append(question)
                if self._call is None:
                    msg = f"{question.command} is called, and the test answers no calls"
                    raise CallError(msg, code="not_found")
                return self._call(question)
            case _:
                return self._artifact(question)

    def _put(self, question: PutState) -> int:
        key = question.key
        held = self.state.get(key)
        version = 0 if held is None else held.version
        if question.expected is not None and question.expected != version:
            raise StateConflict(key, version)
        after = max(version, self._versions.get(key, 0)) + 1
        self._versions[key] = after
        if question.value is None:
            self.state.pop(key, None)
        else:
            self.state[key] = StateEntry(key=key, value=question.value, version=after)
        return after

    def _artifact(self, question: Ask[Any]) -> object:
        match question:
            case OpenArtifact():
                self._handles += 1
                self._open[self._handles] = (question, bytearray())
                return self._handles
            case WriteArtifact(handle, data):
                self._opened(handle)[1].extend(data)
                return None
            case CloseArtifact(handle):
                opened, content = self._opened(handle)
                del self._open[handle]
                self.artifacts[opened.name] = FakeArtifact(opened.media_type, bytes(content))
                return Artifact(
                    job_id=self._job_id,
                    name=opened.name,
                    media_type=opened.media_type,
                    size=len(content),
                    sha256=hashlib.sha256(content).hexdigest(),
                    location=f"{self._job_id}/{opened.name}",
                    created_at=0,
                )
            case DropArtifact(handle):
                self._open.pop(handle, None)
                return None
            case ReadArtifact(name, offset, size, job_id):
                own = job_id is None or job_id == self._job_id
                found = self.artifacts.get(name) if own else self.other_artifacts.get((job_id or "", name))
                if found is None:
                    msg = f"there is no artifact {name!r}"
                    raise ArtifactError(msg)
                return found.data[offset : offset + size]
            case _:
                msg = f"a question of an unknown kind: {question!r}"
                raise TypeError(msg)

    def _opened(self, handle: int) -> tuple[OpenArtifact, bytearray]:
        found = self._open.get(handle)
        if found is None:
            msg = "the artifact is complete, or was dropped"
            raise ArtifactError(msg)
        return found
