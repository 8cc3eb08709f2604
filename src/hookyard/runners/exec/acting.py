"""What the lines of an exec plugin do, while it runs."""

import asyncio
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

from msgspec import UnsetType

from hookyard.context.events import NO_EVENTS, EventBudget, EventSpec
from hookyard.context.logger import shortened
from hookyard.context.messages import (
    CloseArtifact,
    DropArtifact,
    EmitNote,
    LogNote,
    OpenArtifact,
    ProgressNote,
    StateNote,
    WriteArtifact,
)
from hookyard.context.port import Port
from hookyard.context.state import StateBudget
from hookyard.errors import ArtifactError
from hookyard.runners.exec.lines import Artifact, BadEvent, Error, Event, Line, Log, NotKept, Progress, Result, State

_PIECE: Final = 256 << 10
STDERR_LINE: Final = 4_096
"""Characters of a line of stderr that are kept."""


class Acting:
    """Tells the host at once what can be told; artifacts, which take time, one after another beside the process.

    Args:
        port: the host.
        folder: where the process works.
        stop: set when an artifact cannot be kept: the process is ended.
        kept: bytes of what the plugin keeps, by key, if that counts; changed as it says.
        declared: the types of events that the plugin declares.
    """

    def __init__(
        self,
        port: Port,
        folder: Path,
        stop: asyncio.Event,
        kept: dict[str, int] | None,
        declared: Mapping[str, EventSpec] = NO_EVENTS,
    ) -> None:
        self._port = port
        self._folder = folder
        self._stop = stop
        self._kept = kept
        self._declared = declared
        self._budget = EventBudget()
        self._state_budget = StateBudget()
        self._waiting: asyncio.Queue[tuple[Artifact, int]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._failure: ArtifactError | None = None
        self._rest = b""
        self._skipping = False

    def take(self, line: Line, number: int) -> None:
        """Act on a line.

        Raises:
            NotKept: an event or a state cannot be kept; none is lost in silence.
            BadEvent: an event is not what the plugin declares.
        """
        tell = self._port.tell
        match line:
            case Log(message, level, values):
                tell(LogNote(level, message, values))
            case Progress(done, total, message):
                tell(ProgressNote(done, total, message))
            case Event(kind, payload, dedupe_key):
                event = EmitNote(kind, bytes(payload), dedupe_key)
                if why := self._budget.problem(event):
                    raise _not_kept(number, why)
                declared = self._declared.get(kind)
                if declared is not None and (why := declared.problem(event.payload)):
                    msg = f"line {number} of its output is refused: {why}"
                    raise BadEvent(msg)
                tell(event)
            case State(key, value):
                tell(self._state(StateNote(key, None if isinstance(value, UnsetType) else bytes(value)), number))
            case Artifact():
                self._waiting.put_nowait((line, number))
                if self._task is None:
                    self._task = asyncio.get_running_loop().create_task(self._work())
            case Result() | Error():
                pass
            case _:
                assert_never(line)

    def _state(self, note: StateNote, number: int) -> StateNote:
        if why := self._state_budget.problem(note):
            raise _not_kept(number, why)
        if self._kept is not None:
            self._kept[note.key] = 0 if note.value is None else len(note.key) + len(note.value)
        return note

    def stderr(self, piece: bytes) -> None:
        """Lines of stderr are lines of the job's log."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._tell_stderr(line)
        if len(self._rest) > STDERR_LINE:
            self._tell_stderr(self._rest)
            self._rest = b""
            self._skipping = True

    def stderr_ends(self, *, cut: bool) -> None:
        """Tell what is left of it."""
        self._tell_stderr(self._rest, cut=cut)
        self._rest = b""
        if cut:
            self._port.tell(LogNote("warning", "stderr is cut: the plugin wrote more than is kept", {}))

    async def finish(self) -> None:
        """Wait for the artifacts.

        Raises:
            ArtifactError: one could not be kept; the message names its line.
        """
        if self._task is not None:
            if not self._task.done():
                await self._waiting.join()
            await self.drop()
        if self._failure is not None:
            raise self._failure

    async def drop(self) -> None:
        """Let artifacts that are not complete be."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _tell_stderr(self, line: bytes, *, cut: bool = False) -> None:
        if self._skipping:  # the rest of a line that was cut
            self._skipping = False
            return
        text = line.decode(errors="replace").rstrip()
        if text:
            most = min(STDERR_LINE, len(text) - 1) if cut else STDERR_LINE
            text = shortened(text, most)
            self._port.tell(LogNote("info", "stderr", {"line": text}))

    async def _work(self) -> None:
        while True:
            artifact, number = await self._waiting.get()
            try:
                if self._failure is None:
                    await self._keep(artifact)
            except ArtifactError as error:
                self._failure = ArtifactError(f"line {number} of its output: artifact {artifact.name!r}: {error}")
                self._stop.set()
            finally:
                self._waiting.task_done()

    async def _keep(self, artifact: Artifact) -> None:
        handle = await self._port.ask(OpenArtifact(artifact.name, artifact.media_type))
        try:
            if artifact.path is not None:
                await self._copy(handle, artifact.path)
            else:
                data = artifact.base64 if artifact.text is None else artifact.text.encode()
                await self._port.ask(WriteArtifact(handle, data or b""))
            await self._port.ask(CloseArtifact(handle))
        except BaseException:
            await self._port.ask(DropArtifact(handle))
            raise

    async def _copy(self, handle: int, name: str) -> None:
        fd = _opened(self._folder, name)
        try:
            while piece := await asyncio.to_thread(os.read, fd, _PIECE):
                await self._port.ask(WriteArtifact(handle, piece))
        finally:
            os.close(fd)


def _not_kept(number: int, why: str) -> NotKept:
    return NotKept(f"line {number} of its output asks for more than is kept: {why}")


def _opened(folder: Path, name: str) -> int:
    """A regular file below the folder, wherever links lead."""
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            msg = f"{name} leads out of the working directory"
            raise ArtifactError(msg)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (OSError, ValueError, RuntimeError) as error:
        msg = f"{name} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ArtifactError(msg) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        msg = f"{name} is no file"
        raise ArtifactError(msg)
    return fd
