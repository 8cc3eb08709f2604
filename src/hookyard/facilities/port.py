"""The host's side of one attempt that runs in this process: notes are kept, questions answered by the house."""

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from hookyard.context.events import EventBudget
from hookyard.context.facade import LONGEST_MESSAGE
from hookyard.context.messages import (
    Ask,
    CallCommand,
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
    ReadArtifact,
    StateNote,
    WriteArtifact,
)
from hookyard.context.messages import PutState as AskState
from hookyard.context.state import StateBudget, key_problem, value_problem
from hookyard.errors import ArtifactError, Cancelled, ContextError, StateConflict, StoreUnavailable
from hookyard.facilities.blobs import Blobs
from hookyard.facilities.children import Children
from hookyard.facilities.contract import Attempt
from hookyard.facilities.joblog import JobLog
from hookyard.facilities.progress import ProgressKeeper
from hookyard.model import Event, StateChange
from hookyard.store.contract import AppendLog, PutState, StateMismatch, StatePut

if TYPE_CHECKING:
    # Made on first use only.
    import httpx

    from hookyard.facilities.facilities import Facilities

A = TypeVar("A")
_LARGEST_PAGE: Final = 1000


class HostPort:
    """A :class:`hookyard.context.port.Port`. Made in whatever thread first asks for it.

    Attributes:
        events: what was emitted, for the commit that ends the job.
        declared: what the plugin declares of the events that it emits.
    """

    def __init__(self, facilities: "Facilities", attempt: Attempt) -> None:
        self.events: list[Event] = []
        self._facilities = facilities
        self._attempt = attempt
        self._plugin = attempt.job.plugin
        self._loop = facilities.loop
        self._thread = facilities.thread
        self.declared = attempt.command.spec.events
        self._over = False
        self._stop: asyncio.Future[None] = self._loop.create_future()
        self._budget = EventBudget()
        self._state_budget = StateBudget()
        self._state: dict[str, StateChange] = {}
        self._redactor = facilities.vault.redactors.get(self._plugin)
        self._log = JobLog(attempt.job, attempt.number, self._redactor)
        self._progress = ProgressKeeper(attempt, facilities.writer, facilities.clock, facilities.progressed)
        self._blobs: Blobs | None = None
        self._children: Children | None = None

    @property
    def state(self) -> tuple[StateChange, ...]:
        """What is to be kept with the commit that ends the job: of each key what was said last."""
        return tuple(self._state.values())

    # --- notes ---

    def tell(self, note: Note) -> None:
        """Take a note, from any thread."""
        if threading.get_ident() == self._thread:
            self._take(note)
            return
        try:
            self._loop.call_soon_threadsafe(self._take, note)
        except RuntimeError:  # the loop is closed, and the server with it
            return

    def _take(self, note: Note) -> None:
        if self._over:
            return
        match note:
            case LogNote():
                if self._log.add(note, self._facilities.clock.now()):
                    # All lines of one turn of the loop are one operation.
                    self._loop.call_soon(self._write_lines)
            case ProgressNote():
                if self._redactor is not None:
                    message = self._redactor.cut(note.message, LONGEST_MESSAGE)
                    note = ProgressNote(note.done, note.total, message)
                self._progress.put(note)
            case EmitNote():
                self._emit(note)
            case StateNote(key, value):
                if why := self._state_budget.problem(note):
                    self._refuse("state.refused", why)
                else:
                    self._state[key] = StateChange(plugin=self._plugin, key=key, value=value)
            case _:
                self._refuse("note.unknown", type(note).__name__)

    def _emit(self, note: EmitNote) -> None:
        if why := self._budget.problem(note):  # said to the author already, but by a process that counts for itself
            self._refuse("event.refused", why)
            return
        declared = self.declared.get(note.type)
        if declared is not None and (why := declared.problem(note.payload)):
            self._refuse("event.refused", why)
            return
        job, redacts, key = self._attempt.job, self._redactor, note.dedupe_key
        self.events.append(
            Event(
                id=self._facilities.ids(),
                type=note.type if redacts is None else redacts.text(note.type),
                plugin=job.plugin,
                command=job.command,
                job_id=job.id,
                tenant=job.tenant,
                request_id=job.request_id,
                payload=note.payload if redacts is None else redacts.json(note.payload),
                dedupe_key=key if redacts is None or key is None else redacts.text(key),
                created_at=self._facilities.clock.now(),
            )
        )

    def _refuse(self, event: str, why: str) -> None:
        self._take(LogNote("warning", event, {"why": why}))

    def _write_lines(self) -> None:
        lines = self._log.take()
        if lines:
            try:
                self._facilities.writer.submit_lazy(AppendLog(now=self._facilities.clock.now(), lines=lines))
            except StoreUnavailable:  # the server's log has them
                self._log.dropped += len(lines)

    # --- questions ---

    async def ask(self, question: Ask[A]) -> A:
        """Answer a question."""
        self._check_going_on()
        return cast("A", await self._answer(question))

    def ask_blocking(self, question: Ask[A]) -> A:
        """Answer a question to a thread."""
        if threading.get_ident() == self._thread:
            msg = "a question that blocks was asked on the event loop; an `async def` command awaits its context"
            raise RuntimeError(msg)
        self._check_going_on()
        asking = self.ask(question)
        try:
            answer = asyncio.run_coroutine_threadsafe(asking, self._loop)
        except RuntimeError:  # the loop is closed, and the server with it
            asking.close()
            raise _over() from None
        return answer.result()

    def http(self) -> "httpx.AsyncClient":
        """The plugin's client."""
        return self._facilities.clients.client(self._plugin)

    def http_blocking(self) -> "httpx.Client":
        """The plugin's client for threads."""
        return self._facilities.clients.blocking(self._plugin)

    async def _answer(self, question: Ask[Any]) -> object:
        facilities = self._facilities
        try:
            match question:
                case GetState(key):
                    return await facilities.store.state(self._plugin, key)
                case ListState(prefix, after, limit):
                    most = max(1, min(limit, _LARGEST_PAGE))
                    return await facilities.store.states(self._plugin, prefix=prefix, after=after, limit=most)
                case AskState():
                    return await self._put(question)
                case GetSecret(name):
                    return await facilities.vault.get(self._plugin, name)
                case CallCommand():
                    return await self._open_children().call(question)
                case _:
                    return await self._artifact(question)
        except StoreUnavailable as error:
            msg = f"the store cannot do this now: {error.detail}"
            raise ContextError(msg) from error

    async def _put(self, question: AskState) -> int:
        key, value = question.key, question.value
        if why := key_problem(key) or value_problem(key, value):
            raise ContextError(why, retryable=False)
        now = self._facilities.clock.now()
        op = PutState(now=now, plugin=self._plugin, key=key, value=value, expected=question.expected)
        result = await self._facilities.writer.submit(op)
        if isinstance(result, StateMismatch):
            raise StateConflict(key, result.version)
        assert isinstance(result, StatePut)  # noqa: S101  the contract's answer to a PutState
        return result.version

    async def _artifact(self, question: Ask[Any]) -> object:
        blobs = self._open_blobs()
        match question:
            case OpenArtifact(name, media_type):
                if (
                    self._redactor is not None
                    and self._redactor.text(f"{name}\n{media_type}") != f"{name}\n{media_type}"
                ):
                    msg = "the name or the media type of an artifact holds a secret of the plugin"
                    raise ArtifactError(msg)
                return await blobs.open(question)
            case WriteArtifact(handle, data):
                await blobs.write(handle, data)
                return None
            case CloseArtifact(handle):
                return await blobs.close(handle)
            case DropArtifact(handle):
                await blobs.drop(handle)
                return None
            case ReadArtifact():
                return await blobs.read(question)
            case _:
                msg = f"the host does not know the question {type(question).__name__}"
                raise ContextError(msg)

    def _open_blobs(self) -> Blobs:
        if self._blobs is None:
            facilities = self._facilities
            self._blobs = Blobs(
                self._attempt,
                objects=facilities.objects,
                store=facilities.store,
                writer=facilities.writer,
                clock=facilities.clock,
                limit=facilities.largest_artifact,
                most=facilities.most_artifacts,
            )
        return self._blobs

    def _open_children(self) -> Children:
        if self._children is None:
            facilities = self._facilities
            self._children = Children(
                self._attempt,
                jobs=facilities.jobs,
                store=facilities.store,
                clock=facilities.clock,
                ids=facilities.ids,
                find=facilities.find,
                stop=self._stop,
                background=facilities.background,
                read=facilities.result,
            )
        return self._children

    def _check_going_on(self) -> None:
        if self._over:
            raise _over()

    # --- the end ---

    def interrupt(self) -> None:
        """The command should stop: whatever it waits for of other jobs ends now."""
        if not self._stop.done():
            self._stop.set_result(None)

    def close(self) -> None:
        """The attempt is over: hand on what is left of its log and its progress, and forget what is not complete."""
        if self._over:
            return
        self._log.end(self._facilities.clock.now())
        self._over = True
        self.interrupt()
        self._write_lines()
        self._progress.end()
        if self._blobs is not None and self._blobs.unfinished:
            self._facilities.background(self._blobs.drop_all())


def _over() -> Cancelled:
    return Cancelled("the attempt is over")
