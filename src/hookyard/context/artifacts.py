"""Named blobs of a job: written in pieces, seen once they are complete, read by any later job of any plugin."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final, TypeVar

from hookyard.context.messages import CloseArtifact, DropArtifact, OpenArtifact, ReadArtifact, WriteArtifact
from hookyard.context.port import Port
from hookyard.context.values import Encodable, from_json, to_json
from hookyard.errors import ArtifactError, HookyardError
from hookyard.model import Artifact

T = TypeVar("T")

PIECE: Final = 256 * 1024
"""Bytes that go to or from the host at once, at most."""
BINARY: Final = "application/octet-stream"
JSON: Final = "application/json"


def _pieces(data: bytes) -> Generator[bytes]:
    view = memoryview(data)
    for at in range(0, len(view), PIECE):
        yield bytes(view[at : at + PIECE])


class _Sink:
    """What both kinds of sink know."""

    __slots__ = ("_handle", "_port", "artifact")

    def __init__(self, port: Port, handle: int) -> None:
        self._port = port
        self._handle = handle
        self.artifact: Artifact | None = None
        """What was written, once it is complete: its size, its digest."""


class Sink(_Sink):
    """Where an artifact's content is written."""

    __slots__ = ()

    async def write(self, data: bytes | str) -> None:
        """Add to it; text as UTF-8.

        Raises:
            ArtifactError: it is larger than allowed, or cannot be stored.
        """
        for piece in _pieces(data.encode() if isinstance(data, str) else data):
            await self._port.ask(WriteArtifact(self._handle, piece))


class SyncSink(_Sink):
    """Where an artifact's content is written, for a `def` command."""

    __slots__ = ()

    def write(self, data: bytes | str) -> None:
        """Add to it; text as UTF-8.

        Raises:
            ArtifactError: it is larger than allowed, or cannot be stored.
        """
        for piece in _pieces(data.encode() if isinstance(data, str) else data):
            self._port.ask_blocking(WriteArtifact(self._handle, piece))


class Artifacts:
    """`ctx.artifacts` of an `async def` command."""

    __slots__ = ("_port",)

    def __init__(self, port: Port) -> None:
        self._port = port

    @asynccontextmanager
    async def open(self, name: str, media_type: str = BINARY) -> AsyncGenerator[Sink]:
        """Write an artifact in pieces: `async with ctx.artifacts.open("log.txt", "text/plain") as sink: ...`.

        It can be seen when the block ends, and is dropped when the block raises. One of the same name is replaced.

        Raises:
            ArtifactError: the name or the media type cannot be used, or it cannot be stored.
        """
        handle = await self._port.ask(OpenArtifact(name, media_type))
        sink = Sink(self._port, handle)
        try:
            yield sink
            sink.artifact = await self._port.ask(CloseArtifact(handle))
        except BaseException:
            with suppress(HookyardError):  # what was raised is what the author should see
                await self._port.ask(DropArtifact(handle))
            raise

    async def put(self, name: str, media_type: str, data: bytes | str) -> Artifact:
        """Write an artifact at once."""
        async with self.open(name, media_type) as sink:
            await sink.write(data)
        return _done(sink)

    async def put_json(self, name: str, value: Encodable) -> Artifact:
        """Write a value as JSON."""
        return await self.put(name, JSON, to_json(f"the artifact {name!r}", value))

    async def stream(self, name: str, job_id: str | None = None) -> AsyncGenerator[bytes]:
        """The pieces of an artifact of this job, or of another one: `async for piece in ctx.artifacts.stream(...)`.

        Raises:
            ArtifactError: there is none, or it cannot be read.
        """
        offset = 0
        while piece := await self._port.ask(ReadArtifact(name, offset, PIECE, job_id)):
            yield piece
            offset += len(piece)

    async def read(self, name: str, job_id: str | None = None) -> bytes:
        """A whole artifact; see :meth:`stream`."""
        return b"".join([piece async for piece in self.stream(name, job_id)])

    async def read_json(self, name: str, type: type[T], job_id: str | None = None) -> T:
        """A JSON artifact, decoded.

        Raises:
            ContextError: it is of another type.
        """
        return from_json(f"the artifact {name!r}", await self.read(name, job_id), type)


class SyncArtifacts:
    """`ctx.artifacts` of a `def` command; see :class:`Artifacts`."""

    __slots__ = ("_port",)

    def __init__(self, port: Port) -> None:
        self._port = port

    @contextmanager
    def open(self, name: str, media_type: str = BINARY) -> Generator[SyncSink]:
        """Write an artifact in pieces: `with ctx.artifacts.open("log.txt", "text/plain") as sink: ...`.

        Raises:
            ArtifactError: the name or the media type cannot be used, or it cannot be stored.
        """
        handle = self._port.ask_blocking(OpenArtifact(name, media_type))
        sink = SyncSink(self._port, handle)
        try:
            yield sink
            sink.artifact = self._port.ask_blocking(CloseArtifact(handle))
        except BaseException:
            with suppress(HookyardError):  # what was raised is what the author should see
                self._port.ask_blocking(DropArtifact(handle))
            raise

    def put(self, name: str, media_type: str, data: bytes | str) -> Artifact:
        """Write an artifact at once."""
        with self.open(name, media_type) as sink:
            sink.write(data)
        return _done(sink)

    def put_json(self, name: str, value: Encodable) -> Artifact:
        """Write a value as JSON."""
        return self.put(name, JSON, to_json(f"the artifact {name!r}", value))

    def stream(self, name: str, job_id: str | None = None) -> Generator[bytes]:
        """The pieces of an artifact of this job, or of another one.

        Raises:
            ArtifactError: there is none, or it cannot be read.
        """
        offset = 0
        while piece := self._port.ask_blocking(ReadArtifact(name, offset, PIECE, job_id)):
            yield piece
            offset += len(piece)

    def read(self, name: str, job_id: str | None = None) -> bytes:
        """A whole artifact."""
        return b"".join(self.stream(name, job_id))

    def read_json(self, name: str, type: type[T], job_id: str | None = None) -> T:
        """A JSON artifact, decoded.

        Raises:
            ContextError: it is of another type.
        """
        return from_json(f"the artifact {name!r}", self.read(name, job_id), type)


def _done(sink: _Sink) -> Artifact:
    if sink.artifact is None:
        msg = "the artifact was not completed"
        raise ArtifactError(msg)
    return sink.artifact
